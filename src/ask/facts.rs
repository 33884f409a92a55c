//! Notes what is counted of a question: who answered, how it was come by, what it took.

use super::question::Question;
use super::question::Refusal;
use super::question::Reply;
use crate::context;
use crate::trace::Call;

/// What an answer is worth that did not follow its schema, even when it was told why. Not as bad as a person's worst.
const NOT_JSON: f64 = -0.5;

/// Below this a label is a guess that is not worth counting.
const SURE_ENOUGH: f64 = 0.5;

/// Notes the facts of `outcome` on `call`.
pub(super) fn note(call: &Call, question: &Question, outcome: &Result<Reply, Refusal>) {
    let asked = question.asked();
    let kind = request_kind(asked);
    call.note_facts(|facts| {
        facts.request_kind = kind.map(str::to_owned);
        match outcome {
            Ok(reply) => {
                facts.provider = Some(reply.provider.clone());
                facts.model.clone_from(&reply.model);
                // What the limit or a filter ended is no whole answer.
                let is_whole = ["stop", "tool_calls"].contains(&reply.finish_reason.as_str());
                facts.asked_model = reply.asked_model.clone().filter(|_| is_whole);
                facts.cost_usd = reply.cost_usd;
                facts.input_tokens = reply.usage.input_tokens.unwrap_or(0);
                facts.cached_input_tokens = reply.usage.cached_input_tokens.unwrap_or(0);
                facts.output_tokens = reply.usage.output_tokens.unwrap_or(0);
                facts.cached = reply.cached;
                let failed = reply.attempts.iter().any(|it| it.outcome != "ok");
                let strategy = if reply.cached {
                    "cached"
                } else if reply.sides.is_some() {
                    "side by side"
                } else if reply.model.is_none() {
                    "extractive"
                } else if failed {
                    "fallback"
                } else {
                    "single"
                };
                facts.strategy = Some(strategy.to_owned());
            }
            Err(Refusal::Model(failed)) => {
                if let Some(last) = failed.attempts.last() {
                    facts.provider = Some(last.provider.clone());
                    facts.model.clone_from(&last.model);
                }
                facts.strategy = Some("single".to_owned());
            }
            Err(Refusal::NotJson { provider, attempts, .. }) => {
                let answered = attempts.iter().rfind(|it| it.outcome == "ok");
                facts.provider = Some(provider.clone());
                facts.model = answered.and_then(|it| it.model.clone());
                facts.asked_model.clone_from(&facts.model);
                facts.outcome_rating = Some(NOT_JSON);
                facts.strategy = Some("single".to_owned());
            }
            Err(_) => {}
        }
    });
}

/// The kind of request that `asked` is, when that is sure enough.
pub(super) fn request_kind(asked: &str) -> Option<&'static str> {
    let kind = context::classify(asked);
    (kind.confidence >= SURE_ENOUGH).then_some(kind.label)
}
