-- What was said, in the time and under the filters asked for; see `memories.sql`. `words` is what was said, for those who
-- may read it.
WITH t AS (
    SELECT *,
        CASE WHEN :sees_all OR ((user_id IS NULL OR user_id = :viewer) AND (persona IS NULL OR persona = :as_persona))
            THEN substr(content, 1, 500) ELSE '(words of another)' END AS words
    FROM turns
    WHERE created_at >= :since AND created_at < :until
      AND (:viewer IS NULL OR user_id IS NULL OR user_id = :viewer)
      AND (:user_id IS NULL OR coalesce(user_id, '(nobody named)') = :user_id)
      AND (:persona IS NULL OR coalesce(persona, '(default)') = :persona)
      AND (:namespace IS NULL OR namespace = :namespace)
      AND (:except IS NULL OR coalesce(instr(:except, '"' || persona || '"'), 0) + coalesce(instr(:except, '"' || user_id || '"'), 0) = 0)
      AND (:upto IS NULL OR seq <= :upto)
      AND (:session_id IS NULL OR session_id = :session_id)
      AND (:text IS NULL OR ((:sees_all OR ((user_id IS NULL OR user_id = :viewer) AND (persona IS NULL OR persona = :as_persona))) AND content LIKE '%' || replace(replace(replace(:text, '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\'))
)
