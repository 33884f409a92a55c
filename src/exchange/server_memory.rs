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

/// Reads the lines that are whole; one that is broken, such as the last of a program that was ended amid writing it, is left
/// out and told. A file without any that is whole is no such file.
pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    let (mut first_fault, mut any_whole) = (None, false);
    input::lines(source, |number, line| {
        let read = line.and_then(|it| pieces(&it));
        match read {
            Ok(pieces) => {
                any_whole = true;
                pieces.into_iter().try_for_each(|it| sink(it.placed(&file, number)))
            }
            Err(fault) => {
                let reason = format!("a broken line ({fault})");
                first_fault.get_or_insert_with(|| Problem::new(&file, Some(number), fault));
                sink(Piece::Skipped { reason, at: format!("{file}, line {number}") })
            }
        }
    })?;
    match first_fault {
        Some(fault) if !any_whole => Err(fault),
        _ => Ok(()),
    }
}

/// What a line holds.
enum Read {
    Memory(Piece),
    Unknown(String),
}

impl Read {
    fn placed(self, file: &str, number: usize) -> Piece {
        match self {
            Read::Memory(piece) => piece,
            Read::Unknown(reason) => Piece::Skipped { reason, at: format!("{file}, line {number}") },
        }
    }
}

/// The pieces of a line, or why it is broken.
fn pieces(line: &str) -> Result<Vec<Read>, String> {
    // The place within the line is of no use to a person, and would make each fault a reason of its own.
    let line: Value = serde_json::from_str(line).map_err(|_| "no whole JSON".to_owned())?;
    let needed = |name: &str| text(&line, name).ok_or_else(|| format!("the field {name} is missing"));
    match line.get("type").and_then(Value::as_str) {
        Some("entity") => {
            let (name, kind) = (needed("name")?, text(&line, "entityType").unwrap_or_default());
            let observations = line.get("observations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let said: Vec<&str> =
                observations.iter().filter_map(Value::as_str).map(str::trim).filter(|it| !it.is_empty()).collect();
            if said.is_empty() {
                let content = if kind.is_empty() { name.to_owned() } else { format!("{name}: {kind}") };
                return Ok(vec![Read::Memory(item(content, name, kind))]);
            }
            Ok(said.into_iter().map(|it| Read::Memory(item(format!("{name}: {it}"), name, kind))).collect())
        }
        Some("relation") => {
            let (from, to) = (needed("from")?, needed("to")?);
            let relation = needed("relationType")?.replace('_', " ");
            Ok(vec![Read::Memory(item(format!("{from} {relation} {to}"), from, "relation"))])
        }
        Some(other) => Ok(vec![Read::Unknown(format!(
            "a line of the unknown type {}",
            other.chars().take(40).collect::<String>()
        ))]),
        None => Err("the field type is missing".to_owned()),
    }
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
