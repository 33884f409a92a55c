//! Passwords and keys as programs take them: in commands, headers and addresses.

use std::ops::Range;

use super::MAX_VALUE_BYTES;
use super::PLACEHOLDERS;
use super::is_word;
use super::word_length;

/// How far before a flag its program is looked for.
const COMMAND_BYTES: usize = 200;

/// Programs and the flag behind which each takes its password.
const TAKE: &[(&str, &str)] =
    &[("sshpass ", "-p"), (" login ", "-p"), ("redis-cli ", "-a"), ("ldapsearch ", "-w"), ("openssl ", "-k")];

/// Programs that take `user:password`, or `user%password`.
const TAKE_BOTH: &[(&str, char)] = &[("curl ", ':'), ("http ", ':'), ("wget ", ':'), ("smbclient ", '%')];

/// The password in `curl -u ana:…`, `sshpass -p …`, `mysql -p…` or `Authorization: Basic …`; `word` is the flag, or `Basic`.
pub(super) fn typed(text: &str, word: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    let name = &text[word.clone()];
    if name.eq_ignore_ascii_case("basic") {
        let before = text[..word.start].trim_end_matches([' ', '"', '\'', ':', '\\']);
        let is_header = before.ends_with("uthorization") || before.ends_with("UTHORIZATION");
        let at = word.end + 1;
        let value = text.get(at..).filter(|_| text[word.end..].starts_with(' '))?;
        let length = value.bytes().take(MAX_VALUE_BYTES).take_while(|it| super::is_base64(*it)).count();
        // `authorization: basic authentication` has no capital but the first, and no digit.
        let is_coded = value[..length].bytes().skip(1).any(|it| !it.is_ascii_lowercase());
        return (is_header && is_coded && length >= 8).then(|| (at..at + length, "password"));
    }
    if !name.starts_with('-') {
        return None;
    }
    let line = || line(text, word.start);
    let command = || command(line());
    let behind = text[word.end..].trim_start_matches([' ', '=', '"', '\'']);
    if matches!(name, "-u" | "--user" | "-U") {
        let user = behind.bytes().take(MAX_VALUE_BYTES).take_while(|it| is_word(*it) || b".@+".contains(it)).count();
        let sign = behind[user..].chars().next().filter(|_| user > 0)?;
        let is_sent = TAKE_BOTH.iter().any(|it| it.1 == sign && line().contains(it.0));
        return chosen(text, &behind[user + sign.len_utf8()..]).filter(|_| is_sent);
    }
    if TAKE.iter().any(|it| it.1 == name && command().contains(it.0)) {
        return chosen(text, behind);
    }
    // `mysql -p` alone asks for it.
    let rest = text[word.start..].strip_prefix("-p").filter(|it| !it.starts_with([' ', '-']))?;
    ["mysql ", "mysqldump ", "mysqladmin ", "mariadb "]
        .iter()
        .any(|it| command().contains(it))
        .then(|| chosen(text, rest.trim_start_matches(['"', '\''])))
        .flatten()
}

/// The last command of a line; all of it when what parts commands stands within quotes.
fn command(line: &str) -> &str {
    let last = line.rsplit([';', '|', '&']).next().unwrap_or_default();
    let is_quoted = ['"', '\''].iter().any(|it| last.matches(*it).count() % 2 == 1);
    if is_quoted { line } else { last }
}

/// The line up to `at`, as far as one looks.
fn line(text: &str, at: usize) -> &str {
    let start = text.floor_char_boundary(at.saturating_sub(COMMAND_BYTES));
    text[start..at].rsplit('\n').next().unwrap_or_default()
}

/// The password with which `rest`, an end of `text`, begins: no variable, no number of a port, and no word that only
/// says that there one stands.
fn chosen(text: &str, rest: &str) -> Option<(Range<usize>, &'static str)> {
    let ends = |it: char| it.is_whitespace() || "\"'`\\;<>(){}|".contains(it);
    let length = rest.char_indices().take(MAX_VALUE_BYTES).find(|(_, it)| ends(*it)).map_or(rest.len(), |(at, _)| at);
    let value = &rest[..length];
    let at = text.len() - rest.len();
    let low = value.to_ascii_lowercase();
    let is_one = (6..=MAX_VALUE_BYTES).contains(&length)
        && value.contains(char::is_alphabetic)
        && !value.starts_with(['$', '%', '.', '/', '-', '['])
        && !low.contains("password")
        && low != "username"
        && !PLACEHOLDERS.contains(&low.as_str());
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
