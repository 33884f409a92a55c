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
-- name: turns
SELECT t.id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', t.created_at / 1000, 'unixepoch') AS at, t.role,
    CASE WHEN (:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona)))
        THEN substr(t.content, 1, 500) ELSE '(words of another)' END AS content,
    t.session_id AS session, coalesce(t.user_id, '') AS user, coalesce(t.persona, '') AS persona
FROM turns AS t
WHERE t.created_at >= :since AND t.created_at < :until AND (:upto IS NULL OR t.seq <= :upto)
  AND (:viewer IS NULL OR t.user_id IS NULL OR t.user_id = :viewer)
  AND (:user_id IS NULL OR coalesce(t.user_id, '(nobody named)') = :user_id)
  AND (:persona IS NULL OR coalesce(t.persona, '(default)') = :persona)
  AND (:namespace IS NULL OR t.namespace = :namespace)
  AND (:session_id IS NULL OR t.session_id = :session_id)
  AND (:text IS NULL OR ((:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona))) AND t.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
ORDER BY t.created_at DESC, t.seq DESC
-- name: turns_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(t.created_at) / 1000, 'unixepoch') AS first, count(*) AS them
FROM turns AS t
WHERE t.created_at >= :since AND t.created_at < :until AND (:upto IS NULL OR t.seq <= :upto)
  AND (:viewer IS NULL OR t.user_id IS NULL OR t.user_id = :viewer)
  AND (:user_id IS NULL OR coalesce(t.user_id, '(nobody named)') = :user_id)
  AND (:persona IS NULL OR coalesce(t.persona, '(default)') = :persona)
  AND (:namespace IS NULL OR t.namespace = :namespace)
  AND (:session_id IS NULL OR t.session_id = :session_id)
  AND (:text IS NULL OR ((:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona))) AND t.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
GROUP BY date(t.created_at / 1000, 'unixepoch')
-- Conversations in which no call was made: hooks kept them, or an import brought them in.
-- name: conversations
SELECT t.session_id AS k, strftime('%Y-%m-%dT%H:%M:%SZ', min(t.created_at) / 1000, 'unixepoch') AS began,
    round((max(t.created_at) - min(t.created_at)) / 60000.0, 1) AS minutes, count(*) AS turns,
    coalesce(max(t.user_id), '') AS user, coalesce(max(t.persona), '') AS persona,
    coalesce(substr(min(printf('%020d%020d', t.created_at, t.seq) || CASE WHEN t.role = 'user' THEN CASE WHEN (:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona)))
        THEN substr(t.content, 1, 500) ELSE '(words of another)' END END), 41), '') AS first_question
FROM turns AS t
WHERE t.created_at >= :since AND t.created_at < :until AND (:upto IS NULL OR t.seq <= :upto)
  AND (:viewer IS NULL OR t.user_id IS NULL OR t.user_id = :viewer)
  AND (:user_id IS NULL OR coalesce(t.user_id, '(nobody named)') = :user_id)
  AND (:persona IS NULL OR coalesce(t.persona, '(default)') = :persona)
  AND (:namespace IS NULL OR t.namespace = :namespace)
  AND (:session_id IS NULL OR t.session_id = :session_id)
  AND (:text IS NULL OR ((:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona))) AND t.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
  AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.session_id = t.session_id)
GROUP BY t.session_id ORDER BY max(t.created_at) DESC, t.session_id
-- name: conversations_days
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(began) / 1000, 'unixepoch') AS first, count(*) AS them
FROM (SELECT min(t.created_at) AS began
FROM turns AS t
WHERE t.created_at >= :since AND t.created_at < :until AND (:upto IS NULL OR t.seq <= :upto)
  AND (:viewer IS NULL OR t.user_id IS NULL OR t.user_id = :viewer)
  AND (:user_id IS NULL OR coalesce(t.user_id, '(nobody named)') = :user_id)
  AND (:persona IS NULL OR coalesce(t.persona, '(default)') = :persona)
  AND (:namespace IS NULL OR t.namespace = :namespace)
  AND (:session_id IS NULL OR t.session_id = :session_id)
  AND (:text IS NULL OR ((:sees_all OR ((t.user_id IS NULL OR t.user_id = :viewer) AND (t.persona IS NULL OR t.persona = :as_persona))) AND t.content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
  AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.session_id = t.session_id)
GROUP BY t.session_id)
GROUP BY date(began / 1000, 'unixepoch')
