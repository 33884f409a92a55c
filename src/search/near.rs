//! What is near in meaning to a question of whose words little is found: `what did the doctor say`, where many said
//! something and one memory has `the physician told me`.

use super::question::Counts;
use super::rank::Around;
use super::rank::Pool;
use super::weights::Weights;

/// The longest question of which a part is looked for in this way, in telling words: a longer one says more by the words
/// that are found than by a vector of all. Abstracts (questions of nine words) lose .001 nDCG without it.
const SHORT: usize = 6;

/// The place behind which the nearest is set, from 1: an answer begins with what has the words. Behind the first, German
/// sentences lose .009 MRR.
const BEHIND: usize = 3;

/// The part of the best score from which on the second's leaves it open which of both has the words, and what the nearest
/// must have of cosine before the next one, to stand before them all. Of 40 questions in other words than their memory's 7
/// are right first by it, 1 without. With no lead asked for, German sentences lose .066 MRR, with .04 they lose .002;
/// without the words' part notes lose .012.
const UNDECIDED: f32 = 0.85;
const LEAD: f32 = 0.05;

/// What was found by words that is few: as many as an answer has by default.
const FEW: usize = 10;

/// The nearest that are set behind few.
const SHOWN: usize = 3;

/// The least cosine of one, as a part of the nearest one's.
const OF_THE_NEAREST: f32 = 0.75;

/// The part of a question that none of the texts that were found has in itself or around it: 0.0 where one has all of
/// its words, 1.0 where none has any. Each word counts by its rarity; names of speakers do not count.
pub fn open_part<'a>(texts: impl Iterator<Item = &'a Around<'a>>, pool: &Pool) -> f32 {
    let is_name = |term: usize| pool.names & (1 << (term & 63)) != 0;
    let terms: Vec<(usize, f32)> = pool.rarity.iter().copied().enumerate().filter(|it| !is_name(it.0)).collect();
    let all: f32 = terms.iter().map(|it| it.1).sum();
    let found = |around: &Around<'_>| -> f32 {
        let [before, earlier] = around.before;
        let [after, later] = around.after;
        let texts = [Some(around.own), before, earlier, after, later];
        let has = |term: usize| texts.iter().flatten().map(|it| share(it, term)).fold(0.0, f32::max);
        terms.iter().map(|(term, rarity)| rarity * has(*term)).sum()
    };
    let most = texts.map(found).fold(0.0, f32::max);
    if all > 0.0 { 1.0 - most / all } else { 0.0 }
}

/// How much of a term a text has, 0.0..=1.0: a word near to it is a part of it.
fn share(counts: &Counts, term: usize) -> f32 {
    let count = |of: &[f32]| of.get(term).copied().unwrap_or(0.0).min(1.0);
    count(&counts.of_terms).max(count(&counts.alike))
}

/// Where what is nearest in meaning is to stand in an answer: `(key, place from 0, score)`, each to be set there in this
/// order. The one nearest stands right behind the third when much of a short question is found nowhere, and first when
/// words do not tell the best from the second either and it leads by far; and a few stand behind all others when those
/// are few and none has all words. `found` are the scores of what was found by words, the
/// best first, `near` the cosines of what is to be shown so and `rival` the best of all others, `open` is the [`open_part`] of
/// the question, and `words` how many it has.
///
/// A place and no score alone: where many have one word of the question, all of them score the same.
pub fn places_of_nearest<K: Copy + PartialEq>(
    found: &[(K, f32)],
    near: &[(K, f32)],
    rival: f32,
    open: f32,
    words: usize,
    weights: &Weights,
) -> Vec<(K, usize, f32)> {
    // What finds nothing by words is told otherwise.
    let Some((_, least)) = found.last().copied() else { return Vec::new() };
    let mut near: Vec<(K, f32)> = near.to_vec();
    near.sort_by(|a, b| b.1.total_cmp(&a.1));
    let leads = near.first().is_some_and(|best| best.1 - near.get(1).map_or(rival, |it| it.1.max(rival)) >= LEAD);
    let from = near.first().map_or(weights.near, |it| weights.near.max(it.1 * OF_THE_NEAREST));
    near.retain(|it| it.1 >= from);
    let place_of = |key: K| found.iter().position(|it| it.0 == key);
    let mut places = Vec::new();
    // A memory with every word of the question is what was asked for.
    if found.len() < FEW && open > f32::EPSILON {
        let unfound = near.iter().take(SHOWN).filter(|it| place_of(it.0).is_none());
        places.extend(unfound.zip(found.len()..).map(|(it, place)| (it.0, place, least * it.1.clamp(0.0, 1.0))));
    }
    let undecided = matches!(found, [best, second, ..] if second.1 >= UNDECIDED * best.1);
    let behind = if undecided && leads { 0 } else { BEHIND };
    if open >= weights.open
        && words <= SHORT
        && let (Some((key, _)), Some((_, score))) =
            (near.first().copied(), found.get(behind.saturating_sub(1)).copied())
        && place_of(key).is_none_or(|it| it > behind)
    {
        places.push((key, behind, score));
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::question::Question;
    use super::*;

    #[test]
    fn a_question_is_as_open_as_the_words_that_the_best_text_lacks() {
        let question = Question::new("doctor say");
        let mut counter = question.counter();
        let (said, doctor) = (counter.count("they say so"), counter.count("the doctor will say"));
        let pool = Pool { rarity: vec![3.0, 1.0], ..Pool::default() };
        let around = |own| Around { own, speaker: 0, tags: 0, speakers: 0, before: [None; 2], after: [None; 2] };
        assert_eq!(open_part([around(&said)].iter(), &pool), 0.75);
        assert_eq!(open_part([around(&said), around(&doctor)].iter(), &pool), 0.0);
        let answered = Around { before: [Some(&doctor), None], ..around(&said) };
        assert_eq!(open_part([answered].iter(), &pool), 0.0, "what stands around it counts");
        assert_eq!(open_part([around(&said)].iter(), &Pool { names: 1, ..pool }), 0.0, "names do not");
    }

    /// The keys in their order when all is set where it is to stand.
    fn shown(scores: &[f32], near: &[(usize, f32)], open: f32, words: usize) -> Vec<usize> {
        let found: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        for (key, place, _) in places_of_nearest(&found, near, 0.0, open, words, &Weights::default()) {
            order.retain(|it| *it != key);
            order.insert(place, key);
        }
        order
    }

    #[test]
    fn the_nearest_stands_behind_the_third_where_much_of_the_question_is_open() {
        let many: Vec<f32> = (0..12).map(|it| 9.0 * 0.8_f32.powi(it)).collect();
        let behind_the_third: Vec<usize> = [0, 1, 2, 99].into_iter().chain(3..12).collect();
        let as_found: Vec<usize> = (0..12).collect();
        assert_eq!(shown(&many, &[(99, 0.6), (98, 0.5)], 0.8, 2), behind_the_third);
        assert_eq!(shown(&many, &[(99, 0.6)], 0.2, 2), as_found, "most of the question is found");
        assert_eq!(shown(&many, &[(99, 0.6)], 0.8, 9), as_found, "a long question");
        assert_eq!(shown(&many, &[(99, 0.2)], 0.8, 2), as_found, "nothing is near");
        assert_eq!(shown(&many, &[(2, 0.6)], 0.8, 2), as_found, "it stands there by its words");
        let lifted: Vec<usize> = [0, 1, 2, 9].into_iter().chain(3..9).chain(10..12).collect();
        assert_eq!(shown(&many, &[(9, 0.6)], 0.8, 2), lifted);
    }

    #[test]
    fn the_nearest_stands_first_where_words_do_not_tell_and_it_leads() {
        let undecided = [5.0, 4.6, 4.0, 3.0, 3.0];
        let first = |scores: &[f32], second: f32, open| shown(scores, &[(99, 0.6), (98, second)], open, 2)[0] == 99;
        assert!(first(&undecided, 0.5, 0.8));
        assert!(!first(&undecided, 0.58, 0.8), "another one is as near");
        assert!(!first(&[5.0, 4.0, 4.0, 3.0, 3.0], 0.5, 0.8), "words tell the best");
        assert!(!first(&undecided, 0.5, 0.2), "most of the question is found");
        assert!(!first(&[5.0], 0.5, 0.8), "the only one that has words");
        assert_eq!(shown(&undecided, &[(0, 0.6), (98, 0.5)], 0.8, 2)[0], 0, "it is the first already");
        assert_eq!(shown(&[5.0, 4.9], &[(99, 0.6), (98, 0.5)], 0.8, 2), [99, 0, 1, 98]);
        let found: Vec<(usize, f32)> = undecided.iter().copied().enumerate().collect();
        let place =
            |rival| places_of_nearest(&found, &[(99, 0.6)], rival, 0.8, 2, &Weights::default()).last().unwrap().1;
        assert_eq!((place(0.5), place(0.58)), (0, BEHIND), "a turn of a conversation is as near");
    }

    #[test]
    fn behind_few_stands_what_is_near() {
        assert_eq!(shown(&[4.0, 3.0], &[(8, 0.4), (9, 0.5), (7, 0.2)], 0.3, 2), [0, 1, 9, 8]);
        assert_eq!(shown(&[4.0, 3.0], &[(9, 0.5)], 0.0, 1), [0, 1], "one has all words");
        assert_eq!(shown(&[4.0, 3.0, 2.0, 1.0], &[(9, 0.5)], 0.9, 1), [0, 1, 2, 9, 3]);
        assert_eq!(shown(&[], &[(9, 0.9)], 1.0, 1), [0_usize; 0], "what finds nothing by words is told otherwise");
    }

    proptest! {
        #[test]
        fn all_but_the_nearest_keep_their_places_among_the_first_and_nothing_is_lost(
            mut scores in proptest::collection::vec(0.1f32..100.0, 0..40),
            near in proptest::collection::vec(-1.0f32..=1.0, 0..6), from in 0usize..45,
            open in 0.0f32..=1.0, words in 0usize..12,
        ) {
            scores.sort_by(|a, b| b.total_cmp(a));
            let near: Vec<(usize, f32)> = near.into_iter().enumerate().map(|it| (from + it.0, it.1)).collect();
            let order = shown(&scores, &near, open, words);
            let first = scores.len().min(BEHIND);
            let nearest = near.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|it| it.0);
            let kept = |it: &usize| *it < first && Some(*it) != nearest;
            let begins: Vec<usize> = order.iter().copied().take(first + 1).filter(kept).collect();
            prop_assert_eq!(begins, (0..first).filter(kept).collect::<Vec<_>>());
            let mut keys: Vec<usize> = order.iter().copied().filter(|it| *it < scores.len()).collect();
            keys.sort_unstable();
            prop_assert_eq!(keys, (0..scores.len()).collect::<Vec<_>>());
            let found: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
            for (_, _, score) in places_of_nearest(&found, &near, 0.0, open, words, &Weights::default()) {
                prop_assert!(score >= 0.0 && score <= scores[0]);
            }
        }
    }
}
