//! Where to look next: the question behind a row, ready to be called.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Asked;
use super::DAY;
use super::Link;
use super::words::text;
use super::words::weekday;
use crate::clock;
use crate::clock::Millis;
use crate::insights::plan::Kind;
use crate::insights::plan::Plan;
use crate::store::Cell;

/// The filter that narrows to a group.
pub(super) fn filter_name(plan: &Plan) -> Option<&'static str> {
    Some(match (plan.view, plan.by.as_str()) {
        ("personas" | "personas_by_user", _) => "persona",
        ("users" | "returning", _) => "user_id",
        ("frameworks", _) => "framework",
        ("errors", _) => "error_kind",
        ("with_and_without", _) => "framework",
        ("minutes", _) => return None,
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
        (_, "outcome") => "outcome",
        (_, "hour") => "hour",
        (_, "weekday") => "weekday",
        _ => return None,
    })
}

/// The time that a group of days, weeks, months or minutes spans.
pub(super) fn span(by: &str, key: &str) -> Option<(Millis, Millis)> {
    let month_after = |since: Millis| clock::day_and_month(since + 31 * DAY).1;
    match by {
        "day" => clock::parse(key).ok().map(|it| (it, it + DAY)),
        "week" => clock::parse(key).ok().map(|it| (it, it + 7 * DAY)),
        "minutes" => {
            let since = clock::parse(&key.replace('Z', ":00Z")).ok()?;
            Some((since, since + 60_000))
        }
        "month" => {
            let since = clock::parse(&format!("{key}-01")).ok()?;
            // The first of the month after: 31 days on lies in it, whichever month this is.
            Some((since, month_after(since)))
        }
        "quarter" => {
            let (year, quarter) = key.split_once("-Q")?;
            let month = (quarter.parse::<u8>().ok()?.clamp(1, 4) - 1) * 3 + 1;
            let since = clock::parse(&format!("{year}-{month:02}-01")).ok()?;
            Some((since, month_after(month_after(month_after(since)))))
        }
        _ => None,
    }
}

/// A call by itself, for those who may see it: as `get_trace` has it, an owner's calls are shown to that owner.
pub(super) fn trace(label: String, id: &str, user: &str, persona: &str, asked: &Asked) -> Link {
    let mut arguments = Map::new();
    arguments.insert("trace_id".to_owned(), id.into());
    if !user.is_empty() && asked.reader.as_deref() == Some(user) {
        arguments.insert("user_id".to_owned(), user.into());
    }
    if !persona.is_empty() && asked.persona.as_deref() == Some(persona) {
        arguments.insert("persona".to_owned(), persona.into());
    }
    Link { label, tool: "get_trace", arguments: arguments.into() }
}

pub(super) fn link(plan: &Plan, row: &[Cell], asked: &Asked) -> Option<Link> {
    let key = text(row.first()?);
    let label = if plan.by == "weekday" { weekday(&key).to_owned() } else { key.clone() };
    if plan.by == "trace" {
        let or_none = |it: &Option<String>| it.clone().unwrap_or_default();
        return Some(trace(label, &key, &or_none(&asked.reader), &or_none(&asked.persona), asked));
    }
    let next = |arguments: Value| Some(Link { label: label.clone(), tool: "query_insights", arguments });
    let drill = |view: &str, by: &str, measure: &str| json!({"view": view, "by": by, "measure": measure});
    let is_activity = plan.kind == Kind::Engagement;
    let (kind, view) = if is_activity { (Kind::Engagement, "activity") } else { (Kind::Performance, "calls") };
    let measures: &[&str] = if is_activity {
        &["sessions", "users", "calls"]
    } else {
        &[
            "calls",
            "failed",
            "error_rate",
            "p50_ms",
            "p95_ms",
            "mean_ms",
            "cost_usd",
            "cached_share",
            "output_tokens",
            "rating",
        ]
    };
    let measure = if measures.contains(&plan.measure.as_str()) { plan.measure.as_str() } else { "calls" };
    let time = if plan.view == "minutes" { "minutes" } else { plan.by.as_str() };
    let period = asked.middle.filter(|_| plan.by == "period").map(|middle| match key.as_str() {
        "before" => (asked.since, Some(middle)),
        _ => (Some(middle), asked.until),
    });
    let within = period.or_else(|| span(time, &key).map(|(since, until)| (Some(since), Some(until))));
    if let Some((since, until)) = within {
        // A group at the edge of the time asked for is not whole.
        let since = since.max(asked.since);
        let until = match (until, asked.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let by = match time {
            "month" | "week" | "period" => "day",
            "quarter" => "month",
            _ => "session",
        };
        // From a day on, the sessions of it are looked at, whatever was counted before.
        let (kind, view, measure) =
            if by == "session" { (Kind::Performance, "calls", "calls") } else { (kind, view, measure) };
        return next(asked.within(kind, since, until, None, drill(view, by, measure)));
    }
    let over_time = match (asked.since, asked.until.or(Some(asked.now))) {
        (Some(since), Some(until)) if until.saturating_sub(since) <= 92 * DAY => "day",
        _ => "month",
    };
    if plan.by == "all" && filter_name(plan).is_none() {
        return next(asked.next(kind, None, drill(view, over_time, measure)));
    }
    let filter = filter_name(plan)?;
    let mut asked = asked.clone();
    match plan.view {
        "personas_by_user" => {
            asked.filters.insert("user_id".to_owned(), row.get(1).map(text).unwrap_or_default().into());
        }
        "errors" => {
            asked.filters.insert("outcome".to_owned(), "failed".into());
        }
        "with_and_without" => {
            asked.filters.insert("tool".to_owned(), "ask".into());
            let value = if key.starts_with("without") { "(none)" } else { "(any)" };
            return next(asked.next(kind, Some((filter, value)), drill(view, over_time, measure)));
        }
        _ => {}
    }
    match filter {
        "session_id" => next(asked.next(Kind::History, Some((filter, &key)), json!({"view": "timeline"}))),
        "weekday" | "hour" => {
            next(asked.next(Kind::Performance, Some((filter, &key)), drill("calls", "session", "calls")))
        }
        _ => next(asked.next(kind, Some((filter, &key)), drill(view, over_time, measure))),
    }
}
