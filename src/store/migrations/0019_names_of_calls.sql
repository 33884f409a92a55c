-- The names that calls have, read from one to the next, and the first call of each user.
CREATE INDEX calls_by_user ON calls (user_id, started_at);
CREATE INDEX calls_by_persona ON calls (persona, user_id);
CREATE INDEX calls_by_model ON calls (model, user_id);
CREATE INDEX calls_by_provider ON calls (provider, user_id);
CREATE INDEX calls_by_tool ON calls (tool, user_id);
