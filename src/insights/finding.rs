//! Says what was counted: sentences with numbers, the rows in their order, what to draw, and where to look next.

mod engagement;
mod groups;
mod history;
mod links;
mod overview;
mod ratings;
mod words;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::chart::Spec;
use super::filters;
use super::plan::Kind;
use super::plan::Plan;
use crate::clock;
use crate::clock::Millis;
use crate::store::Cell;
use crate::store::Table;

pub(super) use words::in_all;
pub(super) use words::number;
pub(super) use words::weekday;

/// Rows that one answer has; the sentences count all of them.
const ROWS: usize = 50;

/// Bars that can be told apart at 800 pixels.
const BARS: usize = 20;

const DAY: Millis = 86_400_000;

/// The next question behind a row, ready to be called.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The row's name.
    pub label: String,
    /// `query_insights` or `get_trace`.
    pub tool: &'static str,
    pub arguments: Value,
}

/// What a question came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Finding {
    /// One to three sentences.
    pub text: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows in all, those beyond the answer's included.
    pub total: usize,
    pub chart: Option<Spec>,
    /// One a row.
    pub links: Vec<Link>,
    /// Numbers of the sentences that stand in no row.
    pub beside: Vec<Link>,
}

/// The time and the filters of a question, as they were asked; every link carries them on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub filters: Map<String, Value>,
    /// Where one period ends and the other begins, when two are compared.
    pub middle: Option<Millis>,
    /// The names of one filter that are compared with each other.
    pub only: Option<(&'static str, Vec<String>)>,
    /// Rows that were asked for: “the top 5”.
    pub top: Option<usize>,
    /// How many milliseconds the sessions that are listed last at least and at most.
    pub lasting: (Option<f64>, Option<f64>),
    /// Whether ratings are told apart by model; else by request kind.
    pub by_model: bool,
    /// Rows that earlier pages had.
    pub skip: usize,
    /// For whom the call is made, where it says so; every link carries it on.
    pub viewer: Option<String>,
    /// Whose words may be read beside those of nobody.
    pub reader: Option<String>,
    /// As which persona words are read.
    pub persona: Option<String>,
    pub now: Millis,
}

impl Asked {
    /// “from 2026-10-22 to 2026-11-21”, or that no time was named.
    pub(super) fn range(&self) -> String {
        let day = |at: Millis| clock::format(at).chars().take(10).collect::<String>();
        let moment = |at: Millis| if at % DAY == 0 { day(at) } else { clock::format(at).chars().take(16).collect() };
        match (self.since, self.until) {
            (Some(since), Some(until)) if until.saturating_sub(since) < 3 * DAY => {
                format!("from {} to {} UTC", moment(since), moment(until))
            }
            (Some(since), Some(until)) => format!("from {} to {}", day(since), day(until)),
            (Some(since), None) => format!("since {}", day(since)),
            (None, Some(until)) => format!("before {}", day(until)),
            (None, None) => "over the whole record".to_owned(),
        }
    }

    /// The day on which the later of two periods begins.
    fn middle_day(&self) -> String {
        clock::format(self.middle.or(self.since).unwrap_or(self.now)).chars().take(10).collect()
    }

    /// The rows of this page, at most `limit`.
    fn page<T>(&self, rows: Vec<T>, limit: usize) -> Vec<T> {
        rows.into_iter().skip(self.skip).take(limit).collect()
    }

    /// The arguments of a question about the same, looked into further.
    pub(super) fn next(&self, kind: Kind, filter: Option<(&str, &str)>, drill: Value) -> Value {
        self.within(kind, self.since, self.until, filter, drill)
    }

    fn within(
        &self,
        kind: Kind,
        since: Option<Millis>,
        until: Option<Millis>,
        filter: Option<(&str, &str)>,
        drill: Value,
    ) -> Value {
        let mut filters = self.filters.clone();
        if let Some((name, value)) = filter {
            filters.insert(name.to_owned(), value.into());
        }
        let mut arguments = Map::new();
        arguments.insert("type".to_owned(), kind.name().into());
        if let Some(viewer) = &self.viewer {
            arguments.insert("user_id".to_owned(), viewer.as_str().into());
        }
        for (name, at) in [("since", since), ("until", until)] {
            if let Some(at) = at {
                arguments.insert(name.to_owned(), clock::format(at).into());
            }
        }
        if !filters.is_empty() {
            arguments.insert("filters".to_owned(), filters.into());
        }
        arguments.insert("drill_down".to_owned(), drill);
        arguments.into()
    }
}

pub(super) use ratings::helped;
pub(super) use ratings::helped_links;

/// Says what `table`, counted by `plan`, has in it.
pub(super) fn find(plan: &Plan, table: Table, asked: &Asked) -> Finding {
    let cut = table.cut;
    let mut finding = match plan.view {
        "asks" | "conversations" | "dearest_calls" | "decisions" | "events" | "memories" | "sessions"
        | "slowest_calls" | "timeline" | "turns" => history::history(plan, table, asked),
        "hours" => engagement::hours(table, asked),
        "streak" => engagement::streak(&table, asked),
        "lengths" => engagement::lengths(table, asked),
        "returning" => engagement::returning(table, asked),
        "gaps" => engagement::gaps(table, asked),
        "overview" => overview::overview(&table, asked),
        "ratings" => ratings::ratings(&table, asked),
        _ => groups::groups(plan, table, asked),
    };
    if finding.total == 0 && finding.chart.is_none() {
        // A board of charts has a place for each of them.
        let title = words::capital(&plan.view.replace('_', " "));
        finding.chart = Some(Spec { title, range: asked.range(), ..Spec::default() });
    }
    // What is counted of some calls only must not look like all of them.
    let only = filters::said(&asked.filters);
    if let Some(chart) = finding.chart.as_mut().filter(|_| !only.is_empty()) {
        let said = format!("only {only}");
        chart.unit = if chart.unit.is_empty() { said } else { format!("{} · {said}", chart.unit) };
    }
    if cut {
        // What is not listed any more is counted by month all the same, and its months lead to its calls.
        let drill = json!({"view": "calls", "by": "month", "measure": "calls"});
        let arguments = asked.next(Kind::Performance, None, drill);
        finding.beside.push(Link { label: "all of them, by month".to_owned(), tool: "query_insights", arguments });
    }
    if asked.skip > 0 && finding.total > 0 {
        let (skip, total) = (asked.skip, finding.total);
        let page = match finding.rows.len() {
            0 => format!("There are {total} rows, none of them after row {skip}."),
            shown => format!("Rows {} to {} of {total}.", skip + 1, skip + shown),
        };
        finding.text = format!("{page} {}", finding.text);
    }
    if finding.total == 0 && finding.text.is_empty() {
        let filtered = if asked.filters.is_empty() { "" } else { " under these filters" };
        let none = if plan.view == "errors" { "No call failed" } else { "Nothing is recorded" };
        let ahead = if asked.since.is_some_and(|it| it > asked.now) { ": there is no data of the future" } else { "" };
        finding.text = format!("{none} {}{filtered}{ahead}.", asked.range());
    }
    if !only.is_empty() {
        finding.text.push_str(&format!(" Narrowed to {only}."));
    }
    finding
}
