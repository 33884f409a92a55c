-- What changed and what stands out, over all the other types.
-- name: days
SELECT strftime('%Y-%m-%d', started_at / 1000, 'unixepoch') AS k, count(*) AS calls,
    count(DISTINCT session_id) AS sessions, count(DISTINCT user_id) AS users, sum(outcome = 'failed') AS failed,
    round(coalesce(sum(cost_usd), 0.0), 6) AS cost_usd, round(avg(took_us) / 1000.0, 2) AS mean_ms,
    round(1.0 * sum(cached) / count(*), 4) AS cached_share, avg(rating) AS rating
FROM c GROUP BY 1 ORDER BY 1
-- name: movers
SELECT k, sum(started_at < :middle) AS before, sum(started_at >= :middle) AS after,
    round(coalesce(sum(CASE WHEN started_at < :middle THEN cost_usd END), 0.0), 6) AS cost_before,
    round(coalesce(sum(CASE WHEN started_at >= :middle THEN cost_usd END), 0.0), 6) AS cost_after,
    sum(started_at < :middle AND outcome = 'failed') AS failed_before,
    sum(started_at >= :middle AND outcome = 'failed') AS failed_after
FROM c GROUP BY k
