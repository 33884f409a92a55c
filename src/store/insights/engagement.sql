-- How much and when people use it.
-- name: periods
SELECT k, count(DISTINCT session_id) AS sessions, count(DISTINCT user_id) AS users, count(*) AS calls
FROM c GROUP BY k
-- name: sessions
SELECT session_id AS k, strftime('%Y-%m-%d', min(started_at) / 1000, 'unixepoch') AS day,
    round((max(started_at + took_us / 1000) - min(started_at)) / 60000.0, 2) AS minutes, count(*) AS calls,
    coalesce(max(user_id), '') AS user
FROM c WHERE session_id IS NOT NULL GROUP BY session_id
-- name: hours
SELECT strftime('%w', started_at / 1000, 'unixepoch') AS weekday,
    strftime('%H', started_at / 1000, 'unixepoch') AS hour, count(*) AS calls,
    count(DISTINCT session_id) AS sessions
FROM c GROUP BY 1, 2
-- name: users
SELECT coalesce(user_id, '(nobody named)') AS k,
    strftime('%Y-%m-%d', (SELECT min(ever.started_at) FROM calls AS ever WHERE ever.user_id IS c.user_id) / 1000, 'unixepoch')
        AS first_seen,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_seen,
    count(DISTINCT started_at / 86400000) AS active_days, count(DISTINCT session_id) AS sessions,
    count(*) AS calls
FROM c GROUP BY user_id
-- name: days
SELECT DISTINCT started_at / 86400000 AS k FROM c ORDER BY 1
-- name: gaps
SELECT user_id AS k, avg(gap) / 60000.0 AS minutes_between, count(gap) AS pairs, count(*) AS calls
FROM (SELECT user_id, started_at - lag(started_at) OVER (PARTITION BY user_id ORDER BY started_at) AS gap
      FROM c WHERE tool = 'ask' AND user_id IS NOT NULL)
GROUP BY user_id
