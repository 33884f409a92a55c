//! Keeps a question within the caps on its cost: its own, the day's and the month's.
//!
//! Before each attempt the most that it can cost is reserved for the model that will run; afterwards what it did cost is
//! noted in its place. The store holds both, so all processes on the file share the day's and the month's caps. An
//! attempt of which nobody says what it cost counts with what was reserved.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use super::ErrorKind;
use super::MaxPrice;
use super::Message;
use super::ModelError;
use super::ModelRequest;
use super::error;
use crate::clock;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::config::Config;
use crate::store::Granted;
use crate::store::Reservation;
use crate::store::SpendingCap;
use crate::store::Spent;
use crate::store::Store;
use crate::store::StoreError;
use crate::tokens;

/// Output that is asked for under a cap when the call sets no limit: without one, an answer may be of any price.
const OUTPUT_TOKENS: u32 = 8_192;

/// A limit of output that nobody set is not made smaller than this to keep to a cap; the question is refused instead.
const LEAST_OUTPUT_TOKENS: u32 = 1_024;

/// A key that was merely found in the environment may spend this much a day, unless a cap is set.
const FOUND_KEY_DAILY_USD: f64 = 1.0;

/// Tokens that a message's frame adds.
const MESSAGE_TOKENS: u64 = 4;

/// The most tokens that a picture takes: the largest that Anthropic does not shrink has 4,784.
/// Source: the vendors' pages on vision, 2026-11.
const IMAGE_TOKENS: u64 = 5_000;

/// gpt-4o-mini counts pictures by a larger measure: 2,833 and up to eight tiles of 5,667.
const SMALL_4O_IMAGE_TOKENS: u64 = 50_000;

/// Tokens of the frame of a request.
const REQUEST_TOKENS: u64 = 8;

/// What some vendors add in front of a request that asks for JSON by a schema; Anthropic's words about tools have 346.
const SCHEMA_TOKENS: u64 = 400;

/// A reservation outlives the question's deadline by this much, for the time that settling takes on a busy machine.
const GRACE: Duration = Duration::from_secs(60);

/// The caps that hold for every question.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    pub daily_usd: Option<f64>,
    pub monthly_usd: Option<f64>,
    /// Whether the daily cap is only that of a key that was found.
    pub is_default: bool,
    /// Whether models without a known price may be asked all the same.
    pub allow_unknown_price: bool,
}

impl Caps {
    /// The caps of `config`; a provider that nobody chose has one of its own.
    pub fn of(config: &Config) -> Caps {
        let chosen = config.llm_provider.is_some() || config.monthly_usd.is_some();
        let found = if chosen { None } else { Some(FOUND_KEY_DAILY_USD) };
        let is_default = config.daily_usd.is_none() && found.is_some();
        Caps {
            daily_usd: config.daily_usd.or(found),
            monthly_usd: config.monthly_usd,
            is_default,
            allow_unknown_price: config.routing.allow_unknown_price,
        }
    }
}

/// The money of one question, for all its attempts, also those side by side. What is still open when it is dropped is
/// settled by the next transaction.
#[derive(Debug)]
pub struct Purse<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    caps: Caps,
    /// The question's own cap.
    max_usd: Option<f64>,
    /// How long its attempts can take together.
    lasts: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What was spent and what is reserved for this question.
    usd: f64,
    /// What is to be settled.
    promised: Vec<String>,
    spent: Vec<Spent>,
}

/// What a model asks for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Worst {
    pub(super) input_usd: f64,
    pub(super) usd_per_output_token: f64,
    /// Most tokens of output that the model has, if that is known.
    pub(super) most_output: Option<u32>,
    /// What the provider has to be told for that to hold.
    pub(super) max_price: Option<MaxPrice>,
}

impl<'a> Purse<'a> {
    /// A purse for a question that takes `lasts` at most.
    pub fn new(store: &'a Store, clock: &'a Clock, caps: Caps, max_usd: Option<f64>, lasts: Duration) -> Purse<'a> {
        Purse { store, clock, caps, max_usd, lasts, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any cap holds, so that what an attempt may cost has to be known before.
    pub fn is_capped(&self) -> bool {
        self.max_usd.is_some() || self.caps.daily_usd.is_some() || self.caps.monthly_usd.is_some()
    }

    /// Reserves what `request` may cost at most at `provider`, and limits its output accordingly when nobody did.
    /// `worst` is `None` for a price that is not known; `is_at_vendor` says whether that is the vendor's own address.
    ///
    /// # Errors
    ///
    /// `budget_exceeded`, `price_unknown`, and `storage` for a store that cannot be written.
    pub(super) async fn reserve(
        &self,
        provider: &str,
        request: &mut ModelRequest,
        worst: Option<Worst>,
        is_at_vendor: bool,
    ) -> Result<Hold<'_, 'a>, ModelError> {
        let hold = |usd: f64, id: Option<String>| Hold {
            purse: self,
            id,
            provider: provider.to_owned(),
            model: request.model.clone(),
            usd,
            is_open: true,
        };
        if !self.is_capped() {
            return Ok(hold(0.0, None));
        }
        let Some(worst) = worst else {
            // Somebody who names another address than the vendor's chose it; the default cap is for keys that nobody
            // meant for us.
            let is_chosen = self.max_usd.is_none() && self.caps.is_default && !is_at_vendor;
            if is_chosen || self.caps.allow_unknown_price {
                return Ok(hold(0.0, None));
            }
            return Err(price_unknown(provider, &request.model));
        };
        if worst.input_usd <= 0.0 && worst.usd_per_output_token <= 0.0 {
            return Ok(hold(0.0, None));
        }
        let most = worst.most_output.unwrap_or(u32::MAX);
        let (output, least_output) = match request.max_output_tokens {
            Some(given) => (given.min(most), given.min(most)),
            None => (OUTPUT_TOKENS.min(most), LEAST_OUTPUT_TOKENS.min(most)),
        };
        let usd_of = |output: u32| worst.input_usd + f64::from(output) * worst.usd_per_output_token;
        let (mut usd, least_usd) = (usd_of(output), usd_of(least_output));
        if let Some(max_usd) = self.max_usd {
            let mut state = self.state();
            let left_usd = (max_usd - state.usd).max(0.0);
            if least_usd > left_usd {
                return Err(too_dear(provider, least_usd, left_usd, "max_cost_usd"));
            }
            usd = usd.min(left_usd);
            state.usd += usd;
        }
        let id = match self.reserve_of_all(provider, &request.model, usd, least_usd).await {
            Ok(None) => None,
            Ok(Some((id, granted_usd))) => {
                self.give_back(usd - granted_usd);
                usd = granted_usd;
                Some(id)
            }
            Err(error) => {
                self.give_back(usd);
                return Err(error);
            }
        };
        let hold = hold(usd, id);
        if request.max_output_tokens.is_none() {
            // Output that costs nothing is not what a cap limits.
            let affordable = match worst.usd_per_output_token > 0.0 {
                true => (usd - worst.input_usd) / worst.usd_per_output_token,
                false => f64::from(output),
            };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the two limits")]
            let affordable = affordable.clamp(f64::from(least_output), f64::from(output)) as u32;
            request.max_output_tokens = Some(affordable);
        }
        Ok(hold)
    }

    /// Reserves of the day's and the month's caps, where there are any; returns the reservation and how much it is.
    async fn reserve_of_all(
        &self,
        provider: &str,
        model: &str,
        usd: f64,
        least_usd: f64,
    ) -> Result<Option<(String, f64)>, ModelError> {
        let now = self.clock.now();
        let (day, month) = clock::day_and_month(now);
        let caps = [(self.caps.daily_usd, day, "the daily cap"), (self.caps.monthly_usd, month, "the monthly cap")];
        let caps: Vec<(SpendingCap, &str)> =
            caps.into_iter().filter_map(|(usd, since, name)| Some((SpendingCap { since, usd: usd? }, name))).collect();
        if caps.is_empty() {
            return Ok(None);
        }
        let id = crate::ids::fresh();
        let lasts = Millis::try_from((self.lasts + GRACE).as_millis()).unwrap_or(Millis::MAX / 2);
        let wanted = Reservation {
            id: id.clone(),
            at: now,
            expires_at: now.saturating_add(lasts),
            provider: provider.to_owned(),
            model: model.to_owned(),
            usd,
            least_usd,
        };
        match self.store.reserve(wanted, caps.iter().map(|it| it.0).collect()).await {
            Ok(Granted::Usd(usd)) => Ok(Some((id, usd))),
            Ok(Granted::Over { cap, left_usd }) => {
                let name = caps.get(cap).map_or("a cap", |it| it.1);
                Err(too_dear(provider, least_usd, left_usd, name))
            }
            Err(err) => Err(not_reserved(provider, &err)),
        }
    }

    fn give_back(&self, usd: f64) {
        let mut state = self.state();
        state.usd = (state.usd - usd).max(0.0);
    }

    /// Writes down what the attempts so far did cost.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; what could not be written is tried again when the purse is dropped.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let (promised, spent) = self.take_open();
        if promised.is_empty() && spent.is_empty() {
            return Ok(());
        }
        let written = self.store.settle(promised.clone(), spent.clone(), self.clock.now()).await;
        if written.is_err() {
            let mut state = self.state();
            state.promised.extend(promised);
            state.spent.extend(spent);
        }
        written
    }

    fn take_open(&self) -> (Vec<String>, Vec<Spent>) {
        let mut state = self.state();
        (std::mem::take(&mut state.promised), std::mem::take(&mut state.spent))
    }
}

impl Drop for Purse<'_> {
    fn drop(&mut self) {
        let (promised, spent) = self.take_open();
        if !promised.is_empty() || !spent.is_empty() {
            self.store.settle_later(promised, spent, self.clock.now());
        }
    }
}

/// What is reserved for one attempt. Dropped without [`Hold::cost`], the attempt was broken off, and counts with all of
/// it.
#[derive(Debug)]
pub(super) struct Hold<'p, 'a> {
    purse: &'p Purse<'a>,
    id: Option<String>,
    provider: String,
    model: String,
    usd: f64,
    is_open: bool,
}

impl Hold<'_, '_> {
    /// Says what the attempt did cost; `None` is unknown. Written by [`Purse::settle`].
    pub(super) fn cost(mut self, usd: Option<f64>) {
        self.close(usd);
    }

    fn close(&mut self, usd: Option<f64>) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let mut state = self.purse.state();
        let counted_usd = usd.unwrap_or(self.usd);
        if self.purse.max_usd.is_some() {
            state.usd = (state.usd + counted_usd - self.usd).max(0.0);
        }
        state.promised.extend(self.id.take());
        if counted_usd > 0.0 {
            let (provider, model) = (self.provider.clone(), Some(self.model.clone()));
            state.spent.push(Spent { provider, model, usd: counted_usd, is_estimate: usd.is_none() });
        }
    }
}

impl Drop for Hold<'_, '_> {
    fn drop(&mut self) {
        self.close(None);
    }
}

/// Tokens of input that `request` has at most, as far as text is counted: a tenth more than the estimate, which is its
/// error at worst.
pub(super) fn most_input_tokens(request: &ModelRequest) -> u64 {
    let count = |text: &str| u64::from(tokens::count_for(Some(&request.model), text));
    let per_image = if request.model.contains("4o-mini") { SMALL_4O_IMAGE_TOKENS } else { IMAGE_TOKENS };
    let message = |it: &Message| {
        let calls: u64 = it.tool_calls.iter().map(|it| count(&it.name) + count(&it.arguments) + MESSAGE_TOKENS).sum();
        let images = u64::try_from(it.images.len()).unwrap_or(u64::MAX).saturating_mul(per_image);
        (count(&it.content) + MESSAGE_TOKENS + calls).saturating_add(images)
    };
    let tools = request.tools.iter().map(|it| count(&format!("{} {} {}", it.name, it.description, it.parameters)));
    let messages: u64 = request.messages.iter().map(message).chain(tools).fold(0, u64::saturating_add);
    let schema = request.response_schema.as_ref().map_or(0, |it| count(&it.to_string()) + SCHEMA_TOKENS);
    let counted = messages.saturating_add(schema + REQUEST_TOKENS);
    counted.saturating_add(counted.div_ceil(10))
}

fn too_dear(provider: &str, likely_usd: f64, left_usd: f64, cap: &str) -> ModelError {
    refusal(
        provider,
        ErrorKind::BudgetExceeded,
        format!("this question may cost up to {likely_usd:.6} USD, more than the {left_usd:.6} USD left of {cap}"),
    )
}

fn price_unknown(provider: &str, model: &str) -> ModelError {
    refusal(
        provider,
        ErrorKind::PriceUnknown,
        format!("the price of {provider}/{model} is unknown, so the cap on its cost cannot be kept"),
    )
}

/// A cap that cannot be kept is kept by not asking.
fn not_reserved(provider: &str, err: &StoreError) -> ModelError {
    let error = refusal(
        provider,
        ErrorKind::Storage,
        format!("the cap on the cost cannot be kept, because the store cannot be written: {err}"),
    );
    ModelError { next_step: err.next_step(), ..error }
}

fn refusal(provider: &str, kind: ErrorKind, message: String) -> ModelError {
    ModelError {
        kind,
        provider: provider.to_owned(),
        message,
        next_step: error::next_step(kind, "", None),
        retry_after: None,
        status: None,
        request_id: None,
        counted: None,
    }
}
