-- Who asked, and as whom.
-- name: personas
SELECT coalesce(persona, '(default)') AS k, count(*) AS calls,
    round(1.0 * count(*) / sum(count(*)) OVER (), 4) AS share, count(DISTINCT user_id) AS users,
    count(DISTINCT session_id) AS sessions, round(avg(rating), 3) AS rating,
    CASE WHEN count(cost_usd) > 0 OR sum(unpriced) = 0 THEN round(coalesce(sum(cost_usd), 0.0), 6) END AS cost_usd,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_used, sum(unpriced) AS unpriced
FROM c GROUP BY 1
-- name: users
SELECT coalesce(user_id, '(nobody named)') AS k, count(*) AS calls,
    round(1.0 * count(*) / sum(count(*)) OVER (), 4) AS share, count(DISTINCT persona) AS personas,
    count(DISTINCT session_id) AS sessions, round(avg(rating), 3) AS rating,
    CASE WHEN count(cost_usd) > 0 OR sum(unpriced) = 0 THEN round(coalesce(sum(cost_usd), 0.0), 6) END AS cost_usd,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_used, sum(unpriced) AS unpriced
FROM c GROUP BY 1
-- name: pairs
SELECT coalesce(persona, '(default)') AS k, coalesce(user_id, '(nobody named)') AS user, count(*) AS calls,
    count(DISTINCT session_id) AS sessions, round(avg(rating), 3) AS rating,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_used
FROM c GROUP BY 1, 2
