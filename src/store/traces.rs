//! The rows of traces: one for each call, with its spans as JSON.

use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// A trace as it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceRow {
    pub id: String,
    pub tool: String,
    pub started_at: Millis,
    pub took_us: i64,
    /// `ok`, `failed` or `cancelled`.
    pub outcome: String,
    pub error: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub namespace: Option<String>,
    /// The trace of the caller that it belongs to: 32 hexadecimal digits.
    pub remote_trace: Option<String>,
    /// The caller's `traceparent` and `tracestate`.
    pub remote_parent: Option<String>,
    pub remote_state: Option<String>,
    /// JSON, as the `trace` room writes it.
    pub spans: String,
}

/// Whose calls are seen. As with memories, an owner sees its own calls and those without one; whoever names none sees
/// those without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Eyes {
    pub user_id: Option<String>,
    pub persona: Option<String>,
}

/// Which traces are meant; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceFilter {
    /// Of the call, or of the caller's trace that it belongs to.
    pub id: Option<String>,
    /// `None` sees all: the person whose file it is.
    pub eyes: Option<Eyes>,
    pub tool: Option<String>,
    pub outcome: Option<String>,
    pub session_id: Option<String>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// Only what stands behind this one in the order of the list: when it began, and its id.
    pub before: Option<(Millis, String)>,
}

const INSERT: &str = "INSERT OR IGNORE INTO traces (id, tool, started_at, took_us, outcome, error, session_id, user_id,
        persona, namespace, remote_trace, remote_parent, remote_state, spans)
    VALUES (:id, :tool, :started_at, :took_us, :outcome, :error, :session_id, :user_id,
        :persona, :namespace, :remote_trace, :remote_parent, :remote_state, :spans)";

const COLUMNS: &str = "id, tool, started_at, took_us, outcome, error, session_id, user_id, persona, namespace,
        remote_trace, remote_parent, remote_state, spans";

const SELECT: &str = "WHERE (:tool IS NULL OR tool = :tool) AND (:outcome IS NULL OR outcome = :outcome)
      AND started_at >= coalesce(:since, -9223372036854775808) AND started_at < coalesce(:until, 9223372036854775807)
      AND (:before_at IS NULL OR (started_at, id) < (:before_at, :before_id))
      AND (:sees_all OR ((user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona)))";

/// From the minute before the pack was made on: a call begins before its pack is kept.
const BY_PACK: &str = "SELECT traces.id FROM packs JOIN traces ON traces.started_at >= packs.created_at - 60000
    WHERE packs.id = :pack AND instr(traces.spans, :note) > 0 ORDER BY traces.started_at DESC LIMIT 1";

/// What narrows most, so that an index serves it: an id, a session, or nothing but the time.
fn select(filter: &TraceFilter) -> String {
    let narrow = match filter {
        TraceFilter { id: Some(_), .. } => {
            "AND (id IN (:id, :as_ours) OR remote_trace = :id) AND (:session_id IS NULL OR session_id = :session_id)"
        }
        TraceFilter { session_id: Some(_), .. } => "AND :id IS NULL AND :as_ours IS NULL AND session_id = :session_id",
        _ => "AND :id IS NULL AND :as_ours IS NULL AND :session_id IS NULL",
    };
    format!("SELECT {COLUMNS} FROM traces {SELECT} {narrow} ORDER BY started_at DESC, id DESC LIMIT :limit")
}

impl Store {
    /// Keeps a trace with the next transaction that is made anyway; see [`Store::flush`].
    pub fn add_trace(&self, trace: TraceRow) {
        self.note_time(trace.started_at);
        self.change_later(move |tx| insert(tx, &trace));
    }

    /// The latest call that gave the pack with this id; `None` when there is no such pack, or its call was swept.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn call_of_pack(&self, pack_id: String) -> Result<Option<String>, StoreError> {
        self.query(move |conn| {
            let values = named_params! {":pack": pack_id, ":note": format!("\"pack_id\":\"{pack_id}\"")};
            conn.prepare_cached(BY_PACK)?.query_row(values, |row| row.get(0)).optional()
        })
        .await
    }

    /// The traces that `filter` means, the latest first, at most `limit`.
    pub async fn traces(&self, filter: TraceFilter, limit: usize) -> Result<Vec<TraceRow>, StoreError> {
        self.query(move |conn| {
            let eyes = filter.eyes.clone().unwrap_or_default();
            let (before_at, before_id) = filter.before.clone().unzip();
            conn.prepare_cached(&select(&filter))?
                .query_map(
                    named_params! {
                        ":sees_all": filter.eyes.is_none(), ":user_id": eyes.user_id, ":persona": eyes.persona,
                        ":id": filter.id, ":as_ours": filter.id.as_deref().and_then(with_hyphens),
                    ":tool": filter.tool, ":outcome": filter.outcome,
                        ":session_id": filter.session_id, ":since": filter.since, ":until": filter.until,
                        ":before_at": before_at, ":before_id": before_id,
                        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                    },
                    from_row,
                )?
                .collect()
        })
        .await
    }
}

/// An id of ours as OpenTelemetry shows it, with its hyphens.
fn with_hyphens(id: &str) -> Option<String> {
    let is_plain = id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit());
    is_plain.then(|| [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-"))
}

fn insert(conn: &rusqlite::Connection, trace: &TraceRow) -> rusqlite::Result<()> {
    conn.prepare_cached(INSERT)?.execute(named_params! {
        ":id": trace.id, ":tool": trace.tool, ":started_at": trace.started_at, ":took_us": trace.took_us,
        ":outcome": trace.outcome, ":error": trace.error, ":session_id": trace.session_id,
        ":user_id": trace.user_id, ":persona": trace.persona, ":namespace": trace.namespace,
        ":remote_trace": trace.remote_trace, ":remote_parent": trace.remote_parent,
        ":remote_state": trace.remote_state, ":spans": trace.spans,
    })?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TraceRow> {
    Ok(TraceRow {
        id: row.get(0)?,
        tool: row.get(1)?,
        started_at: row.get(2)?,
        took_us: row.get(3)?,
        outcome: row.get(4)?,
        error: row.get(5)?,
        session_id: row.get(6)?,
        user_id: row.get(7)?,
        persona: row.get(8)?,
        namespace: row.get(9)?,
        remote_trace: row.get(10)?,
        remote_parent: row.get(11)?,
        remote_state: row.get(12)?,
        spans: row.get(13)?,
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    let by_id = TraceFilter { id: Some("t".to_owned()), ..TraceFilter::default() };
    let of_session = TraceFilter { session_id: Some("s".to_owned()), ..TraceFilter::default() };
    vec![
        ("a trace by its id", select(&by_id)),
        ("the latest traces of a session", select(&of_session)),
        ("the latest traces", select(&TraceFilter::default())),
    ]
}
