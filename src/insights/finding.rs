//! Says what was counted: sentences with numbers, the rows in their order, what to draw, and where to look next.

mod overview;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::chart::Shape;
use super::chart::Spec;
use super::plan::Kind;
use super::plan::Plan;
use crate::clock;
use crate::clock::Millis;
use crate::store::Cell;
use crate::store::Table;

/// Rows that one answer has; the sentences count all of them.
const ROWS: usize = 50;

/// Bars that can be told apart at 800 pixels.
const BARS: usize = 20;

const DAY: Millis = 86_400_000;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The next question behind a row, ready to be called.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The row's name.
    pub label: String,
    /// `query_insights` or `get_trace`.
    pub tool: &'static str,
    pub arguments: Value,
}

/// What a question came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Finding {
    /// One to three sentences.
    pub text: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows in all, those beyond the answer's included.
    pub total: usize,
    pub chart: Option<Spec>,
    pub links: Vec<Link>,
}

/// The time and the filters of a question, as they were asked; every link carries them on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub filters: Map<String, Value>,
    pub now: Millis,
}

impl Asked {
    /// “from 2026-10-22 to 2026-11-21”, or that no time was named.
    pub(super) fn range(&self) -> String {
        let day = |at: Millis| clock::format(at).chars().take(10).collect::<String>();
        let moment = |at: Millis| if at % DAY == 0 { day(at) } else { clock::format(at).chars().take(16).collect() };
        match (self.since, self.until) {
            (Some(since), Some(until)) if until - since < 3 * DAY => {
                format!("from {} to {} UTC", moment(since), moment(until))
            }
            (Some(since), Some(until)) => format!("from {} to {}", day(since), day(until)),
            (Some(since), None) => format!("since {}", day(since)),
            (None, Some(until)) => format!("before {}", day(until)),
            (None, None) => "over the whole record".to_owned(),
        }
    }

    /// The arguments of a question about the same, looked into further.
    fn next(&self, kind: Kind, filter: Option<(&str, &str)>, drill: Value) -> Value {
        self.within(kind, self.since, self.until, filter, drill)
    }

    fn within(
        &self,
        kind: Kind,
        since: Option<Millis>,
        until: Option<Millis>,
        filter: Option<(&str, &str)>,
        drill: Value,
    ) -> Value {
        let mut filters = self.filters.clone();
        if let Some((name, value)) = filter {
            filters.insert(name.to_owned(), value.into());
        }
        let mut arguments = Map::new();
        arguments.insert("type".to_owned(), kind.name().into());
        for (name, at) in [("since", since), ("until", until)] {
            if let Some(at) = at {
                arguments.insert(name.to_owned(), clock::format(at).into());
            }
        }
        if !filters.is_empty() {
            arguments.insert("filters".to_owned(), filters.into());
        }
        arguments.insert("drill_down".to_owned(), drill);
        arguments.into()
    }
}

/// Says what `table`, counted by `plan`, has in it.
pub(super) fn find(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let finding = match plan.view {
        "asks" | "decisions" | "events" | "sessions" => history(plan, table, asked),
        "hours" => hours(table, asked),
        "streak" => streak(&table, asked),
        "lengths" => lengths(table, asked),
        "returning" => returning(table, asked),
        "gaps" => gaps(table, asked),
        "overview" => overview::overview(&table, asked),
        _ => groups(plan, table, asked),
    };
    if finding.total == 0 && finding.text.is_empty() {
        let filtered = if asked.filters.is_empty() { "" } else { " under these filters" };
        return Finding { text: format!("Nothing is recorded {}{filtered}.", asked.range()), ..finding };
    }
    finding
}

/// The number in a cell; what has none counts as nothing.
pub(super) fn number(cell: &Cell) -> f64 {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        Cell::Count(it) => *it as f64,
        Cell::Number(it) => *it,
        Cell::None | Cell::Text(_) => 0.0,
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(it) => it.clone(),
        Cell::Count(it) => it.to_string(),
        Cell::Number(it) => it.to_string(),
        Cell::None => String::new(),
    }
}

/// A value with its unit, as it is said.
pub(super) fn said(column: &str, value: f64) -> String {
    match column {
        "cost_usd" | "cost_before" | "cost_after" => {
            if value.abs() < 1.0 && value != 0.0 {
                format!("{value:.4} USD")
            } else {
                format!("{value:.2} USD")
            }
        }
        it if it.ends_with("_ms") => {
            if value >= 10_000.0 {
                format!("{:.1} s", value / 1000.0)
            } else {
                format!("{value:.1} ms")
            }
        }
        it if it.ends_with("_share") || it.ends_with("_rate") || it == "share" || it == "finished" => {
            format!("{:.1} %", value * 100.0)
        }
        "rating" => format!("{value:+.2}"),
        it if it.starts_with("minutes") => format!("{value:.1} min"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// How a column is called in a sentence and beside an axis.
pub(super) fn called(column: &str) -> String {
    match column {
        "cost_usd" => "cost in USD".to_owned(),
        "p50_ms" => "median time in ms".to_owned(),
        "p95_ms" => "95th percentile of time in ms".to_owned(),
        "mean_ms" => "mean time in ms".to_owned(),
        "failed" => "failed calls".to_owned(),
        "error_rate" => "share of failed calls".to_owned(),
        "cached_share" => "share of answers from the cache".to_owned(),
        "cached_input_tokens" => "input tokens from the providers' caches".to_owned(),
        "output_tokens" => "output tokens".to_owned(),
        "minutes" => "minutes".to_owned(),
        "rating" => "mean rating (-1 to 1)".to_owned(),
        "users" => "users".to_owned(),
        other => other.replace('_', " "),
    }
}

fn group_name(plan: &Plan) -> &str {
    match (plan.view, plan.by.as_str()) {
        ("personas", _) => "persona",
        ("users", _) => "user",
        ("personas_by_user", _) => "persona and user",
        ("frameworks", _) => "framework",
        ("with_and_without", _) => "use of frameworks",
        ("errors", _) => "kind of error",
        ("minutes", _) => "minute",
        (_, "request_kind") => "request kind",
        (_, by) => by,
    }
}

/// The filter that narrows to a group.
fn filter_name(plan: &Plan) -> Option<&'static str> {
    Some(match (plan.view, plan.by.as_str()) {
        ("personas" | "personas_by_user", _) => "persona",
        ("users" | "returning", _) => "user_id",
        ("frameworks", _) => "framework",
        ("errors", _) => "error_kind",
        ("with_and_without" | "minutes", _) => return None,
        (_, "user") => "user_id",
        (_, "session") => "session_id",
        (_, "persona") => "persona",
        (_, "provider") => "provider",
        (_, "model") => "model",
        (_, "tool") => "tool",
        (_, "request_kind") => "request_kind",
        (_, "strategy") => "strategy",
        (_, "error_kind") => "error_kind",
        (_, "namespace") => "namespace",
        (_, "hour") => "hour",
        (_, "weekday") => "weekday",
        _ => return None,
    })
}

/// The time that a group of days, months or minutes spans.
fn span(by: &str, key: &str) -> Option<(Millis, Millis)> {
    match by {
        "day" => clock::parse(key).ok().map(|it| (it, it + DAY)),
        "minutes" => {
            let since = clock::parse(&key.replace('Z', ":00Z")).ok()?;
            Some((since, since + 60_000))
        }
        "month" => {
            let since = clock::parse(&format!("{key}-01")).ok()?;
            // The first of the month after: 31 days on lies in it, whichever month this is.
            Some((since, clock::day_and_month(since + 31 * DAY).1))
        }
        _ => None,
    }
}

fn link(plan: &Plan, row: &[Cell], asked: &Asked) -> Option<Link> {
    let key = text(row.first()?);
    let label = if plan.by == "weekday" { weekday(&key).to_owned() } else { key.clone() };
    if plan.by == "trace" {
        return Some(Link { label, tool: "get_trace", arguments: json!({"trace_id": key}) });
    }
    let table = if plan.kind == Kind::Engagement { "activity" } else { "calls" };
    let kind = if plan.kind == Kind::Engagement { Kind::Engagement } else { Kind::Performance };
    let of_calls = ["calls", "failed", "error_rate", "p50_ms", "p95_ms", "cost_usd", "cached_share"];
    let measure = match kind {
        Kind::Engagement if ["sessions", "users", "calls"].contains(&plan.measure.as_str()) => plan.measure.as_str(),
        Kind::Performance if of_calls.contains(&plan.measure.as_str()) => plan.measure.as_str(),
        _ => "calls",
    };
    let time = if plan.view == "minutes" { "minutes" } else { plan.by.as_str() };
    if let Some((since, until)) = span(time, &key) {
        let by = if time == "month" { "day" } else { "session" };
        // From a day on, the sessions of it are looked at, whatever was counted before.
        let (kind, table, measure) =
            if by == "session" { (Kind::Performance, "calls", "calls") } else { (kind, table, measure) };
        let drill = json!({"view": table, "by": by, "measure": measure});
        return Some(Link {
            label,
            tool: "query_insights",
            arguments: asked.within(kind, Some(since), Some(until), None, drill),
        });
    }
    let filter = filter_name(plan)?;
    let arguments = if filter == "session_id" {
        asked.next(Kind::History, Some((filter, &key)), json!({"view": "asks"}))
    } else {
        let by = if filter == "weekday" || filter == "hour" { "session" } else { "month" };
        let by = match (asked.since, asked.until.or(Some(asked.now))) {
            (Some(since), Some(until)) if by == "month" && until - since <= 92 * DAY => "day",
            _ => by,
        };
        let table = if by == "session" { "calls" } else { table };
        let kind = if by == "session" { Kind::Performance } else { kind };
        asked.next(kind, Some((filter, &key)), json!({"view": table, "by": by, "measure": measure}))
    };
    Some(Link { label, tool: "query_insights", arguments })
}

fn weekday(key: &str) -> &'static str {
    key.parse::<usize>().ok().and_then(|it| WEEKDAYS.get(it)).copied().unwrap_or("?")
}

/// Rows by group: the most common kind of answer.
fn groups(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, cut } = table;
    let at = columns.iter().position(|it| *it == plan.measure).or_else(|| columns.iter().position(|it| it == "calls"));
    let at = at.unwrap_or(1).min(columns.len().saturating_sub(1));
    let in_time = matches!(plan.by.as_str(), "day" | "month" | "hour" | "weekday") && plan.view != "errors";
    // What has no value (nothing rated) stands last, whichever way the rest is ordered.
    let order = |a: &Vec<Cell>, b: &Vec<Cell>| {
        let (first, second) = (number(&a[at]), number(&b[at]));
        let by_value = if plan.ascending { first.total_cmp(&second) } else { second.total_cmp(&first) };
        (a[at] == Cell::None).cmp(&(b[at] == Cell::None)).then(by_value).then_with(|| text(&a[0]).cmp(&text(&b[0])))
    };
    let mut ranked = rows.clone();
    ranked.sort_by(order);
    if in_time {
        rows.sort_by_key(|row| text(&row[0]));
    } else {
        rows.clone_from(&ranked);
    }
    let total = rows.len();
    let text = if total == 0 { String::new() } else { describe(plan, &columns, &ranked, at, cut, asked) };
    let chart = draw(plan, &columns, &rows, at, asked);
    let links = rows.iter().take(ROWS).filter_map(|row| link(plan, row, asked)).collect();
    rename(&mut columns, group_name(plan));
    if plan.by == "weekday" {
        for row in &mut rows {
            row[0] = Cell::Text(weekday(&self::text(&row[0])).to_owned());
        }
    }
    rows.truncate(ROWS);
    Finding { text, columns, rows, total, chart, links }
}

fn rename(columns: &mut [String], name: &str) {
    if let Some(first) = columns.first_mut() {
        *first = name.replace(' ', "_");
    }
}

fn describe(plan: &Plan, columns: &[String], ranked: &[Vec<Cell>], at: usize, cut: bool, asked: &Asked) -> String {
    let measure = columns[at].as_str();
    let name = |row: &[Cell]| match (plan.by.as_str(), plan.view) {
        ("weekday", _) => weekday(&text(&row[0])).to_owned(),
        (_, "personas_by_user") => format!("{} with {}", text(&row[1]), text(&row[0])),
        _ => text(&row[0]),
    };
    let valued: Vec<&Vec<Cell>> = ranked.iter().filter(|it| it[at] != Cell::None).collect();
    let sum = |column: &str| columns.iter().position(|it| it == column).map(|it| total(ranked, it));
    let mut sentences = Vec::new();
    let calls = sum("calls").unwrap_or_default();
    let range = asked.range();
    let adds =
        matches!(measure, "calls" | "failed" | "cost_usd" | "output_tokens" | "cached_input_tokens" | "input_tokens");
    if plan.by == "all" && ranked.len() == 1 && plan.view == "calls" {
        sentences.push(format!(
            "{} calls {range}: {} is {}.",
            said("calls", calls),
            called(measure),
            said(measure, number(&ranked[0][at]))
        ));
    } else if adds {
        let whole = total(ranked, at);
        let more = if cut { "at least " } else { "" };
        let what = if measure == "cost_usd" { String::new() } else { format!(" {}", called(measure)) };
        let of = if measure == "calls" { String::new() } else { format!(" in {} calls", said("calls", calls)) };
        sentences.push(format!(
            "{more}{}{what}{of} {range}, over {} {}.",
            said(measure, whole),
            ranked.len(),
            plural(group_name(plan), ranked.len())
        ));
    } else if matches!(plan.by.as_str(), "day" | "month" | "hour" | "weekday") && !valued.is_empty() {
        sentences.push(format!(
            "On average {} {} a {} {range}, over {} {}.",
            said(measure, total(ranked, at) / f64_of(valued.len())),
            called(measure),
            plan.by,
            ranked.len(),
            plural(group_name(plan), ranked.len())
        ));
    } else {
        sentences.push(format!(
            "{} {} {range}, by {}.",
            ranked.len(),
            plural(group_name(plan), ranked.len()),
            called(measure)
        ));
    }
    match valued.as_slice() {
        [] => sentences.push(format!("None has a {} yet.", called(measure))),
        [only] if ranked.len() > 1 => {
            sentences.push(format!("Only {} has one: {}.", name(only), said(measure, number(&only[at]))));
        }
        [_] => {}
        [first, second, ..] => {
            let whole = total(ranked, at);
            let part = if adds && whole > 0.0 {
                format!(" ({:.0} %)", number(&first[at]) / whole * 100.0)
            } else {
                String::new()
            };
            let place = if plan.ascending { "the least" } else { "the most" };
            sentences.push(format!(
                "{} has {place}: {}{part}, then {} with {}.",
                name(first),
                said(measure, number(&first[at])),
                name(second),
                said(measure, number(&second[at]))
            ));
        }
    }
    let mut text = sentences.join(" ");
    if let Some(first) = text.get(..1) {
        text.replace_range(..1, &first.to_uppercase());
    }
    text
}

fn total(rows: &[Vec<Cell>], at: usize) -> f64 {
    rows.iter().map(|it| number(&it[at])).sum()
}

fn plural(word: &str, count: usize) -> String {
    if count == 1 {
        return word.to_owned();
    }
    match word {
        "persona and user" => "pairs of persona and user".to_owned(),
        "kind of error" => "kinds of error".to_owned(),
        "use of frameworks" => "groups".to_owned(),
        "all" => "groups".to_owned(),
        it => format!("{it}s"),
    }
}

fn draw(plan: &Plan, columns: &[String], rows: &[Vec<Cell>], at: usize, asked: &Asked) -> Option<Spec> {
    if rows.is_empty() {
        return None;
    }
    let measure = columns[at].as_str();
    let timed = matches!(plan.by.as_str(), "day" | "month") && plan.view != "errors";
    let name = |row: &[Cell]| match (plan.by.as_str(), plan.view) {
        ("weekday", _) => weekday(&text(&row[0])).to_owned(),
        (_, "personas_by_user") => format!("{} / {}", text(&row[0]), text(&row[1])),
        _ => text(&row[0]),
    };
    let shape = if timed && rows.len() > 1 { Shape::Line } else { Shape::Bars };
    let shown = if shape == Shape::Line { rows.len() } else { BARS };
    let points: Vec<(String, f64)> = rows.iter().take(shown).map(|row| (name(row), number(&row[at]))).collect();
    let cut = if rows.len() > shown { format!(", first {shown} of {}", rows.len()) } else { String::new() };
    Some(Spec {
        shape,
        title: format!("{} by {}{cut}", capital(&called(measure)), group_name(plan)),
        range: asked.range(),
        unit: called(measure),
        points,
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|it| it.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A list of what happened, the latest first, drawn by day.
fn history(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, cut } = table;
    let total = rows.len();
    let when = columns.iter().position(|it| it == "at" || it == "began").unwrap_or(1);
    let (one, many) = match plan.view {
        "sessions" => ("session", "sessions"),
        "decisions" => ("decision", "decisions"),
        "events" => ("event", "events"),
        _ => ("call that asked something", "calls that asked something"),
    };
    let mut days: Vec<(String, f64)> = Vec::new();
    for row in rows.iter().rev() {
        let day: String = text(&row[when]).chars().take(10).collect();
        match days.iter_mut().find(|(it, _)| *it == day) {
            Some((_, count)) => *count += 1.0,
            None => days.push((day, 1.0)),
        }
    }
    days.sort_by(|a, b| a.0.cmp(&b.0));
    let mut said = String::new();
    if let (Some(latest), Some(earliest)) = (rows.first(), rows.last()) {
        let what = columns.iter().position(|it| it == "question" || it == "content" || it == "first_question");
        let more = if cut { "At least " } else { "" };
        let noun = if total == 1 { one } else { many };
        said = format!("{more}{total} {noun} {}.", asked.range());
        let quoted = what.map(|at| shorten(&text(&latest[at]), 120)).filter(|it| !it.is_empty());
        let quoted = quoted.map(|it| format!(": “{it}”")).unwrap_or_default();
        said.push_str(&format!(" The latest is of {}{quoted}.", text(&latest[when])));
        if total > 1 {
            said.push_str(&format!(" The earliest is of {}.", text(&earliest[when])));
        }
    }
    let chart = (!days.is_empty()).then(|| Spec {
        shape: if days.len() > 1 { Shape::Line } else { Shape::Bars },
        title: format!("{} by day", capital(many)),
        range: asked.range(),
        unit: many.to_owned(),
        points: days,
    });
    rows.truncate(ROWS);
    let links = rows
        .iter()
        .map(|row| {
            let key = text(&row[0]);
            match plan.view {
                "sessions" => Link {
                    label: key.clone(),
                    tool: "query_insights",
                    arguments: asked.next(Kind::History, Some(("session_id", &key)), json!({"view": "asks"})),
                },
                "decisions" | "events" => Link {
                    label: text(&row[when]),
                    tool: "recall",
                    arguments: json!({"query": shorten(&text(&row[3]), 120), "kinds": [text(&row[2])]}),
                },
                _ => Link { label: text(&row[when]), tool: "get_trace", arguments: json!({"trace_id": key}) },
            }
        })
        .collect();
    let key = match plan.view {
        "sessions" => "session_id",
        "decisions" | "events" => "memory_id",
        _ => "trace_id",
    };
    rename(&mut columns, key);
    Finding { text: said, columns, rows, total, chart, links }
}

/// `text` on one line, at most `chars` long.
fn shorten(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars {
        return line;
    }
    line.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
}

fn hours(table: Table, asked: &Asked) -> Finding {
    let Table { columns, rows, .. } = table;
    let total = rows.len();
    let cell = |row: &[Cell]| format!("{} {}:00", weekday(&text(&row[0])), text(&row[1]));
    let mut ranked = rows;
    ranked.sort_by(|a, b| number(&b[2]).total_cmp(&number(&a[2])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let calls = self::total(&ranked, 2);
    let mut said = String::new();
    if let Some(busiest) = ranked.first() {
        let evening: f64 = ranked.iter().filter(|it| text(&it[1]).as_str() >= "18").map(|it| number(&it[2])).sum();
        said = format!(
            "The busiest hour {} is {} UTC with {} of {calls:.0} calls. {:.0} % of the calls were made after 18:00 UTC.",
            asked.range(),
            cell(busiest),
            said_count(number(&busiest[2])),
            evening / calls.max(1.0) * 100.0
        );
    }
    let points = ranked.iter().map(|row| (format!("{} {}", text(&row[0]), text(&row[1])), number(&row[2]))).collect();
    let chart = (total > 0).then(|| Spec {
        shape: Shape::Heat,
        title: "Calls by weekday and hour (UTC)".to_owned(),
        range: asked.range(),
        unit: "calls".to_owned(),
        points,
    });
    let links = ranked
        .iter()
        .take(ROWS)
        .map(|row| {
            let mut hour = asked.clone();
            hour.filters.insert("weekday".to_owned(), text(&row[0]).into());
            hour.filters.insert("hour".to_owned(), format!("{}:00", text(&row[1])).into());
            let drill = json!({"view": "calls", "by": "session", "measure": "calls"});
            Link { label: cell(row), tool: "query_insights", arguments: hour.next(Kind::Performance, None, drill) }
        })
        .collect();
    for row in &mut ranked {
        row[0] = Cell::Text(weekday(&text(&row[0])).to_owned());
        row[1] = Cell::Text(format!("{}:00", text(&row[1])));
    }
    ranked.truncate(ROWS);
    Finding { text: said, columns, rows: ranked, total, chart, links }
}

fn said_count(value: f64) -> String {
    said("calls", value)
}

/// Runs of days in a row on which something was asked.
fn streak(table: &Table, asked: &Asked) -> Finding {
    let days: Vec<i64> = table.rows.iter().map(|it| if let Cell::Count(day) = it[0] { day } else { 0 }).collect();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let today = asked.now.div_euclid(DAY);
    let length = |run: &(i64, i64)| run.1 - run.0 + 1;
    // A day that is not over yet does not end a streak.
    let current = runs.last().filter(|it| it.1 >= today - 1).map_or(0, length);
    let date = |day: i64| clock::format(day * DAY).chars().take(10).collect::<String>();
    let mut ranked = runs.clone();
    ranked.sort_by_key(|it| (-length(it), -it.1));
    let text = ranked.first().map_or_else(String::new, |longest| {
        format!(
            "The current streak is {current} {}. The longest was {} {}, from {} to {}.",
            if current == 1 { "day" } else { "days" },
            length(longest),
            if length(longest) == 1 { "day" } else { "days" },
            date(longest.0),
            date(longest.1)
        )
    });
    let total = ranked.len();
    ranked.truncate(ROWS);
    let row = |it: &(i64, i64)| vec![Cell::Text(date(it.0)), Cell::Text(date(it.1)), Cell::Count(length(it))];
    let drill = || json!({"view": "activity", "by": "day", "measure": "calls"});
    let links = ranked
        .iter()
        .map(|it| Link {
            label: format!("{} to {}", date(it.0), date(it.1)),
            tool: "query_insights",
            arguments: asked.within(Kind::Engagement, Some(it.0 * DAY), Some((it.1 + 1) * DAY), None, drill()),
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let points = ranked.iter().take(BARS).map(|it| (format!("{} …", date(it.0)), length(it) as f64)).collect();
    let chart = (total > 0).then(|| Spec {
        shape: Shape::Bars,
        title: "Longest runs of active days".to_owned(),
        range: asked.range(),
        unit: "days".to_owned(),
        points,
    });
    let columns = ["from", "to", "days"].map(str::to_owned).to_vec();
    Finding { text, columns, rows: ranked.iter().map(row).collect(), total, chart, links }
}

fn lengths(table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, cut } = table;
    rows.sort_by(|a, b| number(&b[2]).total_cmp(&number(&a[2])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let total = rows.len();
    let minutes: Vec<f64> = rows.iter().map(|it| number(&it[2])).collect();
    let mut by_day: std::collections::BTreeMap<String, (f64, f64)> = std::collections::BTreeMap::new();
    for row in &rows {
        let day = by_day.entry(text(&row[1])).or_default();
        *day = (day.0 + number(&row[2]), day.1 + 1.0);
    }
    let mut said = String::new();
    if let (Some(longest), Some(median)) = (rows.first(), minutes.get(total / 2)) {
        let count = f64_of(total);
        let short = f64_of(minutes.iter().filter(|it| **it < 2.0).count());
        said = format!(
            "{}{total} sessions {} lasted {:.1} minutes on average, half of them at least {median:.1}. The longest took \
             {:.1} minutes; {:.0} % were over in less than two.",
            if cut { "At least " } else { "" },
            asked.range(),
            minutes.iter().sum::<f64>() / count,
            number(&longest[2]),
            short / count * 100.0
        );
    }
    let points: Vec<(String, f64)> =
        by_day.iter().map(|(day, (sum, count))| (day.clone(), (sum / count * 100.0).round() / 100.0)).collect();
    let chart = (total > 0).then(|| Spec {
        shape: if points.len() > 1 { Shape::Line } else { Shape::Bars },
        title: "Mean length of sessions by day".to_owned(),
        range: asked.range(),
        unit: "minutes".to_owned(),
        points,
    });
    rows.truncate(ROWS);
    let links = rows
        .iter()
        .map(|row| Link {
            label: text(&row[0]),
            tool: "query_insights",
            arguments: asked.next(Kind::History, Some(("session_id", &text(&row[0]))), json!({"view": "asks"})),
        })
        .collect();
    rename(&mut columns, "session_id");
    Finding { text: said, columns, rows, total, chart, links }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn f64_of(count: usize) -> f64 {
    count as f64
}

fn returning(table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, .. } = table;
    rows.sort_by(|a, b| number(&b[3]).total_cmp(&number(&a[3])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let total = rows.len();
    let back = rows.iter().filter(|it| number(&it[3]) > 1.0).count();
    let since = asked.since.map(|it| clock::format(it).chars().take(10).collect::<String>());
    let mut said = String::new();
    if total > 0 {
        said = format!(
            "{back} of {total} users ({:.0} %) came on more than one day {}.",
            f64_of(back) / f64_of(total) * 100.0,
            asked.range()
        );
        if let Some(since) = since {
            let new: Vec<String> = rows.iter().filter(|it| text(&it[1]) >= since).map(|it| text(&it[0])).collect();
            said.push_str(&match new.as_slice() {
                [] => " Nobody was new.".to_owned(),
                [only] => format!(" One was new: {only}."),
                new => format!(" {} were new.", new.len()),
            });
        } else {
            let month = 30 * DAY;
            let gone = rows
                .iter()
                .filter(|it| {
                    let day = |at: usize| clock::parse(&text(&it[at])).unwrap_or(asked.now);
                    day(2) - day(1) < month && asked.now - day(2) > month
                })
                .count();
            said.push_str(&format!(" {gone} were not seen again after their first 30 days."));
        }
    }
    let points = rows.iter().take(BARS).map(|it| (text(&it[0]), number(&it[3]))).collect();
    let chart = (total > 0).then(|| Spec {
        shape: Shape::Bars,
        title: "Active days by user".to_owned(),
        range: asked.range(),
        unit: "active days".to_owned(),
        points,
    });
    let links = rows
        .iter()
        .take(ROWS)
        .map(|row| Link {
            label: text(&row[0]),
            tool: "query_insights",
            arguments: asked.next(
                Kind::Engagement,
                Some(("user_id", &text(&row[0]))),
                json!({"view": "activity", "by": "month", "measure": "sessions"}),
            ),
        })
        .collect();
    rows.truncate(ROWS);
    rename(&mut columns, "user");
    Finding { text: said, columns, rows, total, chart, links }
}

fn gaps(table: Table, asked: &Asked) -> Finding {
    let Table { columns, rows, .. } = table;
    let pairs = rows.first().map_or(0.0, |it| number(&it[2]));
    if pairs == 0.0 {
        return Finding { columns, ..Finding::default() };
    }
    let text = format!(
        "On average {:.1} minutes go by between two questions of the same user {}, over {pairs:.0} pairs.",
        number(&rows[0][1]),
        asked.range()
    );
    let links = vec![Link {
        label: "by user".to_owned(),
        tool: "query_insights",
        arguments: asked.next(Kind::Engagement, None, json!({"view": "returning"})),
    }];
    Finding { text, columns, total: rows.len(), rows, chart: None, links }
}
