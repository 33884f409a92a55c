-- Feedback on a file changes its rank, and so every kept pack that asked the files.
CREATE TRIGGER stamp_new_file_feedback AFTER INSERT ON item_feedback WHEN new.item GLOB 'file://*' BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('files', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
CREATE TRIGGER stamp_changed_file_feedback AFTER UPDATE ON item_feedback WHEN new.item GLOB 'file://*' BEGIN
    INSERT INTO stamps (what, stamp) VALUES ('files', random())
    ON CONFLICT (what) DO UPDATE SET stamp = excluded.stamp;
END;
