//! Reads a question: the words to look for and what each counts, the names and paths in it, what kind of file it means.

use std::collections::HashMap;

use super::class::Class;
use super::postings::definition_term;
use super::talk;
use super::terms::is_stopword;
use super::terms::raw_words;
use super::terms::terms_of;
use super::weights;
use crate::search::is_unspaced;

/// Different words that are looked for; the later ones of a longer question are left out.
const TERMS: usize = 160;

/// Names whose definitions are looked for.
const NAMES: usize = 32;

/// A shorter word says little. In bytes.
const LEAST_TELLING: usize = 4;

/// A question, as the ranking sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Question {
    /// Its first line.
    pub(super) title: String,
    /// All of it.
    pub(super) text: String,
    pub(super) terms: Vec<Term>,
    /// Words that the question does not have but its best pieces do.
    pub(super) expansions: Vec<Term>,
    /// Names that look like code, as [`definition_term`] writes them.
    pub(super) names: Vec<String>,
    /// Whether it asks where something is declared; then all of its words may be names.
    pub(super) asks_where_declared: bool,
    /// Names of files and folders, in lower case.
    pub(super) paths: Vec<String>,
    /// The classes of files that it asks for.
    pub(super) asks_for: Class,
    /// What it cannot be answered without: its names, then the words of its first line that not every request has.
    pub(super) telling: Vec<Telling>,
}

/// A word that says what is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Telling {
    /// As the question has it.
    pub(super) word: String,
    /// As the index has it, whole.
    pub(super) term: String,
}

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// As the index has it.
    pub(super) term: String,
    /// As the question has it.
    pub(super) word: String,
    pub(super) weight: f32,
    /// Whether it is made of two words beside each other.
    pub(super) joined: bool,
    /// Whether the first line has it.
    pub(super) in_title: bool,
}

impl Question {
    pub(super) fn of(text: &str) -> Question {
        let declared = declared(text);
        let asks_where_declared = !declared.is_empty();
        let mut weights: HashMap<String, (usize, Term)> = HashMap::new();
        let mut add = |term: &str, word: &str, (weight, in_title): (f32, bool), joined: bool| {
            let next = weights.len();
            if next < TERMS || weights.contains_key(term) {
                let first = || Term { term: term.to_owned(), word: word.to_lowercase(), weight: 0.0, joined, in_title };
                let (_, entry) = weights.entry(term.to_owned()).or_insert_with(|| (next, first()));
                entry.weight += weight;
                entry.joined &= joined;
            }
        };
        let mut is_first = true;
        for line in text.lines().filter(|it| !it.trim().is_empty()) {
            let (weight, in_title) = (if is_first { weights::FIRST_LINE } else { 1.0 }, is_first);
            is_first = false;
            let mut before: Option<&str> = None;
            for word in raw_words(line) {
                if asks_where_declared && is_about_declaring(word) {
                    before = None;
                    continue;
                }
                terms_of(word, &mut |term| add(term, word, (weight, in_title), false));
                let plain = !word.contains('_') && !is_stopword(&word.to_lowercase());
                if let Some(first) = before.filter(|_| plain) {
                    let joined = format!("{first}{word}").to_lowercase();
                    terms_of(&joined, &mut |term| add(term, &joined, (weights::JOINED * weight, in_title), true));
                }
                before = plain.then_some(word);
            }
        }
        let mut terms: Vec<(usize, Term)> = weights
            .into_values()
            .map(|(at, it)| {
                // A word that comes again counts more, but not as often again.
                let weight = if it.weight > 1.0 { 1.0 + it.weight.ln() } else { it.weight };
                let weight = if it.joined { weight } else { weight * talk::weight(&it.term) };
                (at, Term { weight, ..it })
            })
            .collect();
        terms.sort_by_key(|it| it.0);
        let mut names = names(text);
        names.extend(declared.into_iter().filter(|it| !names.contains(it)).collect::<Vec<_>>());
        names.truncate(NAMES);
        Question {
            title: first_line(text).to_owned(),
            text: text.to_owned(),
            terms: terms.into_iter().map(|it| it.1).collect(),
            expansions: Vec::new(),
            names,
            asks_where_declared,
            paths: paths(text),
            asks_for: asks_for(text),
            telling: telling(text),
        }
    }
}

/// The names in `text`, then the other words of its first line but for stopwords and those that every request has.
fn telling(text: &str) -> Vec<Telling> {
    let plain = raw_words(first_line(text)).filter(|it| {
        it.len() >= LEAST_TELLING && it.chars().any(char::is_alphabetic) && !is_stopword(&it.to_lowercase())
    });
    let mut out: Vec<Telling> = Vec::new();
    // Of a script without spaces a word is a whole sentence.
    for word in named(text).into_iter().chain(plain).filter(|it| !it.chars().any(is_unspaced)) {
        let mut whole: Option<String> = None;
        terms_of(word, &mut |term| {
            whole.get_or_insert_with(|| term.to_owned());
        });
        let Some(term) = whole.filter(|it| talk::weight(it) >= 1.0) else { continue };
        if out.len() < NAMES && !out.iter().any(|it| it.term == term) {
            out.push(Telling { word: word.to_owned(), term });
        }
    }
    out
}

/// The words that look like names in code, as [`definition_term`] writes them.
fn names(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in named(text) {
        out.extend(definition_term(name).filter(|it| !out.contains(it)));
    }
    out.truncate(NAMES);
    out
}

/// The words that look like names in code: in backticks, with an inner capital or underscore, or before parentheses.
fn named(text: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let mut is_quoted = false;
    for (at, part) in text.split('`').enumerate() {
        is_quoted = at > 0 && !is_quoted;
        // An apostrophe-like backtick must not make the rest of a text code.
        let quoted = is_quoted && part.len() <= 100 && !part.contains('\n');
        let mut rest = part;
        for word in raw_words(part) {
            let behind = rest.find(word).map_or("", |it| &rest[it + word.len()..]);
            rest = behind;
            let inner = word.trim_matches('_');
            let has_capital_inside =
                inner.chars().skip(1).any(char::is_uppercase) && inner.chars().any(char::is_lowercase);
            let is_name = quoted || inner.contains('_') || has_capital_inside || behind.starts_with("()");
            if is_name && inner.len() > 2 && !is_stopword(&inner.to_lowercase()) {
                out.push(inner);
            }
        }
    }
    out
}

/// How a question for a place begins.
const ASKED: &[&str] = &["where", "find", "locate", "show", "which"];

/// How it says that the place is the declaration.
const DECLARED: &[&str] = &[
    "declared",
    "defined",
    "implemented",
    "declaration",
    "definition",
    "implementation",
    "declares",
    "defines",
    "implements",
];

fn is_about_declaring(word: &str) -> bool {
    let word = word.to_lowercase();
    ASKED.contains(&word.as_str()) || DECLARED.contains(&word.as_str())
}

/// What the first line asks for the declaration of: “where is Replacer declared”, “find the definition of retry limit”.
fn declared(text: &str) -> Vec<String> {
    let words: Vec<&str> = raw_words(first_line(text)).collect();
    let holds = |list: &[&str]| words.iter().any(|it| list.contains(&it.to_lowercase().as_str()));
    if !holds(ASKED) || !holds(DECLARED) {
        return Vec::new();
    }
    let says_nothing = |it: &str| is_stopword(it) || is_about_declaring(it) || talk::weight(it) < 1.0;
    let telling: Vec<Option<&str>> =
        words.iter().map(|it| Some(*it).filter(|it| !says_nothing(&it.to_lowercase()))).collect();
    let pairs = telling.windows(2).filter_map(|it| Some(format!("{}{}", it[0]?, it[1]?)));
    let singles = telling.iter().flatten().filter(|it| it.len() > 2).map(|it| (*it).to_owned());
    singles.chain(pairs).filter_map(|it| definition_term(&it)).collect()
}

fn first_line(text: &str) -> &str {
    text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default()
}

/// The words that look like files or folders: with a slash, or a dot before a few letters.
fn paths(text: &str) -> Vec<String> {
    let is_frame = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'));
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = word.trim_matches(is_frame).trim_end_matches(['.', ':']);
        // A place in a file: `src/main.rs:12`.
        let word = word.split(':').next().unwrap_or(word).trim_start_matches("./").to_lowercase();
        let extension = word.rsplit_once('.').map(|it| it.1).unwrap_or_default();
        let is_file = (1..=5).contains(&extension.len())
            && extension.chars().all(char::is_alphanumeric)
            && word.len() > extension.len() + 2;
        let is_folder = word.contains('/') && !word.contains("//") && word.len() > 3;
        if (is_file || is_folder) && word.len() <= 200 && !out.contains(&word) {
            out.push(word.trim_matches('/').to_owned());
        }
    }
    out.truncate(NAMES);
    out
}

/// The classes that the first line speaks of; what comes later is told in passing (“verified by the tests”).
fn asks_for(text: &str) -> Class {
    let first = first_line(text).to_lowercase();
    let words: Vec<&str> = raw_words(&first).collect();
    let holds = |list: &[&str]| words.iter().any(|it| list.contains(it));
    Class {
        test: holds(&[
            "test",
            "tests",
            "testing",
            "tested",
            "testcase",
            "fixture",
            "fixtures",
            "benchmark",
            "benchmarks",
        ]),
        vendored: holds(&["vendor", "vendored", "generated", "bundled"]),
        prose: holds(&["docs", "documentation", "readme", "guide", "manual", "tutorial", "faq", "book", "chapter"]),
        data: holds(&["json", "yaml", "yml", "toml", "css", "sql", "xml", "stylesheet"]),
        example: holds(&["example", "examples", "sample", "demo", "docs", "documentation"]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_counts_more_and_neighbours_are_joined() {
        let question = Question::of("flush line buffer\nthe buffer leaks");
        let weight = |term: &str| question.terms.iter().find(|it| it.term == term).map_or(0.0, |it| it.weight);
        assert!(weight("flush") > weight("leak") && weight("buffer") > weight("fix"), "{question:?}");
        assert!(weight("linebuffer") > 0.0 && weight("flushlin") > 0.0);
        assert!(Question::of("fix leaks").terms[0].weight < Question::of("flush leaks").terms[0].weight);
    }

    #[test]
    fn names_and_paths_are_told_from_words() {
        let question = Question::of(
            "`Retry` in src/retry.rs:12 calls max_retries and parseUrl, or run() twice. See e.g. README.md",
        );
        assert_eq!(question.names, ["=retry", "=maxretries", "=parseurl", "=run"]);
        assert_eq!(question.paths, ["src/retry.rs", "readme.md"]);
    }

    #[test]
    fn names_and_words_that_not_every_request_has_are_telling() {
        let telling = |text: &str| Question::of(text).telling.into_iter().map(|it| it.word).collect::<Vec<_>>();
        assert_eq!(
            telling("fix the Parser of 2024 and see `sourceMap`\nbody_name and words"),
            ["sourceMap", "body_name", "Parser"]
        );
        assert!(telling("add an option instead").is_empty() && telling("日本語の検索を速くする").is_empty());
    }

    #[test]
    fn where_something_is_declared_asks_for_its_name() {
        let names = |text: &str| Question::of(text).names;
        assert_eq!(names("where is Replacer declared?"), ["=replacer"]);
        assert_eq!(names("find the definition of the retry limit"), ["=retry", "=limit", "=retrylimit"]);
        let words = |text: &str| Question::of(text).terms.into_iter().map(|it| it.word).collect::<Vec<_>>();
        assert_eq!(words("where is Replacer declared?"), ["replacer"]);
        assert!(words("where is the replacer called?").contains(&"where".to_owned()));
        assert!(!Question::of("where is the retry counted").asks_where_declared);
        assert!(!Question::of("allow variables that are defined twice").asks_where_declared);
    }

    #[test]
    fn a_question_may_ask_for_what_is_otherwise_demoted() {
        assert!(Question::of("add a test for the parser").asks_for.test);
        assert!(!Question::of("fix the parser").asks_for.test);
        assert!(Question::of("update the README").asks_for.prose);
    }

    proptest! {
        #[test]
        fn no_question_is_too_strange(text in "(?s).{0,300}") {
            let question = Question::of(&text);
            prop_assert!(question.terms.len() <= TERMS && question.terms.iter().all(|it| it.weight > 0.0));
        }
    }
}
