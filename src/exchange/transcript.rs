//! Reads transcripts that hosts are still writing: the lines since the last time, one after the other, each cut to a
//! size. A turn has the same id as in an import of the same file.

use serde_json::Value;

use super::Format;
use super::Role;
use super::claude_code;
use super::codex::Rollout;
use super::input::text;
use crate::clock::Millis;
use crate::ids;
use crate::redact;
use crate::scope::Owner;
use crate::store::TurnRow;

/// The longest turn that is kept, in characters: whoever pastes a file into a conversation has the file.
const LONGEST: usize = 32_768;

/// Session ids are cut as an import cuts them.
const SESSION_ID: usize = 200;

/// The host that writes a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    ClaudeCode,
    Codex,
    Cursor,
}

impl Writer {
    pub fn name(self) -> &'static str {
        match self {
            Writer::ClaudeCode => Format::ClaudeCode.name(),
            Writer::Codex => Format::Codex.name(),
            Writer::Cursor => "cursor",
        }
    }

    /// The id under which a session of this host is kept.
    pub fn session_id(self, id: &str) -> String {
        format!("{}-{id}", self.name()).chars().take(SESSION_ID).collect()
    }
}

/// What somebody said, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) session_id: String,
    pub(super) key: String,
    pub(super) role: Role,
    pub(super) content: String,
    pub(super) at: Option<Millis>,
}

/// A transcript under way.
#[derive(Debug)]
pub struct Transcript {
    writer: Writer,
    rollout: Rollout,
    /// Whose its turns become; its `session_id` is not used.
    owner: Owner,
}

impl Transcript {
    /// One that goes on after `said` turns of `session_id`, as it is kept; nothing and 0 for its beginning. Cursor does not
    /// name the session in its transcripts, so it is always needed there.
    pub fn new(writer: Writer, session_id: Option<String>, said: i64, owner: Owner) -> Transcript {
        Transcript { writer, rollout: Rollout::at(session_id, said), owner }
    }

    /// Turns until now.
    pub fn said(&self) -> i64 {
        self.rollout.said
    }

    /// The session, when a line or the host has named it.
    pub fn session_id(&self) -> Option<&str> {
        self.rollout.session_id()
    }

    /// The turn of one line, if it holds one. A line that is cut off or of an unknown kind holds none.
    pub fn turn(&mut self, line: &str, now: Millis) -> Option<TurnRow> {
        // Results of tools make up most of a transcript; what cannot be a turn is not parsed.
        if self.writer == Writer::ClaudeCode && !line.contains("\"sessionId\"") {
            return None;
        }
        let line: Value = serde_json::from_str(line).ok()?;
        let said = match self.writer {
            Writer::ClaudeCode => claude_code::event(&line).ok()??.said,
            Writer::Codex => self.rollout.event(&line).ok()??,
            Writer::Cursor => self.cursor(&line)?,
        };
        if self.writer == Writer::ClaudeCode {
            self.rollout = Rollout::at(Some(said.session_id.clone()), self.rollout.said + 1);
        }
        let id = ids::of(&[self.writer.name(), &self.owner.namespace, &said.key]);
        let mut content = redact::beginning(&said.content, LONGEST);
        if said.content.char_indices().nth(LONGEST).is_some() {
            content.push_str(&format!("\n[cut: longer than {LONGEST} characters]"));
        }
        Some(TurnRow {
            id,
            session_id: said.session_id.chars().take(SESSION_ID).collect(),
            owner: self.owner.clone(),
            role: said.role.name().to_owned(),
            content,
            trace_id: None,
            created_at: said.at.unwrap_or(now),
        })
    }

    /// A line of Cursor: a role and the blocks of a message, without an id or a time.
    ///
    /// Source: transcripts of Cursor 2026.02 under `~/.cursor/projects/*/agent-transcripts`; not documented.
    fn cursor(&mut self, line: &Value) -> Option<Said> {
        let role = match text(line, "role")? {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return None,
        };
        let content = claude_code::said(line.pointer("/message/content")?)?;
        let content = match role {
            Role::User => asked(&content).to_owned(),
            Role::Assistant => content,
        };
        let session_id = self.rollout.session_id()?.to_owned();
        self.rollout.said += 1;
        let key = format!("{session_id}#{}", self.rollout.said);
        (!content.is_empty()).then_some(Said { session_id, key, role, content, at: None })
    }
}

/// What the person typed: Cursor puts it between marks, after what it adds itself.
fn asked(content: &str) -> &str {
    let inner = content.split_once("<user_query>").map_or(content, |it| it.1);
    inner.split_once("</user_query>").map_or(inner, |it| it.0).trim()
}
