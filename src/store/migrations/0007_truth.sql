-- What keeps memories true: what each states (to find what contradicts it), which say the same, where they are from,
-- and what happened to them. All columns may be empty: rows of earlier versions and exports have none.
ALTER TABLE memories ADD COLUMN gist_key   BLOB;    -- equal for those of one owner that say the same in other words
ALTER TABLE memories ADD COLUMN sources    TEXT;    -- JSON array: those of duplicates, besides `source`
ALTER TABLE memories ADD COLUMN times_seen INTEGER; -- how often it was told; empty is once
ALTER TABLE memories ADD COLUMN trust      TEXT;    -- user, assistant, imported or document
ALTER TABLE memories ADD COLUMN written_by TEXT;    -- the program that told it
ALTER TABLE memories ADD COLUMN flags      TEXT;    -- JSON array: what is suspicious about it

CREATE INDEX memories_by_gist ON memories (gist_key) WHERE gist_key IS NOT NULL;
CREATE INDEX memories_by_successor ON memories (superseded_by) WHERE superseded_by IS NOT NULL;

-- The key is made of the owner (namespace, user, persona), the subject and the attribute.
CREATE TABLE memory_facts (
    fact_key    BLOB    NOT NULL,
    valid_from  INTEGER NOT NULL,             -- of its memory
    memory_id   TEXT    NOT NULL,
    place       INTEGER NOT NULL,             -- first, second … fact of its memory
    subject     TEXT    NOT NULL,
    attribute   TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    shown       TEXT    NOT NULL,             -- the value as it was written
    replaces    TEXT,
    holds       INTEGER NOT NULL,
    many        INTEGER NOT NULL,
    is_change   INTEGER NOT NULL,
    is_whole    INTEGER NOT NULL,
    confidence  REAL    NOT NULL,
    PRIMARY KEY (fact_key, valid_from, memory_id, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX memory_facts_by_memory ON memory_facts (memory_id);

CREATE TABLE memory_events (
    seq         INTEGER PRIMARY KEY,
    memory_id   TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    event       TEXT    NOT NULL,             -- merged, superseded, ended
    detail      TEXT    NOT NULL,             -- JSON
    UNIQUE (memory_id, at, event, detail)     -- taken in twice, it is there once
) STRICT;

-- Whoever deletes a memory: nothing of it stays here.
CREATE TRIGGER memory_is_gone AFTER DELETE ON memories BEGIN
    DELETE FROM memory_facts WHERE memory_id = old.id;
    DELETE FROM memory_events WHERE memory_id = old.id;
END;
