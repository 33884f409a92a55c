//! Takes everything out and in again: an online copy of the file, and JSON Lines.
//!
//! A line is one row: `{"table": "memories", "id": …, …}`, after a first line that names the format. The index of
//! workspaces is left out: it is made again from the files.

mod tables;

use std::io::BufRead;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::named_params;
use rusqlite::types::Value as SqlValue;
use rusqlite::types::ValueRef;
use serde_json::Map;
use serde_json::Value;

use self::tables::SOURCES;
use self::tables::TABLES;
use self::tables::Table;
use super::db::Store;
use super::error::StoreError;
use crate::redact;
use crate::scope::DEFAULT_NAMESPACE;

/// How many rows went out or came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    /// Rows that were there already.
    pub skipped: u64,
}

/// The format of the first line.
const FORMAT: &str = "carryall-export";
const FORMAT_VERSION: i64 = 1;

/// Rows that are taken in with one transaction: short enough that other processes hardly wait.
const IMPORT_BATCH: usize = 500;

/// Turns a text into the form in which the index has it; the `search` room knows how.
pub(super) type IndexText = fn(&str) -> String;

impl Store {
    /// Copies the whole file to `target` while others read and write; `target` must not exist. The copy is of one
    /// moment, and holds at least what was acknowledged before the call.
    pub async fn backup(&self, target: PathBuf) -> Result<(), StoreError> {
        self.flush().await?;
        let path = self.path().to_path_buf();
        let copied = tokio::task::spawn_blocking(move || {
            // A connection of its own: a big file takes long, and the readers are few.
            let source = super::open::open_reader(&path, false, &super::open::Pins::default())?;
            copy_database(&source.conn, &target)
        });
        copied.await.unwrap_or_else(|err| Err(StoreError::Internal { reason: err.to_string() }))
    }

    /// Writes every row as a line of JSON, all of one moment.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when something could not be read; all else was written then.
    pub async fn export(&self, mut out: Box<dyn Write + Send>) -> Result<Counts, StoreError> {
        self.flush().await?;
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let mut counts = Counts::default();
            let unwritable = |err: std::io::Error| StoreError::Output { reason: err.to_string() };
            writeln!(out, "{}", serde_json::json!({"format": FORMAT, "version": FORMAT_VERSION}))
                .map_err(unwritable)?;
            let mut damaged = Vec::new();
            for table in TABLES {
                let mut last = None;
                let forwards = each_row(conn, &path, table, table.order, |line| {
                    writeln!(out, "{line}").map_err(unwritable)?;
                    counts.rows += 1;
                    last = Some(line);
                    Ok(true)
                });
                let is_damaged = is_unreadable(forwards)?;
                if is_damaged {
                    damaged.push(table.name);
                    // What lies behind a damaged page is come to from the other end.
                    let backwards = format!("{} DESC", table.order.replace(", ", " DESC, "));
                    let met = each_row(conn, &path, table, &backwards, |line| {
                        let is_new = last.as_ref() != Some(&line);
                        if is_new {
                            writeln!(out, "{line}").map_err(unwritable)?;
                            counts.rows += 1;
                        }
                        Ok(is_new)
                    });
                    is_unreadable(met)?;
                }
            }
            out.flush().map_err(unwritable)?;
            if !damaged.is_empty() {
                let reason = format!("only a part of {} could be read; all else was exported", damaged.join(", "));
                return Err(StoreError::Corrupt { path, reason });
            }
            Ok(counts)
        })
        .await
    }

    /// Takes in what [`Store::export`] wrote. Rows that are there already are left as they are, so a second import
    /// adds nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Malformed`] with the line's number when a line is not of the format. What came in some hundred
    /// lines before it is kept, and passed over when the corrected file is imported.
    pub async fn import(
        &self,
        mut input: Box<dyn BufRead + Send>,
        index_text: IndexText,
    ) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        let mut batch: Vec<(usize, Map<String, Value>)> = Vec::new();
        let mut begun = false;
        for at in 1.. {
            let Some(line) = next_line(&mut input).map_err(|reason| StoreError::Malformed { line: at, reason })? else {
                break;
            };
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |reason: String| StoreError::Malformed { line: at, reason };
            let row: Map<String, Value> = serde_json::from_str(&line).map_err(|err| wrong(err.to_string()))?;
            if !begun {
                check_head(&row).map_err(wrong)?;
                begun = true;
                continue;
            }
            batch.push((at, row));
            if batch.len() >= IMPORT_BATCH {
                self.take_in(std::mem::take(&mut batch), index_text, &mut counts).await?;
            }
        }
        if !begun {
            return Err(StoreError::Malformed { line: 1, reason: NO_EXPORT.to_owned() });
        }
        self.take_in(batch, index_text, &mut counts).await?;
        Ok(counts)
    }

    async fn take_in(
        &self,
        batch: Vec<(usize, Map<String, Value>)>,
        index_text: IndexText,
        counts: &mut Counts,
    ) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        let added = self
            .write(move |tx| {
                let mut added = Counts::default();
                for (line, row) in &batch {
                    let wrong = |reason: String| StoreError::Malformed { line: *line, reason };
                    let (table, values) = read_row(row).map_err(wrong)?;
                    match insert(tx, table, &values, index_text) {
                        Ok(true) => added.rows += 1,
                        Ok(false) => added.skipped += 1,
                        Err(err) => {
                            return Err(match StoreError::of(&path, &err) {
                                StoreError::Internal { reason } => wrong(reason),
                                other => other,
                            });
                        }
                    }
                }
                Ok(added)
            })
            .await?;
        counts.rows += added.rows;
        counts.skipped += added.skipped;
        Ok(())
    }
}

/// Hands each row of a table as a line of JSON to `write`, in this order, until that says no.
fn each_row(
    conn: &Connection,
    path: &Path,
    table: &Table,
    order: &str,
    mut write: impl FnMut(String) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let failed = |err: rusqlite::Error| StoreError::of(path, &err);
    let columns = table.columns.join(", ");
    let columns = match table.name {
        "summaries" => columns.replace("sources", SOURCES),
        _ => columns,
    };
    let sql = format!("SELECT {columns} FROM {} ORDER BY {order}", table.name);
    let mut statement = conn.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let mut line = Map::new();
        line.insert("table".to_owned(), table.name.into());
        for (at, column) in table.columns.iter().enumerate() {
            line.insert((*column).to_owned(), to_json(row.get_ref(at).map_err(failed)?));
        }
        if !write(Value::Object(line).to_string())? {
            break;
        }
    }
    Ok(())
}

/// Whether a part of the file could not be read; any other failure stays one.
fn is_unreadable(read: Result<(), StoreError>) -> Result<bool, StoreError> {
    match read {
        Ok(()) => Ok(false),
        Err(StoreError::Corrupt { .. } | StoreError::Unusable { .. }) => Ok(true),
        Err(err) => Err(err),
    }
}

const NO_EXPORT: &str = "not an export of carryall: its first line names the format carryall-export";

/// The longest line that is read: as long as the longest message of the server.
const LINE_BYTES: u64 = 64 << 20;

fn next_line(input: &mut Box<dyn BufRead + Send>) -> Result<Option<String>, String> {
    let mut bytes = Vec::new();
    let read = input.take(LINE_BYTES).read_until(b'\n', &mut bytes).map_err(|err| err.to_string())?;
    if read == 0 {
        return Ok(None);
    }
    if u64::try_from(read).unwrap_or(u64::MAX) == LINE_BYTES && bytes.last() != Some(&b'\n') {
        return Err(format!("longer than {LINE_BYTES} bytes"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| "not UTF-8".to_owned())
}

fn check_head(row: &Map<String, Value>) -> Result<(), String> {
    if row.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(NO_EXPORT.to_owned());
    }
    match row.get("version").and_then(Value::as_i64) {
        Some(FORMAT_VERSION) => Ok(()),
        Some(version) if version > FORMAT_VERSION => {
            Err(format!("format version {version} was made by a newer carryall; this one reads {FORMAT_VERSION}"))
        }
        _ => Err("the format version is missing".to_owned()),
    }
}

/// The table of a line, and its values in the order of the table's columns.
fn read_row(row: &Map<String, Value>) -> Result<(&'static Table, Vec<SqlValue>), String> {
    let name = row.get("table").and_then(Value::as_str).ok_or("the field table is missing")?;
    let table = TABLES.iter().find(|it| it.name == name).ok_or_else(|| format!("unknown table {name:?}"))?;
    if let Some(unknown) = row.keys().find(|it| *it != "table" && !table.columns.contains(&it.as_str())) {
        return Err(format!("unknown field {unknown:?} of table {name}"));
    }
    // Contexts of earlier exports stood in no namespace.
    let before = Value::from(DEFAULT_NAMESPACE);
    let is_context = name.starts_with("context");
    let exact = Value::from(0);
    let missing = |column: &str| match column {
        "namespace" if is_context => &before,
        "is_estimate" => &exact,
        _ => &Value::Null,
    };
    let is_said = matches!(name, "memories" | "turns" | "summaries" | "sessions");
    let value = |column: &&'static str| {
        let value = from_json(row.get(*column).unwrap_or_else(|| missing(column)), name, column)?;
        Ok(if is_said { without_secrets(value, column) } else { value })
    };
    let values = table.columns.iter().map(value).collect::<Result<_, String>>()?;
    Ok((table, values))
}

/// A line that was written by hand, or by a version that knew fewer secrets, may hold one.
fn without_secrets(value: SqlValue, column: &str) -> SqlValue {
    let SqlValue::Text(text) = value else { return value };
    let clean = |text: &str| Some(redact::redact(text)).filter(|it| !it.1.is_empty()).map(|it| it.0);
    let cleaned = match column {
        "content" | "speaker" | "source" | "title" => clean(&text),
        "tags" | "sources" => serde_json::from_str::<Vec<String>>(&text).ok().and_then(|list| {
            let kept: Vec<String> = list.iter().map(|it| clean(it).unwrap_or_else(|| it.clone())).collect();
            (kept != list).then(|| serde_json::to_string(&kept).ok()).flatten()
        }),
        _ => None,
    };
    SqlValue::Text(cleaned.unwrap_or(text))
}

/// Copies a database to a new file, whole or not at all: it is written beside the target and renamed.
pub(super) fn copy_database(source: &Connection, target: &Path) -> Result<(), StoreError> {
    let unusable =
        |reason: String| StoreError::Unusable { path: target.to_path_buf(), reason: format!("backup: {reason}") };
    if target.exists() {
        return Err(unusable("the file exists already; name another one".to_owned()));
    }
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&part).map_err(|err| unusable(err.to_string()))?;
    let copy = || -> rusqlite::Result<()> {
        // One read transaction around all of it: without, the copy would begin anew after every write of others,
        // and on a busy file never end.
        let moment = source.is_autocommit().then(|| source.unchecked_transaction()).transpose()?;
        source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        #[expect(clippy::disallowed_methods, reason = "a backup is a database of its own")]
        let mut copy = Connection::open(&part)?;
        Backup::new(source, &mut copy)?.run_to_completion(4096, Duration::ZERO, None)?;
        drop(moment);
        // A single file, without a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")
    };
    let copied = copy().map_err(|err| StoreError::of(target, &err));
    let moved = copied.and_then(|()| std::fs::rename(&part, target).map_err(|err| unusable(err.to_string())));
    if moved.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    moved
}

/// Adds a row, unless one with the same identity is there, or what it speaks of is not. (`OR IGNORE` would also pass over
/// rows that lack something.)
fn insert(conn: &Connection, table: &Table, values: &[SqlValue], index_text: IndexText) -> rusqlite::Result<bool> {
    let value = |name: &str| table.columns.iter().position(|it| *it == name).and_then(|at| values.get(at));
    let text = |name: &str| match value(name) {
        Some(SqlValue::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let columns = || table.columns.iter().copied().enumerate();
    let mut into: Vec<&str> = table.columns.to_vec();
    let mut given: Vec<&SqlValue> = values.iter().collect();
    let is_there = "EXISTS (SELECT 1 FROM memories WHERE id = ?)";
    let condition = match table.name {
        // They have no identity of their own: a row with the same of everything is the same.
        "feedback" | "audit" => {
            given.extend(values);
            let same: Vec<String> = columns().map(|(_, name)| format!("{name} IS ?")).collect();
            format!("NOT EXISTS (SELECT 1 FROM {} WHERE {})", table.name, same.join(" AND "))
        }
        "memory_links" => {
            given.extend(values.iter().take(2));
            format!("{is_there} AND {is_there}")
        }
        "imported" | "memory_facts" | "memory_events" => {
            given.extend(value("memory_id"));
            is_there.to_owned()
        }
        // Only what the context of before is that is there: another machine's history is not this one's.
        "context_versions" => {
            given.extend(
                ["namespace", "scope", "owner", "key", "version", "updated_at"].iter().filter_map(|it| value(it)),
            );
            "EXISTS (SELECT 1 FROM contexts WHERE namespace = ? AND scope = ? AND owner = ? AND key = ? AND cleared = 0
                 AND version > ? AND created_at <= ?)"
                .to_owned()
        }
        "item_feedback" => {
            given.extend(value("item"));
            // Behind `carryall://memory/`.
            "EXISTS (SELECT 1 FROM (SELECT ? AS item) WHERE item NOT GLOB 'carryall://memory/*'
                 OR EXISTS (SELECT 1 FROM memories WHERE id = substr(item, 19)))"
                .to_owned()
        }
        "summaries" => {
            into.retain(|it| *it != "sources");
            given.truncate(into.len());
            given
                .extend(["session_id", "namespace", "user_id", "persona", "sources"].iter().filter_map(|it| value(it)));
            // One a session, and none of what was forgotten.
            "NOT EXISTS (SELECT 1 FROM summaries
                 WHERE session_id = ? AND namespace = ? AND user_id IS ? AND persona IS ?)
             AND NOT EXISTS (SELECT 1 FROM json_each(?) AS it WHERE NOT EXISTS (SELECT 1 FROM turns WHERE id = it.value)
                 AND NOT EXISTS (SELECT 1 FROM memories WHERE id = it.value))"
                .to_owned()
        }
        _ => "TRUE".to_owned(),
    };
    let marks = vec!["?"; into.len()].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {marks} WHERE {condition} ON CONFLICT DO NOTHING",
        table.name,
        into.join(", ")
    );
    let added = conn.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(given))? > 0;
    if added && table.name == "memories" {
        let tags: Vec<String> = text("tags").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
        let content = index_text(text("content").unwrap_or_default());
        super::memories::index(conn, conn.last_insert_rowid(), &content, text("speaker"), &tags)?;
    }
    if added && table.name == "summaries" {
        conn.prepare_cached(
            "INSERT OR IGNORE INTO summary_sources (summary_id, source_id, position)
             SELECT :summary, it.value, it.key FROM json_each(:sources) AS it",
        )?
        .execute(named_params! {":summary": text("id"), ":sources": text("sources").unwrap_or("[]")})?;
    }
    Ok(added)
}

fn to_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(it) => it.into(),
        ValueRef::Real(it) => it.into(),
        ValueRef::Text(it) => String::from_utf8_lossy(it).into_owned().into(),
        ValueRef::Blob(it) => it.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}

/// A value as SQLite is to hold it. `STRICT` tables refuse a wrong type; what they cannot see is looked at here.
fn from_json(value: &Value, table: &str, column: &str) -> Result<SqlValue, String> {
    let wanted = |what: &str| format!("{column} must be {what}");
    Ok(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(it) => SqlValue::Integer(i64::from(*it)),
        Value::Number(it) => match (it.as_i64(), it.as_f64()) {
            (Some(whole), _) => SqlValue::Integer(whole),
            (None, Some(real)) => SqlValue::Real(real),
            (None, None) => return Err(wanted("a number that fits into 64 bits")),
        },
        Value::String(it) => match column {
            "content_key" | "gist_key" | "fact_key" | "fingerprint" => {
                SqlValue::Blob(from_hex(it).ok_or_else(|| wanted("hexadecimal"))?)
            }
            // The key of a context is a name.
            "key" if table == "imported" => SqlValue::Blob(from_hex(it).ok_or_else(|| wanted("hexadecimal"))?),
            // Queries look into the lists of tags; one that is none would fail them all.
            "tags" | "sources" | "flags" | "frameworks" | "used" => match serde_json::from_str::<Vec<String>>(it) {
                Ok(_) => SqlValue::Text(it.clone()),
                Err(_) => return Err(wanted("a JSON list of strings")),
            },
            "data" | "result" | "spans" | "detail" | "details" => {
                match serde_json::from_str::<serde::de::IgnoredAny>(it) {
                    Ok(_) => SqlValue::Text(it.clone()),
                    Err(_) => return Err(wanted("JSON in a string")),
                }
            }
            "scope" if super::contexts::Scope::named(it).is_none() => return Err(wanted("the name of a scope")),
            _ => SqlValue::Text(it.clone()),
        },
        Value::Array(_) | Value::Object(_) => return Err(wanted("a string, a number or null")),
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let digits = text.bytes().all(|it| it.is_ascii_hexdigit()) && text.len().is_multiple_of(2);
    digits.then(|| text.as_bytes().chunks(2).map(byte).collect())?
}
