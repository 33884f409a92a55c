-- What was assembled, never changed afterwards; what every call did; what answers cost.
CREATE TABLE packs (
    id          TEXT    NOT NULL PRIMARY KEY,
    created_at  INTEGER NOT NULL,
    query       TEXT    NOT NULL,
    result      TEXT    NOT NULL              -- JSON, as it was answered
) STRICT;

CREATE INDEX packs_by_time ON packs (created_at);

CREATE TABLE traces (
    id          TEXT    NOT NULL PRIMARY KEY,
    tool        TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    took_us     INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    error       TEXT,
    session_id  TEXT,
    user_id     TEXT,
    namespace   TEXT,
    spans       TEXT    NOT NULL              -- JSON
) STRICT;

CREATE INDEX traces_by_time ON traces (started_at);
CREATE INDEX traces_by_session ON traces (session_id, started_at) WHERE session_id IS NOT NULL;

CREATE TABLE spending (
    id          TEXT    NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL,
    provider    TEXT    NOT NULL,
    model       TEXT,
    cost_usd    REAL    NOT NULL
) STRICT;

CREATE INDEX spending_by_time ON spending (at, cost_usd);
