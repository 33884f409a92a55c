//! The phrases that state a fact and the verbs that link a property to its value, ready to be matched: read from
//! `tables/phrases.txt`, where their form is told.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tables::Row;
use super::tables::items;
use super::tables::rows;

/// Whether a subject has one value of an attribute at a time, or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    One,
    Many,
}

/// What a group of phrases states.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) attribute: &'static str,
    pub(super) values: Values,
    /// How surely somebody who says this means that it holds now.
    pub(super) confidence: f64,
    /// Whether it tells of a change rather than of a state.
    pub(super) is_change: bool,
    /// Whether it says that it does not hold: `stopped using`.
    pub(super) denies: bool,
    phrases: &'static [&'static str],
}

/// How surely a change that is told has come true.
const OF_A_CHANGE: f64 = 0.9;

/// Each is a way to say the same: two phrases of one are alike word for word of the value.
// A row that cannot be read is left out; a test reads them all.
pub(super) static MEANINGS: LazyLock<Vec<Meaning>> =
    LazyLock::new(|| rows("phrases").iter().filter_map(Meaning::of).collect());

impl Meaning {
    /// A row with a key such as `home / one / 0.95`, `employer / one / change` or `employer / one / end`.
    fn of(row: &'static Row) -> Option<Meaning> {
        let mut key = row.key.split(" / ");
        let attribute = key.next().filter(|it| !it.is_empty())?;
        let values = match key.next()? {
            "one" => Values::One,
            "many" => Values::Many,
            _ => return None,
        };
        let how = key.next()?;
        let is_change = matches!(how, "change" | "end");
        let confidence = if is_change { OF_A_CHANGE } else { how.parse().ok()? };
        let is_whole = key.next().is_none() && (0.0..=1.0).contains(&confidence) && !row.items.is_empty();
        is_whole.then_some(Meaning {
            attribute,
            values,
            confidence,
            is_change,
            denies: how == "end",
            phrases: &row.items,
        })
    }
}

/// Verbs that link a property to its value, and whether they tell of a change.
pub(super) static COPULAS: LazyLock<Vec<(&'static str, bool)>> = LazyLock::new(|| {
    items("copulas").into_iter().map(|it| it.strip_prefix("> ").map_or((it, false), |it| (it, true))).collect()
});

/// A part of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Word(Vec<&'static str>),
    Value,
}

/// A phrase with its meaning, ready to be matched.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) parts: Vec<Part>,
    /// Index into [`MEANINGS`] or [`COPULAS`].
    pub(super) meaning: usize,
}

/// The patterns that begin with a word, the longest first.
pub(super) type Patterns = HashMap<&'static str, Vec<Pattern>>;

pub(super) static PHRASES: LazyLock<Patterns> = LazyLock::new(|| {
    let all = MEANINGS.iter().enumerate();
    index(all.flat_map(|(at, it)| it.phrases.iter().map(move |phrase| (*phrase, at))))
});

pub(super) static LINKS: LazyLock<Patterns> =
    LazyLock::new(|| index(COPULAS.iter().enumerate().map(|(at, (phrase, _))| (*phrase, at))));

fn index(phrases: impl Iterator<Item = (&'static str, usize)>) -> Patterns {
    let mut index = Patterns::new();
    for (phrase, meaning) in phrases {
        for parts in expand(phrase) {
            let Some(Part::Word(first)) = parts.first() else { continue };
            for word in first.clone() {
                index.entry(word).or_default().push(Pattern { parts: parts.clone(), meaning });
            }
        }
    }
    for patterns in index.values_mut() {
        patterns.sort_by_key(|it| std::cmp::Reverse(it.parts.len()));
    }
    index
}

/// The phrase with and without each part that may be missing.
fn expand(phrase: &'static str) -> Vec<Vec<Part>> {
    let mut all: Vec<Vec<Part>> = vec![Vec::new()];
    for word in phrase.split(' ') {
        let may_miss = word.ends_with('?');
        let part = match word.trim_end_matches('?') {
            "_" => Part::Value,
            words => Part::Word(words.split('|').collect()),
        };
        let without = if may_miss { all.clone() } else { Vec::new() };
        for parts in &mut all {
            parts.push(part.clone());
        }
        all.extend(without);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_phrases_can_be_read() {
        for row in rows("phrases") {
            assert!(Meaning::of(row).is_some(), "{row:?}");
            assert!(row.items.iter().all(|it| !it.starts_with('_') && it.split(' ').all(|it| !it.is_empty())));
        }
        assert_eq!(MEANINGS.len(), rows("phrases").len());
    }
}
