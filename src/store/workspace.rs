//! The rows of workspaces: files, their chunks and the text index over those.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use tokio_util::sync::CancellationToken;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// A workspace as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    pub id: i64,
    /// Absolute.
    pub root: String,
    pub indexed_at: Millis,
    pub files: i64,
    pub size_bytes: i64,
}

/// A file that is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub id: i64,
    /// Relative to the workspace's root, with forward slashes.
    pub path: String,
    pub size_bytes: i64,
    pub mtime_ns: i64,
    pub hash: Vec<u8>,
}

/// A file to be indexed, in place of what was known of that path.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub path: String,
    pub size_bytes: i64,
    pub mtime_ns: i64,
    pub hash: Vec<u8>,
    pub language: String,
    /// `code` or `doc`.
    pub kind: String,
    pub chunks: Vec<NewChunk>,
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub struct NewChunk {
    pub start_line: u32,
    pub end_line: u32,
    pub title: Option<String>,
    pub symbol: Option<String>,
    pub text: String,
    /// `text` as the index is to see it.
    pub index_text: String,
}

/// A chunk that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkMatch {
    /// Absolute.
    pub root: String,
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    pub language: String,
    pub kind: String,
    pub title: Option<String>,
    pub symbol: Option<String>,
    pub text: String,
    pub size_bytes: i64,
    pub mtime_ns: i64,
    /// BM25, higher is better.
    pub bm25: f64,
}

/// A word that stands in one row of so many finds nothing that the others do not, and costs the most: an OR over
/// such words reads nearly every row (benches/recall.rs).
const COMMON_SHARE: i64 = 4;

/// Below this many rows every word is cheap.
const COMMON_FROM_ROWS: i64 = 500;

const FILES: &str = "SELECT id, path, size_bytes, mtime_ns, hash FROM files WHERE workspace_id = :workspace";

impl Store {
    /// The workspaces, in the order of their roots.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let list = || -> rusqlite::Result<Vec<WorkspaceRow>> {
                conn.prepare_cached(
                    "SELECT w.id, w.root, w.indexed_at, count(f.id), coalesce(sum(f.size_bytes), 0)
                     FROM workspaces AS w LEFT JOIN files AS f ON f.workspace_id = w.id
                     GROUP BY w.id ORDER BY w.root",
                )?
                .query_map([], |row| {
                    Ok(WorkspaceRow {
                        id: row.get(0)?,
                        root: row.get(1)?,
                        indexed_at: row.get(2)?,
                        files: row.get(3)?,
                        size_bytes: row.get(4)?,
                    })
                })?
                .collect()
            };
            list().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// The id of the workspace at `root`, made when it is new; notes that it was looked through at `now`.
    pub async fn open_workspace(&self, root: String, now: Millis) -> Result<i64, StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            tx.prepare_cached(
                "INSERT INTO workspaces (root, indexed_at) VALUES (:root, :now)
                 ON CONFLICT (root) DO UPDATE SET indexed_at = :now RETURNING id",
            )
            .and_then(|mut statement| statement.query_row(named_params! {":root": root, ":now": now}, |row| row.get(0)))
            .map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Every indexed file of a workspace.
    pub async fn files(&self, workspace_id: i64) -> Result<Vec<FileRow>, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| {
            let list = || -> rusqlite::Result<Vec<FileRow>> {
                conn.prepare_cached(FILES)?
                    .query_map(named_params! {":workspace": workspace_id}, |row| {
                        Ok(FileRow {
                            id: row.get(0)?,
                            path: row.get(1)?,
                            size_bytes: row.get(2)?,
                            mtime_ns: row.get(3)?,
                            hash: row.get(4)?,
                        })
                    })?
                    .collect()
            };
            list().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Puts `files` in the place of what was known of their paths, in one transaction: a file is never half there.
    pub async fn put_files(&self, workspace_id: i64, files: Vec<NewFile>) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let put = || -> rusqlite::Result<()> {
                for file in &files {
                    put_file(tx, workspace_id, file)?;
                }
                Ok(())
            };
            put().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Notes new times for files whose bytes are the same: (file id, size in bytes, time in nanoseconds).
    pub async fn touch_files(&self, seen: Vec<(i64, i64, i64)>) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let touch = || -> rusqlite::Result<()> {
                let mut statement =
                    tx.prepare_cached("UPDATE files SET size_bytes = :size, mtime_ns = :mtime WHERE id = :id")?;
                for (id, size, mtime) in seen {
                    statement.execute(named_params! {":id": id, ":size": size, ":mtime": mtime})?;
                }
                Ok(())
            };
            touch().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// Removes files with their chunks and index entries; returns how many were there.
    pub async fn remove_files(&self, ids: Vec<i64>) -> Result<usize, StoreError> {
        let path = self.path().to_path_buf();
        self.write(move |tx| {
            let remove = || -> rusqlite::Result<usize> {
                let mut removed = 0;
                for id in ids {
                    removed += remove_file(tx, id)?;
                }
                Ok(removed)
            };
            remove().map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }

    /// The chunks that hold any of `words`, best first, of the workspaces with these ids.
    ///
    /// `folders` narrows to paths under any of them (pairs of workspace id and relative folder or file), `languages`
    /// and `kind` to files of those; empty means all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Cancelled`] when `cancelled` fires.
    pub async fn search_chunks(
        &self,
        words: Vec<String>,
        folders: Vec<(i64, String)>,
        languages: Vec<String>,
        kind: Option<String>,
        limit: usize,
        cancelled: &CancellationToken,
    ) -> Result<Vec<ChunkMatch>, StoreError> {
        let path = self.path().to_path_buf();
        self.read_until(cancelled, move |conn| {
            search(conn, &words, &folders, &languages, kind.as_deref(), limit)
                .map_err(|err| StoreError::of(&path, &err))
        })
        .await
    }
}

fn put_file(conn: &Connection, workspace_id: i64, file: &NewFile) -> rusqlite::Result<()> {
    let old: Option<i64> = conn
        .prepare_cached("SELECT id FROM files WHERE workspace_id = :workspace AND path = :path")?
        .query_row(named_params! {":workspace": workspace_id, ":path": file.path}, |row| row.get(0))
        .optional()?;
    if let Some(old) = old {
        remove_file(conn, old)?;
    }
    conn.prepare_cached(
        "INSERT INTO files (workspace_id, path, size_bytes, mtime_ns, hash, language, kind)
         VALUES (:workspace, :path, :size, :mtime, :hash, :language, :kind)",
    )?
    .execute(named_params! {
        ":workspace": workspace_id, ":path": file.path, ":size": file.size_bytes, ":mtime": file.mtime_ns,
        ":hash": file.hash, ":language": file.language, ":kind": file.kind,
    })?;
    let file_id = conn.last_insert_rowid();
    for chunk in &file.chunks {
        conn.prepare_cached(
            "INSERT INTO chunks (file_id, start_line, end_line, title, symbol, text)
             VALUES (:file, :start, :end, :title, :symbol, :text)",
        )?
        .execute(named_params! {
            ":file": file_id, ":start": chunk.start_line, ":end": chunk.end_line, ":title": chunk.title,
            ":symbol": chunk.symbol, ":text": chunk.text,
        })?;
        conn.prepare_cached("INSERT INTO chunks_text (rowid, body, path, symbol) VALUES (:id, :body, :path, :symbol)")?
            .execute(named_params! {
                ":id": conn.last_insert_rowid(), ":body": chunk.index_text, ":path": file.path,
                ":symbol": chunk.symbol.as_deref().or(chunk.title.as_deref()),
            })?;
    }
    Ok(())
}

fn remove_file(conn: &Connection, id: i64) -> rusqlite::Result<usize> {
    conn.prepare_cached("DELETE FROM chunks_text WHERE rowid IN (SELECT id FROM chunks WHERE file_id = :id)")?
        .execute(named_params! {":id": id})?;
    // Chunks go with their file (ON DELETE CASCADE).
    conn.prepare_cached("DELETE FROM files WHERE id = :id")?.execute(named_params! {":id": id})
}

/// Names weigh more than mentions: a path or a symbol is a few words that somebody chose.
const SEARCH: &str = "SELECT w.root, f.path, c.start_line, c.end_line, f.language, f.kind, c.title, c.symbol, c.text,
                f.size_bytes, f.mtime_ns, -bm25(chunks_text, 1.0, 1.5, 2.0) AS score
         FROM chunks_text
         JOIN chunks AS c ON c.id = chunks_text.rowid
         JOIN files AS f ON f.id = c.file_id
         JOIN workspaces AS w ON w.id = f.workspace_id
         WHERE chunks_text MATCH :words
           AND EXISTS (SELECT 1 FROM json_each(:folders) AS it
               WHERE it.value ->> 0 = f.workspace_id
                 AND (it.value ->> 1 = '' OR f.path = it.value ->> 1
                      OR substr(f.path, 1, length(it.value ->> 1) + 1) = (it.value ->> 1) || '/'))
           AND (:languages = '[]' OR f.language IN (SELECT value FROM json_each(:languages)))
           AND (:kind IS NULL OR f.kind = :kind)
         ORDER BY score DESC, f.path, c.start_line LIMIT :limit";

fn search(
    conn: &Connection,
    words: &[String],
    folders: &[(i64, String)],
    languages: &[String],
    kind: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<ChunkMatch>> {
    if words.is_empty() || folders.is_empty() {
        return Ok(Vec::new());
    }
    let expression = expression(conn, "chunks", words)?;
    let folders = serde_json::to_string(folders).unwrap_or_else(|_| "[]".to_owned());
    let languages = serde_json::to_string(languages).unwrap_or_else(|_| "[]".to_owned());
    conn.prepare_cached(SEARCH)?
        .query_map(
            named_params! {
                ":words": expression, ":folders": folders, ":languages": languages, ":kind": kind,
                ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
            },
            from_row,
        )?
        .collect()
}

/// Writes words as a full text query that finds rows with any of them. Each is quoted, so that nothing in it is
/// an operator. Words that are in too many rows of `table` (`memories` or `chunks`) are left out when others remain.
pub(super) fn expression(conn: &Connection, table: &str, words: &[String]) -> rusqlite::Result<String> {
    let rows: i64 = conn.prepare_cached(&format!("SELECT count(*) FROM {table}"))?.query_row([], |row| row.get(0))?;
    let quote = |word: &String| format!("\"{}\"", word.replace('"', "\"\""));
    let mut kept: Vec<&String> = Vec::with_capacity(words.len());
    if rows >= COMMON_FROM_ROWS && words.len() > 1 {
        // Counting stops at the limit, so a word that is everywhere costs no more than one that is just too common.
        let limit = rows / COMMON_SHARE;
        let mut count = conn.prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM {table}_text WHERE {table}_text MATCH :word LIMIT :limit)"
        ))?;
        for word in words {
            let in_rows: i64 =
                count.query_row(named_params! {":word": quote(word), ":limit": limit}, |row| row.get(0))?;
            if in_rows < limit {
                kept.push(word);
            }
        }
    }
    if kept.is_empty() {
        kept = words.iter().collect();
    }
    Ok(kept.into_iter().map(quote).collect::<Vec<_>>().join(" OR "))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ChunkMatch> {
    Ok(ChunkMatch {
        root: row.get(0)?,
        path: row.get(1)?,
        start_line: row.get(2)?,
        end_line: row.get(3)?,
        language: row.get(4)?,
        kind: row.get(5)?,
        title: row.get(6)?,
        symbol: row.get(7)?,
        text: row.get(8)?,
        size_bytes: row.get(9)?,
        mtime_ns: row.get(10)?,
        bm25: row.get(11)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("chunks by words", SEARCH.to_owned()), ("the files of a workspace", FILES.to_owned())]
}
