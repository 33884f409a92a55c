//! Reads what other programs kept (memories, rules, conversations), and writes what people can read.
//!
//! Every format is a file that turns its input into `Piece`s; the [`Importer`] checks all of them before it writes
//! the first, knows those that came in before, and keeps the rest by the same way as any other write.

mod basic_memory;
mod blocks;
mod chatgpt;
mod claude_ai;
mod claude_code;
mod codex;
mod detect;
mod import;
mod input;
mod log;
mod mem0;
mod memory_service;
mod readable;
mod rules;
mod server_memory;
#[cfg(test)]
mod tests;
mod transcript;
mod zep;

use crate::clock::Millis;
use crate::memory::Item;

pub use import::Asked;
pub use import::ImportError;
pub use import::Importer;
pub use import::Report;
pub use import::Skipped;
pub use input::Problem;
pub use input::Source;
pub use readable::Open;
pub use readable::Rendered;
pub use readable::Renderer;
pub use readable::to_json_lines;
pub use transcript::Transcript;
pub use transcript::Writer;

/// Where something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// JSON Lines that `carryall export` wrote.
    Carryall,
    /// Markdown that `carryall export --format markdown` wrote, a file or a folder.
    CarryallMarkdown,
    /// The file of `@modelcontextprotocol/server-memory`.
    ServerMemory,
    /// The JSON export or the SQLite file of mcp-memory-service.
    McpMemoryService,
    Mem0,
    Zep,
    /// A folder of basic-memory, or one note of it.
    BasicMemory,
    /// `CLAUDE.md`, `AGENTS.md`, Cursor rules and the like.
    Rules,
    ChatGpt,
    /// The export of claude.ai.
    Claude,
    ClaudeCode,
    Codex,
    /// A conversation as Markdown.
    MarkdownLog,
}

impl Format {
    /// In the order in which `--from` lists them.
    pub const ALL: [Format; 13] = [
        Format::Carryall,
        Format::CarryallMarkdown,
        Format::ServerMemory,
        Format::McpMemoryService,
        Format::Mem0,
        Format::Zep,
        Format::BasicMemory,
        Format::Rules,
        Format::ChatGpt,
        Format::Claude,
        Format::ClaudeCode,
        Format::Codex,
        Format::MarkdownLog,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Carryall => "carryall",
            Format::CarryallMarkdown => "carryall-markdown",
            Format::ServerMemory => "server-memory",
            Format::McpMemoryService => "mcp-memory-service",
            Format::Mem0 => "mem0",
            Format::Zep => "zep",
            Format::BasicMemory => "basic-memory",
            Format::Rules => "rules",
            Format::ChatGpt => "chatgpt",
            Format::Claude => "claude",
            Format::ClaudeCode => "claude-code",
            Format::Codex => "codex",
            Format::MarkdownLog => "markdown-log",
        }
    }

    /// The format of which [`Format::name`] is `name`.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether its rows go into the store as they are.
    pub fn is_own(self) -> bool {
        matches!(self, Format::Carryall | Format::CarryallMarkdown)
    }
}

/// Something that a format holds.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Memory(Box<Item>),
    Session(Session),
    Turn(Turn),
    /// What is there and is not taken in, with the reason; counted.
    Skipped {
        reason: String,
        at: String,
    },
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    pub(crate) file: String,
}

/// What somebody said in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) session_id: String,
    /// Names it within its format, the same at every import.
    pub(crate) key: String,
    pub(crate) role: Role,
    pub(crate) content: String,
    pub(crate) at: Option<Millis>,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    User,
    Assistant,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}
