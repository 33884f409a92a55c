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
use super::transcript::Said;
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
        let mut rollout = Rollout::default();
        input::lines(&file, |number, line| {
            let skipped =
                |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: format!("{name}, line {number}") };
            let line: Value = match line.and_then(|it| serde_json::from_str(&it).map_err(|err| err.to_string())) {
                Ok(line) => line,
                Err(_) => return sink(skipped("a line that is no JSON")),
            };
            let was_named = rollout.session_id().is_some();
            let event = rollout.event(&line);
            if let Some(id) = rollout.session_id().filter(|_| !was_named) {
                let title = rollout.folder.clone();
                sink(Piece::Session(Session { id: id.to_owned(), title, file: name.clone() }))?;
            }
            match event {
                Ok(Some(Said { session_id, key, role, content, at })) => {
                    sink(Piece::Turn(Turn { session_id, key, role, content, at }))
                }
                Ok(None) => Ok(()),
                Err(reason) => sink(skipped(reason)),
            }
        })?;
    }
    Ok(())
}

/// A file as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Rollout {
    session: Option<(String, Option<Millis>)>,
    folder: Option<String>,
    /// Messages until now. They have no ids; a file only grows, so the place among them is one.
    pub(super) said: i64,
}

impl Rollout {
    /// One that goes on after `said` messages of that session, as it is kept.
    pub(super) fn at(session_id: Option<String>, said: i64) -> Rollout {
        Rollout { session: session_id.map(|it| (it, None)), folder: None, said }
    }

    /// The session as it is kept, when a line has named it.
    pub(super) fn session_id(&self) -> Option<&str> {
        self.session.as_ref().map(|it| it.0.as_str())
    }

    /// What the next line says; `None` when it is nothing that people said.
    pub(super) fn event(&mut self, line: &Value) -> Result<Option<Said>, &'static str> {
        let kind = line.get("type").and_then(Value::as_str);
        // The first line names the session; the earlier form has no type there.
        let meta = match kind {
            Some("session_meta") => line.get("payload"),
            None if self.session.is_none() && text(line, "id").is_some() => Some(line),
            _ => None,
        };
        if let Some(meta) = meta {
            // A session that was resumed or forked tells whose it was in a second such line.
            if self.session.is_none() {
                let id = text(meta, "id").ok_or("a session without an id")?;
                self.session = Some((format!("codex-{id}"), input::time(meta, "timestamp")));
                self.folder = text(meta, "cwd").map(str::to_owned);
            }
            return Ok(None);
        }
        let item = match kind {
            Some("response_item") => line.get("payload").unwrap_or(&Value::Null),
            Some("message") => line,
            _ => return Ok(None),
        };
        if item.get("type").and_then(Value::as_str) != Some("message") {
            return Ok(None);
        }
        let role = match item.get("role").and_then(Value::as_str) {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            _ => return Ok(None),
        };
        let Some((session_id, begun)) = &self.session else { return Err("a message before its session") };
        let blocks = item.get("content").and_then(Value::as_array).into_iter().flatten();
        let content = blocks.filter_map(|it| text(it, "text")).collect::<Vec<_>>().join("\n");
        if content.is_empty() || NOT_SAID.iter().any(|it| content.starts_with(it)) {
            return Ok(None);
        }
        self.said += 1;
        let at = input::time(line, "timestamp").or(*begun);
        Ok(Some(Said { session_id: session_id.clone(), key: format!("{session_id}#{}", self.said), role, content, at }))
    }
}
