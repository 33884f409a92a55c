//! Keeps what each statement is about and which things it names: a later one that tells of a change in the same is likely to
//! end the older, and is told where no rule is sure of it.

use std::collections::BTreeSet;

use super::Fact;
use super::alike::is_past;
use super::frames::Plain;
use super::holdings::PAST;
use super::holdings::about;
use super::holdings::first_subject;
use super::openings::is_change;
use super::tables::MOVES;
use super::tables::NO_SUBJECT;
use super::tables::PREPOSITIONS;
use super::tables::VERBS;
use super::tables::WISHED;
use super::topic::stem;
use super::values;
use super::words::Word;

/// The attribute of what is said of a subject.
pub(super) const NEAR: &str = "@?";

/// Stands between what is said and what it is said of.
const ABOUT: char = '|';

/// Stands for any number.
const NUMBER: &str = "#";

/// Stands for any name at the end.
const NAME: &str = "^";

/// Words of a statement; a longer one says several things.
const LONGEST: usize = 16;

/// What the statement is about, with the things that it names.
pub(super) fn nearby(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let subject = first_subject(words).or_else(|| owned_subject(words)).filter(|_| words.len() <= LONGEST)?;
    let said = &words[subject.len()..];
    let named: BTreeSet<String> = values::normal(said)
        .iter()
        .filter(|it| {
            it.chars().count() > 3 && !PREPOSITIONS.contains(&it.as_str()) && !NO_SUBJECT.contains(it.as_str())
        })
        .map(|it| stem(it))
        .filter(|it| !VERBS.contains(it.as_str()))
        .collect();
    let has_done = said.len() > 1
        && (said[0].is(&["has", "have"]) && (said[1].low.ends_with("ed") || said[1].low == "been")
            || said[0].is(&["was", "were", "got"]) && said[1].low.ends_with("ed")
            || said[1].is(&["taken", "given"]));
    let tells = said.iter().take(3).any(|it| is_change(it) || it.is(&MOVES) || it.is(PAST));
    let mut named: Vec<String> = named.into_iter().collect();
    if said.last().is_some_and(Word::is_capital) {
        named.push(NAME.to_owned());
    }
    if said.iter().any(|it| it.low.starts_with(|it: char| it.is_ascii_digit())) {
        named.push(NUMBER.to_owned());
    }
    let about = about(subject, plain.speaker, false)?;
    // Found by its noun: `the tariff` is the energy tariff, when there is no other.
    let key = about.rsplit(' ').next().map(stem)?;
    let named = named.join(" ");
    let fact = plain.says(key, NEAR.to_owned(), format!("{named}{ABOUT}{about}"), named);
    Some(Fact { is_change: plain.renews || tells || has_done || !plain.negations.is_empty(), is_whole: false, ..fact })
}

/// `The roof leaks`, `Lena's seat on the train is 42A`: what begins with whose it is, whatever its verb.
fn owned_subject(words: &[Word]) -> Option<&[Word]> {
    let length = if words.get(1)?.low == "'s" { 3 } else { 2 };
    let (subject, said) = words.split_at_checked(length)?;
    let is_owned =
        length == 3 || subject[0].is(&["the", "my", "our"]) && !subject[1].is_mark() && subject[1].low != "user";
    let first = said.first()?;
    let is_state =
        !first.low.ends_with("ed") && !is_past(first) && !words.iter().any(|it| it.is(&WISHED) || it.is_mark());
    (is_owned && is_state).then_some(subject)
}

/// How likely `new` says that `old` is over.
pub(super) fn is_likely(old: &Fact, new: &Fact) -> Option<f64> {
    let words = |it: &str| it.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
    let parts = |it: &Fact| it.value.split_once(ABOUT).map(|(said, about)| (words(said), words(about)));
    let ((old_said, old_about), (said, about)) = (parts(old)?, parts(new)?);
    // Of one with a short name all kinds of years and places are told.
    let is_short = about.len() == 1 && old_about == about;
    let shares = old_said.intersection(&said).any(|it| !is_short || it != NUMBER && it != NAME);
    // A thing with a name of several words is a certain one; of a person much can change.
    let is_certain = old_about == about && about.len() > 1 && !about.contains("user");
    let is_same = about.is_subset(&old_about);
    (new.is_change && !old.is_change && old.value != new.value && is_same && (shares || is_certain)).then_some(0.5)
}
