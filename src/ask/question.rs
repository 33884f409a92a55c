//! What is asked, what is answered, and why there is no answer.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Sides;
use crate::config::Prefer;
use crate::context::Degraded;
use crate::context::InlineDocument;
use crate::context::InlineTool;
use crate::models::Attempt;
use crate::models::Failed;
use crate::models::Message;
use crate::models::ModelError;
use crate::models::Reasoning;
use crate::models::Role;
use crate::models::ToolCall;
use crate::models::ToolChoice;
use crate::models::ToolDefinition;
use crate::models::Usage;
use crate::scope::View;
use crate::store::StoreError;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The last one is the question.
    pub messages: Vec<Message>,
    pub view: View,
    /// Whose state holds beside that of the view's.
    pub conversation: Option<String>,
    pub artifact: Option<String>,
    pub context: ContextChoice,
    /// Of the context.
    pub budget_tokens: Option<u32>,
    pub provider: Option<String>,
    /// Asked side by side, each `provider` or `provider/model`; empty for one answer.
    pub providers: Vec<String>,
    pub model: Option<String>,
    /// What a route is chosen by when no model is named.
    pub prefer: Option<Prefer>,
    /// Each `provider` or `provider/model`.
    pub fallbacks: Vec<String>,
    pub max_cost_usd: Option<f64>,
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<f64>,
    /// How much a model that reasons may think.
    pub reasoning: Option<Reasoning>,
    pub response_schema: Option<Value>,
    /// Offered to the model.
    pub tools: Vec<ToolDefinition>,
    pub tool_choice: ToolChoice,
    pub timeout: Duration,
    /// Whether it is asked afresh though an equal question was answered.
    pub no_cache: bool,
}

impl Question {
    /// Position of the message that asks: the last one of the user. What tools answered to it may stand after it.
    pub(super) fn asks_at(&self) -> usize {
        asks_at(&self.messages)
    }

    /// The words of the message that asks.
    pub(super) fn asked(&self) -> &str {
        self.messages.get(self.asks_at()).map(|it| it.content.as_str()).unwrap_or_default()
    }
}

/// Position of the last message of the user, else of the last of all.
pub(super) fn asks_at(messages: &[Message]) -> usize {
    let last = messages.len().saturating_sub(1);
    messages.iter().rposition(|it| it.role == Role::User).unwrap_or(last)
}

/// Where the context of a question comes from.
#[derive(Clone, Debug, Default)]
pub enum ContextChoice {
    /// Assembled for the question.
    #[default]
    Auto,
    None,
    /// One that was assembled before.
    Pack(String),
    /// What the call brings, packed.
    Inline {
        identity: Option<String>,
        docs: Vec<InlineDocument>,
        tools: Vec<InlineTool>,
    },
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub answer: String,
    /// The answer read as JSON, when a schema was given.
    pub structured: Option<Value>,
    /// What the model wants to have called; then `answer` is what it said before, if anything.
    pub tool_calls: Vec<ToolCall>,
    pub provider: String,
    pub model: Option<String>,
    /// The name by which the model was asked; `model` is what it calls itself.
    pub asked_model: Option<String>,
    pub finish_reason: String,
    pub usage: Usage,
    /// `None` is unknown.
    pub cost_usd: Option<f64>,
    pub latency_ms: f64,
    pub attempts: Vec<Attempt>,
    /// Whether an equal question was answered before; that answer costs nothing again.
    pub cached: bool,
    /// Why this model was asked, when it was chosen by preference.
    pub choice: Option<String>,
    /// Every answer, when several were asked.
    pub sides: Option<Sides>,
    pub citations: Vec<Citation>,
    pub pack_id: Option<String>,
    pub degraded: Vec<Degraded>,
}

/// A piece of the context that an answer cites.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// Its number in the answer.
    pub n: usize,
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    pub title: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The provider failed; its kind says what to do.
    #[error("{0}")]
    Model(#[from] Failed),
    /// The question names a route that cannot be taken.
    #[error("{0}")]
    Route(Box<ModelError>),
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Correct the id.
    #[error("there is no pack {0}")]
    NoPack(String),
    /// Name somebody to ask.
    #[error("`providers` is empty or names no configured provider")]
    NobodyNamed,
    /// Correct the schema.
    #[error("response_schema is not a JSON schema: {0}")]
    BadSchema(String),
    /// Ask again, or without a schema.
    #[error("{provider}: the answer is not the JSON that response_schema asks for: {reason}")]
    NotJson { provider: String, reason: String, attempts: Vec<Attempt> },
}
