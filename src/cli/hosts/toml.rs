//! Edits TOML in place. `toml_edit` parses and tells positions; it does not write the file, because it would turn
//! every line ending into a plain one.

use std::ops::Range;

use serde_json::Value;
use toml_edit::Document;
use toml_edit::InlineTable;
use toml_edit::Item;
use toml_edit::Key;

use super::Entry;
use super::Refusal;
use super::SERVER_NAME;
use super::edits::Edits;
use super::edits::line_end;
use super::edits::line_start;
use super::edits::newline;
use super::edits::newline_before;
use super::edits::position;

/// The table of all servers.
const SERVERS: &str = "mcp_servers";

/// Points an entry to a remote server; Codex refuses an entry that has this and a command.
const REMOTE_FIELD: &str = "url";

/// Adds or updates our table.
pub(super) fn add(text: &str, fields: &[(&str, Value)]) -> Result<String, Refusal> {
    let document = parse(text)?;
    if locate(text, &document)?.is_none() {
        return Ok(append(text, fields));
    }
    let mut text = text.to_string();
    for (key, new) in fields {
        text = set(&text, &[SERVERS, SERVER_NAME], key, new)?;
    }
    let document = parse(&text)?;
    if let Some((_, item)) = locate(&text, &document)?
        && let Some((key, held)) = item.as_table_like().and_then(|it| it.get_key_value(REMOTE_FIELD))
        && !item.is_value()
    {
        let mut edits = Edits::default();
        edits.delete(lines(&text, leaf(&text, key, held)?));
        text = edits.apply(&text);
    }
    Ok(text)
}

/// Removes our table and the tables below it; the text comes back unchanged when there is none.
pub(super) fn remove(text: &str) -> Result<String, Refusal> {
    let document = parse(text)?;
    let Some((key, item)) = locate(text, &document)? else { return Ok(text.to_string()) };
    if document.get(SERVERS).is_some_and(Item::is_inline_table) {
        return Err(by_hand(text, key, "`mcp_servers` is written on one line"));
    }
    let mut parts = Vec::new();
    collect(text, key, item, &mut parts)?;
    parts.sort_by_key(|it| (it.start, it.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            // Tables of ours that only blank lines keep apart go with those lines.
            Some(last) if text[last.end..part.start.max(last.end)].trim().is_empty() => {
                last.end = last.end.max(part.end)
            }
            _ => merged.push(part),
        }
    }
    let mut edits = Edits::default();
    for part in merged {
        edits.delete(separator(text, &part)..part.end);
    }
    Ok(edits.apply(text))
}

/// Our entry as the file has it.
pub(super) fn find(text: &str) -> Result<Option<Entry>, Refusal> {
    let document = parse(text)?;
    let Some((_, item)) = locate(text, &document)? else { return Ok(None) };
    let Some(table) = item.as_table_like() else { return Ok(Some(Entry::default())) };
    let strings =
        |it: &Item| it.as_array().map(|it| it.iter().filter_map(|it| Some(it.as_str()?.to_string())).collect());
    let variables = table.get("env").and_then(Item::as_table_like);
    Ok(Some(Entry {
        command: table.get("command").and_then(Item::as_str).unwrap_or_default().to_string(),
        args: table.get("args").and_then(strings).unwrap_or_default(),
        env: variables
            .map(|it| it.iter().filter_map(|(key, it)| Some((key.to_string(), it.as_str()?.to_string()))).collect())
            .unwrap_or_default(),
    }))
}

/// What a person would paste.
pub(super) fn snippet(fields: &[(&str, Value)]) -> String {
    append("", fields)
}

fn parse(text: &str) -> Result<Document<&str>, Refusal> {
    Document::parse(text).map_err(|err| {
        let (line, column) = position(text, err.span().map_or(0, |it| it.start));
        let problem = err.message().lines().collect::<Vec<_>>().join(", ");
        Refusal::Invalid { line, column, problem }
    })
}

fn locate<'d>(text: &str, document: &'d Document<&str>) -> Result<Option<(&'d Key, &'d Item)>, Refusal> {
    let Some((key, servers)) = document.as_table().get_key_value(SERVERS) else { return Ok(None) };
    let Some(servers) = servers.as_table_like() else {
        return Err(by_hand(text, key, "`mcp_servers` is not a table"));
    };
    let Some((key, item)) = servers.get_key_value(SERVER_NAME) else {
        if document.get(SERVERS).is_some_and(Item::is_inline_table) {
            return Err(by_hand(text, key, "`mcp_servers` is written on one line"));
        }
        return Ok(None);
    };
    match item.as_table_like() {
        Some(_) => Ok(Some((key, item))),
        None => Err(by_hand(text, key, "`mcp_servers.carryall` is not a table")),
    }
}

/// Our table behind everything else, with a blank line between.
fn append(text: &str, fields: &[(&str, Value)]) -> String {
    let newline = newline(text);
    let mut lines = vec![format!("[{SERVERS}.{SERVER_NAME}]")];
    let told = fields.iter().filter(|(_, value)| value.as_object().is_none_or(|it| !it.is_empty()));
    lines.extend(told.map(|(key, value)| format!("{key} = {}", render(value))));
    let table = lines.join(newline);
    if text.is_empty() {
        format!("{table}{newline}")
    } else if text.ends_with('\n') {
        format!("{text}{newline}{table}{newline}")
    } else {
        format!("{text}{newline}{newline}{table}")
    }
}

/// Where to begin cutting so that what [`append`] put before our table goes too.
fn separator(text: &str, part: &Range<usize>) -> usize {
    let Some(blank) = newline_before(text, part.start) else { return part.start };
    let blank_line = text[..blank].is_empty() || text[..blank].ends_with('\n');
    if part.end == text.len() && !text.ends_with('\n') {
        return newline_before(text, blank).unwrap_or(blank);
    }
    if blank_line || text[line_start(text, blank)..blank].is_empty() { blank } else { part.start }
}

/// Sets `key` in the table at `path`; a table of variables is merged.
fn set(text: &str, path: &[&str], key: &str, new: &Value) -> Result<String, Refusal> {
    let document = parse(text)?;
    let Some(table) = reach(&document, path) else { return Ok(text.to_string()) };
    let mut edits = Edits::default();
    if let Some(inline) = table.as_inline_table() {
        let changed = with_field(inline, key, new);
        if changed.to_string() == inline.to_string() {
            return Ok(text.to_string());
        }
        let Some(range) = inline.span() else { return Err(dotted(text)) };
        // The document knows its parts as positions only; the text of this one is read again to be changed.
        let Ok(mut held) = text[range.clone()].parse::<toml_edit::Value>() else { return Err(dotted(text)) };
        if let Some(held) = held.as_inline_table_mut() {
            *held = with_field(held, key, new);
        }
        edits.replace(range, held.to_string().trim());
        return Ok(edits.apply(text));
    }
    let Some(like) = table.as_table_like() else { return Err(dotted(text)) };
    match (like.get_key_value(key), new) {
        (None, Value::Object(map)) if map.is_empty() => {}
        (None, _) => {
            let header = table.as_table().filter(|it| !it.is_implicit() && !it.is_dotted());
            let Some(header) = header.and_then(toml_edit::Table::span) else { return Err(dotted(text)) };
            let line = format!("{} = {}", Key::new(key), render(new));
            let end = line_end(text, header.start);
            let newline = newline(text);
            match text[..end].ends_with('\n') {
                true => edits.insert(end, format!("{line}{newline}")),
                false => edits.insert(end, format!("{newline}{line}")),
            }
        }
        (Some((_, held)), Value::Object(map)) if held.as_table_like().is_some() => {
            let path: Vec<&str> = path.iter().copied().chain([key]).collect();
            return map.iter().try_fold(text.to_string(), |it, (name, value)| set(&it, &path, name, value));
        }
        (Some((_, held)), _) if same(held, new) => {}
        (Some((_, held)), _) => {
            let Some(range) = held.as_value().and_then(toml_edit::Value::span) else { return Err(dotted(text)) };
            edits.replace(range, render(new));
        }
    }
    Ok(edits.apply(text))
}

fn reach<'d>(document: &'d Document<&str>, path: &[&str]) -> Option<&'d Item> {
    path.iter().try_fold(document.as_item(), |it, key| it.as_table_like()?.get(key))
}

fn with_field(table: &InlineTable, key: &str, new: &Value) -> InlineTable {
    let mut table = table.clone();
    match (table.get_mut(key), new) {
        (None, Value::Object(map)) if map.is_empty() => {}
        (Some(toml_edit::Value::InlineTable(held)), Value::Object(map)) => {
            *held = map.iter().fold(held.clone(), |it, (name, value)| with_field(&it, name, value));
        }
        (Some(held), _) if same(&Item::Value(held.clone()), new) => {}
        (Some(held), _) => {
            let decor = held.decor().clone();
            *held = toml_value(new);
            *held.decor_mut() = decor;
        }
        (None, _) => {
            table.insert(key, toml_value(new));
        }
    }
    if new.as_object().is_none() {
        table.remove(REMOTE_FIELD);
    }
    table
}

/// The whole lines that make up an item: its header and its values.
fn collect(text: &str, key: &Key, item: &Item, parts: &mut Vec<Range<usize>>) -> Result<(), Refusal> {
    let Some(table) = item.as_table() else {
        parts.push(lines(text, leaf(text, key, item)?));
        return Ok(());
    };
    let mut inner = Vec::new();
    for (name, _) in table.iter() {
        if let Some((key, item)) = table.get_key_value(name) {
            collect(text, key, item, &mut inner)?;
        }
    }
    if !table.is_implicit() && !table.is_dotted() {
        let Some(header) = table.span() else { return Err(dotted(text)) };
        let header = lines(text, header.start..header.start);
        // Comments between the header and its values are about our entry.
        let values = table.iter().filter_map(|(name, item)| Some((table.key(name)?, item)));
        let last = values
            .filter(|(_, item)| item.is_value())
            .filter_map(|(key, item)| Some(lines(text, leaf(text, key, item).ok()?).end))
            .max();
        parts.push(header.start..last.unwrap_or(header.end).max(header.end));
    }
    parts.extend(inner);
    Ok(())
}

fn leaf(text: &str, key: &Key, item: &Item) -> Result<Range<usize>, Refusal> {
    match (key.span(), item.as_value().and_then(toml_edit::Value::span)) {
        (Some(key), Some(value)) => Ok(key.start..value.end),
        _ => Err(dotted(text)),
    }
}

fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    line_start(text, range.start)..line_end(text, range.end)
}

fn same(held: &Item, new: &Value) -> bool {
    match new {
        Value::String(new) => held.as_str() == Some(new),
        Value::Array(new) => held.as_array().is_some_and(|it| {
            it.len() == new.len() && it.iter().zip(new).all(|(held, new)| held.as_str() == new.as_str())
        }),
        _ => false,
    }
}

fn toml_value(value: &Value) -> toml_edit::Value {
    match value {
        Value::Array(all) => toml_edit::Value::Array(all.iter().map(toml_value).collect()),
        Value::Object(map) => {
            toml_edit::Value::InlineTable(map.iter().map(|(key, value)| (key.as_str(), toml_value(value))).collect())
        }
        Value::String(it) => it.as_str().into(),
        other => other.to_string().into(),
    }
}

fn render(value: &Value) -> String {
    toml_value(value).to_string().trim().to_string()
}

fn by_hand(text: &str, key: &Key, problem: &str) -> Refusal {
    let line = position(text, key.span().map_or(0, |it| it.start)).0;
    Refusal::Shape { line, problem: problem.to_string() }
}

fn dotted(text: &str) -> Refusal {
    let at = text.find(SERVER_NAME).unwrap_or_default();
    Refusal::Shape { line: position(text, at).0, problem: "our entry is written with dotted keys".to_string() }
}
