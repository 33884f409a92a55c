//! What single words mean, by the table in the binary.

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
    let mut sum = vec![0.0_f32; table.dimensions];
    let mut offset = vec![0.0_f32; table.dimensions / BLOCK];
    table.add(id, &mut sum, &mut offset);
    for (sum, offset) in sum.chunks_exact_mut(BLOCK).zip(offset) {
        sum.iter_mut().for_each(|it| *it -= offset);
    }
    Vector::from_floats(&sum)
}
