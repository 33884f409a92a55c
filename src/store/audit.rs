//! The rows of the audit: who changed which memory or context, when and why. Lines are only ever added; what a
//! cleared context held is blanked in its lines, and the content of a memory never stands in one.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::Value;
use serde_json::json;

use super::contexts::ContextBy;
use super::contexts::ContextKey;
use super::contexts::ContextRow;
use super::contexts::ContextWritten;
use super::contexts::Scope;
use super::db::Store;
use super::error::StoreError;
use super::memories::NewMemory;
use super::memories::Remembered;
use super::memories::Status;
use crate::clock::Millis;

/// A line of the audit.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    pub at: Millis,
    /// The tool or command that did it, or `expiry` and `retention`.
    pub actor: String,
    /// `stored`, `joined`, `superseded`, `forgotten`, `written`, `cleared`, `deleted`, `expired`, `imported`, `purged`.
    pub action: String,
    /// The address of what was changed.
    pub subject: String,
    pub namespace: Option<String>,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    /// A JSON object; of a context `before` and `after`.
    pub details: Value,
}

/// Which lines are meant; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject: Option<String>,
    pub action: Option<String>,
    pub actor: Option<String>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
}

/// The most of a context that a line holds, in bytes; of a larger one it says the size.
const HELD_BYTES: usize = 4096;

const INSERT: &str = "INSERT INTO audit (at, actor, action, subject, namespace, user_id, persona, details)
    VALUES (:at, :actor, :action, :subject, :namespace, :user_id, :persona, :details)";

const COLUMNS: &str = "at, actor, action, subject, namespace, user_id, persona, details";

/// The lines of one subject are found by their index; all others by going back in time.
fn select(filter: &AuditFilter) -> String {
    let narrow = if filter.subject.is_some() { "subject = :subject" } else { ":subject IS NULL" };
    format!(
        "SELECT {COLUMNS} FROM audit WHERE {narrow}
           AND (:action IS NULL OR action = :action) AND (:actor IS NULL OR actor = :actor)
           AND at >= coalesce(:since, -9223372036854775808) AND at < coalesce(:until, 9223372036854775807)
         ORDER BY seq DESC LIMIT :limit OFFSET :offset"
    )
}

impl Store {
    /// The lines that `filter` means, the latest first, at most `limit` after `offset`.
    pub async fn audit(&self, filter: AuditFilter, limit: usize, offset: usize) -> Result<Vec<AuditRow>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(&select(&filter))?
                .query_map(
                    named_params! {
                        ":subject": filter.subject, ":action": filter.action, ":actor": filter.actor,
                        ":since": filter.since, ":until": filter.until,
                        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                        ":offset": i64::try_from(offset).unwrap_or(0),
                    },
                    from_row,
                )?
                .collect()
        })
        .await
    }

    /// Adds a line about what concerns no single memory or context.
    pub async fn add_audit(&self, row: AuditRow) -> Result<(), StoreError> {
        self.change(move |tx| note(tx, &row)).await
    }
}

/// Adds a line.
pub(super) fn note(conn: &Connection, row: &AuditRow) -> rusqlite::Result<()> {
    conn.prepare_cached(INSERT)?.execute(named_params! {
        ":at": row.at, ":actor": row.actor, ":action": row.action, ":subject": row.subject,
        ":namespace": row.namespace, ":user_id": row.user_id, ":persona": row.persona,
        ":details": row.details.to_string(),
    })?;
    Ok(())
}

/// The address of a memory.
pub(super) fn memory(id: &str) -> String {
    format!("carryall://memory/{id}")
}

/// Notes what became of a memory that was to be stored.
pub(super) fn remembered(conn: &Connection, item: &NewMemory, done: &Remembered, now: Millis) -> rusqlite::Result<()> {
    let line = |action: &str, id: &str, details: Value| AuditRow {
        at: now,
        actor: "remember".to_owned(),
        action: action.to_owned(),
        subject: memory(id),
        namespace: Some(item.owner.namespace.clone()),
        user_id: item.owner.user_id.clone(),
        persona: item.owner.persona.clone(),
        details,
    };
    let action = if done.status == Status::Duplicate { "joined" } else { "stored" };
    let details = match &item.owner.session_id {
        Some(session) => json!({"kind": item.kind, "session_id": session}),
        None => json!({"kind": item.kind}),
    };
    note(conn, &line(action, &done.id, details))?;
    match &done.supersedes {
        Some(old) => note(conn, &line("superseded", old, json!({"kind": item.kind, "by": done.id}))),
        None => Ok(()),
    }
}

/// Notes a write of a context. After it was cleared its earlier lines do not tell what it held.
pub(super) fn context_written(
    conn: &Connection,
    key: &ContextKey,
    before: Option<&ContextRow>,
    written: &ContextWritten,
    by: &ContextBy,
    now: Millis,
) -> rusqlite::Result<()> {
    let version = |row: Option<&ContextRow>| row.map_or(0, |it| it.version);
    let (action, mut details) = match &written.row {
        Some(row) => (
            "written",
            json!({
                "version": row.version, "before_version": version(before),
                "before": before.map(|it| held(&it.data)), "after": held(&row.data),
            }),
        ),
        None => ("cleared", json!({"before_version": version(before)})),
    };
    if let Some(oldest) = written.oldest {
        details["oldest_version"] = oldest.into();
    }
    if written.row.is_none() {
        blank(conn, key)?;
    }
    note(conn, &line_of_context(key, action, by, details, now))
}

/// Notes which contexts are about to go because their time has come.
pub(super) fn contexts_expire(conn: &Connection, now: Millis) -> rusqlite::Result<()> {
    let expired: Vec<(ContextKey, i64)> = conn
        .prepare_cached("SELECT namespace, scope, owner, key, version FROM contexts WHERE expires_at <= :now")?
        .query_map(named_params! {":now": now}, |row| {
            let scope: String = row.get(1)?;
            let scope = Scope::named(&scope).unwrap_or(Scope::Global);
            Ok((ContextKey { namespace: row.get(0)?, scope, owner: row.get(2)?, key: row.get(3)? }, row.get(4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let by = ContextBy { actor: "expiry".to_owned(), ..ContextBy::default() };
    for (key, version) in expired {
        blank(conn, &key)?;
        note(conn, &line_of_context(&key, "expired", &by, json!({"before_version": version}), now))?;
    }
    Ok(())
}

fn line_of_context(key: &ContextKey, action: &str, by: &ContextBy, details: Value, now: Millis) -> AuditRow {
    let owner = |scope: Scope| (key.scope == scope).then(|| key.owner.clone());
    AuditRow {
        at: now,
        actor: by.actor.clone(),
        action: action.to_owned(),
        subject: key.address(),
        namespace: Some(key.namespace.clone()),
        user_id: by.user_id.clone().or_else(|| owner(Scope::User)),
        persona: by.persona.clone().or_else(|| owner(Scope::Persona)),
        details,
    }
}

fn held(data: &Value) -> Value {
    let size = data.to_string().len();
    if size <= HELD_BYTES { data.clone() } else { json!({"bytes": size}) }
}

pub(super) fn blank(conn: &Connection, key: &ContextKey) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE audit SET details = json_remove(details, '$.before', '$.after') WHERE subject = :subject",
    )?
    .execute(named_params! {":subject": key.address()})?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        at: row.get(0)?,
        actor: row.get(1)?,
        action: row.get(2)?,
        subject: row.get(3)?,
        namespace: row.get(4)?,
        user_id: row.get(5)?,
        persona: row.get(6)?,
        details: serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default(),
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    let of_one = AuditFilter { subject: Some("s".to_owned()), ..AuditFilter::default() };
    vec![("the audit of a memory", select(&of_one)), ("the latest of the audit", select(&AuditFilter::default()))]
}
