//! How good models turned out to be for a kind of request, from what was said of their answers. A function over values.

use crate::clock::Millis;
use crate::store::RatingRow;

/// After so long a rating counts half: vendors change what is behind a name about every quarter.
const HALF_LIFE_MS: f64 = 60.0 * 86_400_000.0;

/// Ratings that the table's class weighs as much as: one judgement is not to turn a route over.
const DOUBT: f64 = 4.0;

/// Classes of quality (of five) that ratings can add or take away at most.
pub(super) const MOST_CLASSES: f64 = 2.0;

/// What ratings say about a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Learnt {
    /// Classes of quality to add, between -[`MOST_CLASSES`] and +[`MOST_CLASSES`].
    pub(super) classes: f64,
    /// How many ratings that is learnt from, old ones for less than one.
    pub(super) ratings: f64,
}

/// What `ratings` say about `provider/model` for requests of `kind`; of all requests, when the kind is not known.
pub(super) fn learnt(ratings: &[RatingRow], kind: Option<&str>, provider: &str, model: &str, now: Millis) -> Learnt {
    let (mut sum, mut weight) = (0.0, 0.0);
    for it in ratings {
        if it.provider != provider || it.model != model || (kind.is_some() && it.request_kind.as_deref() != kind) {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds is below 2^53")]
        let age = now.saturating_sub(it.at).max(0) as f64;
        let counts = 0.5_f64.powf(age / HALF_LIFE_MS);
        sum += counts * it.rating.clamp(-1.0, 1.0);
        weight += counts;
    }
    Learnt { classes: MOST_CLASSES * sum / (weight + DOUBT), ratings: weight }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: Millis = 86_400_000;

    fn row(kind: Option<&str>, model: &str, rating: f64, at: Millis) -> RatingRow {
        let (provider, model) = ("p".to_owned(), model.to_owned());
        RatingRow { request_kind: kind.map(str::to_owned), provider, model, rating, at }
    }

    #[test]
    fn ratings_count_for_their_model_and_kind_and_grow_less_with_age() {
        let fix = Some("fix");
        let good: Vec<RatingRow> = (0..4).map(|_| row(fix, "m", 1.0, 0)).collect();
        assert_eq!(learnt(&good, fix, "p", "m", 0), Learnt { classes: 1.0, ratings: 4.0 });
        assert_eq!(learnt(&good, fix, "p", "other", 0), Learnt::default());
        assert_eq!(learnt(&good, fix, "other", "m", 0), Learnt::default());
        assert_eq!(learnt(&good, Some("explain"), "p", "m", 0), Learnt::default());
        assert_eq!(learnt(&good, None, "p", "m", 0).classes, 1.0, "of an unknown kind all of them tell something");
        let later = learnt(&good, fix, "p", "m", 60 * DAY);
        assert!((later.ratings - 2.0).abs() < 1e-9 && later.classes < 1.0 && later.classes > 0.6, "{later:?}");
        let bad: Vec<RatingRow> = (0..4).map(|_| row(fix, "m", -1.0, 0)).collect();
        assert_eq!(learnt(&bad, fix, "p", "m", 0).classes, -1.0);
    }

    proptest! {
        #[test]
        fn no_number_of_ratings_goes_beyond_the_bound(
            given in proptest::collection::vec((-9.0_f64..9.0, 0_i64..900 * DAY), 0..300),
        ) {
            let rows: Vec<RatingRow> = given.into_iter().map(|(rating, at)| row(None, "m", rating, at)).collect();
            let learnt = learnt(&rows, None, "p", "m", 900 * DAY);
            prop_assert!(learnt.classes.abs() < MOST_CLASSES && learnt.ratings >= 0.0, "{:?}", learnt);
        }
    }
}
