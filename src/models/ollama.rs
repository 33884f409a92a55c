//! Ollama's own `/api/chat`, one JSON object a line.
//!
//! An answer is whole only after the line with `done: true`. Errors come as a line `{"error": "text"}` after a 200, or as
//! the whole body. Ollama cuts a prompt that is larger than `num_ctx`, or than what the model was made for, without a
//! word: so we always say what we need, and compare what it says it read with what we sent.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::ErrorKind;
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
use super::error;
use super::error::Fault;
use super::http;
use super::http::Auth;
use super::http::Content;
use super::http::Endpoint;
use super::http::Http;
use super::http::Pieces;
use super::ndjson::Lines;
use super::reading;
use super::reading::Step;
use super::reading::tokens;
use crate::config::ProviderConfig;
use crate::http::Response;
use crate::tokens;

/// What is kept free for an answer when the request does not say.
const OUTPUT_TOKENS: u32 = 2048;
/// Ollama's own default window; a smaller one would only make it load the model anew.
const SMALLEST_WINDOW: u32 = 4096;
/// What the model's chat template adds to each message; the longest in use add about ten.
const MESSAGE_TOKENS: u32 = 16;
/// What a picture takes; local models use 256 (Gemma 3) to about 1,600.
const IMAGE_TOKENS: u32 = 1600;
/// A prompt of fewer tokens fits into every window, and our count of it may be off by much.
const LEAST_CHECKED: u32 = 2048;

/// A provider that speaks Ollama's own format.
#[derive(Debug)]
pub(super) struct Ollama {
    endpoint: Endpoint,
    is_plain: bool,
}

impl Ollama {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Ollama {
        let endpoint = Endpoint::new(name, config, Auth::Bearer, &[], http);
        Ollama { endpoint, is_plain: config.options.is_plain }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let prompt = prompt_tokens(request);
        let body = request_body(request, prompt, self.is_plain || request.is_plain)?;
        let response = self.endpoint.post("api/chat", body).await?;
        match http::content(&response) {
            Content::JsonLines | Content::Json | Content::Unsaid => {}
            _ => return Err(http::unexpected(response).await),
        }
        let answer = Box::pin(read(response, on_delta)).await?;
        check_whole_prompt(request, prompt, &answer)?;
        Ok(answer)
    }
}

impl Provider for Ollama {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.endpoint.told(self.ask(request, on_delta).await) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move { self.endpoint.names("api/tags", "models", "name").await }.boxed()
    }
}

fn request_body(request: &ModelRequest, prompt_tokens: u32, is_plain: bool) -> Result<Value, Fault> {
    let mut options = Map::new();
    options.insert("num_ctx".into(), json!(window(request, prompt_tokens)));
    if let Some(limit) = request.max_output_tokens {
        options.insert("num_predict".into(), json!(limit));
    }
    if let Some(temperature) = request.temperature {
        options.insert("temperature".into(), json!(temperature));
    }
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(!is_plain));
    if let Some(reasoning) = request.reasoning {
        // Only gpt-oss knows degrees; every other model refuses a word.
        let has_degrees = request.model.contains("gpt-oss") && reasoning != Reasoning::None;
        let think = if has_degrees { json!(reasoning.name()) } else { json!(reasoning != Reasoning::None) };
        body.insert("think".into(), think);
    }
    if let Some(schema) = &request.response_schema {
        body.insert("format".into(), schema.clone());
    }
    body.insert("options".into(), Value::Object(options));
    // There is no way to demand a call here, and one not to have any.
    if !request.tools.is_empty() && request.tool_choice != ToolChoice::None {
        let tools = request.tools.iter().map(|it| {
            let function = json!({"name": it.name, "description": it.description, "parameters": it.parameters});
            json!({"type": "function", "function": function})
        });
        body.insert("tools".into(), tools.collect());
    }
    let messages: Result<Vec<Value>, Fault> =
        request.messages.iter().map(|it| wire_message(it, &request.messages)).collect();
    body.insert("messages".into(), json!(messages?));
    Ok(Value::Object(body))
}

fn wire_message(message: &Message, all: &[Message]) -> Result<Value, Fault> {
    let mut out = Map::new();
    out.insert("role".into(), json!(message.role.name()));
    out.insert("content".into(), json!(message.content));
    if !message.images.is_empty() {
        let images: Result<Vec<&str>, Fault> = message.images.iter().map(data).collect();
        out.insert("images".into(), json!(images?));
    }
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|it| {
            let arguments = serde_json::from_str(&it.arguments).ok().filter(Value::is_object);
            json!({"function": {"name": it.name, "arguments": arguments.unwrap_or_else(|| json!({}))}})
        });
        out.insert("tool_calls".into(), calls.collect());
    }
    if let Some(id) = message.tool_call_id.as_ref().filter(|_| message.role == Role::Tool) {
        // Results are told apart by the tool's name here.
        let call = all.iter().flat_map(|it| &it.tool_calls).find(|it| it.id == *id);
        out.insert("tool_name".into(), json!(call.map_or(id.as_str(), |it| &it.name)));
    }
    Ok(Value::Object(out))
}

fn data(image: &Image) -> Result<&str, Fault> {
    match image {
        Image::Data { base64, .. } => Ok(base64),
        Image::Url(_) => Err(Fault::new(ErrorKind::InvalidRequest, "Ollama does not fetch pictures from an address")
            .with_next_step("give the picture as base64 data, or name another provider")),
    }
}

/// About how many tokens the model has to read.
fn prompt_tokens(request: &ModelRequest) -> u32 {
    let of_message = |it: &Message| {
        let images = u32::try_from(it.images.len()).unwrap_or(u32::MAX).saturating_mul(IMAGE_TOKENS);
        let calls = it.tool_calls.iter().map(|it| tokens::count(&it.arguments)).fold(0, u32::saturating_add);
        tokens::count(&it.content).saturating_add(MESSAGE_TOKENS).saturating_add(images).saturating_add(calls)
    };
    let tools = request.tools.iter().map(|it| tokens::count(&format!("{} {}", it.description, it.parameters)));
    request.messages.iter().map(of_message).chain(tools).fold(0, u32::saturating_add)
}

/// The window that holds the prompt and the answer, as a power of two: every change of it loads the model anew.
fn window(request: &ModelRequest, prompt_tokens: u32) -> u32 {
    // A tenth more, because the model's tokens are not those that we count.
    let prompt = prompt_tokens.saturating_add(prompt_tokens / 10);
    let needed = prompt.saturating_add(request.max_output_tokens.unwrap_or(OUTPUT_TOKENS));
    needed.max(SMALLEST_WINDOW).checked_next_power_of_two().unwrap_or(needed)
}

/// Tells a prompt that Ollama has cut: it read three fifths of what was sent, or less. We count with one of the largest
/// vocabularies there is, so other models need more tokens for a text, not fewer.
fn check_whole_prompt(request: &ModelRequest, prompt_tokens: u32, answer: &Answer) -> Result<(), Fault> {
    let Some(read) = answer.usage.input_tokens else { return Ok(()) };
    let has_images = request.messages.iter().any(|it| !it.images.is_empty());
    if prompt_tokens < LEAST_CHECKED || has_images || read.saturating_mul(5) > u64::from(prompt_tokens) * 3 {
        return Ok(());
    }
    let message =
        format!("Ollama cut the prompt without a word: the model read {read} of about {prompt_tokens} tokens");
    Err(Fault::new(ErrorKind::ContextTooLong, message))
}

pub(super) async fn read(response: Response, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
    let status = response.status;
    let headers = response.headers.clone();
    let mut pieces = Pieces::new(response);
    let mut lines = Lines::default();
    let mut ready = Vec::new();
    let mut reading = Chat::default();
    while let Some(piece) = pieces.next().await? {
        lines.push(&piece, &mut ready)?;
        for line in ready.drain(..) {
            let value =
                serde_json::from_str(&line).map_err(|_| Fault::malformed("a line of the answer is not JSON"))?;
            match reading.line(&value, on_delta)? {
                Step::GoOn => {}
                Step::Error(said) => return Err(error::classify(status, &headers, &said)),
                Step::End => {
                    pieces.end();
                    return reading::whole(reading.answer);
                }
            }
        }
    }
    // A last line without a line feed counts when it is whole JSON; half a line is a cut.
    let Some(line) = lines.finish() else { return Err(Fault::truncated()) };
    let value = serde_json::from_str(&line).map_err(|err: serde_json::Error| match err.is_eof() {
        true => Fault::truncated(),
        false => Fault::malformed("a line of the answer is not JSON"),
    })?;
    match reading.line(&value, on_delta)? {
        Step::GoOn => Err(Fault::truncated()),
        Step::Error(said) => Err(error::classify(status, &headers, &said)),
        Step::End => reading::whole(reading.answer),
    }
}

/// An answer while it is read.
#[derive(Debug, Default)]
struct Chat {
    answer: Answer,
}

impl Chat {
    fn line(&mut self, line: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if http::is_error(line) {
            return Ok(Step::Error(line.to_string()));
        }
        if !line.is_object() {
            return Err(Fault::malformed("a line of the answer is not an object"));
        }
        if let Some(model) = line.get("model").and_then(Value::as_str) {
            self.answer.model = Some(model.to_owned());
        }
        // `message.thinking` is no part of the answer.
        let text = line.pointer("/message/content").and_then(Value::as_str).unwrap_or_default();
        reading::deliver(&mut self.answer, text, on_delta)?;
        for call in line.pointer("/message/tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let text = |place: &str| call.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
            let arguments = match call.pointer("/function/arguments") {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => String::new(),
            };
            self.answer.tool_calls.push(ToolCall { id: text("/id"), name: text("/function/name"), arguments });
        }
        if line.get("done") != Some(&Value::Bool(true)) {
            return Ok(Step::GoOn);
        }
        // Old versions give no reason.
        let reason = line.get("done_reason").and_then(Value::as_str).unwrap_or("stop");
        self.answer.finish_reason = match reason {
            "stop" => FinishReason::Stop,
            "length" => FinishReason::Length,
            _ => FinishReason::Other,
        };
        self.answer.finish_reason_original = Some(reason.to_owned());
        // Zero and missing both mean that Ollama did not count: no prompt and no answer has no tokens.
        let count = |name: &str| line.get(name).and_then(tokens).filter(|it| *it > 0);
        self.answer.usage =
            Usage { input_tokens: count("prompt_eval_count"), output_tokens: count("eval_count"), ..Usage::default() };
        let counts = ["prompt_eval_count", "eval_count"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), line.get(*name)?.clone())))
            .collect::<Map<_, _>>();
        self.answer.usage_original = Some(Value::Object(counts)).filter(|it| it != &json!({}));
        Ok(Step::End)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: impl Into<String>, limit: Option<u32>) -> ModelRequest {
        ModelRequest {
            model: "m".into(),
            messages: vec![Message::new(Role::User, text)],
            max_output_tokens: limit,
            ..ModelRequest::default()
        }
    }

    #[test]
    fn the_window_holds_what_is_asked_and_answered() {
        let window = |request: ModelRequest| super::window(&request, prompt_tokens(&request));
        assert_eq!(window(request("hi", None)), 4096);
        assert_eq!(window(request("hi", Some(5000))), 8192);
        let long = "several plain words in a row, ".repeat(3000);
        let tokens = crate::tokens::count(&long);
        let window = window(request(long, Some(1000)));
        assert!(window.is_power_of_two() && window >= tokens + 1000, "{window}");
    }

    #[test]
    fn a_request_says_its_window_and_its_limits() {
        let request = ModelRequest {
            temperature: Some(0.0),
            response_schema: Some(json!({"type": "object"})),
            ..request("hi", Some(9))
        };
        assert_eq!(
            request_body(&request, 17, false).unwrap().to_string(),
            concat!(
                r#"{"model":"m","stream":true,"format":{"type":"object"},"#,
                r#""options":{"num_ctx":4096,"num_predict":9,"temperature":0.0},"#,
                r#""messages":[{"role":"user","content":"hi"}]}"#
            )
        );
    }

    #[test]
    fn pictures_calls_and_degrees_of_thought_have_their_places() {
        let call = ToolCall { id: "call_1".into(), name: "look".into(), arguments: "{\"at\":1}".into() };
        let image = |it| vec![it];
        let mut request = ModelRequest {
            model: "gpt-oss:20b".into(),
            messages: vec![
                Message {
                    images: image(Image::Data { media_type: "image/png".into(), base64: "AAAA".into() }),
                    ..Message::new(Role::User, "what is it?")
                },
                Message { tool_calls: vec![call], ..Message::new(Role::Assistant, "") },
                Message { tool_call_id: Some("call_1".into()), ..Message::new(Role::Tool, "a cat") },
            ],
            reasoning: Some(Reasoning::High),
            ..ModelRequest::default()
        };
        let body = request_body(&request, 17, true).unwrap();
        assert_eq!((&body["think"], &body["stream"]), (&json!("high"), &json!(false)));
        assert_eq!(
            body["messages"],
            json!([
                {"role": "user", "content": "what is it?", "images": ["AAAA"]},
                {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look", "arguments": {"at": 1}}}]},
                {"role": "tool", "content": "a cat", "tool_name": "look"},
            ])
        );
        request.model = "qwen3".into();
        assert_eq!(request_body(&request, 17, true).unwrap()["think"], json!(true));
        request.messages[0].images = image(Image::Url("https://a.example/x.png".into()));
        let fault = request_body(&request, 17, true).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::InvalidRequest);
    }

    #[test]
    fn a_prompt_that_was_cut_is_no_prompt_that_was_read() {
        let request = request("several plain words in a row, ".repeat(1000), None);
        let sent = prompt_tokens(&request);
        let check = |read: Option<u64>, expected: Option<ErrorKind>| {
            let usage = Usage { input_tokens: read, ..Usage::default() };
            let outcome = check_whole_prompt(&request, sent, &Answer { usage, ..Answer::default() });
            assert_eq!(outcome.err().map(|it| it.kind), expected, "{read:?} of {sent}");
        };
        check(None, None);
        check(Some(u64::from(sent)), None);
        check(Some(u64::from(sent) * 7 / 10), None);
        check(Some(u64::from(sent) / 2), Some(ErrorKind::ContextTooLong));
        check(Some(26), Some(ErrorKind::ContextTooLong));
    }
}
