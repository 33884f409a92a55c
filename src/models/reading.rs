//! Reads an answer off a reply, streamed or in one piece, whichever the provider sent.
//!
//! Some gateways answer in one piece although a stream was asked for; that is an answer as good as any.

use serde_json::Value;

use super::Answer;
use super::ErrorKind;
use super::FinishReason;
use super::OnDelta;
use super::error;
use super::error::Fault;
use super::http;
use super::http::Content;
use super::http::Pieces;
use super::sse::Event;
use super::sse::Events;
use crate::http::Response;

/// More than any call can have: a thousand times the largest windows of 2026.
const MOST_TOKENS: u64 = 1_000_000_000;

/// Most bytes of an answer's text. The longest outputs on offer are 128,000 tokens (2026-11), of four bytes as a rule.
pub(super) const ANSWER_BYTES: usize = 4 << 20;

/// A count of tokens as a provider reports it; `None` when it is none or cannot be: what it cost is unknown then, and no cap
/// is used up by it.
pub(super) fn tokens(count: &Value) -> Option<u64> {
    count.as_u64().filter(|it| *it <= MOST_TOKENS)
}

/// What an event or a line was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    GoOn,
    /// An error, in JSON or in words.
    Error(String),
    /// The end marker of the format.
    End,
}

/// An answer while it is read, in one format.
pub(super) trait Reading: Send {
    /// Takes the next event of a stream.
    fn event(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Step, Fault>;

    /// Takes a whole answer.
    fn document(&mut self, document: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault>;

    /// The whole answer, or why there is none. Called after the end marker.
    fn finish(self) -> Result<Answer, Fault>;

    /// What an end without the end marker means.
    fn broken_off(self) -> Result<Answer, Fault>
    where
        Self: Sized,
    {
        Err(Fault::truncated())
    }
}

/// Reads the answer in `response`. `is_plain`: it was asked for in one piece.
pub(super) async fn read(
    response: Response,
    is_plain: bool,
    reading: impl Reading,
    on_delta: OnDelta<'_>,
) -> Result<Answer, Fault> {
    match http::content(&response) {
        Content::EventStream => read_events(response, reading, on_delta).await,
        Content::Unsaid if !is_plain => read_events(response, reading, on_delta).await,
        Content::Json | Content::Unsaid => read_document(response, reading, on_delta).await,
        Content::JsonLines | Content::Other => Err(http::unexpected(response).await),
    }
}

async fn read_events(response: Response, mut reading: impl Reading, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
    let status = response.status;
    let headers = response.headers.clone();
    let mut pieces = Pieces::new(response);
    let mut events = Events::default();
    let mut ready = Vec::new();
    while let Some(piece) = pieces.next().await? {
        events.push(&piece, &mut ready)?;
        for event in ready.drain(..) {
            match reading.event(&event, on_delta)? {
                Step::GoOn => {}
                Step::Error(said) => return Err(error::classify(status, &headers, &said)),
                Step::End => {
                    pieces.end();
                    return reading.finish();
                }
            }
        }
    }
    reading.broken_off()
}

async fn read_document(response: Response, mut reading: impl Reading, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
    let status = response.status;
    let headers = response.headers.clone();
    let document = http::document(response).await?;
    match reading.document(&document, on_delta)? {
        Step::Error(said) => Err(error::classify(status, &headers, &said)),
        Step::GoOn | Step::End => reading.finish(),
    }
}

/// `answer`, when it is one: not filtered, and neither without text nor without calls.
pub(super) fn whole(mut answer: Answer) -> Result<Answer, Fault> {
    if answer.finish_reason == FinishReason::ContentFilter {
        let original = answer.finish_reason_original.as_deref().unwrap_or("content_filter");
        let message = match original {
            "refusal" => "the model refused to answer (refusal)".to_owned(),
            other => format!("the provider's filter stopped the answer ({other})"),
        };
        return Err(Fault::new(ErrorKind::ContentFilter, message).of(&answer));
    }
    if answer.finish_reason == FinishReason::Length {
        // The last call is half a call, and which of them are whole nobody says.
        answer.tool_calls.clear();
    }
    answer.tool_calls.retain(|it| !it.name.is_empty());
    for (at, call) in answer.tool_calls.iter_mut().enumerate() {
        if call.id.is_empty() {
            call.id = format!("call_{}", at + 1);
        }
        if call.arguments.trim().is_empty() {
            "{}".clone_into(&mut call.arguments);
        }
    }
    if !answer.tool_calls.is_empty() {
        answer.finish_reason = FinishReason::ToolCalls;
    } else if answer.text.trim().is_empty() {
        return Err(Fault::empty(answer.finish_reason_original.as_deref()).of(&answer));
    }
    Ok(answer)
}

/// A piece of the text: kept and shown, unless it is empty.
///
/// # Errors
///
/// `malformed` for a text over [`ANSWER_BYTES`].
pub(super) fn deliver(answer: &mut Answer, text: &str, on_delta: OnDelta<'_>) -> Result<(), Fault> {
    if answer.text.len() + text.len() > ANSWER_BYTES {
        return Err(Fault::endless(ANSWER_BYTES));
    }
    if !text.is_empty() {
        answer.text.push_str(text);
        on_delta(text);
    }
    Ok(())
}
