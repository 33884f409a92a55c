//! Passwords and keys as programs take them: in commands, headers and addresses.

use std::ops::Range;

use super::MAX_VALUE_BYTES;
use super::is_word;
use super::word_length;

/// How far before a flag its program is looked for.
const COMMAND_BYTES: usize = 200;

/// The password in `curl -u ana:…`, `sshpass -p …`, `mysql -p…` or `Authorization: Basic …`; `word` is the flag, or `Basic`.
pub(super) fn typed(text: &str, word: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    let name = &text[word.clone()];
    if name == "Basic" {
        let before = text[..word.start].trim_end_matches([' ', '"', '\'', ':', '\\']);
        let at = word.end + 1;
        let value = text.get(at..).filter(|_| text[word.end..].starts_with(' '))?;
        let length = value.bytes().take(MAX_VALUE_BYTES).take_while(|it| super::is_base64(*it)).count();
        return (before.ends_with("uthorization") && length >= 8).then(|| (at..at + length, "password"));
    }
    if !name.starts_with('-') {
        return None;
    }
    if matches!(name, "-u" | "--user") {
        let behind = text[word.end..].trim_start_matches([' ', '=', '"', '\'']);
        let user = behind.bytes().take(MAX_VALUE_BYTES).take_while(|it| is_word(*it) || b".@+".contains(it)).count();
        let password = behind[user..].strip_prefix(':')?;
        let is_sent = ["curl ", "http ", "wget "].iter().any(|it| command(text, word.start).contains(it));
        return chosen(text, password).filter(|_| user > 0 && is_sent);
    }
    if name == "-p" {
        let is_given = command(text, word.start).ends_with("sshpass ");
        return chosen(text, text[word.end..].trim_start_matches([' ', '"', '\''])).filter(|_| is_given);
    }
    if name.starts_with("-p") && name.as_bytes().get(2) != Some(&b'-') {
        let is_given =
            ["mysql ", "mysqldump ", "mysqladmin ", "mariadb "].iter().any(|it| command(text, word.start).contains(it));
        return chosen(text, &text[word.start + 2..]).filter(|_| is_given);
    }
    None
}

/// The line up to `at`, as far as one looks.
fn command(text: &str, at: usize) -> &str {
    let start = text.floor_char_boundary(at.saturating_sub(COMMAND_BYTES));
    text[start..at].rsplit('\n').next().unwrap_or_default()
}

/// The password with which `rest`, an end of `text`, begins: letters and more, no variable and no number of a port.
fn chosen(text: &str, rest: &str) -> Option<(Range<usize>, &'static str)> {
    let ends = |it: char| it.is_whitespace() || "\"'`\\;<>(){}|".contains(it);
    let length = rest.char_indices().take(MAX_VALUE_BYTES).find(|(_, it)| ends(*it)).map_or(rest.len(), |(at, _)| at);
    let value = &rest[..length];
    let at = text.len() - rest.len();
    let is_one = (6..=MAX_VALUE_BYTES).contains(&length)
        && value.contains(char::is_alphabetic)
        && value.contains(|it: char| !it.is_alphabetic())
        && !value.starts_with(['$', '%', '.', '/', '-', '['])
        && !value.contains("password");
    is_one.then(|| (at..at + length, "password"))
}

/// The password of `redis://:password@host`, which has no user; `colon` is where its colon stands.
pub(super) fn without_user(text: &str, colon: usize) -> Option<(Range<usize>, &'static str)> {
    let password = text[colon..].strip_prefix(':').filter(|_| text[..colon].ends_with("://"))?;
    super::password_of_url(password).map(|length| (colon + 1..colon + 1 + length, "password"))
}

/// A token of a bot of Discord: its number in Base64, a time, and a signature.
pub(super) fn discord(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    if !(23..=28).contains(&(end - start)) || !text[start..end].starts_with(['M', 'N', 'O']) {
        return None;
    }
    let time = text[end..].strip_prefix('.').map(word_length).filter(|it| *it == 6)?;
    let signature = text[end + 1 + time..].strip_prefix('.').map(word_length).filter(|it| (27..=38).contains(it))?;
    Some(start..end + 1 + time + 1 + signature)
}
