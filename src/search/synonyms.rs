//! Words that people swap without thought, for a question with a word that no memory has: who asks for the boss means
//! the manager.

use super::question::english_stem;

/// A group of words that stand for each other on each line: of people, homes, work, and machines. English, German, French,
/// Spanish; written from general knowledge (2026-11-28), before any question was asked that they were tried on.
const GROUPS: &str = include_str!("synonyms.txt");

/// Words of a question up to which words that stand for one of them count. Remarks of thirty words (MADial-Bench) lose .014
/// MRR without this bound.
pub const SHORT: usize = 6;

/// Letters in which a word and a form of it are the same.
const BEGINNING: usize = 3;

/// What may stand for `word` (lower case), as the table has it: some 10 µs.
pub fn synonyms(word: &str) -> Vec<&'static str> {
    if word.is_empty() {
        return Vec::new();
    }
    let end = word.char_indices().nth(BEGINNING).map_or(word.len(), |it| it.0);
    let stem = english_stem(word);
    let mut found = Vec::new();
    for (at, _) in GROUPS.match_indices(&word[..end]) {
        let (before, behind) = GROUPS.split_at(at);
        let is_word = before.ends_with([' ', '\n']) || before.is_empty();
        let known = behind.split([' ', '\n']).next().unwrap_or_default();
        if !is_word || (known != word && english_stem(known) != stem) {
            continue;
        }
        let begin = before.rfind('\n').map_or(0, |it| it + 1);
        let group = GROUPS[begin..].lines().next().unwrap_or_default();
        found.extend(group.split(' ').filter(|it| *it != known));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_group_stand_for_each_other_in_any_form() {
        assert_eq!(synonyms("bicycles"), ["bike", "cycle"]);
        assert_eq!(synonyms("tv"), ["fernseher", "television", "telly"]);
        assert!(synonyms("boss").contains(&"manager"));
        assert!(synonyms("gehalt").contains(&"lohn"));
        assert_eq!(synonyms("quarterly"), [""; 0]);
        assert_eq!(synonyms(""), [""; 0]);
    }

    #[test]
    fn every_line_is_a_group_of_plain_words() {
        for group in GROUPS.lines() {
            let words: Vec<&str> = group.split(' ').collect();
            assert!(words.len() >= 2 && words.iter().all(|it| it.chars().all(char::is_alphabetic)), "{group}");
            assert!(words.iter().all(|it| *it == it.to_lowercase()), "{group}");
        }
    }
}
