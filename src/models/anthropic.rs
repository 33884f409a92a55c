//! Anthropic's Messages.
//!
//! A stream is whole only after `message_stop`. The counts of `message_start` are replaced, not added to, by those of
//! `message_delta`. Errors come inside a 200 as the event `error`.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Response;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::ErrorKind;
use super::FinishReason;
use super::ModelError;
use super::ModelRequest;
use super::OnDelta;
use super::Provider;
use super::Role;
use super::Usage;
use super::error;
use super::error::Fault;
use super::http;
use super::http::Auth;
use super::http::Content;
use super::http::Endpoint;
use super::http::Http;
use super::http::Pieces;
use super::openai::names;
use super::sse::Event;
use super::sse::Events;
use crate::config::ProviderConfig;

/// The format requires a limit of output; this one every model on offer allows.
const DEFAULT_OUTPUT_TOKENS: u32 = 4096;

/// A provider that speaks Messages.
#[derive(Debug)]
pub(super) struct Anthropic {
    endpoint: Endpoint,
}

impl Anthropic {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Anthropic {
        let headers = &[("anthropic-version", "2023-06-01")];
        Anthropic { endpoint: Endpoint::new(name, config, Auth::Header("x-api-key"), headers, http) }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let response = self.endpoint.post("v1/messages", &request_body(request)).await?;
        match http::content(&response) {
            Content::EventStream | Content::Unsaid => read_stream(response, on_delta).await,
            _ => Err(http::not_a_stream(response).await),
        }
    }
}

impl Provider for Anthropic {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.ask(request, on_delta).await.map_err(|fault| self.endpoint.error(fault)) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move {
            let list = self.endpoint.get("v1/models?limit=1000").await?;
            names(&list, "data", "id")
                .ok_or_else(|| self.endpoint.error(Fault::malformed("the list of models has no data")))
        }
        .boxed()
    }
}

/// The body of a request. System messages go to their own field, wherever they stood; the messages stand last.
fn request_body(request: &ModelRequest) -> Value {
    let (system, rest): (Vec<_>, Vec<_>) = request.messages.iter().partition(|it| it.role == Role::System);
    let system: Vec<Value> = system.iter().map(|it| json!({"type": "text", "text": it.content})).collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("max_tokens".into(), json!(request.max_output_tokens.unwrap_or(DEFAULT_OUTPUT_TOKENS)));
    body.insert("stream".into(), json!(true));
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(schema) = &request.response_schema {
        body.insert("output_config".into(), json!({"format": {"type": "json_schema", "schema": schema}}));
    }
    if !system.is_empty() {
        body.insert("system".into(), json!(system));
    }
    body.insert("messages".into(), json!(rest));
    Value::Object(body)
}

async fn read_stream(response: Response, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut pieces = Pieces::new(response);
    let mut events = Events::default();
    let mut ready = Vec::new();
    let mut reading = Reading::default();
    while let Some(piece) = pieces.next().await? {
        events.push(&piece, &mut ready)?;
        for event in ready.drain(..) {
            match reading.take(&event, on_delta)? {
                Step::GoOn => {}
                Step::Error => return Err(error::classify(status, &headers, &event.data)),
                Step::End => {
                    pieces.end();
                    return reading.finish();
                }
            }
        }
    }
    Err(Fault::truncated())
}

/// What an event was.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    Error,
    End,
}

/// An answer while it is read.
#[derive(Debug, Default)]
struct Reading {
    answer: Answer,
    /// The counts so far, a later one in the place of an earlier one.
    usage: Map<String, Value>,
}

impl Reading {
    fn take(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        let value: Value =
            serde_json::from_str(&event.data).map_err(|_| Fault::malformed("an event of the answer is not JSON"))?;
        // The type is in the data too, which some gateways leave as all there is.
        match value.get("type").and_then(Value::as_str).unwrap_or(&event.name) {
            "message_start" => {
                let text = |name: &str| value.pointer(name).and_then(Value::as_str).map(str::to_owned);
                self.answer.id = text("/message/id");
                self.answer.model = text("/message/model");
                self.count(value.pointer("/message/usage"));
            }
            "content_block_delta" => {
                // Thinking and signatures are no part of the answer.
                let is_text = value.pointer("/delta/type").and_then(Value::as_str) == Some("text_delta");
                let text = value.pointer("/delta/text").and_then(Value::as_str).unwrap_or_default();
                if is_text && !text.is_empty() {
                    self.answer.text.push_str(text);
                    on_delta(text);
                }
            }
            "message_delta" => {
                if let Some(reason) = value.pointer("/delta/stop_reason").and_then(Value::as_str) {
                    self.answer.finish_reason = finish_reason(reason);
                    self.answer.finish_reason_original = Some(reason.to_owned());
                }
                self.count(value.get("usage"));
            }
            "message_stop" => return Ok(Step::End),
            "error" => return Ok(Step::Error),
            _ if http::is_error(&value) => return Ok(Step::Error),
            // `ping`, the borders of blocks, and events that are yet to be invented.
            _ => {}
        }
        Ok(Step::GoOn)
    }

    fn count(&mut self, usage: Option<&Value>) {
        for (name, value) in usage.and_then(Value::as_object).into_iter().flatten() {
            if !value.is_null() {
                self.usage.insert(name.clone(), value.clone());
            }
        }
    }

    /// The whole answer, or why there is none.
    fn finish(mut self) -> Result<Answer, Fault> {
        if self.answer.finish_reason == FinishReason::ContentFilter {
            return Err(Fault::new(ErrorKind::ContentFilter, "the model refused to answer"));
        }
        if self.answer.text.trim().is_empty() {
            return Err(Fault::empty(self.answer.finish_reason_original.as_deref()));
        }
        if !self.usage.is_empty() {
            let usage = Value::Object(self.usage);
            self.answer.usage = usage_of(&usage);
            self.answer.usage_original = Some(usage);
        }
        Ok(self.answer)
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    match reason {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}

/// Anthropic's counts are disjoint already.
fn usage_of(usage: &Value) -> Usage {
    let count = |place: &str| usage.pointer(place).and_then(Value::as_u64);
    Usage {
        input_tokens: count("/input_tokens"),
        cached_input_tokens: count("/cache_read_input_tokens"),
        cache_write_tokens: count("/cache_creation_input_tokens"),
        cache_write_1h_tokens: count("/cache_creation/ephemeral_1h_input_tokens"),
        output_tokens: count("/output_tokens"),
        reasoning_tokens: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;

    #[test]
    fn system_messages_have_their_own_place_and_the_conversation_stands_last() {
        let request = ModelRequest {
            model: "m".into(),
            messages: vec![
                Message { role: Role::System, content: "be brief".into() },
                Message { role: Role::User, content: "hi".into() },
            ],
            response_schema: Some(json!({"type": "object"})),
            ..ModelRequest::default()
        };
        assert_eq!(
            request_body(&request).to_string(),
            concat!(
                r#"{"model":"m","max_tokens":4096,"stream":true,"#,
                r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},"#,
                r#""system":[{"type":"text","text":"be brief"}],"messages":[{"role":"user","content":"hi"}]}"#
            )
        );
    }
}
