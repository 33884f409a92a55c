//! What to do after a failed attempt: once more, the next route, or stop. A function over values.

use std::time::Duration;

use super::ErrorKind;
use super::ModelError;

/// Tries again on one route at most this often, where waiting helps.
const RETRIES: u32 = 2;
/// First wait when the provider names none; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Shortest wait when the provider names none: an attempt that was given up by closing its connection goes on over there
/// until that is noticed, and one that comes before competes with it (llmock took such for another question).
const LEAST_WAIT: Duration = Duration::from_millis(50);
/// Longest wait while another route stands ready: a person is waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known when an attempt has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// Attempts on this route, the failed one included.
    pub(super) attempts: u32,
    /// Whether the caller has seen a piece of the failed answer.
    pub(super) is_shown: bool,
    /// Whether another route is left.
    pub(super) has_other: bool,
    /// Time until the deadline.
    pub(super) left: Duration,
    /// 0.0..1.0, at random, so that those who were refused together do not come back together.
    pub(super) jitter: f64,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Next {
    Again(Duration),
    Elsewhere,
    Stop,
}

/// Decides what follows `error`.
pub(super) fn next(error: &ModelError, situation: Situation) -> Next {
    if situation.is_shown || situation.left.is_zero() {
        return Next::Stop;
    }
    let limit = if situation.has_other { situation.left.min(PATIENCE) } else { situation.left };
    if situation.attempts <= retries(error, situation.has_other) {
        let wait = match error.retry_after {
            // Never earlier than was asked for.
            Some(wait) => wait.saturating_add(Duration::from_millis(50).mul_f64(situation.jitter)),
            None => {
                let most = FIRST_WAIT.saturating_mul(1 << (situation.attempts - 1));
                most.mul_f64(situation.jitter).max(LEAST_WAIT)
            }
        };
        if wait < limit {
            return Next::Again(wait);
        }
    }
    if situation.has_other && may_differ_elsewhere(error.kind) { Next::Elsewhere } else { Next::Stop }
}

/// How often a route is asked again after `error`.
fn retries(error: &ModelError, has_other: bool) -> u32 {
    match error.kind {
        ErrorKind::RateLimited | ErrorKind::Overloaded | ErrorKind::Unreachable => RETRIES,
        // What broke off or failed over there may have been billed: once, and only where nobody else can be asked.
        ErrorKind::Truncated | ErrorKind::ProviderError if !has_other => 1,
        // With a status it is a redirect, which stays one.
        ErrorKind::Malformed if !has_other && error.status.is_none() => 1,
        _ => 0,
    }
}

/// Whether another provider might answer what this one did not. One that filters or refuses the request has judged the
/// request, not itself.
fn may_differ_elsewhere(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::InvalidArgument
        | ErrorKind::Authentication
        | ErrorKind::RateLimited
        | ErrorKind::Overloaded
        | ErrorKind::Quota
        | ErrorKind::ContextTooLong
        | ErrorKind::NotFound
        | ErrorKind::Unreachable
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::EmptyAnswer
        | ErrorKind::ProviderError
        | ErrorKind::Timeout
        | ErrorKind::BudgetExceeded
        | ErrorKind::PriceUnknown => true,
        ErrorKind::ContentFilter | ErrorKind::InvalidRequest | ErrorKind::Cancelled | ErrorKind::Storage => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Situation =
        Situation { attempts: 1, is_shown: false, has_other: false, left: Duration::from_secs(60), jitter: 0.5 };

    fn check(kind: ErrorKind, retry_after_s: Option<u64>, situation: Situation, expected: Next) {
        let error = ModelError {
            kind,
            provider: "p".into(),
            message: String::new(),
            next_step: String::new(),
            retry_after: retry_after_s.map(Duration::from_secs),
            status: None,
            request_id: None,
            counted: None,
        };
        assert_eq!(next(&error, situation), expected, "{kind:?} {situation:?}");
    }

    #[test]
    fn waits_only_where_waiting_helps_and_twice_at_most() {
        let wait = |ms| Next::Again(Duration::from_millis(ms));
        check(ErrorKind::Overloaded, None, ALONE, wait(250));
        check(ErrorKind::Overloaded, None, Situation { attempts: 2, ..ALONE }, wait(500));
        check(ErrorKind::Overloaded, None, Situation { jitter: 0.0, ..ALONE }, wait(50));
        check(ErrorKind::Overloaded, None, Situation { attempts: 3, ..ALONE }, Next::Stop);
        check(ErrorKind::Unreachable, None, ALONE, wait(250));
        check(ErrorKind::RateLimited, Some(7), ALONE, wait(7025));
        for kind in [ErrorKind::Quota, ErrorKind::Authentication, ErrorKind::ContentFilter, ErrorKind::EmptyAnswer] {
            check(kind, Some(1), ALONE, Next::Stop);
        }
        for kind in [ErrorKind::Truncated, ErrorKind::ProviderError, ErrorKind::Malformed] {
            check(kind, None, ALONE, wait(250));
            check(kind, None, Situation { attempts: 2, ..ALONE }, Next::Stop);
            check(kind, None, Situation { has_other: true, ..ALONE }, Next::Elsewhere);
        }
    }

    #[test]
    fn a_wait_that_does_not_fit_is_not_begun() {
        check(ErrorKind::RateLimited, Some(60), ALONE, Next::Stop);
        check(ErrorKind::RateLimited, Some(60), Situation { has_other: true, ..ALONE }, Next::Elsewhere);
        check(ErrorKind::RateLimited, Some(7), Situation { has_other: true, ..ALONE }, Next::Elsewhere);
        check(ErrorKind::RateLimited, Some(u64::MAX), ALONE, Next::Stop);
    }

    #[test]
    fn nothing_is_tried_again_once_something_was_shown() {
        let shown = Situation { is_shown: true, has_other: true, ..ALONE };
        check(ErrorKind::Truncated, None, shown, Next::Stop);
        check(ErrorKind::Overloaded, None, shown, Next::Stop);
    }

    #[test]
    fn nobody_is_asked_when_the_time_is_over() {
        let late = Situation { left: Duration::ZERO, has_other: true, ..ALONE };
        check(ErrorKind::Timeout, None, late, Next::Stop);
        check(ErrorKind::Overloaded, None, late, Next::Stop);
    }

    #[test]
    fn another_route_is_taken_where_it_may_help() {
        let other = Situation { has_other: true, ..ALONE };
        for kind in [ErrorKind::Quota, ErrorKind::Authentication, ErrorKind::Truncated, ErrorKind::ContextTooLong] {
            check(kind, None, other, Next::Elsewhere);
        }
        for kind in [ErrorKind::ContentFilter, ErrorKind::InvalidRequest, ErrorKind::Cancelled] {
            check(kind, None, other, Next::Stop);
        }
    }
}
