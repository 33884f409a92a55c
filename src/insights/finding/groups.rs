//! Says what groups have: the most common kind of answer.

use std::collections::BTreeMap;

use super::Asked;
use super::BARS;
use super::Finding;
use super::ROWS;
use super::links::link;
use super::links::span;
use super::words::called;
use super::words::capital;
use super::words::drawn;
use super::words::f64_of;
use super::words::group_name;
use super::words::in_all;
use super::words::number;
use super::words::plural;
use super::words::rename;
use super::words::said;
use super::words::text;
use super::words::total;
use super::words::weekday;
use crate::clock;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Plan;
use crate::store::Cell;
use crate::store::Table;

/// Groups that follow each other in time.
const IN_TIME: [&str; 7] = ["day", "week", "month", "quarter", "hour", "weekday", "period"];

/// How the columns of the later period end, as they are called.
const LATER: &str = " in the later period";

/// What calls without a model, a persona or whatever they are grouped by are called.
const NO_NAME: &str = "(none)";

/// Points that a line may have when its gaps are filled; beyond it they are left out.
const MOST_POINTS: usize = 2_000;

/// Rows by group: the most common kind of answer.
pub(super) fn groups(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, cut, .. } = table;
    if let Some((_, names)) = asked.only.as_ref().filter(|it| filters_by(plan, it.0)) {
        rows.retain(|row| names.contains(&text(&row[0])));
    }
    let unpriced = take_unpriced(&mut columns, &mut rows);
    let at = columns.iter().position(|it| *it == plan.measure).or_else(|| columns.iter().position(|it| it == "calls"));
    let at = at.unwrap_or(1).min(columns.len().saturating_sub(1));
    let in_time = IN_TIME.contains(&plan.by.as_str()) && plan.view != "errors";
    // What has no value (nothing rated) stands last, whichever way the rest is ordered.
    let order = |a: &Vec<Cell>, b: &Vec<Cell>| {
        let (first, second) = (number(&a[at]), number(&b[at]));
        let by_value = if plan.ascending { first.total_cmp(&second) } else { second.total_cmp(&first) };
        (a[at] == Cell::None)
            .cmp(&(b[at] == Cell::None))
            .then(by_value)
            .then_with(|| self::text(&a[0]).cmp(&self::text(&b[0])))
    };
    // A call without a model is not the cheapest of them.
    if plan.ascending && rows.len() > 1 {
        rows.retain(|row| text(&row[0]) != NO_NAME);
    }
    rows.sort_by(order);
    let total = rows.len();
    let mut text = if total == 0 { String::new() } else { describe(plan, &columns, &rows, at, cut, asked) };
    if unpriced > 0.0 && columns[at].starts_with("cost_") {
        text.push_str(&format!(" The price of {} is unknown.", in_all("calls", unpriced)));
    }
    if in_time {
        rows.sort_by_key(|row| self::text(&row[0]));
        if plan.by == "period" {
            rows.reverse();
        }
    }
    let shown = if in_time { ROWS } else { asked.top.unwrap_or(ROWS).clamp(1, ROWS) };
    let chart = draw(plan, &columns, &rows, at, asked);
    let mut rows = asked.page(rows, shown);
    let links = rows.iter().filter_map(|row| link(plan, row, asked)).collect();
    rename(&mut columns, group_name(plan));
    if plan.by == "weekday" {
        for row in &mut rows {
            row[0] = Cell::Text(weekday(&self::text(&row[0])).to_owned());
        }
    }
    Finding { text, columns, rows, total, chart, links, ..Finding::default() }
}

/// How many calls were paid for by a price that nobody knows. The column stays where there are any.
fn take_unpriced(columns: &mut Vec<String>, rows: &mut [Vec<Cell>]) -> f64 {
    let Some(at) = columns.iter().position(|it| it == "unpriced") else { return 0.0 };
    let unpriced = total(rows, at);
    if unpriced == 0.0 {
        columns.remove(at);
        rows.iter_mut().for_each(|it| drop(it.remove(at)));
    }
    unpriced
}

/// Whether the groups of `plan` are the names of the filter `filter`.
fn filters_by(plan: &Plan, filter: &str) -> bool {
    super::links::filter_name(plan) == Some(filter) && plan.view != "personas_by_user"
}

/// The column of the earlier period, where `at` is that of the later one.
fn moved(plan: &Plan, columns: &[String], at: usize) -> Option<usize> {
    let earlier = columns.get(at).filter(|_| plan.view == "movers")?.replace("after", "before");
    columns.iter().position(|it| *it == earlier).filter(|it| *it != at)
}

/// Both periods of a change, and the group that changed most.
fn describe_moved(
    plan: &Plan,
    columns: &[String],
    rows: &[Vec<Cell>],
    (at, earlier): (usize, usize),
    asked: &Asked,
) -> String {
    let measure = columns[at].as_str();
    let middle = asked.middle_day();
    let (old, new) = (total(rows, earlier), total(rows, at));
    let change = if old > 0.0 { format!(", {:+.0} %", (new - old) / old * 100.0) } else { String::new() };
    let mut text = format!(
        "{} before {middle} and {} since{change} ({}), over {} {}.",
        said(measure, old),
        in_all(measure, new).replace(LATER, ""),
        asked.range(),
        rows.len(),
        plural(group_name(plan), rows.len())
    );
    let by = |row: &[Cell]| number(&row[at]) - number(&row[earlier]);
    let most = rows.iter().max_by(|a, b| by(a).abs().total_cmp(&by(b).abs())).filter(|it| by(it) != 0.0);
    if let Some(row) = most {
        let (name, old, new) = (self::text(&row[0]), number(&row[earlier]), number(&row[at]));
        text.push_str(&format!(" {name} changed most: {} to {}.", said(measure, old), said(measure, new)));
    }
    text
}

pub(super) fn describe(
    plan: &Plan,
    columns: &[String],
    ranked: &[Vec<Cell>],
    at: usize,
    cut: bool,
    asked: &Asked,
) -> String {
    if let Some(earlier) = moved(plan, columns, at) {
        return describe_moved(plan, columns, ranked, (at, earlier), asked);
    }
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
    let adds = adds(measure);
    let tokens = ["input_tokens", "cached_input_tokens", "output_tokens"].map(&sum);
    if let [Some(input), Some(cached), Some(output)] = tokens
        && measure.ends_with("_tokens")
    {
        sentences.push(format!(
            "{:.0} tokens {range}: {input:.0} of input, {cached:.0} of input from the providers' caches, {output:.0} of \
             output.",
            input + cached + output
        ));
    }
    if measure == "error_rate"
        && let Some(failed) = sum("failed")
    {
        // A mean of the shares of groups is not that of all of them.
        let over = if plan.by == "all" {
            String::new()
        } else {
            format!(", over {} {}", ranked.len(), plural(group_name(plan), ranked.len()))
        };
        sentences.push(format!(
            "{} of {} failed {range}, {}{over}.",
            said("calls", failed),
            in_all("calls", calls),
            said(measure, failed / calls.max(1.0))
        ));
    } else if adds && valued.is_empty() {
        sentences.push(format!("{} {range}.", in_all("calls", calls)));
    } else if plan.by == "all" && ranked.len() == 1 && plan.view == "calls" {
        sentences.push(format!(
            "{} {range}: {} is {}.",
            in_all("calls", calls),
            called(measure),
            said(measure, number(&ranked[0][at]))
        ));
    } else if adds {
        let whole = total(ranked, at);
        let more = if cut { "at least " } else { "" };
        let of = match sum("calls") {
            Some(calls) if measure != "calls" => format!(" in {}", in_all("calls", calls)),
            _ => String::new(),
        };
        sentences.push(format!(
            "{more}{}{of} {range}, over {} {}.",
            in_all(measure, whole),
            ranked.len(),
            plural(group_name(plan), ranked.len())
        ));
    } else if IN_TIME.contains(&plan.by.as_str()) && plan.by != "period" && !valued.is_empty() {
        let value = said(measure, total(ranked, at) / f64_of(valued.len()));
        sentences.push(format!(
            "On average {} a {} {range}, over {} {}.",
            // What has its unit with it is named first.
            if value.ends_with(|it: char| it.is_ascii_digit()) {
                format!("{value} {}", called(measure))
            } else {
                let (plain, unit) = (called(measure), [" in USD", " in ms"]);
                format!("a {} of {value}", unit.iter().fold(plain, |it, unit| it.replace(unit, "")))
            },
            if plan.by == "weekday" { "day of the week" } else { plan.by.as_str() },
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
        // That no price is known is said behind.
        [] if adds => {}
        [] => sentences.push(format!("None has a {} yet.", called(measure))),
        [only] if ranked.len() > 1 => {
            sentences.push(format!("Only {} has one: {}.", name(only), said(measure, number(&only[at]))));
        }
        [_] => {}
        [first, second] if asked.only.is_some() || plan.by == "period" => {
            sentences.push(compared(
                plan,
                measure,
                (name(first), number(&first[at])),
                (name(second), number(&second[at])),
            ));
        }
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

/// Whether the values of groups can be added up to one of the whole.
fn adds(measure: &str) -> bool {
    matches!(
        measure,
        "calls"
            | "failed"
            | "cost_usd"
            | "output_tokens"
            | "cached_input_tokens"
            | "input_tokens"
            | "after"
            | "cost_after"
            | "failed_after"
    )
}

/// Two values beside each other: the larger one, and how much larger it is.
fn compared(plan: &Plan, measure: &str, first: (String, f64), second: (String, f64)) -> String {
    let (first, second) = match plan.by.as_str() {
        // What came first is said first.
        "period" if first.0 == "after" => (second, first),
        _ => (first, second),
    };
    let change = (second.1 - first.1) / first.1;
    if plan.by == "period" {
        let by = if first.1 > 0.0 { format!(", {:+.0} %", change * 100.0) } else { String::new() };
        return format!("Before: {}, after: {}{by}.", said(measure, first.1), said(measure, second.1));
    }
    let times = if second.1 > 0.0 && first.1 >= second.1 {
        format!(", {:.1} times as much", first.1 / second.1)
    } else {
        String::new()
    };
    format!("{} has {}, {} has {}{times}.", first.0, said(measure, first.1), second.0, said(measure, second.1))
}

fn draw(plan: &Plan, columns: &[String], rows: &[Vec<Cell>], at: usize, asked: &Asked) -> Option<Spec> {
    if rows.is_empty() {
        return None;
    }
    let measure = columns[at].as_str();
    let timed = matches!(plan.by.as_str(), "day" | "week" | "month" | "quarter") && plan.view != "errors";
    let name = |row: &[Cell]| match (plan.by.as_str(), plan.view) {
        ("weekday", _) => weekday(&text(&row[0])).to_owned(),
        (_, "personas_by_user") => format!("{} / {}", text(&row[0]), text(&row[1])),
        _ => text(&row[0]),
    };
    let shape = if timed && rows.len() > 1 { Shape::Line } else { Shape::Bars };
    // Bars are those of the page; a line is whole.
    let skip = if shape == Shape::Line { 0 } else { asked.skip.min(rows.len()) };
    let shown = if shape == Shape::Line { rows.len() } else { asked.top.unwrap_or(BARS).clamp(1, BARS) };
    let (mut unit, as_drawn) = drawn(measure);
    // What has no value is no zero: it has no bar, and is a gap in a line.
    let value = |row: &[Cell]| if row[at] == Cell::None { f64::NAN } else { as_drawn(number(&row[at])) };
    let mut points: Vec<(String, f64)> =
        rows.iter().skip(skip).take(shown).map(|row| (name(row), value(row))).collect();
    if points.is_empty() {
        return None;
    }
    if shape == Shape::Line {
        points = without_holes(&plan.by, points, adds(measure) || matches!(measure, "sessions" | "users"));
    }
    let cut = match (skip, rows.len() > shown) {
        (0, true) => format!(", first {shown} of {}", rows.len()),
        (0, false) => String::new(),
        _ => format!(", {} to {} of {}", skip + 1, skip + points.len(), rows.len()),
    };
    let mut title = called(measure);
    let mut before = Vec::new();
    if let Some(earlier) = moved(plan, columns, at) {
        before = rows.iter().skip(skip).take(points.len()).map(|row| number(&row[earlier])).collect();
        title = called(measure).replace(LATER, "");
        unit = format!("{title}; pale: before {}", asked.middle_day());
    }
    Some(Spec {
        shape,
        title: format!("{} by {}{cut}", capital(&title), group_name(plan)),
        range: asked.range(),
        unit,
        points,
        before,
    })
}

/// `points` with those between them of which nothing is recorded: none of it happened there, or it has no value there.
fn without_holes(by: &str, points: Vec<(String, f64)>, counts: bool) -> Vec<(String, f64)> {
    let (Some(first), Some(last)) = (points.first().map(|it| it.0.clone()), points.last().map(|it| it.0.clone()))
    else {
        return points;
    };
    let known: BTreeMap<String, f64> = points.iter().cloned().collect();
    let mut filled = Vec::new();
    let mut key = first;
    while key <= last && filled.len() < MOST_POINTS {
        let absent = if counts { 0.0 } else { f64::NAN };
        filled.push((key.clone(), known.get(&key).copied().unwrap_or(absent)));
        let Some((_, next)) = span(by, &key) else { return points };
        let day: String = clock::format(next).chars().take(10).collect();
        let after = match by {
            "month" => day.chars().take(7).collect(),
            "quarter" => {
                let month: i64 = day.get(5..7).and_then(|it| it.parse().ok()).unwrap_or(1);
                format!("{}-Q{}", day.chars().take(4).collect::<String>(), (month + 2) / 3)
            }
            _ => day,
        };
        // Years beyond those that can be written have no next one.
        if after <= key {
            return points;
        }
        key = after;
    }
    if filled.len() == MOST_POINTS { points } else { filled }
}
