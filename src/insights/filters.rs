//! What an answer is narrowed by: filters that were given, that the words of a question name, or that an artifact holds.

use serde_json::Map;
use serde_json::Value;

use super::answer::InsightsError;
use super::finding::Asked;
use super::limits::Limits;
use super::plan;
use super::plan::Kind;
use super::question;
use super::question::Dimension;
use crate::scope::namespace_or_default;
use crate::store::CallFilter;
use crate::store::Counted;
use crate::store::Scope;

/// What an answer can be narrowed by. `artifact` names a context of that scope whose key `filters` holds more of
/// them, so that several charts are narrowed together.
pub(super) const FILTERS: [&str; 21] = [
    "artifact",
    "error_kind",
    "framework",
    "helped",
    "hour",
    "model",
    "namespace",
    "outcome",
    "over_ms",
    "over_usd",
    "persona",
    "provider",
    "rated",
    "request_kind",
    "session_id",
    "strategy",
    "text",
    "tool",
    "under_ms",
    "user_id",
    "weekday",
];

/// The context that the filters name, whose own filters come to them.
pub(super) fn artifact(filters: &Map<String, Value>) -> Option<(String, Scope, String)> {
    let text = |name: &str| filters.get(name).and_then(Value::as_str).map(str::to_owned);
    text("artifact").map(|owner| (namespace_or_default(text("namespace")), Scope::Artifact, owner))
}

/// The filters that were given, and those that the words of the question name.
pub(super) fn with_spoken(
    given: &Map<String, Value>,
    read: &question::Question,
    limits: &Limits,
    kind: Kind,
) -> Map<String, Value> {
    let mut filters = given.clone();
    if matches!(kind, Kind::Performance | Kind::History) {
        let limits = [("over_ms", limits.over_ms), ("under_ms", limits.under_ms), ("over_usd", limits.over_usd)];
        for (name, value) in limits {
            if let Some(value) = value
                && !filters.contains_key(name)
            {
                filters.insert(name.to_owned(), Value::String(value.to_string()));
            }
        }
    }
    for filter in &read.filters {
        let name = match filter.dimension {
            Dimension::Persona => "persona",
            Dimension::User => "user_id",
            Dimension::Model => "model",
            Dimension::Provider => "provider",
            Dimension::Tool => "tool",
            Dimension::Framework if kind != Kind::Frameworks => "framework",
            Dimension::Session => "session_id",
            // Quoted words are looked for only where texts are listed.
            Dimension::Text if kind == Kind::History => "text",
            _ => continue,
        };
        // Two of a kind are compared with each other.
        let alone = read.filters.iter().filter(|it| it.dimension == filter.dimension).count() == 1;
        if alone && !filters.contains_key(name) {
            filters.insert(name.to_owned(), Value::String(filter.value.clone()));
        }
    }
    filters
}

/// Names of one sort that a question sets against each other: their filter, their group, themselves.
pub(super) fn compared_names(read: &question::Question) -> Option<(&'static str, &'static str, Vec<String>)> {
    let sorts = [
        (Dimension::Persona, "persona"),
        (Dimension::User, "user_id"),
        (Dimension::Model, "model"),
        (Dimension::Provider, "provider"),
        (Dimension::Tool, "tool"),
        (Dimension::Framework, "framework"),
    ];
    sorts.into_iter().find_map(|(dimension, filter)| {
        let names: Vec<String> =
            read.filters.iter().filter(|it| it.dimension == dimension).map(|it| it.value.clone()).collect();
        let group = group_name(dimension).unwrap_or(filter);
        // A framework is looked at beside the others: a question names several of them, and answers count each.
        let enough = if dimension == Dimension::Framework { 1 } else { 2 };
        (names.len() >= enough).then_some((filter, group, names))
    })
}

/// A dimension as [`plan::GROUPS`] calls it.
pub(super) fn group_name(dimension: Dimension) -> Option<&'static str> {
    Some(match dimension {
        Dimension::Hour => "hour",
        Dimension::Weekday => "weekday",
        Dimension::Day => "day",
        Dimension::Month => "month",
        Dimension::Persona => "persona",
        Dimension::User => "user",
        Dimension::Model => "model",
        Dimension::Provider => "provider",
        Dimension::Tool => "tool",
        Dimension::RequestKind => "request_kind",
        Dimension::Session => "session",
        Dimension::Week => "week",
        Dimension::Quarter => "quarter",
        Dimension::Framework | Dimension::Text => return None,
    })
}

/// The filters of a question as the store reads them.
pub(super) fn filter(asked: &Asked, plan: &plan::Plan, record: Option<[i64; 3]>) -> Result<CallFilter, InsightsError> {
    let text = |name: &str| asked.filters.get(name).and_then(Value::as_str).map(str::to_owned);
    // Changes are against the time of the same length before.
    let since = match (plan.what, asked.since, asked.until) {
        (Counted::Days, Some(since), Some(until)) if asked.middle.is_none() => {
            Some(since.saturating_sub(until.saturating_sub(since)))
        }
        (_, since, _) => since,
    };
    let number = |name: &str| match text(name).map(|it| it.trim().parse::<f64>()) {
        None => Ok(None),
        Some(Ok(value)) if value.is_finite() => Ok(Some(value)),
        Some(_) => Err(InsightsError::Limit { name: name.to_owned() }),
    };
    Ok(CallFilter {
        since,
        until: asked.until,
        user_id: text("user_id"),
        persona: text("persona"),
        namespace: text("namespace"),
        provider: text("provider"),
        model: text("model"),
        tool: text("tool"),
        request_kind: text("request_kind"),
        strategy: text("strategy"),
        session_id: text("session_id"),
        outcome: text("outcome"),
        error_kind: text("error_kind"),
        framework: text("framework"),
        hour: text("hour"),
        weekday: text("weekday"),
        over_ms: number("over_ms")?,
        under_ms: number("under_ms")?,
        over_usd: number("over_usd")?,
        rated: text("rated"),
        helped: text("helped"),
        upto: record.map(|[calls, memories, turns]| match plan.what {
            Counted::Memories => memories,
            Counted::Conversations | Counted::Turns => turns,
            _ => calls,
        }),
        text: text("text"),
    })
}
