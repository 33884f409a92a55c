//! The turns of a session: which of them are sent along, and that the new ones are kept.

use super::answer::Asker;
use super::question::Question;
use super::question::Refusal;
use super::question::Reply;
use crate::context::Degraded;
use crate::memory;
use crate::models::Message;
use crate::models::Role;
use crate::scope::Owner;
use crate::scope::View;
use crate::store::NewTurn;
use crate::store::SessionEntry;
use crate::store::StoreError;
use crate::store::TurnRow;
use crate::tokens;
use crate::trace::Call;

/// Turns that are sent along; older ones are found by the pack, if at all.
const HISTORY_TURNS: usize = 40;

/// Tokens of history that are sent along; the oldest turns are dropped first.
const HISTORY_TOKENS: u32 = 8_000;

/// A turn is cut to no less than this.
const LEAST_TURN_TOKENS: u32 = 200;

/// Where turns are left out, what is sent begins at a multiple of this, so that it begins with the same words for some
/// questions and the provider's prompt cache holds.
const STEP: usize = 8;

/// Turns before those that are sent which are looked at for a summary.
const SUMMARISED_TURNS: usize = 120;

/// Tokens that are left for the summary: its 1,200 characters, and its frame.
const SUMMARY_TOKENS: u32 = 450;

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
        let said = |turns: Vec<TurnRow>| turns.into_iter().map(|it| (it.role, it.content)).collect();
        let (kept, is_cut) = fit_history(said(turns), room);
        if !is_cut {
            span.note("turns", kept.len());
            return Ok((kept, None));
        }
        let mut turns = self.sessions.turns(session_id, &owner(view), HISTORY_TURNS + SUMMARISED_TURNS).await?;
        let count = self.sessions.turn_count(session_id, &owner(view)).await?.max(turns.len());
        let sizes: Vec<u32> = turns.iter().map(|it| tokens::count(&it.content)).collect();
        let begins = begins_at(&sizes, count, room.saturating_sub(SUMMARY_TOKENS));
        let sent = turns.split_off(begins);
        let (mut kept, _) = fit_history(said(sent), room.saturating_sub(SUMMARY_TOKENS).max(LEAST_TURN_TOKENS));
        let entries: Vec<SessionEntry> = turns.into_iter().map(entry).collect();
        let summary = memory::in_short(&entries).filter(|_| room > 2 * SUMMARY_TOKENS);
        let told = match (&summary, kept.first_mut()) {
            (Some(summary), Some(first)) => {
                first.content = with_summary(summary, &first.content);
                "; earlier turns are summarised by excerpts"
            }
            _ => "",
        };
        span.note("turns", kept.len());
        span.note("summarised_turns", if told.is_empty() { 0 } else { entries.len() });
        let reason = format!(
            "the oldest turns of the session were not sent: the latest {} are, at most {HISTORY_TURNS} of {room} \
             tokens{told}",
            kept.len()
        );
        span.note("decision", reason.as_str());
        Ok((kept, Some(Degraded { source: "history", reason })))
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
        // A picture alone has no words, and an empty turn is refused by some.
        let asked = Some(question.asked()).filter(|it| !it.trim().is_empty()).unwrap_or("[a picture]");
        let turns = vec![turn("user", asked), turn("assistant", &reply.answer)];
        self.sessions.add_turns(turns).await.inspect_err(|err| span.fail(err))
    }
}

/// How many tokens of history a model is sent: a quarter of what it takes, where that is little.
fn history_tokens(window: Option<u64>) -> u32 {
    let quarter = window.and_then(|it| u32::try_from(it / 4).ok());
    quarter.map_or(HISTORY_TOKENS, |it| it.min(HISTORY_TOKENS))
}

/// Where the turns that are sent begin among those with `sizes`, the last of `count`: as many of the latest as fit into
/// `room` and [`HISTORY_TURNS`], from a multiple of [`STEP`] on if any turn is left then.
fn begins_at(sizes: &[u32], count: usize, room: u32) -> usize {
    let mut left = room;
    let fits = |size: &&u32| left.checked_sub(**size).inspect(|it| left = *it).is_some();
    let fitting = sizes.iter().rev().take(HISTORY_TURNS).take_while(fits).count();
    let earliest = sizes.len() - fitting;
    let before = count.saturating_sub(sizes.len());
    let stepped = (before + earliest).next_multiple_of(STEP).saturating_sub(before);
    // Of very long turns, fewer than a step fit: then the latest count more than the cache, and the one that does not fit
    // is sent by its beginning.
    if stepped + 2 <= sizes.len() { stepped } else { earliest.saturating_sub(1) }
}

fn entry(turn: TurnRow) -> SessionEntry {
    SessionEntry { id: turn.id, speaker: turn.role, text: turn.content, at: turn.created_at }
}

/// A turn of the user with what was said before it. Fenced as a quotation, in the user's own turn: it must not get the
/// weight of the instructions.
fn with_summary(summary: &str, content: &str) -> String {
    let quoted: Vec<String> = summary.lines().map(|line| format!("> {line}")).collect();
    format!(
        "Said earlier in this conversation, in some of its own sentences:\n{}\n\n---\n\n{content}",
        quoted.join("\n")
    )
}

/// The latest of `turns` (role and text, oldest first) that fit into `room` tokens, and whether any is missing or cut.
fn fit_history(mut turns: Vec<(String, String)>, room: u32) -> (Vec<Message>, bool) {
    turns.retain(|it| !it.1.trim().is_empty());
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
    fn what_is_sent_begins_at_the_same_turn_for_some_questions() {
        let begins = |count: usize| {
            let sizes = vec![10; count.min(HISTORY_TURNS + SUMMARISED_TURNS)];
            begins_at(&sizes, count, 8_000) + count - sizes.len()
        };
        let all: Vec<usize> = (42..=60).step_by(2).map(begins).collect();
        assert_eq!(all, [8, 8, 8, 8, 16, 16, 16, 16, 24, 24]);
        assert!((400..600).all(|count| begins(count).is_multiple_of(STEP) && count - begins(count) <= HISTORY_TURNS));
        assert_eq!(begins_at(&[5_000, 5_000, 5_000], 3, 8_000), 1, "the last one, and the beginning of the one before");
        assert_eq!(begins_at(&[9_000], 1, 8_000), 0, "its beginning is sent");
    }

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
