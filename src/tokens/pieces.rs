//! Cuts a text where o200k does before it looks for tokens: no token crosses such a cut.
//!
//! The rules are those of tiktoken's `o200k_base` pattern, tried in this order at each place:
//!
//! 1. a word: at most one leading character that is no letter, number or line end; upper-case letters, then
//!    lower-case ones; then an English contraction (`'s`, `'re` …);
//! 2. one to three digits;
//! 3. signs, with at most one leading space and the line ends and slashes that follow;
//! 4. white space up to its last line end;
//! 5. white space but its last character, which the next piece may begin with.

/// What a character means to the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    /// A letter without case, or a mark: it continues both an upper-case and a lower-case run.
    Uncased,
    Digit,
    Space,
    LineEnd,
    Sign,
}

impl Class {
    fn is_letter(self) -> bool {
        matches!(self, Class::Upper | Class::Lower | Class::Uncased)
    }

    fn is_white(self) -> bool {
        matches!(self, Class::Space | Class::LineEnd)
    }
}

/// The pieces of `text`, in order and without gaps.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { text, at: 0 }
}

/// See [`pieces`].
pub(super) struct Pieces<'a> {
    text: &'a str,
    /// Where the next piece begins: a character boundary.
    at: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let (class, length) = class_at(self.text, start)?;
        let after = start + length;
        self.at = match class {
            Class::Upper | Class::Lower | Class::Uncased => word(self.text, start),
            Class::Digit => digits(self.text, after),
            Class::LineEnd => white(self.text, start),
            Class::Space | Class::Sign => match class_at(self.text, after) {
                Some((next, _)) if next.is_letter() => word(self.text, after),
                Some((Class::Sign, _)) if class == Class::Sign || self.text.as_bytes()[start] == b' ' => {
                    signs(self.text, after)
                }
                _ if class == Class::Sign => signs(self.text, after),
                _ => white(self.text, start),
            },
        };
        self.text.as_bytes().get(start..self.at)
    }
}

/// Where the word that begins at `start` ends.
fn word(text: &str, start: usize) -> usize {
    let (run, last_uncased) = upper_run(text, start);
    let mut end = match class_at(text, run) {
        Some((Class::Lower, _)) => run_of(text, run, |class| matches!(class, Class::Lower | Class::Uncased)),
        // Nothing lower-case follows, so the lower-case run is the last uncased letter, and what comes after it is cut.
        _ => last_uncased.unwrap_or(run),
    };
    if text.as_bytes().get(end) == Some(&b'\'') {
        end += contraction(&text.as_bytes()[end + 1..]);
    }
    end
}

/// Where the upper-case run at `start` ends, and where the last uncased letter in it does.
fn upper_run(text: &str, start: usize) -> (usize, Option<usize>) {
    let mut at = start;
    let mut last_uncased = None;
    while let Some((class, length)) = class_at(text, at) {
        match class {
            Class::Upper => at += length,
            Class::Uncased => {
                at += length;
                last_uncased = Some(at);
            }
            _ => break,
        }
    }
    (at, last_uncased)
}

/// The length of an English contraction with its apostrophe, given what follows that; 0 if there is none.
fn contraction(after: &[u8]) -> usize {
    match after {
        [b'r' | b'R' | b'v' | b'V', b'e' | b'E', ..] | [b'l' | b'L', b'l' | b'L', ..] => 3,
        [b's' | b'S' | b't' | b'T' | b'm' | b'M' | b'd' | b'D', ..] => 2,
        _ => 0,
    }
}

fn digits(text: &str, second: usize) -> usize {
    let mut at = second;
    for _ in 0..2 {
        match class_at(text, at) {
            Some((Class::Digit, length)) => at += length,
            _ => break,
        }
    }
    at
}

fn signs(text: &str, second: usize) -> usize {
    let end = run_of(text, second, |class| class == Class::Sign);
    let tail = text.as_bytes()[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b'/')).count();
    end + tail
}

fn white(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut last = start;
    let mut line_end = None;
    while let Some((class, length)) = class_at(text, end) {
        if !class.is_white() {
            break;
        }
        last = end;
        end += length;
        if class == Class::LineEnd {
            line_end = Some(end);
        }
    }
    match line_end {
        Some(line_end) => line_end,
        None if end == text.len() || last == start => end,
        None => last,
    }
}

fn run_of(text: &str, start: usize, belongs: impl Fn(Class) -> bool) -> usize {
    let mut at = start;
    while let Some((class, length)) = class_at(text, at) {
        if !belongs(class) {
            break;
        }
        at += length;
    }
    at
}

/// The class and the length in bytes of the character at `at`, a character boundary; `None` at the end.
#[inline(always)]
fn class_at(text: &str, at: usize) -> Option<(Class, usize)> {
    let byte = *text.as_bytes().get(at)?;
    if byte.is_ascii() {
        return Some((ASCII[usize::from(byte)], 1));
    }
    let character = text[at..].chars().next()?;
    Some((class_of(character), character.len_utf8()))
}

/// The class of every ASCII character: the loop spends its time here.
static ASCII: [Class; 128] = {
    let mut classes = [Class::Sign; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b'\r' | b'\n' => Class::LineEnd,
            b' ' | b'\t' | 0x0B | 0x0C => Class::Space,
            _ => Class::Sign,
        };
        byte += 1;
    }
    classes
};

fn class_of(character: char) -> Class {
    match character {
        // Kana, Han and Hangul, ahead of the slow tables.
        '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => {
            Class::Uncased
        }
        _ if character.is_lowercase() => Class::Lower,
        _ if character.is_uppercase() => Class::Upper,
        _ if character.is_numeric() => Class::Digit,
        _ if character.is_alphabetic() => Class::Uncased,
        _ if character.is_whitespace() => Class::Space,
        _ if is_mark(character) => Class::Uncased,
        _ => Class::Sign,
    }
}

/// The marks (general category M) that [`char::is_alphabetic`] leaves out, up to the Khmer block and in the
/// compatibility forms; a rarer one counts as a sign. The gaps hold only letters, so the ranges run over them.
///
/// Source: Unicode 16.0, 2024-09.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{362}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5AF}' | '\u{658}' | '\u{6DF}'..='\u{6E0}'
        | '\u{6EA}'..='\u{6EC}' | '\u{740}'..='\u{7F3}' | '\u{818}'..='\u{82D}' | '\u{898}'..='\u{8E1}'
        | '\u{8EA}'..='\u{954}' | '\u{9BC}'..='\u{9CD}' | '\u{9FE}'..='\u{A4D}' | '\u{ABC}'..='\u{ACD}'
        | '\u{AFD}'..='\u{B55}' | '\u{BCD}' | '\u{C3C}'..='\u{C4D}' | '\u{CBC}'..='\u{D4D}' | '\u{DCA}'
        | '\u{E47}'..='\u{E4E}' | '\u{EBA}'..='\u{ECE}' | '\u{F18}'..='\u{F19}' | '\u{F35}' | '\u{F37}'
        | '\u{F39}' | '\u{F3E}'..='\u{F84}' | '\u{F86}'..='\u{F87}' | '\u{FC6}' | '\u{1037}'..='\u{103A}'
        | '\u{135D}'..='\u{135F}' | '\u{17B4}'..='\u{17D3}' | '\u{20D0}'..='\u{20F0}' | '\u{302A}'..='\u{302F}'
        | '\u{3099}'..='\u{309A}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = pieces(text).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_word_takes_one_character_before_it_and_ends_where_a_capital_follows() {
        check("getHTTPServer(_name) it's", &["get", "HTTPServer", "(_", "name", ")", " it's"]);
        check("ÉTÉ été Straße", &["ÉTÉ", " été", " Straße"]);
        check("漢字ABC です", &["漢字", "ABC", " です"]);
    }

    #[test]
    fn digits_go_in_threes() {
        check("12345 x 7", &["123", "45", " x", " ", "7"]);
    }

    #[test]
    fn signs_take_a_space_before_and_line_ends_after() {
        check("a != b;\n\n// x", &["a", " !=", " b", ";\n\n//", " x"]);
    }

    #[test]
    fn white_space_goes_to_its_last_line_end_and_leaves_one_for_the_word() {
        check("x  \n    y\t\t3  ", &["x", "  \n", "   ", " y", "\t", "\t", "3", "  "]);
    }

    #[test]
    fn marks_belong_to_the_word() {
        check("हिन्दी में e\u{301}t", &["हिन्दी", " में", " e\u{301}t"]);
    }
}
