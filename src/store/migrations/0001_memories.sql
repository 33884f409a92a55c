-- What is remembered, and a text index of it. The index holds no text of its own (content=''): rows and index are
-- written in one transaction, and the file does not grow by every text twice.
CREATE TABLE memories (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    namespace    TEXT    NOT NULL,
    user_id      TEXT,
    persona      TEXT,
    session_id   TEXT,
    kind         TEXT    NOT NULL,
    speaker      TEXT,
    content      TEXT    NOT NULL,
    tags         TEXT    NOT NULL,            -- JSON array of strings
    importance   REAL    NOT NULL,
    occurred_at  INTEGER,
    valid_from   INTEGER NOT NULL,
    valid_to     INTEGER,                     -- first moment at which it no longer held
    created_at   INTEGER NOT NULL,            -- when it was learned
    expires_at   INTEGER,
    source       TEXT,
    superseded_by TEXT,
    content_key  BLOB    NOT NULL             -- equal for exact duplicates of one owner
) STRICT;

CREATE INDEX memories_by_key ON memories (content_key);
CREATE INDEX memories_by_namespace ON memories (namespace, created_at);
CREATE INDEX memories_by_session ON memories (session_id, created_at) WHERE session_id IS NOT NULL;
CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;

CREATE VIRTUAL TABLE memories_text USING fts5 (
    content, speaker, tags,
    content = '', contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
