-- What feedback said of single things, whatever has an address: memories, files, pieces of a call. Two counts, both
-- faded to the moment `at`; they go with their memory.
CREATE TABLE item_feedback (
    item        TEXT    NOT NULL PRIMARY KEY, -- an address such as carryall://memory/{id}
    used        REAL    NOT NULL,
    ignored     REAL    NOT NULL,             -- shown in an answer of which something else was used
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER feedback_goes_with_its_memory AFTER DELETE ON memories BEGIN
    DELETE FROM item_feedback WHERE item = 'carryall://memory/' || OLD.id;
END;
