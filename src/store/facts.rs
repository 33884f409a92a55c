//! The facts that memories state: found again by owner, subject and attribute, so that a new one meets the old ones
//! that it contradicts.

mod again;

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::named_params;

use super::history;
use super::memories::NewMemory;
use crate::clock::Millis;
use crate::meaning;
use crate::meaning::Fact;
use crate::scope::Owner;

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

const INSERT: &str =
    "INSERT INTO memory_facts (fact_key, valid_from, memory_id, place, subject, attribute, value, shown,
        replaces, holds, many, is_change, is_whole, confidence)
    VALUES (:key, :valid_from, :memory_id, :place, :subject, :attribute, :value, :shown,
        :replaces, :holds, :many, :is_change, :is_whole, :confidence)";

/// What held at the moment `:at`, the newest first.
const BEFORE: &str =
    "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from <= :at
          ORDER BY valid_from DESC LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > :at) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// What began to hold after the moment `:at`, the earliest first.
const AFTER: &str = "SELECT m.id, m.content, m.kind, m.speaker, m.valid_from, f.subject, f.attribute, f.value, f.shown,
        f.replaces, f.holds, f.many, f.is_change, f.is_whole, f.confidence
    FROM (SELECT * FROM memory_facts WHERE fact_key = :key AND valid_from > :at
          ORDER BY valid_from LIMIT :limit) AS f
    JOIN memories AS m ON m.id = f.memory_id
    WHERE (m.valid_to IS NULL OR m.valid_to > m.valid_from) AND (m.expires_at IS NULL OR m.expires_at > :now)";

/// What is still to come ends the old one then; until then it holds.
const END: &str = "UPDATE memories SET valid_to = min(coalesce(valid_to, :at), :at),
        superseded_by = CASE WHEN :at <= :now THEN :by ELSE superseded_by END
    WHERE id = :id";

/// What the memory `:id` has ended by itself, and nobody by his word.
const ENDED_BY: &str = "SELECT m.id, coalesce(m.valid_to = heir.valid_from, 0), heir.superseded_by
    FROM memories AS m JOIN memories AS heir ON heir.id = m.superseded_by
    WHERE m.superseded_by = :id AND EXISTS (SELECT 1 FROM memory_events AS e WHERE e.memory_id = m.id
        AND e.event = 'superseded' AND e.detail ->> 'by' = :id AND e.detail ->> 'why' = 'contradicted')";

const REOPEN: &str = "UPDATE memories SET superseded_by = :heir,
        valid_to = CASE WHEN :ended AND :heir IS NULL THEN NULL ELSE valid_to END
    WHERE id = :id";

/// A fact that is kept, with its memory.
struct Held {
    id: String,
    content: String,
    kind: String,
    speaker: Option<String>,
    valid_from: Millis,
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
    Ok(settled)
}

/// Before the memory `id` is forgotten: what it had ended by itself holds again, unless it had been ended in turn; then
/// what followed it follows the older.
pub(super) fn reopen(conn: &Connection, id: &str, now: Millis) -> rusqlite::Result<()> {
    let ended: Vec<(String, bool, Option<String>)> = conn
        .prepare_cached(ENDED_BY)?
        .query_map(named_params! {":id": id}, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (old, ended, heir) in ended {
        conn.prepare_cached(REOPEN)?.execute(named_params! {":id": old, ":ended": ended, ":heir": heir})?;
        if heir.is_none() {
            history::note(conn, &old, now, "reopened", &serde_json::json!({"why": "what ended it was forgotten"}))?;
        }
    }
    Ok(())
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
    let Some(confidence) = meaning::conflict(&old.fact, fact) else { return Ok(()) };
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
        let ended = named_params! {":id": old.id, ":by": id, ":at": item.valid_from, ":now": now};
        conn.prepare_cached(END)?.execute(ended)?;
        history::note(conn, &old.id, now, "superseded", &serde_json::json!({"by": id, "why": "contradicted"}))?;
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
        let ended = named_params! {":id": id, ":by": later.id, ":at": later.valid_from, ":now": now};
        conn.prepare_cached(END)?.execute(ended)?;
        history::note(conn, id, now, "superseded", &serde_json::json!({"by": later.id, "why": "learned late"}))?;
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
    let mut hasher = blake3::Hasher::new();
    let subject = fact.subject_key();
    let fields = [
        Some(owner.namespace.as_str()),
        owner.user_id.as_deref(),
        owner.persona.as_deref(),
        Some(subject.as_str()),
        Some(fact.attribute.as_str()),
    ];
    for field in fields {
        let text = field.unwrap_or_default();
        hasher.update(&[u8::from(field.is_some())]);
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].to_vec()
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
    vec![("facts that held", BEFORE.to_owned()), ("facts that came later", AFTER.to_owned())]
}
