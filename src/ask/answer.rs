//! One question from beginning to end.

use super::cache::Flights;
use super::cite::citation;
use super::context::Context;
use super::extract;
use super::facts;
use super::once::Ready;
use super::once::not_kept;
use super::prompt;
use super::question::Question;
use super::question::Refusal;
use super::question::Reply;
use super::route::Plan;
use super::telling::Telling;
use crate::clock::Clock;
use crate::config::CacheTimes;
use crate::config::Caching;
use crate::context::Assembler;
use crate::context::Degraded;
use crate::documents::Allowed;
use crate::models::Caps;
use crate::models::Failed;
use crate::models::FinishReason;
use crate::models::ModelRequest;
use crate::models::Models;
use crate::models::Purse;
use crate::session::Sessions;
use crate::store::Store;
use crate::trace::Call;
use crate::trace::State;

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
            tools: question.tools.clone(),
            tool_choice: question.tool_choice.clone(),
            reasoning: question.reasoning,
            cache_key,
            ..ModelRequest::default()
        };
        let (route, choice) = match plan {
            Plan::Together => (None, None),
            Plan::Route(route) => (route, None),
            Plan::Choose(prefer) => Box::pin(self.decide(prefer, question, &request, &purse, call)).await?,
        };
        call.enter(State::Routed);
        let (mut reply, kept) = match route {
            _ if !question.providers.is_empty() => {
                Box::pin(self.ask_together(question, &request, &context.items, &purse, call, telling)).await?
            }
            None => (extractive(question, &context), Vec::new()),
            Some(route) => {
                let has_context = context.text.is_some();
                let request = &request;
                let ready = Ready { question, route, request, items: &context.items, has_context, is_alone: true };
                match self.ask_once(&ready, &purse, call, telling).await {
                    Ok((reply, kept)) => (reply, Vec::from_iter(kept)),
                    Err(Refusal::Model(failed)) if self.models.ends_in_extracts(&question.fallbacks) => {
                        (in_place_of(failed, question, &context), Vec::new())
                    }
                    Err(refusal) => return Err(refusal),
                }
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
        let (settled, kept, turns) = tokio::join!(
            Box::pin(purse.settle()),
            Box::pin(self.keep_answers(kept)),
            Box::pin(self.keep(question, &reply, call)),
        );
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
}

/// The built-in answer without a model.
pub(super) const EXTRACTIVE: &str = "extractive";

/// The answer without a model, which was named as the last to fall back to.
fn in_place_of(failed: Failed, question: &Question, context: &Context) -> Reply {
    let reason = format!("no model answered, so this is out of the context: {}", failed.error);
    let degraded = vec![Degraded { source: "model", reason }];
    Reply { attempts: failed.attempts, degraded, ..extractive(question, context) }
}

fn extractive(question: &Question, context: &Context) -> Reply {
    let asked = question.asked();
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
