//! Takes off what announces a change in front of a statement: `Change of plans:`, `It turns out that`, `As of June`. The
//! statement is given a `now` instead, so that every later reader knows that it has not been so before.

use super::changes::word;
use super::frames::is_verb;
use super::tables::CHANGING;
use super::tables::IDLE;
use super::values;
use super::words::Word;

fn begins(words: &[Word], saying: &str) -> bool {
    let mut at = 0;
    saying.split(' ').all(|low| {
        at += 1;
        words.get(at - 1).is_some_and(|it| it.low == low)
    })
}

/// Takes what opens a sentence and says that it is a change: `Change of plans:`, `It turns out that`, `These days`.
pub(super) fn opened(words: &mut Vec<Word>) {
    let mut renews = false;
    // `Sorry, scratch that, …`
    for _ in 0..3 {
        let known = CHANGING.iter().find(|it| begins(words, it));
        let Some(saying) = known.or_else(|| IDLE.iter().find(|it| begins(words, it))) else { break };
        let mut end = saying.split(' ').count();
        let is_closed = words.get(end).is_some_and(|it| it.is(&[",", ":", ";", "that"]));
        end += usize::from(is_closed);
        // `Note the change`, `Remember milk` are no openings.
        if words.len() < end + 3 || !is_closed && (known.is_none() || saying.starts_with("not")) {
            break;
        }
        words.drain(..end);
        renews |= known.is_some();
    }
    renews |= labelled(words);
    renews |= dated(words);
    // `After trimming, the hedge is 1.5 metres high`.
    if words.len() > 6
        && words[0].low == "after"
        && words[1].low.ends_with("ing")
        && let Some(comma) = words.iter().take(5).position(|it| it.low == ",")
    {
        words.drain(..=comma);
        renews = true;
    }
    if renews && !words.iter().any(|it| it.is(&["now"])) {
        words.push(word("now"));
    }
}

/// `Quick correction: …`, `Change of plans: …`, and `Address change: 5 Elm Street`, which names the slot.
fn labelled(words: &mut Vec<Word>) -> bool {
    const CHANGE: &[&str] = &["update", "correction", "change", "changes", "fix", "plans", "plan"];
    const LABEL: &[&str] = &["info", "information", "news", "note", "reminder", "announcement"];
    const KINDS: &[&str] = &[
        "small",
        "quick",
        "new",
        "minor",
        "slight",
        "latest",
        "short",
        "important",
        "big",
        "another",
        "of",
        "'s",
        "today",
        "status",
        "a",
        "one",
        "little",
        "change",
        "schedule",
        "the",
    ];
    let Some(mark) = words.iter().take(6).position(|it| it.is(&[":", ","])).filter(|it| *it > 0) else { return false };
    let label = &words[mark - 1];
    let is_change = label.is(CHANGE);
    if !is_change && !label.is(LABEL) || words.len() < mark + 2 {
        return false;
    }
    let is_statement = words.len() > mark + 3;
    if is_statement
        && (mark == 1 && !label.is(&["plan", "plans"]) || mark > 1 && words[..mark - 1].iter().all(|it| it.is(KINDS)))
    {
        words.drain(..=mark);
        return is_change;
    }
    // A key and its value: `Address change: 5 Elm Street`.
    let is_statement =
        is_statement && words[mark + 1..].iter().any(|it| is_verb(it) || it.is(&["was", "has", "have", "am"]));
    if mark > 1 && is_change && !label.is(&["plan", "plans"]) && words[mark].low == ":" && !is_statement {
        words.remove(mark - 1);
        return true;
    }
    false
}

/// `Since May Alice …`, `As of next week we …`, with or without a comma: a day from which on it is so.
fn dated(words: &mut Vec<Word>) -> bool {
    let from = if begins(words, "as of") {
        2
    } else if words.first().is_some_and(|it| {
        it.is(&["since", "starting", "beginning", "effective", "from", "ab", "seit", "depuis", "desde"])
    }) {
        1
    } else {
        return false;
    };
    let is_moment = |it: &Word| {
        values::month(&it.low).is_some()
            || values::weekday(&it.low).is_some()
            || it.low.starts_with(|it: char| it.is_ascii_digit())
            || it.is(&[
                "in",
                "on",
                "from",
                "the",
                "next",
                "last",
                "this",
                "week",
                "month",
                "year",
                "today",
                "tomorrow",
                "yesterday",
                "q1",
                "q2",
                "q3",
                "q4",
                "spring",
                "summer",
                "autumn",
                "fall",
                "winter",
                "of",
                "letzter",
                "letzte",
                "nächster",
                "nächste",
                "woche",
                "monat",
                "heute",
                "gestern",
                "january's",
            ])
    };
    let end = from + words[from..].iter().take(5).take_while(|it| is_moment(it)).count();
    let has_day = words[from..end].iter().any(|it| !it.is(&["in", "on", "from", "the", "of"]));
    if end == from || !has_day || words.len() < end + 3 || words[end].is(&["to", "until", "till", "bis", "and"]) {
        return false;
    }
    let end = end + usize::from(words[end].is(&[",", "on"]));
    let end = end + usize::from(words[end].is(&[","]));
    // `As of January 2023 the team had 4 people` tells of then.
    let is_of_then = words[..end].iter().any(|it| it.low.len() == 4 && it.low.bytes().all(|it| it.is_ascii_digit()))
        && words[end..].iter().any(|it| it.is(&["had", "was", "were"]));
    if words.len() < end + 3 || is_of_then {
        return false;
    }
    words.drain(..end);
    true
}

#[cfg(test)]
mod tests {
    use super::super::words::sentences;
    use super::*;

    fn check(sentence: &str, expected: &str) {
        let mut words = sentences(sentence, 2).swap_remove(0).words;
        opened(&mut words);
        let said = words.iter().map(|it| it.low.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(said, expected, "{sentence}");
    }

    #[test]
    fn what_announces_a_change_is_a_now() {
        check("Change of plans: we meet on Friday.", "we meet on friday now");
        check("Quick correction: Ana uses Vim.", "ana uses vim now");
        check("Scratch that, Ana uses Vim.", "ana uses vim now");
        check("Sorry, I was wrong: Ana uses Vim.", "ana uses vim now");
        check("It turns out that Ana uses Vim.", "ana uses vim now");
        check("These days Ana uses Vim.", "ana uses vim now");
        check("Since May Ana uses Vim.", "ana uses vim now");
        check("As of 1 June 2026, Ana uses Vim.", "ana uses vim now");
        check("Starting next week our bank is ING.", "our bank is ing now");
        check("After trimming, the hedge is 2 metres high", "the hedge is 2 metres high now");
        check("Address change: 5 Elm Street", "address : 5 elm street now");
    }

    #[test]
    fn other_openings_say_nothing_and_other_beginnings_stay() {
        check("Please note that Ana uses Vim.", "ana uses vim");
        check("Just so you know, Ana uses Vim.", "ana uses vim");
        check("Remember milk and bread", "remember milk and bread");
        check("Since the move I sleep well", "since the move i sleep well");
        check("From 9 to 5 Ana works", "from 9 to 5 ana works");
        check("Change the lamp", "change the lamp");
        check("Plan: buy a lamp", "plan : buy a lamp");
    }
}
