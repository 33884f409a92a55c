//! What single words mean, by the table in the binary, and many of them together, each counting what it is given.

use super::pieces;
use super::table::BLOCK;
use super::table::Table;
use crate::vector::Vector;

/// The vector of a word in lower case that the table knows as a whole; `None` for every other, of which its pieces say
/// little.
pub fn word(word: &str) -> Option<Vector> {
    let table = Table::built_in()?;
    let (id, length) = table.longest_piece(word, true)?;
    if length != word.len() {
        return None;
    }
    Vector::from_floats(&sum(table, &[id]))
}

fn sum(table: &Table, ids: &[u16]) -> Vec<f32> {
    let mut sum = vec![0.0_f32; table.dimensions];
    let mut offset = vec![0.0_f32; table.dimensions / BLOCK];
    ids.iter().for_each(|id| table.add(*id, &mut sum, &mut offset));
    for (sum, offset) in sum.chunks_exact_mut(BLOCK).zip(offset) {
        sum.iter_mut().for_each(|it| *it -= offset);
    }
    sum
}

/// Words by number, each cut and read from the table once, however many texts have it.
#[derive(Default)]
pub struct KnownWords {
    /// The sum of each word's pieces, one after the other.
    sums: Vec<f32>,
    /// How many pieces each word has.
    pieces: Vec<usize>,
}

impl KnownWords {
    /// The number of a word that is new.
    pub fn add(&mut self, word: &str) -> usize {
        if let Some(table) = Table::built_in() {
            let ids = pieces::cut(table, word);
            self.sums.extend(sum(table, &ids));
            self.pieces.push(ids.len());
        }
        self.pieces.len().saturating_sub(1)
    }

    /// The vector of a text that has each word as often as told: as [`super::StaticEmbedder::encode`] has it for the words
    /// written out. As there, what comes after the first 2,048 pieces is not looked at. `None` when no word is known.
    pub fn together(&self, words: impl Iterator<Item = (usize, usize)>) -> Option<Vector> {
        let dimensions = Table::built_in()?.dimensions;
        let mut sum = vec![0.0_f32; dimensions];
        let mut left = pieces::MOST_PIECES;
        for (word, times) in words {
            let (Some(pieces), Some(own)) = (self.pieces.get(word), self.sums.chunks_exact(dimensions).nth(word))
            else {
                continue;
            };
            if *pieces == 0 || times == 0 {
                continue;
            }
            let times = times.min(left.div_ceil(*pieces));
            left = left.saturating_sub(times * pieces);
            #[expect(clippy::cast_precision_loss, reason = "at most some thousand")]
            let weight = times as f32;
            sum.iter_mut().zip(own).for_each(|(sum, it)| *sum += weight * it);
            if left == 0 {
                break;
            }
        }
        Vector::from_floats(&sum)
    }
}
