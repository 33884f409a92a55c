//! Speaks to language models: one wire format a file, errors told as what they are, usage and cost counted.
//!
//! [`Models`] chooses a route and asks along it. Every request is streamed; an answer is whole only after its format's
//! own end marker. Nothing is opened, loaded or parsed before the first question.

mod anthropic;
mod asking;
mod cache_marks;
mod deciding;
mod embeddings;
mod error;
mod health;
mod http;
mod limits;
mod local;
#[cfg(test)]
pub(crate) mod model_server;
mod ndjson;
mod ollama;
mod openai;
mod prices;
mod provider;
mod providers;
mod purse;
mod quality;
mod reading;
mod responses;
mod retry;
mod retry_after;
mod router;
mod routes;
mod sse;
mod structured;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub use deciding::Decision;
pub use deciding::Wish;
pub use embeddings::EmbeddingServer;
pub use error::ErrorKind;
pub use error::ModelError;
pub use health::Breaker;
pub use prices::MaxPrice;
pub use prices::Prices;
pub use provider::Answer;
pub use provider::FinishReason;
pub use provider::OnDelta;
pub use provider::Provider;
pub use purse::Caps;
pub use purse::Purse;
pub use router::Answered;
pub use router::Attempt;
pub use router::Failed;
pub use router::Models;
pub use router::Route;
pub use routes::Needs;
pub use structured::Structured;

/// Who says a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    #[default]
    User,
    Assistant,
    /// What a tool answered; [`Message::tool_call_id`] says to which call.
    Tool,
}

impl Role {
    /// The name on the wire, the same in every format.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    pub role: Role,
    pub content: String,
    /// Stand before the text; from the user only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// What the assistant wants to have called, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The call that a message of [`Role::Tool`] answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A message of text alone.
    pub fn new(role: Role, content: impl Into<String>) -> Message {
        Message { role, content: content.into(), ..Message::default() }
    }
}

/// A picture for a model that can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// Of a type such as `image/png`, in base64.
    Data { media_type: String, base64: String },
    /// An https address that the provider reads by itself. Ollama reads none.
    Url(String),
}

impl Image {
    /// The picture as an address; data becomes a `data:` one.
    fn address(&self) -> String {
        match self {
            Image::Url(url) => url.clone(),
            Image::Data { media_type, base64 } => format!("data:{media_type};base64,{base64}"),
        }
    }
}

/// A call that a model wants to have made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's name for the call; made up by us where a provider gives none. Unique in an answer.
    pub id: String,
    pub name: String,
    /// JSON, as the model wrote it; it may be no object, and not even JSON.
    pub arguments: String,
}

/// A tool that a model may want to have called.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    pub name: String,
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
}

/// Whether a model must call tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    #[default]
    Auto,
    None,
    /// At least one, whichever.
    Required,
    /// The one of this name.
    Named(String),
}

/// How much a model that reasons may think before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reasoning {
    None,
    Low,
    Medium,
    High,
}

impl Reasoning {
    /// The name on the wire and in settings.
    pub fn name(self) -> &'static str {
        match self {
            Reasoning::None => "none",
            Reasoning::Low => "low",
            Reasoning::Medium => "medium",
            Reasoning::High => "high",
        }
    }
}

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRequest {
    /// The provider's name for the model. [`Models::ask`] sets it to the route's.
    pub model: String,
    /// System messages first.
    pub messages: Vec<Message>,
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<f64>,
    /// A JSON schema that the answer must follow.
    pub response_schema: Option<Value>,
    /// Empty: none may be called.
    pub tools: Vec<ToolDefinition>,
    /// Without a meaning when there are no tools.
    pub tool_choice: ToolChoice,
    /// `None` leaves it to the model.
    pub reasoning: Option<Reasoning>,
    /// Equal for requests that begin alike, such as those of one session: some providers find their cache by it.
    pub cache_key: Option<String>,
    /// The most that it may cost, where the provider keeps to such a word: OpenRouter.
    pub max_price: Option<MaxPrice>,
    /// Asks for the answer in one piece. For gateways that cannot stream; everything else is better streamed.
    pub is_plain: bool,
}

/// Tokens of one answer, in disjoint counts; `None` where the provider did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fresh input.
    pub input_tokens: Option<u64>,
    /// Read from the provider's cache.
    pub cached_input_tokens: Option<u64>,
    /// Written to it.
    pub cache_write_tokens: Option<u64>,
    /// The part of `cache_write_tokens` that is kept for an hour and costs more; the rest is kept for five minutes.
    #[serde(skip)]
    pub cache_write_1h_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// The part of `output_tokens` that was thought.
    pub reasoning_tokens: Option<u64>,
}
