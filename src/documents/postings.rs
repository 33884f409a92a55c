//! Posting lists: which pieces of a segment hold a word, how often, and whether they define it.
//!
//! A list is a run of pairs of variable-length integers: the distance to the piece before (counted through the segment),
//! then twice the count, plus one where the word is in the name of something that is defined there. Definitions of a
//! whole name have lists of their own under the name behind [`DEFINES`].

use std::collections::HashMap;
use std::collections::HashSet;

use super::terms::raw_words;
use super::terms::terms;
use super::terms::terms_of;
use crate::store::NewFile;
use crate::store::NewSegment;

/// Stands before a name in the list of the pieces that define it. No word holds it.
pub(super) const DEFINES: char = '=';

/// The list of the pieces that import something, each with the number of words that its imports have. No word is so.
pub(super) const IMPORTS: &str = "#";

/// A place in a posting list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posting {
    /// Counted through the segment.
    pub(super) chunk: u32,
    pub(super) count: u32,
    /// Whether the word is part of a name that is defined there.
    pub(super) defines: bool,
}

/// A list that grows.
#[derive(Default)]
struct List {
    data: Vec<u8>,
    /// The piece that was written last, and the one that is being counted.
    written: u32,
    chunk: Option<u32>,
    count: u32,
    defines: bool,
}

impl List {
    fn add(&mut self, chunk: u32, defines: bool) {
        if self.chunk != Some(chunk) {
            self.flush();
            self.chunk = Some(chunk);
        }
        self.count += 1;
        self.defines |= defines;
    }

    fn flush(&mut self) {
        if let Some(chunk) = self.chunk.take() {
            write_integer(&mut self.data, chunk - self.written);
            write_integer(&mut self.data, self.count.min(1 << 20) << 1 | u32::from(self.defines));
            self.written = chunk;
        }
        self.count = 0;
        self.defines = false;
    }
}

/// Makes the segment of `files`: posting lists over their pieces, the titles of those counted as words.
pub(super) fn segment(files: Vec<NewFile>) -> NewSegment {
    let mut lists = Lists::default();
    let mut lengths = Vec::new();
    let chunks = files.iter().flat_map(|it| &it.chunks);
    for (number, chunk) in (0_u32..).zip(chunks) {
        let mut length = lists.add(number, &chunk.text, false);
        length += lists.add(number, chunk.title.as_deref().unwrap_or_default(), false);
        for name in chunk.definitions.lines().filter_map(|it| it.split('\t').next()) {
            lists.add(number, name, true);
            lists.add_definition(number, name);
        }
        lists.add_imports(number, &chunk.imports);
        lengths.push(u16::try_from(length).unwrap_or(u16::MAX));
    }
    NewSegment { files, lengths, postings: lists.finish() }
}

/// The lists of a segment. Most words come again and again: what one counts as is found once.
#[derive(Default)]
struct Lists {
    /// What a word of the text counts as: positions in `lists`.
    words: HashMap<Box<str>, Box<[u32]>>,
    terms: HashMap<Box<str>, u32>,
    lists: Vec<List>,
}

impl Lists {
    /// Counts the words of `text` into piece `chunk`; returns how many there were.
    fn add(&mut self, chunk: u32, text: &str, defines: bool) -> usize {
        let mut length = 0;
        for word in raw_words(text) {
            if let Some(known) = self.words.get(word) {
                for at in known {
                    if let Some(list) = self.lists.get_mut(*at as usize) {
                        list.add(chunk, defines);
                    }
                }
                length += known.len();
                continue;
            }
            let mut found = Vec::new();
            terms_of(word, &mut |term| found.push(self.place(term)));
            for at in &found {
                if let Some(list) = self.lists.get_mut(*at as usize) {
                    list.add(chunk, defines);
                }
            }
            length += found.len();
            self.words.insert(word.into(), found.into_boxed_slice());
        }
        length
    }

    fn add_definition(&mut self, chunk: u32, name: &str) {
        let Some(name) = definition_term(name) else { return };
        let at = self.place(&name);
        if let Some(list) = self.lists.get_mut(at as usize) {
            list.add(chunk, true);
        }
    }

    fn add_imports(&mut self, chunk: u32, imports: &str) {
        let mut words: HashSet<String> = HashSet::new();
        terms(imports, |term| drop(words.replace(term.to_owned())));
        if words.is_empty() {
            return;
        }
        let at = self.place(IMPORTS);
        if let Some(list) = self.lists.get_mut(at as usize) {
            words.iter().for_each(|_| list.add(chunk, false));
        }
    }

    fn place(&mut self, term: &str) -> u32 {
        place(&mut self.terms, &mut self.lists, term)
    }

    fn finish(self) -> Vec<(String, Vec<u8>)> {
        let mut lists = self.lists;
        let mut postings: Vec<(String, Vec<u8>)> = self
            .terms
            .into_iter()
            .filter_map(|(term, at)| {
                let list = lists.get_mut(at as usize)?;
                list.flush();
                Some((term.into_string(), std::mem::take(&mut list.data)))
            })
            .collect();
        postings.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        postings
    }
}

fn place(terms: &mut HashMap<Box<str>, u32>, lists: &mut Vec<List>, term: &str) -> u32 {
    if let Some(at) = terms.get(term) {
        return *at;
    }
    let at = u32::try_from(lists.len()).unwrap_or(u32::MAX);
    terms.insert(term.into(), at);
    lists.push(List::default());
    at
}

/// The word under which the definitions of `name` are listed: its last part (`Foo::bar` is found as `bar`), in lower
/// case and without underscores.
pub(super) fn definition_term(name: &str) -> Option<String> {
    let last = name.rsplit(['.', ':', '#', '>']).find(|it| !it.is_empty())?;
    let plain: String = last.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (plain.len() > 1).then(|| format!("{DEFINES}{plain}"))
}

/// Reads a list; what is cut off or too large ends it.
pub(super) fn read(data: &[u8]) -> impl Iterator<Item = Posting> + '_ {
    let mut rest = data;
    let mut chunk = 0_u32;
    std::iter::from_fn(move || {
        chunk = chunk.checked_add(read_integer(&mut rest)?)?;
        let value = read_integer(&mut rest)?;
        Some(Posting { chunk, count: value >> 1, defines: value & 1 == 1 })
    })
}

fn write_integer(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7F).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn read_integer(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u32::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::ChunkRow;

    fn file(texts: &[(&str, &str)]) -> NewFile {
        let chunk = |(text, defined): &(&str, &str)| ChunkRow {
            start_line: 1,
            end_line: 1,
            title: None,
            symbol: None,
            definitions: (*defined).to_owned(),
            uses: String::new(),
            imports: String::new(),
            text: (*text).to_owned(),
        };
        NewFile {
            path: "a".to_owned(),
            size_bytes: 0,
            mtime_ns: 0,
            hash: Vec::new(),
            language: "rust".to_owned(),
            kind: "code".to_owned(),
            chunks: texts.iter().map(chunk).collect(),
        }
    }

    fn list(segment: &NewSegment, word: &str) -> Vec<(u32, u32, bool)> {
        let found = segment.postings.iter().find(|it| it.0 == word);
        found.map(|it| read(&it.1).map(|it| (it.chunk, it.count, it.defines)).collect()).unwrap_or_default()
    }

    #[test]
    fn words_are_listed_by_piece_with_their_counts() {
        let made = segment(vec![
            file(&[("fn retry_limit() retry", "retry_limit"), ("other", "")]),
            file(&[("RetryLimit", "")]),
        ]);
        assert_eq!(list(&made, "retrylimit"), [(0, 2, true), (2, 1, false)]);
        assert_eq!(list(&made, "retry"), [(0, 3, true), (2, 1, false)]);
        assert_eq!(list(&made, "=retrylimit"), [(0, 1, true)]);
        assert_eq!(list(&made, "other"), [(1, 1, false)]);
        assert_eq!(made.lengths, [5, 1, 3]);
        assert!(made.postings.is_sorted());
    }

    #[test]
    fn what_is_imported_is_counted() {
        let mut files = vec![file(&[("a", ""), ("b", "")])];
        files[0].chunks[1].imports = "use a::line_buffer;\nuse a::b;".to_owned();
        let made = segment(files);
        // `use`, `linebuffer`, `line`, `buffer`, `b`; `a` says nothing.
        assert_eq!(list(&made, IMPORTS), [(1, 5, false)]);
    }

    #[test]
    fn names_in_paths_are_listed_by_their_last_part() {
        assert_eq!(definition_term("Store::open_file").as_deref(), Some("=openfile"));
        assert_eq!(definition_term("x"), None);
        assert_eq!(definition_term("::"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(places in prop::collection::btree_map(0u32..1_000_000, (1u32..5, any::<bool>()), 0..50)) {
            let mut list = List::default();
            for (chunk, (count, defines)) in &places {
                (0..*count).for_each(|_| list.add(*chunk, *defines));
            }
            list.flush();
            let found: Vec<(u32, (u32, bool))> = read(&list.data).map(|it| (it.chunk, (it.count, it.defines))).collect();
            prop_assert_eq!(found, places.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_are_too_strange(data in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(read(&data).count() <= 100);
        }
    }
}
