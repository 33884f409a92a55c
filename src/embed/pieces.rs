//! Cuts a text into the word pieces of the table, as the reference tokenizer does.
//!
//! Lower case, accents off, control characters out; words end at blanks, punctuation and ideographs stand alone; each
//! word is cut from the left, the longest known piece first. A piece of the reference that the table leaves out is cut
//! into smaller ones by the same rule, for every single character that the reference knows is in the table. A word with
//! a character that it does not know has no pieces at all, and so says nothing (the reference's `[UNK]`).

use super::table::Action;
use super::table::Table;

/// The longest word that is cut, in characters; longer ones are data (the reference's own limit).
const WORD_CHARS: usize = 100;

/// Pieces of one text that are looked at. Past some pages a mean of all words says little more about a text.
pub(super) const MOST_PIECES: usize = 2048;

/// The ids of the pieces of `text`, in order, at most [`MOST_PIECES`].
pub(super) fn cut(table: &Table, text: &str) -> Vec<u16> {
    let mut cutter = Cutter { table, word: String::new(), chars: 0, ids: Vec::with_capacity(text.len().min(4096) / 4) };
    for char in text.chars() {
        if cutter.ids.len() >= MOST_PIECES {
            break;
        }
        cutter.take(char);
    }
    cutter.end_word();
    cutter.ids.truncate(MOST_PIECES);
    cutter.ids
}

struct Cutter<'a> {
    table: &'a Table,
    word: String,
    /// Of the word; those past [`WORD_CHARS`] are only counted.
    chars: usize,
    ids: Vec<u16>,
}

impl Cutter<'_> {
    fn take(&mut self, char: char) {
        match char {
            'a'..='z' | '0'..='9' => self.push(char),
            'A'..='Z' => self.push(char.to_ascii_lowercase()),
            ' ' | '\t' | '\n' | '\r' => self.end_word(),
            _ if char.is_ascii_control() => {}
            _ if char.is_ascii() => self.stand_alone(char),
            '\u{AC00}'..='\u{D7A3}' => self.decompose(char),
            _ => match self.table.action(char) {
                Action::Keep => self.push(char),
                Action::Drop => {}
                Action::Blank => self.end_word(),
                Action::Apart => self.stand_alone(char),
                Action::Replace(others) => others.chars().for_each(|it| self.replaced(it)),
            },
        }
    }

    /// Takes a character that was put in another's place; it is not replaced again.
    fn replaced(&mut self, char: char) {
        match char {
            ' ' => self.end_word(),
            _ if char.is_ascii_punctuation() => self.stand_alone(char),
            _ if !char.is_ascii() && self.table.action(char) == Action::Apart => self.stand_alone(char),
            _ => self.push(char),
        }
    }

    /// A Hangul syllable is two or three letters, by the rule that composes it (Unicode, 3.12).
    fn decompose(&mut self, syllable: char) {
        let at = u32::from(syllable) - 0xAC00;
        let letters = [0x1100 + at / 588, 0x1161 + at % 588 / 28, 0x11A7 + at % 28];
        let with_tail = if at % 28 == 0 { 2 } else { 3 };
        letters.into_iter().take(with_tail).filter_map(char::from_u32).for_each(|it| self.push(it));
    }

    fn push(&mut self, char: char) {
        self.chars += 1;
        if self.chars <= WORD_CHARS {
            self.word.push(char);
        }
    }

    fn stand_alone(&mut self, char: char) {
        self.end_word();
        self.push(char);
        self.end_word();
    }

    fn end_word(&mut self) {
        if self.chars == 0 {
            return;
        }
        let before = self.ids.len();
        let mut rest = if self.chars <= WORD_CHARS { self.word.as_str() } else { "" };
        while !rest.is_empty() {
            match self.table.longest_piece(rest, rest.len() == self.word.len()) {
                Some((id, bytes)) => {
                    self.ids.push(id);
                    rest = &rest[bytes..];
                }
                None => {
                    self.ids.truncate(before);
                    break;
                }
            }
        }
        self.word.clear();
        self.chars = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10,000 strings with a hash of the ids that the reference cuts (tools/embedder/make_fixture.py).
    static FIXTURE: &[u8] = include_bytes!("../../fixtures/embed/pieces.bin");

    fn fnv(ids: &[u16]) -> u32 {
        let bytes = ids.iter().flat_map(|id| id.to_le_bytes());
        bytes.fold(0x811c_9dc5, |state, byte| (state ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }

    fn texts(ids: &[u16]) -> Vec<&'static str> {
        let table = Table::built_in().unwrap();
        ids.iter().map(|id| table.piece(*id)).collect()
    }

    #[test]
    fn cuts_as_the_reference_does() {
        let table = Table::built_in().unwrap();
        assert_eq!(table.len(), 20_000);
        let (mut rest, mut strings, mut wrong) = (FIXTURE, 0, Vec::new());
        while let Some((size, after)) = rest.split_first_chunk::<2>() {
            let (text, after) = after.split_at(usize::from(u16::from_le_bytes(*size)));
            let (hash, after) = after.split_first_chunk::<4>().unwrap();
            let text = std::str::from_utf8(text).unwrap();
            let ids = cut(table, text);
            if fnv(&ids) != u32::from_le_bytes(*hash) {
                wrong.push(format!("{text:?} {:?}", texts(&ids)));
            }
            (rest, strings) = (after, strings + 1);
        }
        assert_eq!(strings, 10_000);
        assert!(wrong.is_empty(), "{} are cut otherwise:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    }

    #[test]
    fn pieces_of_some_texts() {
        let check = |text, expected: &[&str]| {
            assert_eq!(texts(&cut(Table::built_in().unwrap(), text)), expected, "{text}");
        };
        check("Café, naïve!", &["cafe", ",", "naive", "!"]);
        check("東京へ", &["東", "京", "へ"]);
        check("unbelievably", &["un", "##bel", "##ie", "##va", "##bly"]);
        check("a\u{1F980}b c", &["c"]);
        check("", &[]);
    }
}
