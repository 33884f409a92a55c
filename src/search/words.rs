//! Cuts texts into words: as the index is to see them, and as a question is to be asked.
//!
//! The index stems by Porter and folds accents by itself; what it cannot do is done here: names such as
//! `parseHttpRequest` are found by their parts, and Chinese, Japanese and Korean text, which has no spaces, by
//! overlapping pairs of characters.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fold::typed;
use super::language;
use super::stopwords::is_stopword;

/// Different words of a question that are searched for; the later ones of a longer question are left out. Past
/// this, a question is a document, and its first words say what it is about.
const QUERY_WORDS: usize = 48;

/// The longest word that is searched for, in bytes. Longer ones are data, not words.
const WORD_BYTES: usize = 100;

/// `text` with what makes it findable added at its end: the letters that people type, the parts of names and the pairs of
/// unspaced scripts.
pub fn index_text(text: &str) -> Cow<'_, str> {
    let mut added = String::new();
    let typed = typed(text);
    if let Cow::Owned(typed) = &typed {
        added.push_str(typed);
    }
    let typed = typed.as_ref();
    for word in raw_words(typed) {
        for part in parts(word) {
            added.push(' ');
            added.push_str(&part);
        }
    }
    add_stems(typed, &mut added);
    if added.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\n{added}")) }
}

/// Adds the stems of a text in another language than English; the index makes English ones by itself.
fn add_stems(text: &str, added: &mut String) {
    // Lower case is made only of what is looked at.
    let beginning: String = text.chars().take(2000).collect::<String>().to_lowercase();
    let languages = language::of_text(&raw_words(&beginning));
    let is_sure = languages.len() == 1;
    let mut seen = HashSet::new();
    for stems in languages.into_iter().map(language::Stems::of) {
        for word in raw_words(text) {
            let word = word.to_lowercase();
            let stem = stems.stem(&word);
            // The index makes English stems by itself.
            let is_new = || stem != super::question::english_stem(&word);
            let counts = is_sure || stem.chars().count() >= language::SURE_STEM && is_new();
            if stem != word && counts && seen.insert(stem.clone()) {
                added.push(' ');
                added.push_str(&stem);
            }
        }
    }
}

/// The words to search for, in lower case, in the order of the question, each once, without those that every text
/// has. When all of them are such, all are kept. Empty only for a question without any letter or digit.
pub fn query_words(query: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    let mut common = Vec::new();
    for raw in raw_words(&typed(query)) {
        if kept.len() >= QUERY_WORDS {
            break;
        }
        let whole = (!raw.chars().any(is_unspaced)).then(|| raw.to_lowercase());
        for word in whole.into_iter().chain(parts(raw)) {
            if word.len() > WORD_BYTES || !seen.insert(word.clone()) {
                continue;
            }
            if is_stopword(&word) { common.push(word) } else { kept.push(word) }
        }
    }
    kept.truncate(QUERY_WORDS);
    common.truncate(QUERY_WORDS);
    if kept.is_empty() { common } else { kept }
}

/// Which of `words` stand in `text`, by their beginnings (so that `deploys` is found in `deployed`).
pub fn matched(words: &[String], text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let found = |word: &&String| {
        let length = word.chars().count();
        let stem: String = if length > 4 { word.chars().take(length - 1).collect() } else { (*word).clone() };
        lower.contains(&stem)
    };
    words.iter().filter(found).cloned().collect()
}

/// Brings BM25 values, best first, into 0.0..=1.0: the best gets the share of the question's `words` that it holds,
/// the others what their BM25 is of the best one's. (BM25 alone is near 0 in a small store, where every word is rare
/// and common at once.)
pub fn scores(bm25: &[f64], best_holds: usize, words: usize) -> Vec<f64> {
    let best = bm25.first().copied().unwrap_or(0.0);
    if best <= 0.0 || words == 0 {
        return vec![0.0; bm25.len()];
    }
    #[expect(clippy::cast_precision_loss, reason = "a question has a few dozen words")]
    let top = (best_holds.max(1) as f64 / words as f64).min(1.0);
    bm25.iter().map(|it| (top * it / best).clamp(0.0, 1.0)).collect()
}

/// Runs of letters and digits.
pub(super) fn raw_words(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty())
}

/// What a word is made of, in lower case: the parts of a name in camel case, the pairs of an unspaced script.
/// Nothing for a plain word.
pub(super) fn parts(word: &str) -> Vec<String> {
    if word.chars().any(is_unspaced) {
        return pairs(word);
    }
    let pieces = camel_parts(word);
    if pieces.len() < 2 { Vec::new() } else { pieces.into_iter().map(str::to_lowercase).collect() }
}

/// Whether `word` surely has no parts, without looking closer: an ordinary word or a number.
pub(super) fn is_plain(word: &str) -> bool {
    let rest = word.as_bytes().get(1..).unwrap_or_default();
    word.is_ascii()
        && (word.bytes().all(|it| it.is_ascii_digit())
            || word.bytes().all(|it| it.is_ascii_alphabetic()) && rest.iter().all(u8::is_ascii_lowercase))
}

fn pairs(word: &str) -> Vec<String> {
    let mut out = Vec::new();
    for run in runs(word) {
        let chars: Vec<char> = run.chars().collect();
        match chars.as_slice() {
            [first, ..] if !is_unspaced(*first) => out.push(run.to_lowercase()),
            [single] => out.push(single.to_string()),
            many => out.extend(many.windows(2).map(|pair| pair.iter().collect::<String>())),
        }
    }
    out
}

/// The character of the term at `at` that is a word by itself, when it stands in none of `terms` beside another that may be
/// a part of its word: 猫 in 猫几岁了, and not in 猫咪几岁了.
pub fn lone_character(terms: &[String], at: usize) -> Option<char> {
    let character = character_of(terms.get(at)?)?;
    let stands_alone = |it: &&String| !it.contains(character) || character_of(it) == Some(character);
    terms.iter().all(|it| stands_alone(&it)).then_some(character)
}

/// The one Chinese character of a pair whose other one only helps.
fn character_of(pair: &str) -> Option<char> {
    let helps = |c: char| matches!(c, 'ぁ'..='ゖ') || HELPING.contains(c);
    let is_han = |it: &char| matches!(it, '\u{3400}'..='\u{9FFF}');
    let telling: Vec<char> = pair.chars().filter(|it| !helps(*it)).collect();
    match telling.as_slice() {
        [one] if pair.chars().count() <= 2 && is_han(one) => Some(*one),
        _ => None,
    }
}

/// Characters that only help others, in Chinese and Japanese, besides hiragana.
const HELPING: &str = "的了是在我你您他她它们們这這那哪几幾多少什么麼谁誰吗嗎呢吧有没沒也和与與跟给給把被叫个個只要何";

/// `word` cut where an unspaced script begins or ends.
fn runs(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in word.char_indices() {
        let here = is_unspaced(c);
        if before.is_some_and(|it| it != here) {
            out.push(&word[start..at]);
            start = at;
        }
        before = Some(here);
    }
    out.push(&word[start..]);
    out
}

/// `parseHTTPRequest2` → `parse`, `HTTP`, `Request`, `2`.
fn camel_parts(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut cuts = vec![0];
    for at in 1..chars.len() {
        let (before, here) = (chars[at - 1].1, chars[at].1);
        let after = chars.get(at + 1).map(|it| it.1);
        let rises = before.is_lowercase() && here.is_uppercase();
        let ends_capitals = before.is_uppercase() && here.is_uppercase() && after.is_some_and(char::is_lowercase);
        let digits = before.is_numeric() != here.is_numeric();
        if rises || ends_capitals || digits {
            cuts.push(chars[at].0);
        }
    }
    cuts.push(word.len());
    cuts.windows(2).map(|pair| &word[pair[0]..pair[1]]).collect()
}

/// Scripts that are written without spaces between words: Han with its marks for the same again (`々`), kana wide and narrow,
/// Hangul, Thai, Lao, Khmer, Burmese.
pub fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x20000..=0x3134F)
}

/// By what an older index has a pair with `々`, which it took for no part of a word: its first character, alone.
pub(super) fn form_of_before(pair: &str) -> Option<String> {
    pair.chars().next().filter(|_| pair.contains('々')).map(String::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(query: &str, expected: &[&str]) {
        assert_eq!(query_words(query), expected, "{query}");
    }

    #[test]
    fn questions_become_words() {
        check("What is the deploy day?", &["deploy", "day"]);
        check("who are you", &["who", "are", "you"]);
        check("parseHTTPRequest2", &["parsehttprequest2", "parse", "http", "request", "2"]);
        check("\"a\" OR (b) NEAR* ^c -x", &["b", "near", "c", "x"]);
        check("東京タワー", &["東京", "京タ", "タワ", "ワー"]);
        check("字", &["字"]);
        check("佐々木", &["佐々", "々木"]);
        check("人々", &["人々"]);
        check("〇一", &["〇一"]);
        check("ﾄﾖﾀ", &["ﾄﾖ", "ﾖﾀ"]);
        check("🎉 !?", &[]);
        check("", &[]);
    }

    #[test]
    fn a_long_question_is_cut() {
        let long: String = (0..10_000).map(|at| format!("word{at} ")).collect();
        assert_eq!(query_words(&long).len(), QUERY_WORDS);
    }

    #[test]
    fn names_and_unspaced_text_are_indexed_by_their_parts() {
        assert_eq!(index_text("plain words"), "plain words");
        assert!(index_text("callToolResult").ends_with("call tool result"));
        assert!(index_text("我喜欢茶").contains("喜欢"));
        assert!(index_text("the oﬃce").ends_with("\nthe office"));
        assert!(index_text("Die Häuser sind alt und nicht für uns").contains(" haus"));
        assert_eq!(index_text("The houses are old and not for us"), "The houses are old and not for us");
    }

    #[test]
    fn a_character_between_such_as_help_is_a_word() {
        let lone = |query: &str, at: usize| lone_character(&query_words(query), at);
        assert_eq!([0, 1].map(|it| lone("猫几岁了", it)), [Some('猫'), Some('岁')]);
        assert_eq!(lone("猫", 0), Some('猫'));
        assert_eq!(lone("犬は何歳", 0), Some('犬'));
        assert_eq!([0, 1].map(|it| lone("猫咪几岁", it)), [None, None]);
        for query in ["ネコは", "東京", "cat", "的了", "3"] {
            assert_eq!(lone(query, 0), None, "{query}");
        }
    }

    #[test]
    fn matched_words_are_found_by_their_beginnings() {
        let words = vec!["deploys".to_owned(), "friday".to_owned(), "tea".to_owned()];
        assert_eq!(matched(&words, "We deploy on Fridays"), ["deploys", "friday"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            prop_assert!(query_words(&text).len() <= QUERY_WORDS);
            prop_assert!(index_text(&text).starts_with(&text));
            prop_assert_eq!(query_words(&text).is_empty(), !text.chars().any(char::is_alphanumeric));
        }
    }
}
