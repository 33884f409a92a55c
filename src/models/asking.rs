//! One question while it is asked: attempt after attempt, along its routes, within one deadline.
//!
//! Once a piece of an answer was shown to somebody, no other answer is begun: a text must not change its author in the
//! middle.

use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::Answer;
use super::ErrorKind;
use super::ModelError;
use super::ModelRequest;
use super::OnDelta;
use super::health::Refused;
use super::purse;
use super::purse::Purse;
use super::retry;
use super::retry::Next;
use super::retry::Situation;
use super::router::Attempt;
use super::router::Known;
use super::router::Models;
use super::router::Route;
use super::router::millis;
use super::router::offline;
use super::router::wrong;
use crate::store::SpeedRow;
use crate::trace::Call;

/// A whole answer with who gave it and what it cost.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) answer: Answer,
    pub(super) cost_usd: Option<f64>,
    /// Position of the route.
    pub(super) route: usize,
}

/// An attempt that failed.
struct Missed {
    error: Box<ModelError>,
    /// Whether the provider was asked at all.
    is_made: bool,
    /// Whether the same route is out of the question: an open breaker, a cap.
    is_final: bool,
    /// What it cost all the same; `None` when nobody knows.
    cost_usd: Option<f64>,
}

impl Missed {
    fn unmade(error: ModelError) -> Missed {
        Missed { error: Box::new(error), is_made: false, is_final: false, cost_usd: Some(0.0) }
    }
}

impl From<ModelError> for Missed {
    fn from(error: ModelError) -> Missed {
        let cost_usd = if error.may_be_charged() { None } else { Some(0.0) };
        Missed { error: Box::new(error), is_made: true, is_final: false, cost_usd }
    }
}

/// One question.
pub(super) struct Asking<'a> {
    pub(super) models: &'a Models,
    pub(super) call: &'a Call,
    pub(super) request: &'a ModelRequest,
    pub(super) purse: Option<&'a Purse<'a>>,
    pub(super) started: Instant,
    pub(super) deadline: Instant,
    /// Written by each attempt as it ends.
    pub(super) attempts: Mutex<Vec<Attempt>>,
}

impl Asking<'_> {
    /// Asks along `routes` until there is a whole answer.
    pub(super) async fn run(&self, routes: &[&Route], on_delta: OnDelta<'_>) -> Result<Whole, ModelError> {
        let models = self.models;
        let first = routes.first().map(|it| it.provider.as_str()).unwrap_or_default();
        let permit = tokio::time::timeout_at(self.deadline, models.asks.acquire()).await;
        let Ok(_permit) = permit else {
            let message = "timed out while waiting for other questions; too many run at once ([ask] concurrency)";
            return Err(wrong(first, ErrorKind::Timeout, message));
        };
        // What a provider said tells more than why another one was not asked.
        let mut made: Option<Box<ModelError>> = None;
        let mut unmade = Box::new(wrong(first, ErrorKind::InvalidArgument, "no route was given"));
        let mut at = 0;
        while at < routes.len() {
            let mut attempts = 0;
            let used = loop {
                attempts += 1;
                let shown = AtomicBool::new(false);
                let hedge = models.routing.hedge_after.filter(|_| attempts == 1);
                let (outcome, used) = match hedge {
                    Some(after) => Box::pin(self.race(routes, at, after, &shown, on_delta)).await,
                    None => (self.attempt(routes, at, &shown, on_delta).await, 1),
                };
                let missed = match outcome {
                    Ok(whole) => return Ok(whole),
                    Err(missed) => missed,
                };
                if let Some(purse) = self.purse
                    && let Err(err) = Box::pin(purse.settle()).await
                {
                    tracing::warn!(error = %err, "the cost of a failed attempt was not noted");
                }
                let has_other = at + used < routes.len();
                let situation = Situation {
                    attempts: if missed.is_final { u32::MAX } else { attempts },
                    is_shown: shown.load(Ordering::Relaxed) && self.is_heard(),
                    has_other,
                    left: self.deadline.saturating_duration_since(Instant::now()),
                    jitter: (models.jitter)(),
                };
                // In offline mode nothing changes by waiting.
                let next = if models.offline { Next::Stop } else { retry::next(&missed.error, situation) };
                match missed.is_made {
                    true => made = Some(missed.error),
                    false => unmade = missed.error,
                }
                match next {
                    Next::Again(wait) => tokio::time::sleep(wait).await,
                    Next::Elsewhere => break used,
                    Next::Stop => return Err(*made.unwrap_or(unmade)),
                }
            };
            at += used;
        }
        Err(*made.unwrap_or(unmade))
    }

    /// Whether pieces of the answer reach anybody. Those of JSON do not: a second round may take their place.
    fn is_heard(&self) -> bool {
        self.call.progress().is_wanted() && self.request.response_schema.is_none()
    }

    /// Asks the route at `at`; when its answer has not begun after `after`, the next one as well (the same one, if there
    /// is no other). The first that begins is heard to its end, the other's connection is closed. Returns how many
    /// routes were used.
    async fn race(
        &self,
        routes: &[&Route],
        at: usize,
        after: Duration,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> (Result<Whole, Missed>, usize) {
        const NOBODY: usize = usize::MAX;
        let (winner, begun, out) = (AtomicUsize::new(NOBODY), Notify::new(), Mutex::new(on_delta));
        let hear = |who: usize, piece: &str| {
            let is_first = winner.compare_exchange(NOBODY, who, Ordering::Relaxed, Ordering::Relaxed);
            if is_first.is_ok() {
                begun.notify_one();
            }
            if is_first.is_ok() || is_first == Err(who) {
                shown.store(true, Ordering::Relaxed);
                (out.lock().unwrap_or_else(PoisonError::into_inner))(piece);
            }
        };
        let shown_by = [AtomicBool::new(false), AtomicBool::new(false)];
        let mut hear_first = |piece: &str| hear(0, piece);
        let mut hear_second = |piece: &str| hear(1, piece);
        let other = if at + 1 < routes.len() { at + 1 } else { at };
        let mut second_sink: Option<OnDelta<'_>> = Some(&mut hear_second);
        let mut since = [Instant::now(); 2];
        let mut running: [Option<BoxFuture<'_, Result<Whole, Missed>>>; 2] =
            [Some(self.attempt(routes, at, &shown_by[0], &mut hear_first).boxed()), None];
        let mut used = 1;
        let mut timer = Box::pin(tokio::time::sleep(after));
        loop {
            tokio::select! {
                biased;
                () = begun.notified() => {
                    let lost = 1 - winner.load(Ordering::Relaxed).min(1);
                    if running[lost].take().is_some() {
                        self.note_broken_off(routes[if lost == 0 { at } else { other }], since[lost]);
                    }
                }
                (who, outcome) = first_of(&mut running) => {
                    running[who] = None;
                    match outcome {
                        Ok(whole) => {
                            let lost = 1 - who;
                            if running[lost].take().is_some() {
                                self.note_broken_off(routes[if lost == 0 { at } else { other }], since[lost]);
                            }
                            return (Ok(whole), used);
                        }
                        Err(missed) if running.iter().all(Option::is_none) => return (Err(missed), used),
                        // The other one may still answer.
                        Err(_) => {}
                    }
                }
                () = &mut timer, if second_sink.is_some() && winner.load(Ordering::Relaxed) == NOBODY => {
                    if let Some(sink) = second_sink.take() {
                        let span = self.call.span("hedge");
                        span.note("decision", format!("no answer has begun after {} ms", after.as_millis()));
                        used = other - at + 1;
                        since[1] = Instant::now();
                        running[1] = Some(self.attempt(routes, other, &shown_by[1], sink).boxed());
                    }
                }
            }
        }
    }

    /// An attempt whose connection was closed because another one began first.
    fn note_broken_off(&self, route: &Route, since: Instant) {
        self.keep(Attempt {
            provider: route.provider.clone(),
            model: route.model.clone(),
            outcome: ErrorKind::Cancelled.name().to_owned(),
            error: Some("another answer began first".to_owned()),
            latency_ms: millis(since),
            cost_usd: None,
        });
    }

    fn keep(&self, attempt: Attempt) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }

    /// Tries once, and leaves an [`Attempt`] and a span.
    async fn attempt(
        &self,
        routes: &[&Route],
        at: usize,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> Result<Whole, Missed> {
        let route = routes[at];
        let begun = Instant::now();
        let span = self.call.span("ask model");
        span.note("provider", route.provider.as_str());
        // Half of the time for one that does not begin to answer, so that the next one has a chance.
        let left = self.deadline.saturating_duration_since(begun);
        let first_deadline = if at + 1 < routes.len() { begun + left / 2 } else { self.deadline };
        let mut request = self.request.clone();
        request.model = route.model.clone().unwrap_or_default();
        let outcome = self.answer(route, at, &mut request, first_deadline, shown, on_delta).await;
        let latency_ms = millis(begun);
        let model = Some(request.model).filter(|it| !it.is_empty());
        span.note("model", model.as_deref());
        let (outcome_name, error, cost_usd) = match &outcome {
            Ok(whole) => {
                let answer = &whole.answer;
                span.note("finish_reason", answer.finish_reason.name());
                span.note("finish_reason_original", answer.finish_reason_original.as_deref());
                span.note("input_tokens", answer.usage.input_tokens);
                span.note("cached_input_tokens", answer.usage.cached_input_tokens);
                span.note("cache_write_tokens", answer.usage.cache_write_tokens);
                span.note("output_tokens", answer.usage.output_tokens);
                ("ok", None, whole.cost_usd)
            }
            Err(Missed { error, cost_usd, .. }) => {
                span.fail(format!("{}: {}", error.kind.name(), error.message));
                (error.kind.name(), Some(error.message.clone()), *cost_usd)
            }
        };
        span.note("outcome", outcome_name);
        span.note("cost_usd", cost_usd);
        tracing::debug!(provider = %route.provider, model, outcome = outcome_name, latency_ms, "model asked");
        // What a cap kept from being asked is no attempt; the trace has it.
        if outcome.as_ref().err().is_none_or(|it| !is_about_money(it.error.kind)) {
            self.keep(Attempt {
                provider: route.provider.clone(),
                model,
                outcome: outcome_name.to_owned(),
                error,
                latency_ms,
                cost_usd,
            });
        }
        outcome
    }

    async fn answer(
        &self,
        route: &Route,
        at: usize,
        request: &mut ModelRequest,
        first_deadline: Instant,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> Result<Whole, Missed> {
        let (name, models) = (&route.provider, self.models);
        if models.offline {
            return Err(Missed::unmade(offline(name)));
        }
        let Some(known) = models.known.get(name) else {
            return Err(Missed::unmade(wrong(name, ErrorKind::InvalidArgument, "there is no provider of this name")));
        };
        let admitted = models.health.admit(name, &request.model, Instant::now()).map_err(|refused| Missed {
            is_final: matches!(refused, Refused::Open(_)),
            ..Missed::unmade(refused.error().clone())
        })?;
        let _seat = self.wait_for_room(name, known, request, first_deadline).await.map_err(Missed::unmade)?;
        if request.model.is_empty() {
            request.model = match self.first_model(name, known, first_deadline).await {
                Ok(model) => model,
                Err(error) => {
                    admitted.report(Some(&error), Instant::now());
                    return Err(error.into());
                }
            };
        }
        let hold = match self.purse {
            None => None,
            Some(purse) => {
                let worst = if purse.is_capped() { models.worst(name, known, request) } else { None };
                request.max_price = worst.and_then(|it| it.max_price);
                let held = Box::pin(purse.reserve(name, request, worst, models.is_at_vendor(name))).await;
                Some(held.map_err(|error| Missed { is_final: true, ..Missed::unmade(error) })?)
            }
        };
        let outcome = self.listen(name, known, request, first_deadline, shown, on_delta).await;
        admitted.report(outcome.as_ref().err(), Instant::now());
        match outcome {
            Ok((answer, first_ms, total_ms)) => {
                let cost_usd = models.cost_usd(known, name, &request.model, &answer);
                if let Some(hold) = hold {
                    hold.cost(cost_usd);
                }
                self.learn(name, &request.model, &answer, first_ms, total_ms);
                Ok(Whole { provider: name.clone(), model: request.model.clone(), answer, cost_usd, route: at })
            }
            Err(error) => {
                let counted = error.counted.as_deref().map(|it| {
                    let answer = Answer { usage: it.usage, cost_usd: it.cost_usd, ..Answer::default() };
                    models.cost_usd(known, name, &request.model, &answer)
                });
                let missed = Missed::from(error);
                let cost_usd = counted.unwrap_or(missed.cost_usd);
                if let Some(hold) = hold {
                    hold.cost(cost_usd);
                }
                Err(Missed { cost_usd, ..missed })
            }
        }
    }

    /// Waits until the provider's limits let one more request through; what is returned is held while it runs.
    async fn wait_for_room<'k>(
        &self,
        name: &str,
        known: &'k Known,
        request: &ModelRequest,
        until: Instant,
    ) -> Result<Option<SemaphorePermit<'k>>, ModelError> {
        let Some(limits) = &known.limits else { return Ok(None) };
        let too_long = |wait: Option<Duration>| ModelError {
            retry_after: wait,
            ..wrong(name, ErrorKind::RateLimited, "not asked: the limits that are set for this provider are reached")
        };
        let seat = match &limits.at_once {
            None => None,
            Some(seats) => match tokio::time::timeout_at(until, seats.acquire()).await {
                Ok(seat) => seat.ok(),
                Err(_) => return Err(too_long(None)),
            },
        };
        let tokens = if limits.counts_tokens() { purse::most_input_tokens(request) } else { 0 };
        let now = Instant::now();
        let patience = until.saturating_duration_since(now);
        let wait = limits.take(u32::try_from(tokens).unwrap_or(u32::MAX), now, patience);
        let wait = wait.map_err(|it| too_long(Some(it)))?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(seat)
    }

    async fn first_model(&self, name: &str, known: &Known, until: Instant) -> Result<String, ModelError> {
        let listed = tokio::time::timeout_at(until, known.provider.list_models()).await;
        let listed = listed.map_err(|_| self.late(name))??;
        super::local::first_to_ask(listed)
            .ok_or_else(|| wrong(name, ErrorKind::NotFound, "the provider has no model to ask"))
    }

    /// Sends the request and hears the answer; returns it with the times to its first piece and to its end.
    async fn listen(
        &self,
        name: &str,
        known: &Known,
        request: &ModelRequest,
        first_deadline: Instant,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> Result<(Answer, f64, f64), ModelError> {
        let begun = Instant::now();
        let first = OnceLock::new();
        let mut deliver = |piece: &str| {
            first.get_or_init(|| millis(begun));
            shown.store(true, Ordering::Relaxed);
            on_delta(piece);
        };
        let mut work = known.provider.answer(request, &mut deliver);
        let mut until = first_deadline;
        let answer = loop {
            match tokio::time::timeout_at(until, &mut work).await {
                // What broke off after its beginning was taken by the provider, whatever status the chunk names.
                Ok(Err(error)) if first.get().is_some() => {
                    return Err(ModelError { status: error.status.map(|_| 200), ..error });
                }
                Ok(outcome) => break outcome?,
                Err(_) if shown.load(Ordering::Relaxed) && until < self.deadline => until = self.deadline,
                Err(_) => return Err(self.late(name)),
            }
        };
        let total_ms = millis(begun);
        Ok((answer, *first.get_or_init(|| total_ms), total_ms))
    }

    fn late(&self, name: &str) -> ModelError {
        let message = format!("no whole answer after {:.1} s", self.started.elapsed().as_secs_f64());
        wrong(name, ErrorKind::Timeout, &message)
    }

    /// Remembers how quick the model was.
    fn learn(&self, provider: &str, model: &str, answer: &Answer, first_ms: f64, total_ms: f64) {
        let Some(purse) = self.purse else { return };
        let Some(tokens) = answer.usage.output_tokens.filter(|it| *it > 0) else { return };
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 tokens")]
        let token_ms = (total_ms - first_ms).max(0.0) / tokens as f64;
        let (provider, model) = (provider.to_owned(), model.to_owned());
        purse.store.learn_speed(SpeedRow { provider, model, answers: 1, first_ms, token_ms }, purse.clock.now());
    }
}

/// The outcome of whichever runs and ends first, with its position.
async fn first_of<T>(running: &mut [Option<BoxFuture<'_, T>>; 2]) -> (usize, T) {
    std::future::poll_fn(|cx| {
        for (who, slot) in running.iter_mut().enumerate() {
            if let Some(run) = slot
                && let Poll::Ready(outcome) = run.poll_unpin(cx)
            {
                return Poll::Ready((who, outcome));
            }
        }
        Poll::Pending
    })
    .await
}

fn is_about_money(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BudgetExceeded | ErrorKind::PriceUnknown)
}
