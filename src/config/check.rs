//! Turns one raw value into a checked one, or says what would be allowed.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::Path;
use std::path::PathBuf;

use toml::de::DeValue;

use super::Environment;
use super::error::quoted;
use super::nearest::nearest;
use super::sources::Raw;

/// What is wrong with a value.
#[derive(Debug)]
pub(super) struct Wrong {
    /// What to show instead of the whole value: the wrong part of a list, or that it is hidden.
    pub(super) value: Option<String>,
    pub(super) allowed: String,
}

impl Wrong {
    pub(super) fn allowed(allowed: impl Into<String>) -> Wrong {
        Wrong { value: None, allowed: allowed.into() }
    }
}

/// A text, as it was given.
pub(super) fn text<'a>(raw: &Raw<'a>) -> Result<Cow<'a, str>, Wrong> {
    match raw {
        Raw::Text(text) => text.to_str().map(Cow::Borrowed).ok_or_else(|| Wrong::allowed("valid UTF-8")),
        Raw::Toml(DeValue::String(text)) => Ok(Cow::Borrowed(text)),
        _ => Err(Wrong::allowed("a text in quotes")),
    }
}

/// A text without blanks around it, not empty and without control characters.
pub(super) fn word(raw: &Raw<'_>) -> Result<String, Wrong> {
    let text = text(raw)?;
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Wrong::allowed("a text that is not empty and has no control characters"));
    }
    Ok(text.to_owned())
}

pub(super) fn boolean(raw: &Raw<'_>) -> Result<bool, Wrong> {
    match raw {
        Raw::Switch(on) | Raw::Toml(DeValue::Boolean(on)) => Ok(*on),
        Raw::Toml(_) => Err(Wrong::allowed("true or false, without quotes")),
        _ => match text(raw)?.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            _ => Err(Wrong::allowed("1, true, yes, on, 0, false, no, off")),
        },
    }
}

/// A whole number within `range`.
pub(super) fn whole(raw: &Raw<'_>, range: RangeInclusive<u32>) -> Result<u32, Wrong> {
    let number = match raw {
        Raw::Toml(DeValue::Integer(it)) => u32::from_str_radix(it.as_str(), it.radix()).ok(),
        Raw::Toml(_) => None,
        _ => text(raw)?.trim().parse().ok(),
    };
    number
        .filter(|it| range.contains(it))
        .ok_or_else(|| Wrong::allowed(format!("a whole number from {} to {}", range.start(), range.end())))
}

/// The most that may be meant as an amount of money, in USD; more is a slip of the hand.
const MOST_USD: f64 = 1_000_000.0;

/// An amount of money.
pub(super) fn usd(raw: &Raw<'_>) -> Result<f64, Wrong> {
    let number = match raw {
        Raw::Toml(DeValue::Integer(it)) => u32::from_str_radix(it.as_str(), it.radix()).ok().map(f64::from),
        Raw::Toml(DeValue::Float(it)) => it.as_str().parse().ok(),
        Raw::Toml(_) => None,
        _ => text(raw)?.trim().parse().ok(),
    };
    number
        .filter(|it: &f64| it.is_sign_positive() && *it <= MOST_USD)
        .ok_or_else(|| Wrong::allowed(format!("a number of US dollars from 0 to {MOST_USD}, such as 2.5")))
}

/// One of `known`, by name; capital letters do not count.
pub(super) fn choice<T: Copy>(raw: &Raw<'_>, known: &[(&str, T)]) -> Result<T, Wrong> {
    one_of(&text(raw)?, known)
}

/// The names in a list, each one of `known`; not empty.
pub(super) fn choices<T: Copy>(raw: &Raw<'_>, known: &[(&str, T)]) -> Result<Vec<T>, Wrong> {
    let found: Vec<T> = list(raw)?.iter().map(|it| one_of(it, known)).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(Wrong::allowed(format!("at least one of {}", names(known))));
    }
    Ok(found)
}

fn one_of<T: Copy>(name: &str, known: &[(&str, T)]) -> Result<T, Wrong> {
    let name = name.trim().to_ascii_lowercase();
    if let Some((_, found)) = known.iter().find(|(it, _)| *it == name) {
        return Ok(*found);
    }
    let hint = nearest(&name, known.iter().map(|it| it.0)).map(|it| format!(" (did you mean {it}?)"));
    Err(Wrong { value: Some(quoted(&name)), allowed: format!("{}{}", names(known), hint.unwrap_or_default()) })
}

fn names<T>(known: &[(&str, T)]) -> String {
    known.iter().map(|it| it.0).collect::<Vec<_>>().join(", ")
}

/// The names of tools in a list; it may be empty. Which tools there are is known further up.
pub(super) fn tool_names(raw: &Raw<'_>) -> Result<Vec<String>, Wrong> {
    let names = list(raw)?;
    let legal =
        |it: &str| it.len() <= 64 && it.bytes().all(|it| it.is_ascii_lowercase() || b"_0123456789".contains(&it));
    match names.iter().find(|it| !legal(it)) {
        Some(wrong) => Err(Wrong {
            value: Some(quoted(wrong)),
            allowed: "names of tools, such as forget,write_context".to_owned(),
        }),
        None => Ok(names),
    }
}

const LIST: &str = "a list of texts in quotes, such as [\"a\", \"b\"]";

/// The texts of a list: joined by commas, or a TOML array. Empty ones between two commas are left out.
pub(super) fn list(raw: &Raw<'_>) -> Result<Vec<String>, Wrong> {
    let texts: Vec<Cow<'_, str>> = match raw {
        Raw::Toml(DeValue::Array(values)) => {
            let item = |it| text(&Raw::Toml(it)).map_err(|_| Wrong::allowed(LIST));
            values.iter().map(|it| item(it.get_ref())).collect::<Result<_, _>>()?
        }
        Raw::Toml(_) => return Err(Wrong::allowed(LIST)),
        _ => vec![text(raw)?],
    };
    let by_comma = matches!(raw, Raw::Text(_));
    Ok(texts
        .iter()
        .flat_map(|it| if by_comma { it.split(',').collect() } else { vec![it.as_ref()] })
        .map(|it| it.trim().to_owned())
        .filter(|it| !(by_comma && it.is_empty()))
        .collect())
}

/// A path, made absolute.
pub(super) fn path(raw: &Raw<'_>, environment: &Environment) -> Result<PathBuf, Wrong> {
    match raw {
        Raw::Text(path) => absolute(Path::new(path), environment),
        _ => absolute(Path::new(text(raw)?.as_ref()), environment),
    }
}

/// Several paths, made absolute: joined as in `PATH`, or a TOML array.
pub(super) fn paths(raw: &Raw<'_>, environment: &Environment) -> Result<Vec<PathBuf>, Wrong> {
    let found: Vec<PathBuf> = match raw {
        Raw::Paths(paths) => paths.to_vec(),
        // An empty part means the working folder in PATH; here it is more likely a colon too many.
        Raw::Text(joined) => std::env::split_paths(joined).filter(|it| !it.as_os_str().is_empty()).collect(),
        _ => list(raw)?.into_iter().map(PathBuf::from).collect(),
    };
    let mut absolute_paths = Vec::with_capacity(found.len());
    for path in found {
        let path = absolute(&path, environment)?;
        if !absolute_paths.contains(&path) {
            absolute_paths.push(path);
        }
    }
    Ok(absolute_paths)
}

/// `path` with `~` replaced by the home folder, and seen from the working folder.
///
/// `~` is replaced wherever a path comes from: the entry of a host goes through no shell that would do it.
fn absolute(path: &Path, environment: &Environment) -> Result<PathBuf, Wrong> {
    if path.as_os_str().is_empty() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Wrong::allowed("a path that is not empty"));
    }
    let path = match path.strip_prefix("~") {
        Ok(below) => environment
            .home
            .as_ref()
            .ok_or_else(|| Wrong::allowed("a path without `~`, as no home folder is known"))?
            .join(below),
        Err(_) => environment.working_folder.join(path),
    };
    // Without `.` and a slash at the end. `..` stays: what it means depends on links.
    Ok(path.components().collect())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn raw(text: &str) -> Raw<'_> {
        Raw::Text(OsStr::new(text))
    }

    fn environment() -> Environment {
        Environment { working_folder: "/work".into(), home: Some("/home/ada".into()), ..Environment::default() }
    }

    #[test]
    fn booleans() {
        for (text, expected) in [
            ("1", Some(true)),
            (" YES ", Some(true)),
            ("on", Some(true)),
            ("Off", Some(false)),
            ("0", Some(false)),
            ("2", None),
        ] {
            assert_eq!(boolean(&raw(text)).ok(), expected, "{text}");
        }
        assert_eq!(boolean(&Raw::Toml(&DeValue::String("true".into()))).ok(), None);
    }

    #[test]
    fn numbers() {
        for (text, expected) in [("1", Some(1)), ("5", Some(5)), ("0", None), ("6", None), ("-1", None), ("1.5", None)]
        {
            assert_eq!(whole(&raw(text), 1..=5).ok(), expected, "{text}");
        }
        for (text, expected) in [
            ("0", Some(0.0)),
            ("2.5", Some(2.5)),
            ("-1", None),
            ("-0", None),
            ("nan", None),
            ("inf", None),
            ("$5", None),
        ] {
            assert_eq!(usd(&raw(text)).ok(), expected, "{text}");
        }
    }

    #[test]
    fn paths_become_absolute() {
        for (text, expected) in [
            ("/a/b/", "/a/b"),
            ("a", "/work/a"),
            ("./a", "/work/a"),
            ("../a", "/work/../a"),
            ("~", "/home/ada"),
            ("~/x", "/home/ada/x"),
            ("~ada/x", "/work/~ada/x"),
        ] {
            assert_eq!(path(&raw(text), &environment()).unwrap(), Path::new(expected), "{text}");
        }
        assert!(path(&raw("~/x"), &Environment::default()).is_err());
        assert!(path(&raw(""), &environment()).is_err());
        assert!(path(&raw("a\0b"), &environment()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_utf_8() {
        use std::os::unix::ffi::OsStrExt;
        let odd = OsStr::from_bytes(b"/a\xff");
        assert_eq!(path(&Raw::Text(odd), &environment()).unwrap(), Path::new(odd));
        assert!(word(&Raw::Text(odd)).is_err());
    }

    #[test]
    fn lists() {
        assert_eq!(list(&raw("a, b,,c ,")).unwrap(), ["a", "b", "c"]);
        assert_eq!(tool_names(&raw("")).unwrap(), Vec::<String>::new());
        assert_eq!(tool_names(&raw("forget,Re call")).unwrap_err().value.as_deref(), Some("\"Re call\""));
        let joined = std::env::join_paths(["/a", "b", "", "/a/"]).unwrap();
        assert_eq!(paths(&Raw::Text(&joined), &environment()).unwrap(), [Path::new("/a"), Path::new("/work/b")]);
    }
}
