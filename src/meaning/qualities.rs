//! What something is like, and what it is: `my car is dirty` leaves it a Golf, and `the lead is sick` leaves the lead to Ana.

use super::Fact;
use super::conflict::are_opposites;
use super::frames::FRAME;
use super::frames::is_framed;
use super::slots::SLOT;
use super::tables::GRADED;
use super::tables::QUALITIES;
use super::tables::STATES;
use super::topic::stem;

/// Words that stand before a quality and leave it one.
const DEGREES: &[&str] = &["very", "really", "quite", "too", "so", "pretty", "rather", "always", "super", "extremely"];

/// Words in -ed that say which of several it is, and not what was done with it.
const VALUES: &[&str] = &[
    "unlimited",
    "limited",
    "advanced",
    "shared",
    "dedicated",
    "managed",
    "hosted",
    "mixed",
    "unlisted",
    "restricted",
    "reduced",
    "extended",
    "assisted",
    "tiered",
    "enhanced",
    "gated",
    "hundred",
];

/// Whether one of both says what something is like, so that both can be so.
pub(super) fn are_apart(old: &Fact, new: &Fact) -> bool {
    let is_of_being = new.attribute == SLOT || new.attribute == "~be";
    if !is_of_being && (is_framed(&new.attribute) || new.attribute.starts_with([FRAME, '='])) {
        return false;
    }
    let (one, other) = (quality(old), quality(new));
    // The mood, the weather, the status: what they are is what they are like.
    if one.is_none() && other.is_none() || takes_quality(old) {
        return false;
    }
    match (one, other) {
        (Some(one), Some(other)) => !new.is_change && !are_opposites(one, other),
        _ => true,
    }
}

/// The quality that it says, when it says nothing else.
fn quality(fact: &Fact) -> Option<&str> {
    let mut words = fact.value.split(' ').filter(|it| !DEGREES.contains(it));
    let word = words.next().filter(|_| words.next().is_none())?;
    let is_done =
        word.len() > 4 && word.ends_with("ed") && !VALUES.contains(&word) && word.chars().all(char::is_alphabetic);
    let is_plain = fact.shown.chars().next().is_some_and(char::is_lowercase);
    (is_plain && (QUALITIES.contains(word) || is_done)).then_some(word)
}

fn takes_quality(fact: &Fact) -> bool {
    let words = fact.subject.split(' ').chain(fact.attribute.split(' '));
    words.into_iter().any(|it| GRADED.contains(&stem(it).as_str()))
        || STATES.iter().any(|it| fact.attribute.split(' ').next() == Some(it.0))
}

#[cfg(test)]
mod tests {
    use super::super::conflict;
    use super::super::facts;

    fn ends(old: &str, new: &str) -> bool {
        let (olds, news) = (facts(old, None), facts(new, None));
        let mut pairs = olds.iter().flat_map(|old| news.iter().map(move |new| (old, new)));
        pairs.any(|(old, new)| {
            old.subject_key() == new.subject_key()
                && old.attribute == new.attribute
                && conflict(old, new).is_some_and(|it| it >= super::super::CERTAIN)
        })
    }

    #[test]
    fn what_it_is_like_leaves_what_it_is() {
        for (one, other) in [
            ("My car is a Golf", "My car is dirty"),
            ("The lead of Apollo is Ana", "The lead of Apollo is very sick"),
            ("Our office is room 4", "Our office is crowded"),
            ("The budget is 20k", "The budget is tight"),
            ("The server is slow", "The server is new"),
        ] {
            assert!(!ends(one, other), "{one} / {other}");
            assert!(!ends(other, one), "{other} / {one}");
        }
        assert!(ends("The mood is good", "The mood is bad"));
        assert!(ends("The status is done", "The status is blocked"));
    }
}
