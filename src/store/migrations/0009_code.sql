-- The index of workspaces lives in a file of its own beside the database from here on (`Store::index`): it can be
-- deleted and built again, backups leave it out, and writing it never holds up a memory. The text index is kept as
-- posting lists, one row a word and segment, written in order: ranking needs counts by piece and by file at once, and
-- what FTS5 writes for that is three times the work.
DROP TABLE chunks_text;
DROP TABLE chunks;
DROP TABLE files;
DROP TABLE workspaces;

CREATE TABLE workspaces (
    id            INTEGER PRIMARY KEY,
    root          TEXT    NOT NULL UNIQUE,    -- absolute
    indexed_at    INTEGER NOT NULL,
    generation    INTEGER NOT NULL,           -- grows with every change, so that caches know
    is_complete   INTEGER NOT NULL,           -- whether a run has come to its end
    skipped       TEXT    NOT NULL,           -- of the last whole run: JSON, [[path, reason], …]
    globs         TEXT    NOT NULL,           -- of the last whole run: JSON, [[included, …], [excluded, …]]
    leased_to     TEXT,                       -- the process that indexes it now
    leased_until  INTEGER
) STRICT;

CREATE TABLE segments (
    id            INTEGER PRIMARY KEY,
    workspace_id  INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    lengths       BLOB    NOT NULL            -- words of each piece, two bytes each
) STRICT;

CREATE INDEX segments_by_workspace ON segments (workspace_id);

CREATE TABLE files (
    id            INTEGER PRIMARY KEY,
    workspace_id  INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    path          TEXT    NOT NULL,           -- relative to the root, with forward slashes
    size_bytes    INTEGER NOT NULL,
    mtime_ns      INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    language      TEXT    NOT NULL,
    kind          TEXT    NOT NULL,           -- code or doc
    segment_id    INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    first_chunk   INTEGER NOT NULL,           -- its place in the segment
    chunks        INTEGER NOT NULL,
    UNIQUE (workspace_id, path)
) STRICT;

CREATE INDEX files_by_segment ON files (segment_id);

CREATE TABLE chunks (
    id          INTEGER PRIMARY KEY,          -- 65536 × file + its number in the file
    start_line  INTEGER NOT NULL,             -- 1-based, both ends included
    end_line    INTEGER NOT NULL,
    title       TEXT,
    symbol      TEXT,
    defined     TEXT    NOT NULL,             -- names, one a line
    text        TEXT    NOT NULL
) STRICT;

CREATE TABLE postings (
    segment_id  INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
    word        TEXT    NOT NULL,
    data        BLOB    NOT NULL,             -- see documents/postings.rs
    PRIMARY KEY (segment_id, word)
) STRICT, WITHOUT ROWID;
