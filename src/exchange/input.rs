//! Opens what is to be read, line by line or element by element, so that a file may be larger than the memory.

use std::fmt;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Cursor;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Value;

use super::Piece;
use crate::clock;
use crate::clock::Millis;

/// What is to be read.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// What came through a pipe.
    Bytes(Arc<Vec<u8>>),
}

/// Why an input cannot be taken in; nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map(|it| format!(", line {it}")).unwrap_or_default())]
pub struct Problem {
    pub file: String,
    /// Counted from 1.
    pub line: Option<usize>,
    pub reason: String,
}

impl Problem {
    pub(super) fn new(file: impl Into<String>, line: Option<usize>, reason: impl Into<String>) -> Problem {
        Problem { file: file.into(), line, reason: reason.into() }
    }
}

/// Takes the pieces of an input, in order.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Piece) -> Result<(), Problem>;

/// The longest line and the largest text that is read as a whole.
const WHOLE_BYTES: u64 = 256 << 20;

/// How deep folders are walked.
const DEPTH: usize = 12;

impl Source {
    /// The name of it, for errors.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Bytes(_) => "standard input".to_owned(),
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Source::Path(path) if path.is_dir())
    }

    /// Opens it, past a byte order mark.
    pub fn open(&self) -> Result<Box<dyn BufRead + Send>, Problem> {
        let mut reader: Box<dyn BufRead + Send> = match self {
            Source::Path(path) => {
                let file = File::open(path).map_err(|err| Problem::new(self.name(), None, err.to_string()))?;
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
            Source::Bytes(bytes) => Box::new(Cursor::new(SharedBytes(Arc::clone(bytes)))),
        };
        let begins = reader.fill_buf().map_err(|err| Problem::new(self.name(), None, err.to_string()))?;
        if begins.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        Ok(reader)
    }

    /// Its first bytes.
    pub(super) fn head(&self, bytes: u64) -> Result<Vec<u8>, Problem> {
        let mut head = Vec::new();
        let read = self.open()?.take(bytes).read_to_end(&mut head);
        read.map_err(|err| Problem::new(self.name(), None, err.to_string()))?;
        Ok(head)
    }

    /// The whole text.
    pub(super) fn text(&self) -> Result<String, Problem> {
        let mut bytes = Vec::new();
        let read = self.open()?.take(WHOLE_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|err| Problem::new(self.name(), None, err.to_string()))?;
        if bytes.len() as u64 > WHOLE_BYTES {
            return Err(Problem::new(self.name(), None, format!("a text of more than {WHOLE_BYTES} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| Problem::new(self.name(), None, "not UTF-8"))
    }

    /// The files of a folder whose names `wanted` accepts, by their paths, and the name of each from the folder on;
    /// for a file itself. Links are not followed.
    pub(super) fn files(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<(String, Source)>, Problem> {
        let Source::Path(path) = self else { return Ok(vec![(self.name(), self.clone())]) };
        if !path.is_dir() {
            let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok(vec![(name, self.clone())]);
        }
        let mut found = Vec::new();
        walk(path, DEPTH, &mut found).map_err(|err| Problem::new(self.name(), None, err.to_string()))?;
        found.sort();
        let named = found.into_iter().filter_map(|it| {
            let name = it.strip_prefix(path).ok()?.to_string_lossy().replace('\\', "/");
            wanted(&name).then_some((name, Source::Path(it)))
        });
        Ok(named.collect())
    }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() {
            found.push(entry.path());
        } else if kind.is_dir() && depth > 0 && entry.file_name() != ".git" {
            walk(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

#[derive(Clone)]
struct SharedBytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A line of a file, or why it is none that can be read.
pub(super) type Line = Result<String, String>;

/// Reads the lines of `source`, each with its number; a line that is too long or no UTF-8 is told as such.
pub(super) fn lines(source: &Source, mut each: impl FnMut(usize, Line) -> Result<(), Problem>) -> Result<(), Problem> {
    let mut reader = source.open()?;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let read = (&mut reader).take(WHOLE_BYTES).read_until(b'\n', &mut bytes);
        let read = read.map_err(|err| Problem::new(source.name(), Some(number), err.to_string()))?;
        if read == 0 {
            break;
        }
        let whole = bytes.last() == Some(&b'\n') || (read as u64) < WHOLE_BYTES;
        let line = match std::str::from_utf8(&bytes) {
            _ if !whole => Err("too long".to_owned()),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
            Err(_) => Err("not UTF-8".to_owned()),
        };
        if !whole {
            reader.skip_until(b'\n').map_err(|err| Problem::new(source.name(), Some(number), err.to_string()))?;
        }
        each(number, line)?;
    }
    Ok(())
}

/// An element of one of the lists of a JSON document.
pub(super) struct Element<'a> {
    /// The name of the list in the document; empty for a document that is a list.
    pub(super) list: &'a str,
    /// Counted from 0.
    pub(super) index: usize,
    pub(super) value: Value,
}

impl Element<'_> {
    /// Where it is, for errors and counts.
    pub(super) fn place(&self, file: &str) -> String {
        format!("{file}, {}[{}]", self.list, self.index)
    }
}

/// Reads the elements of a JSON document one by one: of a list, or of the lists `names` of an object, or those of an
/// object in it.
pub(super) fn elements(
    source: &Source,
    names: &[&str],
    mut each: impl FnMut(Element<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut stopped = None;
    let mut read = Elements { names, list: String::new(), each: &mut each, stopped: &mut stopped };
    let mut json = serde_json::Deserializer::from_reader(source.open()?);
    let done = DeserializeSeed::deserialize(&mut read, &mut json).and_then(|()| json.end());
    match (stopped, done) {
        (Some(problem), _) => Err(problem),
        (None, Err(err)) => Err(Problem::new(source.name(), Some(err.line()), err.to_string())),
        (None, Ok(())) => Ok(()),
    }
}

struct Elements<'a, F> {
    names: &'a [&'a str],
    list: String,
    each: &'a mut F,
    stopped: &'a mut Option<Problem>,
}

impl<'de, F: FnMut(Element<'_>) -> Result<(), Problem>> DeserializeSeed<'de> for &mut Elements<'_, F> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Element<'_>) -> Result<(), Problem>> Visitor<'de> for &mut Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.list.is_empty() {
            true => write!(f, "a list, or an object with {}", self.names.join(" or ")),
            false => write!(f, "a list at {}", self.list),
        }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = list.next_element::<Value>()? {
            if let Err(problem) = (self.each)(Element { list: &self.list, index, value }) {
                *self.stopped = Some(problem);
                return Err(serde::de::Error::custom("stopped"));
            }
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if self.names.contains(&name.as_str()) {
                let inner = &mut Elements { names: self.names, list: name, each: self.each, stopped: self.stopped };
                map.next_value_seed(inner)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A string field that is not empty.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).map(str::trim).filter(|it| !it.is_empty())
}

/// A field that is a time: RFC 3339 with or without an offset, a date, or seconds or milliseconds since 1970.
pub(super) fn time(value: &Value, name: &str) -> Option<Millis> {
    moment(value.get(name)?)
}

/// As [`time`], of the value itself.
pub(super) fn moment(value: &Value) -> Option<Millis> {
    match value {
        Value::Number(number) => {
            let seconds = number.as_f64().filter(|it| it.is_finite() && *it > 0.0)?;
            // Later than the year 5000 as seconds: it is milliseconds.
            let millis = if seconds < 1e11 { seconds * 1e3 } else { seconds };
            #[expect(clippy::cast_possible_truncation, reason = "bounded to years that have four digits")]
            (millis < 2.5e14).then_some(millis.round() as Millis)
        }
        Value::String(text) => written(text.trim()),
        _ => None,
    }
}

/// A time as people and programs write it.
pub(super) fn written(text: &str) -> Option<Millis> {
    clock::parse(text).ok()
}

/// The strings of a list, or those of a text with commas.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    let tidy = |it: &str| it.trim().trim_start_matches('#').to_owned();
    let found: Vec<String> = match value {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(tidy).collect(),
        Some(Value::String(text)) => text.split(',').map(tidy).collect(),
        _ => Vec::new(),
    };
    unique(found)
}

/// Each once, in order, without the empty ones.
pub(super) fn unique(list: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for it in list {
        if !it.is_empty() && !kept.contains(&it) {
            kept.push(it);
        }
    }
    kept
}

/// The kind that a word of another program means.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase();
    Some(match word.as_str() {
        "fact" | "facts" | "info" | "information" | "knowledge" | "reference" => "fact",
        "preference" | "preferences" | "like" | "dislike" => "preference",
        "decision" | "decisions" => "decision",
        "pattern" | "patterns" | "technique" | "method" | "practice" | "rule" | "learning" | "lesson" => "pattern",
        "event" | "events" | "meeting" | "milestone" => "event",
        "note" | "notes" | "observation" | "idea" => "note",
        _ => return None,
    })
}
