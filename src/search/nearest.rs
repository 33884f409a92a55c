//! Which known words a misspelt one may be.

use super::stopwords::is_stopword;

/// Letters from which on one may be wrong: of shorter words that differ in a letter, both are words (`Geld`, `gelb`).
const LONG: usize = 6;

/// Those of `known` that differ from `word` by the fewest slips: one in a word of four letters or more, two from
/// eight on, none in a shorter one. A slip is a letter too many, too few, wrong, or two swapped.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let word: Vec<char> = word.chars().collect();
    let mut allowed = match word.len() {
        0..4 => return Vec::new(),
        4..8 => 1,
        _ => 2,
    };
    let mut best = Vec::new();
    for candidate in known {
        let letters: Vec<char> = candidate.chars().collect();
        if letters.len().abs_diff(word.len()) > allowed || is_stopword(candidate) {
            continue;
        }
        let slips = slips(&word, &letters);
        // Without its last letter a short word is the stem of another: `Marta`, `mart(es)`.
        let is_stem = letters.len() < word.len() && word.starts_with(&letters);
        let is_wrong = word.len() == letters.len() && !of_the_same_letters(&word, &letters);
        let is_other = word.len() < LONG && (is_stem || is_wrong);
        if slips == 0 || slips > allowed || is_other {
            continue;
        }
        if slips < allowed {
            allowed = slips;
            best.clear();
        }
        best.push(candidate);
    }
    best
}

fn of_the_same_letters(a: &[char], b: &[char]) -> bool {
    let sorted = |it: &[char]| {
        let mut it = it.to_vec();
        it.sort_unstable();
        it
    };
    sorted(a) == sorted(b)
}

/// The slips between two words (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (vec![0; width], (0..width).collect());
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_nearest_are_named() {
        let known = ["deploy", "employ", "delay", "melani", "melon"];
        assert_eq!(nearest("deplyo", known.into_iter()), ["deploy"]);
        assert_eq!(nearest("melany", known.into_iter()), ["melani"]);
        assert_eq!(nearest("dep", known.into_iter()), Vec::<&str>::new());
        assert_eq!(nearest("deploy", known.into_iter()), Vec::<&str>::new(), "a known word is no slip");
    }

    #[test]
    fn short_words_that_differ_in_a_letter_are_two_words() {
        for (word, known, expected) in [
            ("geld", "gelb", false),
            ("hause", "hauss", false),
            ("gedl", "geld", true),
            ("brln", "berln", true),
            ("sara", "sarah", true),
            ("kitchn", "kitchen", true),
            ("hautp", "haupt", true),
            ("theer", "there", false),
            ("marta", "mart", false),
        ] {
            assert_eq!(nearest(word, [known].into_iter()).len() == 1, expected, "{word} {known}");
        }
    }

    proptest! {
        #[test]
        fn slips_are_a_distance(a in "[abc]{0,8}", b in "[abc]{0,8}") {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(slips(&x, &y), slips(&y, &x));
            prop_assert_eq!(slips(&x, &y) == 0, a == b);
            prop_assert!(slips(&x, &y) <= x.len().max(y.len()));
        }
    }
}
