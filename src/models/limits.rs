//! How much one provider may be asked: at once, and in a minute. Buckets that fill evenly; functions over moments.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::ProviderLimit;

/// The limits of one provider.
#[derive(Debug)]
pub(super) struct Limits {
    /// Held by each attempt while it runs.
    pub(super) at_once: Option<Semaphore>,
    /// Taken from by each attempt before it is made.
    buckets: Mutex<Buckets>,
    counts_tokens: bool,
}

#[derive(Debug)]
struct Buckets {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// Holds what may be used up at once, and fills with that much in a minute. Below nothing, those wait who came last.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    holds: f64,
    level: f64,
    at: Instant,
}

impl Limits {
    pub(super) fn new(limit: &ProviderLimit, now: Instant) -> Limits {
        let bucket = |it: Option<u32>| it.map(f64::from).map(|holds| Bucket { holds, level: holds, at: now });
        Limits {
            at_once: limit.concurrency.map(|it| Semaphore::new(usize::try_from(it).unwrap_or(usize::MAX).max(1))),
            buckets: Mutex::new(Buckets {
                requests: bucket(limit.requests_per_minute),
                tokens: bucket(limit.tokens_per_minute),
            }),
            counts_tokens: limit.tokens_per_minute.is_some(),
        }
    }

    /// Whether tokens have to be counted for [`Limits::take`].
    pub(super) fn counts_tokens(&self) -> bool {
        self.counts_tokens
    }

    /// Takes one request of `tokens` and returns how long to wait before it is made. Takes nothing when that is longer
    /// than `patience`.
    ///
    /// # Errors
    ///
    /// How long it would be to wait.
    pub(super) fn take(&self, tokens: u32, now: Instant, patience: Duration) -> Result<Duration, Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Buckets { requests, tokens: of_tokens } = &mut *buckets;
        let mut asked = [(requests.as_mut(), 1.0), (of_tokens.as_mut(), f64::from(tokens))];
        let waits = asked.iter_mut().filter_map(|(bucket, amount)| Some(bucket.as_mut()?.wait(*amount, now)));
        let wait = waits.max().unwrap_or_default();
        if wait > patience {
            return Err(wait);
        }
        for (bucket, amount) in asked {
            if let Some(bucket) = bucket {
                bucket.level -= amount.min(bucket.holds);
            }
        }
        Ok(wait)
    }
}

impl Bucket {
    /// How long until there is `amount`; one that is larger than the bucket needs a full one.
    fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        let filled = now.saturating_duration_since(self.at).as_secs_f64() * self.holds / 60.0;
        (self.level, self.at) = ((self.level + filled).min(self.holds), now);
        let missing = amount.min(self.holds) - self.level;
        Duration::try_from_secs_f64(missing * 60.0 / self.holds).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(requests: Option<u32>, tokens: Option<u32>, now: Instant) -> Limits {
        let limit =
            ProviderLimit { requests_per_minute: requests, tokens_per_minute: tokens, ..ProviderLimit::default() };
        Limits::new(&limit, now)
    }

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_minute_s_worth_goes_at_once_and_the_rest_in_its_turn() {
        let now = Instant::now();
        let limits = limits(Some(60), None, now);
        let waits: Vec<u64> = (0..63).map(|_| limits.take(0, now, LONG).unwrap().as_secs()).collect();
        assert!(waits[..60].iter().all(|it| *it == 0));
        assert_eq!(waits[60..], [1, 2, 3]);
        assert_eq!(limits.take(0, now + Duration::from_secs(63), LONG), Ok(Duration::ZERO));
    }

    #[test]
    fn who_would_wait_too_long_takes_nothing() {
        let now = Instant::now();
        let limits = limits(None, Some(600), now);
        assert_eq!(limits.take(600, now, LONG), Ok(Duration::ZERO));
        assert_eq!(limits.take(300, now, Duration::from_secs(5)), Err(Duration::from_secs(30)));
        assert_eq!(limits.take(100, now, LONG), Ok(Duration::from_secs(10)));
        // More than a minute holds: when the bucket is full.
        let later = now + Duration::from_secs(1000);
        assert_eq!(limits.take(5_000, later, LONG), Ok(Duration::ZERO));
    }
}
