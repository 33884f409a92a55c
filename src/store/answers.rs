//! The rows of answers that are kept for equal questions.

use rusqlite::OptionalExtension;
use rusqlite::Transaction;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;
use crate::scope::View;

/// Answers that are kept at most; the oldest go first. At some 2 kB each this is 20 MB.
const MOST: i64 = 10_000;

/// An answer to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// A hash of all that decides about the answer, its owner included.
    pub key: [u8; 32],
    pub at: Millis,
    pub expires_at: Millis,
    pub view: View,
    /// JSON.
    pub answer: String,
}

const BY_KEY: &str = "SELECT answer FROM answers WHERE key = :key AND expires_at > :now
    AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona";

impl Store {
    /// The answer that was kept under `key` for this owner, unless its time is over.
    pub async fn answer(&self, key: [u8; 32], view: &View, now: Millis) -> Result<Option<String>, StoreError> {
        let view = view.clone();
        self.query(move |conn| {
            conn.prepare_cached(BY_KEY)?
                .query_row(
                    named_params! {
                        ":key": key, ":now": now, ":namespace": view.namespace, ":user_id": view.user_id,
                        ":persona": view.persona,
                    },
                    |row| row.get(0),
                )
                .optional()
        })
        .await
    }

    /// Keeps an answer, in the place of an older one.
    pub async fn keep_answer(&self, kept: KeptAnswer) -> Result<(), StoreError> {
        self.change(move |tx| keep(tx, &kept)).await
    }
}

fn keep(tx: &Transaction<'_>, kept: &KeptAnswer) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM answers WHERE expires_at <= :now")?.execute(named_params! {":now": kept.at})?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO answers (key, at, expires_at, namespace, user_id, persona, answer)
         VALUES (:key, :at, :expires_at, :namespace, :user_id, :persona, :answer)",
    )?
    .execute(named_params! {
        ":key": kept.key, ":at": kept.at, ":expires_at": kept.expires_at, ":namespace": kept.view.namespace,
        ":user_id": kept.view.user_id, ":persona": kept.view.persona, ":answer": kept.answer,
    })?;
    tx.prepare_cached(
        "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY expires_at DESC LIMIT -1 OFFSET :most)",
    )?
    .execute(named_params! {":most": MOST})?;
    Ok(())
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("an answer by its key", BY_KEY.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_found_by_its_owner_until_its_time_is_over_or_a_memory_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        let view = |user: &str| View::new(None, Some(user.to_owned()), None, None);
        let kept = KeptAnswer { key: [7; 32], at: 1, expires_at: 10, view: view("ana"), answer: "yes".to_owned() };
        store.keep_answer(kept).await.unwrap();
        let look = |user: &str, now| {
            let (store, view) = (store.clone(), view(user));
            async move { store.answer([7; 32], &view, now).await.unwrap() }
        };
        assert_eq!(look("ana", 9).await.as_deref(), Some("yes"));
        assert_eq!(look("ana", 10).await, None);
        assert_eq!(look("bo", 9).await, None);
        assert_eq!(store.answer([8; 32], &view("ana"), 9).await, Ok(None));
        let forget =
            "INSERT INTO memories (id, namespace, kind, content, tags, importance, valid_from, created_at, content_key)
             VALUES ('m1', 'default', 'note', 'kept', '[]', 0.5, 1, 1, x'00'); DELETE FROM memories";
        store
            .write(move |tx| tx.execute_batch(forget).map_err(|err| StoreError::Internal { reason: err.to_string() }))
            .await
            .unwrap();
        assert_eq!(look("ana", 9).await, None);
    }
}
