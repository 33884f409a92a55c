-- What the memories mean: a vector of each, one signed byte a component, apart by namespace and model. They go with
-- their memory by triggers, so no way of deleting can leave one behind.
CREATE TABLE vector_models (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    covered     INTEGER NOT NULL DEFAULT 0    -- every memory up to this seq has a vector of the model
) STRICT;

CREATE TABLE vector_spaces (
    id          INTEGER PRIMARY KEY,
    model       INTEGER NOT NULL REFERENCES vector_models (id) ON DELETE CASCADE,
    namespace   TEXT    NOT NULL,
    UNIQUE (model, namespace)
) STRICT;

-- Ids ascend in the order of writing and are never used twice: a cache in memory reads what came after what it has.
CREATE TABLE vectors (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    space       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,             -- of the memory
    vector      BLOB    NOT NULL              -- empty: the text has no direction
) STRICT;

CREATE UNIQUE INDEX vectors_by_memory ON vectors (seq, space);

-- The memories whose vectors went, the last ten thousand of them, for the caches.
CREATE TABLE vectors_gone (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    seq         INTEGER NOT NULL
) STRICT;

-- Tells a cache that the file is the one it was read from.
CREATE TABLE vector_file (key BLOB NOT NULL) STRICT;
INSERT INTO vector_file (key) VALUES (randomblob(16));

CREATE TRIGGER vectors_go_with_their_memory AFTER DELETE ON memories BEGIN
    INSERT INTO vectors_gone (seq) VALUES (OLD.seq);
    DELETE FROM vectors WHERE seq = OLD.seq;
    DELETE FROM vectors_gone WHERE id <= (SELECT max(id) FROM vectors_gone) - 10000;
    -- The seq of the newest row may be given to another one.
    UPDATE vector_models SET covered = OLD.seq - 1
        WHERE covered >= OLD.seq AND OLD.seq > (SELECT coalesce(max(seq), 0) FROM memories);
END;

CREATE TRIGGER vectors_go_with_what_they_were_made_of AFTER UPDATE OF content, speaker, namespace ON memories
    WHEN OLD.content <> NEW.content OR OLD.speaker IS NOT NEW.speaker OR OLD.namespace <> NEW.namespace
BEGIN
    INSERT INTO vectors_gone (seq) VALUES (OLD.seq);
    DELETE FROM vectors WHERE seq = OLD.seq;
    UPDATE vector_models SET covered = min(covered, OLD.seq - 1);
END;
