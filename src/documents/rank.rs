//! Ranks the pieces of files for a question. Pure: the same catalogs and lists always give the same order.
//!
//! A piece's score is how well its own words match (BM25), plus how well its file's do, plus how well its path does,
//! each divided by the best one there is, plus what naming it gives; times what its file's class makes of it
//! ([`weights`] tells the worth of each).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::catalog::Catalog;
use super::catalog::DEAD;
use super::catalog::Entry;
use super::catalog::rarity;
use super::class::Class;
use super::history::Past;
use super::passage::Words;
use super::postings;
use super::question::Question;
use super::weights;
use crate::store::PostingRow;

/// A catalog with what was read for a question.
pub(super) struct Shelf {
    pub(super) catalog: Arc<Catalog>,
    /// For each file whether it may be found; empty lets all be.
    pub(super) may: Vec<bool>,
    /// The lists of the question's names, then those of its terms, then those of its expansions: (segment, position,
    /// bytes).
    pub(super) lists: Vec<PostingRow>,
    /// What past commits say of the question.
    pub(super) past: Option<Past>,
    /// Of which past commits that is.
    pub(super) history: u64,
    /// Whether all of the workspace is in the catalog.
    pub(super) is_complete: bool,
    /// What a call indexed of the workspace, where the question asks for more.
    pub(super) only: Vec<String>,
}

/// A piece that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ranked {
    /// Positions of the shelf, and of the file in its catalog.
    pub(super) shelf: usize,
    pub(super) file: usize,
    /// Counted through the file.
    pub(super) number: u32,
    /// What the rules give in all.
    pub(super) sum: f32,
    /// 0.0..=1.0: the best piece has the share of the question's words that it holds, the others follow in proportion.
    pub(super) score: f32,
    pub(super) signals: Signals,
}

/// What each rule gave, before what the file's class and imports make of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Signals {
    pub(super) piece: f32,
    pub(super) file: f32,
    pub(super) path: f32,
    pub(super) names: f32,
    /// For the second best piece of its file; counted by [`super::whole_file`].
    pub(super) second: f32,
    /// For a test that is about its file.
    pub(super) tests: f32,
    /// By [`super::nearness`], for its own and for its file's; counted by [`super::whole_file`].
    pub(super) meaning: f32,
    /// By [`super::history`].
    pub(super) history: f32,
    pub(super) prior: f32,
    pub(super) reach: f32,
    /// The share of the question's words that the piece or its path has.
    pub(super) held: f32,
    /// The words of the question that the piece has, rarest first.
    pub(super) words: Vec<String>,
}

/// Scores over one catalog.
struct Scores {
    chunks: Vec<f32>,
    files: Vec<f32>,
    coverage: Vec<f32>,
    paths: Vec<f32>,
    /// The share of each file's own name that the question has.
    stems: Vec<f32>,
    names: Vec<f32>,
    /// What the words of the title give each piece, and of those the second best of each file.
    titled: Vec<f32>,
    seconds: Vec<f32>,
}

/// So many words that nothing has are told.
const ABSENT: usize = 4;

/// A place where a term was found: the piece, counted through the catalog, and how often.
type Found = (u32, u32);

/// A piece that was found: what the rules give in all, its shelf, and the piece, counted through the catalog.
type Place = (f32, usize, u32);

/// What the best piece or file has by each signal, over all shelves: what the others have is divided by it.
struct Best {
    chunk: f32,
    file: f32,
    coverage: f32,
    path: f32,
    titled: f32,
    past: f32,
}

impl Best {
    fn of(shelves: &[Shelf], scored: &[Scores]) -> Best {
        let best = |pick: fn(&Scores) -> &Vec<f32>| best_of(scored.iter().flat_map(|it| pick(it).iter().copied()));
        let past = shelves.iter().filter_map(|it| it.past.as_ref()).flat_map(|it| it.files.iter().copied());
        Best {
            chunk: best(|it| &it.chunks),
            file: best(|it| &it.files),
            coverage: best(|it| &it.coverage),
            path: best(|it| &it.paths),
            titled: best(|it| &it.titled),
            past: best_of(past),
        }
    }
}

/// What a file gives to each of its pieces.
struct OfFile {
    words: f32,
    path: f32,
    past: f32,
    named: f32,
    prior: f32,
    reach: f32,
}

impl OfFile {
    /// What the file at `at` gives.
    fn of(question: &Question, shelf: &Shelf, scores: &Scores, at: usize, best: &Best) -> OfFile {
        let entry = &shelf.catalog.files[at];
        let bm25 = scores.files[at] / best.file;
        let share =
            bm25 * (1.0 - weights::FILE_COVERAGE) + scores.coverage[at] / best.coverage * weights::FILE_COVERAGE;
        let past = shelf.past.as_ref().and_then(|it| it.files.get(at));
        // Who names a table or a function asks for the schema. No file of the cases on which the weights are measured is one.
        let names = scores.names.iter().skip(entry.first as usize).take(entry.row.chunks as usize);
        let is_schema = entry.row.language == "sql" && names.copied().any(|it| it > 0.0);
        let class = Class { data: entry.class.data && !is_schema, ..entry.class };
        OfFile {
            words: weights::FILE * share,
            path: weights::PATH * scores.paths[at] / best.path + weights::STEM * scores.stems[at],
            past: past.map_or(0.0, |it| weights::HISTORY * it / best.past),
            named: if is_named(entry, question) { weights::NAMED_PATH } else { 0.0 },
            prior: prior(class, question.asks_for),
            reach: if question.asks_where_declared { 1.0 } else { reach(entry.imports) },
        }
    }

    /// What a piece has that gets `own` for itself.
    fn with(&self, own: f32) -> f32 {
        (own + (self.words + self.path + self.past + self.named)) * self.prior * self.reach
    }

    /// What a gain of a piece is multiplied by.
    fn factor(&self) -> f32 {
        self.prior * self.reach
    }
}

/// The best `limit` pieces, best first, and what the words of the question are worth in a passage.
pub(super) fn rank(question: &Question, shelves: &[Shelf], limit: usize) -> (Vec<Ranked>, Words) {
    let read: Vec<Vec<Vec<Found>>> = shelves.iter().map(|it| found(it, question)).collect();
    let words = words(question, shelves, &read);
    let scored: Vec<Scores> = shelves.iter().zip(&read).map(|(shelf, found)| score(question, shelf, found)).collect();
    let best = Best::of(shelves, &scored);
    let of_shelf = |(shelf, scores): (&Shelf, &Scores)| -> Vec<OfFile> {
        (0..shelf.catalog.files.len()).map(|at| OfFile::of(question, shelf, scores, at, &best)).collect()
    };
    let of_files: Vec<Vec<OfFile>> = shelves.iter().zip(&scored).map(of_shelf).collect();
    let mut places = by_words(shelves, &scored, &of_files, &best);
    places.extend(by_paths(question, shelves, &scored, &of_files));
    let by_tests = by_tests(&mut places, shelves, &of_files);
    let file_of = |it: &Place| (it.1, shelves[it.1].catalog.file_of[it.2 as usize]);
    let ranked = spread(best_places(places, limit.saturating_mul(weights::SPREAD_AMONG)), limit, file_of)
        .into_iter()
        .map(|(sum, at, chunk)| {
            let (shelf, scores) = (&shelves[at], &scored[at]);
            let file = shelf.catalog.file_of[chunk as usize] as usize;
            let of_file = &of_files[at][file];
            Ranked {
                shelf: at,
                file,
                number: chunk - shelf.catalog.files[file].first,
                sum,
                score: 0.0,
                signals: Signals {
                    piece: scores.chunks[chunk as usize] / best.chunk,
                    file: of_file.words,
                    path: of_file.path + of_file.named,
                    names: scores.names.get(chunk as usize).copied().unwrap_or(0.0),
                    second: weights::SECOND * scores.seconds[file] / best.titled,
                    tests: by_tests.get(&(at, chunk)).copied().unwrap_or(0.0),
                    meaning: 0.0,
                    history: of_file.past,
                    prior: of_file.prior,
                    reach: of_file.reach,
                    held: held(chunk, question, shelf, &read[at]),
                    words: words_in(chunk, question, &read[at]),
                },
            }
        })
        .collect();
    (in_order(ranked), words)
}

/// The pieces that have words or names of the question.
fn by_words(shelves: &[Shelf], scored: &[Scores], of_files: &[Vec<OfFile>], best: &Best) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, (shelf, scores)) in shelves.iter().zip(scored).enumerate() {
        for (chunk, own) in (0_u32..).zip(&scores.chunks) {
            let names = scores.names.get(chunk as usize).copied().unwrap_or(0.0);
            if *own <= 0.0 && names <= 0.0 {
                continue;
            }
            let file = shelf.catalog.file_of[chunk as usize];
            let Some(of_file) = of_files[at].get(file as usize) else { continue };
            places.push((of_file.with(own / best.chunk + names), at, chunk));
        }
    }
    places
}

/// The beginnings of files that only their path speaks for.
fn by_paths(question: &Question, shelves: &[Shelf], scored: &[Scores], of_files: &[Vec<OfFile>]) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, (shelf, scores)) in shelves.iter().zip(scored).enumerate() {
        for (file, entry) in shelf.catalog.files.iter().enumerate() {
            let may = entry.row.chunks > 0 && shelf.may.get(file).copied().unwrap_or(true);
            let is_spoken_for = scores.paths[file] > 0.0 || is_named(entry, question);
            let first = entry.first as usize;
            let is_in = || scores.chunks[first] > 0.0 || scores.names.get(first).is_some_and(|it| *it > 0.0);
            if may && is_spoken_for && !is_in() {
                places.push((of_files[at][file].with(0.0), at, entry.first));
            }
        }
    }
    places
}

/// The best `among` of `places`, best first. Equal scores keep the order of the catalog, so that the same files give the
/// same answer.
fn best_places(mut places: Vec<Place>, among: usize) -> Vec<Place> {
    let by_score = |a: &Place, b: &Place| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2)));
    if places.len() > among {
        places.select_nth_unstable_by(among, by_score);
        places.truncate(among);
    }
    places.sort_unstable_by(by_score);
    places
}

/// The first `limit` of `ranked`, in their order; of one file no more than [`weights::PIECES_OF_A_FILE`], or one of
/// [`weights::PART_OF_A_FILE`] of them, where pieces of others are left, so that a few long files are not all that is found.
fn spread<T, F: Eq + Hash>(ranked: Vec<T>, limit: usize, file_of: impl Fn(&T) -> F) -> Vec<T> {
    if ranked.len() <= limit {
        return ranked;
    }
    let most = weights::PIECES_OF_A_FILE.max(limit / weights::PART_OF_A_FILE);
    let mut counts: HashMap<F, usize> = HashMap::new();
    let is_more: Vec<bool> = ranked
        .iter()
        .map(|it| {
            let count = counts.entry(file_of(it)).or_default();
            *count += 1;
            *count > most
        })
        .collect();
    // So many of those that are more have room.
    let mut room = limit.saturating_sub(is_more.iter().filter(|it| !**it).count());
    let fits = |(it, is_more): (T, bool)| {
        let fits = !is_more || room > 0;
        room -= usize::from(is_more && fits);
        fits.then_some(it)
    };
    ranked.into_iter().zip(is_more).filter_map(fits).take(limit).collect()
}

/// Lifts the sources that good tests are about, each by its best piece, up to a share of the best of all; one without a piece
/// among `ranked` comes in with its first. Returns what they gain: piece by shelf.
fn by_tests(ranked: &mut Vec<Place>, shelves: &[Shelf], of_files: &[Vec<OfFile>]) -> HashMap<(usize, u32), f32> {
    // The best piece of each file, by its place in `ranked`.
    let mut best: Vec<Vec<Option<usize>>> = shelves.iter().map(|it| vec![None; it.catalog.files.len()]).collect();
    for (place, (sum, at, piece)) in ranked.iter().enumerate() {
        let best = &mut best[*at][shelves[*at].catalog.file_of[*piece as usize] as usize];
        *best = best.filter(|it| ranked[*it].0 >= *sum).or(Some(place));
    }
    let highest = ranked.iter().map(|it| it.0).fold(0.0, f32::max) * weights::TESTED_UP_TO;
    let factor = |at: usize, file: usize| of_files[at][file].factor();
    let sum_of = |ranked: &[Place], place: Option<usize>| place.map_or(0.0, |it| ranked[it].0);
    let mut gains: HashMap<(usize, usize), f32> = HashMap::new();
    for (at, shelf) in shelves.iter().enumerate() {
        for (test, source) in &shelf.catalog.names.tested {
            let (test, source) = (*test as usize, *source as usize);
            if shelf.may.get(source).copied().unwrap_or(true) && shelf.catalog.files[source].row.chunks > 0 {
                let room = (highest - sum_of(ranked, best[at][source])).max(0.0) / factor(at, source);
                let gain = (weights::TESTED * sum_of(ranked, best[at][test]) / factor(at, test)).min(room);
                if gain > 0.0 {
                    let most = gains.entry((at, source)).or_default();
                    *most = most.max(gain);
                }
            }
        }
    }
    let lift = |((at, file), gain): ((usize, usize), f32)| {
        let sum = gain * factor(at, file);
        let piece = match best[at][file] {
            Some(place) => {
                ranked[place].0 += sum;
                ranked[place].2
            }
            None => {
                let first = shelves[at].catalog.files[file].first;
                ranked.push((sum, at, first));
                first
            }
        };
        ((at, piece), gain)
    };
    gains.into_iter().map(lift).collect()
}

/// What each word of the question is worth: by its weight and its rarity among all pieces.
fn words(question: &Question, shelves: &[Shelf], read: &[Vec<Vec<Found>>]) -> Words {
    let pieces = shelves.iter().map(|it| it.catalog.living_chunks as usize).sum();
    let first = question.names.len();
    let holders = |at: usize| read.iter().filter_map(|it| it.get(first + at)).map(Vec::len).sum();
    let own = question.terms.iter().enumerate().filter(|it| !it.1.joined);
    let worth =
        own.map(|(at, it)| (it.term.clone(), (it.word.clone(), it.weight * rarity(pieces, holders(at))))).collect();
    Words { worth, asks_for_prose: question.asks_for.prose, absent: absent(question, shelves, read) }
}

/// What the question cannot be answered without and neither a piece nor a path has, as the question has it; nothing as
/// long as not all files are known.
fn absent(question: &Question, shelves: &[Shelf], read: &[Vec<Vec<Found>>]) -> Vec<String> {
    if shelves.is_empty() || shelves.iter().any(|it| !it.is_complete || !it.only.is_empty()) {
        return Vec::new();
    }
    let first = question.names.len();
    let is_nowhere = |term: &str| {
        let Some(at) = question.terms.iter().position(|it| it.term == term) else { return false };
        let is_in_text = read.iter().any(|it| it.get(first + at).is_some_and(|it| !it.is_empty()));
        !is_in_text && !shelves.iter().any(|it| it.catalog.names.paths.contains_key(term))
    };
    let nowhere = question.telling.iter().filter(|it| is_nowhere(&it.term)).map(|it| it.word.clone());
    nowhere.take(ABSENT).collect()
}

/// Best first, each with its score. Equal ones stay as they are.
pub(super) fn in_order(mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    ranked.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    let (confidence, top) = ranked.first().map_or((0.0, 1.0), |it| (it.signals.held, it.sum));
    for it in &mut ranked {
        it.score = (confidence * it.sum / top).clamp(0.0, 1.0);
    }
    ranked
}

fn best_of(values: impl Iterator<Item = f32>) -> f32 {
    let best = values.fold(0.0_f32, f32::max);
    if best > 0.0 { best } else { 1.0 }
}

/// Where each name, then each term, then each expansion was found in living pieces that may be found.
fn found(shelf: &Shelf, question: &Question) -> Vec<Vec<Found>> {
    let catalog = &shelf.catalog;
    let bases: HashMap<i64, u32> = catalog.segments.iter().copied().collect();
    let mut found: Vec<Vec<Found>> =
        vec![Vec::new(); question.names.len() + question.terms.len() + question.expansions.len()];
    for (segment, at, data) in &shelf.lists {
        let (Some(base), Some(found)) = (bases.get(segment), found.get_mut(*at)) else { continue };
        for posting in postings::read(data) {
            let Some(chunk) = base.checked_add(posting.chunk) else { continue };
            let Some(file) = catalog.file_of.get(chunk as usize).filter(|it| **it != DEAD) else { continue };
            if shelf.may.get(*file as usize).copied().unwrap_or(true) {
                found.push((chunk, posting.count));
            }
        }
    }
    found
}

fn score(question: &Question, shelf: &Shelf, found: &[Vec<Found>]) -> Scores {
    let catalog = &shelf.catalog;
    let (chunk_count, file_count) = (catalog.living_chunks as usize, catalog.files.len());
    let mut scores = Scores {
        chunks: vec![0.0; catalog.lengths.len()],
        files: vec![0.0; catalog.files.len()],
        coverage: vec![0.0; catalog.files.len()],
        paths: vec![0.0; catalog.files.len()],
        stems: vec![0.0; catalog.files.len()],
        names: vec![0.0; if question.names.is_empty() { 0 } else { catalog.lengths.len() }],
        titled: vec![0.0; catalog.lengths.len()],
        seconds: Vec::new(),
    };
    let (names, terms) = found.split_at(question.names.len());
    let own = question.terms.len();
    for ((at, term), places) in question.terms.iter().chain(&question.expansions).enumerate().zip(terms) {
        let rarity = rarity(chunk_count, places.len());
        // Pieces of a file stand together, so its count is a run.
        let mut files: Vec<(u32, u32)> = Vec::new();
        for (chunk, times) in places {
            let length = f32::from(catalog.lengths[*chunk as usize]) / catalog.mean_chunk;
            let saturated = saturated(*times, length, weights::CHUNK_K1, weights::CHUNK_B);
            scores.chunks[*chunk as usize] += term.weight * rarity * saturated;
            scores.titled[*chunk as usize] += if term.in_title { term.weight * rarity * saturated } else { 0.0 };
            let file = catalog.file_of[*chunk as usize];
            match files.last_mut() {
                Some(last) if last.0 == file => last.1 += times,
                _ => files.push((file, *times)),
            }
        }
        let rarity = self::rarity(file_count, files.len());
        for (file, times) in &files {
            let entry = &catalog.files[*file as usize];
            #[expect(clippy::cast_precision_loss, reason = "words of a file")]
            let length = entry.length as f32 / catalog.mean_file;
            scores.files[*file as usize] +=
                term.weight * rarity * saturated(*times, length, weights::FILE_K1, weights::FILE_B);
            scores.coverage[*file as usize] += if at < own { term.weight * rarity } else { 0.0 };
        }
        if let Some(holders) = catalog.names.paths.get(term.term.as_str()).filter(|_| at < own) {
            let rarity = self::rarity(file_count, holders.len());
            for file in catalog.names.stems.get(term.term.as_str()).filter(|_| !term.joined).into_iter().flatten() {
                scores.stems[*file as usize] += rarity / catalog.names.stem_rarity[*file as usize].max(rarity);
            }
            for file in holders {
                let length = f32::from(catalog.names.lengths[*file as usize]) / catalog.names.mean_length;
                scores.paths[*file as usize] +=
                    term.weight * rarity * saturated(1, length, weights::PATH_K1, weights::PATH_B);
            }
        }
    }
    scores.seconds = seconds(&scores.titled, &catalog.file_of, file_count);
    let defines = if question.asks_where_declared { weights::DECLARES } else { weights::DEFINES };
    for places in names {
        if places.len() <= weights::DEFINES_AT_MOST {
            for (chunk, _) in places {
                scores.names[*chunk as usize] += defines / count(places.len()).sqrt();
            }
        }
    }
    scores
}

/// Of each of `files` files, what its second best piece has.
fn seconds(pieces: &[f32], file_of: &[u32], files: usize) -> Vec<f32> {
    let mut firsts = vec![0.0_f32; files];
    let mut seconds = vec![0.0_f32; files];
    for (value, file) in pieces.iter().zip(file_of).filter(|it| *it.0 > 0.0) {
        if let (Some(first), Some(second)) = (firsts.get_mut(*file as usize), seconds.get_mut(*file as usize)) {
            *second = second.max(value.min(*first));
            *first = first.max(*value);
        }
    }
    seconds
}

/// The share of the question's words that piece `chunk` or its path has; never nothing for what was found.
fn held(chunk: u32, question: &Question, shelf: &Shelf, found: &[Vec<Found>]) -> f32 {
    let file = shelf.catalog.file_of[chunk as usize];
    let in_path = |term: &str| shelf.catalog.names.paths.get(term).is_some_and(|it| it.binary_search(&file).is_ok());
    let terms = question.terms.iter().zip(found.iter().skip(question.names.len())).filter(|(term, _)| !term.joined);
    let (mut all, mut had) = (0, 0);
    for (term, places) in terms {
        all += 1;
        had += usize::from(places.binary_search_by_key(&chunk, |it| it.0).is_ok() || in_path(&term.term));
    }
    count(had.max(1)) / count(all.max(1))
}

/// How much it says that a word comes `times` in a text of `length` times the mean.
pub(super) fn saturated(times: u32, length: f32, k1: f32, b: f32) -> f32 {
    let times = count(times as usize);
    times * (k1 + 1.0) / (times + k1 * (1.0 - b + b * length))
}

#[expect(clippy::cast_precision_loss, reason = "counts of files and words")]
fn count(value: usize) -> f32 {
    value as f32
}

/// What the class of a file makes of its scores.
pub(super) fn prior(class: Class, asks_for: Class) -> f32 {
    let one = |is: bool, asked: bool, weight: f32| match (is, asked) {
        (false, _) => 1.0,
        (true, true) => weights::ASKED_FOR,
        (true, false) => weight,
    };
    one(class.test, asks_for.test, weights::TEST)
        * one(class.vendored, asks_for.vendored, weights::VENDORED)
        * one(class.prose, asks_for.prose, weights::PROSE)
        * one(class.data, asks_for.data, weights::DATA)
        * one(class.example, asks_for.example, weights::EXAMPLE)
}

/// What a file gains for the words that its imports have: changes are made where things come together.
fn reach(imports: u32) -> f32 {
    1.0 + weights::REACH * count(imports as usize).ln_1p() / weights::REACH_WORDS.ln_1p()
}

/// Whether the question names the path of a file, or the end of it.
fn is_named(entry: &Entry, question: &Question) -> bool {
    if question.paths.is_empty() {
        return false;
    }
    let path = entry.row.path.to_lowercase();
    question.paths.iter().any(|it| {
        path == *it
            || path.strip_suffix(it.as_str()).is_some_and(|before| before.ends_with('/'))
            || it.contains('/') && path.strip_prefix(it.as_str()).is_some_and(|behind| behind.starts_with('/'))
    })
}

/// The words of the question that piece `chunk` has, rarest first, each once.
fn words_in(chunk: u32, question: &Question, found: &[Vec<Found>]) -> Vec<String> {
    let mut held: Vec<(usize, &str)> = question
        .terms
        .iter()
        .zip(found.iter().skip(question.names.len()))
        .filter(|(_, places)| places.binary_search_by_key(&chunk, |it| it.0).is_ok())
        .map(|(term, places)| (places.len(), term.word.as_str()))
        .collect();
    held.sort_by_key(|it| it.0);
    let mut words: Vec<String> = Vec::new();
    for (_, word) in held {
        if !words.iter().any(|it| it == word) {
            words.push(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_counts_less_and_more_of_it_where_it_is_asked_for() {
        let test = Class { test: true, ..Class::default() };
        let (other, asked) = (prior(test, Class::default()), prior(test, test));
        assert!(other < asked && asked < 1.0, "{other} {asked}");
        assert_eq!(prior(Class::default(), test), 1.0);
    }

    #[test]
    fn of_a_file_its_second_best_piece_is_known() {
        let pieces = [0.2, 0.9, 0.5, 0.0, 0.7, 0.3, 0.3, 9.0];
        assert_eq!(seconds(&pieces, &[0, 0, 0, 0, 1, 3, 3, DEAD], 4), [0.5, 0.0, 0.0, 0.3]);
    }

    #[test]
    fn a_long_file_leaves_room_for_others_and_fills_what_they_leave() {
        let most = weights::PIECES_OF_A_FILE;
        // A long file, then two pieces of others.
        let ranked: Vec<(char, usize)> = (0..most + 5).map(|at| ('a', at)).chain([('b', 0), ('c', 0)]).collect();
        let found = |limit: usize| spread(ranked.clone(), limit, |it| it.0);
        assert_eq!(found(most + 2), [&ranked[..most], &ranked[most + 5..]].concat());
        assert_eq!(found(most + 3), [&ranked[..=most], &ranked[most + 5..]].concat());
        assert_eq!(found(4), ranked[..4]);
        assert_eq!(found(1_000), ranked);
    }
}
