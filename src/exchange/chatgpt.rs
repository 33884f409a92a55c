//! The export of ChatGPT: `conversations.json`, a list of conversations, each a tree of messages. What is shown is the
//! branch from the root to `current_node`; that one is taken.
//!
//! Source: OpenAI's data export as of 2026-11; it is not documented.

use std::collections::HashSet;

use serde_json::Value;

use super::Piece;
use super::Role;
use super::Session;
use super::Turn;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::input::text;
use crate::clock::Millis;

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    input::elements(source, &["conversations"], |element| {
        let place = element.place(&file);
        conversation(&element.value, &place, &file, sink)
    })
}

fn conversation(value: &Value, place: &str, file: &str, sink: Sink<'_>) -> Result<(), Problem> {
    let skipped = |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: place.to_owned() };
    let Some(mapping) = value.get("mapping").and_then(Value::as_object) else {
        return sink(skipped("no conversation: it has no mapping"));
    };
    let Some(id) = text(value, "conversation_id").or_else(|| text(value, "id")) else {
        return sink(skipped("a conversation without an id"));
    };
    let session_id = format!("chatgpt-{id}");
    let title = text(value, "title").map(str::to_owned);
    sink(Piece::Session(Session { id: session_id.clone(), title, file: file.to_owned() }))?;
    let branch = branch(mapping, text(value, "current_node"));
    let mut last: Option<Millis> = input::time(value, "create_time");
    let mut shown = 0;
    for node in branch {
        let Some(message) = node.get("message").filter(|it| it.is_object()) else { continue };
        shown += 1;
        let at = input::time(message, "create_time").or(last);
        last = at.or(last);
        let role = match message.pointer("/author/role").and_then(Value::as_str) {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some(_) => continue,
            None => {
                sink(skipped("a message without an author"))?;
                continue;
            }
        };
        let is_hidden =
            message.pointer("/metadata/is_visually_hidden_from_conversation").and_then(Value::as_bool) == Some(true);
        // What an assistant says to a tool is no part of what was said.
        let to_tool = message.get("recipient").and_then(Value::as_str).is_some_and(|it| it != "all");
        if is_hidden || to_tool {
            continue;
        }
        let Some(content) = content(message) else { continue };
        let Some(key) = text(message, "id").or_else(|| text(node, "id")) else {
            sink(skipped("a message without an id"))?;
            continue;
        };
        sink(Piece::Turn(Turn { session_id: session_id.clone(), key: key.to_owned(), role, content, at }))?;
    }
    let messages = mapping.values().filter(|it| it.get("message").is_some_and(Value::is_object)).count();
    if messages == 0 {
        sink(skipped("a conversation without messages"))?;
    }
    if messages > shown {
        sink(skipped("another branch of a conversation, not the one that is shown"))?;
    }
    Ok(())
}

/// The nodes from the root to `current`, or to the latest message when that is not there.
fn branch<'a>(mapping: &'a serde_json::Map<String, Value>, current: Option<&'a str>) -> Vec<&'a Value> {
    let latest = || {
        let dated = mapping
            .iter()
            .filter_map(|(id, node)| Some((input::time(node.get("message")?, "create_time")?, id.as_str())));
        dated.max().map(|(_, id)| id)
    };
    let mut at = current.filter(|it| mapping.contains_key(*it)).or_else(latest);
    let mut seen = HashSet::new();
    let mut nodes = Vec::new();
    while let Some(id) = at {
        let Some(node) = mapping.get(id).filter(|_| seen.insert(id)) else { break };
        nodes.push(node);
        at = node.get("parent").and_then(Value::as_str);
    }
    nodes.reverse();
    nodes
}

/// What a message says; `None` when it is nothing that people read (thoughts, calls of tools, settings).
fn content(message: &Value) -> Option<String> {
    let content = message.get("content")?;
    let said = match content.get("content_type").and_then(Value::as_str)? {
        "text" | "multimodal_text" => {
            let parts = content.get("parts").and_then(Value::as_array)?;
            parts.iter().filter_map(part).collect::<Vec<_>>().join("\n")
        }
        "code" => content.get("text").and_then(Value::as_str)?.to_owned(),
        _ => return None,
    };
    let said = without_marks(&said);
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

/// The text without the marks of what is linked: they stand between characters for private use, and say nothing.
fn without_marks(text: &str) -> String {
    const BEGIN: char = '\u{e200}';
    const END: char = '\u{e201}';
    let mut parts = text.split(BEGIN);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(END) {
            Some((_, rest)) => plain.push_str(rest),
            // One that does not end is no mark.
            None => plain.push_str(part),
        }
    }
    plain
}

fn part(part: &Value) -> Option<String> {
    match part {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => match part.get("content_type").and_then(Value::as_str)? {
            "audio_transcription" => Some(part.get("text")?.as_str()?.to_owned()),
            "image_asset_pointer" => Some("[image]".to_owned()),
            _ => None,
        },
        _ => None,
    }
}
