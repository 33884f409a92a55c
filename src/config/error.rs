//! Why the settings cannot be used, in words that lead to the line to correct.

use std::path::PathBuf;

use super::sources::Origin;

/// Longer values are cut in a message.
const LONGEST_VALUE: usize = 80;

/// A setting or file that has to be corrected before the program can start. The command exits with 2.
///
/// No message holds a secret: values of keys are never in it, and text that looks like a key is hidden.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// Correct the value where `origin` says.
    #[error("`{setting}` is {value} in {origin}{}; allowed: {allowed}", at_line(*line))]
    Value { setting: String, origin: Origin, line: Option<usize>, value: String, allowed: String },

    /// Correct or remove the key in the user file.
    #[error("unknown key {key} in the user file {}{}{}", path.display(), at_line(Some(*line)), after_semicolon(hint.as_deref()))]
    UnknownKey { path: PathBuf, line: usize, key: String, hint: Option<String> },

    /// Correct the file, or name another.
    #[error("cannot read {what} {}{}: {reason}", path.display(), at_line(*line))]
    File { what: &'static str, path: PathBuf, line: Option<usize>, reason: String },

    /// Name the database file.
    #[error("no home folder is known, so there is no place for the database; pass --db FILE or set CARRYALL_DB")]
    NoHome,

    /// Name the folder of the model.
    #[error(
        "the embedder is `folder`, and no folder is named; set `folder` in `[embedder]` of the user file, or \
         CARRYALL_EMBEDDER_FOLDER, to that of a sentence-transformers model"
    )]
    NoModelFolder,

    /// Start the program elsewhere.
    #[error("cannot tell the working folder: {reason}; start the program in a folder that exists")]
    WorkingFolder { reason: String },
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn after_semicolon(hint: Option<&str>) -> String {
    hint.map(|it| format!("; {it}")).unwrap_or_default()
}

/// `value` in quotes for a message: control characters escaped, long text cut, what looks like a key hidden.
pub(super) fn quoted(value: &str) -> String {
    if looks_like_a_key(value) {
        return HIDDEN.to_owned();
    }
    let cut: String = value.chars().take(LONGEST_VALUE).collect();
    let more = if cut.len() < value.len() { "…" } else { "" };
    format!("\"{}{more}\"", cut.escape_debug())
}

/// Stands for a value that must not be shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// Whether `value` is probably a key that was put in the wrong place. No setting has legal values of this form.
fn looks_like_a_key(value: &str) -> bool {
    let value = value.trim();
    value.starts_with("sk-")
        || value.contains("Bearer ")
        || value.len() >= 20
            && value.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_+=".contains(&it))
            && value.bytes().any(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_harmlessly() {
        assert_eq!(quoted("memry"), "\"memry\"");
        assert_eq!(quoted("a\u{1b}[31m\n"), "\"a\\u{1b}[31m\\n\"");
        assert_eq!(quoted(&"é ".repeat(60)), format!("\"{}…\"", "é ".repeat(40)));
        for key in ["sk-abc", "gsk_0123456789abcdefghij", " 0123456789abcdef0123456789abcdef", "Bearer x y"] {
            assert_eq!(quoted(key), HIDDEN, "{key}");
        }
    }
}
