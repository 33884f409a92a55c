//! Says in words why a memory was found, and which part of its score each reason is.

use super::recall::Recollection;
use crate::search;

/// Why memories are here that nobody searched for.
const NEWEST: &str = "newest first: the query has no words to search for";

/// Reasons of what need not have a word of the query.
pub const OF_THE_TIME: &str = "from the time that the query names";
pub const HEIR: &str = "took, or likely takes, the place of one that has the words of the query";

impl Recollection {
    /// Why it is here, in a few words; best reason first.
    pub fn why(&self) -> String {
        let reasons: Vec<String> = self.reasons().into_iter().map(|it| it.0).collect();
        if reasons.is_empty() { NEWEST.to_owned() } else { reasons.join("; ") }
    }

    /// Why it is here, with the share that each reason has in its score, in hundredths that add up to 100, and what of
    /// the query is not in it.
    pub fn explained(&self) -> String {
        let reasons = self.reasons();
        if reasons.is_empty() {
            return NEWEST.to_owned();
        }
        let shares = in_hundredths(&reasons.iter().map(|it| it.1).collect::<Vec<_>>());
        let told = reasons.iter().zip(shares).map(|(it, share)| format!("{} ({share} %)", it.0));
        let mut told: Vec<String> = told.collect();
        if !self.missing.is_empty() {
            told.push(format!("not in it: {}", self.missing.join(", ")));
        }
        told.join("; ")
    }

    /// Each reason with its share, the largest first.
    fn reasons(&self) -> Vec<(String, f32)> {
        let speaker = self.row.speaker.as_deref().unwrap_or_default();
        let (name, content) = (speaker.to_lowercase(), self.row.content.to_lowercase());
        // Who said it is a reason of its own.
        let of_speaker = |word: &str| name.contains(word) && !content.contains(word);
        let matched: Vec<&str> = self.matched.iter().map(String::as_str).filter(|it| !of_speaker(it)).collect();
        let words = match matched.as_slice() {
            [] => "words of the query, by their stems".to_owned(),
            [id] if *id == self.row.id => "named by its id".to_owned(),
            words => {
                let words: Vec<String> = words.iter().map(|it| as_it_stands(it, &content)).collect();
                format!("words: {}", words.join(", "))
            }
        };
        let signals = &self.signals;
        let all = signals.total();
        let mut reasons = vec![
            (words, signals.words),
            ("words said right before or after it".to_owned(), signals.neighbours),
            (format!("said by {speaker}, whom the query names"), signals.speaker),
            ("words that mean about the same".to_owned(), signals.alike),
            (HEIR.to_owned(), signals.heir),
            ("about others than the query asks about".to_owned(), signals.elsewhere),
            ("not said by the one whom the query is about".to_owned(), signals.by_others),
            (OF_THE_TIME.to_owned(), signals.time),
            (format!("names {}, as the query asks", self.asked.name()), signals.kind),
            ("shares other words with the best results".to_owned(), signals.second),
            ("close in meaning".to_owned(), signals.meaning),
            (by_sign(signals.importance, "marked as important", "marked as less important"), signals.importance),
            ("happened lately".to_owned(), signals.recency),
            (by_sign(signals.feedback, "helped before", "passed over before"), signals.feedback),
            ("said right beside a better one, where several things are asked for".to_owned(), signals.beside),
            ("says the same as one above".to_owned(), signals.copy),
        ];
        // What is below a hundredth says nothing.
        reasons.retain(|it| it.1.abs() > all * 0.01);
        reasons.sort_by(|a, b| b.1.total_cmp(&a.1));
        reasons.into_iter().map(|it| (it.0, it.1 / all)).collect()
    }
}

/// A word of the query, with what stands for it in `content` (lower case) where that has not the word itself.
fn as_it_stands(word: &str, content: &str) -> String {
    let holds = |word: &str| content.split(|it: char| !it.is_alphanumeric()).any(|it| it.starts_with(word));
    let stands = || search::synonyms(word, None).into_iter().find(|it| holds(it));
    match if holds(word) { None } else { stands() } {
        Some(other) => format!("{word} ({other})"),
        None => word.to_owned(),
    }
}

fn by_sign(signal: f32, more: &str, less: &str) -> String {
    if signal < 0.0 { less } else { more }.to_owned()
}

/// Shares of one as hundredths that add up to 100: what rounding and left out trifles make of it is the first one's.
fn in_hundredths(shares: &[f32]) -> Vec<i32> {
    let mut hundredths: Vec<i32> = shares.iter().map(|it| (it * 100.0).round() as i32).collect();
    let rest = 100 - hundredths.iter().sum::<i32>();
    if let Some(first) = hundredths.first_mut() {
        *first += rest;
    }
    hundredths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_lost_by_rounding_is_the_largest_ones() {
        assert_eq!(in_hundredths(&[0.833, 0.104, 0.036, 0.036]), [82, 10, 4, 4]);
        assert_eq!(in_hundredths(&[1.2, -0.25]), [125, -25]);
        assert_eq!(in_hundredths(&[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn hundredths_are_a_hundred(shares in proptest::collection::vec(0.01f32..1.0, 1..12)) {
            let all: f32 = shares.iter().sum();
            let shares: Vec<f32> = shares.iter().map(|it| it / all).collect();
            let hundredths = in_hundredths(&shares);
            prop_assert_eq!(hundredths.iter().sum::<i32>(), 100);
            prop_assert!(hundredths.iter().zip(&shares).all(|it| (*it.0 as f32 - it.1 * 100.0).abs() < 8.0));
        }
    }
}
