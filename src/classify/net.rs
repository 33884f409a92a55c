//! A small net over the words in their order, whose scores are added to those of the linear model.
//!
//! Each token is a sum of learned rows (for the word, its beginning, what it does, where it stands) and of its meaning, a
//! vector from outside. Windows of one, two and three tokens are compared with learned patterns; how well each pattern
//! fits where it fits best is what the labels are read from. The linear model sees which words there are, this one
//! knows words that no example had, and rows of words: together they err a fifth less than either
//! (docs/benchmarks.md, 2026-11-27).
//!
//! The file, little endian: `CARRYNN1`; how many rows, components of a row, components of a meaning, patterns of each
//! width and labels (u32 each); the rows' hashes (u32, sorted); then tables, each a step (f32) and a byte (i8) for each
//! number: the rows, the row of an unknown word, the meaning's share in each component, for each width the patterns and
//! their starts, the labels' weights and their starts.

use super::features::hash;
use super::lexicon::Lexicon;
use super::reader::Hashes;
use super::reader::Reader;
use super::reader::Table;
use crate::vector;

const MAGIC: &[u8] = b"CARRYNN1";

/// Tokens that are looked at, half of them from the end. As in training; nearly all examples are shorter.
const TOKENS: usize = 48;

/// Widths of the windows: one, two and three tokens.
const WIDTHS: usize = 3;

/// Reads the meaning of a word: its direction, one byte a component; `None` for a word that is not known.
pub type Meaning = fn(&str) -> Option<Vec<i8>>;

/// The tables are read where they lie in the binary: unpacked they were 0.8 MB of every process that asks a model.
pub(super) struct Net {
    meaning: Meaning,
    /// Components of a row.
    width: usize,
    hashes: Hashes,
    rows: Table,
    unknown: Table,
    /// For each component, the share of each component of a meaning, and the step that they count.
    shares: Vec<i8>,
    share: f32,
    patterns: Vec<Patterns>,
    labels: Table,
    starts: Table,
}

/// The patterns of one width: each as many rows as it is wide, and where it starts.
struct Patterns {
    wide: usize,
    /// Block after block of patterns: for each component, what it counts in each pattern of the block.
    weights: Vec<[i8; BLOCK]>,
    step: f32,
    starts: Vec<f32>,
}

/// Patterns that are compared side by side: their sums fill half of the registers. One after the other, which the compiler
/// does not put side by side, took three times as long.
const BLOCK: usize = 32;

impl Net {
    /// `None` when the file is not one, or was cut.
    pub(super) fn read(file: &'static [u8], meaning: Meaning) -> Option<Net> {
        let mut reader = Reader(file.strip_prefix(MAGIC)?);
        let (rows, width, components) = (reader.count()?, reader.count()?, reader.count()?);
        let (patterns, labels) = (reader.count()?, reader.count()?);
        let hashes = reader.hashes(rows)?;
        let (rows, unknown) = (reader.table(rows.checked_mul(width)?)?, reader.table(width)?);
        let shares = reader.table(components.checked_mul(width)?)?;
        let net = Net {
            meaning,
            width,
            hashes,
            rows,
            unknown,
            shares: shares.bytes.iter().map(|it| it.cast_signed()).collect(),
            share: shares.step,
            patterns: (1..=WIDTHS)
                .map(|wide| {
                    let weights = reader.table(patterns.checked_mul(width)?.checked_mul(wide)?)?;
                    Some(Patterns::new(wide, wide * width, &weights, reader.table(patterns)?.numbers().collect()))
                })
                .collect::<Option<Vec<_>>>()?,
            labels: reader.table(labels.checked_mul(patterns.checked_mul(WIDTHS)?)?)?,
            starts: reader.table(labels)?,
        };
        (reader.0.is_empty() && width > 0 && patterns > 0).then_some(net)
    }

    /// What each label gets, to be added to what the linear model gives it.
    pub(super) fn scores(&self, tokens: &[String], lexicon: &Lexicon) -> Vec<f32> {
        let cut = if tokens.len() > TOKENS {
            let (first, last) = (tokens.get(..TOKENS / 2), tokens.get(tokens.len() - TOKENS / 2..));
            [first.unwrap_or_default(), last.unwrap_or_default()].concat()
        } else {
            tokens.to_vec()
        };
        let inputs = self.inputs(&cut, lexicon);
        let mut fits = Vec::new();
        self.patterns.iter().for_each(|it| it.fits(&inputs, self.width, &mut fits));
        let mut row = vec![0.0; fits.len()];
        let score = |(label, start)| {
            self.labels.row(label, &mut row);
            dot(&row, &fits) + start
        };
        self.starts.numbers().enumerate().map(score).collect()
    }

    /// A row for each token.
    fn inputs(&self, tokens: &[String], lexicon: &Lexicon) -> Vec<f32> {
        let classes = lexicon.classes_of_each(tokens);
        let mut out = vec![0.0; tokens.len() * self.width];
        let parts = tokens.iter().zip(classes).zip(places(tokens)).zip(out.chunks_exact_mut(self.width));
        for (((token, classes), places), sum) in parts {
            if !self.learned(hash("w", &[token]), sum) {
                self.unknown.add(0, sum);
            }
            let mut learned = |group, name| self.learned(hash(group, &[name]), sum);
            for class in classes {
                learned("c", class);
            }
            for place in places {
                learned("k", place);
            }
            if token.starts_with('<') {
                continue;
            }
            if let Some((beginning, _)) = token.char_indices().nth(5).and_then(|it| token.split_at_checked(it.0)) {
                learned("p", beginning);
            }
            self.mean(token, sum);
        }
        out
    }

    /// Adds the row of `hash` to `sum`; false when there is none.
    fn learned(&self, hash: u32, sum: &mut [f32]) -> bool {
        let place = self.hashes.place(hash);
        place.into_iter().for_each(|it| self.rows.add(it, sum));
        place.is_some()
    }

    /// Adds what `word` means to `sum`.
    fn mean(&self, word: &str, sum: &mut [f32]) {
        let components = self.shares.len() / self.width;
        let Some(meaning) = (self.meaning)(word).filter(|it| it.len() == components && components > 0) else { return };
        let mut dots = vec![0; self.width];
        vector::dots(&meaning, &self.shares, &mut dots);
        let scale = self.share * vector::inverse_length(&meaning);
        for (sum, dot) in sum.iter_mut().zip(dots) {
            #[expect(clippy::cast_precision_loss, reason = "128 products of bytes are below 2^24")]
            let dot = dot as f32;
            *sum += dot * scale;
        }
    }
}

impl Patterns {
    /// Lays `weights` side by side; a pattern has `length` of them.
    fn new(wide: usize, length: usize, weights: &Table, starts: Vec<f32>) -> Patterns {
        let mut blocks = vec![[0; BLOCK]; starts.len().div_ceil(BLOCK) * length];
        for (pattern, row) in weights.bytes.chunks_exact(length.max(1)).enumerate() {
            let block = blocks.iter_mut().skip(pattern / BLOCK * length);
            for (weights, byte) in block.zip(row) {
                weights.iter_mut().skip(pattern % BLOCK).take(1).for_each(|it| *it = byte.cast_signed());
            }
        }
        Patterns { wide, weights: blocks, step: weights.step, starts }
    }

    /// How well each pattern fits where it fits best, 0.0 where it fits nowhere.
    fn fits(&self, inputs: &[f32], width: usize, out: &mut Vec<f32>) {
        let tokens = inputs.len() / width;
        let before = self.wide / 2;
        let mut rows = vec![[0.0_f32; BLOCK]; self.wide * width];
        for (block, starts) in self.weights.chunks_exact(rows.len()).zip(self.starts.chunks(BLOCK)) {
            for (row, weights) in rows.iter_mut().zip(block) {
                row.iter_mut().zip(weights).for_each(|(number, byte)| *number = f32::from(*byte));
            }
            let mut best = [0.0_f32; BLOCK];
            for at in 0..tokens {
                // A window may begin before the text and end behind it.
                let (first, end) = (at.saturating_sub(before), (at + self.wide - before).min(tokens));
                let skipped = (first + before).saturating_sub(at) * width;
                let window = inputs.get(first * width..end * width).unwrap_or_default();
                let sums = sums(window, rows.get(skipped..).unwrap_or_default());
                for ((best, sum), start) in best.iter_mut().zip(sums).zip(starts) {
                    *best = best.max(sum * self.step + start);
                }
            }
            out.extend(best.iter().take(starts.len()));
        }
    }
}

/// For each pattern of a block the sum of `window` by what each component counts in it.
fn sums(window: &[f32], rows: &[[f32; BLOCK]]) -> [f32; BLOCK] {
    let mut sums = [0.0; BLOCK];
    for (component, row) in window.iter().zip(rows) {
        sums.iter_mut().zip(row).for_each(|(sum, it)| *sum += component * it);
    }
    sums
}

/// Where each token stands: first or second of a clause, in the last sentence, behind a word that subordinates.
fn places(tokens: &[String]) -> Vec<Vec<&'static str>> {
    let ends = |it: &String| matches!(it.as_str(), "?" | "!" | "." | ";" | ":" | "<nl>");
    let until = tokens.len().saturating_sub(1);
    let last = tokens.iter().take(until).rposition(ends).map_or(0, |it| it + 1);
    let (mut place, mut below) = (0, false);
    let mut out = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let mut marks = Vec::new();
        if ends(token) {
            (place, below) = (0, false);
        } else {
            match place {
                0 => marks.push("s0"),
                1 => marks.push("s1"),
                _ => {}
            }
            if below {
                marks.push("sub");
            }
            if at >= last {
                marks.push("last");
            }
            below |= place > 0 && SUBORDINATING.contains(&token.as_str());
            place += 1;
        }
        out.push(marks);
    }
    out
}

/// What follows these says more about why or when than about what is wanted.
const SUBORDINATING: [&str; 44] = [
    "because", "so", "since", "when", "if", "before", "after", "which", "that", "while", "as", "until", "unless",
    "whenever", "where", "although", "though", "who", "whose", "but", "weil", "damit", "wenn", "bevor", "nachdem",
    "während", "obwohl", "sodass", "denn", "dass", "quand", "lorsque", "si", "afin", "car", "qui", "avant", "après",
    "puisque", "cuando", "porque", "antes", "después", "mientras",
];

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of one component for each word, a meaning of two components, one pattern of each width, one label that
    /// sums how well the three fit.
    fn small(words: &[(&str, i8)]) -> Vec<u8> {
        let mut rows: Vec<(u32, i8)> = words.iter().map(|(word, row)| (hash("w", &[word]), *row)).collect();
        rows.sort_unstable();
        let mut out = MAGIC.to_vec();
        let counts = [u32::try_from(rows.len()).unwrap(), 1, 2, 1, 1];
        out.extend(counts.iter().chain(rows.iter().map(|it| &it.0)).flat_map(|it| it.to_le_bytes()));
        let mut table = |bytes: &[i8]| {
            out.extend(1.0_f32.to_le_bytes());
            out.extend(bytes.iter().map(|it| it.cast_unsigned()));
        };
        table(&rows.iter().map(|it| it.1).collect::<Vec<_>>());
        table(&[-1]);
        table(&[5, 0]);
        for pattern in [&[1][..], &[10, 1], &[100, 0, 1]] {
            table(pattern);
            table(&[0]);
        }
        table(&[1, 1, 1]);
        table(&[3]);
        out
    }

    fn scores(text: &str) -> Vec<f32> {
        let file = small(&[("one", 1), ("two", 2)]).leak();
        let net = Net::read(file, |word| (word == "meant").then(|| vec![100, 0])).unwrap();
        let tokens: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        net.scores(&tokens, &Lexicon::default())
    }

    #[test]
    fn each_pattern_counts_where_it_fits_best_and_windows_may_reach_beyond_the_text() {
        // The start; then the best of one; of a before (10) and the token; of a before (100) and an after.
        assert_eq!(scores("one"), [3.0 + 1.0 + 1.0 + 0.0]);
        assert_eq!(scores("one two"), [3.0 + 2.0 + 12.0 + 100.0]);
        assert_eq!(scores("two one"), [3.0 + 2.0 + 21.0 + 200.0]);
        assert_eq!(scores("one two one"), [3.0 + 2.0 + 21.0 + 200.0]);
        assert_eq!(scores(""), [3.0]);
    }

    #[test]
    fn a_word_without_a_row_counts_by_what_it_means() {
        assert_eq!(scores("strange"), [3.0]);
        assert_eq!(scores("meant"), [3.0 + 4.0 + 4.0 + 0.0]);
    }

    #[test]
    fn a_long_text_counts_at_its_beginning_and_at_its_end() {
        let long = |middle: &str| scores(&format!("one {} {middle} {} one", "x ".repeat(60), "x ".repeat(60)));
        assert_eq!(long("two"), long("x"));
        assert_ne!(scores("x two"), scores("x x"));
    }

    #[test]
    fn where_a_word_stands_is_told() {
        let tokens: Vec<String> = "it broke . fix it when idle".split(' ').map(str::to_owned).collect();
        let expected: [&[&str]; 7] =
            [&["s0"], &["s1"], &[], &["s0", "last"], &["s1", "last"], &["last"], &["sub", "last"]];
        assert_eq!(places(&tokens), expected);
    }

    #[test]
    fn a_cut_file_is_none() {
        let file = small(&[("one", 1)]).leak();
        let read = |file| Net::read(file, |_| None);
        assert!(read(file).is_some());
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_none(), "{length}");
        }
    }
}
