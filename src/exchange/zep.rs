//! Zep: facts (edges of its graph) with the times they held, summaries of its nodes, and episodes; as its interface
//! gives them, a list of one or an object with several.
//!
//! Source: PyPI `zep-cloud` 4.0, `Edge` and `Episode`; help.getzep.com "Facts", 2026-11.

use serde_json::Value;

use super::Piece;
use super::Role;
use super::Session;
use super::Turn;
use super::input;
use super::input::Element;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use super::input::text;
use crate::memory::Item;

const LISTS: [&str; 5] = ["facts", "edges", "nodes", "episodes", "messages"];

pub(super) fn read(source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    let file = source.name();
    input::elements(source, &LISTS, |element| {
        let value = &element.value;
        let name = text(value, "uuid").or_else(|| text(value, "uuid_")).unwrap_or_default();
        if !value.is_object() {
            return Err(Problem::new(&file, None, format!("{} is no object", element.place(&file))));
        }
        if let Some(fact) = text(value, "fact") {
            // What was invalidated ended then; what was only replaced in the graph, when that was noticed.
            let ended = input::time(value, "invalid_at").or_else(|| input::time(value, "expired_at"));
            let ends = ["source_node_name", "target_node_name"].into_iter().filter_map(|it| text(value, it));
            return sink(Piece::Memory(Box::new(Item {
                content: fact.to_owned(),
                kind: "fact".to_owned(),
                tags: input::unique(text(value, "name").into_iter().chain(ends).map(str::to_owned).collect()),
                occurred_at: input::time(value, "created_at"),
                valid_from: input::time(value, "valid_at"),
                valid_to: ended,
                source: Some(format!("zep#{name}")),
                ..Item::default()
            })));
        }
        if let (Some(node), Some(summary)) = (text(value, "name"), text(value, "summary")) {
            return sink(Piece::Memory(Box::new(Item {
                content: format!("{node}: {summary}"),
                kind: "note".to_owned(),
                tags: input::strings(value.get("labels")),
                occurred_at: input::time(value, "created_at"),
                source: Some(format!("zep#{name}")),
                ..Item::default()
            })));
        }
        match text(value, "content") {
            Some(content) => episode(&element, name, content, &file, sink),
            None => sink(Piece::Skipped {
                reason: "neither a fact, a summary nor an episode".to_owned(),
                at: element.place(&file),
            }),
        }
    })
}

/// An episode is a turn when somebody says it in a thread, and else a note.
fn episode(element: &Element<'_>, name: &str, content: &str, file: &str, sink: Sink<'_>) -> Result<(), Problem> {
    let value = &element.value;
    let at = input::time(value, "reference_time").or_else(|| input::time(value, "created_at"));
    let role = text(value, "role_type").or_else(|| text(value, "role"));
    let thread = ["thread_uuid", "thread_id", "session_id"].into_iter().find_map(|it| text(value, it));
    let role = match role {
        Some("user") => Some(Role::User),
        Some("assistant") => Some(Role::Assistant),
        _ => None,
    };
    if let (Some(role), Some(thread)) = (role, thread) {
        let session_id = format!("zep-{thread}");
        sink(Piece::Session(Session { id: session_id.clone(), title: None, file: file.to_owned() }))?;
        let key = if name.is_empty() { format!("{thread}#{}", element.index) } else { name.to_owned() };
        return sink(Piece::Turn(Turn { session_id, key, role, content: content.to_owned(), at }));
    }
    let described = value.get("source_description").and_then(Value::as_str).unwrap_or_default();
    sink(Piece::Memory(Box::new(Item {
        content: content.to_owned(),
        kind: "note".to_owned(),
        speaker: text(value, "role_name").map(str::to_owned),
        tags: input::unique(vec![described.to_owned()]),
        occurred_at: at,
        source: Some(format!("zep#{name}")),
        ..Item::default()
    })))
}
