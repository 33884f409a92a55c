//! The rows of consolidation: what a session holds and its summary, links between memories, how far the work has come.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;
use serde_json::json;

use super::audit;
use super::audit::AuditRow;
use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;
use crate::scope::Owner;

/// Something that was said or kept in a session: a turn or a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    pub id: String,
    /// The role of a turn, the speaker or else the kind of a memory.
    pub speaker: String,
    pub text: String,
    pub at: Millis,
}

/// The summary of a session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    pub id: String,
    /// With the session in it.
    pub owner: Owner,
    pub content: String,
    /// `extractive`, or `provider/model`.
    pub made_by: String,
    /// Entries that the session had.
    pub covers: i64,
    /// Of all of them.
    pub fingerprint: Vec<u8>,
    pub made_at: Millis,
    /// Ids of the turns and memories that it is made from, in order.
    pub sources: Vec<String>,
}

/// A memory that comes next to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparable {
    pub seq: i64,
    pub id: String,
}

/// Two memories that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLink {
    /// The later one.
    pub from_id: String,
    pub to_id: String,
    pub relation: String,
    /// 0.0..=1.0.
    pub score: f64,
}

/// Which memories a person wants to be deleted at their age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgeFilter {
    pub namespace: Option<String>,
    pub kind: Option<String>,
    /// Happened, or else was learned, before this.
    pub before: Millis,
}

/// Sessions with an owner that have entries beyond these positions, by owner and id.
const TOUCHED: &str = "SELECT DISTINCT namespace, user_id, persona, session_id FROM (
        SELECT namespace, user_id, persona, session_id FROM turns WHERE seq > :turn
        UNION ALL
        SELECT namespace, user_id, persona, session_id FROM memories WHERE seq > :memory AND session_id IS NOT NULL)
    ORDER BY namespace, user_id, persona, session_id";

/// The plus keeps the planner at the index of sessions, as in [`super::memories::Bound::condition`].
const ENTRIES: &str = "SELECT id, role, content, created_at AS at, 0 AS of_memory, seq FROM turns
    WHERE session_id = :session_id AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona
    UNION ALL
    SELECT id, coalesce(speaker, kind), content, +coalesce(occurred_at, created_at) AS at, 1, seq FROM memories
    WHERE session_id = :session_id AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona
      AND superseded_by IS NULL AND (valid_to IS NULL OR valid_to > :now) AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY at, of_memory, seq";

const SUMMARY: &str =
    "SELECT id, namespace, user_id, persona, session_id, content, made_by, covers, fingerprint, made_at
    FROM summaries
    WHERE session_id = :session_id AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona";

const OWNER: &str = "SELECT seq, namespace, user_id, persona FROM memories WHERE id = :id";

/// Below `:before`, newest first: of those that have the word, the ones that may say the same as a memory of that owner.
const WITH_WORD: &str = "SELECT m.seq FROM (
        SELECT rowid AS seq FROM memories_text WHERE memories_text MATCH :word AND rowid < :before
        ORDER BY rowid DESC LIMIT :walked) AS held
    CROSS JOIN memories AS m ON m.seq = held.seq
    WHERE m.namespace = :namespace AND m.user_id IS :user_id AND m.persona IS :persona
      AND m.kind <> 'turn' AND m.superseded_by IS NULL
      AND (m.valid_to IS NULL OR m.valid_to > :now) AND (m.expires_at IS NULL OR m.expires_at > :now)
    LIMIT :most";

/// The newest memories of an owner with a word that are looked at: with all of them, thousands of notes in the same words
/// take time by their square.
const WITH_ONE_WORD: i64 = 200;

/// The newest memories with a word, whoever they belong to, among which those of an owner are looked for: about 1 µs each.
const WALKED: i64 = 500;

impl Store {
    /// The sessions that have turns or memories beyond these positions (0: all that there are), and the positions of
    /// the latest turn and memory.
    pub async fn sessions_beyond(&self, turn: i64, memory: i64) -> Result<(Vec<Owner>, i64, i64), StoreError> {
        self.query(move |conn| {
            let sessions = conn
                .prepare_cached(TOUCHED)?
                .query_map(named_params! {":turn": turn, ":memory": memory}, |row| {
                    Ok(Owner {
                        namespace: row.get(0)?,
                        user_id: row.get(1)?,
                        persona: row.get(2)?,
                        session_id: row.get(3)?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            let last = |table: &str| {
                conn.query_row(&format!("SELECT coalesce(max(seq), 0) FROM {table}"), [], |row| row.get(0))
            };
            Ok((sessions, last("turns")?, last("memories")?))
        })
        .await
    }

    /// What was said and kept in the session of `owner`, and holds now, in the order of time.
    pub async fn session_entries(&self, owner: Owner, now: Millis) -> Result<Vec<SessionEntry>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(ENTRIES)?
                .query_map(
                    named_params! {
                        ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
                        ":persona": owner.persona, ":now": now,
                    },
                    |row| {
                        Ok(SessionEntry { id: row.get(0)?, speaker: row.get(1)?, text: row.get(2)?, at: row.get(3)? })
                    },
                )?
                .collect()
        })
        .await
    }

    /// The summary of the session of `owner`.
    pub async fn summary(&self, owner: Owner) -> Result<Option<SummaryRow>, StoreError> {
        self.query(move |conn| summary_of(conn, &owner)).await
    }

    /// Puts `summary` in the place of the one that the session had. When a source is gone meanwhile, nothing is kept:
    /// what was forgotten must not live on; says whether it was kept.
    pub async fn put_summary(&self, summary: SummaryRow) -> Result<bool, StoreError> {
        self.change(move |tx| {
            remove(tx, &summary.owner)?;
            let mut is_there = tx.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM turns WHERE id = :id) OR EXISTS (SELECT 1 FROM memories WHERE id = :id)",
            )?;
            for id in &summary.sources {
                if !is_there.query_row(named_params! {":id": id}, |row| row.get::<_, bool>(0))? {
                    return Ok(false);
                }
            }
            tx.prepare_cached(
                "INSERT INTO summaries (id, namespace, user_id, persona, session_id, content, made_by, covers,
                         fingerprint, made_at)
                     VALUES (:id, :namespace, :user_id, :persona, :session_id, :content, :made_by, :covers,
                         :fingerprint, :made_at)",
            )?
            .execute(named_params! {
                ":id": summary.id, ":namespace": summary.owner.namespace, ":user_id": summary.owner.user_id,
                ":persona": summary.owner.persona, ":session_id": summary.owner.session_id,
                ":content": summary.content, ":made_by": summary.made_by, ":covers": summary.covers,
                ":fingerprint": summary.fingerprint, ":made_at": summary.made_at,
            })?;
            let mut add = tx.prepare_cached(
                "INSERT OR IGNORE INTO summary_sources (summary_id, source_id, position)
                     VALUES (:summary, :source, :position)",
            )?;
            for (position, source) in (0_i64..).zip(&summary.sources) {
                add.execute(named_params! {":summary": summary.id, ":source": source, ":position": position})?;
            }
            Ok(true)
        })
        .await
    }

    /// Takes away the summary of a session that has too little for one.
    pub async fn remove_summary(&self, owner: Owner) -> Result<bool, StoreError> {
        self.change(move |tx| remove(tx, &owner)).await
    }

    /// Memories that hold now and are no turns, after the position `after`, in order, at most `limit`.
    pub async fn comparable(&self, after: i64, limit: usize, now: Millis) -> Result<Vec<Comparable>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT seq, id FROM memories WHERE seq > :after AND kind <> 'turn' AND superseded_by IS NULL
                       AND (valid_to IS NULL OR valid_to > :now) AND (expires_at IS NULL OR expires_at > :now)
                     ORDER BY seq LIMIT :limit",
            )?
            .query_map(
                named_params! {":after": after, ":now": now, ":limit": i64::try_from(limit).unwrap_or(i64::MAX)},
                |row| Ok(Comparable { seq: row.get(0)?, id: row.get(1)? }),
            )?
            .collect()
        })
        .await
    }

    /// The memories of the same owner before `id` that hold most of `words`, the rare ones first, at most `limit`: of those
    /// with a frequent word, the newest.
    pub async fn alike(
        &self,
        id: String,
        words: Vec<String>,
        limit: usize,
        now: Millis,
    ) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| alike(conn, &id, &words, limit, now)).await
    }

    /// Links memories; those that are linked already, or gone, stay as they are. Says how many are new.
    pub async fn add_links(&self, links: Vec<NewLink>, now: Millis) -> Result<usize, StoreError> {
        self.change(move |tx| {
                let mut insert = tx.prepare_cached(
                    "INSERT OR IGNORE INTO memory_links (from_id, to_id, relation, score, made_at)
                     SELECT :from, :to, :relation, :score, :now
                     WHERE EXISTS (SELECT 1 FROM memories WHERE id = :from) AND EXISTS (SELECT 1 FROM memories WHERE id = :to)",
                )?;
                let mut added = 0;
                for link in &links {
                    added += insert.execute(named_params! {
                        ":from": link.from_id, ":to": link.to_id, ":relation": link.relation, ":score": link.score,
                        ":now": now,
                    })?;
                }
                Ok(added)
        })
        .await
    }

    /// The memories that are linked with `id`, by either end: id, relation, score.
    pub async fn links(&self, id: String) -> Result<Vec<(String, String, f64)>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT to_id, relation, score FROM memory_links WHERE from_id = :id
                     UNION ALL SELECT from_id, relation, score FROM memory_links WHERE to_id = :id ORDER BY 3 DESC, 1",
            )?
            .query_map(named_params! {":id": id}, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
        })
        .await
    }

    /// Lets the memory `kept` stand for `other`, which says the same: its tags and importance are joined, and `other`
    /// is hidden as replaced. Both rows stay. Says whether both were there.
    pub async fn merge_memories(&self, kept: String, other: String, now: Millis) -> Result<bool, StoreError> {
        self.change(move |tx| {
                let hidden = tx
                    .prepare_cached(
                        "UPDATE memories SET superseded_by = :kept, valid_to = valid_from
                         WHERE id = :other AND superseded_by IS NULL AND EXISTS (SELECT 1 FROM memories WHERE id = :kept)
                         RETURNING namespace, user_id, persona, kind, importance, source",
                    )?
                    .query_row(named_params! {":kept": kept, ":other": other}, |row| {
                        let line = AuditRow {
                            at: now,
                            actor: "consolidate".to_owned(),
                            action: "superseded".to_owned(),
                            subject: audit::memory(&other),
                            namespace: row.get(0)?,
                            user_id: row.get(1)?,
                            persona: row.get(2)?,
                            details: json!({"kind": row.get::<_, String>(3)?, "by": kept, "why": "it says the same"}),
                        };
                        Ok((line, row.get::<_, f64>(4)?, row.get::<_, Option<String>>(5)?))
                    })
                    .optional()?;
                let Some((line, importance, source)) = hidden else { return Ok(false) };
                tx.prepare_cached(
                    "UPDATE memories SET importance = max(importance, :importance), source = coalesce(source, :source)
                     WHERE id = :kept",
                )?
                .execute(named_params! {":importance": importance, ":source": source, ":kept": kept})?;
                audit::note(tx, &line)?;
                Ok(true)
        })
        .await
    }

    /// The ids of the memories that `filter` means, oldest first, at most `limit`, whoever they belong to.
    pub async fn aged(&self, filter: AgeFilter, limit: usize) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT id FROM memories WHERE coalesce(occurred_at, created_at) < :before
                       AND (:namespace IS NULL OR namespace = :namespace) AND (:kind IS NULL OR kind = :kind)
                     ORDER BY seq LIMIT :limit",
            )?
            .query_map(
                named_params! {
                    ":before": filter.before, ":namespace": filter.namespace, ":kind": filter.kind,
                    ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
                },
                |row| row.get(0),
            )?
            .collect()
        })
        .await
    }

    /// How far some work has come; 0 before it began.
    pub async fn kept(&self, name: &'static str) -> Result<i64, StoreError> {
        self.query(move |conn| {
            conn.prepare_cached("SELECT value FROM keeping WHERE name = :name")
                .and_then(|mut it| it.query_row(named_params! {":name": name}, |row| row.get(0)).optional())
                .map(Option::unwrap_or_default)
        })
        .await
    }

    /// Notes how far some work has come.
    pub async fn keep(&self, name: &'static str, value: i64) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.prepare_cached(
                "INSERT INTO keeping (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
            )
            .and_then(|mut it| it.execute(named_params! {":name": name, ":value": value}))
            .map(|_| ())
        })
        .await
    }

    /// How many rows have expired by `now` and how many memories have ended, superseded ones left out.
    pub async fn ended(&self, now: Millis) -> Result<(usize, usize), StoreError> {
        self.query(move |conn| {
            let count = |sql: &str| -> rusqlite::Result<usize> {
                let count: i64 = conn.query_row(sql, named_params! {":now": now}, |row| row.get(0))?;
                Ok(usize::try_from(count).unwrap_or(0))
            };
            Ok((
                count(
                    "SELECT (SELECT count(*) FROM memories WHERE expires_at <= :now)
                        + (SELECT count(*) FROM contexts WHERE expires_at <= :now)",
                )?,
                count("SELECT count(*) FROM memories WHERE valid_to <= :now AND superseded_by IS NULL")?,
            ))
        })
        .await
    }
}

/// See [`Store::alike`].
fn alike(conn: &Connection, id: &str, words: &[String], limit: usize, now: Millis) -> rusqlite::Result<Vec<String>> {
    let owner = |row: &Row<'_>| {
        let owner = Owner { namespace: row.get(1)?, user_id: row.get(2)?, persona: row.get(3)?, session_id: None };
        Ok((row.get::<_, i64>(0)?, owner))
    };
    let it = conn.prepare_cached(OWNER)?.query_row(named_params! {":id": id}, owner).optional()?;
    let Some((seq, owner)) = it else { return Ok(Vec::new()) };
    let mut shared: HashMap<i64, f64> = HashMap::new();
    let mut with_word = conn.prepare_cached(WITH_WORD)?;
    for word in words {
        let word = format!("\"{}\"", word.replace('"', ""));
        let of_word = named_params! {
            ":word": word, ":before": seq, ":walked": WALKED, ":namespace": owner.namespace,
            ":user_id": owner.user_id, ":persona": owner.persona, ":now": now, ":most": WITH_ONE_WORD,
        };
        let rows: Vec<i64> = with_word.query_map(of_word, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        #[expect(clippy::cast_precision_loss, reason = "at most 200")]
        let worth = 1.0 / rows.len().max(1) as f64;
        rows.iter().for_each(|it| *shared.entry(*it).or_default() += worth);
    }
    let mut best: Vec<(i64, f64)> = shared.into_iter().collect();
    best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    let mut id_of = conn.prepare_cached("SELECT id FROM memories WHERE seq = :seq")?;
    best.iter().take(limit).map(|it| id_of.query_row(named_params! {":seq": it.0}, |row| row.get(0))).collect()
}

fn remove(conn: &rusqlite::Connection, owner: &Owner) -> rusqlite::Result<bool> {
    let gone = conn
        .prepare_cached(
            "DELETE FROM summaries WHERE session_id = :session_id AND namespace = :namespace AND user_id IS :user_id
               AND persona IS :persona",
        )?
        .execute(named_params! {
            ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
            ":persona": owner.persona,
        })?;
    Ok(gone > 0)
}

fn summary_of(conn: &Connection, owner: &Owner) -> rusqlite::Result<Option<SummaryRow>> {
    let found = conn
        .prepare_cached(SUMMARY)?
        .query_row(
            named_params! {
                ":session_id": owner.session_id, ":namespace": owner.namespace, ":user_id": owner.user_id,
                ":persona": owner.persona,
            },
            from_row,
        )
        .optional()?;
    let Some(mut summary) = found else { return Ok(None) };
    summary.sources = conn
        .prepare_cached("SELECT source_id FROM summary_sources WHERE summary_id = :id ORDER BY position, source_id")?
        .query_map(named_params! {":id": summary.id}, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(summary))
}

/// A source that is gone, or a memory that does not hold any more: what was superseded is not said again in a summary.
const LOST_SOURCE: &str = "SELECT EXISTS (SELECT 1 FROM summary_sources AS s
    LEFT JOIN memories AS m ON m.id = s.source_id
    WHERE s.summary_id = :id AND (
        m.superseded_by IS NOT NULL OR m.valid_to <= :now OR m.expires_at <= :now
        OR m.id IS NULL AND NOT EXISTS (SELECT 1 FROM turns AS t WHERE t.id = s.source_id)))";

/// The summary of the session of `owner`, when all that it is made from is there and holds.
pub(super) fn summary_that_holds(
    conn: &Connection,
    owner: &Owner,
    now: Millis,
) -> rusqlite::Result<Option<SummaryRow>> {
    let Some(summary) = summary_of(conn, owner)? else { return Ok(None) };
    let is_lost: bool = conn
        .prepare_cached(LOST_SOURCE)?
        .query_row(named_params! {":id": summary.id, ":now": now}, |row| row.get(0))?;
    Ok((!is_lost).then_some(summary))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SummaryRow> {
    Ok(SummaryRow {
        id: row.get(0)?,
        owner: Owner { namespace: row.get(1)?, user_id: row.get(2)?, persona: row.get(3)?, session_id: row.get(4)? },
        content: row.get(5)?,
        made_by: row.get(6)?,
        covers: row.get(7)?,
        fingerprint: row.get(8)?,
        made_at: row.get(9)?,
        sources: Vec::new(),
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("the entries of a session", ENTRIES.to_owned()),
        ("the summary of a session", SUMMARY.to_owned()),
        ("sources of a summary that are lost", LOST_SOURCE.to_owned()),
        ("what of an owner has a word", WITH_WORD.to_owned()),
    ]
}
