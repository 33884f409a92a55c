-- One narrow row for each call: what `query_insights` counts. The traces keep the steps; this keeps the facts.
CREATE TABLE calls (
    seq                 INTEGER PRIMARY KEY,
    id                  TEXT    NOT NULL UNIQUE,      -- the trace's id
    tool                TEXT    NOT NULL,
    started_at          INTEGER NOT NULL,
    took_us             INTEGER NOT NULL,
    outcome             TEXT    NOT NULL,             -- ok, failed or cancelled
    error_kind          TEXT,
    session_id          TEXT,
    user_id             TEXT,
    persona             TEXT,
    namespace           TEXT,
    request_kind        TEXT,
    frameworks          TEXT    NOT NULL DEFAULT '[]',-- JSON array of names
    strategy            TEXT,                         -- how an answer was come by
    provider            TEXT,
    model               TEXT,
    cached              INTEGER NOT NULL DEFAULT 0,
    cost_usd            REAL,                         -- null is unknown, or that nothing was bought
    input_tokens        INTEGER NOT NULL DEFAULT 0,
    cached_input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens       INTEGER NOT NULL DEFAULT 0,
    question            TEXT,                         -- the beginning of what was asked, without secrets
    rating              REAL                          -- -1..=1, from feedback
) STRICT;

CREATE INDEX calls_by_time ON calls (started_at);
CREATE INDEX calls_by_session ON calls (session_id, started_at) WHERE session_id IS NOT NULL;

INSERT INTO calls (id, tool, started_at, took_us, outcome, error_kind, session_id, user_id, namespace)
SELECT id, tool, started_at, took_us, outcome,
       CASE WHEN instr(error, ':') > 0 THEN substr(error, 1, instr(error, ':') - 1) END,
       session_id, user_id, namespace
FROM traces ORDER BY started_at, id;

CREATE TABLE feedback (
    seq       INTEGER PRIMARY KEY,
    trace_id  TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    rating    REAL,                                   -- -1..=1
    note      TEXT,
    used      TEXT    NOT NULL DEFAULT '[]'           -- JSON array of ids
) STRICT;

CREATE INDEX feedback_by_trace ON feedback (trace_id);
