//! Anthropic's Messages.
//!
//! A stream is whole only after `message_stop`. The counts of `message_start` are replaced, not added to, by those of
//! `message_delta`. Errors come inside a 200 as the event `error`.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::FinishReason;
use super::Image;
use super::Message;
use super::ModelError;
use super::ModelRequest;
use super::OnDelta;
use super::Provider;
use super::Reasoning;
use super::Role;
use super::ToolCall;
use super::ToolChoice;
use super::Usage;
use super::cache_marks::marks;
use super::error::Fault;
use super::http;
use super::http::Auth;
use super::http::Endpoint;
use super::http::Http;
use super::reading;
use super::reading::Reading;
use super::reading::Step;
use super::reading::tokens;
use super::sse::Event;
use super::structured;
use crate::config::ProviderConfig;

/// The format requires a limit of output; this one every model on offer allows.
const DEFAULT_OUTPUT_TOKENS: u32 = 4096;

/// The tool by which older models are made to answer in JSON.
const ANSWER_TOOL: &str = "answer";

/// A provider that speaks Messages.
#[derive(Debug)]
pub(super) struct Anthropic {
    endpoint: Endpoint,
    is_plain: bool,
}

impl Anthropic {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Anthropic {
        let headers = &[("anthropic-version", "2023-06-01")];
        let endpoint = Endpoint::new(name, config, Auth::header("x-api-key"), headers, http);
        Anthropic { endpoint, is_plain: config.options.is_plain }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let is_plain = self.is_plain || request.is_plain;
        let response = self.endpoint.post("v1/messages", request_body(request, is_plain)).await?;
        let answers_by_tool = schema_by(request) == Some(SchemaBy::Tool);
        let reading = Messages { answers_by_tool, ..Messages::default() };
        Box::pin(reading::read(response, is_plain, reading, on_delta)).await
    }
}

impl Provider for Anthropic {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.endpoint.told(self.ask(request, on_delta).await) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move { self.endpoint.names("v1/models?limit=1000", "data", "id").await }.boxed()
    }
}

/// The version in a model's name: 4.5 of `claude-sonnet-4-5-20250929`, 3.7 of `claude-3-7-sonnet-latest`, 4.0 of
/// `claude-opus-4-20250514`. A name without one, such as a gateway's own, counts as the newest.
fn version(model: &str) -> (u32, u32) {
    let mut numbers = model.split(['-', '.', '@']).filter(|it| it.len() <= 2).filter_map(|it| it.parse::<u32>().ok());
    match numbers.next() {
        Some(major) if model.contains("claude") => (major, numbers.next().unwrap_or(0)),
        _ => (u32::MAX, 0),
    }
}

/// How a model is made to keep a schema.
#[derive(Debug, PartialEq)]
enum SchemaBy {
    /// The format's own way, for models from 4.5 on and schemas without open objects.
    Format(Value),
    /// A tool that the model is forced to call; a tool takes an object and nothing else.
    Tool,
    Words,
}

/// Source: Anthropic's page on structured outputs, 2026-11.
fn schema_by(request: &ModelRequest) -> Option<SchemaBy> {
    let schema = request.response_schema.as_ref()?;
    let closed = structured::for_anthropic(schema).filter(|_| version(&request.model) >= (4, 5));
    Some(match closed {
        Some(closed) => SchemaBy::Format(closed),
        // Beside other tools it could not be forced: the model may want one of them first.
        None if request.tools.is_empty() && schema.get("type").and_then(Value::as_str) == Some("object") => {
            SchemaBy::Tool
        }
        None => SchemaBy::Words,
    })
}

/// The body of a request. System messages go to their own field, wherever they stood; the messages stand last.
fn request_body(request: &ModelRequest, is_plain: bool) -> Value {
    let mut body = Map::new();
    let mut output_config = Map::new();
    let mut tools: Vec<Value> = request
        .tools
        .iter()
        .map(|it| json!({"name": it.name, "description": it.description, "input_schema": it.parameters}))
        .collect();
    let mut tool_choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Named(name) => json!({"type": "tool", "name": name}),
    };
    let schema_by = schema_by(request);
    match &schema_by {
        Some(SchemaBy::Format(schema)) => {
            output_config.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
        }
        Some(SchemaBy::Tool) => {
            let schema = &request.response_schema;
            tools.push(json!({"name": ANSWER_TOOL, "description": "Gives the answer.", "input_schema": schema}));
            tool_choice = json!({"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": true});
        }
        Some(SchemaBy::Words) | None => {}
    }

    body.insert("model".into(), json!(request.model));
    let (limit, thinking) = if schema_by == Some(SchemaBy::Tool) || !may_think(request) {
        (request.max_output_tokens.unwrap_or(DEFAULT_OUTPUT_TOKENS), None)
    } else {
        thinking(request)
    };
    body.insert("max_tokens".into(), json!(limit));
    body.insert("stream".into(), json!(!is_plain));
    // Thinking has one temperature.
    if let Some(temperature) = request.temperature.filter(|_| thinking.is_none()) {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(thinking) = thinking {
        body.insert("thinking".into(), thinking);
    }
    if let Some(effort) = effort(request) {
        output_config.insert("effort".into(), json!(effort));
    }
    if !output_config.is_empty() {
        body.insert("output_config".into(), Value::Object(output_config));
    }
    if !tools.is_empty() {
        body.insert("tools".into(), json!(tools));
        body.insert("tool_choice".into(), tool_choice);
    }
    let marks = marks(&request.messages);
    let (mut system, messages) = messages(&request.messages, &marks);
    if let (Some(SchemaBy::Words), Some(schema)) = (schema_by, &request.response_schema) {
        system.push(json!({"type": "text", "text": structured::in_words(schema)}));
    }
    if !system.is_empty() {
        body.insert("system".into(), json!(system));
    }
    body.insert("messages".into(), json!(messages));
    Value::Object(body)
}

/// Whether the format lets the model think: not when it is forced to call a tool, and before 4.6 not amid a turn of calls
/// without its earlier thoughts, which are not kept.
/// Source: Anthropic's page on extended thinking with tools, 2026-11.
fn may_think(request: &ModelRequest) -> bool {
    let is_forced = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Named(_));
    let is_amid = request.messages.last().is_some_and(|it| it.role == Role::Tool);
    let (is_forced, is_amid) = (is_forced && !request.tools.is_empty(), is_amid && version(&request.model) < (4, 6));
    !is_forced && !is_amid
}

/// The limit of output and what is said of thinking, which counts against it. From 4.6 on a model finds its own measure;
/// before, it is given a budget, the half of the limit at most and 1024 at least.
/// Source: Anthropic's pages on extended and on adaptive thinking, 2026-11.
fn thinking(request: &ModelRequest) -> (u32, Option<Value>) {
    let limit = request.max_output_tokens.unwrap_or(DEFAULT_OUTPUT_TOKENS);
    let budget = match request.reasoning {
        None | Some(Reasoning::None) => return (limit, None),
        Some(Reasoning::Low) => 1024,
        Some(Reasoning::Medium) => 4096,
        Some(Reasoning::High) => 16_384,
    };
    match version(&request.model) {
        version if version >= (4, 6) => (limit, Some(json!({"type": "adaptive"}))),
        version if version < (3, 7) => (limit, None),
        _ => match request.max_output_tokens {
            // A limit that was given is what may be paid for, thoughts included.
            Some(limit) if limit < 2048 => (limit, None),
            Some(limit) => (limit, Some(json!({"type": "enabled", "budget_tokens": budget.min(limit / 2)}))),
            None => (limit + budget, Some(json!({"type": "enabled", "budget_tokens": budget}))),
        },
    }
}

/// How hard a model from 4.6 on tries.
fn effort(request: &ModelRequest) -> Option<&'static str> {
    let reasoning = request.reasoning.filter(|it| *it != Reasoning::None)?;
    (version(&request.model) >= (4, 6)).then_some(reasoning.name())
}

/// The system's blocks and the conversation. What tools answered stands in one message of the user, as the format
/// demands; `marks` are the messages after which the provider's cache may begin.
fn messages(all: &[Message], marks: &[usize]) -> (Vec<Value>, Vec<Value>) {
    let mut system = Vec::new();
    let mut out: Vec<Value> = Vec::new();
    let mut after_tool = false;
    for (at, message) in all.iter().enumerate() {
        let is_marked = marks.contains(&at);
        let is_tool = message.role == Role::Tool;
        match message.role {
            Role::System => {
                system.extend(blocks(message, is_marked));
                continue;
            }
            Role::Tool if after_tool => {
                if let Some(Value::Array(content)) = out.last_mut().and_then(|it| it.get_mut("content")) {
                    content.extend(blocks(message, is_marked));
                }
            }
            _ => {
                let is_text = !is_marked && !is_tool && message.images.is_empty() && message.tool_calls.is_empty();
                let content = if is_text { json!(message.content) } else { json!(blocks(message, is_marked)) };
                let role = if is_tool { Role::User } else { message.role };
                out.push(json!({"role": role.name(), "content": content}));
            }
        }
        after_tool = is_tool;
    }
    (system, out)
}

/// The blocks of one message, the last of which carries its mark.
fn blocks(message: &Message, is_marked: bool) -> Vec<Value> {
    let mut blocks: Vec<Value> = message.images.iter().map(image).collect();
    if message.role == Role::Tool {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        blocks.push(json!({"type": "tool_result", "tool_use_id": id, "content": message.content}));
    } else if !message.content.is_empty() {
        blocks.push(json!({"type": "text", "text": message.content}));
    }
    blocks.extend(message.tool_calls.iter().map(|it| {
        let input = serde_json::from_str(&it.arguments).ok().filter(Value::is_object);
        json!({"type": "tool_use", "id": it.id, "name": it.name, "input": input.unwrap_or_else(|| json!({}))})
    }));
    if let Some(last) = blocks.last_mut().filter(|_| is_marked) {
        last["cache_control"] = json!({"type": "ephemeral"});
    }
    blocks
}

fn image(image: &Image) -> Value {
    let source = match image {
        Image::Url(url) => json!({"type": "url", "url": url}),
        Image::Data { media_type, base64 } => json!({"type": "base64", "media_type": media_type, "data": base64}),
    };
    json!({"type": "image", "source": source})
}

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Messages {
    answer: Answer,
    /// The counts so far, a later one in the place of an earlier one.
    usage: Map<String, Value>,
    /// Whether the calls of [`ANSWER_TOOL`] are the answer.
    answers_by_tool: bool,
    /// Whether the block that is open is such a call.
    is_in_answer: bool,
}

impl Reading for Messages {
    fn event(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        let value: Value =
            serde_json::from_str(&event.data).map_err(|_| Fault::malformed("an event of the answer is not JSON"))?;
        let text = |place: &str| value.pointer(place).and_then(Value::as_str);
        // The type is in the data too, which some gateways leave as all there is.
        match text("/type").unwrap_or(&event.name) {
            "message_start" => {
                self.answer.id = text("/message/id").map(str::to_owned);
                self.answer.model = text("/message/model").map(str::to_owned);
                self.count(value.pointer("/message/usage"));
            }
            "content_block_start" => {
                let kind = text("/content_block/type");
                self.is_in_answer = false;
                if kind == Some("tool_use") {
                    let (id, name) = (text("/content_block/id"), text("/content_block/name"));
                    self.begin_call(id, name);
                } else if kind == Some("text") {
                    // Empty with Anthropic; a gateway may put the whole text here.
                    reading::deliver(&mut self.answer, text("/content_block/text").unwrap_or_default(), on_delta)?;
                }
            }
            "content_block_delta" => match text("/delta/type") {
                Some("text_delta") => {
                    reading::deliver(&mut self.answer, text("/delta/text").unwrap_or_default(), on_delta)?;
                }
                Some("input_json_delta") => self.go_on_with_call(text("/delta/partial_json"), on_delta)?,
                // Thinking and signatures are no part of the answer.
                _ => {}
            },
            "message_delta" => {
                self.stop(text("/delta/stop_reason"));
                self.count(value.get("usage"));
            }
            "message_stop" => return Ok(Step::End),
            "error" => return Ok(Step::Error(event.data.clone())),
            _ if http::is_error(&value) => return Ok(Step::Error(event.data.clone())),
            _ if !value.is_object() => return Err(Fault::malformed("an event of the answer is not an object")),
            // `ping`, the ends of blocks, and events that are yet to be invented.
            _ => {}
        }
        Ok(Step::GoOn)
    }

    fn document(&mut self, document: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        let Some(content) = document.get("content").and_then(Value::as_array) else {
            return Err(Fault::malformed("the answer has no content"));
        };
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        self.answer.id = text("id").map(str::to_owned);
        self.answer.model = text("model").map(str::to_owned);
        for block in content {
            let text = |name: &str| block.get(name).and_then(Value::as_str);
            match text("type") {
                Some("text") => reading::deliver(&mut self.answer, text("text").unwrap_or_default(), on_delta)?,
                Some("tool_use") => {
                    self.begin_call(text("id"), text("name"));
                    let input = block.get("input").map(Value::to_string);
                    self.go_on_with_call(input.as_deref(), on_delta)?;
                }
                _ => {}
            }
        }
        if text("stop_reason").is_none() {
            return Err(Fault::truncated());
        }
        self.stop(text("stop_reason"));
        self.count(document.get("usage"));
        Ok(Step::End)
    }

    fn finish(mut self) -> Result<Answer, Fault> {
        if !self.usage.is_empty() {
            let usage = Value::Object(self.usage);
            self.answer.usage = usage_of(&usage);
            self.answer.usage_original = Some(usage);
        }
        if self.answers_by_tool
            && self.answer.finish_reason == FinishReason::ToolCalls
            && self.answer.tool_calls.is_empty()
        {
            self.answer.finish_reason = FinishReason::Stop;
        }
        reading::whole(self.answer)
    }
}

impl Messages {
    fn begin_call(&mut self, id: Option<&str>, name: Option<&str>) {
        let (id, name) = (id.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned());
        self.is_in_answer = self.answers_by_tool && name == ANSWER_TOOL;
        if !self.is_in_answer {
            self.answer.tool_calls.push(ToolCall { id, name, arguments: String::new() });
        }
    }

    fn go_on_with_call(&mut self, arguments: Option<&str>, on_delta: OnDelta<'_>) -> Result<(), Fault> {
        let arguments = arguments.unwrap_or_default();
        if self.is_in_answer {
            return reading::deliver(&mut self.answer, arguments, on_delta);
        }
        if let Some(call) = self.answer.tool_calls.last_mut() {
            call.arguments.push_str(arguments);
        }
        Ok(())
    }

    fn stop(&mut self, reason: Option<&str>) {
        let Some(reason) = reason else { return };
        self.answer.finish_reason = match reason {
            "end_turn" | "stop_sequence" => FinishReason::Stop,
            "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
            "tool_use" => FinishReason::ToolCalls,
            "refusal" => FinishReason::ContentFilter,
            _ => FinishReason::Other,
        };
        self.answer.finish_reason_original = Some(reason.to_owned());
    }

    fn count(&mut self, usage: Option<&Value>) {
        for (name, value) in usage.and_then(Value::as_object).into_iter().flatten() {
            if !value.is_null() {
                self.usage.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Anthropic's counts are disjoint already.
fn usage_of(usage: &Value) -> Usage {
    let count = |place: &str| usage.pointer(place).and_then(tokens);
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
    use super::super::ToolDefinition;
    use super::*;

    #[test]
    fn system_messages_have_their_own_place_and_the_conversation_stands_last() {
        let request = ModelRequest {
            model: "m".into(),
            messages: vec![Message::new(Role::System, "be brief"), Message::new(Role::User, "hi")],
            response_schema: Some(json!({"type": "string"})),
            ..ModelRequest::default()
        };
        assert_eq!(
            request_body(&request, false).to_string(),
            concat!(
                r#"{"model":"m","max_tokens":4096,"stream":true,"#,
                r#""output_config":{"format":{"type":"json_schema","schema":{"type":"string"}}},"#,
                r#""system":[{"type":"text","text":"be brief"}],"messages":[{"role":"user","content":"hi"}]}"#
            )
        );
    }

    #[test]
    fn a_version_is_read_out_of_every_form_of_a_name() {
        for (name, expected) in [
            ("claude-sonnet-4-5-20250929", (4, 5)),
            ("claude-opus-4-20250514", (4, 0)),
            ("claude-opus-4-1", (4, 1)),
            ("claude-opus-4.6", (4, 6)),
            ("claude-3-7-sonnet-latest", (3, 7)),
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-haiku-5", (5, 0)),
            ("my-model-2", (u32::MAX, 0)),
            ("claude", (u32::MAX, 0)),
        ] {
            assert_eq!(version(name), expected, "{name}");
        }
    }

    #[test]
    fn an_older_model_keeps_a_schema_by_a_tool_and_thinks_by_a_budget() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let mut request = ModelRequest {
            model: "claude-sonnet-4-20250514".into(),
            messages: vec![Message::new(Role::User, "hi")],
            response_schema: Some(schema.clone()),
            reasoning: Some(Reasoning::Medium),
            ..ModelRequest::default()
        };
        assert_eq!(
            request_body(&request, false),
            json!({
                "model": "claude-sonnet-4-20250514", "max_tokens": 4096, "stream": true,
                "tools": [{"name": "answer", "description": "Gives the answer.", "input_schema": schema}],
                "tool_choice": {"type": "tool", "name": "answer", "disable_parallel_tool_use": true},
                "messages": [{"role": "user", "content": "hi"}],
            })
        );
        request.response_schema = None;
        assert_eq!(thinking(&request), (8192, Some(json!({"type": "enabled", "budget_tokens": 4096}))));
        request.max_output_tokens = Some(3000);
        assert_eq!(thinking(&request), (3000, Some(json!({"type": "enabled", "budget_tokens": 1500}))));
        request.max_output_tokens = Some(1000);
        assert_eq!(thinking(&request), (1000, None));
        request.model = "claude-opus-4-6".into();
        assert_eq!(thinking(&request), (1000, Some(json!({"type": "adaptive"}))));
        assert_eq!(effort(&request), Some("medium"));
    }

    #[test]
    fn nobody_thinks_who_must_call_a_tool_or_has_lost_the_earlier_thoughts() {
        let tool = ToolDefinition { name: "t".into(), description: String::new(), parameters: json!({}) };
        let mut request = ModelRequest {
            model: "claude-opus-4-6".into(),
            tools: vec![tool],
            messages: vec![Message::new(Role::User, "hi")],
            ..ModelRequest::default()
        };
        assert!(may_think(&request));
        request.messages.push(Message::new(Role::Tool, "a cat"));
        assert!(may_think(&request));
        request.model = "claude-sonnet-4-5".into();
        assert!(!may_think(&request));
        request.messages.pop();
        assert!(may_think(&request));
        request.tool_choice = ToolChoice::Named("t".into());
        assert!(!may_think(&request));
        // Beside other tools, an answer by a tool could not be forced.
        request.response_schema = Some(json!({"type": "object", "additionalProperties": true}));
        assert_eq!(schema_by(&request), Some(SchemaBy::Words));
    }

    #[test]
    fn calls_and_what_they_gave_go_back_as_blocks() {
        let call = |id: &str| ToolCall { id: id.into(), name: "look".into(), arguments: r#"{"at":1}"#.into() };
        let gave = |id: &str| Message { tool_call_id: Some(id.into()), ..Message::new(Role::Tool, "a cat") };
        let image = Image::Data { media_type: "image/png".into(), base64: "AAAA".into() };
        let all = [
            Message { images: vec![image], ..Message::new(Role::User, "what is it?") },
            Message { tool_calls: vec![call("c1"), call("c2")], ..Message::new(Role::Assistant, "I look.") },
            gave("c1"),
            gave("c2"),
            Message::new(Role::User, "well?"),
        ];
        let tool_use = |id: &str| json!({"type": "tool_use", "id": id, "name": "look", "input": {"at": 1}});
        let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "a cat"});
        let (system, sent) = messages(&all, &[1]);
        assert_eq!(system, Vec::<Value>::new());
        let mut marked = tool_use("c2");
        marked["cache_control"] = json!({"type": "ephemeral"});
        assert_eq!(
            json!(sent),
            json!([
                {"role": "user", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "text", "text": "what is it?"},
                ]},
                {"role": "assistant", "content": [{"type": "text", "text": "I look."}, tool_use("c1"), marked]},
                {"role": "user", "content": [result("c1"), result("c2")]},
                {"role": "user", "content": "well?"},
            ])
        );
    }

    #[test]
    fn a_long_beginning_is_marked_for_the_cache() {
        let request = ModelRequest {
            model: "claude-sonnet-4-6".into(),
            messages: vec![
                Message::new(Role::System, "rule ".repeat(1000)),
                Message::new(Role::User, "hi"),
                Message::new(Role::Assistant, "hello"),
                Message::new(Role::User, "and now?"),
            ],
            tools: vec![ToolDefinition { name: "t".into(), description: String::new(), parameters: json!({}) }],
            ..ModelRequest::default()
        };
        let body = request_body(&request, false);
        let mark = json!({"type": "ephemeral"});
        assert_eq!(body.pointer("/system/0/cache_control"), Some(&mark));
        assert_eq!(body.pointer("/messages/1/content/0/cache_control"), Some(&mark));
        assert_eq!(body.to_string().matches("cache_control").count(), 2);
    }
}
