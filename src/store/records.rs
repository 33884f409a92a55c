//! How long what is only a record is kept: traces and packs by age and size; the narrow rows of calls, feedback and spending by
//! age. They go in small steps, between the writes that somebody waits for.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Transaction;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLimits {
    /// Of traces and packs.
    pub trace_age: Millis,
    /// The most that all traces may take, and all packs.
    pub trace_bytes: i64,
    /// Of calls, feedback and spending.
    pub call_age: Millis,
    /// Of each context, beside the one that holds: how many versions, and how large they may be together.
    pub versions: usize,
    pub version_bytes: i64,
}

/// What there is, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    pub traces: i64,
    pub trace_bytes: i64,
    pub oldest_trace: Option<Millis>,
    pub calls: i64,
    pub oldest_call: Option<Millis>,
}

/// What is older than this goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cutoff {
    traces: Millis,
    packs: Millis,
    calls: Millis,
    spending: Millis,
}

/// Rows of a table that one step deletes: some 2 ms, which is what a `remember` of ten memories takes.
const STEP: i64 = 200;

/// Packs that one step deletes: each has some 50 kB.
const STEP_OF_PACKS: i64 = 10;

/// A cap of the month counts what was spent in it; a day of that month's length and another month are to spare.
const SPENDING_LEAST: Millis = 62 * 86_400_000;

const OLDEST_TRACE: &str = "SELECT started_at FROM traces ORDER BY started_at LIMIT 1";
const OLDEST_PACK: &str = "SELECT created_at FROM packs ORDER BY created_at LIMIT 1";
const OLDEST_CALL: &str = "SELECT started_at FROM calls ORDER BY started_at LIMIT 1";
const OLDEST_SPENDING: &str = "SELECT at FROM spending ORDER BY at LIMIT 1";

/// Out of the index alone: else every row would be read for it.
const SIZE: &str = "SELECT count(*), coalesce(sum(size_bytes), 0) FROM traces INDEXED BY traces_by_time";

/// From the latest on, out of the index alone.
const SIZES: &str = "SELECT started_at, size_bytes FROM traces ORDER BY started_at DESC";

/// Lengths are read without the texts.
const SIZES_OF_PACKS: &str = "SELECT created_at, octet_length(result) FROM packs ORDER BY created_at DESC";

/// Which memories these packs quote: each row is found by both its ids, since no index begins with the pack's.
const DELETE_QUOTES: &str = "DELETE FROM pack_memories WHERE (memory_id, pack_id) IN
    (SELECT substr(CASE it.type WHEN 'object' THEN it.value ->> '$.uri' END, 19), packs.id
     FROM packs, json_each(CASE WHEN json_valid(packs.result) THEN packs.result END, '$.items') AS it
     WHERE packs.rowid IN (SELECT rowid FROM packs WHERE created_at < :before ORDER BY created_at LIMIT :step))";
const DELETE_PACKS: &str = "DELETE FROM packs WHERE rowid IN
    (SELECT rowid FROM packs WHERE created_at < :before ORDER BY created_at LIMIT :step)";

const DELETE_TRACES: &str = "DELETE FROM traces WHERE rowid IN
    (SELECT rowid FROM traces WHERE started_at < :before ORDER BY started_at LIMIT :step)";
const DELETE_CALLS: &str = "DELETE FROM calls WHERE seq IN
    (SELECT seq FROM calls WHERE started_at < :before ORDER BY started_at LIMIT :step)";
const DELETE_SPENDING: &str = "DELETE FROM spending WHERE rowid IN
    (SELECT rowid FROM spending WHERE at < :before ORDER BY at LIMIT :step)";
const DELETE_ITEM_FEEDBACK: &str = "DELETE FROM item_feedback WHERE item IN
    (SELECT item FROM item_feedback WHERE at < :before ORDER BY at LIMIT :step)";
/// Feedback is numbered as it comes, so the oldest are the first.
const DELETE_FEEDBACK: &str = "DELETE FROM feedback WHERE at < :before
    AND seq IN (SELECT seq FROM feedback ORDER BY seq LIMIT :step)";

impl Store {
    /// How many rows about calls there are, and since when.
    pub async fn record_counts(&self) -> Result<RecordCounts, StoreError> {
        self.query(counts).await
    }
}

fn counts(conn: &Connection) -> rusqlite::Result<RecordCounts> {
    let (traces, trace_bytes) = conn.query_row(SIZE, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(RecordCounts {
        traces,
        trace_bytes,
        oldest_trace: oldest(conn, OLDEST_TRACE)?,
        calls: conn.query_row("SELECT count(*) FROM calls", [], |row| row.get(0))?,
        oldest_call: oldest(conn, OLDEST_CALL)?,
    })
}

fn oldest(conn: &Connection, sql: &str) -> rusqlite::Result<Option<Millis>> {
    conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()
}

/// What is to go at `now`; `None` when nothing is. Looking at the sizes of all traces takes a millisecond for each ten
/// thousand, so that is only done when `looks_at_size`. Costs no lock.
pub(super) fn cutoff(
    conn: &Connection,
    limits: RecordLimits,
    now: Millis,
    looks_at_size: bool,
) -> rusqlite::Result<Option<Cutoff>> {
    let mut cutoff = Cutoff {
        traces: now.saturating_sub(limits.trace_age),
        packs: now.saturating_sub(limits.trace_age),
        calls: now.saturating_sub(limits.call_age),
        spending: now.saturating_sub(limits.call_age.max(SPENDING_LEAST)),
    };
    if looks_at_size {
        cutoff.traces = cutoff.traces.max(past_size(conn, SIZES, limits.trace_bytes)?);
        cutoff.packs = cutoff.packs.max(past_size(conn, SIZES_OF_PACKS, limits.trace_bytes)?);
    }
    let is_before =
        |sql: &str, before: Millis| Ok::<_, rusqlite::Error>(oldest(conn, sql)?.is_some_and(|it| it < before));
    let some = is_before(OLDEST_TRACE, cutoff.traces)?
        || is_before(OLDEST_PACK, cutoff.packs)?
        || is_before(OLDEST_CALL, cutoff.calls)?
        || is_before(OLDEST_SPENDING, cutoff.spending)?;
    Ok(some.then_some(cutoff))
}

/// The moment before which rows have to go so that the others, the latest first, have at most `bytes`.
fn past_size(conn: &Connection, sizes: &str, bytes: i64) -> rusqlite::Result<Millis> {
    let mut statement = conn.prepare_cached(sizes)?;
    let mut rows = statement.query([])?;
    let mut size = 0_i64;
    while let Some(row) = rows.next()? {
        size = size.saturating_add(row.get(1)?);
        if size > bytes {
            let at: Millis = row.get(0)?;
            return Ok(at.saturating_add(1));
        }
    }
    Ok(Millis::MIN)
}

/// Deletes a step's worth of what is older than `cutoff`; whether there may be more.
pub(super) fn sweep(tx: &Transaction<'_>, cutoff: Cutoff) -> rusqlite::Result<bool> {
    let mut most = 0;
    for (sql, before) in [
        (DELETE_TRACES, cutoff.traces),
        (DELETE_CALLS, cutoff.calls),
        (DELETE_FEEDBACK, cutoff.calls),
        (DELETE_ITEM_FEEDBACK, cutoff.calls),
        (DELETE_SPENDING, cutoff.spending),
    ] {
        most = most.max(tx.prepare_cached(sql)?.execute(named_params! {":before": before, ":step": STEP})?);
    }
    let of_packs = named_params! {":before": cutoff.packs, ":step": STEP_OF_PACKS};
    tx.prepare_cached(DELETE_QUOTES)?.execute(of_packs)?;
    let packs = tx.prepare_cached(DELETE_PACKS)?.execute(of_packs)?;
    let is_full = |count: usize, step: i64| i64::try_from(count).is_ok_and(|it| it >= step);
    Ok(is_full(most, STEP) || is_full(packs, STEP_OF_PACKS))
}

/// The queries whose plans are watched.
#[cfg(test)]
pub(super) fn hot_queries() -> Vec<(&'static str, String)> {
    vec![
        ("the sizes of traces", SIZES.to_owned()),
        ("old traces", DELETE_TRACES.to_owned()),
        ("old calls", DELETE_CALLS.to_owned()),
        ("old spending", DELETE_SPENDING.to_owned()),
        ("old feedback on items", DELETE_ITEM_FEEDBACK.to_owned()),
        ("the oldest pack", OLDEST_PACK.to_owned()),
        ("what old packs quote", DELETE_QUOTES.to_owned()),
        ("old packs", DELETE_PACKS.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::CallRow;
    use crate::store::PackRow;
    use crate::store::Spent;
    use crate::store::TraceRow;

    const DAY: Millis = 86_400_000;

    fn limits(trace_bytes: i64) -> RecordLimits {
        RecordLimits { trace_age: 90 * DAY, trace_bytes, call_age: 1_100 * DAY, versions: 9, version_bytes: 9 }
    }

    async fn filled(store: &Store, days: Millis, text: &str) {
        for day in 0..days {
            let id = format!("t{day}");
            store.add_trace(TraceRow {
                id: id.clone(),
                started_at: day * DAY,
                spans: text.to_owned(),
                ..TraceRow::default()
            });
            store.add_call(CallRow { id, started_at: day * DAY, ..CallRow::default() });
            let spent = Spent { provider: "p".to_owned(), model: None, usd: 1.0, is_estimate: false };
            store.settle_later(Vec::new(), vec![spent], day * DAY);
        }
        store.flush().await.unwrap();
    }

    async fn swept(store: &Store, limits: RecordLimits, now: Millis) -> usize {
        let mut steps = 0;
        loop {
            let more = store
                .write(move |tx| {
                    let work = || match cutoff(tx, limits, now, true)? {
                        Some(cutoff) => sweep(tx, cutoff),
                        None => Ok(false),
                    };
                    work().map_err(|err| StoreError::Internal { reason: err.to_string() })
                })
                .await
                .unwrap();
            steps += 1;
            if !more {
                return steps;
            }
        }
    }

    #[tokio::test]
    async fn traces_go_by_age_and_calls_stay_for_a_year_and_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        filled(&store, 1_300, "[]").await;
        let steps = swept(&store, limits(i64::MAX), 1_299 * DAY).await;
        assert!(steps > 4, "no step takes all: {steps}");
        let counts = store.record_counts().await.unwrap();
        assert_eq!((counts.traces, counts.oldest_trace), (91, Some(1_209 * DAY)));
        assert_eq!((counts.calls, counts.oldest_call), (1_101, Some(199 * DAY)));
        assert_eq!(store.spent_since(0, 0).await.unwrap().0, 1_101.0);
    }

    #[tokio::test]
    async fn the_oldest_traces_go_when_all_are_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        filled(&store, 50, &format!("[{}]", " ".repeat(698))).await;
        swept(&store, limits(10_500), 49 * DAY).await;
        let counts = store.record_counts().await.unwrap();
        assert_eq!((counts.traces, counts.trace_bytes, counts.oldest_trace), (10, 10_000, Some(40 * DAY)));
        assert_eq!(counts.calls, 50);
        assert_eq!(swept(&store, limits(10_500), 49 * DAY).await, 1);
    }

    #[tokio::test]
    async fn packs_go_with_what_they_quote_by_age_and_size() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        let memory = store.remember(vec![crate::store::tests::note("quoted")], 0).await.unwrap().remove(0).id;
        let memory = format!("carryall://memory/{memory}");
        let keep = |day: Millis| {
            let result = serde_json::json!({"text": "x".repeat(1_000),
                "items": [{"uri": memory}, {"uri": format!("file:///{day}")}, {"uri": "no address"}]});
            PackRow {
                id: format!("pack{day}"),
                created_at: day * DAY,
                query: "q".to_owned(),
                result: result.to_string(),
            }
        };
        for day in 0..130 {
            store.add_pack(keep(day)).await.unwrap();
        }
        // One that is made again is as young as its last making.
        store.add_pack(PackRow { created_at: 129 * DAY, ..keep(3) }).await.unwrap();
        swept(&store, limits(i64::MAX), 129 * DAY).await;
        let left = |from: Millis| {
            let store = store.clone();
            async move {
                let mut left = Vec::new();
                for day in from..130 {
                    left.extend(store.pack(format!("pack{day}")).await.unwrap().map(|_| day));
                }
                left
            }
        };
        let all: Vec<Millis> = [vec![3], (39..130).collect()].concat();
        assert_eq!(left(0).await, all);
        // The other packs quote the memory still, and those that went do not.
        let quotes = async || {
            let count = |conn: &Connection| {
                let count = conn.query_row("SELECT count(*) FROM pack_memories", [], |it| it.get(0));
                count.map_err(|err| StoreError::Internal { reason: err.to_string() })
            };
            store.read::<i64>(count).await.unwrap()
        };
        assert_eq!(quotes().await, i64::try_from(all.len()).unwrap());
        let size = i64::try_from(keep(129).result.len()).unwrap();
        swept(&store, limits(11 * size), 129 * DAY).await;
        assert_eq!(left(4).await.len(), 10, "beside the one that was made again");
        assert_eq!(quotes().await, 11);
    }

    #[tokio::test]
    async fn what_a_cap_of_the_month_counts_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("a.db"));
        filled(&store, 100, "[]").await;
        let least = RecordLimits { trace_age: DAY, call_age: DAY, ..limits(1) };
        swept(&store, least, 99 * DAY).await;
        assert_eq!(store.spent_since(0, 0).await.unwrap().0, 63.0);
        let counts = store.record_counts().await.unwrap();
        assert_eq!((counts.traces, counts.calls), (0, 2));
    }
}
