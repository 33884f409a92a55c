//! Answers that are kept for equal questions: what makes two of them equal, how long an answer holds, and that equal
//! ones at the same moment are asked once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use tokio::sync::watch;

use super::Question;
use super::Reply;
use crate::config::CacheTimes;
use crate::config::Caching;
use crate::context;
use crate::models::FinishReason;
use crate::models::ModelRequest;
use crate::models::Route;
use crate::models::Usage;
use crate::scope::View;

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) answer: String,
    pub(super) provider: String,
    pub(super) model: Option<String>,
    pub(super) usage: Usage,
    pub(super) cost_usd: Option<f64>,
    pub(super) latency_ms: f64,
}

impl Kept {
    /// `reply` as it is kept. `None` for one that must not be: cut off, filtered, a call of tools.
    pub(super) fn of(reply: &Reply) -> Option<Kept> {
        (reply.finish_reason == FinishReason::Stop.name() && !reply.answer.is_empty()).then(|| Kept {
            answer: reply.answer.clone(),
            provider: reply.provider.clone(),
            model: reply.model.clone(),
            usage: reply.usage,
            cost_usd: reply.cost_usd,
            latency_ms: reply.latency_ms,
        })
    }
}

/// What one answer is found by.
pub(super) type Key = [u8; 32];

/// The key of a question; `None` when its answer is not kept.
///
/// Everything that is sent decides, the text of the pack included, and also to whom, at which address, and for whom:
/// two owners never share an answer, though they ask the same. The request is taken as its debug form, which has every
/// field that it ever gets.
pub(super) fn key(caching: Caching, address: &str, route: &Route, request: &ModelRequest, view: &View) -> Option<Key> {
    let is_kept = match caching {
        // Which tools there are, and what they answer, is another thing each time.
        _ if !request.tools.is_empty() => false,
        Caching::Off => false,
        Caching::Deterministic => request.temperature == Some(0.0),
        Caching::All => true,
    };
    is_kept.then(|| {
        let owner = (&view.namespace, &view.user_id, &view.persona);
        let whole = format!("{address:?} {route:?} {owner:?} {request:?}");
        *blake3::hash(whole.as_bytes()).as_bytes()
    })
}

/// How long the answer to `question` holds: what was said or happened, and what is about now, for the shortest time;
/// code longer; knowledge longest. What it was made of is part of the key, so nothing that was written is missed.
pub(super) fn holds(question: &Question, has_context: bool, times: CacheTimes) -> Duration {
    let asked = question.asked();
    let lower = asked.to_lowercase();
    if lower.split(|it: char| !it.is_alphanumeric()).any(|it| OF_NOW.contains(&it)) {
        return times.history;
    }
    match context::classify(asked).label {
        "recall" | "insight" => times.history,
        "general" => times.knowledge,
        _ if has_context => times.code,
        _ => times.knowledge,
    }
}

/// Words of a question whose answer is soon another.
const OF_NOW: [&str; 12] = [
    "now",
    "today",
    "tonight",
    "tomorrow",
    "yesterday",
    "current",
    "currently",
    "latest",
    "recent",
    "recently",
    "heute",
    "jetzt",
];

/// The questions that are being asked, so that an equal one waits instead.
#[derive(Debug, Default)]
pub struct Flights {
    /// Entered by the first of equal questions, left when it ends; those that wait watch.
    open: Mutex<HashMap<Key, watch::Receiver<Option<Kept>>>>,
}

/// A question's part.
pub(super) enum Flight<'a> {
    /// It is asked; what comes is told to those that wait.
    First(Leading<'a>),
    /// An equal one is asked already.
    Waiting(watch::Receiver<Option<Kept>>),
}

/// The first of equal questions; when it is dropped without an answer, the next one is asked.
#[derive(Debug)]
pub(super) struct Leading<'a> {
    flights: &'a Flights,
    key: Key,
    tell: watch::Sender<Option<Kept>>,
}

impl Flights {
    pub(super) fn join(&self, key: Key) -> Flight<'_> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = open.get(&key) {
            return Flight::Waiting(watched.clone());
        }
        let (tell, watched) = watch::channel(None);
        open.insert(key, watched);
        Flight::First(Leading { flights: self, key, tell })
    }
}

impl Leading<'_> {
    /// Hands the answer to those that wait.
    pub(super) fn answered(&self, kept: &Kept) {
        self.tell.send_replace(Some(kept.clone()));
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        self.flights.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What the first one got; `None` when it got nothing that can be shared.
pub(super) async fn hear(mut watched: watch::Receiver<Option<Kept>>) -> Option<Kept> {
    let heard = watched.wait_for(Option::is_some).await.ok()?;
    heard.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Message;
    use crate::models::Role;

    fn request(temperature: Option<f64>) -> ModelRequest {
        let messages = vec![Message::new(Role::User, "x")];
        ModelRequest { messages, temperature, ..ModelRequest::default() }
    }

    fn route(model: &str) -> Route {
        Route { provider: "p".to_owned(), model: Some(model.to_owned()) }
    }

    fn view(user: Option<&str>, namespace: &str) -> View {
        View::new(Some(namespace.to_owned()), user.map(str::to_owned), None, None)
    }

    #[test]
    fn everything_that_decides_is_in_the_key() {
        let key = |address, model: &str, temperature, user, namespace| {
            key(Caching::All, address, &route(model), &request(temperature), &view(user, namespace)).unwrap()
        };
        let all = [
            key("a", "m", None, None, "n"),
            key("b", "m", None, None, "n"),
            key("a", "other", None, None, "n"),
            key("a", "m", Some(0.0), None, "n"),
            key("a", "m", None, Some("ana"), "n"),
            key("a", "m", None, None, "ana"),
        ];
        let different: std::collections::BTreeSet<Key> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(all[0], key("a", "m", None, None, "n"));
    }

    #[test]
    fn only_deterministic_questions_are_kept_unless_all_are_wished() {
        let has_key =
            |caching, temperature| key(caching, "", &route("m"), &request(temperature), &View::default()).is_some();
        assert!(has_key(Caching::Deterministic, Some(0.0)) && has_key(Caching::All, None));
        assert!(!has_key(Caching::Deterministic, None) && !has_key(Caching::Deterministic, Some(0.1)));
        assert!(!has_key(Caching::Off, Some(0.0)));
    }

    #[test]
    fn an_answer_holds_as_long_as_its_kind_does() {
        let ask = |text: &str| Question { messages: vec![Message::new(Role::User, text)], ..Question::default() };
        let times = CacheTimes::default();
        let minutes = |text: &str, has_context| holds(&ask(text), has_context, times).as_secs() / 60;
        assert_eq!(minutes("What is the latest release?", true), 5);
        assert_eq!(minutes("what did we decide about Postgres last time", true), 5);
        assert_eq!(minutes("fix the crash when the file is empty", true), 30);
        assert_eq!(minutes("fix the crash when the file is empty", false), 60);
        assert_eq!(minutes("what is the difference between TCP and UDP", true), 60);
        assert_eq!(minutes("", false), 60);
    }

    #[test]
    fn half_answers_are_not_kept() {
        let reply = |reason: &str| Reply { answer: "x".into(), finish_reason: reason.into(), ..Reply::default() };
        assert!(Kept::of(&reply("stop")).is_some());
        for reason in ["length", "content_filter", "tool_calls", "other"] {
            assert!(Kept::of(&reply(reason)).is_none(), "{reason}");
        }
    }

    #[tokio::test]
    async fn who_waits_hears_the_answer_or_takes_the_place_of_the_first() {
        let flights = Flights::default();
        let Flight::First(first) = flights.join([1; 32]) else { panic!("nobody was first") };
        let (Flight::Waiting(second), Flight::Waiting(third)) = (flights.join([1; 32]), flights.join([1; 32])) else {
            panic!("two were first")
        };
        let kept = Kept::of(&Reply { answer: "x".into(), finish_reason: "stop".into(), ..Reply::default() }).unwrap();
        first.answered(&kept);
        drop(first);
        assert_eq!((hear(second).await, hear(third).await), (Some(kept.clone()), Some(kept)));
        let Flight::First(first) = flights.join([1; 32]) else { panic!("the place is not free") };
        let Flight::Waiting(waiting) = flights.join([1; 32]) else { panic!("two were first") };
        drop(first);
        assert_eq!(hear(waiting).await, None);
        assert!(matches!(flights.join([1; 32]), Flight::First(_)));
    }
}
