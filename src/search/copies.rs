//! Texts that say the same in the same words, so that copies of one do not fill an answer.

use std::collections::HashSet;
use std::hash::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;

use super::rank::Signals;
use super::stopwords::is_stopword;

/// The best places of an answer that are kept for different texts: as many as an answer has by default.
const DIFFERENT: usize = 10;

/// Function words that turn what is said into its opposite.
const TURNING: &[&str] = &[
    "not", "no", "never", "without", "nor", "neither", "t", "nicht", "kein", "keine", "keinen", "nie", "ohne", "pas",
    "jamais", "sans", "non", "nunca", "sin",
];

/// What a word is in a [`fingerprint`]: its hash, and in the lowest bit whether it tells texts apart.
pub(super) fn print(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    let telling = !is_stopword(word) || TURNING.contains(&word);
    hasher.finish() & !1 | u64::from(telling)
}

/// Equal for texts that say the same words in the same order, whatever their case, punctuation and function words.
/// `prints` are those of the words in the text's order.
pub(super) fn fingerprint(prints: impl Iterator<Item = u64> + Clone) -> u64 {
    // An odd number near 2^64 divided by the golden ratio spreads what is close together.
    let join = |all: u64, print: u64| (all.rotate_left(5) ^ print).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    match prints.clone().filter(|it| it & 1 == 1).fold(0, join) {
        // What has function words alone is told apart by those.
        0 => prints.fold(0, join),
        telling => telling,
    }
}

/// Sets copies of better ones behind the first `DIFFERENT` that differ. `scored` are the scores, the best first, and
/// `print` tells the fingerprint of one. The order of `scored` is that of its totals afterwards, too.
pub fn set_copies_behind<E>(
    scored: &mut [Signals],
    mut print: impl FnMut(usize) -> Result<Option<u64>, E>,
) -> Result<(), E> {
    let mut known = HashSet::new();
    let mut copies = Vec::new();
    let mut least = f32::MAX;
    for (at, signals) in scored.iter().enumerate() {
        if known.len() == DIFFERENT {
            break;
        }
        match print(at)? {
            Some(print) if !known.insert(print) => copies.push(at),
            Some(_) | None => least = least.min(signals.total()),
        }
    }
    for at in copies {
        let signals = &mut scored[at];
        // A hair less: floats that are added up differ in their last bits.
        signals.copy = (least * ALMOST - signals.total()).min(0.0);
    }
    Ok(())
}

/// What a copy keeps of the score of the last one before it.
const ALMOST: f32 = 0.999;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::super::analysed::Words;
    use super::super::analysed::analyse;
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let mut words = Words::default();
        let mut print = |text: &str| analyse(text, &mut words, &mut Vec::new()).unwrap().said;
        print(one) == print(other)
    }

    #[test]
    fn copies_are_told_from_what_differs_in_a_word_that_tells() {
        assert!(same("The deploy is on Friday.", "the deploy: on FRIDAY"));
        assert!(!same("meeting on 3 May", "meeting on 4 May"));
        assert!(!same("I like tea", "I do not like tea"));
        assert!(!same("Ana called Bob", "Bob called Ana"));
        assert!(!same("tea, then milk", "tea"));
        assert!(!same("she was here", "he was there"));
    }

    proptest! {
        #[test]
        fn copies_never_fill_the_first_ten(prints in proptest::collection::vec(0u64..30, 0..80)) {
            let mut scored: Vec<Signals> = (0..prints.len())
                .map(|at| Signals { words: 100.0 - at as f32, ..Signals::default() })
                .collect();
            set_copies_behind(&mut scored, |at| Ok::<_, Infallible>(Some(prints[at]))).unwrap();
            let mut order: Vec<usize> = (0..prints.len()).collect();
            order.sort_by(|a, b| scored[*b].total().total_cmp(&scored[*a].total()));
            let different: HashSet<u64> = prints.iter().copied().collect();
            let first: Vec<u64> = order.iter().take(DIFFERENT.min(different.len())).map(|it| prints[*it]).collect();
            prop_assert_eq!(first.iter().collect::<HashSet<_>>().len(), first.len(), "{:?}", first);
            prop_assert!(order.first().is_none_or(|it| *it == 0), "the best stays");
        }
    }
}
