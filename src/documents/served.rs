//! Lets files that helped before gain a little, and those that were passed over lose a little.
//!
//! A part of its own behind the ranking: bounded, so that it moves pieces among those that match about as well.

use std::collections::HashMap;

use super::Documents;
use super::find::Hit;
use crate::search;
use crate::store::Standing;

/// The most that feedback gives or takes, of a piece's score: what it is for memories (`search/weights.rs`).
const FEEDBACK: f64 = 0.15;

/// Below this, feedback changes nothing that is worth a word.
const TOLD: f64 = 0.005;

impl Documents {
    /// Weighs what was found by what feedback said of its files. Without feedback, or when it cannot be read, all stays.
    pub(super) async fn weigh_by_feedback(&self, hits: Vec<Hit>) -> Vec<Hit> {
        let mut files: Vec<String> = hits.iter().map(|it| it.uri.clone()).collect();
        files.sort_unstable();
        files.dedup();
        match self.judged.standings(files, self.clock.now()).await {
            Ok(standings) if !standings.is_empty() => weigh(hits, &standings),
            _ => hits,
        }
    }
}

/// The hits, best first again. Equal scores keep their order.
fn weigh(mut hits: Vec<Hit>, standings: &HashMap<String, Standing>) -> Vec<Hit> {
    for hit in &mut hits {
        let Some(known) = standings.get(&hit.uri) else { continue };
        let part = FEEDBACK * f64::from(search::standing(known.used, known.ignored, &search::Weights::default()));
        hit.score = (hit.score * (1.0 + part)).clamp(0.0, 1.0);
        hit.explained.push_str(&format!("; feedback × {:.2}", 1.0 + part));
        if part.abs() >= TOLD {
            hit.why.push_str(if part > 0.0 { "; its file helped before" } else { "; its file was passed over before" });
        }
    }
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::signatures::tests::hit;
    use super::*;

    fn found(files: &[(&str, f64)]) -> Vec<Hit> {
        let one =
            |(uri, score): &(&str, f64)| Hit { uri: (*uri).to_owned(), score: *score, ..hit("a.rs", "fn a() {}\n") };
        files.iter().map(one).collect()
    }

    fn told(hits: &[Hit]) -> Vec<&str> {
        hits.iter().map(|it| it.uri.as_str()).collect()
    }

    #[test]
    fn what_helped_passes_what_matches_as_well_and_never_what_matches_better() {
        let used = HashMap::from([("b".to_owned(), Standing { used: 50.0, ignored: 0.0 })]);
        let hits = weigh(found(&[("a", 0.8), ("b", 0.75)]), &used);
        assert_eq!(told(&hits), ["b", "a"]);
        assert!(hits[0].why.contains("helped before") && hits[1].why.is_empty());
        assert_eq!(told(&weigh(found(&[("a", 0.8), ("b", 0.6)]), &used)), ["a", "b"]);
        let ignored = HashMap::from([("a".to_owned(), Standing { used: 0.0, ignored: 50.0 })]);
        let hits = weigh(found(&[("a", 0.8), ("b", 0.75)]), &ignored);
        assert_eq!(told(&hits), ["b", "a"]);
        assert!(hits[1].why.contains("passed over"));
    }

    proptest! {
        #[test]
        fn all_of_it_is_bounded(score in 0.0f64..=1.0, used in 0.0f64..1e6, ignored in 0.0f64..1e6) {
            let hits = weigh(found(&[("a", score)]), &HashMap::from([("a".to_owned(), Standing { used, ignored })]));
            prop_assert!((hits[0].score - score).abs() <= FEEDBACK * score + 1e-9 && hits[0].score <= 1.0);
        }
    }
}
