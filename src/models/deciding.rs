//! Chooses a route for a question by a preference, from what is configured, well, known and learnt.

use std::sync::Arc;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::Usage;
use super::quality;
use super::router::Known;
use super::router::Models;
use super::router::ORDER;
use super::router::Route;
use super::routes;
use super::routes::Candidate;
use super::routes::Needs;
use crate::clock::Millis;
use crate::config::Prefer;
use crate::store::RatingRow;
use crate::store::SpeedRow;
use crate::store::Store;

/// How old what is known of models may be: other processes learn, too.
const HOLDS: Duration = Duration::from_secs(30);

/// Answers that have to be measured before a model's speed is believed.
const ENOUGH_ANSWERS: u32 = 3;

/// Output of an answer when its length is not limited, to compare models by.
const USUAL_OUTPUT_TOKENS: u32 = 500;

/// What a route is chosen for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub prefer: Prefer,
    /// Only this provider's models.
    pub provider: Option<&'a str>,
    pub needs: Needs,
    /// The kind of request, when it is known.
    pub request_kind: Option<&'a str>,
    /// Whether now and then another model than the best may be tried, so that it gets a chance of being rated.
    pub may_try: bool,
    pub now: Millis,
}

/// A route that was chosen, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub route: Route,
    /// In words.
    pub why: String,
    /// Whether it is tried though another one is taken for better.
    pub is_tried: bool,
    /// Every model that could have been asked with the reason why it is not, the next best first.
    pub losers: Vec<(String, String)>,
}

/// What was read from the store, and when.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    speeds_read: Option<Instant>,
    speeds: Arc<Vec<SpeedRow>>,
    ratings_read: Option<Instant>,
    /// How far the ratings had come.
    ratings_state: Option<i64>,
    ratings: Arc<Vec<RatingRow>>,
}

impl Models {
    /// Chooses by the wish's preference among the models of the table and of the configuration that can answer what it
    /// needs, and that are configured and well: those of its provider, else of `LLM_PROVIDER` and the cascade, else all
    /// with a key. `None` when none of them is known to fit, or offline. Reads the store for speed and quality.
    pub async fn decide(&self, wish: &Wish<'_>, store: &Store) -> Option<Decision> {
        if self.offline {
            return None;
        }
        let speeds = if wish.prefer == Prefer::Speed { self.speeds(store).await } else { Arc::default() };
        let ratings = if wish.prefer == Prefer::Quality { self.ratings(store).await } else { Arc::default() };
        let now = Instant::now();
        let mut candidates = Vec::new();
        for name in self.eligible(wish.provider) {
            let Some(known) = self.known.get(&name) else { continue };
            // At another address than the vendor's, only what is configured is known to be there.
            let configured = known.config.model.as_deref();
            let listed = routes::models_of(&self.routing.models, &name);
            let is_own = |model: &str| self.routing.models.contains_key(&format!("{name}/{model}"));
            let at_vendor = self.is_at_vendor(&name);
            let mut models: Vec<&str> = listed.filter(|it| at_vendor || is_own(it)).collect();
            models.extend(configured.filter(|it| !models.contains(it)));
            candidates.extend(models.into_iter().map(|model| {
                let learnt = quality::learnt(&ratings, wish.request_kind, &name, model, wish.now);
                Candidate { learnt, ..self.candidate(known, &name, model, &wish.needs, &speeds, now) }
            }));
        }
        let tries = wish.may_try && wish.prefer == Prefer::Quality && (self.jitter)() < self.routing.explore;
        let place = tries.then(|| (self.jitter)());
        let choice = routes::choose(&candidates, wish.prefer, &wish.needs, place)?;
        let chosen = candidates.swap_remove(choice.chosen);
        let route = Route { provider: chosen.provider, model: Some(chosen.model) };
        Some(Decision { route, why: choice.why, is_tried: choice.is_tried, losers: choice.losers })
    }

    /// How often another model than the best is tried, 0.0..=0.5.
    pub fn explore_rate(&self) -> f64 {
        self.routing.explore
    }

    /// The providers whose models may be chosen.
    fn eligible(&self, provider: Option<&str>) -> Vec<String> {
        let mut names: Vec<String> = match (provider, self.preferred.as_deref()) {
            (Some(name), _) => vec![name.to_owned()],
            (None, Some(name)) => {
                let cascade = self.cascade.iter().map(|it| it.split('/').next().unwrap_or(it));
                std::iter::once(name).chain(cascade).map(str::to_owned).collect()
            }
            (None, None) => {
                let is_meant = |it: &&String| {
                    // Whoever names the model of a local server means it to be asked.
                    let is_named = |it: &Known| it.config.api_key.is_some() || it.config.model.is_some();
                    self.known.get(*it).is_some_and(is_named) || ORDER.contains(&it.as_str())
                };
                self.known.keys().filter(is_meant).cloned().collect()
            }
        };
        names.retain(|it| self.is_configured(it));
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|it| seen.insert(it.clone()));
        names
    }

    fn candidate(
        &self,
        known: &Known,
        provider: &str,
        model: &str,
        needs: &Needs,
        speeds: &[SpeedRow],
        now: Instant,
    ) -> Candidate {
        let window = self.prices.window(provider, model);
        let output = if needs.output_tokens == 0 { USUAL_OUTPUT_TOKENS } else { needs.output_tokens };
        let usage = Usage {
            input_tokens: Some(needs.input_tokens.max(1)),
            output_tokens: Some(u64::from(output)),
            ..Usage::default()
        };
        let price = self.prices.expected_usd(provider, model, &usage);
        let a_million_out = Usage { input_tokens: Some(1), output_tokens: Some(1_000_000), ..Usage::default() };
        let measured = speeds.iter().find(|it| it.provider == provider && it.model == model);
        Candidate {
            provider: provider.to_owned(),
            model: model.to_owned(),
            card: routes::card(&self.routing.models, &format!("{provider}/{model}"), window),
            learnt: quality::Learnt::default(),
            cost_usd: price.or_else(|| known.is_local().then_some(0.0)),
            output_price: self.prices.expected_usd(provider, model, &a_million_out),
            takes_ms: measured
                .filter(|it| it.answers >= ENOUGH_ANSWERS)
                .map(|it| it.first_ms + it.token_ms * f64::from(USUAL_OUTPUT_TOKENS)),
            ill: self.health.look(provider, model, now).map(|it| format!("not asked: {} lately", it.kind.name())),
        }
    }

    async fn speeds(&self, store: &Store) -> Arc<Vec<SpeedRow>> {
        {
            let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            if learnt.speeds_read.is_some_and(|it| it.elapsed() < HOLDS) {
                return Arc::clone(&learnt.speeds);
            }
        }
        match store.speeds().await {
            Ok(rows) => {
                let rows = Arc::new(rows);
                let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
                (learnt.speeds_read, learnt.speeds) = (Some(Instant::now()), Arc::clone(&rows));
                rows
            }
            Err(err) => {
                tracing::warn!(error = %err, "the speeds of models could not be read");
                Arc::default()
            }
        }
    }

    /// What was said of answers. A judgement counts from the next question on, whichever process took it.
    async fn ratings(&self, store: &Store) -> Arc<Vec<RatingRow>> {
        let known = {
            let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            learnt.ratings_state.filter(|_| learnt.ratings_read.is_some_and(|it| it.elapsed() < HOLDS))
        };
        let read = store.ratings(known).await;
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(Some((state, rows))) => {
                learnt.ratings = Arc::new(rows);
                (learnt.ratings_read, learnt.ratings_state) = (Some(Instant::now()), Some(state));
            }
            Ok(None) => {}
            Err(err) => tracing::warn!(error = %err, "the ratings of answers could not be read"),
        }
        Arc::clone(&learnt.ratings)
    }
}
