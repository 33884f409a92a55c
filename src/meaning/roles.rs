//! Reads slots that are named beside a verb: `has a limit of`, `uses X as its Y`, `took over as lead`.

use super::frames::Plain;
use super::slots::Slot;
use super::slots::slot;
use super::values;
use super::words::Word;

/// `has a memory limit of 2 GB`.
pub(super) fn has_of(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let of = rest.iter().position(|it| it.low == "of").filter(|it| (2..=4).contains(it))?;
    let is_quantity = values::normal(rest.get(of + 1..)?).first().is_some_and(|it| super::sides::is_quantity(it));
    if !rest[0].is(&["a", "an"]) || !is_quantity {
        return None;
    }
    let mut topic = of_owner(before);
    topic.extend_from_slice(&rest[1..of]);
    slot(&topic, &rest[of + 1..], plain, false, 0.9)
}

/// `has a new product manager: Felix`.
pub(super) fn has_new(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let start = rest.iter().take(2).position(|it| it.low == "new")?;
    let joint = rest.iter().position(|it| it.is(&[":", ",", "called", "named"])).filter(|it| *it > start + 1)?;
    let mut topic = of_owner(before);
    topic.extend_from_slice(&rest[start + 1..joint]);
    slot(&topic, &rest[joint + 1..], plain, true, 0.9)
}

/// `uses pnpm as its package manager`.
pub(super) fn uses_as(before: &[Word], rest: &[Word], plain: &Plain<'_>) -> Option<Slot> {
    let r#as = rest.iter().position(|it| it.low == "as").filter(|it| (1..=4).contains(it))?;
    let role = &rest[r#as + 1..];
    let first = role.first()?;
    let own = first.is(&["its", "their", "his", "her", "my", "our", "the"]);
    let role = &role[usize::from(own)..];
    let end = role.iter().position(|it| it.is(&["since", "after", "from", "instead", "because"])).unwrap_or(role.len());
    if !own || end == 0 || end > 3 {
        return None;
    }
    let mut topic = of_owner(before);
    topic.extend_from_slice(&role[..end]);
    slot(&topic, &rest[..r#as], plain, false, 0.9)
}

/// `the club elected Dana as treasurer`, `Bob took over as lead of X`, `Bob replaced Ana as lead of X`.
pub(super) fn roles(words: &[Word], plain: &Plain<'_>) -> Vec<Slot> {
    let Some(verb) = words.iter().take(6).position(|it| {
        it.is(&[
            "elected",
            "appointed",
            "hired",
            "named",
            "replaced",
            "replaces",
            "takes",
            "took",
            "succeeded",
            "steps",
            "stepped",
            "chose",
            "picked",
            "made",
        ])
    }) else {
        return Vec::new();
    };
    let Some(r#as) = words.iter().position(|it| it.low == "as").filter(|it| *it > verb) else { return Vec::new() };
    let role = &words[r#as + 1..];
    let end =
        role.iter().position(|it| it.is(&["since", "after", "from", "because", "replacing"])).unwrap_or(role.len());
    let role = &role[..end];
    if role.is_empty() || verb == 0 {
        return Vec::new();
    }
    let chosen = words[verb].is(&["elected", "appointed", "hired", "named", "chose", "picked", "made"]);
    let (who, owner) = if chosen { (&words[verb + 1..r#as], &words[..verb]) } else { (&words[..verb], &words[..0]) };
    if words[verb].is(&["took", "takes", "steps", "stepped"]) && !words[verb + 1].is(&["over", "up", "in"]) {
        return Vec::new();
    }
    let mut topics = vec![role.to_vec()];
    if !owner.is_empty() {
        topics.push([of_owner(owner).as_slice(), role].concat());
    }
    topics.into_iter().filter_map(|it| slot(&it, who, plain, true, 0.9)).collect()
}

/// The words with which the owner of a slot begins.
pub(super) fn of_owner(words: &[Word]) -> Vec<Word> {
    let mut words = words.to_vec();
    words.push(Word { raw: "'s".to_owned(), low: "'s".to_owned() });
    words
}
