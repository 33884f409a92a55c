//! OpenAI's Chat Completions, which half the world speaks: OpenAI, Azure, OpenRouter, LM Studio and every server that
//! calls itself compatible.
//!
//! A stream is whole when a `finish_reason` was seen; `[DONE]` alone is no proof, and what follows the reason is only
//! the usage. Errors come inside a 200 as a chunk with `error`, or as the finish reason `error`.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::ErrorKind;
use super::FinishReason;
use super::Message;
use super::ModelError;
use super::ModelRequest;
use super::OnDelta;
use super::Provider;
use super::Role;
use super::ToolCall;
use super::ToolChoice;
use super::Usage;
use super::cache_marks::marks;
use super::error::Fault;
use super::http::Auth;
use super::http::Endpoint;
use super::http::Http;
use super::reading;
use super::reading::Reading;
use super::reading::Step;
use super::reading::tokens;
use super::responses;
use super::sse::Event;
use crate::config::OpenAiApi;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;

/// A provider that speaks as OpenAI does: Chat Completions, or Responses when it is told to.
#[derive(Debug)]
pub(super) struct OpenAi {
    endpoint: Endpoint,
    dialect: Dialect,
    api: OpenAiApi,
    /// Azure's `api-version`; given, the old addresses by deployment are used.
    api_version: Option<String>,
    is_plain: bool,
}

/// What tells the speakers of this format apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI itself.
    Vendor,
    Azure,
    OpenRouter,
    /// LM Studio, vLLM, llama.cpp, LiteLLM, and every other.
    Compatible,
}

impl OpenAi {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> OpenAi {
        let is_azure = config.kind == ProviderKind::Azure;
        let auth = if is_azure { Auth::header("api-key") } else { Auth::Bearer };
        let is_openrouter = config.kind == ProviderKind::OpenRouter;
        // OpenRouter names the program by it in its user's list of requests.
        let headers: &[(&str, &str)] = if is_openrouter { &[("x-title", "Carryall")] } else { &[] };
        let mut config = config.clone();
        if let Some(base_url) = config.base_url.as_mut().filter(|_| is_azure) {
            // Azure's own pages show the address with its path; the host is what we build on.
            let bare = base_url.trim_end_matches("/v1").trim_end_matches("/openai").len();
            base_url.truncate(bare);
        }
        let endpoint = Endpoint::new(name, &config, auth, headers, http);
        let is_vendor = endpoint.base().is_some_and(|it| it.host_str() == Some("api.openai.com"));
        let dialect = match config.kind {
            ProviderKind::Azure => Dialect::Azure,
            ProviderKind::OpenRouter => Dialect::OpenRouter,
            _ if is_vendor => Dialect::Vendor,
            _ => Dialect::Compatible,
        };
        OpenAi {
            endpoint,
            dialect,
            api: config.options.api,
            api_version: config.api_version.clone().filter(|_| is_azure),
            is_plain: config.options.is_plain,
        }
    }

    fn ask_path(&self, model: &str) -> String {
        let path = match self.api {
            OpenAiApi::Chat => "chat/completions",
            OpenAiApi::Responses => "responses",
        };
        match (&self.api_version, self.api) {
            (Some(version), OpenAiApi::Chat) => {
                format!("openai/deployments/{}/{path}?api-version={}", escaped(model), escaped(version))
            }
            // Responses never had an address by deployment.
            (Some(version), OpenAiApi::Responses) => format!("openai/{path}?api-version={}", escaped(version)),
            (None, _) if self.dialect == Dialect::Azure => format!("openai/v1/{path}"),
            (None, _) => path.to_owned(),
        }
    }

    fn models_path(&self) -> String {
        match &self.api_version {
            Some(version) => format!("openai/models?api-version={}", escaped(version)),
            None if self.dialect == Dialect::Azure => "openai/v1/models".to_owned(),
            None => "models".to_owned(),
        }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let is_plain = self.is_plain || request.is_plain;
        let body = match self.api {
            OpenAiApi::Chat => request_body(request, self.dialect, is_plain),
            OpenAiApi::Responses => responses::request_body(request, self.dialect, is_plain),
        };
        let response = self.endpoint.post(&self.ask_path(&request.model), body).await?;
        match self.api {
            OpenAiApi::Chat => Box::pin(reading::read(response, is_plain, Chat::default(), on_delta)).await,
            OpenAiApi::Responses => {
                Box::pin(reading::read(response, is_plain, responses::Responses::default(), on_delta)).await
            }
        }
    }
}

impl Provider for OpenAi {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.endpoint.told(self.ask(request, on_delta).await) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move { self.endpoint.names(&self.models_path(), "data", "id").await }.boxed()
    }
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
fn request_body(request: &ModelRequest, dialect: Dialect, is_plain: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(!is_plain));
    if !is_plain {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    if let Some(limit) = request.max_output_tokens {
        // OpenAI's reasoning models refuse the old name, most other servers know only that.
        let is_new = matches!(dialect, Dialect::Vendor | Dialect::Azure);
        body.insert(if is_new { "max_completion_tokens" } else { "max_tokens" }.into(), json!(limit));
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(reasoning) = request.reasoning {
        match dialect {
            Dialect::OpenRouter => body.insert("reasoning".into(), json!({"effort": reasoning.name()})),
            _ => body.insert("reasoning_effort".into(), json!(reasoning.name())),
        };
    }
    if let Some(schema) = &request.response_schema {
        let format = json!({"name": "answer", "schema": schema, "strict": is_strict(schema)});
        body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": format}));
    }
    if let Some(key) = request.cache_key.as_ref().filter(|_| dialect == Dialect::Vendor) {
        body.insert("prompt_cache_key".into(), json!(key));
    }
    if let Some(most) = request.max_price.filter(|_| dialect == Dialect::OpenRouter) {
        // https://openrouter.ai/docs/guides/routing/provider-selection: USD per million tokens, and per request.
        let most = json!({"prompt": most.input, "completion": most.output, "request": 0});
        body.insert("provider".into(), json!({"max_price": most}));
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|it| {
            let function = json!({"name": it.name, "description": it.description, "parameters": it.parameters});
            json!({"type": "function", "function": function})
        });
        body.insert("tools".into(), tools.collect());
        let choice = match &request.tool_choice {
            ToolChoice::Auto => json!("auto"),
            ToolChoice::None => json!("none"),
            ToolChoice::Required => json!("required"),
            ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
        };
        body.insert("tool_choice".into(), choice);
    }
    // Anthropic's models want their marks behind OpenRouter, too; all others find their cache by themselves.
    let is_marked = dialect == Dialect::OpenRouter && request.model.starts_with("anthropic/");
    let marks = if is_marked { marks(&request.messages) } else { Vec::new() };
    let messages = request.messages.iter().enumerate().map(|(at, it)| message(it, marks.contains(&at)));
    body.insert("messages".into(), messages.collect());
    Value::Object(body)
}

fn message(message: &Message, is_marked: bool) -> Value {
    let mut out = Map::new();
    out.insert("role".into(), json!(message.role.name()));
    let content = if is_marked || !message.images.is_empty() {
        let mut text = json!({"type": "text", "text": message.content});
        if is_marked {
            text["cache_control"] = json!({"type": "ephemeral"});
        }
        let images = message.images.iter().map(|it| json!({"type": "image_url", "image_url": {"url": it.address()}}));
        images.chain(Some(text).filter(|_| !message.content.is_empty())).collect()
    } else if message.content.is_empty() && !message.tool_calls.is_empty() {
        Value::Null
    } else {
        json!(message.content)
    };
    out.insert("content".into(), content);
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(
            |it| json!({"id": it.id, "type": "function", "function": {"name": it.name, "arguments": it.arguments}}),
        );
        out.insert("tool_calls".into(), calls.collect());
    }
    if let Some(id) = message.tool_call_id.as_ref().filter(|_| message.role == Role::Tool) {
        out.insert("tool_call_id".into(), json!(id));
    }
    Value::Object(out)
}

/// Whether OpenAI would take `schema` in strict mode: every object closed and every property required. A schema that
/// is not strict is still followed, without a promise.
pub(super) fn is_strict(schema: &Value) -> bool {
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

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Chat {
    answer: Answer,
    refusal: String,
    /// The number that the stream gives each tool call, in the order of the answer's.
    indices: Vec<Option<u64>>,
}

impl Reading for Chat {
    fn event(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if event.data.trim() == "[DONE]" {
            return Ok(Step::End);
        }
        let chunk: Value =
            serde_json::from_str(&event.data).map_err(|_| Fault::malformed("a chunk of the answer is not JSON"))?;
        if super::http::is_error(&chunk) || event.name == "error" {
            return Ok(Step::Error(event.data.clone()));
        }
        if !chunk.is_object() {
            return Err(Fault::malformed("a chunk of the answer is not an object"));
        }
        self.take(&chunk, "delta", on_delta)
    }

    fn document(&mut self, document: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if document.pointer("/choices/0/message").is_none() {
            return Err(Fault::malformed("the answer has no choice with a message"));
        }
        self.take(document, "message", on_delta)
    }

    fn finish(self) -> Result<Answer, Fault> {
        let answer = self.answer;
        if !self.refusal.is_empty() {
            return Err(Fault::new(ErrorKind::ContentFilter, self.refusal).of(&answer));
        }
        if answer.finish_reason_original.is_none() {
            return Err(Fault::truncated());
        }
        reading::whole(answer)
    }

    /// The reason is the end marker; some servers never send `[DONE]`.
    fn broken_off(self) -> Result<Answer, Fault> {
        self.finish()
    }
}

impl Chat {
    /// Takes a chunk or a whole answer; what it adds is in the field `part` of its choice.
    fn take(&mut self, chunk: &Value, part: &str, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if let Some(id) = chunk.get("id").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            self.answer.id.get_or_insert_with(|| id.to_owned());
        }
        if let Some(model) = chunk.get("model").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            self.answer.model = Some(model.to_owned());
        }
        if let Some(usage) = chunk.get("usage").filter(|it| it.is_object()) {
            self.answer.usage = usage_of(usage, "prompt_tokens", "completion_tokens");
            self.answer.cost_usd = cost_of(usage).filter(|it| it.is_finite() && *it >= 0.0);
            self.answer.usage_original = Some(usage.clone());
        }
        // The chunks of usage and of Azure's prompt filter have no choice.
        let Some(choice) = chunk.pointer("/choices/0") else { return Ok(Step::GoOn) };
        // OpenRouter tells the failure of its upstream here as well.
        if super::http::is_error(choice) {
            return Ok(Step::Error(choice.to_string()));
        }
        if let Some(delta) = choice.get(part) {
            reading::deliver(&mut self.answer, &text_of(delta.get("content")), on_delta)?;
            self.refusal.push_str(delta.get("refusal").and_then(Value::as_str).unwrap_or_default());
            for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
                self.call(call);
            }
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).filter(|it| !it.is_empty()) {
            if reason == "error" {
                return Ok(Step::Error(chunk.to_string()));
            }
            self.answer.finish_reason = match reason {
                "stop" => FinishReason::Stop,
                "length" => FinishReason::Length,
                "content_filter" => FinishReason::ContentFilter,
                "tool_calls" | "function_call" => FinishReason::ToolCalls,
                _ => FinishReason::Other,
            };
            let native = choice.get("native_finish_reason").and_then(Value::as_str);
            self.answer.finish_reason_original = Some(native.unwrap_or(reason).to_owned());
        }
        Ok(Step::GoOn)
    }

    /// Takes a tool call or a piece of one. Pieces belong together by their number; servers that give every call the
    /// same number, or none, tell them apart by the id.
    fn call(&mut self, piece: &Value) {
        let text = |place: &str| piece.pointer(place).and_then(Value::as_str).unwrap_or_default();
        let index = piece.get("index").and_then(Value::as_u64);
        let id = text("/id");
        let calls = &mut self.answer.tool_calls;
        let is_same = |call: &ToolCall| id.is_empty() || call.id.is_empty() || call.id == id;
        let known = match index {
            Some(_) => self.indices.iter().rposition(|it| *it == index),
            None => calls.len().checked_sub(1),
        };
        let at = match known.filter(|at| is_same(&calls[*at])) {
            Some(at) => at,
            None => {
                self.indices.push(index);
                calls.push(ToolCall::default());
                calls.len() - 1
            }
        };
        let call = &mut calls[at];
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        if call.name.is_empty() {
            text("/function/name").clone_into(&mut call.name);
        }
        match piece.pointer("/function/arguments") {
            Some(Value::String(arguments)) => call.arguments.push_str(arguments),
            Some(arguments @ Value::Object(_)) => call.arguments = arguments.to_string(),
            _ => {}
        }
    }
}

/// A text, or the texts of a list of parts, as some servers send it.
fn text_of(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|it| it.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

/// What OpenRouter says of the cost. With one's own key that is its fee, and the upstream's price stands beside it.
fn cost_of(usage: &Value) -> Option<f64> {
    let cost = usage.get("cost").and_then(Value::as_f64);
    if usage.get("is_byok") != Some(&true.into()) {
        return cost;
    }
    let upstream = usage.pointer("/cost_details/upstream_inference_cost").and_then(Value::as_f64);
    cost.zip(upstream).map(|(fee, upstream)| fee + upstream)
}

/// What was counted, under OpenAI's names for what goes in and comes out. They count what was read from and written to
/// the cache as input; we do not.
pub(super) fn usage_of(usage: &Value, input: &str, output: &str) -> Usage {
    let count = |name: String| usage.pointer(&name).and_then(tokens);
    let cached = count(format!("/{input}_details/cached_tokens"));
    let written = count(format!("/{input}_details/cache_write_tokens"));
    let in_cache = cached.unwrap_or(0).saturating_add(written.unwrap_or(0));
    let given = count(format!("/{input}"));
    let (said, reasoning) = (count(format!("/{output}")), count(format!("/{output}_details/reasoning_tokens")));
    // xAI and Gemini count what was thought beside what was said; the sum of all tells, and a part larger than its whole.
    let apart = reasoning.filter(|it| *it > 0).zip(said).filter(|(reasoning, said)| {
        let all = given.unwrap_or(0).saturating_add(*said).saturating_add(*reasoning);
        *reasoning > *said || count("/total_tokens".to_owned()) == Some(all)
    });
    Usage {
        input_tokens: given.map(|it| it.saturating_sub(in_cache)),
        cached_input_tokens: cached,
        cache_write_tokens: written,
        cache_write_1h_tokens: None,
        output_tokens: apart.map(|(reasoning, said)| reasoning.saturating_add(said)).or(said),
        reasoning_tokens: reasoning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_same_bytes_each_time_and_grows_at_its_end() {
        let mut request = ModelRequest {
            model: "m".into(),
            messages: vec![Message::new(Role::System, "be brief"), Message::new(Role::User, "hi")],
            max_output_tokens: Some(5),
            temperature: Some(0.5),
            ..ModelRequest::default()
        };
        let first = request_body(&request, Dialect::Compatible, false).to_string();
        assert_eq!(
            first,
            concat!(
                r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"temperature":0.5,"#,
                r#""messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}"#
            )
        );
        request.messages.push(Message::new(Role::Assistant, "hello"));
        let second = request_body(&request, Dialect::Compatible, false).to_string();
        assert!(second.starts_with(first.trim_end_matches("]}")));
    }

    #[test]
    fn thoughts_that_are_counted_apart_and_fees_for_own_keys_are_joined() {
        let output = |usage: Value| usage_of(&usage, "prompt_tokens", "completion_tokens").output_tokens;
        let details = json!({"reasoning_tokens": 2809});
        let apart = json!({"prompt_tokens": 10_120, "completion_tokens": 1499, "total_tokens": 14_428,
            "completion_tokens_details": details});
        assert_eq!(output(apart), Some(4308));
        let within = json!({"prompt_tokens": 10, "completion_tokens": 3000, "total_tokens": 3010,
            "completion_tokens_details": details});
        assert_eq!(output(within), Some(3000));
        let larger = json!({"completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 386}});
        assert_eq!(output(larger), Some(387));
        let own = json!({"cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.16}});
        assert_eq!(cost_of(&own), Some(0.16));
        assert_eq!(cost_of(&json!({"cost": 0, "is_byok": true})), None);
        assert_eq!(cost_of(&json!({"cost": 0.5, "cost_details": {"upstream_inference_cost": 0.16}})), Some(0.5));
    }

    #[test]
    fn counts_that_cannot_be_are_unknown() {
        let absurd = json!({"prompt_tokens": 1_000_000_000_000_000_u64, "completion_tokens": -3});
        let usage = usage_of(&absurd, "prompt_tokens", "completion_tokens");
        assert_eq!((usage.input_tokens, usage.output_tokens), (None, None));
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
