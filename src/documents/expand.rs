//! Widens a question by what its best pieces have in common: who asks for a "symlink" does not write `read_link`, but the
//! pieces that answer do.

use std::collections::HashMap;
use std::collections::HashSet;

use super::postings;
use super::question::Question;
use super::question::Term;
use super::rank::Shelf;
use super::terms::terms;
use super::weights;
use crate::store::PostingRow;

/// Words that are looked up at most.
const CANDIDATES: usize = 120;

/// The words that stand in several of `texts` and not in the question, with in how many, most first.
pub(super) fn in_common(question: &Question, texts: &[String]) -> Vec<(String, usize)> {
    let asked: HashSet<&str> = question.terms.iter().map(|it| it.term.as_str()).collect();
    let mut holders: HashMap<String, (usize, usize)> = HashMap::new();
    for (at, text) in texts.iter().enumerate() {
        terms(text, |term| {
            if asked.contains(term) || term.chars().all(|it| it.is_ascii_digit()) {
                return;
            }
            match holders.get_mut(term) {
                Some((_, last)) if *last == at => {}
                Some((count, last)) => (*count, *last) = (*count + 1, at),
                None => drop(holders.insert(term.to_owned(), (1, at))),
            }
        });
    }
    let mut found: Vec<(String, usize)> = holders
        .into_iter()
        .filter(|(_, (count, _))| *count >= weights::FEEDBACK_HOLDERS)
        .map(|(term, (count, _))| (term, count))
        .collect();
    found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(CANDIDATES);
    found
}

/// Adds the rarest of `candidates` to the question, and their `lists` (one list of rows a shelf) to the shelves.
pub(super) fn add_expansions(
    question: &mut Question,
    shelves: &mut [Shelf],
    candidates: &[(String, usize)],
    lists: Vec<Vec<PostingRow>>,
) {
    let all: usize = shelves.iter().map(|it| it.catalog.living_chunks as usize).sum();
    let mut holders = vec![0_usize; candidates.len()];
    for (_, at, data) in lists.iter().flatten() {
        if let Some(count) = holders.get_mut(*at) {
            *count += postings::read(data).count();
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of pieces")]
    let worth = |at: usize, pieces: usize| pieces as f32 * (all as f32 / holders[at].max(1) as f32).ln();
    let mut chosen: Vec<(f32, usize)> = candidates
        .iter()
        .enumerate()
        .filter(|(at, _)| holders[*at] * weights::FEEDBACK_RARITY < all)
        .map(|(at, (_, pieces))| (worth(at, *pieces), at))
        .filter(|it| it.0 > 0.0)
        .collect();
    chosen.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    chosen.truncate(weights::FEEDBACK_WORDS);
    let best = chosen.first().map_or(1.0, |it| it.0);
    let first = question.names.len() + question.terms.len();
    let place: HashMap<usize, usize> = chosen.iter().enumerate().map(|(to, (_, at))| (*at, first + to)).collect();
    for (shelf, rows) in shelves.iter_mut().zip(lists) {
        shelf.lists.extend(rows.into_iter().filter_map(|(segment, at, data)| Some((segment, *place.get(&at)?, data))));
    }
    question.expansions = chosen
        .into_iter()
        .map(|(worth, at)| Term {
            term: candidates[at].0.clone(),
            word: candidates[at].0.clone(),
            weight: weights::FEEDBACK * worth / best,
            joined: false,
            in_title: false,
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_best_pieces_share_is_found_without_what_was_asked() {
        let texts = ["fn read_link() symlink", "read_link here", "one more read_link of a symlink", "nothing"];
        let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
        let found = in_common(&Question::of("follow symlink"), &texts);
        assert_eq!(found, [("link".to_owned(), 3), ("read".to_owned(), 3), ("readlink".to_owned(), 3)]);
        assert_eq!(in_common(&Question::of("x"), &[]), []);
    }
}
