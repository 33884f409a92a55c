//! What is kept as Markdown for people, which imports back the same. Each row is a section: its text as a quotation, if
//! it has one, below it every other field on a line of its own.

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

/// What is written for people: the tables in the order in which they come in, and the column that is the text. Packs,
/// traces, calls, the audit, spending and earlier versions of contexts are for programs; the JSON Lines have them. What
/// memories state is read again.
const TABLES: [(&str, &str); 8] = [
    ("sessions", "title"),
    ("memories", "content"),
    ("memory_events", ""),
    ("memory_links", ""),
    ("item_feedback", ""),
    ("turns", "content"),
    ("summaries", "content"),
    ("contexts", "data"),
];

/// Columns that are times.
const TIMES: [&str; 11] = [
    "occurred_at",
    "valid_from",
    "valid_to",
    "created_at",
    "updated_at",
    "expires_at",
    "made_at",
    "started_at",
    "last_at",
    "ended_at",
    "at",
];

/// Columns that are lists, written as such.
const LISTS: [&str; 2] = ["tags", "sources"];

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
    /// Writes into what `open` gives for each name; with `one_file` all goes into the one without a name.
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

/// A memory's file is named by its namespace and kind, that of a turn, a summary or a title by its session, a context's by
/// its scope.
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
        "turns" | "summaries" | "sessions" => format!("sessions/{}.md", part("session_id")),
        "contexts" => format!("contexts/{}.md", part("scope")),
        _ => format!("{table}.md"),
    }
}

fn section(table: &str, body: &str, row: &Map<String, Value>) -> String {
    let text = row.get(body).and_then(Value::as_str);
    let mut section = format!("\n## {}\n\n", heading(table, row, text.unwrap_or_default()));
    for line in text.into_iter().flat_map(|it| it.split('\n')) {
        section.push_str(if line.is_empty() { ">" } else { "> " });
        section.push_str(line);
        section.push('\n');
    }
    let gap = if text.is_some() { "\n" } else { "" };
    section.push_str(&format!("{gap}- table: {table}\n"));
    for (name, value) in row {
        if name != "table" && name != body && !value.is_null() {
            section.push_str(&format!("- {name}: {}\n", written(name, value)));
        }
    }
    section
}

/// The day and the first words.
fn heading(table: &str, row: &Map<String, Value>, text: &str) -> String {
    let days = ["occurred_at", "created_at", "made_at", "started_at", "at"];
    let at = days.into_iter().find_map(|it| row.get(it).and_then(Value::as_i64));
    let day: String = at.map(clock::format).unwrap_or_default().chars().take(10).collect();
    let part = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let (named, said) = match table {
        "sessions" => (format!("session {}", part("session_id")), text.to_owned()),
        "summaries" => (format!("summary of {}", part("session_id")), text.to_owned()),
        "memory_events" => (part("event").to_owned(), part("memory_id").to_owned()),
        "memory_links" => (part("relation").to_owned(), format!("{} and {}", part("from_id"), part("to_id"))),
        "item_feedback" => ("feedback".to_owned(), part("item").to_owned()),
        "turns" => (part("role").to_owned(), text.to_owned()),
        "contexts" => (part("key").to_owned(), text.to_owned()),
        _ => (part("kind").to_owned(), text.to_owned()),
    };
    let tidy = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
    let (named, said) = (tidy(&named), tidy(&said));
    let cut: String = said.chars().take(HEADING).collect();
    let end = if cut.len() < said.len() { "…" } else { "" };
    let colon = if cut.is_empty() { "" } else { ": " };
    format!("{day} {named}{colon}{cut}{end}")
}

fn written(name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if TIMES.contains(&name) => {
            let exact = number.as_i64().filter(|it| clock::parse(&clock::format(*it)) == Ok(*it));
            exact.map_or_else(|| number.to_string(), clock::format)
        }
        Value::String(text) if LISTS.contains(&name) => {
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
    let mut rows = Vec::new();
    for (name, file) in source.files(&|it| it.ends_with(".md"))? {
        read(&file.text()?, &name, &mut rows)?;
    }
    // A summary comes in after its sources, whatever their files are called.
    rows.sort_by_key(|it| it.rank);
    let mut rendered = Rendered::default();
    rendered.line(&json!({"format": "carryall-export", "version": 1}), &source.name(), 1);
    for row in rows {
        rendered.line(&row.value, &row.file, row.begun);
    }
    Ok(rendered)
}

/// A row that was read, and where it stands.
struct ReadRow {
    /// The place of its table in [`TABLES`].
    rank: usize,
    value: Value,
    file: String,
    begun: usize,
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

fn read(text: &str, file: &str, rows: &mut Vec<ReadRow>) -> Result<(), Problem> {
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
            end(open.take(), file, rows)?;
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
    end(open, file, rows)
}

fn end(section: Option<Section>, file: &str, rows: &mut Vec<ReadRow>) -> Result<(), Problem> {
    let Some(Section { begun, text, mut fields }) = section else { return Ok(()) };
    let wrong = |reason: String| Problem::new(file, Some(begun), reason);
    let table = fields.get("table").and_then(Value::as_str).unwrap_or_default();
    let Some(rank) = TABLES.iter().position(|it| it.0 == table) else {
        let names: Vec<&str> = TABLES.iter().map(|it| it.0).collect();
        return Err(wrong(format!("the field table must be one of {}", names.join(", "))));
    };
    match (TABLES[rank].1, text) {
        (body, Some(text)) if !body.is_empty() => {
            fields.insert(body.to_owned(), text.into());
        }
        // A session need not have a title.
        ("content" | "data", None) => return Err(wrong("the quotation is missing".to_owned())),
        (_, Some(_)) => return Err(wrong(format!("{table} have no quotation"))),
        (_, None) => {}
    }
    rows.push(ReadRow { rank, value: Value::Object(fields), file: file.to_owned(), begun });
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
        Ok(list @ Value::Array(_)) if LISTS.contains(&name) => list.to_string().into(),
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

    proptest! {
        /// So does everything else that is kept of a memory.
        #[test]
        fn what_stands_beside_a_memory_comes_back_the_same(
            text in "(\\PC|\n|\r|[>#`-]){0,40}",
            title in prop::option::of("(\\PC|\n|\r|[>#`-]){0,20}"),
            ids in prop::collection::vec("\\PC{0,8}", 0..3),
            number in any::<f64>().prop_filter("JSON has no others", |it| it.is_finite()),
            at in any::<i64>(),
        ) {
            let list = serde_json::to_string(&ids).unwrap();
            let mut session = json!({"table": "sessions", "namespace": text, "session_id": text, "host": text,
                "started_at": at, "last_at": at});
            if let Some(title) = title { session["title"] = title.into(); }
            let rows = [
                session,
                json!({"table": "summaries", "id": "s", "namespace": "n", "session_id": text, "content": text,
                    "made_by": text, "covers": at, "fingerprint": "12e4", "made_at": at, "sources": list}),
                json!({"table": "memory_links", "from_id": text, "to_id": "b", "relation": text, "score": number, "made_at": at}),
                json!({"table": "memory_events", "memory_id": text, "at": at, "event": text, "detail": list}),
                json!({"table": "item_feedback", "item": text, "used": number, "ignored": 0.5, "at": at}),
            ];
            for row in rows {
                let (text, back) = there_and_back(&row);
                prop_assert_eq!(back, row, "{}", text);
            }
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
    fn what_stands_beside_a_memory_reads_well() {
        let at = 1_795_000_000_000_i64;
        let rows = [
            json!({"table": "sessions", "session_id": "tea", "title": "The tea release", "started_at": at, "last_at": at}),
            json!({"table": "memory_events", "memory_id": "m1", "at": at, "event": "superseded", "detail": "{\"by\":\"m2\"}"}),
            json!({"table": "memory_links", "from_id": "m1", "to_id": "m2", "relation": "same", "score": 1.0, "made_at": at}),
            json!({"table": "item_feedback", "item": "carryall://memory/m1", "used": 1.5, "ignored": 0.0, "at": at}),
            json!({"table": "summaries", "id": "s1", "session_id": "tea", "content": "Ana: We release in May.\nBen: Fine.",
                "made_by": "extractive", "covers": 8, "fingerprint": "00ff", "made_at": at, "sources": "[\"m1\",\"m2\"]"}),
        ];
        let text: String = rows.iter().map(|it| there_and_back(it).0).collect();
        insta::assert_snapshot!(text.replace(&format!("# Kept by carryall\n\n{MARK}\n"), ""));
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
        check(&format!("{MARK}\n## a\n> x\n"), Some(2), "table must be one of sessions, memories");
        check(&format!("{MARK}\n## a\n- table: turns\n"), Some(2), "quotation is missing");
        check(&format!("{MARK}\n## a\n> x\nwords\n"), Some(4), "neither");
        check(&format!("{MARK}\r\n## a\r\n> x\r\n- table\r\n"), Some(4), "a field is written");
    }
}
