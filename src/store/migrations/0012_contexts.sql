-- A context stands in a namespace, and may belong to the user or persona that it was written for. What was there before
-- is in the namespace of whoever names none.
CREATE TABLE contexts_in_namespaces (
    namespace   TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,             -- empty for the global scope
    key         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    data        TEXT    NOT NULL,             -- JSON
    user_id     TEXT,                         -- of what a session, conversation or artifact holds: for whom
    persona     TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    cleared     INTEGER NOT NULL DEFAULT 0,   -- the row stays, so that versions go on counting
    PRIMARY KEY (namespace, scope, owner, key)
) STRICT, WITHOUT ROWID;

INSERT INTO contexts_in_namespaces
    (namespace, scope, owner, key, version, data, created_at, updated_at, expires_at, cleared)
    SELECT 'default', scope, owner, key, version, data, created_at, updated_at, expires_at, cleared FROM contexts;

DROP TABLE contexts;
ALTER TABLE contexts_in_namespaces RENAME TO contexts;
CREATE INDEX contexts_by_expiry ON contexts (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE context_versions_in_namespaces (
    namespace   TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (namespace, scope, owner, key, version)
) STRICT, WITHOUT ROWID;

INSERT INTO context_versions_in_namespaces (namespace, scope, owner, key, version, data, updated_at)
    SELECT 'default', scope, owner, key, version, data, updated_at FROM context_versions;

DROP TABLE context_versions;
ALTER TABLE context_versions_in_namespaces RENAME TO context_versions;
