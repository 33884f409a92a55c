//! A table of words and phrases by what they do: one class a line.

use std::collections::HashMap;

use super::tokens::is_closing;
use super::tokens::is_unspaced;

/// Words by class. A word may be in several.
#[derive(Default)]
pub(super) struct Lexicon {
    /// By first token, the longest phrases first.
    by_first: HashMap<String, Vec<(Vec<String>, &'static str)>>,
}

impl Lexicon {
    /// Reads lines of `CLASS: word two_words`; lines that begin with `#` are the reasons.
    pub(super) fn new(text: &'static str) -> Lexicon {
        let mut by_first: HashMap<String, Vec<(Vec<String>, &'static str)>> = HashMap::new();
        let lines = text.lines().filter(|it| !it.trim().is_empty() && !it.starts_with('#'));
        for (name, words) in lines.filter_map(|it| it.split_once(':')) {
            for phrase in words.split_whitespace().map(phrase) {
                if let Some(first) = phrase.first() {
                    by_first.entry(first.clone()).or_default().push((phrase, name));
                }
            }
        }
        by_first.values_mut().for_each(|it| it.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len())));
        Lexicon { by_first }
    }

    /// The classes of every word or phrase, in order; empty for a word that is in no class.
    pub(super) fn classes(&self, tokens: &[String]) -> Vec<Vec<&'static str>> {
        self.phrases(tokens).into_iter().map(|it| it.1).collect()
    }

    /// The classes of each token: those of the phrase that it is part of.
    pub(super) fn classes_of_each(&self, tokens: &[String]) -> Vec<Vec<&'static str>> {
        self.phrases(tokens).into_iter().flat_map(|(length, names)| std::iter::repeat_n(names, length)).collect()
    }

    /// Each word or phrase by its length in tokens and its classes.
    fn phrases(&self, tokens: &[String]) -> Vec<(usize, Vec<&'static str>)> {
        let mut out = Vec::new();
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let mut length = 1;
            let mut names: Vec<&'static str> = Vec::new();
            for (phrase, name) in self.by_first.get(first).into_iter().flatten() {
                if !names.is_empty() && phrase.len() < length {
                    break;
                }
                if rest.starts_with(phrase) {
                    length = phrase.len();
                    names.push(name);
                }
            }
            out.push((length, names));
            rest = rest.get(length..).unwrap_or_default();
        }
        out
    }
}

fn phrase(word: &str) -> Vec<String> {
    if word.starts_with('<') || word.chars().all(is_closing) {
        return vec![word.to_owned()];
    }
    let mut out = Vec::new();
    for part in word.split('_').filter(|it| !it.is_empty()) {
        if part.chars().any(is_unspaced) {
            out.extend(part.chars().map(|it| it.to_string()));
        } else {
            out.push(part.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_is_taken_and_a_word_may_do_several_things() {
        let lexicon = Lexicon::new("# why\nMANY: how_many\nHOW: how\nASK: how 何\n");
        let tokens: Vec<String> = "how many x how 何".split(' ').map(str::to_owned).collect();
        assert_eq!(lexicon.classes(&tokens), [vec!["MANY"], vec![], vec!["HOW", "ASK"], vec!["ASK"]]);
    }
}
