//! The messages of a call: a text, or parts as MCP, OpenAI and Anthropic write them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::reply::Failure;
use crate::models::Image;
use crate::models::Message;
use crate::models::Role;
use crate::models::ToolCall;

/// What a message says.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ContentArg {
    Text(String),
    Parts(Vec<Map<String, Value>>),
}

/// Written by hand: the parts have three dialects, and spelling them out costs every host a kilobyte.
impl JsonSchema for ContentArg {
    fn schema_name() -> Cow<'static, str> {
        "ContentArg".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]})
    }
}

/// Pictures whose formats every provider reads.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// The messages that the one at `at` comes to: what tools answered are messages of their own, before the rest.
///
/// # Errors
///
/// `invalid_argument` that names the part.
pub(super) fn read(at: usize, role: Role, content: ContentArg) -> Result<Vec<Message>, Failure> {
    let parts = match content {
        ContentArg::Text(text) => return Ok(vec![Message::new(role, text)]),
        ContentArg::Parts(parts) => parts,
    };
    let mut results = Vec::new();
    let mut message = Message::new(role, "");
    let mut texts = Vec::new();
    for (number, part) in parts.into_iter().enumerate() {
        let place = format!("messages[{at}].content[{number}]");
        let part = Value::Object(part);
        let kind = text(&part, "/type");
        match kind.unwrap_or_default() {
            "text" => texts.push(text(&part, "/text").ok_or_else(|| lacks(&place, "text"))?.to_owned()),
            "image" | "image_url" if role == Role::User => {
                message.images.push(image(&part).ok_or_else(|| wrong_image(&place))?);
            }
            "tool_use" if role == Role::Assistant => {
                let field = |name: &str| text(&part, &format!("/{name}")).ok_or_else(|| lacks(&place, name));
                let arguments = match part.get("input") {
                    None => "{}".to_owned(),
                    // What was no JSON when it came back is said as it was.
                    Some(Value::String(text)) => text.clone(),
                    Some(input) => input.to_string(),
                };
                let call = ToolCall { id: field("id")?.to_owned(), name: field("name")?.to_owned(), arguments };
                message.tool_calls.push(call);
            }
            "tool_result" if role == Role::User => {
                let id = text(&part, "/tool_use_id").or_else(|| text(&part, "/toolUseId"));
                let id = id.ok_or_else(|| lacks(&place, "tool_use_id"))?.to_owned();
                let result = Message::new(Role::Tool, result_text(part.get("content")));
                results.push(Message { tool_call_id: Some(id), ..result });
            }
            _ => return Err(wrong_kind(&place, role, kind)),
        }
    }
    message.content = texts.join("\n\n");
    let is_empty = message.content.is_empty() && message.images.is_empty() && message.tool_calls.is_empty();
    if !is_empty || results.is_empty() {
        results.push(message);
    }
    Ok(results)
}

fn text<'a>(part: &'a Value, place: &str) -> Option<&'a str> {
    part.pointer(place).and_then(Value::as_str)
}

/// A picture as MCP (`data`, `mimeType`), Anthropic (`source`) or OpenAI (`image_url`) gives it.
fn image(part: &Value) -> Option<Image> {
    if let Some(url) = text(part, "/image_url/url").or_else(|| text(part, "/image_url")) {
        return address(url);
    }
    if let Some(url) = text(part, "/source/url") {
        return address(url);
    }
    let base64 = text(part, "/data").or_else(|| text(part, "/source/data"))?;
    data(text(part, "/mimeType").or_else(|| text(part, "/source/media_type"))?, base64)
}

fn address(url: &str) -> Option<Image> {
    match url.strip_prefix("data:") {
        Some(rest) => {
            let (media_type, base64) = rest.split_once(";base64,")?;
            data(media_type, base64)
        }
        None => url.starts_with("https://").then(|| Image::Url(url.to_owned())),
    }
}

fn data(media_type: &str, base64: &str) -> Option<Image> {
    let is_base64 = !base64.is_empty() && base64.bytes().all(|it| it.is_ascii_alphanumeric() || b"+/=".contains(&it));
    let image = Image::Data { media_type: media_type.to_owned(), base64: base64.to_owned() };
    (is_base64 && IMAGE_TYPES.contains(&media_type)).then_some(image)
}

/// What a tool answered, as text.
fn result_text(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().map(|it| text(it, "/text").map_or_else(|| it.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join("\n\n")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn lacks(place: &str, field: &str) -> Failure {
    Failure::new("invalid_argument", format!("{place} has no `{field}`"), "give it as a string")
}

fn wrong_image(place: &str) -> Failure {
    Failure::new(
        "invalid_argument",
        format!(
            "{place} is not a picture: it must be base64 data of type {}, or an https address",
            IMAGE_TYPES.join(", ")
        ),
        "for example {\"type\": \"image\", \"data\": \"iVBORw0…\", \"mimeType\": \"image/png\"}",
    )
}

fn wrong_kind(place: &str, role: Role, kind: Option<&str>) -> Failure {
    let allowed = match role {
        Role::User => "text, image, image_url or tool_result",
        Role::Assistant => "text or tool_use",
        Role::System | Role::Tool => "text",
    };
    let shown = kind.map_or_else(|| "no `type`".to_owned(), |it| format!("the type {}", json!(it)));
    Failure::new(
        "invalid_argument",
        format!("{place} has {shown}; a part from role `{}` must be {allowed}", role.name()),
        "for example {\"type\": \"text\", \"text\": \"What is in this picture?\"}",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(role: Role, content: Value) -> Result<Vec<Message>, String> {
        read(2, role, serde_json::from_value(content).unwrap()).map_err(|it| it.message)
    }

    #[test]
    fn three_dialects_of_a_picture_are_one_picture() {
        let expected = Message {
            images: vec![Image::Data { media_type: "image/png".into(), base64: "AAAA".into() }],
            ..Message::new(Role::User, "what is it?")
        };
        let text = json!({"type": "text", "text": "what is it?"});
        for picture in [
            json!({"type": "image", "data": "AAAA", "mimeType": "image/png"}),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}),
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
        ] {
            assert_eq!(read_all(Role::User, json!([picture, text])), Ok(vec![expected.clone()]));
        }
        let url = json!([{"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]);
        assert_eq!(read_all(Role::User, url).unwrap()[0].images, [Image::Url("https://a.example/x.png".into())]);
        assert_eq!(read_all(Role::User, json!("hi")), Ok(vec![Message::new(Role::User, "hi")]));
    }

    #[test]
    fn calls_and_results_are_turns() {
        let call = json!([{"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}}]);
        let read = read_all(Role::Assistant, call).unwrap();
        let expected = ToolCall { id: "c1".into(), name: "look".into(), arguments: "{\"at\":1}".into() };
        assert_eq!(read[0].tool_calls, [expected]);
        let result = json!([
            {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "a cat"}]},
            {"type": "text", "text": "well?"},
        ]);
        let gave = Message { tool_call_id: Some("c1".into()), ..Message::new(Role::Tool, "a cat") };
        assert_eq!(read_all(Role::User, result), Ok(vec![gave, Message::new(Role::User, "well?")]));
    }

    #[test]
    fn a_part_that_means_nothing_is_named() {
        for (role, content, expected) in [
            (Role::User, json!([{"type": "video"}]), "messages[2].content[0] has the type \"video\"; a part from"),
            (Role::System, json!([{"type": "text", "text": "a"}, {}]), "messages[2].content[1] has no `type`"),
            (Role::System, json!([{"type": "image", "data": "AAAA", "mimeType": "image/png"}]), "must be text"),
            (Role::User, json!([{"type": "text"}]), "has no `text`"),
            (
                Role::User,
                json!([{"type": "image", "data": "not base64!", "mimeType": "image/png"}]),
                "is not a picture",
            ),
            (Role::User, json!([{"type": "image", "data": "AAAA", "mimeType": "text/html"}]), "is not a picture"),
            (
                Role::User,
                json!([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
                "is not a picture",
            ),
            (Role::User, json!([{"type": "image_url", "image_url": "http://10.0.0.1/x.png"}]), "is not a picture"),
            (Role::Assistant, json!([{"type": "tool_use", "name": "look"}]), "has no `id`"),
        ] {
            let message = read_all(role, content.clone()).unwrap_err();
            assert!(message.contains(expected), "{content}: {message}");
        }
    }
}
