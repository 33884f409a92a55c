//! Words that are near in meaning to those of a question, by the table in the binary.

use std::collections::HashMap;

use super::analysed::Words;
use super::fold::fold;
use super::members;
use super::question::english_stem;
use super::stopwords::is_stopword;
use super::weights::Weights;
use crate::embed;
use crate::vector::Vector;
use crate::vector::dots;

/// The vector of a word (lower case) that can be near to another one. None for a name, a number, a word of all texts,
/// and one that the table does not know as a whole.
fn meaning(word: &str) -> Option<Vector> {
    let telling = word.len() >= 3 && word.bytes().all(|it| it.is_ascii_lowercase()) && !is_stopword(word);
    if telling { embed::word(word) } else { None }
}

/// What words mean, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    /// By word, where it is in the others; [`NOTHING`] for one that means nothing.
    places: Vec<u32>,
    components: Vec<i8>,
    inverse_lengths: Vec<f32>,
    /// The words that are of some class, by number, with their classes as bits.
    classes: Vec<(u32, u64)>,
    words: u32,
}

const NOTHING: u32 = u32::MAX;

impl Meanings {
    /// Adds the word with the next number.
    pub(super) fn add(&mut self, word: &str) {
        let place = meaning(word).and_then(|vector| {
            let place = u32::try_from(self.inverse_lengths.len()).ok()?;
            self.components.extend_from_slice(vector.components());
            self.inverse_lengths.push(vector.inverse_length());
            Some(place)
        });
        self.places.push(place.unwrap_or(NOTHING));
        let classes = members::of_word(word);
        if classes != 0 {
            self.classes.push((self.words, classes));
        }
        self.words += 1;
    }

    fn classes_of(&self, number: u32) -> u64 {
        let at = self.classes.binary_search_by_key(&number, |it| it.0);
        at.ok().and_then(|at| self.classes.get(at)).map_or(0, |it| it.1)
    }

    fn of(&self, number: u32) -> Option<(&[i8], f32)> {
        let place = *self.places.get(number as usize)? as usize;
        let inverse_length = *self.inverse_lengths.get(place)?;
        let dimensions = self.components.len() / self.inverse_lengths.len();
        Some((self.components.get(place * dimensions..(place + 1) * dimensions)?, inverse_length))
    }

    /// The room that they take, about.
    pub(super) fn bytes(&self) -> usize {
        4 * self.places.capacity()
            + self.components.capacity()
            + 4 * self.inverse_lengths.capacity()
            + size_of::<(u32, u64)>() * self.classes.capacity()
    }
}

/// Terms of a question that words can be near to: a longer question is a document that says in its own words what it
/// means, and each costs at every word that is read.
const MOST_TERMS: usize = 24;

/// What the words of a question mean.
#[derive(Debug)]
pub(super) struct Alike {
    /// The terms that can be near to a word.
    terms: Vec<usize>,
    /// Their vectors, one after another.
    components: Vec<i8>,
    inverse_lengths: Vec<f32>,
    /// The cosine from which on a word counts, and that at which it counts in full.
    from: f32,
    full: f32,
    dots: Vec<i32>,
    /// The terms that ask for things of some class, with their classes as bits.
    classes: Vec<(usize, u64)>,
    /// Stems of words that stand for a term, with the term.
    standing: HashMap<String, usize>,
    /// The same by the numbers of stems.
    numbered: Vec<(u32, usize)>,
}

/// What a word counts that is of a class that is asked for: from .6 to 1.3 all sets are within .003.
const MEMBER: f32 = 1.0;

/// What a word counts that stands for a term (`super::synonyms`). With .3 nothing is gained, with
/// 1.0 LoCoMo loses .005 recall@10.
const STANDING: f32 = 0.6;

impl Alike {
    /// Of words, each with its place among the terms, of the classes of things that terms ask for, and of stems that stand for
    /// a term; `None` when nothing can be near to any.
    pub(super) fn new<'a>(
        words: impl Iterator<Item = (usize, &'a str)>,
        classes: Vec<(usize, u64)>,
        standing: HashMap<String, usize>,
        weights: &Weights,
    ) -> Option<Alike> {
        let mut alike = Alike {
            terms: Vec::new(),
            components: Vec::new(),
            inverse_lengths: Vec::new(),
            from: weights.alike_from,
            full: weights.alike_full,
            dots: Vec::new(),
            classes,
            standing,
            numbered: Vec::new(),
        };
        for (term, word) in words.take(MOST_TERMS) {
            let Some(vector) = meaning(word) else { continue };
            alike.terms.push(term);
            alike.components.extend_from_slice(vector.components());
            alike.inverse_lengths.push(vector.inverse_length());
        }
        alike.dots = vec![0; alike.terms.len()];
        (!alike.terms.is_empty() || !alike.classes.is_empty() || !alike.standing.is_empty()).then_some(alike)
    }

    /// Looks up the numbers that stems have among `words`; to be called again when those are more.
    pub(super) fn number(&mut self, words: &Words) {
        let standing = self.standing.iter();
        self.numbered = standing.filter_map(|(stem, term)| Some((words.stem(stem)?, *term))).collect();
    }

    /// The term that a word is near to, and what it counts of one, 0.0..=1.0.
    pub(super) fn nearest_to_number(&mut self, number: u32, words: &Words) -> Option<(usize, f32)> {
        let stem = words.stem_of(number);
        if let Some(stands) = self.numbered.iter().find(|it| Some(it.0) == stem) {
            return Some((stands.1, STANDING));
        }
        let meanings = words.meanings();
        let near = meanings.of(number).and_then(|it| self.nearest(it.0, it.1));
        if self.classes.is_empty() { near } else { self.with_classes(near, meanings.classes_of(number)) }
    }

    /// The same of a word that has no number.
    pub(super) fn nearest_to_word(&mut self, word: &str) -> Option<(usize, f32)> {
        if !self.standing.is_empty()
            && let Some(term) = self.standing.get(&english_stem(&fold(word)))
        {
            return Some((*term, STANDING));
        }
        let near = meaning(word).and_then(|it| self.nearest(it.components(), it.inverse_length()));
        if self.classes.is_empty() { near } else { self.with_classes(near, members::of_word(word)) }
    }

    /// `near`, or the term that asks for one of the classes of the word, when that counts more.
    fn with_classes(&self, near: Option<(usize, f32)>, classes: u64) -> Option<(usize, f32)> {
        let asked = self.classes.iter().find(|it| it.1 & classes != 0).map(|it| (it.0, MEMBER));
        asked.filter(|it| near.is_none_or(|near| near.1 < it.1)).or(near)
    }

    fn nearest(&mut self, components: &[i8], inverse_length: f32) -> Option<(usize, f32)> {
        dots(components, &self.components, &mut self.dots);
        let cosines = self.dots.iter().zip(&self.inverse_lengths);
        #[expect(clippy::cast_precision_loss, reason = "24 bits of it are enough")]
        let cosines = cosines.map(|(dot, length)| *dot as f32 * length * inverse_length);
        let near = self.terms.iter().copied().zip(cosines).max_by(|a, b| a.1.total_cmp(&b.1));
        near.filter(|it| it.1 > self.from).map(|it| (it.0, ((it.1 - self.from) / (self.full - self.from)).min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::analysed::Words;
    use super::super::analysed::analyse;
    use super::super::question::Question;
    use super::super::weights::Weights;

    fn alike(query: &str, text: &str, names: u64) -> Vec<f32> {
        Question::new(query).counter_of_alike(names, &Weights::default()).count(text).alike
    }

    #[test]
    fn words_that_mean_about_the_same_count_a_part() {
        let counted = alike("Which doctor did she see?", "the physician was kind", 0);
        assert!(counted[0] > 0.0 && counted[0] <= 1.0, "{counted:?}");
        assert_eq!(alike("Which doctor did she see?", "the invoice was kind", 0), Vec::<f32>::new());
    }

    #[test]
    fn names_numbers_and_the_word_itself_are_near_to_nothing() {
        assert_eq!(alike("Anna Maria", "Mary and Anne", 0b11), Vec::<f32>::new());
        assert_eq!(alike("2022", "2023", 0), Vec::<f32>::new());
        assert_eq!(alike("doctor", "two doctors", 0), Vec::<f32>::new());
    }

    #[test]
    fn things_of_the_class_that_is_asked_for_are_near() {
        assert_eq!(alike("Which sports does Ben do?", "I took up kickboxing", 0), [1.0, 0.0]);
        assert_eq!(alike("Which sports does Ben do?", "the quarterly report is late", 0), Vec::<f32>::new());
        assert_eq!(
            alike("Did Ben watch sports on Monday?", "I took up kickboxing", 0),
            Vec::<f32>::new(),
            "not asked for"
        );
        assert_eq!(alike("Which city is home?", "Leipzig", 0b1), Vec::<f32>::new(), "`city` is a name");
    }

    proptest! {
        #[test]
        fn near_words_are_the_same_in_the_analysed_and_in_the_text(
            text in "(doctors? |physician |nurse |judo |Rome |Tea |coffee\\. |car, |vehicle |\\PC{0,5} ){0,30}",
            query in "(what |city |sport |doctor |hospital |drink |car |travel |\\PC{0,5} ){1,6}",
        ) {
            let mut words = Words::default();
            let mut entries = Vec::new();
            let outline = analyse(&text, &mut words, &mut entries).unwrap();
            let question = Question::new(&query);
            let weights = Weights::default();
            let counted = question.counter_of_alike(0, &weights).count_entries(&words, &entries, outline);
            let plain = question.counter_of_alike(0, &weights).count(&text);
            prop_assert_eq!(&counted.of_terms, &plain.of_terms);
            prop_assert_eq!(counted.alike.len(), plain.alike.len());
            prop_assert!(counted.alike.iter().zip(&plain.alike).all(|(a, b)| (a - b).abs() < 1e-3));
        }
    }
}
