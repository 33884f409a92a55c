//! mem0: what `get_all` and its exports give, a list of memories or an object with one.
//!
//! Source: PyPI `mem0ai` 2.2, `MemoryItem`; docs.mem0.ai "Export Stored Memories", 2026-11.

use serde_json::Value;

use super::Piece;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::input::text;
use crate::memory::Item;
use crate::scope::Owner;

/// Facts about a memory that become tags, and the most of them.
const TAGS: usize = 10;

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    input::elements(source, &["results", "memories"], |element| {
        let memory = &element.value;
        if !memory.is_object() {
            return Err(Problem::new(&file, None, format!("{} is no object", element.place(&file))));
        }
        let content = ["memory", "content", "text", "data"].into_iter().find_map(|it| text(memory, it));
        let Some(content) = content else {
            let reason = "a memory without content".to_owned();
            return sink(Piece::Skipped { reason, at: element.place(&file) });
        };
        let metadata = memory.get("metadata").and_then(Value::as_object);
        let mut tags = input::strings(memory.get("categories"));
        tags.extend(input::strings(metadata.and_then(|it| it.get("tags"))));
        tags.extend(text(memory, "agent_id").map(|it| format!("agent:{it}")));
        tags.extend(text(memory, "app_id").map(|it| format!("app:{it}")));
        let named = metadata.into_iter().flatten().filter(|(name, _)| *name != "tags").filter_map(|(name, value)| {
            let value = match value {
                Value::String(it) => it.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return None,
            };
            (value.len() <= 60).then(|| format!("{name}:{value}"))
        });
        tags.extend(named.take(TAGS));
        let kind = metadata.and_then(|it| it.get("type").or_else(|| it.get("kind"))).and_then(Value::as_str);
        sink(Piece::Memory(Box::new(Item {
            content: content.to_owned(),
            kind: kind.and_then(input::kind).unwrap_or("fact").to_owned(),
            owner: Owner {
                user_id: text(memory, "user_id").map(str::to_owned),
                session_id: text(memory, "run_id").map(str::to_owned),
                ..Owner::default()
            },
            tags: input::unique(tags),
            occurred_at: input::time(memory, "created_at"),
            expires_at: input::time(memory, "expiration_date"),
            source: Some(format!("mem0#{}", text(memory, "id").unwrap_or_default())),
            ..Item::default()
        })))
    })
}
