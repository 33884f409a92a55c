-- Filters that leave little: the memories of a kind, and those of a time. Without these, a search by a rare kind among
-- a million memories looked at all of them.
CREATE INDEX memories_by_kind ON memories (namespace, kind);
CREATE INDEX memories_by_time ON memories (namespace, coalesce(occurred_at, created_at));
