-- Whom a trace was made for, which trace of the caller it belongs to, and how large the traces are by age.
ALTER TABLE traces ADD COLUMN persona TEXT;
ALTER TABLE traces ADD COLUMN remote_trace TEXT;   -- W3C Trace Context: 32 hexadecimal digits
ALTER TABLE traces ADD COLUMN remote_parent TEXT;  -- the whole `traceparent`
ALTER TABLE traces ADD COLUMN remote_state TEXT;   -- `tracestate`

-- Its share of the file, nearly: what the other columns and the indexes take is some 300 bytes.
ALTER TABLE traces ADD COLUMN size_bytes INTEGER GENERATED ALWAYS AS (octet_length(spans) + 300) VIRTUAL;

UPDATE traces SET persona = (SELECT persona FROM calls WHERE calls.id = traces.id);

CREATE INDEX traces_by_remote ON traces (remote_trace) WHERE remote_trace IS NOT NULL;

-- The size of all traces is added up in the index alone.
DROP INDEX traces_by_time;
CREATE INDEX traces_by_time ON traces (started_at, size_bytes);
