//! OpenAI's Chat Completions, which half the world speaks: OpenAI, Azure, OpenRouter, LM Studio and every server that
//! calls itself compatible.
//!
//! A stream is whole when a `finish_reason` was seen; `[DONE]` alone is no proof, and what follows the reason is only
//! the usage. Errors come inside a 200 as a chunk with `error`, or as the finish reason `error`.

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
use super::Usage;
use super::error;
use super::error::Fault;
use super::http;
use super::http::Auth;
use super::http::Content;
use super::http::Endpoint;
use super::http::Http;
use super::http::Pieces;
use super::sse::Event;
use super::sse::Events;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;

/// A provider that speaks Chat Completions.
#[derive(Debug)]
pub(super) struct OpenAi {
    endpoint: Endpoint,
    is_azure: bool,
    /// Azure's `api-version`; given, the old addresses by deployment are used.
    api_version: Option<String>,
    /// OpenAI's reasoning models refuse the old `max_tokens`, most other servers know only that.
    limit_field: &'static str,
}

impl OpenAi {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> OpenAi {
        let is_azure = config.kind == ProviderKind::Azure;
        let auth = if is_azure { Auth::Header("api-key") } else { Auth::Bearer };
        let endpoint = Endpoint::new(name, config, auth, &[], http);
        let is_vendor = endpoint.base().is_some_and(|it| it.host_str() == Some("api.openai.com"));
        OpenAi {
            endpoint,
            is_azure,
            api_version: config.api_version.clone().filter(|_| is_azure),
            limit_field: if is_azure || is_vendor { "max_completion_tokens" } else { "max_tokens" },
        }
    }

    fn chat_path(&self, model: &str) -> String {
        match &self.api_version {
            Some(version) => {
                format!("openai/deployments/{}/chat/completions?api-version={}", escaped(model), escaped(version))
            }
            None if self.is_azure => "openai/v1/chat/completions".to_owned(),
            None => "chat/completions".to_owned(),
        }
    }

    fn models_path(&self) -> String {
        match &self.api_version {
            Some(version) => format!("openai/models?api-version={}", escaped(version)),
            None if self.is_azure => "openai/v1/models".to_owned(),
            None => "models".to_owned(),
        }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let body = request_body(request, self.limit_field);
        let response = self.endpoint.post(&self.chat_path(&request.model), &body).await?;
        match http::content(&response) {
            Content::EventStream | Content::Unsaid => read_stream(response, on_delta).await,
            _ => Err(http::not_a_stream(response).await),
        }
    }
}

impl Provider for OpenAi {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.ask(request, on_delta).await.map_err(|fault| self.endpoint.error(fault)) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move {
            let list = self.endpoint.get(&self.models_path()).await?;
            names(&list, "data", "id")
                .ok_or_else(|| self.endpoint.error(Fault::malformed("the list of models has no data")))
        }
        .boxed()
    }
}

/// The strings `field` of the objects in the array `list`.
pub(super) fn names(value: &Value, list: &str, field: &str) -> Option<Vec<String>> {
    let entries = value.get(list)?.as_array()?;
    Some(entries.iter().filter_map(|it| it.get(field)?.as_str().map(str::to_owned)).collect())
}

/// `text` as one segment of a path or one value of a query.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The body of a request. The messages stand last and in their order, so that a longer conversation begins with the
/// same bytes, which is what prompt caches go by.
fn request_body(request: &ModelRequest, limit_field: &str) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(true));
    body.insert("stream_options".into(), json!({"include_usage": true}));
    if let Some(limit) = request.max_output_tokens {
        body.insert(limit_field.into(), json!(limit));
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(schema) = &request.response_schema {
        let format = json!({"name": "answer", "schema": schema, "strict": is_strict(schema)});
        body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": format}));
    }
    body.insert("messages".into(), json!(request.messages));
    Value::Object(body)
}

/// Whether OpenAI would take `schema` in strict mode: every object closed and every property required. A schema that
/// is not strict is still followed, without a promise.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().all(is_strict),
        Value::Object(fields) => {
            let is_closed = match fields.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let required = fields.get("required").and_then(Value::as_array);
                    fields.get("additionalProperties") == Some(&Value::Bool(false))
                        && required.is_some_and(|it| properties.keys().all(|name| it.contains(&json!(name))))
                }
                None => fields.get("type").and_then(Value::as_str) != Some("object"),
            };
            is_closed && fields.values().all(is_strict)
        }
        _ => true,
    }
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
            if event.data == "[DONE]" {
                pieces.end();
                return reading.finish();
            }
            match reading.take(&event, on_delta)? {
                Chunk::Read => {}
                Chunk::Error => return Err(error::classify(status, &headers, &event.data)),
            }
        }
    }
    reading.finish()
}

/// What a chunk was.
#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    Read,
    Error,
}

/// An answer while it is read.
#[derive(Debug, Default)]
struct Reading {
    answer: Answer,
    refusal: String,
}

impl Reading {
    fn take(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Chunk, Fault> {
        let chunk: Value =
            serde_json::from_str(&event.data).map_err(|_| Fault::malformed("a chunk of the answer is not JSON"))?;
        if http::is_error(&chunk) || event.name == "error" {
            return Ok(Chunk::Error);
        }
        if !chunk.is_object() {
            return Err(Fault::malformed("a chunk of the answer is not an object"));
        }
        if let Some(id) = chunk.get("id").and_then(Value::as_str) {
            self.answer.id.get_or_insert_with(|| id.to_owned());
        }
        if let Some(model) = chunk.get("model").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            self.answer.model = Some(model.to_owned());
        }
        if let Some(usage) = chunk.get("usage").filter(|it| it.is_object()) {
            self.answer.usage = usage_of(usage);
            self.answer.cost_usd = usage.get("cost").and_then(Value::as_f64);
            self.answer.usage_original = Some(usage.clone());
        }
        // The chunks of usage and of Azure's prompt filter have no choice.
        let Some(choice) = chunk.pointer("/choices/0") else { return Ok(Chunk::Read) };
        if let Some(delta) = choice.get("delta") {
            let text = delta.get("content").and_then(Value::as_str).unwrap_or_default();
            if !text.is_empty() {
                self.answer.text.push_str(text);
                on_delta(text);
            }
            self.refusal.push_str(delta.get("refusal").and_then(Value::as_str).unwrap_or_default());
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            if reason == "error" {
                return Ok(Chunk::Error);
            }
            self.answer.finish_reason = match reason {
                "stop" => FinishReason::Stop,
                "length" => FinishReason::Length,
                "content_filter" => FinishReason::ContentFilter,
                "tool_calls" | "function_call" => FinishReason::ToolCalls,
                _ => FinishReason::Other,
            };
            self.answer.finish_reason_original = Some(reason.to_owned());
        }
        Ok(Chunk::Read)
    }

    /// The whole answer, or why there is none.
    fn finish(self) -> Result<Answer, Fault> {
        let answer = self.answer;
        if !self.refusal.is_empty() {
            return Err(Fault::new(ErrorKind::ContentFilter, self.refusal));
        }
        let Some(reason) = answer.finish_reason_original.as_deref() else { return Err(Fault::truncated()) };
        if answer.finish_reason == FinishReason::ContentFilter {
            return Err(Fault::new(ErrorKind::ContentFilter, "the provider's filter stopped the answer"));
        }
        if answer.text.trim().is_empty() {
            return Err(Fault::empty(Some(reason)));
        }
        Ok(answer)
    }
}

/// OpenAI's `prompt_tokens` include what was read from and written to the cache; ours do not.
fn usage_of(usage: &Value) -> Usage {
    let count = |place: &str| usage.pointer(place).and_then(Value::as_u64);
    let cached = count("/prompt_tokens_details/cached_tokens");
    let written = count("/prompt_tokens_details/cache_write_tokens");
    let in_cache = cached.unwrap_or(0).saturating_add(written.unwrap_or(0));
    Usage {
        input_tokens: count("/prompt_tokens").map(|it| it.saturating_sub(in_cache)),
        cached_input_tokens: cached,
        cache_write_tokens: written,
        cache_write_1h_tokens: None,
        output_tokens: count("/completion_tokens"),
        reasoning_tokens: count("/completion_tokens_details/reasoning_tokens"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::Role;
    use super::*;

    #[test]
    fn a_request_is_the_same_bytes_each_time_and_grows_at_its_end() {
        let mut request = ModelRequest {
            model: "m".into(),
            messages: vec![
                Message { role: Role::System, content: "be brief".into() },
                Message { role: Role::User, content: "hi".into() },
            ],
            max_output_tokens: Some(5),
            temperature: Some(0.5),
            response_schema: None,
        };
        let first = request_body(&request, "max_tokens").to_string();
        assert_eq!(
            first,
            concat!(
                r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"temperature":0.5,"#,
                r#""messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}"#
            )
        );
        request.messages.push(Message { role: Role::Assistant, content: "hello".into() });
        let second = request_body(&request, "max_tokens").to_string();
        assert!(second.starts_with(first.trim_end_matches("]}")));
    }

    #[test]
    fn a_schema_is_strict_only_when_every_object_is_closed_and_complete() {
        for (schema, expected) in [
            (
                json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}),
                true,
            ),
            (json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}), false),
            (json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}), false),
            (json!({"type": "array", "items": {"type": "object"}}), false),
            (json!({"type": "string"}), true),
        ] {
            assert_eq!(is_strict(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_deployment_cannot_leave_its_place_in_the_address() {
        assert_eq!(escaped("gpt-5.4_x"), "gpt-5.4_x");
        assert_eq!(escaped("a/../b?c=ü"), "a%2F..%2Fb%3Fc%3D%C3%BC");
    }
}
