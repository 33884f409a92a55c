//! Passwords and keys as programs and their settings give them, where more than `=` or `:` stands between name and value:
//! `const DB_PASSWORD: &str = "…"`, `<password>…</password>`, `setenv("DB_PASSWORD", "…")`, `name: DB_PASSWORD, value: …`,
//! `IDENTIFIED BY '…'`, `setPassword("…")`.

use std::ops::Range;

use super::NAMES;
use super::told::set_to;

/// The longest that may stand between a name and its value: `: Option<&'static str> = Some`.
const MAX_BETWEEN_BYTES: usize = 48;

/// The last letters of [`NAMES`].
const ENDS: [&[u8; 3]; 10] = [b"ord", b"swd", b"ase", b"pwd", b"ass", b"ret", b"key", b"ken", b"alt", b"ied"];

/// The value of the name that ends with the word at `word`.
pub(super) fn in_program(text: &str, word: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    // Few words end as such names do, and what follows is done for those only.
    let last = text.as_bytes()[word.start..word.end].last_chunk::<3>()?.map(|it| it.to_ascii_lowercase());
    let next = text.as_bytes().get(word.end)?;
    if !ENDS.contains(&&last) || !b" :\"'[(>\n\r,".contains(next) || text[..word.start].ends_with("::") {
        return None;
    }
    let name: String = text[word.clone()]
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|it| it.to_ascii_lowercase() as char)
        .collect();
    let (before, rest) = (&text[..word.start], &text[word.end..]);
    // Of SQL.
    let of_sql = [("identified", " BY "), ("password", " ")].into_iter();
    let of_sql = of_sql.filter(|it| it.0 == name).find_map(|it| rest.strip_prefix(it.1));
    let (_, what) = match name.as_str() {
        "identified" => &("", "password"),
        _ => NAMES.iter().filter(|it| it.0 != "bearer").find(|it| name.ends_with(it.0))?,
    };
    let found = of_sql
        .and_then(|it| quoted(rest, it))
        .or_else(|| typed_literal(rest))
        .or_else(|| value_of_pair(rest))
        .or_else(|| argument(before, rest))
        .or_else(|| setter(before, &name, rest))
        .or_else(|| word_behind(before, rest))
        .or_else(|| element(before, rest))?;
    let at = text.len() - rest.len() + found.start;
    set_to(&text[at..at + found.len()], what).then(|| (at..at + found.len(), *what))
}

/// `: &str = "…"`, ` string = "…"`, `[16] = "…"`, `"] = "…"`: a type or a bracket, and then what is written in quotation marks.
fn typed_literal(rest: &str) -> Option<Range<usize>> {
    let closed = rest.trim_start_matches(['"', '\'']);
    let length = closed.bytes().take(MAX_BETWEEN_BYTES).position(|it| it == b'=')?;
    let between = &closed[..length];
    let is_type = |it: char| it.is_ascii_alphanumeric() || " _&'<>[]?.:*|".contains(it);
    if !between.contains([':', '[', ']', ' ']) || !between.chars().all(is_type) {
        return None;
    }
    quoted(rest, &closed[length + 1..])
}

/// `name: DB_PASSWORD`, `value: …` on the same line or the next, with or without quotation marks.
fn value_of_pair(rest: &str) -> Option<Range<usize>> {
    let signs = ['"', '\'', ',', ' ', '\t', '\r', '\n'];
    let head = rest.bytes().take(MAX_BETWEEN_BYTES).position(|it| it == b'v')?;
    let behind = rest[..head].trim_matches(signs).is_empty().then(|| rest[head..].strip_prefix("value"))??;
    let behind = behind.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']).strip_prefix([':', '='])?;
    quoted(rest, behind).or_else(|| {
        let value = behind.trim_start_matches([' ', '\t']);
        let length = value.find(|it: char| it.is_whitespace() || it == ',').unwrap_or(value.len());
        (!value.starts_with(['"', '\''])).then(|| rest.len() - value.len()..rest.len() - value.len() + length)
    })
}

/// `setenv("DB_PASSWORD", "…")`: the last argument of a call that sets.
fn argument(before: &str, rest: &str) -> Option<Range<usize>> {
    let before = before[before.floor_char_boundary(before.len().saturating_sub(64))..].trim_end_matches(is_of_name);
    let call = before.strip_suffix(['"', '\''])?.trim_end_matches(' ').strip_suffix('(')?;
    let call = call[call.floor_char_boundary(call.len().saturating_sub(24))..].to_ascii_lowercase();
    let called = call.rsplit(|it: char| !it.is_alphanumeric() && it != '_').next()?;
    let sets = ["set", "put", "env", "add", "def"].iter().any(|it| called.contains(it));
    let behind = rest.strip_prefix(['"', '\''])?.trim_start_matches(' ').strip_prefix(',').filter(|_| sets)?;
    quoted(rest, behind).filter(|it| rest[it.end + 1..].trim_start_matches([' ', '\n']).starts_with(')'))
}

/// `setPassword("…")`, and `.password("…")` of a builder.
fn setter(before: &str, name: &str, rest: &str) -> Option<Range<usize>> {
    let sets = ["set", "with"].iter().any(|it| name.starts_with(it)) || name == "password" && before.ends_with('.');
    let found = quoted(rest, rest.strip_prefix('(').filter(|_| sets)?)?;
    rest[found.end + 1..].starts_with(')').then_some(found)
}

/// `ENV DB_PASSWORD …` of a Dockerfile, `login ana password …` of a `.netrc`.
fn word_behind(before: &str, rest: &str) -> Option<Range<usize>> {
    let before = before[before.floor_char_boundary(before.len().saturating_sub(64))..].trim_end_matches(is_of_name);
    let is_given = before.ends_with("ENV ") || before.trim_end().rsplit(' ').nth(1) == Some("login");
    let value = rest.strip_prefix(' ').filter(|_| is_given)?;
    Some(1..1 + value.find(char::is_whitespace).unwrap_or(value.len()))
}

/// `spring.datasource.password`
fn is_of_name(it: char) -> bool {
    it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-')
}

/// `<password>…</password>`.
fn element(before: &str, rest: &str) -> Option<Range<usize>> {
    let value = rest.strip_prefix('>').filter(|_| before.ends_with('<'))?;
    let length = value.bytes().take(super::MAX_VALUE_BYTES).position(|it| it == b'<')?;
    value[length..].starts_with("</").then_some(1..1 + length)
}

/// Where in `rest` the text stands with whose quotation mark its end `behind` begins, on one line.
fn quoted(rest: &str, behind: &str) -> Option<Range<usize>> {
    let value = behind.trim_start_matches(' ');
    let mark = value.chars().next().filter(|it| "\"'`".contains(*it))?;
    let value = &value[1..];
    let length = value.bytes().take(super::MAX_VALUE_BYTES).position(|it| it == mark as u8 || it == b'\n')?;
    let at = rest.len() - value.len();
    value[length..].starts_with(mark).then_some(at..at + length)
}
