//! The counts over all that is kept, for metrics: every process on the file is in them.

use rusqlite::Connection;
use rusqlite::named_params;

use super::db::Store;
use super::error::StoreError;
use crate::clock::Millis;

/// What is counted over the whole file at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Tool, outcome, calls.
    pub calls: Vec<(String, String, i64)>,
    pub durations: Vec<DurationRow>,
    /// Tool, kind of the error, calls.
    pub errors: Vec<(String, String, i64)>,
    pub models: Vec<ModelTotals>,
    /// Provider, kind of the error, asks.
    pub provider_errors: Vec<(String, String, i64)>,
    /// How an answer was come by, asks.
    pub strategies: Vec<(String, i64)>,
    /// Asks that were answered out of the cache, and those that were not.
    pub cached: i64,
    pub uncached: i64,
    /// Provider, model, USD, of what is no estimate and of what is.
    pub spent: Vec<(String, String, f64, f64)>,
    /// Provider, model, milliseconds to the first piece of an answer and for each token after it.
    pub speeds: Vec<(String, String, f64, f64)>,
    /// Asks that hold a promise of money, and how much.
    pub promised: (i64, f64),
    /// The name of a table, and its rows.
    pub rows: Vec<(&'static str, i64)>,
    pub schema_version: i64,
}

/// How long the calls of a tool took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DurationRow {
    pub tool: String,
    /// For each of [`BUCKETS_US`], how many calls took at most so long.
    pub at_most: Vec<i64>,
    pub count: i64,
    pub sum_us: i64,
}

/// What was asked of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelTotals {
    pub provider: String,
    pub model: String,
    pub asks: i64,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub output_tokens: i64,
    /// Of those whose cost is known.
    pub cost_usd: f64,
    pub unknown_costs: i64,
}

/// The bounds of the histogram of durations, in microseconds. From a `remember` of a millisecond to an answer that
/// took the two minutes that an ask may take.
pub const BUCKETS_US: [i64; 16] = [
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
];

const CALLS: &str = "SELECT tool, outcome, count(*) FROM calls GROUP BY tool, outcome ORDER BY tool, outcome";

const ERRORS: &str = "SELECT tool, coalesce(error_kind, 'unknown'), count(*) FROM calls
    WHERE outcome = 'failed' GROUP BY 1, 2 ORDER BY 1, 2";

const MODELS: &str = "SELECT provider, coalesce(model, ''), count(*), sum(input_tokens), sum(cached_input_tokens),
        sum(output_tokens), coalesce(sum(cost_usd), 0.0), sum(cost_usd IS NULL)
    FROM calls WHERE tool = 'ask' AND provider IS NOT NULL AND outcome = 'ok' GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2";

const PROVIDER_ERRORS: &str = "SELECT provider, coalesce(error_kind, 'unknown'), count(*) FROM calls
    WHERE tool = 'ask' AND provider IS NOT NULL AND outcome = 'failed' GROUP BY 1, 2 ORDER BY 1, 2";

const STRATEGIES: &str = "SELECT strategy, count(*) FROM calls WHERE strategy IS NOT NULL GROUP BY 1 ORDER BY 1";

const CACHED: &str = "SELECT coalesce(sum(cached), 0), coalesce(sum(NOT cached), 0) FROM calls
    WHERE tool = 'ask' AND outcome = 'ok'";

const SPENT: &str = "SELECT provider, coalesce(model, ''), sum(CASE WHEN is_estimate THEN 0.0 ELSE cost_usd END),
        sum(CASE WHEN is_estimate THEN cost_usd ELSE 0.0 END)
    FROM spending GROUP BY 1, 2 ORDER BY 1, 2";

const SPEEDS: &str = "SELECT provider, model, first_ms, token_ms FROM model_speeds ORDER BY 1, 2";

const PROMISED: &str = "SELECT count(*), coalesce(sum(usd), 0.0) FROM reservations WHERE expires_at > :now";

/// Tables whose rows are told, under the name that a person knows.
const TABLES: [(&str, &str); 9] = [
    ("memories", "SELECT count(*) FROM memories"),
    ("turns", "SELECT count(*) FROM turns"),
    ("contexts", "SELECT count(*) FROM contexts"),
    ("packs", "SELECT count(*) FROM packs"),
    ("answers", "SELECT count(*) FROM answers"),
    ("traces", "SELECT count(*) FROM traces"),
    ("calls", "SELECT count(*) FROM calls"),
    ("feedback", "SELECT count(*) FROM feedback"),
    ("audit", "SELECT count(*) FROM audit"),
];

impl Store {
    /// Everything that is counted, at one moment. Reads all rows of calls: a millisecond for a thousand.
    pub async fn totals(&self, now: Millis) -> Result<Totals, StoreError> {
        self.query(move |conn| totals(conn, now)).await
    }
}

fn totals(conn: &Connection, now: Millis) -> rusqlite::Result<Totals> {
    let triples = |sql: &str| -> rusqlite::Result<Vec<(String, String, i64)>> {
        conn.prepare_cached(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    let money = |sql: &str| -> rusqlite::Result<Vec<(String, String, f64, f64)>> {
        conn.prepare_cached(sql)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect()
    };
    let models = conn
        .prepare_cached(MODELS)?
        .query_map([], |row| {
            Ok(ModelTotals {
                provider: row.get(0)?,
                model: row.get(1)?,
                asks: row.get(2)?,
                input_tokens: row.get(3)?,
                cached_input_tokens: row.get(4)?,
                output_tokens: row.get(5)?,
                cost_usd: row.get(6)?,
                unknown_costs: row.get(7)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let strategies = conn
        .prepare_cached(STRATEGIES)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let (cached, uncached) = conn.query_row(CACHED, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut rows = Vec::with_capacity(TABLES.len());
    for (name, sql) in TABLES {
        rows.push((name, conn.query_row(sql, [], |row| row.get(0))?));
    }
    Ok(Totals {
        calls: triples(CALLS)?,
        durations: durations(conn)?,
        errors: triples(ERRORS)?,
        models,
        provider_errors: triples(PROVIDER_ERRORS)?,
        strategies,
        cached,
        uncached,
        spent: money(SPENT)?,
        speeds: money(SPEEDS)?,
        promised: conn.query_row(PROMISED, named_params! {":now": now}, |row| Ok((row.get(0)?, row.get(1)?)))?,
        rows,
        schema_version: super::migrate::version(conn)?,
    })
}

fn durations(conn: &Connection) -> rusqlite::Result<Vec<DurationRow>> {
    let buckets: String = BUCKETS_US.iter().map(|it| format!(", sum(took_us <= {it})")).collect();
    let sql = format!("SELECT tool, count(*), sum(took_us){buckets} FROM calls GROUP BY tool ORDER BY tool");
    conn.prepare_cached(&sql)?
        .query_map([], |row| {
            let at_most = (0..BUCKETS_US.len()).map(|at| row.get(3 + at)).collect::<rusqlite::Result<_>>()?;
            Ok(DurationRow { tool: row.get(0)?, count: row.get(1)?, sum_us: row.get(2)?, at_most })
        })?
        .collect()
}
