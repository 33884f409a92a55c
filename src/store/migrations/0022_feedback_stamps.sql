-- Feedback on a memory changes its rank, and so every kept pack that asked the memories.
CREATE TRIGGER stamp_new_item_feedback AFTER INSERT ON item_feedback WHEN new.item GLOB 'carryall://memory/*' BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_changed_item_feedback AFTER UPDATE ON item_feedback WHEN new.item GLOB 'carryall://memory/*' BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('memories', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;

-- Old judgements go with the feedback that they are of.
CREATE INDEX item_feedback_by_time ON item_feedback (at);
