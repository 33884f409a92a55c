//! Holds an answer against the schema that was asked for, and joins it with the one that a second round gave.

use serde_json::Value;

use crate::models::Answered;
use crate::models::FinishReason;
use crate::models::Structured;
use crate::models::Usage;

/// What an answer is to its schema.
#[derive(Debug, PartialEq)]
pub(super) enum Held {
    /// It is the JSON that was asked for.
    Follows(Value),
    /// The limit of output cut the JSON off: the answer says so by its finish reason.
    Cut,
    /// What is wrong with it; a second round may mend it.
    Fails(Vec<String>),
}

/// Holds `answered` against `schema`.
pub(super) fn hold(schema: &Structured, answered: &Answered) -> Held {
    match schema.read(&answered.answer.text) {
        Ok(value) => Held::Follows(value),
        Err(_) if answered.answer.finish_reason == FinishReason::Length => Held::Cut,
        Err(faults) => Held::Fails(faults),
    }
}

/// The second answer with the time, the tokens and the cost of both rounds.
pub(super) fn join(first: Answered, mut second: Answered) -> Answered {
    second.answer.usage = add(first.answer.usage, second.answer.usage);
    second.cost_usd = first.cost_usd.zip(second.cost_usd).map(|(first, second)| first + second);
    second.latency_ms += first.latency_ms;
    second.attempts.splice(0..0, first.attempts);
    second
}

fn add(first: Usage, second: Usage) -> Usage {
    // What one of the two does not know is not known of both.
    let both = |of: fn(&Usage) -> Option<u64>| Some(of(&first)?.saturating_add(of(&second)?));
    // A count that a format may leave out is nothing when it is left out.
    let either = |of: fn(&Usage) -> Option<u64>| match (of(&first), of(&second)) {
        (None, None) => None,
        (first, second) => Some(first.unwrap_or(0).saturating_add(second.unwrap_or(0))),
    };
    Usage {
        input_tokens: both(|it| it.input_tokens),
        cached_input_tokens: either(|it| it.cached_input_tokens),
        cache_write_tokens: either(|it| it.cache_write_tokens),
        cache_write_1h_tokens: either(|it| it.cache_write_1h_tokens),
        output_tokens: both(|it| it.output_tokens),
        reasoning_tokens: either(|it| it.reasoning_tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_two_rounds_are_added_and_an_unknown_one_stays_unknown() {
        let usage = |input, cached, output| Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            output_tokens: output,
            ..Usage::default()
        };
        assert_eq!(
            add(usage(Some(10), None, Some(5)), usage(Some(3), Some(10), Some(4))),
            usage(Some(13), Some(10), Some(9))
        );
        assert_eq!(add(usage(Some(10), None, None), usage(None, None, Some(4))), usage(None, None, None));
    }
}
