//! Which language a text is in, as far as its stems need it.
//!
//! Every text is indexed by English stems, which do little harm elsewhere. A text in one of the languages below has
//! its own stems added. The language is told by its function words: a question of four words has one or two of them,
//! and no letters enough for statistics.

use rust_stemmers::Algorithm;
use rust_stemmers::Stemmer;

/// Function words of a language that are no words of the others, nor of English.
const LANGUAGES: [(Algorithm, &[&str]); 7] = [
    (
        Algorithm::German,
        &[
            "der", "das", "und", "ist", "nicht", "ich", "wir", "sie", "ein", "eine", "einen", "einem", "einer", "mit",
            "auf", "für", "von", "dem", "den", "wo", "wann", "wer", "wie", "warum", "welche", "welcher", "welches",
            "hat", "haben", "sind", "wurde", "werden", "auch", "bei", "nach", "über", "zum", "zur", "im", "sich",
            "mein", "meine", "unser", "unsere", "gibt", "wohnt", "heißt",
        ],
    ),
    (
        Algorithm::French,
        &[
            "le", "les", "des", "est", "et", "une", "dans", "pour", "pas", "qui", "où", "quand", "comment", "pourquoi",
            "quel", "quelle", "quels", "quelles", "avec", "sur", "sont", "elle", "il", "nous", "vous", "je", "mon",
            "ma", "mes", "notre", "votre", "leur", "aux", "du", "ce", "cette", "ces", "été", "être", "avons", "ont",
        ],
    ),
    (
        Algorithm::Spanish,
        &[
            "el", "los", "las", "y", "es", "una", "en", "del", "dónde", "cuándo", "cómo", "qué", "quién", "cuál",
            "porque", "con", "está", "están", "fue", "hay", "su", "sus", "mi", "mis", "nuestro", "nuestra", "muy",
            "pero", "también", "donde", "cuando", "vive", "tiene", "tenemos", "hemos", "ha", "unos",
        ],
    ),
    (
        Algorithm::Italian,
        &[
            "il", "gli", "della", "dello", "delle", "degli", "dei", "nel", "nella", "che", "di", "è", "sono", "dove",
            "perché", "chi", "quale", "quali", "ho", "abbiamo", "mio", "mia", "nostro", "nostra", "anche", "molto",
            "questo", "questa", "alla", "allo", "dal", "dalla", "uno", "si",
        ],
    ),
    (
        Algorithm::Portuguese,
        &[
            "os", "as", "um", "uma", "não", "em", "do", "dos", "das", "na", "nas", "nos", "onde", "quem", "qual",
            "quais", "são", "está", "com", "meu", "minha", "nosso", "nossa", "também", "muito", "mais", "você", "foi",
            "tem", "temos", "pelo", "pela", "ao", "aos", "porquê", "quando",
        ],
    ),
    (
        Algorithm::Dutch,
        &[
            "het", "een", "en", "van", "ik", "niet", "zijn", "met", "voor", "waar", "wanneer", "wie", "hoe", "waarom",
            "welke", "op", "aan", "heeft", "hebben", "wij", "mijn", "onze", "ook", "bij", "naar", "maar", "zij", "hij",
            "wordt", "werd", "geen", "woont", "dat", "de",
        ],
    ),
    (
        Algorithm::Swedish,
        &[
            "och", "är", "att", "det", "som", "på", "av", "för", "inte", "jag", "ett", "var", "när", "vem", "hur",
            "varför", "vilken", "vilka", "har", "hade", "vi", "min", "mina", "vår", "våra", "också", "till", "från",
            "där", "bor", "hon", "han",
        ],
    ),
];

/// English function words, against which a guess must win.
const ENGLISH: &[&str] = &[
    "the", "and", "is", "of", "to", "what", "when", "where", "who", "did", "does", "do", "was", "were", "in", "for",
    "with", "that", "it", "are", "has", "have", "how", "why", "which", "her", "his", "she", "he", "they", "my", "our",
    "you", "i", "on", "at", "be", "as", "a", "an", "this", "from",
];

/// Those of them that are words of other languages, too: they tell English only where no word of another is.
const SHARED: &[&str] = &["in", "was", "an", "on", "a", "as", "do"];

fn is_english(word: &str) -> bool {
    ENGLISH.contains(&word) && !SHARED.contains(&word)
}

/// Function words that a text must have before it is taken for another language than English.
pub(super) const OF_A_TEXT: usize = 3;

/// The same for a question, which is short; a wrong guess costs it little.
pub(super) const OF_A_QUESTION: usize = 1;

/// The language of `words` (lower case), when it is surely one of those whose stems are added and has `least` of its
/// function words.
pub(super) fn guess<'a>(words: impl Iterator<Item = &'a str>, least: usize) -> Option<Algorithm> {
    let mut found = [0_usize; LANGUAGES.len()];
    let (mut english, mut cyrillic, mut all) = (0_usize, 0_usize, 0_usize);
    // The beginning of a long text tells as much as the whole.
    for word in words.take(200) {
        all += 1;
        english += usize::from(is_english(word));
        cyrillic += usize::from(word.chars().all(|it| ('а'..='ё').contains(&it)));
        for ((_, theirs), count) in LANGUAGES.iter().zip(&mut found) {
            *count += usize::from(theirs.contains(&word));
        }
    }
    if cyrillic * 2 > all {
        return Some(Algorithm::Russian);
    }
    let best = found.iter().copied().max()?;
    let alone = found.iter().filter(|it| **it == best).count() == 1;
    let at = found.iter().position(|it| *it == best)?;
    (best >= least && best > english && alone).then(|| LANGUAGES.get(at).map(|it| it.0)).flatten()
}

/// The languages by whose stems a text is found.
///
/// Three function words tell one surely. A note of a few words has one, or none: then it is taken for the language of
/// that one, or for any of them, as long as nothing in it is English.
pub(super) fn of_text<'a>(words: &(impl Iterator<Item = &'a str> + Clone)) -> Vec<Algorithm> {
    if let Some(sure) = guess(words.clone(), OF_A_TEXT) {
        return vec![sure];
    }
    if words.clone().take(200).any(is_english) {
        return Vec::new();
    }
    match guess(words.clone(), 1) {
        Some(likely) => vec![likely],
        None if words.clone().take(FEW + 1).count() <= FEW && !words.clone().any(|it| SHARED.contains(&it)) => all(),
        None => Vec::new(),
    }
}

/// The languages by whose stems a question is asked: its own, or of a few words that could be of any of them, all.
pub(super) fn of_question<'a>(words: &(impl Iterator<Item = &'a str> + Clone)) -> Vec<Algorithm> {
    let is_of_english = |it: &str| ENGLISH.contains(&it);
    // `Was kosten Zahnbürsten?` may be German.
    let opening = usize::from(words.clone().next() == Some("was"));
    match guess(words.clone(), OF_A_QUESTION) {
        Some(likely) => vec![likely],
        None if words.clone().take(ASKED + 1).count() <= ASKED && !words.clone().skip(opening).any(is_of_english) => {
            all()
        }
        None => Vec::new(),
    }
}

/// The one language of a question, English included; `languages` are those of [`of_question`].
pub(super) fn alone<'a>(languages: &[Algorithm], mut words: impl Iterator<Item = &'a str>) -> Option<Algorithm> {
    match languages {
        [one] => Some(*one),
        [] => words.any(is_english).then_some(Algorithm::English),
        _ => None,
    }
}

/// Whether a word in capitals within a sentence of `language` is a name; German writes all nouns so.
pub(super) fn writes_names_alone_in_capitals(language: Algorithm) -> bool {
    use Algorithm::{French, Italian, Portuguese, Spanish};
    matches!(language, French | Italian | Portuguese | Spanish)
}

fn all() -> Vec<Algorithm> {
    LANGUAGES.iter().map(|it| it.0).collect()
}

/// Words of a note; a longer one has function words.
const FEW: usize = 8;

/// The same for a question, where each language more costs time.
const ASKED: usize = 3;

/// The shortest stem that is taken without knowing the language: shorter ones are other words somewhere.
pub(super) const SURE_STEM: usize = 4;

/// Stems words of one language.
pub(super) struct Stems {
    language: Algorithm,
    stemmer: Stemmer,
}

impl Stems {
    pub(super) fn of(language: Algorithm) -> Stems {
        Stems { language, stemmer: Stemmer::create(language) }
    }

    /// Other forms of a word in lower case that its stem does not show: `yeux` of `œil`.
    pub(super) fn irregular_forms(&self, word: &str) -> Vec<&'static str> {
        let known = irregular(self.language);
        let one = known.iter().find(|it| it.0 == word).map_or(word, |it| it.1);
        let same = known.iter().filter(|it| it.1 == one).flat_map(|it| [it.0, it.1]);
        same.filter(|it| *it != word).collect()
    }

    /// Whether the language writes words together: `Zahnarzttermin`.
    pub(super) fn joins_words(&self) -> bool {
        matches!(self.language, Algorithm::German | Algorithm::Dutch | Algorithm::Swedish)
    }

    /// The stem of a word in lower case; forms that the stemmer leaves apart (`lápices`, `animais`, `yeux`) are joined.
    pub(super) fn stem(&self, word: &str) -> String {
        if self.language == Algorithm::Spanish && SPANISH_DAYS.contains(&word) {
            return word.to_owned();
        }
        let plain = singular(self.language, word);
        let stem = self.stemmer.stem(plain.as_deref().unwrap_or(word)).into_owned();
        if self.language != Algorithm::Dutch {
            return stem;
        }
        // `huizen` and `huis`, `brieven` and `brief`: Dutch writes the end of the syllable by how it is said.
        match stem.strip_suffix('z').map(|it| (it, 's')).or_else(|| stem.strip_suffix('v').map(|it| (it, 'f'))) {
            Some((rest, end)) => format!("{rest}{end}"),
            None => stem,
        }
    }
}

/// Words that are the same in the plural, and no plural of `Marta` or `luna`.
const SPANISH_DAYS: [&str; 6] = ["lunes", "martes", "miércoles", "miercoles", "jueves", "viernes"];

/// Forms that the stemmer does not join with their plain one, by language: plurals, and verbs that change their vowel.
fn irregular(language: Algorithm) -> &'static [(&'static str, &'static str)] {
    match language {
        Algorithm::French => &[
            ("yeux", "œil"),
            ("oeil", "œil"),
            ("travaux", "travail"),
            ("cieux", "ciel"),
            ("vitraux", "vitrail"),
            ("coraux", "corail"),
            ("messieurs", "monsieur"),
            ("mesdames", "madame"),
        ],
        Algorithm::German => GERMAN_VERBS,
        Algorithm::Italian => &[("uomini", "uomo"), ("uova", "uovo"), ("dita", "dito"), ("braccia", "braccio")],
        _ => &[],
    }
}

/// German verbs that change their vowel (`läuft`, `lief`, `gelaufen`), as far as they are everyday ones.
const GERMAN_VERBS: &[(&str, &str)] = &[
    ("läuft", "laufen"),
    ("lief", "laufen"),
    ("gelaufen", "laufen"),
    ("fährt", "fahren"),
    ("fuhr", "fahren"),
    ("gefahren", "fahren"),
    ("schläft", "schlafen"),
    ("schlief", "schlafen"),
    ("trägt", "tragen"),
    ("trug", "tragen"),
    ("getragen", "tragen"),
    ("hält", "halten"),
    ("hielt", "halten"),
    ("gehalten", "halten"),
    ("isst", "essen"),
    ("aß", "essen"),
    ("gegessen", "essen"),
    ("liest", "lesen"),
    ("las", "lesen"),
    ("gelesen", "lesen"),
    ("sieht", "sehen"),
    ("sah", "sehen"),
    ("gesehen", "sehen"),
    ("nimmt", "nehmen"),
    ("nahm", "nehmen"),
    ("genommen", "nehmen"),
    ("spricht", "sprechen"),
    ("sprach", "sprechen"),
    ("gesprochen", "sprechen"),
    ("trifft", "treffen"),
    ("traf", "treffen"),
    ("getroffen", "treffen"),
    ("hilft", "helfen"),
    ("half", "helfen"),
    ("geholfen", "helfen"),
    ("ging", "gehen"),
    ("gegangen", "gehen"),
    ("kam", "kommen"),
    ("gekommen", "kommen"),
    ("trank", "trinken"),
    ("getrunken", "trinken"),
    ("fand", "finden"),
    ("gefunden", "finden"),
    ("flog", "fliegen"),
    ("geflogen", "fliegen"),
    ("schrieb", "schreiben"),
    ("geschrieben", "schreiben"),
    ("blieb", "bleiben"),
    ("geblieben", "bleiben"),
    ("zog", "ziehen"),
    ("gezogen", "ziehen"),
    ("umgezogen", "umziehen"),
    ("verlor", "verlieren"),
    ("vergaß", "vergessen"),
    ("gab", "geben"),
    ("gegeben", "geben"),
    ("brachte", "bringen"),
    ("gebracht", "bringen"),
    ("gebrochen", "brechen"),
    ("brach", "brechen"),
    ("kaufte", "kaufen"),
    ("gekauft", "kaufen"),
    ("besprochen", "besprechen"),
    ("beschlossen", "beschließen"),
    ("entschieden", "entscheiden"),
    ("unterschrieben", "unterschreiben"),
    ("angerufen", "anrufen"),
    ("abgelaufen", "ablaufen"),
];

/// The singular of a plural that no rule of the stemmer joins with it.
fn singular(language: Algorithm, word: &str) -> Option<String> {
    let ending = |list: &[(&str, &str)]| {
        list.iter().find_map(|(from, to)| {
            let rest = word.strip_suffix(from).filter(|it| it.chars().count() >= 2)?;
            Some(format!("{rest}{to}"))
        })
    };
    match language {
        Algorithm::Spanish => ending(&[("ces", "z")]),
        Algorithm::Portuguese => ending(&[
            ("ões", "ão"),
            ("ães", "ão"),
            ("ais", "al"),
            ("éis", "el"),
            ("óis", "ol"),
            ("uis", "ul"),
            ("ns", "m"),
        ]),
        other => irregular(other).iter().find(|it| it.0 == word).map(|it| it.1.to_owned()),
    }
}

/// Other function words of a language, and verbs that help others: they are words of other languages, too, and do not tell it.
const HELPING: [(Algorithm, &str); 3] = [
    (
        Algorithm::German,
        "die muss musst müssen darf darfst dürfen kann kannst können soll sollst sollen will willst wollen wem wen wessen war \
        waren wird werde mal noch schon man mich mir dir dich uns ihm ihn ihr ihre macht mache machen",
    ),
    (Algorithm::French, "ai as a à n d l c s t m j qu y peut peux pouvons va vas vais fait fais faire faut"),
    (Algorithm::Spanish, "puede puedo puedes podemos va voy vas vamos hace hago haces hacer tengo tienes era"),
];

/// Whether `word` (lower case) tells no text of `language` from another.
pub(super) fn is_function_word(language: Algorithm, word: &str) -> bool {
    LANGUAGES.iter().any(|it| it.0 == language && it.1.contains(&word))
        || HELPING.iter().any(|it| it.0 == language && it.1.split_ascii_whitespace().any(|it| it == word))
}

#[cfg(test)]
mod tests {
    use super::super::words::raw_words;
    use super::*;

    fn check(text: &str, least: usize, expected: Option<Algorithm>) {
        let lower = text.to_lowercase();
        assert_eq!(guess(raw_words(&lower), least), expected, "{text}");
    }

    #[test]
    fn languages_are_told_by_their_small_words() {
        check("Was kommt in den Kuchen?", OF_A_QUESTION, Some(Algorithm::German));
        check("Where was she in May?", OF_A_QUESTION, None);
        check("Bug in parser", OF_A_QUESTION, None);
        check("Wo wohnt Anna?", OF_A_QUESTION, Some(Algorithm::German));
        check("Die Häuser sind alt und nicht für uns", OF_A_TEXT, Some(Algorithm::German));
        check("Où est la maison?", OF_A_QUESTION, Some(Algorithm::French));
        check("¿Dónde vive Ana?", OF_A_QUESTION, Some(Algorithm::Spanish));
        check("Onde está o gato?", OF_A_QUESTION, Some(Algorithm::Portuguese));
        check("Dove sono gli occhiali?", OF_A_QUESTION, Some(Algorithm::Italian));
        check("Waar woont Jan?", OF_A_QUESTION, Some(Algorithm::Dutch));
        check("Где живёт Анна", OF_A_QUESTION, Some(Algorithm::Russian));
    }

    #[test]
    fn forms_that_no_stemmer_joins_have_one_stem() {
        for (language, one, other) in [
            (Algorithm::French, "chevaux", "cheval"),
            (Algorithm::French, "yeux", "œil"),
            (Algorithm::Spanish, "lápices", "lápiz"),
            (Algorithm::Portuguese, "animais", "animal"),
            (Algorithm::Italian, "amici", "amico"),
            (Algorithm::Dutch, "huizen", "huis"),
            (Algorithm::German, "häuser", "haus"),
            (Algorithm::German, "läuft", "laufen"),
            (Algorithm::German, "gekauft", "kaufte"),
        ] {
            let stems = Stems::of(language);
            assert_eq!(
                super::super::fold::fold(&stems.stem(one)),
                super::super::fold::fold(&stems.stem(other)),
                "{one}"
            );
        }
    }

    #[test]
    fn a_question_has_one_language_english_too_or_may_have_any() {
        for (question, expected) in [
            ("who is the chef", Some(Algorithm::English)),
            ("Wer ist der Chef?", Some(Algorithm::German)),
            ("chef", None),
            ("deadline invoice Berlin Hamburg", None),
        ] {
            let lower = question.to_lowercase();
            assert_eq!(alone(&of_question(&raw_words(&lower)), raw_words(&lower)), expected, "{question}");
        }
    }

    #[test]
    fn english_and_what_is_no_language_stay_as_they_are() {
        for text in ["Where does Ana live?", "I die in der Matrix and the wars", "deploy staging", "", "x = y + 1"] {
            check(text, OF_A_TEXT, None);
        }
        check("when did Mia do it in Las Vegas", OF_A_QUESTION, None);
    }
}
