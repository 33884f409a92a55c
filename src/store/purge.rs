//! Removes what deleting leaves behind in the file: words in the text indexes, pages that are free, the log.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use super::db::Store;
use super::error::StoreError;
use super::open;
use crate::clock::Millis;

/// What a purge came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purged {
    /// The size of the file and its log before and after.
    pub before_bytes: u64,
    pub after_bytes: u64,
    /// Whether the log beside the file could be emptied; another process that reads all the time can keep it.
    pub log_emptied: bool,
    /// Older copies beside the file, which may hold what was forgotten.
    pub copies: Vec<PathBuf>,
}

/// A smaller file is written anew by way of memory; a larger one by way of a temporary file.
const IN_MEMORY_BYTES: u64 = 256 << 20;

/// Attempts to empty the log, some 5 s in all: longer than any read of ours.
const LOG_ATTEMPTS: usize = 50;

/// Between two of them.
const LOG_PAUSE: Duration = Duration::from_millis(100);

impl Store {
    /// Writes the whole file anew, so that nothing of what was deleted before is left in its bytes. Needs as much
    /// space again as the file has, and holds up other writers while it runs.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; the file is as it was then.
    pub async fn purge(&self, now: Millis) -> Result<Purged, StoreError> {
        let purged = self.shrink().await?;
        self.add_audit(super::AuditRow {
            at: now,
            actor: "purge".to_owned(),
            action: "purged".to_owned(),
            subject: "carryall://database".to_owned(),
            namespace: None,
            user_id: None,
            persona: None,
            details: serde_json::json!({"before_bytes": purged.before_bytes, "after_bytes": purged.after_bytes}),
        })
        .await?;
        Ok(purged)
    }

    /// The same without a line in the audit, for a file of which nothing was forgotten.
    ///
    /// # Errors
    ///
    /// As [`Store::purge`].
    pub async fn shrink(&self) -> Result<Purged, StoreError> {
        self.flush().await?;
        let path = self.path().to_path_buf();
        let purged = tokio::task::spawn_blocking(move || purge(&path));
        purged.await.unwrap_or_else(|err| Err(StoreError::Internal { reason: err.to_string() }))
    }
}

fn purge(path: &Path) -> Result<Purged, StoreError> {
    let failed = |err: rusqlite::Error| StoreError::of(path, &err);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What was written last stands in the log.
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |it| it.len());
    let size = || length(path) + length(Path::new(&log));
    let before_bytes = size();
    // A connection of its own: the writing thread's must not be held up with others' calls in its queue.
    let opened = open::open_writer(path, &open::Pins::default())?;
    let conn = &opened.conn;
    conn.pragma_update(None, "secure_delete", true).map_err(failed)?;
    if before_bytes > IN_MEMORY_BYTES {
        conn.pragma_update(None, "temp_store", "FILE").map_err(failed)?;
    }
    merge_text_indexes(conn).map_err(failed)?;
    conn.execute_batch("VACUUM").map_err(failed)?;
    let mut log_emptied = false;
    for attempt in 0..LOG_ATTEMPTS {
        let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
        log_emptied = busy == 0;
        if log_emptied {
            break;
        }
        if attempt + 1 < LOG_ATTEMPTS {
            std::thread::sleep(LOG_PAUSE);
        }
    }
    Ok(Purged { before_bytes, after_bytes: size(), log_emptied, copies: copies(path) })
}

/// Merges each text index into one: the words of rows that are gone stand in its older parts until then.
fn merge_text_indexes(conn: &Connection) -> rusqlite::Result<()> {
    let names: Vec<String> = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(sql) LIKE 'create virtual table%using fts5 (%'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names {
        let name = name.replace('"', "\"\"");
        conn.execute_batch(&format!("INSERT INTO \"{name}\" (\"{name}\") VALUES ('optimize')"))?;
    }
    Ok(())
}

/// Files beside the database that were made from it: backups before a migration, logs that were set aside. The index of
/// files holds no memory.
fn copies(path: &Path) -> Vec<PathBuf> {
    let path = &open::real(path);
    let Some(name) = path.file_name().and_then(|it| it.to_str()) else { return Vec::new() };
    let own = [name.to_owned(), format!("{name}-wal"), format!("{name}-shm")];
    let beside = std::fs::read_dir(super::error::folder(path)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = beside
        .map(|it| it.path())
        .filter(|it| {
            let other = it.file_name().and_then(|it| it.to_str()).unwrap_or_default();
            let is_index = other.strip_prefix(name).is_some_and(|it| it.starts_with("-index"));
            other.starts_with(name) && !is_index && !own.iter().any(|it| it == other)
        })
        .collect();
    found.sort();
    found
}
