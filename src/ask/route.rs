//! Who is asked: what the call names, else what is preferred, else what runs on this machine.

use super::answer::Asker;
use super::facts;
use super::question::Question;
use super::question::Refusal;
use crate::config::Prefer;
use crate::context::Degraded;
use crate::models::Answered;
use crate::models::ModelRequest;
use crate::models::Needs;
use crate::models::Purse;
use crate::models::Route;
use crate::models::Wish;
use crate::tokens;
use crate::trace::Call;

/// Models that were not chosen are named up to this many; the trace has all.
const SHOWN_LOSERS: usize = 3;

/// Who is to be asked, before it is known what will be sent.
pub(super) enum Plan {
    /// All of [`Question::providers`].
    Together,
    /// `None` quotes.
    Route(Option<Route>),
    Choose(Prefer),
}

impl Asker {
    /// Who is asked, as far as that is known before what is sent. What is named wrongly is told here.
    pub(super) async fn plan(&self, question: &Question) -> Result<Plan, Refusal> {
        if !question.providers.is_empty() {
            let named = self.models.fallbacks(&question.providers).map_err(|err| Refusal::Route(Box::new(err)))?;
            return if named.is_empty() { Err(Refusal::NobodyNamed) } else { Ok(Plan::Together) };
        }
        let (provider, model) = (question.provider.as_deref(), question.model.as_deref());
        let chosen = self.models.choose(provider, model).map_err(|err| Refusal::Route(Box::new(err)))?;
        // Nothing was chosen, and that by somebody: the call or the configuration said `extractive`.
        let is_quoted = chosen.is_none() && (provider.is_some_and(|it| !it.is_empty()) || self.models.is_chosen());
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
    pub(super) async fn or_local(&self, chosen: Option<Route>, question: &Question) -> Option<Route> {
        if chosen.is_some() || question.provider.as_ref().is_some_and(|it| !it.is_empty()) || self.models.is_chosen() {
            return chosen;
        }
        let found = self.models.find_local().await?;
        let model = question.model.clone().filter(|it| !it.is_empty()).or(found.model);
        Some(Route { model, ..found })
    }

    /// Chooses by preference, or as usual when nothing is known to fit.
    pub(super) async fn decide(
        &self,
        prefer: Prefer,
        question: &Question,
        request: &ModelRequest,
        purse: &Purse<'_>,
        call: &Call,
    ) -> Result<(Option<Route>, Option<String>), Refusal> {
        let span = call.span("choose model");
        span.note("prefer", prefer.name());
        let needs = Needs {
            input_tokens: request.messages.iter().map(|it| u64::from(tokens::count(&it.content))).sum(),
            output_tokens: request.max_output_tokens.unwrap_or(0),
            schema: request.response_schema.is_some(),
            tools: !request.tools.is_empty(),
            images: request.messages.iter().any(|it| !it.images.is_empty()),
        };
        let named = question.provider.as_deref().filter(|it| !it.is_empty());
        let request_kind = if prefer == Prefer::Quality { facts::request_kind(question.asked()) } else { None };
        // Where money is short, an answer is to be repeatable, or a conversation is under way, nothing is tried.
        let may_try = !purse.is_capped() && request.temperature != Some(0.0) && request.cache_key.is_none();
        let now = self.clock.now();
        let wish = Wish { prefer, provider: named, needs, request_kind, may_try, now };
        if prefer == Prefer::Quality {
            span.note("request_kind", request_kind);
            span.note("tries_others", if may_try { self.models.explore_rate() } else { 0.0 });
        }
        if let Some(decision) = self.models.decide(&wish, &self.store).await {
            span.note("is_tried", decision.is_tried);
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
        span.note("decision", "no configured model fits the preference: routed as without one");
        let chosen = self.models.choose(named, None).map_err(|err| Refusal::Route(Box::new(err)))?;
        Ok((self.or_local(chosen, question).await, None))
    }

    /// Says that a fallback answered which costs more than the route that was asked for, or nobody knows what.
    pub(super) fn dearer(&self, route: &Route, answered: &Answered) -> Option<Degraded> {
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
}

pub(super) fn name_of(route: &Route) -> String {
    match &route.model {
        Some(model) => format!("{}/{model}", route.provider),
        None => route.provider.clone(),
    }
}
