//! One call of a tool while it runs: its id, its spans, its progress and the token that stops it.
//!
//! Spans live in memory until the call ends; then the whole tree is written as one row. A call that is dropped
//! amid its work (cancelled) still leaves the spans that it had. Beside the spans stand the states that the request
//! went through, each from its beginning to the next one's.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Remote;
use super::State;
use crate::clock::Millis;
use crate::scope;
use crate::trace::Progress;

/// A call that is under way. Clones share it.
#[derive(Clone, Debug)]
pub struct Call {
    inner: Arc<Inner>,
    /// The span under which this clone opens its own; see [`Span::call`].
    parent: Option<usize>,
}

#[derive(Debug)]
struct Inner {
    id: String,
    tool: String,
    started_at: Millis,
    started: Instant,
    progress: Progress,
    /// Cancelled by the client's notification or by the server's end; watched by whoever works for the call.
    cancelled: CancellationToken,
    /// The caller's own trace, if it named one.
    remote: Option<Remote>,
    /// The states until now, the last of which holds; written as the request moves on, read once when the call ends.
    states: Mutex<Vec<Stay>>,
    /// What is counted of it, written by whoever finds out, read once when the call ends.
    facts: Mutex<Facts>,
    /// Written by spans as they begin and end, read once when the call ends.
    spans: Mutex<Vec<Step>>,
}

/// A state while the call runs. It and [`Step`] are small: a thousand calls may wait for models at once.
#[derive(Clone, Copy, Debug)]
struct Stay {
    state: State,
    start_us: u64,
    took_us: u64,
    /// A move from it that was not legal.
    refused: Option<State>,
}

/// A span while the call runs.
#[derive(Clone, Debug)]
struct Step {
    name: Box<str>,
    parent: Option<usize>,
    start_us: u64,
    took_us: Option<u64>,
    notes: Vec<(Box<str>, Value)>,
    error: Option<Box<str>>,
}

/// What is counted of a call besides its time and outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub request_kind: Option<String>,
    /// How an answer was come by: single, fallback, cached, extractive, side by side.
    pub strategy: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// The name by which the model was asked, when its answer was whole; only such an answer tells about its quality.
    pub asked_model: Option<String>,
    /// -1.0..=1.0, what an answer showed by itself.
    pub outcome_rating: Option<f64>,
    pub cached: bool,
    /// `None` is unknown, or that nothing was bought.
    pub cost_usd: Option<f64>,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub output_tokens: u64,
}

/// One step of a call, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanRecord {
    pub name: String,
    /// Position of the enclosing span in the record's list; `None` is directly under the call.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<usize>,
    /// Since the start of the call, in microseconds.
    pub start_us: u64,
    /// In microseconds; `None` while it runs, or for ever when the call was cut off in it.
    pub took_us: Option<u64>,
    /// What was decided or counted, by name.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub notes: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// A state that a request was in, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateRecord {
    /// A name of [`State`].
    pub state: String,
    /// Since the start of the call, in microseconds.
    pub start_us: u64,
    pub took_us: u64,
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub notes: Map<String, Value>,
    /// Of the last one: why the request failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

impl Stay {
    fn new(state: State, start_us: u64) -> Stay {
        Stay { state, start_us, took_us: 0, refused: None }
    }

    fn record(&self) -> StateRecord {
        let refused = self.refused.map(|it| ("refused_move".to_owned(), it.name().into()));
        StateRecord {
            state: self.state.name().to_owned(),
            start_us: self.start_us,
            took_us: self.took_us,
            notes: refused.into_iter().collect(),
            error: None,
        }
    }
}

impl Step {
    fn record(&self) -> SpanRecord {
        SpanRecord {
            name: self.name.to_string(),
            parent: self.parent,
            start_us: self.start_us,
            took_us: self.took_us,
            // What was noted again counts as it was noted last.
            notes: self.notes.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            error: self.error.as_ref().map(ToString::to_string),
        }
    }
}

/// A whole call, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    pub id: String,
    pub tool: String,
    pub started_at: Millis,
    pub took_us: u64,
    /// `ok`, `failed` or `cancelled`.
    pub outcome: String,
    /// The kind and message of the failure.
    pub error: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub namespace: Option<String>,
    pub persona: Option<String>,
    /// What was asked, whole and with its secrets: it is shortened and redacted before it is kept.
    #[serde(skip)]
    pub question: Option<String>,
    pub facts: Facts,
    /// The caller's trace, if it named one.
    pub remote: Option<Remote>,
    /// In their order; the last one is final.
    pub states: Vec<StateRecord>,
    pub spans: Vec<SpanRecord>,
}

/// Under this name a span notes the addresses of what its call showed.
const SHOWN: &str = "shown";

/// Addresses of an answer that are noted. What comes later is hardly looked at, and a trace stays small.
const SHOWN_MOST: usize = 20;

impl CallRecord {
    /// The addresses of what the call showed, best first, each once.
    pub fn shown(&self) -> Vec<String> {
        let mut shown: Vec<String> = Vec::new();
        let noted = self.spans.iter().filter_map(|it| it.notes.get(SHOWN)?.as_array()).flatten();
        for address in noted.filter_map(Value::as_str) {
            if !shown.iter().any(|it| it == address) {
                shown.push(address.to_owned());
            }
        }
        shown
    }
}

/// The states that the longest way goes through, that of a model's answer.
const STATES: usize = 7;

impl Call {
    /// Begins a call of `tool` at `now`.
    pub fn begin(tool: &str, now: Millis, progress: Progress, cancelled: CancellationToken) -> Call {
        Call::begin_under(None, tool, now, progress, cancelled)
    }

    /// Begins a call that belongs to a trace of the caller's.
    pub fn begin_under(
        remote: Option<Remote>,
        tool: &str,
        now: Millis,
        progress: Progress,
        cancelled: CancellationToken,
    ) -> Call {
        let mut states = Vec::with_capacity(STATES);
        states.push(Stay::new(State::Received, 0));
        Call {
            inner: Arc::new(Inner {
                id: crate::ids::fresh(),
                tool: tool.to_owned(),
                started_at: now,
                started: Instant::now(),
                progress,
                cancelled,
                remote,
                states: Mutex::new(states),
                facts: Mutex::default(),
                spans: Mutex::default(),
            }),
            parent: None,
        }
    }

    /// A call that nobody listens to and that is never written, for work that no tool asked for.
    pub fn silent() -> Call {
        Call::begin("", 0, Progress::default(), CancellationToken::new())
    }

    /// The trace id that every result carries.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Where progress goes.
    pub fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    /// Fires when the call should stop.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.inner.cancelled
    }

    /// When the call began.
    pub fn started_at(&self) -> Millis {
        self.inner.started_at
    }

    /// Time since the call began, in milliseconds.
    pub fn elapsed_ms(&self) -> f64 {
        self.inner.started.elapsed().as_secs_f64() * 1e3
    }

    /// Notes what is counted of the call.
    pub fn note_facts(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.inner.facts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Moves the request to its next state. A part of a request (see [`Span::call`]) has no state of its own, so this
    /// does nothing there, and nothing when the request is in that state already. A move that is not legal is not
    /// made, and the trace says so.
    pub fn enter(&self, next: State) {
        if self.parent.is_none() {
            let at_us = micros(self.inner.started);
            advance(&mut self.inner.states.lock().unwrap_or_else(PoisonError::into_inner), next, at_us);
        }
    }

    /// Opens a span; it ends when it is dropped.
    pub fn span(&self, name: &str) -> Span {
        self.open(name, self.parent)
    }

    fn open(&self, name: &str, parent: Option<usize>) -> Span {
        let start_us = micros(self.inner.started);
        let mut spans = self.inner.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.push(Step { name: name.into(), parent, start_us, took_us: None, notes: Vec::new(), error: None });
        Span { call: self.clone(), at: spans.len() - 1, begun: Instant::now() }
    }

    /// What happened until now, as a record of the call's end. `outcome` is `ok`, `failed` or `cancelled`.
    pub fn record(&self, outcome: &str, error: Option<String>, arguments: &Value) -> CallRecord {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
        let took_us = micros(self.inner.started);
        let facts = self.inner.facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let spans = self.inner.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let spans: Vec<SpanRecord> = spans.iter().map(Step::record).collect();
        let mut states = self.inner.states.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let end = match outcome {
            "ok" => State::Done,
            "cancelled" => State::Cancelled,
            _ => State::Failed,
        };
        advance(&mut states, end, took_us);
        let mut states: Vec<StateRecord> = states.iter().map(Stay::record).collect();
        if let Some(last) = states.last_mut() {
            last.error.clone_from(&error);
            if let Some(step) = spans.iter().rfind(|it| it.error.is_some()).filter(|_| error.is_some()) {
                last.notes.insert("failed_step".to_owned(), step.name.as_str().into());
            }
        }
        let told =
            [(State::Classified, "request_kind", &facts.request_kind), (State::Routed, "strategy", &facts.strategy)];
        for (state, name, value) in told {
            let found = states.iter_mut().find(|it| it.state == state.name());
            if let (Some(found), Some(value)) = (found, value) {
                found.notes.insert(name.to_owned(), value.as_str().into());
            }
        }
        CallRecord {
            id: self.inner.id.clone(),
            tool: self.inner.tool.clone(),
            started_at: self.inner.started_at,
            took_us,
            outcome: outcome.to_owned(),
            error,
            session_id: scope::given(text("session_id")),
            user_id: scope::given(text("user_id")),
            namespace: scope::given(text("namespace")),
            persona: scope::given(text("persona")),
            question: ["message", "query", "question"].into_iter().find_map(text).or_else(|| last_message(arguments)),
            facts,
            remote: self.inner.remote.clone(),
            states,
            spans,
        }
    }
}

/// Ends the last of `states` at `at_us` and adds `next`, if that is a legal move.
fn advance(states: &mut Vec<Stay>, next: State, at_us: u64) {
    let Some(last) = states.last_mut() else { return };
    let now = last.state;
    if now == next {
        return;
    }
    match now.to(next) {
        Some(made) => {
            last.took_us = at_us.saturating_sub(last.start_us);
            states.push(Stay::new(made.to(), at_us));
        }
        None => {
            tracing::error!(from = now.name(), to = next.name(), "a request cannot make this move");
            last.refused = Some(next);
        }
    }
}

/// A step that is under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Span {
    call: Call,
    at: usize,
    begun: Instant,
}

impl Span {
    /// Opens a span under this one.
    pub fn span(&self, name: &str) -> Span {
        self.call.open(name, Some(self.at))
    }

    /// The call, for work whose spans belong under this one.
    pub fn call(&self) -> Call {
        Call { inner: self.call.inner.clone(), parent: Some(self.at) }
    }

    /// Notes a count or a decision. Values are data for people: no secrets, no whole contents.
    pub fn note(&self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        self.change(|step| step.notes.push((name.into(), value)));
    }

    /// Notes the addresses of what the answer shows, best first: feedback on the call is feedback on them.
    pub fn note_shown(&self, addresses: impl Iterator<Item = String>) {
        let mut shown: Vec<String> = Vec::new();
        for address in addresses {
            // Several pieces of one file are one thing that was shown.
            if shown.len() < SHOWN_MOST && !shown.contains(&address) {
                shown.push(address);
            }
        }
        self.note(SHOWN, shown);
    }

    /// Notes that this step failed.
    pub fn fail(&self, error: impl std::fmt::Display) {
        // It may quote megabytes that were sent to us. What is kept of it is cut when its secrets are out.
        let error: String = error.to_string().chars().take(20_000).collect();
        self.change(|step| step.error = Some(error.into()));
    }

    /// Time since the span began, in milliseconds.
    pub fn elapsed_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1e3
    }

    fn change(&self, change: impl FnOnce(&mut Step)) {
        let mut spans = self.call.inner.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(step) = spans.get_mut(self.at) {
            change(step);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let took_us = micros(self.begun);
        self.change(|step| step.took_us = Some(took_us));
    }
}

/// The last message of a conversation that is asked about.
fn last_message(arguments: &Value) -> Option<String> {
    arguments.get("messages")?.as_array()?.last()?.get("content")?.as_str().map(str::to_owned)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_nest_and_end_when_dropped() {
        let call = Call::begin("recall", 1, Progress::default(), CancellationToken::new());
        let outer = call.span("search");
        let inner = outer.span("full text");
        inner.note("rows", 2);
        inner.note("rows", 3);
        drop(inner);
        let record = call.record("ok", None, &serde_json::json!({"session_id": "s"}));
        assert_eq!(record.session_id.as_deref(), Some("s"));
        assert_eq!(record.spans[1].parent, Some(0));
        assert_eq!(record.spans[1].notes["rows"], 3);
        assert!(record.spans[1].took_us.is_some());
        assert!(record.spans[0].took_us.is_none());
        drop(outer);
    }

    fn names(record: &CallRecord) -> Vec<&str> {
        record.states.iter().map(|it| it.state.as_str()).collect()
    }

    #[test]
    fn states_follow_each_other_without_a_gap_and_end_with_the_outcome() {
        let call = Call::begin("ask", 1, Progress::default(), CancellationToken::new());
        for state in [State::Classified, State::Gathering, State::Gathering, State::Routed, State::Asking] {
            call.enter(state);
        }
        call.note_facts(|it| it.request_kind = Some("decide".to_owned()));
        let part = call.span("side by side").call();
        part.enter(State::Evaluating);
        part.span("ask model").fail("timeout: too late");
        let record = call.record("failed", Some("timeout: too late".to_owned()), &Value::Null);
        assert_eq!(names(&record), ["received", "classified", "gathering", "routed", "asking", "failed"]);
        for pair in record.states.windows(2) {
            assert_eq!(pair[0].start_us + pair[0].took_us, pair[1].start_us);
        }
        let last = record.states.last().unwrap();
        assert_eq!((last.start_us, last.error.as_deref()), (record.took_us, Some("timeout: too late")));
        assert_eq!(last.notes["failed_step"], "ask model");
        assert_eq!(record.states[1].notes["request_kind"], "decide");
    }

    #[test]
    fn a_move_that_is_not_legal_is_not_made_and_told() {
        let call = Call::begin("ask", 1, Progress::default(), CancellationToken::new());
        call.enter(State::Asking);
        let record = call.record("ok", None, &Value::Null);
        assert_eq!(names(&record), ["received"]);
        assert_eq!(record.states[0].notes["refused_move"], "done");
        assert_eq!(names(&call.record("cancelled", None, &Value::Null)), ["received", "cancelled"]);
    }
}
