-- Which memories were changed or deleted, the last ten thousand of them: a process that keeps what it has read of them
-- in memory looks here before each search, and reads again what is not as it was. New ones need no line.
CREATE TABLE memory_changes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    seq         INTEGER NOT NULL              -- of the memory
) STRICT;

CREATE TRIGGER memory_changed AFTER UPDATE ON memories BEGIN
    INSERT INTO memory_changes (seq) VALUES (OLD.seq);
    DELETE FROM memory_changes WHERE id <= (SELECT max(id) FROM memory_changes) - 10000;
END;

CREATE TRIGGER memory_deleted AFTER DELETE ON memories BEGIN
    INSERT INTO memory_changes (seq) VALUES (OLD.seq);
    DELETE FROM memory_changes WHERE id <= (SELECT max(id) FROM memory_changes) - 10000;
END;
