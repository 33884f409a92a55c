//! A table of words and phrases by what they do: one class a line.

use std::cmp::Reverse;

use super::tokens::is_closing;
use super::tokens::is_unspaced;

/// Words by class. A word may be in several.
#[derive(Default)]
pub(super) struct Lexicon {
    /// By first token, the longest phrases first, and then as they stand in the table.
    entries: Vec<Entry>,
}

/// A phrase where it stands in the table. As lists of words under a map they were ten times as large.
struct Entry {
    first: &'static str,
    phrase: &'static str,
    class: &'static str,
}

impl Lexicon {
    /// Reads lines of `CLASS: word two_words`, in lower case; lines that begin with `#` are the reasons.
    pub(super) fn new(text: &'static str) -> Lexicon {
        let lines = text.lines().filter(|it| !it.trim().is_empty() && !it.starts_with('#'));
        let of_class = |(class, words): (&'static str, &'static str)| {
            let entry = move |phrase| Some(Entry { first: tokens_of(phrase).next()?, phrase, class });
            words.split_whitespace().filter_map(entry)
        };
        let mut entries: Vec<Entry> = lines.filter_map(|it| it.split_once(':')).flat_map(of_class).collect();
        entries.sort_by_cached_key(|it| (it.first, Reverse(tokens_of(it.phrase).count())));
        entries.shrink_to_fit();
        Lexicon { entries }
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
            let begin = self.entries.partition_point(|it| it.first < first.as_str());
            let entries = self.entries.get(begin..).unwrap_or_default();
            for entry in entries.iter().take_while(|it| it.first == first) {
                let Some(found) = begins(rest, entry.phrase) else { continue };
                if !names.is_empty() && found < length {
                    break;
                }
                length = found;
                names.push(entry.class);
            }
            out.push((length, names));
            rest = rest.get(length..).unwrap_or_default();
        }
        out
    }
}

/// How many of `tokens` are `phrase`, when they begin with it.
fn begins(tokens: &[String], phrase: &str) -> Option<usize> {
    let mut length = 0;
    for word in tokens_of(phrase) {
        if tokens.get(length)? != word {
            return None;
        }
        length += 1;
    }
    Some(length)
}

/// What `tokens` makes of a phrase of the table: words, and characters of scripts without spaces.
fn tokens_of(phrase: &str) -> impl Iterator<Item = &str> {
    let is_whole = phrase.starts_with('<') || phrase.chars().all(is_closing);
    let words = phrase.split(move |it| !is_whole && it == '_').filter(|it| !it.is_empty());
    words.flat_map(move |word| {
        let is_cut = !is_whole && word.chars().any(is_unspaced);
        let whole = (!is_cut).then_some(word);
        whole.into_iter().chain(word.split("").filter(move |it| is_cut && !it.is_empty()))
    })
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

    #[test]
    fn a_phrase_is_cut_as_texts_are() {
        for (phrase, tokens) in [
            ("how_many", "how many"),
            ("qu'est-ce_que", "qu'est-ce que"),
            ("什么时候", "什 么 时 候"),
            ("x_何だ", "x 何 だ"),
            ("<code>", "<code>"),
            ("?", "?"),
            ("_", ""),
        ] {
            assert_eq!(tokens_of(phrase).collect::<Vec<_>>().join(" "), tokens, "{phrase}");
        }
    }
}
