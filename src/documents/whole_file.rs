//! Lifts pieces by what the rest of their file says: the nearest piece of it, and the second best by the words of the title.
//!
//! Where a thing is spoken of twice is where it is done, and a piece is more likely the right one when its neighbours mean what
//! is asked. The best piece of a file gains all of that and the others a part: what a whole file gains keeps better pieces of
//! other files out of a pack.

use std::collections::HashMap;
use std::collections::HashSet;

use super::rank::Ranked;
use super::rank::in_order;
use super::weights;

/// The nearest piece is taken for at least so near, so that among pieces that all mean something else none is lifted much.
/// It is 0.31 in the middle and from 0.14 for all but one question in a hundred (2,193 of them, weights.rs).
const LEAST_BEST: f32 = 0.1;

/// Puts `ranked` in a new order; `near` says how near the first of them are to what the question means.
pub(super) fn lift(near: &[f32], mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    let best = near.iter().copied().fold(LEAST_BEST, f32::max);
    let mut of_files: HashMap<(usize, usize), f32> = HashMap::new();
    for (at, piece) in ranked.iter_mut().enumerate() {
        let near = near.get(at).copied().unwrap_or(0.0) / best;
        let file = of_files.entry((piece.shelf, piece.file)).or_default();
        *file = file.max(near);
        piece.signals.meaning = weights::MEANING * near;
        piece.sum += piece.signals.meaning * piece.signals.prior * piece.signals.reach;
    }
    let mut ranked = in_order(ranked);
    let mut met = HashSet::new();
    for piece in &mut ranked {
        let file = (piece.shelf, piece.file);
        let share = if met.insert(file) { 1.0 } else { weights::OTHER_PIECES };
        let near = of_files.get(&file).copied().unwrap_or(0.0);
        let (meaning, second) = (share * weights::MEANING_OF_FILE * near, share * piece.signals.second);
        piece.sum += (meaning + second) * piece.signals.prior * piece.signals.reach;
        piece.signals.meaning += meaning;
        piece.signals.second = second;
    }
    in_order(ranked)
}

#[cfg(test)]
mod tests {
    use super::super::rank::Signals;
    use super::*;

    fn piece(file: usize, number: u32, sum: f32, second: f32) -> Ranked {
        let signals = Signals { second, prior: 1.0, reach: 1.0, held: 1.0, ..Signals::default() };
        Ranked { file, number, sum, signals, ..Ranked::default() }
    }

    fn order(near: &[f32], pieces: &[Ranked]) -> Vec<(usize, u32)> {
        lift(near, pieces.to_vec()).iter().map(|it| (it.file, it.number)).collect()
    }

    #[test]
    fn of_equal_pieces_the_one_that_means_the_same_comes_first() {
        let pieces = [piece(0, 0, 1.0, 0.0), piece(1, 0, 1.0, 0.0)];
        assert_eq!(order(&[0.1, 0.4], &pieces), [(1, 0), (0, 0)]);
        assert_eq!(order(&[], &pieces), [(0, 0), (1, 0)], "nothing is known of what they mean");
    }

    #[test]
    fn a_file_that_speaks_twice_of_the_title_comes_before_one_that_does_once() {
        let pieces = [piece(0, 0, 1.0, 0.0), piece(1, 0, 0.9, 0.3), piece(1, 1, 0.5, 0.3)];
        assert_eq!(order(&[], &pieces), [(1, 0), (0, 0), (1, 1)]);
    }

    #[test]
    fn a_near_piece_lifts_the_best_of_its_file_more_than_the_others() {
        let pieces = [piece(0, 0, 1.0, 0.0), piece(1, 0, 0.9, 0.0), piece(1, 1, 0.8, 0.0), piece(1, 2, 0.3, 0.0)];
        let lifted = lift(&[0.0, 0.0, 0.0, 0.4], pieces.as_ref().to_vec());
        let told: Vec<(usize, u32)> = lifted.iter().map(|it| (it.file, it.number)).collect();
        assert_eq!(told, [(1, 0), (1, 1), (0, 0), (1, 2)]);
        let meaning: Vec<f32> = lifted.iter().map(|it| it.signals.meaning).collect();
        assert!(meaning[0] > meaning[1] && meaning[1] > 0.0 && meaning[2] == 0.0, "{meaning:?}");
        assert!(lifted[0].sum > lifted[1].sum && lifted[0].score >= lifted[1].score);
    }
}
