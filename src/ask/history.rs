//! The turns of a session: which of them are sent along, and that the new ones are kept.

use super::answer::Asker;
use super::question::Question;
use super::question::Refusal;
use super::question::Reply;
use crate::context::Degraded;
use crate::models::Message;
use crate::models::Role;
use crate::scope::Owner;
use crate::scope::View;
use crate::store::NewTurn;
use crate::store::StoreError;
use crate::tokens;
use crate::trace::Call;

/// Turns that are sent along; older ones are found by the pack, if at all.
const HISTORY_TURNS: usize = 40;

/// Tokens of history that are sent along; the oldest turns are dropped first.
const HISTORY_TOKENS: u32 = 8_000;

/// A turn is cut to no less than this.
const LEAST_TURN_TOKENS: u32 = 200;

impl Asker {
    /// The session's turns that are sent along, oldest first, and what is to be said about those that are not. `window`
    /// is what the model takes, if that is known.
    pub(super) async fn history(
        &self,
        question: &Question,
        window: Option<u64>,
        call: &Call,
    ) -> Result<(Vec<Message>, Option<Degraded>), Refusal> {
        let view = &question.view;
        let Some(session_id) = &view.session_id else { return Ok((Vec::new(), None)) };
        let span = call.span("history");
        // One more than is sent, to see whether there are more.
        let turns = self.sessions.turns(session_id, &owner(view), HISTORY_TURNS + 1).await?;
        let room = history_tokens(window);
        let (kept, is_cut) = fit_history(turns.into_iter().map(|it| (it.role, it.content)).collect(), room);
        span.note("turns", kept.len());
        let cut = is_cut.then(|| {
            let reason = format!(
                "the oldest turns of the session were not sent: the latest {} are, at most {HISTORY_TURNS} of \
                 {room} tokens",
                kept.len()
            );
            span.note("decision", reason.as_str());
            Degraded { source: "history", reason }
        });
        Ok((kept, cut))
    }

    pub(super) async fn keep(&self, question: &Question, reply: &Reply, call: &Call) -> Result<(), StoreError> {
        let Some(session_id) = question.view.session_id.as_ref().filter(|_| self.keeps) else { return Ok(()) };
        // A turn that waits for its tools is not over: its end is kept, with the question.
        if !reply.tool_calls.is_empty() {
            return Ok(());
        }
        let span = call.span("keep turns");
        let turn = |role: &str, content: &str| NewTurn {
            session_id: session_id.clone(),
            owner: owner(&question.view),
            role: role.to_owned(),
            content: crate::redact::redact(content).0,
            trace_id: Some(call.id().to_owned()),
        };
        let asked = question.asked();
        let turns = vec![turn("user", asked), turn("assistant", &reply.answer)];
        self.sessions.add_turns(turns).await.inspect_err(|err| span.fail(err))
    }
}

/// How many tokens of history a model is sent: a quarter of what it takes, where that is little.
fn history_tokens(window: Option<u64>) -> u32 {
    let quarter = window.and_then(|it| u32::try_from(it / 4).ok());
    quarter.map_or(HISTORY_TOKENS, |it| it.min(HISTORY_TOKENS))
}

/// The latest of `turns` (role and text, oldest first) that fit into `room` tokens, and whether any is missing or cut.
fn fit_history(mut turns: Vec<(String, String)>, room: u32) -> (Vec<Message>, bool) {
    let older = turns.len().saturating_sub(HISTORY_TURNS);
    turns.drain(..older);
    let asked = turns.len();
    let (mut left, mut is_cut) = (room, older > 0);
    let mut kept: Vec<Message> = turns
        .into_iter()
        .rev()
        .map_while(|(role, content)| {
            let role = if role == "assistant" { Role::Assistant } else { Role::User };
            let size = tokens::count(&content);
            if size <= left {
                left -= size;
                return Some(Message::new(role, content));
            }
            // The turn that does not fit is the last one that is looked at: its beginning, if there is room.
            is_cut = true;
            let room = std::mem::take(&mut left);
            (room >= LEAST_TURN_TOKENS).then(|| Message::new(role, beginning(&content, room)))
        })
        .collect();
    is_cut |= kept.len() < asked;
    kept.reverse();
    // A conversation begins with its user.
    while kept.first().is_some_and(|it| it.role == Role::Assistant) {
        kept.remove(0);
    }
    (kept, is_cut)
}

/// The beginning of `text` that has at most `room` tokens, marked as cut.
fn beginning(text: &str, room: u32) -> String {
    // A token has three characters or more in nearly every text; what is still too long is halved.
    let mut characters = usize::try_from(room).unwrap_or(0) * 3;
    loop {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
        if tokens::count(&text[..end]) <= room || characters == 0 {
            return format!("{} […]", &text[..end]);
        }
        characters /= 2;
    }
}

pub(super) fn owner(view: &View) -> Owner {
    Owner {
        namespace: view.namespace.clone(),
        user_id: view.user_id.clone(),
        persona: view.persona.clone(),
        session_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_the_latest_turns_that_fit_and_begins_with_its_user() {
        let turns = |count: usize, words: usize| -> Vec<(String, String)> {
            let role = |at: usize| if at.is_multiple_of(2) { "user" } else { "assistant" };
            (0..count).map(|at| (role(at).to_owned(), format!("{at} {}", "word ".repeat(words)))).collect()
        };
        let fit = |turns, room| {
            let (kept, is_cut) = fit_history(turns, room);
            let first = kept.first().map(|it| it.content.split(' ').next().unwrap_or_default().to_owned());
            (kept.len(), first, is_cut)
        };
        assert_eq!(fit(turns(4, 10), 8_000), (4, Some("0".to_owned()), false));
        assert_eq!(fit(turns(HISTORY_TURNS + 1, 1), 8_000), (HISTORY_TURNS - 1, Some("2".to_owned()), true));
        assert_eq!(fit(turns(5, 500), 1_300), (3, Some("2".to_owned()), true), "the third is cut");
        assert_eq!(fit(Vec::new(), 8_000), (0, None, false));
        assert_eq!((history_tokens(None), history_tokens(Some(4_096))), (HISTORY_TOKENS, 1_024));
        assert_eq!(history_tokens(Some(1_000_000)), HISTORY_TOKENS);
    }
}
