//! The router over providers that play parts, with a clock that stands still until everybody waits.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::super::Usage;
use super::*;
use crate::config::ProviderOptions;
use crate::models::FinishReason;
use crate::store::Store;
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
        options: ProviderOptions::default(),
    };
    let known = names.iter().zip(parts).map(|(name, parts)| {
        let provider: Box<dyn Provider> = Box::new(Actor { parts: Mutex::new(parts.into()) });
        (name.clone(), Known { config: config.clone(), provider, limits: None })
    });
    let models = Models {
        known: known.collect(),
        preferred: None,
        cascade: Vec::new(),
        offline: false,
        prices: Prices::default(),
        routing: Routing::default(),
        asks: Semaphore::new(concurrency),
        health: Health::new(8),
        found: Found::default(),
        learnt: Mutex::default(),
        jitter: || 0.5,
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
    play_to(Progress::default(), parts, timeout_s).await
}

async fn play_to(progress: Progress, parts: Vec<Vec<Part>>, timeout_s: u64) -> Seen {
    let (models, routes) = stage(parts, 1);
    let begun = Instant::now();
    let (request, call) = (ModelRequest::default(), Call::begin("", 0, progress, CancellationToken::new()));
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
    let parts = || vec![vec![cut.clone()], vec![answers("another's")]];
    let seen = play_to(Progress::to(drop), parts(), 60).await;
    assert_eq!(seen.outcome, Err(ErrorKind::Truncated));
    assert_eq!(seen.outcomes, ["a truncated"]);
    // A text that nobody has seen has no author yet.
    let seen = play(parts(), 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("another's"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_broke_off_is_asked_for_once_more() {
    let cut = Part { piece: "half a", ..fails(ErrorKind::Truncated, None) };
    let seen = play(vec![vec![cut.clone(), answers("whole")]], 60).await;
    assert_eq!(seen.outcome.as_deref(), Ok("whole"));
    let seen = play(vec![vec![cut.clone(), cut]], 60).await;
    assert_eq!(seen.outcomes, ["a truncated", "a truncated"]);
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

fn two_answers(models: &Models, routes: &[Route], count: usize) -> impl Future<Output = Vec<Result<Answered, Failed>>> {
    let (request, call) = (ModelRequest::default(), Call::silent());
    async move {
        let mut outcomes = Vec::new();
        for _ in 0..count {
            let timeout = Duration::from_secs(600);
            outcomes.push(models.ask(&routes[0], &request, &routes[1..], timeout, &mut |_| {}, &call).await);
        }
        outcomes
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_again_and_again_is_left_alone_and_then_asked_once() {
    // Eight failures open the breaker; the ninth attempt is not made, the one after half a minute is.
    let parts = vec![[vec![fails(ErrorKind::ProviderError, None); 8], vec![answers("well again")]].concat()];
    let (models, routes) = stage(parts, 1);
    let kinds: Vec<ErrorKind> =
        two_answers(&models, &routes, 10).await.into_iter().map(|it| it.unwrap_err().error.kind).collect();
    assert_eq!(kinds, [ErrorKind::ProviderError; 10]);
    let refused = two_answers(&models, &routes, 1).await.remove(0).unwrap_err();
    assert!(refused.error.message.starts_with("not asked"), "{refused}");
    assert!(refused.error.retry_after.is_some() && refused.attempts[0].cost_usd == Some(0.0));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(two_answers(&models, &routes, 1).await.remove(0).unwrap().answer.text, "well again");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_passed_by_at_once() {
    let parts = vec![vec![fails(ErrorKind::ProviderError, None); 8], vec![answers("b"); 9]];
    let (models, routes) = stage(parts, 1);
    let outcomes = two_answers(&models, &routes, 9).await;
    assert!(outcomes.iter().all(|it| it.as_ref().is_ok_and(|it| it.answer.text == "b" && it.route == 1)));
}

#[tokio::test(start_paused = true)]
async fn others_keep_the_pause_that_a_provider_asked_for() {
    let parts = vec![vec![fails(ErrorKind::RateLimited, Some(20)), answers("first"), answers("second")]];
    let (models, routes) = stage(parts, 2);
    let begun = Instant::now();
    let late = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let outcome = two_answers(&models, &routes, 1).await.remove(0);
        (outcome, begun.elapsed())
    };
    let (first, (second, at)) = tokio::join!(two_answers(&models, &routes, 1), late);
    assert!(first[0].is_ok() && second.is_ok());
    assert!(at >= Duration::from_secs(20), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_after_its_beginning_may_have_cost_whatever_status_its_error_names() {
    let breaks = |piece| {
        let error = ModelError { status: Some(500), ..wrong("p", ErrorKind::ProviderError, "no") };
        Part { piece, end: Err(error), ..answers("") }
    };
    for (piece, cost_usd) in [("", Some(0.0)), ("Hel", None)] {
        let (models, routes) = stage(vec![(0..4).map(|_| breaks(piece)).collect()], 1);
        let failed = two_answers(&models, &routes, 1).await.remove(0).unwrap_err();
        assert!(failed.attempts.iter().all(|it| it.cost_usd == cost_usd), "{:?}", failed.attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn when_an_answer_does_not_begin_the_next_route_is_asked_as_well() {
    let hedged = |mut stage: (Models, Vec<Route>)| {
        stage.0.routing.hedge_after = Some(Duration::from_secs(4));
        stage
    };
    let shows = |piece, text, s| Part { piece, takes: Duration::from_secs(s), ..answers(text) };
    // The second begins at once and is heard to its end, though the first would have ended earlier.
    let (models, routes) = hedged(stage(vec![vec![hangs("")], vec![shows("two", "two!", 30)]], 1));
    let begun = Instant::now();
    let answered = two_answers(&models, &routes, 1).await.remove(0).unwrap();
    assert_eq!((answered.answer.text.as_str(), answered.route, begun.elapsed().as_secs()), ("two!", 1, 34));
    let outcomes: Vec<&str> = answered.attempts.iter().map(|it| it.outcome.as_str()).collect();
    assert_eq!(outcomes, ["cancelled", "ok"]);
    assert_eq!(answered.attempts[0].cost_usd, None, "what was broken off may have cost");

    // One that has begun is not joined by another.
    let (models, routes) = hedged(stage(vec![vec![shows("one", "one!", 30)], vec![]], 1));
    assert_eq!(two_answers(&models, &routes, 1).await.remove(0).unwrap().answer.text, "one!");

    // Without another route the same one is asked again; the first to end answers.
    let (models, routes) = hedged(stage(vec![vec![hangs(""), shows("", "again", 1)]], 1));
    assert_eq!(two_answers(&models, &routes, 1).await.remove(0).unwrap().answer.text, "again");

    // The one that fails leaves the field to the other.
    let slow = Part { takes: Duration::from_secs(9), ..answers("slow") };
    let (models, routes) = hedged(stage(vec![vec![slow], vec![fails(ErrorKind::Quota, None)]], 1));
    let answered = two_answers(&models, &routes, 1).await.remove(0).unwrap();
    assert_eq!((answered.answer.text.as_str(), answered.attempts.len()), ("slow", 2));

    // Both fail: what comes after them is asked.
    let late = Part { takes: Duration::from_secs(9), ..fails(ErrorKind::Quota, None) };
    let parts = vec![vec![late], vec![fails(ErrorKind::Quota, None)], vec![answers("third")]];
    let (models, routes) = hedged(stage(parts, 1));
    assert_eq!(two_answers(&models, &routes, 1).await.remove(0).unwrap().route, 2);
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_provider_hold_attempts_back() {
    let (mut models, routes) = stage(vec![vec![answers("x"); 4]], 8);
    let limit = crate::config::ProviderLimit { requests_per_minute: Some(2), ..Default::default() };
    models.known.get_mut("a").unwrap().limits = Some(Limits::new(&limit, Instant::now()));
    let begun = Instant::now();
    assert!(two_answers(&models, &routes, 3).await.iter().all(Result::is_ok));
    assert!((29..=31).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    // Too long to wait for: told at once.
    let request = ModelRequest::default();
    let failed =
        models.ask(&routes[0], &request, &[], Duration::from_secs(5), &mut |_| {}, &Call::silent()).await.unwrap_err();
    assert_eq!(failed.error.kind, ErrorKind::RateLimited);
    assert!(failed.error.retry_after.is_some_and(|it| it > Duration::from_secs(20)));
}

/// A purse with a cap of the day, over prices that the test sets: 1 USD for a million tokens of input, 10 for output.
async fn purse_test(daily_usd: Option<f64>, max_usd: Option<f64>, asks: usize) -> (Vec<Result<Answered, Failed>>, f64) {
    let answer = Answer { text: "x".to_owned(), usage: USAGE, ..Answer::default() };
    purse_test_of(daily_usd, max_usd, vec![Ok(answer); asks]).await
}

const USAGE: Usage = Usage {
    input_tokens: Some(20),
    output_tokens: Some(100),
    cached_input_tokens: None,
    cache_write_tokens: None,
    cache_write_1h_tokens: None,
    reasoning_tokens: None,
};

async fn purse_test_of(
    daily_usd: Option<f64>,
    max_usd: Option<f64>,
    ends: Vec<Result<Answer, ModelError>>,
) -> (Vec<Result<Answered, Failed>>, f64) {
    let asks = ends.len();
    let parts = ends.into_iter().map(|end| Part { end, ..answers("x") });
    let (mut models, routes) = stage(vec![parts.collect()], asks);
    let price = crate::config::Price { input: 1.0, output: 10.0, cache_read: None, cache_write: None };
    models.prices = Prices::new(BTreeMap::from([("a/m".to_owned(), price)]));
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("a.db"));
    let clock = crate::clock::Clock::fixed(1_700_000_000_000);
    let caps = super::super::Caps { daily_usd, ..Default::default() };
    let request = ModelRequest { max_output_tokens: Some(100), ..ModelRequest::default() };
    let ask = |_| {
        let (models, routes, store, clock, request) = (&models, &routes, &store, &clock, &request);
        async move {
            let timeout = Duration::from_secs(60);
            let purse = Purse::new(store, clock, caps, max_usd, timeout);
            let call = Call::silent();
            let outcome = models.ask_within(Some(&purse), &routes[0], request, &[], timeout, &mut |_| {}, &call).await;
            purse.settle().await.unwrap();
            outcome
        }
    };
    let outcomes = futures_util::future::join_all((0..asks).map(ask)).await;
    let (spent, promised) = store.spent_since(0, clock.now()).await.unwrap();
    assert!(promised.abs() < 1e-12, "everything is settled: {promised}");
    (outcomes, spent)
}

#[tokio::test]
async fn a_hundred_questions_at_once_never_pass_a_cap_together() {
    // Each costs 0.00102 USD, and 0.001009 is reserved: ten fit.
    let (outcomes, spent) = purse_test(Some(0.0105), None, 100).await;
    let answered = outcomes.iter().filter(|it| it.is_ok()).count();
    assert!((1..=10).contains(&answered), "{answered}");
    assert!(spent > 0.0 && spent <= 0.0105, "{spent}");
    let refused = outcomes.iter().filter_map(|it| it.as_ref().err());
    assert!(refused.into_iter().all(|it| it.error.kind == ErrorKind::BudgetExceeded && it.attempts.is_empty()));
}

#[tokio::test]
async fn output_that_costs_nothing_is_not_cut_by_a_cap() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("a.db"));
    let clock = crate::clock::Clock::fixed(1_700_000_000_000);
    let purse = Purse::new(&store, &clock, super::super::Caps::default(), Some(1.0), Duration::from_secs(60));
    let worst = Worst { input_usd: 0.001, usd_per_output_token: 0.0, most_output: Some(5000), max_price: None };
    let mut request = ModelRequest::default();
    purse.reserve("a", &mut request, Some(worst), true).await.unwrap();
    assert_eq!(request.max_output_tokens, Some(5000));
}

#[tokio::test]
async fn an_answer_that_was_filtered_costs_what_was_counted() {
    let filtered = super::super::reading::whole(Answer {
        finish_reason: FinishReason::ContentFilter,
        usage: USAGE,
        ..Answer::default()
    });
    let counted = filtered.unwrap_err().counted;
    assert!(counted.is_some());
    let refused = ModelError { counted, ..wrong("a", ErrorKind::ContentFilter, "no") };
    let (outcomes, spent) = purse_test_of(Some(5.0), None, vec![Err(refused)]).await;
    let attempts = &outcomes[0].as_ref().unwrap_err().attempts;
    assert!(attempts[0].cost_usd.is_some_and(|it| (it - 0.00102).abs() < 1e-9), "{attempts:?}");
    assert!((spent - 0.00102).abs() < 1e-9, "{spent}");
}

#[tokio::test]
async fn a_question_s_own_cap_holds_for_each_question() {
    let (outcomes, spent) = purse_test(None, Some(0.0011), 5).await;
    assert!(outcomes.iter().all(Result::is_ok) && (spent - 5.0 * 0.00102).abs() < 1e-9, "{spent}");
    let (outcomes, spent) = purse_test(None, Some(0.0009), 5).await;
    assert!(outcomes.iter().all(|it| it.as_ref().is_err_and(|it| it.error.kind == ErrorKind::BudgetExceeded)));
    assert!(spent.abs() < 1e-12);
}
