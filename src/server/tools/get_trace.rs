//! The tool `get_trace`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::fitting;
use super::super::reply::size;
use super::super::schema;
use super::Context;
use super::Tool;
use crate::clock;
use crate::config::Toolset;
use crate::scope;
use crate::store::Eyes;
use crate::store::TraceFilter;
use crate::trace;
use crate::trace::CallRecord;
use crate::trace::SpanRecord;
use crate::trace::StateRecord;

pub(super) const TOOL: Tool = Tool {
    name: "get_trace",
    title: "Get trace",
    description: "Shows what a call of this server did: its steps as a tree with timings, decisions and errors. \
        Every answer carries a trace_id; without one, the latest calls are listed. Use it to explain an \
        answer, a failure or slowness.\n\
        Example: {\"trace_id\": \"0192…\"} or {\"tool\": \"ask\", \"outcome\": \"failed\", \"limit\": 5}",
    toolset: Toolset::Insights,
    writes: false,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<TraceArgs>,
    output: schema::output::<TraceResult>,
    touches: |arguments| Touches {
        // A call of ours that is named was answered before its id could be known; a caller's own trace is known before.
        reads: match arguments.get("trace_id").and_then(Value::as_str) {
            Some(id) if id.contains('-') => Vec::new(),
            _ => vec![Domain::Traces],
        },
        writes: Vec::new(),
    },
    run: |context, arguments| Box::pin(get_trace(context, arguments)),
};

#[derive(Deserialize, JsonSchema)]
struct TraceArgs {
    /// From the answer of any call.
    trace_id: Option<String>,
    /// Only calls of this tool.
    tool: Option<String>,
    outcome: Option<OutcomeName>,
    session_id: Option<String>,
    user_id: Option<String>,
    persona: Option<String>,
    /// Begun at or after this time, RFC 3339.
    since: Option<String>,
    until: Option<String>,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    limit: u32,
    /// next_cursor of the answer before.
    cursor: Option<String>,
}

fn ten() -> u32 {
    10
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum OutcomeName {
    Ok,
    Failed,
    Cancelled,
}

#[derive(Serialize, JsonSchema)]
struct TraceResult {
    /// One for each call, the latest first.
    spans: Vec<SpanOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A span with the spans under it. The outermost is the call itself.
#[derive(Serialize, JsonSchema)]
struct SpanOut {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// Since the start of the call.
    start_ms: f64,
    /// Absent when it was cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Whether it is a state of the request and no step.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    state: bool,
    #[serde(skip_serializing_if = "Map::is_empty")]
    notes: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[schemars(with = "Vec<Map<String, Value>>")]
    spans: Vec<SpanOut>,
}

async fn get_trace(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: TraceArgs = arguments::read(arguments)?;
    let eyes = Eyes { user_id: scope::given(args.user_id), persona: scope::given(args.persona) };
    let is_named = args.trace_id.is_some();
    let filter = TraceFilter {
        id: args.trace_id,
        // The command line sees all, unless an owner is named.
        eyes: (!context.is_local || eyes != Eyes::default()).then_some(eyes),
        tool: args.tool,
        outcome: args.outcome.map(|it| {
            match it {
                OutcomeName::Ok => "ok",
                OutcomeName::Failed => "failed",
                OutcomeName::Cancelled => "cancelled",
            }
            .to_owned()
        }),
        session_id: args.session_id,
        since: arguments::time("since", args.since.as_ref())?,
        until: arguments::time("until", args.until.as_ref())?,
        before: match &args.cursor {
            None => None,
            Some(cursor) => Some(trace::place(cursor).ok_or_else(|| {
                let allowed = "the next_cursor of an earlier answer";
                Failure::argument("cursor", &cursor.as_str().into(), allowed, "the next_cursor of the answer before")
            })?),
        },
    };
    let limit = usize::try_from(args.limit).unwrap_or(10);
    let mut records = trace::find(&context.app.store, filter, limit + 1).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let cursors: Vec<String> = records.iter().map(trace::cursor).collect();
    let mut spans: Vec<SpanOut> = records.into_iter().map(tree).collect();
    let fitting = fitting(spans.iter().map(size));
    let more = more || fitting < spans.len();
    spans.truncate(fitting);
    let next_cursor = cursors.get(spans.len().saturating_sub(1)).filter(|_| more).cloned();
    let mut text = if spans.is_empty() && is_named && !context.is_local {
        "No such call is recorded. One that was made for a user or a persona is shown to calls with that `user_id` and \
         `persona` only."
            .to_owned()
    } else if spans.is_empty() {
        "No such call is recorded.".to_owned()
    } else {
        spans.iter().map(|it| draw(it, 0)).collect::<Vec<_>>().join("\n")
    };
    if let Some(cursor) = &next_cursor {
        text.push_str(&format!("\nThere is more: call again with cursor \"{cursor}\"."));
    }
    Answer::of(&TraceResult { spans, next_cursor }, text)
}

/// A record as a tree, for whoever reads it by its address.
pub(crate) fn tree_json(record: CallRecord) -> Value {
    let tool = record.tool.clone();
    let mut tree = serde_json::to_value(tree(record)).unwrap_or_default();
    tree["tool"] = tool.into();
    tree
}

fn tree(record: CallRecord) -> SpanOut {
    let notes = [
        ("session_id", record.session_id),
        ("user_id", record.user_id),
        ("persona", record.persona),
        ("namespace", record.namespace),
        ("tracestate", record.remote.as_ref().and_then(|it| it.state.clone())),
        ("traceparent", record.remote.as_ref().map(trace::Remote::parent)),
    ];
    let mut spans: Vec<SpanOut> = record.states.into_iter().map(state).collect();
    spans.extend(children(&record.spans, None));
    // Both are in their order already; a state stands before the steps that begin with it.
    spans.sort_by(|a, b| a.start_ms.total_cmp(&b.start_ms));
    SpanOut {
        name: record.tool,
        call_id: Some(record.id),
        started_at: Some(clock::format(record.started_at)),
        start_ms: 0.0,
        took_ms: Some(milliseconds(record.took_us)),
        outcome: Some(record.outcome),
        state: false,
        notes: notes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect(),
        error: record.error,
        spans,
    }
}

fn state(record: StateRecord) -> SpanOut {
    SpanOut {
        name: record.state,
        call_id: None,
        started_at: None,
        start_ms: milliseconds(record.start_us),
        took_ms: Some(milliseconds(record.took_us)),
        outcome: None,
        state: true,
        notes: record.notes,
        error: record.error,
        spans: Vec::new(),
    }
}

fn children(spans: &[SpanRecord], parent: Option<usize>) -> Vec<SpanOut> {
    let under = spans.iter().enumerate().filter(|(_, it)| it.parent == parent);
    under
        .map(|(at, it)| SpanOut {
            name: it.name.clone(),
            call_id: None,
            started_at: None,
            start_ms: milliseconds(it.start_us),
            took_ms: it.took_us.map(milliseconds),
            outcome: None,
            state: false,
            notes: it.notes.clone(),
            error: it.error.clone(),
            // A span's parent always stands before it, so this ends.
            spans: children(spans, Some(at)),
        })
        .collect()
}

fn milliseconds(micros: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "times of calls are far below 2^52 microseconds")]
    let ms = micros as f64 / 1e3;
    ms
}

fn draw(span: &SpanOut, depth: usize) -> String {
    let took = span.took_ms.map_or_else(|| "cut off".to_owned(), |it| format!("{it:.2} ms"));
    let mut line = format!("{}{} {took}", "  ".repeat(depth), span.name);
    if let (Some(id), Some(at), Some(outcome)) = (&span.call_id, &span.started_at, &span.outcome) {
        line.push_str(&format!(" {outcome} at {at} ({id})"));
    } else {
        line.push_str(&format!(" from {:.2} ms", span.start_ms));
    }
    for (name, value) in &span.notes {
        line.push_str(&format!(" {name}={value}"));
    }
    if let Some(error) = &span.error {
        line.push_str(&format!(" error: {error}"));
    }
    // Steps stand under the state in which they began.
    let mut deeper = 1;
    for child in &span.spans {
        deeper = if child.state { 1 } else { deeper };
        line.push('\n');
        line.push_str(&draw(child, depth + deeper));
        deeper += usize::from(child.state);
    }
    line
}
