//! How values, columns and groups are called and written.

use crate::insights::plan::Plan;
use crate::plural::several;
use crate::store::Cell;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The number in a cell; what has none counts as nothing.
pub(in crate::insights) fn number(cell: &Cell) -> f64 {
    match cell {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        Cell::Count(it) => *it as f64,
        Cell::Number(it) => *it,
        Cell::None | Cell::Text(_) => 0.0,
    }
}

pub(super) fn text(cell: &Cell) -> String {
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
        it if is_share(it) => format!("{:.1} %", value * 100.0),
        "rating" => format!("{value:+.2}"),
        it if it.starts_with("minutes") => format!("{value:.1} min"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// Whether the values of a column are parts of one.
fn is_share(column: &str) -> bool {
    column.ends_with("_share") || column.ends_with("_rate") || column == "share" || column == "finished"
}

/// What stands beside an axis, and a value there: shares are read as percentages.
pub(super) fn drawn(column: &str) -> (String, fn(f64) -> f64) {
    if is_share(column) { (format!("{}, in %", called(column)), |it| it * 100.0) } else { (called(column), |it| it) }
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
        "took_ms" => "time in ms".to_owned(),
        "share" => "share of the calls".to_owned(),
        "after" => "calls in the later period".to_owned(),
        "cost_after" => "cost in USD in the later period".to_owned(),
        "failed_after" => "failed calls in the later period".to_owned(),
        "users" => "users".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A sum with what it is of: “3 calls”, “1 failed call”, “2.50 USD”.
pub(in crate::insights) fn in_all(column: &str, value: f64) -> String {
    let said = said(column, value);
    if column.starts_with("cost_") {
        return said;
    }
    let called = called(column);
    match called.strip_suffix('s').filter(|_| value == 1.0 && !called.contains(" in ")) {
        Some(one) => format!("{said} {one}"),
        None => format!("{said} {called}"),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|it| it.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `text` on one line, at most `chars` long.
pub(super) fn shorten(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars {
        return line;
    }
    line.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn f64_of(count: usize) -> f64 {
    count as f64
}

pub(super) fn plural(word: &str, count: usize) -> String {
    if count == 1 {
        return word.to_owned();
    }
    match word {
        "persona and user" => "pairs of persona and user".to_owned(),
        "day of the week" => "days of the week".to_owned(),
        "kind of error" => "kinds of error".to_owned(),
        "use of frameworks" => "groups".to_owned(),
        "all" => "groups".to_owned(),
        it => several(it),
    }
}

pub(super) fn total(rows: &[Vec<Cell>], at: usize) -> f64 {
    rows.iter().map(|it| number(&it[at])).sum()
}

pub(super) fn rename(columns: &mut [String], name: &str) {
    if let Some(first) = columns.first_mut() {
        *first = name.replace(' ', "_");
    }
}

pub(in crate::insights) fn weekday(key: &str) -> &'static str {
    key.parse::<usize>().ok().and_then(|it| WEEKDAYS.get(it)).copied().unwrap_or("?")
}

pub(super) fn group_name(plan: &Plan) -> &str {
    match (plan.view, plan.by.as_str()) {
        ("personas", _) => "persona",
        ("users", _) => "user",
        ("personas_by_user", _) => "persona and user",
        ("frameworks", _) => "framework",
        ("with_and_without", _) => "use of frameworks",
        ("errors", _) => "kind of error",
        ("minutes", _) => "minute",
        (_, "request_kind") => "request kind",
        (_, "error_kind") => "kind of error",
        (_, "weekday") => "day of the week",
        (_, by) => by,
    }
}
