//! Edits Goose's YAML line by line. No YAML library keeps a file's bytes, so this reads just enough of the format to
//! know which lines are structure and which are inside a text, and refuses what it is not sure of.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::Entry;
use super::Refusal;
use super::SERVER_NAME;
use super::edits::newline;
use super::edits::newline_before;
use super::json;

/// The mapping of all servers, at the top of the file.
const EXTENSIONS: &str = "extensions";

/// One line of the file that is not blank and no comment.
#[derive(Clone, Debug)]
struct Line {
    /// The whole line, its line ending included.
    range: Range<usize>,
    /// From 1.
    number: usize,
    indent: usize,
    /// Whether it continues a text or a flow collection of a line above.
    continues: bool,
}

/// The key of a line `key: value # comment`, and where its value stands.
struct Pair {
    key: String,
    value: Range<usize>,
}

/// Adds or updates our entry.
pub(super) fn add(text: &str, fields: &[(&str, Value)]) -> Result<String, Refusal> {
    let lines = scan(text)?;
    let Some(at) = extensions(text, &lines)? else {
        return Ok(append(text, fields));
    };
    let pair = pair(text, &lines[at])?;
    let held = &text[pair.value.clone()];
    if !held.is_empty() {
        let changed = json::add_to_object(held, fields).ok_or_else(|| flow(&lines[at]))?;
        return Ok(replaced(text, pair.value, &changed));
    }
    let children = children(&lines, at);
    let Some(first) = children.first() else {
        let entry = Value::Object([(SERVER_NAME.to_string(), object_of(fields))].into_iter().collect());
        return Ok(replaced(text, pair.value, &format!(" {}", json::one_line(&entry))));
    };
    if children.iter().any(|&it| lines[it].indent == lines[*first].indent && starts_item(text, &lines[it])) {
        return Err(shape(&lines[*first], "`extensions` is a list, not a mapping"));
    }
    match ours(text, &lines, &children)? {
        Some(our) => update(text, &lines, our, fields),
        None => Ok(insert(text, &lines, &children, fields)),
    }
}

/// Removes our entry; the text comes back unchanged when there is none.
pub(super) fn remove(text: &str) -> Result<String, Refusal> {
    let lines = scan(text)?;
    let Some(at) = extensions(text, &lines)? else { return Ok(text.to_string()) };
    let pair = pair(text, &lines[at])?;
    let held = &text[pair.value.clone()];
    if !held.is_empty() {
        return match json::remove_from_object(held).ok_or_else(|| flow(&lines[at]))? {
            Some(left) => Ok(replaced(text, pair.value, &left)),
            None => {
                let start = text[..pair.value.start].trim_end_matches(' ').len();
                Ok(replaced(text, start..pair.value.end, ""))
            }
        };
    }
    let children = children(&lines, at);
    let Some(our) = ours(text, &lines, &children)? else { return Ok(text.to_string()) };
    let body = block(&lines, our);
    let mut range = lines[our].range.start..lines[body.end - 1].range.end;
    // The mapping came with our entry when it holds nothing else, not even a comment.
    if children.len() == body.len()
        && lines[at].range.end == range.start
        && text[pair.value.end..range.start].trim().is_empty()
    {
        range.start = lines[at].range.start;
    }
    if range.end == text.len() && !text.ends_with('\n') {
        range.start = newline_before(text, range.start).unwrap_or(range.start);
    }
    Ok(replaced(text, range, ""))
}

/// Our entry as the file has it.
pub(super) fn find(text: &str) -> Result<Option<Entry>, Refusal> {
    let lines = scan(text)?;
    let Some(at) = extensions(text, &lines)? else { return Ok(None) };
    let pair = pair(text, &lines[at])?;
    let held = &text[pair.value];
    if !held.is_empty() {
        return json::find_in_object(held, "cmd", "envs").ok_or_else(|| flow(&lines[at]));
    }
    match ours(text, &lines, &children(&lines, at))? {
        Some(our) => read(text, &lines, our).map(Some),
        None => Ok(None),
    }
}

/// What a person would paste.
pub(super) fn snippet(fields: &[(&str, Value)]) -> String {
    append("", fields)
}

/// Sorts the lines: blank ones and comments are left out, the inside of texts and flow collections is marked.
fn scan(text: &str) -> Result<Vec<Line>, Refusal> {
    let mut lines: Vec<Line> = Vec::new();
    let mut state = Inside::Structure;
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let range = start..start + whole.len();
        start = range.end;
        let number = index + 1;
        let line = whole.trim_end_matches(['\r', '\n']);
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if let Inside::Text { deeper_than, keep } = state {
            if content.is_empty() {
                // Only a text that keeps its last blank lines is changed by what happens to them.
                if keep {
                    lines.push(Line { range, number, indent, continues: true });
                }
                continue;
            }
            if indent as isize > deeper_than {
                lines.push(Line { range, number, indent, continues: true });
                continue;
            }
            state = Inside::Structure;
        }
        let continues = !matches!(state, Inside::Structure);
        if !continues {
            if content.trim().is_empty() || content.starts_with('#') {
                continue;
            }
            if content.starts_with('\t') {
                let problem = "a tab indents this line".to_string();
                return Err(Refusal::Invalid { line: number, column: indent + 1, problem });
            }
        }
        state = follow(content, indent, state);
        lines.push(Line { range, number, indent, continues });
    }
    match state {
        Inside::Structure | Inside::Text { .. } => Ok(lines),
        Inside::Quote { .. } | Inside::Flow { .. } => {
            let line = lines.iter().rev().find(|it| !it.continues).map_or(1, |it| it.number);
            let problem = "a quote or bracket that begins here is never closed".to_string();
            Err(Refusal::Invalid { line, column: 1, problem })
        }
    }
}

/// What a line of YAML begins inside of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Inside {
    Structure,
    /// A quoted text, possibly within brackets.
    Quote {
        mark: char,
        depth: usize,
    },
    /// A flow collection of this many open brackets.
    Flow {
        depth: usize,
    },
    /// A block text: every line that is indented deeper.
    Text {
        deeper_than: isize,
        keep: bool,
    },
}

/// What the next line begins inside of, when this one began inside of `state`.
fn follow(content: &str, indent: usize, state: Inside) -> Inside {
    let (mut quote, mut depth) = match state {
        Inside::Quote { mark, depth } => (Some(mark), depth),
        Inside::Flow { depth } => (None, depth),
        Inside::Structure | Inside::Text { .. } => (None, 0),
    };
    // Whether a quote or bracket here would begin a value, and where the value of the line begins.
    let mut fresh = true;
    let mut value = content;
    // The column of the node that a block text would belong to, and that of the key being read.
    let mut column = indent;
    let mut key_column = None;
    let mut chars = content.char_indices().peekable();
    while let Some((at, it)) = chars.next() {
        let next = chars.peek().map(|it| it.1);
        if let Some(mark) = quote {
            if mark == '"' && it == '\\' {
                chars.next();
            } else if it == mark {
                if mark == '\'' && next == Some('\'') {
                    chars.next();
                } else {
                    quote = None;
                }
            }
            fresh = false;
            continue;
        }
        if it != ' ' && !(it == '-' && fresh) {
            key_column.get_or_insert(indent + at);
        }
        match it {
            '#' if at == 0 || content[..at].ends_with([' ', '\t']) => break,
            '"' | '\'' if fresh => quote = Some(it),
            '{' | '[' if fresh || depth > 0 => {
                depth += 1;
                fresh = true;
                continue;
            }
            '}' | ']' if depth > 0 => depth -= 1,
            ',' if depth > 0 => {
                fresh = true;
                continue;
            }
            ':' if depth > 0 || next.is_none_or(|it| it == ' ' || it == '\t') => {
                fresh = true;
                value = &content[at + 1..];
                column = key_column.unwrap_or(indent);
                continue;
            }
            '-' if fresh && depth == 0 && next.is_none_or(|it| it == ' ') => {
                value = &content[at + 1..];
                column = indent + at;
                key_column = None;
                continue;
            }
            ' ' | '\t' => continue,
            _ => {}
        }
        fresh = false;
    }
    if let Some(mark) = quote {
        return Inside::Quote { mark, depth };
    }
    if depth > 0 {
        return Inside::Flow { depth };
    }
    let header = value.split_whitespace().find(|it| !it.starts_with(['&', '!'])).unwrap_or_default();
    let is_text = header.starts_with(['|', '>']) && header[1..].chars().all(|it| matches!(it, '+' | '-' | '0'..='9'));
    match (is_text, matches!(state, Inside::Structure)) {
        (true, true) => Inside::Text { deeper_than: column as isize, keep: header.contains('+') },
        _ => Inside::Structure,
    }
}

/// The line of the top mapping's `extensions`.
fn extensions(text: &str, lines: &[Line]) -> Result<Option<usize>, Refusal> {
    let mut found = None;
    let mut began = false;
    for (at, line) in lines.iter().enumerate().filter(|(_, it)| !it.continues && it.indent == 0) {
        let content = text[line.range.clone()].trim_end();
        if (content.starts_with("---") || content.starts_with('%')) && !began {
            continue;
        }
        if content.starts_with("---") || content == "..." {
            return Err(shape(line, "the file holds more than one document"));
        }
        let first = !began;
        began = true;
        if starts_item(text, line) {
            if first {
                return Err(shape(line, "the file holds a list, not a mapping"));
            }
            // A list may stand at the indentation of the key that holds it.
            continue;
        }
        if pair(text, line)?.key == EXTENSIONS && found.replace(at).is_some() {
            return Err(shape(line, "`extensions` is there twice"));
        }
    }
    if let Some(line) = lines.first().filter(|it| it.indent > 0) {
        return Err(shape(line, "the top of the file is indented"));
    }
    if let Some(at) = found
        && let Some(line) = lines.get(at + 1).filter(|it| it.indent == 0 && starts_item(text, it))
    {
        return Err(shape(line, "`extensions` is a list, not a mapping"));
    }
    Ok(found)
}

fn starts_item(text: &str, line: &Line) -> bool {
    let content = text[line.range.clone()].trim();
    !line.continues && (content == "-" || content.starts_with("- "))
}

/// Splits a line of structure. The value ends before a comment and is empty where the line ends after the colon.
fn pair(text: &str, line: &Line) -> Result<Pair, Refusal> {
    let start = line.range.start + line.indent;
    let content = text[start..line.range.end].trim_end_matches(['\r', '\n']);
    let unclear = || shape(line, "this line is not `key: value`");
    let (key, after) = match content.chars().next() {
        Some(mark @ ('"' | '\'')) => {
            let end = content[1..].find(mark).ok_or_else(unclear)? + 1;
            (content[1..end].to_string(), end + 1)
        }
        Some('?' | '{' | '[' | '&' | '*' | '!' | '|' | '>' | '@' | '`' | '%') | None => return Err(unclear()),
        Some(_) => {
            let ends = |at: &usize| content[at + 1..].is_empty() || content[at + 1..].starts_with([' ', '\t']);
            let end = content.match_indices(':').map(|it| it.0).find(ends).ok_or_else(unclear)?;
            (content[..end].trim_end().to_string(), end)
        }
    };
    let colon = after + content[after..].find(':').ok_or_else(unclear)?;
    let value = &content[colon + 1..];
    let value_start = match value.trim_start_matches([' ', '\t']) {
        "" => colon + 1,
        it if it.starts_with('#') => colon + 1,
        it => content.len() - it.len(),
    };
    let value_end = value_start + scalar_length(&content[value_start..]);
    Ok(Pair { key, value: start + value_start..start + value_end })
}

/// How long the value is that a line ends with: up to a comment, without the blanks before it.
fn scalar_length(value: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (at, it) in value.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if it == '\\' => escaped = true,
            Some(mark) if it == mark => quote = None,
            Some(_) => {}
            None if it == '#' && (at == 0 || value[..at].ends_with([' ', '\t'])) => {
                return value[..at].trim_end().len();
            }
            None if (it == '"' || it == '\'') && (at == 0 || value[..at].ends_with([' ', '[', '{', ',', ':'])) => {
                quote = Some(it);
            }
            None => {}
        }
    }
    value.trim_end().len()
}

/// The lines below line `at`, by place.
fn children(lines: &[Line], at: usize) -> Vec<usize> {
    block(lines, at).skip(1).collect()
}

/// Line `at` and all that belong to it. A list may stand at the indentation of its key, but not below `extensions`.
fn block(lines: &[Line], at: usize) -> Range<usize> {
    let below = lines[at + 1..].iter().take_while(|it| it.continues || it.indent > lines[at].indent).count();
    at..at + 1 + below
}

/// The line of our entry among the children of `extensions`.
fn ours(text: &str, lines: &[Line], children: &[usize]) -> Result<Option<usize>, Refusal> {
    let Some(first) = children.first() else { return Ok(None) };
    let mut found = None;
    for &at in children.iter().filter(|&&it| !lines[it].continues && lines[it].indent <= lines[*first].indent) {
        if lines[at].indent < lines[*first].indent {
            return Err(shape(&lines[at], "this line is indented less than its neighbours"));
        }
        let entry = pair(text, &lines[at])?;
        if entry.key != SERVER_NAME {
            continue;
        }
        if !text[entry.value.clone()].is_empty() {
            return Err(flow(&lines[at]));
        }
        if found.replace(at).is_some() {
            return Err(shape(&lines[at], "`carryall` is there twice"));
        }
    }
    Ok(found)
}

/// The fields of our entry: the line of each, and the lines that belong to it.
fn fields_of(text: &str, lines: &[Line], our: usize) -> Result<Vec<(Pair, Range<usize>)>, Refusal> {
    let body = block(lines, our);
    let Some(first) = lines.get(our + 1).filter(|_| body.len() > 1) else { return Ok(Vec::new()) };
    let mut fields: Vec<(Pair, Range<usize>)> = Vec::new();
    for (at, line) in lines.iter().enumerate().take(body.end).skip(our + 1) {
        let own = !line.continues && line.indent <= first.indent && !starts_item(text, line);
        match fields.last_mut() {
            _ if own => fields.push((pair(text, line)?, at..at + 1)),
            Some(last) => last.1.end = at + 1,
            None => return Err(shape(line, "our entry is not a mapping")),
        }
    }
    Ok(fields)
}

fn read(text: &str, lines: &[Line], our: usize) -> Result<Entry, Refusal> {
    let mut entry = Entry::default();
    for (pair, body) in fields_of(text, lines, our)? {
        match pair.key.as_str() {
            "cmd" => entry.command = scalar(&text[pair.value]).unwrap_or_default(),
            "args" => entry.args = list(text, lines, &pair, &body).unwrap_or_default(),
            "envs" => entry.env = variables(text, lines, &pair, &body).unwrap_or_default(),
            _ => {}
        }
    }
    Ok(entry)
}

/// A text on one line. `None` for anything that is more.
fn scalar(value: &str) -> Option<String> {
    if let Some(inner) = value.strip_prefix('\'') {
        return Some(inner.strip_suffix('\'')?.replace("''", "'"));
    }
    if value.starts_with('"') {
        // JSON's escapes are YAML's; the few that only YAML has are not worth knowing here.
        return serde_json::from_str(value).ok();
    }
    (!value.starts_with(['|', '>', '{', '[', '&', '*', '!'])).then(|| value.to_string())
}

fn list(text: &str, lines: &[Line], pair: &Pair, body: &Range<usize>) -> Option<Vec<String>> {
    let held = &text[pair.value.clone()];
    if let Some(inner) = held.strip_prefix('[') {
        if let Ok(list) = serde_json::from_str(held) {
            return Some(list);
        }
        let inner = inner.strip_suffix(']')?;
        return inner.split(',').map(|it| scalar(it.trim())).filter(|it| it.as_deref() != Some("")).collect();
    }
    lines[body.start + 1..body.end]
        .iter()
        .map(|line| {
            let item = text[line.range.clone()].trim().strip_prefix('-')?.trim_start();
            (!line.continues).then(|| scalar(&item[..scalar_length(item)]))?
        })
        .collect()
}

fn variables(text: &str, lines: &[Line], held: &Pair, body: &Range<usize>) -> Option<BTreeMap<String, String>> {
    let inline = &text[held.value.clone()];
    if !inline.is_empty() {
        return serde_json::from_str(inline).ok();
    }
    lines[body.start + 1..body.end]
        .iter()
        .map(|line| {
            let variable = pair(text, line).ok().filter(|_| !line.continues)?;
            Some((variable.key, scalar(&text[variable.value])?))
        })
        .collect()
}

/// Changes what differs in our existing entry; what a person chose (`enabled`, `timeout`, more) stays.
fn update(text: &str, lines: &[Line], our: usize, fields: &[(&str, Value)]) -> Result<String, Refusal> {
    let newline = newline(text);
    let held = fields_of(text, lines, our)?;
    let step = match held.first() {
        Some((_, body)) => lines[body.start].indent,
        None => lines[our].indent + 2,
    };
    let indent = " ".repeat(step);
    let last = block(lines, our).end - 1;
    let mut edits = super::edits::Edits::default();
    let mut added = Vec::new();
    for (key, new) in fields {
        let mut named = held.iter().filter(|(pair, _)| pair.key == *key);
        let (field, again) = (named.next(), named.next());
        if let Some((_, body)) = again {
            return Err(shape(&lines[body.start], "our entry has a field twice"));
        }
        let Some((pair, body)) = field else {
            added.extend(render(key, new, &indent));
            continue;
        };
        let unchanged = match new {
            Value::String(new) => body.len() == 1 && scalar(&text[pair.value.clone()]).as_ref() == Some(new),
            Value::Array(new) => list(text, lines, pair, body)
                .is_some_and(|it| it.len() == new.len() && it.iter().zip(new).all(|(held, new)| new == held.as_str())),
            Value::Object(new) => match variables(text, lines, pair, body) {
                Some(held) if new.iter().all(|(name, value)| held.get(name).map(String::as_str) == value.as_str()) => {
                    true
                }
                Some(held) => {
                    let mut merged = new.clone();
                    merged.extend(held.into_iter().filter(|it| !new.contains_key(&it.0)).map(|it| (it.0, it.1.into())));
                    replace_field(&mut edits, text, lines, body, &render(key, &Value::Object(merged), &indent));
                    continue;
                }
                None if new.is_empty() => true,
                None => return Err(shape(&lines[body.start], "the variables of our entry are not plain texts")),
            },
            // `enabled` and `timeout` are the person's once they are there.
            _ => true,
        };
        if unchanged {
            continue;
        }
        match new {
            Value::String(new) if body.len() == 1 => edits.replace(pair.value.clone(), quoted(new)),
            _ => replace_field(&mut edits, text, lines, body, &render(key, new, &indent)),
        }
    }
    if !added.is_empty() {
        let at = lines[last].range.end;
        match text[..at].ends_with('\n') {
            true => edits.insert(at, added.iter().map(|it| format!("{it}{newline}")).collect::<String>()),
            false => edits.insert(at, added.iter().map(|it| format!("{newline}{it}")).collect::<String>()),
        }
    }
    Ok(edits.apply(text))
}

fn replace_field(edits: &mut super::edits::Edits, text: &str, lines: &[Line], body: &Range<usize>, new: &[String]) {
    let newline = newline(text);
    let range = lines[body.start].range.start..lines[body.end - 1].range.end;
    let end = if text[range.clone()].ends_with('\n') { newline } else { "" };
    edits.replace(range, format!("{}{end}", new.join(newline)));
}

/// The whole mapping behind everything else.
fn append(text: &str, fields: &[(&str, Value)]) -> String {
    let newline = newline(text);
    let mut lines = vec![format!("{EXTENSIONS}:")];
    lines.extend(entry_lines(fields, "  ", "    "));
    let block = lines.join(newline);
    if text.is_empty() || text.ends_with('\n') {
        format!("{text}{block}{newline}")
    } else {
        format!("{text}{newline}{block}")
    }
}

/// Our entry behind the other children.
fn insert(text: &str, lines: &[Line], children: &[usize], fields: &[(&str, Value)]) -> String {
    let newline = newline(text);
    let first = lines[children[0]].indent;
    let deeper = children.iter().map(|&it| &lines[it]).find(|it| !it.continues && it.indent > first);
    let entry = entry_lines(fields, &" ".repeat(first), &" ".repeat(deeper.map_or(first + 2, |it| it.indent)));
    let end = children.last().map_or(text.len(), |&it| lines[it].range.end);
    let added: String = match text[..end].ends_with('\n') {
        true => entry.iter().map(|it| format!("{it}{newline}")).collect(),
        false => entry.iter().map(|it| format!("{newline}{it}")).collect(),
    };
    replaced(text, end..end, &added)
}

fn entry_lines(fields: &[(&str, Value)], indent: &str, deeper: &str) -> Vec<String> {
    let mut lines = vec![format!("{indent}{SERVER_NAME}:")];
    lines.extend(fields.iter().flat_map(|(key, value)| render(key, value, deeper)));
    lines
}

/// A field as lines without line endings. Lists stand at the indentation of their key, as Goose writes them.
fn render(key: &str, value: &Value, indent: &str) -> Vec<String> {
    match value {
        Value::Array(all) if !all.is_empty() => {
            let items = all.iter().map(|it| format!("{indent}- {}", quoted(it.as_str().unwrap_or_default())));
            [format!("{indent}{key}:")].into_iter().chain(items).collect()
        }
        Value::Object(map) if !map.is_empty() => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{indent}  {}: {}", quoted(key), quoted(value.as_str().unwrap_or_default()))
            };
            [format!("{indent}{key}:")].into_iter().chain(map.iter().map(pair)).collect()
        }
        Value::String(it) => vec![format!("{indent}{key}: {}", quoted(it))],
        other => vec![format!("{indent}{key}: {other}")],
    }
}

/// The text as it is where YAML cannot misread it, else in double quotes.
fn quoted(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '/' | '.' | '_' | '-');
    let begins = text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '/')
        || text.strip_prefix("--").is_some_and(|it| it.starts_with(|it: char| it.is_ascii_alphabetic()));
    let word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    if begins && !word && text.chars().all(plain) { text.to_string() } else { Value::from(text).to_string() }
}

fn object_of(fields: &[(&str, Value)]) -> Value {
    Value::Object(fields.iter().map(|(key, value)| (key.to_string(), value.clone())).collect())
}

fn replaced(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

fn shape(line: &Line, problem: &str) -> Refusal {
    Refusal::Shape { line: line.number, problem: problem.to_string() }
}

fn flow(line: &Line) -> Refusal {
    shape(line, "this is written with braces, an anchor or a tag, which are not edited")
}
