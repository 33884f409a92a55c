//! What a question asks for (a time, a place, someone, a number), and whether a text has any such thing.
//!
//! Shallow on purpose: it decides between texts that have the question's words, and never finds one by itself.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::analysed::Hashed;
use super::fold::lower_into;
use super::words::raw_words;
use crate::dates::MONTHS;
use crate::dates::WEEKDAYS;

/// Kinds of things, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub const TIME: Kinds = Kinds(1);
    pub const PLACE: Kinds = Kinds(2);
    pub const SOMEONE: Kinds = Kinds(4);
    pub const NUMBER: Kinds = Kinds(8);

    /// What it is called in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Kinds::TIME => "a time",
            Kinds::PLACE => "a place",
            Kinds::SOMEONE => "someone",
            Kinds::NUMBER => "a number",
            _ => "what is asked for",
        }
    }

    /// Whether the two have a kind in common.
    pub fn meet(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Kinds, when: bool) -> Kinds {
        if when { Kinds(self.0 | other.0) } else { self }
    }
}

/// First words of questions for a time.
const WHEN: &[&str] = &["when", "wann", "quand", "cuándo", "cuando", "quando", "wanneer"];

/// What a question for a time has otherwise.
const WHEN_TOO: &[&str] = &[
    "what year",
    "which year",
    "what date",
    "which date",
    "what month",
    "which month",
    "what day",
    "which day",
    "how long",
    "welchem jahr",
    "welchem tag",
    "welchem monat",
    "wie lange",
    "quelle année",
    "quelle date",
    "qué año",
    "qué día",
    "che anno",
    "que ano",
];

const WHERE: &[&str] =
    &["where", "wo", "wohin", "woher", "où", "dónde", "donde", "adónde", "dove", "onde", "waar", "waarheen"];

const WHERE_TOO: &[&str] = &[
    "what city",
    "which city",
    "what country",
    "which country",
    "what town",
    "which town",
    "welcher stadt",
    "welchem land",
    "quelle ville",
    "quel pays",
    "qué ciudad",
    "qué país",
    "quale città",
    "que cidade",
];

const WHO: &[&str] = &["who", "whom", "whose", "wer", "wem", "wen", "wessen", "qui", "quién", "quiénes", "chi", "quem"];

const HOW_MANY: &[&str] = &[
    "how many",
    "how much",
    "how often",
    "how old",
    "wie viele",
    "wie viel",
    "wieviel",
    "wie oft",
    "wie alt",
    "combien",
    "quel âge",
    "cuántos",
    "cuántas",
    "cuánto",
    "cuánta",
    "quanti",
    "quante",
    "quanto",
    "quantos",
    "quantas",
    "hoeveel",
    "hoe vaak",
    "hoe oud",
];

/// Words that name a time, in lower case, beside the names of months and weekdays.
const TIMES: &[&str] = &[
    "yesterday",
    "today",
    "tonight",
    "tomorrow",
    "ago",
    "last",
    "next",
    "since",
    "until",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "day",
    "days",
    "morning",
    "evening",
    "night",
    "weekend",
    "summer",
    "winter",
    "spring",
    "fall",
    "autumn",
    "recently",
    "soon",
    "noon",
    "midnight",
    "hour",
    "hours",
    "minutes",
    "gestern",
    "heute",
    "morgen",
    "vor",
    "seit",
    "woche",
    "wochen",
    "monat",
    "monate",
    "monaten",
    "jahr",
    "jahre",
    "jahren",
    "tag",
    "tage",
    "tagen",
    "abend",
    "nacht",
    "wochenende",
    "sommer",
    "frühling",
    "herbst",
    "stunde",
    "stunden",
    "uhr",
    "hier",
    "aujourd",
    "demain",
    "depuis",
    "semaine",
    "semaines",
    "mois",
    "année",
    "années",
    "ans",
    "jour",
    "jours",
    "matin",
    "soir",
    "nuit",
    "été",
    "hiver",
    "printemps",
    "automne",
    "heure",
    "heures",
    "ayer",
    "hoy",
    "mañana",
    "hace",
    "desde",
    "semana",
    "semanas",
    "mes",
    "meses",
    "año",
    "años",
    "día",
    "días",
    "noche",
    "verano",
    "invierno",
    "primavera",
    "otoño",
    "hora",
    "horas",
];

/// Words before a place.
const BEFORE_PLACES: &[&str] = &[
    "in", "at", "to", "from", "near", "im", "am", "aus", "nach", "bei", "zur", "zum", "à", "au", "en", "dans", "chez",
];

/// Words between those and a place that has no name.
const ARTICLES: &[&str] = &[
    "the", "my", "our", "a", "der", "dem", "den", "die", "einem", "einer", "meinem", "meiner", "unserem", "unserer",
    "la", "le", "un", "une", "mon", "ma", "notre", "el", "una", "mi", "nuestra", "nuestro",
];

/// What one is in, and it is no place.
const NO_PLACES: &[&str] = &[
    "band",
    "bands",
    "team",
    "teams",
    "group",
    "choir",
    "orchestra",
    "club",
    "hurry",
    "mood",
    "rush",
    "way",
    "project",
    "meeting",
    "beginning",
    "end",
    "middle",
    "same",
    "gruppe",
    "chor",
    "orchester",
    "mannschaft",
    "verein",
    "projekt",
    "beziehung",
    "eile",
    "laune",
    "groupe",
    "chorale",
    "équipe",
    "orchestre",
    "projet",
    "banda",
    "grupo",
    "equipo",
    "coro",
    "orquesta",
    "proyecto",
];

/// Words after an article that may tell that it is no place: `in a very good rock band`.
const LOOKED_AT_FOR_A_PLACE: u8 = 3;

const NUMBERS: &[&str] = &[
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "couple",
    "few",
    "several",
    "twice",
    "once",
    "both",
    "dozen",
    "hundred",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "zweimal",
    "mehrere",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "sept",
    "huit",
    "neuf",
    "dix",
    "plusieurs",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "varios",
];

/// What the lists say of a word, as bits.
const A_TIME: u8 = 1;
const BEFORE_A_PLACE: u8 = 2;
const AN_ARTICLE: u8 = 4;
const A_NUMBER: u8 = 8;
const NO_PLACE: u8 = 16;

/// The lists as one table: every word of a memory is looked up in it. With lists, sets and strings of their own for each
/// word, `recall` of 100,000 took 6.4 ms where it had taken 4.7 (docs/benchmarks.md, 2026-11-27).
static SIGNS: LazyLock<HashMap<&'static str, u8, BuildHasherDefault<Hashed>>> = LazyLock::new(|| {
    let mut signs = HashMap::default();
    let lists = [
        (TIMES, A_TIME),
        (BEFORE_PLACES, BEFORE_A_PLACE),
        (ARTICLES, AN_ARTICLE),
        (NUMBERS, A_NUMBER),
        (NO_PLACES, NO_PLACE),
    ];
    for (list, sign) in lists {
        for word in list {
            *signs.entry(*word).or_default() |= sign;
        }
    }
    for word in MONTHS.iter().chain(&WEEKDAYS).flat_map(|it| it.names) {
        *signs.entry(*word).or_default() |= A_TIME;
    }
    signs
});

/// The longest word of the lists, in bytes.
const LONGEST: usize = 10;

fn signs_of(word: &str) -> u8 {
    if word.len() > LONGEST { 0 } else { SIGNS.get(word).copied().unwrap_or(0) }
}

/// What `query` asks for.
pub fn asked_for(query: &str) -> Kinds {
    let lower = query.to_lowercase();
    let first = raw_words(&lower).next().unwrap_or_default();
    let has = |phrases: &[&str]| phrases.iter().any(|it| lower.contains(it));
    // One kind: what stands first says it.
    if WHEN.contains(&first) || has(WHEN_TOO) {
        Kinds::TIME
    } else if WHERE.contains(&first) || has(WHERE_TOO) {
        Kinds::PLACE
    } else if WHO.contains(&first) {
        Kinds::SOMEONE
    } else if has(HOW_MANY) {
        Kinds::NUMBER
    } else {
        Kinds::default()
    }
}

/// Bytes of a text that are looked at: past some pages a text has one of each.
const LOOKED_AT: usize = 4096;

/// What `text` has.
pub(super) fn held_by(text: &str) -> Kinds {
    let text = text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or(text);
    let mut kinds = Kinds::default();
    let mut lower = String::new();
    let mut follows = false;
    let mut begins = true;
    // Words that are still looked at, after an article, before it is taken for a place.
    let mut open = 0_u8;
    for token in text.split_whitespace() {
        let word = token.trim_matches(|c: char| !c.is_alphanumeric());
        lower.clear();
        lower_into(word, &mut lower);
        let signs = signs_of(&lower);
        let named = word.chars().next().is_some_and(char::is_uppercase);
        let digits = word.starts_with(|c: char| c.is_ascii_digit());
        let is_one = lower.bytes().all(|it| it.is_ascii_lowercase());
        let in_parts = || !is_one && raw_words(&lower).any(|it| signs_of(it) & A_TIME != 0);
        kinds = kinds
            .with(Kinds::TIME, signs & A_TIME != 0 || in_parts() || digits && is_date(&lower))
            .with(Kinds::PLACE, follows && named && signs & (A_TIME | NO_PLACE) == 0)
            .with(Kinds::SOMEONE, named && !begins && lower.len() > 2)
            .with(Kinds::NUMBER, digits || signs & A_NUMBER != 0);
        begins = token.ends_with(['.', '!', '?', ':']);
        if follows && signs & AN_ARTICLE != 0 {
            open = LOOKED_AT_FOR_A_PLACE;
        } else if open > 0 {
            // A time right after the article: `in the morning`, and not `at the bakery yesterday`.
            let is_none = signs & NO_PLACE != 0 || open == LOOKED_AT_FOR_A_PLACE && signs & A_TIME != 0;
            let ends = token.ends_with(|c: char| !c.is_alphanumeric()) || signs & BEFORE_A_PLACE != 0;
            open = if is_none { 0 } else { open - 1 };
            let is_place = !is_none && (open == 0 || ends);
            kinds = kinds.with(Kinds::PLACE, is_place);
            open = if ends { 0 } else { open };
        }
        follows = signs & BEFORE_A_PLACE != 0;
    }
    kinds.with(Kinds::PLACE, open > 0 && open < LOOKED_AT_FOR_A_PLACE)
}

/// Whether a word that begins with a digit is a year or a day: `2023`, `3rd`, `2023-05-01`.
fn is_date(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    match &word[digits..] {
        "" => digits == 4,
        "st" | "nd" | "rd" | "th" | "s" => true,
        rest => rest.starts_with(['-', '/', '.']) && rest.bytes().any(|it| it.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn questions_say_what_they_ask_for() {
        for (query, expected) in [
            ("When did Ada move?", Kinds::TIME),
            ("In which year was it?", Kinds::TIME),
            ("Wann zieht sie um?", Kinds::TIME),
            ("Where does she live", Kinds::PLACE),
            ("Où habite-t-elle ?", Kinds::PLACE),
            ("who has the keys", Kinds::SOMEONE),
            ("Wie viele Katzen hat er?", Kinds::NUMBER),
            ("What does she like?", Kinds::default()),
            ("", Kinds::default()),
        ] {
            assert_eq!(asked_for(query), expected, "{query}");
        }
    }

    #[test]
    fn texts_have_what_they_name() {
        for (text, kind, expected) in [
            ("we met last week", Kinds::TIME, true),
            ("Abgabe ist am 3. Mai", Kinds::TIME, true),
            ("founded in 1998", Kinds::TIME, true),
            ("we met and talked", Kinds::TIME, false),
            ("I moved to Lisbon", Kinds::PLACE, true),
            ("she works at the bakery", Kinds::PLACE, true),
            ("she works at the bakery.", Kinds::PLACE, true),
            ("she works at the bakery yesterday", Kinds::PLACE, true),
            ("she bakes", Kinds::PLACE, false),
            ("sie spielt in einer Band", Kinds::PLACE, false),
            ("she sings in a very good choir", Kinds::PLACE, false),
            ("in the morning", Kinds::PLACE, false),
            ("we met in May", Kinds::PLACE, false),
            ("wir wohnen in einer kleinen Wohnung am See", Kinds::PLACE, true),
            ("my boss is Ada Lovelace", Kinds::SOMEONE, true),
            ("Bread is good", Kinds::SOMEONE, false),
            ("he has three cats", Kinds::NUMBER, true),
            ("he has cats", Kinds::NUMBER, false),
        ] {
            assert_eq!(held_by(text).meet(kind), expected, "{text}");
        }
    }

    #[test]
    fn only_the_first_pages_of_a_text_are_looked_at() {
        let behind = |bytes: usize| format!("{} in 1998", "x".repeat(bytes - 8));
        assert!(held_by(&behind(LOOKED_AT)).meet(Kinds::TIME));
        assert!(!held_by(&behind(LOOKED_AT + 4)).meet(Kinds::TIME));
    }

    #[test]
    fn no_word_of_the_lists_is_too_long_to_be_looked_up() {
        assert_eq!(SIGNS.keys().map(|it| it.len()).max(), Some(LONGEST));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,200}") {
            let _ = (held_by(&text), asked_for(&text));
        }
    }
}
