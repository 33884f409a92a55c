//! A text cut into its words of time, its numbers and signs, each with what it may mean.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::ALL;
use super::words::CJ;
use super::words::FR;
use super::words::Kind;
use super::words::PHRASES;
use super::words::Sense;
use super::words::UNSPACED;
use super::words::Unit;
use super::words::WORDS;

const NOTHING: Sense = Sense { kind: Kind::Other, languages: 0 };

/// The longest word of the tables in bytes, after folding; longer ones are not looked up.
const WORD_BYTES: usize = 16;

/// A word, a number or a sign of the text, by its bytes. Words that say nothing about time follow each other as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) capital: bool,
    pub(super) quoted: bool,
    /// The readings; `Kind::Other` in the places that are not needed.
    pub(super) senses: [Sense; 3],
}

struct Lexicon {
    words: HashMap<String, [Sense; 3]>,
    /// By first word: the other words and what it means, longest first.
    phrases: HashMap<String, Vec<(Vec<String>, Sense)>>,
    /// By first character, longest first.
    unspaced: HashMap<char, Vec<(&'static str, &'static [Kind])>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words: HashMap<String, [Sense; 3]> = HashMap::new();
    for (languages, kind, list) in WORDS {
        for word in list.split(' ') {
            let senses = words.entry(word.to_owned()).or_insert([NOTHING; 3]);
            let place = senses.iter().position(|it| it.kind == *kind || it.languages == 0);
            if let Some(sense) = place.and_then(|at| senses.get_mut(at)) {
                *sense = Sense { kind: *kind, languages: sense.languages | languages };
            }
        }
    }
    let mut phrases: HashMap<String, Vec<(Vec<String>, Sense)>> = HashMap::new();
    for (languages, kind, phrase) in PHRASES {
        let mut parts = phrase.split(' ').map(str::to_owned);
        let first = parts.next().unwrap_or_default();
        let sense = Sense { kind: *kind, languages: *languages };
        phrases.entry(first).or_default().push((parts.collect(), sense));
    }
    phrases.values_mut().for_each(|it| it.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len())));
    let mut unspaced: HashMap<char, Vec<(&str, &[Kind])>> = HashMap::new();
    for (word, kinds) in UNSPACED {
        if let Some(first) = word.chars().next() {
            unspaced.entry(first).or_default().push((word, kinds));
        }
    }
    unspaced.values_mut().for_each(|it| it.sort_by_key(|(word, _)| std::cmp::Reverse(word.len())));
    Lexicon { words, phrases, unspaced }
});

/// A run of letters, of digits, or one other sign.
struct Piece<'a> {
    start: usize,
    text: &'a str,
    class: Class,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letters,
    Digits,
    Unspaced,
    Sign,
}

/// `text` as what its words say about time.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let pieces = pieces(text);
    let mut out: Vec<Token> = Vec::new();
    let mut quote: Option<char> = None;
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let end = piece.start + piece.text.len();
        let quoted = quote.is_some();
        let mut push = |kinds: &[Sense], end: usize| {
            let mut senses = [NOTHING; 3];
            for (place, sense) in senses.iter_mut().zip(kinds) {
                *place = *sense;
            }
            let known = senses.iter().any(|it| it.kind != Kind::Other);
            match out.last_mut() {
                Some(last) if !known && last.senses == [NOTHING; 3] && last.quoted == quoted => last.end = end,
                _ => {
                    let capital = piece.text.chars().next().is_some_and(char::is_uppercase);
                    out.push(Token { start: piece.start, end, capital, quoted, senses });
                }
            }
        };
        at += 1;
        match piece.class {
            Class::Letters => {
                let word = fold(piece.text);
                let suffix = glued_to_digits(&pieces, at - 1);
                if let Some((length, sense)) = phrase(&pieces, at - 1, &word) {
                    at += length;
                    let end = pieces.get(at - 1).map_or(end, |it| it.start + it.text.len());
                    push(&[sense], end);
                } else if suffix && ["st", "nd", "rd", "th", "er", "o", "º", "ª"].contains(&word.as_str()) {
                    push(&[Sense { kind: Kind::Filler, languages: ALL }], end);
                } else if let Some(unit) = suffix.then(|| short_unit(&word)).flatten() {
                    push(&[Sense { kind: Kind::Units(unit), languages: ALL }], end);
                } else if let Some(quarter) = quarter(&pieces, at - 1, &word) {
                    at += 1;
                    push(&[Sense { kind: Kind::Quarter(quarter), languages: ALL }], end + 1);
                } else {
                    push(LEXICON.words.get(&word).map_or(&[], |it| it.as_slice()), end);
                }
            }
            Class::Digits => {
                let digits: String =
                    piece.text.chars().filter_map(|c| digit(c).map(|it| char::from(b'0' + it))).collect();
                let number = digits.parse().ok().filter(|_| digits.len() <= 5);
                let width = u8::try_from(digits.len()).unwrap_or(u8::MAX);
                let sense = number.map(|it| Sense { kind: Kind::Number(it, width), languages: ALL });
                push(sense.as_slice(), end);
            }
            Class::Unspaced => unspaced(piece, quoted, &mut out),
            Class::Sign => {
                let sign = piece.text.chars().next().unwrap_or(' ');
                quote = quote_after(quote, sign);
                let kind = match sign {
                    '\'' | '’' | '`' if between_letters(&pieces, at - 1) => continue,
                    '-' | '–' | '—' | '~' | '〜' | '～' => Kind::Dash,
                    '/' => Kind::Slash,
                    '.' => Kind::Dot,
                    ',' | '，' | '、' => Kind::Comma,
                    _ => Kind::Other,
                };
                if kind == Kind::Other {
                    push(&[], end);
                } else {
                    push(&[Sense { kind, languages: ALL }], end);
                }
            }
        }
    }
    german_hier(text, out)
}

/// “hier” is yesterday in French and here in German: the other small words decide.
fn german_hier(text: &str, mut tokens: Vec<Token>) -> Vec<Token> {
    const GERMAN: [&str; 16] = [
        "der", "die", "das", "ist", "und", "wir", "ich", "nicht", "wo", "wie", "was", "gibt", "warum", "den", "im",
        "ein",
    ];
    const FRENCH: [&str; 16] =
        ["le", "la", "les", "des", "de", "d", "du", "est", "et", "nous", "je", "qui", "que", "moi", "on", "a"];
    let is_hier = |it: &Token| it.senses.first().is_some_and(|it| it.kind == Kind::Day(-1) && it.languages == FR);
    if tokens.iter().any(is_hier) {
        let words = || text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
        let german = words().filter(|it| GERMAN.contains(&it.as_str())).count();
        let french = words().filter(|it| FRENCH.contains(&it.as_str())).count();
        if german > french {
            tokens.iter_mut().filter(|it| is_hier(it)).for_each(|it| it.senses = [NOTHING; 3]);
        }
    }
    tokens
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece<'_>> = Vec::new();
    for (start, c) in text.char_indices() {
        let class = match c {
            _ if c.is_whitespace() => continue,
            _ if digit(c).is_some() => Class::Digits,
            _ if is_unspaced(c) => Class::Unspaced,
            _ if c.is_alphabetic() || matches!(u32::from(c), 0x300..=0x36F) => Class::Letters,
            _ => Class::Sign,
        };
        match out.last_mut() {
            Some(last) if last.class == class && class != Class::Sign && last.start + last.text.len() == start => {
                last.text = text.get(last.start..start + c.len_utf8()).unwrap_or_default();
            }
            _ => out.push(Piece { start, text: text.get(start..start + c.len_utf8()).unwrap_or_default(), class }),
        }
    }
    out
}

/// Tokens of a run without spaces: the longest known word at each place.
fn unspaced(piece: &Piece<'_>, quoted: bool, out: &mut Vec<Token>) {
    let mut rest = piece.text;
    while let Some(first) = rest.chars().next() {
        let start = piece.start + piece.text.len() - rest.len();
        let (length, kinds): (usize, &[Kind]) = if let Some((length, number)) = numeral(rest) {
            (length, &[Kind::Number(number, 0)])
        } else {
            let known = LEXICON.unspaced.get(&first).and_then(|it| it.iter().find(|(word, _)| rest.starts_with(word)));
            known.map_or((first.len_utf8(), [Kind::Other].as_slice()), |(word, kinds)| (word.len(), *kinds))
        };
        for kind in kinds {
            let mut senses = [NOTHING; 3];
            if let Some(place) = senses.first_mut().filter(|_| *kind != Kind::Other) {
                *place = Sense { kind: *kind, languages: CJ };
            }
            match out.last_mut() {
                Some(last) if *kind == Kind::Other && last.senses == senses && last.quoted == quoted => {
                    last.end = start + length;
                }
                _ => out.push(Token { start, end: start + length, capital: false, quoted, senses }),
            }
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// A number in Han numerals up to 99 at the start of `text`, with its length in bytes; none where a longer known word
/// (一昨日, 三月曜) begins with it.
fn numeral(text: &str) -> Option<(usize, u32)> {
    let value = |c| "零一二三四五六七八九".chars().position(|it| it == c).or(matches!(c, '两' | '兩').then_some(2));
    let first = text.chars().next()?;
    if first != '十' && value(first).is_none() {
        return None;
    }
    if LEXICON.unspaced.get(&first).is_some_and(|it| it.iter().any(|(word, _)| text.starts_with(word))) {
        return None;
    }
    let run: Vec<char> = text.chars().take_while(|it| *it == '十' || value(*it).is_some()).take(4).collect();
    let length = run.iter().map(|it| it.len_utf8()).sum();
    let number = match run.iter().position(|it| *it == '十') {
        Some(ten) => {
            let tens = run.get(..ten)?.last().map_or(Some(1), |it| value(*it))?;
            let ones = run.get(ten + 1).map_or(Some(0), |it| value(*it))?;
            tens * 10 + ones
        }
        None => run.iter().try_fold(0, |sum, it| Some(sum * 10 + value(*it)?))?,
    };
    Some((length, u32::try_from(number).ok()?))
}

/// The phrase that begins with the word at `at`: how many pieces more it takes, and what it means.
fn phrase(pieces: &[Piece<'_>], at: usize, word: &str) -> Option<(usize, Sense)> {
    for (rest, sense) in LEXICON.phrases.get(word)? {
        let mut place = at + 1;
        let fits = rest.iter().all(|wanted| {
            while pieces.get(place).is_some_and(|it| matches!(it.text, "'" | "’" | "-")) {
                place += 1;
            }
            let fits = pieces.get(place).is_some_and(|it| it.class == Class::Letters && fold(it.text) == *wanted);
            place += 1;
            fits
        });
        if fits {
            // “over” and “uber” alone mean more only before a number.
            let number = |it: &Piece<'_>| {
                it.class == Class::Digits
                    || LEXICON.words.get(&fold(it.text)).is_some_and(|it| matches!(it[0].kind, Kind::Number(..)))
            };
            if rest.is_empty() && sense.kind == Kind::MoreThan && !pieces.get(place).is_some_and(number) {
                continue;
            }
            return Some((place - at - 1, *sense));
        }
    }
    None
}

fn glued_to_digits(pieces: &[Piece<'_>], at: usize) -> bool {
    let (Some(before), Some(here)) = (at.checked_sub(1).and_then(|it| pieces.get(it)), pieces.get(at)) else {
        return false;
    };
    before.class == Class::Digits && before.start + before.text.len() == here.start
}

fn between_letters(pieces: &[Piece<'_>], at: usize) -> bool {
    let neighbour = |it: Option<usize>| it.and_then(|it| pieces.get(it)).is_some_and(|it| it.class == Class::Letters);
    neighbour(at.checked_sub(1)) && neighbour(Some(at + 1))
}

/// `Q2`, `T3` (French), with its digit in the next piece.
fn quarter(pieces: &[Piece<'_>], at: usize, word: &str) -> Option<i8> {
    let (here, next) = (pieces.get(at)?, pieces.get(at + 1)?);
    let glued = here.start + here.text.len() == next.start && next.class == Class::Digits;
    let number = next.text.parse().ok().filter(|it| (1..=4).contains(it))?;
    (word == "q" && glued).then_some(number)
}

fn short_unit(word: &str) -> Option<Unit> {
    Some(match word {
        "h" | "hr" | "hrs" => Unit::Hour,
        "d" | "j" => Unit::Day,
        "w" | "wk" => Unit::Week,
        "mo" => Unit::Month,
        "y" => Unit::Year,
        _ => return None,
    })
}

/// Inside which quotes the next words stand.
fn quote_after(open: Option<char>, sign: char) -> Option<char> {
    const PAIRS: [(char, char); 6] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」'), ('『', '』')];
    match open {
        Some(closing) if sign == closing => None,
        Some(closing) => Some(closing),
        None => PAIRS.iter().find(|(opening, _)| *opening == sign).map(|(_, closing)| *closing),
    }
}

/// `word` in lower case without the accents of western Europe; empty when it is too long to be known.
fn fold(word: &str) -> String {
    if word.len() > WORD_BYTES * 2 {
        return String::new();
    }
    let mut out = String::with_capacity(word.len());
    for c in word.chars().flat_map(char::to_lowercase) {
        out.push(match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'ç' => 'c',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            _ if matches!(u32::from(c), 0x300..=0x36F) => continue,
            _ => c,
        });
    }
    out
}

fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).ok(),
        '０'..='９' => u8::try_from(u32::from(c) - u32::from('０')).ok(),
        _ => None,
    }
}

fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3005 | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF)
}
