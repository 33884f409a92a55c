//! OpenAI's Responses, which Azure and LM Studio speak as well.
//!
//! A stream is whole only after `response.completed` or `response.incomplete`; there is no `[DONE]`. Errors come inside a
//! 200 as the event `error` or as `response.failed`. Nothing is stored at the provider (`store: false`).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::ErrorKind;
use super::FinishReason;
use super::Message;
use super::ModelRequest;
use super::OnDelta;
use super::Role;
use super::ToolCall;
use super::ToolChoice;
use super::error::Fault;
use super::openai::Dialect;
use super::openai::is_strict;
use super::openai::usage_of;
use super::reading;
use super::reading::Reading;
use super::reading::Step;
use super::sse::Event;

/// The body of a request. System messages become the instructions; the conversation stands last and in its order.
pub(super) fn request_body(request: &ModelRequest, dialect: Dialect, is_plain: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(!is_plain));
    body.insert("store".into(), json!(false));
    if let Some(limit) = request.max_output_tokens {
        body.insert("max_output_tokens".into(), json!(limit));
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(reasoning) = request.reasoning {
        body.insert("reasoning".into(), json!({"effort": reasoning.name()}));
    }
    if let Some(schema) = &request.response_schema {
        let format = json!({"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)});
        body.insert("text".into(), json!({ "format": format }));
    }
    if let Some(key) = request.cache_key.as_ref().filter(|_| dialect == Dialect::Vendor) {
        body.insert("prompt_cache_key".into(), json!(key));
    }
    if !request.tools.is_empty() {
        // Strict is the default here, and would refuse most schemas.
        let tools = request.tools.iter().map(|it| {
            let (name, description) = (&it.name, &it.description);
            let parameters = &it.parameters;
            json!({"type": "function", "name": name, "description": description, "parameters": parameters, "strict": false})
        });
        body.insert("tools".into(), tools.collect());
        let choice = match &request.tool_choice {
            ToolChoice::Auto => json!("auto"),
            ToolChoice::None => json!("none"),
            ToolChoice::Required => json!("required"),
            ToolChoice::Named(name) => json!({"type": "function", "name": name}),
        };
        body.insert("tool_choice".into(), choice);
    }
    let system = request.messages.iter().filter(|it| it.role == Role::System);
    let instructions: Vec<&str> = system.map(|it| it.content.as_str()).collect();
    if !instructions.is_empty() {
        body.insert("instructions".into(), json!(instructions.join("\n\n")));
    }
    let rest = request.messages.iter().filter(|it| it.role != Role::System);
    body.insert("input".into(), rest.flat_map(items).collect());
    Value::Object(body)
}

/// The items that a message becomes: calls stand beside the text, not in it.
fn items(message: &Message) -> Vec<Value> {
    if message.role == Role::Tool {
        let id = message.tool_call_id.as_deref().unwrap_or_default();
        return vec![json!({"type": "function_call_output", "call_id": id, "output": message.content})];
    }
    let content = if message.images.is_empty() {
        json!(message.content)
    } else {
        let images = message.images.iter().map(|it| json!({"type": "input_image", "image_url": it.address()}));
        let text = Some(json!({"type": "input_text", "text": message.content}));
        images.chain(text.filter(|_| !message.content.is_empty())).collect()
    };
    let calls = message
        .tool_calls
        .iter()
        .map(|it| json!({"type": "function_call", "call_id": it.id, "name": it.name, "arguments": it.arguments}));
    let has_content = !message.content.is_empty() || !message.images.is_empty() || message.tool_calls.is_empty();
    let said = Some(json!({"role": message.role.name(), "content": content})).filter(|_| has_content);
    said.into_iter().chain(calls).collect()
}

/// An answer while it is read.
#[derive(Debug, Default)]
pub(super) struct Responses {
    answer: Answer,
    refusal: String,
}

impl Reading for Responses {
    fn event(&mut self, event: &Event, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        let value: Value =
            serde_json::from_str(&event.data).map_err(|_| Fault::malformed("an event of the answer is not JSON"))?;
        let name = value.get("type").and_then(Value::as_str).unwrap_or(&event.name);
        match name {
            "response.output_text.delta" => {
                let text = value.get("delta").and_then(Value::as_str).unwrap_or_default();
                reading::deliver(&mut self.answer, text, on_delta)?;
            }
            "response.refusal.delta" => {
                self.refusal.push_str(value.get("delta").and_then(Value::as_str).unwrap_or_default());
            }
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                let Some(response) = value.get("response").filter(|it| it.is_object()) else {
                    return Err(Fault::malformed("the last event of the answer has no response"));
                };
                return match self.take(response, on_delta)? {
                    Step::GoOn => Ok(Step::End),
                    other => Ok(other),
                };
            }
            "error" => return Ok(Step::Error(event.data.clone())),
            _ if super::http::is_error(&value) => return Ok(Step::Error(event.data.clone())),
            _ if !value.is_object() => return Err(Fault::malformed("an event of the answer is not an object")),
            // Reasoning, the borders of items and parts, pieces of what the last event holds whole.
            _ => {}
        }
        Ok(Step::GoOn)
    }

    fn document(&mut self, document: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if document.get("output").is_none() && document.get("status").is_none() {
            return Err(Fault::malformed("the answer has no output and no status"));
        }
        self.take(document, on_delta)
    }

    fn finish(self) -> Result<Answer, Fault> {
        if !self.refusal.is_empty() {
            return Err(Fault::new(ErrorKind::ContentFilter, self.refusal).of(&self.answer));
        }
        reading::whole(self.answer)
    }
}

impl Responses {
    /// Takes the response as it is at its end. A text that was streamed is not taken again.
    fn take(&mut self, response: &Value, on_delta: OnDelta<'_>) -> Result<Step, Fault> {
        if super::http::is_error(response) {
            return Ok(Step::Error(response.to_string()));
        }
        let text = |place: &str| response.pointer(place).and_then(Value::as_str).map(str::to_owned);
        let status = text("/status").unwrap_or_default();
        let reason = text("/incomplete_details/reason");
        self.answer.finish_reason = match (status.as_str(), reason.as_deref()) {
            ("completed" | "", _) => FinishReason::Stop,
            ("incomplete", Some("max_output_tokens" | "max_tokens")) => FinishReason::Length,
            ("incomplete", Some("content_filter")) => FinishReason::ContentFilter,
            ("incomplete", _) => FinishReason::Other,
            // Failed without an error, cancelled, or in progress although it is the last event.
            _ => {
                return Ok(Step::Error(json!({"error": {"message": format!("the response is {status}")}}).to_string()));
            }
        };
        self.answer.finish_reason_original = reason.or(Some(status)).filter(|it| !it.is_empty());
        self.answer.id = text("/id");
        self.answer.model = text("/model");
        if let Some(usage) = response.get("usage").filter(|it| it.is_object()) {
            self.answer.usage = usage_of(usage, "input_tokens", "output_tokens");
            self.answer.usage_original = Some(usage.clone());
        }
        let was_streamed = !self.answer.text.is_empty();
        let was_refused = !self.refusal.is_empty();
        for item in response.get("output").and_then(Value::as_array).into_iter().flatten() {
            let field = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            match field("type") {
                "message" => {
                    for part in item.get("content").and_then(Value::as_array).into_iter().flatten() {
                        let said = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
                        if !was_streamed {
                            reading::deliver(&mut self.answer, said("text"), on_delta)?;
                        }
                        if !was_refused {
                            self.refusal.push_str(said("refusal"));
                        }
                    }
                }
                "function_call" => self.answer.tool_calls.push(ToolCall {
                    id: field("call_id").to_owned(),
                    name: field("name").to_owned(),
                    arguments: field("arguments").to_owned(),
                }),
                _ => {}
            }
        }
        Ok(Step::GoOn)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Image;
    use super::super::Reasoning;
    use super::super::ToolDefinition;
    use super::*;

    #[test]
    fn a_request_has_its_own_places_for_everything() {
        let call = ToolCall { id: "c1".into(), name: "look".into(), arguments: r#"{"at":"it"}"#.into() };
        let image = Image::Url("https://a.example/x.png".into());
        let request = ModelRequest {
            model: "m".into(),
            messages: vec![
                Message::new(Role::System, "be brief"),
                Message { images: vec![image], ..Message::new(Role::User, "what is it?") },
                Message { tool_calls: vec![call], ..Message::new(Role::Assistant, "") },
                Message { tool_call_id: Some("c1".into()), ..Message::new(Role::Tool, "a cat") },
            ],
            max_output_tokens: Some(9),
            reasoning: Some(Reasoning::Low),
            response_schema: Some(json!({"type": "string"})),
            tools: vec![ToolDefinition {
                name: "look".into(),
                description: "Looks.".into(),
                parameters: json!({"type": "object"}),
            }],
            tool_choice: ToolChoice::Named("look".into()),
            ..ModelRequest::default()
        };
        assert_eq!(
            request_body(&request, Dialect::Compatible, false),
            json!({
                "model": "m", "stream": true, "store": false, "max_output_tokens": 9, "reasoning": {"effort": "low"},
                "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "string"}, "strict": true}},
                "tools": [{"type": "function", "name": "look", "description": "Looks.",
                    "parameters": {"type": "object"}, "strict": false}],
                "tool_choice": {"type": "function", "name": "look"},
                "instructions": "be brief",
                "input": [
                    {"role": "user", "content": [
                        {"type": "input_image", "image_url": "https://a.example/x.png"},
                        {"type": "input_text", "text": "what is it?"},
                    ]},
                    {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":\"it\"}"},
                    {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
                ],
            })
        );
    }
}
