-- Each piece says what it defines, with the lines of its signature, what it uses and what it imports. Every file counts
-- as changed, so that the next run reads it again; until then the names that were known are found.
ALTER TABLE chunks RENAME COLUMN defined TO definitions;  -- one a line: see documents/chunk/definition.rs
ALTER TABLE chunks ADD COLUMN uses TEXT NOT NULL DEFAULT '';     -- names, one a line
ALTER TABLE chunks ADD COLUMN imports TEXT NOT NULL DEFAULT '';  -- as they are written, one a line
UPDATE files SET mtime_ns = 0, hash = x'';
