//! Says what happened: lists, the latest first, drawn by day.

use serde_json::Value;
use serde_json::json;

use super::Asked;
use super::BARS;
use super::Finding;
use super::Link;
use super::ROWS;
use super::links;
use super::words;
use super::words::capital;
use super::words::number;
use super::words::rename;
use super::words::shorten;
use super::words::text;
use crate::insights::chart::Shape;
use crate::insights::chart::Spec;
use crate::insights::plan::Kind;
use crate::insights::plan::Plan;
use crate::store::Cell;
use crate::store::Table;

/// What stands in the place of words that the call may not read; `store/insights/calls.sql` writes it.
const HIDDEN: &str = "(words of another)";

/// A list of what happened, the latest first, drawn by day.
pub(super) fn history(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let Table { mut columns, mut rows, days, earliest, .. } = table;
    let total = usize::try_from(days.values().sum::<i64>()).unwrap_or(0);
    let extreme = [("dearest_calls", "cost_usd", "dearest cost"), ("slowest_calls", "took_ms", "slowest took")];
    let extreme = extreme.into_iter().find(|it| it.0 == plan.view);
    let when = columns.iter().position(|it| it == "at" || it == "began").unwrap_or(1);
    let (one, many) = match plan.view {
        "sessions" => ("session", "sessions"),
        "decisions" => ("decision", "decisions"),
        "events" => ("event", "events"),
        "memories" => ("memory", "memories"),
        "timeline" | "dearest_calls" | "slowest_calls" => ("call", "calls"),
        "conversations" => ("conversation", "conversations"),
        "turns" => ("turn", "turns"),
        _ => ("call that asked something", "calls that asked something"),
    };
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let days: Vec<(String, f64)> = days.into_iter().map(|(day, count)| (day, count as f64)).collect();
    let mut said = String::new();
    if let Some(latest) = rows.first() {
        let what = columns.iter().position(|it| it == "question" || it == "content" || it == "first_question");
        let noun = if total == 1 { one } else { many };
        said = format!("{total} {noun} {}.", asked.range());
        let quoted = what.map(|at| shorten(&text(&latest[at]), 120)).filter(|it| !it.is_empty() && it != HIDDEN);
        let quoted = quoted.map(|it| format!(": “{it}”")).unwrap_or_default();
        let first = text(&latest[when]);
        if let Some((_, column, most)) = extreme {
            let value = columns.iter().position(|it| it == column).map(|at| number(&latest[at])).unwrap_or_default();
            if value > 0.0 && asked.skip == 0 {
                said.push_str(&format!(
                    " The {most} {}: {} of {first}{quoted}.",
                    words::said(column, value),
                    text(&latest[2])
                ));
            }
        } else if asked.skip == 0 {
            said.push_str(&format!(" The latest is of {first}{quoted}."));
        }
        if let Some(earliest) = earliest.filter(|_| total > 1 && extreme.is_none()) {
            said.push_str(&format!(" The earliest is of {earliest}."));
        }
        if what.is_some_and(|at| rows.iter().any(|row| text(&row[at]) == HIDDEN)) {
            said.push_str(" Words of a user or persona are shown to calls with that `user_id` or that filter.");
        }
    }
    let chart = (!days.is_empty()).then(|| match extreme {
        None => Spec {
            shape: if days.len() > 1 { Shape::Line } else { Shape::Bars },
            title: format!("{} by day", capital(many)),
            range: asked.range(),
            unit: many.to_owned(),
            points: days,
            ..Spec::default()
        },
        Some((view, column, _)) => {
            let at = columns.iter().position(|it| it == column).unwrap_or(0);
            let bars = rows.iter().take(asked.top.unwrap_or(BARS).min(BARS));
            Spec {
                shape: Shape::Bars,
                title: capital(&view.replace('_', " ")),
                range: asked.range(),
                unit: words::called(column),
                points: bars.map(|row| (text(&row[when]), number(&row[at]))).collect(),
                ..Spec::default()
            }
        }
    });
    rows.truncate(asked.top.unwrap_or(ROWS).clamp(1, ROWS));
    // What was said is the end of the way.
    let lead_on = if plan.view == "turns" { &[][..] } else { &rows[..] };
    let links = lead_on
        .iter()
        .map(|row| {
            let key = text(&row[0]);
            match plan.view {
                "sessions" => Link {
                    label: key.clone(),
                    tool: "query_insights",
                    arguments: asked.next(Kind::History, Some(("session_id", &key)), json!({"view": "timeline"})),
                },
                "conversations" => Link {
                    label: key.clone(),
                    tool: "query_insights",
                    arguments: asked.next(Kind::History, Some(("session_id", &key)), json!({"view": "turns"})),
                },
                "decisions" | "events" | "memories" => memory(text(&row[when]), row, asked),
                _ => {
                    let of = |name: &str| columns.iter().position(|it| it == name).map(|at| text(&row[at]));
                    let (user, persona) = (of("user").unwrap_or_default(), of("persona").unwrap_or_default());
                    links::trace(text(&row[when]), &key, &user, &persona, asked)
                }
            }
        })
        .collect();
    let key = match plan.view {
        "sessions" | "conversations" => "session_id",
        "turns" => "turn_id",
        "decisions" | "events" | "memories" => "memory_id",
        _ => "trace_id",
    };
    rename(&mut columns, key);
    Finding { text: said, columns, rows, total, chart, links, ..Finding::default() }
}

/// A decision or an event by itself, as those may see it who may see the row: superseded or not, in its namespace.
fn memory(label: String, row: &[Cell], asked: &Asked) -> Link {
    let mut arguments = json!({
        "query": shorten(&text(&row[3]), 120), "kinds": [text(&row[2])], "include_superseded": true,
    });
    let namespace = asked.filters.get("namespace").and_then(Value::as_str).map(str::to_owned);
    let user = Some(text(&row[5])).filter(|it| !it.is_empty());
    for (name, value) in [("namespace", namespace), ("user_id", user), ("persona", asked.persona.clone())] {
        if let Some(value) = value {
            arguments[name] = value.into();
        }
    }
    Link { label, tool: "recall", arguments }
}
