//! What is known of a memory whatever is asked: how important it is, how old, how it served before.
//!
//! Each is a bounded part of the score, so that none lifts what does not match over what does; what is not known
//! changes nothing.

use super::rank::Signals;
use super::weights::Weights;

/// What is known of one memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Background {
    /// 0.0..=1.0; 0.5 is what nobody said anything of.
    pub importance: f32,
    /// Days since it happened, or was learned; never below 0.
    pub age: f32,
    /// See [`standing`]; 0.0 without feedback.
    pub standing: f32,
}

/// How well something served, from feedback: -1.0..1.0, 0.0 when nothing is known. `used` and `ignored` are counts.
pub fn standing(used: f64, ignored: f64, weights: &Weights) -> f32 {
    let evidence = used - f64::from(weights.ignored) * ignored;
    (evidence / (evidence.abs() + f64::from(weights.half_sure))) as f32
}

/// Adds what is known to a score.
pub fn add_background(signals: &mut Signals, known: &Background, weights: &Weights) {
    let score = signals.total();
    signals.importance = score * weights.importance * (2.0 * known.importance.clamp(0.0, 1.0) - 1.0);
    signals.recency = score * weights.recency * 0.5_f32.powf(known.age.max(0.0) / weights.recent_days);
    signals.feedback = score * weights.feedback * known.standing;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing(used: f64, ignored: f64) -> f32 {
        super::standing(used, ignored, &Weights::default())
    }

    fn total(importance: f32, age: f32, standing: f32) -> f32 {
        let mut signals = Signals { words: 10.0, ..Signals::default() };
        add_background(&mut signals, &Background { importance, age, standing }, &Weights::default());
        signals.total()
    }

    #[test]
    fn what_nobody_knows_anything_of_stays_where_it_was() {
        assert!((total(0.5, 1e9, standing(0.0, 0.0)) - 10.0).abs() < 1e-5);
    }

    #[test]
    fn the_important_the_new_and_the_used_are_lifted_and_the_ignored_falls() {
        let plain = total(0.5, 1e9, 0.0);
        assert!(total(0.9, 1e9, 0.0) > plain && total(0.1, 1e9, 0.0) < plain);
        assert!(total(0.5, 0.0, 0.0) > total(0.5, 40.0, 0.0));
        assert!(total(0.5, 1e9, standing(1.0, 0.0)) > plain && total(0.5, 1e9, standing(0.0, 1.0)) < plain);
        assert!(standing(1.0, 2.0) > 0.0, "used once weighs more than passed over twice");
    }

    proptest! {
        #[test]
        fn all_of_it_is_bounded(importance in 0.0f32..=1.0, age in 0.0f32..1e6, used in 0.0f64..1e6, ignored in 0.0f64..1e6) {
            let weights = Weights::default();
            let most = weights.importance + weights.recency + weights.feedback;
            let part = (total(importance, age, standing(used, ignored)) - 10.0) / 10.0;
            prop_assert!(part.is_finite() && part.abs() <= most + 1e-4);
        }
    }
}
