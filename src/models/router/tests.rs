//! The router over providers that play parts, with a clock that stands still until everybody waits.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::super::Usage;
use super::*;
use crate::trace::Progress;

/// What a provider does in one attempt: shows `piece`, waits, and ends.
#[derive(Clone, Debug)]
struct Part {
    piece: &'static str,
    takes: Duration,
    end: Result<Answer, ModelError>,
}

#[derive(Debug)]
struct Actor {
    parts: Mutex<VecDeque<Part>>,
}

impl Provider for Actor {
    fn answer<'a>(
        &'a self,
        _request: &'a ModelRequest,
        on_delta: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Answer, ModelError>> {
        let part = self.parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front().expect("an attempt too many");
        async move {
            if !part.piece.is_empty() {
                on_delta(part.piece);
            }
            tokio::time::sleep(part.takes).await;
            part.end
        }
        .boxed()
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>> {
        async { Ok(vec![]) }.boxed()
    }
}

fn answers(text: &str) -> Part {
    let usage = Usage { input_tokens: Some(1), output_tokens: Some(1), ..Usage::default() };
    let answer = Answer { text: text.to_owned(), usage, ..Answer::default() };
    Part { piece: "", takes: Duration::from_millis(10), end: Ok(answer) }
}

fn fails(kind: ErrorKind, retry_after_s: Option<u64>) -> Part {
    let error = ModelError { retry_after: retry_after_s.map(Duration::from_secs), ..wrong("p", kind, "no") };
    Part { piece: "", takes: Duration::from_millis(10), end: Err(error) }
}

fn hangs(piece: &'static str) -> Part {
    Part { piece, takes: Duration::from_secs(1_000_000), ..answers("late") }
}

/// A router over providers `a`, `b`, … that play `parts`, and routes to all of them.
fn stage(parts: Vec<Vec<Part>>, concurrency: usize) -> (Models, Vec<Route>) {
    let names: Vec<String> = ('a'..='z').take(parts.len()).map(String::from).collect();
    let config = ProviderConfig {
        kind: ProviderKind::OpenAi,
        base_url: Some("http://a.example".into()),
        api_key: None,
        api_key_env: "A_API_KEY".into(),
        model: None,
        api_version: None,
    };
    let known = names.iter().zip(parts).map(|(name, parts)| {
        let provider: Box<dyn Provider> = Box::new(Actor { parts: Mutex::new(parts.into()) });
        (name.clone(), Known { config: config.clone(), provider })
    });
    let models = Models {
        known: known.collect(),
        preferred: None,
        cascade: Vec::new(),
        offline: false,
        prices: Prices::default(),
        asks: Semaphore::new(concurrency),
    };
    let routes = names.into_iter().map(|provider| Route { provider, model: Some("m".into()) }).collect();
    (models, routes)
}

struct Seen {
    outcome: Result<String, ErrorKind>,
    outcomes: Vec<String>,
    took: Duration,
}

async fn play(parts: Vec<Vec<Part>>, timeout_s: u64) -> Seen {
    let (models, routes) = stage(parts, 1);
    let begun = Instant::now();
    let (request, call) = (ModelRequest::default(), Call::silent());
    let timeout = Duration::from_secs(timeout_s);
    let outcome = models.ask(&routes[0], &request, &routes[1..], timeout, &mut |_| {}, &call).await;
    let took = begun.elapsed();
    let (outcome, attempts) = match outcome {
        Ok(it) => (Ok(it.answer.text), it.attempts),
        Err(it) => (Err(it.error.kind), it.attempts),
    };
    let outcomes = attempts.iter().map(|it| format!("{} {}", it.provider, it.outcome)).collect();
    Seen { outcome, outcomes, took }
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_the_provider_asks() {
    let parts = vec![fails(ErrorKind::RateLimited, Some(30)), fails(ErrorKind::Overloaded, Some(20)), answers("yes")];
    let seen = play(vec![parts], 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("yes"));
    assert_eq!(seen.outcomes, ["a rate_limited", "a overloaded", "a ok"]);
    assert!((50_000..50_200).contains(&seen.took.as_millis()), "{:?}", seen.took);
}

#[tokio::test(start_paused = true)]
async fn does_not_begin_a_wait_that_the_deadline_would_cut() {
    let seen = play(vec![vec![fails(ErrorKind::RateLimited, Some(90))]], 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::RateLimited));
    assert!(seen.took < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn gives_up_after_two_more_tries() {
    let seen = play(vec![vec![fails(ErrorKind::Unreachable, None); 3]], 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::Unreachable));
    assert_eq!(seen.outcomes.len(), 3);
    assert!(seen.took < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn goes_on_to_the_next_route_before_anything_was_shown() {
    let parts = vec![
        vec![fails(ErrorKind::Truncated, None)],
        vec![fails(ErrorKind::RateLimited, Some(30))],
        vec![answers("third")],
    ];
    let seen = play(parts, 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("third"));
    assert_eq!(seen.outcomes, ["a truncated", "b rate_limited", "c ok"]);
    assert!(seen.took < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn never_changes_the_author_of_a_text_that_was_shown() {
    let cut = Part { piece: "half a", ..fails(ErrorKind::Truncated, None) };
    let seen = play(vec![vec![cut], vec![answers("never asked")]], 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::Truncated));
    assert_eq!(seen.outcomes, ["a truncated"]);
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_not_walked_around() {
    let seen = play(vec![vec![fails(ErrorKind::ContentFilter, None)], vec![answers("never asked")]], 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::ContentFilter));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_begin_leaves_half_of_the_time_to_the_next() {
    let seen = play(vec![vec![hangs("")], vec![answers("second")]], 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("second"));
    assert_eq!(seen.outcomes, ["a timeout", "b ok"]);
    assert_eq!(seen.took.as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_begun_has_all_of_the_time() {
    let slow = Part { piece: "so", takes: Duration::from_secs(50), ..answers("so slow") };
    let seen = play(vec![vec![slow], vec![]], 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("so slow"));
    let seen = play(vec![vec![hangs("so")], vec![]], 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::Timeout));
    assert_eq!(seen.took.as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_its_turn_within_its_deadline() {
    let (models, routes) = stage(vec![vec![hangs(""), answers("second")]], 1);
    let (request, call) = (ModelRequest::default(), Call::silent());
    let ask = |timeout_s| {
        let (models, routes, request, call) = (&models, &routes, &request, &call);
        async move {
            let timeout = Duration::from_secs(timeout_s);
            models.ask(&routes[0], request, &[], timeout, &mut |_| {}, call).await
        }
    };
    let (first, late, second) = tokio::join!(ask(30), ask(20), ask(40));
    assert_eq!(first.unwrap_err().error.kind, ErrorKind::Timeout);
    let late = late.unwrap_err();
    assert_eq!((late.error.kind, late.attempts.len()), (ErrorKind::Timeout, 0));
    assert_eq!(second.unwrap().answer.text, "second");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_stops_at_once() {
    let (models, routes) = stage(vec![vec![hangs("so")]], 1);
    let cancelled = CancellationToken::new();
    let call = Call::begin("ask", 0, Progress::default(), cancelled.clone());
    let request = ModelRequest::default();
    let begun = Instant::now();
    // The first piece takes the question back.
    let mut on_delta = |_: &str| cancelled.cancel();
    let outcome = models.ask(&routes[0], &request, &[], Duration::from_secs(60), &mut on_delta, &call).await;
    assert_eq!(outcome.unwrap_err().error.kind, ErrorKind::Cancelled);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}
