//! What happened to a memory: what it replaced and what replaced it, and what was merged into it.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::named_params;
use serde_json::Value;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryEvent {
    pub at: Millis,
    /// `merged`, `superseded`, `reopened` or `ended`.
    pub event: String,
    pub detail: Value,
}

/// A memory that stands before or after another in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub id: String,
    pub content: String,
    pub created_at: Millis,
    pub valid_from: Millis,
    pub valid_to: Option<Millis>,
    /// `None` also when that is of another owner.
    pub superseded_by: Option<String>,
}

/// The line that a memory stands in, and what happened to the memory itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In the order in which they held; the memory that was asked for is one of them.
    pub versions: Vec<Version>,
    /// In the order in which they happened.
    pub events: Vec<MemoryEvent>,
}

/// Versions that are told at most, on either side.
const VERSIONS: usize = 100;

/// Things that happened that are told at most, the latest.
const EVENTS: i64 = 200;

const NOTE: &str = "INSERT INTO memory_events (memory_id, at, event, detail) VALUES (:id, :at, :event, :detail)
    ON CONFLICT DO NOTHING";

/// Without the id of one of another owner: with it, whoever sees the one could read the other.
const EVENTS_OF: &str = "SELECT e.at, e.event, CASE WHEN other.id IS NULL THEN e.detail ELSE json_remove(e.detail, '$.by') END
    FROM (SELECT seq, at, event, detail FROM memory_events WHERE memory_id = :id ORDER BY at DESC, seq DESC LIMIT :limit) AS e
    JOIN memories AS m ON m.id = :id
    LEFT JOIN memories AS other ON other.id = e.detail ->> '$.by' AND NOT (other.namespace = m.namespace
      AND other.user_id IS m.user_id AND other.persona IS m.persona)
    ORDER BY e.at, e.seq";

/// One that is no more visible to anybody is not in the line; nor is what another namespace or owner has.
const OF: &str = "SELECT m.id, m.content, m.created_at, m.valid_from, m.valid_to, m.superseded_by
    FROM memories AS m WHERE m.id = :id AND (m.expires_at IS NULL OR m.expires_at > :now)";

const REPLACED_BY: &str = "SELECT m.id, m.content, m.created_at, m.valid_from, m.valid_to, m.superseded_by
    FROM memories AS m JOIN memories AS heir ON heir.id = m.superseded_by
    WHERE m.superseded_by = :id AND +m.namespace = heir.namespace AND m.user_id IS heir.user_id
      AND m.persona IS heir.persona AND (m.expires_at IS NULL OR m.expires_at > :now)
    ORDER BY m.valid_from, m.seq LIMIT :limit";

const HEIR: &str = "SELECT heir.id, heir.content, heir.created_at, heir.valid_from, heir.valid_to, heir.superseded_by
    FROM memories AS m JOIN memories AS heir ON heir.id = m.superseded_by
    WHERE m.id = :id AND m.namespace = heir.namespace AND m.user_id IS heir.user_id
      AND m.persona IS heir.persona AND (heir.expires_at IS NULL OR heir.expires_at > :now)";

/// Writes down that something happened to the memory `id`.
pub(super) fn note(conn: &Connection, id: &str, at: Millis, event: &str, detail: &Value) -> rusqlite::Result<()> {
    conn.prepare_cached(NOTE)?.execute(named_params! {
        ":id": id, ":at": at, ":event": event, ":detail": detail.to_string(),
    })?;
    Ok(())
}

impl Store {
    /// The history of the memory `id`; empty when there is none. Only memories of the same owner are in it.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn memory_history(&self, id: String, now: Millis) -> Result<History, StoreError> {
        self.query(move |conn| of(conn, &id, now)).await
    }
}

fn of(conn: &Connection, id: &str, now: Millis) -> rusqlite::Result<History> {
    let own = conn.prepare_cached(OF)?.query_row(named_params! {":id": id, ":now": now}, from_row).optional()?;
    let Some(own) = own else { return Ok(History::default()) };
    let mut versions = vec![own];
    // What replaced it, one after the other.
    while let Some(last) = versions.last_mut() {
        let heir =
            conn.prepare_cached(HEIR)?.query_row(named_params! {":id": last.id, ":now": now}, from_row).optional()?;
        // The id of what is of another owner is not told.
        last.superseded_by = heir.as_ref().map(|it| it.id.clone());
        // A circle cannot come about, but a file can be edited.
        match heir.filter(|it| versions.len() < VERSIONS && versions.iter().all(|other| other.id != it.id)) {
            Some(heir) => versions.push(heir),
            None => break,
        }
    }
    // What it replaced, and what that replaced.
    let mut next = 0;
    let mut before = vec![id.to_owned()];
    while let Some(id) = before.get(next).cloned().filter(|_| before.len() < VERSIONS) {
        let limit = i64::try_from(VERSIONS).unwrap_or(i64::MAX);
        let found: Vec<Version> = conn
            .prepare_cached(REPLACED_BY)?
            .query_map(named_params! {":id": id, ":now": now, ":limit": limit}, from_row)?
            .collect::<rusqlite::Result<_>>()?;
        for version in found {
            if versions.iter().all(|other| other.id != version.id) {
                before.push(version.id.clone());
                versions.push(version);
            }
        }
        next += 1;
    }
    versions.sort_by(|a, b| (a.valid_from, a.created_at, &a.id).cmp(&(b.valid_from, b.created_at, &b.id)));
    let events = conn
        .prepare_cached(EVENTS_OF)?
        .query_map(named_params! {":id": id, ":limit": EVENTS}, |row| {
            Ok(MemoryEvent {
                at: row.get(0)?,
                event: row.get(1)?,
                detail: serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(History { versions, events })
}

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        id: row.get(0)?,
        content: row.get(1)?,
        created_at: row.get(2)?,
        valid_from: row.get(3)?,
        valid_to: row.get(4)?,
        superseded_by: row.get(5)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("what a memory replaced", REPLACED_BY.to_owned()),
        ("what replaced a memory", HEIR.to_owned()),
        ("what happened to a memory", EVENTS_OF.to_owned()),
    ]
}
