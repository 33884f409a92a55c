-- What was said, and what is known under a scope, an owner and a key. Every version of a context is kept.
CREATE TABLE turns (
    seq         INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    session_id  TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    user_id     TEXT,
    persona     TEXT,
    role        TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    trace_id    TEXT,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX turns_by_session ON turns (session_id, seq);

CREATE TABLE contexts (
    scope       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,             -- empty for the global scope
    key         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    data        TEXT    NOT NULL,             -- JSON
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    cleared     INTEGER NOT NULL DEFAULT 0,   -- the row stays, so that versions go on counting
    PRIMARY KEY (scope, owner, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX contexts_by_expiry ON contexts (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE context_versions (
    scope       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (scope, owner, key, version)
) STRICT, WITHOUT ROWID;
