//! Keeps what each statement is about and which things it names: a later one that tells of a change in the same is likely to
//! end the older, and is told where no rule is sure of it.

use std::collections::BTreeSet;

use super::Fact;
use super::frames::Plain;
use super::holdings::PAST;
use super::holdings::about;
use super::holdings::first_subject;
use super::openings::is_change;
use super::tables::MOVES;
use super::tables::NO_SUBJECT;
use super::tables::PREPOSITIONS;
use super::tables::VERBS;
use super::topic::stem;
use super::values;

/// The attribute of what is said of a subject.
pub(super) const NEAR: &str = "@?";

/// Words of a statement; a longer one says several things.
const LONGEST: usize = 16;

/// What the statement is about, with the things that it names.
pub(super) fn nearby(plain: &Plain<'_>) -> Option<Fact> {
    let words = plain.words;
    let subject = first_subject(words).filter(|_| words.len() <= LONGEST)?;
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
    let named: Vec<String> = named.into_iter().collect();
    let fact = plain.says(about(subject, plain.speaker, false)?, NEAR.to_owned(), named.join(" "), named.join(" "));
    Some(Fact { is_change: plain.renews || tells || has_done || !plain.negations.is_empty(), is_whole: false, ..fact })
}

/// How likely `new` says that `old` is over.
pub(super) fn is_likely(old: &Fact, new: &Fact) -> Option<f64> {
    let words = |it: &Fact| it.value.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>();
    let shares = words(old).intersection(&words(new)).next().is_some();
    // A thing with a name of several words is a certain one; of a person much can change.
    let is_certain = new.subject.contains(' ') && !new.subject.starts_with("user ");
    (new.is_change && !old.is_change && old.value != new.value && (shares || is_certain)).then_some(0.5)
}
