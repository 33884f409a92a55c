//! Says how lively it is: hours, streaks, lengths, who returns, gaps.

use std::collections::BTreeMap;

use serde_json::json;

use super::Asked;
use super::BARS;
use super::DAY;
use super::Finding;
use super::Link;
use super::ROWS;
use super::words::f64_of;
use super::words::number;
use super::words::rename;
use super::words::text;
use super::words::weekday;
use crate::clock;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Kind;
use crate::plural::counted;
use crate::store::Cell;
use crate::store::Table;

pub(super) fn hours(table: Table, asked: &Asked) -> Finding {
    let Table { columns, rows, .. } = table;
    let total = rows.len();
    let cell = |row: &[Cell]| format!("{} {}:00", weekday(&text(&row[0])), text(&row[1]));
    let mut ranked = rows;
    ranked.sort_by(|a, b| number(&b[2]).total_cmp(&number(&a[2])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let calls = super::words::total(&ranked, 2);
    let mut sentence = String::new();
    if let Some(busiest) = ranked.first() {
        let evening: f64 = ranked.iter().filter(|it| text(&it[1]).as_str() >= "18").map(|it| number(&it[2])).sum();
        sentence = format!(
            "The busiest hour {} is {} UTC with {} of {calls:.0} calls. {:.0} % of the calls were made after 18:00 UTC.",
            asked.range(),
            cell(busiest),
            super::words::said("calls", number(&busiest[2])),
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
        ..Spec::default()
    });
    let mut ranked = asked.page(ranked, ROWS);
    let links = ranked
        .iter()
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
    Finding { text: sentence, columns, rows: ranked, total, chart, links, ..Finding::default() }
}

/// Runs of days in a row on which something was asked.
pub(super) fn streak(table: &Table, asked: &Asked) -> Finding {
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
            "The current streak is {}. The longest was {}, from {} to {}.",
            counted(&current, "day"),
            counted(&length(longest), "day"),
            date(longest.0),
            date(longest.1)
        )
    });
    let total = ranked.len();
    let row = |it: &(i64, i64)| vec![Cell::Text(date(it.0)), Cell::Text(date(it.1)), Cell::Count(length(it))];
    #[expect(clippy::cast_precision_loss, reason = "days")]
    let points = ranked.iter().take(BARS).map(|it| (format!("{} …", date(it.0)), length(it) as f64)).collect();
    let chart = (total > 0).then(|| Spec {
        shape: Shape::Bars,
        title: "Longest runs of active days".to_owned(),
        range: asked.range(),
        unit: "days".to_owned(),
        points,
        ..Spec::default()
    });
    let ranked = asked.page(ranked, ROWS);
    let drill = || json!({"view": "activity", "by": "day", "measure": "calls"});
    let links = ranked
        .iter()
        .map(|it| Link {
            label: format!("{} to {}", date(it.0), date(it.1)),
            tool: "query_insights",
            arguments: asked.within(Kind::Engagement, Some(it.0 * DAY), Some((it.1 + 1) * DAY), None, drill()),
        })
        .collect();
    let columns = ["from", "to", "days"].map(str::to_owned).to_vec();
    Finding { text, columns, rows: ranked.iter().map(row).collect(), total, chart, links, ..Finding::default() }
}

pub(super) fn lengths(table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, cut, .. } = table;
    let (over, under) = asked.lasting;
    let all = rows.len();
    let fits = |it: f64| over.is_none_or(|over| it > over) && under.is_none_or(|under| it < under);
    rows.retain(|it| fits(number(&it[2]) * 60_000.0));
    rows.sort_by(|a, b| number(&b[2]).total_cmp(&number(&a[2])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let total = rows.len();
    let minutes: Vec<f64> = rows.iter().map(|it| number(&it[2])).collect();
    let mut by_day: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for row in &rows {
        let day = by_day.entry(text(&row[1])).or_default();
        *day = (day.0 + number(&row[2]), day.1 + 1.0);
    }
    let limits: Vec<String> = [(over, "more"), (under, "less")]
        .into_iter()
        .filter_map(|(limit, than)| Some(format!("{than} than {} min", limit? / 60_000.0)))
        .collect();
    let mut said = match limits.join(" and ").as_str() {
        "" => String::new(),
        limits => format!("{total} of {} lasted {limits}. ", counted(&all, "session")),
    };
    if let (Some(longest), Some(median)) = (rows.first(), minutes.get(total / 2)) {
        let count = f64_of(total);
        let short = f64_of(minutes.iter().filter(|it| **it < 2.0).count());
        said.push_str(&format!(
            "{}{} {} lasted {:.1} minutes on average, half of them at least {median:.1}. The longest took \
             {:.1} minutes; {:.0} % were over in less than two.",
            if cut { "At least " } else { "" },
            counted(&total, "session"),
            asked.range(),
            minutes.iter().sum::<f64>() / count,
            number(&longest[2]),
            short / count * 100.0
        ));
    }
    let points: Vec<(String, f64)> =
        by_day.iter().map(|(day, (sum, count))| (day.clone(), (sum / count * 100.0).round() / 100.0)).collect();
    let chart = (total > 0).then(|| Spec {
        shape: if points.len() > 1 { Shape::Line } else { Shape::Bars },
        title: "Mean length of sessions by day".to_owned(),
        range: asked.range(),
        unit: "minutes".to_owned(),
        points,
        ..Spec::default()
    });
    let rows = asked.page(rows, asked.top.unwrap_or(ROWS));
    let links = rows
        .iter()
        .map(|row| Link {
            label: text(&row[0]),
            tool: "query_insights",
            arguments: asked.next(Kind::History, Some(("session_id", &text(&row[0]))), json!({"view": "timeline"})),
        })
        .collect();
    rename(&mut columns, "session_id");
    Finding { text: said, columns, rows, total, chart, links, ..Finding::default() }
}

pub(super) fn returning(table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, .. } = table;
    rows.sort_by(|a, b| number(&b[3]).total_cmp(&number(&a[3])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let total = rows.len();
    let back = rows.iter().filter(|it| number(&it[3]) > 1.0).count();
    let since = asked.since.map(|it| clock::format(it).chars().take(10).collect::<String>());
    let mut said = String::new();
    if total > 0 {
        said = format!(
            "{back} of {} ({:.0} %) came on more than one day {}.",
            counted(&total, "user"),
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
        ..Spec::default()
    });
    let rows = asked.page(rows, asked.top.unwrap_or(ROWS));
    let links = rows
        .iter()
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
    rename(&mut columns, "user");
    Finding { text: said, columns, rows, total, chart, links, ..Finding::default() }
}

pub(super) fn gaps(table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, .. } = table;
    rows.retain(|it| number(&it[2]) > 0.0);
    rows.sort_by(|a, b| number(&b[2]).total_cmp(&number(&a[2])).then_with(|| text(&a[0]).cmp(&text(&b[0]))));
    let pairs = super::words::total(&rows, 2);
    if pairs == 0.0 {
        return Finding { columns, ..Finding::default() };
    }
    let minutes: f64 = rows.iter().map(|it| number(&it[1]) * number(&it[2])).sum();
    let users = counted(&rows.len(), "user");
    let said = format!(
        "On average {:.1} minutes go by between two questions of the same user {}, over {} of {users}.",
        minutes / pairs,
        asked.range(),
        counted(&pairs, "pair")
    );
    let points = rows.iter().take(BARS).map(|it| (text(&it[0]), number(&it[1]))).collect();
    let chart = Some(Spec {
        shape: Shape::Bars,
        title: "Minutes between two questions by user".to_owned(),
        range: asked.range(),
        unit: "minutes on average".to_owned(),
        points,
        ..Spec::default()
    });
    let total = rows.len();
    let mut rows = asked.page(rows, asked.top.unwrap_or(ROWS));
    for row in &mut rows {
        row[1] = Cell::Number((number(&row[1]) * 10.0).round() / 10.0);
    }
    let links = rows
        .iter()
        .map(|row| {
            let mut questions = asked.clone();
            questions.filters.insert("tool".to_owned(), "ask".into());
            let user = text(&row[0]);
            let arguments = questions.next(Kind::History, Some(("user_id", &user)), json!({"view": "timeline"}));
            Link { label: user, tool: "query_insights", arguments }
        })
        .collect();
    rename(&mut columns, "user");
    Finding { text: said, columns, rows, total, chart, links, ..Finding::default() }
}
