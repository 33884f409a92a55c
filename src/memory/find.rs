//! Finds the memories that a question may mean, reads them with what was said around them, and ranks them.
//!
//! The text index only proposes: which rows have which words, the rare words first, so that the work stays small
//! when a word is everywhere. What is proposed is read and scored exactly, neighbours and speakers included.

use std::collections::HashSet;

use super::kept::Kept;
use super::reading::Reading;
use super::recall::Recollection;
use super::told::Told;
use super::unfound::Without;
use super::unknown::otherwise;
use crate::clock::Millis;
use crate::dates::Mention;
use crate::scope::View;
use crate::search;
use crate::search::Question;
use crate::search::Signals;
use crate::search::Weights;
use crate::store::Embedded;
use crate::store::Field;
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
pub(super) const READ: usize = 64;

/// Times [`READ`] that the index proposes, for when the filter leaves out much of it.
const LOOKED_AT: usize = 6;

/// A set of memories so small that it is read whole when only it is meant: about 0.5 µs each.
const SMALL: usize = 4000;

/// The same, of all that a namespace has.
const SMALL_NAMESPACE: u64 = 4000;

/// The same, when the index proposed hardly anything that is meant.
const SMALL_ENOUGH: usize = 50_000;

/// Memories that have a word which is hardly known: what stands for it is looked for, too. With 2, 3 and 6 of them LoCoMo and
/// FriendsQA stay within .003 of none; of 71 questions in other words than their memory's 33 are found, 27 without.
const HARDLY: usize = 3;

/// Stems of the index that are compared with a word that no memory has.
pub(super) const VOCABULARY: usize = 20_000;

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
    pub(super) weights: &'a Weights,
}

/// The memories that the reader's filter means and that answer the question, best first.
pub(super) fn find(reader: &MemoryReader<'_>, kept: &Kept, search: &Search<'_>) -> Result<Vec<Hit>, StoreError> {
    let counts = reader.counts()?;
    // The same for all pages but the deep ones, so that a page goes on where the one before ended.
    let read = (READ * LOOKED_AT).max(search.wanted.saturating_mul(2));
    let few = counts.here <= SMALL_NAMESPACE && counts.here.saturating_mul(2) < counts.all;
    let meant = if few || search.narrow { reader.meant(SMALL)? } else { None };
    if meant.as_deref().is_some_and(<[i64]>::is_empty) {
        return Ok(Vec::new());
    }
    let known = meant.is_some();
    let looked_at = meant.as_deref().map(|it| with_superseded(reader, it)).transpose()?;
    let mut proposed = propose(reader, search.question, looked_at.as_deref(), counts.all, read, search.weights)?;
    let corrected = otherwise(reader, search.query, search.question, &proposed, counts.all)?;
    if let Some(corrected) = &corrected {
        proposed = propose(reader, corrected, looked_at.as_deref(), counts.all, read, search.weights)?;
    }
    let question = corrected.as_ref().unwrap_or(search.question);
    let told = Told::of(reader, search, question)?;
    let mut reading = Reading::new(reader, kept, question, proposed.names, search, meant.as_deref(), told)?;
    let mut hits = reading.hits(&proposed, search.wanted)?;
    let left_out = !known && hits.len() < READ / 4 && proposed.rows.len() > hits.len();
    if left_out && let Some(meant) = reader.meant(SMALL_ENOUGH)? {
        let meant = with_superseded(reader, &meant)?;
        let proposed = propose(reader, question, Some(&meant), counts.all, read, search.weights)?;
        hits = reading.hits(&proposed, search.wanted)?;
    }
    Ok(hits)
}

/// `meant`, and what is proposed besides for the sake of its heirs.
fn with_superseded(reader: &MemoryReader<'_>, meant: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut all = [meant, &reader.superseded(SMALL)?].concat();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// What the text index proposes.
pub(super) struct Proposed {
    /// Best first, by a first look.
    pub(super) rows: Vec<i64>,
    /// By term.
    pub(super) rarity: Vec<f32>,
    /// The terms that are names of speakers, as bits.
    pub(super) names: u64,
    /// The places of the terms that no memory has at all.
    pub(super) unknown: Vec<usize>,
    /// The places of those that some have, but hardly any.
    pub(super) rare: Vec<usize>,
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
    weights: &Weights,
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
    let is_rare = |it: &Postings| (1..=HARDLY).contains(&it.rows.len()) && it.speakers.is_empty();
    let rare = (0..).zip(&postings).filter(|it| is_rare(it.1)).map(|it| it.0).collect();
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
        let tells = search::rarity(here, term.with).min(question.most_told_by(at));
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
    let mut rows = search::nearby(&with_words, read, weights);
    if let Some(meant) = meant {
        rows.retain(|it| meant.binary_search(it).is_ok());
    }
    Ok(Proposed { rows, rarity, names, unknown, rare })
}

/// What there is when nothing was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unfound {
    /// Memories in the namespace that was searched, of any owner.
    pub memories: u64,
    /// How many of the newest matches in it the caller may see but did not ask for: by filter, or because they ended.
    pub left_out: usize,
    /// Other namespaces in which the caller may see matches, and how many of the newest.
    pub elsewhere: Vec<(String, usize)>,
    /// What there is without one of the filters; empty when it is not the filters.
    pub without: Vec<Without>,
    /// The nearest in meaning of what was searched, best first; a few, none where nothing is near.
    pub near: Vec<Recollection>,
}

impl Unfound {
    /// When there are no words by which anything is like what was asked for.
    pub(super) fn of_no_words(reader: &MemoryReader<'_>) -> Result<Unfound, StoreError> {
        Ok(Unfound { memories: reader.counts()?.here, ..Unfound::default() })
    }
}

/// Newest matches that are looked at to say what there is elsewhere.
const ELSEWHERE: usize = 200;

/// Says what there is besides, for a question that found nothing.
pub(super) fn unfound(reader: &MemoryReader<'_>, question: &Question, view: &View) -> Result<Unfound, StoreError> {
    let mut unfound = Unfound::of_no_words(reader)?;
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
