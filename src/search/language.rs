//! Which language a text is in, as far as its stems need it.
//!
//! Every text is indexed by English stems, which do little harm elsewhere. A text in one of the languages below has
//! its own stems added. The language is told by its function words: a question of four words has one or two of them,
//! and no letters enough for statistics.

use rust_stemmers::Algorithm;

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
        english += usize::from(ENGLISH.contains(&word));
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

/// Whether `word` (lower case) is one of the function words by which `language` is told.
pub(super) fn is_function_word(language: Algorithm, word: &str) -> bool {
    LANGUAGES.iter().any(|it| it.0 == language && it.1.contains(&word))
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
    fn english_and_what_is_no_language_stay_as_they_are() {
        for text in ["Where does Ana live?", "I die in der Matrix and the wars", "deploy staging", "", "x = y + 1"] {
            check(text, OF_A_TEXT, None);
        }
        check("when did Mia do it in Las Vegas", OF_A_QUESTION, None);
    }
}
