//! Speaks to language models: one wire format a file, errors told as what they are, usage and cost counted.
//!
//! [`Models`] chooses a route and asks along it. Every request is streamed; an answer is whole only after its format's
//! own end marker. Nothing is opened, loaded or parsed before the first question.

mod anthropic;
mod asking;
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
mod purse;
mod retry;
mod retry_after;
mod router;
mod routes;
mod sse;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub use embeddings::EmbeddingServer;
pub use error::ErrorKind;
pub use error::ModelError;
pub use prices::Prices;
pub use provider::Answer;
pub use provider::FinishReason;
pub use provider::OnDelta;
pub use provider::Provider;
pub use purse::Caps;
pub use purse::Purse;
pub use router::Answered;
pub use router::Attempt;
pub use router::Decision;
pub use router::Failed;
pub use router::Models;
pub use router::Route;
pub use routes::Needs;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    /// The name on the wire, the same in every format.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
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
