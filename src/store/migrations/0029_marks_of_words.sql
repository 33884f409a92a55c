-- `々`, `〇` and narrow kana are parts of words (search/words.rs). Files that have them as words of their own count as changed, so
-- that the next run reads them again.
UPDATE files SET mtime_ns = 0, hash = x'' WHERE EXISTS (
    SELECT 1 FROM postings WHERE segment_id = files.segment_id
      AND (word >= char(0x3005) AND word < char(0x3008) OR word >= char(0xFF66) AND word < char(0xFFA0)));
