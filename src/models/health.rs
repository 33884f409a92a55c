//! Which models are left alone for a while: those that failed too often in a row, and those that asked for a pause.
//!
//! One breaker a provider and model. Open, it answers with the last error instead of asking; when its time is over, a
//! single question is let through, and only its success closes it again. Moments are arguments, so that tests need no
//! clock.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use super::ErrorKind;
use super::ModelError;

/// How long a breaker stays open at first, and at most: twice as long after each question that was let through in vain.
const FIRST_OPEN: Duration = Duration::from_secs(30);
const LONGEST_OPEN: Duration = Duration::from_secs(300);

/// The longest pause that is kept. Dates that a provider names may be wrong by years; after this one question is let through,
/// which costs a refusal and hears the time anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// A caller with less patience than this has shown nothing about the model.
const FAIR_PATIENCE: Duration = Duration::from_secs(30);

/// Provider and model.
type Key = (String, String);

/// The state of all models that were asked. Lives as long as the process.
#[derive(Debug)]
pub(super) struct Health {
    /// 0: breakers never open.
    failures_to_open: u32,
    /// Written by every attempt, read before the next and by the choice of routes.
    known: Mutex<HashMap<Key, Model>>,
}

#[derive(Debug, Default, PartialEq)]
struct Model {
    failures_in_a_row: u32,
    open: Option<Open>,
    /// Until when the provider wants to be left alone, and its words.
    pause: Option<(Instant, ModelError)>,
}

#[derive(Debug, PartialEq)]
struct Open {
    until: Instant,
    lasts: Duration,
    error: ModelError,
    /// Whether a question was let through and is not answered yet.
    is_probed: bool,
}

/// How it stands with a model that failed lately.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    pub provider: String,
    pub model: String,
    /// Why it is not asked now; `None` when it is.
    pub refused: Option<ModelError>,
}

/// Why a model is not asked now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refused {
    /// It failed too often; waiting is not worth it.
    Open(ModelError),
    /// It asked for a pause, which `retry_after` has what is left of.
    Paused(ModelError),
}

impl Refused {
    pub(super) fn error(&self) -> &ModelError {
        match self {
            Refused::Open(error) | Refused::Paused(error) => error,
        }
    }
}

impl Health {
    pub(super) fn new(failures_to_open: u32) -> Health {
        Health { failures_to_open, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Model>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the model would not be asked now, if so. Changes nothing.
    pub(super) fn look(&self, provider: &str, model: &str, now: Instant) -> Option<ModelError> {
        let known = self.known();
        let found = known.get(&(provider.to_owned(), model.to_owned()))?;
        found.refusal(now).map(|it| it.error().clone())
    }

    /// Every model that something is remembered of, and why it would not be asked now, if so.
    pub(super) fn all(&self, now: Instant) -> Vec<Breaker> {
        let known = self.known();
        let breaker = |(key, it): (&Key, &Model)| Breaker {
            provider: key.0.clone(),
            model: key.1.clone(),
            refused: it.refusal(now).map(|it| it.error().clone()),
        };
        let mut all: Vec<Breaker> = known.iter().map(breaker).collect();
        all.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        all
    }

    /// Lets an attempt through, or says why not.
    pub(super) fn admit(&self, provider: &str, model: &str, now: Instant) -> Result<Admitted<'_>, Refused> {
        let key = (provider.to_owned(), model.to_owned());
        let mut known = self.known();
        let mut is_probe = false;
        if let Some(found) = known.get_mut(&key) {
            if let Some(refusal) = found.refusal(now) {
                return Err(refusal);
            }
            if let Some(open) = &mut found.open {
                (open.is_probed, is_probe) = (true, true);
            }
        }
        drop(known);
        Ok(Admitted { health: self, key, begun: now, is_probe })
    }
}

impl Model {
    fn refusal(&self, now: Instant) -> Option<Refused> {
        if let Some((until, error)) = self.pause.as_ref().filter(|it| it.0 > now) {
            return Some(Refused::Paused(later(error, *until - now, "not asked: the provider asked us to wait")));
        }
        let open = self.open.as_ref()?;
        let left = open.until.saturating_duration_since(now);
        if left.is_zero() && !open.is_probed {
            return None;
        }
        let why = match left.is_zero() {
            true => "not asked: it failed too often, and one question is on its way to see whether it is well again",
            false => "not asked: it failed too often",
        };
        Some(Refused::Open(later(&open.error, left.max(Duration::from_secs(1)), why)))
    }

    fn succeeded(&mut self) {
        *self = Model::default();
    }

    fn failed(&mut self, error: &ModelError, now: Instant, failures_to_open: u32, is_probe: bool) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if failures_to_open == 0 || (self.failures_in_a_row < failures_to_open && !is_probe) {
            return;
        }
        // Those that were on their way when it opened do not make it longer.
        let lasts = match &self.open {
            Some(open) if !is_probe => open.lasts,
            Some(open) => (open.lasts * 2).min(LONGEST_OPEN),
            None => FIRST_OPEN,
        };
        let until = match &self.open {
            Some(open) if !is_probe => open.until,
            _ => now + lasts,
        };
        self.open = Some(Open { until, lasts, error: error.clone(), is_probed: false });
    }
}

/// `error` with what is left of the time, said.
fn later(error: &ModelError, left: Duration, why: &str) -> ModelError {
    let seconds = left.as_secs_f64().ceil();
    ModelError {
        message: format!("{why} (last error: {})", error.message),
        next_step: format!("try again in {seconds} s, or name another provider or model"),
        retry_after: Some(left),
        ..error.clone()
    }
}

/// An attempt that was let through. Dropped without a report, it has shown nothing.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    health: &'a Health,
    key: Key,
    begun: Instant,
    /// Whether it is the one question of a breaker that is half open.
    is_probe: bool,
}

impl Admitted<'_> {
    /// Tells how the attempt went.
    pub(super) fn report(mut self, error: Option<&ModelError>, now: Instant) {
        let mut known = self.health.known();
        let is_probe = std::mem::take(&mut self.is_probe);
        match error {
            // Nothing to remember of a model that is well.
            None => drop(known.remove(&self.key)),
            Some(error) => {
                let model = known.entry(self.key.clone()).or_default();
                if let Some(wait) = error.retry_after.filter(|_| asks_for_a_pause(error.kind)) {
                    // Longer than can be told.
                    let wait = if wait == Duration::MAX { LONGEST_OPEN } else { wait.min(LONGEST_PAUSE) };
                    model.pause = Some((now + wait, error.clone()));
                }
                match shows(error, now.saturating_duration_since(self.begun)) {
                    Shows::Ill => model.failed(error, now, self.health.failures_to_open, is_probe),
                    Shows::Well => {
                        let pause = model.pause.take();
                        model.succeeded();
                        model.pause = pause;
                    }
                    Shows::Nothing => {
                        if let Some(open) = model.open.as_mut().filter(|_| is_probe) {
                            open.is_probed = false;
                        }
                    }
                }
            }
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if self.is_probe
            && let Some(open) = self.health.known().get_mut(&self.key).and_then(|it| it.open.as_mut())
        {
            open.is_probed = false;
        }
    }
}

fn asks_for_a_pause(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::RateLimited | ErrorKind::Overloaded)
}

/// What an error says about the model's health.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shows {
    Ill,
    /// It answered, if only to refuse.
    Well,
    Nothing,
}

fn shows(error: &ModelError, took: Duration) -> Shows {
    match error.kind {
        ErrorKind::Overloaded
        | ErrorKind::Unreachable
        | ErrorKind::Truncated
        | ErrorKind::Malformed
        | ErrorKind::ProviderError => Shows::Ill,
        ErrorKind::Timeout if took >= FAIR_PATIENCE => Shows::Ill,
        ErrorKind::ContextTooLong
        | ErrorKind::ContentFilter
        | ErrorKind::InvalidRequest
        | ErrorKind::EmptyAnswer
        | ErrorKind::NotFound => Shows::Well,
        _ => Shows::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, retry_after_s: Option<u64>) -> ModelError {
        ModelError {
            kind,
            provider: "p".into(),
            message: "no".into(),
            next_step: String::new(),
            retry_after: retry_after_s.map(Duration::from_secs),
            status: None,
            request_id: None,
            counted: None,
        }
    }

    fn fail(health: &Health, now: Instant) {
        health.admit("p", "m", now).unwrap().report(Some(&error(ErrorKind::ProviderError, None)), now);
    }

    fn seconds(now: Instant, seconds: u64) -> Instant {
        now + Duration::from_secs(seconds)
    }

    #[test]
    fn opens_after_failures_in_a_row_and_reports_the_last_kind() {
        let (health, now) = (Health::new(3), Instant::now());
        fail(&health, now);
        fail(&health, now);
        health.admit("p", "m", now).unwrap().report(None, now);
        for _ in 0..2 {
            fail(&health, now);
        }
        health.admit("p", "m", now).unwrap().report(Some(&error(ErrorKind::Overloaded, None)), now);
        let refused = health.admit("p", "m", seconds(now, 29)).unwrap_err();
        assert_eq!(refused.error().kind, ErrorKind::Overloaded);
        assert_eq!(refused.error().retry_after, Some(Duration::from_secs(1)));
        assert!(matches!(refused, Refused::Open(_)));
        assert!(health.admit("p", "other", now).is_ok() && health.look("p", "m", now).is_some());
        let all = health.all(now);
        assert_eq!(all.iter().map(|it| (it.model.as_str(), it.refused.is_some())).collect::<Vec<_>>(), [("m", true)]);
    }

    #[test]
    fn one_question_is_let_through_and_only_its_success_closes() {
        let (health, now) = (Health::new(1), Instant::now());
        fail(&health, now);
        let later = seconds(now, 30);
        let probe = health.admit("p", "m", later).unwrap();
        assert!(health.admit("p", "m", later).is_err(), "a second one");
        probe.report(Some(&error(ErrorKind::Truncated, None)), later);
        assert!(health.admit("p", "m", seconds(later, 59)).is_err(), "twice as long");
        let probe = health.admit("p", "m", seconds(later, 60)).unwrap();
        drop(probe);
        let probe = health.admit("p", "m", seconds(later, 60)).expect("one that was dropped has shown nothing");
        probe.report(None, seconds(later, 61));
        assert!(health.admit("p", "m", seconds(later, 61)).is_ok());
        assert!(health.known().is_empty());
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_by_everybody() {
        let (health, now) = (Health::new(8), Instant::now());
        health.admit("p", "m", now).unwrap().report(Some(&error(ErrorKind::RateLimited, Some(7))), now);
        let refused = health.admit("p", "m", seconds(now, 5)).unwrap_err();
        assert!(
            matches!(&refused, Refused::Paused(it) if it.retry_after == Some(Duration::from_secs(2))),
            "{refused:?}"
        );
        assert!(health.admit("p", "m", seconds(now, 7)).is_ok());
    }

    #[test]
    fn a_pause_that_is_too_long_to_tell_lasts_as_long_as_a_breaker_may() {
        let (health, now) = (Health::new(8), Instant::now());
        let mut error = error(ErrorKind::RateLimited, None);
        error.retry_after = Some(Duration::MAX);
        health.admit("p", "m", now).unwrap().report(Some(&error), now);
        assert!(matches!(health.admit("p", "m", seconds(now, 299)), Err(Refused::Paused(_))));
        assert!(health.admit("p", "m", now + LONGEST_OPEN).is_ok());
    }

    #[test]
    fn a_pause_of_years_lasts_an_hour() {
        let (health, now) = (Health::new(8), Instant::now());
        health.admit("p", "m", now).unwrap().report(Some(&error(ErrorKind::RateLimited, Some(73 * 31_556_952))), now);
        let refused = health.admit("p", "m", seconds(now, 3_599)).unwrap_err();
        assert_eq!(refused.error().retry_after, Some(Duration::from_secs(1)));
        assert!(health.admit("p", "m", seconds(now, 3_600)).is_ok());
    }

    #[test]
    fn what_says_nothing_about_the_model_does_not_count() {
        let (health, now) = (Health::new(1), Instant::now());
        for kind in [ErrorKind::Authentication, ErrorKind::Quota, ErrorKind::ContentFilter, ErrorKind::Timeout] {
            health.admit("p", "m", now).unwrap().report(Some(&error(kind, None)), now);
        }
        assert!(health.admit("p", "m", now).is_ok());
        let admitted = health.admit("p", "m", now).unwrap();
        admitted.report(Some(&error(ErrorKind::Timeout, None)), seconds(now, 60));
        assert!(health.admit("p", "m", seconds(now, 60)).is_err());
    }

    #[test]
    fn never_opens_when_turned_off() {
        let (health, now) = (Health::new(0), Instant::now());
        for _ in 0..100 {
            fail(&health, now);
        }
        assert!(health.admit("p", "m", now).is_ok());
    }
}
