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
use super::reader::Reader;

const MAGIC: &[u8] = b"CARRYNN1";

/// Tokens that are looked at, half of them from the end. As in training; nearly all examples are shorter.
const TOKENS: usize = 48;

/// Widths of the windows: one, two and three tokens.
const WIDTHS: usize = 3;

/// Reads the meaning of a word: its direction, one byte a component; `None` for a word that is not known.
pub type Meaning = fn(&str) -> Option<Vec<i8>>;

pub(super) struct Net {
    meaning: Meaning,
    /// Components of a row.
    width: usize,
    hashes: Vec<u32>,
    rows: Vec<f32>,
    unknown: Vec<f32>,
    /// For each component, the share of each component of a meaning.
    shares: Vec<f32>,
    patterns: Vec<Patterns>,
    labels: Vec<f32>,
    starts: Vec<f32>,
}

/// The patterns of one width: each as many rows as it is wide, and where it starts.
struct Patterns {
    weights: Vec<f32>,
    starts: Vec<f32>,
}

impl Net {
    /// `None` when the file is not one, or was cut.
    pub(super) fn read(file: &'static [u8], meaning: Meaning) -> Option<Net> {
        let mut reader = Reader(file.strip_prefix(MAGIC)?);
        let (rows, width, components) = (reader.count()?, reader.count()?, reader.count()?);
        let (patterns, labels) = (reader.count()?, reader.count()?);
        let hashes = reader.bytes(rows.checked_mul(4)?)?;
        let hashes = hashes.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it)).collect();
        let net = Net {
            meaning,
            width,
            hashes,
            rows: reader.table(rows.checked_mul(width)?)?,
            unknown: reader.table(width)?,
            shares: reader.table(components.checked_mul(width)?)?,
            patterns: (1..=WIDTHS)
                .map(|wide| {
                    let weights = reader.table(patterns.checked_mul(width)?.checked_mul(wide)?)?;
                    Some(Patterns { weights, starts: reader.table(patterns)? })
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
        let fits: Vec<f32> =
            self.patterns.iter().enumerate().flat_map(|(at, it)| it.fits(&inputs, at + 1, self.width)).collect();
        self.labels.chunks_exact(fits.len()).zip(&self.starts).map(|(row, start)| dot(row, &fits) + start).collect()
    }

    /// A row for each token.
    fn inputs(&self, tokens: &[String], lexicon: &Lexicon) -> Vec<f32> {
        let classes = lexicon.classes_of_each(tokens);
        let mut out = vec![0.0; tokens.len() * self.width];
        let parts = tokens.iter().zip(classes).zip(places(tokens)).zip(out.chunks_exact_mut(self.width));
        for (((token, classes), places), sum) in parts {
            add(sum, self.row(hash("w", &[token])).unwrap_or(&self.unknown));
            let mut learned = |group, name| self.row(hash(group, &[name])).into_iter().for_each(|it| add(sum, it));
            classes.iter().for_each(|it| learned("c", it));
            places.iter().for_each(|it| learned("k", it));
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

    fn row(&self, hash: u32) -> Option<&[f32]> {
        let place = self.hashes.binary_search(&hash).ok()?;
        self.rows.get(place * self.width..(place + 1) * self.width)
    }

    /// Adds what `word` means to `sum`.
    fn mean(&self, word: &str, sum: &mut [f32]) {
        let components = self.shares.len() / self.width;
        let Some(meaning) = (self.meaning)(word).filter(|it| it.len() == components && components > 0) else { return };
        let meaning: Vec<f32> = meaning.into_iter().map(f32::from).collect();
        let length = dot(&meaning, &meaning).sqrt().max(1.0);
        for (sum, shares) in sum.iter_mut().zip(self.shares.chunks_exact(components)) {
            *sum += dot(shares, &meaning) / length;
        }
    }
}

impl Patterns {
    /// How well each pattern fits where it fits best, 0.0 where it fits nowhere.
    fn fits<'a>(&'a self, inputs: &'a [f32], wide: usize, width: usize) -> impl Iterator<Item = f32> + 'a {
        let tokens = inputs.len() / width;
        let before = wide / 2;
        self.weights.chunks_exact(wide * width).zip(&self.starts).map(move |(pattern, start)| {
            (0..tokens).fold(0.0_f32, |best, at| {
                // A window may begin before the text and end behind it.
                let (first, end) = (at.saturating_sub(before), (at + wide - before).min(tokens));
                let skipped = (first + before).saturating_sub(at) * width;
                let window = inputs.get(first * width..end * width).unwrap_or_default();
                best.max(dot(pattern.get(skipped..).unwrap_or_default(), window) + start)
            })
        })
    }
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

fn add(sum: &mut [f32], row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, it)| *sum += it);
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    // Eight sums at a time, so that the compiler may use wide registers: one sum has an order that it must keep.
    let (ones, ones_rest) = one.as_chunks::<8>();
    let (others, others_rest) = other.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (ones, others) in ones.iter().zip(others) {
        for ((sum, one), other) in sums.iter_mut().zip(ones).zip(others) {
            *sum += one * other;
        }
    }
    sums.iter().sum::<f32>() + ones_rest.iter().zip(others_rest).map(|(one, other)| one * other).sum::<f32>()
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
