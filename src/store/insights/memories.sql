-- The memories that a list holds: of one kind, those that may be seen, in the time and under the filters asked for. A line
-- with a filter that was not given is left out before the query is run.
WITH m AS (
    SELECT *, coalesce(occurred_at, created_at) AS held_at
    FROM memories
    WHERE kind = :kind AND coalesce(occurred_at, created_at) >= :since AND coalesce(occurred_at, created_at) < :until
      AND (expires_at IS NULL OR expires_at > :now)
      AND namespace = coalesce(:namespace, 'default')
      AND (:sees_all OR ((user_id IS NULL OR user_id = :viewer) AND (persona IS NULL OR persona = :as_persona)))
      AND (:user_id IS NULL OR user_id IS NULL OR user_id = :user_id)
      AND (:persona IS NULL OR persona IS NULL OR persona = :persona)
      AND (:except IS NULL OR coalesce(instr(:except, '"' || persona || '"'), 0) + coalesce(instr(:except, '"' || user_id || '"'), 0) = 0)
      AND (:upto IS NULL OR seq <= :upto)
      AND (:session_id IS NULL OR session_id = :session_id)
      AND (:text IS NULL OR content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\')
)
