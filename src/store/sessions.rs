//! The rows of sessions: which there are, when they were, what they were about; and how far transcripts were read.

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::Value;
use serde_json::json;

use super::audit;
use super::audit::AuditRow;
use super::contexts::ContextKey;
use super::contexts::Scope;
use super::db::Store;
use super::error::StoreError;
use super::forget::NOTICE;
use super::insights::QUESTION_CHARACTERS;
use crate::clock::Millis;
use crate::ids;
use crate::scope::Owner;

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Of equal times the later one is greater; for paging.
    pub seq: i64,
    /// With the session in it.
    pub owner: Owner,
    pub title: Option<String>,
    /// The program that it was led in.
    pub host: Option<String>,
    /// The folder that it was about.
    pub project: Option<String>,
    pub started_at: Millis,
    pub last_at: Millis,
    pub ended_at: Option<Millis>,
    pub turns: i64,
    pub memories: i64,
    /// What was said first by the user, as far as a line shows it.
    pub first: Option<String>,
}

/// Which sessions are meant; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    pub namespace: Option<String>,
    /// Sees its own sessions and those of nobody, unless `everybody`.
    pub user_id: Option<String>,
    pub persona: Option<String>,
    /// Whoever they belong to.
    pub everybody: bool,
    pub session_id: Option<String>,
    pub project: Option<String>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// Those before this one in the list: its last time and its number.
    pub before: Option<(Millis, i64)>,
}

/// What is known of a session besides what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionAbout {
    pub title: Option<String>,
    pub host: Option<String>,
    pub project: Option<String>,
}

/// What deleting a session takes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionErased {
    pub turns: usize,
    pub summaries: usize,
    pub contexts: usize,
    /// Packs that quoted it, and hold a notice in its place now.
    pub packs: usize,
    pub traces: usize,
    /// Memories that were made in it; they stay.
    pub memories: usize,
}

/// How far a transcript was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptRow {
    /// Of its first bytes.
    pub head: Vec<u8>,
    pub position: i64,
    /// Turns until there.
    pub said: i64,
    pub session_id: Option<String>,
}

/// Characters of the first turn that a list shows.
const FIRST: usize = 200;

/// A list of sessions, narrowed by what an index serves best.
fn select(filter: &SessionFilter) -> String {
    let narrow = match filter {
        SessionFilter { session_id: Some(_), .. } => {
            "session_id = :session_id AND +namespace = coalesce(:namespace, namespace)"
        }
        SessionFilter { project: Some(_), .. } => {
            "project = :project AND +namespace = coalesce(:namespace, namespace) AND :session_id IS NULL"
        }
        SessionFilter { namespace: Some(_), .. } => "namespace = :namespace AND :session_id IS NULL",
        _ => ":namespace IS NULL AND :session_id IS NULL",
    };
    format!(
        "SELECT seq, namespace, user_id, persona, session_id, title, host, project, started_at, last_at, ended_at,
            (SELECT count(*) FROM turns AS t WHERE t.session_id = s.session_id AND t.namespace = s.namespace
               AND t.user_id IS s.user_id AND t.persona IS s.persona),
            (SELECT count(*) FROM memories AS m WHERE m.session_id = s.session_id AND m.namespace = s.namespace
               AND m.user_id IS s.user_id AND m.persona IS s.persona),
            (SELECT substr(content, 1, {FIRST}) FROM turns AS t WHERE t.session_id = s.session_id
               AND t.namespace = s.namespace AND t.user_id IS s.user_id AND t.persona IS s.persona AND t.role = 'user'
             ORDER BY t.seq LIMIT 1)
         FROM sessions AS s
         WHERE {narrow} AND (:project IS NULL OR project = :project)
           AND (:everybody OR (user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona))
           AND last_at >= coalesce(:since, -9223372036854775808) AND last_at < coalesce(:until, 9223372036854775807)
           AND (last_at, seq) < (coalesce(:before_at, 9223372036854775807), coalesce(:before_seq, 9223372036854775807))
         ORDER BY last_at DESC, seq DESC LIMIT :limit"
    )
}

const DESCRIBE: &str = "INSERT INTO sessions
        (namespace, session_id, user_id, persona, title, host, project, started_at, last_at)
    VALUES (:namespace, :session_id, :user_id, :persona, :title, :host, :project, :now, :now)
    ON CONFLICT (session_id, namespace, coalesce(user_id, ''), coalesce(persona, '')) DO UPDATE SET
        title = coalesce(:title, title), host = coalesce(:host, host), project = coalesce(:project, project)";

const OF_OWNER: &str =
    "session_id = :session_id AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona";

const TRANSCRIPT: &str = "SELECT head, position, said, session_id FROM transcripts WHERE key = :key";

impl Store {
    /// The sessions that `filter` means and that hold something, the latest first, at most `limit`.
    pub async fn session_rows(&self, filter: SessionFilter, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.query(move |conn| rows(conn, &filter, limit)).await
    }

    /// Notes what a session was about; what is `None` stays as it was.
    pub async fn describe_session(&self, owner: Owner, about: SessionAbout, now: Millis) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(DESCRIBE)
                .and_then(|mut it| {
                    it.execute(named_params! {
                        ":namespace": owner.namespace, ":session_id": owner.session_id, ":user_id": owner.user_id,
                        ":persona": owner.persona, ":title": about.title, ":host": about.host,
                        ":project": about.project, ":now": now,
                    })
                })
                .map(|_| ())
        })
        .await
    }

    /// Notes that a session has ended; says whether there is one.
    pub async fn end_session(&self, owner: Owner, now: Millis) -> Result<bool, StoreError> {
        self.change(move |tx| {
            let sql = format!("UPDATE sessions SET ended_at = max(:now, last_at) WHERE {OF_OWNER}");
            let ended = tx.prepare_cached(&sql)?.execute(named_params! {
                ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
                ":persona": owner.persona, ":now": now,
            })?;
            Ok(ended > 0)
        })
        .await
    }

    /// Deletes what was said in the session of `owner`, its summaries, contexts and traces, and what quotes it; or counts
    /// what that is. Its memories stay.
    pub async fn delete_session(
        &self,
        owner: Owner,
        dry_run: bool,
        actor: String,
        now: Millis,
    ) -> Result<SessionErased, StoreError> {
        // The traces of the calls just ended are in the queue.
        self.flush().await?;
        if dry_run {
            return self.query(move |conn| count(conn, &owner)).await;
        }
        self.change(move |tx| delete(tx, &owner, &actor, now)).await
    }

    /// How far the transcript of that key was read.
    pub async fn transcript(&self, key: Vec<u8>) -> Result<Option<TranscriptRow>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(TRANSCRIPT)?
                .query_row(named_params! {":key": key}, |row| {
                    Ok(TranscriptRow {
                        head: row.get(0)?,
                        position: row.get(1)?,
                        said: row.get(2)?,
                        session_id: row.get(3)?,
                    })
                })
                .optional()
        })
        .await
    }

    /// Notes how far a transcript was read.
    pub async fn keep_transcript(&self, key: Vec<u8>, read: TranscriptRow, now: Millis) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO transcripts (key, head, position, said, session_id, at)
                 VALUES (:key, :head, :position, :said, :session_id, :now)",
            )
            .and_then(|mut it| {
                it.execute(named_params! {
                    ":key": key, ":head": read.head, ":position": read.position, ":said": read.said,
                    ":session_id": read.session_id, ":now": now,
                })
            })
            .map(|_| ())
        })
        .await
    }
}

fn rows(conn: &Connection, filter: &SessionFilter, limit: usize) -> rusqlite::Result<Vec<SessionRow>> {
    let mut found = Vec::new();
    let mut before = filter.before;
    // What holds nothing any more is passed over; so the list goes on until it is full.
    while found.len() < limit {
        let wanted = limit - found.len();
        let page: Vec<SessionRow> = conn
            .prepare_cached(&select(filter))?
            .query_map(
                named_params! {
                    ":namespace": filter.namespace, ":session_id": filter.session_id, ":project": filter.project,
                    ":everybody": filter.everybody, ":user_id": filter.user_id, ":persona": filter.persona,
                    ":since": filter.since, ":until": filter.until, ":before_at": before.map(|it| it.0),
                    ":before_seq": before.map(|it| it.1), ":limit": i64::try_from(wanted).unwrap_or(i64::MAX),
                },
                from_row,
            )?
            .collect::<rusqlite::Result<_>>()?;
        let is_last = page.len() < wanted;
        before = page.last().map(|it| (it.last_at, it.seq));
        found.extend(page.into_iter().filter(|it| it.turns + it.memories > 0));
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        seq: row.get(0)?,
        owner: Owner { namespace: row.get(1)?, user_id: row.get(2)?, persona: row.get(3)?, session_id: row.get(4)? },
        title: row.get(5)?,
        host: row.get(6)?,
        project: row.get(7)?,
        started_at: row.get(8)?,
        last_at: row.get(9)?,
        ended_at: row.get(10)?,
        turns: row.get(11)?,
        memories: row.get(12)?,
        first: row.get(13)?,
    })
}

/// What may quote a session: packs in which an address of it stands.
const QUOTING: &str = "SELECT id, result FROM packs WHERE (instr(result, :turns) > 0 OR instr(result, :contexts) > 0)
    AND coalesce(result ->> '$.view.namespace', :namespace) = :namespace";

/// The addresses of what is deleted with a session: its turns, and what it has in contexts.
fn addresses(conn: &Connection, owner: &Owner) -> rusqlite::Result<HashSet<String>> {
    let id = owner.session_id.clone().unwrap_or_default();
    let params = named_params! {
        ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
        ":persona": owner.persona,
    };
    let column = |sql: String| -> rusqlite::Result<Vec<String>> {
        conn.prepare(&sql)?.query_map(params, |row| row.get(0))?.collect()
    };
    let turns = column(format!("SELECT id FROM turns WHERE {OF_OWNER}"))?;
    let keys = column(format!("SELECT key FROM contexts WHERE {CONTEXTS}"))?;
    let context = |key| {
        ContextKey { namespace: owner.namespace.clone(), scope: Scope::Session, owner: id.clone(), key }.address()
    };
    let turn = |it| format!("carryall://session/{}#{it}", ids::uri_part(&id));
    Ok(turns.into_iter().map(turn).chain(keys.into_iter().map(context)).collect())
}

/// The packs that quote one of `gone`, whoever they were made for: what belongs to nobody is seen by all.
fn quoting(conn: &Connection, owner: &Owner, gone: &HashSet<String>) -> rusqlite::Result<Vec<(String, Value)>> {
    let id = ids::uri_part(owner.session_id.as_deref().unwrap_or_default());
    let mut packs = conn.prepare(QUOTING)?;
    let packs = packs.query_map(
        named_params! {
            ":turns": format!("carryall://session/{id}#"), ":contexts": format!("carryall://context/session/{id}/"),
            ":namespace": owner.namespace,
        },
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    let mut found = Vec::new();
    for pack in packs {
        let (id, result) = pack?;
        let result: Value = serde_json::from_str(&result).unwrap_or_default();
        let mut items = result["items"].as_array().into_iter().flatten();
        if items.any(|it| it["uri"].as_str().is_some_and(|it| gone.contains(it))) {
            found.push((id, result));
        }
    }
    Ok(found)
}

fn count(conn: &Connection, owner: &Owner) -> rusqlite::Result<SessionErased> {
    let of_owner = |sql: &str| -> rusqlite::Result<usize> {
        let params = named_params! {
            ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
            ":persona": owner.persona,
        };
        let count: i64 = conn.query_row(sql, params, |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    };
    let packs = quoting(conn, owner, &addresses(conn, owner)?)?;
    Ok(SessionErased {
        turns: of_owner(&format!("SELECT count(*) FROM turns WHERE {OF_OWNER}"))?,
        summaries: of_owner(&format!("SELECT count(*) FROM summaries WHERE {OF_OWNER}"))?,
        contexts: of_owner(&format!("SELECT count(*) FROM contexts WHERE {CONTEXTS}"))?,
        packs: packs.len(),
        traces: of_owner(&format!("SELECT count(*) FROM traces WHERE {TRACES}"))?,
        memories: of_owner(&format!("SELECT count(*) FROM memories WHERE {OF_OWNER}"))?,
    })
}

const CONTEXTS: &str = "scope = 'session' AND owner = :session_id AND namespace = :namespace AND cleared = 0
    AND user_id IS :user_id AND persona IS :persona";

/// Calls that named no namespace are those of whoever asks.
const TRACES: &str = "session_id = :session_id AND coalesce(namespace, :namespace) = :namespace
    AND user_id IS :user_id AND persona IS :persona";

fn delete(conn: &Connection, owner: &Owner, actor: &str, now: Millis) -> rusqlite::Result<SessionErased> {
    let erased = count(conn, owner)?;
    blank_packs(conn, owner)?;
    blank_questions(conn, owner)?;
    let params = named_params! {
        ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
        ":persona": owner.persona,
    };
    let keys: Vec<(String, i64)> = conn
        .prepare(&format!("SELECT key, version FROM contexts WHERE {CONTEXTS}"))?
        .query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let id = owner.session_id.clone().unwrap_or_default();
    for (key, version) in keys {
        let at = ContextKey { namespace: owner.namespace.clone(), scope: Scope::Session, owner: id.clone(), key };
        super::contexts::empty(conn, &at, now)?;
        let subject = at.address();
        audit::note(conn, &line(owner, actor, "cleared", subject, json!({"before_version": version}), now))?;
    }
    for sql in [
        format!("DELETE FROM turns WHERE {OF_OWNER}"),
        format!("DELETE FROM summaries WHERE {OF_OWNER}"),
        format!("DELETE FROM traces WHERE {TRACES}"),
        format!("UPDATE calls SET question = NULL WHERE {TRACES}"),
        format!("DELETE FROM sessions WHERE {OF_OWNER}"),
    ] {
        conn.execute(&sql, params)?;
    }
    // Their numbers are given out again, and who comes next is to be looked at.
    conn.execute(
        "UPDATE keeping SET value = min(value, (SELECT coalesce(max(seq), 0) FROM turns))
         WHERE name = 'summarised_turns'",
        [],
    )?;
    // An answer may repeat what was said.
    conn.execute("DELETE FROM answers WHERE namespace = :namespace", named_params! {":namespace": owner.namespace})?;
    let subject = format!("carryall://session/{}", ids::uri_part(&id));
    let details = json!({"turns": erased.turns, "summaries": erased.summaries, "contexts": erased.contexts});
    audit::note(conn, &line(owner, actor, "deleted", subject, details, now))?;
    Ok(erased)
}

/// Puts a notice in the place of what was asked in the session and stands in packs, and of the notes about its calls.
fn blank_questions(conn: &Connection, owner: &Owner) -> rusqlite::Result<()> {
    conn.execute(
        &format!(
            "UPDATE feedback SET note = :notice
             WHERE note IS NOT NULL AND trace_id IN (SELECT id FROM calls WHERE {TRACES})"
        ),
        named_params! {
            ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
            ":persona": owner.persona, ":notice": NOTICE,
        },
    )?;
    conn.execute(
        &format!(
            "UPDATE packs SET query = :notice
             WHERE substr(query, 1, :most) IN (SELECT question FROM calls WHERE {TRACES}
                     UNION SELECT substr(content, 1, :most) FROM turns WHERE {OF_OWNER})
                 AND coalesce(result ->> '$.view.namespace', :namespace) = :namespace
                 AND result ->> '$.view.user_id' IS :user_id AND result ->> '$.view.persona' IS :persona"
        ),
        named_params! {
            ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
            ":persona": owner.persona, ":notice": NOTICE, ":most": QUESTION_CHARACTERS,
        },
    )?;
    Ok(())
}

/// Puts a notice in the place of what packs quote of the session; of the whole text where that cannot be told from what
/// stands around it.
fn blank_packs(conn: &Connection, owner: &Owner) -> rusqlite::Result<()> {
    let gone = addresses(conn, owner)?;
    for (id, mut result) in quoting(conn, owner, &gone)? {
        let mut whole = result["text"].as_str().map(str::to_owned);
        for item in result.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
            if item["uri"].as_str().is_some_and(|it| gone.contains(it)) {
                let text = item["text"].as_str().unwrap_or_default();
                whole = whole.and_then(|it| super::packs::replaced(&it, text));
                item["text"] = NOTICE.into();
            }
        }
        let lost = || format!("{NOTICE} This pack quoted a session that was deleted since; its other items are kept.");
        result["text"] = whole.unwrap_or_else(lost).into();
        conn.prepare_cached("UPDATE packs SET result = :result WHERE id = :id")?
            .execute(named_params! {":result": result.to_string(), ":id": id})?;
    }
    Ok(())
}

fn line(owner: &Owner, actor: &str, action: &str, subject: String, details: Value, now: Millis) -> AuditRow {
    AuditRow {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject,
        namespace: Some(owner.namespace.clone()),
        user_id: owner.user_id.clone(),
        persona: owner.persona.clone(),
        details,
    }
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    let some = |name: &str| Some(name.to_owned());
    vec![
        ("the latest sessions", select(&SessionFilter { namespace: some("n"), ..SessionFilter::default() })),
        ("the latest sessions of all", select(&SessionFilter { everybody: true, ..SessionFilter::default() })),
        ("the latest sessions of a project", select(&SessionFilter { project: some("p"), ..SessionFilter::default() })),
        ("a session by its id", select(&SessionFilter { session_id: some("s"), ..SessionFilter::default() })),
        ("how far a transcript was read", TRANSCRIPT.to_owned()),
    ]
}
