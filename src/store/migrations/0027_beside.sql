-- What is looked at for changes beside the indexed files (JSON, documents/beside.rs): files that were passed over for what
-- was in them, folders without an indexed file, and when the last run over all began.
ALTER TABLE workspaces ADD COLUMN beside TEXT NOT NULL DEFAULT '';
