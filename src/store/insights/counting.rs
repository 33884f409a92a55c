//! Makes the text of a query out of the files beside this one, and gives SQLite the percentile that it has not.

use rusqlite::Connection;
use rusqlite::functions::Aggregate;
use rusqlite::functions::Context;
use rusqlite::functions::FunctionFlags;

use super::Count;
use super::Counted;

impl Counted {
    /// Whether single things are listed, page by page, other than groups of them.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Counted::Asks
                | Counted::Sessions
                | Counted::Timeline
                | Counted::Dearest
                | Counted::Slowest
                | Counted::Memories
                | Counted::Conversations
                | Counted::Turns
        )
    }

    /// The file with what is counted at all: who may see it, the time, and the filters.
    fn filtered(self) -> &'static str {
        match self {
            Counted::Memories => include_str!("memories.sql"),
            Counted::Conversations | Counted::Turns => include_str!("turns.sql"),
            _ => include_str!("calls.sql"),
        }
    }

    /// The file it stands in, and its name there.
    fn part(self) -> (&'static str, &'static str) {
        const PERFORMANCE: &str = include_str!("performance.sql");
        const HISTORY: &str = include_str!("history.sql");
        const PERSONAS: &str = include_str!("personas.sql");
        const FRAMEWORKS: &str = include_str!("frameworks.sql");
        const ENGAGEMENT: &str = include_str!("engagement.sql");
        const INSIGHTS: &str = include_str!("insights.sql");
        match self {
            Counted::Performance => (PERFORMANCE, "calls"),
            Counted::Errors => (PERFORMANCE, "errors"),
            Counted::Minutes => (PERFORMANCE, "minutes"),
            Counted::Movers => (PERFORMANCE, "movers"),
            Counted::Asks => (HISTORY, "asks"),
            Counted::Sessions => (HISTORY, "sessions"),
            Counted::Timeline | Counted::Dearest | Counted::Slowest => (HISTORY, "timeline"),
            Counted::Memories => (HISTORY, "memories"),
            Counted::Conversations => (HISTORY, "conversations"),
            Counted::Turns => (HISTORY, "turns"),
            Counted::Personas => (PERSONAS, "personas"),
            Counted::Users => (PERSONAS, "users"),
            Counted::PersonasByUser => (PERSONAS, "pairs"),
            Counted::Frameworks => (FRAMEWORKS, "frameworks"),
            Counted::Kinds => (FRAMEWORKS, "kinds"),
            Counted::WithAndWithout => (FRAMEWORKS, "with_and_without"),
            Counted::Periods => (ENGAGEMENT, "periods"),
            Counted::SessionLengths => (ENGAGEMENT, "sessions"),
            Counted::Hours => (ENGAGEMENT, "hours"),
            Counted::Returning => (ENGAGEMENT, "users"),
            Counted::ActiveDays => (ENGAGEMENT, "days"),
            Counted::Gaps => (ENGAGEMENT, "gaps"),
            Counted::Days => (INSIGHTS, "days"),
            Counted::Ratings => (INSIGHTS, "ratings"),
            Counted::Remembered => (INSIGHTS, "remembered"),
        }
    }
}

/// The query for `count`: only with the lines of the filters that were given and of the group that was asked for, so
/// that SQLite does not weigh for each call what nobody asked.
pub(super) fn sql(count: &Count) -> String {
    let (file, name) = count.what.part();
    // Each part may order itself; the limit holds for all.
    let limit = if count.what.is_list() { "LIMIT :rows OFFSET :skip" } else { "LIMIT :rows" };
    let query = format!("{}\n{limit}", whole(count, part(file, name)));
    let first = match count.what {
        Counted::Dearest => "cost_usd",
        Counted::Slowest => "took_us",
        _ => return query,
    };
    query.replace("ORDER BY ", &format!("ORDER BY {first} DESC, "))
}

/// The query that says how many rows the list of `count` has on each day; `None` where there is no list.
pub(super) fn sql_of_days(count: &Count) -> Option<String> {
    let (file, name) = count.what.part();
    count.what.is_list().then(|| whole(count, part(file, &format!("{name}_days"))))
}

/// The part of `file` that is called `name`.
fn part<'a>(file: &'a str, name: &str) -> &'a str {
    file.split("-- name: ")
        .skip(1)
        .find_map(|it| it.split_once('\n').filter(|(head, _)| head.trim() == name))
        .map_or("", |(_, body)| body.trim())
}

/// `part` after what it counts.
fn whole(count: &Count, part: &str) -> String {
    let filtered = count.what.filtered();
    let filter = &count.filter;
    let given = |name: &str| match name {
        "viewer" => count.viewer.is_some(),
        "user_id" => filter.user_id.is_some(),
        "persona" => filter.persona.is_some(),
        "namespace" => filter.namespace.is_some(),
        "provider" => filter.provider.is_some(),
        "model" => filter.model.is_some(),
        "tool" => filter.tool.is_some(),
        "request_kind" => filter.request_kind.is_some(),
        "strategy" => filter.strategy.is_some(),
        "session_id" => filter.session_id.is_some(),
        "hour" => filter.hour.is_some(),
        "weekday" => filter.weekday.is_some(),
        "outcome" => filter.outcome.is_some(),
        "error_kind" => filter.error_kind.is_some(),
        "framework" => filter.framework.is_some(),
        "rated" => filter.rated.is_some(),
        "helped" => filter.helped.is_some(),
        "upto" => filter.upto.is_some(),
        "except" => filter.except.is_some(),
        "over_ms" => filter.over_ms.is_some(),
        "under_ms" => filter.under_ms.is_some(),
        "over_usd" => filter.over_usd.is_some(),
        // A filter without a line here is always applied.
        _ => true,
    };
    let group = format!("WHEN '{}' THEN ", count.by);
    let group = filtered.lines().find_map(|it| it.trim().strip_prefix(group.as_str())).unwrap_or("'all'");
    let mut query = String::new();
    let mut choosing = false;
    for line in filtered.lines().filter(|it| !it.starts_with("--")) {
        match line.trim() {
            "CASE :by" => choosing = true,
            "END AS k" => {
                choosing = false;
                query.push_str(&format!("        {group} AS k\n"));
            }
            _ if choosing => {}
            it => {
                let optional = it.strip_prefix("AND (:").and_then(|it| it.split_once(" IS NULL OR ")).map(|it| it.0);
                if optional.is_none_or(given) {
                    query.push_str(line);
                    query.push('\n');
                }
            }
        }
    }
    of_kind(query + part, count)
}

/// Those of one kind are listed by the time at which they happened, all of them by the time at which they were kept.
fn of_kind(query: String, count: &Count) -> String {
    if count.kind.is_empty() {
        return query.replace("kind = :kind AND ", "").replace("coalesce(occurred_at, created_at)", "created_at");
    }
    query
}

/// Teaches `conn` to take percentiles by the nearest rank: the smallest value that so many of a hundred do not pass.
pub(in crate::store) fn teach(conn: &Connection) -> rusqlite::Result<()> {
    conn.create_aggregate_function(
        "percentile",
        2,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        Percentile,
    )
}

struct Percentile;

#[derive(Default)]
struct Values {
    values: Vec<i64>,
    percent: usize,
}

impl Aggregate<Values, Option<i64>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Values> {
        Ok(Values::default())
    }

    fn step(&self, row: &mut Context<'_>, so_far: &mut Values) -> rusqlite::Result<()> {
        if let Some(value) = row.get::<Option<i64>>(0)? {
            so_far.values.push(value);
        }
        so_far.percent = usize::try_from(row.get::<i64>(1)?).unwrap_or(0).min(100);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, all: Option<Values>) -> rusqlite::Result<Option<i64>> {
        let Values { mut values, percent } = all.unwrap_or_default();
        if values.is_empty() {
            return Ok(None);
        }
        let rank = (values.len() * percent).div_ceil(100).max(1);
        Ok(Some(*values.select_nth_unstable(rank - 1).1))
    }
}
