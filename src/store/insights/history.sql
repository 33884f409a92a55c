-- What happened, the latest first. Beside each list stands how many rows it has by day, and when the first of each was.
-- name: asks
SELECT id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', started_at / 1000, 'unixepoch') AS at, tool,
    coalesce(words, '') AS question, coalesce(session_id, '') AS session, coalesce(user_id, '') AS user,
    coalesce(persona, '') AS persona, outcome
FROM c WHERE :tool IS NOT NULL OR question IS NOT NULL ORDER BY started_at DESC, seq DESC
-- name: asks_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(started_at) / 1000, 'unixepoch') AS first, count(*) AS them
FROM c WHERE :tool IS NOT NULL OR question IS NOT NULL GROUP BY started_at / 86400000
-- name: sessions
SELECT session_id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', min(started_at) / 1000, 'unixepoch') AS began,
    round((max(started_at + took_us / 1000) - min(started_at)) / 60000.0, 1) AS minutes, count(*) AS calls,
    coalesce(max(user_id), '') AS user, coalesce(max(persona), '') AS persona,
    coalesce(substr(min(printf('%020d', started_at) || words), 21), '') AS first_question
FROM c WHERE session_id IS NOT NULL GROUP BY session_id ORDER BY max(started_at) DESC
-- name: sessions_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(began) / 1000, 'unixepoch') AS first, count(*) AS them
FROM (SELECT min(started_at) AS began FROM c WHERE session_id IS NOT NULL GROUP BY session_id) GROUP BY began / 86400000
-- name: timeline
SELECT id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', started_at / 1000, 'unixepoch') AS at, tool,
    coalesce(words, '') AS question, coalesce(session_id, '') AS session, coalesce(user_id, '') AS user,
    coalesce(persona, '') AS persona, outcome, round(took_us / 1000.0, 2) AS took_ms, cost_usd
FROM c ORDER BY started_at DESC, seq DESC
-- name: timeline_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(started_at) / 1000, 'unixepoch') AS first, count(*) AS them
FROM c GROUP BY started_at / 86400000
-- name: memories
SELECT id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', held_at / 1000, 'unixepoch') AS at, kind, substr(content, 1, 300) AS content,
    coalesce(session_id, '') AS session, coalesce(user_id, '') AS user
FROM m ORDER BY held_at DESC, seq DESC
-- name: memories_days
SELECT min(strftime('%Y-%m-%dT%H:%M:%SZ', held_at / 1000, 'unixepoch')) AS first, count(*) AS them
FROM m GROUP BY date(held_at / 1000, 'unixepoch')
-- name: turns
SELECT id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') AS at, role, words AS content,
    session_id AS session, coalesce(user_id, '') AS user, coalesce(persona, '') AS persona
FROM t ORDER BY created_at DESC, seq DESC
-- name: turns_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(created_at) / 1000, 'unixepoch') AS first, count(*) AS them
FROM t GROUP BY date(created_at / 1000, 'unixepoch')
-- Conversations in which no call was made: hooks kept them, or an import brought them in.
-- name: conversations
SELECT session_id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', min(created_at) / 1000, 'unixepoch') AS began,
    round((max(created_at) - min(created_at)) / 60000.0, 1) AS minutes, count(*) AS turns,
    coalesce(max(user_id), '') AS user, coalesce(max(persona), '') AS persona,
    coalesce(substr(min(printf('%020d%020d', created_at, seq) || CASE WHEN role = 'user' THEN words END), 41), '') AS first_question
FROM t WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.session_id = t.session_id)
GROUP BY session_id ORDER BY max(created_at) DESC, session_id
-- name: conversations_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(began) / 1000, 'unixepoch') AS first, count(*) AS them
FROM (SELECT min(created_at) AS began
FROM t WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.session_id = t.session_id)
GROUP BY session_id)
GROUP BY date(began / 1000, 'unixepoch')
