//! The export of claude.ai: `conversations.json`, a list of conversations with their messages in order.
//!
//! Source: Anthropic's data export as of 2026-11; it is not documented.

use std::collections::HashMap;
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

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    input::elements(source, &["conversations"], |element| {
        let place = element.place(&file);
        conversation(&element.value, &place, &file, sink)
    })
}

fn conversation(value: &Value, place: &str, file: &str, sink: Sink<'_>) -> Result<(), Problem> {
    let skipped = |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: place.to_owned() };
    let (Some(id), Some(messages)) = (text(value, "uuid"), value.get("chat_messages").and_then(Value::as_array)) else {
        return sink(skipped("no conversation: it has no uuid or no chat_messages"));
    };
    let session_id = format!("claude-{id}");
    let title = text(value, "name").map(str::to_owned);
    sink(Piece::Session(Session { id: session_id.clone(), title, file: file.to_owned() }))?;
    let begun = input::time(value, "created_at");
    let shown = branch(messages, text(value, "current_leaf_message_uuid"));
    if shown.len() < messages.len() {
        sink(skipped("another branch of a conversation, not the one that is shown"))?;
    }
    for index in shown {
        let message = &messages[index];
        let role = match message.get("sender").and_then(Value::as_str) {
            Some("human" | "user") => Role::User,
            Some("assistant") => Role::Assistant,
            _ => {
                sink(skipped("a message that neither a human nor the assistant sent"))?;
                continue;
            }
        };
        let Some(content) = content(message) else {
            sink(skipped("a message without text"))?;
            continue;
        };
        let key = text(message, "uuid").map_or_else(|| format!("{id}#{index}"), str::to_owned);
        let at = input::time(message, "created_at").or(begun);
        sink(Piece::Turn(Turn { session_id: session_id.clone(), key, role, content, at }))?;
    }
    Ok(())
}

/// The places of the messages from the first to the leaf, or to the last one. An edited message and its answers are another
/// branch; exports of before 2025 name no parents, and hold one branch only.
fn branch(messages: &[Value], leaf: Option<&str>) -> Vec<usize> {
    let all = || (0..messages.len()).collect();
    let ids: HashMap<&str, usize> =
        messages.iter().enumerate().filter_map(|(at, it)| Some((text(it, "uuid")?, at))).collect();
    let parents = messages.iter().filter(|it| text(it, "parent_message_uuid").is_some()).count();
    if parents < messages.len() || ids.len() < messages.len() {
        return all();
    }
    let mut at = leaf.and_then(|it| ids.get(it).copied()).or(messages.len().checked_sub(1));
    let mut shown = Vec::new();
    let mut seen = HashSet::new();
    while let Some(index) = at.filter(|it| seen.insert(*it)) {
        shown.push(index);
        at = text(&messages[index], "parent_message_uuid").and_then(|it| ids.get(it).copied());
    }
    shown.reverse();
    shown
}

/// The text of a message, with the names of what was attached.
fn content(message: &Value) -> Option<String> {
    let blocks = message.get("content").and_then(Value::as_array).into_iter().flatten();
    let texts = blocks.filter(|it| it.get("type").and_then(Value::as_str) == Some("text"));
    let mut said: Vec<String> = texts.filter_map(|it| text(it, "text")).map(str::to_owned).collect();
    if said.is_empty() {
        said.extend(text(message, "text").map(str::to_owned));
    }
    for list in ["attachments", "files"] {
        let attached = message.get(list).and_then(Value::as_array).into_iter().flatten();
        said.extend(attached.filter_map(|it| text(it, "file_name")).map(|it| format!("[attached: {it}]")));
    }
    (!said.is_empty()).then(|| said.join("\n"))
}
