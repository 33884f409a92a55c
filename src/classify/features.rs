//! What a text shows: its words alone and in a row, and the same of their classes.
//!
//! The same as `features` in tools/classify/features.py; a change here is a change there, and the model learned anew.

use std::collections::BTreeSet;

use super::lexicon::Lexicon;

/// A feature by its hash, and the group that it belongs to (its first letter).
pub(super) type Feature = (u32, u8);

/// Steps of length: more tokens than these.
const LENGTHS: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// The features of a text, each once.
pub(super) fn features(tokens: &[String], lexicon: &Lexicon) -> Vec<Feature> {
    let starts = sentence_starts(tokens);
    let mut out = Vec::with_capacity(tokens.len() * 8);
    let mut add =
        |group: &str, parts: &[&str]| out.push((hash(group, parts), group.as_bytes().first().copied().unwrap_or(0)));
    let at = |place: usize| tokens.get(place).map(String::as_str);
    for (place, token) in tokens.iter().enumerate() {
        add("u", &[token]);
        if let Some(second) = at(place + 1) {
            add("b", &[token, second]);
        }
        // The beginning of a long word stands for its forms, and for some slips.
        if !token.starts_with('<')
            && let Some((beginning, _)) = token.char_indices().nth(5).and_then(|(end, _)| token.split_at_checked(end))
        {
            add("p", &[beginning]);
        }
    }
    for start in &starts {
        if let Some(first) = at(*start) {
            add("s", &[first]);
            if let Some(second) = at(*start + 1) {
                add("s", &[first, second]);
            }
        }
    }
    let words: Vec<&str> = tokens.iter().take(3).map(String::as_str).collect();
    for length in 1..=words.len() {
        add("f", words.get(..length).unwrap_or_default());
    }
    if let (Some(first), Some(end)) = (at(starts.last().copied().unwrap_or(0)), tokens.last()) {
        add("l", &[first]);
        add("e", &[end]);
    }
    add("n", &[&LENGTHS.iter().filter(|it| tokens.len() > **it).count().to_string()]);
    classes(tokens, &starts, lexicon, &mut add);
    out.sort_unstable();
    out.dedup_by_key(|it| it.0);
    out
}

/// Classes alone, in pairs, as they follow each other, at the start of the text, and in its last clause.
fn classes(tokens: &[String], starts: &[usize], lexicon: &Lexicon, add: &mut impl FnMut(&str, &[&str])) {
    let rows = lexicon.classes(tokens);
    let known: Vec<&Vec<&'static str>> = rows.iter().filter(|it| !it.is_empty()).collect();
    let all: BTreeSet<&str> = rows.iter().flatten().copied().collect();
    for (place, first) in all.iter().enumerate() {
        add("C", &[first]);
        for second in all.iter().skip(place + 1) {
            add("P", &[first, second]);
        }
    }
    for (place, row) in known.iter().enumerate() {
        for first in row.iter() {
            for second in known.get(place + 1).into_iter().copied().flatten() {
                add("B", &[first, second]);
            }
        }
    }
    for first in rows.first().into_iter().flatten() {
        add("F", &[first]);
        for second in rows.get(1).into_iter().flatten() {
            add("F", &[first, second]);
        }
    }
    if let Some(last) = starts.last() {
        let tail = lexicon.classes(tokens.get(*last..).unwrap_or_default());
        for (place, name) in tail.iter().enumerate().flat_map(|(place, row)| row.iter().map(move |it| (place, it))) {
            add("W", &[name]);
            if place < 2 {
                add("L", &[name]);
            }
        }
    }
}

/// Where sentences and longer clauses begin.
fn sentence_starts(tokens: &[String]) -> Vec<usize> {
    let mut out = Vec::new();
    let mut fresh = true;
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token.as_str(), "?" | "!" | "." | ";" | ":" | "<nl>") || (token == "," && at + 3 < tokens.len()) {
            fresh = true;
        } else if fresh {
            out.push(at);
            fresh = false;
        }
    }
    out
}

/// FNV-1a over the parts with a space between, folded to 32 bits.
pub(super) fn hash(group: &str, parts: &[&str]) -> u32 {
    let mut value = 0xCBF2_9CE4_8422_2325_u64;
    let mut eat = |text: &str| {
        for byte in text.bytes() {
            value = (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    };
    eat(group);
    for part in parts {
        eat(" ");
        eat(part);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
    let folded = (value >> 32) as u32 ^ value as u32;
    folded
}
