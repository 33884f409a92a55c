//! Times to come in questions about what was recorded: of “next month” nothing is, and that is to be said.

use crate::clock::Millis;
use crate::dates;
use crate::dates::Range;

/// The range of `question`, of which `known` was read: the time to come that it names, where it names no other. Who came back
/// “the next day” did so then, and “about tomorrow's plan” is a topic; so is a time to come in a question for history.
pub(super) fn range_of(question: &str, now: Millis, known: Range, is_history: bool) -> Range {
    const THEN: [&str; 9] = ["return", "back", "again", "came", "come", "later", "wieder", "revien", "vuelv"];
    let is_open = known == Range::default();
    let is_ahead = known.since.is_some_and(|it| it > now);
    let may_be_named = is_open && !is_history;
    if !is_ahead && !may_be_named {
        return known;
    }
    let lower = question.to_lowercase();
    if THEN.iter().any(|it| lower.contains(it)) {
        return Range::default();
    }
    if is_ahead {
        return known;
    }
    let to_come = |it: &dates::Mention| it.since.is_some_and(|it| it > now) && !is_topic(question, it.start, it.end);
    let found = dates::find(question, now).into_iter().find(to_come);
    found.map_or(known, |it| Range { since: it.since, until: it.until })
}

/// Whether the time at these bytes is what something is about: “for next week”, “tomorrow's”.
fn is_topic(question: &str, start: usize, end: usize) -> bool {
    const BEFORE: [&str; 9] = ["about", "for", "über", "für", "sur", "pour", "sobre", "para", "per"];
    let before = question.get(..start).unwrap_or_default().to_lowercase();
    let before = before.split_whitespace().rev().find(|it| *it != "the");
    let (time, behind) = (question.get(start..end).unwrap_or_default(), question.get(end..).unwrap_or_default());
    let owns = ["'s", "’s"].iter().any(|it| behind.starts_with(it) || time.ends_with(it));
    owns || before.is_some_and(|it| BEFORE.contains(&it))
}

#[cfg(test)]
mod tests {
    use super::super::question::Names;
    use super::super::question::read;
    use super::*;
    use crate::clock;

    #[test]
    fn a_topic_is_no_time_to_come() {
        let now = clock::parse("2026-11-21T10:00:00Z").unwrap();
        for text in [
            "asks about tomorrow's meeting",
            "questions about next year's budget",
            "what was decided for next month",
            "what did we plan for next week",
        ] {
            assert_eq!(read(text, now, &Names::default()).range, Range::default(), "{text}");
        }
        let topics = ["plan for next week", "about the next week", "next week's cost", "next week’s cost"];
        let at = |text: &str| text.find("next week").map(|at| (at, at + "next week".len())).unwrap();
        assert!(topics.iter().all(|it| is_topic(it, at(it).0, at(it).1)));
        assert!(!is_topic("sessions next week", 9, 18));
        assert!(read("what will it cost next month?", now, &Names::default()).range.since > Some(now));
    }
}
