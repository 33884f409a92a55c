//! The indexed files of workspaces: their rows, their pieces, and posting lists over those. They live in the index file.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use tokio_util::sync::CancellationToken;

use super::db::Store;
use super::error::StoreError;

/// A file that is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub id: i64,
    /// Relative to the workspace's root, with forward slashes.
    pub path: String,
    pub size_bytes: i64,
    pub mtime_ns: i64,
    pub hash: Vec<u8>,
    pub language: String,
    /// `code` or `doc`.
    pub kind: String,
    /// Where its pieces are counted: the segment, the place of the first one in it, and how many there are.
    pub segment_id: i64,
    pub first_chunk: u32,
    pub chunks: u32,
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
    pub chunks: Vec<ChunkRow>,
}

/// Files that are written at once, with the posting lists over all their pieces, counted through in their order.
#[derive(Clone, Debug, Default)]
pub struct NewSegment {
    pub files: Vec<NewFile>,
    /// Words of each piece.
    pub lengths: Vec<u16>,
    /// In the order of the words.
    pub postings: Vec<(String, Vec<u8>)>,
}

/// A segment as it is kept: its id and the words of each piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub id: i64,
    pub lengths: Vec<u16>,
}

/// A posting list: its segment, the position of its word in what was asked, and its bytes.
pub type PostingRow = (i64, usize, Vec<u8>);

/// A piece of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkRow {
    pub start_line: u32,
    pub end_line: u32,
    pub title: Option<String>,
    pub symbol: Option<String>,
    /// What is defined in it, one a line, each beginning with its name and a tab.
    pub definitions: String,
    /// The names that it uses, one a line.
    pub uses: String,
    /// What it imports, one a line.
    pub imports: String,
    pub text: String,
}

/// Pieces that a file may have: its id and a piece's number make one integer.
pub const CHUNKS_OF_A_FILE: usize = 1 << 16;

const FILES: &str = "SELECT id, path, size_bytes, mtime_ns, hash, language, kind, segment_id, first_chunk, chunks
     FROM files WHERE workspace_id = :workspace ORDER BY id";

const POSTINGS: &str = "SELECT data FROM postings WHERE segment_id = :segment AND word = :word";

const IMPORTS: &str = "SELECT imports FROM chunks WHERE id BETWEEN :first AND :last AND imports != '' LIMIT 16";

const FIRST_LINE: &str = "SELECT start_line FROM chunks WHERE id = :id";

const CHUNK: &str =
    "SELECT start_line, end_line, title, symbol, definitions, uses, imports, text FROM chunks WHERE id = :id";

impl Store {
    /// Every indexed file of a workspace, and its generation at that moment.
    pub async fn files(&self, workspace_id: i64) -> Result<(i64, Vec<FileRow>), StoreError> {
        self.query(move |conn| {
            let generation = conn
                .prepare_cached("SELECT generation FROM workspaces WHERE id = :id")?
                .query_row(named_params! {":id": workspace_id}, |row| row.get(0))
                .optional()?;
            let files = conn
                .prepare_cached(FILES)?
                .query_map(named_params! {":workspace": workspace_id}, file_row)?
                .collect::<rusqlite::Result<_>>()?;
            Ok((generation.unwrap_or(0), files))
        })
        .await
    }

    /// The same, where `known` (by their ids) were read before: of a file that is as it was the row is given back.
    pub async fn files_again(
        &self,
        workspace_id: i64,
        known: Vec<Arc<FileRow>>,
    ) -> Result<(i64, Vec<Arc<FileRow>>), StoreError> {
        self.query(move |conn| {
            let generation = conn
                .prepare_cached("SELECT generation FROM workspaces WHERE id = :id")?
                .query_row(named_params! {":id": workspace_id}, |row| row.get(0))
                .optional()?;
            let mut known = known.into_iter().peekable();
            let files = conn
                .prepare_cached(FILES)?
                .query_map(named_params! {":workspace": workspace_id}, |row| {
                    let id: i64 = row.get(0)?;
                    while known.next_if(|it| it.id < id).is_some() {}
                    match known.next_if(|it| it.id == id) {
                        Some(before) if is_as_before(&before, row)? => Ok(before),
                        _ => file_row(row).map(Arc::new),
                    }
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok((generation.unwrap_or(0), files))
        })
        .await
    }

    /// The segments with these ids; those that are gone are left out.
    pub async fn segments(&self, ids: Vec<i64>) -> Result<Vec<SegmentRow>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached("SELECT lengths FROM segments WHERE id = :id")?;
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                let lengths: Option<Vec<u8>> =
                    statement.query_row(named_params! {":id": id}, |row| row.get(0)).optional()?;
                if let Some(bytes) = lengths {
                    let (pairs, _) = bytes.as_chunks::<2>();
                    rows.push(SegmentRow { id, lengths: pairs.iter().map(|it| u16::from_le_bytes(*it)).collect() });
                }
            }
            Ok(rows)
        })
        .await
    }

    /// Puts the files of `segment` in the place of what was known of their paths, in one transaction: a file is never
    /// half there. A segment that has no file left afterwards is removed.
    pub async fn put_segment(&self, workspace_id: i64, segment: NewSegment) -> Result<(), StoreError> {
        self.change(move |tx| {
            for file in &segment.files {
                let old: Option<i64> = tx
                    .prepare_cached("SELECT id FROM files WHERE workspace_id = :workspace AND path = :path")?
                    .query_row(named_params! {":workspace": workspace_id, ":path": file.path}, |row| row.get(0))
                    .optional()?;
                if let Some(old) = old {
                    remove_file(tx, old)?;
                }
            }
            put_segment(tx, workspace_id, &segment)?;
            clear(tx, workspace_id)
        })
        .await
    }

    /// Notes new times for files whose bytes are the same: (file id, size in bytes, time in nanoseconds).
    pub async fn touch_files(&self, workspace_id: i64, seen: Vec<(i64, i64, i64)>) -> Result<(), StoreError> {
        self.change(move |tx| {
            let mut statement =
                tx.prepare_cached("UPDATE files SET size_bytes = :size, mtime_ns = :mtime WHERE id = :id")?;
            for (id, size, mtime) in seen {
                statement.execute(named_params! {":id": id, ":size": size, ":mtime": mtime})?;
            }
            grow(tx, workspace_id)
        })
        .await
    }

    /// Removes files with their pieces; returns how many were there.
    pub async fn remove_files(&self, workspace_id: i64, ids: Vec<i64>) -> Result<usize, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        self.change(move |tx| {
            let mut removed = 0;
            for id in ids {
                removed += remove_file(tx, id)?;
            }
            clear(tx, workspace_id)?;
            Ok(removed)
        })
        .await
    }

    /// The posting lists of `words` in the segments with these ids; a word that is in none has none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Cancelled`] when `cancelled` fires.
    pub async fn postings(
        &self,
        segments: Vec<i64>,
        words: Vec<String>,
        cancelled: &CancellationToken,
    ) -> Result<Vec<PostingRow>, StoreError> {
        self.query_until(cancelled, move |conn| {
            let mut statement = conn.prepare_cached(POSTINGS)?;
            let mut rows = Vec::new();
            for segment in segments {
                for (at, word) in words.iter().enumerate() {
                    let data: Option<Vec<u8>> = statement
                        .query_row(named_params! {":segment": segment, ":word": word}, |row| row.get(0))
                        .optional()?;
                    rows.extend(data.map(|it| (segment, at, it)));
                }
            }
            Ok(rows)
        })
        .await
    }

    /// The pieces with these places (file id and number), in the order asked; `None` for one that is gone.
    pub async fn chunks(&self, places: Vec<(i64, u32)>) -> Result<Vec<Option<ChunkRow>>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached(CHUNK)?;
            places
                .into_iter()
                .map(|(file, number)| {
                    statement.query_row(named_params! {":id": chunk_id(file, number)}, chunk_row).optional()
                })
                .collect()
        })
        .await
    }

    /// The first lines of the pieces with these places (file id and number); `None` for one that is not there.
    pub async fn first_lines(&self, places: Vec<(i64, u32)>) -> Result<Vec<Option<u32>>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached(FIRST_LINE)?;
            let line = |(file, number)| {
                statement.query_row(named_params! {":id": chunk_id(file, number)}, |row| row.get(0)).optional()
            };
            places.into_iter().map(line).collect()
        })
        .await
    }

    /// What each of these files imports, one a line, as far as its first sixteen pieces that import say so.
    pub async fn imports(&self, files: Vec<i64>) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached(IMPORTS)?;
            files
                .into_iter()
                .map(|file| {
                    let range = named_params! {":first": chunk_id(file, 0), ":last": chunk_id(file + 1, 0) - 1};
                    let rows = statement.query_map(range, |row| row.get(0))?;
                    Ok(rows.collect::<rusqlite::Result<Vec<String>>>()?.join("\n"))
                })
                .collect()
        })
        .await
    }

    /// The files of these segments with their pieces, to be written again in one.
    pub async fn files_of_segments(&self, segments: Vec<i64>) -> Result<Vec<NewFile>, StoreError> {
        self.query(move |conn| {
            let mut files = Vec::new();
            for segment in segments {
                let rows: Vec<FileRow> = conn
                    .prepare_cached(
                        "SELECT id, path, size_bytes, mtime_ns, hash, language, kind, segment_id, first_chunk, chunks
                             FROM files WHERE segment_id = :segment ORDER BY id",
                    )?
                    .query_map(named_params! {":segment": segment}, file_row)?
                    .collect::<rusqlite::Result<_>>()?;
                for row in rows {
                    let mut statement = conn.prepare_cached(CHUNK)?;
                    let chunks: Vec<ChunkRow> = (0..row.chunks)
                        .map(|it| statement.query_row(named_params! {":id": chunk_id(row.id, it)}, chunk_row))
                        .collect::<rusqlite::Result<_>>()?;
                    files.push(NewFile {
                        path: row.path,
                        size_bytes: row.size_bytes,
                        mtime_ns: row.mtime_ns,
                        hash: row.hash,
                        language: row.language,
                        kind: row.kind,
                        chunks: chunks
                            .into_iter()
                            .map(|it| ChunkRow {
                                start_line: it.start_line,
                                end_line: it.end_line,
                                title: it.title,
                                symbol: it.symbol,
                                definitions: it.definitions,
                                uses: it.uses,
                                imports: it.imports,
                                text: it.text,
                            })
                            .collect(),
                    });
                }
            }
            Ok(files)
        })
        .await
    }
}

fn chunk_id(file: i64, number: u32) -> i64 {
    (file << 16) + i64::from(number)
}

fn put_segment(conn: &Connection, workspace_id: i64, segment: &NewSegment) -> rusqlite::Result<()> {
    let lengths: Vec<u8> = segment.lengths.iter().flat_map(|it| it.to_le_bytes()).collect();
    conn.prepare_cached("INSERT INTO segments (workspace_id, lengths) VALUES (:workspace, :lengths)")?
        .execute(named_params! {":workspace": workspace_id, ":lengths": lengths})?;
    let segment_id = conn.last_insert_rowid();
    let mut insert_file = conn.prepare_cached(
        "INSERT INTO files (workspace_id, path, size_bytes, mtime_ns, hash, language, kind, segment_id, first_chunk,
                            chunks)
         VALUES (:workspace, :path, :size, :mtime, :hash, :language, :kind, :segment, :first, :chunks)",
    )?;
    let mut insert_chunk = conn.prepare_cached(
        "INSERT INTO chunks (id, start_line, end_line, title, symbol, definitions, uses, imports, text)
         VALUES (:id, :start, :end, :title, :symbol, :definitions, :uses, :imports, :text)",
    )?;
    let mut first = 0_i64;
    for file in &segment.files {
        let chunks = i64::try_from(file.chunks.len()).unwrap_or(i64::MAX);
        insert_file.execute(named_params! {
            ":workspace": workspace_id, ":path": file.path, ":size": file.size_bytes, ":mtime": file.mtime_ns,
            ":hash": file.hash, ":language": file.language, ":kind": file.kind, ":segment": segment_id,
            ":first": first, ":chunks": chunks,
        })?;
        first += chunks;
        let file_id = conn.last_insert_rowid();
        for (number, chunk) in (0_u32..).zip(&file.chunks) {
            insert_chunk.execute(named_params! {
                ":id": chunk_id(file_id, number), ":start": chunk.start_line, ":end": chunk.end_line,
                ":title": chunk.title, ":symbol": chunk.symbol, ":definitions": chunk.definitions,
                ":uses": chunk.uses, ":imports": chunk.imports, ":text": chunk.text,
            })?;
        }
    }
    let mut insert =
        conn.prepare_cached("INSERT INTO postings (segment_id, word, data) VALUES (:segment, :word, :data)")?;
    for (word, data) in &segment.postings {
        insert.execute(named_params! {":segment": segment_id, ":word": word, ":data": data})?;
    }
    Ok(())
}

pub(super) fn remove_file(conn: &Connection, id: i64) -> rusqlite::Result<usize> {
    conn.prepare_cached("DELETE FROM chunks WHERE id BETWEEN :first AND :last")?
        .execute(named_params! {":first": chunk_id(id, 0), ":last": chunk_id(id + 1, 0) - 1})?;
    conn.prepare_cached("DELETE FROM files WHERE id = :id")?.execute(named_params! {":id": id})
}

/// Removes the segments that have no file left, and lets the generation grow.
fn clear(conn: &Connection, workspace_id: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "DELETE FROM segments WHERE workspace_id = :workspace
           AND NOT EXISTS (SELECT 1 FROM files WHERE files.segment_id = segments.id)",
    )?
    .execute(named_params! {":workspace": workspace_id})?;
    grow(conn, workspace_id)
}

fn grow(conn: &Connection, workspace_id: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE workspaces SET generation = generation + 1 WHERE id = :id")?
        .execute(named_params! {":id": workspace_id})
        .map(|_| ())
}

fn file_row(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        id: row.get(0)?,
        path: row.get(1)?,
        size_bytes: row.get(2)?,
        mtime_ns: row.get(3)?,
        hash: row.get(4)?,
        language: row.get(5)?,
        kind: row.get(6)?,
        segment_id: row.get(7)?,
        first_chunk: row.get(8)?,
        chunks: row.get(9)?,
    })
}

/// Whether the row of a file says what `before` says. An id is given again after its file was removed, so what a file is
/// told by counts, too.
fn is_as_before(before: &FileRow, row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(before.size_bytes == row.get::<_, i64>(2)?
        && before.mtime_ns == row.get::<_, i64>(3)?
        && before.segment_id == row.get::<_, i64>(7)?
        && before.first_chunk == row.get::<_, u32>(8)?
        && before.chunks == row.get::<_, u32>(9)?
        && row.get_ref(1)?.as_str()? == before.path
        && row.get_ref(4)?.as_blob()? == before.hash)
}

fn chunk_row(row: &Row<'_>) -> rusqlite::Result<ChunkRow> {
    Ok(ChunkRow {
        start_line: row.get(0)?,
        end_line: row.get(1)?,
        title: row.get(2)?,
        symbol: row.get(3)?,
        definitions: row.get(4)?,
        uses: row.get(5)?,
        imports: row.get(6)?,
        text: row.get(7)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("the posting list of a word", POSTINGS.to_owned()),
        ("a piece", CHUNK.to_owned()),
        ("the files of a workspace", FILES.to_owned()),
    ]
}
