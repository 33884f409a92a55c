-- How many memories each namespace has, kept as they come and go: counting a million rows takes longer than finding
-- the best of them. And the memories of a session in their order, for what was said before and after one.
CREATE TABLE memory_counts (
    namespace TEXT    PRIMARY KEY,
    memories  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO memory_counts (namespace, memories) SELECT namespace, count(*) FROM memories GROUP BY namespace;

CREATE TRIGGER memory_counted AFTER INSERT ON memories BEGIN
    INSERT INTO memory_counts (namespace, memories) VALUES (new.namespace, 1)
    ON CONFLICT (namespace) DO UPDATE SET memories = memories + 1;
END;

CREATE TRIGGER memory_discounted AFTER DELETE ON memories BEGIN
    UPDATE memory_counts SET memories = memories - 1 WHERE namespace = old.namespace;
END;

CREATE TRIGGER memory_moved AFTER UPDATE OF namespace ON memories WHEN new.namespace <> old.namespace BEGIN
    UPDATE memory_counts SET memories = memories - 1 WHERE namespace = old.namespace;
    INSERT INTO memory_counts (namespace, memories) VALUES (new.namespace, 1)
    ON CONFLICT (namespace) DO UPDATE SET memories = memories + 1;
END;

DROP INDEX memories_by_session;
CREATE INDEX memories_by_session ON memories (session_id, namespace, created_at) WHERE session_id IS NOT NULL;

-- The words of the index, for misspelt ones. It takes no room: it reads the index.
CREATE VIRTUAL TABLE memories_words USING fts5vocab(memories_text, row);
