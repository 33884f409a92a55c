//! A second look: what the best texts say besides the question's words leads to others that belong to the answer.

use super::rank::Signals;
use super::rank::rarity;
use super::weights::Weights;

/// The best texts whose words are followed. With 5: a little better on abstracts, a little worse on dialogue.
pub const FOLLOWED: usize = 3;

/// The places that a second look does not change: it adds to an answer and does not choose the first of it.
const SETTLED: usize = 3;

/// The words that are followed, the most telling.
const WORDS: usize = 10;

/// Lifts the texts that have words of the best ones; `held` is how often each text has each of those words.
///
/// The part is bounded by [`Weights::second`] of the best score, and lifts nothing over the third.
pub fn look_again(scored: &mut [Signals], held: &[Vec<f32>], weights: &Weights) {
    let totals: Vec<f32> = scored.iter().map(Signals::total).collect();
    let mut order: Vec<usize> = (0..totals.len()).filter(|at| totals[*at] > 0.0).collect();
    order.sort_by(|a, b| totals[*b].total_cmp(&totals[*a]).then(a.cmp(b)));
    let (Some(best), Some(settled)) = (order.first(), order.get(SETTLED - 1)) else { return };
    let (best, settled) = (totals[*best], totals[*settled]);
    let worth = telling(&totals, held, &order, best);
    let sums: Vec<f32> = held
        .iter()
        .map(|of_text| worth.iter().filter(|it| of_text.get(it.0).is_some_and(|it| *it > 0.0)).map(|it| it.1).sum())
        .collect();
    let most = sums.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return;
    }
    for ((signals, total), sum) in scored.iter_mut().zip(totals).zip(sums) {
        if total > 0.0 {
            let lifted = total + weights.second * best * sum / most;
            signals.second = lifted.min(settled.max(total)) - total;
        }
    }
}

/// The most telling of the words, each with its worth: said by good ones, rare among all that were looked at.
fn telling(totals: &[f32], held: &[Vec<f32>], order: &[usize], best: f32) -> Vec<(usize, f32)> {
    let words = held.iter().map(Vec::len).max().unwrap_or(0);
    let has = |text: usize, word: usize| held[text].get(word).is_some_and(|it| *it > 0.0);
    let mut worth: Vec<(usize, f32)> = (0..words)
        .filter_map(|word| {
            let with = (0..held.len()).filter(|text| has(*text, word)).count();
            let said: f32 = order.iter().take(FOLLOWED).filter(|it| has(**it, word)).map(|it| totals[*it] / best).sum();
            // A word that nobody else has leads nowhere.
            (with > 1).then(|| (word, said * rarity(held.len() as f32, with as f32)))
        })
        .collect();
    worth.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    worth.truncate(WORDS);
    worth
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scored(totals: &[f32]) -> Vec<Signals> {
        totals.iter().map(|it| Signals { words: *it, ..Signals::default() }).collect()
    }

    #[test]
    fn what_shares_a_rare_word_with_the_best_is_lifted() {
        let mut scored = scored(&[10.0, 8.0, 7.0, 5.0, 5.1]);
        let held = [vec![1.0], vec![0.0], vec![0.0], vec![1.0], vec![0.0]];
        look_again(&mut scored, &held, &Weights::default());
        assert!(scored[3].total() > scored[4].total(), "{scored:?}");
        assert_eq!(scored[4].second, 0.0);
    }

    #[test]
    fn what_has_nothing_of_the_question_is_not_found_by_it() {
        let mut scored = scored(&[10.0, 8.0, 7.0, 0.0]);
        look_again(&mut scored, &[vec![1.0], vec![0.0], vec![0.0], vec![1.0]], &Weights::default());
        assert_eq!(scored[3].total(), 0.0);
    }

    proptest! {
        #[test]
        fn the_first_three_stay_and_all_of_it_is_bounded(
            texts in proptest::collection::vec((0.0f32..100.0, proptest::collection::vec(0.0f32..2.0, 6)), 0..40),
        ) {
            let (totals, held): (Vec<f32>, Vec<Vec<f32>>) = texts.into_iter().unzip();
            let mut scored = scored(&totals);
            look_again(&mut scored, &held, &Weights::default());
            let best = totals.iter().copied().fold(0.0, f32::max);
            let third = { let mut all = totals.clone(); all.sort_by(|a, b| b.total_cmp(a)); all.get(2).copied().unwrap_or(0.0) };
            for (signals, before) in scored.iter().zip(&totals) {
                prop_assert!(signals.second >= 0.0 && signals.second <= Weights::default().second * best + 1e-3);
                prop_assert!(*before >= third || signals.total() <= third + 1e-3);
            }
        }
    }
}
