//! Reads turns for what came of them: decisions, what is open, and the files that were named.

use std::collections::HashSet;

use super::files;
use crate::clock::Millis;
use crate::meaning;
use crate::meaning::Outcome;
use crate::memory;
use crate::search;
use crate::store::TurnRow;

/// A sentence that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub text: String,
    pub role: String,
    pub at: Millis,
    /// The turn.
    pub source: String,
}

/// What came of a conversation, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    pub decisions: Vec<Noted>,
    pub open: Vec<Noted>,
    /// Paths as they were written, the most often named first.
    pub files: Vec<String>,
}

/// The beginning of a word that stands for all its forms, in characters.
const STEM: usize = 6;

/// An open point is closed by a later decision, or a word that it is done, that shares so much of its words.
const SAME: f64 = 0.5;

/// Words that say that something is done.
const DONE: [&str; 14] = [
    "done", "fixed", "resolved", "closed", "finished", "merged", "erledigt", "behoben", "fertig", "terminé", "hecho",
    "resuelto", "fatto", "feito",
];

/// What came of `turns`.
pub(super) fn of(turns: &[TurnRow]) -> Left {
    let mut left = Left::default();
    let mut words: Vec<HashSet<String>> = Vec::new();
    for turn in turns {
        // A heading announces what was decided, and does not say it.
        for text in memory::sentences_of(&turn.content).into_iter().filter(|it| !it.ends_with(':')) {
            let noted =
                Noted { text: text.clone(), role: turn.role.clone(), at: turn.created_at, source: turn.id.clone() };
            let outcome = meaning::outcome(&text);
            let settles = outcome == Some(Outcome::Decision) || is_done(&text);
            if settles {
                let said = stems(&text);
                let mut keep = words.iter().map(|open| !shares(open, &said));
                left.open.retain(|_| keep.next().unwrap_or(true));
                words.retain(|open| !shares(open, &said));
            }
            match outcome {
                Some(Outcome::Decision) if left.decisions.iter().all(|it| it.text != text) => {
                    left.decisions.push(noted)
                }
                Some(Outcome::Open) if left.open.iter().all(|it| it.text != text) => {
                    words.push(stems(&text));
                    left.open.push(noted);
                }
                _ => {}
            }
        }
    }
    if let Some(turn) = turns.last() {
        unanswered(turn, &mut left);
    }
    left.files = files::named(turns.iter().map(|it| it.content.as_str()));
    left
}

/// A question with which the conversation broke off is open, whoever asked it.
fn unanswered(turn: &TurnRow, left: &mut Left) {
    let asked = memory::sentences_of(&turn.content).into_iter().rev().find(|it| it.ends_with(['?', '？']));
    if let Some(text) = asked.filter(|it| left.open.iter().all(|open| open.text != *it)) {
        let (role, at, source) = (turn.role.clone(), turn.created_at, turn.id.clone());
        left.open.push(Noted { text, role, at, source });
    }
}

fn is_done(text: &str) -> bool {
    let text = text.to_lowercase();
    text.split(|it: char| !it.is_alphanumeric()).any(|it| DONE.contains(&it))
}

fn stems(text: &str) -> HashSet<String> {
    search::query_words(text).iter().map(|it| it.chars().take(STEM).collect()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a sentence has a few dozen words")]
fn shares(open: &HashSet<String>, said: &HashSet<String>) -> bool {
    let shared = open.intersection(said).count();
    // Of two words or fewer nothing can be told.
    shared >= 2 && shared as f64 >= open.len() as f64 * SAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Owner;

    fn check(said: &[(&str, &str)], decisions: &[&str], open: &[&str]) {
        let turn = |(at, (role, content)): (i64, &(&str, &str))| TurnRow {
            id: format!("t{at}"),
            session_id: "s".to_owned(),
            owner: Owner::default(),
            role: (*role).to_owned(),
            content: (*content).to_owned(),
            trace_id: None,
            created_at: at,
        };
        let turns: Vec<TurnRow> = (0..).zip(said).map(turn).collect();
        let left = of(&turns);
        let texts = |list: &[Noted]| list.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&left.decisions), decisions);
        assert_eq!(texts(&left.open), open);
    }

    #[test]
    fn decisions_and_open_points_are_read_and_what_was_settled_later_is_open_no_more() {
        check(
            &[
                ("user", "TODO: choose the port of the server. TODO: write the guide for Windows."),
                ("assistant", "Should the port be 8080?"),
                ("user", "Yes. We decided on port 8080 for the server."),
            ],
            &["We decided on port 8080 for the server."],
            &["TODO: write the guide for Windows."],
        );
        check(&[("assistant", "Decided:\n\nWe decided on port 8080.")], &["We decided on port 8080."], &[]);
        check(
            &[
                ("user", "Next step: fix the flaky test of the importer."),
                ("assistant", "The flaky importer test is fixed."),
            ],
            &[],
            &[],
        );
        check(
            &[("user", "Hello there"), ("assistant", "Hello! What can I do for you?")],
            &[],
            &["What can I do for you?"],
        );
        check(&[("user", "Which port?"), ("assistant", "8080.")], &[], &[]);
        check(&[], &[], &[]);
    }
}
