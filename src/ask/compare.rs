//! Where several answers to one question agree and where they differ: extractive, in their own sentences. A function
//! over texts; no model judges.

use serde::Serialize;

use crate::search;

/// Sentences that are shown of what all say, and of what one alone says.
const SHOWN: usize = 6;

/// Sentences of an answer that are compared; the work grows with the square.
const COMPARED: usize = 60;

/// How the answers relate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// What all of them say, in the words of the one that stands nearest to the others.
    pub agree: Vec<String>,
    /// What is said by one alone.
    pub differ: Vec<Alone>,
}

/// What one answer says alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alone {
    /// Who says it, as `provider/model`.
    pub by: String,
    pub says: Vec<String>,
}

/// A sentence with what it is compared by.
struct Sentence<'a> {
    text: &'a str,
    words: Vec<String>,
    numbers: Vec<&'a str>,
    is_denied: bool,
}

/// Compares answers, each with who gave it; returns the position of the one nearest to the others, too. Fewer than two
/// agree and differ in nothing.
pub(super) fn compare(answers: &[(String, &str)]) -> (usize, Comparison) {
    if answers.len() < 2 {
        return (0, Comparison::default());
    }
    let cut: Vec<Vec<Sentence<'_>>> = answers.iter().map(|it| sentences(it.1)).collect();
    let says = |who: usize, sentence: &Sentence<'_>| cut[who].iter().any(|it| is_same(sentence, it));
    // For each answer and sentence: how many of the others say it.
    let others = cut.len() - 1;
    let backed: Vec<Vec<usize>> = cut
        .iter()
        .enumerate()
        .map(|(who, list)| {
            let backers = |it| (0..cut.len()).filter(|other| *other != who && says(*other, it)).count();
            list.iter().map(backers).collect()
        })
        .collect();
    let share = |who: usize| {
        let sum: usize = backed[who].iter().sum();
        sum as f64 / backed[who].len().max(1) as f64
    };
    // The first of equals.
    let nearest = (0..cut.len()).rev().max_by(|a, b| share(*a).total_cmp(&share(*b))).unwrap_or(0);
    let shown = |who: usize, wanted: usize| {
        let with = cut[who].iter().zip(&backed[who]).filter(|it| *it.1 == wanted);
        with.map(|it| it.0.text.to_owned()).take(SHOWN).collect::<Vec<_>>()
    };
    let alone = |who: usize| Alone { by: answers[who].0.clone(), says: shown(who, 0) };
    let differ = (0..cut.len()).map(alone).filter(|it| !it.says.is_empty()).collect();
    (nearest, Comparison { agree: shown(nearest, others), differ })
}

fn is_same(a: &Sentence<'_>, b: &Sentence<'_>) -> bool {
    if a.numbers != b.numbers || a.is_denied != b.is_denied {
        return false;
    }
    // All words of the shorter one: the longer may say more, but where each has a word of its own they may be opposites
    // (`increase`, `decrease`). Of both when they are alike: `deploy` is the beginning of `deployment`, but not the other way
    // round.
    let holds = |it: &Sentence<'_>, of: &Sentence<'_>| search::matched(&of.words, it.text).len() == of.words.len();
    let (short, long) = if a.words.len() <= b.words.len() { (a, b) } else { (b, a) };
    holds(long, short) || (long.words.len() <= short.words.len() + 1 && holds(short, long))
}

/// The sentences of a text that say something, without marks of lists and headings.
fn sentences(text: &str) -> Vec<Sentence<'_>> {
    text.lines()
        .flat_map(|line| {
            let mut rest = line;
            std::iter::from_fn(move || {
                if rest.is_empty() {
                    return None;
                }
                let end = sentence_end(rest);
                let (sentence, after) = rest.split_at(end);
                rest = after;
                Some(sentence)
            })
        })
        .map(|it| it.trim().trim_start_matches(['-', '*', '#', '>', '•', ' ']).trim())
        .filter_map(|text| {
            let words = search::query_words(text);
            let is_something = words.iter().any(|it| it.chars().any(char::is_alphabetic));
            is_something.then(|| Sentence { text, numbers: numbers(text), is_denied: is_denied(text), words })
        })
        .take(COMPARED)
        .collect()
}

/// Where the first sentence of `text` ends: after a mark with a blank behind it, so that `1.5` and `a.rs` stay whole.
fn sentence_end(text: &str) -> usize {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && matches!(before, '.' | '!' | '?' | ':' | ';') {
            // `1.` at the beginning numbers a list.
            let numbers_a_list = text[..at].trim_end_matches(['.', ')']).bytes().all(|it| it.is_ascii_digit());
            if !numbers_a_list {
                return at + c.len_utf8();
            }
        }
        if matches!(c, '。' | '！' | '？') {
            return at + c.len_utf8();
        }
        before = c;
    }
    text.len()
}

/// The numbers in a sentence in their order, without citations like `[1]` and the number of a list.
fn numbers(text: &str) -> Vec<&str> {
    let body = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = if body.starts_with(". ") || body.starts_with(") ") { body } else { text };
    let mut found = Vec::new();
    for part in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ',' | '['))) {
        let number = part.trim_matches(|c: char| matches!(c, '.' | ','));
        if number.starts_with(|c: char| c.is_ascii_digit()) {
            found.push(number);
        }
    }
    found
}

fn is_denied(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’');
    let denials = words.filter(|it| NEGATIONS.contains(it) || it.ends_with("n't") || it.ends_with("n’t")).count();
    // Without spaces: `不应该`, `ありません`.
    let joined: usize = ["不", "没", "沒", "ない", "ません", "않"].iter().map(|it| lower.matches(it).count()).sum();
    (denials + joined) % 2 == 1
}

const NEGATIONS: [&str; 33] = [
    "no",
    "not",
    "never",
    "none",
    "neither",
    "cannot",
    "without",
    "avoid",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "nie",
    "niemals",
    "ohne",
    "pas",
    "jamais",
    "sans",
    "non",
    "mai",
    "nunca",
    "sin",
    "não",
    "sem",
    "niet",
    "geen",
    "nooit",
    "не",
    "нет",
    "никогда",
    "без",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(answers: &[&str], agree: &[&str], differ: &[(&str, &[&str])]) {
        let named: Vec<(String, &str)> =
            answers.iter().enumerate().map(|(at, it)| (char::from(b'a' + at as u8).to_string(), *it)).collect();
        let (_, found) = compare(&named);
        let alone: Vec<(&str, Vec<&str>)> =
            found.differ.iter().map(|it| (it.by.as_str(), it.says.iter().map(String::as_str).collect())).collect();
        let expected: Vec<(&str, Vec<&str>)> = differ.iter().map(|it| (it.0, it.1.to_vec())).collect();
        assert_eq!((found.agree.iter().map(String::as_str).collect::<Vec<_>>(), alone), (agree.to_vec(), expected));
    }

    #[test]
    fn what_all_say_and_what_one_says_alone_are_told_apart() {
        check(
            &[
                "The service deploys on Fridays. Rollbacks take five minutes.",
                "- Deployments of the service happen on Fridays.\n- Ask Ana first.",
            ],
            &["The service deploys on Fridays."],
            &[("a", &["Rollbacks take five minutes."]), ("b", &["Ask Ana first."])],
        );
    }

    #[test]
    fn another_number_or_a_negation_is_another_statement() {
        check(
            &["The timeout is 30 seconds.", "The timeout is 60 seconds."],
            &[],
            &[("a", &["The timeout is 30 seconds."]), ("b", &["The timeout is 60 seconds."])],
        );
        check(
            &["You should retry on a timeout.", "You shouldn't retry on a timeout."],
            &[],
            &[("a", &["You should retry on a timeout."]), ("b", &["You shouldn't retry on a timeout."])],
        );
        for (one, other) in [
            ("Increase the batch size.", "Decrease the batch size."),
            ("The timeout is 30 seconds.", "The timeout is 30 minutes."),
            ("Alice should review it.", "Bob should review it."),
            ("Upgrade the server now.", "Avoid upgrading the server now."),
            ("Wir haben einen Cache.", "Wir haben keinen Cache."),
            ("Il faut réessayer.", "Il ne faut pas réessayer."),
            ("应该重试。", "不应该重试。"),
        ] {
            check(&[one, other], &[], &[("a", &[one]), ("b", &[other])]);
        }
        check(&["1. The timeout is 30 s [2].", "The timeout is 30 s."], &["1. The timeout is 30 s [2]."], &[]);
    }

    #[test]
    fn the_one_nearest_to_the_others_is_found() {
        let named = |it: &[&'static str]| it.iter().map(|it| (String::new(), *it)).collect::<Vec<_>>();
        assert_eq!(compare(&named(&["Use bananas.", "Use a mutex here.", "Here use a mutex."])).0, 1);
        assert_eq!(compare(&named(&["Alone."])), (0, Comparison::default()));
        assert_eq!(compare(&[]), (0, Comparison::default()));
    }

    proptest! {
        #[test]
        fn every_sentence_is_a_part_of_its_answer(a in any::<String>(), b in "([a-z0-9.!? \n\\-]|世。){0,200}") {
            let (nearest, found) = compare(&[("a".to_owned(), &a), ("b".to_owned(), &b)]);
            prop_assert!(nearest < 2);
            let texts = [&a, &b];
            prop_assert!(found.agree.iter().all(|it| texts[nearest].contains(it.as_str())));
            for it in &found.differ {
                let text = if it.by == "a" { &a } else { &b };
                prop_assert!(it.says.iter().all(|it| text.contains(it.as_str())));
            }
        }

        #[test]
        fn equal_answers_differ_in_nothing(a in "([a-z0-9.!? \n\\-]|世。){0,200}") {
            let (_, found) = compare(&[("a".to_owned(), &a), ("b".to_owned(), &a)]);
            prop_assert!(found.differ.is_empty(), "{:?}", found);
        }
    }
}
