//! Brings the file to the schema that this program knows, one numbered step after the other.

use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::TransactionBehavior;

use super::error::StoreError;

/// The steps, in order; `user_version` counts how many a file has had. A released step is never edited.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_memories.sql"),
    include_str!("migrations/0002_sessions.sql"),
    include_str!("migrations/0003_workspace.sql"),
    include_str!("migrations/0004_packs_and_traces.sql"),
    include_str!("migrations/0005_vectors.sql"),
    include_str!("migrations/0006_memory_search.sql"),
    include_str!("migrations/0007_truth.sql"),
    include_str!("migrations/0008_keeping.sql"),
    include_str!("migrations/0009_code.sql"),
    include_str!("migrations/0010_asking.sql"),
    include_str!("migrations/0011_insights.sql"),
    include_str!("migrations/0012_contexts.sql"),
    include_str!("migrations/0013_traces.sql"),
    include_str!("migrations/0014_memory_changes.sql"),
    include_str!("migrations/0015_stamps.sql"),
    include_str!("migrations/0016_sessions.sql"),
    include_str!("migrations/0017_quality.sql"),
    include_str!("migrations/0018_memory_filters.sql"),
    include_str!("migrations/0019_names_of_calls.sql"),
    include_str!("migrations/0020_definitions.sql"),
    include_str!("migrations/0021_item_feedback.sql"),
    include_str!("migrations/0022_feedback_stamps.sql"),
    include_str!("migrations/0023_positions.sql"),
    include_str!("migrations/0024_call_stamps.sql"),
    include_str!("migrations/0025_file_feedback_stamps.sql"),
    include_str!("migrations/0026_imports.sql"),
    include_str!("migrations/0027_beside.sql"),
    include_str!("migrations/0028_commits.sql"),
    include_str!("migrations/0029_marks_of_words.sql"),
];

/// Marks the file as ours (`PRAGMA application_id`): "CArr" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x4341_7272;

/// The schema version that this program writes.
pub(super) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The schema version of the open file.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

/// How often the schema was changed, as SQLite counts it. Whoever puts other contents into the file by SQLite's backup
/// makes it grow, so what was read before is of these contents as long as it is equal.
pub(super) fn cookie(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA schema_version")?.query_row([], |row| row.get(0))
}

/// Refuses a file that a newer program or another one made, before anything is changed in it; returns its version.
pub(super) fn check(path: &Path, conn: &Connection) -> Result<i64, StoreError> {
    let look = || -> rusqlite::Result<(i64, i64, i64)> {
        let id = conn.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let tables = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((version(conn)?, id, tables))
    };
    // All of one moment: another process may be creating the tables right now.
    let looked = if conn.is_autocommit() {
        conn.unchecked_transaction().and_then(|tx| look().and_then(|found| tx.finish().map(|()| found)))
    } else {
        look()
    };
    let (found, id, tables) = looked.map_err(|err| StoreError::of(path, &err))?;
    if id != APPLICATION_ID && (id != 0 || tables > 0) {
        return Err(StoreError::Foreign { path: path.to_path_buf() });
    }
    if found > known() {
        return Err(StoreError::Newer { path: path.to_path_buf(), found, known: known() });
    }
    Ok(found)
}

/// Runs the steps that the file has not had, all in one transaction, after a backup when there is anything in it.
pub(super) fn run(path: &Path, conn: &mut Connection) -> Result<(), StoreError> {
    let failed = |err: rusqlite::Error| StoreError::of(path, &err);
    if version(conn).map_err(failed)? == known() {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been here while this one waited for the lock.
    let found = check(path, &tx)?;
    if found > 0 && found < known() {
        back_up_before(path, found)?;
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step).map_err(failed)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    tx.pragma_update(None, "user_version", known()).map_err(failed)?;
    tx.commit().map_err(failed)
}

/// Copies the file as it is, next to it, under a name that says which schema it has.
fn back_up_before(path: &Path, found: i64) -> Result<(), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".v{found}.bak"));
    let target = PathBuf::from(name);
    if target.exists() {
        return Ok(());
    }
    let source = super::open::open_reader(path, false, &super::open::Pins::default())?;
    super::exchange::copy_database(&source.conn, &target)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make files of other versions by hand")]
mod tests {
    use super::super::open;
    use super::*;

    #[test]
    fn an_older_file_is_backed_up_and_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        old.execute_batch(
            "INSERT INTO memories (id, namespace, kind, content, tags, importance, valid_from, created_at, content_key)
             VALUES ('m1', 'default', 'note', 'kept', '[]', 0.5, 1, 1, x'00')",
        )
        .unwrap();
        drop(old);

        let conn = open::open_writer(&path, &open::Pins::default()).unwrap().conn;
        assert_eq!(version(&conn).unwrap(), known());
        let kept = |conn: &Connection| -> String {
            conn.query_row("SELECT content FROM memories", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(kept(&conn), "kept");
        let backup = Connection::open(folder.path().join("old.db.v1.bak")).unwrap();
        assert_eq!(version(&backup).unwrap(), 1);
        assert_eq!(kept(&backup), "kept");
    }

    #[test]
    fn a_newer_or_foreign_file_is_refused_and_left_untouched() {
        let folder = tempfile::tempdir().unwrap();
        for (version, id) in [(known() + 1, APPLICATION_ID), (0, 7)] {
            let path = folder.path().join(format!("{version}.db"));
            let made = Connection::open(&path).unwrap();
            made.execute_batch("CREATE TABLE theirs (x)").unwrap();
            made.pragma_update(None, "user_version", version).unwrap();
            made.pragma_update(None, "application_id", id).unwrap();
            drop(made);
            let before = std::fs::read(&path).unwrap();
            let refused = open::open_writer(&path, &open::Pins::default()).unwrap_err();
            assert!(matches!(refused, StoreError::Newer { .. } | StoreError::Foreign { .. }), "{refused:?}");
            assert_eq!(std::fs::read(&path).unwrap(), before);
        }
    }
}
