//! Speaks to language models: one wire format a file, errors told as what they are, usage and cost counted.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    User,
    Assistant,
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
    /// The provider's name for the model.
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
    pub output_tokens: Option<u64>,
    /// The part of `output_tokens` that was thought.
    pub reasoning_tokens: Option<u64>,
}
