//! Summarises a session by its own sentences: those whose words the session comes back to, each once, in their order.
//!
//! Nothing is worded anew, so nothing is said that was not, and every sentence has its source.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::search;
use crate::store::SessionEntry;

/// A session with fewer entries, or less text in characters, is its own summary.
const LEAST_ENTRIES: usize = 6;
const LEAST_CHARACTERS: usize = 600;

/// Sentences of a summary: one for so many entries, at least and at most these.
const ENTRIES_FOR_ONE: usize = 4;
const SENTENCES: std::ops::RangeInclusive<usize> = 3..=8;

/// Characters of a summary.
const CHARACTERS: usize = 1_200;

/// Characters of a sentence that says something, and of one that is quoted.
const LEAST_SENTENCE: usize = 20;
const SENTENCE: usize = 280;

/// Sentences that are looked at: a longer session is a book, and its first and last parts tell what it was about.
const LOOKED_AT: usize = 2_000;

/// The beginning of a word that stands for all its forms, in characters.
const STEM: usize = 6;

/// What a question counts for: it tells what was asked, seldom what came of it.
const QUESTION: f64 = 0.6;

/// What a number, a date or a name adds: they are what people look up later.
const CONCRETE: f64 = 1.25;

/// A summary, and the entries that it quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extract {
    pub(super) text: String,
    /// Ids, in order.
    pub(super) sources: Vec<String>,
    /// Each sentence with the id of the entry that says it, in order.
    pub(super) quotes: Vec<(String, String)>,
}

/// What was said, in its own sentences of at most 1,200 characters; `None` when there is too little.
pub fn in_short(entries: &[SessionEntry]) -> Option<String> {
    summarise(entries).map(|it| it.text)
}

/// The sentences of a summary, each with the id of the entry that says it, in order; none when there is too little.
pub fn telling_sentences(entries: &[SessionEntry]) -> Vec<(String, String)> {
    summarise(entries).map(|it| it.quotes).unwrap_or_default()
}

/// Summarises what was said; `None` when there is too little.
pub(super) fn summarise(entries: &[SessionEntry]) -> Option<Extract> {
    let characters: usize = entries.iter().map(|it| it.text.chars().count()).sum();
    if entries.len() < LEAST_ENTRIES || characters < LEAST_CHARACTERS {
        return None;
    }
    let sentences = sentences(entries);
    let chosen = choose(&sentences, (entries.len() / ENTRIES_FOR_ONE).clamp(*SENTENCES.start(), *SENTENCES.end()));
    if chosen.is_empty() {
        return None;
    }
    let mut text = String::new();
    let mut sources: Vec<String> = Vec::new();
    let mut quotes = Vec::new();
    let mut speaker = None;
    for at in chosen {
        let sentence = &sentences[at];
        if speaker == Some(sentence.speaker) {
            text.push(' ');
        } else {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(&format!("{}: ", sentence.speaker));
            speaker = Some(sentence.speaker);
        }
        text.push_str(&sentence.text);
        quotes.extend(sentence.ids.first().map(|id| ((*id).to_owned(), sentence.text.clone())));
        for id in &sentence.ids {
            if !sources.iter().any(|it| it == id) {
                sources.push((*id).to_owned());
            }
        }
    }
    Some(Extract { text, sources, quotes })
}

struct Sentence<'a> {
    /// All that say it: a turn and the memory of it hold the same text.
    ids: Vec<&'a str>,
    speaker: &'a str,
    text: String,
    words: HashSet<String>,
    factor: f64,
}

fn sentences(entries: &[SessionEntry]) -> Vec<Sentence<'_>> {
    let mut found: Vec<Sentence<'_>> = Vec::new();
    let mut by_text: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        for text in sentences_of(&entry.text) {
            if let Some(at) = by_text.get(&text) {
                found[*at].ids.push(&entry.id);
                continue;
            }
            let words: HashSet<String> =
                search::query_words(&text).iter().map(|it| it.chars().take(STEM).collect()).collect();
            if text.chars().count() < LEAST_SENTENCE || words.is_empty() {
                continue;
            }
            let mut factor = if is_concrete(&text) { CONCRETE } else { 1.0 };
            if text.ends_with(['?', '？']) {
                factor *= QUESTION;
            }
            by_text.insert(text.clone(), found.len());
            found.push(Sentence { ids: vec![&entry.id], speaker: &entry.speaker, text, words, factor });
        }
    }
    if found.len() > LOOKED_AT {
        found.drain(LOOKED_AT / 2..found.len() - LOOKED_AT / 2);
    }
    found
}

/// Chooses `count` sentences: each time the one whose words are the likeliest of the session, after which those words
/// count less (SumBasic). Positions, in order.
#[expect(clippy::cast_precision_loss, reason = "counts of words in one session")]
fn choose(sentences: &[Sentence<'_>], count: usize) -> Vec<usize> {
    let mut share: HashMap<&str, f64> = HashMap::new();
    for word in sentences.iter().flat_map(|it| &it.words) {
        *share.entry(word).or_default() += 1.0;
    }
    let all: f64 = share.values().sum();
    share.values_mut().for_each(|it| *it /= all);
    let mut chosen: Vec<usize> = Vec::new();
    let mut characters = 0;
    while chosen.len() < count {
        let weight = |sentence: &Sentence<'_>| {
            let sum: f64 = sentence.words.iter().filter_map(|it| share.get(it.as_str())).sum();
            // Very short sentences win by an average; a few more words are put in for them.
            sentence.factor * sum / (sentence.words.len() as f64).max(5.0)
        };
        let fits = |at: &usize| !chosen.contains(at) && characters + sentences[*at].text.chars().count() <= CHARACTERS;
        let best = (0..sentences.len())
            .filter(fits)
            .max_by(|a, b| weight(&sentences[*a]).total_cmp(&weight(&sentences[*b])).then(b.cmp(a)));
        let Some(best) = best else { break };
        for word in &sentences[best].words {
            if let Some(it) = share.get_mut(word.as_str()) {
                *it *= *it;
            }
        }
        characters += sentences[best].text.chars().count();
        chosen.push(best);
    }
    chosen.sort_unstable();
    chosen
}

/// The sentences of a text, each cut to a length; lines of code and data are cut as well, which does no harm.
pub fn sentences_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with("```")) {
        let mut sentence = String::new();
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            sentence.push(c);
            let ends = match c {
                '.' | '!' | '?' => characters.peek().is_none_or(|it| it.is_whitespace()),
                '。' | '！' | '？' => true,
                _ => false,
            };
            if ends {
                found.push(std::mem::take(&mut sentence));
            }
        }
        found.push(sentence);
    }
    let tidy = |it: String| {
        let it = it.trim();
        match it.char_indices().nth(SENTENCE) {
            Some((at, _)) => format!("{}…", it[..at].trim_end()),
            None => it.to_owned(),
        }
    };
    found.into_iter().map(tidy).filter(|it| !it.is_empty()).collect()
}

/// Whether there is a number in it, or a name that does not begin it.
fn is_concrete(text: &str) -> bool {
    let capital = |it: &str| it.chars().next().is_some_and(char::is_uppercase) && it.chars().count() > 2;
    text.contains(|c: char| c.is_ascii_digit()) || text.split_whitespace().skip(1).any(capital)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(said: &[(&str, &str)]) -> Vec<SessionEntry> {
        let entry = |(at, (speaker, text)): (usize, &(&str, &str))| SessionEntry {
            id: format!("e{at}"),
            speaker: (*speaker).to_owned(),
            text: (*text).to_owned(),
            at: i64::try_from(at).unwrap(),
        };
        said.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn what_a_session_comes_back_to_is_in_it_and_greetings_are_not() {
        let said = entries(&[
            ("user", "Hello there, how are you doing on this fine day of the week?"),
            ("assistant", "Thank you, very well indeed! What can I do for you this morning, my friend?"),
            ("user", "The release of Carryall is planned for 14 March, but the migration tests of the release fail."),
            ("assistant", "The migration tests fail because the schema version was not raised before the release."),
            ("user", "Then we raise the schema version first, and move the release to 21 March."),
            (
                "assistant",
                "Agreed: the release moves to 21 March, after the schema version is raised and the migration tests pass.",
            ),
            ("user", "And remind me to write the changelog for the release."),
            (
                "assistant",
                "Noted. Is there anything else that you would like to talk about today, or shall we stop here?",
            ),
        ]);
        let extract = summarise(&said).unwrap();
        insta::assert_snapshot!(extract.text);
        assert!(extract.sources.contains(&"e5".to_owned()), "{extract:?}");
        assert!(!extract.text.contains("Hello"), "{extract:?}");
    }

    #[test]
    fn a_short_session_is_its_own_summary() {
        assert_eq!(summarise(&entries(&[("user", "We deploy on Fridays")])), None);
        assert_eq!(summarise(&[]), None);
        let empty = vec![("user", "…"); 50];
        assert_eq!(summarise(&entries(&empty)), None);
    }

    #[test]
    fn a_text_that_stands_twice_has_both_as_its_sources() {
        let mut said = vec![("user", "We deploy the tea service of Porto on Fridays, when the harbour is closed.")];
        said.extend(vec![("turn", "We deploy the tea service of Porto on Fridays, when the harbour is closed."); 8]);
        let extract = summarise(&entries(&said)).unwrap();
        assert_eq!(extract.sources.len(), 9);
    }

    proptest! {
        /// Every sentence is one that was said, and its entry is among the sources.
        #[test]
        fn nothing_is_made_up(said in prop::collection::vec("([A-Za-z0-9äß。！.!?]{1,12} ?){3,30}", 6..20)) {
            let said: Vec<(&str, &str)> = said.iter().map(|it| ("user", it.as_str())).collect();
            let said = entries(&said);
            if let Some(extract) = summarise(&said) {
                prop_assert!(extract.text.chars().count() <= CHARACTERS + 200);
                let all: HashSet<String> = said.iter().filter(|it| extract.sources.contains(&it.id)).flat_map(|it| sentences_of(&it.text)).collect();
                let mut left = extract.text.replace("user: ", "").replace('\n', " ");
                let mut known: Vec<&String> = all.iter().collect();
                known.sort_by_key(|it| std::cmp::Reverse(it.len()));
                for sentence in known {
                    left = left.replace(sentence.as_str(), "");
                }
                prop_assert!(left.trim().is_empty(), "{left:?}");
            }
        }
    }
}
