//! Tells a format by what it holds; the name of a file decides only where the content does not.

use serde_json::Value;

use super::Format;
use super::basic_memory;
use super::blocks;
use super::claude_code;
use super::codex;
use super::input::Problem;
use super::input::Source;
use super::log;
use super::memory_service;
use super::readable;
use super::rules;

/// So much of a file tells its format.
const HEAD: u64 = 64 << 10;

/// Files of a folder that are looked at.
const LOOKED_AT: usize = 20;

/// The format of `source`.
///
/// # Errors
///
/// A [`Problem`] that lists the formats when it is none of them.
pub(super) fn detect(source: &Source) -> Result<Format, Problem> {
    if source.is_folder() { folder(source) } else { file(source) }
}

/// Whether a file of this name is what ChatGPT and Claude export; large exports come in numbered parts.
pub(super) fn is_export(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let part = file.strip_prefix("conversations").and_then(|it| it.strip_suffix(".json"));
    part.is_some_and(|it| it.chars().all(|c| c == '-' || c == '_' || c.is_ascii_digit()))
}

fn folder(source: &Source) -> Result<Format, Problem> {
    // An export that was unpacked: beside its conversations lie pictures, feedback and a page to look at.
    if let Some((_, export)) = source.files(&is_export)?.first() {
        return file(export);
    }
    if !source.files(&codex::is_session)?.is_empty() {
        return Ok(Format::Codex);
    }
    if !source.files(&claude_code::is_session)?.is_empty() {
        return Ok(Format::ClaudeCode);
    }
    if !source.files(&|name| name.ends_with(".mdc"))?.is_empty() {
        return Ok(Format::Rules);
    }
    let texts = source.files(&log::is_log)?;
    for (_, file) in texts.iter().take(LOOKED_AT) {
        let Ok(text) = file.text() else { continue };
        if readable::is_own(&text) {
            return Ok(Format::CarryallMarkdown);
        }
        if basic_memory::is_basic_memory(&text) {
            return Ok(Format::BasicMemory);
        }
        if log::is_conversation(&text) {
            return Ok(Format::MarkdownLog);
        }
    }
    if !source.files(&rules::is_rules)?.is_empty() {
        return Ok(Format::Rules);
    }
    Err(unknown(source, "no file in the folder is of a known format"))
}

fn file(source: &Source) -> Result<Format, Problem> {
    let head = source.head(HEAD)?;
    if head.starts_with(memory_service::SQLITE) {
        return Ok(Format::McpMemoryService);
    }
    if head.starts_with(b"PK\x03\x04") {
        return Err(unknown(
            source,
            "it is a zip archive: unpack it and import the file in it, such as conversations.json",
        ));
    }
    let text = String::from_utf8_lossy(&head);
    let begins = text.trim_start();
    if begins.is_empty() {
        return Err(unknown(source, "it is empty"));
    }
    if begins.starts_with(['{', '[']) {
        return lines(begins)
            .or_else(|| document(begins))
            .ok_or_else(|| unknown(source, "its JSON is of no known format"));
    }
    if readable::is_own(&text) {
        return Ok(Format::CarryallMarkdown);
    }
    let name = source.name();
    if rules::is_rules(&name) {
        return Ok(Format::Rules);
    }
    let whole = source.text()?;
    if log::is_conversation(&whole) {
        return Ok(Format::MarkdownLog);
    }
    if basic_memory::is_basic_memory(&whole) {
        return Ok(Format::BasicMemory);
    }
    if name.ends_with(".md") && !blocks::blocks(&whole).is_empty() {
        return Ok(Format::Rules);
    }
    Err(unknown(source, "it is of no known format"))
}

/// The format of JSON Lines, by the first lines that tell.
fn lines(text: &str) -> Option<Format> {
    let parsed = text.lines().take(LOOKED_AT).filter_map(|it| serde_json::from_str::<Value>(it).ok());
    for line in parsed.filter(Value::is_object) {
        let has = |name: &str| line.get(name).is_some();
        if line.get("format").and_then(Value::as_str) == Some("carryall-export") {
            return Some(Format::Carryall);
        }
        match line.get("type").and_then(Value::as_str) {
            Some("entity") if has("name") => return Some(Format::ServerMemory),
            Some("relation") if has("relationType") => return Some(Format::ServerMemory),
            Some("session_meta" | "response_item") if has("payload") => return Some(Format::Codex),
            Some("message") if has("role") => return Some(Format::Codex),
            Some(_) if has("sessionId") || has("parentUuid") || has("leafUuid") => return Some(Format::ClaudeCode),
            None if has("instructions") && has("timestamp") && has("id") => return Some(Format::Codex),
            _ => {}
        }
    }
    None
}

/// The format of a JSON document, by the names that stand in its beginning. It may be too large to be read whole.
fn document(begins: &str) -> Option<Format> {
    let has = |name: &str| begins.contains(&format!("\"{name}\""));
    if has("mapping") && (has("current_node") || has("create_time")) {
        return Some(Format::ChatGpt);
    }
    if has("chat_messages") {
        return Some(Format::Claude);
    }
    if has("content_hash") || has("export_metadata") {
        return Some(Format::McpMemoryService);
    }
    if (has("fact") && (has("valid_at") || has("source_node_uuid") || has("facts") || has("uuid")))
        || has("episodes")
        || (has("uuid") && has("role_type"))
    {
        return Some(Format::Zep);
    }
    (has("memory") || has("memories") || has("results")).then_some(Format::Mem0)
}

fn unknown(source: &Source, reason: &str) -> Problem {
    let known = Format::ALL.map(Format::name).join(", ");
    Problem::new(source.name(), None, format!("{reason}; --from names the format: {known}"))
}
