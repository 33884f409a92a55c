//! Answers a question: reads it, counts, says and draws; equal questions on an unchanged record are answered at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::chart;
use super::chart::Format;
use super::chart::Theme;
use super::filters::FILTERS;
use super::filters::OF_ALL;
use super::filters::artifact;
use super::filters::filter;
use super::filters::known;
use super::finding;
use super::finding::Asked;
use super::finding::Finding;
use super::finding::Link;
use super::pages::Page;
use super::pages::Pages;
use super::plan;
use super::plan::Drill;
use super::plan::Kind;
use super::question::Names;
use super::reading::Eyes;
use super::reading::Reading;
use super::shares;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::config::CacheTimes;
use crate::store::CallFilter;
use crate::store::Cell;
use crate::store::Count;
use crate::store::Counted;
use crate::store::NewFeedback;
use crate::store::RecordState;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Table;
use crate::store::TraceFilter;
use crate::trace;
use crate::trace::Call;

/// Names that are listed when another one was asked for.
const NAMED: usize = 12;

/// Answers that are kept for a question that is asked again.
const KEPT: usize = 64;

/// How long an answer to `kind` is kept while the record stays as it is: what is asked about single calls as long as an
/// answer about what happened, counts over people, methods and days as one about code, and what is found over all of it
/// as one about what is known.
fn lifetime(kind: Kind, times: CacheTimes) -> Duration {
    match kind {
        Kind::History | Kind::Performance => times.history,
        Kind::Personas | Kind::Frameworks | Kind::Engagement => times.code,
        Kind::Insights => times.knowledge,
    }
}

/// Below this confidence the second reading of a question is offered too: of the questions read with less, more than
/// one in four is meant otherwise.
pub(super) const UNSURE: f64 = 0.75;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// In plain words; may be empty when the type is given.
    pub question: String,
    pub kind: Option<Kind>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// By name, each with a text; an unknown name is told.
    pub filters: Map<String, Value>,
    pub drill: Drill,
    pub page: Page,
    pub chart: Option<Format>,
    pub theme: Theme,
    pub viewer: Viewer,
}

/// Through whose eyes the record is read.
///
/// A call for a user counts what is the user's and nobody's. One that names no user counts everything, but reads the
/// words of nobody's calls only. A filter `user_id` that was given as such names the user, as `user_id` does in the other
/// tools, and a filter `persona` the persona, whose words are read like a user's; one that stands in the words of the
/// question or in an artifact only narrows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Viewer {
    pub user_id: Option<String>,
    /// The person whose file it is, at the command line.
    pub sees_all: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub kind: Kind,
    /// How sure the reading of the question is, 0.0..=1.0; 1 when the type was given.
    pub confidence: f64,
    /// One to three sentences.
    pub text: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows in all, those beyond the answer's included.
    pub total: usize,
    pub chart: Option<Vec<u8>>,
    /// One a row.
    pub links: Vec<Link>,
    /// To the rows behind numbers that stand in the text only.
    pub beside: Vec<Link>,
    pub pages: Pages,
    /// The same question read otherwise, when the reading is unsure.
    pub otherwise: Option<Link>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub cached: bool,
}

impl Answer {
    /// The call for the rows after the first `shown` ones of this page; `None` when there are no more.
    pub fn next_page(&self, shown: usize) -> Option<Link> {
        self.pages.after(shown, self.total)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A filter that there is not.
    #[error("`filters.{name}` is not one of {}", FILTERS.join(", "))]
    Filter { name: String },
    /// A filter with more than one value, or with none.
    #[error("`filters.{name}` takes one text or number")]
    FilterValue { name: String },
    /// A value that there cannot be.
    #[error("`filters.{name}` cannot be {value:?}; it is one of: {allowed}")]
    Value { name: String, value: String, allowed: &'static str },
    /// A limit that is no number.
    #[error("`filters.{name}` is not a number")]
    Limit { name: String },
    /// A place between two periods that is no time.
    #[error("`drill_down.middle` is not a time such as 2026-11-20T09:30:00Z")]
    Middle,
    /// A range that ends before it begins.
    #[error("`until` lies before `since`")]
    Range,
}

/// Answers questions about the record of use.
#[derive(Clone, Debug)]
pub struct Insights {
    pub(super) store: Store,
    clock: Clock,
    times: CacheTimes,
    /// Answers by question, the latest last; written after each answer.
    kept: Arc<Mutex<VecDeque<Kept>>>,
    counts: Arc<Counts>,
}

/// An answer that was given, and what it depends on.
#[derive(Debug)]
struct Kept {
    question: Question,
    /// How far the record had come.
    record: RecordState,
    at: Millis,
    answer: Answer,
}

/// How many questions were asked of this process, and how many were answered by a kept answer.
#[derive(Debug, Default)]
struct Counts {
    asked: AtomicU64,
    kept: AtomicU64,
}

impl Insights {
    pub fn new(store: Store, clock: Clock, times: CacheTimes) -> Insights {
        Insights { store, clock, times, kept: Arc::default(), counts: Arc::default() }
    }

    /// Answers `question`.
    ///
    /// # Errors
    ///
    /// An [`InsightsError`]: a wrong filter or range, or the store's.
    pub async fn answer(&self, question: &Question, call: &Call) -> Result<Answer, InsightsError> {
        let now = self.clock.now();
        // What was only noted belongs to the record.
        if let Err(err) = self.store.flush_calls().await {
            tracing::warn!(error = %err, "the latest calls may be missing");
        }
        let record = self.store.record_state(artifact(&question.filters), now).await?;
        let asked = self.counts.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(answer) = self.kept(question, &record, now) {
            let span = call.span("kept answer");
            span.note("kept", self.counts.kept.fetch_add(1, Ordering::Relaxed) + 1);
            span.note("asked", asked);
            return Ok(Answer { cached: true, ..answer });
        }
        let answer = self.work_out(question, &record, now, call).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|it| it.question != *question);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { question: question.clone(), record, at: now, answer: answer.clone() });
        Ok(answer)
    }

    /// How many questions were asked of this process, and how many of them a kept answer was given to.
    pub fn kept_answers(&self) -> (u64, u64) {
        (self.counts.asked.load(Ordering::Relaxed), self.counts.kept.load(Ordering::Relaxed))
    }

    /// Keeps a judgement, of a call and of what it showed, of the call that gave a pack, or of one memory; returns whether
    /// there is such a thing.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn give_feedback(&self, mut given: NewFeedback) -> Result<bool, StoreError> {
        // The call that is judged may still be on its way to the disk.
        self.store.flush().await?;
        if let Some(id) = given.trace_id.strip_prefix("carryall://trace/") {
            given.trace_id = id.to_owned();
        }
        let pack = given.trace_id.strip_prefix("carryall://pack/").unwrap_or(&given.trace_id);
        if pack.starts_with("pack_") {
            let Some(call) = self.store.call_of_pack(pack.to_owned()).await? else { return Ok(false) };
            given.trace_id = call;
        }
        let of_call = TraceFilter { id: Some(given.trace_id.clone()), ..TraceFilter::default() };
        let judged = trace::find(&self.store, of_call, 1).await?;
        given.shown = judged.first().map(trace::CallRecord::shown).unwrap_or_default();
        self.store.add_feedback(given, self.clock.now()).await
    }

    fn kept(&self, question: &Question, record: &RecordState, now: Millis) -> Option<Answer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // The next moment at which something expires moves on by itself; that of then is looked at below.
        let is_as = |it: &RecordState| RecordState { until: None, ..it.clone() };
        let found = kept.iter().rev().find(|it| it.question == *question && is_as(&it.record) == is_as(record))?;
        let lifetime = Millis::try_from(lifetime(found.answer.kind, self.times).as_millis()).unwrap_or(Millis::MAX);
        // What expires meanwhile is shown no more, although nobody wrote.
        let ends = found.record.until.unwrap_or(Millis::MAX).min(found.at.saturating_add(lifetime));
        (found.at..ends).contains(&now).then(|| found.answer.clone())
    }

    async fn work_out(
        &self,
        question: &Question,
        record: &RecordState,
        now: Millis,
        call: &Call,
    ) -> Result<Answer, InsightsError> {
        let eyes = Eyes::of(question);
        let span = call.span("read question");
        let reading = self.read(question, &eyes, now).await.inspect_err(|err| span.fail(err))?;
        span.note("type", reading.plan.kind.name());
        span.note("view", reading.plan.view);
        span.note("by", reading.plan.by.as_str());
        drop(span);
        let span = call.span("count");
        let counted = self.count(&reading, question).await.inspect_err(|err| span.fail(err))?;
        span.note("rows", counted.table.rows.len());
        drop(span);
        let (plan, finding) = self.tell(&reading, counted, &eyes).await?;
        let chart = question.chart.and_then(|format| {
            let span = call.span("draw");
            let spec = finding.chart.as_ref()?;
            chart::draw(spec, question.theme, format).inspect_err(|err| span.fail(err)).ok()
        });
        let pages = Pages {
            skip: question.page.skip,
            arguments: again(question, &reading.asked, &plan, reading.range),
            record: question.page.record.unwrap_or([record.calls.1, record.memories, record.turns]),
        };
        let Finding { text, columns, rows, total, links, beside, .. } = finding;
        Ok(Answer {
            kind: plan.kind,
            confidence: reading.confidence,
            text,
            columns,
            rows,
            total,
            chart,
            links,
            beside,
            pages,
            otherwise: reading.otherwise,
            since: reading.range.0,
            until: reading.asked.until,
            cached: false,
        })
    }

    /// Counts what `reading` says, and what is told besides.
    async fn count(&self, reading: &Reading, question: &Question) -> Result<CountedRows, InsightsError> {
        let count = &reading.count;
        let mut table = self.store.count(count.clone()).await?;
        let mut plan = reading.plan.clone();
        let kept = self.kept_conversations(reading, question).await?;
        if let Some((conversations, _)) = kept.as_ref().filter(|_| table.rows.is_empty() && question.page.skip == 0) {
            (table, plan) = (conversations.clone(), conversations_of(plan));
        }
        let mut share = None;
        let is_share = plan.measure == "share";
        if count.what == Counted::Performance && has_limit(&count.filter, is_share) && !table.rows.is_empty() {
            let mut filter = CallFilter { over_ms: None, under_ms: None, over_usd: None, ..count.filter.clone() };
            if is_share {
                filter = CallFilter { hour: None, weekday: None, error_kind: None, ..filter };
            }
            let all = self.store.count(Count { filter, ..count.clone() }).await?;
            share = shares::said(&table, &all);
            table = shares::of_groups(table, &all, is_share);
        }
        let is_in_time = plan::IN_TIME.contains(&plan.by.as_str());
        let mut whole = None;
        if count.what == Counted::Periods && is_in_time && plan.measure != "calls" {
            // The same users and sessions come again: they are no sum of those of the days.
            let one = self.store.count(Count { by: "all".to_owned(), skip: 0, ..count.clone() }).await?;
            let at = one.columns.iter().position(|it| *it == plan.measure);
            whole = at.and_then(|at| one.rows.first()?.get(at).map(finding::number));
        }
        let kept = kept.filter(|_| plan.view == "sessions");
        Ok(CountedRows { plan, table, kept, share, whole })
    }

    /// Says what was counted, by the plan that is behind it.
    async fn tell(
        &self,
        reading: &Reading,
        counted: CountedRows,
        eyes: &Eyes,
    ) -> Result<(plan::Plan, Finding), InsightsError> {
        let CountedRows { plan, table, kept, share, whole } = counted;
        let Reading { asked, count, unheard, names, .. } = reading;
        let mut finding = finding::find(&plan, table, asked);
        if let Some(whole) = whole.filter(|_| finding.total > 0) {
            let first = format!("{} {}. ", finding::in_all(&plan.measure, whole), asked.range());
            finding.text.insert_str(0, &first);
        }
        if let Some((conversations, link)) = kept {
            let many = conversations.days.values().sum::<i64>();
            let noun = if many == 1 { "conversation was" } else { "conversations were" };
            finding.text.push_str(&format!(" Besides, {many} {noun} kept by hooks or imports, without calls."));
            finding.beside.push(link);
        }
        if let Some(share) = share {
            finding.text.push_str(&share);
            finding.beside.push(all_of(asked, &plan));
        }
        if count.what == Counted::Ratings && finding.total > 0 {
            let table = self.store.count(Count { what: Counted::Remembered, ..count.clone() }).await?;
            if let Some(said) = finding::helped(&table) {
                finding.text.push_str(&format!(" {said}"));
                finding.beside.extend(finding::helped_links(asked));
            }
        }
        finding.text.insert_str(0, unheard);
        if finding.total == 0 {
            finding.text.push_str(&unknown_names(&asked.filters, names));
            finding.text.push_str(&self.what_there_is(eyes).await?);
        }
        Ok((plan, finding))
    }

    /// The conversations in which no call was made, and the question for them, where sessions are asked for: hosts' hooks
    /// kept them, or an import brought them in. `None` when there are none, or when what calls alone have is asked for.
    async fn kept_conversations(
        &self,
        reading: &Reading,
        question: &Question,
    ) -> Result<Option<(Table, Link)>, InsightsError> {
        let Reading { plan, count, asked, .. } = reading;
        if plan.view != "sessions" || !asked.filters.keys().all(|it| OF_ALL.contains(&it.as_str())) {
            return Ok(None);
        }
        let plan = conversations_of(plan.clone());
        let filter = filter(asked, &plan, question.page.record)?;
        let table = self.store.count(Count { what: plan.what, filter, skip: 0, ..count.clone() }).await?;
        let arguments = asked.next(Kind::History, None, json!({"view": plan.view}));
        let link = Link { label: "conversations without calls".to_owned(), tool: "query_insights", arguments };
        Ok((!table.rows.is_empty()).then_some((table, link)))
    }

    /// After “nothing”: what there is instead.
    async fn what_there_is(&self, eyes: &Eyes) -> Result<String, InsightsError> {
        Ok(match self.store.recorded(eyes.counts.clone()).await? {
            (0, ..) if eyes.counts.is_some() => " No call of this user is recorded yet.".to_owned(),
            (0, ..) => " No call is recorded yet: answers appear here after the first use of any tool.".to_owned(),
            (calls, Some(first), Some(last)) => {
                let day = |at| crate::clock::format(at).chars().take(10).collect::<String>();
                if calls == 1 {
                    return Ok(format!(" One call is recorded, of {}.", day(first)));
                }
                format!(" {calls} calls are recorded, from {} to {}.", day(first), day(last))
            }
            _ => String::new(),
        })
    }
}

/// What was counted, and what is said besides.
struct CountedRows {
    /// By what it was counted: conversations are in place of sessions that there are not.
    plan: plan::Plan,
    table: Table,
    /// Conversations without calls, and the question for them.
    kept: Option<(Table, Link)>,
    /// What share of all calls those beyond a limit are.
    share: Option<String>,
    /// Of what is said by day or month, how many there are over all of the time.
    whole: Option<f64>,
}

/// After “nothing”: which of the names were never recorded, and which were.
fn unknown_names(filters: &Map<String, Value>, names: &Names) -> String {
    let unknown = |(name, value): (&String, &Value)| {
        let (known, value) = (known(name, names)?, value.as_str()?);
        if value.starts_with('(') || known.is_empty() || known.iter().any(|it| it == value) {
            return None;
        }
        let more = if known.len() > NAMED { ", …" } else { "" };
        let some: Vec<&str> = known.iter().take(NAMED).map(String::as_str).collect();
        Some(format!(" No {name} is called {value}; there are {}{more}.", some.join(", ")))
    };
    filters.iter().filter_map(unknown).collect()
}

fn conversations_of(plan: plan::Plan) -> plan::Plan {
    plan::Plan { view: "conversations", what: Counted::Conversations, ..plan }
}

/// Whether only calls beyond a bound are counted; or, when a share is asked for, those of some hours, days or errors.
fn has_limit(filter: &CallFilter, is_share: bool) -> bool {
    let part = [&filter.hour, &filter.weekday, &filter.error_kind];
    [filter.over_ms, filter.under_ms, filter.over_usd].iter().any(Option::is_some)
        || is_share && part.into_iter().any(Option::is_some)
}

/// The arguments that ask the same once more, as it was read: what is left to its words is how the rows are ordered.
fn again(
    question: &Question,
    asked: &Asked,
    plan: &plan::Plan,
    (since, until): (Option<Millis>, Option<Millis>),
) -> Map<String, Value> {
    let time = |at: Option<Millis>| at.map(|it| Value::String(crate::clock::format(it)));
    let mut drill = json!({"view": plan.view, "by": plan.by, "measure": plan.measure});
    if let Some(middle) = asked.middle {
        drill["middle"] = crate::clock::format(middle).into();
    }
    let words = Some(&question.question).filter(|it| !it.is_empty());
    let given = [
        ("question", words.map(|it| it.as_str().into())),
        ("type", Some(plan.kind.name().into())),
        ("user_id", asked.viewer.clone().map(Value::String)),
        ("since", time(since)),
        ("until", time(until)),
        ("filters", (!asked.filters.is_empty()).then(|| asked.filters.clone().into())),
        ("drill_down", Some(drill)),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// All the calls that those beyond a limit are a share of.
fn all_of(asked: &Asked, plan: &plan::Plan) -> Link {
    let mut all = asked.clone();
    for name in ["over_ms", "under_ms", "over_usd"] {
        all.filters.remove(name);
    }
    let arguments = all.next(plan.kind, None, json!({"view": plan.view, "by": plan.by, "measure": "calls"}));
    Link { label: "all calls, below the limit as well".to_owned(), tool: "query_insights", arguments }
}

/// The same question with another type, as a call that is ready to be made.
pub(super) fn reread(question: &Question, kind: Kind) -> Link {
    let mut arguments = json!({"question": question.question, "type": kind.name()});
    let user = question.viewer.user_id.clone().map(Value::String);
    let filters = (!question.filters.is_empty()).then(|| Value::Object(question.filters.clone()));
    let time = |at: Option<Millis>| at.map(|it| Value::String(crate::clock::format(it)));
    let more =
        [("user_id", user), ("filters", filters), ("since", time(question.since)), ("until", time(question.until))];
    for (name, value) in more {
        if let (Some(value), Some(arguments)) = (value, arguments.as_object_mut()) {
            arguments.insert(name.to_owned(), value);
        }
    }
    Link { label: format!("read as {}", kind.name()), tool: "query_insights", arguments }
}
