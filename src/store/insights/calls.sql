-- The calls that every question counts: those in the time and under the filters asked for. A filter that was not
-- given is null; what a call has nothing of is filtered by the word that stands for nothing. `k` is what the answer is
-- grouped by.
WITH c AS (
    SELECT *,
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
            WHEN 'session' THEN coalesce(session_id, '(no session)')
            WHEN 'day' THEN strftime('%Y-%m-%d', started_at / 1000, 'unixepoch')
            WHEN 'month' THEN strftime('%Y-%m', started_at / 1000, 'unixepoch')
            WHEN 'hour' THEN strftime('%H:00', started_at / 1000, 'unixepoch')
            WHEN 'weekday' THEN strftime('%w', started_at / 1000, 'unixepoch')
            WHEN 'trace' THEN id
            ELSE 'all'
        END AS k
    FROM calls
    WHERE started_at >= :since AND started_at < :until
      AND (:user_id IS NULL OR coalesce(user_id, '(nobody named)') = :user_id)
      AND (:persona IS NULL OR coalesce(persona, '(default)') = :persona)
      AND (:namespace IS NULL OR coalesce(namespace, 'default') = :namespace)
      AND (:provider IS NULL OR coalesce(provider, '(none)') = :provider)
      AND (:model IS NULL OR coalesce(model, '(none)') = :model)
      AND (:tool IS NULL OR tool = :tool)
      AND (:request_kind IS NULL OR coalesce(request_kind, '(not labelled)') = :request_kind)
      AND (:strategy IS NULL OR coalesce(strategy, '(none)') = :strategy)
      AND (:session_id IS NULL OR coalesce(session_id, '(no session)') = :session_id)
      AND (:hour IS NULL OR strftime('%H:00', started_at / 1000, 'unixepoch') = :hour)
      AND (:weekday IS NULL OR strftime('%w', started_at / 1000, 'unixepoch') = :weekday)
      AND (:outcome IS NULL OR outcome = :outcome)
      AND (:error_kind IS NULL OR coalesce(error_kind, '(none)') = :error_kind)
      AND (:framework IS NULL OR EXISTS (SELECT 1 FROM json_each(frameworks) WHERE value = :framework))
      AND (:text IS NULL OR question LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\')
)
