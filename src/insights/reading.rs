//! Reads a question: what is counted, through whose eyes, and over which time.

use serde_json::Map;
use serde_json::Value;

use super::answer::Insights;
use super::answer::InsightsError;
use super::answer::Question;
use super::answer::UNSURE;
use super::answer::Viewer;
use super::answer::reread;
use super::conditions;
use super::filters::FILTERS;
use super::filters::OF_ALL;
use super::filters::artifact;
use super::filters::as_recorded;
use super::filters::compared_names;
use super::filters::filter;
use super::filters::group_name;
use super::filters::with_spoken;
use super::finding::Asked;
use super::finding::Link;
use super::limits;
use super::named;
use super::plan;
use super::plan::Drill;
use super::plan::Kind;
use super::question;
use super::question::Names;
use super::single;
use crate::clock::Millis;
use crate::dates::Range;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::Count;
use crate::store::Counted;

/// A question as it was read.
pub(super) struct Reading {
    /// 1 when the type was given.
    pub(super) confidence: f64,
    pub(super) plan: plan::Plan,
    pub(super) asked: Asked,
    pub(super) count: Count,
    /// From when until when, as given or in words.
    pub(super) range: (Option<Millis>, Option<Millis>),
    /// Said first: what of the question had no part in this.
    pub(super) unheard: String,
    /// What was recorded, by which unknown names are told.
    pub(super) names: Names,
    /// The same question read otherwise, when the reading is unsure.
    pub(super) otherwise: Option<Link>,
}

impl Insights {
    /// Reads `question`, asked at `now`.
    ///
    /// # Errors
    ///
    /// An [`InsightsError`]: a wrong filter or range, or the store's.
    pub(super) async fn read(&self, question: &Question, eyes: &Eyes, now: Millis) -> Result<Reading, InsightsError> {
        let names = self.names(&question.question, eyes).await?;
        let read = question::read(&question.question, now, &names);
        let limits = limits::read(&question.question);
        let conditions = conditions::read(&question.question);
        let is_plain = question.drill == Drill::default();
        let (kind, confidence) = match question.kind {
            Some(kind) => (kind, 1.0),
            None => (named(read.reading.kind).unwrap_or(Kind::Insights), read.reading.confidence),
        };
        let wanted = single::read(&question.question, &read, &limits, kind)
            .filter(|it| is_plain && question.kind.is_none_or(|kind| kind == it.0));
        let kind = wanted.map_or(kind, |it| it.0);
        let spoken = with_spoken(&question.filters, &read, &limits, &conditions, kind);
        let mut filters = self.filters(&spoken, eyes, now).await?;
        as_recorded(&mut filters, &names)?;
        let span = Span::of(question, &read, now)?;
        let only = compared_names(&read);
        let grouped = read.groups.first().copied().and_then(group_name).or(only.as_ref().map(|it| it.1));
        let drill = match wanted {
            Some((_, view)) => Drill { view: Some(view.to_owned()), ..Drill::default() },
            None => question.drill.clone(),
        };
        let of_words = plan::Read { days: span.days(), grouped, compares: span.compared.is_some() };
        let mut plan = plan::plan(kind, &question.question, &drill, of_words);
        if plan.measure == "error_rate" && filters.contains_key("error_kind") {
            // All calls with an error of that kind failed; of all calls they are a share.
            plan.measure = "share".to_owned();
        }
        if is_plain && plan.measure == "cached_share" && plan.by != "tool" {
            // No other call is ever answered from the cache.
            filters.entry("tool").or_insert_with(|| "ask".into());
        }
        let mut unread = if is_plain { read.unread.clone() } else { Vec::new() };
        if matches!(plan.what, Counted::Memories | Counted::Conversations | Counted::Turns) {
            filters.retain(|name, value| {
                let holds = OF_ALL.contains(&name.as_str());
                unread.extend((!holds).then(|| format!("{name} {}", value.as_str().unwrap_or_default())));
                holds
            });
        }
        let has_limit = ["over_ms", "under_ms", "over_usd"].iter().any(|it| filters.contains_key(*it));
        if is_plain && !has_limit && plan.view != "lengths" {
            let limits = [(limits.over_ms, "over"), (limits.under_ms, "under")];
            unread.extend(limits.into_iter().filter_map(|(it, than)| Some(format!("{than} {} s", it? / 1000.0))));
        }
        let looks_for_words = is_plain && kind == Kind::History && !filters.contains_key("text");
        let is_time = |it: &String| it.starts_with(|c: char| c.is_ascii_digit());
        unread.extend(conditions.unread.into_iter().filter(|it| if is_time(it) { is_plain } else { looks_for_words }));
        let hears_nothing = is_plain && question.kind.is_none() && hears_nothing(question, &read, &limits, &plan);
        let mut unheard = if hears_nothing { unheard(kind) } else { String::new() };
        for it in &unread {
            let quotes = if looks_for_words { ": words to look for stand in quotes" } else { "" };
            unheard.push_str(&format!("Not narrowed by `{it}`{quotes}. "));
        }
        let middle = self.middle(&span, &plan, eyes, now).await?;
        let asked = Asked {
            since: span.since,
            until: span.until.or(span.since.filter(|it| *it <= now).map(|_| now)),
            filters,
            middle,
            only: only.map(|it| (it.0, it.2)),
            // Who asks for the rest of “the top 5” gets it in whole pages.
            top: limits.top.filter(|_| question.page.skip == 0),
            lasting: (limits.over_ms, limits.under_ms),
            by_model: plan.by == "model",
            skip: question.page.skip,
            viewer: question.viewer.user_id.clone(),
            reader: eyes.reads.clone(),
            persona: eyes.persona.clone(),
            now,
        };
        let second = read.second.filter(|_| question.kind.is_none() && confidence < UNSURE);
        Ok(Reading {
            confidence,
            count: count(&plan, &asked, question, eyes)?,
            asked,
            range: (span.since, span.until),
            unheard,
            names,
            otherwise: second.and_then(|it| named(it.kind)).map(|it| reread(question, it)),
            plan,
        })
    }

    /// The names that were recorded, as far as `question` may have them.
    async fn names(&self, question: &str, eyes: &Eyes) -> Result<Names, InsightsError> {
        let names = self.store.call_names(eyes.counts.clone()).await?;
        let mut out = Names {
            personas: names.personas,
            users: names.users,
            models: names.models,
            providers: names.providers,
            tools: names.tools,
            ..Names::default()
        };
        // These have no index, and few questions name them.
        if named::may_name_errors(question) {
            out.error_kinds = self.store.error_kinds(eyes.counts.clone()).await?;
        }
        if question.to_lowercase().contains("name") {
            out.namespaces = self.store.call_namespaces(eyes.counts.clone()).await?;
        }
        Ok(out)
    }

    /// Where what is compared is parted: as a link or the words say, else in two halves.
    async fn middle(
        &self,
        span: &Span,
        plan: &plan::Plan,
        eyes: &Eyes,
        now: Millis,
    ) -> Result<Option<Millis>, InsightsError> {
        // Of what is to come there is nothing before, either.
        let compared = span.since.filter(|it| *it > now).or(span.compared);
        // Two periods of which only the ends are known are two halves.
        let halves = plan.by == "period"
            || plan.view == "movers"
            || plan.view == "ratings"
            || plan.view == "overview" && span.since.is_none();
        Ok(match (compared, span.since.zip(span.length)) {
            (None, Some((since, length))) if halves => Some(since.saturating_add(length / 2)),
            (None, None) if halves => Some(self.half_of_the_record(eyes, now).await?),
            (compared, _) => compared,
        })
    }

    /// The filters that were given and those of the artifact that they name; the given ones win.
    async fn filters(
        &self,
        given: &Map<String, Value>,
        eyes: &Eyes,
        now: Millis,
    ) -> Result<Map<String, Value>, InsightsError> {
        let mut filters = Map::new();
        if let Some((namespace, scope, owner)) = artifact(given) {
            let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
            let key = ContextKey { namespace, scope, owner, key: "filters".to_owned() };
            // The words of a question name nobody for whom it is made.
            let user_id = eyes.reads.clone().or_else(|| text("user_id").filter(|_| eyes.sees_all));
            let persona = eyes.persona.clone().or_else(|| text("persona").filter(|_| eyes.sees_all));
            let by = ContextBy { user_id, persona, ..ContextBy::default() };
            let row = self.store.context(key, None, by, now).await?;
            if let Some(Value::Object(shared)) = row.map(|it| it.data) {
                filters.extend(shared);
            }
        }
        filters.extend(given.clone());
        filters.retain(|_, value| !value.is_null());
        for (name, value) in &mut filters {
            if !FILTERS.contains(&name.as_str()) {
                return Err(InsightsError::Filter { name: name.clone() });
            }
            match value {
                Value::String(_) => {}
                // `over_ms` is a number by nature.
                Value::Number(number) => *value = number.to_string().into(),
                _ => return Err(InsightsError::FilterValue { name: name.clone() }),
            }
        }
        Ok(filters)
    }

    /// The moment with as much time before it as after it, for what is compared without a time.
    async fn half_of_the_record(&self, eyes: &Eyes, now: Millis) -> Result<Millis, InsightsError> {
        let (_, first, _) = self.store.recorded(eyes.counts.clone()).await?;
        Ok(first.map_or(now, |it| it.midpoint(now).div_euclid(86_400_000) * 86_400_000))
    }
}

/// The time that a question is about.
struct Span {
    since: Option<Millis>,
    until: Option<Millis>,
    /// In ms, until now when it has no end.
    length: Option<Millis>,
    /// Where it is parted into two that are compared.
    compared: Option<Millis>,
}

impl Span {
    fn of(question: &Question, read: &question::Question, now: Millis) -> Result<Span, InsightsError> {
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
        // What a link says wins over the words.
        let linked = match &question.drill.middle {
            Some(at) => Some(crate::clock::parse(at).map_err(|_| InsightsError::Middle)?),
            None => None,
        };
        let inside = |at: &Millis| since.is_none_or(|it| it < *at) && until.unwrap_or(now) > *at;
        let length = since.map(|it| until.unwrap_or(now).saturating_sub(it));
        Ok(Span { since, until, length, compared: linked.or(read.middle).filter(inside) })
    }

    fn days(&self) -> Option<i64> {
        self.length.map(|it| it / 86_400_000)
    }
}

fn named(kind: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|it| it.name() == kind)
}

/// What the store is asked for.
fn count(plan: &plan::Plan, asked: &Asked, question: &Question, eyes: &Eyes) -> Result<Count, InsightsError> {
    Ok(Count {
        what: plan.what,
        filter: filter(asked, plan, question.page.record)?,
        viewer: eyes.counts.clone(),
        sees_all: eyes.sees_all,
        persona: eyes.persona.clone(),
        by: plan.by.clone(),
        kind: match plan.view {
            "events" => "event".to_owned(),
            "memories" => String::new(),
            _ => "decision".to_owned(),
        },
        middle: asked.middle.or(asked.since).unwrap_or(asked.now),
        now: asked.now,
        skip: question.page.skip,
    })
}

/// Whether nothing in the words of `question` had a part in `plan`: then it says nothing of what they ask for.
fn hears_nothing(question: &Question, read: &question::Question, limits: &limits::Limits, plan: &plan::Plan) -> bool {
    let silent = plan::plan(plan.kind, "", &Drill::default(), plan::Read::default());
    !question.question.trim().is_empty()
        && !question::names_something(&question.question)
        && *plan == silent
        && read.range == Range::default()
        && read.filters.is_empty()
        && read.groups.is_empty()
        && *limits == limits::Limits::default()
}

fn unheard(kind: Kind) -> String {
    let shown = match kind {
        Kind::History => "what was asked last",
        Kind::Personas => "the use of personas",
        Kind::Frameworks => "the use of frameworks",
        Kind::Performance => "the time that calls take",
        Kind::Engagement => "how much is going on",
        Kind::Insights => "what changed most",
    };
    format!("The question names no measure, so {shown} is shown; you can ask for cost, errors or sessions. ")
}

/// What a call may count, and whose words it may read beside nobody's.
#[derive(Clone, Debug)]
pub(super) struct Eyes {
    /// Whose calls and nobody's are counted; `None` counts all.
    pub(super) counts: Option<String>,
    pub(super) reads: Option<String>,
    /// As which persona it reads words: one that was given as a filter.
    pub(super) persona: Option<String>,
    pub(super) sees_all: bool,
}

impl Eyes {
    pub(super) fn of(question: &Question) -> Eyes {
        let given = |name: &str| question.filters.get(name).and_then(Value::as_str).map(str::to_owned);
        let filtered = given("user_id");
        let Viewer { user_id, sees_all } = question.viewer.clone();
        let is_person = sees_all && user_id.is_none();
        let user = user_id.or(filtered.filter(|_| !is_person));
        Eyes { counts: user.clone(), reads: user, persona: given("persona"), sees_all: is_person }
    }
}
