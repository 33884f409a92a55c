//! Reads a file of variables (`NAME=value`), as it is known from dotenv.
//!
//! Values may be bare, in single quotes (taken as they are) or in double quotes (`\n`, `\r`, `\t`, `\"`, `\\`, `\$`);
//! quoted ones may span lines. `$NAME` is not replaced: a key may well hold a dollar. No message shows a value.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use super::ConfigError;
use super::environment::is_said;
use super::file;

const WHAT: &str = "the env file";

/// The variables of a file that was named by `--env-file`.
pub(super) struct EnvFile {
    pub(super) path: PathBuf,
    variables: BTreeMap<String, OsString>,
}

impl EnvFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError::File`] when it is missing, too big, not text, or has a line that is no assignment.
    pub(super) fn read(path: PathBuf) -> Result<EnvFile, ConfigError> {
        let text = file::read_named(WHAT, &path)?;
        let variables = parse(&text).map_err(|wrong| wrong.in_file(&path))?;
        Ok(EnvFile { path, variables })
    }

    /// The value of `name`; an empty one, or one of blanks, counts as not set.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str).filter(|value| is_said(value))
    }
}

struct WrongLine {
    line: usize,
    reason: &'static str,
}

impl WrongLine {
    fn in_file(self, path: &Path) -> ConfigError {
        let (line, reason) = (Some(self.line), self.reason.to_owned());
        ConfigError::File { what: WHAT, path: path.to_owned(), line, reason }
    }
}

/// Every variable in `text`; of two with one name the later counts.
fn parse(text: &str) -> Result<BTreeMap<String, OsString>, WrongLine> {
    let mut variables = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let wrong = |reason| WrongLine { line: line_of(text, rest), reason };
        let (first, after) = split_line(rest);
        if first.trim().is_empty() || first.trim_start().starts_with('#') {
            rest = after;
            continue;
        }
        let (name, value) =
            rest.split_once('=').filter(|_| first.contains('=')).ok_or_else(|| wrong("expected NAME=value"))?;
        let name = name.trim();
        let name = name.strip_prefix("export").filter(|it| it.starts_with([' ', '\t'])).unwrap_or(name).trim();
        if !is_name(name) {
            return Err(wrong("expected NAME=value with a name of letters, digits and `_`"));
        }
        let value = value.trim_start_matches([' ', '\t']);
        let (value, after) = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => quoted(&value[1..], quote).ok_or_else(|| wrong("a quote is not closed"))?,
            _ => bare(value),
        };
        let (tail, after) = split_line(after);
        if !(tail.trim().is_empty() || tail.trim_start().starts_with('#')) {
            return Err(wrong("there is text behind the closing quote"));
        }
        if value.contains('\0') {
            return Err(wrong("a value holds a zero byte"));
        }
        variables.insert(name.to_owned(), OsString::from(value));
        rest = after;
    }
    Ok(variables)
}

/// The number of the line on which `rest`, an end of `text`, begins.
fn line_of(text: &str, rest: &str) -> usize {
    text.as_bytes().iter().take(text.len() - rest.len()).filter(|it| **it == b'\n').count() + 1
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_.-".contains(&it))
}

/// The text up to the closing `quote`, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return Some((value, &text[at + 1..]));
        }
        if letter != '\\' || quote == '\'' {
            value.push(letter);
            continue;
        }
        match letters.next()?.1 {
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            same @ ('"' | '\\' | '$') => value.push(same),
            other => value.extend(['\\', other]),
        }
    }
    None
}

/// The rest of the line without blanks around it or a comment, and what follows from the end of the line.
fn bare(text: &str) -> (String, &str) {
    let end = text.find('\n').unwrap_or(text.len());
    let line = &text[..end];
    let comment = line
        .char_indices()
        .find(|(at, it)| *it == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let value = comment.map_or(line, |(at, _)| &line[..at]);
    (value.trim().to_owned(), &text[end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = parse(text).map_err(|it| (it.line, it.reason)).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn reads_what_dotenv_files_hold() {
        check("", &[]);
        check("\u{feff}A=1\r\nB = two words \r\n", &[("A", "1"), ("B", "two words")]);
        check(
            "# note\n\n  export A=1 # why\nB=x#y\nC=# all note\nD=",
            &[("A", "1"), ("B", "x#y"), ("C", ""), ("D", "")],
        );
        check(r#"A="a \"b\" \\ \n\$X \d" # c"#, &[("A", "a \"b\" \\ \n$X \\d")]);
        check(r"A='a \n $X'", &[("A", r"a \n $X")]);
        check("A=\"one\ntwo\"\nB=3", &[("A", "one\ntwo"), ("B", "3")]);
        check("A=1\nA=2", &[("A", "2")]);
        check("exported=1\nURL=https://x/?a=b", &[("URL", "https://x/?a=b"), ("exported", "1")]);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for (text, line) in [("A=1\nnonsense", 2), ("A=\"x\ny\"\nB='z", 3), ("=x", 1), ("A='x' y", 1), ("A B=1", 1)] {
            assert_eq!(parse(text).err().map(|it| it.line), Some(line), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([A-C \"'=#\\\\\n$é]|export ){0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_quoted_comes_back(value in "[^'\0]*") {
            let found = parse(&format!("A=1\nB='{value}'\nC=3")).map_err(|it| it.reason).unwrap();
            prop_assert_eq!(found.get("B").and_then(|it| it.to_str()), Some(value.as_str()));
            prop_assert_eq!(found.len(), 3);
        }
    }
}
