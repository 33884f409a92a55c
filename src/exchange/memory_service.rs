//! mcp-memory-service: its JSON export and the rows of its SQLite file.
//!
//! Source: PyPI `mcp-memory-service` 12.4, `sync/exporter.py` and `storage/mixins/migrations.py`.

use serde_json::Value;
use serde_json::json;

use super::Piece;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::input::text;
use crate::memory::Item;
use crate::store;

/// What an SQLite file begins with.
pub(super) const SQLITE: &[u8] = b"SQLite format 3\0";

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    if let Source::Path(path) = source
        && source.head(16)?.starts_with(SQLITE)
    {
        let each = |row: store::ForeignMemory| {
            let value = json!({
                "content": row.content, "content_hash": row.hash, "tags": row.tags, "memory_type": row.kind,
                "metadata": row.metadata.and_then(|it| serde_json::from_str::<Value>(&it).ok()),
                "created_at": row.created_at,
            });
            sink(piece(&value, &format!("{file}, {}", row.hash)))
        };
        return store::foreign_memories(path, each).map_err(|reason| Problem::new(&file, None, reason))?;
    }
    input::elements(source, &["memories"], |element| {
        if !element.value.is_object() {
            return Err(Problem::new(&file, None, format!("{} is no object", element.place(&file))));
        }
        sink(piece(&element.value, &element.place(&file)))
    })
}

/// What it writes where a memory was given no tag (12.4.0).
const NO_TAG: &str = "untagged";

fn piece(memory: &Value, at: &str) -> Piece {
    let Some(content) = text(memory, "content") else {
        return Piece::Skipped { reason: "a memory without content".to_owned(), at: at.to_owned() };
    };
    let named = text(memory, "memory_type");
    let kind = named.and_then(input::kind);
    let mut tags = input::strings(memory.get("tags"));
    tags.retain(|it| it != NO_TAG);
    if let (Some(named), None) = (named, kind) {
        tags.push(named.to_owned());
    }
    tags.extend(text(memory, "store").filter(|it| *it != "default").map(|it| format!("store:{it}")));
    let importance = memory.pointer("/metadata/importance").or_else(|| memory.pointer("/metadata/importance_score"));
    Piece::Memory(Box::new(Item {
        content: content.to_owned(),
        kind: kind.unwrap_or("note").to_owned(),
        tags: input::unique(tags),
        importance: importance.and_then(Value::as_f64).filter(|it| (0.0..=1.0).contains(it)),
        occurred_at: input::time(memory, "created_at"),
        source: Some(format!("mcp-memory-service#{}", text(memory, "content_hash").unwrap_or_default())),
        ..Item::default()
    }))
}
