//! mem0: what `get_all` and its exports give, a list of memories or an object with one.
//!
//! Source: PyPI `mem0ai` 2.2, `MemoryItem`; docs.mem0.ai "Export Stored Memories", 2026-11.

use std::collections::BTreeSet;

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
    let mut relations = Vec::new();
    let mut users: BTreeSet<Option<String>> = BTreeSet::new();
    input::elements(source, &["results", "memories", "relations"], |element| {
        let memory = &element.value;
        if element.list == "relations" {
            relations.push((element.place(&file), element.value));
            return Ok(());
        }
        if !memory.is_object() {
            return Err(Problem::new(&file, None, format!("{} is no object", element.place(&file))));
        }
        let content = ["memory", "content", "text", "data"].into_iter().find_map(|it| text(memory, it));
        let Some(content) = content else {
            let reason = "a memory without content".to_owned();
            return sink(Piece::Skipped { reason, at: element.place(&file) });
        };
        let metadata = memory.get("metadata").and_then(Value::as_object);
        users.insert(text(memory, "user_id").map(str::to_owned));
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
    })?;
    // A relation does not say whose it is: it belongs to the only user of the file.
    let only = (users.len() <= 1).then(|| Owner { user_id: users.pop_first().flatten(), ..Owner::default() });
    relations.into_iter().try_for_each(|(at, it)| sink(relation(&it, only.as_ref(), &at)))
}

/// A relation of the graph as a fact; left out when it is not known whose it is.
fn relation(value: &Value, only: Option<&Owner>, at: &str) -> Piece {
    let named = |names: [&str; 2]| names.into_iter().find_map(|it| text(value, it));
    let parts =
        (named(["source", "source_node"]), named(["relationship", "relation"]), named(["target", "destination"]));
    let skipped = |reason: &str| Piece::Skipped { reason: reason.to_owned(), at: at.to_owned() };
    let (Some(from), Some(relation), Some(to)) = parts else { return skipped("a relation without its ends") };
    let named = text(value, "user_id").map(|it| Owner { user_id: Some(it.to_owned()), ..Owner::default() });
    let Some(owner) = named.or_else(|| only.cloned()) else {
        return skipped("a relation of which it is not told whose it is");
    };
    Piece::Memory(Box::new(Item {
        content: format!("{from} {} {to}", relation.replace('_', " ")),
        kind: "fact".to_owned(),
        owner,
        tags: vec!["relation".to_owned()],
        source: Some(format!("mem0#{from}")),
        ..Item::default()
    }))
}
