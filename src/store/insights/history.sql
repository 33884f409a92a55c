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
SELECT m.id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(m.occurred_at, m.created_at) / 1000, 'unixepoch') AS at,
    m.kind, substr(m.content, 1, 300) AS content, coalesce(m.session_id, '') AS session,
    coalesce(m.user_id, '') AS user
FROM memories AS m
WHERE m.kind = :kind AND coalesce(m.occurred_at, m.created_at) >= :since
  AND coalesce(m.occurred_at, m.created_at) < :until
  AND (m.expires_at IS NULL OR m.expires_at > :now)
  AND m.namespace = coalesce(:namespace, 'default')
  AND (:sees_all OR ((m.user_id IS NULL OR m.user_id = :viewer) AND (m.persona IS NULL OR m.persona = :as_persona)))
  AND (:user_id IS NULL OR m.user_id IS NULL OR m.user_id = :user_id)
  AND (:persona IS NULL OR m.persona IS NULL OR m.persona = :persona)
  AND (:upto IS NULL OR m.seq <= :upto)
  AND (:session_id IS NULL OR m.session_id = :session_id)
  AND (:text IS NULL OR m.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\')
ORDER BY coalesce(m.occurred_at, m.created_at) DESC, m.seq DESC
-- name: memories_days
SELECT min(strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(m.occurred_at, m.created_at) / 1000, 'unixepoch')) AS first,
    count(*) AS them
FROM memories AS m
WHERE m.kind = :kind AND coalesce(m.occurred_at, m.created_at) >= :since
  AND coalesce(m.occurred_at, m.created_at) < :until
  AND (m.expires_at IS NULL OR m.expires_at > :now)
  AND m.namespace = coalesce(:namespace, 'default')
  AND (:sees_all OR ((m.user_id IS NULL OR m.user_id = :viewer) AND (m.persona IS NULL OR m.persona = :as_persona)))
  AND (:user_id IS NULL OR m.user_id IS NULL OR m.user_id = :user_id)
  AND (:persona IS NULL OR m.persona IS NULL OR m.persona = :persona)
  AND (:upto IS NULL OR m.seq <= :upto)
  AND (:session_id IS NULL OR m.session_id = :session_id)
  AND (:text IS NULL OR m.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\')
GROUP BY date(coalesce(m.occurred_at, m.created_at) / 1000, 'unixepoch')
