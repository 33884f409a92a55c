-- The calls that every question counts: those in the time and under the filters asked for. A line with a filter that was
-- not given is left out before the query is run, and of the lines of CASE all but the one asked for. What a call has
-- nothing of is filtered by the word that stands for nothing. `k` is what the answer is grouped by; `words` is what was
-- asked, for those who may read it. `unpriced` is a call that was paid for, nobody knows how much.
WITH c AS (
    SELECT *,
        CASE WHEN :sees_all OR ((user_id IS NULL OR user_id = :viewer) AND (persona IS NULL OR persona = :as_persona)) THEN question
             WHEN question IS NOT NULL THEN '(words of another)' END AS words,
        model IS NOT NULL AND cost_usd IS NULL AND outcome = 'ok' AS unpriced,
        CASE :by
            WHEN 'user' THEN coalesce(user_id, '(nobody named)')
            WHEN 'persona' THEN coalesce(persona, '(default)')
            WHEN 'provider' THEN coalesce(provider, '(none)')
            WHEN 'model' THEN coalesce(model, '(none)')
            WHEN 'tool' THEN tool
            WHEN 'request_kind' THEN coalesce(request_kind, '(not labelled)')
            WHEN 'strategy' THEN coalesce(strategy, '(none)')
            WHEN 'error_kind' THEN coalesce(error_kind, '(none)')
            WHEN 'namespace' THEN coalesce(namespace, 'default')
            WHEN 'outcome' THEN outcome
            WHEN 'session' THEN coalesce(session_id, '(no session)')
            WHEN 'day' THEN strftime('%Y-%m-%d', started_at / 1000, 'unixepoch')
            WHEN 'week' THEN date(started_at / 1000, 'unixepoch', 'weekday 0', '-6 days')
            WHEN 'month' THEN strftime('%Y-%m', started_at / 1000, 'unixepoch')
            WHEN 'quarter' THEN strftime('%Y-Q', started_at / 1000, 'unixepoch') || ((strftime('%m', started_at / 1000, 'unixepoch') + 2) / 3)
            WHEN 'hour' THEN strftime('%H:00', started_at / 1000, 'unixepoch')
            WHEN 'weekday' THEN strftime('%w', started_at / 1000, 'unixepoch')
            WHEN 'period' THEN CASE WHEN started_at < :middle THEN 'before' ELSE 'after' END
            WHEN 'trace' THEN id
            ELSE 'all'
        END AS k
    FROM calls
    WHERE started_at >= :since AND started_at < :until
      AND (:viewer IS NULL OR user_id IS NULL OR user_id = :viewer)
      AND (:user_id IS NULL OR coalesce(user_id, '(nobody named)') = :user_id)
      AND (:persona IS NULL OR coalesce(persona, '(default)') = :persona)
      AND (:namespace IS NULL OR coalesce(namespace, 'default') = :namespace)
      AND (:provider IS NULL OR coalesce(provider, '(none)') = :provider)
      AND (:model IS NULL OR coalesce(model, '(none)') = :model)
      AND (:tool IS NULL OR tool = :tool)
      AND (:request_kind IS NULL OR coalesce(request_kind, '(not labelled)') = :request_kind)
      AND (:strategy IS NULL OR coalesce(strategy, '(none)') = :strategy)
      AND (:session_id IS NULL OR coalesce(session_id, '(no session)') = :session_id)
      AND (:hour IS NULL OR instr(:hour, strftime('%H:00', started_at / 1000, 'unixepoch')) > 0)
      AND (:weekday IS NULL OR instr(:weekday, strftime('%w', started_at / 1000, 'unixepoch')) > 0)
      AND (:outcome IS NULL OR outcome = :outcome)
      AND (:error_kind IS NULL OR coalesce(error_kind, '(none)') = :error_kind)
      AND (:framework IS NULL OR CASE :framework WHEN '(any)' THEN frameworks <> '[]' WHEN '(none)' THEN frameworks = '[]' ELSE EXISTS (SELECT 1 FROM json_each(frameworks) WHERE value = :framework) END)
      AND (:over_ms IS NULL OR took_us > :over_ms * 1000.0)
      AND (:under_ms IS NULL OR took_us < :under_ms * 1000.0)
      AND (:over_usd IS NULL OR cost_usd > :over_usd)
      AND (:rated IS NULL OR (rating IS NOT NULL) = (:rated = 'yes'))
      AND (:helped IS NULL OR EXISTS (SELECT 1 FROM feedback WHERE feedback.trace_id = calls.id AND feedback.used <> '[]') = (:helped = 'yes'))
      AND (:except IS NULL OR coalesce(instr(:except, '"' || model || '"'), 0) + coalesce(instr(:except, '"' || provider || '"'), 0) + coalesce(instr(:except, '"' || persona || '"'), 0) + coalesce(instr(:except, '"' || user_id || '"'), 0) + instr(:except, '"' || tool || '"') = 0)
      AND (:upto IS NULL OR seq <= :upto)
      AND (:text IS NULL OR ((:sees_all OR ((user_id IS NULL OR user_id = :viewer) AND (persona IS NULL OR persona = :as_persona))) AND question LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
)
