//! One question from beginning to end.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Sides;
use super::cache;
use super::cache::Flight;
use super::cache::Flights;
use super::cache::Kept;
use super::extract;
use super::facts;
use super::prompt;
use super::repair;
use super::repair::Held;
use super::telling::Telling;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::config::CacheTimes;
use crate::config::Caching;
use crate::config::Prefer;
use crate::context::Assembler;
use crate::context::Degraded;
use crate::context::InlineDocument;
use crate::context::InlineTool;
use crate::context::Item;
use crate::context::Pack;
use crate::context::Request;
use crate::context::STORE;
use crate::context::SourceName;
use crate::documents::Allowed;
use crate::models::Answered;
use crate::models::Attempt;
use crate::models::Caps;
use crate::models::Failed;
use crate::models::FinishReason;
use crate::models::Message;
use crate::models::ModelError;
use crate::models::ModelRequest;
use crate::models::Models;
use crate::models::Needs;
use crate::models::Purse;
use crate::models::Reasoning;
use crate::models::Role;
use crate::models::Route;
use crate::models::Structured;
use crate::models::Usage;
use crate::scope::Owner;
use crate::scope::View;
use crate::session::Sessions;
use crate::store::KeptAnswer;
use crate::store::NewTurn;
use crate::store::Store;
use crate::store::StoreError;
use crate::tokens;
use crate::trace::Call;
use crate::trace::State;

/// Turns that are sent along; older ones are found by the pack, if at all.
const HISTORY_TURNS: usize = 40;

/// Tokens of history that are sent along; the oldest turns are dropped first.
const HISTORY_TOKENS: u32 = 8_000;

/// Models that were not chosen are named up to this many; the trace has all.
const SHOWN_LOSERS: usize = 3;

/// A turn is cut to no less than this.
const LEAST_TURN_TOKENS: u32 = 200;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The last one is the question.
    pub messages: Vec<Message>,
    pub view: View,
    pub context: ContextChoice,
    /// Of the context.
    pub budget_tokens: u32,
    pub provider: Option<String>,
    /// Asked side by side, each `provider` or `provider/model`; empty for one answer.
    pub providers: Vec<String>,
    pub model: Option<String>,
    /// What a route is chosen by when no model is named.
    pub prefer: Option<Prefer>,
    /// Each `provider` or `provider/model`.
    pub fallbacks: Vec<String>,
    pub max_cost_usd: Option<f64>,
    pub max_output_tokens: Option<u32>,
    pub temperature: Option<f64>,
    /// How much a model that reasons may think.
    pub reasoning: Option<Reasoning>,
    pub response_schema: Option<Value>,
    pub timeout: Duration,
    /// Whether it is asked afresh though an equal question was answered.
    pub no_cache: bool,
}

/// Where the context of a question comes from.
#[derive(Clone, Debug, Default)]
pub enum ContextChoice {
    /// Assembled for the question.
    #[default]
    Auto,
    None,
    /// One that was assembled before.
    Pack(String),
    /// What the call brings, packed.
    Inline {
        identity: Option<String>,
        docs: Vec<InlineDocument>,
        tools: Vec<InlineTool>,
    },
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub answer: String,
    /// The answer read as JSON, when a schema was given.
    pub structured: Option<Value>,
    pub provider: String,
    pub model: Option<String>,
    pub finish_reason: String,
    pub usage: Usage,
    /// `None` is unknown.
    pub cost_usd: Option<f64>,
    pub latency_ms: f64,
    pub attempts: Vec<Attempt>,
    /// Whether an equal question was answered before; that answer costs nothing again.
    pub cached: bool,
    /// Why this model was asked, when it was chosen by preference.
    pub choice: Option<String>,
    /// Every answer, when several were asked.
    pub sides: Option<Sides>,
    pub citations: Vec<Citation>,
    pub pack_id: Option<String>,
    pub degraded: Vec<Degraded>,
}

/// A piece of the context that an answer cites.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// Its number in the answer.
    pub n: usize,
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    pub title: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The provider failed; its kind says what to do.
    #[error("{0}")]
    Model(#[from] Failed),
    /// The question names a route that cannot be taken.
    #[error("{0}")]
    Route(Box<ModelError>),
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Correct the id.
    #[error("there is no pack {0}")]
    NoPack(String),
    /// Name somebody to ask.
    #[error("`providers` names nobody who can be asked")]
    NobodyNamed,
    /// Correct the schema.
    #[error("response_schema is no JSON schema: {0}")]
    BadSchema(String),
    /// Ask again, or without a schema.
    #[error("{provider} did not answer in the JSON that response_schema asks for: {reason}")]
    NotJson { provider: String, reason: String, attempts: Vec<Attempt> },
}

/// Answers questions.
#[derive(Debug)]
pub struct Asker {
    pub models: Models,
    pub assembler: Assembler,
    pub sessions: Sessions,
    pub store: Store,
    pub clock: Clock,
    pub caps: Caps,
    /// Whether turns and answers are kept; not in read-only mode.
    pub keeps: bool,
    /// Which answers are kept for equal questions.
    pub caching: Caching,
    /// How long kept answers hold.
    pub cache_times: CacheTimes,
    /// The questions that are being asked.
    pub flights: Flights,
}

/// Who is to be asked, before it is known what will be sent.
enum Plan {
    /// All of [`Question::providers`].
    Together,
    /// `None` quotes.
    Route(Option<Route>),
    Choose(Prefer),
}

/// A question ready to be sent, and where it goes.
pub(super) struct Ready<'a> {
    pub(super) question: &'a Question,
    pub(super) route: Route,
    pub(super) request: ModelRequest,
    pub(super) items: &'a [Item],
    pub(super) has_context: bool,
    /// Whether its pieces are told as they come; those of several answers at once would be a muddle.
    pub(super) is_alone: bool,
}

/// The context of a question: its text, and the items that its numbers mean.
#[derive(Default)]
struct Context {
    text: Option<String>,
    identity: Option<String>,
    items: Vec<Item>,
    pack_id: Option<String>,
    degraded: Vec<Degraded>,
}

impl Asker {
    /// Answers `question`; both turns are kept when the answer is whole. When they cannot be,
    /// that is named in [`Reply::degraded`].
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. Never half an answer: a stream that ends early is an error.
    pub async fn ask(&self, question: &Question, allowed: &Allowed, call: &Call) -> Result<Reply, Refusal> {
        let telling = Telling::new(call);
        let outcome = tokio::select! {
            biased;
            reply = Box::pin(self.answer(question, allowed, call, &telling)) => reply,
            never = telling.signs_of_life() => match never {},
        };
        facts::note(call, question, &outcome);
        outcome
    }

    async fn answer(
        &self,
        question: &Question,
        allowed: &Allowed,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<Reply, Refusal> {
        let plan = {
            let span = call.span("route");
            let plan = Box::pin(self.plan(question)).await.inspect_err(|err| span.fail(err))?;
            match &plan {
                Plan::Together => span.note("providers", question.providers.clone()),
                Plan::Route(route) => {
                    span.note("provider", route.as_ref().map_or(EXTRACTIVE, |it| it.provider.as_str()))
                }
                Plan::Choose(prefer) => span.note("prefer", prefer.name()),
            }
            plan
        };
        let window = match &plan {
            Plan::Route(Some(route)) => self.models.window(route),
            _ => None,
        };
        call.enter(State::Gathering);
        // Each step has its own box, so that a question that waits for its model holds no room for those that are over.
        let (history, cut) = Box::pin(self.history(question, window, call)).await?;
        let context = Box::pin(self.context(question, allowed, call)).await?;
        let started = std::time::Instant::now();
        let purse = Purse::new(&self.store, &self.clock, self.caps, question.max_cost_usd, question.timeout);
        // A later turn begins as this one did; the first has nothing to be found by.
        let session_id = question.view.session_id.as_ref().filter(|_| !history.is_empty());
        let cache_key = session_id.map(|it| blake3::hash(it.as_bytes()).to_hex()[..32].to_owned());
        let messages =
            prompt::messages(context.identity.as_deref(), history, context.text.as_deref(), &question.messages);
        let request = ModelRequest {
            messages,
            max_output_tokens: question.max_output_tokens,
            temperature: question.temperature,
            response_schema: question.response_schema.clone(),
            reasoning: question.reasoning,
            cache_key,
            ..ModelRequest::default()
        };
        let (route, choice) = match plan {
            Plan::Together => (None, None),
            Plan::Route(route) => (route, None),
            Plan::Choose(prefer) => Box::pin(self.decide(prefer, question, &request, call)).await?,
        };
        call.enter(State::Routed);
        let (mut reply, kept) = match route {
            _ if !question.providers.is_empty() => {
                Box::pin(self.ask_together(question, &request, &context.items, &purse, call, telling)).await?
            }
            None => (extractive(question, &context), Vec::new()),
            Some(route) => {
                let has_context = context.text.is_some();
                let ready = Ready { question, route, request, items: &context.items, has_context, is_alone: true };
                let (reply, kept) = self.ask_once(ready, &purse, call, telling).await?;
                (reply, Vec::from_iter(kept))
            }
        };
        call.enter(State::Evaluating);
        if reply.latency_ms == 0.0 {
            reply.latency_ms = started.elapsed().as_secs_f64() * 1e3;
        }
        reply.choice = choice;
        reply.pack_id = context.pack_id;
        reply.degraded.extend(context.degraded);
        reply.degraded.extend(cut);
        // An answer that was paid for is given, whatever the disk says. All three are one transaction.
        let (settled, kept, turns) =
            tokio::join!(purse.settle(), self.keep_answers(kept), self.keep(question, &reply, call));
        let failures = [
            settled.err().map(|err| not_kept("the cost was not noted", &err)),
            kept.err().map(|err| not_kept("the answer was not kept for equal questions", &err)),
            turns.err().map(|err| not_kept("the turns were not kept", &err)),
        ];
        reply.degraded.extend(failures.into_iter().flatten());
        Ok(reply)
    }

    /// The providers and models, for `doctor` and lists.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Who is asked, as far as that is known before what is sent. What is named wrongly is told here.
    async fn plan(&self, question: &Question) -> Result<Plan, Refusal> {
        if !question.providers.is_empty() {
            let named = self.models.fallbacks(&question.providers).map_err(|err| Refusal::Route(Box::new(err)))?;
            return if named.is_empty() { Err(Refusal::NobodyNamed) } else { Ok(Plan::Together) };
        }
        let (provider, model) = (question.provider.as_deref(), question.model.as_deref());
        let chosen = self.models.choose(provider, model).map_err(|err| Refusal::Route(Box::new(err)))?;
        let is_quoted = chosen.is_none() && provider.is_some_and(|it| !it.is_empty());
        if model.is_none_or(str::is_empty) && !is_quoted {
            let has_own = chosen.as_ref().is_some_and(|it| self.models.has_own_model(&it.provider));
            let usual = self.models.usual_preference().filter(|_| !has_own);
            if let Some(prefer) = question.prefer.or(usual) {
                return Ok(Plan::Choose(prefer));
            }
        }
        Ok(Plan::Route(self.or_local(chosen, question).await))
    }

    /// `chosen`, else a server on this machine when nobody chose anything.
    async fn or_local(&self, chosen: Option<Route>, question: &Question) -> Option<Route> {
        if chosen.is_some() || question.provider.as_ref().is_some_and(|it| !it.is_empty()) || self.models.is_chosen() {
            return chosen;
        }
        let found = self.models.find_local().await?;
        let model = question.model.clone().filter(|it| !it.is_empty()).or(found.model);
        Some(Route { model, ..found })
    }

    /// Chooses by preference, or as usual when nothing is known to fit.
    async fn decide(
        &self,
        prefer: Prefer,
        question: &Question,
        request: &ModelRequest,
        call: &Call,
    ) -> Result<(Option<Route>, Option<String>), Refusal> {
        let span = call.span("choose model");
        span.note("prefer", prefer.name());
        let needs = Needs {
            input_tokens: request.messages.iter().map(|it| u64::from(tokens::count(&it.content))).sum(),
            output_tokens: request.max_output_tokens.unwrap_or(0),
            schema: request.response_schema.is_some(),
            images: request.messages.iter().any(|it| !it.images.is_empty()),
            ..Needs::default()
        };
        let named = question.provider.as_deref().filter(|it| !it.is_empty());
        if let Some(decision) = self.models.decide(prefer, named, &needs, &self.store).await {
            span.note("provider", decision.route.provider.as_str());
            span.note("model", decision.route.model.as_deref());
            span.note("decision", decision.why.as_str());
            let losers: Vec<String> = decision.losers.iter().map(|(name, why)| format!("{name}: {why}")).collect();
            let shown: Vec<&str> = losers.iter().take(SHOWN_LOSERS).map(String::as_str).collect();
            let mut choice = format!("{} was chosen ({})", name_of(&decision.route), decision.why);
            if !shown.is_empty() {
                choice.push_str(&format!(", not {}", shown.join("; ")));
            }
            span.note("losers", losers);
            return Ok((Some(decision.route), Some(choice)));
        }
        span.note("decision", "no model in the table is configured and fits: as without a preference");
        let chosen = self.models.choose(named, None).map_err(|err| Refusal::Route(Box::new(err)))?;
        Ok((self.or_local(chosen, question).await, None))
    }

    /// The session's turns that are sent along, oldest first, and what is to be said about those that are not. `window`
    /// is what the model takes, if that is known.
    async fn history(
        &self,
        question: &Question,
        window: Option<u64>,
        call: &Call,
    ) -> Result<(Vec<Message>, Option<Degraded>), Refusal> {
        let view = &question.view;
        let Some(session_id) = &view.session_id else { return Ok((Vec::new(), None)) };
        let span = call.span("history");
        // One more than is sent, to see whether there are more.
        let turns = self.sessions.turns(session_id, &owner(view), HISTORY_TURNS + 1).await?;
        let room = history_tokens(window);
        let (kept, is_cut) = fit_history(turns.into_iter().map(|it| (it.role, it.content)).collect(), room);
        span.note("turns", kept.len());
        let cut = is_cut.then(|| {
            let reason = format!(
                "the oldest turns of the session were not sent: the latest {} are, at most {HISTORY_TURNS} of \
                 {room} tokens",
                kept.len()
            );
            span.note("decision", reason.as_str());
            Degraded { source: "history", reason }
        });
        Ok((kept, cut))
    }

    async fn context(&self, question: &Question, allowed: &Allowed, call: &Call) -> Result<Context, Refusal> {
        let request = |sources: &[SourceName]| Request {
            query: question.messages.last().map(|it| it.content.clone()).unwrap_or_default(),
            budget_tokens: question.budget_tokens,
            sources: sources.to_vec(),
            view: question.view.clone(),
            model: question.model.clone(),
            ..Request::default()
        };
        let pack = match &question.context {
            ContextChoice::None => return Ok(Context::default()),
            ContextChoice::Pack(id) => return self.kept_pack(id).await,
            ContextChoice::Auto => {
                // The session's turns are sent as turns; everything else goes into the pack.
                let sources = [SourceName::Memory, SourceName::Workspace, SourceName::Scopes];
                self.assembler.assemble(&request(&sources), allowed, call).await?
            }
            ContextChoice::Inline { identity, docs, tools } => {
                let mut request = request(&[SourceName::Inline]);
                (request.docs, request.tools) = (docs.clone(), tools.clone());
                let pack = self.assembler.assemble(&request, allowed, call).await?;
                return Ok(Context { identity: identity.clone(), ..of_pack(pack) });
            }
        };
        Ok(of_pack(pack))
    }

    async fn kept_pack(&self, id: &str) -> Result<Context, Refusal> {
        let row = self.store.pack(id.to_owned()).await?.ok_or_else(|| Refusal::NoPack(id.to_owned()))?;
        let result: Value = serde_json::from_str(&row.result).unwrap_or_default();
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let line =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
        let items = result.get("items").and_then(Value::as_array).into_iter().flatten();
        let items = items
            .map(|it| Item {
                source: "pack",
                uri: text(it, "uri").unwrap_or_default(),
                path: text(it, "path"),
                start_line: line(it, "start_line"),
                end_line: line(it, "end_line"),
                title: text(it, "title").unwrap_or_default(),
                tokens: line(it, "tokens").unwrap_or(0),
                score: it.get("score").and_then(Value::as_f64).unwrap_or(0.0),
                why: text(it, "why").unwrap_or_default(),
                text: text(it, "text").unwrap_or_default(),
                seen: None,
            })
            .collect();
        Ok(Context { text: text(&result, "text"), items, pack_id: Some(row.id), ..Context::default() })
    }

    /// Answers out of what is kept, waits for an equal question, or asks; returns what is to be kept of it.
    pub(super) async fn ask_once(
        &self,
        ready: Ready<'_>,
        purse: &Purse<'_>,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<(Reply, Option<KeptAnswer>), Refusal> {
        let view = &ready.question.view;
        let address = self.models.address(&ready.route.provider);
        let caching = if self.keeps { self.caching } else { Caching::Off };
        let Some(key) = cache::key(caching, address, &ready.route, &ready.request, view) else {
            return Ok((self.ask_model(&ready, purse, call, telling).await?, None));
        };
        let leading = loop {
            if ready.question.no_cache {
                break None;
            }
            match self.flights.join(key) {
                Flight::First(leading) => {
                    if let Some(kept) = self.kept(key, view, call).await {
                        return Ok((reply_of_kept(&ready, kept)?, None));
                    }
                    break Some(leading);
                }
                Flight::Waiting(watched) => {
                    telling.waits_for("the answer to an equal question".to_owned());
                    if let Some(kept) = cache::hear(watched).await {
                        note_cached(call, &kept, "an equal question was being asked");
                        return Ok((reply_of_kept(&ready, kept)?, None));
                    }
                }
            }
        };
        let reply = self.ask_model(&ready, purse, call, telling).await?;
        // A fallback's answer is not the answer of the route that was asked for.
        let Some(kept) = Kept::of(&reply).filter(|it| it.provider == ready.route.provider) else {
            return Ok((reply, None));
        };
        if let Some(leading) = &leading {
            leading.answered(&kept);
        }
        let at = self.clock.now();
        let holds = Millis::try_from(cache::holds(ready.question, ready.has_context, self.cache_times).as_millis())
            .unwrap_or(0);
        let answer = serde_json::to_string(&kept).unwrap_or_default();
        Ok((reply, Some(KeptAnswer { key, at, expires_at: at.saturating_add(holds), view: view.clone(), answer })))
    }

    /// The answer that was kept for an equal question; one that cannot be read is asked again.
    async fn kept(&self, key: cache::Key, view: &View, call: &Call) -> Option<Kept> {
        let found = self.store.answer(key, view, self.clock.now()).await.ok()??;
        let kept: Kept = serde_json::from_str(&found).ok()?;
        note_cached(call, &kept, "an equal question was answered before");
        Some(kept)
    }

    async fn keep_answers(&self, kept: Vec<KeptAnswer>) -> Result<(), StoreError> {
        let all = kept.into_iter().map(|it| self.store.keep_answer(it));
        futures_util::future::try_join_all(all).await.map(drop)
    }

    async fn ask_model(
        &self,
        ready: &Ready<'_>,
        purse: &Purse<'_>,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<Reply, Refusal> {
        let Ready { question, route, request, items, .. } = ready;
        let schema = question.response_schema.as_ref().map(Structured::new).transpose().map_err(Refusal::BadSchema)?;
        let mut fallbacks = self.models.fallbacks(&question.fallbacks).map_err(|err| Refusal::Route(Box::new(err)))?;
        fallbacks.retain(|it| it != route);
        if ready.is_alone {
            telling.waits_for(name_of(route));
        }
        // Pieces of JSON tell nobody anything, and a second round may take their place.
        let is_alone = ready.is_alone && question.response_schema.is_none();
        let mut on_delta = |delta: &str| {
            if is_alone {
                telling.piece(delta);
            }
        };
        call.enter(State::Asking);
        let asked =
            self.models.ask_within(Some(purse), route, request, &fallbacks, question.timeout, &mut on_delta, call);
        let answered = match Box::pin(asked).await {
            Ok(answered) => answered,
            Err(failed) => {
                if let Err(err) = purse.settle().await {
                    tracing::warn!(error = %err, "the cost of a failed question was not noted");
                }
                return Err(failed.into());
            }
        };
        let dearer = self.dearer(route, &answered);
        let (answered, structured) = match &schema {
            Some(schema) => self.keep_to(schema, answered, ready, purse, call).await?,
            None => (answered, None),
        };
        let mut reply = reply_of(answered, structured, items);
        reply.degraded.extend(dearer);
        Ok(reply)
    }

    /// The answer with its JSON. One that does not follow the schema is told why and asked for once more, of the same
    /// model and within the same time and caps.
    async fn keep_to(
        &self,
        schema: &Structured,
        answered: Answered,
        ready: &Ready<'_>,
        purse: &Purse<'_>,
        call: &Call,
    ) -> Result<(Answered, Option<Value>), Refusal> {
        call.enter(State::Evaluating);
        let faults = match repair::hold(schema, &answered) {
            Held::Follows(value) => return Ok((answered, Some(value))),
            Held::Cut => return Ok((answered, None)),
            Held::Fails(faults) => faults,
        };
        let span = call.span("repair");
        span.note("faults", faults.clone());
        let refused = |attempts: Vec<Attempt>, faults: &[String]| Refusal::NotJson {
            provider: answered.provider.clone(),
            reason: faults.join("; "),
            attempts,
        };
        let spent = Duration::try_from_secs_f64(answered.latency_ms / 1e3).unwrap_or_default();
        let left = ready.question.timeout.saturating_sub(spent);
        let route = Route { provider: answered.provider.clone(), model: Some(answered.model.clone()) };
        let again = schema.repair(&ready.request, &answered.answer.text, &faults);
        let mut unheard = |_: &str| {};
        call.enter(State::Asking);
        let asked = self.models.ask_within(Some(purse), &route, &again, &[], left, &mut unheard, call);
        let outcome = match Box::pin(asked).await {
            Ok(second) => match repair::hold(schema, &second) {
                Held::Follows(value) => return Ok((repair::join(answered, second), Some(value))),
                Held::Cut => return Ok((repair::join(answered, second), None)),
                Held::Fails(faults) => refused([answered.attempts.as_slice(), &second.attempts].concat(), &faults),
            },
            Err(failed) => {
                span.fail(&failed);
                refused([answered.attempts.as_slice(), &failed.attempts].concat(), &faults)
            }
        };
        if let Err(err) = purse.settle().await {
            tracing::warn!(error = %err, "the cost of a failed question was not noted");
        }
        Err(outcome)
    }

    /// Says that a fallback answered which costs more than the route that was asked for, or nobody knows what.
    fn dearer(&self, route: &Route, answered: &Answered) -> Option<Degraded> {
        if answered.route == 0 {
            return None;
        }
        let by = Route { provider: answered.provider.clone(), model: Some(answered.model.clone()) };
        let (asked_usd, by_usd) = (self.models.compared_cost_usd(route), self.models.compared_cost_usd(&by));
        let how = match (asked_usd, by_usd) {
            (Some(asked), Some(by)) if by <= asked => return None,
            (Some(asked), Some(by)) if asked > 0.0 => format!("costs {:.1} times as much", by / asked),
            (Some(_), Some(_)) => "is not free".to_owned(),
            _ => "may cost more: one of the two prices is unknown".to_owned(),
        };
        let reason = format!("{} did not answer, so {} did, which {how}", name_of(route), name_of(&by));
        Some(Degraded { source: "route", reason })
    }

    async fn keep(&self, question: &Question, reply: &Reply, call: &Call) -> Result<(), StoreError> {
        let Some(session_id) = question.view.session_id.as_ref().filter(|_| self.keeps) else { return Ok(()) };
        let span = call.span("keep turns");
        let turn = |role: &str, content: &str| NewTurn {
            session_id: session_id.clone(),
            owner: owner(&question.view),
            role: role.to_owned(),
            content: crate::redact::redact(content).0,
            trace_id: Some(call.id().to_owned()),
        };
        let asked = question.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
        let turns = vec![turn("user", asked), turn("assistant", &reply.answer)];
        self.sessions.add_turns(turns).await.inspect_err(|err| span.fail(err))
    }
}

/// The built-in answer without a model.
const EXTRACTIVE: &str = "extractive";

pub(super) fn name_of(route: &Route) -> String {
    match &route.model {
        Some(model) => format!("{}/{model}", route.provider),
        None => route.provider.clone(),
    }
}

fn note_cached(call: &Call, kept: &Kept, why: &str) {
    let span = call.span("cached answer");
    span.note("decision", why);
    span.note("would_have_cost_usd", kept.cost_usd);
    span.note("took_ms", kept.latency_ms);
    span.note("output_tokens", kept.usage.output_tokens);
}

/// A kept answer once more: nothing was asked, so nothing was used.
fn reply_of_kept(ready: &Ready<'_>, kept: Kept) -> Result<Reply, Refusal> {
    let schema =
        ready.question.response_schema.as_ref().map(Structured::new).transpose().map_err(Refusal::BadSchema)?;
    let structured = schema.and_then(|it| it.read(&kept.answer).ok());
    Ok(Reply {
        citations: cited(&kept.answer, ready.items),
        structured,
        provider: kept.provider,
        model: kept.model,
        finish_reason: FinishReason::Stop.name().to_owned(),
        cost_usd: Some(0.0),
        cached: true,
        answer: kept.answer,
        ..Reply::default()
    })
}

fn not_kept(what: &str, err: &StoreError) -> Degraded {
    Degraded { source: STORE, reason: format!("{what}: {err}; {}", err.next_step()) }
}

/// How many tokens of history a model is sent: a quarter of what it takes, where that is little.
fn history_tokens(window: Option<u64>) -> u32 {
    let quarter = window.and_then(|it| u32::try_from(it / 4).ok());
    quarter.map_or(HISTORY_TOKENS, |it| it.min(HISTORY_TOKENS))
}

/// The latest of `turns` (role and text, oldest first) that fit into `room` tokens, and whether any is missing or cut.
fn fit_history(mut turns: Vec<(String, String)>, room: u32) -> (Vec<Message>, bool) {
    let older = turns.len().saturating_sub(HISTORY_TURNS);
    turns.drain(..older);
    let asked = turns.len();
    let (mut left, mut is_cut) = (room, older > 0);
    let mut kept: Vec<Message> = turns
        .into_iter()
        .rev()
        .map_while(|(role, content)| {
            let role = if role == "assistant" { Role::Assistant } else { Role::User };
            let size = tokens::count(&content);
            if size <= left {
                left -= size;
                return Some(Message::new(role, content));
            }
            // The turn that does not fit is the last one that is looked at: its beginning, if there is room.
            is_cut = true;
            let room = std::mem::take(&mut left);
            (room >= LEAST_TURN_TOKENS).then(|| Message::new(role, beginning(&content, room)))
        })
        .collect();
    is_cut |= kept.len() < asked;
    kept.reverse();
    // A conversation begins with its user.
    while kept.first().is_some_and(|it| it.role == Role::Assistant) {
        kept.remove(0);
    }
    (kept, is_cut)
}

/// The beginning of `text` that has at most `room` tokens, marked as cut.
fn beginning(text: &str, room: u32) -> String {
    // A token has three characters or more in nearly every text; what is still too long is halved.
    let mut characters = usize::try_from(room).unwrap_or(0) * 3;
    loop {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
        if tokens::count(&text[..end]) <= room || characters == 0 {
            return format!("{} […]", &text[..end]);
        }
        characters /= 2;
    }
}

fn owner(view: &View) -> Owner {
    Owner {
        namespace: view.namespace.clone(),
        user_id: view.user_id.clone(),
        persona: view.persona.clone(),
        session_id: None,
    }
}

fn of_pack(pack: Pack) -> Context {
    let text = if pack.items.is_empty() { None } else { Some(pack.text) };
    Context { text, identity: None, items: pack.items, pack_id: Some(pack.id), degraded: pack.degraded }
}

fn extractive(question: &Question, context: &Context) -> Reply {
    let asked = question.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
    let extract = extract::extract(asked, &context.items);
    Reply {
        answer: extract.text,
        provider: EXTRACTIVE.to_owned(),
        finish_reason: FinishReason::Stop.name().to_owned(),
        cost_usd: Some(0.0),
        citations: extract.quoted.into_iter().filter_map(|at| citation(&context.items, at + 1)).collect(),
        ..Reply::default()
    }
}

fn reply_of(answered: Answered, structured: Option<Value>, items: &[Item]) -> Reply {
    let answer = answered.answer;
    Reply {
        citations: cited(&answer.text, items),
        structured,
        provider: answered.provider,
        model: Some(answer.model.unwrap_or(answered.model)),
        finish_reason: answer.finish_reason.name().to_owned(),
        usage: answer.usage,
        cost_usd: answered.cost_usd,
        latency_ms: answered.latency_ms,
        attempts: answered.attempts,
        answer: answer.text,
        ..Reply::default()
    }
}

/// The pieces whose numbers stand in the answer, in the order of their first mention.
fn cited(answer: &str, items: &[Item]) -> Vec<Citation> {
    let mut seen = Vec::new();
    for part in answer.split('[').skip(1) {
        let Some((inside, _)) = part.split_once(']') else { continue };
        for number in inside.split([',', ' ']).filter_map(|it| it.trim().parse::<usize>().ok()) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
    }
    seen.into_iter().filter_map(|n| citation(items, n)).collect()
}

fn citation(items: &[Item], n: usize) -> Option<Citation> {
    let item = items.get(n.checked_sub(1)?)?;
    Some(Citation {
        n,
        uri: item.uri.clone(),
        path: item.path.clone(),
        start_line: item.start_line,
        end_line: item.end_line,
        title: item.title.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_the_latest_turns_that_fit_and_begins_with_its_user() {
        let turns = |count: usize, words: usize| -> Vec<(String, String)> {
            let role = |at: usize| if at.is_multiple_of(2) { "user" } else { "assistant" };
            (0..count).map(|at| (role(at).to_owned(), format!("{at} {}", "word ".repeat(words)))).collect()
        };
        let fit = |turns, room| {
            let (kept, is_cut) = fit_history(turns, room);
            let first = kept.first().map(|it| it.content.split(' ').next().unwrap_or_default().to_owned());
            (kept.len(), first, is_cut)
        };
        assert_eq!(fit(turns(4, 10), 8_000), (4, Some("0".to_owned()), false));
        assert_eq!(fit(turns(HISTORY_TURNS + 1, 1), 8_000), (HISTORY_TURNS - 1, Some("2".to_owned()), true));
        assert_eq!(fit(turns(5, 500), 1_300), (3, Some("2".to_owned()), true), "the third is cut");
        assert_eq!(fit(Vec::new(), 8_000), (0, None, false));
        assert_eq!((history_tokens(None), history_tokens(Some(4_096))), (HISTORY_TOKENS, 1_024));
        assert_eq!(history_tokens(Some(1_000_000)), HISTORY_TOKENS);
    }
}
