//! Answers a question: reads it, counts, says and draws; equal questions on an unchanged record are answered at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::chart;
use super::chart::Format;
use super::chart::Theme;
use super::finding;
use super::finding::Asked;
use super::finding::Finding;
use super::finding::Link;
use super::limits;
use super::limits::Limits;
use super::plan;
use super::plan::Drill;
use super::plan::Kind;
use super::question;
use super::question::Dimension;
use super::question::Names;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::scope::namespace_or_default;
use crate::store::CallFilter;
use crate::store::Cell;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::Count;
use crate::store::Counted;
use crate::store::NewFeedback;
use crate::store::RecordState;
use crate::store::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TraceFilter;
use crate::trace;
use crate::trace::Call;

/// Answers that are kept for a question that is asked again.
const KEPT: usize = 64;

/// How long an answer is kept whose time ends now and is short, in milliseconds: so much it lags behind the clock.
const LAG: Millis = 60_000;

/// A time of at most so many days is short.
const SHORT: Millis = 2 * 86_400_000;

/// How long an answer to `kind` is kept while the record stays as it is: what is asked about single calls is looked at
/// again soon, what is asked about weeks and months is not.
fn lifetime(kind: Kind) -> Millis {
    match kind {
        Kind::History | Kind::Performance => 5 * 60_000,
        Kind::Personas | Kind::Frameworks | Kind::Engagement => 30 * 60_000,
        Kind::Insights => 60 * 60_000,
    }
}

/// Below this confidence the second reading of a question is offered too: of the questions read with less, more than
/// one in four is meant otherwise.
const UNSURE: f64 = 0.75;

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
    pub chart: Option<Format>,
    pub theme: Theme,
    pub viewer: Viewer,
}

/// Through whose eyes the record is read.
///
/// A call for a user counts what is the user's and nobody's. One that names no user counts everything, but reads the
/// words of nobody's calls only. A filter `user_id` that was given as such names the user, as `user_id` does in the other
/// tools; one that stands in the words of the question or in an artifact only narrows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Viewer {
    pub user_id: Option<String>,
    /// The person whose file it is, at the command line.
    pub sees_all: bool,
}

/// What an answer can be narrowed by. `artifact` names a context of that scope whose key `filters` holds more of
/// them, so that several charts are narrowed together.
pub(super) const FILTERS: [&str; 19] = [
    "artifact",
    "error_kind",
    "framework",
    "hour",
    "model",
    "namespace",
    "outcome",
    "over_ms",
    "over_usd",
    "persona",
    "provider",
    "request_kind",
    "session_id",
    "strategy",
    "text",
    "tool",
    "under_ms",
    "user_id",
    "weekday",
];

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
    pub links: Vec<Link>,
    /// The same question read otherwise, when the reading is unsure.
    pub otherwise: Option<Link>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    pub cached: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A filter that there is not, or whose value is no text.
    #[error("filters.{name} is not one of {}, each with a text", FILTERS.join(", "))]
    Filter { name: String },
    /// A limit that is no number.
    #[error("filters.{name} is no number")]
    Limit { name: String },
    /// A range that ends before it begins.
    #[error("`until` lies before `since`")]
    Range,
}

/// Answers questions about the record of use.
#[derive(Clone, Debug)]
pub struct Insights {
    store: Store,
    clock: Clock,
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
    pub fn new(store: Store, clock: Clock) -> Insights {
        Insights { store, clock, kept: Arc::default(), counts: Arc::default() }
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
        let record = self.store.record_state().await?;
        let asked = self.counts.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(answer) = self.kept(question, &record, now) {
            let span = call.span("kept answer");
            span.note("kept", self.counts.kept.fetch_add(1, Ordering::Relaxed) + 1);
            span.note("asked", asked);
            return Ok(Answer { cached: true, ..answer });
        }
        let answer = self.work_out(question, now, call).await?;
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

    /// Keeps a judgement, of the call and of what it showed; returns whether there is such a call.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn give_feedback(&self, mut given: NewFeedback) -> Result<bool, StoreError> {
        // The call that is judged may still be on its way to the disk.
        self.store.flush().await?;
        let of_call = TraceFilter { id: Some(given.trace_id.clone()), ..TraceFilter::default() };
        let judged = trace::find(&self.store, of_call, 1, 0).await?;
        given.shown = judged.first().map(trace::CallRecord::shown).unwrap_or_default();
        self.store.add_feedback(given, self.clock.now()).await
    }

    fn kept(&self, question: &Question, record: &RecordState, now: Millis) -> Option<Answer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().rev().find(|it| it.question == *question && it.record == *record)?;
        let is_short = found.answer.since.is_some_and(|it| found.at.saturating_sub(it) <= SHORT);
        let lifetime = if is_short { LAG } else { lifetime(found.answer.kind) };
        (0..lifetime).contains(&now.saturating_sub(found.at)).then(|| found.answer.clone())
    }

    async fn work_out(&self, question: &Question, now: Millis, call: &Call) -> Result<Answer, InsightsError> {
        let span = call.span("read question");
        let eyes = Eyes::of(question);
        let names = self.store.call_names(eyes.counts.clone()).await.inspect_err(|err| span.fail(err))?;
        let names = Names {
            personas: names.personas,
            users: names.users,
            models: names.models,
            providers: names.providers,
            tools: names.tools,
        };
        let read = question::read(&question.question, now, &names);
        let named = |name: &str| Kind::ALL.into_iter().find(|it| it.name() == name);
        let (kind, confidence) = match question.kind {
            Some(kind) => (kind, 1.0),
            None => (named(read.reading.kind).unwrap_or(Kind::Insights), read.reading.confidence),
        };
        let second = read.second.filter(|_| question.kind.is_none() && confidence < UNSURE);
        let otherwise = second.and_then(|it| named(it.kind)).map(|it| reread(question, it));
        let limits = limits::read(&question.question);
        let filters = self.filters(&with_spoken(&question.filters, &read, &limits, kind), &eyes).await?;
        // A time that was given as such replaces the one in the words.
        let (since, until) = match (question.since, question.until) {
            (None, None) => (read.range.since, read.range.until),
            given => given,
        };
        if let (Some(since), Some(until)) = (since, until)
            && until < since
        {
            return Err(InsightsError::Range);
        }
        let length = since.map(|it| until.unwrap_or(now).saturating_sub(it));
        let days = length.map(|it| it / 86_400_000);
        let only = compared_names(&read);
        let grouped = read.groups.first().copied().and_then(group_name).or(only.as_ref().map(|it| it.1));
        let inside = |at: &Millis| since.is_none_or(|it| it < *at) && until.unwrap_or(now) > *at;
        let compared = read.middle.filter(inside);
        let plan = plan::Read { days, grouped, compares: compared.is_some() };
        let plan = plan::plan(kind, &question.question, &question.drill, plan);
        // Two periods of which only the ends are known are two halves.
        let halves = plan.by == "period" || plan.view == "movers" || plan.view == "ratings";
        let middle = match (compared, since.zip(length)) {
            (None, Some((since, length))) if halves => Some(since.saturating_add(length / 2)),
            (None, None) if halves => Some(self.half_of_the_record(&eyes, now).await?),
            (compared, _) => compared,
        };
        span.note("type", kind.name());
        span.note("view", plan.view);
        span.note("by", plan.by.as_str());
        drop(span);
        let span = call.span("count");
        let asked = Asked {
            since,
            until: until.or(since.map(|_| now)),
            filters,
            middle,
            only: only.map(|it| (it.0, it.2)),
            top: limits.top,
            by_model: plan.by == "model",
            viewer: question.viewer.user_id.clone(),
            reader: eyes.reads.clone(),
            now,
        };
        let count = Count {
            what: plan.what,
            filter: filter(&asked, &plan)?,
            viewer: eyes.counts.clone(),
            sees_all: eyes.sees_all,
            by: plan.by.clone(),
            kind: if plan.view == "events" { "event".to_owned() } else { "decision".to_owned() },
            middle: middle.or(since).unwrap_or(now),
            now,
        };
        let table = self.store.count(count.clone()).await.inspect_err(|err| span.fail(err))?;
        span.note("rows", table.rows.len());
        drop(span);
        let mut finding = finding::find(&plan, table, &asked);
        finding.text.push_str(&self.beside(&count, &finding).await?);
        if finding.total == 0 {
            finding.text.push_str(&self.what_there_is(&eyes).await?);
        }
        let chart = question.chart.and_then(|format| {
            let span = call.span("draw");
            let spec = finding.chart.as_ref()?;
            chart::draw(spec, question.theme, format).inspect_err(|err| span.fail(err)).ok()
        });
        let Finding { text, columns, rows, total, links, .. } = finding;
        Ok(Answer {
            kind,
            confidence,
            text,
            columns,
            rows,
            total,
            chart,
            links,
            otherwise,
            since,
            until: asked.until,
            cached: false,
        })
    }

    /// The filters that were given and those of the artifact that they name; the given ones win.
    async fn filters(&self, given: &Map<String, Value>, eyes: &Eyes) -> Result<Map<String, Value>, InsightsError> {
        let mut filters = Map::new();
        if let Some(Value::String(owner)) = given.get("artifact") {
            let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
            let namespace = namespace_or_default(text("namespace"));
            let (scope, key) = (Scope::Artifact, "filters".to_owned());
            let key = ContextKey { namespace, scope, owner: owner.clone(), key };
            // The words of a question name nobody for whom it is made.
            let user_id = eyes.reads.clone().or_else(|| text("user_id").filter(|_| eyes.sees_all));
            let by = ContextBy { user_id, persona: text("persona"), ..ContextBy::default() };
            let row = self.store.context(key, None, by, self.clock.now()).await?;
            if let Some(Value::Object(shared)) = row.map(|it| it.data) {
                filters.extend(shared);
            }
        }
        filters.extend(given.clone());
        filters.retain(|_, value| !value.is_null());
        match filters.iter().find(|(name, value)| !FILTERS.contains(&name.as_str()) || !value.is_string()) {
            Some((name, _)) => Err(InsightsError::Filter { name: name.clone() }),
            None => Ok(filters),
        }
    }

    /// What a finding is to be held against: the share of calls beyond a limit, and whether what was remembered helped.
    async fn beside(&self, count: &Count, finding: &Finding) -> Result<String, InsightsError> {
        if count.what == Counted::Ratings && finding.total > 0 {
            let table = self.store.count(Count { what: Counted::Remembered, ..count.clone() }).await?;
            return Ok(finding::helped(&table).map_or_else(String::new, |it| format!(" {it}")));
        }
        let limited =
            [count.filter.over_ms, count.filter.under_ms, count.filter.over_usd].iter().any(|it| it.is_some());
        if !limited || count.what != Counted::Performance || finding.total == 0 {
            return Ok(String::new());
        }
        let number = |table: &crate::store::Table| match table.rows.first().and_then(|it| it.get(1)) {
            Some(Cell::Count(it)) => *it,
            _ => 0,
        };
        let some = Count { by: "all".to_owned(), ..count.clone() };
        let filter = CallFilter { over_ms: None, under_ms: None, over_usd: None, ..count.filter.clone() };
        let all = number(&self.store.count(Count { filter, ..some.clone() }).await?);
        let some = number(&self.store.count(some).await?);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let share = some as f64 * 100.0 / all.max(1) as f64;
        Ok(format!(" That is {some} of {all} calls, {share:.1} %."))
    }

    /// The moment with as much time before it as after it, for what is compared without a time.
    async fn half_of_the_record(&self, eyes: &Eyes, now: Millis) -> Result<Millis, InsightsError> {
        let (_, first, _) = self.store.recorded(eyes.counts.clone()).await?;
        Ok(first.map_or(now, |it| it.midpoint(now).div_euclid(86_400_000) * 86_400_000))
    }

    /// After “nothing”: what there is instead.
    async fn what_there_is(&self, eyes: &Eyes) -> Result<String, InsightsError> {
        Ok(match self.store.recorded(eyes.counts.clone()).await? {
            (0, ..) if eyes.counts.is_some() => " No call of this user is recorded yet.".to_owned(),
            (0, ..) => " No call is recorded yet: answers appear here after the first use of any tool.".to_owned(),
            (calls, Some(first), Some(last)) => {
                let day = |at| crate::clock::format(at).chars().take(10).collect::<String>();
                format!(" {calls} calls are recorded, from {} to {}.", day(first), day(last))
            }
            _ => String::new(),
        })
    }
}

/// What a call may count, and whose words it may read beside nobody's.
#[derive(Clone, Debug)]
struct Eyes {
    /// Whose calls and nobody's are counted; `None` counts all.
    counts: Option<String>,
    reads: Option<String>,
    sees_all: bool,
}

impl Eyes {
    fn of(question: &Question) -> Eyes {
        let filtered = question.filters.get("user_id").and_then(Value::as_str).map(str::to_owned);
        let Viewer { user_id, sees_all } = question.viewer.clone();
        let is_person = sees_all && user_id.is_none();
        let user = user_id.or(filtered.filter(|_| !is_person));
        Eyes { counts: user.clone(), reads: user, sees_all: is_person }
    }
}

/// Names of one sort that a question sets against each other: their filter, their group, themselves.
fn compared_names(read: &question::Question) -> Option<(&'static str, &'static str, Vec<String>)> {
    let sorts = [
        (Dimension::Persona, "persona"),
        (Dimension::User, "user_id"),
        (Dimension::Model, "model"),
        (Dimension::Provider, "provider"),
        (Dimension::Tool, "tool"),
        (Dimension::Framework, "framework"),
    ];
    sorts.into_iter().find_map(|(dimension, filter)| {
        let names: Vec<String> =
            read.filters.iter().filter(|it| it.dimension == dimension).map(|it| it.value.clone()).collect();
        let group = group_name(dimension).unwrap_or(filter);
        (names.len() > 1).then_some((filter, group, names))
    })
}

/// The filters that were given, and those that the words of the question name.
fn with_spoken(
    given: &Map<String, Value>,
    read: &question::Question,
    limits: &Limits,
    kind: Kind,
) -> Map<String, Value> {
    let mut filters = given.clone();
    if matches!(kind, Kind::Performance | Kind::History) {
        let limits = [("over_ms", limits.over_ms), ("under_ms", limits.under_ms), ("over_usd", limits.over_usd)];
        for (name, value) in limits {
            if let Some(value) = value
                && !filters.contains_key(name)
            {
                filters.insert(name.to_owned(), Value::String(value.to_string()));
            }
        }
    }
    for filter in &read.filters {
        let name = match filter.dimension {
            Dimension::Persona => "persona",
            Dimension::User => "user_id",
            Dimension::Model => "model",
            Dimension::Provider => "provider",
            Dimension::Tool => "tool",
            Dimension::Framework => "framework",
            Dimension::Session => "session_id",
            // Quoted words are looked for only where texts are listed.
            Dimension::Text if kind == Kind::History => "text",
            _ => continue,
        };
        // Two of a kind are compared with each other.
        let alone = read.filters.iter().filter(|it| it.dimension == filter.dimension).count() == 1;
        if alone && !filters.contains_key(name) {
            filters.insert(name.to_owned(), Value::String(filter.value.clone()));
        }
    }
    filters
}

/// A dimension as [`plan::GROUPS`] calls it.
fn group_name(dimension: Dimension) -> Option<&'static str> {
    Some(match dimension {
        Dimension::Hour => "hour",
        Dimension::Weekday => "weekday",
        Dimension::Day => "day",
        Dimension::Month => "month",
        Dimension::Persona => "persona",
        Dimension::User => "user",
        Dimension::Model => "model",
        Dimension::Provider => "provider",
        Dimension::Tool => "tool",
        Dimension::RequestKind => "request_kind",
        Dimension::Session => "session",
        Dimension::Week => "week",
        Dimension::Quarter => "quarter",
        Dimension::Framework | Dimension::Text => return None,
    })
}

fn filter(asked: &Asked, plan: &plan::Plan) -> Result<CallFilter, InsightsError> {
    let text = |name: &str| asked.filters.get(name).and_then(Value::as_str).map(str::to_owned);
    // Changes are against the time of the same length before.
    let since = match (plan.what, asked.since, asked.until) {
        (Counted::Days, Some(since), Some(until)) if asked.middle.is_none() => {
            Some(since.saturating_sub(until.saturating_sub(since)))
        }
        (_, since, _) => since,
    };
    let number = |name: &str| match text(name).map(|it| it.trim().parse::<f64>()) {
        None => Ok(None),
        Some(Ok(value)) if value.is_finite() => Ok(Some(value)),
        Some(_) => Err(InsightsError::Limit { name: name.to_owned() }),
    };
    Ok(CallFilter {
        since,
        until: asked.until,
        user_id: text("user_id"),
        persona: text("persona"),
        namespace: text("namespace"),
        provider: text("provider"),
        model: text("model"),
        tool: text("tool"),
        request_kind: text("request_kind"),
        strategy: text("strategy"),
        session_id: text("session_id"),
        outcome: text("outcome"),
        error_kind: text("error_kind"),
        framework: text("framework"),
        hour: text("hour"),
        weekday: text("weekday"),
        over_ms: number("over_ms")?,
        under_ms: number("under_ms")?,
        over_usd: number("over_usd")?,
        text: text("text"),
    })
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
