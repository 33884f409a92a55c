//! The rows of how good the answers of models were: what was said of them, and what they showed by themselves.

use rusqlite::Connection;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// What one answer was worth.
#[derive(Clone, Debug, PartialEq)]
pub struct RatingRow {
    /// `None` is not known.
    pub request_kind: Option<String>,
    pub provider: String,
    /// The name by which the model was asked.
    pub model: String,
    /// -1.0..=1.0.
    pub rating: f64,
    /// When the question was asked.
    pub at: Millis,
}

/// How far the judgements have come; a second one of the same call counts, too.
const STATE: &str = "SELECT coalesce(max(seq), 0) FROM feedback";

/// A call counts once, with its latest rating. Some thousand ratings tell all there is to tell; older ones count little.
const RATED: &str =
    "SELECT request_kind, coalesce(provider, ''), asked_model, coalesce(rating, outcome_rating), started_at
    FROM calls
    WHERE asked_model IS NOT NULL AND (rating IS NOT NULL OR outcome_rating IS NOT NULL)
    ORDER BY started_at DESC LIMIT 2000";

impl Store {
    /// The ratings of answers, the latest first, and how far they have come; `None` when that is still `known`.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn ratings(&self, known: Option<i64>) -> Result<Option<(i64, Vec<RatingRow>)>, StoreError> {
        self.query(move |conn| read(conn, known)).await
    }
}

fn read(conn: &Connection, known: Option<i64>) -> rusqlite::Result<Option<(i64, Vec<RatingRow>)>> {
    let state: i64 = conn.prepare_cached(STATE)?.query_row([], |row| row.get(0))?;
    if known == Some(state) {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached(RATED)?;
    let rows = statement.query_map(named_params! {}, |row| {
        Ok(RatingRow {
            request_kind: row.get(0)?,
            provider: row.get(1)?,
            model: row.get(2)?,
            rating: row.get(3)?,
            at: row.get(4)?,
        })
    })?;
    Ok(Some((state, rows.collect::<rusqlite::Result<_>>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::CallRow;

    #[tokio::test]
    async fn a_call_counts_once_and_a_person_s_word_before_the_answer_s_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        let call = |id: &str, at, asked: Option<&str>, rating, outcome_rating| CallRow {
            id: id.to_owned(),
            tool: "ask".to_owned(),
            started_at: at,
            provider: Some("p".to_owned()),
            asked_model: asked.map(str::to_owned),
            rating,
            outcome_rating,
            ..CallRow::default()
        };
        let calls = vec![
            call("a", 1, Some("m"), Some(1.0), Some(-0.5)),
            call("b", 2, Some("m"), None, Some(-0.5)),
            call("c", 3, None, Some(-1.0), None),
            call("d", 4, Some("m"), None, None),
        ];
        store.add_calls(calls).await.unwrap();
        let (state, rows) = store.ratings(None).await.unwrap().unwrap();
        let found: Vec<(f64, Millis)> = rows.iter().map(|it| (it.rating, it.at)).collect();
        assert_eq!(found, [(-0.5, 2), (1.0, 1)], "the latest first; what was not whole is not there");
        assert_eq!(store.ratings(Some(state)).await.unwrap(), None);
        let plan = store
            .read(|conn| {
                let plan = conn.query_row(&format!("EXPLAIN QUERY PLAN {RATED}"), [], |row| row.get::<_, String>(3));
                plan.map_err(|err| StoreError::of(std::path::Path::new(""), &err))
            })
            .await
            .unwrap();
        assert_eq!(plan, "SCAN calls USING INDEX calls_rated");
    }
}
