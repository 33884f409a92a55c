//! Whether what fills a slot takes the place of what filled it: by what kind of thing both are.

use super::Fact;
use super::conflict::are_opposites;
use super::conflict::is_measure;
use super::conflict::times;
use super::done::is_color;
use super::entries::are_two_entries;
use super::entries::differ_in_period;
use super::sides::dimension;
use super::sides::is_quantity;
use super::sides::is_work;
use super::tables::ATTRIBUTES;
use super::tables::PREPOSITIONS;
use super::tables::PROPERTIES;
use super::topic::stem;
use super::value::are_rivals;
use super::value::is_time;
use super::values;
use std::collections::BTreeSet;

/// How surely `new` takes the place of `old` in the slot that both fill.
pub(super) fn fills_again(old: &Fact, new: &Fact) -> Option<f64> {
    let (one, other): (Vec<&str>, Vec<&str>) = (old.value.split(' ').collect(), new.value.split(' ').collect());
    let is_part = |a: &[&str], b: &[&str]| a.iter().all(|it| b.contains(it));
    if is_part(&one, &other)
        || is_part(&other, &one)
        || differ_in_period(&old.value, &new.value)
        || !new.is_change && are_two_entries(&old.value, &new.value)
    {
        return None;
    }
    if one.len() == 2 && other.len() == 2 && one[0] == other[0] && is_work(one[0]) {
        return Some(0.6);
    }
    if new.replaces.as_ref().is_some_and(|it| it.split(' ').all(|it| one.contains(&it))) {
        return Some(1.0);
    }
    if new.is_change && (are_rivals(&old.value, &new.value) || is_color(&old.value) && is_color(&new.value)) {
        return Some(0.95);
    }
    // `called a.txt`, `called by b.py`.
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let joint = |it: &[&str]| it.get(same).is_some_and(|it| PREPOSITIONS.contains(it));
    if same > 0 && joint(&one) != joint(&other) && !new.is_change {
        return None;
    }
    let owned = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let (kind, other_kind) = (Kind::of(&old.shown, &owned(&one)), Kind::of(&new.shown, &owned(&other)));
    let may_be_many = old.many || new.many;
    // `closed on Mondays`, `free on Sundays`: each on its day.
    let has_day = |it: &[&str]| it.iter().any(|it| values::is_date_part(it));
    if (kind, other_kind) == (Kind::Quality, Kind::Quality) && has_day(&one) && has_day(&other) && !new.is_change {
        return None;
    }
    // `on the 3rd floor`, `moved to the 7th`
    let is_ordinal = |it: &str| it.starts_with('d') && it.len() > 1 && it[1..].bytes().all(|it| it.is_ascii_digit());
    if new.is_change && one.last() == Some(&"floor") && other.len() == 1 && is_ordinal(other[0]) && !may_be_many {
        return Some(0.9);
    }
    match (kind, other_kind) {
        (Kind::Time, Kind::Time) => times(&one, &other).filter(|_| !may_be_many || new.is_change),
        // `is 6`, `is in third grade`
        (Kind::Quantity, Kind::Quantity) if (one[0] == "in") != (other[0] == "in") && !new.is_change => None,
        (Kind::Quantity, Kind::Quantity) => quantities(&one, &other, new.is_change),
        (Kind::Quantity | Kind::Time, _) | (_, Kind::Quantity | Kind::Time) => {
            (new.is_change && !may_be_many).then_some(0.6)
        }
        (Kind::Name, Kind::Name) if !may_be_many => Some(0.95),
        (Kind::Name, Kind::Name) => new.is_change.then_some(0.6),
        (Kind::Quality, Kind::Quality) if one.len() == 1 && other.len() == 1 && are_opposites(one[0], other[0]) => {
            Some(0.9)
        }
        (Kind::Place, Kind::Place) if one.iter().chain(&other).any(|it| is_quantity(it)) => {
            // `on port 80` and `at version 3` are two things.
            let bare = |all: &[&str]| -> Vec<String> {
                all.iter().filter(|it| !is_quantity(it)).map(|it| (*it).to_owned()).collect()
            };
            (new.is_change && !may_be_many && bare(&one) == bare(&other)).then_some(0.9)
        }
        (Kind::Place, Kind::Place) => (new.is_change && !may_be_many).then_some(0.9),
        // `in the hall` is where the lamp is, and not what it is; `on CircleCI` is both.
        (Kind::Place, Kind::Name) if new.is_change && !may_be_many => {
            let is_named = old.shown.chars().any(|it| it.is_uppercase() || it.is_ascii_digit());
            Some(if is_named { 0.9 } else { 0.6 })
        }
        (Kind::Place, _) | (_, Kind::Place) => (new.is_change && !may_be_many).then_some(0.7),
        _ if may_be_many => None,
        (Kind::Quality, Kind::Name) | (Kind::Name, Kind::Quality) if !old.subject.contains(' ') => {
            new.is_change.then_some(0.6)
        }
        _ => {
            // `manager`, `linter`, `provider`: who or what does it.
            let is_attribute = old.subject.split(' ').any(|it| {
                ATTRIBUTES.contains(stem(it).as_str()) || matches!(it, "favorite" | "main" | "default" | "primary")
            });
            let takes_one = is_attribute
                || old.subject.split(' ').any(|it| {
                    PROPERTIES.contains_key(it) || it.len() > 5 && (it.ends_with("er") || it.ends_with("or"))
                });
            let is_noun =
                |fact: &Fact| fact.shown.split(' ').next().is_some_and(|it| values::is_article(&it.to_lowercase()));
            // `the cello`, `the viola now`
            let takes_one = takes_one || new.is_change && is_noun(old) && is_noun(new);
            let opposite = one.iter().any(|a| other.iter().any(|b| are_opposites(a, b)));
            // `The car is red`, `the car is fast`.
            let is_thing = old.subject.split(' ').next_back().is_some_and(|it| THINGS.contains(&it));
            // `My wife is a doctor`, `my wife is fit now`.
            let is_other = takes_one && !is_attribute && is_noun(old) != is_noun(new);
            if !opposite && (is_thing && !(is_noun(old) && is_noun(new)) || is_other) {
                return Some(0.6);
            }
            Some(if new.is_change && takes_one || opposite || is_attribute {
                0.9
            } else if takes_one {
                0.85
            } else {
                0.6
            })
            .filter(|_| new.is_change || takes_one || opposite)
        }
    }
}

/// Things of which one is so and also otherwise.
const THINGS: &[&str] = &[
    "device",
    "laptop",
    "phone",
    "car",
    "bike",
    "keyboard",
    "browser",
    "job",
    "review",
    "order",
    "room",
    "house",
    "apartment",
];

/// What fills a slot, by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Quantity,
    Time,
    Place,
    Name,
    Quality,
}

impl Kind {
    fn of(shown: &str, parts: &[String]) -> Kind {
        let first = parts.first().map(String::as_str).unwrap_or_default();
        let begins = shown.split(' ').find(|it| !values::is_article(&it.to_lowercase()));
        if is_time(parts) {
            Kind::Time
        } else if parts.first().is_some_and(|it| is_quantity(it))
            && parts.get(1).is_none_or(|it| !PREPOSITIONS.contains(&it.as_str()))
            && shown.split(' ').skip(1).any(|it| it.len() > 2 && it.starts_with(char::is_uppercase))
        {
            // `12 Oak Street`
            Kind::Name
        } else if parts.iter().take(2).any(|it| is_quantity(it) && !values::is_date_part(it)) {
            Kind::Quantity
        } else if PREPOSITIONS.contains(&first) {
            Kind::Place
        } else if begins.is_some_and(|it| it.starts_with(char::is_uppercase))
            || has_sign_in(first)
            || parts.last().is_some_and(|it| has_sign_in(it) && !values::is_date_part(it))
        {
            Kind::Name
        } else {
            Kind::Quality
        }
    }
}

/// Two quantities in one slot: `30 days` and `90 days`, not `16 GB` and `4 cores`.
fn quantities(one: &[&str], other: &[&str], is_change: bool) -> Option<f64> {
    // `is 30`, `is 180 cm tall`
    if !is_change && is_measure(one) != is_measure(other) {
        return None;
    }
    if let (Some(a), Some(b)) = (dimension(one), dimension(other))
        && a != b
    {
        return None;
    }
    let units = |all: &[&str]| -> BTreeSet<String> {
        all.iter().filter(|it| !is_quantity(it)).map(|it| it.trim_end_matches('s').to_owned()).collect()
    };
    let (a, b) = (units(one), units(other));
    let plain = |it: &[&str]| it.iter().all(|it| is_quantity(it));
    let alike = a == b
        || plain(one)
        || plain(other)
        || a.is_subset(&b)
        || b.is_subset(&a)
        || dimension(one).is_some() && dimension(one) == dimension(other);
    let numbers =
        |all: &[&str]| -> Vec<String> { all.iter().filter(|it| is_quantity(it)).map(|it| (*it).to_owned()).collect() };
    if !alike || numbers(one) == numbers(other) && a != b {
        return is_change.then_some(0.6);
    }
    Some(0.95)
}

pub(super) fn has_sign_in(part: &str) -> bool {
    part.chars().skip(1).any(|it| it.is_ascii_digit() || matches!(it, '-' | '_' | '.' | '/' | '@'))
        && part.chars().any(char::is_alphabetic)
}
