//! Reads the rows of other programs' SQLite files.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::migrate::APPLICATION_ID;

/// A memory of mcp-memory-service, as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignMemory {
    pub hash: String,
    pub content: String,
    /// With commas between.
    pub tags: String,
    pub kind: Option<String>,
    /// JSON.
    pub metadata: Option<String>,
    /// Seconds since 1970.
    pub created_at: Option<f64>,
}

/// Gives each memory of mcp-memory-service's file at `path` to `each`, oldest first, and stops when that fails. The
/// file is only read. Deleted rows are left out.
///
/// # Errors
///
/// Why the file cannot be read, or is none of that program.
pub fn foreign_memories<E>(
    path: &Path,
    mut each: impl FnMut(ForeignMemory) -> Result<(), E>,
) -> Result<Result<(), E>, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[expect(clippy::disallowed_methods, reason = "another program's file, which none of our settings concern")]
    let conn = Connection::open_with_flags(path, flags).map_err(|err| err.to_string())?;
    let id: i64 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(|err| err.to_string())?;
    if id == APPLICATION_ID {
        return Err(
            "a database of carryall itself: `carryall --db THIS export FILE` writes what can be imported".to_owned()
        );
    }
    let columns = columns(&conn).map_err(|err| err.to_string())?;
    for needed in ["content", "content_hash"] {
        if !columns.iter().any(|it| it == needed) {
            return Err(
                "no file of mcp-memory-service: it has no table memories with content and content_hash".to_owned()
            );
        }
    }
    let has = |name: &str| columns.iter().any(|it| it == name);
    let column = |name: &str| if has(name) { name.to_owned() } else { "NULL".to_owned() };
    let living = if has("deleted_at") { "WHERE deleted_at IS NULL" } else { "" };
    let sql = format!(
        "SELECT content_hash, content, {}, {}, {}, {} FROM memories {living} ORDER BY rowid",
        column("tags"),
        column("memory_type"),
        column("metadata"),
        column("created_at"),
    );
    let mut statement = conn.prepare(&sql).map_err(|err| err.to_string())?;
    let mut rows = statement.query([]).map_err(|err| err.to_string())?;
    while let Some(row) = rows.next().map_err(|err| err.to_string())? {
        let text = |at: usize| text(row, at);
        let memory = ForeignMemory {
            hash: text(0).unwrap_or_default(),
            content: text(1).unwrap_or_default(),
            tags: text(2).unwrap_or_default(),
            kind: text(3),
            metadata: text(4),
            created_at: text(5).and_then(|it| it.parse().ok()),
        };
        if let Err(stop) = each(memory) {
            return Ok(Err(stop));
        }
    }
    Ok(Ok(()))
}

fn columns(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT name FROM pragma_table_info('memories')")?.query_map([], |row| row.get(0))?.collect()
}

/// A value as text, whatever type the other program gave it.
fn text(row: &Row<'_>, at: usize) -> Option<String> {
    match row.get_ref(at).ok()? {
        ValueRef::Null | ValueRef::Blob(_) => None,
        ValueRef::Integer(it) => Some(it.to_string()),
        ValueRef::Real(it) => Some(it.to_string()),
        ValueRef::Text(it) => Some(String::from_utf8_lossy(it).into_owned()),
    }
}
