//! Keeps questions within the caps on their cost: of the question, the day and the month.
//!
//! What was spent stands in the store, so all processes on the file share the day's and the month's caps. Questions
//! that run at the same moment do not know of each other yet and may pass a cap by one question each.

use super::Refusal;
use crate::clock;
use crate::clock::Clock;
use crate::config::Config;
use crate::models::Attempt;
use crate::models::ModelRequest;
use crate::models::Models;
use crate::models::Route;
use crate::models::Usage;
use crate::store::Store;
use crate::store::StoreError;
use crate::tokens;
use crate::trace::Call;

/// Output that is reckoned with when the call sets no limit.
const LIKELY_OUTPUT_TOKENS: u32 = 4_096;

/// A key that was merely found in the environment may spend this much a day, unless a cap is set.
const FOUND_KEY_DAILY_USD: f64 = 1.0;

/// Tokens that a message's frame adds.
const MESSAGE_TOKENS: u64 = 4;

/// The caps that hold for every question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Caps {
    pub daily_usd: Option<f64>,
    pub monthly_usd: Option<f64>,
    /// Whether the daily cap is only that of a key that was found.
    pub is_default: bool,
}

impl Caps {
    /// The caps of `config`; a provider that nobody chose has one of its own.
    pub fn of(config: &Config) -> Caps {
        let chosen = config.llm_provider.is_some() || config.monthly_usd.is_some();
        let found = if chosen { None } else { Some(FOUND_KEY_DAILY_USD) };
        let is_default = config.daily_usd.is_none() && found.is_some();
        Caps { daily_usd: config.daily_usd.or(found), monthly_usd: config.monthly_usd, is_default }
    }
}

/// What a question may cost.
#[derive(Clone, Copy)]
pub(super) struct Wallet<'a> {
    pub(super) models: &'a Models,
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) caps: Caps,
    /// The question's own cap.
    pub(super) max_usd: Option<f64>,
}

impl Wallet<'_> {
    /// Refuses a question that may pass a cap, before it is sent.
    pub(super) async fn check(&self, route: &Route, request: &ModelRequest) -> Result<(), Refusal> {
        let (caps, max_usd) = (self.caps, self.max_usd);
        if max_usd.is_none() && caps.daily_usd.is_none() && caps.monthly_usd.is_none() {
            return Ok(());
        }
        let named = route.model.as_deref().unwrap_or_default();
        let model = format!("{}/{named}", route.provider);
        let input: u64 = request.messages.iter().map(|it| u64::from(tokens::count(&it.content)) + MESSAGE_TOKENS).sum();
        let usage = Usage {
            input_tokens: Some(input),
            output_tokens: Some(u64::from(request.max_output_tokens.unwrap_or(LIKELY_OUTPUT_TOKENS))),
            ..Usage::default()
        };
        let Some(likely_usd) = self.models.likely_cost_usd(route, named, &usage) else {
            // Somebody who names another address than the vendor's chose it; the default cap is for keys that nobody
            // meant for us.
            let is_chosen = max_usd.is_none() && caps.is_default && !self.models.is_at_vendor(&route.provider);
            return if is_chosen { Ok(()) } else { Err(Refusal::PriceUnknown { model }) };
        };
        if let Some(max_usd) = max_usd.filter(|it| likely_usd > *it) {
            return Err(Refusal::TooDear { likely_usd, left_usd: max_usd, cap: "max_cost_usd" });
        }
        let (day, month) = clock::day_and_month(self.clock.now());
        let spans = [(caps.daily_usd, day, "the daily cap"), (caps.monthly_usd, month, "the monthly cap")];
        for (cap_usd, since, cap) in spans {
            let Some(cap_usd) = cap_usd else { continue };
            let left_usd = cap_usd - self.store.spent_since(since).await?;
            if likely_usd > left_usd {
                return Err(Refusal::TooDear { likely_usd, left_usd: left_usd.max(0.0), cap });
            }
        }
        Ok(())
    }

    /// Those of `fallbacks` that keep to the caps: a question that may not cost more on its first route may not on
    /// the next either.
    pub(super) async fn within(
        &self,
        fallbacks: Vec<Route>,
        request: &ModelRequest,
        call: &Call,
    ) -> Result<Vec<Route>, Refusal> {
        let mut kept = Vec::new();
        for route in fallbacks {
            match self.check(&route, request).await {
                Ok(()) => kept.push(route),
                Err(err @ (Refusal::TooDear { .. } | Refusal::PriceUnknown { .. })) => {
                    let span = call.span("fallback left out");
                    span.note("provider", route.provider.as_str());
                    span.note("model", route.model.as_deref());
                    span.note("decision", err.to_string());
                }
                Err(err) => return Err(err),
            }
        }
        Ok(kept)
    }
}

/// Notes what attempts cost, as far as it is known.
pub(super) async fn settle(store: &Store, clock: &Clock, attempts: &[Attempt]) -> Result<(), StoreError> {
    let spent: Vec<(String, Option<String>, f64)> = attempts
        .iter()
        .filter_map(|it| Some((it.provider.clone(), it.model.clone(), it.cost_usd.filter(|usd| *usd > 0.0)?)))
        .collect();
    if spent.is_empty() { Ok(()) } else { store.add_spending(spent, clock.now()).await }
}
