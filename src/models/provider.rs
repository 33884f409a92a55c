//! The seam between the router and the wire formats.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::ModelError;
use super::ModelRequest;
use super::ToolCall;
use super::Usage;

/// Takes each piece of an answer as it comes; never an empty one. Must not block.
pub type OnDelta<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Something that answers. Implementations make one attempt and tell truthfully how it went; whether to try again is
/// the router's affair. Dropping a future closes its connection.
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Asks once, streamed unless [`ModelRequest::is_plain`]. One HTTP call.
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>>;

    /// The names of the models that the provider has, in its order. One HTTP call.
    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>>;
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Empty only when there are tool calls.
    pub text: String,
    /// What the model wants to have called; then `finish_reason` is [`FinishReason::ToolCalls`].
    pub tool_calls: Vec<ToolCall>,
    pub finish_reason: FinishReason,
    /// The provider's own word for it.
    pub finish_reason_original: Option<String>,
    pub usage: Usage,
    /// The usage as the provider sent it.
    pub usage_original: Option<Value>,
    /// What the provider says it charged, in USD; only OpenRouter does.
    pub cost_usd: Option<f64>,
    /// The model that answered, as the provider names it; often more exact than the one asked for.
    pub model: Option<String>,
    /// The provider's name for the answer.
    pub id: Option<String>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    /// The limit of output or of the context was reached; the text is all there is, and not all there was to say.
    Length,
    ContentFilter,
    ToolCalls,
    #[default]
    Other,
}

impl FinishReason {
    /// The name in replies.
    pub fn name(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::Other => "other",
        }
    }
}
