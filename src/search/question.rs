//! A question as its words, and how often a text has them.

use std::collections::HashMap;

use rust_stemmers::Algorithm;
use rust_stemmers::Stemmer;

use super::alike::Alike;
use super::analysed::Outline;
use super::analysed::Words;
use super::analysed::asks;
use super::fold::fold;
use super::fold::fold_into;
use super::fold::lower_into;
use super::fold::typed;
use super::irregular;
use super::kinds;
use super::kinds::Kinds;
use super::language;
use super::language::Stems;
use super::light;
use super::members;
use super::synonyms;
use super::weights::Weights;
use super::whose::Owners;
use super::whose::Whose;
use super::words::form_of_before;
use super::words::is_plain;
use super::words::parts;
use super::words::query_words;
use super::words::raw_words;

/// A word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As the question has it, in lower case.
    pub word: String,
    /// What to ask the text index for: any of these.
    pub forms: Vec<String>,
}

/// A question, ready to be compared with texts.
pub struct Question {
    terms: Vec<Term>,
    /// The term of a stem, and [`INSTEAD`] more where the stem only stands for it.
    stems: HashMap<String, usize>,
    /// By the first letter, the second letters with which some form begins, as bits: most words of a text are none
    /// of the question's, and this sees it before anything is copied.
    beginnings: [u32; 128],
    stemmer: Stemmer,
    /// Stems by the question's own language, when that is not English; by several when it can be any.
    others: Vec<Other>,
    /// The terms that ask for things of some class, with their classes as bits (`super::members`).
    classes: Vec<(usize, u64)>,
    /// Its language, where its words tell it.
    language: Option<Algorithm>,
    /// Stems of words that stand for a term, with the term (`super::synonyms`).
    standing: HashMap<String, usize>,
    /// Of whom it may ask something.
    owners: Owners,
}

/// The terms by their stems in another language than English.
struct Other {
    stems: Stems,
    terms: HashMap<String, usize>,
}

/// What is added to the place of a term for a word that stands in its stead: more than there are places, and a multiple of 64, so
/// that both are one bit.
const INSTEAD: usize = 256;

/// What such a word counts of the term, so that a memory with the very word comes first. In eighths, so that the sum of many is
/// the same in whichever order they are added.
const INSTEAD_COUNTS: f32 = 0.625;

/// The term at a place in [`Question::stems`], and what a word there counts of it.
fn counted(place: usize) -> (usize, f32) {
    if place < INSTEAD { (place, 1.0) } else { (place - INSTEAD, INSTEAD_COUNTS) }
}

/// Words that [`Question::of_others`] takes: those of a few texts, fewer than marks of a counter.
const MOST_OTHERS: usize = 192;

/// How often a text has the words of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// By term.
    pub of_terms: Vec<f32>,
    /// By term, words that are near to it in meaning, each as what it counts of one; empty when there are none.
    pub alike: Vec<f32>,
    /// How many words the text has.
    pub words: f32,
    /// Whether it ends as a question.
    pub asks: bool,
    /// What it names.
    pub kinds: Kinds,
    /// Whom it is about, where that is somebody of an owner's.
    pub whose: Whose,
}

impl Counts {
    /// Adds words that are near to terms, each with what it counts.
    fn add_alike(&mut self, near: &[(usize, f32)]) {
        if near.is_empty() {
            return;
        }
        self.alike.resize(self.of_terms.len(), 0.0);
        for (term, worth) in near {
            if let Some(sum) = self.alike.get_mut(*term) {
                *sum += worth;
            }
        }
    }
}

impl Question {
    /// Takes `query` apart into the terms of the index, in the language that it is in.
    pub fn new(query: &str) -> Question {
        let query = &*typed(query);
        let lower = query.to_lowercase();
        let languages = language::of_question(&raw_words(&lower));
        let mut question = Question::empty(&languages);
        question.language = language::alone(&languages, raw_words(&lower));
        let words = query_words(query);
        // The common stopwords are those of four languages; the question's own are known now.
        let language = question.language;
        let telling = |word: &&String| language.is_none_or(|it| !language::is_function_word(it, word));
        let some = words.iter().any(|it| telling(&it));
        let names =
            if language.is_some_and(language::writes_names_alone_in_capitals) { names(query) } else { Vec::new() };
        for word in words.iter().filter(|it| !some || telling(it)) {
            question.add(word.clone(), names.contains(word));
        }
        let asked = members::asked_words(query);
        let terms = question.terms.iter().enumerate().filter(|it| asked.contains(&it.1.word));
        let classes = terms.map(|it| (it.0, members::named_by(&it.1.word)));
        question.classes = classes.filter(|it| it.1 != 0).collect();
        question.note_synonyms();
        question.owners = Owners::of(query);
        question
    }

    /// Whether a text is about somebody of the one whom it asks about: `my brother drives a van`, where it asks what I drive.
    pub fn is_about_another(&self, text: &Counts) -> bool {
        self.owners.are_not(text.whose)
    }

    /// Notes what may stand for its terms, when they are few.
    fn note_synonyms(&mut self) {
        let places = 0..self.terms.len();
        let standing = places.flat_map(|at| self.synonyms_of(at).into_iter().map(move |it| (at, it)));
        let standing: Vec<(usize, String)> = standing.map(|(at, it)| (at, self.stem(it))).collect();
        for (at, stem) in standing {
            if !self.stems.contains_key(&stem) {
                self.standing.entry(stem).or_insert(at);
            }
        }
    }

    /// The words that people swap with a term, where the question is short.
    pub fn synonyms_of(&self, term: usize) -> Vec<&'static str> {
        let term = self.terms.get(term).filter(|_| self.terms.len() <= synonyms::SHORT);
        term.map(|it| synonyms::synonyms(&it.word, self.language)).unwrap_or_default()
    }

    /// The words of the class that a term asks for, where all of the question asks for some.
    pub fn members_of(&self, term: usize) -> Vec<&'static str> {
        let all = self.classes.len() == self.terms.len();
        let asked = self.classes.iter().find(|it| it.0 == term && all);
        asked.map(|it| members::members(it.1)).unwrap_or_default()
    }

    /// Something to count `words` with, those of the question left out.
    pub fn of_others(&self, words: impl Iterator<Item = String>) -> Question {
        let mut others = Question::empty(&[]);
        for word in words {
            let stem = others.stem(&fold(&word));
            if !self.stems.contains_key(&stem) && others.terms.len() < MOST_OTHERS {
                others.add_plain(word, stem);
            }
        }
        others
    }

    /// The same question, in which each named term also means the stem beside it: `(place of the term, stem)`. Those of
    /// `instead` count less than the term itself.
    pub fn meaning_too(&self, query: &str, stems: &[(usize, String)], instead: &[(usize, String)]) -> Question {
        let mut question = Question::new(query);
        let all = stems.iter().map(|it| (it, 0)).chain(instead.iter().map(|it| (it, INSTEAD)));
        for ((at, stem), mark) in all {
            if let Some(term) = question.terms.get_mut(*at) {
                term.forms.push(stem.clone());
            }
            question.note_beginning(stem);
            question.stems.entry(stem.clone()).or_insert(at + mark);
            for other in &mut question.others {
                other.terms.entry(stem.clone()).or_insert(at + mark);
            }
        }
        question
    }

    fn add(&mut self, word: String, is_name: bool) {
        let folded = fold(&word);
        let plain = irregular::plain(&folded).unwrap_or(&folded).to_owned();
        let mut forms = vec![word.clone()];
        forms.extend((plain != folded).then(|| plain.clone()));
        forms.extend(irregular::forms(&plain).filter(|it| *it != folded).map(str::to_owned));
        forms.extend(form_of_before(&word));
        let stem = self.stem(&folded);
        if self.stems.contains_key(&stem) {
            return;
        }
        // Where the language is not known, a short stem is some other word in one of them, and a longer one may be.
        let is_sure = self.others.len() == 1;
        let least = if is_sure { 1 } else { language::SURE_STEM };
        let place = if is_sure { self.terms.len() } else { self.terms.len() + INSTEAD };
        for other in self.others.iter_mut().filter(|_| !is_name) {
            forms.extend(other.stems.irregular_forms(&word).into_iter().map(str::to_owned));
            let other_stem = fold(&other.stems.stem(&word));
            // By bytes, so that `œil` is as long as `oeil`.
            if other_stem.len() < least {
                continue;
            }
            if other_stem != folded && !forms.contains(&other_stem) {
                forms.push(other_stem.clone());
            }
            other.terms.entry(other_stem).or_insert(place);
        }
        // A stem can begin otherwise than its words do in the first letters only when it is not longer than they are.
        for form in forms.iter().map(|it| fold(it)).chain([stem.clone()]) {
            self.note_beginning(&form);
        }
        self.stems.insert(stem, self.terms.len());
        self.terms.push(Term { word, forms });
    }

    fn empty(languages: &[Algorithm]) -> Question {
        Question {
            terms: Vec::new(),
            stems: HashMap::new(),
            beginnings: [0; 128],
            stemmer: Stemmer::create(Algorithm::English),
            others: languages.iter().map(|it| Other { stems: Stems::of(*it), terms: HashMap::new() }).collect(),
            classes: Vec::new(),
            language: None,
            standing: HashMap::new(),
            owners: Owners::default(),
        }
    }

    /// Adds a word by its stem alone.
    fn add_plain(&mut self, word: String, stem: String) {
        if self.stems.contains_key(&stem) {
            return;
        }
        self.note_beginning(&fold(&word));
        self.note_beginning(&stem);
        self.stems.insert(stem, self.terms.len());
        self.terms.push(Term { forms: Vec::new(), word });
    }

    fn note_beginning(&mut self, form: &str) {
        if let [first, rest @ ..] = form.as_bytes()
            && let Some(seconds) = self.beginnings.get_mut(usize::from(*first))
        {
            *seconds |= rest.first().map_or(1, |second| 1 << (second & 31));
            // One that is only as long as its first letter may be the stem of a longer one.
            if rest.is_empty() {
                *seconds = u32::MAX;
            }
        }
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The stem of a term.
    pub fn stem_of(&self, term: usize) -> Option<String> {
        self.terms.get(term).map(|it| self.stem(&fold(&it.word)))
    }

    /// What a term tells at most, however few texts have it.
    pub fn most_told_by(&self, term: usize) -> f32 {
        self.stem_of(term).map_or(f32::INFINITY, |it| light::most_told_by(&it))
    }

    /// The stem of a word as the terms have it.
    pub fn stem_of_word(&self, word: &str) -> String {
        self.stem(&fold(word))
    }

    /// Whether it is, or may be, in a language that writes words together.
    pub fn is_of_compounds(&self) -> bool {
        self.others.iter().any(|it| it.stems.joins_words())
    }

    /// What of a term may stand in a longer word: itself and its stems in the languages that write words together, folded.
    pub fn parts_of(&self, term: usize) -> Vec<String> {
        let Some(term) = self.terms.get(term) else { return Vec::new() };
        let stems = self.others.iter().filter(|it| it.stems.joins_words()).map(|it| fold(&it.stems.stem(&term.word)));
        let mut parts: Vec<String> = stems.filter(|it| it.chars().count() >= language::SURE_STEM).collect();
        parts.push(fold(&term.word));
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    /// Its words, as it has them.
    pub fn words(&self) -> Vec<String> {
        self.terms.iter().map(|it| it.word.clone()).collect()
    }

    fn stem(&self, folded: &str) -> String {
        english_stem_by(&self.stemmer, folded)
    }

    /// Something that counts, and remembers the words that it has seen.
    pub fn counter(&self) -> Counter<'_> {
        Counter {
            question: self,
            known: HashMap::new(),
            numbered: Vec::new(),
            stems: Vec::new(),
            folded: String::new(),
            alike: None,
            close: Vec::new(),
            seen: HashMap::new(),
        }
    }

    /// The same, which also counts words that are near in meaning to terms other than `names` (as bits).
    pub fn counter_of_alike(&self, names: u64, weights: &Weights) -> Counter<'_> {
        let is_name = |term: usize| names & (1 << (term & 63)) != 0;
        let terms = self.terms.iter().enumerate().filter(|it| !is_name(it.0));
        let classes = self.classes.iter().copied().filter(|it| !is_name(it.0)).collect();
        let standing = self.standing.iter().filter(|it| !is_name(*it.1)).map(|it| (it.0.clone(), *it.1)).collect();
        let alike = Alike::new(terms.map(|it| (it.0, it.1.word.as_str())), classes, standing, weights);
        Counter { alike, ..self.counter() }
    }
}

fn english_stem_by(stemmer: &Stemmer, folded: &str) -> String {
    let plain = irregular::plain(folded).unwrap_or(folded);
    stemmer.stem(plain).into_owned()
}

/// The stem by which a folded word is compared.
pub(super) fn english_stem(folded: &str) -> String {
    english_stem_by(&Stemmer::create(Algorithm::English), folded)
}

/// The words in capitals within the sentences of `query`, in lower case, where others are not in capitals: `¿Dónde vive
/// Carla?`. Names have no other forms: Carlos is somebody else.
fn names(query: &str) -> Vec<String> {
    let sentences = query.split(['.', '?', '!', '¿', '¡', ':']);
    let within: Vec<&str> = sentences.flat_map(|it| raw_words(it).skip(1)).collect();
    if within.iter().all(|it| it.starts_with(char::is_uppercase)) {
        return Vec::new();
    }
    within.into_iter().filter(|it| it.starts_with(char::is_uppercase)).map(str::to_lowercase).collect()
}

/// The words of a text, and the parts of those that have any.
fn for_each_word(text: &str, mut found: impl FnMut(&str)) {
    let text = &*typed(text);
    for word in raw_words(text) {
        found(word);
        if !is_plain(word) {
            parts(word).iter().for_each(|it| found(it));
        }
    }
}

/// Counts the words of one question in many texts.
pub struct Counter<'a> {
    question: &'a Question,
    /// The term of a word of a text, `None` for a word that is of no term.
    known: HashMap<String, Option<usize>>,
    /// By the number of a word: what it is, see [`UNSEEN`] and below.
    numbered: Vec<u16>,
    /// The numbers of the question's stems among those of the words, as far as they have any, with their terms.
    stems: Vec<(u32, usize)>,
    folded: String,
    /// The meanings of the question's words; `None` when no near ones are counted.
    alike: Option<Alike>,
    /// The terms of words that are near to one, each with what it counts.
    close: Vec<(usize, f32)>,
    /// The same by word, for texts that are not numbered.
    seen: HashMap<String, Option<(usize, f32)>>,
}

/// It was not looked at yet.
const UNSEEN: u16 = 0;
/// It is of no term, and near to none.
const OF_NONE: u16 = 1;
/// It is at the first place of a term; the others follow. A question has at most 48 terms (`super::words`).
const FIRST_TERM: u16 = 2;
/// It is the first of those that are near to a term.
const FIRST_ALIKE: u16 = 512;

impl Counter<'_> {
    /// Counts the words of the question in `text`.
    pub fn count(&mut self, text: &str) -> Counts {
        let text = &*typed(text);
        let mut counts =
            Counts { of_terms: vec![0.0; self.question.terms.len()], asks: asks(text), ..Counts::default() };
        counts.kinds = kinds::held_by(text);
        counts.whose = Whose::of(text);
        let mut alike = Vec::new();
        for_each_word(text, |word| {
            counts.words += 1.0;
            match self.term_of(word) {
                Some(place) => {
                    let (term, share) = counted(place);
                    if let Some(count) = counts.of_terms.get_mut(term) {
                        *count += share;
                    }
                }
                None => alike.extend(self.alike_of(word)),
            }
        });
        counts.add_alike(&alike);
        counts
    }

    /// Counts the words of the question in a text that [`super::analyse`] cut into `entries`. All texts that one
    /// counter sees must have their words from the same `words`.
    pub fn count_entries(&mut self, words: &Words, entries: &[u32], outline: Outline) -> Counts {
        let mut of_terms = vec![0.0; self.question.terms.len()];
        let mut alike: Vec<(usize, f32)> = Vec::new();
        if self.numbered.len() < words.len() {
            self.numbered.resize(words.len(), UNSEEN);
            let stems = self.question.stems.iter();
            self.stems = stems.filter_map(|(stem, term)| Some((words.stem(stem)?, *term))).collect();
            if let Some(alike) = &mut self.alike {
                alike.number(words);
            }
        }
        for entry in entries {
            let (number, times) = (entry >> 8, entry & 255);
            let mut mark = self.numbered.get(number as usize).copied().unwrap_or(OF_NONE);
            if mark == UNSEEN {
                mark = self.mark_of(words, number);
                self.numbered[number as usize] = mark;
            }
            #[expect(clippy::cast_precision_loss, reason = "at most 255")]
            let times = times as f32;
            if mark >= FIRST_ALIKE {
                let near = self.close.get(usize::from(mark - FIRST_ALIKE));
                alike.extend(near.map(|it| (it.0, it.1 * times)));
            } else if mark >= FIRST_TERM {
                let (term, share) = counted(usize::from(mark - FIRST_TERM));
                if let Some(count) = of_terms.get_mut(term) {
                    *count += share * times;
                }
            }
        }
        let Outline { words, asks, kinds, whose, .. } = outline;
        let mut counts = Counts { of_terms, alike: Vec::new(), words, asks, kinds, whose };
        counts.add_alike(&alike);
        counts
    }

    fn mark_of(&mut self, words: &Words, number: u32) -> u16 {
        if let Some(term) = self.term_of_number(words, number) {
            return u16::try_from(term).map_or(OF_NONE, |it| it + FIRST_TERM);
        }
        let near = self.alike.as_mut().and_then(|it| it.nearest_to_number(number, words));
        let (Some(near), Ok(place)) = (near, u16::try_from(self.close.len())) else { return OF_NONE };
        let Some(mark) = place.checked_add(FIRST_ALIKE) else { return OF_NONE };
        self.close.push(near);
        mark
    }

    /// The term that a word of a text is near to, and what it counts of it.
    fn alike_of(&mut self, word: &str) -> Option<(usize, f32)> {
        let alike = self.alike.as_mut()?;
        let mut lower = String::new();
        lower_into(word, &mut lower);
        *self.seen.entry(lower).or_insert_with_key(|it| alike.nearest_to_word(it))
    }

    fn term_of_number(&mut self, words: &Words, number: u32) -> Option<usize> {
        if !self.question.others.is_empty() {
            // Stemmed by the question's own language, too.
            return self.term_of(words.word(number));
        }
        let stem = words.stem_of(number).filter(|_| self.begins_alike(words.word(number)))?;
        self.stems.iter().find(|it| it.0 == stem).map(|it| it.1)
    }

    /// The terms that stand in `text`, as bits (a question has fewer than 64).
    pub fn has(&mut self, text: &str) -> u64 {
        let mut bits = 0;
        for_each_word(text, |word| bits |= self.term_of(word).map_or(0, |it| 1 << (it & 63)));
        bits
    }

    /// Whether `word` begins as some form of the question's words.
    fn begins_alike(&self, word: &str) -> bool {
        let [first, rest @ ..] = word.as_bytes() else { return true };
        if !first.is_ascii() || rest.first().is_some_and(|it| !it.is_ascii()) {
            return true;
        }
        let seconds = self.question.beginnings.get(usize::from(first.to_ascii_lowercase())).copied().unwrap_or(0);
        let bit = rest.first().map_or(1, |second| 1 << (second & 31));
        seconds & bit != 0
    }

    fn term_of(&mut self, word: &str) -> Option<usize> {
        if !self.begins_alike(word) {
            return None;
        }
        self.folded.clear();
        fold_into(word, &mut self.folded);
        if let Some(known) = self.known.get(&self.folded) {
            return *known;
        }
        let question = self.question;
        let term = question.stems.get(&question.stem(&self.folded)).copied().or_else(|| {
            let lower = word.to_lowercase();
            // The index does not know of which language a stem is: what it finds by one must count here, too.
            question.others.iter().find_map(|it| {
                let stem = fold(&it.stems.stem(&lower));
                question.others.iter().find_map(|it| it.terms.get(&stem).copied())
            })
        });
        self.known.insert(self.folded.clone(), term);
        term
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(query: &str, text: &str, expected: &[f32]) {
        let question = Question::new(query);
        assert_eq!(question.counter().count(text).of_terms, expected, "{query} / {text}");
    }

    #[test]
    fn words_are_counted_by_their_stems() {
        check("deploy days", "We deployed; the next deploying is a day later, two days.", &[2.0, 2.0]);
        check("What did she buy?", "I bought a dog", &[1.0]);
        check("Which photos?", "a PICTURE, a pic", &[2.0]);
        check("Müller", "Frau MULLER", &[1.0]);
        check("Where does Ben live?", "Ben lives in Porto", &[1.0, 1.0]);
        check("When does the bus leave?", "the bus leaves at nine", &[1.0, 1.0]);
        check("喜欢", "我喜欢茶", &[1.0]);
        check("http request", "parseHttpRequest", &[1.0, 1.0]);
        check("Wo sind die Häuser?", "ein altes Haus", &[1.0]);
        check("Wie ist es?", "so wie es ist", &[1.0]);
        check("¿Dónde están los gatos?", "un gato negro", &[1.0]);
        check("x ray", "an x-ray", &[1.0, 1.0]);
    }

    #[test]
    fn a_pair_is_looked_for_as_an_older_index_has_it() {
        let forms = |query: &str| Question::new(query).terms().iter().map(|it| it.forms.clone()).collect::<Vec<_>>();
        assert_eq!(forms("佐々木"), [vec!["佐々", "佐"], vec!["々木", "々"]]);
        assert_eq!(forms("東京"), [vec!["東京"]]);
    }

    #[test]
    fn words_that_help_others_in_its_language_are_none_of_a_question() {
        for (query, words) in [
            ("¿Qué deporte hace Diego?", &["deporte", "diego"][..]),
            ("Wie teuer ist die Wohnung?", &["teuer", "wohnung"]),
            ("Qu'est-ce que je peux faire pour le passeport ?", &["passeport"]),
            ("À qui dois-je de l'argent ?", &["dois", "argent"]),
            ("how did the die fall", &["die", "fall"]),
            ("Wo kann man das machen?", &["man", "machen"]),
        ] {
            assert_eq!(Question::new(query).words(), words, "{query}");
        }
    }

    #[test]
    fn names_have_no_other_forms() {
        for (query, text, expected) in [
            ("¿Dónde vive Carla?", "Carlos vive en Lima", 0.0),
            ("¿Dónde vive Carla?", "Carla vive en Lima", 1.0),
            ("¿Dónde come Marta?", "Los martes como en el bar", 0.0),
            ("¿Qué hay los martes y jueves?", "El martes y el jueves hay cine", 1.0),
            ("Dónde Están Los Gatos Negros", "un gato negro", 1.0),
            ("Où vit Louis ?", "Louise vit à Lille", 0.0),
        ] {
            let counted = Question::new(query).counter().count(text).of_terms;
            assert_eq!(counted.last(), Some(&expected), "{query} / {text}");
        }
    }

    #[test]
    fn forms_in_a_language_that_is_not_known_count_less_than_the_word() {
        check("Carla", "Carlos vive en Lima", &[INSTEAD_COUNTS]);
        check("Carla", "Carla vive en Lima", &[1.0]);
        check("Häuser", "ein altes Haus", &[INSTEAD_COUNTS]);
    }

    #[test]
    fn forms_of_one_word_are_one_term() {
        let question = Question::new("bought buy buys");
        assert_eq!(question.words(), ["bought"]);
        assert_eq!(question.terms()[0].forms, ["bought", "buy"]);
    }

    #[test]
    fn a_term_can_mean_a_corrected_word() {
        let query = "deploymnet day";
        let question = Question::new(query).meaning_too(query, &[(0, "deploy".to_owned())], &[]);
        assert_eq!(question.counter().count("we deployed").of_terms, [1.0, 0.0]);
        assert_eq!(question.terms()[0].forms, ["deploymnet", "deploy"]);
    }

    #[test]
    fn what_stands_in_the_stead_of_a_term_counts_less_than_it() {
        let query = "where is the torch";
        let question = Question::new(query).meaning_too(query, &[], &[(0, "flashlight".to_owned())]);
        let text = "a torch, two flashlights and a lamp";
        assert_eq!(question.counter().count(text).of_terms, [1.0 + INSTEAD_COUNTS]);
        assert_eq!(question.counter().has("flashlight"), 1);
        let mut words = Words::default();
        let mut entries = Vec::new();
        let outline = super::super::analysed::analyse(text, &mut words, &mut entries).unwrap();
        let counted = question.counter().count_entries(&words, &entries, outline);
        assert_eq!(counted.of_terms, [1.0 + INSTEAD_COUNTS]);
    }

    #[test]
    fn what_stands_for_a_word_is_near_to_it_where_the_question_is_short() {
        let alike = |query: &str, text: &str| {
            let mut words = Words::default();
            let mut entries = Vec::new();
            let outline = super::super::analysed::analyse(text, &mut words, &mut entries).unwrap();
            let question = Question::new(query);
            let mut counter = question.counter_of_alike(0, &Weights::default());
            let counted = counter.count_entries(&words, &entries, outline).alike;
            assert_eq!(counter.count(text).alike, counted, "{query} / {text}");
            counted
        };
        assert_eq!(alike("who is the landlord", "ask our landladies"), [0.6]);
        assert_eq!(alike("quarterly invoice", "the bills"), [0.0, 0.6]);
        assert_eq!(alike("kaputt", "es ist defekt"), [0.6]);
        let long = "quarterly invoice zebra trombone quartz violet submarine";
        assert!(alike(long, "the bills").get(1).is_none_or(|it| *it < 0.6));
    }

    #[test]
    fn a_question_is_seen() {
        let question = Question::new("tea");
        assert!(question.counter().count("Tea? ").asks && !question.counter().count("Tea!").asks);
    }

    proptest! {
        #[test]
        fn every_word_of_the_question_is_found_in_it(text in "\\PC{0,60}") {
            let question = Question::new(&text);
            let counts = question.counter().count(&text);
            prop_assert!(counts.of_terms.iter().all(|it| *it >= 1.0), "{:?} {:?}", question.words(), counts);
        }
    }
}
