//! Finds the memories that a question may mean, reads them with what was said around them, and ranks them.
//!
//! The text index only proposes: which rows have which words, the rare words first, so that the work stays small
//! when a word is everywhere. What is proposed is read and scored exactly, neighbours and speakers included.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::kept;
use super::kept::Kept;
use super::kept::Known;
use super::kept::Turn;
use crate::clock::Millis;
use crate::dates::Mention;
use crate::scope::View;
use crate::search;
use crate::search::Around;
use crate::search::Background;
use crate::search::Counter;
use crate::search::Counts;
use crate::search::Hashed;
use crate::search::Pool;
use crate::search::Question;
use crate::search::Signals;
use crate::store::Beside;
use crate::store::Embedded;
use crate::store::Field;
use crate::store::Glances;
use crate::store::MemoryFilter;
use crate::store::MemoryGlance;
use crate::store::MemoryReader;
use crate::store::StoreError;

/// A memory that was found, by its number in the store.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) seq: i64,
    pub(super) signals: Signals,
    /// The places of the question's words that it holds, its speaker's name and tags included.
    pub(super) holds: Vec<usize>,
}

/// Rows with a word that are taken from the index before any other word has its turn.
const OF_EACH_WORD: usize = 500;

/// Rows that are taken from the index for one question, however few memories there are: about 0.1 µs each.
const OF_ALL_WORDS: usize = 8_000;

/// The share of all memories that is taken besides: in a large store the rare words are in many rows, too.
const SHARE_OF_ALL: u64 = 12;

/// Rows that are read and scored at a time: about 3 µs each.
const READ: usize = 64;

/// Times [`READ`] that the index proposes, for when the filter leaves out much of it.
const LOOKED_AT: usize = 6;

/// A set of memories so small that it is read whole when only it is meant: about 0.5 µs each.
const SMALL: usize = 4000;

/// The same, of all that a namespace has.
const SMALL_NAMESPACE: u64 = 4000;

/// The same, when the index proposed hardly anything that is meant.
const SMALL_ENOUGH: usize = 50_000;

/// The best of the proposed whose true neighbours are scored too, wherever they are.
const FOLLOWED: usize = 32;

/// Stems of the index that are compared with a misspelt word.
const VOCABULARY: usize = 20_000;

/// Memories that are looked at because they are nearest in meaning, whatever their words.
const NEAREST: usize = 30;

/// Milliseconds of a day.
const DAY: f32 = 86_400_000.0;

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    /// As it was asked.
    pub(super) query: &'a str,
    pub(super) question: &'a Question,
    /// Its vector; `None` searches by words alone.
    pub(super) meaning: Option<&'a Embedded>,
    /// Whether the filter leaves out much.
    pub(super) narrow: bool,
    /// How many are asked for at most.
    pub(super) wanted: usize,
    /// The moment from which ages are counted.
    pub(super) at: Millis,
    /// The times that it names.
    pub(super) times: &'a [Mention],
}

/// The memories that the reader's filter means and that answer the question, best first.
pub(super) fn find(reader: &MemoryReader<'_>, kept: &Kept, search: &Search<'_>) -> Result<Vec<Hit>, StoreError> {
    let counts = reader.counts()?;
    // The same for all pages but the deep ones, so that a page goes on where the one before ended.
    let read = (READ * LOOKED_AT).max(search.wanted.saturating_mul(2));
    let few = counts.here <= SMALL_NAMESPACE && counts.here.saturating_mul(2) < counts.all;
    let meant = if few || search.narrow { reader.meant(SMALL)? } else { None };
    let known = meant.is_some();
    let mut proposed = propose(reader, search.question, meant.as_deref(), counts.all, read)?;
    let corrected = if proposed.unknown.len() * 2 > search.question.terms().len() {
        correct(reader, search.query, search.question, &proposed.unknown)?
    } else {
        None
    };
    if let Some(corrected) = &corrected {
        proposed = propose(reader, corrected, meant.as_deref(), counts.all, read)?;
    }
    let question = corrected.as_ref().unwrap_or(search.question);
    let mut reading = Reading::new(reader, kept, question, search, meant.as_deref())?;
    let mut hits = reading.hits(&proposed, search.wanted)?;
    let left_out = !known && hits.len() < READ / 4 && proposed.rows.len() > hits.len();
    if left_out && let Some(meant) = reader.meant(SMALL_ENOUGH)? {
        let proposed = propose(reader, question, Some(&meant), counts.all, read)?;
        hits = reading.hits(&proposed, search.wanted)?;
    }
    Ok(hits)
}

/// What the text index proposes.
struct Proposed {
    /// Best first, by a first look.
    rows: Vec<i64>,
    /// By term.
    rarity: Vec<f32>,
    names: u64,
    /// The places of the terms that no memory has at all.
    unknown: Vec<usize>,
}

/// The rows of one term.
struct Postings {
    /// Newest first.
    rows: Vec<i64>,
    whole: bool,
    /// In how many rows it is, as far as one can tell.
    with: f32,
    speakers: Vec<i64>,
}

fn propose(
    reader: &MemoryReader<'_>,
    question: &Question,
    meant: Option<&[i64]>,
    all: u64,
    read: usize,
) -> Result<Proposed, StoreError> {
    let last = reader.last()?;
    let mut postings = Vec::with_capacity(question.terms().len());
    for term in question.terms() {
        let rows = reader.with_words(Field::Text, &term.forms, i64::MAX, OF_EACH_WORD)?;
        let speakers = reader.with_words(Field::Speaker, &term.forms[..1], i64::MAX, OF_EACH_WORD)?;
        postings.push(Postings { whole: rows.len() < OF_EACH_WORD, with: 0.0, rows, speakers });
    }
    let most = OF_ALL_WORDS.saturating_add(usize::try_from(all / SHARE_OF_ALL).unwrap_or(usize::MAX));
    read_on(reader, question, &mut postings, last, most)?;
    let here: f32 = meant.map_or(all as f32, |it| it.len() as f32);
    let mut with_words: Vec<(i64, f32)> = Vec::new();
    let mut rarity = Vec::with_capacity(postings.len());
    let mut names = 0;
    let unknown = (0..).zip(&postings).filter(|it| it.1.rows.is_empty() && it.1.speakers.is_empty()).map(|it| it.0);
    let unknown = unknown.collect();
    for (at, mut term) in postings.into_iter().enumerate() {
        if !term.speakers.is_empty() {
            names |= 1 << (at & 63);
        }
        term.with = estimate(&term, last);
        if let Some(meant) = meant {
            let before = term.rows.len().max(1) as f32;
            term.rows.retain(|it| meant.binary_search(it).is_ok());
            term.speakers.retain(|it| meant.binary_search(it).is_ok());
            term.with *= term.rows.len() as f32 / before;
        }
        let tells = search::rarity(here, term.with);
        rarity.push(tells);
        with_words.extend(term.rows.iter().rev().map(|row| (*row, tells)));
        with_words.extend(term.speakers.iter().rev().map(|row| (*row, tells)));
    }
    // Each list is in order already, so that this only merges them.
    with_words.sort_by_key(|it| it.0);
    with_words.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let mut rows = search::nearby(&with_words, read);
    if let Some(meant) = meant {
        rows.retain(|it| meant.binary_search(it).is_ok());
    }
    Ok(Proposed { rows, rarity, names, unknown })
}

/// The question with what its `unknown` terms are slips of; `None` when that is nothing known.
fn correct(
    reader: &MemoryReader<'_>,
    query: &str,
    question: &Question,
    unknown: &[usize],
) -> Result<Option<Question>, StoreError> {
    let mut stems = Vec::new();
    for at in unknown {
        let Some(stem) = question.stem_of(*at) else { continue };
        // Hardly anyone misses the first two letters, and reading the whole index takes long.
        let beginning: String = stem.chars().take(2).collect();
        let known = reader.vocabulary(&beginning, VOCABULARY)?;
        let nearest = search::nearest(&stem, known.iter().map(String::as_str));
        stems.extend(nearest.into_iter().take(3).map(|it| (*at, it.to_owned())));
    }
    Ok((!stems.is_empty()).then(|| question.meaning_too(query, &stems)))
}

/// What there is when nothing was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfound {
    /// Memories in the namespace that was searched, of any owner.
    pub memories: u64,
    /// How many of the newest matches in it the caller may see but did not ask for: by filter, or because they ended.
    pub left_out: usize,
    /// Other namespaces in which the caller may see matches, and how many of the newest.
    pub elsewhere: Vec<(String, usize)>,
}

/// Newest matches that are looked at to say what there is elsewhere.
const ELSEWHERE: usize = 200;

/// Says what there is besides, for a question that found nothing.
pub(super) fn unfound(reader: &MemoryReader<'_>, question: &Question, view: &View) -> Result<Unfound, StoreError> {
    let mut unfound = Unfound { memories: reader.counts()?.here, ..Unfound::default() };
    let mut rows = HashSet::new();
    for term in question.terms() {
        rows.extend(reader.with_words(Field::Text, &term.forms, i64::MAX, ELSEWHERE)?);
    }
    let (glances, filter) = (reader.glances()?, reader.filter());
    for row in rows {
        let found = glances.at(row, |glance| {
            let visible = glance.alive(filter.now)
                && glance.user_id.is_none_or(|it| view.user_id.as_deref() == Some(it))
                && glance.persona.is_none_or(|it| view.persona.as_deref() == Some(it));
            (visible && !filter.means(glance)).then(|| glance.namespace.to_owned())
        })?;
        let Some(namespace) = found.flatten() else { continue };
        if namespace == view.namespace {
            unfound.left_out += 1;
        } else if let Some(known) = unfound.elsewhere.iter_mut().find(|it| it.0 == namespace) {
            known.1 += 1;
        } else {
            unfound.elsewhere.push((namespace, 1));
        }
    }
    unfound.elsewhere.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(unfound)
}

/// In how many rows a term is: what was read of it reaches back to some row, and it is as frequent before that.
fn estimate(term: &Postings, last: i64) -> f32 {
    let read = term.rows.len() as f32;
    match term.rows.last() {
        Some(reached) if !term.whole => read * last as f32 / (last - reached + 1).max(1) as f32,
        _ => read,
    }
}

/// Reads more of the terms that are in more rows than [`OF_EACH_WORD`], the rarest first, while there is room.
fn read_on(
    reader: &MemoryReader<'_>,
    question: &Question,
    postings: &mut [Postings],
    last: i64,
    most: usize,
) -> Result<(), StoreError> {
    let mut room = most.saturating_sub(postings.iter().map(|it| it.rows.len()).sum());
    let mut open: Vec<usize> = (0..postings.len()).filter(|at| !postings[*at].whole).collect();
    open.sort_by(|a, b| estimate(&postings[*a], last).total_cmp(&estimate(&postings[*b], last)));
    for at in open {
        if room == 0 {
            break;
        }
        let (Some(term), Some(list)) = (question.terms().get(at), postings.get_mut(at)) else { continue };
        let before = list.rows.last().copied().unwrap_or(i64::MAX);
        let more = reader.with_words(Field::Text, &term.forms, before, room)?;
        list.whole = more.len() < room;
        room -= more.len().min(room);
        list.rows.extend(more);
    }
    Ok(())
}

/// A memory that was looked at.
#[derive(Clone, Debug)]
struct Seen {
    counts: Counts,
    speaker: u64,
    tags: u64,
    /// Equal for memories of one session of one owner; `None` without a session.
    place: Option<u64>,
    meant: bool,
    alive: bool,
    importance: f32,
    /// When it happened, or was learned.
    at: Millis,
}

/// Reads memories and what is beside them, each once.
struct Reading<'a> {
    reader: &'a MemoryReader<'a>,
    kept: &'a Kept,
    turn: Option<Turn>,
    glances: Glances<'a>,
    counter: Counter<'a>,
    /// The terms of speakers and tags, by their number.
    labels: HashMap<u32, u64, BuildHasherDefault<Hashed>>,
    meaning: Option<&'a Embedded>,
    now: Millis,
    /// The times that the question names.
    times: &'a [Mention],
    /// All memories that are meant, when that is known.
    all_meant: Option<&'a [i64]>,
    seen: HashMap<i64, Option<Seen>, BuildHasherDefault<Hashed>>,
    beside: HashMap<(i64, bool), Option<i64>, BuildHasherDefault<Hashed>>,
}

impl<'a> Reading<'a> {
    fn new(
        reader: &'a MemoryReader<'a>,
        kept: &'a Kept,
        question: &'a Question,
        search: &Search<'a>,
        all_meant: Option<&'a [i64]>,
    ) -> Result<Reading<'a>, StoreError> {
        Ok(Reading {
            reader,
            kept,
            turn: kept.turn(reader)?,
            glances: reader.glances()?,
            counter: question.counter(),
            labels: HashMap::default(),
            meaning: search.meaning,
            now: search.at,
            times: search.times,
            all_meant,
            seen: HashMap::default(),
            beside: HashMap::default(),
        })
    }

    /// Reads what was proposed in blocks of [`READ`] that are meant, and ranks each block by itself, until there are
    /// `wanted`. So a later page changes nothing in the one before it.
    fn hits(&mut self, proposed: &Proposed, wanted: usize) -> Result<Vec<Hit>, StoreError> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut known = HashSet::new();
        let mut rows = proposed.rows.iter().copied();
        loop {
            let mut chosen = Vec::with_capacity(READ);
            for seq in rows.by_ref() {
                self.look(seq)?;
                if self.seen(seq).is_some_and(|it| it.meant) && known.insert(seq) {
                    chosen.push(seq);
                    if chosen.len() >= READ {
                        break;
                    }
                }
            }
            let last = chosen.len() < READ;
            if hits.is_empty() {
                self.follow(&mut chosen, &mut known)?;
            }
            let mut places = Vec::with_capacity(chosen.len());
            for seq in chosen {
                places.push((seq, self.around(seq)?));
            }
            hits.extend(self.rank(&places, proposed)?);
            if last || hits.len() >= wanted {
                return Ok(hits);
            }
        }
    }

    /// Adds what is nearest in meaning, and the true neighbours of the best, wherever they are.
    fn follow(&mut self, chosen: &mut Vec<i64>, known: &mut HashSet<i64>) -> Result<(), StoreError> {
        if let Some(meaning) = self.meaning {
            for seq in self.nearest(meaning)? {
                self.look(seq)?;
                if known.insert(seq) {
                    chosen.push(seq);
                }
            }
        }
        for at in 0..chosen.len().min(FOLLOWED) {
            let Some(seq) = chosen.get(at).copied() else { break };
            for beside in self.around(seq)?.into_iter().flatten() {
                if self.seen(beside).is_some_and(|it| it.meant) && known.insert(beside) {
                    chosen.push(beside);
                }
            }
        }
        Ok(())
    }

    /// The nearest in meaning that are meant: mostly the nearest of all, which are looked at anyway.
    fn nearest(&mut self, meaning: &Embedded) -> Result<Vec<i64>, StoreError> {
        if self.all_meant.is_none() && self.reader.filter().view.session_id.is_none() {
            let near = self.reader.near(meaning, NEAREST * 2)?;
            let all = near.len() < NEAREST * 2;
            let mut found = Vec::with_capacity(NEAREST);
            for (seq, _) in near {
                self.look(seq)?;
                found.extend(self.seen(seq).filter(|it| it.meant).map(|_| seq));
                if found.len() == NEAREST {
                    break;
                }
            }
            if found.len() == NEAREST || all {
                return Ok(found);
            }
        }
        Ok(self.reader.nearest(meaning, self.all_meant, NEAREST)?.into_iter().map(|it| it.0).collect())
    }

    fn rank(&self, places: &[(i64, [Option<i64>; 4])], proposed: &Proposed) -> Result<Vec<Hit>, StoreError> {
        let texts: Vec<(i64, Around<'_>)> = places.iter().filter_map(|it| self.text(it.0, it.1)).collect();
        let lengths: f32 = texts.iter().map(|it| search::length(&it.1)).sum();
        let mean_length = lengths / texts.len().max(1) as f32;
        let pool = Pool { rarity: proposed.rarity.clone(), names: proposed.names, mean_length };
        let mut scored: Vec<Signals> = texts.iter().map(|it| search::score(&it.1, &pool)).collect();
        for ((seq, _), signals) in texts.iter().zip(&mut scored) {
            if self.seen(*seq).is_some_and(|it| self.is_of_a_named_time(it.at)) {
                search::add_time(signals);
            }
        }
        if let Some(meaning) = self.meaning {
            let seqs: Vec<i64> = texts.iter().map(|it| it.0).collect();
            search::add_meaning(&mut scored, &self.reader.cosines(meaning, &seqs)?);
        }
        let mut found: Vec<_> = texts.into_iter().zip(scored).filter(|it| it.1.total() > 0.0).collect();
        let seqs: Vec<i64> = found.iter().map(|it| it.0.0).collect();
        for (((seq, _), signals), standing) in found.iter_mut().zip(self.reader.standings(&seqs)?) {
            let standing = standing.map_or(0.0, |it| search::standing(it.used, it.ignored));
            if let Some(seen) = self.seen(*seq) {
                let age = self.now.saturating_sub(seen.at).max(0) as f32 / DAY;
                search::add_background(signals, &Background { importance: seen.importance, age, standing });
            }
        }
        let mut hits: Vec<Hit> = found
            .into_iter()
            .map(|((seq, around), signals)| {
                let bits = around.speaker | around.tags;
                let counts = around.own.of_terms.iter().enumerate();
                let holds = counts.filter(|it| *it.1 > 0.0 || bits & (1 << (it.0 & 63)) != 0).map(|it| it.0).collect();
                Hit { seq, signals, holds }
            })
            .collect();
        hits.sort_unstable_by(|a, b| b.signals.total().total_cmp(&a.signals.total()).then(b.seq.cmp(&a.seq)));
        Ok(hits)
    }

    fn is_of_a_named_time(&self, at: Millis) -> bool {
        self.times.iter().any(|it| it.since.is_none_or(|since| since <= at) && it.until.is_none_or(|until| at < until))
    }

    fn text(&self, seq: i64, around: [Option<i64>; 4]) -> Option<(i64, Around<'_>)> {
        let own = self.seen(seq)?;
        let counts = |at: Option<i64>| at.and_then(|it| self.seen(it)).map(|it| &it.counts);
        let [before, earlier, after, later] = around;
        let around = Around {
            own: &own.counts,
            speaker: own.speaker,
            tags: own.tags,
            before: [counts(before), counts(earlier)],
            after: [counts(after), counts(later)],
        };
        Some((seq, around))
    }

    fn seen(&self, seq: i64) -> Option<&Seen> {
        self.seen.get(&seq).and_then(Option::as_ref)
    }

    fn look(&mut self, seq: i64) -> Result<(), StoreError> {
        if self.seen.contains_key(&seq) {
            return Ok(());
        }
        let (filter, counter, labels) = (self.reader.filter(), &mut self.counter, &mut self.labels);
        let known =
            self.turn.and_then(|turn| self.kept.look(turn, seq, |it| look_at_kept(filter, counter, labels, it)));
        let seen = match known {
            Some(known) => Some(known),
            None => self.glances.at(seq, |glance| {
                if let Some(turn) = self.turn {
                    self.kept.keep(turn, seq, glance);
                }
                look_at(filter, counter, glance)
            })?,
        };
        self.seen.insert(seq, seen);
        Ok(())
    }

    /// The one before, the one before that, the one after, the one after that.
    fn around(&mut self, seq: i64) -> Result<[Option<i64>; 4], StoreError> {
        let before = self.step(Some(seq), false)?;
        let after = self.step(Some(seq), true)?;
        Ok([before, self.step(before, false)?, after, self.step(after, true)?])
    }

    fn step(&mut self, from: Option<i64>, after: bool) -> Result<Option<i64>, StoreError> {
        let Some(seq) = from else { return Ok(None) };
        if let Some(known) = self.beside.get(&(seq, after)) {
            return Ok(*known);
        }
        let found = self.find_beside(seq, after)?;
        self.beside.insert((seq, after), found);
        Ok(found)
    }

    fn find_beside(&mut self, seq: i64, after: bool) -> Result<Option<i64>, StoreError> {
        let Some(own) = self.seen(seq).and_then(|it| it.place) else { return Ok(None) };
        // What is written together has numbers that follow each other.
        let next = seq.saturating_add(if after { 1 } else { -1 });
        self.look(next)?;
        if self.seen(next).is_some_and(|it| it.place == Some(own) && it.alive) {
            return Ok(Some(next));
        }
        let place = |glance: &MemoryGlance<'_>| Some((glance.session?.to_owned(), glance.created_at));
        let known = self.turn.and_then(|turn| self.kept.look(turn, seq, |it| place(&it.glance)));
        let place = match known {
            Some(known) => known,
            None => self.glances.at(seq, place)?.flatten(),
        };
        let Some((session, created_at)) = place else { return Ok(None) };
        let beside = self.reader.beside(seq, Beside { session: &session, created_at, after })?;
        let Some(next) = beside else { return Ok(None) };
        self.look(next)?;
        Ok(self.seen(next).filter(|it| it.place == Some(own) && it.alive).map(|_| next))
    }
}

fn look_at(filter: &MemoryFilter, counter: &mut Counter<'_>, glance: &MemoryGlance<'_>) -> Seen {
    Seen {
        counts: counter.count(glance.content),
        speaker: glance.speaker.map_or(0, |it| counter.has(it)),
        tags: if glance.tags.len() > EMPTY.len() { counter.has(glance.tags) } else { 0 },
        place: kept::place(glance),
        meant: filter.means(glance),
        alive: glance.alive(filter.now),
        importance: glance.importance as f32,
        at: glance.occurred_at.unwrap_or(glance.created_at),
    }
}

/// The same of what is kept.
fn look_at_kept(
    filter: &MemoryFilter,
    counter: &mut Counter<'_>,
    labels: &mut HashMap<u32, u64, BuildHasherDefault<Hashed>>,
    known: &Known<'_>,
) -> Seen {
    let glance = &known.glance;
    let mut label = |number: u32, text: &str| *labels.entry(number).or_insert_with(|| counter.has(text));
    let speaker = glance.speaker.map_or(0, |it| label(known.speaker, it));
    let tags = if glance.tags.len() > EMPTY.len() { label(known.tags, glance.tags) } else { 0 };
    Seen {
        counts: counter.count_entries(known.words, known.entries, known.outline),
        speaker,
        tags,
        place: known.place,
        meant: filter.means(glance),
        alive: glance.alive(filter.now),
        importance: glance.importance as f32,
        at: glance.occurred_at.unwrap_or(glance.created_at),
    }
}

/// No tags.
const EMPTY: &str = "[]";
