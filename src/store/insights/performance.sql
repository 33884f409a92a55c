-- How fast, how reliable and how dear the calls were, one row a group. `percentile` is of our own: the smallest value that
-- so many of a hundred do not pass.
-- name: calls
SELECT k,
    count(*) AS calls,
    sum(outcome = 'failed') AS failed,
    round(1.0 * sum(outcome = 'failed') / count(*), 4) AS error_rate,
    round(percentile(took_us, 50) / 1000.0, 2) AS p50_ms,
    round(percentile(took_us, 95) / 1000.0, 2) AS p95_ms,
    round(avg(took_us) / 1000.0, 2) AS mean_ms,
    CASE WHEN count(cost_usd) > 0 OR sum(unpriced) = 0 THEN round(coalesce(sum(cost_usd), 0.0), 6) END AS cost_usd,
    round(1.0 * sum(cached) / count(*), 4) AS cached_share,
    sum(input_tokens) AS input_tokens,
    sum(cached_input_tokens) AS cached_input_tokens,
    sum(output_tokens) AS output_tokens,
    round(avg(rating), 3) AS rating,
    sum(unpriced) AS unpriced
FROM c GROUP BY k
-- name: errors
SELECT coalesce(error_kind, '(unnamed)') AS k, count(*) AS failed, count(DISTINCT tool) AS tools,
    count(DISTINCT provider) AS providers,
    strftime('%Y-%m-%dT%H:%M:%SZ', max(started_at) / 1000, 'unixepoch') AS latest
FROM c WHERE outcome = 'failed' GROUP BY 1
-- name: minutes
SELECT strftime('%Y-%m-%dT%H:%MZ', started_at / 1000, 'unixepoch') AS k, count(*) AS calls,
    coalesce(sum(error_kind IN ('rate_limited', 'overloaded', 'busy')), 0) AS refused
FROM c GROUP BY 1
-- name: movers
SELECT k, sum(started_at < :middle) AS before, sum(started_at >= :middle) AS after, count(*) AS calls,
    round(coalesce(sum(CASE WHEN started_at < :middle THEN cost_usd END), 0.0), 6) AS cost_before,
    round(coalesce(sum(CASE WHEN started_at >= :middle THEN cost_usd END), 0.0), 6) AS cost_after,
    sum(started_at < :middle AND outcome = 'failed') AS failed_before,
    sum(started_at >= :middle AND outcome = 'failed') AS failed_after, sum(unpriced) AS unpriced
FROM c GROUP BY k
