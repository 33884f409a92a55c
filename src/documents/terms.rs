//! Cuts texts and questions into the words that the index of files knows.
//!
//! Names count whole (without underscores, so that `line_buffer`, `LineBuffer` and the two words side by side meet) and
//! by their parts; every word by its stem; text of scripts without spaces by pairs of characters.

use crate::search::is_unspaced;

/// Words that stand in every text and every question. Few: what is rare in a workspace says so by its count.
const STOPWORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for", "from",
    "had", "has", "have", "i", "if", "in", "into", "is", "it", "its", "not", "of", "on", "or", "should", "so", "than",
    "that", "the", "their", "then", "there", "this", "to", "was", "we", "were", "when", "which", "will", "with",
    "would",
];

/// A longer word is data. In bytes.
const WORD_BYTES: usize = 60;

/// Calls `take` with every word of `text`, in order: a name's whole first, then its parts.
pub(super) fn terms(text: &str, mut take: impl FnMut(&str)) {
    for word in raw_words(text) {
        terms_of(word, &mut take);
    }
}

/// Runs of letters, digits and underscores.
pub(super) fn raw_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|it| !it.is_empty())
}

/// Calls `take` with what one of the [`raw_words`] counts as.
pub(super) fn terms_of(word: &str, take: &mut impl FnMut(&str)) {
    if word.len() > WORD_BYTES && !word.chars().any(is_unspaced) {
        return;
    }
    if !word.is_ascii() && word.chars().any(is_unspaced) {
        pairs(word, take);
        return;
    }
    let mut whole = String::with_capacity(word.len());
    fold(word, &mut whole);
    if is_stopword(&whole) {
        return;
    }
    if whole.contains('_') {
        whole.retain(|it| it != '_');
    }
    if whole.is_empty() {
        return;
    }
    let parts = parts(word);
    take(stem(&mut whole));
    if parts.len() > 1 {
        for part in parts {
            let mut folded = String::with_capacity(part.len());
            fold(part, &mut folded);
            if folded.len() > 1 && !is_stopword(&folded) {
                take(stem(&mut folded));
            }
        }
    }
}

/// Whether every text has `word`, which is in lower case.
pub(super) fn is_stopword(word: &str) -> bool {
    word.len() <= 6 && STOPWORDS.binary_search(&word).is_ok()
}

/// Lower case, without the marks of Latin letters.
fn fold(word: &str, out: &mut String) {
    if word.is_ascii() {
        out.extend(word.chars().map(|it| it.to_ascii_lowercase()));
        return;
    }
    for c in word.chars().flat_map(char::to_lowercase) {
        match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => out.push('c'),
            'ď' | 'đ' => out.push('d'),
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'ī' | 'į' | 'ı' => out.push('i'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'ś' | 'š' | 'ş' => out.push('s'),
            'ß' => out.push_str("ss"),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ł' => out.push('l'),
            'ř' => out.push('r'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            // Marks that stand on their own.
            '\u{300}'..='\u{36f}' => {}
            other => out.push(other),
        }
    }
}

/// `parse_HTTPRequest2` → `parse`, `HTTP`, `Request`, `2`.
pub(super) fn parts(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    for at in 0..chars.len() {
        let (offset, here) = chars[at];
        if here == '_' {
            if offset > start {
                out.push(&word[start..offset]);
            }
            start = offset + 1;
            continue;
        }
        if offset == start {
            continue;
        }
        let before = chars[at - 1].1;
        let after = chars.get(at + 1).map(|it| it.1);
        let rises = before.is_lowercase() && here.is_uppercase();
        let ends_capitals = before.is_uppercase() && here.is_uppercase() && after.is_some_and(char::is_lowercase);
        let digits = before.is_numeric() != here.is_numeric();
        if rises || ends_capitals || digits {
            out.push(&word[start..offset]);
            start = offset;
        }
    }
    if start < word.len() {
        out.push(&word[start..]);
    }
    out
}

/// Takes common English endings off, so that `searching`, `searches` and `searched` meet. Light: what a heavier stemmer
/// joins beyond that are mostly different names.
fn stem(word: &mut String) -> &str {
    if word.is_ascii() {
        let length = word.len();
        let ends = |end: &str| word.ends_with(end);
        if length > 4 && ends("ies") {
            word.truncate(length - 3);
            word.push('y');
            return word;
        }
        let hissing = length > 4 && ends("es") && matches!(word.as_bytes()[length - 3], b'x' | b's' | b'z' | b'h');
        let cut = if length > 5 && ends("ing") {
            3
        } else if hissing || length > 4 && (ends("sses") || ends("ed")) {
            2
        } else if length > 3 && ends("s") && !ends("ss") && !ends("us") {
            1
        } else {
            0
        };
        word.truncate(length - cut);
        let bytes = word.as_bytes();
        let last = bytes.last().copied().unwrap_or_default();
        let is_doubled = bytes.len() > 3 && bytes[bytes.len() - 2] == last;
        // `stopped` is `stop`, but `called` is `call`.
        let loses_double = cut >= 2 && is_doubled && !matches!(last, b'l' | b's' | b'z');
        let loses_e = cut < 2 && bytes.len() > 4 && last == b'e';
        if loses_double || loses_e {
            word.pop();
        }
    }
    word
}

/// Pairs of neighbouring characters of unspaced scripts; what stands between them counts as words.
fn pairs(word: &str, take: &mut impl FnMut(&str)) {
    let mut before: Option<char> = None;
    let mut alone = true;
    let mut other = String::new();
    for c in word.chars().chain(std::iter::once(' ')) {
        if is_unspaced(c) {
            if !other.is_empty() {
                terms_of(&std::mem::take(&mut other), take);
            }
            if let Some(first) = before {
                take(&format!("{first}{c}"));
            }
            alone = before.is_none();
            before = Some(c);
        } else {
            if let Some(single) = before.take().filter(|_| alone) {
                take(&single.to_string());
            }
            if c != ' ' {
                other.push(c);
            }
        }
    }
    if !other.is_empty() {
        terms_of(&other, take);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        terms(text, |it| out.push(it.to_owned()));
        out
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(all(text), expected, "{text}");
    }

    #[test]
    fn names_count_whole_and_by_their_parts() {
        check("parseHTTPRequest", &["parsehttprequest", "pars", "http", "request"]);
        check("LINE_BUFFER line_buffer", &["linebuffer", "line", "buffer", "linebuffer", "line", "buffer"]);
        check("utf8 x1", &["utf8", "utf", "x1"]);
        check("__init__ _", &["init"]);
        check("what is the retry limit", &["what", "retry", "limit"]);
    }

    #[test]
    fn words_meet_in_their_stems() {
        for group in [
            &["search", "searches", "searching", "searched"][..],
            &["stop", "stops", "stopped", "stopping"],
            &["call", "calls", "called", "calling"],
            &["query", "queries"],
            &["cache", "caches", "cached", "caching"],
        ] {
            let stems: Vec<Vec<String>> = group.iter().map(|it| all(it)).collect();
            assert!(stems.iter().all(|it| *it == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn other_scripts_are_found() {
        check("東京タワー", &["東京", "京タ", "タワ", "ワー"]);
        check("字", &["字"]);
        check("佐々木 ﾄﾖﾀ", &["佐々", "々木", "ﾄﾖ", "ﾖﾀ"]);
        check("第2章x", &["第", "2", "章", "x"]);
        check("café Ærø", &["cafe", "aero"]);
        check("поиск файлов", &["поиск", "файлов"]);
    }

    #[test]
    fn the_stopwords_are_in_order() {
        assert!(STOPWORDS.is_sorted());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            terms(&text, |it| assert!(!it.is_empty()));
        }
    }
}
