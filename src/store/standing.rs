//! What feedback said of single things: how often each was used, and how often it was passed over.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use super::insights::NewFeedback;
use crate::clock::Millis;

/// How well a thing served, counted down to a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// How often it was said to have helped.
    pub used: f64,
    /// How often it was shown when something else of the same answer helped.
    pub ignored: f64,
}

/// Time after which a judgement counts half: what helped in one piece of work matters less in the next. A judgement
/// of half a year ago is an eighth of today's.
const HALF_LIFE: Millis = 60 * 24 * 60 * 60 * 1000;

impl Standing {
    /// What is left of it after `passed` milliseconds.
    fn after(self, passed: Millis) -> Standing {
        #[expect(clippy::cast_precision_loss, reason = "a time of thousands of years is exact")]
        let kept = 0.5_f64.powf(passed.max(0) as f64 / HALF_LIFE as f64);
        Standing { used: self.used * kept, ignored: self.ignored * kept }
    }
}

/// How addresses of memories begin.
const MEMORY: &str = "carryall://memory/";

const BY_ITEM: &str = "SELECT used, ignored, at FROM item_feedback WHERE item = :item";

const BY_MEMORY: &str = "SELECT used, ignored, at FROM item_feedback
    WHERE item = (SELECT 'carryall://memory/' || id FROM memories WHERE seq = :seq)";

const ANY: &str = "SELECT EXISTS (SELECT 1 FROM item_feedback)";

const SET: &str = "INSERT INTO item_feedback (item, used, ignored, at) VALUES (:item, :used, :ignored, :at)
    ON CONFLICT (item) DO UPDATE SET used = :used, ignored = :ignored, at = :at";

impl Store {
    /// What feedback said of these addresses, as it counts at `now`; without those of which it said nothing.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn standings(&self, items: Vec<String>, now: Millis) -> Result<HashMap<String, Standing>, StoreError> {
        self.query(move |conn| {
            let mut found = HashMap::new();
            if any(conn)? {
                for item in items {
                    if let Some(standing) = of_item(conn, &item, now)? {
                        found.insert(item, standing);
                    }
                }
            }
            Ok(found)
        })
        .await
    }
}

/// Keeps a judgement of one memory, by its id or address: one that helped gains, one that did not loses, each once however
/// often it is said. Returns whether there is such a memory.
pub(super) fn judge_memory(conn: &Connection, given: &NewFeedback, now: Millis) -> rusqlite::Result<bool> {
    let id = given.trace_id.strip_prefix(MEMORY).unwrap_or(&given.trace_id);
    let address = format!("{MEMORY}{id}");
    if gone(conn, &address)? {
        return Ok(false);
    }
    let rating = given.rating.unwrap_or(if given.used.is_empty() { 0.0 } else { 1.0 });
    let is_known: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM feedback WHERE trace_id = :address AND rating * :rating > 0.0)")?
        .query_row(named_params! {":address": address, ":rating": rating}, |row| row.get(0))?;
    let (used, ignored) = if rating > 0.0 { (vec![address.clone()], vec![]) } else { (vec![], vec![address.clone()]) };
    if rating != 0.0 && !is_known {
        judge(conn, &used, &ignored, now)?;
    }
    conn.prepare_cached(
        "INSERT INTO feedback (trace_id, at, rating, note, used) VALUES (:address, :at, :rating, :note, :used)",
    )?
    .execute(named_params! {
        ":address": address, ":at": now, ":rating": rating, ":note": given.note,
        ":used": serde_json::to_string(&used).unwrap_or_else(|_| "[]".to_owned()),
    })?;
    Ok(true)
}

/// Whether feedback said anything of anything.
pub(super) fn any(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached(ANY)?.query_row([], |row| row.get(0))
}

/// What feedback said of the memory with this number.
pub(super) fn of_memory(conn: &Connection, seq: i64, now: Millis) -> rusqlite::Result<Option<Standing>> {
    conn.prepare_cached(BY_MEMORY)?.query_row(named_params! {":seq": seq}, |row| from_row(row, now)).optional()
}

fn of_item(conn: &Connection, item: &str, now: Millis) -> rusqlite::Result<Option<Standing>> {
    conn.prepare_cached(BY_ITEM)?.query_row(named_params! {":item": item}, |row| from_row(row, now)).optional()
}

/// Counts one judgement of each of `used` and `ignored`. A memory that is gone is passed over.
pub(super) fn judge(conn: &Connection, used: &[String], ignored: &[String], now: Millis) -> rusqlite::Result<()> {
    let judged = used.iter().map(|it| (it, 1.0, 0.0)).chain(ignored.iter().map(|it| (it, 0.0, 1.0)));
    for (item, helped, passed_over) in judged {
        if gone(conn, item)? {
            continue;
        }
        let before = of_item(conn, item, now)?.unwrap_or_default();
        conn.prepare_cached(SET)?.execute(named_params! {
            ":item": item, ":used": before.used + helped, ":ignored": before.ignored + passed_over, ":at": now,
        })?;
    }
    Ok(())
}

/// Whether `item` is the address of a memory that is not there.
fn gone(conn: &Connection, item: &str) -> rusqlite::Result<bool> {
    let Some(id) = item.strip_prefix(MEMORY) else { return Ok(false) };
    conn.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM memories WHERE id = :id)")?
        .query_row(named_params! {":id": id}, |row| row.get(0))
}

fn from_row(row: &Row<'_>, now: Millis) -> rusqlite::Result<Standing> {
    let standing = Standing { used: row.get(0)?, ignored: row.get(1)? };
    let at: Millis = row.get(2)?;
    Ok(standing.after(now.saturating_sub(at)))
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![("feedback on an address", BY_ITEM.to_owned()), ("feedback on a memory", BY_MEMORY.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judgement_fades_by_half_and_never_grows() {
        let fresh = Standing { used: 2.0, ignored: 1.0 };
        assert_eq!(fresh.after(HALF_LIFE), Standing { used: 1.0, ignored: 0.5 });
        assert_eq!(fresh.after(-5), fresh, "a clock that went back");
        assert!(fresh.after(100 * HALF_LIFE).used < 1e-6);
    }
}
