//! Texts cut into numbered words once, so that counting the words of a question in them cuts nothing.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;
use std::hash::RandomState;

use super::alike::Meanings;
use super::copies::fingerprint;
use super::copies::print;
use super::fold::fold;
use super::fold::lower_into;
use super::fold::typed;
use super::kinds;
use super::kinds::Kinds;
use super::question::english_stem;
use super::stopwords::is_stopword;
use super::whose::Whose;
use super::words::is_plain;
use super::words::parts;
use super::words::raw_words;

/// Strings with numbers, each once. Number 0 is the empty string.
#[derive(Debug)]
pub struct Names {
    hashing: RandomState,
    /// By the hash of the string.
    numbers: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    text: String,
    /// Where each string ends in `text`.
    ends: Vec<u32>,
}

impl Default for Names {
    fn default() -> Names {
        Names { hashing: RandomState::new(), numbers: HashMap::default(), text: String::new(), ends: vec![0] }
    }
}

impl Names {
    /// The number of `name`, a new one when it has none; `None` when there are too many.
    pub fn number(&mut self, name: &str) -> Option<u32> {
        let (hash, known) = self.look_up(name);
        if known.is_some() {
            return known;
        }
        let number = u32::try_from(self.ends.len()).ok().filter(|it| *it <= MOST_WORDS)?;
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        self.text.push_str(name);
        self.ends.push(end);
        self.numbers.insert(hash, number);
        Some(number)
    }

    /// The number of `name`, if it has one.
    fn find(&self, name: &str) -> Option<u32> {
        self.look_up(name).1
    }

    /// Where a string is in the table, or belongs.
    fn look_up(&self, name: &str) -> (u64, Option<u32>) {
        if name.is_empty() {
            return (0, Some(0));
        }
        let mut hash = self.hashing.hash_one(name);
        while let Some(known) = self.numbers.get(&hash) {
            if self.name(*known) == name {
                return (hash, Some(*known));
            }
            hash = hash.wrapping_add(1);
        }
        (hash, None)
    }

    /// The word with this number; empty for one that was not given.
    pub fn name(&self, number: u32) -> &str {
        let at = number as usize;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(0);
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// Words that have a number.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.len() <= 1
    }

    /// The room that they take, about.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + 4 * self.ends.capacity() + 14 * self.numbers.capacity()
    }
}

/// Hashes what is a hash already, and small numbers well enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // An odd number near 2^64 divided by the golden ratio spreads what is close together.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }
}

/// The highest number of a word: three bytes of an entry are the word, one is how often it is there.
const MOST_WORDS: u32 = (1 << 24) - 1;

/// The longest word that is told from others, in bytes: a question's are shorter.
const WORD_BYTES: usize = 200;

/// What is known of a text besides its words.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outline {
    /// How many words it has.
    pub words: f32,
    /// Whether it ends as a question.
    pub asks: bool,
    /// What it names.
    pub kinds: Kinds,
    /// Equal for texts that say the same in the same words.
    pub said: u64,
    /// Whom it is about, where that is somebody of an owner's.
    pub whose: Whose,
}

/// The words of texts with their numbers, and the English stem of each.
#[derive(Debug, Default)]
pub struct Words {
    names: Names,
    stems: Names,
    /// By word, the number of its stem.
    stem_of: Vec<u32>,
    /// By word, what it is in a fingerprint.
    prints: Vec<u64>,
    meanings: Meanings,
}

impl Words {
    fn number(&mut self, word: &str) -> Option<u32> {
        let number = self.names.number(word)?;
        while self.stem_of.len() < self.names.len() {
            let added = self.names.name(u32::try_from(self.stem_of.len()).ok()?);
            self.meanings.add(added);
            self.prints.push(print(added));
            self.stem_of.push(self.stems.number(&english_stem(&fold(added)))?);
        }
        Some(number)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn word(&self, number: u32) -> &str {
        self.names.name(number)
    }

    fn print(&self, number: u32) -> u64 {
        self.prints.get(number as usize).copied().unwrap_or(0)
    }

    /// The number of the stem of a word.
    pub(super) fn stem_of(&self, number: u32) -> Option<u32> {
        self.stem_of.get(number as usize).copied()
    }

    /// The number of a stem; `None` when no word has it.
    pub(super) fn stem(&self, stem: &str) -> Option<u32> {
        self.stems.find(stem)
    }

    /// What the words mean, by their numbers.
    pub(super) fn meanings(&self) -> &Meanings {
        &self.meanings
    }

    /// The room that they take, about.
    pub fn bytes(&self) -> usize {
        self.names.bytes()
            + self.stems.bytes()
            + 4 * self.stem_of.capacity()
            + 8 * self.prints.capacity()
            + self.meanings.bytes()
    }
}

/// Appends the words of `text` to `entries`, each as its number in `words` and how often it is there. `None` when
/// there are too many different words.
pub fn analyse(text: &str, words: &mut Words, entries: &mut Vec<u32>) -> Option<Outline> {
    let begin = entries.len();
    let text = &*typed(text);
    let mut lower = String::new();
    let mut add = |word: &str| {
        lower.clear();
        lower_into(word, &mut lower);
        // What is too long to be looked for counts as a word that nobody asks for.
        let known = if lower.len() > WORD_BYTES { Some(0) } else { words.number(&lower) };
        known.map(|it| entries.push(it))
    };
    for word in raw_words(text) {
        add(word)?;
        if !is_plain(word) {
            for part in parts(word) {
                add(&part)?;
            }
        }
    }
    let count = entries.len() - begin;
    let said = fingerprint(entries[begin..].iter().map(|it| words.print(*it)));
    pack(entries, begin);
    #[expect(clippy::cast_precision_loss, reason = "as it is counted elsewhere")]
    Some(Outline { words: count as f32, asks: asks(text), kinds: kinds::held_by(text), said, whose: Whose::of(text) })
}

/// The words of a text that [`analyse`] cut into `entries`, which tell it from others: the most frequent of it first, at
/// most `most`, in an order that does not depend on their numbers.
pub fn telling_words(words: &Words, entries: &[u32], most: usize) -> Vec<String> {
    let telling = |word: &str| word.len() > 2 && !is_stopword(word);
    let mut all: Vec<(u32, &str)> = entries.iter().map(|it| (it & 255, words.word(it >> 8))).collect();
    all.retain(|it| telling(it.1));
    all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    all.into_iter().take(most).map(|it| it.1.to_owned()).collect()
}

/// Whether a text ends as a question.
pub(super) fn asks(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？', '؟'])
}

/// Brings numbers into order and equal ones together: the number in the high bytes, how often in the lowest.
fn pack(entries: &mut Vec<u32>, begin: usize) {
    let Some(fresh) = entries.get_mut(begin..) else { return };
    fresh.sort_unstable();
    let mut kept = begin;
    let mut at = begin;
    while let Some(number) = entries.get(at).copied() {
        let same = entries[at..].iter().take(255).take_while(|it| **it == number).count();
        at += same;
        entries[kept] = number << 8 | u32::try_from(same).unwrap_or(255);
        kept += 1;
    }
    entries.truncate(kept);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::Question;

    #[test]
    fn names_keep_their_numbers() {
        let mut names = Names::default();
        let numbers: Vec<_> = ["a", "", "bc", "a", "bc"].iter().map(|it| names.number(it).unwrap()).collect();
        assert_eq!(numbers, [1, 0, 2, 1, 2]);
        assert_eq!((names.name(0), names.name(1), names.name(2), names.name(9)), ("", "a", "bc", ""));
    }

    #[test]
    fn a_word_that_is_repeated_is_counted_in_full() {
        let mut words = Words::default();
        let mut entries = Vec::new();
        let outline = analyse(&"tea ".repeat(1000), &mut words, &mut entries).unwrap();
        assert_eq!((entries.len(), outline.words), (4, 1000.0));
        let question = Question::new("tea");
        assert_eq!(question.counter().count_entries(&words, &entries, outline).of_terms, [1000.0]);
    }

    #[test]
    fn a_stem_that_begins_otherwise_than_its_word_counts_the_same_in_both() {
        for (query, text) in [("die", "dying plants"), ("lie", "lying"), ("tie", "tying knots"), ("dying", "they die")]
        {
            let mut words = Words::default();
            let mut entries = Vec::new();
            let outline = analyse(text, &mut words, &mut entries).unwrap();
            let question = Question::new(query);
            let counted = question.counter().count_entries(&words, &entries, outline);
            assert_eq!(counted, question.counter().count(text), "{query} / {text}");
        }
    }

    #[test]
    fn text_as_pages_have_it_counts_the_same_in_both() {
        for text in ["０.", "the oﬃce on １２ May", "wo\u{AD}rd"] {
            let mut words = Words::default();
            let mut entries = Vec::new();
            let outline = analyse(text, &mut words, &mut entries).unwrap();
            let question = Question::new("office word");
            let counted = question.counter().count_entries(&words, &entries, outline);
            assert_eq!(counted, question.counter().count(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn counts_of_the_analysed_are_those_of_the_text(
            text in "(\\PC{0,12}[ ,.?]|parseHTTPRequest |Häuser |gatos |bought |dying ){0,20}",
            query in "(\\PC{0,8}|http|das Haus|los gatos|buy|die ){1,4}",
        ) {
            let mut words = Words::default();
            let mut entries = vec![7];
            analyse("something else?", &mut words, &mut entries);
            let begin = entries.len();
            let outline = analyse(&text, &mut words, &mut entries).unwrap();
            for query in [&query, &text] {
                let question = Question::new(query);
                let mut counter = question.counter();
                let counted = counter.count_entries(&words, &entries[begin..], outline);
                prop_assert_eq!(counted, question.counter().count(&text));
            }
        }
    }
}
