//! Cuts a text into what the classifiers see: words in lower case, signs, and marks for what is no language.
//!
//! The same as `tokens` in tools/classify/features.py; a change here is a change there.

/// Characters of a text that are read: what a request wants stands at its beginning or behind a pasted trace.
const CHARS: usize = 4000;

/// Tokens of a text that are looked at.
const TOKENS: usize = 400;

/// Scripts without spaces, whose characters are tokens of their own.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3005 | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF)
}

/// The signs that end a sentence or a clause.
pub(super) fn is_closing(c: char) -> bool {
    matches!(c, '?' | '!' | '.' | ';' | ':' | ',')
}

/// Words, signs, and `<id>`, `<path>`, `<n>`, `<code>`, `<nl>`.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().take(CHARS).collect();
    let get = |at: usize| chars.get(at).copied();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(c) = get(at) {
        if out.len() >= TOKENS {
            break;
        }
        if c == '`' {
            let ticks = run(&chars, at, |it| it == '`');
            let inside = run(&chars, at + ticks, |it| it != '`');
            let closing = run(&chars, at + ticks + inside, |it| it == '`');
            out.push(if ticks >= 3 { "<code>" } else { "<id>" }.to_owned());
            at += ticks + inside + closing;
        } else if c == '\n' {
            if out.last().is_none_or(|it| it != "<nl>") {
                out.push("<nl>".to_owned());
            }
            at += 1;
        } else if is_unspaced(c) {
            out.push(c.to_string());
            at += 1;
        } else if c.is_alphanumeric() || c == '_' || c == '<' {
            at = chunk(&chars, at, &mut out);
        } else {
            match c {
                _ if is_closing(c) => out.push(c.to_string()),
                '？' => out.push("?".to_owned()),
                '。' | '！' => out.push(".".to_owned()),
                '，' | '、' => out.push(",".to_owned()),
                _ => {}
            }
            at += 1;
        }
    }
    out
}

/// How many characters from `at` on are as `wanted`.
fn run(chars: &[char], at: usize, wanted: impl Fn(char) -> bool) -> usize {
    chars.iter().skip(at).take_while(|it| wanted(**it)).count()
}

/// Reads what stands together at `at`, and says where the next begins.
fn chunk(chars: &[char], at: usize, out: &mut Vec<String>) -> usize {
    let ends = |c: char| c.is_whitespace() || is_unspaced(c) || "`\"“”„«»(),;?!".contains(c);
    let mut length = run(chars, at, |it| !ends(it));
    let last = |length: usize| chars.get(at + length - 1).copied();
    while length > 1 && last(length).is_some_and(|it| matches!(it, '.' | ':' | '\'' | '’')) {
        length -= 1;
    }
    let chunk = chars.get(at..at + length).unwrap_or_default();
    let mut end = at + length;
    let call = chars.get(end) == Some(&'(') && chars.get(end + 1) == Some(&')');
    if call {
        end += 2;
    }
    if call || chunk.contains(&'_') || chunk.windows(2).any(|it| it == [':', ':']) {
        out.push("<id>".to_owned());
    } else if (chunk.contains(&'/') && chunk.len() > 3) || has_inner_dot(chunk) {
        out.push("<path>".to_owned());
    } else if chunk.windows(2).any(|it| matches!(it, [a, b] if a.is_lowercase() && b.is_uppercase())) {
        out.push("<id>".to_owned());
    } else if chunk.first().is_some_and(|it| it.is_numeric()) {
        out.push("<n>".to_owned());
    } else {
        words(&chunk.iter().collect::<String>().to_lowercase(), out);
    }
    end.max(at + 1)
}

/// `name.rs`, but not the end of a sentence.
fn has_inner_dot(chunk: &[char]) -> bool {
    let Some(at) = chunk.iter().skip(1).position(|it| *it == '.').map(|it| it + 1) else { return false };
    let alphanumeric = |at: usize| chunk.get(at).is_some_and(|it| it.is_alphanumeric());
    chunk.get(at + 1).is_some_and(|it| it.is_alphabetic()) && alphanumeric(at - 1)
}

fn words(chunk: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    for c in chunk.chars().chain([' ']) {
        let c = if c == '’' { '\'' } else { c };
        if c.is_alphanumeric() || (matches!(c, '\'' | '-') && !word.is_empty()) {
            word.push(c);
        } else if !word.is_empty() {
            out.push(word.trim_end_matches(['-', '\'']).to_owned());
            word.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(tokens(text).join(" "), expected, "{text}");
    }

    #[test]
    fn texts_become_words_and_marks() {
        check("Where's `foo`, in src/a.rs?", "where's <id> , in <path> ?");
        check("parseHttp() and MAX_SIZE at 12ms", "<id> and <id> at <n>");
        check("look:\n```rs\nlet x = 1;\n```", "look : <nl> <code>");
        check("这是什么？", "这 是 什 么 ?");
        check("well-known – don’t.", "well-known don't .");
        check("", "");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            prop_assert!(tokens(&text).iter().all(|it| !it.is_empty() || text.contains('\'')));
        }
    }
}
