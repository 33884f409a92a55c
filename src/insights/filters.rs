//! What an answer is narrowed by: filters that were given, that the words of a question name, or that an artifact holds.

use serde_json::Map;
use serde_json::Value;

use super::answer::InsightsError;
use super::conditions::Conditions;
use super::finding::Asked;
use super::limits::Limits;
use super::plan;
use super::plan::Kind;
use super::question;
use super::question::Dimension;
use super::question::Names;
use crate::dates::WEEKDAYS;
use crate::scope::namespace_or_default;
use crate::store::CallFilter;
use crate::store::Counted;
use crate::store::Scope;

/// What an answer can be narrowed by. `artifact` names a context of that scope whose key `filters` holds more of
/// them, so that several charts are narrowed together; `except` has names, parted by commas, that calls must not have.
pub(super) const FILTERS: [&str; 22] = [
    "artifact",
    "error_kind",
    "except",
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

/// Those of them that memories and what was said have, too; the others are of calls.
pub(super) const OF_ALL: [&str; 7] = ["artifact", "except", "namespace", "persona", "session_id", "text", "user_id"];

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
    conditions: &Conditions,
    kind: Kind,
) -> Map<String, Value> {
    let mut filters = given.clone();
    let mut add = |name: &str, value: String| {
        filters.entry(name).or_insert(Value::String(value));
    };
    conditions.weekdays.iter().for_each(|it| add("weekday", it.clone()));
    conditions.hours.iter().for_each(|it| add("hour", it.clone()));
    let left_out: Vec<&str> = read.filters.iter().filter(|it| it.is_left_out).map(|it| it.value.as_str()).collect();
    if !left_out.is_empty() {
        add("except", left_out.join(", "));
    }
    if matches!(kind, Kind::Performance | Kind::History) {
        let limits = [("over_ms", limits.over_ms), ("under_ms", limits.under_ms), ("over_usd", limits.over_usd)];
        for (name, value) in limits {
            value.iter().for_each(|it| add(name, it.to_string()));
        }
    }
    for filter in read.filters.iter().filter(|it| !it.is_left_out) {
        let name = match filter.dimension {
            Dimension::Persona => "persona",
            Dimension::User => "user_id",
            Dimension::Model => "model",
            Dimension::Provider => "provider",
            Dimension::Tool => "tool",
            Dimension::Framework if kind != Kind::Frameworks => "framework",
            Dimension::Session => "session_id",
            Dimension::Namespace => "namespace",
            Dimension::ErrorKind if kind == Kind::Performance => "error_kind",
            // Quoted words are looked for only where texts are listed.
            Dimension::Text if kind == Kind::History => "text",
            _ => continue,
        };
        // Two of a kind are compared with each other.
        let same = |it: &&question::Filter| it.dimension == filter.dimension && !it.is_left_out;
        if read.filters.iter().filter(same).count() == 1 {
            add(name, filter.value.clone());
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
        (Dimension::Namespace, "namespace"),
        (Dimension::ErrorKind, "error_kind"),
    ];
    sorts.into_iter().find_map(|(dimension, filter)| {
        let named = read.filters.iter().filter(|it| it.dimension == dimension && !it.is_left_out);
        let names: Vec<String> = named.map(|it| it.value.clone()).collect();
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
        Dimension::Namespace => "namespace",
        Dimension::ErrorKind => "error_kind",
        Dimension::Week => "week",
        Dimension::Quarter => "quarter",
        Dimension::Framework | Dimension::Text => return None,
    })
}

/// Brings the values of `filters` into the forms that the record has: names in any case, `Monday`, `9`, `true`.
///
/// # Errors
///
/// [`InsightsError::Value`] for a value that there cannot be.
pub(super) fn as_recorded(filters: &mut Map<String, Value>, names: &Names) -> Result<(), InsightsError> {
    for (name, value) in filters {
        let Some(text) = value.as_str().map(str::trim) else { continue };
        let lower = text.to_lowercase();
        // Whose calls are meant is not guessed.
        if let Some(known) = known(name, names).filter(|_| name != "user_id") {
            if let Some(own) =
                known.iter().find(|it| it.to_lowercase() == lower).filter(|_| !known.iter().any(|it| it == text))
            {
                *value = own.as_str().into();
            }
            continue;
        }
        let (found, allowed) = match name.as_str() {
            "rated" | "helped" => {
                let found = match lower.as_str() {
                    "yes" | "true" | "1" => Some("yes".to_owned()),
                    "no" | "false" | "0" => Some("no".to_owned()),
                    _ => None,
                };
                (found, "yes, no")
            }
            "outcome" => (Some(lower).filter(|it| OUTCOMES.contains(&it.as_str())), "ok, failed, cancelled"),
            "weekday" => (weekday(&lower), "Monday to Sunday, weekend, 0 (Sunday) to 6"),
            "hour" => (hours(&lower), "an hour such as 09:00, or several: 09:00 10:00"),
            _ => continue,
        };
        let Some(found) = found else {
            return Err(InsightsError::Value { name: name.clone(), value: text.to_owned(), allowed });
        };
        *value = found.into();
    }
    Ok(())
}

const OUTCOMES: [&str; 3] = ["ok", "failed", "cancelled"];

/// The names that were recorded for the filter `name`, where they are known.
pub(super) fn known<'a>(name: &str, names: &'a Names) -> Option<&'a [String]> {
    Some(match name {
        "persona" => &names.personas,
        "user_id" => &names.users,
        "model" => &names.models,
        "provider" => &names.providers,
        "tool" => &names.tools,
        _ => return None,
    })
}

/// Digits of days, `0` is Sunday.
fn weekday(text: &str) -> Option<String> {
    let day = WEEKDAYS.iter().position(|it| it.is(text)).map(|it| ((it + 1) % 7).to_string());
    let digits =
        || Some(text.to_owned()).filter(|it| !it.is_empty() && it.bytes().all(|it| (b'0'..=b'6').contains(&it)));
    day.or_else(|| if text.starts_with("weekend") { Some("06".to_owned()) } else { digits() })
}

/// Whole hours, each as `09:00`.
fn hours(text: &str) -> Option<String> {
    let hour = |it: &str| it.strip_suffix(":00").unwrap_or(it).parse::<u8>().ok().filter(|it| *it < 24);
    let all: Option<Vec<String>> =
        text.split([' ', ',']).filter(|it| !it.is_empty()).map(|it| hour(it).map(|it| format!("{it:02}:00"))).collect();
    all.filter(|it| !it.is_empty()).map(|it| it.join(" "))
}

/// What an answer is narrowed to, as it is said.
pub(super) fn said(filters: &Map<String, Value>) -> String {
    let said = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match name.as_str() {
            "except" => format!("all but {text}"),
            "weekday" => {
                text.chars().map(|it| super::finding::weekday(&it.to_string())).collect::<Vec<_>>().join(" and ")
            }
            _ => format!("{name} {text}"),
        }
    };
    filters.iter().map(said).collect::<Vec<_>>().join(", ")
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
        except: text("except").map(|it| {
            let names: Vec<&str> = it.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
            Value::from(names).to_string()
        }),
        upto: record.map(|[calls, memories, turns]| match plan.what {
            Counted::Memories => memories,
            Counted::Conversations | Counted::Turns => turns,
            _ => calls,
        }),
        text: text("text"),
    })
}
