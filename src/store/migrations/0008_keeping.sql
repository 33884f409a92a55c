-- Who changed what, when and why. Of a memory never its content; of a context what it was and what it became, as long
-- as the context is there.
CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,             -- a tool or a command
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,             -- an address such as carryall://memory/{id}
    namespace   TEXT,
    user_id     TEXT,
    persona     TEXT,
    details     TEXT    NOT NULL              -- JSON object
) STRICT;

CREATE INDEX audit_by_subject ON audit (subject, seq);

-- Which packs quote which memories, so that what is forgotten can be taken out of them.
CREATE TABLE pack_memories (
    memory_id   TEXT    NOT NULL,
    pack_id     TEXT    NOT NULL,
    PRIMARY KEY (memory_id, pack_id)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO pack_memories (memory_id, pack_id)
    SELECT substr(CASE it.type WHEN 'object' THEN it.value ->> '$.uri' END, 19), packs.id
    FROM packs, json_each(packs.result, '$.items') AS it
    WHERE CASE it.type WHEN 'object' THEN it.value ->> '$.uri' END LIKE 'carryall://memory/%';

CREATE TRIGGER packs_quote_memories AFTER INSERT ON packs BEGIN
    INSERT OR IGNORE INTO pack_memories (memory_id, pack_id)
        SELECT substr(CASE it.type WHEN 'object' THEN it.value ->> '$.uri' END, 19), NEW.id
        FROM json_each(NEW.result, '$.items') AS it
        WHERE CASE it.type WHEN 'object' THEN it.value ->> '$.uri' END LIKE 'carryall://memory/%';
END;

-- Two memories that say the same; both stay.
CREATE TABLE memory_links (
    from_id     TEXT    NOT NULL,             -- the later one
    to_id       TEXT    NOT NULL,
    relation    TEXT    NOT NULL,
    score       REAL    NOT NULL,
    made_at     INTEGER NOT NULL,
    PRIMARY KEY (from_id, to_id, relation)
) STRICT, WITHOUT ROWID;

CREATE INDEX memory_links_by_target ON memory_links (to_id);

-- What a session was about, made out of its turns and memories; never instead of them.
CREATE TABLE summaries (
    id          TEXT    NOT NULL PRIMARY KEY,
    namespace   TEXT    NOT NULL,
    user_id     TEXT,
    persona     TEXT,
    session_id  TEXT    NOT NULL,
    content     TEXT    NOT NULL,
    made_by     TEXT    NOT NULL,             -- extractive, or provider/model
    covers      INTEGER NOT NULL,             -- entries that the session had
    fingerprint BLOB    NOT NULL,             -- of all of them
    made_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX summaries_by_session ON summaries (session_id, namespace);

CREATE TABLE summary_sources (
    summary_id  TEXT    NOT NULL REFERENCES summaries (id) ON DELETE CASCADE,
    source_id   TEXT    NOT NULL,             -- of a memory or a turn
    position    INTEGER NOT NULL,
    PRIMARY KEY (summary_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX summary_sources_by_source ON summary_sources (source_id);

-- What came from elsewhere, so that a second import adds nothing. A key is made of the origin and the text.
CREATE TABLE imported (
    key         BLOB    NOT NULL PRIMARY KEY,
    memory_id   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_by_memory ON imported (memory_id);

-- How far consolidation has come.
CREATE TABLE keeping (
    name        TEXT    NOT NULL PRIMARY KEY,
    value       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
