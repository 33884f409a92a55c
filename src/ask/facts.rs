//! Notes what is counted of a question: who answered, how it was come by, what it took.

use super::answer::Question;
use super::answer::Refusal;
use super::answer::Reply;
use crate::context;
use crate::trace::Call;

/// Below this a label is a guess that is not worth counting.
const SURE_ENOUGH: f64 = 0.5;

/// Notes the facts of `outcome` on `call`.
pub(super) fn note(call: &Call, question: &Question, outcome: &Result<Reply, Refusal>) {
    let asked = question.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
    let kind = context::classify(asked);
    call.note_facts(|facts| {
        if kind.confidence >= SURE_ENOUGH {
            facts.request_kind = Some(kind.label.to_owned());
        }
        match outcome {
            Ok(reply) => {
                facts.provider = Some(reply.provider.clone());
                facts.model.clone_from(&reply.model);
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
            Err(_) => {}
        }
    });
}
