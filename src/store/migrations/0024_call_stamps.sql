-- A kept answer of query_insights depends on the calls. New ones are told by their number; what is taken out of older ones,
-- words that were forgotten or whole rows, by a stamp.
CREATE TRIGGER stamp_changed_call AFTER UPDATE ON calls BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('calls', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_gone_call AFTER DELETE ON calls BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('calls', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
