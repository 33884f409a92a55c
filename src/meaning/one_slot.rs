//! Two plain statements that are the same but for what stands last: `is painted with oil` and `is painted with acrylic`,
//! `plays as a setter` and `plays as a libero`. There is one at a time, but for verbs of which much can be said at once.

use super::Fact;
use super::conflict::is_region;
use super::sides::is_capital;
use super::sides::is_quantity;
use super::tables::ATTRIBUTES;
use super::tables::DOING;
use super::tables::DONE_ONCE;
use super::tables::FREQUENT;
use super::tables::MANY_AT_ONCE;
use super::tables::PREPOSITIONS;
use super::tables::SEVERAL;
use super::topic::stem;
use super::values;

/// Words of what stands last.
const SLOT: usize = 3;

/// How surely `new` says that `old` is over, by one slot; `before` are the words between the verb and it, in both.
pub(super) fn one_slot(
    old: &Fact,
    new: &Fact,
    verb: &str,
    before: &[&str],
    left: &[&str],
    right: &[&str],
) -> Option<f64> {
    if left.len() > SLOT || right.len() > SLOT || class(old, left)? != class(new, right)? {
        return None;
    }
    // One may lie in the other.
    if is_region(&left.join(" ")) != is_region(&right.join(" ")) {
        return None;
    }
    let known = |it: &str| MANY_AT_ONCE.contains(it) || SEVERAL.contains(&it);
    let many = |it: &str| known(it) || it.strip_suffix('s').is_some_and(known);
    let joint = before.last().copied().unwrap_or_default();
    let is_joined = PREPOSITIONS.contains(&joint);
    // `at 7` is an hour, and `5 people` are counted apart from `2 offices`.
    let units = |it: &[&str]| it.iter().filter(|it| !is_quantity(it)).map(|it| stem(it)).collect::<Vec<_>>();
    let is_number = left.iter().any(|it| is_quantity(it));
    if is_number && (units(left) != units(right) || matches!(joint, "at" | "um" | "à" | "las" | "on" | "am")) {
        return None;
    }
    if class(old, left) == Some(Class::Often) || joint == "as" {
        return Some(0.9);
    }
    let sure = match verb {
        "be" | "sein" | "être" | "ser" => {
            let first = *before.first()?;
            let is_doing = first.ends_with("ing");
            let is_done = DONE_ONCE.contains(first);
            let base = super::frames::base_of_doing(first).unwrap_or(first);
            (is_done && is_joined || is_doing && first.len() > 4 && before.len() <= 2) && !many(first) && !many(base)
        }
        "have" => before.len() == 1 && ATTRIBUTES.contains(stem(joint).as_str()),
        "want" => before == ["to", "be"],
        _ if DOING.contains(&verb) && before.len() > 1 => false,
        _ if many(verb) || before.iter().any(|it| many(it)) => false,
        _ => is_joined && !matches!(joint, "about" | "to" | "than" | "like" | "que"),
    };
    sure.then_some(0.9)
}

#[derive(PartialEq, Eq)]
enum Class {
    Name,
    Number,
    Often,
    Word,
}

/// What kind of thing stands there; nothing for times, of which there can be several, and for what is joined otherwise.
fn class(fact: &Fact, slot: &[&str]) -> Option<Class> {
    let is_time = slot.iter().any(|it| values::is_date_part(it) || values::is_clock(it) || MOMENTS.contains(it));
    if is_time || PREPOSITIONS.contains(slot.first()?) {
        None
    } else if FREQUENT.contains(&slot.join(" ").as_str()) {
        Some(Class::Often)
    } else if slot.iter().any(|it| is_quantity(it)) {
        Some(Class::Number)
    } else if slot.iter().any(|it| is_capital(&fact.shown, it)) {
        Some(Class::Name)
    } else {
        Some(Class::Word)
    }
}

/// Times with no number in them.
const MOMENTS: &[&str] = &[
    "morning",
    "mornings",
    "afternoon",
    "afternoons",
    "evening",
    "evenings",
    "night",
    "nights",
    "week",
    "weekend",
    "month",
    "year",
    "spring",
    "summer",
    "autumn",
    "winter",
    "today",
    "tomorrow",
    "christmas",
    "easter",
    "weekends",
    "weekdays",
];
