//! Says what changed against the time before, which day stands out, and what to do about it.

use serde_json::json;

use super::Asked;
use super::Finding;
use super::Link;
use super::words::called;
use super::words::capital;
use super::words::drawn;
use super::words::f64_of;
use super::words::number;
use super::words::said;
use super::words::text;
use crate::clock;
use crate::clock::Millis;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Kind;
use crate::plural::counted;
use crate::store::Cell;
use crate::store::Table;

/// Days on each side, and calls on each side, below which nothing is said to have changed: with less, Welch's test has
/// next to no power, and a mean is one busy day.
const FEWEST_DAYS: usize = 4;
const FEWEST_CALLS: f64 = 30.0;

/// A measure before and after.
struct Change {
    name: &'static str,
    old: f64,
    new: f64,
    /// As a share of `old`; `None` when that was nothing.
    change: Option<f64>,
    /// Whether it is more than chance would make in one of a hundred cases.
    real: bool,
}

/// Whether the means of two samples differ by more than chance makes them in one of a hundred cases (Welch's test), when
/// so many of them are compared at once.
fn differ(before: &[f64], after: &[f64], tests: usize) -> bool {
    let moments = |values: &[f64]| {
        let count = f64_of(values.len());
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    if before.len().min(after.len()) < FEWEST_DAYS {
        return false;
    }
    let ((old, one), (new, other)) = (moments(before), moments(after));
    let freedom = (one + other).powi(2)
        / (one.powi(2) / (f64_of(before.len()) - 1.0) + other.powi(2) / (f64_of(after.len()) - 1.0));
    // Two equal constants have no spread and no difference; two unequal ones have no spread and differ.
    if one + other == 0.0 {
        return old != new;
    }
    (new - old).abs() / (one + other).sqrt() > bound(freedom, tests)
}

/// The value of Student's t that chance passes, either way and in any of so many `tests`, in one of a hundred cases at most
/// (Bonferroni's correction): the normal one and three terms of its expansion in 1 / freedom (Abramowitz and Stegun
/// 26.7.5), right to .03 from five degrees on for one test.
pub(super) fn bound(freedom: f64, tests: usize) -> f64 {
    // The normal one by Abramowitz and Stegun 26.2.23, right to .0005.
    let tail = (-2.0 * (0.005 / f64_of(tests.max(1))).ln()).sqrt();
    let z = tail
        - (2.515_517 + 0.802_853 * tail + 0.010_328 * tail.powi(2))
            / (1.0 + 1.432_788 * tail + 0.189_269 * tail.powi(2) + 0.001_308 * tail.powi(3));
    let freedom = freedom.max(3.0);
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
    ];
    z + terms[0] / freedom + terms[1] / freedom.powi(2) + terms[2] / freedom.powi(3)
}

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
    let at = asked.middle.or(asked.since).unwrap_or(asked.now);
    let middle: String = clock::format(at).chars().take(10).collect();
    // A day on which the one period ends and the other begins has a row in each.
    let is_later = |row: &[Cell]| column("later").is_some_and(|at| row[at] == Cell::Count(1));
    let (after, before): (Vec<_>, Vec<_>) = rows.iter().partition(|it| is_later(it));
    let mut found = Vec::new();
    for name in MEASURES {
        let Some(at) = column(name) else { continue };
        let (old, new) = (level(&before, at, name), level(&after, at, name));
        let change = if old == 0.0 { None } else { Some((new - old) / old) };
        let values = |days: &[&Vec<Cell>]| days.iter().map(|it| number(&it[at])).collect::<Vec<f64>>();
        let real = differ(&values(&before), &values(&after), MEASURES.len());
        found.push(Change { name, old, new, change, real });
    }
    let mut by_change: Vec<(&Change, f64)> = found.iter().filter_map(|it| Some((it, it.change?))).collect();
    by_change.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let mut sentences = Vec::new();
    let said_change = |(it, change): &(&Change, f64)| {
        let (old, new) = (said(it.name, it.old), said(it.name, it.new));
        let direction = if *change > 0.0 { "up" } else { "down" };
        format!("{} {direction} {:.0} % ({old} to {new})", per_day(it.name), change.abs() * 100.0)
    };
    let calls = |days: &[&Vec<Cell>]| days.iter().map(|it| number(&it[1])).sum::<f64>();
    let span = format!("{} against the time before {middle}", asked.range());
    if before.is_empty() {
        sentences.push(format!("There is nothing to compare with: the record begins on {first}."));
    } else if before.len().min(after.len()) < FEWEST_DAYS || calls(&before).min(calls(&after)) < FEWEST_CALLS {
        sentences.push(format!(
            "{} on {} before {middle} and {} on {} since are too few to tell a change from chance.",
            counted(&calls(&before), "call"),
            counted(&before.len(), "day"),
            calls(&after),
            counted(&after.len(), "day")
        ));
    } else {
        let real = |it: &&(&Change, f64)| it.0.real && it.1.abs() >= 0.05;
        let top: Vec<String> = by_change.iter().filter(real).take(3).map(said_change).collect();
        sentences.push(match top.as_slice() {
            [] => format!("Nothing changed by more than chance {span}."),
            some => format!("What changed most {span}: {}.", some.join("; ")),
        });
    }
    if let Some((name, on, value, usual)) = unusual(columns, &after) {
        sentences.push(format!(
            "{on} stands out: {} {} where {} is usual.",
            said(name, value),
            called(name).replace(" in USD", ""),
            said(name, usual)
        ));
    }
    if before.len().min(after.len()) >= FEWEST_DAYS {
        sentences.extend(suggestion(&found));
    }
    let chart_at =
        by_change.iter().find(|it| it.0.real).and_then(|it| column(it.0.name)).or_else(|| column("calls")).unwrap_or(1);
    let (unit, as_drawn) = drawn(&columns[chart_at]);
    let chart = Spec {
        shape: if rows.len() > 1 { Shape::Line } else { Shape::Bars },
        title: format!("{} by day", capital(&called(&columns[chart_at]))),
        range: format!("from {first} to {last}"),
        unit,
        points: by_day(rows, chart_at, &columns[chart_at]).into_iter().map(|it| (it.0, as_drawn(it.1))).collect(),
        ..Spec::default()
    };
    // Both periods, so that both numbers of a row can be found again: their sums, and behind those their days.
    let mut both = asked.clone();
    if asked.middle.is_none()
        && let (Some(since), Some(until)) = (asked.since, asked.until)
    {
        both.since = Some(since.saturating_sub(until.saturating_sub(since)));
    }
    let links = found
        .iter()
        .map(|it| match it.name {
            "sessions" | "users" => next_link(&both, Kind::Engagement, "activity", it.name, at),
            _ => next_link(&both, Kind::Performance, "calls", it.name, at),
        })
        .collect();
    let value = |it: f64| Cell::Number((it * 1e4).round() / 1e4);
    let rows: Vec<Vec<Cell>> = found
        .iter()
        .map(|it| {
            let sure = match (before.is_empty() || after.is_empty(), it.real) {
                (true, _) => "nothing to compare with",
                (false, true) => "more than chance",
                (false, false) => "may be chance",
            };
            // Where no day is, there is no level either.
            let level = |days: &[&Vec<Cell>], of: f64| if days.is_empty() { Cell::None } else { value(of) };
            vec![
                Cell::Text(per_day(it.name)),
                level(&before, it.old),
                level(&after, it.new),
                it.change.map_or(Cell::None, value),
                Cell::Text(sure.to_owned()),
            ]
        })
        .collect();
    let columns = ["measure", "before", "after", "change", "certainty"].map(str::to_owned).to_vec();
    let chart = Some(chart);
    Finding { text: sentences.join(" "), columns, total: rows.len(), rows, chart, links, ..Finding::default() }
}

fn next_link(asked: &Asked, kind: Kind, view: &str, measure: &str, middle: Millis) -> Link {
    let drill = json!({"view": view, "by": "period", "measure": measure, "middle": clock::format(middle)});
    Link { label: per_day(measure), tool: "query_insights", arguments: asked.next(kind, None, drill) }
}

/// The points of a line by day. The two rows of a day that is in both periods are one point of it; where they cannot be
/// joined, because somebody may be in both, it has none.
fn by_day(rows: &[Vec<Cell>], at: usize, name: &str) -> Vec<(String, f64)> {
    let mut points: Vec<(String, f64, f64)> = Vec::new();
    for row in rows {
        let (day, value, calls) = (text(&row[0]), number(&row[at]), number(&row[1]));
        match points.last_mut() {
            Some(last) if last.0 == day => {
                last.1 = match name {
                    "sessions" | "users" => f64::NAN,
                    "mean_ms" | "cached_share" => (last.1 * last.2 + value * calls) / (last.2 + calls).max(1.0),
                    _ => last.1 + value,
                };
            }
            _ => points.push((day, value, calls)),
        }
    }
    points.into_iter().map(|it| (it.0, it.1)).collect()
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
fn suggestion(found: &[Change]) -> Option<String> {
    let real = |name: &str| found.iter().find(|it| it.name == name && it.real).and_then(|it| it.change);
    let rose = |name: &str, by: f64| real(name).is_some_and(|change| change >= by);
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
    if real("cached_share").is_some_and(|change| change <= -0.25) {
        return Some("Fewer answers came from the cache: see whether questions carry `no_cache` or vary.".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_the_tables() {
        // Two-sided, 1 %, from any table of Student's t.
        for (freedom, expected) in [(5.0, 4.032), (10.0, 3.169), (20.0, 2.845), (60.0, 2.660)] {
            assert!((bound(freedom, 1) - expected).abs() < 0.06, "{freedom}: {}", bound(freedom, 1));
        }
        // Of ten tests each has a thousandth, again from any table.
        for (freedom, expected) in [(6.0, 5.959), (10.0, 4.587), (30.0, 3.646), (120.0, 3.373)] {
            assert!((bound(freedom, 10) - expected).abs() < 0.15, "{freedom}: {}", bound(freedom, 10));
        }
    }

    #[test]
    fn chance_is_no_change_and_a_shift_is_one() {
        let noise = [10.0, 14.0, 9.0, 12.0, 11.0, 13.0, 8.0];
        let same = [12.0, 9.0, 13.0, 10.0, 14.0, 8.0, 12.0];
        let shifted = same.map(|it| it + 12.0);
        assert!(!differ(&noise, &same, 1));
        assert!(differ(&noise, &shifted, 7));
        assert!(!differ(&[1.0, 2.0], &[100.0, 120.0], 1));
        assert!(!differ(&[3.0; 6], &[3.0; 6], 1));
        assert!(differ(&[3.0; 6], &[4.0; 6], 1));
    }
}
