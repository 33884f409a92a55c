//! Knows the words that stand in every other request and say what to do, not where: “fix”, “add”, “instead”.
//!
//! In a workspace such a word may be rare, so that its count there takes it for a good one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::terms::terms;

/// Words by what is left of their weight: 1 / (1 + 20 × the share of messages that have them). 0.5 / 1.0 / 0.8 in the measure
/// of weights.rs, more 0.6 / -0.1 / 0.6.
///
/// The shares are medians over the commit messages of eleven public repositories in eight languages (3,000 to 4,000 each,
/// 2026-11-27), in bands of a tenth and more, 4, 2 and 1 of a hundred. By hand: nouns keep 0.65 at least (a book has a
/// chapter on tests), and names of tools and subjects are left out.
const WORDS: &[(f32, &str)] = &[
    (0.25, "add fix update"),
    (0.5, "0 1 2 change make new remove support use"),
    (
        0.65,
        "3 4 5 all allow also avoid build call case check code commit default dependency docs documentation error file handle \
         improve instead issue message more name need no now only option run set some test type up used using value version \
         work",
    ),
    (
        0.8,
        "6 7 8 9 about after always any argument because before being bug cause close command correct create disable \
         document don doesn each enable ensure even every example existing fail first format function get ignore implement \
         include introduce just keep like line list match method missing mode move non one order other out parameter pass \
         provide refactor rename replace report request require result return same see should since skip start string them \
         these they time two typo unused usage users via want warning way what where while without",
    ),
];

static WEIGHTS: LazyLock<HashMap<String, f32>> = LazyLock::new(|| {
    let mut weights = HashMap::new();
    for (weight, words) in WORDS {
        terms(words, |term| {
            weights.insert(term.to_owned(), *weight);
        });
    }
    weights
});

/// What `term` (as the index has it) says of the place that is meant: 1.0 for most words.
pub(super) fn weight(term: &str) -> f32 {
    WEIGHTS.get(term).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_request_says_counts_little() {
        let of = |word: &str| {
            let mut found = 0.0;
            terms(word, |term| found = weight(term));
            found
        };
        assert!(of("fixes") < of("removed") && of("removed") < of("instead") && of("instead") < of("without"));
        assert!((of("parser") - 1.0).abs() < f32::EPSILON);
    }
}
