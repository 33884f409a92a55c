//! The rows of how quick models are, learnt from answers.

use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// How quick one model was.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedRow {
    pub provider: String,
    pub model: String,
    /// How many answers it is learnt from.
    pub answers: u32,
    /// Milliseconds to the first piece of an answer.
    pub first_ms: f64,
    /// Milliseconds for each token after it.
    pub token_ms: f64,
}

/// A new answer weighs a fifth, and the first ones more: some ten answers later the past is forgotten.
const LEARN: &str = "INSERT INTO model_speeds (provider, model, updated_at, answers, first_ms, token_ms)
    VALUES (:provider, :model, :now, 1, :first_ms, :token_ms)
    ON CONFLICT (provider, model) DO UPDATE SET
        updated_at = excluded.updated_at,
        answers = answers + 1,
        first_ms = first_ms + (excluded.first_ms - first_ms) * max(0.2, 1.0 / (answers + 1)),
        token_ms = token_ms + (excluded.token_ms - token_ms) * max(0.2, 1.0 / (answers + 1))";

impl Store {
    /// Adds what one answer showed; nobody waits for it.
    pub fn learn_speed(&self, seen: SpeedRow, now: Millis) {
        self.change_later(move |tx| {
            tx.prepare_cached(LEARN)?.execute(named_params! {
                ":provider": seen.provider, ":model": seen.model, ":now": now,
                ":first_ms": seen.first_ms, ":token_ms": seen.token_ms,
            })?;
            Ok(())
        });
    }

    /// What is known about every model.
    pub async fn speeds(&self) -> Result<Vec<SpeedRow>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT provider, model, answers, first_ms, token_ms FROM model_speeds")?
                .query_map([], |row| {
                    Ok(SpeedRow {
                        provider: row.get(0)?,
                        model: row.get(1)?,
                        answers: row.get(2)?,
                        first_ms: row.get(3)?,
                        token_ms: row.get(4)?,
                    })
                })?
                .collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn later_answers_weigh_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        for first_ms in [100.0, 200.0, 300.0] {
            let (provider, model) = ("p".to_owned(), "m".to_owned());
            store.learn_speed(SpeedRow { provider, model, answers: 1, first_ms, token_ms: 1.0 }, 1);
        }
        store.flush().await.unwrap();
        let known = store.speeds().await.unwrap();
        assert_eq!((known[0].answers, known[0].first_ms.round()), (3, 200.0));
        for _ in 0..20 {
            let (provider, model) = ("p".to_owned(), "m".to_owned());
            store.learn_speed(SpeedRow { provider, model, answers: 1, first_ms: 1000.0, token_ms: 1.0 }, 1);
        }
        store.flush().await.unwrap();
        assert!(store.speeds().await.unwrap()[0].first_ms > 980.0);
    }
}
