//! The tools that a call offers to a model, as OpenAI, Anthropic and MCP write them, and the calls that come back.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::reply::Failure;
use crate::models::ToolCall;
use crate::models::ToolChoice;
use crate::models::ToolDefinition;

/// Characters of a name that every provider takes.
/// Source: OpenAI's reference of Chat Completions, 2026-11; Anthropic takes 128.
const NAME_CHARS: usize = 64;

/// Reads what is offered.
///
/// # Errors
///
/// `invalid_argument` that names the tool.
pub(super) fn tools(offered: Vec<Map<String, Value>>) -> Result<Vec<ToolDefinition>, Failure> {
    let mut read: Vec<ToolDefinition> = Vec::with_capacity(offered.len());
    for (at, tool) in offered.into_iter().enumerate() {
        let place = format!("tools[{at}]");
        let tool = definition(&place, &Value::Object(tool))?;
        if read.iter().any(|it| it.name == tool.name) {
            return Err(wrong(format!("`{place}` has the name of another one: {}", json!(tool.name))));
        }
        read.push(tool);
    }
    Ok(read)
}

/// Reads whether a tool must be called.
///
/// # Errors
///
/// `invalid_argument` for a name that is none of `tools`, and when none are offered.
pub(super) fn choice(choice: Option<&str>, tools: &[ToolDefinition]) -> Result<ToolChoice, Failure> {
    let Some(choice) = choice else { return Ok(ToolChoice::Auto) };
    if tools.is_empty() {
        return Err(wrong("`tool_choice` is given, and no tools are".to_owned()));
    }
    Ok(match choice {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "required" => ToolChoice::Required,
        name if tools.iter().any(|it| it.name == name) => ToolChoice::Named(name.to_owned()),
        _ => {
            let names: Vec<&str> = tools.iter().map(|it| it.name.as_str()).collect();
            let message = format!("`tool_choice` is {}, and no tool has this name", json!(choice));
            let allowed = format!("give auto, none, required or one of {}", names.join(", "));
            return Err(Failure::new("invalid_argument", message, allowed));
        }
    })
}

fn definition(place: &str, tool: &Value) -> Result<ToolDefinition, Failure> {
    // OpenAI's Chat Completions has all of it one level down.
    let (place, tool) = match tool.get("function") {
        Some(function) => (format!("{place}.function"), function),
        None => (place.to_owned(), tool),
    };
    let Some(name) = tool.get("name").and_then(Value::as_str) else {
        return Err(wrong(format!("`{place}` has no `name`")));
    };
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
    if name.is_empty() || name.len() > NAME_CHARS || !name.chars().all(is_plain) {
        let message = format!("`{place}.name` is {}", super::super::reply::shorten(&json!(name).to_string(), 80));
        let allowed = format!("a name has 1 to {NAME_CHARS} letters, digits, `_` and `-`: providers take no other");
        return Err(Failure::new("invalid_argument", message, allowed));
    }
    let description = match tool.get("description") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(wrong(format!("`{place}.description` is no string"))),
    };
    let given = ["parameters", "input_schema", "inputSchema"].iter().find_map(|it| Some((*it, tool.get(*it)?)));
    let parameters = match given {
        None | Some((_, Value::Null)) => json!({"type": "object", "properties": {}}),
        Some((field, schema)) => {
            let is_of_object = schema.get("type").is_none_or(|it| it == "object");
            if !schema.is_object() || !is_of_object {
                return Err(wrong(format!("`{place}.{field}` is no schema of an object")));
            }
            let mut schema = schema.clone();
            // Anthropic refuses one that does not say so.
            if let Some(fields) = schema.as_object_mut() {
                fields.entry("type").or_insert_with(|| "object".into());
            }
            schema
        }
    };
    Ok(ToolDefinition { name: name.to_owned(), description, parameters })
}

fn wrong(message: String) -> Failure {
    let example = "for example {\"name\": \"look\", \"description\": \"Looks at a page.\", \"parameters\": \
        {\"type\": \"object\", \"properties\": {\"at\": {\"type\": \"integer\"}}}}";
    Failure::new("invalid_argument", message, example)
}

/// A call as a part of the assistant's message, in which it can be sent back. Arguments that are no JSON object stay a
/// string.
pub(super) fn part(call: &ToolCall) -> Value {
    let input: Option<Value> = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
    let input = input.unwrap_or_else(|| call.arguments.as_str().into());
    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tools: Value) -> Result<Vec<ToolDefinition>, String> {
        super::tools(serde_json::from_value(tools).unwrap()).map_err(|it| it.message)
    }

    #[test]
    fn three_dialects_of_a_tool_are_one_tool() {
        let schema = json!({"type": "object", "properties": {"at": {"type": "integer"}}});
        let expected =
            [ToolDefinition { name: "look".into(), description: "Looks.".into(), parameters: schema.clone() }];
        for tool in [
            json!({"name": "look", "description": "Looks.", "parameters": schema}),
            json!({"name": "look", "description": "Looks.", "input_schema": schema}),
            json!({"name": "look", "description": "Looks.", "inputSchema": schema, "title": "Look"}),
            json!({"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": schema}}),
        ] {
            assert_eq!(read(json!([tool])).unwrap(), expected);
        }
        assert_eq!(read(json!([{"name": "a"}])).unwrap()[0].parameters["type"], "object");
        assert_eq!(read(json!([{"name": "a", "parameters": {}}])).unwrap()[0].parameters["type"], "object");
    }

    #[test]
    fn a_tool_that_no_provider_takes_is_named() {
        for (tools, expected) in [
            (json!([{}]), "`tools[0]` has no `name`"),
            (json!([{"name": "a"}, {"name": "a"}]), "`tools[1]` has the name of another one: \"a\""),
            (json!([{"name": "a b"}]), "`tools[0].name` is \"a b\""),
            (json!([{"function": {"name": ""}}]), "`tools[0].function.name` is \"\""),
            (json!([{"name": "a", "parameters": []}]), "`tools[0].parameters` is no schema of an object"),
            (json!([{"name": "a", "inputSchema": {"type": "string"}}]), "`tools[0].inputSchema` is no schema"),
            (json!([{"name": "a", "description": 1}]), "`tools[0].description` is no string"),
        ] {
            let message = read(tools.clone()).unwrap_err();
            assert!(message.starts_with(expected), "{tools}: {message}");
        }
    }

    #[test]
    fn a_choice_is_a_word_or_the_name_of_a_tool() {
        let tools = read(json!([{"name": "look"}])).unwrap();
        let read = |word| choice(word, &tools).map_err(|it| it.message);
        assert_eq!(read(None), Ok(ToolChoice::Auto));
        assert_eq!(read(Some("required")), Ok(ToolChoice::Required));
        assert_eq!(read(Some("look")), Ok(ToolChoice::Named("look".into())));
        assert!(read(Some("listen")).is_err_and(|it| it.contains("no tool has this name")));
        assert!(choice(Some("auto"), &[]).is_err());
    }

    #[test]
    fn a_call_whose_arguments_are_no_object_is_given_as_it_is() {
        let call = |arguments: &str| ToolCall { id: "c".into(), name: "n".into(), arguments: arguments.into() };
        assert_eq!(part(&call("{\"a\":1}"))["input"], json!({"a": 1}));
        assert_eq!(part(&call("[1"))["input"], json!("[1"));
    }
}
