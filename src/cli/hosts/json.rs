//! Edits JSON with comments in place: the file is parsed for positions only, and changed by cutting and inserting.
//!
//! How an entry is laid out tells later what was there before it, so that removing it gives back the bytes of before:
//! an entry right behind the brace of its object went into an empty object that stays; any other lone entry came with
//! its object, which goes with it. A root object that was `{}` gets an entry on one line, a file without any root
//! object an entry on several.

use std::collections::BTreeMap;

use jsonc_parser::CollectOptions;
use jsonc_parser::ParseOptions;
use jsonc_parser::ast;
use jsonc_parser::ast::Object;
use jsonc_parser::ast::ObjectProp;
use jsonc_parser::common::Ranged;
use jsonc_parser::parse_to_ast;
use serde_json::Value;

use super::Entry;
use super::Refusal;
use super::SERVER_NAME;
use super::edits::Edits;
use super::edits::indent;
use super::edits::newline;
use super::edits::newline_after;
use super::edits::newline_before;
use super::edits::position;

/// Fields that point an entry to a remote server; next to a command they would confuse the host.
const REMOTE_FIELDS: [&str; 4] = ["url", "serverUrl", "httpUrl", "headers"];

/// How deep objects are written over several lines.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    OneLine,
    /// The outer object on several lines, what is in it on one line each.
    Outer,
    Full,
}

/// Adds or updates our entry in the object `container` of the root object.
pub(super) fn add(text: &str, container: &str, fields: &[(&str, Value)]) -> Result<String, Refusal> {
    let Some(root) = parse_root(text)? else {
        return Ok(fresh(text, container, fields));
    };
    let entry = object_of(fields);
    let Some(held) = only(text, &root, container)? else {
        let value = object_of(&[(SERVER_NAME, entry)]);
        return Ok(insert_root(text, &root, container, &value));
    };
    let servers = object(text, held)?;
    match only(text, servers, SERVER_NAME)? {
        Some(_) => update(text, container, fields),
        None => Ok(insert(text, servers, SERVER_NAME, &entry, unit(text, &root))),
    }
}

/// Removes our entry; the text comes back unchanged when there is none.
pub(super) fn remove(text: &str, container: &str) -> Result<String, Refusal> {
    let Some(root) = parse_root(text)? else { return Ok(text.to_string()) };
    let Some(held) = only(text, &root, container)? else { return Ok(text.to_string()) };
    let servers = object(text, held)?;
    let Some(ours) = only(text, servers, SERVER_NAME)? else { return Ok(text.to_string()) };

    let mut edits = Edits::default();
    let came_with_its_object = servers.properties.len() == 1
        && ours.range.start > servers.range.start + 1
        && text[servers.range.start + 1..ours.range.start].trim().is_empty()
        && text[ours.range.end..servers.range.end - 1].trim_matches([' ', '\t', '\r', '\n', ',']).is_empty();
    if !came_with_its_object {
        cut(&mut edits, text, servers, ours);
    } else if is_fresh(text, &root, held, ours) {
        let before = newline_before(text, root.range.start);
        match (newline_after(text, root.range.end), before) {
            (Some(end), _) => edits.delete(root.range.start..end),
            (None, Some(start)) => edits.delete(start..root.range.end),
            (None, None) => edits.delete(root.range.start..root.range.end),
        }
    } else if let Some(end) = end_of_only_line(text, &root, held, ours) {
        edits.delete(root.range.start + 1..end);
    } else {
        cut(&mut edits, text, &root, held);
    }
    Ok(edits.apply(text))
}

/// Our entry as the file has it.
pub(super) fn find(text: &str, container: &str) -> Result<Option<Entry>, Refusal> {
    let Some(root) = parse_root(text)? else { return Ok(None) };
    let Some(held) = only(text, &root, container)? else { return Ok(None) };
    let Some(ours) = only(text, object(text, held)?, SERVER_NAME)? else { return Ok(None) };
    Ok(Some(match &ours.value {
        ast::Value::Object(it) => entry_in(it, "command", "env"),
        _ => Entry::default(),
    }))
}

/// Our entry among the servers of a text that is nothing but the object of all servers.
pub(super) fn find_in_object(text: &str, command: &str, env: &str) -> Option<Option<Entry>> {
    let servers = parse_root(text).ok()??;
    let ours = only(text, &servers, SERVER_NAME).ok()?;
    Some(ours.map(|it| match &it.value {
        ast::Value::Object(it) => entry_in(it, command, env),
        _ => Entry::default(),
    }))
}

/// Adds or updates our entry in a text that is nothing but the object of all servers. `None` when it is no such object.
pub(super) fn add_to_object(text: &str, fields: &[(&str, Value)]) -> Option<String> {
    let servers = parse_root(text).ok()??;
    match only(text, &servers, SERVER_NAME).ok()? {
        None => Some(insert(text, &servers, SERVER_NAME, &object_of(fields), "  ")),
        Some(ours) => {
            let value = ours.value.as_object()?;
            let inner = &text[value.range.start..value.range.end];
            let changed = fields.iter().try_fold(inner.to_string(), |it, (key, new)| set_in_object(&it, key, new))?;
            let mut edits = Edits::default();
            edits.replace(value.range.start..value.range.end, changed);
            Some(edits.apply(text))
        }
    }
}

/// What is left of such a text without our entry: `Some(None)` when the whole object came with the entry.
pub(super) fn remove_from_object(text: &str) -> Option<Option<String>> {
    let servers = parse_root(text).ok()??;
    let Some(ours) = only(text, &servers, SERVER_NAME).ok()? else { return Some(Some(text.to_string())) };
    if servers.properties.len() == 1 && ours.range.start > servers.range.start + 1 {
        return Some(None);
    }
    let mut edits = Edits::default();
    cut(&mut edits, text, &servers, ours);
    Some(Some(edits.apply(text)))
}

/// The value on one line, with spaces inside its braces.
pub(super) fn one_line(value: &Value) -> String {
    render(value, Layout::OneLine, "", "", "")
}

/// What a person would paste into an empty file.
pub(super) fn snippet(container: &str, fields: &[(&str, Value)]) -> String {
    fresh("", container, fields)
}

/// Sets a field of a text that is nothing but one object; objects are merged.
fn set_in_object(text: &str, key: &str, new: &Value) -> Option<String> {
    let object = parse_root(text).ok()??;
    let mut edits = Edits::default();
    match (only(text, &object, key).ok()?, new) {
        (None, Value::Object(map)) if map.is_empty() => return Some(text.to_string()),
        (None, _) => return Some(insert(text, &object, key, new, "  ")),
        (Some(held), Value::Object(map)) if held.value.as_object().is_some() => {
            let range = ast_range(&held.value);
            let inner = text[range.clone()].to_string();
            let changed = map.iter().try_fold(inner, |it, (key, new)| set_in_object(&it, key, new))?;
            edits.replace(range, changed);
        }
        // What is on or off, and for how long, is the person's once it is there.
        (Some(_), Value::Bool(_) | Value::Number(_)) => return Some(text.to_string()),
        (Some(held), _) if same(&held.value, new) => return Some(text.to_string()),
        (Some(held), _) => edits.replace(ast_range(&held.value), one_line(new)),
    }
    Some(edits.apply(text))
}

/// Changes the fields of our existing entry that differ, one after the other, each on freshly parsed text.
fn update(text: &str, container: &str, fields: &[(&str, Value)]) -> Result<String, Refusal> {
    let mut text = text.to_string();
    for (key, new) in fields {
        text = update_field(&text, container, key, new)?;
    }
    for key in REMOTE_FIELDS {
        let Some(root) = parse_root(&text)? else { break };
        let Some(entry) = our_entry(&text, &root, container)?.and_then(|it| it.value.as_object()) else { break };
        if let Some(field) = only(&text, entry, key)? {
            let mut edits = Edits::default();
            cut(&mut edits, &text, entry, field);
            text = edits.apply(&text);
        }
    }
    // A host that needs no type still believes one that says `http`.
    let typed = match parse_root(&text)? {
        Some(root) => our_entry(&text, &root, container)?
            .and_then(|it| it.value.as_object())
            .is_some_and(|it| it.properties.iter().any(|it| it.name.as_str() == "type")),
        None => false,
    };
    if typed { update_field(&text, container, "type", &Value::from("stdio")) } else { Ok(text) }
}

fn update_field(text: &str, container: &str, key: &str, new: &Value) -> Result<String, Refusal> {
    let Some(root) = parse_root(text)? else { return Ok(text.to_string()) };
    let unit = unit(text, &root);
    let Some(ours) = our_entry(text, &root, container)? else { return Ok(text.to_string()) };
    let mut edits = Edits::default();
    let Some(entry) = ours.value.as_object() else {
        edits.replace(ast_range(&ours.value), one_line(&object_of(&[(key, new.clone())])));
        return Ok(edits.apply(text));
    };
    match (only(text, entry, key)?, new) {
        (None, Value::Object(map)) if map.is_empty() => return Ok(text.to_string()),
        (None, _) => return Ok(insert(text, entry, key, new, unit)),
        (Some(held), Value::Object(map)) if held.value.as_object().is_some() => {
            let mut text = text.to_string();
            for (name, value) in map {
                text = update_variable(&text, container, key, name, value)?;
            }
            return Ok(text);
        }
        (Some(held), _) if same(&held.value, new) => return Ok(text.to_string()),
        (Some(held), _) => edits.replace(ast_range(&held.value), one_line(new)),
    }
    Ok(edits.apply(text))
}

fn update_variable(text: &str, container: &str, key: &str, name: &str, value: &Value) -> Result<String, Refusal> {
    let Some(root) = parse_root(text)? else { return Ok(text.to_string()) };
    let Some(ours) = our_entry(text, &root, container)? else { return Ok(text.to_string()) };
    let Some(entry) = ours.value.as_object() else { return Ok(text.to_string()) };
    let Some(held) = only(text, entry, key)? else { return Ok(text.to_string()) };
    let Some(variables) = held.value.as_object() else { return Ok(text.to_string()) };
    let mut edits = Edits::default();
    match only(text, variables, name)? {
        None => return Ok(insert(text, variables, name, value, unit(text, &root))),
        Some(held) if same(&held.value, value) => return Ok(text.to_string()),
        Some(held) => edits.replace(ast_range(&held.value), one_line(value)),
    }
    Ok(edits.apply(text))
}

fn our_entry<'a, 'b>(text: &str, root: &'b Object<'a>, container: &str) -> Result<Option<&'b ObjectProp<'a>>, Refusal> {
    let Some(held) = only(text, root, container)? else { return Ok(None) };
    only(text, object(text, held)?, SERVER_NAME)
}

/// The root object; `None` for a text that holds no value at all.
pub(super) fn parse_root(text: &str) -> Result<Option<Object<'_>>, Refusal> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|err| Refusal::Invalid {
        line: err.line_display(),
        column: err.column_display(),
        problem: err.kind().to_string(),
    })?;
    match parsed.value {
        None => Ok(None),
        Some(ast::Value::Object(root)) => Ok(Some(root)),
        Some(other) => {
            Err(shape(text, ast_range(&other).start, format!("the file holds {}, not an object", kind(&other))))
        }
    }
}

/// The one property of that name. Two of a name are refused: hosts differ in which one they take.
pub(super) fn only<'a, 'b>(
    text: &str,
    object: &'b Object<'a>,
    name: &str,
) -> Result<Option<&'b ObjectProp<'a>>, Refusal> {
    let mut found = object.properties.iter().filter(|it| it.name.as_str() == name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(second)) => Err(shape(text, second.range.start, format!("`{name}` is there twice"))),
    }
}

pub(super) fn object<'a, 'b>(text: &str, held: &'b ObjectProp<'a>) -> Result<&'b Object<'a>, Refusal> {
    held.value.as_object().ok_or_else(|| {
        let problem = format!("`{}` is {}, not an object", held.name.as_str(), kind(&held.value));
        shape(text, held.range.start, problem)
    })
}

pub(super) fn shape(text: &str, at: usize, problem: String) -> Refusal {
    Refusal::Shape { line: position(text, at).0, problem }
}

fn kind(value: &ast::Value<'_>) -> &'static str {
    match value {
        ast::Value::StringLit(_) => "a string",
        ast::Value::NumberLit(_) => "a number",
        ast::Value::BooleanLit(_) => "true or false",
        ast::Value::Object(_) => "an object",
        ast::Value::Array(_) => "an array",
        ast::Value::NullKeyword(_) => "null",
    }
}

fn ast_range(value: &ast::Value<'_>) -> std::ops::Range<usize> {
    let range = value.range();
    range.start..range.end
}

fn entry_in(object: &Object<'_>, command: &str, env: &str) -> Entry {
    let field = |name: &str| object.properties.iter().find(|it| it.name.as_str() == name).map(|it| &it.value);
    let string = |value: &ast::Value<'_>| value.as_string_lit().map(|it| it.value.to_string());
    let variables = field(env).and_then(|it| it.as_object());
    Entry {
        command: field(command).and_then(string).unwrap_or_default(),
        args: field("args")
            .and_then(|it| it.as_array())
            .map(|it| it.elements.iter().filter_map(string).collect())
            .unwrap_or_default(),
        env: variables.map_or_else(BTreeMap::new, |it| {
            it.properties.iter().filter_map(|it| Some((it.name.as_str().to_string(), string(&it.value)?))).collect()
        }),
    }
}

/// Whether a value of the file says the same as one of ours: a string or an array of strings.
fn same(held: &ast::Value<'_>, new: &Value) -> bool {
    match (held, new) {
        (ast::Value::StringLit(held), Value::String(new)) => held.value == new.as_str(),
        (ast::Value::Array(held), Value::Array(new)) => {
            held.elements.len() == new.len() && held.elements.iter().zip(new).all(|(held, new)| same(held, new))
        }
        _ => false,
    }
}

fn object_of(fields: &[(&str, Value)]) -> Value {
    // An empty map of variables says nothing.
    let told = fields.iter().filter(|(_, value)| value.as_object().is_none_or(|it| !it.is_empty()));
    Value::Object(told.map(|(key, value)| (key.to_string(), value.clone())).collect())
}

/// One step of indentation, as the first property of the root object shows it.
pub(super) fn unit<'t>(text: &'t str, root: &Object<'_>) -> &'t str {
    let base = indent(text, root.range.start);
    let first = root.properties.first().filter(|it| begins_line(text, it.range.start));
    let deeper = first.and_then(|it| indent(text, it.range.start).strip_prefix(base));
    deeper.filter(|it| !it.is_empty()).unwrap_or("  ")
}

fn begins_line(text: &str, at: usize) -> bool {
    let head = text[..at].trim_end_matches([' ', '\t']);
    head.ends_with('\n')
}

/// The whole document for a text that holds no value: only white space and comments.
fn fresh(text: &str, container: &str, fields: &[(&str, Value)]) -> String {
    let newline = newline(text);
    let value = object_of(&[(container, object_of(&[(SERVER_NAME, object_of(fields))]))]);
    let document = render(&value, Layout::Full, "", "  ", newline);
    match text.trim().is_empty() || text.ends_with('\n') {
        true => format!("{text}{document}{newline}"),
        false => format!("{text}{newline}{document}"),
    }
}

/// Whether the root object is one that [`fresh`] wrote, but for changes inside our entry.
fn is_fresh(text: &str, root: &Object<'_>, held: &ObjectProp<'_>, ours: &ObjectProp<'_>) -> bool {
    let newline = newline(text);
    let entry = &text[ours.range.start..ours.range.end];
    let name = &text[held.name.range().start..held.name.range().end];
    root.properties.len() == 1
        && entry.contains('\n')
        && text[root.range.start..root.range.end]
            == format!("{{{newline}  {name}: {{{newline}    {entry}{newline}  }}{newline}}}")
}

/// For a root object that was `{}` before [`insert_root`]: where what it added ends.
fn end_of_only_line(text: &str, root: &Object<'_>, held: &ObjectProp<'_>, ours: &ObjectProp<'_>) -> Option<usize> {
    let one_line = root.properties.len() == 1
        && !text[ours.range.start..ours.range.end].contains('\n')
        && newline_after(text, root.range.start + 1).is_some()
        && text[root.range.start + 1..held.range.start].trim().is_empty();
    let next_line = newline_after(text, held.range.end).filter(|_| one_line)?;
    let base = indent(text, root.range.start);
    let end = next_line + text[next_line..].starts_with(base).then_some(base.len())?;
    text[end..root.range.end - 1].trim_matches([' ', '\t']).is_empty().then_some(end)
}

/// Adds the object of all servers, with our entry, to the root object.
fn insert_root(text: &str, root: &Object<'_>, key: &str, value: &Value) -> String {
    let inside = &text[root.range.start + 1..root.range.end - 1];
    if !root.properties.is_empty() || !inside.trim().is_empty() {
        return insert(text, root, key, value, unit(text, root));
    }
    let (newline, base) = (newline(text), indent(text, root.range.start));
    let deeper = format!("{base}  ");
    let mut edits = Edits::default();
    if inside.contains('\n') {
        let property = property(key, value, Layout::Full, &deeper, "  ", newline);
        edits.insert(root.range.start + 1, property);
    } else {
        let property = property(key, value, Layout::Outer, &deeper, "  ", newline);
        edits.insert(root.range.start + 1, format!("{newline}{deeper}{property}{newline}{base}"));
    }
    edits.apply(text)
}

/// Adds a property at the end of an object, in the manner of the properties that are there.
pub(super) fn insert(text: &str, object: &Object<'_>, key: &str, value: &Value, unit: &str) -> String {
    let newline = newline(text);
    let mut edits = Edits::default();
    let Some(last) = object.properties.last() else {
        let inside = &text[object.range.start + 1..object.range.end - 1];
        if inside.trim().is_empty() {
            edits.insert(object.range.start + 1, property(key, value, Layout::OneLine, "", "", ""));
        } else {
            let indent = format!("{}{unit}", indent(text, object.range.start));
            let property = property(key, value, Layout::OneLine, "", "", "");
            edits.insert(end_of_comments(text, object.range.start + 1), format!("{newline}{indent}{property}"));
        }
        return edits.apply(text);
    };
    let comma = comma_after(text, last.range.end);
    let place = end_of_line_comments(text, comma.map_or(last.range.end, |it| it + 1));
    if comma.is_none() {
        edits.insert(last.range.end, ",");
    }
    // Who ends the last property with a comma wants one behind ours too.
    let comma = if comma.is_some() { "," } else { "" };
    let rest = text[place..].trim_start_matches([' ', '\t']);
    if rest.starts_with(['\r', '\n']) {
        let indent = match begins_line(text, last.range.start) {
            true => indent(text, last.range.start).to_string(),
            false => format!("{}{unit}", indent(text, object.range.start)),
        };
        let property = property(key, value, Layout::Full, &indent, unit, newline);
        edits.insert(place, format!("{newline}{indent}{property}{comma}"));
    } else {
        let property = property(key, value, Layout::OneLine, "", "", "");
        edits.insert(place, format!(" {property}{comma}"));
    }
    edits.apply(text)
}

/// Cuts a property out of its object, with the comma and the line that it alone needs.
pub(super) fn cut(edits: &mut Edits, text: &str, object: &Object<'_>, ours: &ObjectProp<'_>) {
    let place = object.properties.iter().position(|it| it.range == ours.range).unwrap_or_default();
    let previous = place.checked_sub(1).and_then(|it| object.properties.get(it));
    let next = object.properties.get(place + 1);
    let comma = comma_after(text, ours.range.end);

    let blank_before = text[..ours.range.start].trim_end_matches([' ', '\t']).len();
    let line_before = newline_before(text, blank_before);
    let mut end = comma.map_or(ours.range.end, |it| it + 1);
    if line_before.is_some() {
        // A comment behind our entry, on its last line, is about our entry.
        let commented = end_of_line_comments(text, end);
        if newline_after(text, commented).is_some() {
            end = commented;
        }
    }
    if let Some(next) = next {
        let between = &text[end..next.range.start];
        if line_before.is_some() && between.contains('\n') {
            edits.delete(line_before.unwrap_or(blank_before)..end);
        } else {
            let blanks = between.len() - between.trim_start_matches([' ', '\t']).len();
            edits.delete(ours.range.start..end + blanks);
        }
        return;
    }
    if comma.is_none()
        && let Some(comma) = previous.and_then(|it| comma_after(text, it.range.end))
    {
        edits.delete(comma..comma + 1);
    }
    let start = match (line_before, previous) {
        (Some(line), _) => line,
        (None, Some(_)) => blank_before,
        (None, None) => ours.range.start,
    };
    edits.delete(start..end);
}

/// Where the comma that follows a property stands, past white space and comments.
fn comma_after(text: &str, at: usize) -> Option<usize> {
    let next = skip(text, at, |_| true).0;
    text[next..].starts_with(',').then_some(next)
}

/// The end of the last comment that begins on the line of `at`, or `at`.
fn end_of_line_comments(text: &str, at: usize) -> usize {
    skip(text, at, |it| it != '\n' && it != '\r').1
}

/// The end of the last comment before the next token, or `at`.
fn end_of_comments(text: &str, at: usize) -> usize {
    skip(text, at, |_| true).1
}

/// Skips comments, and white space that `blank` allows: where it stopped, and where the last comment ended.
fn skip(text: &str, at: usize, blank: impl Fn(char) -> bool) -> (usize, usize) {
    let (mut here, mut comment) = (at, at);
    loop {
        let rest = text[here..].trim_start_matches(|it: char| it.is_whitespace() && blank(it));
        here = text.len() - rest.len();
        let length = if rest.starts_with("//") {
            rest.find(['\r', '\n']).unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |it| it + 2)
        } else {
            return (here, comment);
        };
        here += length;
        comment = here;
    }
}

fn property(key: &str, value: &Value, layout: Layout, indent: &str, unit: &str, newline: &str) -> String {
    format!("{}: {}", Value::from(key), render(value, layout, indent, unit, newline))
}

/// Writes a value that begins on a line indented by `indent`. Arrays are always on one line.
fn render(value: &Value, layout: Layout, indent: &str, unit: &str, newline: &str) -> String {
    let inner = match layout {
        Layout::Full => Layout::Full,
        Layout::OneLine | Layout::Outer => Layout::OneLine,
    };
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_string(),
        Value::Object(map) if layout == Layout::OneLine => {
            let all: Vec<String> = map.iter().map(|(key, value)| property(key, value, inner, "", "", "")).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Value::Object(map) => {
            let deeper = format!("{indent}{unit}");
            let all: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{deeper}{}", property(key, value, inner, &deeper, unit, newline)))
                .collect();
            format!("{{{newline}{}{newline}{indent}}}", all.join(&format!(",{newline}")))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(Value::to_string).collect();
            format!("[{}]", all.join(", "))
        }
        other => other.to_string(),
    }
}
