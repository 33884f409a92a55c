//! Says what changed against the time before, which day stands out, and what to do about it.

use serde_json::json;

use super::Asked;
use super::Finding;
use super::Link;
use super::called;
use super::capital;
use super::number;
use super::said;
use super::text;
use crate::clock;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Kind;
use crate::store::Cell;
use crate::store::Table;

/// The columns of a day that are compared.
const MEASURES: [&str; 7] = ["calls", "sessions", "users", "failed", "cost_usd", "mean_ms", "cached_share"];

/// What changed against the time before, which days stand out, and what to do about it. The table has the days of
/// the time asked for and of the same length before it; without a time, its later half is compared with the earlier.
pub(super) fn overview(table: &Table, asked: &Asked) -> Finding {
    let Table { columns, rows, .. } = table;
    let column = |name: &str| columns.iter().position(|it| it == name);
    let day = |row: &[Cell]| text(&row[0]);
    let (Some(first), Some(last)) = (rows.first().map(|it| day(it)), rows.last().map(|it| day(it))) else {
        return Finding { columns: columns.clone(), ..Finding::default() };
    };
    let middle = asked.since.map_or_else(
        || {
            let at = |day: &str| clock::parse(day).unwrap_or_default();
            let half = at(&first).midpoint(at(&last));
            clock::format(half).chars().take(10).collect::<String>()
        },
        |it| clock::format(it).chars().take(10).collect(),
    );
    let (before, after): (Vec<_>, Vec<_>) = rows.iter().partition(|it| day(it) < middle);
    let mut found = Vec::new();
    for name in MEASURES {
        let Some(at) = column(name) else { continue };
        let (old, new) = (level(&before, at, name), level(&after, at, name));
        let change = if old == 0.0 { None } else { Some((new - old) / old) };
        found.push((name, old, new, change));
    }
    let mut by_change: Vec<_> = found.iter().filter_map(|it| it.3.map(|change| (it, change))).collect();
    by_change.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let mut sentences = Vec::new();
    let said_change = |(it, change): &(&(&str, f64, f64, Option<f64>), f64)| {
        let (old, new) = (said(it.0, it.1), said(it.0, it.2));
        let direction = if *change > 0.0 { "up" } else { "down" };
        format!("{} {direction} {:.0} % ({old} to {new})", per_day(it.0), change.abs() * 100.0)
    };
    if before.is_empty() {
        sentences.push(format!("There is nothing to compare with: the record begins on {first}."));
    } else {
        let top: Vec<String> = by_change.iter().filter(|it| it.1.abs() >= 0.05).take(3).map(said_change).collect();
        let span = format!("{} against the time before {middle}", asked.range());
        sentences.push(match top.as_slice() {
            [] => format!("Nothing changed by 5 % or more {span}."),
            some => format!("What changed most {span}: {}.", some.join("; ")),
        });
    }
    if let Some((name, on, value, usual)) = unusual(columns, &after) {
        sentences.push(format!(
            "{on} stands out: {} {} where {} is usual.",
            said(name, value),
            called(name),
            said(name, usual)
        ));
    }
    sentences.extend(suggestion(&found));
    let chart_at = by_change.first().and_then(|it| column(it.0.0)).or_else(|| column("calls")).unwrap_or(1);
    let chart = Spec {
        shape: if rows.len() > 1 { Shape::Line } else { Shape::Bars },
        title: format!("{} by day", capital(&called(&columns[chart_at]))),
        range: format!("from {first} to {last}"),
        unit: called(&columns[chart_at]),
        points: rows.iter().map(|row| (day(row), number(&row[chart_at]))).collect(),
    };
    let links = found
        .iter()
        .map(|(name, ..)| {
            let (kind, view) = match *name {
                "sessions" | "users" => (Kind::Engagement, "activity"),
                "mean_ms" => return next_link(asked, Kind::Performance, "calls", "p50_ms", name),
                _ => (Kind::Performance, "calls"),
            };
            next_link(asked, kind, view, name, name)
        })
        .collect();
    let value = |it: f64| Cell::Number((it * 1e4).round() / 1e4);
    let rows: Vec<Vec<Cell>> = found
        .iter()
        .map(|(name, old, new, change)| {
            vec![Cell::Text(per_day(name)), value(*old), value(*new), change.map_or(Cell::None, value)]
        })
        .collect();
    let columns = ["measure", "before", "after", "change"].map(str::to_owned).to_vec();
    Finding { text: sentences.join(" "), columns, total: rows.len(), rows, chart: Some(chart), links }
}

fn next_link(asked: &Asked, kind: Kind, view: &str, measure: &str, label: &str) -> Link {
    let drill = json!({"view": view, "by": "day", "measure": measure});
    Link { label: per_day(label), tool: "query_insights", arguments: asked.next(kind, None, drill) }
}

fn per_day(name: &str) -> String {
    match name {
        "mean_ms" => "mean time".to_owned(),
        "cached_share" => "answers from the cache".to_owned(),
        "cost_usd" => "cost per active day".to_owned(),
        "failed" => "failed calls per active day".to_owned(),
        it => format!("{it} per active day"),
    }
}

/// The mean of a day. Times and shares are weighed by the calls of the day.
fn level(days: &[&Vec<Cell>], at: usize, name: &str) -> f64 {
    let weighed = name == "mean_ms" || name == "cached_share";
    let weight = |row: &[Cell]| if weighed { number(&row[1]) } else { 1.0 };
    let sum: f64 = days.iter().map(|it| number(&it[at]) * weight(it)).sum();
    let weights: f64 = days.iter().map(|it| weight(it)).sum();
    if weights == 0.0 { 0.0 } else { sum / weights }
}

/// Days that a median of days can be told from.
const ENOUGH_DAYS: usize = 10;

/// Distance from the median, in deviations, at which a day stands out: the usual bound of the robust z-score.
const STANDS_OUT: f64 = 3.5;

/// Measure, day, value and median.
type Outlier<'a> = (&'a str, String, f64, f64);

/// The day and measure farthest from the median, in median absolute deviations.
fn unusual<'a>(columns: &'a [String], days: &[&Vec<Cell>]) -> Option<Outlier<'a>> {
    if days.len() < ENOUGH_DAYS {
        return None;
    }
    let mut worst: Option<(f64, Outlier<'_>)> = None;
    for (at, name) in columns.iter().enumerate().filter(|(_, it)| MEASURES.contains(&it.as_str())) {
        let mut values: Vec<f64> = days.iter().map(|it| number(&it[at])).collect();
        let middle = median(&mut values);
        let mut off: Vec<f64> = values.iter().map(|it| (it - middle).abs()).collect();
        // 1.4826 makes the deviation that of a normal distribution.
        let deviation = median(&mut off) * 1.4826;
        if deviation == 0.0 {
            continue;
        }
        for row in days {
            let z = (number(&row[at]) - middle).abs() / deviation;
            if z > STANDS_OUT && worst.as_ref().is_none_or(|it| z > it.0) {
                worst = Some((z, (name.as_str(), text(&row[0]), number(&row[at]), middle)));
            }
        }
    }
    worst.map(|it| it.1)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What to do about what changed for the worse.
fn suggestion(found: &[(&str, f64, f64, Option<f64>)]) -> Option<String> {
    let of = |name: &str| found.iter().find(|it| it.0 == name);
    let rose = |name: &str, by: f64| of(name).is_some_and(|it| it.3.is_some_and(|change| change >= by));
    if rose("failed", 0.25) {
        return Some("Look at the failures by provider and kind of error first.".to_owned());
    }
    if rose("cost_usd", 0.25) && !rose("calls", 0.2) {
        return Some(
            "Cost rose faster than use: look at the cost by model, and at `prefer: cost` or a cap.".to_owned(),
        );
    }
    if rose("mean_ms", 0.25) {
        return Some("Answers became slower: look at the times by tool and provider.".to_owned());
    }
    if of("cached_share").is_some_and(|it| it.3.is_some_and(|change| change <= -0.25)) {
        return Some("Fewer answers came from the cache: see whether questions carry `no_cache` or vary.".to_owned());
    }
    None
}
