//! Keeps the records of calls and finds them again.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::CallRecord;
use super::Facts;
use super::Remote;
use super::SpanRecord;
use super::StateRecord;
use super::frameworks;
use crate::redact;
use crate::store::CallRow;
use crate::store::QUESTION_CHARACTERS;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TraceFilter;
use crate::store::TraceRow;

/// Calls that look at the record and are no use of their own.
const LOOKERS: [&str; 3] = ["get_trace", "give_feedback", "query_insights"];

/// Characters of an error that are kept: enough to see what failed.
const ERROR: usize = 2_000;

/// Keeps a record, soon: nobody waits for it.
pub fn keep(store: &Store, record: &Clean) {
    store.add_trace(trace_row(record));
    if !LOOKERS.contains(&record.tool.as_str()) {
        store.add_call(call_row(record));
    }
}

/// A record without any secret, whatever text it stood in: the only form in which one leaves the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Clean(CallRecord);

impl Clean {
    /// `record` with secrets taken out of every text.
    pub fn of(record: &CallRecord) -> Clean {
        Clean(redacted(record))
    }
}

impl std::ops::Deref for Clean {
    type Target = CallRecord;

    fn deref(&self) -> &CallRecord {
        &self.0
    }
}

fn redacted(record: &CallRecord) -> CallRecord {
    let short = |text: &Option<String>| text.as_deref().map(|it| redact::beginning(it, ERROR));
    let facts = &record.facts;
    CallRecord {
        error: short(&record.error),
        session_id: short(&record.session_id),
        user_id: short(&record.user_id),
        namespace: short(&record.namespace),
        persona: short(&record.persona),
        question: record.question.as_deref().map(|it| redact::beginning(it, QUESTION_CHARACTERS.into())),
        facts: Facts {
            request_kind: short(&facts.request_kind),
            strategy: short(&facts.strategy),
            provider: short(&facts.provider),
            model: short(&facts.model),
            asked_model: short(&facts.asked_model),
            ..facts.clone()
        },
        states: record
            .states
            .iter()
            .map(|it| StateRecord { notes: redacted_map(&it.notes), error: short(&it.error), ..it.clone() })
            .collect(),
        spans: record
            .spans
            .iter()
            .map(|it| SpanRecord { notes: redacted_map(&it.notes), error: short(&it.error), ..it.clone() })
            .collect(),
        // A state with a part taken out is none that its maker knows.
        remote: record.remote.clone().map(|it| Remote { state: it.state.filter(|state| is_clean(state)), ..it }),
        ..record.clone()
    }
}

fn is_clean(text: &str) -> bool {
    redact::redact(text).1.is_empty()
}

fn redacted_map(notes: &Map<String, Value>) -> Map<String, Value> {
    match redact::redact_json(&Value::Object(notes.clone())).0 {
        Value::Object(clean) => clean,
        _ => Map::new(),
    }
}

/// What the column of spans holds: the steps, then the states.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    State(StateRecord),
    Step(SpanRecord),
}

fn trace_row(record: &CallRecord) -> TraceRow {
    let steps = record.spans.iter().cloned().map(Kept::Step);
    let kept: Vec<Kept> = steps.chain(record.states.iter().cloned().map(Kept::State)).collect();
    TraceRow {
        id: record.id.clone(),
        tool: record.tool.clone(),
        started_at: record.started_at,
        took_us: i64::try_from(record.took_us).unwrap_or(i64::MAX),
        outcome: record.outcome.clone(),
        error: record.error.clone(),
        session_id: record.session_id.clone(),
        user_id: record.user_id.clone(),
        persona: record.persona.clone(),
        namespace: record.namespace.clone(),
        remote_trace: record.remote.as_ref().map(|it| it.trace_id.clone()),
        remote_parent: record.remote.as_ref().map(Remote::parent),
        remote_state: record.remote.as_ref().and_then(|it| it.state.clone()),
        spans: serde_json::to_string(&kept).unwrap_or_else(|_| "[]".to_owned()),
    }
}

/// What is counted of a call.
fn call_row(record: &CallRecord) -> CallRow {
    let Facts { request_kind, strategy, provider, model, cached, cost_usd, asked_model, outcome_rating, .. } =
        record.facts.clone();
    let count = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    let asked = record.question.as_deref();
    CallRow {
        id: record.id.clone(),
        tool: record.tool.clone(),
        started_at: record.started_at,
        took_us: count(record.took_us),
        outcome: record.outcome.clone(),
        error_kind: record.error.as_deref().and_then(|it| it.split_once(':')).map(|(kind, _)| kind.to_owned()),
        session_id: record.session_id.clone(),
        user_id: record.user_id.clone(),
        persona: record.persona.clone(),
        namespace: record.namespace.clone(),
        request_kind,
        frameworks: asked.map(frameworks::named).unwrap_or_default(),
        strategy,
        provider,
        model,
        cached,
        cost_usd,
        input_tokens: count(record.facts.input_tokens),
        cached_input_tokens: count(record.facts.cached_input_tokens),
        output_tokens: count(record.facts.output_tokens),
        question: record.question.clone(),
        rating: None,
        asked_model,
        outcome_rating,
    }
}

/// The records that `filter` means, the latest first, those of the calls just ended included. Of a call that is asked for
/// by its id when its steps are kept no longer, it is what was counted of it.
///
/// # Errors
///
/// Any [`StoreError`].
pub async fn find(store: &Store, filter: TraceFilter, limit: usize) -> Result<Vec<CallRecord>, StoreError> {
    // What could not be written must not keep what is there from being read.
    if let Err(err) = store.flush().await {
        tracing::warn!(error = %err, "the latest traces may be missing");
    }
    let (id, eyes) = (filter.id.clone(), filter.eyes.clone());
    let is_one = filter == TraceFilter { id: id.clone(), eyes: eyes.clone(), ..TraceFilter::default() };
    let rows = store.traces(filter, limit).await?;
    if let (true, Some(id)) = (is_one && rows.is_empty(), id) {
        return Ok(store.call(id, eyes).await?.map(counted).into_iter().collect());
    }
    Ok(rows.into_iter().map(from_row).collect())
}

/// Where a list of calls goes on that ended with `call`: calls that are made meanwhile do not move it.
pub fn cursor(call: &CallRecord) -> String {
    format!("{}.{}", call.started_at, call.id)
}

/// Reads a [`cursor`]; `None` when it is none.
pub fn place(cursor: &str) -> Option<(crate::clock::Millis, String)> {
    let (at, id) = cursor.split_once('.')?;
    Some((at.parse().ok()?, id.to_owned()))
}

/// What is left of a call whose steps were swept: one step with its facts.
fn counted(row: CallRow) -> CallRecord {
    let took_us = u64::try_from(row.took_us).unwrap_or(0);
    let text = |it: Option<String>| it.map(Value::from);
    let tokens = |it: i64| (it > 0).then(|| it.into());
    let notes = [
        ("question", text(row.question)),
        ("request_kind", text(row.request_kind)),
        ("strategy", text(row.strategy)),
        ("provider", text(row.provider)),
        ("model", text(row.model)),
        ("cached", row.cached.then(|| true.into())),
        ("cost_usd", row.cost_usd.map(Value::from)),
        ("input_tokens", tokens(row.input_tokens)),
        ("output_tokens", tokens(row.output_tokens)),
        ("rating", row.rating.map(Value::from)),
    ];
    let step = SpanRecord {
        name: "the steps are not kept any more".to_owned(),
        parent: None,
        start_us: 0,
        took_us: Some(took_us),
        notes: notes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        error: None,
    };
    CallRecord {
        id: row.id,
        tool: row.tool,
        started_at: row.started_at,
        took_us,
        outcome: row.outcome,
        error: row.error_kind,
        session_id: row.session_id,
        user_id: row.user_id,
        namespace: row.namespace,
        persona: row.persona,
        question: None,
        facts: Facts::default(),
        remote: None,
        states: Vec::new(),
        spans: vec![step],
    }
}

fn from_row(row: TraceRow) -> CallRecord {
    let (mut states, mut spans) = (Vec::new(), Vec::new());
    for kept in serde_json::from_str::<Vec<Kept>>(&row.spans).unwrap_or_default() {
        match kept {
            Kept::State(it) => states.push(it),
            Kept::Step(it) => spans.push(it),
        }
    }
    CallRecord {
        id: row.id,
        tool: row.tool,
        started_at: row.started_at,
        took_us: u64::try_from(row.took_us).unwrap_or(0),
        outcome: row.outcome,
        error: row.error,
        session_id: row.session_id,
        user_id: row.user_id,
        namespace: row.namespace,
        persona: row.persona,
        question: None,
        facts: Facts::default(),
        remote: row.remote_parent.and_then(|it| Remote::read(&it, row.remote_state.as_deref())),
        states,
        spans,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::trace::Call;
    use crate::trace::Progress;
    use crate::trace::State;

    const KEYS: [&str; 4] = [
        "sk-ant-api03-Zk3vQ9xT7mB2nW8rL5pY1dF6",
        "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
        "AKIAIOSFODNN7EXAMPLQ",
        "xoxb-2345678901234-2345678901234-AbCdEfGh1a34B67890abCDef",
    ];

    #[test]
    fn no_text_of_a_record_holds_a_secret() {
        for key in KEYS {
            let remote = Remote {
                trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
                span_id: "00f067aa0ba902b7".to_owned(),
                is_sampled: true,
                state: Some(format!("vendor={key}")),
            };
            let call = Call::begin_under(Some(remote), "ask", 1, Progress::default(), CancellationToken::new());
            call.enter(State::Classified);
            call.note_facts(|it| {
                it.model = Some(format!("model {key}"));
                it.asked_model = Some(format!("model {key}"));
            });
            let span = call.span("index");
            span.note("skipped", json!([{"path": format!("/work/{key}.txt"), "deep": [[key]]}]));
            span.note(key, 1);
            // What a provider sent back, with the key where a cut would halve it.
            span.fail(format!("{}{key}", "x ".repeat(995)));
            drop(span);
            let arguments = json!({
                "session_id": key, "user_id": format!("u {key}"), "persona": key, "namespace": key,
                "message": format!("{} {key}", "word ".repeat(97)),
            });
            let record = call.record("failed", Some(format!("invalid_argument: `{key}` is wrong")), &arguments);
            let row = trace_row(&Clean::of(&record));
            let written = format!("{row:?} {:?}", call_row(&Clean::of(&record)));
            for part in [key, &key[..12]] {
                assert!(!written.contains(part), "{part} in {written}");
            }
            // It is still JSON, with all of its parts.
            let back = from_row(row);
            assert_eq!((back.spans.len(), back.states.len()), (1, 3));
            assert_eq!(back.states.last().map(|it| it.state.as_str()), Some("failed"));
        }
    }

    #[test]
    fn traces_of_before_there_were_states_are_read() {
        let old = r#"[{"name":"search memory","start_us":5,"took_us":7},{"name":"a","parent":0,"start_us":6,"took_us":null}]"#;
        let record = from_row(TraceRow { spans: old.to_owned(), ..trace_row(&silent()) });
        assert_eq!((record.spans.len(), record.states.len()), (2, 0));
        assert_eq!((record.spans[1].parent, record.spans[1].took_us), (Some(0), None));
    }

    fn silent() -> CallRecord {
        Call::silent().record("ok", None, &Value::Null)
    }
}
