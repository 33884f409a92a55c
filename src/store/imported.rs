//! What came from elsewhere: the keys by which a second import knows it, and turns with ids and times of their own.

use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use super::turns::TurnRow;
use crate::clock::Millis;

impl Store {
    /// Which of these keys came in before.
    pub async fn known_imports(&self, keys: Vec<Vec<u8>>) -> Result<Vec<bool>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM imported WHERE key = :key)")?;
            keys.iter().map(|key| statement.query_row(named_params! {":key": key}, |row| row.get(0))).collect()
        })
        .await
    }

    /// Notes which memories came in under which keys.
    pub async fn add_imported(&self, came: Vec<(Vec<u8>, String)>) -> Result<(), StoreError> {
        self.change(move |tx| {
            let mut statement =
                tx.prepare_cached("INSERT OR IGNORE INTO imported (key, memory_id) VALUES (:key, :id)")?;
            for (key, id) in &came {
                statement.execute(named_params! {":key": key, ":id": id})?;
            }
            Ok(())
        })
        .await
    }

    /// Which of these turns are there, by their ids.
    pub async fn known_turns(&self, ids: Vec<String>) -> Result<Vec<bool>, StoreError> {
        self.query(move |conn| {
            let mut statement = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM turns WHERE id = :id)")?;
            ids.iter().map(|id| statement.query_row(named_params! {":id": id}, |row| row.get(0))).collect()
        })
        .await
    }

    /// Keeps turns as they are, ids and times included, in order, all or none; those that are there already stay as
    /// they are. Says how many are new.
    pub async fn import_turns(&self, turns: Vec<TurnRow>, now: Millis) -> Result<usize, StoreError> {
        self.note_time(now);
        self.change(move |tx| {
            let mut statement = tx.prepare_cached(
                "INSERT INTO turns (id, session_id, namespace, user_id, persona, role, content, trace_id, created_at)
                     VALUES (:id, :session_id, :namespace, :user_id, :persona, :role, :content, :trace_id, :created_at)
                     ON CONFLICT (id) DO NOTHING",
            )?;
            let mut added = 0;
            for turn in &turns {
                added += statement.execute(named_params! {
                    ":id": turn.id, ":session_id": turn.session_id, ":namespace": turn.owner.namespace,
                    ":user_id": turn.owner.user_id, ":persona": turn.owner.persona, ":role": turn.role,
                    ":content": turn.content, ":trace_id": turn.trace_id, ":created_at": turn.created_at,
                })?;
            }
            Ok(added)
        })
        .await
    }
}
