//! Finds the names that narrow a question: recorded ones, quoted ones, those of somebody unknown, and those to be left out.

use super::plan::ERRORS;
use super::plan::Words;
use super::question::Dimension;
use super::question::Filter;
use super::question::Names;
use super::question::Word;
use super::question::dimension;
use super::question::words;
use crate::trace;

/// Families of models whose names are no words of other questions, as `command` and `open` are.
const FAMILIES: [&str; 9] = ["claude", "llama", "gemini", "gemma", "mistral", "qwen", "deepseek", "grok", "codestral"];

/// What stands before the name of a persona that nobody recorded: “the poet persona”.
const BEFORE_PERSONA: [&str; 12] = ["the", "our", "my", "your", "a", "an", "this", "that", "der", "die", "la", "el"];

/// How words end that say what a persona is like, and those that do without such an ending.
const ENDINGS: [&str; 7] = ["est", "ed", "ive", "ing", "able", "sten", "ste"];
const NO_NAMES: [&str; 26] = [
    "new",
    "custom",
    "own",
    "same",
    "other",
    "another",
    "most",
    "least",
    "favourite",
    "favorite",
    "worst",
    "one",
    "user",
    "model",
    "single",
    "current",
    "old",
    "top",
    "only",
    "default",
    "next",
    "last",
    "first",
    "popular",
    "main",
    "whole",
];

/// Words behind which a name is left out. What stands between them and the name is in [`BETWEEN`].
const EXCEPT: [&str; 34] = [
    "without",
    "except",
    "excepting",
    "excluding",
    "but",
    "not",
    "minus",
    "besides",
    "apart",
    "aside",
    "other",
    "ohne",
    "außer",
    "ausser",
    "nicht",
    "ausgenommen",
    "sans",
    "sauf",
    "hors",
    "hormis",
    "sin",
    "excepto",
    "salvo",
    "menos",
    "senza",
    "tranne",
    "eccetto",
    "sem",
    "exceto",
    "zonder",
    "behalve",
    "除",
    "除了",
    "除去",
];
const BEHIND: [&str; 3] = ["以外", "之外", "を除"];
const NEVER: [&str; 8] = ["never", "nie", "niemals", "jamais", "nunca", "jamás", "nooit", "从未"];
const USE: [&str; 3] = ["use", "used", "using"];
const BETWEEN: [&str; 35] = [
    "the",
    "a",
    "any",
    "by",
    "from",
    "of",
    "for",
    "to",
    "than",
    "with",
    "use",
    "using",
    "used",
    "made",
    "counting",
    "including",
    "calls",
    "asks",
    "der",
    "die",
    "das",
    "den",
    "dem",
    "von",
    "für",
    "mit",
    "le",
    "la",
    "les",
    "el",
    "de",
    "il",
    "o",
    "do",
    "da",
];
const JOINS: [&str; 10] = ["and", "or", "nor", "und", "oder", "et", "ou", "y", "o", "e"];

/// Words before and behind the name of somebody: “what did X ask”, “was hat X gefragt”.
const DID: [&str; 4] = ["did", "does", "has", "hat"];
const ASKED: [&str; 26] = [
    "spend",
    "spent",
    "pay",
    "paid",
    "call",
    "called",
    "write",
    "ausgegeben",
    "bezahlt",
    "do",
    "ask",
    "say",
    "use",
    "decide",
    "discuss",
    "want",
    "done",
    "asked",
    "said",
    "used",
    "decided",
    "gefragt",
    "gesagt",
    "gemacht",
    "benutzt",
    "entschieden",
];

/// What may stand there and is no name.
const NOBODY: [&str; 35] = [
    "we",
    "i",
    "you",
    "they",
    "he",
    "she",
    "it",
    "everyone",
    "everybody",
    "anyone",
    "anybody",
    "someone",
    "somebody",
    "people",
    "who",
    "which",
    "what",
    "nobody",
    "one",
    "others",
    "all",
    "each",
    "both",
    "that",
    "this",
    "not",
    "wir",
    "ich",
    "er",
    "sie",
    "es",
    "man",
    "jemand",
    "jeder",
    "niemand",
];

/// Whom such a question asks for already: then what stands there is no name.
const WHO: [&str; 7] = ["who", "wer", "wen", "qui", "quién", "chi", "quem"];

/// The filters of `question`, and what of it seems to narrow and cannot.
pub(super) fn filters(question: &str, names: &Names) -> (Vec<Filter>, Vec<String>) {
    let words = words(question);
    let mut out: Vec<Filter> = Vec::new();
    let mut unread = Vec::new();
    let mut add = |dimension: Dimension, value: &str, is_left_out: bool| {
        let filter = Filter { dimension, value: value.to_owned(), is_left_out };
        if !out.contains(&filter) {
            out.push(filter);
        }
    };
    let of = |at: Option<usize>| at.and_then(|it| words.get(it)).filter(|it| !it.quoted).and_then(|it| noun(it.text));
    for (at, word) in words.iter().enumerate() {
        if let Some((dimension, name)) = recorded(word.text, names) {
            match left_out(at, &words, names) {
                LeftOut::Never => unread.push(format!("never … {name}")),
                it => add(dimension, name, it == LeftOut::Yes),
            }
        } else if word.quoted {
            // The noun beside a quoted name says what it is: persona “Scout”, the “Scout” persona.
            let named = of(at.checked_sub(1)).or_else(|| of(Some(at + 1)));
            add(named.unwrap_or(Dimension::Text), word.text, false);
        } else if is_unknown_persona(at, &words, names) {
            add(Dimension::Persona, words[at - 1].text, false);
        } else if let Some(namespace) = namespace(at, &words, names) {
            add(Dimension::Namespace, namespace, false);
        } else if noun(word.text) == Some(Dimension::User)
            && word.text.to_lowercase() == "user"
            && let Some(next) = words.get(at + 1)
            && next.text.chars().all(|c| c.is_ascii_digit())
        {
            add(Dimension::User, next.text, false);
        } else if is_asked_about(at, &words) {
            // Somebody of whom nothing is recorded: an answer about all others would be another one's.
            // “developers” are many, and “Jonas” is one.
            if word.text.starts_with(char::is_uppercase) || !word.text.ends_with('s') {
                add(Dimension::User, word.text, false);
            } else {
                unread.push(word.text.to_owned());
            }
        }
    }
    for kind in error_kinds(question, names) {
        add(Dimension::ErrorKind, kind, false);
    }
    for name in trace::frameworks(question) {
        let first = name.split(' ').next().unwrap_or_default();
        let at = words.iter().position(|it| it.text == first);
        if at.is_none_or(|at| left_out(at, &words, names) == LeftOut::No) {
            add(Dimension::Framework, &name, false);
        } else {
            unread.push(format!("without {name}"));
        }
    }
    (out, unread)
}

/// Whether a question asks for what a name has no part in.
#[derive(Clone, Copy, PartialEq)]
enum LeftOut {
    No,
    Yes,
    /// Who never did something is in no row of those who did.
    Never,
}

/// Whether the name at `at` is to be left out: “without X”, “but not by X and Y”, “X以外”.
fn left_out(at: usize, words: &[Word<'_>], names: &Names) -> LeftOut {
    if words.get(at + 1).is_some_and(|it| BEHIND.iter().any(|behind| it.text.starts_with(behind))) {
        return LeftOut::Yes;
    }
    let before: Vec<String> = words[..at].iter().rev().map(|it| it.text.to_lowercase()).collect();
    // Names that are joined to this one, the noun of what is named, and small words.
    let joined = |it: &&String| JOINS.contains(&it.as_str()) || recorded(it, names).is_some();
    let names = before.iter().take_while(joined).count();
    let noun = before.get(names).is_some_and(|it| noun(it).is_some());
    let small = before.iter().skip(names + usize::from(noun)).take_while(|it| BETWEEN.contains(&it.as_str())).count();
    let not = names + usize::from(noun) + small;
    let word = |at: usize| before.get(at).map_or("", String::as_str);
    let all = |it: &String| ["all", "every", "any"].iter().any(|all| it.starts_with(all));
    let asks_who = before.iter().any(|it| WHO.contains(&it.as_str()) || dimension(it) == Some(Dimension::User));
    let is_never = asks_who && before.iter().take(not).any(|it| USE.contains(&it.as_str()));
    let behind = words.get(at + 1).map(|it| it.text.to_lowercase()).unwrap_or_default();
    match word(not) {
        _ if NEVER.contains(&behind.as_str()) || behind == "nicht" => LeftOut::Never,
        it if NEVER.contains(&it) => LeftOut::Never,
        // “didn't”
        "not" | "nicht" | "t" if is_never => LeftOut::Never,
        "but" if !before.iter().skip(not + 1).take(3).any(all) => LeftOut::No,
        it if EXCEPT.contains(&it) || it.ends_with('除') => LeftOut::Yes,
        _ => LeftOut::No,
    }
}

/// Whether the word at `at` is “persona” and the one before it can only be the name of one that nobody recorded.
fn is_unknown_persona(at: usize, words: &[Word<'_>], names: &Names) -> bool {
    // “rank personas” names none.
    if noun(words[at].text) != Some(Dimension::Persona) || words[at].text.to_lowercase().ends_with('s') {
        return false;
    }
    let Some(name) = at.checked_sub(1).map(|it| &words[it]) else { return false };
    let lower = name.text.to_lowercase();
    let announced = at >= 2 && BEFORE_PERSONA.contains(&words[at - 2].text.to_lowercase().as_str());
    let is_word = BEFORE_PERSONA.contains(&lower.as_str())
        || NO_NAMES.contains(&lower.as_str())
        || ENDINGS.iter().any(|it| lower.ends_with(it))
        || lower.chars().all(|c| c.is_ascii_digit());
    // A capital at the beginning of the question is that of any word.
    let is_capital = at >= 2 && name.text.starts_with(char::is_uppercase);
    (announced || is_capital) && !is_word && !name.quoted && recorded(name.text, names).is_none()
}

/// The recorded namespace beside the word at `at`, when that is “namespace”.
fn namespace<'a>(at: usize, words: &[Word<'_>], names: &'a Names) -> Option<&'a str> {
    let word = words[at].text.to_lowercase();
    if dimension(&word) != Some(Dimension::Namespace) || word.ends_with('s') {
        return None;
    }
    let beside = [Some(at + 1), at.checked_sub(1)].into_iter().flatten().filter_map(|it| words.get(it));
    let mut beside = beside.map(|it| it.text.to_lowercase());
    beside.find_map(|it| names.namespaces.iter().find(|name| name.to_lowercase() == it)).map(String::as_str)
}

/// The recorded kinds of errors that `question` names: `rate_limited` as “rate limits”, `timeout` as “timed out”.
fn error_kinds<'a>(question: &str, names: &'a Names) -> impl Iterator<Item = &'a str> {
    let lower = question.to_lowercase();
    let words: Vec<String> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let is_named = move |kind: &&String| {
        // The last word of a kind may have another ending.
        let parts: Vec<&str> = kind.split('_').collect();
        let fits = |(word, (at, part)): (&String, (usize, &&str))| {
            if at + 1 == parts.len() { word.starts_with(part.trim_end_matches("ed")) } else { word == part }
        };
        let is_whole =
            |at: usize| words.len() - at >= parts.len() && words[at..].iter().zip(parts.iter().enumerate()).all(fits);
        let is_split =
            |pair: &[String]| format!("{}{}", pair[0].trim_end_matches('d'), pair[1]).starts_with(kind.as_str());
        (0..words.len()).any(is_whole) || words.windows(2).any(is_split)
    };
    names.error_kinds.iter().filter(is_named).map(String::as_str)
}

/// Whether kinds of errors may be named at all.
pub(super) fn may_name_errors(question: &str) -> bool {
    Words::of(question).any(ERRORS)
}

/// Whether the word at `at` can only be somebody's name.
fn is_asked_about(at: usize, words: &[Word<'_>]) -> bool {
    let lower = |at: Option<usize>| at.and_then(|it| words.get(it)).map(|it| it.text.to_lowercase());
    let is = |at: Option<usize>, list: &[&str]| lower(at).is_some_and(|it| list.contains(&it.as_str()));
    let name = words[at].text;
    let was_here = is(at.checked_sub(1), &["was", "is", "war"])
        && is(Some(at + 1), &["last", "ever", "zuletzt"])
        && is(Some(at + 2), &["active", "seen", "online", "aktiv"]);
    let somebody_did = is(at.checked_sub(1), &DID)
        && is(Some(at + 1), &ASKED)
        && !(0..at).any(|it| is(Some(it), &WHO))
        && at.checked_sub(2).is_none_or(|it| dimension(words[it].text) != Some(Dimension::User));
    (was_here || somebody_did)
        && !is(Some(at), &NOBODY)
        && !words[at].quoted
        && dimension(name).is_none()
        && trace::frameworks(name).is_empty()
        && name.chars().count() > 1
        && name.chars().all(char::is_alphabetic)
}

/// The sort of name that a noun announces.
fn noun(word: &str) -> Option<Dimension> {
    dimension(word).filter(|it| {
        use Dimension::Framework;
        use Dimension::Model;
        use Dimension::Namespace;
        use Dimension::Persona;
        use Dimension::Provider;
        use Dimension::Session;
        use Dimension::Tool;
        use Dimension::User;
        [Persona, User, Model, Provider, Tool, Framework, Session, Namespace].contains(it)
    })
}

/// A recorded name, whatever its case; `claude` is the only model whose name begins so.
fn recorded<'a>(word: &str, names: &'a Names) -> Option<(Dimension, &'a str)> {
    let lists = [
        (Dimension::Persona, &names.personas),
        (Dimension::User, &names.users),
        (Dimension::Model, &names.models),
        (Dimension::Provider, &names.providers),
        (Dimension::Tool, &names.tools),
    ];
    let lower = word.to_lowercase();
    let whole = lists.into_iter().find_map(|(dimension, list)| {
        list.iter().find(|it| it.to_lowercase() == lower).map(|it| (dimension, it.as_str()))
    });
    let rest = |it: &str| it.to_lowercase().strip_prefix(&lower).and_then(|it| it.chars().next());
    let mut begin = names.models.iter().filter(|it| rest(it).is_some_and(|next| !next.is_alphabetic()));
    whole.or_else(|| match (begin.next(), begin.next()) {
        (Some(model), None) if FAMILIES.contains(&lower.as_str()) => Some((Dimension::Model, model.as_str())),
        _ => None,
    })
}
