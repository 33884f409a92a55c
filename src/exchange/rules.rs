//! Rules that people wrote for an assistant: `CLAUDE.md`, `AGENTS.md`, `GEMINI.md`, `.cursorrules`, `.cursor/rules/*.mdc`
//! and the like. Each bullet and each paragraph is a memory of its own, with its headings as its context.
//!
//! Source: Cursor's `.mdc` has `description`, `globs` and `alwaysApply` before its text (docs.cursor.com, 2026-11).

use super::Piece;
use super::blocks;
use super::blocks::Block;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use crate::memory::Item;

/// The names of such files, in small letters.
const NAMES: [&str; 10] = [
    "claude.md",
    "claude.local.md",
    "agents.md",
    "agents.override.md",
    "gemini.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    "copilot-instructions.md",
    "conventions.md",
];

/// Whether a file is one of these by its name.
pub(super) fn is_rules(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    NAMES.contains(&file.as_str()) || file.ends_with(".mdc") || file.ends_with(".instructions.md")
}

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    for (name, file) in source.files(&is_rules)? {
        let text = file.text()?;
        let front = blocks::front_matter(&text);
        let mut tags = vec!["rules".to_owned()];
        tags.extend(front.list("globs").into_iter().map(|it| format!("globs:{it}")));
        let context = front.value("description").map(str::to_owned);
        for block in blocks::blocks(&text) {
            sink(Piece::Memory(Box::new(item(&name, &block, context.as_deref(), &tags))))?;
        }
    }
    Ok(())
}

fn item(file: &str, block: &Block, context: Option<&str>, tags: &[String]) -> Item {
    // A file's own title says nothing that its name does not when everything stands under it.
    let headings = block.headings.iter().map(String::as_str);
    let under = context.into_iter().chain(headings).collect::<Vec<_>>().join(" > ");
    let content = if under.is_empty() { block.text.clone() } else { format!("{under}: {}", block.text) };
    Item {
        content,
        kind: if block.is_bullet { "preference" } else { "note" }.to_owned(),
        tags: input::unique(tags.to_vec()),
        source: Some(place(file, &block.headings)),
        ..Item::default()
    }
}

/// `file#heading`; the file alone before the first heading.
pub(super) fn place(file: &str, headings: &[String]) -> String {
    match headings.last() {
        Some(heading) => format!("{file}#{heading}"),
        None => file.to_owned(),
    }
}
