//! Ollama's own `/api/chat`, one JSON object a line.
//!
//! An answer is whole only after the line with `done: true`. Errors come as a line `{"error": "text"}` after a 200, or as
//! the whole body. Ollama cuts a prompt that is larger than `num_ctx` without a word, so we always say what we need.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::Response;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
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
use super::ndjson::Lines;
use super::openai::names;
use crate::config::ProviderConfig;

/// What is kept free for an answer when the request does not say.
const OUTPUT_TOKENS: u32 = 2048;
/// Ollama's own default window; a smaller one would only make it load the model anew.
const SMALLEST_WINDOW: u32 = 4096;
/// What the model's chat template adds to each message; the longest in use add about ten.
const MESSAGE_TOKENS: u32 = 16;

/// A provider that speaks Ollama's own format.
#[derive(Debug)]
pub(super) struct Ollama {
    endpoint: Endpoint,
}

impl Ollama {
    pub(super) fn new(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Ollama {
        Ollama { endpoint: Endpoint::new(name, config, Auth::Bearer, &[], http) }
    }

    async fn ask(&self, request: &ModelRequest, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
        let response = self.endpoint.post("api/chat", &request_body(request)).await?;
        match http::content(&response) {
            Content::JsonLines | Content::Json | Content::Unsaid => read_stream(response, on_delta).await,
            _ => Err(http::not_a_stream(response).await),
        }
    }
}

impl Provider for Ollama {
    fn answer<'a>(
        &'a self,
        request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        async move { self.ask(request, on_delta).await.map_err(|fault| self.endpoint.error(fault)) }.boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async move {
            let list = self.endpoint.get("api/tags").await?;
            names(&list, "models", "name")
                .ok_or_else(|| self.endpoint.error(Fault::malformed("the list of models has no models")))
        }
        .boxed()
    }
}

fn request_body(request: &ModelRequest) -> Value {
    let mut options = Map::new();
    options.insert("num_ctx".into(), json!(window(request)));
    if let Some(limit) = request.max_output_tokens {
        options.insert("num_predict".into(), json!(limit));
    }
    if let Some(temperature) = request.temperature {
        options.insert("temperature".into(), json!(temperature));
    }
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(true));
    if let Some(schema) = &request.response_schema {
        body.insert("format".into(), schema.clone());
    }
    body.insert("options".into(), Value::Object(options));
    body.insert("messages".into(), json!(request.messages));
    Value::Object(body)
}

/// The window that holds the messages and the answer, as a power of two: every change of it loads the model anew.
fn window(request: &ModelRequest) -> u32 {
    let prompt = request
        .messages
        .iter()
        .map(|it| crate::tokens::count(&it.content).saturating_add(MESSAGE_TOKENS))
        .fold(0_u32, u32::saturating_add);
    // A tenth more, because the model's tokens are not those that we count.
    let prompt = prompt.saturating_add(prompt / 10);
    let needed = prompt.saturating_add(request.max_output_tokens.unwrap_or(OUTPUT_TOKENS));
    needed.max(SMALLEST_WINDOW).checked_next_power_of_two().unwrap_or(needed)
}

async fn read_stream(response: Response, on_delta: OnDelta<'_>) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut pieces = Pieces::new(response);
    let mut lines = Lines::default();
    let mut ready = Vec::new();
    let mut reading = Reading::default();
    while let Some(piece) = pieces.next().await? {
        lines.push(&piece, &mut ready)?;
        for line in ready.drain(..) {
            let value =
                serde_json::from_str(&line).map_err(|_| Fault::malformed("a line of the answer is not JSON"))?;
            match reading.take(&value, on_delta)? {
                Step::GoOn => {}
                Step::Error => return Err(error::classify(status, &headers, &line)),
                Step::End => {
                    pieces.end();
                    return reading.finish();
                }
            }
        }
    }
    // A last line without a line feed counts when it is whole JSON; half a line is a cut.
    let Some(line) = lines.finish() else { return Err(Fault::truncated()) };
    let value = serde_json::from_str(&line).map_err(|_| Fault::truncated())?;
    match reading.take(&value, on_delta)? {
        Step::GoOn => Err(Fault::truncated()),
        Step::Error => Err(error::classify(status, &headers, &line)),
        Step::End => reading.finish(),
    }
}

/// What a line was.
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
}

impl Reading {
    fn take(&mut self, line: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if http::is_error(line) {
            return Ok(Step::Error);
        }
        if !line.is_object() {
            return Err(Fault::malformed("a line of the answer is not an object"));
        }
        if let Some(model) = line.get("model").and_then(Value::as_str) {
            self.answer.model = Some(model.to_owned());
        }
        // `message.thinking` is no part of the answer.
        let text = line.pointer("/message/content").and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            self.answer.text.push_str(text);
            on_delta(text);
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
        let count = |name: &str| line.get(name).and_then(Value::as_u64).filter(|it| *it > 0);
        self.answer.usage =
            Usage { input_tokens: count("prompt_eval_count"), output_tokens: count("eval_count"), ..Usage::default() };
        let counts = ["prompt_eval_count", "eval_count"]
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), line.get(*name)?.clone())))
            .collect::<Map<_, _>>();
        self.answer.usage_original = Some(Value::Object(counts)).filter(|it| it != &json!({}));
        Ok(Step::End)
    }

    fn finish(self) -> Result<Answer, Fault> {
        if self.answer.text.trim().is_empty() {
            return Err(Fault::empty(self.answer.finish_reason_original.as_deref()));
        }
        Ok(self.answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::Role;
    use super::*;

    #[test]
    fn the_window_holds_what_is_asked_and_answered() {
        let request = |text: String, limit| ModelRequest {
            model: "m".into(),
            messages: vec![Message { role: Role::User, content: text }],
            max_output_tokens: limit,
            ..ModelRequest::default()
        };
        assert_eq!(window(&request("hi".into(), None)), 4096);
        assert_eq!(window(&request("hi".into(), Some(5000))), 8192);
        let long = "several plain words in a row, ".repeat(3000);
        let tokens = crate::tokens::count(&long);
        let window = window(&request(long, Some(1000)));
        assert!(window.is_power_of_two() && window >= tokens + 1000, "{window}");
    }

    #[test]
    fn a_request_says_its_window_and_its_limits() {
        let request = ModelRequest {
            model: "m".into(),
            messages: vec![Message { role: Role::User, content: "hi".into() }],
            max_output_tokens: Some(9),
            temperature: Some(0.0),
            response_schema: Some(json!({"type": "object"})),
        };
        assert_eq!(
            request_body(&request).to_string(),
            concat!(
                r#"{"model":"m","stream":true,"format":{"type":"object"},"#,
                r#""options":{"num_ctx":4096,"num_predict":9,"temperature":0.0},"#,
                r#""messages":[{"role":"user","content":"hi"}]}"#
            )
        );
    }
}
