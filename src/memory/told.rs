//! What memories say in other words than a question has: of a day that it names, and of what its noun asks for.
//!
//! `Incident 2026-10-02` is of 2 October, and `User works at Acme` says who the `employer` is. Both are known without a guess:
//! the one by reading the date, the other by the facts that were read of the memory.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::find::Search;
use super::planned::is_a_day;
use super::planned::past;
use crate::dates::Mention;
use crate::meaning;
use crate::search;
use crate::search::Hashed;
use crate::search::Question;
use crate::store::MemoryReader;
use crate::store::StoreError;

/// Words of a query that is no sentence: `employer`, `Anna's home address`.
const SHORT: usize = 4;

/// What a fact counts of the noun that asks for it: as much as a word that people swap for another.
const OF_A_FACT: f32 = 0.625;

/// The memories that say what a question asks for without its words.
#[derive(Default)]
pub(super) struct Told {
    /// The terms that a memory answers, as bits, and what it counts of each.
    terms: HashMap<i64, (u64, f32), BuildHasherDefault<Hashed>>,
    /// Those that say of a day that it names.
    days: HashSet<i64, BuildHasherDefault<Hashed>>,
}

impl Told {
    /// Looks for what is told of the past days that `search` names, and for the facts that `question` asks for by a noun.
    pub(super) fn of(reader: &MemoryReader<'_>, search: &Search<'_>, question: &Question) -> Result<Told, StoreError> {
        let mut told = Told::default();
        let days: Vec<Mention> = search.times.iter().filter(|it| is_a_day(it)).cloned().collect();
        if !days.is_empty() {
            let named = |it: &Mention| search::query_words(search.query.get(it.start..it.end).unwrap_or_default());
            let words: Vec<String> = days.iter().flat_map(named).collect();
            let terms = bits(question, |it| words.iter().any(|word| word == it));
            told.days.extend(past(reader, &days, search.at)?);
            told.terms.extend(told.days.iter().map(|it| (*it, (terms, 1.0))));
        }
        for asked in asked_for(search.query, question) {
            for seq in reader.with_fact(&asked.subject, asked.attribute)? {
                told.terms.entry(seq).or_insert((asked.terms, OF_A_FACT));
            }
        }
        Ok(told)
    }

    /// The memories, in any order.
    pub(super) fn memories(&self) -> impl Iterator<Item = i64> {
        self.terms.keys().copied()
    }

    /// Whether a memory says of a day that the question names.
    pub(super) fn is_of_a_named_day(&self, seq: i64) -> bool {
        self.days.contains(&seq)
    }

    /// Raises the counts by term of a memory to what it says.
    pub(super) fn raise(&self, seq: i64, of_terms: &mut [f32]) {
        let Some((terms, share)) = self.terms.get(&seq) else { return };
        for (at, count) in of_terms.iter_mut().enumerate() {
            if terms & 1 << (at & 63) != 0 {
                *count = count.max(*share);
            }
        }
    }
}

/// The terms whose words are wanted, as bits.
fn bits(question: &Question, wanted: impl Fn(&str) -> bool) -> u64 {
    question.terms().iter().zip(0..).filter(|it| wanted(&it.0.word)).fold(0, |all, it| all | 1 << (it.1 & 63))
}

/// A fact that is asked for.
struct Asked {
    subject: String,
    attribute: &'static str,
    terms: u64,
}

/// The facts that a query of a noun and its owner asks for: `employer` and `user employer` the user's, `Anna's employer` hers.
fn asked_for(query: &str, question: &Question) -> Vec<Asked> {
    let lower = query.to_lowercase();
    let words: Vec<&str> = lower.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    if words.len() > SHORT {
        return Vec::new();
    }
    let lengths = (1..=words.len()).rev();
    let runs = lengths.flat_map(|length| words.windows(length).map(|it| it.join(" ")));
    let mut named = runs.map(|it| (attributes(&it, question), it)).filter(|it| !it.0.is_empty());
    let Some((attributes, noun)) = named.next() else { return Vec::new() };
    let of_noun = |word: &str| noun.split(' ').any(|it| it == word);
    let terms = bits(question, of_noun);
    let rest: Vec<&str> = question.terms().iter().map(|it| it.word.as_str()).filter(|it| !of_noun(it)).collect();
    let subject = if rest.is_empty() { "user".to_owned() } else { rest.join(" ") };
    attributes.into_iter().map(|attribute| Asked { subject: subject.clone(), attribute, terms }).collect()
}

/// What `noun` names, by itself or by a word that people swap for it.
fn attributes(noun: &str, question: &Question) -> Vec<&'static str> {
    let own = meaning::attributes_named(noun);
    let place = question.terms().iter().position(|it| it.word == noun);
    match place.filter(|_| own.is_empty()) {
        Some(at) => question.synonyms_of(at).into_iter().flat_map(meaning::attributes_named).collect(),
        None => own,
    }
}
