//! Tells whoever listens how a question fares: pieces of the answer as they come, and a sign of life while none does.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

use crate::trace::Call;

/// Clients give up after 30 or 60 s in which they hear nothing.
const SILENCE: Duration = Duration::from_secs(5);

/// What was told of one question.
#[derive(Debug)]
pub(super) struct Telling<'a> {
    call: &'a Call,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    last: Instant,
    told: f64,
    /// Who is waited for, in words; empty once a piece of an answer came: then a message is a part of it.
    waits_for: String,
}

impl<'a> Telling<'a> {
    pub(super) fn new(call: &'a Call) -> Telling<'a> {
        let now = Instant::now();
        let waits_for = "its context".to_owned();
        Telling { call, state: Mutex::new(State { begun: now, last: now, told: 0.0, waits_for }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `who` is waited for.
    pub(super) fn waits_for(&self, who: String) {
        self.state().waits_for = who;
    }

    /// A piece of the answer came.
    pub(super) fn piece(&self, piece: &str) {
        self.state().waits_for.clear();
        let told = self.next();
        self.call.progress().piece(told, piece);
    }

    /// The number of the next message, which is about to be told.
    fn next(&self) -> f64 {
        let mut state = self.state();
        (state.told, state.last) = (state.told + 1.0, Instant::now());
        state.told
    }

    /// Gives a sign of life whenever nothing was told for 5 s. Without words once pieces of an answer came, so that
    /// those together remain the answer.
    pub(super) async fn signs_of_life(&self) -> Infallible {
        loop {
            let due = self.state().last + SILENCE;
            tokio::time::sleep_until(due).await;
            let message = {
                let state = self.state();
                if state.last + SILENCE > Instant::now() {
                    continue;
                }
                match state.waits_for.as_str() {
                    "" => String::new(),
                    who => format!("waiting for {who}, {} s", state.begun.elapsed().as_secs()),
                }
            };
            let told = self.next();
            self.call.progress().tell(told, None, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::trace::Progress;

    #[tokio::test(start_paused = true)]
    async fn there_is_a_sign_of_life_every_five_seconds_and_no_word_amid_an_answer() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        let progress = Progress::to(move |it| into.lock().unwrap().push((it.done, it.message, it.is_piece)));
        let call = Call::begin("ask", 0, progress, CancellationToken::new());
        let telling = Telling::new(&call);
        let work = async {
            telling.waits_for("openai/gpt-4o".to_owned());
            tokio::time::sleep(Duration::from_secs(12)).await;
            telling.piece("Hel");
            tokio::time::sleep(Duration::from_secs(7)).await;
            telling.piece("lo");
            tokio::time::sleep(Duration::from_secs(4)).await;
        };
        tokio::select! {
            () = work => {}
            never = telling.signs_of_life() => match never {},
        }
        let told = told.lock().unwrap().clone();
        let messages: Vec<&str> = told.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(messages, ["waiting for openai/gpt-4o, 5 s", "waiting for openai/gpt-4o, 10 s", "Hel", "", "lo"]);
        let pieces: Vec<bool> = told.iter().map(|it| it.2).collect();
        assert_eq!(pieces, [false, false, true, false, true]);
        assert!(told.windows(2).all(|it| it[0].0 < it[1].0));
    }
}
