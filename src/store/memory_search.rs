//! What a search of the memories reads: which rows have a word, what stands in a row, what was said around it.
//!
//! Nothing is ranked here. One search is one job on one reading connection, so that all it reads is of one moment.

use std::cell::RefCell;
use std::path::Path;

use rusqlite::CachedStatement;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::ToSql;
use rusqlite::named_params;
use tokio_util::sync::CancellationToken;

use super::db::Store;
use super::error::StoreError;
use super::facts;
use super::keeping;
use super::keeping::SummaryRow;
use super::memories::Bound;
use super::memories::COLUMNS;
use super::memories::MemoryFilter;
use super::memories::MemoryRow;
use super::memories::Validity;
use super::memories::from_row;
use super::standing;
use super::standing::Standing;
use super::vectors;
use super::vectors::Embedded;
use super::vectors::VectorCache;
use crate::clock::Millis;
use crate::scope::Owner;

impl Store {
    /// Runs `work` with what reads the memories that `filter` means.
    ///
    /// # Errors
    ///
    /// Any error of `work`; [`StoreError::Cancelled`] when `cancelled` fires.
    pub async fn search_memories<T: Send + 'static>(
        &self,
        filter: MemoryFilter,
        cancelled: &CancellationToken,
        work: impl FnOnce(&MemoryReader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.path().to_path_buf();
        let vectors = self.vectors();
        self.read_file_until(cancelled, move |conn, file| {
            let bound = Bound::of(&filter);
            let condition = bound.condition();
            work(&MemoryReader { conn, path: &path, file, condition, bound: &bound, vectors: &vectors })
        })
        .await
    }
}

/// Where a word is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What was said, and its tags.
    Text,
    Speaker,
}

/// How many memories there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryCounts {
    /// In the namespace that is searched.
    pub here: u64,
    /// In all.
    pub all: u64,
}

/// A memory as a search looks at it; it lives only while it is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryGlance<'a> {
    pub content: &'a str,
    pub speaker: Option<&'a str>,
    /// JSON array of strings.
    pub tags: &'a str,
    pub kind: &'a str,
    pub importance: f64,
    pub occurred_at: Option<Millis>,
    pub created_at: Millis,
    pub valid_from: Millis,
    pub valid_to: Option<Millis>,
    pub expires_at: Option<Millis>,
    pub superseded: bool,
    pub namespace: &'a str,
    pub user_id: Option<&'a str>,
    pub persona: Option<&'a str>,
    pub session: Option<&'a str>,
}

impl MemoryGlance<'_> {
    /// Whether it has not expired by `now`.
    pub fn alive(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|it| it > now)
    }
}

/// The state of the memories that a reader sees, as far as it concerns those that were there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Which of the files that this process has worked with.
    pub file: u64,
    /// Grows with every change and deletion of a memory; new memories do not count.
    pub change: i64,
}

/// Reads memories, all of one moment.
pub struct MemoryReader<'a> {
    conn: &'a Connection,
    path: &'a Path,
    file: Option<u64>,
    bound: &'a Bound<'a>,
    condition: String,
    vectors: &'a VectorCache,
}

const COUNTS: &str =
    "SELECT coalesce(sum(memories) FILTER (WHERE namespace = :namespace), 0), coalesce(sum(memories), 0)
    FROM memory_counts";

const WITH_WORDS: &str = "SELECT rowid FROM memories_text WHERE memories_text MATCH :words AND rowid < :before
    ORDER BY rowid DESC LIMIT :limit";

/// A word range is read with all its rows, so it has to be narrow.
const VOCABULARY: &str = "SELECT term FROM memories_words WHERE term >= :from AND term < :to LIMIT :limit";

/// All words are read, with all their rows.
const VOCABULARY_WITH: &str = "SELECT term FROM memories_words WHERE instr(term, :part) > 0 LIMIT :limit";

const LAST: &str = "SELECT max(seq) FROM memories";

/// What took the place of `:seq`, and of that, and so on.
const HEIRS: &str = "WITH RECURSIVE heirs (id, depth) AS (
        SELECT superseded_by, 1 FROM memories WHERE seq = :seq AND superseded_by IS NOT NULL
        UNION ALL SELECT next.superseded_by, heirs.depth + 1 FROM heirs JOIN memories AS next ON next.id = heirs.id
        WHERE next.superseded_by IS NOT NULL AND heirs.depth < 32)
    SELECT m.seq FROM heirs CROSS JOIN memories AS m ON m.id = heirs.id WHERE ";

const CHANGE: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'memory_changes'), 0)";

const CHANGED_SINCE: &str = "SELECT id, seq FROM memory_changes WHERE id > :last ORDER BY id";

const GLANCE: &str = "SELECT content, speaker, tags, kind, importance, occurred_at, created_at, valid_from, valid_to,
        expires_at, superseded_by IS NOT NULL, namespace, user_id, persona, session_id
    FROM memories WHERE seq = :seq";

/// Before `:seq`, which came at `:at`; the order is that in which things were said.
const BEFORE: &str = "SELECT seq FROM memories WHERE session_id = :session AND namespace = :namespace
      AND (created_at, seq) < (:at, :seq) ORDER BY created_at DESC, seq DESC LIMIT 1";

const AFTER: &str = "SELECT seq FROM memories WHERE session_id = :session AND namespace = :namespace
      AND (created_at, seq) > (:at, :seq) ORDER BY created_at, seq LIMIT 1";

impl MemoryReader<'_> {
    fn failed(&self, err: &rusqlite::Error) -> StoreError {
        StoreError::of(self.path, err)
    }

    /// How many memories there are, of any owner and whether they hold or not.
    pub fn counts(&self) -> Result<MemoryCounts, StoreError> {
        let namespace = self.bound.namespace();
        let read = |row: &Row<'_>| {
            let count = |at| row.get::<_, i64>(at).map(|it| u64::try_from(it).unwrap_or(0));
            Ok(MemoryCounts { here: count(0)?, all: count(1)? })
        };
        self.conn
            .prepare_cached(COUNTS)
            .and_then(|mut it| it.query_row(named_params! {":namespace": namespace}, read))
            .map_err(|err| self.failed(&err))
    }

    /// The number of the newest memory; 0 when there is none.
    pub fn last(&self) -> Result<i64, StoreError> {
        self.conn
            .prepare_cached(LAST)
            .and_then(|mut it| it.query_row([], |row| row.get::<_, Option<i64>>(0)))
            .map(Option::unwrap_or_default)
            .map_err(|err| self.failed(&err))
    }

    /// The numbers of the memories, whoever they belong to, that have any of `words` in `field`, newest first, below
    /// `before`, at most `limit`. About 0.1 µs each.
    pub fn with_words(
        &self,
        field: Field,
        words: &[String],
        before: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let quoted: Vec<String> = words.iter().map(|it| format!("\"{}\"", it.replace('"', "\"\""))).collect();
        let column = match field {
            Field::Text => "{content tags}",
            Field::Speaker => "speaker",
        };
        let expression = format!("{column} : ({})", quoted.join(" OR "));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<i64>> {
            let mut statement = self.conn.prepare_cached(WITH_WORDS)?;
            let mut rows = statement.query(named_params! {":words": expression, ":before": before, ":limit": limit})?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(row.get(0)?);
            }
            Ok(found)
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The stems of the index that begin with `beginning`, at most `limit`; of all memories, whoever they belong to.
    pub fn vocabulary(&self, beginning: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<String>> {
            let to = format!("{beginning}\u{10FFFF}");
            self.conn
                .prepare_cached(VOCABULARY)?
                .query_map(named_params! {":from": beginning, ":to": to, ":limit": limit}, |row| row.get(0))?
                .collect()
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The stems of the index that hold `part`, at most `limit`; of all memories. Reads the whole index: some 1 ms for
    /// a thousand memories.
    pub fn vocabulary_with(&self, part: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<Vec<String>> {
            self.conn
                .prepare_cached(VOCABULARY_WITH)?
                .query_map(named_params! {":part": part, ":limit": limit}, |row| row.get(0))?
                .collect()
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The numbers of the memories that the filter means, oldest first; `None` when they are more than `limit`.
    pub fn meant(&self, limit: usize) -> Result<Option<Vec<i64>>, StoreError> {
        let mut found = vectors::seqs_of(self.conn, self.bound, limit).map_err(|err| self.failed(&err))?;
        if let Some(found) = &mut found {
            found.sort_unstable();
        }
        Ok(found)
    }

    /// The memories whose place others took and that are meant but for that, oldest first, at most `limit`.
    pub fn superseded(&self, limit: usize) -> Result<Vec<i64>, StoreError> {
        let filter = MemoryFilter { validity: Validity::Any, ..self.bound.filter().clone() };
        let bound = Bound::of(&filter);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = superseded_sql(&bound.condition());
        let read = || -> rusqlite::Result<Vec<i64>> {
            let mut parameters = bound.parameters();
            parameters.push((":limit", &limit));
            self.conn.prepare_cached(&sql)?.query_map(parameters.as_slice(), |row| row.get(0))?.collect()
        };
        let mut found = read().map_err(|err| self.failed(&err))?;
        found.sort_unstable();
        Ok(found)
    }

    /// The first that is meant of those that took the place of `seq`, one after the other.
    pub fn heir(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        let sql = format!("{HEIRS}{} ORDER BY heirs.depth LIMIT 1", self.condition);
        let read = || {
            let mut parameters = self.bound.parameters();
            parameters.push((":seq", &seq));
            self.conn.prepare_cached(&sql)?.query_row(parameters.as_slice(), |row| row.get(0)).optional()
        };
        read().map_err(|err| self.failed(&err))
    }

    /// Which memories are meant.
    pub fn filter(&self) -> &MemoryFilter {
        self.bound.filter()
    }

    /// The state that this reader sees; `None` when what is read of it cannot be kept for the next one.
    pub fn moment(&self) -> Result<Option<Moment>, StoreError> {
        let Some(file) = self.file else { return Ok(None) };
        self.conn
            .prepare_cached(CHANGE)
            .and_then(|mut it| it.query_row([], |row| row.get(0)))
            .map(|change| Some(Moment { file, change }))
            .map_err(|err| self.failed(&err))
    }

    /// The memories that were changed or deleted after `last`, a [`Moment`] of the same file; `None` when those are
    /// more than the file still lists.
    pub fn changed_since(&self, last: Moment) -> Result<Option<Vec<i64>>, StoreError> {
        let read = || -> rusqlite::Result<Option<Vec<i64>>> {
            let mut statement = self.conn.prepare_cached(CHANGED_SINCE)?;
            let mut rows = statement.query(named_params! {":last": last.change})?;
            let (mut changed, mut next) = (Vec::new(), last.change);
            while let Some(row) = rows.next()? {
                next += 1;
                if row.get::<_, i64>(0)? != next {
                    return Ok(None);
                }
                changed.push(row.get(1)?);
            }
            Ok(Some(changed))
        };
        read().map_err(|err| self.failed(&err))
    }

    /// What looks at single memories, one after the other.
    pub fn glances(&self) -> Result<Glances<'_>, StoreError> {
        let statement = self.conn.prepare_cached(GLANCE).map_err(|err| self.failed(&err))?;
        Ok(Glances { reader: self, statement: RefCell::new(statement) })
    }

    /// The memories of the namespace that are nearest in meaning, whether they are meant or not, nearest first.
    pub fn near(&self, query: &Embedded, limit: usize) -> Result<Vec<(i64, f32)>, StoreError> {
        let namespace = self.bound.namespace();
        vectors::near(self.conn, self.vectors, query, namespace, limit).map_err(|err| self.failed(&err))
    }

    /// The memories that the filter means which are nearest in meaning, nearest first, with their cosines. `meant` are
    /// all that it means, when that is known.
    pub fn nearest(
        &self,
        query: &Embedded,
        meant: Option<&[i64]>,
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, StoreError> {
        vectors::nearest(self.conn, self.vectors, query, self.bound, meant, limit).map_err(|err| self.failed(&err))
    }

    /// The cosines of these memories to `query`; `None` for one without a vector of its model.
    pub fn cosines(&self, query: &Embedded, seqs: &[i64]) -> Result<Vec<Option<f32>>, StoreError> {
        let namespace = self.bound.namespace();
        vectors::cosines(self.conn, self.vectors, namespace, query, seqs).map_err(|err| self.failed(&err))
    }

    /// What feedback said of each of these memories, as it counts at the filter's now; `None` where it said nothing.
    /// Nothing is read while there is no feedback at all.
    pub fn standings(&self, seqs: &[i64]) -> Result<Vec<Option<Standing>>, StoreError> {
        let now = self.bound.filter().now;
        let read = || -> rusqlite::Result<Vec<Option<Standing>>> {
            if !standing::any(self.conn)? {
                return Ok(vec![None; seqs.len()]);
            }
            seqs.iter().map(|it| standing::of_memory(self.conn, *it, now)).collect()
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The number of the memory that came right before (or after) the one with the number `seq` in its session;
    /// whoever it belongs to.
    pub fn beside(&self, seq: i64, glance: Beside<'_>) -> Result<Option<i64>, StoreError> {
        let sql = if glance.after { AFTER } else { BEFORE };
        let find = || {
            self.conn
                .prepare_cached(sql)?
                .query_row(
                    named_params! {
                        ":session": glance.session, ":namespace": self.bound.namespace(), ":at": glance.created_at,
                        ":seq": seq,
                    },
                    |row| row.get(0),
                )
                .optional()
        };
        find().map_err(|err| self.failed(&err))
    }

    /// The whole of these memories, in this order, without those that are not there or not meant.
    pub fn rows(&self, seqs: &[i64]) -> Result<Vec<(i64, MemoryRow)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM memories AS m WHERE m.seq = :seq AND {}", self.condition);
        let read = || -> rusqlite::Result<Vec<(i64, MemoryRow)>> {
            let mut statement = self.conn.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(seqs.len());
            for seq in seqs {
                let mut parameters = self.bound.parameters();
                parameters.push((":seq", seq as &dyn ToSql));
                let row = statement.query_row(parameters.as_slice(), from_row).optional()?;
                found.extend(row.map(|it| (*seq, it)));
            }
            Ok(found)
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The memory with this id, with its number, when it is meant.
    pub fn with_id(&self, id: &str) -> Result<Option<(i64, MemoryRow)>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, m.seq AS seq FROM memories AS m WHERE m.id = :id AND {}", self.condition);
        let read = || {
            let mut parameters = self.bound.parameters();
            parameters.push((":id", &id));
            self.conn.prepare_cached(&sql)?.query_row(parameters.as_slice(), numbered).optional()
        };
        read().map_err(|err| self.failed(&err))
    }

    /// The numbers of the newest memories that state `attribute` of `subject`, of whoever the filter's view sees.
    pub fn with_fact(&self, subject: &str, attribute: &str) -> Result<Vec<i64>, StoreError> {
        facts::with_fact(self.conn, &self.filter().view, subject, attribute).map_err(|err| self.failed(&err))
    }

    /// The last memory that was told after `seq` and likely says that something in it is over; whether it is meant or not.
    pub fn doubt(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        facts::doubt(self.conn, seq, self.filter().now).map_err(|err| self.failed(&err))
    }

    /// The summary of the session of `owner`, when every memory that it is made from is there and holds.
    pub fn summary(&self, owner: &Owner) -> Result<Option<SummaryRow>, StoreError> {
        keeping::summary_that_holds(self.conn, owner, self.filter().now).map_err(|err| self.failed(&err))
    }

    /// The memories that the filter means, the last learned first, with their numbers; only those behind one that was
    /// learned then and has that number.
    pub fn newest(&self, limit: usize, behind: Option<(Millis, i64)>) -> Result<Vec<(i64, MemoryRow)>, StoreError> {
        self.list(&newest_sql(&self.condition), limit, behind)
    }

    /// As [`MemoryReader::newest`], by when each happened, or else was learned.
    pub fn latest(&self, limit: usize, behind: Option<(Millis, i64)>) -> Result<Vec<(i64, MemoryRow)>, StoreError> {
        self.list(&latest_sql(&self.condition), limit, behind)
    }

    fn list(
        &self,
        sql: &str,
        limit: usize,
        behind: Option<(Millis, i64)>,
    ) -> Result<Vec<(i64, MemoryRow)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (behind_at, behind_seq) = behind.unzip();
        let read = || -> rusqlite::Result<Vec<(i64, MemoryRow)>> {
            let mut parameters = self.bound.parameters();
            parameters.push((":limit", &limit));
            parameters.push((":behind_at", &behind_at));
            parameters.push((":behind_seq", &behind_seq));
            self.conn.prepare_cached(sql)?.query_map(parameters.as_slice(), numbered)?.collect()
        };
        read().map_err(|err| self.failed(&err))
    }
}

/// A memory with its number.
fn numbered(row: &Row<'_>) -> rusqlite::Result<(i64, MemoryRow)> {
    Ok((row.get("seq")?, from_row(row)?))
}

/// Where something is that has a neighbour.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    pub session: &'a str,
    pub created_at: Millis,
    pub after: bool,
}

/// Looks at single memories, one after the other, whether they are meant or not.
pub struct Glances<'a> {
    reader: &'a MemoryReader<'a>,
    statement: RefCell<CachedStatement<'a>>,
}

impl Glances<'_> {
    /// What `look` makes of the memory with this number; `None` when there is none. About 2 µs.
    pub fn at<T>(&self, seq: i64, look: impl FnOnce(&MemoryGlance<'_>) -> T) -> Result<Option<T>, StoreError> {
        let mut statement = self.statement.borrow_mut();
        let read = || -> rusqlite::Result<Option<T>> {
            // The only parameter.
            statement.raw_bind_parameter(1, seq)?;
            let mut rows = statement.raw_query();
            let Some(row) = rows.next()? else { return Ok(None) };
            let text = |at| row.get_ref(at).and_then(|it| Ok(it.as_str_or_null()?));
            Ok(Some(look(&MemoryGlance {
                content: text(0)?.unwrap_or_default(),
                speaker: text(1)?,
                tags: text(2)?.unwrap_or_default(),
                kind: text(3)?.unwrap_or_default(),
                importance: row.get(4)?,
                occurred_at: row.get(5)?,
                created_at: row.get(6)?,
                valid_from: row.get(7)?,
                valid_to: row.get(8)?,
                expires_at: row.get(9)?,
                superseded: row.get(10)?,
                namespace: text(11)?.unwrap_or_default(),
                user_id: text(12)?,
                persona: text(13)?,
                session: text(14)?,
            })))
        };
        read().map_err(|err| self.reader.failed(&err))
    }
}

/// By the index of what was superseded: there is little of it, and the planner takes a namespace to be smaller.
fn superseded_sql(condition: &str) -> String {
    format!(
        "SELECT m.seq FROM memories AS m INDEXED BY memories_by_successor
        WHERE m.superseded_by IS NOT NULL AND {condition} LIMIT :limit"
    )
}

pub(super) fn newest_sql(condition: &str) -> String {
    list_sql(condition, "m.created_at")
}

/// By the index of times, which is the order that is wanted here.
pub(super) fn latest_sql(condition: &str) -> String {
    list_sql(&condition.replace("+coalesce(", "coalesce("), "coalesce(m.occurred_at, m.created_at)")
}

fn list_sql(condition: &str, at: &str) -> String {
    format!(
        "SELECT {COLUMNS}, m.seq AS seq FROM memories AS m
         WHERE (:behind_at IS NULL OR ({at}, m.seq) < (:behind_at, :behind_seq)) AND {condition}
         ORDER BY {at} DESC, m.seq DESC LIMIT :limit"
    )
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("memories with words", WITH_WORDS.to_owned()),
        ("the number of memories", COUNTS.to_owned()),
        ("the newest memory", LAST.to_owned()),
        ("how often memories were changed", CHANGE.to_owned()),
        ("memories changed since", CHANGED_SINCE.to_owned()),
        ("a memory that is looked at", GLANCE.to_owned()),
        ("the words of the index", VOCABULARY.to_owned()),
        ("what came before in a session", BEFORE.to_owned()),
        ("what came after in a session", AFTER.to_owned()),
        ("what was superseded in a namespace", superseded_sql("m.namespace = :namespace AND m.user_id IS NULL")),
        ("what took the place of a memory", format!("{HEIRS}m.namespace = :namespace")),
    ]
}
