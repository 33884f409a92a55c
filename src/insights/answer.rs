//! Answers a question: reads it, counts, says and draws; equal questions on an unchanged record are answered at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

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
use crate::store::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::trace::Call;

/// Answers that are kept for a question that is asked again.
const KEPT: usize = 64;

/// How long a kept answer to “the last week” may lag behind the clock, in milliseconds.
const LAG: Millis = 60_000;

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
}

/// What an answer can be narrowed by. `artifact` names a context of that scope whose key `filters` holds more of
/// them, so that several charts are narrowed together.
pub(super) const FILTERS: [&str; 16] = [
    "artifact",
    "error_kind",
    "framework",
    "hour",
    "model",
    "namespace",
    "outcome",
    "persona",
    "provider",
    "request_kind",
    "session_id",
    "strategy",
    "text",
    "tool",
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
    /// A range that ends before it begins.
    #[error("`until` lies before `since`")]
    Range,
}

/// Answers questions about the record of use.
#[derive(Clone, Debug)]
pub struct Insights {
    store: Store,
    clock: Clock,
    /// Answers by question and state of the record, the latest last; written after each answer.
    kept: Arc<Mutex<VecDeque<(Key, Answer)>>>,
}

/// What an answer depends on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    question: Question,
    minute: Millis,
    /// How far the record had come.
    record: (i64, i64, i64, i64),
}

impl Insights {
    pub fn new(store: Store, clock: Clock) -> Insights {
        Insights { store, clock, kept: Arc::default() }
    }

    /// Answers `question`.
    ///
    /// # Errors
    ///
    /// An [`InsightsError`]: a wrong filter or range, or the store's.
    pub async fn answer(&self, question: &Question, call: &Call) -> Result<Answer, InsightsError> {
        let now = self.clock.now();
        // What was only noted belongs to the record.
        if let Err(err) = self.store.flush().await {
            tracing::warn!(error = %err, "the latest calls may be missing");
        }
        let record = self.store.record_state().await?;
        let key = Key { question: question.clone(), minute: now.div_euclid(LAG), record };
        if let Some(answer) = self.kept(&key) {
            return Ok(Answer { cached: true, ..answer });
        }
        let answer = self.work_out(question, now, call).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, answer.clone()));
        Ok(answer)
    }

    /// Keeps a judgement; returns whether there is such a call.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn give_feedback(&self, given: NewFeedback) -> Result<bool, StoreError> {
        // The call that is judged may still be on its way to the disk.
        self.store.flush().await?;
        self.store.add_feedback(given, self.clock.now()).await
    }

    fn kept(&self, key: &Key) -> Option<Answer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|(it, _)| it == key).map(|(_, answer)| answer.clone())
    }

    async fn work_out(&self, question: &Question, now: Millis, call: &Call) -> Result<Answer, InsightsError> {
        let span = call.span("read question");
        let names = self.store.call_names().await.inspect_err(|err| span.fail(err))?;
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
        let filters = self.filters(&with_spoken(&question.filters, &read, kind)).await?;
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
        let days = since.map(|it| (until.unwrap_or(now) - it) / 86_400_000);
        let grouped = read.groups.first().copied().and_then(group_name);
        let plan = plan::plan(kind, &question.question, &question.drill, days, grouped);
        span.note("type", kind.name());
        span.note("view", plan.view);
        span.note("by", plan.by.as_str());
        drop(span);
        let span = call.span("count");
        let asked = Asked { since, until: until.or(since.map(|_| now)), filters, now };
        let count = Count {
            what: plan.what,
            filter: filter(&asked, &plan),
            by: plan.by.clone(),
            kind: if plan.view == "events" { "event".to_owned() } else { "decision".to_owned() },
            middle: since.unwrap_or(now),
            now,
        };
        let table = self.store.count(count).await.inspect_err(|err| span.fail(err))?;
        span.note("rows", table.rows.len());
        drop(span);
        let mut finding = finding::find(&plan, table, &asked);
        if finding.total == 0 {
            finding.text.push_str(&self.what_there_is().await?);
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
    async fn filters(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, InsightsError> {
        let mut filters = Map::new();
        if let Some(Value::String(owner)) = given.get("artifact") {
            let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
            let namespace = namespace_or_default(text("namespace"));
            let (scope, key) = (Scope::Artifact, "filters".to_owned());
            let key = ContextKey { namespace, scope, owner: owner.clone(), key };
            let by = ContextBy { user_id: text("user_id"), persona: text("persona"), ..ContextBy::default() };
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

    /// After “nothing”: what there is instead.
    async fn what_there_is(&self) -> Result<String, InsightsError> {
        Ok(match self.store.recorded().await? {
            (0, ..) => " No call is recorded yet: answers appear here after the first use of any tool.".to_owned(),
            (calls, Some(first), Some(last)) => {
                let day = |at| crate::clock::format(at).chars().take(10).collect::<String>();
                format!(" {calls} calls are recorded, from {} to {}.", day(first), day(last))
            }
            _ => String::new(),
        })
    }
}

/// The filters that were given, and those that the words of the question name.
fn with_spoken(given: &Map<String, Value>, read: &question::Question, kind: Kind) -> Map<String, Value> {
    let mut filters = given.clone();
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
        Dimension::Week | Dimension::Framework | Dimension::Text => return None,
    })
}

fn filter(asked: &Asked, plan: &plan::Plan) -> CallFilter {
    let text = |name: &str| asked.filters.get(name).and_then(Value::as_str).map(str::to_owned);
    // Changes are against the time of the same length before.
    let since = match (plan.what, asked.since, asked.until) {
        (Counted::Days, Some(since), Some(until)) => Some(since - (until - since)),
        (_, since, _) => since,
    };
    CallFilter {
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
        text: text("text"),
    }
}

/// The same question with another type, as a call that is ready to be made.
pub(super) fn reread(question: &Question, kind: Kind) -> Link {
    Link {
        label: format!("read as {}", kind.name()),
        tool: "query_insights",
        arguments: json!({"question": question.question, "type": kind.name()}),
    }
}
