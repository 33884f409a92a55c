//! The list of tools: its size, its schemas, and what toolsets, read-only mode and exclusions leave of it.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use crate::harness::Home;
use crate::harness::initialize_params;
use crate::harness::modern;

fn tools(home: &Home) -> anyhow::Result<Vec<Value>> {
    let answer = home.server()?.request("tools/list", modern(json!({})))?;
    Ok(answer["result"]["tools"].as_array().cloned().unwrap_or_default())
}

fn names(home: &Home) -> anyhow::Result<Vec<String>> {
    Ok(tools(home)?.iter().filter_map(|it| it["name"].as_str()).map(str::to_owned).collect())
}

#[test]
fn the_list_is_small_and_in_a_stable_order() -> anyhow::Result<()> {
    let home = Home::new()?;
    let answer = home.server()?.request("tools/list", modern(json!({})))?;
    let size = answer.to_string().len();
    assert!(size <= 24 * 1024, "tools/list has {size} bytes");
    let names = names(&home)?;
    assert!((6..=15).contains(&names.len()), "{names:?}");
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names, carryall::server::tool_names());
    Ok(())
}

#[test]
fn names_descriptions_and_instructions_fit_every_host() -> anyhow::Result<()> {
    let home = Home::new()?;
    for tool in tools(&home)? {
        let name = tool["name"].as_str().unwrap_or_default();
        assert!(name.len() <= 32 && name.chars().all(|it| it.is_ascii_lowercase() || it == '_'), "{name}");
        let description = tool["description"].as_str().unwrap_or_default();
        assert!((100..1024).contains(&description.len()), "{name}: {} bytes", description.len());
        assert!(description.contains("Example: {"), "{name} has no example");
        assert!(tool["title"].as_str().is_some_and(|it| !it.is_empty()), "{name}");
        assert!(tool["annotations"]["readOnlyHint"].is_boolean(), "{name}");
        assert!(tool["annotations"]["openWorldHint"].is_boolean(), "{name}");
        if tool["annotations"]["readOnlyHint"] == json!(false) {
            assert!(tool["annotations"]["destructiveHint"].is_boolean(), "{name}");
            assert!(tool["annotations"]["idempotentHint"].is_boolean(), "{name}");
        }
        assert_eq!(tool["outputSchema"]["properties"]["trace_id"], json!({"type": "string"}), "{name}");
    }
    let begun = home.server()?.request("initialize", initialize_params("2025-11-25"))?;
    let instructions = begun["result"]["instructions"].as_str().unwrap_or_default();
    assert!((200..2048).contains(&instructions.len()), "{} bytes", instructions.len());
    Ok(())
}

#[test]
fn examples_in_descriptions_are_arguments_that_the_schema_takes() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut server = home.server()?;
    for tool in tools(&home)? {
        let description = tool["description"].as_str().unwrap_or_default();
        let example = description.split("Example: ").nth(1).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(example).into_iter::<Value>();
        let arguments = values.next().transpose()?.unwrap_or_default();
        let answer = server.request("tools/call", modern(json!({"name": tool["name"], "arguments": arguments})))?;
        let kind = &answer["result"]["_meta"]["carryall/error"]["kind"];
        assert_ne!(*kind, "invalid_argument", "{}: {answer}", tool["name"]);
    }
    Ok(())
}

#[test]
fn each_schema_is_as_it_was_reviewed() -> anyhow::Result<()> {
    for tool in tools(&Home::new()?)? {
        insta::assert_json_snapshot!(tool["name"].as_str().unwrap_or_default().to_owned(), tool);
    }
    Ok(())
}

/// Walks a schema and notes what some host's dialect would not take.
fn unclean(path: &str, schema: &Value, is_input: bool, found: &mut Vec<String>) {
    let Some(map) = schema.as_object() else {
        return found.push(format!("{path}: no object"));
    };
    for keyword in ["format", "$ref", "$defs", "$schema", "definitions", "oneOf", "allOf", "const", "title"] {
        if map.contains_key(keyword) {
            found.push(format!("{path}: has {keyword}"));
        }
    }
    let kind = map.get("type");
    if kind.is_some_and(|it| !it.is_string() || (is_input && it == "null")) {
        found.push(format!("{path}: type is {kind:?}"));
    }
    if map.get("default").is_some_and(Value::is_null) {
        found.push(format!("{path}: default is null"));
    }
    if let Some(values) = map.get("enum").and_then(Value::as_array)
        && (values.is_empty() || values.iter().any(|it| !it.is_string()))
    {
        found.push(format!("{path}: enum of {values:?}"));
    }
    if kind.is_none() && !map.contains_key("anyOf") {
        found.push(format!("{path}: says nothing"));
    }
    if is_input && kind == Some(&json!("array")) && !map.contains_key("items") {
        found.push(format!("{path}: an array of what?"));
    }
    let properties = map.get("properties").and_then(Value::as_object);
    if is_input && properties.is_some() && map.get("additionalProperties") != Some(&json!(false)) {
        found.push(format!("{path}: takes any name"));
    }
    let known: BTreeSet<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    for name in map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !known.contains(name) {
            found.push(format!("{path}: requires {name}, which it does not have"));
        }
    }
    for (name, property) in properties.into_iter().flatten() {
        unclean(&format!("{path}.{name}"), property, is_input, found);
    }
    if let Some(items) = map.get("items") {
        unclean(&format!("{path}[]"), items, is_input, found);
    }
    for choice in map.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        unclean(&format!("{path}|"), choice, is_input, found);
    }
}

#[test]
fn schemas_keep_to_what_every_hosts_dialect_takes() -> anyhow::Result<()> {
    let mut found = Vec::new();
    for tool in tools(&Home::new()?)? {
        let name = tool["name"].as_str().unwrap_or_default();
        assert_eq!(tool["inputSchema"]["type"], "object", "{name}");
        unclean(&format!("{name} input"), &tool["inputSchema"], true, &mut found);
        unclean(&format!("{name} output"), &tool["outputSchema"], false, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

#[test]
fn toolsets_choose_what_is_offered() -> anyhow::Result<()> {
    let home = Home::new()?.with("CARRYALL_TOOLSETS", "memory");
    assert_eq!(names(&home)?, ["forget", "recall", "remember"]);
    let mut server = home.server()?;
    let answer = server.request("tools/call", modern(json!({"name": "read_context", "arguments": {}})))?;
    assert_eq!(answer["error"]["code"], -32602);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("`context`") && message.contains("--toolsets"), "{message}");
    let begun = server.request("server/discover", modern(json!({})))?;
    let instructions = begun["result"]["instructions"].as_str().unwrap_or_default();
    assert!(instructions.contains("recall") && !instructions.contains("write_context"), "{instructions}");
    let home = Home::new()?.with("CARRYALL_TOOLSETS", "insights,memory");
    assert_eq!(names(&home)?, ["forget", "get_trace", "give_feedback", "query_insights", "recall", "remember"]);
    Ok(())
}

#[test]
fn exclusions_leave_tools_out() -> anyhow::Result<()> {
    let home = Home::new()?.with("CARRYALL_EXCLUDE_TOOLS", "forget,get_trace");
    let names = names(&home)?;
    assert!(!names.contains(&"forget".to_owned()) && !names.contains(&"get_trace".to_owned()), "{names:?}");
    assert!(names.contains(&"recall".to_owned()));
    let answer = home.server()?.request("tools/call", modern(json!({"name": "forget", "arguments": {}})))?;
    assert_eq!(answer["error"]["code"], -32602);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("--exclude-tools")), "{answer}");
    Ok(())
}

#[test]
fn in_read_only_mode_no_writing_tool_is_listed_and_none_works() -> anyhow::Result<()> {
    let home = Home::new()?;
    home.server()?.call("remember", json!({"content": "Ana prefers tea"}))?;
    let writing: Vec<String> = tools(&home)?
        .iter()
        .filter(|it| it["annotations"]["readOnlyHint"] == json!(false))
        .filter_map(|it| it["name"].as_str().map(str::to_owned))
        .collect();
    for name in ["remember", "forget", "write_context"] {
        assert!(writing.contains(&name.to_owned()), "{name} is not said to write");
    }
    let home = home.with("CARRYALL_READ_ONLY", "1");
    let names = names(&home)?;
    assert!(names.iter().all(|it| !writing.contains(it)), "{names:?}");
    let mut server = home.server()?;
    for name in writing {
        let answer = server.request("tools/call", modern(json!({"name": name, "arguments": {"content": "x"}})))?;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("read-only")), "{answer}");
    }
    let found = server.call("recall", json!({"query": "tea"}))?;
    assert_eq!(found["memories"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[test]
fn text_only_leaves_the_data_out_and_says_everything_in_words() -> anyhow::Result<()> {
    let home = Home::new()?.with("CARRYALL_TEXT_ONLY", "true");
    assert!(tools(&home)?.iter().all(|it| it.get("outputSchema").is_none()));
    let mut server = home.server()?;
    let call = |name: &str, arguments: Value| modern(json!({"name": name, "arguments": arguments}));
    let arguments = json!({"content": "Ana prefers tea", "tags": ["drinks"], "speaker": "Ana", "source": "chat 7"});
    let stored = server.request("tools/call", call("remember", arguments))?;
    assert!(stored["result"].get("structuredContent").is_none(), "{stored}");
    let found = server.request("tools/call", call("recall", json!({"query": "tea"})))?;
    let text = found["result"]["content"][0]["text"].as_str().unwrap_or_default();
    for part in ["Ana prefers tea", "drinks", "said by Ana", "chat 7", "id ", "[trace "] {
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
    Ok(())
}
