//! Calls as spans of OpenTelemetry, in OTLP's JSON.
//!
//! Sources: OTLP 1.9 (`opentelemetry-proto`, JSON with hexadecimal ids and 64-bit numbers as text), the semantic
//! conventions for MCP and for generative AI (`open-telemetry/semantic-conventions-genai`, 2026-11). No question, no
//! answer and no content goes out: of text only what is on the list below.

use serde_json::Value;
use serde_json::json;

use crate::trace::CallRecord;
use crate::trace::SpanRecord;

/// Kinds of a span, by the protocol.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

/// The status of a span that failed.
const ERROR: u8 = 2;

/// Notes whose text goes out: names of ours and of models, and reasons in words of ours.
const TEXTS: [&str; 13] = [
    "decision",
    "failed_step",
    "finish_reason",
    "losers",
    "model",
    "outcome",
    "prefer",
    "provider",
    "providers",
    "refused_move",
    "request_kind",
    "route",
    "strategy",
];

/// The step that asks a model; see `models`.
const ASK_MODEL: &str = "ask model";

/// What is posted: all spans of `calls`.
pub fn body(calls: &[CallRecord], service_name: &str, instance: &str) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource =
        [text("service.name", service_name), text("service.version", version), text("service.instance.id", instance)];
    let spans: Vec<Value> = calls.iter().flat_map(spans).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "carryall", "version": version}, "spans": spans}],
    }]})
}

/// The spans of one call: the call itself, its states, and its steps under the states in which they began.
fn spans(call: &CallRecord) -> Vec<Value> {
    let ids = Ids::of(call);
    let mut all = vec![of_call(call, &ids)];
    for (at, state) in call.states.iter().enumerate() {
        let mut attributes = notes(&state.notes);
        let error = state.error.as_deref().map(kind);
        attributes.extend(error.map(|it| text("error.type", it)));
        all.push(json!({
            "traceId": ids.trace, "spanId": ids.state(at), "parentSpanId": ids.root, "name": state.state, "kind": INTERNAL,
            "startTimeUnixNano": nanos(call, state.start_us),
            "endTimeUnixNano": nanos(call, state.start_us.saturating_add(state.took_us)),
            "attributes": attributes, "status": status(error),
        }));
    }
    for (at, step) in call.spans.iter().enumerate() {
        let parent = match step.parent {
            Some(parent) => ids.step(parent),
            None => {
                let began_in = call.states.iter().rposition(|it| it.start_us <= step.start_us);
                began_in.map_or_else(|| ids.root.clone(), |it| ids.state(it))
            }
        };
        all.push(of_step(call, step, &ids, &ids.step(at), &parent));
    }
    all
}

fn of_call(call: &CallRecord, ids: &Ids) -> Value {
    let error = call.error.as_deref().map(kind);
    let mut attributes = vec![
        text("mcp.method.name", "tools/call"),
        text("gen_ai.operation.name", "execute_tool"),
        text("gen_ai.tool.name", &call.tool),
        text("network.transport", "pipe"),
        text("carryall.trace_id", &call.id),
        text("carryall.outcome", &call.outcome),
    ];
    // A result with `isError` is one type of error in the conventions; ours tell more.
    attributes.extend(error.map(|_| text("error.type", "tool_error")));
    attributes.extend(error.map(|it| text("carryall.error.kind", it)));
    attributes.extend(call.session_id.as_deref().map(|it| text("gen_ai.conversation.id", it)));
    attributes.extend(call.facts.request_kind.as_deref().map(|it| text("carryall.request_kind", it)));
    attributes.extend(call.facts.strategy.as_deref().map(|it| text("carryall.strategy", it)));
    attributes.extend(call.facts.cost_usd.map(|it| number("carryall.cost_usd", it)));
    let mut span = json!({
        "traceId": ids.trace, "spanId": ids.root, "name": format!("tools/call {}", call.tool), "kind": SERVER,
        "startTimeUnixNano": nanos(call, 0), "endTimeUnixNano": nanos(call, call.took_us),
        "attributes": attributes, "status": status(error),
    });
    if let Some(remote) = &call.remote {
        span["parentSpanId"] = remote.span_id.as_str().into();
        if let Some(state) = &remote.state {
            span["traceState"] = state.as_str().into();
        }
    }
    span
}

fn of_step(call: &CallRecord, step: &SpanRecord, ids: &Ids, id: &str, parent: &str) -> Value {
    let error = step.error.as_deref().map(kind);
    let took_us = step.took_us.unwrap_or_else(|| call.took_us.saturating_sub(step.start_us));
    let note = |name: &str| step.notes.get(name).and_then(Value::as_str);
    let (name, span_kind, mut attributes) = if step.name == ASK_MODEL {
        let model = note("model").unwrap_or_default();
        (format!("chat {model}").trim_end().to_owned(), CLIENT, asked(call, step))
    } else {
        (step.name.clone(), INTERNAL, notes(&step.notes))
    };
    attributes.extend(error.map(|it| text("error.type", it)));
    json!({
        "traceId": ids.trace, "spanId": id, "parentSpanId": parent, "name": name, "kind": span_kind,
        "startTimeUnixNano": nanos(call, step.start_us),
        "endTimeUnixNano": nanos(call, step.start_us.saturating_add(took_us)),
        "attributes": attributes, "status": status(error),
    })
}

/// A question to a model, by the conventions for generative AI.
fn asked(call: &CallRecord, step: &SpanRecord) -> Vec<Value> {
    let note = |name: &str| step.notes.get(name).and_then(Value::as_str);
    let tokens = |name: &str| step.notes.get(name).and_then(Value::as_u64);
    let mut attributes = vec![text("gen_ai.operation.name", "chat")];
    attributes.extend(note("provider").map(|it| text("gen_ai.provider.name", provider(it))));
    attributes.extend(note("model").map(|it| text("gen_ai.request.model", it)));
    attributes.extend(call.session_id.as_deref().map(|it| text("gen_ai.conversation.id", it)));
    let reason = note("finish_reason").map(|it| json!({"arrayValue": {"values": [{"stringValue": it}]}}));
    attributes.extend(reason.map(|it| json!({"key": "gen_ai.response.finish_reasons", "value": it})));
    // Ours are disjoint; theirs counts what was read from a cache, or written to one, among the input.
    let parts = [tokens("input_tokens"), tokens("cached_input_tokens"), tokens("cache_write_tokens")];
    if parts[0].is_some() {
        attributes.push(count("gen_ai.usage.input_tokens", parts.iter().flatten().sum()));
    }
    attributes.extend(parts[1].map(|it| count("gen_ai.usage.cache_read.input_tokens", it)));
    attributes.extend(parts[2].map(|it| count("gen_ai.usage.cache_creation.input_tokens", it)));
    attributes.extend(tokens("output_tokens").map(|it| count("gen_ai.usage.output_tokens", it)));
    let cost = step.notes.get("cost_usd").and_then(Value::as_f64);
    attributes.extend(cost.map(|it| number("carryall.cost_usd", it)));
    attributes
}

/// The conventions' name of a provider; one that they do not know keeps its own.
fn provider(name: &str) -> &str {
    match name {
        "azure" => "azure.ai.openai",
        other => other,
    }
}

/// The kind of a failure, which stands before the first colon; never its words, which may quote what was sent.
fn kind(error: &str) -> &str {
    match error.split_once(':') {
        Some((kind, _)) if !kind.is_empty() && kind.bytes().all(|it| it.is_ascii_lowercase() || it == b'_') => kind,
        _ => "_OTHER",
    }
}

fn status(error: Option<&str>) -> Value {
    match error {
        Some(kind) => json!({"code": ERROR, "message": kind}),
        None => json!({}),
    }
}

fn notes(notes: &serde_json::Map<String, Value>) -> Vec<Value> {
    notes
        .iter()
        .filter_map(|(name, value)| {
            let key = format!("carryall.{}", name.replace(' ', "_"));
            let value = match value {
                Value::Bool(it) => json!({"boolValue": it}),
                Value::Number(it) => match it.as_i64() {
                    Some(whole) => json!({"intValue": whole.to_string()}),
                    None => json!({"doubleValue": it.as_f64()?}),
                },
                Value::String(it) if TEXTS.contains(&name.as_str()) => json!({"stringValue": it}),
                Value::Array(list) if TEXTS.contains(&name.as_str()) => {
                    let texts = list.iter().filter_map(Value::as_str);
                    json!({"arrayValue": {"values": texts.map(|it| json!({"stringValue": it})).collect::<Vec<_>>()}})
                }
                _ => return None,
            };
            Some(json!({"key": key, "value": value}))
        })
        .collect()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn count(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn number(key: &str, value: f64) -> Value {
    json!({"key": key, "value": {"doubleValue": value}})
}

/// A moment of the call. The clock tells milliseconds; what comes after its start is counted in microseconds.
fn nanos(call: &CallRecord, after_us: u64) -> String {
    let start = u64::try_from(call.started_at).unwrap_or(0).saturating_mul(1_000_000);
    start.saturating_add(after_us.saturating_mul(1_000)).to_string()
}

/// The ids of a call's spans: the same for the same call, so that what is sent twice is seen to be the same.
struct Ids<'a> {
    call: &'a str,
    trace: String,
    root: String,
}

impl Ids<'_> {
    fn of(call: &CallRecord) -> Ids<'_> {
        // A UUID has the 16 bytes that the id of a trace has.
        let own = || call.id.replace('-', "");
        let trace = call.remote.as_ref().map_or_else(own, |it| it.trace_id.clone());
        Ids { call: &call.id, trace, root: span_id(&call.id, "call", 0) }
    }

    fn state(&self, at: usize) -> String {
        span_id(self.call, "state", at)
    }

    fn step(&self, at: usize) -> String {
        span_id(self.call, "step", at)
    }
}

/// Eight bytes that are nothing but this span's; never all zero, for all that can be known of a hash.
fn span_id(call: &str, what: &str, at: usize) -> String {
    blake3::hash(format!("{call} {what} {at}").as_bytes()).to_hex()[..16].to_owned()
}
