//! Sessions of Codex: `~/.codex/sessions/**/rollout-*.jsonl`, an event a line; earlier versions wrote the items bare.
//!
//! Source: files of Codex 0.2 to 0.65 and `codex-rs/protocol`, `RolloutItem`.

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

/// What the program itself puts into a user's place.
const NOT_SAID: [&str; 7] = [
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
    "<permissions",
    "<turn_aborted>",
    "<INSTRUCTIONS>",
    "<user_shell_command>",
];

/// Whether a file of a folder is one of these.
pub(super) fn is_session(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.starts_with("rollout-") && file.ends_with(".jsonl")
}

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    for (name, file) in source.files(&is_session)? {
        let mut session: Option<(String, Option<Millis>)> = None;
        let mut said = 0;
        input::lines(&file, |number, line| {
            let skipped =
                |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: format!("{name}, line {number}") };
            let line: Value = match line.and_then(|it| serde_json::from_str(&it).map_err(|err| err.to_string())) {
                Ok(line) => line,
                Err(_) => return sink(skipped("a line that is no JSON")),
            };
            let kind = line.get("type").and_then(Value::as_str);
            // The first line names the session; the earlier form has no type there.
            let meta = match kind {
                Some("session_meta") => line.get("payload"),
                None if session.is_none() && text(&line, "id").is_some() => Some(&line),
                _ => None,
            };
            if let Some(meta) = meta {
                // A session that was resumed or forked tells whose it was in a second such line.
                if session.is_some() {
                    return Ok(());
                }
                let Some(id) = text(meta, "id") else { return sink(skipped("a session without an id")) };
                let id = format!("codex-{id}");
                session = Some((id.clone(), input::time(meta, "timestamp")));
                let title = text(meta, "cwd").map(str::to_owned);
                return sink(Piece::Session(Session { id, title, file: name.clone() }));
            }
            let item = match kind {
                Some("response_item") => line.get("payload").unwrap_or(&Value::Null),
                Some("message") => &line,
                _ => return Ok(()),
            };
            if item.get("type").and_then(Value::as_str) != Some("message") {
                return Ok(());
            }
            let role = match item.get("role").and_then(Value::as_str) {
                Some("user") => Role::User,
                Some("assistant") => Role::Assistant,
                _ => return Ok(()),
            };
            let Some((session_id, begun)) = &session else { return sink(skipped("a message before its session")) };
            let blocks = item.get("content").and_then(Value::as_array).into_iter().flatten();
            let content = blocks.filter_map(|it| text(it, "text")).collect::<Vec<_>>().join("\n");
            if content.is_empty() || NOT_SAID.iter().any(|it| content.starts_with(it)) {
                return Ok(());
            }
            // Messages have no ids; a file only grows, so the place among them is one.
            said += 1;
            let key = format!("{session_id}#{said}");
            let at = input::time(&line, "timestamp").or(*begun);
            sink(Piece::Turn(Turn { session_id: session_id.clone(), key, role, content, at }))
        })?;
    }
    Ok(())
}
