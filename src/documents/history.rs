//! What the past of a repository says of a question: commits whose messages have its words changed certain files, and the
//! lines that they wrote stand somewhere now.
//!
//! Of each of the latest commits the words of its message, its files and the hashes of the lines they gained are kept in the
//! index (`store/commits.rs`); read by git (`git.rs`, `patch.rs`) behind the answers, when the repository has moved
//! (`learn.rs`). No text of a message leaves: it lifts pieces of files that are found by their own words.

mod git;
mod learn;
mod patch;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::catalog::Catalog;
use super::catalog::rarity;
use super::question::Question;
use super::rank::Ranked;
use super::rank::saturated;
use super::terms::terms;
use super::weights;
use crate::redact;
use crate::store::CommitRow;

pub(super) use learn::Books;

use patch::Commit;
use patch::line_hash;

/// What counts twice: the first line of a message is its title.
const TITLE: u8 = 2;

/// A message of more words is a text of its own; the first ones are kept.
const WORDS: usize = 300;

/// The commits of one workspace.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Of which commits it is made.
    pub(super) version: u64,
    commits: Vec<Kept>,
    /// The commits whose message has a word, and how often it counts.
    words: HashMap<Box<str>, Vec<(u32, u8)>>,
    mean: f32,
    paths: Vec<Box<str>>,
    /// How many commits changed each path.
    changes: Vec<u32>,
    /// What each commit changed: the path, and the place of its lines.
    changed: Vec<(u32, Range<u32>)>,
    lines: Vec<u32>,
}

#[derive(Debug)]
struct Kept {
    /// Words of its message.
    length: u32,
    /// In `changed`.
    files: Range<u32>,
}

/// What past commits say of a question, for the files of one catalog.
#[derive(Debug, Default)]
pub(super) struct Past {
    book: Arc<Book>,
    /// For each file how much of what such commits changed was in it.
    pub(super) files: Vec<f32>,
    /// For each file that any of them changed: how near the commit is, and the place of the lines that it wrote.
    changed: HashMap<u32, Vec<(f32, Range<u32>)>>,
}

/// What is kept of a commit.
fn row(commit: &Commit) -> CommitRow {
    let files: Vec<&str> = commit.files.iter().map(|it| it.path.as_str()).collect();
    let mut lines = Vec::new();
    for it in &commit.files {
        let numbers = std::iter::once(u32::try_from(it.lines.len()).unwrap_or(0)).chain(it.lines.iter().copied());
        lines.extend(numbers.flat_map(u32::to_le_bytes));
    }
    let words = if files.is_empty() { String::new() } else { words(&commit.message) };
    CommitRow { hash: commit.hash.clone(), words, files: files.join("\n"), lines }
}

/// The words of a message, each with how often it counts. Secrets, addresses and who signed it are left out.
fn words(message: &str) -> String {
    let (message, _) = redact::redact(message);
    let mut counts: Vec<(String, u8)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut is_first = true;
    for line in message.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let times = if is_first { TITLE } else { 1 };
        if !is_first && is_trailer(line) {
            continue;
        }
        is_first = false;
        for part in line.split_whitespace().filter(|it| !it.contains("://")) {
            terms(part, |term| {
                if let Some(at) = places.get(term) {
                    counts[*at].1 = counts[*at].1.saturating_add(times);
                } else if counts.len() < WORDS {
                    places.insert(term.to_owned(), counts.len());
                    counts.push((term.to_owned(), times));
                }
            });
        }
    }
    counts.iter().map(|(word, times)| format!("{word} {times}")).collect::<Vec<_>>().join(" ")
}

/// Whether a line says who signed a commit or where it is from: `Reviewed-by: …`, `Fixes: #12`.
fn is_trailer(line: &str) -> bool {
    let Some((key, _)) = line.split_once(':') else { return false };
    let is_key = key.len() <= 30 && key.bytes().all(|it| it.is_ascii_alphabetic() || it == b'-');
    is_key
        && (key.contains('-') || ["fixes", "closes", "refs", "see", "cc", "bug"].contains(&key.to_lowercase().as_str()))
}

impl Book {
    fn new(rows: &[CommitRow]) -> Book {
        let mut book = Book::default();
        let mut paths: HashMap<&str, u32> = HashMap::new();
        let mut all = 0_u64;
        for row in rows.iter().filter(|it| !it.files.is_empty()) {
            let commit = to_u32(book.commits.len());
            let mut length = 0_u32;
            let mut parts = row.words.split(' ');
            while let (Some(word), Some(times)) = (parts.next(), parts.next().and_then(|it| it.parse::<u8>().ok())) {
                length += u32::from(times);
                match book.words.get_mut(word) {
                    Some(holders) => holders.push((commit, times)),
                    None => drop(book.words.insert(word.into(), vec![(commit, times)])),
                }
            }
            let first = to_u32(book.changed.len());
            let mut numbers = row.lines.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it));
            for path in row.files.lines() {
                let next = to_u32(book.paths.len());
                let at = *paths.entry(path).or_insert(next);
                if at == next {
                    book.paths.push(path.into());
                    book.changes.push(0);
                }
                book.changes[at as usize] += 1;
                let count = numbers.next().unwrap_or(0) as usize;
                let before = to_u32(book.lines.len());
                book.lines.extend(numbers.by_ref().take(count));
                book.changed.push((at, before..to_u32(book.lines.len())));
            }
            all += u64::from(length);
            book.commits.push(Kept { length, files: first..to_u32(book.changed.len()) });
            let fnv = |it: u64, byte: u8| (it ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            book.version = row.hash.bytes().fold(book.version.wrapping_add(1), fnv);
        }
        #[expect(clippy::cast_precision_loss, reason = "a mean of words")]
        let mean = all as f32 / book.commits.len().max(1) as f32;
        book.mean = mean.max(1.0);
        book
    }

    /// How near the message of each commit is to `question`.
    fn near(&self, question: &Question) -> Vec<f32> {
        let mut near = vec![0.0; self.commits.len()];
        for term in question.terms.iter().filter(|it| !it.joined) {
            let Some(holders) = self.words.get(term.term.as_str()) else { continue };
            let worth = term.weight * rarity(self.commits.len(), holders.len());
            for (commit, times) in holders {
                let length = count(self.commits[*commit as usize].length) / self.mean;
                near[*commit as usize] +=
                    worth * saturated(u32::from(*times), length, weights::MESSAGE_K1, weights::MESSAGE_B);
            }
        }
        near
    }
}

impl Past {
    /// What `book` says of `question`; `None` when that is nothing, or the book is thin.
    pub(super) fn of(book: Arc<Book>, question: &Question, catalog: &Catalog) -> Option<Past> {
        if book.commits.len() < weights::COMMITS_AT_LEAST {
            return None;
        }
        let near = book.near(question);
        let mut order: Vec<usize> = (0..near.len()).filter(|it| near[*it] > 0.0).collect();
        // Those that are near and change nothing that is still there are passed over below, so more than are taken.
        let first = weights::COMMITS_TAKEN * 4;
        let nearest = |a: &usize, b: &usize| near[*b].total_cmp(&near[*a]).then_with(|| a.cmp(b));
        if order.len() > first {
            order.select_nth_unstable_by(first, nearest);
            order.truncate(first);
        }
        order.sort_unstable_by(nearest);
        let mut places: HashMap<u32, Option<u32>> = HashMap::new();
        let mut place = |path: u32| {
            *places.entry(path).or_insert_with(|| {
                let by_path =
                    |it: &super::catalog::Entry| -> Ordering { (*it.row.path).cmp(&*book.paths[path as usize]) };
                catalog.files.binary_search_by(by_path).ok().map(to_u32)
            })
        };
        let (mut files, mut taken) = (vec![0.0; catalog.files.len()], 0);
        let mut changed: HashMap<u32, Vec<(f32, Range<u32>)>> = HashMap::new();
        for commit in order {
            let of_commit = &book.commits[commit].files;
            let of_commit = &book.changed[of_commit.start as usize..of_commit.end as usize];
            let here: Vec<_> = of_commit.iter().filter_map(|it| Some((place(it.0)?, it))).collect();
            if here.is_empty() || taken == weights::COMMITS_TAKEN {
                continue;
            }
            taken += 1;
            // Who changes many files says little of each.
            let share = near[commit] / count(to_u32(of_commit.len() + 1)).log2();
            for (file, (path, lines)) in here {
                // So does a file that is changed at every turn.
                let often = count(book.changes[*path as usize]).powf(weights::CHANGED_OFTEN);
                files[file as usize] += share / often;
                changed.entry(file).or_default().push((share, lines.clone()));
            }
        }
        (taken > 0).then_some(Past { book, files, changed })
    }
}

/// Lifts, among the best pieces, those in which lines of such commits stand. `texts` are those of the first of `ranked`,
/// `pasts` those of the shelves.
pub(super) fn lift<'a>(
    mut ranked: Vec<Ranked>,
    pasts: &[Option<&Past>],
    texts: impl Iterator<Item = Option<&'a str>>,
) -> Vec<Ranked> {
    let pieces: Vec<(usize, u32, HashSet<u32>)> = ranked
        .iter()
        .zip(texts)
        .enumerate()
        .filter_map(|(at, (piece, text))| {
            let file = to_u32(piece.file);
            pasts.get(piece.shelf)?.filter(|it| it.changed.contains_key(&file))?;
            Some((at, file, text?.lines().filter_map(|it| line_hash(it.as_bytes())).collect()))
        })
        .collect();
    // A line that stands in several pieces of a file tells none of them.
    let mut holders: HashMap<(usize, u32, u32), u32> = HashMap::new();
    for (at, file, lines) in &pieces {
        for line in lines {
            *holders.entry((ranked[*at].shelf, *file, *line)).or_default() += 1;
        }
    }
    let mut gains: Vec<(usize, f32)> = Vec::new();
    for (at, file, lines) in &pieces {
        let shelf = ranked[*at].shelf;
        let Some(past) = pasts.get(shelf).copied().flatten() else { continue };
        let is_told =
            |line: &u32| lines.contains(line) && holders.get(&(shelf, *file, *line)).is_some_and(|it| *it == 1);
        let commits = past.changed.get(file).into_iter().flatten();
        let told =
            commits.filter(|(_, place)| past.book.lines[place.start as usize..place.end as usize].iter().any(is_told));
        gains.push((*at, told.map(|it| it.0).sum()));
    }
    let best = gains.iter().map(|it| it.1).fold(0.0, f32::max);
    for (at, gain) in gains.into_iter().filter(|it| it.1 > 0.0) {
        let piece = &mut ranked[at];
        let gain = weights::WRITTEN * gain / best;
        piece.signals.history += gain;
        piece.sum += gain * piece.signals.prior * piece.signals.reach;
    }
    ranked
}

fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts of words and files")]
fn count(value: u32) -> f32 {
    value as f32
}

#[cfg(test)]
#[path = "history/tests.rs"]
mod tests;
