//! What is kept as Markdown for people, which imports back the same. Each row is a section: its text as a quotation,
//! below it every other field on a line of its own.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::input::Problem;
use super::input::Source;
use crate::clock;

/// Marks a file as one of these.
const MARK: &str = "<!-- carryall-export markdown 1 -->";

/// What is written for people: the tables, and which column is the text. Packs, traces, spending and earlier versions
/// of contexts are for programs; the JSON Lines have them.
const TABLES: [(&str, &str); 3] = [("memories", "content"), ("turns", "content"), ("contexts", "data")];

/// Columns that are times.
const TIMES: [&str; 6] = ["occurred_at", "valid_from", "valid_to", "created_at", "updated_at", "expires_at"];

/// Characters of a heading.
const HEADING: usize = 80;

/// Opens the file of this name to be written on at its end.
pub type Open = Box<dyn FnMut(&str) -> io::Result<Box<dyn Write + Send>> + Send>;

/// Takes the JSON Lines of an export as bytes and writes them as Markdown.
pub struct Renderer {
    open: Open,
    /// Whether all goes into one file.
    one_file: bool,
    files: BTreeMap<String, Box<dyn Write + Send>>,
    begun: std::collections::BTreeSet<String>,
    /// The line that is not whole yet.
    rest: Vec<u8>,
}

/// Files that are open at once.
const OPEN_FILES: usize = 64;

impl Renderer {
    pub fn new(open: Open, one_file: bool) -> Renderer {
        Renderer { open, one_file, files: BTreeMap::new(), begun: std::collections::BTreeSet::new(), rest: Vec::new() }
    }

    fn row(&mut self, line: &[u8]) -> io::Result<()> {
        let row: Map<String, Value> = serde_json::from_slice(line)?;
        let Some((table, body)) = TABLES.into_iter().find(|it| row.get("table").and_then(Value::as_str) == Some(it.0))
        else {
            // So that an empty export is a file, too.
            return if self.one_file { self.file("").map(|_| ()) } else { Ok(()) };
        };
        let name = if self.one_file { String::new() } else { file_name(table, &row) };
        let section = section(table, body, &row);
        self.file(&name)?.write_all(section.as_bytes())
    }

    fn file(&mut self, name: &str) -> io::Result<&mut Box<dyn Write + Send>> {
        if !self.files.contains_key(name) {
            if self.files.len() >= OPEN_FILES {
                self.files.values_mut().try_for_each(Write::flush)?;
                self.files.clear();
            }
            let mut file = (self.open)(name)?;
            if self.begun.insert(name.to_owned()) {
                write!(file, "# Kept by carryall\n\n{MARK}\n")?;
            }
            self.files.insert(name.to_owned(), file);
        }
        self.files.get_mut(name).ok_or_else(|| io::Error::other("the file is not open"))
    }
}

impl Write for Renderer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|it| *it == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.row(&line)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.files.values_mut().try_for_each(Write::flush)
    }
}

/// A memory's file is named by its namespace and kind, a turn's by its session, a context's by its scope.
fn file_name(table: &str, row: &Map<String, Value>) -> String {
    let part = |name: &str| {
        let text = row.get(name).and_then(Value::as_str).unwrap_or("none");
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let part: String = text.chars().map(plain).take(60).collect();
        // Two names that look alike after that must not share a file.
        match part == text {
            true => part,
            false => format!("{part}-{}", &blake3::hash(text.as_bytes()).to_hex()[..8]),
        }
    };
    match table {
        "memories" => format!("memories/{}/{}.md", part("namespace"), part("kind")),
        "turns" => format!("sessions/{}.md", part("session_id")),
        _ => format!("contexts/{}.md", part("scope")),
    }
}

fn section(table: &str, body: &str, row: &Map<String, Value>) -> String {
    let text = row.get(body).and_then(Value::as_str).unwrap_or_default();
    let mut section = format!("\n## {}\n\n", heading(row, text));
    for line in text.split('\n') {
        section.push_str(if line.is_empty() { ">" } else { "> " });
        section.push_str(line);
        section.push('\n');
    }
    section.push_str(&format!("\n- table: {table}\n"));
    for (name, value) in row {
        if name != "table" && name != body && !value.is_null() {
            section.push_str(&format!("- {name}: {}\n", written(name, value)));
        }
    }
    section
}

/// The day and the first words.
fn heading(row: &Map<String, Value>, text: &str) -> String {
    let at = ["occurred_at", "created_at"].into_iter().find_map(|it| row.get(it).and_then(Value::as_i64));
    let day: String = at.map(clock::format).unwrap_or_default().chars().take(10).collect();
    let named = ["kind", "role", "key"].into_iter().find_map(|it| row.get(it).and_then(Value::as_str));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(HEADING).collect();
    let cut = if cut.len() < words.len() { format!("{cut}…") } else { cut };
    format!("{day} {}: {cut}", named.unwrap_or_default().replace('\n', " "))
}

fn written(name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if TIMES.contains(&name) => {
            let exact = number.as_i64().filter(|it| clock::parse(&clock::format(*it)) == Ok(*it));
            exact.map_or_else(|| number.to_string(), clock::format)
        }
        Value::String(text) if name == "tags" => {
            let same = serde_json::from_str::<Value>(text).is_ok_and(|it| it.is_array() && text == &it.to_string());
            if same { text.clone() } else { value.to_string() }
        }
        Value::String(text) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '#' | ':' | '@');
            let is_bare = !text.is_empty() && text.chars().all(plain) && serde_json::from_str::<Value>(text).is_err();
            // Two hyphens would not be told from a time.
            if is_bare { text.clone() } else { value.to_string() }
        }
        other => other.to_string(),
    }
}

/// Whether a text is one of these.
pub(super) fn is_own(text: &str) -> bool {
    text.lines().take(10).any(|it| it.trim_end() == MARK)
}

/// The JSON Lines that such Markdown was made from, and where each line stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub lines: Vec<u8>,
    /// File and line of each line of `lines`, the first one's included.
    pub places: Vec<(String, usize)>,
}

/// Reads a file or a folder that a [`Renderer`] wrote.
///
/// # Errors
///
/// A [`Problem`] with file and line when a section is not of the form.
pub fn to_json_lines(source: &Source) -> Result<Rendered, Problem> {
    let mut rendered = Rendered::default();
    rendered.line(&json!({"format": "carryall-export", "version": 1}), &source.name(), 1);
    for (name, file) in source.files(&|it| it.ends_with(".md"))? {
        read(&file.text()?, &name, &mut rendered)?;
    }
    Ok(rendered)
}

impl Rendered {
    fn line(&mut self, line: &Value, file: &str, number: usize) {
        self.lines.extend(line.to_string().into_bytes());
        self.lines.push(b'\n');
        self.places.push((file.to_owned(), number));
    }
}

#[derive(Default)]
struct Section {
    begun: usize,
    text: Option<String>,
    fields: Map<String, Value>,
}

fn read(text: &str, file: &str, rendered: &mut Rendered) -> Result<(), Problem> {
    let mut lines = text.split('\n').enumerate();
    // An editor or a version control may have given every line a carriage return.
    let returns = lines.by_ref().find_map(|(_, it)| match it.strip_suffix('\r').unwrap_or(it) {
        MARK => Some(it.ends_with('\r')),
        _ => None,
    });
    let Some(returns) = returns else {
        return Err(Problem::new(file, None, format!("no export of carryall: the line {MARK} is missing")));
    };
    let mut open: Option<Section> = None;
    for (at, line) in lines {
        let line = if returns { line.strip_suffix('\r').unwrap_or(line) } else { line };
        let wrong = |reason: &str| Problem::new(file, Some(at + 1), reason);
        if line.starts_with("## ") {
            end(open.take(), file, rendered)?;
            open = Some(Section { begun: at + 1, ..Section::default() });
            continue;
        }
        let Some(section) = &mut open else { continue };
        if let Some(quoted) = line.strip_prefix('>') {
            let quoted = quoted.strip_prefix(' ').unwrap_or(quoted);
            match &mut section.text {
                Some(text) => {
                    text.push('\n');
                    text.push_str(quoted);
                }
                None => section.text = Some(quoted.to_owned()),
            }
        } else if let Some(field) = line.strip_prefix("- ") {
            let (name, value) = field.split_once(": ").ok_or_else(|| wrong("a field is written `- name: value`"))?;
            section.fields.insert(name.trim().to_owned(), meant(name, value));
        } else if !line.trim().is_empty() {
            return Err(wrong("neither a quotation (`> …`), a field (`- name: value`) nor a heading"));
        }
    }
    end(open, file, rendered)
}

fn end(section: Option<Section>, file: &str, rendered: &mut Rendered) -> Result<(), Problem> {
    let Some(Section { begun, text, mut fields }) = section else { return Ok(()) };
    let wrong = |reason: String| Problem::new(file, Some(begun), reason);
    let table = fields.get("table").and_then(Value::as_str).unwrap_or_default();
    let Some((_, body)) = TABLES.into_iter().find(|it| it.0 == table) else {
        return Err(wrong("the field table must be memories, turns or contexts".to_owned()));
    };
    let text = text.ok_or_else(|| wrong("the quotation is missing".to_owned()))?;
    fields.insert(body.to_owned(), text.into());
    rendered.line(&Value::Object(fields), file, begun);
    Ok(())
}

/// The value of a field as the JSON Lines have it.
fn meant(name: &str, value: &str) -> Value {
    let bare = || Value::from(value);
    if TIMES.contains(&name)
        && let Ok(at) = clock::parse(value)
    {
        return at.into();
    }
    match serde_json::from_str::<Value>(value) {
        Ok(list @ Value::Array(_)) if name == "tags" => list.to_string().into(),
        Ok(value) => value,
        Err(_) => bare(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn there_and_back(row: &Value) -> (String, Value) {
        let shared = Shared::default();
        let out = shared.clone();
        let mut renderer = Renderer::new(Box::new(move |_| Ok(Box::new(out.clone()))), true);
        writeln!(renderer, "{}", json!({"format": "carryall-export", "version": 1})).unwrap();
        writeln!(renderer, "{row}").unwrap();
        renderer.flush().unwrap();
        let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
        let source = Source::Bytes(Arc::new(text.clone().into_bytes()));
        let lines = String::from_utf8(to_json_lines(&source).unwrap().lines).unwrap();
        (text, serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap())
    }

    proptest! {
        /// Every field of a row comes back as it was, whatever text it holds.
        #[test]
        fn a_row_comes_back_the_same(
            content in "(\\PC|\n|\r|[>#`-]){0,60}",
            source in prop::option::of("\\PC{0,20}"),
            speaker in prop::option::of("[0-9a-z\"-]{0,8}"),
            tags in prop::collection::vec("\\PC{0,8}", 0..3),
            importance in 0.0..=1.0f64,
            at in any::<i64>(),
            later in -62_000_000_000_000..250_000_000_000_000i64,
        ) {
            let mut row = json!({
                "table": "memories", "id": "0192-x", "namespace": "default", "kind": "note", "content": content,
                "tags": serde_json::to_string(&tags).unwrap(), "importance": importance, "valid_from": at,
                "created_at": later, "content_key": "00ff00ff",
            });
            if let Some(source) = source { row["source"] = source.into(); }
            if let Some(speaker) = speaker { row["speaker"] = speaker.into(); }
            let (text, back) = there_and_back(&row);
            prop_assert_eq!(back, row, "{}", text);
        }
    }

    #[test]
    fn it_reads_well() {
        let row = json!({"table": "memories", "id": "m1", "namespace": "default", "kind": "fact",
            "content": "Ana drinks tea\n\nwith milk", "tags": "[\"drinks\"]", "importance": 0.5,
            "valid_from": 1_795_000_000_000_i64, "created_at": 1_795_000_000_000_i64, "source": "a talk", "content_key": "00"});
        let (text, back) = there_and_back(&row);
        assert_eq!(back, row);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn what_is_not_of_the_form_is_named_by_its_line() {
        #[track_caller]
        fn check(text: &str, line: Option<usize>, part: &str) {
            let source = Source::Bytes(Arc::new(text.as_bytes().to_vec()));
            let problem = to_json_lines(&source).unwrap_err();
            assert_eq!(problem.line, line, "{problem}");
            assert!(problem.reason.contains(part), "{problem}");
        }
        check("# Notes\n", None, "the line <!--");
        check(&format!("{MARK}\n## a\n> x\n"), Some(2), "table must be");
        check(&format!("{MARK}\n## a\n- table: turns\n"), Some(2), "quotation is missing");
        check(&format!("{MARK}\n## a\n> x\nwords\n"), Some(4), "neither");
        check(&format!("{MARK}\r\n## a\r\n> x\r\n- table\r\n"), Some(4), "a field is written");
    }
}
