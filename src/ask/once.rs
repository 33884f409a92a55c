//! One question to one route: out of what is kept, together with an equal one, or of the model.

use serde_json::Value;
use tokio::time::Instant;

use super::answer::Asker;
use super::cache;
use super::cache::Flight;
use super::cache::Kept;
use super::cache::Leading;
use super::cite::cited;
use super::question::Question;
use super::question::Refusal;
use super::question::Reply;
use super::repair;
use super::repair::Held;
use super::route::name_of;
use super::telling::Telling;
use crate::clock::Millis;
use crate::config::Caching;
use crate::context::Degraded;
use crate::context::Item;
use crate::context::STORE;
use crate::models::Answered;
use crate::models::Attempt;
use crate::models::Failed;
use crate::models::FinishReason;
use crate::models::ModelRequest;
use crate::models::Purse;
use crate::models::Route;
use crate::models::Structured;
use crate::redact;
use crate::scope::View;
use crate::store::KeptAnswer;
use crate::store::StoreError;
use crate::trace::Call;
use crate::trace::State;

/// A question ready to be sent, and where it goes.
pub(super) struct Ready<'a> {
    pub(super) question: &'a Question,
    pub(super) route: Route,
    pub(super) request: &'a ModelRequest,
    pub(super) items: &'a [Item],
    pub(super) has_context: bool,
    /// Whether its pieces are told as they come; those of several answers at once would be a muddle.
    pub(super) is_alone: bool,
}

/// An answer that is to be kept. Until it is, equal questions hear of it through its flight: otherwise one that comes
/// between the answer and its keeping would be asked, and paid, again.
#[derive(Debug)]
pub(super) struct ToKeep<'a> {
    answer: KeptAnswer,
    /// Ends when the answer is kept.
    _leading: Option<Leading<'a>>,
}

impl Asker {
    /// Answers out of what is kept, waits for an equal question, or asks; returns what is to be kept of it.
    pub(super) async fn ask_once(
        &self,
        ready: &Ready<'_>,
        purse: &Purse<'_>,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<(Reply, Option<ToKeep<'_>>), Refusal> {
        let deadline = Instant::now() + ready.question.timeout;
        let view = &ready.question.view;
        let address = self.models.address(&ready.route.provider);
        let caching = if self.keeps { self.caching } else { Caching::Off };
        let Some(key) = cache::key(caching, address, &ready.route, ready.request, view) else {
            return Ok((self.ask_model(ready, deadline, purse, call, telling).await?, None));
        };
        let leading = loop {
            if ready.question.no_cache {
                break None;
            }
            match self.flights.join(key) {
                Flight::First(leading) => {
                    if let Some(kept) = Box::pin(self.kept(key, view, call)).await {
                        return Ok((reply_of_kept(ready, kept)?, None));
                    }
                    break Some(leading);
                }
                Flight::Waiting(watched) => {
                    telling.waits_for("the answer to an equal question".to_owned());
                    let heard = tokio::time::timeout_at(deadline, cache::hear(watched)).await;
                    if let Some(kept) = heard.map_err(|_| too_late(&ready.route))? {
                        note_cached(call, &kept, "an equal question was being asked");
                        return Ok((reply_of_kept(ready, kept)?, None));
                    }
                }
            }
        };
        let reply = self.ask_model(ready, deadline, purse, call, telling).await?;
        // A fallback's answer is not the answer of the route that was asked for.
        let route = &ready.route;
        let is_of_route =
            reply.provider == route.provider && (route.model.is_none() || reply.asked_model == route.model);
        let Some(kept) = Kept::of(&reply).filter(|_| is_of_route) else {
            return Ok((reply, None));
        };
        if let Some(leading) = &leading {
            leading.answered(&kept);
        }
        let answer = serde_json::to_value(&kept).unwrap_or_default();
        if !redact::redact_json(&answer).1.is_empty() {
            // Without its secrets it is another answer, and with them it is not kept.
            return Ok((reply, None));
        }
        let at = self.clock.now();
        let holds = Millis::try_from(cache::holds(ready.question, ready.has_context, self.cache_times).as_millis())
            .unwrap_or(0);
        let (expires_at, answer) = (at.saturating_add(holds), answer.to_string());
        let answer = KeptAnswer { key, at, expires_at, view: view.clone(), answer };
        Ok((reply, Some(ToKeep { answer, _leading: leading })))
    }

    /// The answer that was kept for an equal question; one that cannot be read is asked again.
    async fn kept(&self, key: cache::Key, view: &View, call: &Call) -> Option<Kept> {
        let found = self.store.answer(key, view, self.clock.now()).await.ok()??;
        let kept: Kept = serde_json::from_str(&found).ok()?;
        note_cached(call, &kept, "an equal question was answered before");
        Some(kept)
    }

    pub(super) async fn keep_answers(&self, kept: Vec<ToKeep<'_>>) -> Result<(), StoreError> {
        let all = kept.into_iter().map(|it| async move {
            let ToKeep { answer, _leading } = it;
            self.store.keep_answer(answer).await
        });
        futures_util::future::try_join_all(all).await.map(drop)
    }

    async fn ask_model(
        &self,
        ready: &Ready<'_>,
        deadline: Instant,
        purse: &Purse<'_>,
        call: &Call,
        telling: &Telling<'_>,
    ) -> Result<Reply, Refusal> {
        let Ready { question, route, request, items, .. } = ready;
        let schema = question.response_schema.as_ref().map(Structured::new).transpose().map_err(Refusal::BadSchema)?;
        // Side by side, a fallback's answer would stand in another one's name.
        let mut fallbacks = if ready.is_alone {
            self.models.fallbacks(&question.fallbacks).map_err(|err| Refusal::Route(Box::new(err)))?
        } else {
            Vec::new()
        };
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
        let left = deadline.saturating_duration_since(Instant::now());
        let asked = self.models.ask_within(Some(purse), route, request, &fallbacks, left, &mut on_delta, call);
        let answered = match Box::pin(asked).await {
            Ok(answered) => answered,
            Err(failed) => {
                if let Err(err) = Box::pin(purse.settle()).await {
                    tracing::warn!(error = %err, "the cost of a failed question was not noted");
                }
                return Err(failed.into());
            }
        };
        let dearer = self.dearer(route, &answered);
        let (answered, structured) = match &schema {
            Some(schema) if answered.answer.tool_calls.is_empty() => {
                // In a box, as it is seldom needed: an open question holds no room for it.
                Box::pin(self.keep_to(schema, answered, ready, deadline, purse, call)).await?
            }
            _ => (answered, None),
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
        deadline: Instant,
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
        let left = deadline.saturating_duration_since(Instant::now());
        let route = Route { provider: answered.provider.clone(), model: Some(answered.model.clone()) };
        let again = schema.repair(ready.request, &answered.answer.text, &faults);
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
}

fn too_late(route: &Route) -> Refusal {
    let message = "the equal question that is being asked took too long";
    Refusal::Model(Failed::timeout(&route.provider, message))
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
        asked_model: ready.route.model.clone(),
        finish_reason: FinishReason::Stop.name().to_owned(),
        cost_usd: Some(0.0),
        cached: true,
        answer: kept.answer,
        ..Reply::default()
    })
}

pub(super) fn not_kept(what: &str, err: &StoreError) -> Degraded {
    Degraded { source: STORE, reason: format!("{what}: {err}; {}", err.next_step()) }
}

fn reply_of(answered: Answered, structured: Option<Value>, items: &[Item]) -> Reply {
    let answer = answered.answer;
    Reply {
        citations: cited(&answer.text, items),
        structured,
        provider: answered.provider,
        model: Some(answer.model.unwrap_or_else(|| answered.model.clone())),
        asked_model: Some(answered.model),
        finish_reason: answer.finish_reason.name().to_owned(),
        usage: answer.usage,
        cost_usd: answered.cost_usd,
        latency_ms: answered.latency_ms,
        attempts: answered.attempts,
        tool_calls: answer.tool_calls,
        answer: answer.text,
        ..Reply::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::ask::ContextChoice;
    use crate::ask::Flights;
    use crate::clock::Clock;
    use crate::config;
    use crate::context::Assembler;
    use crate::context::PackCache;
    use crate::documents::Documents;
    use crate::memory::Memory;
    use crate::models::Caps;
    use crate::models::Message;
    use crate::models::Models;
    use crate::models::Role;
    use crate::models::model_server::ModelServer;
    use crate::models::model_server::Script;
    use crate::session::Sessions;
    use crate::store::Store;

    /// Asks the model `m` at `url`, and keeps what it says in `folder`.
    fn asker(url: &str, folder: &TempDir) -> Asker {
        let variables = [("OPENAI_BASE_URL", url), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_MODEL", "m")];
        let environment = config::Environment {
            variables: variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect(),
            working_folder: folder.path().to_owned(),
            data_folder: Some(folder.path().to_owned()),
            ..config::Environment::default()
        };
        let config = config::resolve(&config::Flags::default(), &environment).unwrap().config;
        let (store, clock) = (Store::new(&folder.path().join("a.db")), Clock::fixed(1_000_000));
        let memory = Memory::new(store.clone(), clock.clone());
        let sessions = Sessions::new(store.clone(), clock.clone());
        let assembler = Assembler {
            store: store.clone(),
            clock: clock.clone(),
            memory,
            sessions: sessions.clone(),
            documents: Documents::new(&store, clock.clone(), folder.path().to_owned()),
            keeps: true,
            cache: PackCache::default(),
        };
        Asker {
            models: Models::new(&config),
            assembler,
            sessions,
            store,
            clock,
            caps: Caps::default(),
            keeps: true,
            caching: config.routing.caching,
            cache_times: config.routing.cache_times,
            flights: Flights::default(),
        }
    }

    #[tokio::test]
    async fn an_equal_question_between_the_answer_and_its_keeping_is_not_asked_again() {
        let models = ModelServer::start(vec![Script::openai_answer("Fridays.")]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let asker = asker(&format!("{}/v1", models.url()), &folder);
        let question = Question {
            messages: vec![Message::new(Role::User, "When?")],
            context: ContextChoice::None,
            temperature: Some(0.0),
            timeout: Duration::from_secs(60),
            ..Question::default()
        };
        let route = asker.models.choose(Some("openai"), None).unwrap().unwrap();
        let request =
            ModelRequest { messages: question.messages.clone(), temperature: Some(0.0), ..ModelRequest::default() };
        let ready = || Ready {
            question: &question,
            route: route.clone(),
            request: &request,
            items: &[],
            has_context: false,
            is_alone: true,
        };
        let call = Call::silent();
        let telling = Telling::new(&call);
        let purse = Purse::new(&asker.store, &asker.clock, asker.caps, None, question.timeout);

        let (first, to_keep) = asker.ask_once(&ready(), &purse, &call, &telling).await.unwrap();
        let (second, nothing) = asker.ask_once(&ready(), &purse, &call, &telling).await.unwrap();
        assert_eq!((first.cached, second.cached, second.answer.as_str()), (false, true, "Fridays."));
        assert!(nothing.is_none());

        asker.keep_answers(Vec::from_iter(to_keep)).await.unwrap();
        let (third, _) = asker.ask_once(&ready(), &purse, &call, &telling).await.unwrap();
        assert_eq!((third.cached, models.received().len()), (true, 1));
    }
}
