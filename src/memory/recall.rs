//! Finds the memories that answer a question, best first.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Memory;
use super::find;
use super::find::Hit;
use super::find::Search;
use super::find::Unfound;
use super::kept::Kept;
use super::overview;
use super::overview::Overview;
use super::unfound::SHOWN;
use crate::clock::Millis;
use crate::dates;
use crate::dates::Mention;
use crate::ids;
use crate::plural::counted;
use crate::redact;
use crate::scope::View;
use crate::search;
use crate::search::Kinds;
use crate::search::Question;
use crate::search::Signals;
use crate::search::Weights;
use crate::store::Embedded;
use crate::store::MemoryFilter;
use crate::store::MemoryReader;
use crate::store::MemoryRow;
use crate::store::StoreError;
use crate::store::SummaryRow;
use crate::store::Validity;
use crate::trace::Call;

/// What is asked of the memory.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// A question in words; without any word in it, the newest memories are meant.
    pub query: String,
    pub view: View,
    /// Empty means all.
    pub kinds: Vec<String>,
    /// All of them must be there.
    pub tags: Vec<String>,
    pub since: Option<Millis>,
    pub until: Option<Millis>,
    /// What held then, instead of what holds now.
    pub as_of: Option<Millis>,
    pub include_superseded: bool,
    pub limit: usize,
    /// How many of the best to leave out, for the pages after the first.
    pub offset: usize,
    /// Of the newest memories, only those behind this one: see [`Next::Behind`].
    pub behind: Option<(Millis, i64)>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Behind so many of the best.
    Offset(usize),
    /// Behind the memory that was learned then and has this number: a list of the newest does not move when memories are
    /// added or forgotten meanwhile.
    Behind(Millis, i64),
}

impl Query {
    /// The same question, of `times` only.
    pub(super) fn within(&self, times: &[Mention]) -> Query {
        let since = times.iter().map(|it| it.since).min().flatten();
        let until = times.iter().map(|it| it.until.unwrap_or(Millis::MAX)).max();
        Query {
            since: since.max(self.since),
            until: until.into_iter().chain(self.until).min().filter(|it| *it < Millis::MAX),
            ..self.clone()
        }
    }

    /// Whether its filters leave out much of what its words may find.
    fn is_narrow(&self) -> bool {
        self.view.session_id.is_some()
            || !self.kinds.is_empty()
            || !self.tags.is_empty()
            || self.since.is_some()
            || self.until.is_some()
    }
}

/// A memory that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recollection {
    pub row: MemoryRow,
    /// 0.0..1.0, higher is better; 0 when nothing was searched for.
    pub score: f64,
    /// What the score is made of, before it is brought into its range.
    pub signals: Signals,
    /// The words of the query that it holds, or its speaker's name or its tags do.
    pub matched: Vec<String>,
    /// The other words of the query.
    pub missing: Vec<String>,
    /// What the query asks for.
    pub asked: Kinds,
}

/// What a [`Query`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    pub memories: Vec<Recollection>,
    /// `None` when there is no more.
    pub next: Option<Next>,
    /// The words that were searched for.
    pub words: Vec<String>,
    /// What there is besides, when nothing was found.
    pub unfound: Option<Unfound>,
    /// A summary of what most of the best are of, or of what the question asks for as a whole.
    pub overview: Option<Overview>,
    /// Why some or all of it was found by its words alone, though there is an embedder.
    pub by_words_alone: Option<ByWordsAlone>,
}

/// Why vectors are not used, or not all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByWordsAlone {
    /// The embedder did not make the question's vector: why.
    NoAnswer(String),
    /// Memories have no vector of this model yet; how many, 0 when nobody has counted.
    Waiting { model: String, waiting: u64 },
}

impl std::fmt::Display for ByWordsAlone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ByWordsAlone::NoAnswer(why) => write!(f, "Searched by words alone: {why}."),
            ByWordsAlone::Waiting { model, waiting: 0 } => {
                write!(f, "Found by words alone: nothing of it has a vector of {model}.")
            }
            ByWordsAlone::Waiting { model, waiting } => {
                let (memories, have) = (counted(waiting, "memory"), if *waiting == 1 { "has" } else { "have" });
                write!(f, "{memories} {have} no vector of {model} yet: only words find what has none.")
            }
        }
    }
}

impl Memory {
    /// Finds what `query` means. Nothing found is an empty list.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; [`StoreError::Cancelled`] when the call was.
    pub async fn recall(&self, query: &Query, call: &Call) -> Result<Recalled, StoreError> {
        let span = call.span("search memory");
        self.look_for_unembedded(false);
        let has_words = id_of(&query.query).is_none() && !search::query_words(&query.query).is_empty();
        let embedded = if has_words { self.embedding.query(&meant(&query.query)).await } else { Ok(None) };
        let meaning = embedded.as_ref().ok().and_then(Option::as_ref);
        let mut page = self.page(query, meaning, call).await.inspect_err(|err| span.fail(err))?;
        span.note("words", search::query_words(&redact::redact(&query.query).0));
        span.note("found", page.rows.len());
        if query.offset == 0
            && let Some(unfound) = &mut page.unfound
        {
            self.look_without_filters(query, meaning, unfound, call).await?;
        }
        let by_words_alone = match embedded {
            Err(why) => Some(ByWordsAlone::NoAnswer(why)),
            Ok(Some(it)) => self.waiting_for(&it, &page),
            Ok(None) => None,
        };
        let overview = self.overview(query, &mut page, call).await?;
        let memories = recollect(page.rows, &page.hits, query, &page.words);
        Ok(Recalled { memories, next: page.next, words: page.words, unfound: page.unfound, overview, by_words_alone })
    }

    /// Reads what `query` finds; `meaning` is its vector.
    pub(super) async fn page(
        &self,
        query: &Query,
        meaning: Option<&Embedded>,
        call: &Call,
    ) -> Result<Page, StoreError> {
        if let Some(id) = id_of(&query.query) {
            return self.with_id(id, query, call).await;
        }
        if let Some(page) = self.of_a_time(query, call).await? {
            return Ok(page);
        }
        let mut weights = self.weights_in_use();
        if search::asks_for_judgement(&query.query) {
            weights = weights.for_judgement();
        }
        let asking = Asking {
            query: query.clone(),
            question: Arc::new(Question::new(&query.query)),
            meaning: meaning.cloned(),
            kept: Arc::clone(&self.kept),
            at: query.as_of.unwrap_or_else(|| self.clock.now()),
            weights,
        };
        let first = self.of_the_named_time(&asking, call).await?;
        let filter = self.filter(query);
        let read = move |reader: &MemoryReader<'_>| page(reader, &asking, first);
        self.store.search_memories(filter, call.cancelled(), read).await
    }

    /// The memory that `query` names by its id, also when it has ended: whoever names it means it. Nothing else is like it.
    async fn with_id(&self, id: &str, query: &Query, call: &Call) -> Result<Page, StoreError> {
        let query = Query { include_superseded: true, ..query.clone() };
        let (id, filter) = (id.to_owned(), self.filter(&query));
        let read = move |reader: &MemoryReader<'_>| {
            let found = if query.offset == 0 { reader.with_id(&id)? } else { None };
            let signals = Signals { words: 1.0, ..Signals::default() };
            let hits = found.iter().map(|it| Hit { seq: it.0, signals, holds: vec![0] }).collect();
            let rows: Vec<MemoryRow> = found.into_iter().map(|it| it.1).collect();
            let unfound = if rows.is_empty() { Some(Unfound::of_no_words(reader)?) } else { None };
            Ok(Page { hits, rows, words: vec![id], next: None, unfound, vectors: true, summary: None })
        };
        self.store.search_memories(filter, call.cancelled(), read).await
    }

    /// What is of the time that `asking` names and has all that it asks for besides, best first: it stands before the
    /// others, which have as much and are of another time, or have less.
    async fn of_the_named_time(&self, asking: &Asking, call: &Call) -> Result<Vec<Hit>, StoreError> {
        let query = &asking.query;
        let times = dates::find(&query.query, asking.at);
        let besides = search::asked_besides(&query.query, &times);
        let terms = asking.question.terms().iter().enumerate();
        let asked: Vec<usize> = terms.filter(|it| besides.contains(&it.1.word)).map(|it| it.0).collect();
        if times.is_empty() || asked.is_empty() || !query.is_of_all_times() {
            return Ok(Vec::new());
        }
        let within = query.within(&times);
        let filter = self.filter(&within);
        let of_time = Asking { query: within, ..asking.clone() };
        let read = move |reader: &MemoryReader<'_>| find::find(reader, &of_time.kept, &of_time.search(&times, OF_TIME));
        let mut hits = self.store.search_memories(filter, call.cancelled(), read).await?;
        hits.retain(|hit| asked.iter().all(|it| hit.holds.contains(it)));
        hits.truncate(OF_TIME);
        Ok(hits)
    }

    /// Whether what was found was found by its words alone, because its vectors are still to be made.
    fn waiting_for(&self, meaning: &Embedded, page: &Page) -> Option<ByWordsAlone> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let none_has_one = meaning.vector.is_some() && !page.hits.is_empty() && !page.vectors;
        (waiting > 0 || none_has_one).then(|| ByWordsAlone::Waiting { model: meaning.model.to_string(), waiting })
    }

    /// The memories with these ids, in that order; unknown ones are left out.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn by_ids(&self, ids: Vec<String>) -> Result<Vec<MemoryRow>, StoreError> {
        self.store.memories_by_id(ids, self.clock.now()).await
    }

    /// The weights of the ranking: without an embedder nothing counts that comes from its table, so that only words do.
    fn weights_in_use(&self) -> Weights {
        match self.embedding.embedder() {
            Some(_) => self.weights,
            None => Weights { alike: 0.0, ..self.weights },
        }
    }

    pub(super) fn filter(&self, query: &Query) -> MemoryFilter {
        let now = self.clock.now();
        MemoryFilter {
            own_only: false,
            view: query.view.clone(),
            kinds: query.kinds.clone(),
            tags: query.tags.clone(),
            since: query.since,
            until: query.until,
            validity: match query.as_of {
                Some(at) => Validity::AsOf(at),
                None if query.include_superseded => Validity::Any,
                None => Validity::Current(now),
            },
            now,
        }
    }
}

/// The id of a memory that is all of `query`, by itself or in its address.
fn id_of(query: &str) -> Option<&str> {
    let query = query.trim();
    let id = query.strip_prefix("carryall://memory/").unwrap_or(query);
    ids::is_id(id).then_some(id)
}

/// The part of a question whose meaning is looked for.
fn meant(query: &str) -> Cow<'_, str> {
    let topic = if search::asks_for_judgement(query) { search::topic(query) } else { String::new() };
    if topic.is_empty() { query.into() } else { topic.into() }
}

/// What was read for an answer.
pub(super) struct Page {
    /// All that were found, best first; empty when nothing was searched for.
    pub(super) hits: Vec<Hit>,
    pub(super) rows: Vec<MemoryRow>,
    /// The words that were searched for.
    pub(super) words: Vec<String>,
    pub(super) next: Option<Next>,
    pub(super) unfound: Option<Unfound>,
    /// Whether any of the rows has a vector of the model that was asked by.
    pub(super) vectors: bool,
    /// The kept summary of the session that most of the best are of, when all that it is made from still holds.
    pub(super) summary: Option<SummaryRow>,
}

/// What is asked of a reader.
#[derive(Clone)]
struct Asking {
    query: Query,
    question: Arc<Question>,
    meaning: Option<Embedded>,
    kept: Arc<Kept>,
    at: Millis,
    weights: Weights,
}

impl Asking {
    fn search<'a>(&'a self, times: &'a [Mention], wanted: usize) -> Search<'a> {
        Search {
            query: &self.query.query,
            question: &self.question,
            meaning: self.meaning.as_ref(),
            narrow: self.query.is_narrow(),
            wanted,
            at: self.at,
            times,
            weights: &self.weights,
        }
    }
}

/// The score of what is only of the time that was asked for.
const ALONE: f64 = 0.5;

/// Memories of a named time that stand before all others, at most.
const OF_TIME: usize = 50;

/// Reads a page of what is found; `first` stands before all else.
fn page(reader: &MemoryReader<'_>, asking: &Asking, mut first: Vec<Hit>) -> Result<Page, StoreError> {
    let (query, question, meaning) = (&asking.query, &*asking.question, asking.meaning.as_ref());
    let (limit, offset) = (query.limit, query.offset);
    // What is too long for a word is none, and asks for something all the same.
    if question.terms().is_empty() && !query.query.contains(char::is_alphanumeric) {
        let mut rows = reader.newest(limit.saturating_add(1), query.behind)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(seq, row)| Next::Behind(row.created_at, *seq));
        let rows: Vec<MemoryRow> = rows.into_iter().map(|it| it.1).collect();
        let unfound = if rows.is_empty() { Some(find::unfound(reader, question, &query.view)?) } else { None };
        return Ok(Page { hits: Vec::new(), rows, words: Vec::new(), next, unfound, vectors: true, summary: None });
    }
    let wanted = offset.saturating_add(limit).saturating_add(1);
    let times = dates::find(&query.query, asking.at);
    let mut hits = find::find(reader, &asking.kept, &asking.search(&times, wanted.saturating_add(first.len())))?;
    if !first.is_empty() {
        let best = hits.first().map_or(0.0, |it| it.signals.total());
        first.iter_mut().for_each(|it| it.signals.time += best);
        let known: HashSet<i64> = first.iter().map(|it| it.seq).collect();
        hits.retain(|it| !known.contains(&it.seq));
        hits.splice(0..0, first);
    }
    if !query.include_superseded {
        add_doubts(reader, &mut hits, limit)?;
    }
    let places: Vec<i64> = hits.iter().skip(offset).take(limit).map(|it| it.seq).collect();
    let rows: Vec<MemoryRow> = reader.rows(&places)?.into_iter().map(|it| it.1).collect();
    let crowded =
        if query.takes_overview() && query.is_of_all_times() { overview::crowded(&rows, &hits) } else { None };
    let summary = match crowded {
        Some(owner) => reader.summary(owner)?,
        None => None,
    };
    let mut unfound = if hits.is_empty() { Some(find::unfound(reader, question, &query.view)?) } else { None };
    if let (Some(unfound), Some(meaning)) = (&mut unfound, meaning) {
        unfound.near = near(reader, meaning, question)?;
    }
    let vectors = match meaning {
        _ if hits.iter().any(|it| it.signals.meaning > 0.0) => true,
        Some(meaning) => reader.cosines(meaning, &places)?.iter().any(Option::is_some),
        None => false,
    };
    let next = (hits.len() >= wanted).then(|| Next::Offset(offset.saturating_add(limit)));
    Ok(Page { next, hits, rows, words: question.words(), unfound, vectors, summary })
}

/// The best, of which it is told when a later memory likely says otherwise.
const DOUBTED: usize = 2;

/// Sets behind each of the best the last that was told after it and likely says that it is over, where it is not among the
/// first `limit` by itself: `I moved to Bern` behind `my name is Laura and I live in Zurich`. It counts as much as what stands
/// behind it. Every page of a question has the same first `limit`, so none repeats or loses a memory.
fn add_doubts(reader: &MemoryReader<'_>, hits: &mut Vec<Hit>, limit: usize) -> Result<(), StoreError> {
    for at in (0..DOUBTED.min(hits.len())).rev() {
        let Some(seq) = reader.doubt(hits[at].seq)? else { continue };
        let found = hits.iter().position(|it| it.seq == seq);
        if found.is_some_and(|it| it < limit) || reader.rows(&[seq])?.is_empty() {
            continue;
        }
        let holds = found.map(|it| hits.remove(it).holds).unwrap_or_default();
        let heir = hits.get(at + 1).unwrap_or(&hits[at]).signals.total();
        hits.insert(at + 1, Hit { seq, signals: Signals { heir, ..Signals::default() }, holds });
    }
    Ok(())
}

/// The cosine from which on a memory is shown as near in meaning to a question of which no memory has a word, and the part
/// of the best one's. Of 31 such questions of our own to 31 memories in wholly other words (`what did the doctor say`, `the
/// physician told me …`; 2026-11-27) the right one was the first for 20 and one of the first three for 26, with cosines of
/// .13 to .62, 23 of them over .3; what was nearest and wrong had .21 to .52. So they are a hint and no answer.
const NEAR: f32 = 0.3;
const NEAR_THE_BEST: f32 = 0.75;

/// The nearest in meaning of what the reader's filter means.
fn near(reader: &MemoryReader<'_>, meaning: &Embedded, question: &Question) -> Result<Vec<Recollection>, StoreError> {
    let nearest = reader.nearest(meaning, None, SHOWN)?;
    let least = nearest.first().map_or(NEAR, |best| NEAR.max(best.1 * NEAR_THE_BEST));
    let nearest: Vec<(i64, f32)> = nearest.into_iter().filter(|it| it.1 >= least).collect();
    let seqs: Vec<i64> = nearest.iter().map(|it| it.0).collect();
    let of_row = |(seq, row): (i64, MemoryRow)| {
        let cosine = nearest.iter().find(|it| it.0 == seq).map_or(0.0, |it| it.1);
        let signals = Signals { meaning: cosine, ..Signals::default() };
        let score = f64::from(cosine.min(1.0));
        let missing = question.words();
        Recollection { row, score, signals, matched: Vec::new(), missing, asked: Kinds::default() }
    };
    Ok(reader.rows(&seqs)?.into_iter().map(of_row).collect())
}

/// The rows of a page with what was found of them; `hits` are all that were found, best first.
pub(super) fn recollect(rows: Vec<MemoryRow>, hits: &[Hit], query: &Query, words: &[String]) -> Vec<Recollection> {
    let (offset, asked) = (query.offset, search::asked_for(&query.query));
    // Blocks are ranked each by itself; what comes later is not shown as better.
    let mut least = f64::INFINITY;
    let falling = hits.iter().map(|it| {
        least = least.min(f64::from(it.signals.total()));
        least
    });
    let totals: Vec<f64> = falling.collect();
    let mut scores = search::scores(&totals, hits.first().map_or(0, |it| it.holds.len()), words.len());
    if words.is_empty() {
        // Of a time that was asked for alone, each is as good as the next.
        scores.fill(ALONE);
    }
    let nothing = Hit { seq: 0, signals: Signals::default(), holds: Vec::new() };
    let of_row = |(at, row): (usize, MemoryRow)| {
        let hit = hits.get(offset + at).unwrap_or(&nothing);
        Recollection {
            row,
            score: scores.get(offset + at).copied().unwrap_or(0.0),
            signals: hit.signals,
            asked,
            matched: hit.holds.iter().filter_map(|it| words.get(*it)).cloned().collect(),
            missing: words.iter().zip(0..).filter(|it| !hit.holds.contains(&it.1)).map(|it| it.0.clone()).collect(),
        }
    };
    rows.into_iter().enumerate().map(of_row).collect()
}
