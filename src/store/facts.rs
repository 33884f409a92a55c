//! The facts that memories state: found again by owner, subject and attribute, so that a new one meets the old ones
//! that it contradicts.

mod again;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use super::history;
use super::memories::NewMemory;
use crate::clock;
use crate::clock::Millis;
use crate::ids;
use crate::meaning;
use crate::meaning::Fact;
use crate::scope::Owner;
use crate::scope::View;

pub use again::Unread;

/// An older memory that a new one contradicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    pub id: String,
    pub content: String,
    pub attribute: String,
    /// The values as they are written.
    pub old_value: String,
    pub new_value: String,
    /// 0.0..=1.0; from [`meaning::CERTAIN`] on, the new one may take its place.
    pub confidence: f64,
    /// Whether the new one took its place. Not when it was learned late and held before the other.
    pub superseded: bool,
    /// Since when the other holds.
    pub valid_from: Millis,
}

/// Facts of a memory that are kept; a text that states more is a document.
const FACTS: usize = 20;

/// Facts on one subject and attribute that are looked at, on either side of a moment.
const LOOKED_AT: i64 = 64;

/// Memories that are told of as likely to be over: of what is about a thing of which more is said, most goes on.
const ASKED: usize = 3;

/// How sure a contradiction is of which a search tells, and the newest facts of one thing that it looks at: with 64 of them
/// a search among 1,451 notes took a sixth more of the processor (2026-11-28).
const LIKELY: f64 = 0.8;
const DOUBTS_LOOKED_AT: i64 = 8;

/// Memories with one fact that a question by its noun is shown.
const STATED: i64 = 8;

/// How sure a contradiction is at most when it is not known which of two came later.
const UNSURE: f64 = 0.6;

const INSERT: &str =
    "INSERT INTO memory_facts (fact_key, valid_from, memory_id, place, subject, attribute, value, shown,
        replaces, holds, many, is_change, is_whole, confidence)
    VALUES (:key, :valid_from, :memory_id, :place, :subject, :attribute, :value, :shown,
        :replaces, :holds, :many, :is_change, :is_whole, :confidence)";

const OF_SEQ: &str = "SELECT id FROM memories WHERE seq = :seq";

/// What held at the moment `:at`, the newest first.
const BEFORE: &str =
    "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence, m.created_at
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from <= :at
          ORDER BY valid_from DESC LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > :at) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// What began to hold after the moment `:at`, the earliest first.
const AFTER: &str = "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence, m.created_at
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from > :at
          ORDER BY valid_from LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > m.valid_from) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// What is still to come ends the old one then; until then it holds.
const END: &str = "UPDATE memories SET valid_to = min(coalesce(valid_to, :at), :at),
        superseded_by = CASE WHEN :at <= :now THEN :by ELSE superseded_by END
    WHERE id = :id";

/// What began to hold at the moment `:at` or after it, the earliest first.
const SINCE: &str = "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence, m.created_at
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from >= :at
          ORDER BY valid_from LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > m.valid_from) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// The newest of what began to hold since the moment `:at`.
const NEWEST: &str =
    "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence, m.created_at, m.seq
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from >= :at
          ORDER BY valid_from DESC LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > m.valid_from) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// What states a fact to be so, the newest first.
const WITH_KEY: &str = "SELECT m.seq FROM (SELECT memory_id, valid_from FROM memory_facts
          WHERE fact_key = :key AND holds ORDER BY valid_from DESC LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id";

const FACTS_OF: &str =
    "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence, m.created_at, f.fact_key
    FROM memory_facts AS f JOIN memories AS m ON m.id = f.memory_id WHERE f.memory_id = :id ORDER BY f.place";

/// Since when a memory holds, how it ended, and the latest event of that, unless it was opened again after it.
const STATE: &str = "SELECT m.valid_from, m.valid_to, m.superseded_by,
        CASE e.event WHEN 'superseded' THEN e.detail END
    FROM memories AS m LEFT JOIN memory_events AS e ON e.seq = (SELECT max(seq) FROM memory_events
        WHERE memory_id = m.id AND event IN ('superseded', 'reopened'))
    WHERE m.id = :id";

/// What the memory `:id` can have ended: now, or at the moment `:at` that is still to come.
const ENDED: &str = "SELECT id FROM memories WHERE superseded_by = :id
    UNION SELECT id FROM memories WHERE valid_to = :at AND superseded_by IS NULL";

const HAS_ENDED_OTHERS: &str = "SELECT EXISTS (SELECT 1 FROM memories WHERE superseded_by = :id AND id <> :gone)";

const REOPEN: &str = "UPDATE memories SET superseded_by = NULL, valid_to = :until WHERE id = :id";

/// The event of a memory that ends no other by itself, whenever that is asked.
const TOLD_ONLY: &str = "told only";

const IS_TOLD_ONLY: &str = "SELECT EXISTS (SELECT 1 FROM memory_events WHERE memory_id = :id AND event = :event)";

/// Why something ended by itself, as its event says; what somebody named ends for good.
const CONTRADICTED: &str = "contradicted";
const LEARNED_LATE: &str = "learned late";

/// A fact that is kept, with its memory.
struct Held {
    id: String,
    content: String,
    kind: String,
    speaker: Option<String>,
    valid_from: Millis,
    told_at: Millis,
    fact: Fact,
}

/// Keeps the facts of the memory `id` and settles what they contradict. `fresh` are the ids that the same call
/// stored: two that contradict each other in one breath are told, and neither takes the other's place unless their
/// times differ.
pub(super) fn settle(
    conn: &Connection,
    id: &str,
    item: &NewMemory,
    now: Millis,
    fresh: &[String],
) -> rusqlite::Result<Vec<Contradiction>> {
    let mut settled = Vec::new();
    for (place, fact) in item.reading.facts.iter().take(FACTS).enumerate() {
        let key = key(&item.owner, fact);
        let meets = |sql: &str| find(conn, sql, &key, item.valid_from, now);
        let olds = meets(BEFORE)?;
        let held: Vec<&Fact> = olds.iter().filter(|it| it.id != id).map(|it| &it.fact).collect();
        // Which of several is over is not said, nor that more is than what the text is about: they are told.
        let is_unsure = meaning::is_ambiguous(fact, &held) || settled.iter().any(|it: &Contradiction| it.superseded);
        for old in olds {
            let at_once = old.valid_from == item.valid_from && fresh.contains(&old.id)
                || is_unsure && meaning::is_by_name_alone(&old.fact, fact);
            meet(conn, id, item, fact, &old, at_once, now, &mut settled)?;
        }
        if item.valid_to.is_none() {
            for later in meets(AFTER)? {
                outdated(conn, id, item, fact, &later, now, &mut settled)?;
            }
        }
        keep(conn, &key, id, item.valid_from, place, fact)?;
    }
    if !item.reading.may_supersede && !item.reading.facts.is_empty() {
        let detail = serde_json::json!({"why": "supersede_when_certain was off"});
        history::note(conn, id, now, TOLD_ONLY, &detail)?;
    }
    if settled.is_empty() {
        for ask in &item.reading.asks {
            asked(conn, id, item, ask, now, &mut settled)?;
        }
    }
    Ok(settled)
}

/// What is likely to be over by a change, for it is about the same thing; nothing when much is said of that.
fn asked(
    conn: &Connection,
    id: &str,
    item: &NewMemory,
    ask: &Fact,
    now: Millis,
    settled: &mut Vec<Contradiction>,
) -> rusqlite::Result<()> {
    let olds = find(conn, BEFORE, &key(&item.owner, ask), item.valid_from, now)?;
    let likely = |old: &Held| meaning::conflict(&old.fact, ask).filter(|_| old.id != id);
    let meant: Vec<(&Held, f64)> = olds.iter().filter_map(|it| Some((it, likely(it)?))).collect();
    if meant.len() > ASKED {
        return Ok(());
    }
    for (old, confidence) in meant {
        if settled.len() < ASKED && !settled.iter().any(|it| it.id == old.id) {
            settled.push(told(old, ask, confidence, false));
        }
    }
    Ok(())
}

/// Before the memory `id` is forgotten: what it had ended by itself holds again, until what has come since ends it.
/// Returns what holds again for good.
pub(super) fn reopen(conn: &Connection, id: &str, now: Millis) -> rusqlite::Result<Vec<String>> {
    let Some(gone) = state(conn, id)? else { return Ok(Vec::new()) };
    let olds: Vec<String> = conn
        .prepare_cached(ENDED)?
        .query_map(named_params! {":id": id, ":at": gone.valid_from}, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut opened = Vec::new();
    for old_id in olds {
        let Some(old) = state(conn, &old_id)? else { continue };
        let is_by_itself = matches!(old.detail("why"), Some(CONTRADICTED | LEARNED_LATE));
        if !is_by_itself || old.detail("by") != Some(id) {
            continue;
        }
        let until = old.own_end();
        conn.prepare_cached(REOPEN)?.execute(named_params! {":id": old_id, ":until": until})?;
        let mut ends = later_ends(conn, &old_id, id, now)?;
        ends.extend(inherited(conn, &old_id, &old, &gone)?);
        match ends.into_iter().min_by_key(|it| it.at).filter(|it| until.is_none_or(|until| it.at < until)) {
            Some(ending) => end(conn, &old_id, &ending, until, now)?,
            None => {
                let detail = serde_json::json!({"why": "what ended it was forgotten"});
                history::note(conn, &old_id, now, "reopened", &detail)?;
                opened.push(old_id);
            }
        }
    }
    Ok(opened)
}

/// When a memory ended.
struct State {
    valid_from: Millis,
    valid_to: Option<Millis>,
    superseded_by: Option<String>,
    /// What is noted of how it was superseded.
    ended: Option<serde_json::Value>,
}

impl State {
    fn detail(&self, name: &str) -> Option<&str> {
        self.ended.as_ref()?.get(name)?.as_str()
    }

    /// Until when it holds by its own word, whatever has superseded it.
    fn own_end(&self) -> Option<Millis> {
        match &self.ended {
            Some(_) => self.detail("until").and_then(|it| clock::parse(it).ok()),
            None => self.valid_to,
        }
    }
}

fn state(conn: &Connection, id: &str) -> rusqlite::Result<Option<State>> {
    conn.prepare_cached(STATE)?
        .query_row(named_params! {":id": id}, |row| {
            let detail: Option<String> = row.get(3)?;
            Ok(State {
                valid_from: row.get(0)?,
                valid_to: row.get(1)?,
                superseded_by: row.get(2)?,
                ended: detail.and_then(|it| serde_json::from_str(&it).ok()),
            })
        })
        .optional()
}

/// What ends a memory.
struct Ending {
    by: String,
    at: Millis,
    why: String,
}

/// Ends the memory `id`, which holds until `until` by its own word.
fn end(conn: &Connection, id: &str, ending: &Ending, until: Option<Millis>, now: Millis) -> rusqlite::Result<()> {
    conn.prepare_cached(END)?.execute(named_params! {":id": id, ":by": ending.by, ":at": ending.at, ":now": now})?;
    let mut detail = serde_json::json!({"by": ending.by, "why": ending.why});
    if let Some(until) = until {
        detail["until"] = clock::format(until).into();
    }
    history::note(conn, id, now, "superseded", &detail)
}

/// What followed the forgotten memory follows the older one, and for the same reason.
fn inherited(conn: &Connection, old_id: &str, old: &State, gone: &State) -> rusqlite::Result<Option<Ending>> {
    let noted = gone.detail("by");
    let Some(by) = gone.superseded_by.as_deref().or(noted).filter(|it| *it != old_id) else { return Ok(None) };
    let at = state(conn, by)?.map(|it| it.valid_from).or(gone.valid_to).unwrap_or(old.valid_from);
    let why = if noted == Some(by) { gone.detail("why") } else { None };
    let why = why.unwrap_or("what came between was forgotten").to_owned();
    Ok(Some(Ending { by: by.to_owned(), at: at.max(old.valid_from), why }))
}

/// The facts of a memory, with their keys.
fn facts_of(conn: &Connection, id: &str) -> rusqlite::Result<Vec<(Held, Vec<u8>)>> {
    conn.prepare_cached(FACTS_OF)?
        .query_map(named_params! {":id": id}, |row| Ok((from_row(row)?, row.get(16)?)))?
        .collect()
}

/// The number of the last memory that was told after that with the number `seq` and likely says that something in it is over.
pub(super) fn doubt(conn: &Connection, seq: i64, now: Millis) -> rusqlite::Result<Option<i64>> {
    let id = conn.prepare_cached(OF_SEQ)?.query_row(named_params! {":seq": seq}, |row| row.get(0)).optional()?;
    let Some(id): Option<String> = id else { return Ok(None) };
    let mut last = None;
    for (old, key) in facts_of(conn, &id)? {
        let newest: Vec<(Held, i64)> = conn
            .prepare_cached(NEWEST)?
            .query_map(
                named_params! {":key": key, ":at": old.valid_from, ":now": now, ":limit": DOUBTS_LOOKED_AT},
                |row| Ok((from_row(row)?, row.get(16)?)),
            )?
            .collect::<rusqlite::Result<_>>()?;
        let is_over = |later: &Held| {
            later.told_at > old.told_at && meaning::conflict(&old.fact, &later.fact).is_some_and(|it| it >= LIKELY)
        };
        last = last.max(newest.iter().filter(|it| is_over(&it.0)).map(|it| it.1).max());
    }
    Ok(last)
}

/// What began to hold after the memory `old_id`, or was told after it, and contradicts it for certain; `gone` does not
/// count any more.
fn later_ends(conn: &Connection, old_id: &str, gone: &str, now: Millis) -> rusqlite::Result<Vec<Ending>> {
    let mut ends = Vec::new();
    for (old, key) in facts_of(conn, old_id)? {
        for later in find(conn, SINCE, &key, old.valid_from, now)? {
            if later.id == gone || later.id == old_id || !ends_for_certain(conn, &key, &old, &later, gone, now)? {
                continue;
            }
            // What holds for a while ends nothing.
            if state(conn, &later.id)?.is_some_and(|it| it.own_end().is_none()) {
                ends.push(Ending { by: later.id, at: later.valid_from, why: CONTRADICTED.to_owned() });
                break;
            }
        }
    }
    Ok(ends)
}

/// Whether `later` ends `old` as it would have if the memory `gone` had never been.
fn ends_for_certain(
    conn: &Connection,
    key: &[u8],
    old: &Held,
    later: &Held,
    gone: &str,
    now: Millis,
) -> rusqlite::Result<bool> {
    let is_told_after = later.told_at > old.told_at;
    let is_certain = (later.valid_from > old.valid_from || is_told_after)
        && meaning::conflict(&old.fact, &later.fact).is_some_and(|it| it >= meaning::CERTAIN)
        && !is_of_before(&later.content, later.told_at, old)
        && can_be_replaced(&old.kind, &old.fact)
        && same_voice(old.speaker.as_deref(), later.speaker.as_deref());
    let is_told_only = |it: &Held| -> rusqlite::Result<bool> {
        conn.prepare_cached(IS_TOLD_ONLY)?
            .query_row(named_params! {":id": it.id, ":event": TOLD_ONLY}, |row| row.get(0))
    };
    if !is_certain || is_told_only(later)? {
        return Ok(false);
    }
    if !meaning::is_by_name_alone(&old.fact, &later.fact) {
        return Ok(true);
    }
    // As on writing: which of several is over is not said, nor that more is than what the text has ended.
    let has_ended_others: bool = conn
        .prepare_cached(HAS_ENDED_OTHERS)?
        .query_row(named_params! {":id": later.id, ":gone": gone}, |row| row.get(0))?;
    let others = find(conn, BEFORE, key, later.valid_from, now)?;
    let mut held: Vec<&Fact> =
        others.iter().filter(|it| it.id != gone && it.id != later.id).map(|it| &it.fact).collect();
    held.push(&old.fact);
    Ok(is_told_after && !has_ended_others && !meaning::is_ambiguous(&later.fact, &held))
}

/// The new fact meets one that held when it begins to.
#[expect(clippy::too_many_arguments, reason = "both sides, and what is known of them")]
fn meet(
    conn: &Connection,
    id: &str,
    item: &NewMemory,
    fact: &Fact,
    old: &Held,
    at_once: bool,
    now: Millis,
    settled: &mut Vec<Contradiction>,
) -> rusqlite::Result<()> {
    let earlier = settled.iter().position(|it| it.id == old.id);
    // A text that states one thing in two ways contradicts nothing but other texts.
    if old.id == id {
        return Ok(());
    }
    if item.supersedes.as_deref() == Some(&old.id) || earlier.is_some_and(|at| settled[at].superseded) {
        return Ok(());
    }
    let Some(mut confidence) = meaning::conflict(&old.fact, fact) else { return Ok(()) };
    if is_of_before(&item.content, item.valid_from, old) {
        confidence = confidence.min(UNSURE);
    }
    // A text states one thing in several ways: the surest counts.
    if let Some(at) = earlier {
        if settled[at].confidence >= confidence {
            return Ok(());
        }
        settled.remove(at);
    }
    let certain = confidence >= meaning::CERTAIN
        && item.reading.may_supersede
        && item.valid_to.is_none()
        && !at_once
        && can_be_replaced(&old.kind, &old.fact)
        && same_voice(old.speaker.as_deref(), item.speaker.as_deref());
    if certain {
        let until = state(conn, &old.id)?.and_then(|it| it.own_end());
        let ending = Ending { by: id.to_owned(), at: item.valid_from, why: CONTRADICTED.to_owned() };
        end(conn, &old.id, &ending, until, now)?;
    }
    settled.push(told(old, fact, confidence, certain));
    Ok(())
}

/// The new fact was learned late: one that began to hold after it says something else.
fn outdated(
    conn: &Connection,
    id: &str,
    item: &NewMemory,
    fact: &Fact,
    later: &Held,
    now: Millis,
    settled: &mut Vec<Contradiction>,
) -> rusqlite::Result<()> {
    if later.id == id || settled.iter().any(|it| it.id == later.id) {
        return Ok(());
    }
    let Some(confidence) = meaning::conflict(fact, &later.fact) else { return Ok(()) };
    let certain = confidence >= meaning::CERTAIN
        && item.reading.may_supersede
        && !meaning::is_by_name_alone(fact, &later.fact)
        && can_be_replaced(&item.kind, fact)
        && same_voice(later.speaker.as_deref(), item.speaker.as_deref());
    if certain {
        // Several may have come since: the first of them ended it.
        if state(conn, id)?.is_some_and(|it| it.valid_to.is_none_or(|end| end > later.valid_from)) {
            let ending = Ending { by: later.id.clone(), at: later.valid_from, why: LEARNED_LATE.to_owned() };
            end(conn, id, &ending, None, now)?;
        }
    }
    settled.push(told(later, fact, confidence, false));
    Ok(())
}

fn told(old: &Held, fact: &Fact, confidence: f64, superseded: bool) -> Contradiction {
    Contradiction {
        id: old.id.clone(),
        content: old.content.clone(),
        attribute: format!("{} {}", fact.subject, meaning::plain_attribute(&fact.attribute)).trim().to_owned(),
        old_value: shown(&old.fact),
        new_value: shown(fact),
        confidence: (confidence * 100.0).round() / 100.0,
        superseded,
        valid_from: old.valid_from,
    }
}

fn shown(fact: &Fact) -> String {
    if fact.holds { fact.shown.clone() } else { format!("not {}", fact.shown) }
}

/// Whether a text of the moment `at` tells of a time before that of `old`.
fn is_of_before(text: &str, at: Millis, old: &Held) -> bool {
    let year = |at: Millis| clock::format(at).get(..4).and_then(|it| it.parse().ok());
    year(at).zip(year(old.valid_from)).is_some_and(|(now, held)| meaning::is_of_before(text, &old.content, now, held))
}

/// Whether nothing but the fact would be lost with its memory. What happened stays true, also when things have
/// changed since.
fn can_be_replaced(kind: &str, fact: &Fact) -> bool {
    fact.is_whole && !(kind == "event" && fact.is_change)
}

/// Two people may see things differently; nobody is overruled by another.
fn same_voice(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The same for all facts on one attribute of one subject of one owner. Sessions share what they know.
fn key(owner: &Owner, fact: &Fact) -> Vec<u8> {
    let of = (owner.namespace.as_str(), owner.user_id.as_deref(), owner.persona.as_deref());
    key_of(of, &fact.subject_key(), &fact.attribute)
}

fn key_of(
    (namespace, user_id, persona): (&str, Option<&str>, Option<&str>),
    subject: &str,
    attribute: &str,
) -> Vec<u8> {
    ids::key("", &[Some(namespace), user_id, persona, Some(subject), Some(attribute)])
}

/// The numbers of the newest memories that state `attribute` of `subject`, of whoever `view` sees.
pub(super) fn with_fact(conn: &Connection, view: &View, subject: &str, attribute: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = conn.prepare_cached(WITH_KEY)?;
    let mut found = Vec::new();
    let of = |it: &Option<String>| if it.is_some() { vec![None, it.clone()] } else { vec![None] };
    for user_id in of(&view.user_id) {
        for persona in of(&view.persona) {
            let key = key_of((&view.namespace, user_id.as_deref(), persona.as_deref()), subject, attribute);
            let rows = statement.query_map(named_params! {":key": key, ":limit": STATED}, |row| row.get(0))?;
            found.extend(rows.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
    }
    Ok(found)
}

fn keep(conn: &Connection, key: &[u8], id: &str, from: Millis, place: usize, fact: &Fact) -> rusqlite::Result<()> {
    conn.prepare_cached(INSERT)?.execute(named_params! {
        ":key": key,
        ":valid_from": from,
        ":memory_id": id,
        ":place": i64::try_from(place).unwrap_or(i64::MAX),
        ":subject": fact.subject,
        ":attribute": fact.attribute,
        ":value": fact.value,
        ":shown": fact.shown,
        ":replaces": fact.replaces,
        ":holds": fact.holds,
        ":many": fact.many,
        ":is_change": fact.is_change,
        ":is_whole": fact.is_whole,
        ":confidence": fact.confidence,
    })?;
    Ok(())
}

fn find(conn: &Connection, sql: &str, key: &[u8], at: Millis, now: Millis) -> rusqlite::Result<Vec<Held>> {
    conn.prepare_cached(sql)?
        .query_map(named_params! {":key": key, ":at": at, ":now": now, ":limit": LOOKED_AT}, from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Held> {
    Ok(Held {
        id: row.get(0)?,
        content: row.get(1)?,
        kind: row.get(2)?,
        speaker: row.get(3)?,
        valid_from: row.get(4)?,
        told_at: row.get(15)?,
        fact: Fact {
            subject: row.get(5)?,
            attribute: row.get(6)?,
            value: row.get(7)?,
            shown: row.get(8)?,
            replaces: row.get(9)?,
            holds: row.get(10)?,
            many: row.get(11)?,
            is_change: row.get(12)?,
            is_whole: row.get(13)?,
            confidence: row.get(14)?,
        },
    })
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    [
        ("facts that held", BEFORE),
        ("facts that came later", AFTER),
        ("facts that came since", SINCE),
        ("the newest facts", NEWEST),
        ("what states a fact", WITH_KEY),
        ("how a memory ended", STATE),
        ("what a memory ended", ENDED),
    ]
    .map(|(name, sql)| (name, sql.to_owned()))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::Reading;
    use super::super::Store;
    use super::super::tests::note;
    use super::*;

    fn told(text: &str, at: Millis) -> NewMemory {
        let reading = Reading { facts: meaning::facts(text, None), may_supersede: true, ..Reading::default() };
        assert!(!reading.facts.is_empty(), "{text}");
        NewMemory { valid_from: at, reading, ..note(text) }
    }

    #[tokio::test]
    async fn of_what_is_known_of_one_thing_the_newest_64_are_looked_at() {
        for (between, ended) in [(0, 1), (63, 1), (64, 0)] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::new(&folder.path().join("a.db"));
            let likes = (0..between).map(|it| told(&format!("Ana likes game number{it}"), 2 + it));
            let items = [told("Ana likes tea", 1)].into_iter().chain(likes).collect();
            store.remember(items, 100).await.unwrap();
            let last = store.remember(vec![told("Ana doesn't like tea anymore", 200)], 200).await.unwrap();
            let found: Vec<&str> = last[0].contradicts.iter().map(|it| it.content.as_str()).collect();
            assert_eq!(found, vec!["Ana likes tea"; ended], "behind {between} others");
        }
    }
}
