-- Which methods were applied, and how they did.
-- name: frameworks
SELECT f.value AS k, count(*) AS calls, count(DISTINCT session_id) AS sessions,
    round(1.0 * sum(outcome = 'ok') / count(*), 4) AS finished, round(avg(rating), 3) AS rating,
    CASE WHEN count(cost_usd) > 0 OR sum(unpriced) = 0 THEN round(coalesce(sum(cost_usd), 0.0), 6) END AS cost_usd,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_used, sum(unpriced) AS unpriced
FROM c, json_each(c.frameworks) AS f GROUP BY 1
-- name: kinds
SELECT k, count(*) AS calls, round(1.0 * count(*) / sum(count(*)) OVER (), 4) AS share,
    round(1.0 * sum(outcome = 'ok') / count(*), 4) AS finished, round(avg(rating), 3) AS rating,
    CASE WHEN count(cost_usd) > 0 OR sum(unpriced) = 0 THEN round(coalesce(sum(cost_usd), 0.0), 6) END AS cost_usd,
    strftime('%Y-%m-%d', max(started_at) / 1000, 'unixepoch') AS last_used, sum(unpriced) AS unpriced
FROM c WHERE k NOT IN ('(not labelled)', '(none)') GROUP BY k
-- name: with_and_without
SELECT CASE WHEN frameworks = '[]' THEN 'without a framework' ELSE 'with a framework' END AS k, count(*) AS calls,
    round(1.0 * count(*) / sum(count(*)) OVER (), 4) AS share, round(avg(rating), 3) AS rating
FROM c WHERE tool = 'ask' GROUP BY 1
