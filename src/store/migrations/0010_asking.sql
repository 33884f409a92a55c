-- Money that is promised to questions under way, answers that are kept for equal questions, how quick models are.

-- What a running question may cost at most; gone when it is settled. One that outlives its time belongs to a process
-- that ended in the middle, and counts no more.
CREATE TABLE reservations (
    id          TEXT    NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    provider    TEXT    NOT NULL,
    model       TEXT    NOT NULL,
    usd         REAL    NOT NULL
) STRICT;

-- Whether the cost is the most that it can have been, because nobody said what it was.
ALTER TABLE spending ADD COLUMN is_estimate INTEGER NOT NULL DEFAULT 0;

CREATE TABLE answers (
    key         BLOB    NOT NULL PRIMARY KEY,  -- hash of all that decides about the answer, its owner included
    at          INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    namespace   TEXT    NOT NULL,
    user_id     TEXT,
    persona     TEXT,
    answer      TEXT    NOT NULL               -- JSON
) STRICT;

CREATE INDEX answers_by_expiry ON answers (expires_at);

-- An answer may repeat what it was given. What is forgotten is gone from there, too, whoever deletes it.
CREATE TRIGGER answers_forget_memories AFTER DELETE ON memories BEGIN
    DELETE FROM answers WHERE namespace = OLD.namespace;
END;

CREATE TABLE model_speeds (
    provider     TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    updated_at   INTEGER NOT NULL,
    answers      INTEGER NOT NULL,
    first_ms     REAL    NOT NULL,             -- to the first piece of an answer; later answers weigh more
    token_ms     REAL    NOT NULL,             -- for each token after it
    PRIMARY KEY (provider, model)
) STRICT, WITHOUT ROWID;
