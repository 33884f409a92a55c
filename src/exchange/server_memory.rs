//! The file of `@modelcontextprotocol/server-memory`: a line of JSON for each entity with its observations, and for
//! each relation.
//!
//! Source: npm `@modelcontextprotocol/server-memory`, `saveGraph`, 2026-11.

use serde_json::Value;

use super::Piece;
use super::input;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::input::text;
use crate::memory::Item;

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    input::lines(source, |number, line| {
        let wrong = |reason: String| Problem::new(&file, Some(number), reason);
        let line: Value = serde_json::from_str(&line.map_err(wrong)?).map_err(|err| wrong(err.to_string()))?;
        let needed = |name: &str| text(&line, name).ok_or_else(|| wrong(format!("the field {name} is missing")));
        match line.get("type").and_then(Value::as_str) {
            Some("entity") => {
                let (name, kind) = (needed("name")?, text(&line, "entityType").unwrap_or_default());
                let observations = line.get("observations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let mut said = observations.iter().filter_map(Value::as_str).map(str::trim).peekable();
                if said.peek().is_none() {
                    return sink(item(
                        if kind.is_empty() { name.to_owned() } else { format!("{name}: {kind}") },
                        name,
                        kind,
                    ));
                }
                said.filter(|it| !it.is_empty()).try_for_each(|it| sink(item(format!("{name}: {it}"), name, kind)))
            }
            Some("relation") => {
                let (from, to) = (needed("from")?, needed("to")?);
                let relation = needed("relationType")?.replace('_', " ");
                sink(item(format!("{from} {relation} {to}"), from, "relation"))
            }
            Some(other) => sink(Piece::Skipped {
                reason: format!("a line of the unknown type {}", other.chars().take(40).collect::<String>()),
                at: format!("{file}, line {number}"),
            }),
            None => Err(wrong("the field type is missing".to_owned())),
        }
    })
}

fn item(content: String, entity: &str, tag: &str) -> Piece {
    Piece::Memory(Box::new(Item {
        content,
        kind: "fact".to_owned(),
        tags: input::unique(vec![tag.to_owned()]),
        source: Some(format!("server-memory#{entity}")),
        ..Item::default()
    }))
}
