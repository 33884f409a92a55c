//! Words that people swap without thought, for a question with a word that no memory has: who asks for the boss means
//! the manager.

use rust_stemmers::Algorithm;

use super::question::english_stem;

/// A group of words that stand for each other on each line: of people, homes, work, and machines; an empty line between
/// [`LANGUAGES`]. Written from general knowledge (2026-11-28), before any question was asked that they were tried on.
const GROUPS: &str = include_str!("synonyms.txt");

/// What is one word in two languages means two things: a `chef` is a cook or the boss, a `gift` a present or poison.
const LANGUAGES: [Algorithm; 4] = [Algorithm::English, Algorithm::German, Algorithm::French, Algorithm::Spanish];

/// Words of a question up to which words that stand for one of them count. Remarks of thirty words (MADial-Bench) lose .014
/// MRR without this bound.
pub(super) const SHORT: usize = 6;

/// Letters in which a word and a form of it are the same.
const BEGINNING: usize = 3;

/// What may stand for `word` (lower case), as the table has it, in `language` where that is known: some 10 µs.
pub fn synonyms(word: &str, language: Option<Algorithm>) -> Vec<&'static str> {
    if word.is_empty() {
        return Vec::new();
    }
    let parts = GROUPS.split("\n\n").zip(LANGUAGES).filter(|it| language.is_none_or(|language| it.1 == language));
    let mut found: Vec<&str> = parts.flat_map(|it| of_groups(it.0, word)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The words of the groups that have `word`, besides it.
fn of_groups(groups: &'static str, word: &str) -> Vec<&'static str> {
    let end = word.char_indices().nth(BEGINNING).map_or(word.len(), |it| it.0);
    let stem = english_stem(word);
    let mut found = Vec::new();
    for (at, _) in groups.match_indices(&word[..end]) {
        let (before, behind) = groups.split_at(at);
        let is_word = before.ends_with([' ', '\n']) || before.is_empty();
        let known = behind.split([' ', '\n']).next().unwrap_or_default();
        if !is_word || (known != word && english_stem(known) != stem) {
            continue;
        }
        let begin = before.rfind('\n').map_or(0, |it| it + 1);
        let group = groups[begin..].lines().next().unwrap_or_default();
        found.extend(group.split(' ').filter(|it| *it != known));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_group_stand_for_each_other_in_any_form() {
        assert_eq!(synonyms("bicycles", None), ["bike", "cycle"]);
        assert_eq!(synonyms("tv", None), ["fernseher", "television", "telly"]);
        assert!(synonyms("boss", None).contains(&"manager"));
        assert!(synonyms("gehalt", None).contains(&"lohn"));
        assert_eq!(synonyms("quarterly", None), [""; 0]);
        assert_eq!(synonyms("", None), [""; 0]);
    }

    #[test]
    fn groups_of_another_language_stand_for_nothing() {
        assert_eq!(synonyms("chef", Some(Algorithm::English)), ["cook"]);
        assert_eq!(synonyms("chef", Some(Algorithm::German)), ["chefin", "vorgesetzter"]);
        assert_eq!(synonyms("chef", Some(Algorithm::French)), ["patron", "responsable", "supérieur"]);
        assert_eq!(synonyms("gift", Some(Algorithm::German)), [""; 0]);
        assert_eq!(synonyms("gift", Some(Algorithm::Italian)), [""; 0], "it has no groups");
        assert_eq!(GROUPS.split("\n\n").count(), LANGUAGES.len());
    }

    #[test]
    fn every_line_is_a_group_of_plain_words() {
        for group in GROUPS.lines().filter(|it| !it.is_empty()) {
            let words: Vec<&str> = group.split(' ').collect();
            assert!(words.len() >= 2 && words.iter().all(|it| it.chars().all(char::is_alphabetic)), "{group}");
            assert!(words.iter().all(|it| *it == it.to_lowercase()), "{group}");
        }
    }
}
