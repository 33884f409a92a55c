-- What a kept pack depends on: a random stamp for each thing that may change, made anew by whatever changes it, in any
-- process. Equal stamps mean that nothing was written meanwhile. Random and not counted, so that a database that was put
-- back from a backup never comes to the same one by another way.
CREATE TABLE stamps (
    what   TEXT    NOT NULL PRIMARY KEY,      -- memories, turns/SESSION, contexts/NAMESPACE/SCOPE/OWNER
    stamp  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For the next moment at which a memory ends to hold.
CREATE INDEX memories_by_end ON memories (valid_to) WHERE valid_to IS NOT NULL;

CREATE TRIGGER stamp_new_memory AFTER INSERT ON memories BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_changed_memory AFTER UPDATE ON memories BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_gone_memory AFTER DELETE ON memories BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_new_vector AFTER INSERT ON vectors BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_gone_vector AFTER DELETE ON vectors BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;

CREATE TRIGGER stamp_new_turn AFTER INSERT ON turns BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('turns/' || new.session_id, random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_changed_turn AFTER UPDATE ON turns BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('turns/' || old.session_id, random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
    INSERT INTO stamps (what, stamp) VALUES ('turns/' || new.session_id, random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
-- With the last turn of a session its name goes, too.
CREATE TRIGGER stamp_gone_turn AFTER DELETE ON turns BEGIN
    DELETE FROM stamps WHERE what = 'turns/' || old.session_id;
    INSERT INTO stamps (what, stamp) SELECT 'turns/' || old.session_id, random()
        WHERE EXISTS (SELECT 1 FROM turns WHERE session_id = old.session_id);
END;

CREATE TRIGGER stamp_new_context AFTER INSERT ON contexts BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('contexts/' || new.namespace || '/' || new.scope || '/' || new.owner, random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_changed_context AFTER UPDATE ON contexts BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('contexts/' || new.namespace || '/' || new.scope || '/' || new.owner, random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_gone_context AFTER DELETE ON contexts BEGIN
    DELETE FROM stamps WHERE what = 'contexts/' || old.namespace || '/' || old.scope || '/' || old.owner;
    INSERT INTO stamps (what, stamp) SELECT 'contexts/' || old.namespace || '/' || old.scope || '/' || old.owner, random()
        WHERE EXISTS (SELECT 1 FROM contexts
            WHERE namespace = old.namespace AND scope = old.scope AND owner = old.owner);
END;
