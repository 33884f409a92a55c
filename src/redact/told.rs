//! Passwords as people tell them in a sentence: `the wifi password is hunter22`.

use std::ops::Range;

use super::MAX_VALUE_BYTES;
use super::is_uuid;

/// Words for a password as people say it, in the languages of most users.
const SPOKEN: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "pin",
    "pincode",
    "contraseña",
    "clave",
    "senha",
    "wachtwoord",
    "hasło",
    "пароль",
    "passe",
    "密码",
    "パスワード",
];

/// What people put between the word and the password.
const BETWEEN: &[&str] = &[
    "has been changed to",
    "was changed to",
    "was reset to",
    "was rotated to",
    "was updated to",
    "was set to",
    "has changed to",
    "changed to",
    "is set to",
    "set to",
    "wurde geändert auf",
    "is now",
    "is",
    "was",
    "ist jetzt",
    "ist",
    "lautet",
    "est",
    "es",
    "é",
    ":",
    "=",
    "：",
    "->",
];

/// The password of `the wifi password is hunter22`, `Passwort: Sommer2024!`, `PIN: 4821`: chosen by a person, so it
/// need not look random, but it is no plain word and ends where the clause ends.
pub(super) fn told(text: &str, name: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    if text[..name.start].ends_with(char::is_alphanumeric) {
        return None;
    }
    // A word of ASCII is cut before an accent: `contrase|ña`. The longest of them has eleven bytes.
    let rest = &text[name.start..text.len().min(text.ceil_char_boundary(name.start + 24))];
    let until = name.start + rest.find(|it: char| !it.is_alphanumeric())?;
    let word = text[name.start..until].to_lowercase();
    if !SPOKEN.contains(&word.as_str()) {
        return None;
    }
    let behind = text[until..].trim_start_matches([' ', '\t', '*', '"', '`', '\'']);
    let between = BETWEEN.iter().find(|it| {
        behind
            .strip_prefix(**it)
            .is_some_and(|rest| !it.ends_with(char::is_alphabetic) || rest.starts_with([' ', '\t', ':']))
    })?;
    let value = behind[between.len()..].trim_start_matches([' ', '\t', ':', '"', '`', '\'', '*', '“', '„', '«']);
    let at = text.len() - value.len();
    let length = value
        .char_indices()
        .take(MAX_VALUE_BYTES)
        .find(|(_, it)| it.is_whitespace() || "\"`,;<>(){}[]|“”»".contains(*it))
        .map_or(value.len(), |(at, _)| at);
    if length > MAX_VALUE_BYTES {
        return None;
    }
    let secret = value[..length].trim_end_matches(['.', '\'', '*', '?']);
    let tail = value[secret.len()..].trim_start_matches(['"', '`', '\'', '*', '”', '“', '»']);
    let next = tail.split_whitespace().next().unwrap_or_default();
    let is_over = tail.is_empty()
        || tail.starts_with(['.', ',', ';', '!', '?', ')', '\n', '\r'])
        || ["and", "but", "for", "on", "at", "in", "und", "für", "et", "y", "or", "(", "-", "–"].contains(&next);
    let letters = secret.chars().any(char::is_alphabetic);
    let digits = secret.chars().filter(char::is_ascii_digit).count();
    let signs = secret.chars().any(|it| "!@#%^&*+?~".contains(it));
    let count = secret.chars().count();
    let is_pin = word.starts_with("pin") || word == "passcode" || word == "clave";
    let looks = match (letters, digits > 0) {
        (true, true) => count >= 6,
        (true, false) => signs && count >= 8,
        (false, _) => digits == count && (digits >= 6 || is_pin && digits >= 4) && digits <= 12,
    };
    let is_code = secret.contains("::")
        || secret.contains('/')
        || tail.starts_with(['(', '[', '{', '<'])
        || secret.starts_with(['$', '%', '.']);
    let low = secret.to_lowercase();
    let is_placeholder = ["password", "passwort", "changeme", "example", "secret", "redacted", "xxxx", "your"]
        .iter()
        .any(|it| low.contains(it))
        || low.starts_with("bcrypt")
        || low.starts_with("sha")
        || low.starts_with("argon")
        || low.starts_with("utf")
        || low.starts_with("base64");
    (looks && is_over && !is_code && !is_placeholder && !is_uuid(secret)).then(|| (at..at + secret.len(), "password"))
}
