-- What past commits of a workspace changed, and the words of their messages (documents/history.rs). All of it can be read
-- again from the repository.
ALTER TABLE workspaces ADD COLUMN history TEXT NOT NULL DEFAULT '';   -- of which state of the repository they are

CREATE TABLE commits (
    workspace_id  INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    hash          TEXT    NOT NULL,
    words         TEXT    NOT NULL,           -- each with how often it counts, between spaces
    files         TEXT    NOT NULL,           -- one a line; none where it says nothing of files
    lines         BLOB    NOT NULL,           -- for each file how many lines it gained, then their hashes: four bytes each
    PRIMARY KEY (workspace_id, hash)
) STRICT, WITHOUT ROWID;
