-- Files of the workspaces, cut into pieces that can be found. All of it can be built again from the files.
CREATE TABLE workspaces (
    id          INTEGER PRIMARY KEY,
    root        TEXT    NOT NULL UNIQUE,      -- absolute
    indexed_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE files (
    id            INTEGER PRIMARY KEY,
    workspace_id  INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    path          TEXT    NOT NULL,           -- relative to the root, with forward slashes
    size_bytes    INTEGER NOT NULL,
    mtime_ns      INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    language      TEXT    NOT NULL,
    kind          TEXT    NOT NULL,           -- code or doc
    UNIQUE (workspace_id, path)
) STRICT;

CREATE TABLE chunks (
    id          INTEGER PRIMARY KEY,
    file_id     INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    start_line  INTEGER NOT NULL,             -- 1-based, both ends included
    end_line    INTEGER NOT NULL,
    title       TEXT,
    symbol      TEXT,
    text        TEXT    NOT NULL
) STRICT;

CREATE INDEX chunks_by_file ON chunks (file_id);

CREATE VIRTUAL TABLE chunks_text USING fts5 (
    body, path, symbol,
    content = '', contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
