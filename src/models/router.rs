//! Knows who can be asked, chooses a route, and asks along it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
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
use super::Purse;
use super::Usage;
use super::asking::Asking;
use super::deciding::Learnt;
use super::health::Breaker;
use super::health::Health;
use super::http;
use super::http::Http;
use super::limits::Limits;
use super::local::Found;
use super::providers::provider_for;
use super::purse;
use super::purse::Worst;
use super::routes;
use crate::config::Config;
use crate::config::Prefer;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;
use crate::config::Routing;
use crate::trace::Call;

/// The name that means no model at all: the caller answers out of what it found.
const EXTRACTIVE: &str = "extractive";
/// Which key is used first when nobody chose; part of the contract (docs/config.md).
pub(super) const ORDER: [&str; 4] = ["openai", "anthropic", "azure", "openrouter"];
/// The domains under which the vendors of the built-in providers answer.
const VENDORS: [&str; 5] =
    ["openai.com", "anthropic.com", "openrouter.ai", "openai.azure.com", "services.ai.azure.com"];
/// How long a provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// The language models that can be asked. Making it opens nothing.
#[derive(Debug)]
pub struct Models {
    pub(super) known: BTreeMap<String, Known>,
    /// What `LLM_PROVIDER` says.
    pub(super) preferred: Option<String>,
    pub(super) cascade: Vec<String>,
    pub(super) offline: bool,
    pub(super) prices: Prices,
    pub(super) routing: Routing,
    /// Holds back asks over the configured number.
    pub(super) asks: Semaphore,
    /// Written by every attempt, read before the next.
    pub(super) health: Health,
    /// The local server that was found last.
    pub(super) found: Found,
    /// What was learnt about models, read from the store by questions that have a preference.
    pub(super) learnt: Mutex<Learnt>,
    /// A number in 0.0..1.0 that spreads those who wait.
    pub(super) jitter: fn() -> f64,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) config: ProviderConfig,
    pub(super) provider: Box<dyn Provider>,
    /// Those that the user file sets.
    pub(super) limits: Option<Limits>,
}

impl Known {
    /// Whether the model runs on this machine, so that asking it costs nothing.
    pub(super) fn is_local(&self) -> bool {
        is_local(&self.config)
    }
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
    /// In the order in which they ended; one of them is `ok`.
    pub attempts: Vec<Attempt>,
    /// Position of the route that answered: 0 is the first, others are fallbacks.
    pub route: usize,
}

/// Why there is no answer, and what was tried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// The error of the last attempt.
    pub error: Box<ModelError>,
    pub attempts: Vec<Attempt>,
}

impl Failed {
    /// No answer of `provider` in time, before it was asked.
    pub fn timeout(provider: &str, message: &str) -> Failed {
        Failed { error: Box::new(wrong(provider, ErrorKind::Timeout, message)), attempts: Vec::new() }
    }
}

impl Models {
    /// The models that failed lately, in this process, and why they are left alone, if they are.
    pub fn breakers(&self) -> Vec<Breaker> {
        self.health.all(Instant::now())
    }

    /// The models that `config` names.
    pub fn new(config: &Config) -> Models {
        let http = Arc::new(Http::new(config.offline, &config.proxies));
        let known = config.providers.iter().map(|(name, provider)| {
            let limits = config.routing.limits.get(name).map(|it| Limits::new(it, Instant::now()));
            let made = Known { config: provider.clone(), provider: provider_for(name, provider, &http), limits };
            (name.clone(), made)
        });
        Models {
            known: known.collect(),
            preferred: config.llm_provider.clone(),
            cascade: config.cascade.clone(),
            offline: config.offline,
            prices: Prices::new(config.prices.clone()),
            routing: config.routing.clone(),
            asks: Semaphore::new(config.ask_concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            health: Health::new(config.routing.breaker_failures),
            found: Found::default(),
            learnt: Mutex::default(),
            jitter,
        }
    }

    /// The most that `request` can cost; `None` is unknown, a local provider costs 0.
    pub(super) fn worst(&self, provider: &str, known: &Known, request: &ModelRequest) -> Option<Worst> {
        let model = &request.model;
        let name = format!("{provider}/{model}");
        match self.prices.worst(provider, model, purse::most_input_tokens(request)) {
            Some((input_usd, usd_per_output_token)) => {
                let most_output = routes::card(&self.routing.models, &name, None).output;
                Some(Worst { input_usd, usd_per_output_token, most_output, max_price: None })
            }
            None if known.is_local() => Some(Worst::default()),
            // OpenRouter keeps to a price that it is told.
            None if known.config.kind == ProviderKind::OpenRouter => {
                let input_tokens = purse::most_input_tokens(request);
                let max_price = self.prices.ceiling(model, input_tokens)?;
                #[expect(clippy::cast_precision_loss, reason = "no question has 2^53 tokens")]
                let input_usd = input_tokens as f64 * max_price.input / 1e6;
                let most_output = routes::card(&self.routing.models, &name, None).output;
                let usd_per_output_token = max_price.output / 1e6;
                Some(Worst { input_usd, usd_per_output_token, most_output, max_price: Some(max_price) })
            }
            None => None,
        }
    }

    /// Whether the provider is asked at its vendor's own address.
    pub fn is_at_vendor(&self, name: &str) -> bool {
        let url = self.known.get(name).and_then(|it| it.config.base_url.as_deref()).unwrap_or_default();
        let host = url::Url::parse(url).ok().and_then(|it| it.host_str().map(str::to_owned)).unwrap_or_default();
        VENDORS.iter().any(|it| host == *it || host.ends_with(&format!(".{it}")))
    }

    /// Whether somebody chose a provider, if only `extractive`.
    pub fn is_chosen(&self) -> bool {
        self.preferred.is_some()
    }

    /// Whether a model is configured for the provider.
    pub fn has_own_model(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|it| it.config.model.is_some())
    }

    /// Where the provider is asked; empty when that is not known.
    pub fn address(&self, name: &str) -> &str {
        self.known.get(name).and_then(|it| it.config.base_url.as_deref()).unwrap_or_default()
    }

    /// Most tokens of input that the route's model takes, when that is known.
    pub fn window(&self, route: &Route) -> Option<u64> {
        let model = route.model.as_deref()?;
        let name = format!("{}/{model}", route.provider);
        routes::card(&self.routing.models, &name, self.prices.window(&route.provider, model)).window
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
            // Whoever asks may look for a local server then: see [`Models::find_local`].
            None => {
                let has_key = |name: &&&str| self.is_configured(name);
                ORDER.iter().find(has_key).map(|name| self.route(name, model)).transpose()
            }
        }
    }

    /// Reads the routes to fall back to, each `provider` or `provider/model`; with none named, the configured cascade
    /// as far as it has keys. `extractive` is passed over: [`Models::ends_in_extracts`] tells of it.
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

    /// Whether `extractive` is among what [`Models::fallbacks`] reads: the answer without a model, when none answers.
    pub fn ends_in_extracts(&self, named: &[String]) -> bool {
        let listed = if named.is_empty() { &self.cascade } else { named };
        listed.iter().any(|it| it == EXTRACTIVE)
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
            // At another address than the vendor's nobody knows what there is, but gateways of Anthropic's have its models.
            .or_else(|| {
                let is_vendors = self.is_at_vendor(name) || known.config.kind != ProviderKind::OpenAi;
                Prices::default_model(name).filter(|_| is_vendors)
            })
            .map(str::to_owned);
        if model.is_none() && known.config.kind == ProviderKind::Azure {
            return Err(ModelError {
                next_step: "set AZURE_OPENAI_DEPLOYMENT to the name of a deployment".to_owned(),
                ..wrong(name, ErrorKind::InvalidArgument, "no deployment is named")
            });
        }
        Ok(Route { provider: name.to_owned(), model })
    }

    /// How the table of models is chosen from: where it is from, and when it was read.
    pub fn table_source() -> (&'static str, &'static str) {
        routes::source()
    }

    /// What a call may cost by the first route, to be compared with another; `None` is unknown.
    pub fn compared_cost_usd(&self, route: &Route) -> Option<f64> {
        let usage = Usage { input_tokens: Some(1_000), output_tokens: Some(500), ..Usage::default() };
        let model = route.model.as_deref()?;
        let is_local = self.known.get(&route.provider).is_some_and(Known::is_local);
        self.prices.expected_usd(&route.provider, model, &usage).or_else(|| is_local.then_some(0.0))
    }

    /// What a caller prefers when a call does not say.
    pub fn usual_preference(&self) -> Option<Prefer> {
        self.routing.prefer
    }

    /// Asks along `route`, then along `fallbacks`, until there is a whole answer or `timeout` is over. Pieces of the
    /// answer go to `on_delta` as they come. Where `call` is listened to, all of them belong to the answer that is
    /// returned, or to the failed one that was the last; otherwise they may belong to several. Dropping the future closes
    /// the connection.
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
        self.ask_within(None, route, request, fallbacks, timeout, on_delta, call).await
    }

    /// As [`Models::ask`], within the caps of `purse`. What the answer costs is still to be settled there.
    ///
    /// # Errors
    ///
    /// As [`Models::ask`]; `budget_exceeded` and `price_unknown` when every route is too dear.
    #[expect(clippy::too_many_arguments, reason = "the request, where it goes, and what it may take")]
    pub async fn ask_within(
        &self,
        purse: Option<&Purse<'_>>,
        route: &Route,
        request: &ModelRequest,
        fallbacks: &[Route],
        timeout: Duration,
        on_delta: OnDelta<'_>,
        call: &Call,
    ) -> Result<Answered, Failed> {
        let started = Instant::now();
        let asking = Asking {
            models: self,
            call,
            request,
            purse,
            started,
            deadline: started + timeout.min(Duration::from_secs(86_400)),
            attempts: Mutex::default(),
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
        let attempts = asking.attempts.into_inner().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(whole) => Ok(Answered {
                provider: whole.provider,
                model: whole.model,
                answer: whole.answer,
                cost_usd: whole.cost_usd,
                latency_ms: millis(started),
                attempts,
                route: whole.route,
            }),
            Err(error) => Err(Failed { error: Box::new(error), attempts }),
        }
    }

    /// Asks a provider for its models: whether it can be reached, and what it has. One HTTP call of at most 5 s.
    ///
    /// # Errors
    ///
    /// As [`Models::choose`], and what the provider says.
    pub async fn reachable(&self, name: &str) -> Result<Vec<String>, ModelError> {
        self.route(name, Some("any"))?;
        let Some(known) = self.known.get(name) else { return Ok(Vec::new()) };
        match tokio::time::timeout(LIST_TIMEOUT, known.provider.list_models()).await {
            Ok(listed) => listed,
            Err(_) => Err(wrong(name, ErrorKind::Timeout, "no list of models came within 5 s")),
        }
    }

    /// What an answer cost: what the provider says, else by the table; nothing for a model on this machine.
    pub(super) fn cost_usd(&self, known: &Known, provider: &str, model: &str, answer: &Answer) -> Option<f64> {
        let by = |model: &str| self.prices.cost_usd(provider, model, &answer.usage);
        answer
            .cost_usd
            .or_else(|| by(model))
            .or_else(|| by(answer.model.as_deref()?))
            .or_else(|| known.is_local().then_some(0.0))
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
    let url = config.base_url.as_deref().and_then(|it| url::Url::parse(it).ok());
    matches!(config.kind, ProviderKind::Ollama | ProviderKind::LmStudio) && url.is_some_and(|it| http::is_loopback(&it))
}

pub(super) fn offline(name: &str) -> ModelError {
    ModelError {
        next_step: "leave out --offline (CARRYALL_OFFLINE) to ask a model".to_owned(),
        ..wrong(name, ErrorKind::Unreachable, "offline mode is on, no model is asked")
    }
}

/// An error that we saw before any provider could.
pub(super) fn wrong(provider: &str, kind: ErrorKind, message: &str) -> ModelError {
    ModelError {
        kind,
        provider: provider.to_owned(),
        message: message.to_owned(),
        next_step: super::error::next_step(kind, "the key", None),
        retry_after: None,
        status: None,
        request_id: None,
        counted: None,
    }
}

/// Time since `begun`, in milliseconds with three decimals.
pub(super) fn millis(begun: Instant) -> f64 {
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
