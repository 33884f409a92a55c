-- What changed and what stands out, over all the other types.
-- name: days
SELECT strftime('%Y-%m-%d', started_at / 1000, 'unixepoch') AS k, count(*) AS calls,
    count(DISTINCT session_id) AS sessions, count(DISTINCT user_id) AS users, sum(outcome = 'failed') AS failed,
    round(coalesce(sum(cost_usd), 0.0), 6) AS cost_usd, round(avg(took_us) / 1000.0, 2) AS mean_ms,
    round(1.0 * sum(cached) / count(*), 4) AS cached_share, started_at >= :middle AS later
FROM c GROUP BY 1, later ORDER BY 1, later
-- name: ratings
SELECT k, sum(started_at < :middle) AS rated_before, avg(CASE WHEN started_at < :middle THEN rating END) AS mean_before,
    avg(CASE WHEN started_at < :middle THEN rating * rating END) AS square_before,
    sum(started_at >= :middle) AS rated_after, avg(CASE WHEN started_at >= :middle THEN rating END) AS mean_after,
    avg(CASE WHEN started_at >= :middle THEN rating * rating END) AS square_after
FROM c WHERE rating IS NOT NULL GROUP BY k
-- name: remembered
SELECT CASE WHEN used THEN 'with remembered items' ELSE 'without' END AS k, count(*) AS rated, avg(rating) AS mean,
    avg(rating * rating) AS square
FROM (SELECT rating, EXISTS (SELECT 1 FROM feedback AS f WHERE f.trace_id = c.id AND f.used <> '[]') AS used
      FROM c WHERE rating IS NOT NULL)
GROUP BY 1
