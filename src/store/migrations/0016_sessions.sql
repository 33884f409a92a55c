-- One row for each session and owner, kept by triggers, so that the latest are listed without reading what was said.
CREATE TABLE sessions (
    seq         INTEGER PRIMARY KEY,
    namespace   TEXT    NOT NULL,
    session_id  TEXT    NOT NULL,
    user_id     TEXT,
    persona     TEXT,
    title       TEXT,
    host        TEXT,                         -- the program that it was led in
    project     TEXT,                         -- the folder that it was about
    started_at  INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    ended_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX sessions_by_owner
    ON sessions (session_id, namespace, coalesce(user_id, ''), coalesce(persona, ''));
CREATE INDEX sessions_by_time ON sessions (namespace, last_at);
CREATE INDEX sessions_by_last ON sessions (last_at);
CREATE INDEX sessions_by_project ON sessions (project, last_at) WHERE project IS NOT NULL;

INSERT INTO sessions (namespace, session_id, user_id, persona, started_at, last_at)
    SELECT namespace, session_id, user_id, persona, min(at), max(at) FROM (
        SELECT namespace, session_id, user_id, persona, created_at AS at FROM turns
        UNION ALL
        SELECT namespace, session_id, user_id, persona, created_at AS at FROM memories WHERE session_id IS NOT NULL)
    GROUP BY namespace, session_id, user_id, persona;

-- One that goes on after its end has not ended.
CREATE TRIGGER turns_touch_sessions AFTER INSERT ON turns BEGIN
    INSERT INTO sessions (namespace, session_id, user_id, persona, started_at, last_at)
        VALUES (NEW.namespace, NEW.session_id, NEW.user_id, NEW.persona, NEW.created_at, NEW.created_at)
        ON CONFLICT (session_id, namespace, coalesce(user_id, ''), coalesce(persona, '')) DO UPDATE SET
            started_at = min(started_at, NEW.created_at), last_at = max(last_at, NEW.created_at),
            ended_at = CASE WHEN NEW.created_at > ended_at THEN NULL ELSE ended_at END;
END;

CREATE TRIGGER memories_touch_sessions AFTER INSERT ON memories WHEN NEW.session_id IS NOT NULL BEGIN
    INSERT INTO sessions (namespace, session_id, user_id, persona, started_at, last_at)
        VALUES (NEW.namespace, NEW.session_id, NEW.user_id, NEW.persona, NEW.created_at, NEW.created_at)
        ON CONFLICT (session_id, namespace, coalesce(user_id, ''), coalesce(persona, '')) DO UPDATE SET
            started_at = min(started_at, NEW.created_at), last_at = max(last_at, NEW.created_at);
END;

-- How far the transcripts of hosts have been read; what was read is known by the ids of its turns anyway.
CREATE TABLE transcripts (
    key         BLOB    NOT NULL PRIMARY KEY, -- of the host and the path
    head        BLOB    NOT NULL,             -- of its first bytes: another file of that name begins anew
    position    INTEGER NOT NULL,             -- bytes
    said        INTEGER NOT NULL,             -- turns until there
    session_id  TEXT,                         -- as the file names it
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
