//! The rows that questions about use, cost and quality count: one narrow row a call, and the queries over them.
//!
//! The queries are the files beside this one, one for each type of question, in named parts. Each reads `calls.sql`,
//! `memories.sql` or `turns.sql` first, which hold the filters and who may see what.

mod counting;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::ToSql;
use rusqlite::named_params;
use rusqlite::types::Value;

use super::contexts::Scope;
use super::db::Store;
use super::error::StoreError;
use super::stamps;
use super::stamps::Stamped;
use super::standing;
use super::traces::Eyes;
use crate::clock::Millis;

pub(super) use counting::teach;

/// So many characters are kept of what a call asked.
pub const QUESTION_CHARACTERS: u16 = 500;

/// Rows that an answer reads at most; what is cut is said by its reader.
const ROWS: usize = 20_000;

/// Rows of a list that are read at once: an answer shows fewer, and the words of a year's calls would take 20 MB.
const LISTED: usize = 100;

/// What a call was, for counting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallRow {
    /// The trace's id.
    pub id: String,
    pub tool: String,
    pub started_at: Millis,
    pub took_us: i64,
    /// `ok`, `failed` or `cancelled`.
    pub outcome: String,
    pub error_kind: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub namespace: Option<String>,
    pub request_kind: Option<String>,
    pub frameworks: Vec<String>,
    pub strategy: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub cached: bool,
    /// `None` is unknown, or that nothing was bought.
    pub cost_usd: Option<f64>,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub output_tokens: i64,
    /// The beginning of what was asked, without secrets.
    pub question: Option<String>,
    /// -1.0..=1.0, from feedback.
    pub rating: Option<f64>,
    /// The name by which the model was asked, when its answer was whole.
    pub asked_model: Option<String>,
    /// -1.0..=1.0, what the answer showed by itself.
    pub outcome_rating: Option<f64>,
}

/// Which calls are counted; `None` means any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallFilter {
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub user_id: Option<String>,
    pub persona: Option<String>,
    pub namespace: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub tool: Option<String>,
    pub request_kind: Option<String>,
    pub strategy: Option<String>,
    pub session_id: Option<String>,
    pub outcome: Option<String>,
    pub error_kind: Option<String>,
    pub framework: Option<String>,
    /// `09:00` is from nine to ten, UTC; several with blanks between.
    pub hour: Option<String>,
    /// Digits, `0` is Sunday: calls of one of those days.
    pub weekday: Option<String>,
    /// Slower than this, in milliseconds.
    pub over_ms: Option<f64>,
    /// Faster than this, in milliseconds.
    pub under_ms: Option<f64>,
    /// Dearer than this.
    pub over_usd: Option<f64>,
    /// `yes`: only those that were rated; any other: only those that were not.
    pub rated: Option<String>,
    /// Words that the question must hold, as one piece, in any case; only of those that may be read.
    pub text: Option<String>,
    /// `yes`: only those that were judged with items that helped; any other: only those that were not.
    pub helped: Option<String>,
    /// A JSON array of names that calls do not have.
    pub except: Option<String>,
    /// The last one in the order of writing, of calls, memories or turns: what the first page of a list counted.
    pub upto: Option<i64>,
}

/// A part of one of the query files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Speed, errors, cost and tokens by group.
    Performance,
    /// Failures by their kind.
    Errors,
    /// Calls a minute.
    Minutes,
    Asks,
    Sessions,
    /// Every call by itself.
    Timeline,
    /// Every call by itself, the dearest first.
    Dearest,
    /// Every call by itself, the slowest first.
    Slowest,
    /// Memories of one kind, or of all.
    Memories,
    /// Conversations in which no call was made.
    Conversations,
    /// What was said.
    Turns,
    Personas,
    Users,
    PersonasByUser,
    Frameworks,
    /// Request kinds or strategies, by group.
    Kinds,
    WithAndWithout,
    /// Sessions, users and calls by group.
    Periods,
    SessionLengths,
    Hours,
    Returning,
    ActiveDays,
    Gaps,
    /// Every measure by day.
    Days,
    /// Before and after a moment, by group.
    Movers,
    /// Ratings before and after a moment, by group.
    Ratings,
    /// Ratings of answers for which remembered items were of use, and of the others.
    Remembered,
}

/// A question over [`Counted`] rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub what: Counted,
    pub filter: CallFilter,
    /// Whose calls and nobody's are counted; `None` counts all.
    pub viewer: Option<String>,
    /// Whether the words of all may be read: the person whose file it is. Else those of `viewer` and of nobody.
    pub sees_all: bool,
    /// As which persona words are read: its own and those of none.
    pub persona: Option<String>,
    /// What to group by, where the part groups: one of the words of `insights/calls.sql`, else all are one group.
    pub by: String,
    /// The kind of memory, for [`Counted::Memories`]; empty: every kind, by the time at which they were kept.
    pub kind: String,
    /// The moment between before and after, where two periods are compared.
    pub middle: Millis,
    pub now: Millis,
    /// Of lists, how many rows are passed over before the first one that is read.
    pub skip: usize,
}

/// The names that calls have, each list in the order of the alphabet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallNames {
    pub personas: Vec<String>,
    pub users: Vec<String>,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    pub tools: Vec<String>,
}

/// How far the record has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordState {
    /// The first and the last one.
    pub calls: (i64, i64),
    pub feedback: i64,
    /// The last one, and the last one of what was said.
    pub memories: i64,
    pub turns: i64,
    /// How many conversations there are: one that is deleted has been one of them.
    pub conversations: i64,
    /// Those of the calls, of the memories and of the context that was asked for; see [`Stamped`].
    pub stamps: [Option<i64>; 3],
    /// The next moment at which something expires although nobody writes.
    pub until: Option<Millis>,
}

/// A judgement of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewFeedback {
    /// Of a call, or the id or address of a memory.
    pub trace_id: String,
    /// -1.0..=1.0.
    pub rating: Option<f64>,
    pub note: Option<String>,
    /// The ids of what helped.
    pub used: Vec<String>,
    /// The addresses of what the call showed; see `trace::CallRecord::shown`.
    pub shown: Vec<String>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Whether there were more rows than are read.
    pub cut: bool,
    /// Of lists, how many rows there are in all, by day, and when the earliest of them was.
    pub days: BTreeMap<String, i64>,
    pub earliest: Option<String>,
}

/// A value in a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    None,
    Count(i64),
    Number(f64),
    Text(String),
}

impl Store {
    /// Counts what `count` asks for: at most 20,000 groups, or a hundred rows of a list and how many it has in all.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn count(&self, count: Count) -> Result<Table, StoreError> {
        self.query(move |conn| run(conn, &count)).await
    }

    /// Keeps the facts of a call with the next transaction that is made anyway.
    pub fn add_call(&self, call: CallRow) {
        self.calls_waiting().store(true, Ordering::Release);
        self.change_later(move |tx| insert(tx, &call));
    }

    /// Keeps many calls at once, for a generated record of use.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; then none of them is kept.
    pub async fn add_calls(&self, calls: Vec<CallRow>) -> Result<(), StoreError> {
        self.change(move |tx| calls.iter().try_for_each(|it| insert(tx, it))).await
    }

    /// Keeps a judgement; a call's rating is the latest one. Returns whether there is such a call or memory.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn add_feedback(&self, given: NewFeedback, now: Millis) -> Result<bool, StoreError> {
        self.change(move |tx| feedback(tx, &given, now)).await
    }

    /// What was counted of the call `id`, for `eyes` that may see it; `None` sees all.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn call(&self, id: String, eyes: Option<Eyes>) -> Result<Option<CallRow>, StoreError> {
        self.query(move |conn| {
            let sees_all = eyes.is_none();
            let eyes = eyes.unwrap_or_default();
            let values = named_params! {
                ":id": id, ":sees_all": sees_all, ":user_id": eyes.user_id, ":persona": eyes.persona,
            };
            conn.prepare_cached(CALL)?.query_row(values, call_row).optional()
        })
        .await
    }

    /// The names that calls have: those of `viewer` and of nobody, or all.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn call_names(&self, viewer: Option<String>) -> Result<CallNames, StoreError> {
        self.query(move |conn| {
            let names = |column: &str| -> rusqlite::Result<Vec<String>> {
                conn.prepare_cached(&NAMES.replace("{column}", column))?
                    .query_map(named_params! {":viewer": viewer}, |row| row.get(0))?
                    .collect()
            };
            Ok(CallNames {
                personas: names("persona")?,
                users: names("user_id")?,
                models: names("model")?,
                providers: names("provider")?,
                tools: names("tool")?,
            })
        })
        .await
    }

    /// The kinds of errors that calls ended with, which [`Store::call_names`] leaves out: they are found by reading all calls.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] of reading.
    pub async fn error_kinds(&self, viewer: Option<String>) -> Result<Vec<String>, StoreError> {
        self.distinct("SELECT DISTINCT error_kind FROM calls WHERE error_kind IS NOT NULL", viewer).await
    }

    /// The namespaces of the calls, found like [`Store::error_kinds`].
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] of reading.
    pub async fn call_namespaces(&self, viewer: Option<String>) -> Result<Vec<String>, StoreError> {
        self.distinct("SELECT DISTINCT coalesce(namespace, 'default') FROM calls WHERE 1", viewer).await
    }

    async fn distinct(&self, select: &'static str, viewer: Option<String>) -> Result<Vec<String>, StoreError> {
        self.query(move |conn| {
            let sql = format!("{select} AND (:viewer IS NULL OR user_id IS NULL OR user_id = :viewer) ORDER BY 1");
            conn.prepare_cached(&sql)?.query_map(named_params! {":viewer": viewer}, |row| row.get(0))?.collect()
        })
        .await
    }

    /// Waits until the calls that were noted are in the record. Without any there is no commit to wait for.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] of committing.
    pub async fn flush_calls(&self) -> Result<(), StoreError> {
        let waiting = self.calls_waiting();
        if waiting.swap(false, Ordering::AcqRel) {
            self.flush().await.inspect_err(|_| waiting.store(true, Ordering::Release))?;
        }
        Ok(())
    }

    /// How far the record has come; changed by every write that an answer may depend on. `context` is one that it reads:
    /// its namespace, scope and owner.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn record_state(
        &self,
        context: Option<(String, Scope, String)>,
        now: Millis,
    ) -> Result<RecordState, StoreError> {
        let context = context.map(|(namespace, scope, owner)| Stamped::Contexts(namespace, scope, owner));
        let things = [Some(Stamped::Calls), Some(Stamped::Memories), context].map(|it| it.map(|it| it.name()));
        self.query(move |conn| {
            let mut stamp = conn.prepare_cached(stamps::STAMP)?;
            let mut found = [None; 3];
            for (what, found) in things.iter().zip(&mut found) {
                *found = stamp.query_row(named_params! {":what": what}, |row| row.get(0)).optional()?;
            }
            let now = named_params! {":now": now};
            let until = conn.prepare_cached(stamps::UNTIL)?.query_row(now, |row| row.get(0))?;
            conn.prepare_cached(STATE)?.query_row([], |row| {
                let calls = (row.get(0)?, row.get(1)?);
                Ok(RecordState {
                    calls,
                    feedback: row.get(2)?,
                    memories: row.get(3)?,
                    turns: row.get(4)?,
                    conversations: row.get(5)?,
                    stamps: found,
                    until,
                })
            })
        })
        .await
    }

    /// How many calls are recorded, and when the first and the last began: those of `viewer` and of nobody, or all.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn recorded(&self, viewer: Option<String>) -> Result<(u64, Option<Millis>, Option<Millis>), StoreError> {
        self.query(move |conn| {
            conn.prepare_cached(
                "SELECT count(*), min(started_at), max(started_at) FROM calls
                WHERE :viewer IS NULL OR user_id IS NULL OR user_id = :viewer",
            )
            .and_then(|mut it| {
                it.query_row(named_params! {":viewer": viewer}, |row| {
                    Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?, row.get(2)?))
                })
            })
        })
        .await
    }
}

fn run(conn: &Connection, count: &Count) -> rusqlite::Result<Table> {
    let rows = i64::try_from(if count.what.is_list() { LISTED } else { ROWS + 1 }).unwrap_or(i64::MAX);
    let mut statement = conn.prepare_cached(&counting::sql(count))?;
    bind(&mut statement, count, rows)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let mut found = statement.raw_query();
    let mut table = Table { columns, ..Table::default() };
    while let Some(row) = found.next()? {
        if table.rows.len() == ROWS {
            table.cut = true;
            break;
        }
        let cells = (0..width).map(|at| row.get::<_, Value>(at).map(Cell::from)).collect::<rusqlite::Result<_>>()?;
        table.rows.push(cells);
    }
    if let Some(sql) = counting::sql_of_days(count) {
        let mut statement = conn.prepare_cached(&sql)?;
        bind(&mut statement, count, i64::MAX)?;
        let mut found = statement.raw_query();
        while let Some(row) = found.next()? {
            let first: String = row.get(0)?;
            *table.days.entry(first.chars().take(10).collect()).or_default() += row.get::<_, i64>(1)?;
            table.earliest = table.earliest.take().into_iter().chain([first]).min();
        }
    }
    Ok(table)
}

/// Gives the parameters that `statement` has their values.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, count: &Count, rows: i64) -> rusqlite::Result<()> {
    let filter = &count.filter;
    let since = filter.since.unwrap_or(Millis::MIN);
    let until = filter.until.unwrap_or(Millis::MAX);
    let skip = i64::try_from(count.skip).unwrap_or(i64::MAX);
    let values: [(&str, &dyn ToSql); 33] = [
        (":viewer", &count.viewer),
        (":sees_all", &count.sees_all),
        (":as_persona", &count.persona),
        (":over_ms", &filter.over_ms),
        (":under_ms", &filter.under_ms),
        (":over_usd", &filter.over_usd),
        (":since", &since),
        (":until", &until),
        (":user_id", &filter.user_id),
        (":persona", &filter.persona),
        (":namespace", &filter.namespace),
        (":provider", &filter.provider),
        (":model", &filter.model),
        (":tool", &filter.tool),
        (":request_kind", &filter.request_kind),
        (":strategy", &filter.strategy),
        (":session_id", &filter.session_id),
        (":outcome", &filter.outcome),
        (":error_kind", &filter.error_kind),
        (":framework", &filter.framework),
        (":hour", &filter.hour),
        (":weekday", &filter.weekday),
        (":rated", &filter.rated),
        (":except", &filter.except),
        (":helped", &filter.helped),
        (":text", &filter.text),
        (":upto", &filter.upto),
        (":by", &count.by),
        (":kind", &count.kind),
        (":middle", &count.middle),
        (":now", &count.now),
        (":rows", &rows),
        (":skip", &skip),
    ];
    for (name, value) in values {
        if let Some(at) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(at, value)?;
        }
    }
    Ok(())
}

impl From<Value> for Cell {
    fn from(value: Value) -> Cell {
        match value {
            Value::Integer(it) => Cell::Count(it),
            Value::Real(it) => Cell::Number(it),
            Value::Text(it) => Cell::Text(it),
            Value::Null | Value::Blob(_) => Cell::None,
        }
    }
}

fn feedback(conn: &Connection, given: &NewFeedback, now: Millis) -> rusqlite::Result<bool> {
    let known: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM traces WHERE id = :id) OR EXISTS (SELECT 1 FROM calls WHERE id = :id)",
        )?
        .query_row(named_params! {":id": given.trace_id}, |row| row.get(0))?;
    if !known {
        return standing::judge_memory(conn, given, now);
    }
    judge(conn, given, now)?;
    conn.prepare_cached(
        "INSERT INTO feedback (trace_id, at, rating, note, used) VALUES (:trace_id, :at, :rating, :note, :used)",
    )?
    .execute(named_params! {
        ":trace_id": given.trace_id, ":at": now, ":rating": given.rating, ":note": given.note,
        ":used": serde_json::to_string(&given.used).unwrap_or_else(|_| "[]".to_owned()),
    })?;
    conn.prepare_cached("UPDATE calls SET rating = coalesce(:rating, rating) WHERE id = :id")?
        .execute(named_params! {":rating": given.rating, ":id": given.trace_id})?;
    Ok(true)
}

/// Where the calls begin and end, the last judgement, memory and turn, and how many conversations there are.
const STATE: &str = "SELECT (SELECT coalesce(min(seq), 0) FROM calls), (SELECT coalesce(max(seq), 0) FROM calls),
    (SELECT coalesce(max(seq), 0) FROM feedback), (SELECT coalesce(max(seq), 0) FROM memories),
    (SELECT coalesce(max(seq), 0) FROM turns), (SELECT count(*) FROM sessions)";

/// From each name to the next one in its index: as many steps as there are names, however many calls have them.
const NAMES: &str = "WITH RECURSIVE n (v) AS (
        SELECT min({column}) FROM calls
        UNION ALL
        SELECT (SELECT min({column}) FROM calls WHERE {column} > n.v) FROM n WHERE n.v IS NOT NULL)
    SELECT v FROM n WHERE v IS NOT NULL AND (:viewer IS NULL
        OR EXISTS (SELECT 1 FROM calls WHERE {column} = v AND user_id IS NULL)
        OR EXISTS (SELECT 1 FROM calls WHERE {column} = v AND user_id = :viewer))";

/// Counts what helped and what was shown beside it, each once for a call however often the call is judged.
fn judge(conn: &Connection, given: &NewFeedback, now: Millis) -> rusqlite::Result<()> {
    let before: Vec<String> = conn
        .prepare_cached(
            "SELECT it.value FROM feedback, json_each(feedback.used) AS it WHERE feedback.trace_id = :trace_id",
        )?
        .query_map(named_params! {":trace_id": given.trace_id}, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let meant = |named: &[String], address: &str| named.iter().any(|it| names(it, address));
    let (helped, other): (Vec<&String>, Vec<&String>) = given.shown.iter().partition(|it| meant(&given.used, it));
    let new = helped.iter().filter(|it| !meant(&before, it)).map(|it| (*it).clone()).collect::<Vec<_>>();
    let first = !given.shown.iter().any(|it| meant(&before, it));
    let ignored = if first && !helped.is_empty() { other.into_iter().cloned().collect() } else { Vec::new() };
    standing::judge(conn, &new, &ignored, now)
}

/// Whether `named`, an address or the end of one after a stroke, means `address`.
fn names(named: &str, address: &str) -> bool {
    let end = address.strip_suffix(named);
    !named.is_empty() && end.is_some_and(|it| it.is_empty() || it.ends_with(['/', '#']))
}

const CALL: &str = "SELECT id, tool, started_at, took_us, outcome, error_kind, session_id, user_id, persona, namespace,
        request_kind, strategy, provider, model, cached, cost_usd, input_tokens, cached_input_tokens, output_tokens,
        question, rating, asked_model, outcome_rating, frameworks
    FROM calls WHERE id = :id
      AND (:sees_all OR ((user_id IS NULL OR user_id = :user_id) AND (persona IS NULL OR persona = :persona)))";

fn call_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<CallRow> {
    Ok(CallRow {
        id: row.get(0)?,
        tool: row.get(1)?,
        started_at: row.get(2)?,
        took_us: row.get(3)?,
        outcome: row.get(4)?,
        error_kind: row.get(5)?,
        session_id: row.get(6)?,
        user_id: row.get(7)?,
        persona: row.get(8)?,
        namespace: row.get(9)?,
        request_kind: row.get(10)?,
        strategy: row.get(11)?,
        provider: row.get(12)?,
        model: row.get(13)?,
        cached: row.get(14)?,
        cost_usd: row.get(15)?,
        input_tokens: row.get(16)?,
        cached_input_tokens: row.get(17)?,
        output_tokens: row.get(18)?,
        question: row.get(19)?,
        rating: row.get(20)?,
        asked_model: row.get(21)?,
        outcome_rating: row.get(22)?,
        frameworks: serde_json::from_str(&row.get::<_, String>(23)?).unwrap_or_default(),
    })
}

const INSERT: &str =
    "INSERT OR IGNORE INTO calls (id, tool, started_at, took_us, outcome, error_kind, session_id, user_id,
        persona, namespace, request_kind, frameworks, strategy, provider, model, cached, cost_usd, input_tokens,
        cached_input_tokens, output_tokens, question, rating, asked_model, outcome_rating)
    VALUES (:id, :tool, :started_at, :took_us, :outcome, :error_kind, :session_id, :user_id,
        :persona, :namespace, :request_kind, :frameworks, :strategy, :provider, :model, :cached, :cost_usd,
        :input_tokens, :cached_input_tokens, :output_tokens, :question, :rating, :asked_model, :outcome_rating)";

fn insert(conn: &Connection, call: &CallRow) -> rusqlite::Result<()> {
    conn.prepare_cached(INSERT)?.execute(named_params! {
        ":id": call.id, ":tool": call.tool, ":started_at": call.started_at, ":took_us": call.took_us,
        ":outcome": call.outcome, ":error_kind": call.error_kind, ":session_id": call.session_id,
        ":user_id": call.user_id, ":persona": call.persona, ":namespace": call.namespace,
        ":request_kind": call.request_kind,
        ":frameworks": serde_json::to_string(&call.frameworks).unwrap_or_else(|_| "[]".to_owned()),
        ":strategy": call.strategy, ":provider": call.provider, ":model": call.model, ":cached": call.cached,
        ":cost_usd": call.cost_usd, ":input_tokens": call.input_tokens,
        ":cached_input_tokens": call.cached_input_tokens, ":output_tokens": call.output_tokens,
        ":question": call.question, ":rating": call.rating, ":asked_model": call.asked_model,
        ":outcome_rating": call.outcome_rating,
    })?;
    Ok(())
}
