//! The rows of memories and their text index.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use super::facts;
use super::facts::Contradiction;
use super::forget::Deletion;
use super::forget::erase;
use super::history;
use super::memory_search::MemoryGlance;
use super::vectors;
use super::vectors::Embedded;
use crate::clock::Millis;
use crate::meaning;
use crate::meaning::Fact;
use crate::scope::Owner;
use crate::scope::View;

/// A memory to be stored.
#[derive(Clone, Debug)]
pub struct NewMemory {
    pub owner: Owner,
    pub kind: String,
    pub speaker: Option<String>,
    pub content: String,
    pub tags: Vec<String>,
    /// 0.0..=1.0.
    pub importance: f64,
    pub occurred_at: Option<Millis>,
    pub valid_from: Millis,
    pub valid_to: Option<Millis>,
    pub expires_at: Option<Millis>,
    pub source: Option<String>,
    /// The id of the memory whose place it takes.
    pub supersedes: Option<String>,
    /// Equal for exact duplicates of one owner.
    pub content_key: Vec<u8>,
    /// `content` as the text index is to see it.
    pub index_text: String,
    /// What the content means; `None` when that is found out later.
    pub vector: Option<Embedded>,
    pub reading: Reading,
}

/// What was read out of a memory before it is stored, and where it is from.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub facts: Vec<Fact>,
    /// What may be over by it and no fact says: looked for when no fact meets another, and not kept.
    pub asks: Vec<Fact>,
    /// Whether it may take the place of what it contradicts for certain.
    pub may_supersede: bool,
    /// Equal for those of one owner that probably say the same in other words; `None` is like no other.
    pub gist_key: Option<Vec<u8>>,
    /// `user`, `assistant`, `imported` or `document`.
    pub trust: String,
    /// The program that told it.
    pub written_by: Option<String>,
    /// What is suspicious about it.
    pub flags: Vec<String>,
}

/// Where a kept memory is from, and how far it can be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub trust: String,
    pub written_by: Option<String>,
    /// The sources of its duplicates, besides its own.
    pub more_sources: Vec<String>,
    /// How often it was told.
    pub times_seen: i64,
    pub flags: Vec<String>,
}

/// A memory as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryRow {
    pub id: String,
    pub owner: Owner,
    pub kind: String,
    pub speaker: Option<String>,
    pub content: String,
    pub tags: Vec<String>,
    pub importance: f64,
    pub occurred_at: Option<Millis>,
    pub valid_from: Millis,
    pub valid_to: Option<Millis>,
    pub created_at: Millis,
    pub expires_at: Option<Millis>,
    pub source: Option<String>,
    pub superseded_by: Option<String>,
    pub origin: Origin,
}

/// What became of a memory that was to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    pub id: String,
    pub status: Status,
    pub supersedes: Option<String>,
    /// What it contradicts, whether it took its place or not.
    pub contradicts: Vec<Contradiction>,
}

/// What storing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A new row.
    Stored,
    /// It was there already; the id is the older one's.
    Duplicate,
    /// A new row that took the place of an older one.
    Superseded,
}

/// When a memory must have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It holds at this moment: not superseded, not ended. What lies ahead (a meeting next week) counts.
    Current(Millis),
    /// It held at this moment, whenever it was learned.
    AsOf(Millis),
    /// Whether it holds does not matter.
    Any,
}

/// Which memories are meant.
#[derive(Clone, Debug)]
pub struct MemoryFilter {
    pub view: View,
    pub kinds: Vec<String>,
    /// All of them must be there.
    pub tags: Vec<String>,
    /// Of when it happened, or else was learned: `since <= t < until`.
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub validity: Validity,
    /// Whether a given user or persona means only its own, and not what has no owner too.
    pub own_only: bool,
    /// Now: what has expired by then is gone.
    pub now: Millis,
}

impl MemoryFilter {
    /// Whether it means this memory: what `Bound::condition` says in SQL.
    pub fn means(&self, it: &MemoryGlance<'_>) -> bool {
        let has = |at: Millis| it.valid_to.is_none_or(|until| until > at);
        let holds = match self.validity {
            Validity::Any => true,
            Validity::Current(at) => !it.superseded && has(at),
            Validity::AsOf(at) => it.valid_from <= at && has(at),
        };
        holds && self.means_at_some_time(it)
    }

    /// Whether a memory is among them, or was or will be.
    pub fn means_at_some_time(&self, it: &MemoryGlance<'_>) -> bool {
        let view = &self.view;
        let belongs = |asked: &Option<String>, owner: Option<&str>| match owner {
            None => asked.is_none() || !self.own_only,
            Some(owner) => asked.as_deref() == Some(owner),
        };
        let happened = it.occurred_at.unwrap_or(it.created_at);
        it.namespace == view.namespace
            && it.alive(self.now)
            && belongs(&view.user_id, it.user_id)
            && belongs(&view.persona, it.persona)
            && view.session_id.as_deref().is_none_or(|asked| it.session == Some(asked))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == it.kind))
            && (self.tags.is_empty() || has_all(it.tags, &self.tags))
            && self.since.is_none_or(|since| happened >= since)
            && self.until.is_none_or(|until| happened < until)
    }
}

/// Whether all of `wanted` are among the tags, which are a JSON array.
fn has_all(tags: &str, wanted: &[String]) -> bool {
    let tags: Vec<String> = serde_json::from_str(tags).unwrap_or_default();
    wanted.iter().all(|it| tags.contains(it))
}

pub(super) const COLUMNS: &str =
    "m.id, m.namespace, m.user_id, m.persona, m.session_id, m.kind, m.speaker, m.content, m.tags,
    m.importance, m.occurred_at, m.valid_from, m.valid_to, m.created_at, m.expires_at, m.source, m.superseded_by,
    m.trust, m.written_by, m.sources, m.times_seen, m.flags";

const BY_ID: &str = "FROM memories AS m WHERE m.id = :id AND (m.expires_at IS NULL OR m.expires_at > :now)";

const INSERT: &str = "INSERT INTO memories (id, namespace, user_id, persona, session_id, kind, speaker, content, tags,
        importance, occurred_at, valid_from, valid_to, created_at, expires_at, source, content_key, gist_key, trust,
        written_by, flags)
    VALUES (:id, :namespace, :user_id, :persona, :session_id, :kind, :speaker, :content, :tags,
        :importance, :occurred_at, :valid_from, :valid_to, :created_at, :expires_at, :source, :content_key, :gist_key,
        :trust, :written_by, :flags)";

const INSERT_TEXT: &str =
    "INSERT INTO memories_text (rowid, content, speaker, tags) VALUES (:seq, :content, :speaker, :tags)";

/// The same words; what two people said in turn stays two, unless it is the same report of it.
const FIND_DUPLICATE: &str = "SELECT m.seq, m.id, m.tags, m.source, m.sources, m.content FROM memories AS m
    WHERE m.content_key = :key AND m.superseded_by IS NULL
      AND (m.valid_to IS NULL OR m.valid_to > :now) AND (m.expires_at IS NULL OR m.expires_at > :now)
      AND (m.kind <> 'turn' OR m.source IS NULL OR :source IS NULL OR m.source = :source)
    ORDER BY m.seq LIMIT 1";

/// Those that probably say the same in other words.
const FIND_ALIKE: &str = "SELECT m.seq, m.id, m.tags, m.source, m.sources, m.content FROM memories AS m
    WHERE m.gist_key = :key AND m.superseded_by IS NULL
      AND (m.valid_to IS NULL OR m.valid_to > :now) AND (m.expires_at IS NULL OR m.expires_at > :now)
    ORDER BY m.seq LIMIT 8";

const ENRICH: &str = "UPDATE memories SET tags = :tags, source = coalesce(source, :source), sources = :sources,
    importance = max(importance, :importance), times_seen = coalesce(times_seen, 1) + 1 WHERE seq = :seq";

/// A memory that was replaced before keeps its earlier end: what it said did not hold again in between. Only one of the same
/// owner: what belongs to nobody ends for everybody, and who does not see the new one has nothing in its place.
const SUPERSEDE: &str = "UPDATE memories SET
        valid_to = CASE WHEN superseded_by IS NULL THEN :at ELSE min(valid_to, :at) END, superseded_by = :by
    WHERE id = :id AND namespace = :namespace AND user_id IS :user_id AND persona IS :persona";

/// Whether somebody sees a memory.
const SEES: &str = "SELECT EXISTS (SELECT 1 FROM memories WHERE id = :id AND namespace = :namespace
      AND (user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona))";

impl Store {
    /// Stores `items` in order, all or none, and says what became of each.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when an item supersedes what is not there, [`StoreError::Denied`] when it is of a user or persona
    /// and that belongs to everybody.
    pub async fn remember(&self, items: Vec<NewMemory>, now: Millis) -> Result<Vec<Remembered>, StoreError> {
        let path = self.path().to_path_buf();
        self.note_time(now);
        self.write(move |tx| {
            let mut fresh = Vec::new();
            let mut remember = |item: &NewMemory| -> Result<Remembered, Failed> {
                let done = remember_one(tx, item, now, &mut fresh)?;
                super::audit::remembered(tx, item, &done, now)?;
                Ok(done)
            };
            items.iter().map(|item| remember(item).map_err(|err| err.at(&path))).collect()
        })
        .await
    }

    /// The memories with these ids that have not expired, in the order of the ids; unknown ones are left out.
    pub async fn memories_by_id(&self, ids: Vec<String>, now: Millis) -> Result<Vec<MemoryRow>, StoreError> {
        self.query(move |conn| {
            let sql = format!("SELECT {COLUMNS} {BY_ID}");
            let mut statement = conn.prepare_cached(&sql)?;
            let mut found = Vec::new();
            for id in &ids {
                let row = statement.query_row(named_params! {":id": id, ":now": now}, from_row).optional()?;
                found.extend(row);
            }
            Ok(found)
        })
        .await
    }

    /// The ids that `filter` means, oldest first, at most `limit`.
    pub async fn memory_ids(&self, filter: MemoryFilter, limit: usize) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            let bound = Bound::of(&filter);
            let sql = format!(
                "SELECT m.id FROM memories AS m WHERE {} ORDER BY m.created_at, m.seq LIMIT :limit",
                bound.condition()
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let mut parameters = bound.parameters();
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            parameters.push((":limit", &limit));
            statement.query_map(parameters.as_slice(), |row| row.get(0))?.collect()
        })
        .await
    }

    /// Deletes what has expired by `now`, memories and contexts, and returns how many rows went. The writing thread
    /// does the same by itself now and then.
    pub async fn sweep(&self, now: Millis) -> Result<usize, StoreError> {
        self.change(move |tx| sweep(tx, now)).await
    }
}

/// Memories that one sweep deletes at most, so that other processes hardly wait for it.
const SWEPT_AT_ONCE: i64 = 1000;

const HAS_EXPIRED: &str = "SELECT EXISTS (SELECT 1 FROM memories WHERE expires_at <= :now)
    OR EXISTS (SELECT 1 FROM contexts WHERE expires_at <= :now)";

/// Whether there is anything to sweep.
pub(super) fn has_expired(conn: &Connection, now: Millis) -> rusqlite::Result<bool> {
    conn.prepare_cached(HAS_EXPIRED)?.query_row(named_params! {":now": now}, |row| row.get(0))
}

pub(super) fn sweep(conn: &Connection, now: Millis) -> rusqlite::Result<usize> {
    let expired: Vec<String> = conn
        .prepare_cached("SELECT id FROM memories WHERE expires_at <= :now LIMIT :limit")?
        .query_map(named_params! {":now": now, ":limit": SWEPT_AT_ONCE}, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let deletion = Deletion { at: now, actor: "expiry".to_owned(), why: "its time had come".to_owned() };
    for id in &expired {
        erase(conn, id, &deletion)?;
    }
    Ok(expired.len() + super::contexts::sweep(conn, now)?)
}

/// A step that failed in SQL, or because of what the caller named.
enum Failed {
    Sql(rusqlite::Error),
    Caller(StoreError),
}

impl Failed {
    fn at(self, path: &std::path::Path) -> StoreError {
        match self {
            Failed::Sql(err) => StoreError::of(path, &err),
            Failed::Caller(err) => err,
        }
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(err: rusqlite::Error) -> Failed {
        Failed::Sql(err)
    }
}

/// Stores one memory. `fresh` are the ids that the same call has stored before it.
fn remember_one(
    conn: &Connection,
    item: &NewMemory,
    now: Millis,
    fresh: &mut Vec<String>,
) -> Result<Remembered, Failed> {
    if let Some(known) = find_known(conn, item, now)?
        && item.supersedes.as_ref() != Some(&known.id)
    {
        enrich(conn, &known, item, now)?;
        if let Some(old) = &item.supersedes {
            supersede(conn, old, &known.id, item, now)?;
        }
        return Ok(Remembered {
            id: known.id,
            status: Status::Duplicate,
            supersedes: item.supersedes.clone(),
            contradicts: Vec::new(),
        });
    }
    let id = crate::ids::fresh();
    insert(conn, &id, item, now)?;
    if let Some(old) = &item.supersedes {
        supersede(conn, old, &id, item, now)?;
    }
    let contradicts = facts::settle(conn, &id, item, now, fresh)?;
    fresh.push(id.clone());
    let replaced = contradicts.iter().find(|it| it.superseded).map(|it| it.id.clone());
    let supersedes = item.supersedes.clone().or(replaced);
    let status = if supersedes.is_some() { Status::Superseded } else { Status::Stored };
    Ok(Remembered { id, status, supersedes, contradicts })
}

/// A memory that says the same already.
struct Known {
    seq: i64,
    id: String,
    tags: String,
    source: Option<String>,
    sources: Option<String>,
    content: String,
}

/// Exactly the same, or the same in other words with nothing in it that differs.
fn find_known(conn: &Connection, item: &NewMemory, now: Millis) -> rusqlite::Result<Option<Known>> {
    let exact = conn
        .prepare_cached(FIND_DUPLICATE)?
        .query_row(named_params! {":key": item.content_key, ":now": now, ":source": item.source}, known)
        .optional()?;
    let (None, Some(key)) = (&exact, &item.reading.gist_key) else { return Ok(exact) };
    let mut statement = conn.prepare_cached(FIND_ALIKE)?;
    let alike = statement.query_map(named_params! {":key": key, ":now": now}, known)?;
    for candidate in alike {
        let candidate = candidate?;
        if meaning::says_the_same(&candidate.content, &item.content, item.speaker.as_deref()) {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        seq: row.get(0)?,
        id: row.get(1)?,
        tags: row.get(2)?,
        source: row.get(3)?,
        sources: row.get(4)?,
        content: row.get(5)?,
    })
}

/// Writes one row and its index entry.
fn insert(conn: &Connection, id: &str, item: &NewMemory, now: Millis) -> rusqlite::Result<()> {
    let tags = as_json(&item.tags);
    conn.prepare_cached(INSERT)?.execute(named_params! {
        ":id": id,
        ":namespace": item.owner.namespace,
        ":user_id": item.owner.user_id,
        ":persona": item.owner.persona,
        ":session_id": item.owner.session_id,
        ":kind": item.kind,
        ":speaker": item.speaker,
        ":content": item.content,
        ":tags": tags,
        ":importance": item.importance,
        ":occurred_at": item.occurred_at,
        ":valid_from": item.valid_from,
        ":valid_to": item.valid_to,
        ":created_at": now,
        ":expires_at": item.expires_at,
        ":source": item.source,
        ":content_key": item.content_key,
        ":gist_key": item.reading.gist_key,
        ":trust": item.reading.trust,
        ":written_by": item.reading.written_by,
        ":flags": (!item.reading.flags.is_empty()).then(|| as_json(&item.reading.flags)),
    })?;
    let seq = conn.last_insert_rowid();
    if let Some(embedded) = &item.vector {
        vectors::insert(conn, &item.owner.namespace, seq, embedded)?;
    }
    index(conn, seq, &item.index_text, item.speaker.as_deref(), &item.tags)
}

pub(super) fn index(
    conn: &Connection,
    seq: i64,
    text: &str,
    speaker: Option<&str>,
    tags: &[String],
) -> rusqlite::Result<()> {
    conn.prepare_cached(INSERT_TEXT)?.execute(named_params! {
        ":seq": seq, ":content": text, ":speaker": speaker, ":tags": tags.join(" "),
    })?;
    Ok(())
}

/// Joins what a duplicate brings along: nothing that was said is lost.
fn enrich(conn: &Connection, known: &Known, item: &NewMemory, now: Millis) -> rusqlite::Result<()> {
    let mut tags: Vec<String> = serde_json::from_str(&known.tags).unwrap_or_default();
    let mut sources: Vec<String> = list(known.sources.as_deref());
    let before = (tags.len(), sources.len());
    for tag in &item.tags {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    let is_new = |it: &&String| known.source.is_some() && known.source.as_ref() != Some(*it) && !sources.contains(*it);
    if let Some(source) = item.source.as_ref().filter(is_new) {
        sources.push(source.clone());
    }
    conn.prepare_cached(ENRICH)?.execute(named_params! {
        ":tags": as_json(&tags),
        ":source": item.source,
        ":sources": (!sources.is_empty()).then(|| as_json(&sources)),
        ":importance": item.importance,
        ":seq": known.seq,
    })?;
    let other_words = (known.content.trim() != item.content.trim()).then_some(item.content.as_str());
    if tags.len() > before.0 {
        // Found by the words of both.
        let text = other_words.map(|_| format!("{}\n{}", known.content, item.index_text));
        conn.prepare_cached("DELETE FROM memories_text WHERE rowid = :seq")?
            .execute(named_params! {":seq": known.seq})?;
        index(conn, known.seq, text.as_ref().unwrap_or(&item.index_text), item.speaker.as_deref(), &tags)?;
    }
    // The hundredth report of the same thing is no news.
    if other_words.is_some() || (tags.len(), sources.len()) != before {
        let detail = serde_json::json!({"content": other_words, "source": item.source, "tags": item.tags});
        history::note(conn, &known.id, now, "merged", &detail)?;
    }
    Ok(())
}

fn supersede(conn: &Connection, old: &str, by: &str, item: &NewMemory, now: Millis) -> Result<(), Failed> {
    let owner = &item.owner;
    let changed = conn.prepare_cached(SUPERSEDE)?.execute(named_params! {
        ":by": by, ":at": item.valid_from, ":id": old, ":namespace": owner.namespace,
        ":user_id": owner.user_id, ":persona": owner.persona,
    })?;
    if changed == 0 {
        let seen = conn.prepare_cached(SEES)?.query_row(
            named_params! {
                ":id": old, ":namespace": owner.namespace, ":user_id": owner.user_id, ":persona": owner.persona,
            },
            |row| row.get(0),
        )?;
        return Err(Failed::Caller(match seen {
            true => StoreError::Denied { what: format!("memory {old}") },
            false => StoreError::Missing { what: "memory", id: old.to_owned() },
        }));
    }
    history::note(conn, old, now, "superseded", &serde_json::json!({"by": by, "why": "replaced"}))?;
    Ok(())
}

fn as_json(list: &[String]) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}

fn list(json: Option<&str>) -> Vec<String> {
    json.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
}

pub(super) fn delete_one(conn: &Connection, id: &str) -> rusqlite::Result<bool> {
    let seq: Option<i64> = conn
        .prepare_cached("DELETE FROM memories WHERE id = :id RETURNING seq")?
        .query_row(named_params! {":id": id}, |row| row.get(0))
        .optional()?;
    if let Some(seq) = seq {
        conn.prepare_cached("DELETE FROM memories_text WHERE rowid = :seq")?.execute(named_params! {":seq": seq})?;
    }
    Ok(seq.is_some())
}

/// What it is joined with has the words; the condition says whether it has the tags.
const WITH_TAG_WORDS: &str =
    "(SELECT rowid AS seq FROM memories_text WHERE memories_text MATCH :tag_words) AS tagged CROSS JOIN";

/// What has all words of these tags, for the text index.
fn tag_words(tags: &[String]) -> Option<String> {
    let with_words = tags.iter().filter(|it| it.chars().any(char::is_alphanumeric));
    // A query of the index ends at a NUL, also within quotes.
    let quoted: Vec<String> = with_words.map(|it| format!("\"{}\"", it.replace(['"', '\0'], " "))).collect();
    (!quoted.is_empty()).then(|| format!("{{tags}} : ({})", quoted.join(" AND ")))
}

/// The values of a filter, in the form in which they are bound.
pub(super) struct Bound<'a> {
    filter: &'a MemoryFilter,
    kinds: String,
    tags: String,
    /// The words of the tags, to be asked of the text index; `None` when they have none.
    tag_words: Option<String>,
    current: Option<Millis>,
    as_of: Option<Millis>,
}

impl Bound<'_> {
    pub(super) fn of(filter: &MemoryFilter) -> Bound<'_> {
        let json = |list: &[String]| serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned());
        let (current, as_of) = match filter.validity {
            Validity::Current(at) => (Some(at), None),
            Validity::AsOf(at) => (None, Some(at)),
            Validity::Any => (None, None),
        };
        // A session has an index that leaves less.
        let tag_words = if filter.view.session_id.is_some() { None } else { tag_words(&filter.tags) };
        Bound { filter, kinds: json(&filter.kinds), tags: json(&filter.tags), tag_words, current, as_of }
    }

    pub(super) fn filter(&self) -> &MemoryFilter {
        self.filter
    }

    pub(super) fn namespace(&self) -> &str {
        &self.filter.view.namespace
    }

    /// What [`View::sees`] and [`Validity`] say, of the row `m`. Only what is asked for is in it, so that the
    /// planner sees which index serves.
    pub(super) fn condition(&self) -> String {
        let filter = self.filter;
        let mut parts = vec!["m.namespace = :namespace", "(m.expires_at IS NULL OR m.expires_at > :now)"];
        parts.push(match filter.view.user_id {
            Some(_) if filter.own_only => "m.user_id = :user_id",
            Some(_) => "(m.user_id IS NULL OR m.user_id = :user_id)",
            None => "m.user_id IS NULL",
        });
        parts.push(match filter.view.persona {
            Some(_) if filter.own_only => "m.persona = :persona",
            Some(_) => "(m.persona IS NULL OR m.persona = :persona)",
            None => "m.persona IS NULL",
        });
        let mut when = |asked: bool, part| parts.extend(asked.then_some(part));
        when(filter.view.session_id.is_some(), "m.session_id = :session_id");
        when(!filter.kinds.is_empty(), "m.kind IN (SELECT value FROM json_each(:kinds))");
        when(
            !filter.tags.is_empty(),
            "NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted
                WHERE wanted.value NOT IN (SELECT value FROM json_each(m.tags)))",
        );
        // The plus keeps the planner from the index of times, which would give up the order of the newest.
        when(filter.since.is_some(), "+coalesce(m.occurred_at, m.created_at) >= :since");
        when(filter.until.is_some(), "+coalesce(m.occurred_at, m.created_at) < :until");
        when(self.current.is_some(), "m.superseded_by IS NULL AND (m.valid_to IS NULL OR m.valid_to > :current)");
        when(self.as_of.is_some(), "m.valid_from <= :as_of AND (m.valid_to IS NULL OR m.valid_to > :as_of)");
        parts.join(" AND ")
    }

    /// The table `m` under the same condition, for a query that looks for all that is meant in any order: times by
    /// their index, tags by the text index.
    pub(super) fn source_by_index(&self) -> String {
        let condition = self.condition().replace("+coalesce(", "coalesce(");
        let tags = if self.tag_words.is_some() { WITH_TAG_WORDS } else { "" };
        let joined = if self.tag_words.is_some() { "m.seq = tagged.seq AND " } else { "" };
        format!("{tags} memories AS m WHERE {joined}{condition}")
    }

    /// The values of what [`Bound::source_by_index`] has in it.
    pub(super) fn parameters_by_index(&self) -> Vec<(&'static str, &dyn rusqlite::ToSql)> {
        let mut bound = self.parameters();
        bound.extend(self.tag_words.as_ref().map(|it| (":tag_words", it as &dyn rusqlite::ToSql)));
        bound
    }

    /// The values of what [`Bound::condition`] has in it.
    pub(super) fn parameters(&self) -> Vec<(&'static str, &dyn rusqlite::ToSql)> {
        let filter = self.filter;
        let mut bound: Vec<(&'static str, &dyn rusqlite::ToSql)> =
            vec![(":namespace", &filter.view.namespace), (":now", &filter.now)];
        let mut when = |asked: bool, name, value| bound.extend(asked.then_some((name, value)));
        when(filter.view.user_id.is_some(), ":user_id", &filter.view.user_id as &dyn rusqlite::ToSql);
        when(filter.view.persona.is_some(), ":persona", &filter.view.persona);
        when(filter.view.session_id.is_some(), ":session_id", &filter.view.session_id);
        when(!filter.kinds.is_empty(), ":kinds", &self.kinds);
        when(!filter.tags.is_empty(), ":tags", &self.tags);
        when(filter.since.is_some(), ":since", &filter.since);
        when(filter.until.is_some(), ":until", &filter.until);
        when(self.current.is_some(), ":current", &self.current);
        when(self.as_of.is_some(), ":as_of", &self.as_of);
        bound
    }
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<MemoryRow> {
    Ok(MemoryRow {
        id: row.get(0)?,
        owner: Owner { namespace: row.get(1)?, user_id: row.get(2)?, persona: row.get(3)?, session_id: row.get(4)? },
        kind: row.get(5)?,
        speaker: row.get(6)?,
        content: row.get(7)?,
        tags: serde_json::from_str(&row.get::<_, String>(8)?).unwrap_or_default(),
        importance: row.get(9)?,
        occurred_at: row.get(10)?,
        valid_from: row.get(11)?,
        valid_to: row.get(12)?,
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
        source: row.get(15)?,
        superseded_by: row.get(16)?,
        origin: Origin {
            trust: row.get::<_, Option<String>>(17)?.unwrap_or_else(|| "user".to_owned()),
            written_by: row.get(18)?,
            more_sources: list(row.get::<_, Option<String>>(19)?.as_deref()),
            times_seen: row.get::<_, Option<i64>>(20)?.unwrap_or(1),
            flags: list(row.get::<_, Option<String>>(21)?.as_deref()),
        },
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    use super::memory_search::latest_sql;
    use super::memory_search::newest_sql;
    use super::vectors::seqs_sql;

    let view = |session: Option<&str>| View::new(None, Some("u".to_owned()), None, session.map(str::to_owned));
    let filter = |session, validity| MemoryFilter {
        own_only: false,
        view: view(session),
        kinds: vec!["fact".to_owned()],
        tags: Vec::new(),
        since: Some(0),
        until: None,
        validity,
        now: 0,
    };
    let kind = MemoryFilter { since: None, ..filter(None, Validity::Current(0)) };
    let time = MemoryFilter { kinds: Vec::new(), ..filter(None, Validity::Current(0)) };
    let tags = MemoryFilter { tags: vec!["t".to_owned()], since: None, kinds: Vec::new(), ..kind.clone() };
    let (all, of_session) = (filter(None, Validity::Current(0)), filter(Some("s"), Validity::AsOf(0)));
    vec![
        ("all of a kind", seqs_sql(&Bound::of(&kind))),
        ("all of a time", seqs_sql(&Bound::of(&time))),
        ("all with a tag", seqs_sql(&Bound::of(&tags))),
        ("the newest memories", newest_sql(&Bound::of(&all).condition())),
        ("the latest memories of a time", latest_sql(&Bound::of(&time).condition())),
        ("the newest memories of a session", newest_sql(&Bound::of(&of_session).condition())),
        ("a memory by its id", format!("SELECT {COLUMNS} {BY_ID}")),
        ("a duplicate", FIND_DUPLICATE.to_owned()),
        ("those that say the same", FIND_ALIKE.to_owned()),
        ("an ended memory", SUPERSEDE.to_owned()),
        ("anything expired", HAS_EXPIRED.to_owned()),
    ]
}
