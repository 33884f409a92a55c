//! The facts of memories that were written before the reader of facts there is now, or came without: read again, once.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::named_params;

use super::FACTS;
use super::keep;
use super::key;
use crate::clock::Millis;
use crate::meaning::Fact;
use crate::scope::Owner;
use crate::store::Store;
use crate::store::StoreError;

/// A memory whose facts are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub seq: i64,
    pub id: String,
    pub speaker: Option<String>,
    pub content: String,
}

/// Turns are records of what was said and state nothing that could be contradicted.
const UNREAD: &str =
    "SELECT seq, id, speaker, content FROM memories WHERE seq > :after AND kind <> 'turn' ORDER BY seq LIMIT :limit";

const STILL: &str = "SELECT namespace, user_id, persona, valid_from FROM memories
    WHERE seq = :seq AND id = :id AND content = :content AND speaker IS :speaker";

const KEPT: &str = "SELECT fact_key, value, replaces, holds, many, is_change, is_whole, confidence, valid_from
    FROM memory_facts WHERE memory_id = :id ORDER BY place";

impl Store {
    /// The first memories after the position `after` that are no turns, in order, at most `limit`.
    pub async fn unread_facts(&self, after: i64, limit: usize) -> Result<Vec<Unread>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.query(move |conn| {
            conn.prepare_cached(UNREAD)?
                .query_map(named_params! {":after": after, ":limit": limit}, |row| {
                    Ok(Unread { seq: row.get(0)?, id: row.get(1)?, speaker: row.get(2)?, content: row.get(3)? })
                })?
                .collect()
        })
        .await
    }

    /// Puts `facts` in the place of those that their memories have, where a memory still says what was read, and notes
    /// in one go that the work `mark` has come to `position`. Says of how many memories the facts are other ones now.
    /// Nothing is superseded by that: what contradicts what is asked when something new is remembered.
    pub async fn put_facts(
        &self,
        facts: Vec<(Unread, Vec<Fact>)>,
        mark: &'static str,
        position: i64,
    ) -> Result<usize, StoreError> {
        self.change(move |tx| {
            let mut changed = 0;
            for (memory, facts) in &facts {
                changed += usize::from(replace(tx, memory, facts)?);
            }
            tx.prepare_cached(
                "INSERT INTO keeping (name, value) VALUES (:name, :value)
                     ON CONFLICT (name) DO UPDATE SET value = :value",
            )?
            .execute(named_params! {":name": mark, ":value": position})?;
            Ok(changed)
        })
        .await
    }
}

fn replace(conn: &Connection, memory: &Unread, facts: &[Fact]) -> rusqlite::Result<bool> {
    let still = conn
        .prepare_cached(STILL)?
        .query_row(
            named_params! {":seq": memory.seq, ":id": memory.id, ":content": memory.content, ":speaker": memory.speaker},
            |row| {
                let owner =
                    Owner { namespace: row.get(0)?, user_id: row.get(1)?, persona: row.get(2)?, session_id: None };
                Ok((owner, row.get::<_, Millis>(3)?))
            },
        )
        .optional()?;
    let Some((owner, valid_from)) = still else { return Ok(false) };
    let facts = &facts[..facts.len().min(FACTS)];
    let new: Vec<Written> = facts.iter().map(|it| Written::of(it, key(&owner, it), valid_from)).collect();
    let old: Vec<Written> =
        conn.prepare_cached(KEPT)?.query_map(named_params! {":id": memory.id}, from_row)?.collect::<Result<_, _>>()?;
    if new == old {
        return Ok(false);
    }
    conn.prepare_cached("DELETE FROM memory_facts WHERE memory_id = :id")?.execute(named_params! {":id": memory.id})?;
    for (place, (fact, row)) in facts.iter().zip(&new).enumerate() {
        keep(conn, &row.key, &memory.id, valid_from, place, fact)?;
    }
    Ok(true)
}

/// What tells whether a fact is written as it is read now.
#[derive(PartialEq)]
struct Written {
    key: Vec<u8>,
    value: String,
    replaces: Option<String>,
    flags: [bool; 4],
    confidence: f64,
    valid_from: Millis,
}

impl Written {
    fn of(fact: &Fact, key: Vec<u8>, valid_from: Millis) -> Written {
        Written {
            key,
            value: fact.value.clone(),
            replaces: fact.replaces.clone(),
            flags: [fact.holds, fact.many, fact.is_change, fact.is_whole],
            confidence: fact.confidence,
            valid_from,
        }
    }
}

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Written> {
    Ok(Written {
        key: row.get(0)?,
        value: row.get(1)?,
        replaces: row.get(2)?,
        flags: [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?],
        confidence: row.get(7)?,
        valid_from: row.get(8)?,
    })
}
