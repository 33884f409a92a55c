//! Sessions of Claude Code: `~/.claude/projects/**/*.jsonl`, an event a line. What the person and the assistant said to
//! each other is taken; tools, thoughts and what subagents said are not.
//!
//! Source: files of Claude Code 1.0 to 2.1; the format is not documented and lines of new types appear now and then.

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
use super::transcript::Said;

/// What the program itself puts into a user's place: commands, their output, reminders.
const NOT_SAID: [&str; 8] = [
    "<command-",
    "<local-command-",
    "<system-reminder>",
    "<bash-",
    "<task-notification>",
    "<user-memory-input>",
    "Caveat: The messages below",
    "[Request interrupted",
];

/// Whether a file of a folder is one of these.
pub(super) fn is_session(name: &str) -> bool {
    name.ends_with(".jsonl")
}

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    for (name, file) in source.files(&is_session)? {
        let mut known = HashSet::new();
        input::lines(&file, |number, line| {
            let at = || format!("{name}, line {number}");
            let skipped = |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: at() };
            let line: Value = match line.and_then(|it| serde_json::from_str(&it).map_err(|err| err.to_string())) {
                Ok(line) => line,
                Err(_) => return sink(skipped("a line that is no JSON")),
            };
            let event = match event(&line) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(()),
                Err(reason) => return sink(skipped(reason)),
            };
            let Said { session_id, key, role, content, at } = event.said;
            if known.insert(session_id.clone()) {
                sink(Piece::Session(Session { id: session_id.clone(), title: event.folder, file: name.clone() }))?;
            }
            sink(Piece::Turn(Turn { session_id, key, role, content, at }))
        })?;
    }
    Ok(())
}

/// What somebody said, and the folder that they were in.
pub(super) struct Event {
    pub(super) said: Said,
    folder: Option<String>,
}

/// What a line says; `None` when it is nothing that people said.
pub(super) fn event(line: &Value) -> Result<Option<Event>, &'static str> {
    let (role, content) = match line.get("type").and_then(Value::as_str) {
        Some("user") => (Role::User, "/message/content"),
        Some("assistant") => (Role::Assistant, "/message/content"),
        Some("attachment") if is_said_meanwhile(line) => (Role::User, "/attachment/prompt"),
        Some(_) => return Ok(None),
        None => return Err("a line without a type"),
    };
    let is = |name: &str| line.get(name).and_then(Value::as_bool) == Some(true);
    if is("isSidechain")
        || is("isMeta")
        || is("isApiErrorMessage")
        || is("isCompactSummary")
        || line.pointer("/message/model").and_then(Value::as_str) == Some("<synthetic>")
    {
        return Ok(None);
    }
    let (Some(session), Some(key)) = (text(line, "sessionId"), text(line, "uuid")) else {
        return Err("a message without a session or an id");
    };
    let Some(content) = line.pointer(content).and_then(said) else { return Ok(None) };
    if role == Role::User && NOT_SAID.iter().any(|it| content.starts_with(it)) {
        return Ok(None);
    }
    let said = Said {
        session_id: format!("claude-code-{session}"),
        key: key.to_owned(),
        role,
        content,
        at: input::time(line, "timestamp"),
    };
    Ok(Some(Event { said, folder: text(line, "cwd").map(str::to_owned) }))
}

/// Whether a line is what the person typed while the assistant worked: no line of type `user` follows on it.
fn is_said_meanwhile(line: &Value) -> bool {
    let is = |at: &str, wanted: &str| line.pointer(at).and_then(Value::as_str) == Some(wanted);
    is("/attachment/type", "queued_command")
        && is("/attachment/commandMode", "prompt")
        && (line.pointer("/attachment/origin").is_none() || is("/attachment/origin/kind", "human"))
}

/// A text without the elements before it in which the program tells what is open in the editor, or reminds.
fn typed(text: &str) -> &str {
    let mut left = text.trim();
    while let Some((name, inner)) = left.strip_prefix('<').and_then(|it| it.split_once('>'))
        && (name.starts_with("ide_") || name == "system-reminder")
        && let Some((_, after)) = inner.split_once(&format!("</{name}>"))
    {
        left = after.trim_start();
    }
    left
}

/// The text of a message, which is a string or a list of blocks; `None` when it has only tools and thoughts.
pub(super) fn said(content: &Value) -> Option<String> {
    let said = match content {
        Value::String(text) => typed(text).to_owned(),
        Value::Array(blocks) => {
            let texts = blocks.iter().filter_map(|it| match it.get("type").and_then(Value::as_str)? {
                "text" => text(it, "text").map(typed).filter(|it| !it.is_empty()).map(str::to_owned),
                "image" => Some("[image]".to_owned()),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => return None,
    };
    (!said.is_empty()).then_some(said)
}
