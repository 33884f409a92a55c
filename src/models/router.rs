//! Chooses who is asked, and asks: tries again where that can help, falls back, counts time and money.
//!
//! One deadline holds for everything. Once a piece of an answer was shown, no other answer is begun: a text must not
//! change its author in the middle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Answer;
use super::ErrorKind;
use super::ModelError;
use super::ModelRequest;
use super::OnDelta;
use super::Prices;
use super::Provider;
use super::Usage;
use super::anthropic::Anthropic;
use super::http;
use super::http::Http;
use super::ollama::Ollama;
use super::openai::OpenAi;
use super::retry;
use super::retry::Next;
use super::retry::Situation;
use crate::config::Config;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;
use crate::trace::Call;

/// The name that means no model at all: the caller answers out of what it found.
const EXTRACTIVE: &str = "extractive";
/// Which key is used first when nobody chose; part of the contract (docs/config.md).
const ORDER: [&str; 4] = ["openai", "anthropic", "azure", "openrouter"];
/// The domains under which the vendors of the built-in providers answer.
const VENDORS: [&str; 5] =
    ["openai.com", "anthropic.com", "openrouter.ai", "openai.azure.com", "services.ai.azure.com"];
/// How long a provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(10);

/// The language models that can be asked. Making it opens nothing.
#[derive(Debug)]
pub struct Models {
    known: BTreeMap<String, Known>,
    /// What `LLM_PROVIDER` says.
    preferred: Option<String>,
    cascade: Vec<String>,
    offline: bool,
    prices: Prices,
    /// Holds back asks over the configured number.
    asks: Semaphore,
}

#[derive(Debug)]
struct Known {
    config: ProviderConfig,
    provider: Box<dyn Provider>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// A name in the configuration.
    pub provider: String,
    /// `None`: the first model that the provider has, which only local ones and those of the user file are asked for.
    pub model: Option<String>,
}

/// One try to get an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub provider: String,
    /// `None` when it failed before a model was known.
    pub model: Option<String>,
    /// `ok`, or the kind of the error.
    pub outcome: String,
    /// The error's message.
    pub error: Option<String>,
    pub latency_ms: f64,
    /// `None` is unknown; a refused attempt costs 0.
    pub cost_usd: Option<f64>,
}

/// An answer and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub provider: String,
    /// The model that was asked; `answer.model` is what the provider calls it.
    pub model: String,
    pub answer: Answer,
    /// What the answer cost, without failed attempts; `None` is unknown.
    pub cost_usd: Option<f64>,
    /// From the question to the end of the answer, waits and failed attempts included.
    pub latency_ms: f64,
    /// In order; the last one is `ok`.
    pub attempts: Vec<Attempt>,
}

/// Why there is no answer, and what was tried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// The error of the last attempt.
    pub error: Box<ModelError>,
    pub attempts: Vec<Attempt>,
}

impl Models {
    /// The models that `config` names.
    pub fn new(config: &Config) -> Models {
        let http = Arc::new(Http::new(config.offline));
        let known = config.providers.iter().map(|(name, provider)| {
            let made = Known { config: provider.clone(), provider: provider_for(name, provider, &http) };
            (name.clone(), made)
        });
        Models {
            known: known.collect(),
            preferred: config.llm_provider.clone(),
            cascade: config.cascade.clone(),
            offline: config.offline,
            prices: Prices::new(config.prices.clone()),
            asks: Semaphore::new(config.ask_concurrency.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// What `usage` costs on `route` with `model`, in USD; `None` is unknown, a local provider costs 0.
    pub fn likely_cost_usd(&self, route: &Route, model: &str, usage: &Usage) -> Option<f64> {
        if self.known.get(&route.provider).is_some_and(|it| is_local(&it.config)) {
            return Some(0.0);
        }
        self.prices.cost_usd(&route.provider, model, usage)
    }

    /// Whether the provider is asked at its vendor's own address.
    pub fn is_at_vendor(&self, name: &str) -> bool {
        let url = self.known.get(name).and_then(|it| it.config.base_url.as_deref()).unwrap_or_default();
        let host = reqwest::Url::parse(url).ok().and_then(|it| it.host_str().map(str::to_owned)).unwrap_or_default();
        VENDORS.iter().any(|it| host == *it || host.ends_with(&format!(".{it}")))
    }

    /// The prices in use.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The names of all providers that are known, with a key or without, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// Whether the provider has all that it takes to be asked. Opens nothing.
    pub fn is_configured(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|it| lack(name, &it.config).is_none())
    }

    /// Chooses a route: `provider` if named, else what `LLM_PROVIDER` says, else the first one with a key. `None`: no
    /// model is configured, or `extractive` is wished for, or offline mode is on and the call names nobody.
    ///
    /// # Errors
    ///
    /// `invalid_argument` for a name that is not known and for a missing model or address, `authentication` for a
    /// missing key, `unreachable` for a provider that is named in offline mode.
    pub fn choose(&self, provider: Option<&str>, model: Option<&str>) -> Result<Option<Route>, ModelError> {
        let named = provider.filter(|it| !it.is_empty());
        if let Some(name) = named {
            if name == EXTRACTIVE {
                return Ok(None);
            }
            let route = self.route(name, model)?;
            return if self.offline { Err(offline(name)) } else { Ok(Some(route)) };
        }
        match self.preferred.as_deref() {
            Some(EXTRACTIVE) => Ok(None),
            _ if self.offline => Ok(None),
            Some(name) => self.route(name, model).map(Some),
            // The place where a local Ollama or LM Studio that runs will be found.
            None => {
                let has_key = |name: &&&str| self.is_configured(name);
                ORDER.iter().find(has_key).map(|name| self.route(name, model)).transpose()
            }
        }
    }

    /// Reads the routes to fall back to, each `provider` or `provider/model`; with none named, the configured cascade
    /// as far as it has keys. `extractive` is passed over: that is the caller's own affair.
    ///
    /// # Errors
    ///
    /// Those of [`Models::choose`], for a named one.
    pub fn fallbacks(&self, named: &[String]) -> Result<Vec<Route>, ModelError> {
        if named.is_empty() {
            return Ok(self.cascade.iter().filter_map(|it| self.read_route(it).ok()).collect());
        }
        named.iter().filter(|it| *it != EXTRACTIVE).map(|it| self.read_route(it)).collect()
    }

    fn read_route(&self, text: &str) -> Result<Route, ModelError> {
        match text.split_once('/') {
            Some((provider, model)) if !self.known.contains_key(text) => self.route(provider, Some(model)),
            _ => self.route(text, None),
        }
    }

    fn route(&self, name: &str, model: Option<&str>) -> Result<Route, ModelError> {
        let Some(known) = self.known.get(name) else {
            let names: Vec<&str> = self.names().chain([EXTRACTIVE]).collect();
            return Err(ModelError {
                next_step: format!("name one of {}", names.join(", ")),
                ..wrong(name, ErrorKind::InvalidArgument, "there is no provider of this name")
            });
        };
        if let Some(error) = lack(name, &known.config) {
            return Err(error);
        }
        let model = model
            .filter(|it| !it.is_empty())
            .or(known.config.model.as_deref())
            .or_else(|| Prices::default_model(name))
            .map(str::to_owned);
        if model.is_none() && known.config.kind == ProviderKind::Azure {
            return Err(ModelError {
                next_step: "set AZURE_OPENAI_DEPLOYMENT to the name of a deployment".to_owned(),
                ..wrong(name, ErrorKind::InvalidArgument, "no deployment is named")
            });
        }
        Ok(Route { provider: name.to_owned(), model })
    }

    /// Asks along `route`, then along `fallbacks`, until there is a whole answer or `timeout` is over. Pieces of the
    /// answer go to `on_delta` as they come; all of them belong to the answer that is returned, or to the failed one
    /// that was the last. Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// The error of the last attempt. `timeout` when the time was over first, `cancelled` when `call` was.
    pub async fn ask(
        &self,
        route: &Route,
        request: &ModelRequest,
        fallbacks: &[Route],
        timeout: Duration,
        on_delta: OnDelta<'_>,
        call: &Call,
    ) -> Result<Answered, Failed> {
        let started = Instant::now();
        let mut asking = Asking {
            models: self,
            call,
            request: request.clone(),
            started,
            deadline: started + timeout.min(Duration::from_secs(86_400)),
            attempts: Vec::new(),
        };
        let outcome = {
            let routes: Vec<&Route> = std::iter::once(route).chain(fallbacks).collect();
            let work = Box::pin(asking.run(&routes, on_delta));
            tokio::select! {
                biased;
                () = call.cancelled().cancelled() => {
                    Err(wrong(&route.provider, ErrorKind::Cancelled, "the question was taken back"))
                }
                outcome = work => outcome,
            }
        };
        let attempts = asking.attempts;
        match outcome {
            Ok((provider, model, answer, cost_usd)) => {
                Ok(Answered { provider, model, answer, cost_usd, latency_ms: millis(started), attempts })
            }
            Err(error) => Err(Failed { error: Box::new(error), attempts }),
        }
    }

    /// Asks a provider for its models: whether it can be reached, and what it has. One HTTP call of at most 10 s.
    ///
    /// # Errors
    ///
    /// As [`Models::choose`], and what the provider says.
    pub async fn reachable(&self, name: &str) -> Result<Vec<String>, ModelError> {
        self.route(name, Some("any"))?;
        let Some(known) = self.known.get(name) else { return Ok(Vec::new()) };
        match tokio::time::timeout(LIST_TIMEOUT, known.provider.list_models()).await {
            Ok(listed) => listed,
            Err(_) => Err(wrong(name, ErrorKind::Timeout, "no list of models came within 10 s")),
        }
    }

    /// What an answer cost: what the provider says, else by the table; nothing for a model on this machine.
    fn cost_usd(&self, known: &Known, provider: &str, model: &str, answer: &Answer) -> Option<f64> {
        let by = |model: &str| self.prices.cost_usd(provider, model, &answer.usage);
        answer
            .cost_usd
            .or_else(|| by(model))
            .or_else(|| by(answer.model.as_deref()?))
            .or_else(|| is_local(&known.config).then_some(0.0))
    }
}

/// One question while it is asked.
struct Asking<'a> {
    models: &'a Models,
    call: &'a Call,
    request: ModelRequest,
    started: Instant,
    deadline: Instant,
    attempts: Vec<Attempt>,
}

type Whole = (String, String, Answer, Option<f64>);

impl Asking<'_> {
    async fn run(&mut self, routes: &[&Route], on_delta: OnDelta<'_>) -> Result<Whole, ModelError> {
        let models = self.models;
        let first = routes.first().map(|it| it.provider.as_str()).unwrap_or_default();
        let permit = tokio::time::timeout_at(self.deadline, models.asks.acquire()).await;
        let Ok(_permit) = permit else {
            let message = "other questions took all the time; too many are under way";
            return Err(wrong(first, ErrorKind::Timeout, message));
        };
        let mut last = wrong(first, ErrorKind::InvalidArgument, "no route was given");
        for (at, route) in routes.iter().enumerate() {
            let has_other = at + 1 < routes.len();
            let mut attempts = 0;
            loop {
                attempts += 1;
                let shown = AtomicBool::new(false);
                let error = match self.attempt(route, has_other, &shown, on_delta).await {
                    Ok(whole) => return Ok(whole),
                    Err(error) => error,
                };
                let situation = Situation {
                    attempts,
                    is_shown: shown.load(Ordering::Relaxed),
                    has_other,
                    left: self.deadline.saturating_duration_since(Instant::now()),
                    jitter: jitter(),
                };
                // In offline mode nothing changes by waiting.
                let next = if models.offline { Next::Stop } else { retry::next(&error, situation) };
                last = error;
                match next {
                    Next::Again(wait) => tokio::time::sleep(wait).await,
                    Next::Elsewhere => break,
                    Next::Stop => return Err(last),
                }
            }
        }
        Err(last)
    }

    /// Tries once, and leaves an [`Attempt`] and a span.
    async fn attempt(
        &mut self,
        route: &Route,
        has_other: bool,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> Result<Whole, ModelError> {
        let begun = Instant::now();
        let span = self.call.span("ask model");
        span.note("provider", route.provider.as_str());
        // Half of the time for one that does not begin to answer, so that the next one has a chance.
        let left = self.deadline.saturating_duration_since(begun);
        let first_deadline = if has_other { begun + left / 2 } else { self.deadline };
        self.request.model = route.model.clone().unwrap_or_default();
        let outcome = self.answer(route, first_deadline, shown, on_delta).await;
        let latency_ms = millis(begun);
        let model = Some(self.request.model.clone()).filter(|it| !it.is_empty());
        span.note("model", model.as_deref());
        let (outcome_name, error, cost_usd) = match &outcome {
            Ok((.., answer, cost_usd)) => {
                span.note("finish_reason", answer.finish_reason.name());
                span.note("input_tokens", answer.usage.input_tokens);
                span.note("cached_input_tokens", answer.usage.cached_input_tokens);
                span.note("output_tokens", answer.usage.output_tokens);
                ("ok", None, *cost_usd)
            }
            Err(error) => {
                span.fail(format!("{}: {}", error.kind.name(), error.message));
                let cost_usd = if error.may_be_charged() { None } else { Some(0.0) };
                (error.kind.name(), Some(error.message.clone()), cost_usd)
            }
        };
        span.note("outcome", outcome_name);
        span.note("cost_usd", cost_usd);
        tracing::debug!(provider = %route.provider, model, outcome = outcome_name, latency_ms, "model asked");
        self.attempts.push(Attempt {
            provider: route.provider.clone(),
            model,
            outcome: outcome_name.to_owned(),
            error,
            latency_ms,
            cost_usd,
        });
        outcome
    }

    async fn answer(
        &mut self,
        route: &Route,
        first_deadline: Instant,
        shown: &AtomicBool,
        on_delta: OnDelta<'_>,
    ) -> Result<Whole, ModelError> {
        let name = &route.provider;
        let started = self.started;
        let late = || {
            let message = format!("no whole answer after {:.1} s", started.elapsed().as_secs_f64());
            wrong(name, ErrorKind::Timeout, &message)
        };
        if self.models.offline {
            return Err(offline(name));
        }
        let Some(known) = self.models.known.get(name) else {
            return Err(wrong(name, ErrorKind::InvalidArgument, "there is no provider of this name"));
        };
        if self.request.model.is_empty() {
            let listed = tokio::time::timeout_at(first_deadline, known.provider.list_models()).await;
            let listed = listed.map_err(|_| late())??;
            // Local programs list the models for embedding among the others.
            let Some(model) = listed.into_iter().find(|it| !it.contains("embed")) else {
                return Err(wrong(name, ErrorKind::NotFound, "the provider has no model to ask"));
            };
            self.request.model = model;
        }
        let mut deliver = |piece: &str| {
            shown.store(true, Ordering::Relaxed);
            on_delta(piece);
        };
        let mut work = known.provider.answer(&self.request, &mut deliver);
        let answer = match tokio::time::timeout_at(first_deadline, &mut work).await {
            Ok(outcome) => outcome?,
            Err(_) if shown.load(Ordering::Relaxed) => {
                tokio::time::timeout_at(self.deadline, work).await.map_err(|_| late())??
            }
            Err(_) => return Err(late()),
        };
        let model = self.request.model.clone();
        let cost_usd = self.models.cost_usd(known, name, &model, &answer);
        Ok((name.clone(), model, answer, cost_usd))
    }
}

fn provider_for(name: &str, config: &ProviderConfig, http: &Arc<Http>) -> Box<dyn Provider> {
    match config.kind {
        ProviderKind::Anthropic => Box::new(Anthropic::new(name, config, http)),
        ProviderKind::Ollama => Box::new(Ollama::new(name, config, http)),
        ProviderKind::OpenAi | ProviderKind::Azure | ProviderKind::OpenRouter | ProviderKind::LmStudio => {
            Box::new(OpenAi::new(name, config, http))
        }
    }
}

/// What a provider lacks to be asked, as the error to say so.
fn lack(name: &str, config: &ProviderConfig) -> Option<ModelError> {
    if config.base_url.as_deref().is_none_or(str::is_empty) {
        let next_step = match config.kind {
            ProviderKind::Azure => "set AZURE_OPENAI_ENDPOINT to the address of the resource".to_owned(),
            _ => format!("set base_url in [providers.{name}] of the user file"),
        };
        let error = wrong(name, ErrorKind::InvalidArgument, "no address is configured for this provider");
        return Some(ModelError { next_step, ..error });
    }
    let has_key = config.api_key.as_ref().is_some_and(|it| !it.reveal().is_empty());
    if has_key || !needs_key(name, config) {
        return None;
    }
    let error = wrong(name, ErrorKind::Authentication, "no key is configured for this provider");
    Some(ModelError { next_step: format!("set {} to a key of this provider", config.api_key_env), ..error })
}

/// The four vendors want a key always; a compatible server of the user's own is asked without one if none is given.
fn needs_key(name: &str, config: &ProviderConfig) -> bool {
    match config.kind {
        ProviderKind::Ollama | ProviderKind::LmStudio => false,
        ProviderKind::OpenAi | ProviderKind::Anthropic => ORDER.contains(&name),
        ProviderKind::Azure | ProviderKind::OpenRouter => true,
    }
}

/// Whether the model runs on this machine, so that asking it costs nothing.
fn is_local(config: &ProviderConfig) -> bool {
    let url = config.base_url.as_deref().and_then(|it| reqwest::Url::parse(it).ok());
    matches!(config.kind, ProviderKind::Ollama | ProviderKind::LmStudio) && url.is_some_and(|it| http::is_loopback(&it))
}

fn offline(name: &str) -> ModelError {
    ModelError {
        next_step: "leave out --offline (CARRYALL_OFFLINE) to ask a model".to_owned(),
        ..wrong(name, ErrorKind::Unreachable, "offline mode is on, no model is asked")
    }
}

/// An error that we saw before any provider could.
fn wrong(provider: &str, kind: ErrorKind, message: &str) -> ModelError {
    ModelError {
        kind,
        provider: provider.to_owned(),
        message: message.to_owned(),
        next_step: super::error::next_step(kind, "the key", None),
        retry_after: None,
        status: None,
        request_id: None,
    }
}

/// Time since `begun`, in milliseconds with three decimals.
fn millis(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

/// A number in 0.0..1.0 that differs from call to call. Spread is all it is for; std's hash keys are random enough.
fn jitter() -> f64 {
    use std::hash::BuildHasher;
    let bits = std::hash::RandomState::new().hash_one(0_u8);
    f64::from((bits >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
