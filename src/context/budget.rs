//! Picks the candidates that fit a token budget. Pure: the same input always gives the same answer.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use super::assemble::SourceName;
use super::merge;
use super::source::Candidate;
use super::source::Rendition;

/// What was picked, and what was not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Choice {
    /// Best first, each with its size.
    pub(super) chosen: Vec<(Candidate, u32)>,
    /// Best first, each with its size and the reason.
    pub(super) left_out: Vec<(Candidate, u32, String)>,
}

/// Two texts that share this much of their word sequences say the same.
const SAME: f64 = 0.8;

/// Words in a sequence that is compared.
const SHINGLE: usize = 4;

/// A budget is full when no more than this share of it is left.
const FULL: f64 = 0.03;

/// A piece that is cut to fit must keep at least so many tokens to be worth its label.
const LEAST: u32 = 40;

/// What stands at the end of a text that was cut.
pub(super) const CUT: &str = " […]";

/// Pieces that may be cut to fill what is left.
const CUTS: usize = 6;

/// The share of a budget above [`SCARCE`] that definitions may take which chosen pieces use; in smaller ones they get what
/// is left over. With 5 % of any budget, packs of 2,000 tokens lost up to a hundredth of the changed hunks, and those of
/// 16,000 half of one (docs/benchmarks.md, 2026-11-27).
const CALLED: f64 = 0.03;
const SCARCE: u32 = 4_000;

/// Pieces that did not fit of which the signatures are tried.
const LOOKED_AT: usize = 40;

/// Signatures take at least so many tokens with their label.
const LEAST_SIGNATURES: u32 = 24;

pub(super) const NOT_FITTING: &str = "did not fit the budget";
pub(super) const ONLY_BEGINNING: &str = "its end did not fit; the beginning is included";
const ONLY_SIGNATURES: &str = "did not fit the budget; its signatures are included";

/// Keeps the best candidates whose sizes sum to at most `budget` tokens.
///
/// Greedy by score; equal scores keep their order. What repeats a better one is left out; what is too big for the
/// rest is passed over, and smaller ones after it may still fit. What then remains of the budget is filled with the
/// beginnings of the best that were passed over. `measure` counts a candidate as it will be written.
pub(super) fn choose(mut candidates: Vec<Candidate>, budget: u32, measure: &dyn Fn(&Candidate) -> u32) -> Choice {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut choice = Choice::default();
    let mut left = budget;
    let mut seen = Seen::default();
    let mut too_big = Vec::new();
    let mut called = Called::within(budget);
    for candidate in candidates {
        let tokens = measure(&candidate);
        if candidate.called_by.is_some() {
            left -= called.offer(candidate, tokens, left, &choice);
            continue;
        }
        let words = shingles(&candidate.text);
        let tokens = tokens.saturating_sub(labels_saved(&candidate, &choice, measure));
        if let Some(other) = seen.repeated(&candidate, &words) {
            choice.left_out.push((candidate, tokens, format!("repeats {other}")));
        } else if tokens <= left + called.given_way(&candidate) {
            left = left + called.give_way(&candidate) - tokens;
            seen.add(&candidate, words);
            choice.chosen.push((candidate, tokens));
        } else {
            too_big.push((candidate, tokens));
        }
    }
    let (mut others, given_back) = called.join(&mut choice);
    // What begins with imports that are shown says nothing new by its beginning.
    let is_begun = |it: &Candidate| choice.chosen.iter().any(|(other, _)| other.is_import && shares_lines(other, it));
    let (begun, too_big): (Vec<_>, Vec<_>) = too_big.into_iter().partition(|it| is_begun(&it.0));
    choice.left_out.extend(begun.into_iter().map(|(it, tokens)| (it, tokens, NOT_FITTING.to_owned())));
    left = fill(&mut choice, too_big, left + given_back, budget, measure);
    choice.left_out.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    use_rest(&mut choice, &mut others, left, measure);
    choice.chosen.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    choice.left_out.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    choice
}

/// The tokens of the labels that `candidate` and its neighbours among the chosen do not need when they are joined.
fn labels_saved(candidate: &Candidate, choice: &Choice, measure: &dyn Fn(&Candidate) -> u32) -> u32 {
    let neighbours = choice.chosen.iter().filter(|it| merge::touches(&it.0, candidate)).count();
    if neighbours == 0 {
        return 0;
    }
    let label = measure(&Candidate { text: String::new(), ..candidate.clone() });
    label * u32::try_from(neighbours).unwrap_or(1)
}

/// The signatures of a piece that is too big for what is left, when they fit.
fn by_signatures(candidate: &Candidate, left: u32, measure: &dyn Fn(&Candidate) -> u32) -> Option<(Candidate, u32)> {
    let extract = candidate.signatures.as_ref()?;
    let short = Candidate {
        text: extract.text.clone(),
        lines: Some((extract.start_line, extract.end_line)),
        rendition: Rendition::Signatures,
        signatures: None,
        ..candidate.clone()
    };
    let tokens = measure(&short);
    (tokens <= left).then_some((short, tokens))
}

/// The definitions that chosen pieces use, as far as they have a place.
struct Called {
    chosen: Vec<(Candidate, u32)>,
    left_out: Vec<(Candidate, u32)>,
    left: u32,
}

impl Called {
    /// None yet, with a part of `budget` to fill.
    fn within(budget: u32) -> Called {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let left = if budget > SCARCE { (f64::from(budget) * CALLED) as u32 } else { 0 };
        Called { chosen: Vec::new(), left_out: Vec::new(), left }
    }

    /// Takes `candidate` when what uses it was chosen before and there is room; returns the tokens that it takes. One
    /// that has no place is not told: nobody asked for it.
    fn offer(&mut self, candidate: Candidate, tokens: u32, left: u32, choice: &Choice) -> u32 {
        let uses = |it: &Candidate| {
            it.rendition != Rendition::Signatures
                && candidate.called_by.as_ref().is_some_and(|(uri, part)| {
                    it.uri == *uri && it.parts.is_some_and(|parts| (parts.0..parts.1).contains(part))
                })
        };
        if !choice.chosen.iter().any(|it| uses(&it.0)) || candidate.is_import && is_held(choice, &candidate) {
            return 0;
        }
        let room = if candidate.is_import { left } else { left.min(self.left) };
        if tokens > room {
            self.left_out.push((candidate, tokens));
            return 0;
        }
        self.left -= if candidate.is_import { 0 } else { tokens };
        self.chosen.push((candidate, tokens));
        tokens
    }

    /// The tokens of the imports that `piece` holds, too.
    fn given_way(&self, piece: &Candidate) -> u32 {
        self.chosen.iter().filter(|it| it.0.is_import && shares_lines(&it.0, piece)).map(|it| it.1).sum()
    }

    /// Takes them out; returns their tokens.
    fn give_way(&mut self, piece: &Candidate) -> u32 {
        let tokens = self.given_way(piece);
        self.chosen.retain(|it| !(it.0.is_import && shares_lines(&it.0, piece)));
        tokens
    }

    /// Adds them to what was chosen; returns those that had no place, and the tokens of those whose own pieces were
    /// chosen meanwhile.
    fn join(self, choice: &mut Choice) -> (Vec<(Candidate, u32)>, u32) {
        let (held, free): (Vec<_>, Vec<_>) = self.chosen.into_iter().partition(|it| is_held(choice, &it.0));
        choice.chosen.extend(free);
        choice.chosen.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
        (self.left_out, held.iter().map(|it| it.1).sum())
    }
}

/// Whether some of the lines of `candidate` were chosen.
fn is_held(choice: &Choice, candidate: &Candidate) -> bool {
    choice.chosen.iter().any(|(other, _)| shares_lines(other, candidate))
}

fn shares_lines(one: &Candidate, other: &Candidate) -> bool {
    let overlaps = |a: (u32, u32), b: (u32, u32)| a.0 <= b.1 && b.0 <= a.1;
    one.uri == other.uri && one.lines.zip(other.lines).is_some_and(|(a, b)| overlaps(a, b))
}

/// Fills what is left with the beginnings of what was too big.
fn fill(
    choice: &mut Choice,
    too_big: Vec<(Candidate, u32)>,
    mut left: u32,
    budget: u32,
    measure: &dyn Fn(&Candidate) -> u32,
) -> u32 {
    let mut too_big = too_big;
    widen(choice, &mut too_big, &mut left, budget, measure);
    let mut cuts = 0;
    for (candidate, tokens) in too_big {
        if f64::from(left) > f64::from(budget) * FULL && left >= LEAST && cuts < CUTS {
            cuts += 1;
            if let Some((cut, size)) = beginning(&candidate, left, measure) {
                left -= size;
                choice.left_out.push((candidate, tokens.saturating_sub(size), ONLY_BEGINNING.to_owned()));
                choice.chosen.push((cut, size));
                continue;
            }
        }
        choice.left_out.push((candidate, tokens, NOT_FITTING.to_owned()));
    }
    left
}

/// Uses what is left for what is small: definitions that chosen pieces use, then the signatures of the best that did not
/// fit. In place of whole pieces they find fewer of the lines that matter (docs/benchmarks.md).
fn use_rest(
    choice: &mut Choice,
    called: &mut Vec<(Candidate, u32)>,
    mut left: u32,
    measure: &dyn Fn(&Candidate) -> u32,
) {
    for (candidate, tokens) in called.drain(..) {
        if tokens <= left && !is_held(choice, &candidate) {
            left -= tokens;
            choice.chosen.push((candidate, tokens));
        }
    }
    for at in 0..choice.left_out.len().min(LOOKED_AT) {
        let (candidate, tokens, why) = &choice.left_out[at];
        if left < LEAST_SIGNATURES || why != NOT_FITTING || is_held(choice, candidate) {
            continue;
        }
        if let Some((short, size)) = by_signatures(candidate, left, measure) {
            left -= size;
            let rest = tokens.saturating_sub(size);
            choice.left_out[at].1 = rest;
            choice.left_out[at].2 = ONLY_SIGNATURES.to_owned();
            choice.chosen.push((short, size));
        }
    }
}

/// Where what is left is too little for a piece of its own, the least of the chosen gives its place to the beginning of
/// the best that was too big, when that one is as good and fills the budget better.
fn widen(
    choice: &mut Choice,
    too_big: &mut Vec<(Candidate, u32)>,
    left: &mut u32,
    budget: u32,
    measure: &dyn Fn(&Candidate) -> u32,
) {
    let is_full = f64::from(*left) <= f64::from(budget) * FULL;
    if is_full || *left >= 2 * LEAST || too_big.is_empty() {
        return;
    }
    let Some((last, last_tokens)) = choice.chosen.last() else { return };
    if last.score > too_big[0].0.score {
        return;
    }
    let last_tokens = *last_tokens;
    let Some((cut, size)) = beginning(&too_big[0].0, *left + last_tokens, measure) else { return };
    if size <= last_tokens {
        return;
    }
    *left = *left + last_tokens - size;
    let (candidate, tokens) = too_big.remove(0);
    if let Some((last, tokens)) = choice.chosen.pop() {
        choice.left_out.push((last, tokens, "gave its place to a better piece".to_owned()));
    }
    let reason = ONLY_BEGINNING.to_owned();
    choice.left_out.push((candidate, tokens.saturating_sub(size), reason));
    choice.chosen.push((cut, size));
}

/// As many whole lines from the beginning of `candidate` as fit, or as many characters when it is one line.
pub(super) fn beginning(
    candidate: &Candidate,
    budget: u32,
    measure: &dyn Fn(&Candidate) -> u32,
) -> Option<(Candidate, u32)> {
    let text = candidate.text.strip_suffix(CUT).unwrap_or(&candidate.text);
    let ends: Vec<usize> = {
        let lines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        if lines.len() > 2 { lines } else { between_words(text).step_by(4).collect() }
    };
    let cut_at = |count: usize| -> Candidate {
        let end = ends.get(count.wrapping_sub(1)).copied().unwrap_or(0);
        let mut cut = candidate.clone();
        cut.text = format!("{}{CUT}", &text[..end]);
        cut.rendition = Rendition::Beginning;
        if let Some((start, _)) = cut.lines {
            let lines = u32::try_from(text[..end].matches('\n').count()).unwrap_or(0);
            cut.lines = Some((start, start + lines));
        }
        cut
    };
    // The most pieces that fit, by halves: sizes grow with the number of lines.
    let (mut fits, mut too_many) = (0, ends.len() + 1);
    while too_many - fits > 1 {
        let middle = usize::midpoint(fits, too_many);
        if measure(&cut_at(middle)) <= budget { fits = middle } else { too_many = middle }
    }
    if fits == 0 {
        return None;
    }
    let cut = cut_at(fits);
    let tokens = measure(&cut);
    (tokens <= budget && tokens >= LEAST.min(budget)).then_some((cut, tokens))
}

/// Where `text` may be cut: half a key tells nobody that it is one.
fn between_words(text: &str) -> impl Iterator<Item = usize> {
    let parts = |it: &char| it.is_whitespace() || !it.is_ascii();
    let pairs = text.char_indices().zip(text.chars().skip(1));
    pairs.filter(move |((_, one), next)| parts(one) || parts(next)).map(|((at, one), _)| at + one.len_utf8())
}

/// What was chosen, kept so that a repetition is found without comparing with every piece: among thousands of
/// candidates that took most of a minute.
#[derive(Default)]
struct Seen {
    /// The address and the word sequences of each chosen piece.
    pieces: Vec<(String, HashSet<u64>)>,
    /// For each word sequence the positions of the pieces that hold it.
    holders: HashMap<u64, Vec<usize>>,
    /// For each address the lines that were chosen.
    lines: HashMap<String, Vec<(u32, u32)>>,
}

impl Seen {
    fn add(&mut self, candidate: &Candidate, words: HashSet<u64>) {
        for word in &words {
            self.holders.entry(*word).or_default().push(self.pieces.len());
        }
        self.pieces.push((candidate.uri.clone(), words));
        if let Some(lines) = lines_of_file(candidate) {
            self.lines.entry(candidate.uri.clone()).or_default().push(lines);
        }
    }

    /// The address of the chosen piece that `candidate` repeats.
    fn repeated(&self, candidate: &Candidate, words: &HashSet<u64>) -> Option<&str> {
        let chosen = lines_of_file(candidate).and_then(|a| Some((a, self.lines.get_key_value(&candidate.uri)?)));
        if let Some((a, (uri, chosen))) = chosen {
            // The pieces of one long line all have its number.
            let overlaps = |b: &(u32, u32)| a.0 <= b.1 && b.0 <= a.1 && !(a == *b && a.0 == a.1);
            if chosen.iter().any(overlaps) {
                return Some(uri);
            }
        }
        // A piece that is alike holds at least SAME of these sequences, so it holds one of any that are more than
        // the rest; the rarest of them lead to the fewest pieces.
        let mut holders: Vec<&[usize]> =
            words.iter().map(|it| self.holders.get(it).map_or(&[][..], Vec::as_slice)).collect();
        holders.sort_unstable_by_key(|it| it.len());
        #[expect(clippy::cast_precision_loss, reason = "a piece has a few thousand words")]
        let may_lack = words.len() as f64 * (1.0 - SAME);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of a few thousand")]
        holders.truncate(may_lack as usize + 1);
        let mut near: Vec<usize> = holders.concat();
        near.sort_unstable();
        near.dedup();
        near.into_iter().filter_map(|at| self.pieces.get(at)).find(|it| alike(words, &it.1)).map(|it| it.0.as_str())
    }
}

/// The lines of a piece of a file. Those of material that a call brings along say nothing of repetition: two
/// documents may have come under one address.
fn lines_of_file(candidate: &Candidate) -> Option<(u32, u32)> {
    candidate.lines.filter(|_| candidate.source != SourceName::Inline.name())
}

fn alike(a: &HashSet<u64>, b: &HashSet<u64>) -> bool {
    let (small, large) = if a.len() < b.len() { (a, b) } else { (b, a) };
    #[expect(clippy::cast_precision_loss, reason = "a piece has a few thousand words")]
    let (small_len, large_len) = (small.len() as f64, large.len() as f64);
    // Sets of very different sizes cannot share enough; this spares most comparisons.
    if small.is_empty() || small_len < large_len * SAME {
        return false;
    }
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let shared = small.iter().filter(|it| large.contains(it)).count() as f64;
    shared / (small_len + large_len - shared) >= SAME
}

/// The hashes of all sequences of [`SHINGLE`] words; of the whole text when it is shorter.
fn shingles(text: &str) -> HashSet<u64> {
    // Marks at the ends of words say nothing, those between them may: `x <= 5` is not `x >= 5`.
    let is_mark = |c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '(' | ')' | '*' | '_' | '`');
    let words: Vec<String> = text
        .split_whitespace()
        .map(|it| it.trim_matches(is_mark))
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
        .collect();
    let hash = |words: &[String]| {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        hasher.finish()
    };
    if words.is_empty() {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        return HashSet::from([hasher.finish()]);
    }
    if words.len() < SHINGLE {
        return HashSet::from([hash(&words)]);
    }
    words.windows(SHINGLE).map(hash).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::Extract;

    fn candidate(uri: &str, text: &str, score: f64) -> Candidate {
        Candidate { uri: uri.to_owned(), text: text.to_owned(), score, ..Candidate::default() }
    }

    /// A token a word.
    fn words(candidate: &Candidate) -> u32 {
        u32::try_from(candidate.text.split_whitespace().count()).unwrap()
    }

    fn check(candidates: &[(&str, &str, f64)], budget: u32, expected: &[&str]) {
        let candidates = candidates.iter().map(|(uri, text, score)| candidate(uri, text, *score)).collect();
        let choice = choose(candidates, budget, &words);
        let uris: Vec<&str> = choice.chosen.iter().map(|(it, _)| it.uri.as_str()).collect();
        assert_eq!(uris, expected);
    }

    #[test]
    fn skips_what_does_not_fit_and_goes_on() {
        check(&[("huge", "a b c d e f g h i j k l", 0.9), ("small", "one two", 0.2)], 5, &["small"]);
    }

    #[test]
    fn leaves_out_what_repeats_a_better_one() {
        check(
            &[
                ("b", "we deploy on friday from staging", 0.5),
                ("a", "We deploy on Friday, from staging!", 0.9),
                ("c", "tea", 0.1),
            ],
            100,
            &["a", "c"],
        );
    }

    #[test]
    fn texts_that_differ_in_an_operator_are_both_kept() {
        check(
            &[("le", "if x <= 5 then stop the engine", 0.9), ("ge", "if x >= 5 then stop the engine", 0.8)],
            100,
            &["le", "ge"],
        );
    }

    #[test]
    fn facts_that_differ_in_one_word_are_both_kept() {
        check(&[("3", "meeting with Ana on 3 May", 0.9), ("4", "meeting with Ana on 4 May", 0.8)], 100, &["3", "4"]);
    }

    #[test]
    fn the_pieces_of_one_long_line_do_not_repeat_each_other() {
        let piece =
            |text: &str, lines, source| Candidate { lines: Some(lines), source, ..candidate("a.js", text, 0.5) };
        let chosen = |candidates| choose(candidates, 100, &words).chosen.len();
        let file = |text, lines| piece(text, lines, "workspace");
        assert_eq!(chosen(vec![file("let one = 1", (7, 7)), file("let two = 2", (7, 7))]), 2);
        assert_eq!(chosen(vec![file("let one = 1", (1, 9)), file("let two = 2", (5, 12))]), 1);
        let brought = |text, lines| piece(text, lines, "inline");
        assert_eq!(chosen(vec![brought("one document", (1, 2)), brought("and another", (1, 2))]), 2);
    }

    #[test]
    fn repetitions_are_found_as_by_comparing_with_every_piece() {
        let text = |seed: usize| -> String {
            (0..40).map(|at| format!("w{} ", if at < seed % 20 { at } else { at + seed / 20 * 100 })).collect()
        };
        let candidates: Vec<Candidate> = (0..200).map(|at| candidate(&at.to_string(), &text(at), 0.5)).collect();
        let mut kept: Vec<(String, HashSet<u64>)> = Vec::new();
        let mut repeats = Vec::new();
        for it in &candidates {
            let own = shingles(&it.text);
            match kept.iter().find(|(_, other)| alike(&own, other)) {
                Some((uri, _)) => repeats.push((it.uri.clone(), format!("repeats {uri}"))),
                None => kept.push((it.uri.clone(), own)),
            }
        }
        let choice = choose(candidates, u32::MAX, &words);
        let left_out: Vec<(String, String)> = choice.left_out.into_iter().map(|it| (it.0.uri, it.2)).collect();
        assert!(!repeats.is_empty());
        assert_eq!(left_out, repeats);
    }

    #[test]
    fn a_better_piece_never_gives_its_place_to_fill_the_budget() {
        let long = (0..100).map(|at| format!("line {at} of many\n")).collect::<String>();
        let who = "you are the one who answers all of the questions here";
        let choice = choose(vec![candidate("identity", who, 1.0), candidate("long", &long, 0.2)], 60, &words);
        assert_eq!(choice.chosen[0].0.uri, "identity");
    }

    #[test]
    fn fills_the_rest_with_the_beginning_of_what_was_too_big() {
        let long = (0..100).map(|at| format!("line {at} of many\n")).collect::<String>();
        let choice = choose(vec![candidate("long", &long, 0.9), candidate("short", "a b c", 0.8)], 200, &words);
        let used: u32 = choice.chosen.iter().map(|(_, tokens)| tokens).sum();
        assert!((190..=200).contains(&used), "{used}");
        assert_eq!(choice.chosen[0].0.uri, "long");
    }

    /// A piece of a file whose signatures are the first `short` of its words.
    fn piece(uri: &str, words: usize, short: usize, score: f64) -> Candidate {
        let text: Vec<String> = (0..words).map(|it| format!("{uri}{it}")).collect();
        let signatures = Extract { text: text[..short].join(" "), start_line: 1, end_line: 2 };
        Candidate {
            source: "workspace",
            lines: Some((1, 9)),
            parts: Some((0, 1)),
            signatures: (short > 0).then_some(signatures),
            ..candidate(uri, &text.join(" "), score)
        }
    }

    /// A definition that the piece of the file `user` uses.
    fn definition(uri: &str, words: usize, user: &str, score: f64) -> Candidate {
        Candidate { parts: None, called_by: Some((user.to_owned(), 0)), ..piece(uri, words, 0, score) }
    }

    fn told(choice: &Choice) -> Vec<(&str, Rendition)> {
        choice.chosen.iter().map(|it| (it.0.uri.as_str(), it.0.rendition)).collect()
    }

    #[test]
    fn what_does_not_fit_is_shown_by_its_signatures_when_whole_pieces_leave_room() {
        let candidates = |c| vec![piece("a", 905, 0, 0.9), piece("b", 200, 20, 0.8), piece("c", c, 0, 0.7)];
        let choice = choose(candidates(90), 1_000, &words);
        assert_eq!(told(&choice), [("a", Rendition::Whole), ("c", Rendition::Whole)]);
        let choice = choose(candidates(70), 1_000, &words);
        assert_eq!(told(&choice), [("a", Rendition::Whole), ("b", Rendition::Signatures), ("c", Rendition::Whole)],);
        let (left_out, tokens, why) = &choice.left_out[0];
        assert_eq!((left_out.uri.as_str(), *tokens, why.as_str()), ("b", 180, ONLY_SIGNATURES));
    }

    #[test]
    fn a_definition_comes_with_what_uses_it_and_not_without() {
        let with = |b: usize, c: usize| {
            let pieces = vec![piece("a", 5_000, 0, 0.9), piece("b", b, 0, 0.8), piece("c", c, 0, 0.1)];
            let used = vec![definition("d", 30, "a", 0.45), definition("e", 30, "b", 0.4)];
            let choice = choose(pieces.into_iter().chain(used).collect(), 6_000, &words);
            choice.chosen.into_iter().filter(|it| it.1 > 0).map(|it| it.0.uri).collect::<Vec<_>>()
        };
        assert_eq!(with(500, 0), ["a", "b", "d", "e"]);
        assert_eq!(with(2_000, 0), ["a", "b", "d"], "of b there is only the beginning, which may not call it");
        assert_eq!(with(500, 440), ["a", "b", "d", "e", "c"], "before what is worse than they are");
        let (few, many) = (
            with(500, 400),
            choose(
                vec![piece("a", 900, 0, 0.9), piece("c", 90, 0, 0.1), definition("d", 30, "a", 0.45)],
                1_000,
                &words,
            ),
        );
        assert_eq!(few, ["a", "b", "d", "e", "c"]);
        assert_eq!(told(&many).len(), 2, "a small budget has no part for them");
    }

    #[test]
    fn a_definition_gives_way_to_the_piece_that_it_is_of() {
        let all = vec![piece("a", 500, 0, 0.9), definition("b", 30, "a", 0.45), piece("b", 300, 0, 0.3)];
        let choice = choose(all, 6_000, &words);
        assert_eq!(told(&choice), [("a", Rendition::Whole), ("b", Rendition::Whole)]);
        assert!(choice.chosen[1].0.called_by.is_none());
    }

    /// What the file of the piece `of` imports.
    fn imports_of(of: &str, words: usize, score: f64) -> Candidate {
        let lines = Some((2, 3));
        Candidate { is_import: true, lines, ..definition(of, words, of, score) }
    }

    #[test]
    fn imports_come_with_a_piece_of_their_file_before_worse_pieces() {
        let all = |c| vec![second("a", 500, 0.9), imports_of("a", 60, 0.85), piece("b", c, 0, 0.8)];
        let choice = choose(all(500), 600, &words);
        assert_eq!(told(&choice)[..2], [("a", Rendition::Whole), ("a", Rendition::Whole)]);
        let choice = choose(vec![imports_of("a", 60, 0.85), piece("b", 300, 0, 0.8)], 600, &words);
        assert_eq!(told(&choice), [("b", Rendition::Whole)], "its file has no piece in it");
    }

    #[test]
    fn imports_give_way_to_the_piece_that_holds_them() {
        let all = vec![second("a", 400, 0.9), imports_of("a", 60, 0.85), piece("a", 150, 0, 0.5)];
        let choice = choose(all, 600, &words);
        assert_eq!(told(&choice).len(), 2);
        assert!(choice.chosen.iter().all(|it| !it.0.is_import));
    }

    /// A piece that does not hold the imports of its file.
    fn second(uri: &str, words: usize, score: f64) -> Candidate {
        Candidate { lines: Some((40, 60)), ..piece(uri, words, 0, score) }
    }

    proptest! {
        #[test]
        fn never_over_and_nothing_vanishes(
            texts in prop::collection::vec(("[a-f ]{1,200}", 0.0f64..1.0), 0..30),
            shorts in prop::collection::vec(0usize..20, 30),
            budget in 1u32..400,
        ) {
            let shortened = |at: usize, text: &str, score| {
                let short: Vec<&str> = text.split_whitespace().take(shorts[at]).collect();
                let extract = Extract { text: short.join(" "), start_line: 1, end_line: 1 };
                Candidate { signatures: Some(extract), ..candidate(&at.to_string(), text, score) }
            };
            let candidates: Vec<Candidate> =
                texts.iter().enumerate().map(|(at, (text, score))| shortened(at, text, *score)).collect();
            let choice = choose(candidates.clone(), budget, &words);
            let used: u32 = choice.chosen.iter().map(|(it, tokens)| { assert_eq!(words(it), *tokens); tokens }).sum();
            prop_assert!(used <= budget);
            let mut told: Vec<&str> = choice.chosen.iter().map(|it| it.0.uri.as_str())
                .chain(choice.left_out.iter().map(|it| it.0.uri.as_str())).collect();
            told.sort_unstable();
            told.dedup();
            prop_assert_eq!(told.len(), candidates.len());
            prop_assert_eq!(choice, choose(candidates, budget, &words));
        }
    }
}
