//! The only place where an error becomes a reply.
//!
//! What a model or a person can act on is a failed tool result: what failed, the bad value, what is allowed or to be
//! done next, and for programs the same in `_meta["carryall/error"]`. What cannot be routed is a protocol error.

use std::time::Duration;

use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::MetaObject;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::ask;
use crate::documents;
use crate::documents::DocumentsError;
use crate::models::Attempt;
use crate::models::ModelError;
use crate::store::StoreError;

/// Characters of a message; the longest honest one lists some names.
const MESSAGE: usize = 2_000;

/// Characters of an answer's list: hosts cut an answer at 50,000, and there is more in it than the list.
pub(super) const ANSWER_CHARACTERS: usize = 46_000;

/// What a tool answers: complete as data, and complete as text.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub structured: Map<String, Value>,
    pub text: String,
    /// A picture beside the text.
    pub image: Option<Image>,
}

/// A picture, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub mime: &'static str,
    /// Base64.
    pub data: String,
}

impl Answer {
    /// An answer with `result` as its data.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of kind `internal` when `result` is not an object.
    pub fn of(result: &impl serde::Serialize, text: String) -> Result<Answer, Failure> {
        match serde_json::to_value(result) {
            Ok(Value::Object(structured)) => Ok(Answer { structured, text, image: None }),
            _ => Err(Failure::new("internal", "the result is no object", "report it with the trace id")),
        }
    }
}

/// Why a tool could not answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// One of the kinds of the contract (docs/tools.md).
    pub kind: &'static str,
    /// What failed, without a full stop.
    pub message: String,
    /// What to do next, without a full stop; may be empty.
    pub next_step: String,
    pub retry_after_s: Option<f64>,
    pub attempts: Vec<Value>,
    /// More for programs, such as the current version after a conflict.
    pub details: Box<Map<String, Value>>,
}

impl Failure {
    pub fn new(kind: &'static str, message: impl Into<String>, next_step: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), next_step: next_step.into(), ..Failure::default() }
    }

    /// A wrong argument: its name, the value as it came, what is allowed, and an example.
    pub fn argument(name: &str, value: &Value, allowed: &str, example: &str) -> Failure {
        let shown = shorten(&value.to_string(), 120);
        Failure {
            details: Box::new(Map::from_iter([
                ("argument".to_owned(), name.into()),
                ("value".to_owned(), shown.clone().into()),
            ])),
            ..Failure::new(
                "invalid_argument",
                format!("argument `{name}` is {shown}, but must be {allowed}"),
                format!("for example {example}"),
            )
        }
    }

    /// The same with what was sent to us in it cut to a readable length: an id of megabytes is not sent back.
    pub(super) fn bounded(self) -> Failure {
        Failure { message: shorten(&self.message, MESSAGE), next_step: shorten(&self.next_step, MESSAGE), ..self }
    }

    /// The sentence or two that a model or a person reads.
    pub fn text(&self) -> String {
        let mut text = sentence(&self.message);
        if !self.next_step.is_empty() {
            text.push(' ');
            text.push_str(&sentence(&self.next_step));
        }
        text
    }
}

impl From<StoreError> for Failure {
    fn from(err: StoreError) -> Failure {
        let kind = match &err {
            StoreError::Busy { .. } => "busy",
            StoreError::Missing { .. } => "not_found",
            StoreError::Conflict { .. } => "conflict",
            StoreError::Denied { .. } => "permission",
            StoreError::Cancelled => "cancelled",
            StoreError::Internal { .. } => "internal",
            _ => "storage",
        };
        let mut failure = Failure::new(kind, err.to_string(), err.next_step());
        if let StoreError::Conflict { expected, current } = err {
            failure.details.insert("expected_version".to_owned(), expected.into());
            failure.details.insert("current_version".to_owned(), current.into());
        }
        if kind == "busy" {
            failure.retry_after_s = Some(1.0);
        }
        failure
    }
}

impl From<DocumentsError> for Failure {
    fn from(err: DocumentsError) -> Failure {
        match err {
            DocumentsError::Refused(refused) => {
                let kind = match refused.kind {
                    documents::Refusal::Permission => "permission",
                    documents::Refusal::NotFound => "not_found",
                };
                Failure::new(kind, refused.message, refused.next_step)
            }
            DocumentsError::Store(err) => err.into(),
            DocumentsError::Glob(err) => {
                Failure::new("invalid_argument", err.to_string(), "for example src/** or *.md")
            }
            DocumentsError::Cancelled => Failure::from(StoreError::Cancelled),
            DocumentsError::Fault(reason) => Failure::from(StoreError::Internal { reason }),
        }
    }
}

impl From<ModelError> for Failure {
    fn from(err: ModelError) -> Failure {
        let mut failure = Failure::new(err.kind.name(), format!("{}: {}", err.provider, err.message), err.next_step);
        failure.retry_after_s = err.retry_after.filter(|it| *it < Duration::MAX).map(|it| it.as_secs_f64());
        failure
    }
}

impl From<ask::Refusal> for Failure {
    fn from(err: ask::Refusal) -> Failure {
        let message = err.to_string();
        let attempts = |list: &[Attempt]| list.iter().map(|it| json!(it)).collect();
        match err {
            ask::Refusal::Model(failed) => {
                Failure { attempts: attempts(&failed.attempts), ..Failure::from(*failed.error) }
            }
            ask::Refusal::Route(err) => Failure::from(*err),
            ask::Refusal::Store(err) => err.into(),
            ask::Refusal::NoPack(_) => Failure::new(
                "not_found",
                message,
                "call assemble_context and use its pack_id, or leave context out to have one assembled",
            ),
            ask::Refusal::BadSchema(_) => Failure::new(
                "invalid_argument",
                message,
                "for example {\"type\": \"object\", \"properties\": {\"sound\": {\"type\": \"boolean\"}}}",
            ),
            ask::Refusal::NobodyNamed => Failure::new(
                "invalid_argument",
                message,
                "for example {\"providers\": [\"openai\", \"anthropic/claude-sonnet-5-5\"]}",
            ),
            ask::Refusal::NotJson { attempts: list, .. } => Failure {
                attempts: attempts(&list),
                ..Failure::new("malformed", message, "ask again, simplify the schema, or choose another model")
            },
        }
    }
}

/// Shapes a call's outcome as the result that is sent.
pub(super) fn result(outcome: Result<Answer, Failure>, trace_id: &str, text_only: bool) -> CallToolResult {
    match outcome {
        Ok(Answer { mut structured, mut text, image }) => {
            structured.insert("trace_id".to_owned(), trace_id.into());
            text.push_str(&format!("\n\n[trace {trace_id}]"));
            let mut content = vec![ContentBlock::text(text)];
            content.extend(image.map(|it| ContentBlock::image(it.data, it.mime)));
            let mut result = CallToolResult::success(content);
            if !text_only {
                result.structured_content = Some(Value::Object(structured));
            }
            result
        }
        Err(failure) => {
            let mut result = CallToolResult::error(vec![ContentBlock::text(failure.text())]);
            let mut error = json!({
                "kind": failure.kind,
                "message": failure.message,
                "next_step": failure.next_step,
                "retry_after_s": failure.retry_after_s,
                "attempts": failure.attempts,
                "trace_id": trace_id,
            });
            if let Value::Object(error) = &mut error {
                error.extend(*failure.details);
            }
            let mut meta = MetaObject::default();
            meta.insert("carryall/error".to_owned(), error);
            result.meta = Some(meta);
            result
        }
    }
}

/// How many of `sizes`, in characters, come into one answer: those that fit, and at least the first.
pub(super) fn fitting(sizes: impl IntoIterator<Item = usize>) -> usize {
    let mut left = ANSWER_CHARACTERS;
    let fits = |size: &usize| {
        let fits = *size <= left;
        left = left.saturating_sub(*size);
        fits
    };
    sizes.into_iter().take_while(fits).count().max(1)
}

/// The size of `value` in an answer, in characters.
pub(super) fn size(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |it| it.chars().count())
}

/// `text` with a capital letter and a full stop. A name keeps its case: of a provider before a colon, of an argument.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_name = first_word.contains(|it: char| !it.is_alphabetic() && it != '\'' && it != ',' && it != '-');
    let mut chars = text.chars();
    let mut out: String = match chars.next() {
        Some(_) if is_name => text.to_owned(),
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => return String::new(),
    };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// `text`, or its beginning with a mark when it has more than `limit` characters.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_letter_and_a_name_as_it_is_written() {
        assert_eq!(sentence(" there is no pack "), "There is no pack.");
        assert_eq!(sentence("it's over!"), "It's over!");
        assert_eq!(sentence("openai: slow down"), "openai: slow down.");
        assert_eq!(sentence("messages[0].content is 5"), "messages[0].content is 5.");
        assert_eq!(sentence("`limit` is 0"), "`limit` is 0.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn an_answer_holds_what_fits_and_at_least_one() {
        assert_eq!(fitting([1_000_000, 1]), 1);
        assert_eq!(fitting([20_000, 20_000, 20_000, 1]), 2);
        assert_eq!(fitting([10, 10, 10]), 3);
    }

    #[test]
    fn what_came_in_is_not_sent_back_whole() {
        let failure = Failure::new("not_found", "x".repeat(1_000_000), "").bounded();
        assert!(failure.text().chars().count() <= MESSAGE + 2);
    }
}
