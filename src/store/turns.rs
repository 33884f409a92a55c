//! The rows of conversations: who said what in which session.

use rusqlite::Row;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;
use crate::scope::Owner;

/// A turn to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTurn {
    pub session_id: String,
    /// Its `session_id` is not used.
    pub owner: Owner,
    /// `user` or `assistant`.
    pub role: String,
    pub content: String,
    pub trace_id: Option<String>,
}

/// A turn as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnRow {
    pub id: String,
    pub session_id: String,
    pub owner: Owner,
    pub role: String,
    pub content: String,
    pub trace_id: Option<String>,
    pub created_at: Millis,
}

const INSERT: &str =
    "INSERT INTO turns (id, session_id, namespace, user_id, persona, role, content, trace_id, created_at)
    VALUES (:id, :session_id, :namespace, :user_id, :persona, :role, :content, :trace_id, :created_at)";

/// The newest turns of a session that a view sees (see [`crate::scope::View::sees`]).
const NEWEST: &str = "SELECT id, session_id, namespace, user_id, persona, role, content, trace_id, created_at
    FROM turns
    WHERE session_id = :session_id AND namespace = :namespace
      AND (user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona)
    ORDER BY seq DESC LIMIT :limit";

const COUNT: &str = "SELECT count(*) FROM turns
    WHERE session_id = :session_id AND namespace = :namespace
      AND (user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona)";

impl Store {
    /// Keeps `turns`, in order, all or none.
    pub async fn add_turns(&self, turns: Vec<NewTurn>, now: Millis) -> Result<(), StoreError> {
        self.note_time(now);
        self.change(move |tx| {
            for turn in &turns {
                tx.prepare_cached(INSERT)?.execute(named_params! {
                    ":id": crate::ids::fresh(),
                    ":session_id": turn.session_id,
                    ":namespace": turn.owner.namespace,
                    ":user_id": turn.owner.user_id,
                    ":persona": turn.owner.persona,
                    ":role": turn.role,
                    ":content": turn.content,
                    ":trace_id": turn.trace_id,
                    ":created_at": now,
                })?;
            }
            Ok(())
        })
        .await
    }

    /// The last `limit` turns of a session as `owner` sees them, oldest first.
    pub async fn turns(&self, session_id: String, owner: Owner, limit: usize) -> Result<Vec<TurnRow>, StoreError> {
        self.query(move |conn| {
            let mut rows: Vec<TurnRow> = conn
                .prepare_cached(NEWEST)?
                .query_map(
                    named_params! {
                        ":session_id": session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
                        ":persona": owner.persona, ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                    },
                    from_row,
                )?
                .collect::<rusqlite::Result<_>>()?;
            rows.reverse();
            Ok(rows)
        })
        .await
    }

    /// How many turns a session has as `owner` sees them.
    pub async fn turn_count(&self, session_id: String, owner: Owner) -> Result<usize, StoreError> {
        self.query(move |conn| {
            let count: i64 = conn.prepare_cached(COUNT)?.query_row(
                named_params! {
                    ":session_id": session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
                    ":persona": owner.persona,
                },
                |row| row.get(0),
            )?;
            Ok(usize::try_from(count).unwrap_or(0))
        })
        .await
    }

    /// Sessions of `namespace` that have turns or memories without an owner, the latest first: id and time of the
    /// last entry.
    pub async fn sessions(
        &self,
        namespace: String,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<(String, Millis)>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT session_id, last_at FROM sessions AS s
                     WHERE namespace = :namespace AND user_id IS NULL AND persona IS NULL
                       AND (EXISTS (SELECT 1 FROM turns AS t WHERE t.session_id = s.session_id
                              AND t.namespace = s.namespace AND t.user_id IS NULL AND t.persona IS NULL)
                         OR EXISTS (SELECT 1 FROM memories AS m WHERE m.session_id = s.session_id
                              AND m.namespace = s.namespace AND m.user_id IS NULL AND m.persona IS NULL))
                     ORDER BY last_at DESC, session_id LIMIT :limit OFFSET :offset",
            )?
            .query_map(
                named_params! {
                    ":namespace": namespace,
                    ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                    ":offset": i64::try_from(offset).unwrap_or(0),
                },
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?
            .collect()
        })
        .await
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TurnRow> {
    Ok(TurnRow {
        id: row.get(0)?,
        session_id: row.get(1)?,
        owner: Owner { namespace: row.get(2)?, user_id: row.get(3)?, persona: row.get(4)?, session_id: None },
        role: row.get(5)?,
        content: row.get(6)?,
        trace_id: row.get(7)?,
        created_at: row.get(8)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("the last turns of a session", NEWEST.to_owned())]
}
