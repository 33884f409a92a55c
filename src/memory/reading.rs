//! Reads memories with what was said around them, each once, and ranks them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::find::Hit;
use super::find::Proposed;
use super::find::READ;
use super::find::Search;
use super::kept;
use super::kept::Kept;
use super::kept::Known;
use super::kept::Turn;
use super::told::Told;
use crate::clock::Millis;
use crate::dates;
use crate::dates::Mention;
use crate::search;
use crate::search::Around;
use crate::search::Background;
use crate::search::Counter;
use crate::search::Counts;
use crate::search::Hashed;
use crate::search::Kinds;
use crate::search::Outline;
use crate::search::Pool;
use crate::search::Question;
use crate::search::Signals;
use crate::search::Weights;
use crate::search::Words;
use crate::store::Beside;
use crate::store::Embedded;
use crate::store::Glances;
use crate::store::MemoryFilter;
use crate::store::MemoryGlance;
use crate::store::MemoryReader;
use crate::store::StoreError;

/// The best of the proposed whose true neighbours are scored too, wherever they are.
const FOLLOWED: usize = 32;

/// Memories that are looked at because they are nearest in meaning, whatever their words.
const NEAREST: usize = 30;

/// The best of what was superseded whose heirs are looked at.
const SUPERSEDED: usize = 16;

/// The years back to which a month without a year is looked for.
const YEARS: i64 = 10;

/// Milliseconds of a day.
const DAY: f32 = 86_400_000.0;

/// Words of one memory that a second look follows at most; of a long text the most frequent.
const WORDS_OF_ONE: usize = 64;

/// A memory that was looked at.
#[derive(Clone, Debug)]
struct Seen {
    counts: Counts,
    speaker: u64,
    tags: u64,
    /// Equal for memories of one session of one owner; `None` without a session.
    place: Option<u64>,
    meant: bool,
    /// Whether another took its place, and it is meant but for that.
    superseded: bool,
    alive: bool,
    is_turn: bool,
    importance: f32,
    /// When it happened, or was learned.
    at: Millis,
}

/// A memory and what was said around it, as the question sees them.
type Text<'a> = (i64, Around<'a>);

/// What is near to the question in meaning.
#[derive(Default)]
struct Near {
    /// Of memories that stand for themselves.
    cosines: Vec<(i64, f32)>,
    /// The best cosine of all others.
    rival: f32,
}

/// Reads memories and what is beside them, each once.
pub(super) struct Reading<'a> {
    reader: &'a MemoryReader<'a>,
    kept: &'a Kept,
    turn: Option<Turn>,
    glances: Glances<'a>,
    question: &'a Question,
    counter: Counter<'a>,
    /// What the question asks for.
    asked: Kinds,
    /// Whether it asks for several things.
    several: bool,
    /// Whether it asks for a judgement.
    judgement: bool,
    /// Everybody who said something of what was looked at, word by word in lower case.
    speakers: HashSet<String>,
    /// The terms of speakers and tags, by their number.
    labels: HashMap<u32, u64, BuildHasherDefault<Hashed>>,
    meaning: Option<&'a Embedded>,
    now: Millis,
    query: &'a str,
    /// The times that the question names.
    times: Cow<'a, [Mention]>,
    /// All memories that are meant, when that is known.
    all_meant: Option<&'a [i64]>,
    weights: &'a Weights,
    seen: HashMap<i64, Option<Seen>, BuildHasherDefault<Hashed>>,
    beside: HashMap<(i64, bool), Option<i64>, BuildHasherDefault<Hashed>>,
    /// Memories that are meant, and those whose place they took.
    heirs: Vec<(i64, i64)>,
    /// What says in other words what the question asks for.
    told: Told,
}

impl<'a> Reading<'a> {
    /// `names` are the terms of the question that are names of speakers, as bits.
    pub(super) fn new(
        reader: &'a MemoryReader<'a>,
        kept: &'a Kept,
        question: &'a Question,
        names: u64,
        search: &Search<'a>,
        all_meant: Option<&'a [i64]>,
        told: Told,
    ) -> Result<Reading<'a>, StoreError> {
        Ok(Reading {
            reader,
            kept,
            turn: kept.turn(reader)?,
            glances: reader.glances()?,
            question,
            counter: if search.weights.alike > 0.0 {
                question.counter_of_alike(names, search.weights)
            } else {
                question.counter()
            },
            asked: search::asked_for(search.query),
            several: search::asks_for_several(search.query),
            judgement: search::asks_for_judgement(search.query),
            speakers: HashSet::new(),
            labels: HashMap::default(),
            meaning: search.meaning,
            now: search.at,
            query: search.query,
            times: Cow::Borrowed(search.times),
            all_meant,
            weights: search.weights,
            seen: HashMap::default(),
            beside: HashMap::default(),
            heirs: Vec::new(),
            told,
        })
    }

    /// Reads what was proposed in blocks of [`READ`] that are meant, and ranks each block by itself, until there are
    /// `wanted`. So a later page changes nothing in the one before it.
    pub(super) fn hits(&mut self, proposed: &Proposed, wanted: usize) -> Result<Vec<Hit>, StoreError> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut known = HashSet::new();
        let mut rows = proposed.rows.iter().copied();
        loop {
            let mut chosen = Vec::with_capacity(READ);
            let mut superseded = Vec::new();
            for seq in rows.by_ref() {
                self.look(seq)?;
                if hits.is_empty() && self.seen(seq).is_some_and(|it| it.superseded) && superseded.len() < SUPERSEDED {
                    superseded.push(seq);
                }
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
                self.follow_heirs(&superseded, &mut chosen, &mut known)?;
            }
            let mut places = Vec::with_capacity(chosen.len());
            for seq in chosen {
                places.push((seq, self.around(seq)?));
            }
            let first = hits.is_empty();
            if first {
                self.settle_times(&places);
            }
            hits.extend(self.rank(&places, proposed, first)?);
            if last || hits.len() >= wanted {
                return Ok(hits);
            }
        }
    }

    /// When nothing that is looked at is of the times that the question names, takes those of the years before: `in June`
    /// is the last June of which something is known.
    fn settle_times(&mut self, places: &[(i64, [Option<i64>; 4])]) {
        let moments: Vec<Millis> = places.iter().filter_map(|it| self.seen(it.0)).map(|it| it.at).collect();
        let known = |times: &[Mention]| moments.iter().any(|at| times.iter().any(|it| it.holds(*at)));
        if self.times.is_empty() || known(&self.times) {
            return;
        }
        let mut earlier = (1..=YEARS).map(|it| dates::years_before(self.query, self.now, it));
        if let Some(times) = earlier.find(|it| known(it)) {
            self.times = Cow::Owned(times);
        }
    }

    /// Adds what says in other words what is asked for, what is nearest in meaning, and the true neighbours of the best, wherever they are.
    fn follow(&mut self, chosen: &mut Vec<i64>, known: &mut HashSet<i64>) -> Result<(), StoreError> {
        let told: Vec<i64> = self.told.memories().collect();
        for seq in told {
            self.look(seq)?;
            if self.seen(seq).is_some_and(|it| it.meant) && known.insert(seq) {
                chosen.push(seq);
            }
        }
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

    /// Adds what took the place of these.
    fn follow_heirs(
        &mut self,
        superseded: &[i64],
        chosen: &mut Vec<i64>,
        known: &mut HashSet<i64>,
    ) -> Result<(), StoreError> {
        for seq in superseded {
            let Some(heir) = self.reader.heir(*seq)? else { continue };
            self.look(heir)?;
            self.heirs.push((heir, *seq));
            if known.insert(heir) {
                chosen.push(heir);
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

    /// Ranks a block; `first` is the one that holds the best.
    fn rank(
        &self,
        places: &[(i64, [Option<i64>; 4])],
        proposed: &Proposed,
        first: bool,
    ) -> Result<Vec<Hit>, StoreError> {
        let texts: Vec<Text<'_>> = places.iter().filter_map(|it| self.text(it.0, it.1)).collect();
        let lengths: f32 = texts.iter().map(|it| search::length(&it.1, self.weights)).sum();
        let mean_length = lengths / texts.len().max(1) as f32;
        let pool = Pool { rarity: proposed.rarity.clone(), names: proposed.names, mean_length, weights: *self.weights };
        let mut scored: Vec<Signals> = texts.iter().map(|it| search::score(&it.1, &pool)).collect();
        self.add_times(&texts, &mut scored);
        if first {
            self.add_heirs(&texts, &mut scored, &pool);
        }
        let shares = self.take_elsewhere(&texts, &mut scored, proposed.names);
        let cosines = self.add_meaning(&texts, &mut scored, &shares)?;
        self.add_what_is_asked_for(&texts, &mut scored, proposed.names);
        if first {
            let seqs: Vec<i64> = texts.iter().map(|it| it.0).collect();
            self.look_again(&seqs, &mut scored)?;
        }
        let found = texts.iter().zip(&scored).filter(|it| it.1.total() > 0.0);
        let open = search::open_part(found.map(|it| &it.0.1), &pool);
        let near = first.then(|| self.near(&texts, &cosines, &shares));
        let mut found: Vec<_> = texts.into_iter().zip(scored).filter(|it| it.1.total() > 0.0).collect();
        self.add_background(&mut found)?;
        let mut hits: Vec<Hit> = found.into_iter().map(|((seq, around), signals)| hit(seq, &around, signals)).collect();
        hits.sort_unstable_by(better);
        if let Some(near) = near {
            self.order_first(&mut hits, places)?;
            self.set_nearest(&mut hits, &near, open);
        }
        Ok(hits)
    }

    fn add_times(&self, texts: &[Text<'_>], scored: &mut [Signals]) {
        for ((seq, _), signals) in texts.iter().zip(scored) {
            let is_of_it = |it: &Seen| self.is_of_a_named_time(it.at) || self.told.is_of_a_named_day(*seq);
            if self.seen(*seq).is_some_and(is_of_it) {
                search::add_time(signals, self.weights);
            }
        }
    }

    /// What took the place of a memory stands where that one stood.
    fn add_heirs(&self, texts: &[Text<'_>], scored: &mut [Signals], pool: &Pool) {
        for (heir, old) in &self.heirs {
            let old = self.text(*old, [None; 4]).map(|it| search::score(&it.1, pool).total());
            let heir = texts.iter().zip(&mut *scored).find(|it| it.0.0 == *heir);
            if let (Some((_, signals)), Some(had)) = (heir, old) {
                search::add_heir(signals, had, self.weights);
            }
        }
    }

    /// Lessens what has nobody in it whom the question names, or is about somebody else; returns of each text how much its meaning tells.
    fn take_elsewhere(&self, texts: &[Text<'_>], scored: &mut [Signals], names: u64) -> Vec<f32> {
        let share = |((_, around), signals): (&Text<'_>, &mut Signals)| {
            let is_about_another = self.question.is_about_another(around.own);
            if is_about_another {
                // Near words decide between texts of the one who is meant: `penicillin` is near to `allergic`.
                signals.alike = 0.0;
            }
            let is_elsewhere = is_about_another || search::is_elsewhere(around, names);
            if is_elsewhere {
                search::take_elsewhere(signals, self.weights);
            }
            search::telling_share(around, is_elsewhere, self.weights)
        };
        texts.iter().zip(scored).map(share).collect()
    }

    /// Returns the cosines; none without an embedder.
    fn add_meaning(
        &self,
        texts: &[Text<'_>],
        scored: &mut [Signals],
        shares: &[f32],
    ) -> Result<Vec<Option<f32>>, StoreError> {
        let Some(meaning) = self.meaning else { return Ok(Vec::new()) };
        let seqs: Vec<i64> = texts.iter().map(|it| it.0).collect();
        let cosines = self.reader.cosines(meaning, &seqs)?;
        search::add_meaning(scored, &cosines, shares, self.weights);
        Ok(cosines)
    }

    fn add_what_is_asked_for(&self, texts: &[Text<'_>], scored: &mut [Signals], names: u64) {
        for ((_, around), signals) in texts.iter().zip(scored) {
            if self.judgement {
                search::take_said_by_others(signals, around, names, self.weights);
            }
            if around.own.kinds.meet(self.asked) {
                search::add_kind(signals, self.weights);
            }
        }
    }

    /// What may stand where the nearest in meaning is to stand.
    fn near(&self, texts: &[Text<'_>], cosines: &[Option<f32>], shares: &[f32]) -> Near {
        let mut near = Near::default();
        for (((seq, around), cosine), share) in texts.iter().zip(cosines).zip(shares) {
            // A turn of a conversation is found by what stands around it.
            let alone = around.before[0].is_none() && around.after[0].is_none();
            let stands_alone = alone || self.seen(*seq).is_some_and(|it| !it.is_turn);
            if stands_alone && *share > 0.0 {
                near.cosines.extend(cosine.map(|it| (*seq, it)));
            } else {
                near.rival = near.rival.max(cosine.unwrap_or_default());
            }
        }
        near
    }

    /// Importance, age and feedback.
    fn add_background(&self, found: &mut [(Text<'_>, Signals)]) -> Result<(), StoreError> {
        let seqs: Vec<i64> = found.iter().map(|it| it.0.0).collect();
        for (((seq, _), signals), standing) in found.iter_mut().zip(self.reader.standings(&seqs)?) {
            let standing = standing.map_or(0.0, |it| search::standing(it.used, it.ignored, self.weights));
            if let Some(seen) = self.seen(*seq) {
                let age = self.now.saturating_sub(seen.at).max(0) as f32 / DAY;
                let known = Background { importance: seen.importance, age, standing };
                search::add_background(signals, &known, self.weights);
            }
        }
        Ok(())
    }

    /// Sets back, among the best, what says the same as another, and neighbours where several things are asked for.
    fn order_first(&self, hits: &mut [Hit], places: &[(i64, [Option<i64>; 4])]) -> Result<(), StoreError> {
        if self.several {
            let around: HashMap<i64, [Option<i64>; 4]> = places.iter().copied().collect();
            let mut scored: Vec<_> = hits
                .iter_mut()
                .map(|it| (&mut it.signals, it.seq, around.get(&it.seq).copied().unwrap_or_default()))
                .collect();
            search::set_neighbours_back::<i64, BuildHasherDefault<Hashed>>(&mut scored, self.weights);
            hits.sort_unstable_by(better);
        }
        let mut signals: Vec<Signals> = hits.iter().map(|it| it.signals).collect();
        let print = |_: &Words, _: &[u32], outline: Outline| outline.said;
        search::set_copies_behind(&mut signals, |at| self.of_words(hits[at].seq, print))?;
        hits.iter_mut().zip(signals).for_each(|(hit, signals)| hit.signals = signals);
        hits.sort_unstable_by(better);
        Ok(())
    }

    /// Sets what is nearest in meaning where it is to stand. `open` is the part of the question that is found nowhere.
    fn set_nearest(&self, hits: &mut Vec<Hit>, near: &Near, open: f32) {
        let found: Vec<(i64, f32)> = hits.iter().map(|it| (it.seq, it.signals.total())).collect();
        let words = self.question.terms().len();
        for (seq, place, score) in
            search::places_of_nearest(&found, &near.cosines, near.rival, open, words, self.weights)
        {
            let mut hit = match hits.iter().position(|it| it.seq == seq) {
                Some(at) => hits.remove(at),
                None => Hit { seq, signals: Signals::default(), holds: Vec::new() },
            };
            hit.signals.meaning += (score - hit.signals.total()).max(0.0);
            hits.insert(place.min(hits.len()), hit);
        }
    }

    /// Lifts those that have words of the best ones; `scored` are the scores of `seqs`.
    fn look_again(&self, seqs: &[i64], scored: &mut [Signals]) -> Result<(), StoreError> {
        let mut best: Vec<(f32, usize)> = scored.iter().map(Signals::total).zip(0..).filter(|it| it.0 > 0.0).collect();
        best.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut words = Vec::new();
        for (_, at) in best.into_iter().take(search::FOLLOWED) {
            let telling = |words: &Words, entries: &[u32], _| search::telling_words(words, entries, WORDS_OF_ONE);
            words.extend(self.of_words(seqs[at], telling)?.unwrap_or_default());
        }
        words.retain(|it| !self.speakers.contains(it));
        let others = self.question.of_others(words.into_iter());
        let mut counter = others.counter();
        let mut held = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let count = |it: &Known<'_>| counter.count_entries(it.words, it.entries, it.outline);
            let known = self.turn.and_then(|turn| self.kept.look(turn, *seq, count));
            let counts = match known {
                Some(known) => Some(known),
                None => self.glances.at(*seq, |it| counter.count(it.content))?,
            };
            held.push(counts.map(|it| it.of_terms).unwrap_or_default());
        }
        search::look_again(scored, &held, self.weights);
        Ok(())
    }

    /// What `look` makes of the words of a memory; `None` when it is gone, or has too many.
    fn of_words<T>(&self, seq: i64, look: impl Fn(&Words, &[u32], Outline) -> T) -> Result<Option<T>, StoreError> {
        let of_kept = |it: &Known<'_>| look(it.words, it.entries, it.outline);
        if let Some(known) = self.turn.and_then(|turn| self.kept.look(turn, seq, of_kept)) {
            return Ok(Some(known));
        }
        let (mut words, mut entries) = (Words::default(), Vec::new());
        let outline = self.glances.at(seq, |it| search::analyse(it.content, &mut words, &mut entries))?.flatten();
        Ok(outline.map(|it| look(&words, &entries, it)))
    }

    fn is_of_a_named_time(&self, at: Millis) -> bool {
        self.times.iter().any(|it| it.holds(at))
    }

    fn text(&self, seq: i64, around: [Option<i64>; 4]) -> Option<(i64, Around<'_>)> {
        let own = self.seen(seq)?;
        let counts = |at: Option<i64>| at.and_then(|it| self.seen(it)).map(|it| &it.counts);
        let [before, earlier, after, later] = around;
        let speakers = around.iter().flatten().filter_map(|it| self.seen(*it)).fold(0, |all, it| all | it.speaker);
        let around = Around {
            own: &own.counts,
            speaker: own.speaker,
            tags: own.tags,
            speakers,
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
        let speakers = &mut self.speakers;
        let known = self
            .turn
            .and_then(|turn| self.kept.look(turn, seq, |it| look_at_kept(filter, counter, labels, speakers, it)));
        let mut seen = match known {
            Some(known) => Some(known),
            None => self.glances.at(seq, |glance| {
                // What is kept is counted by its numbers: a text is taken apart once.
                let kept = self.turn.and_then(|turn| {
                    self.kept.keep(turn, seq, glance);
                    self.kept.look(turn, seq, |it| look_at_kept(filter, counter, labels, speakers, it))
                });
                kept.unwrap_or_else(|| look_at(filter, counter, speakers, glance))
            })?,
        };
        if let Some(seen) = &mut seen {
            self.told.raise(seq, &mut seen.counts.of_terms);
        }
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

/// Notes who speaks.
fn note(speaker: &str, speakers: &mut HashSet<String>) {
    speakers.extend(speaker.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).map(str::to_lowercase));
}

fn look_at(
    filter: &MemoryFilter,
    counter: &mut Counter<'_>,
    speakers: &mut HashSet<String>,
    glance: &MemoryGlance<'_>,
) -> Seen {
    if let Some(speaker) = glance.speaker {
        note(speaker, speakers);
    }
    let speaker = glance.speaker.map_or(0, |it| counter.has(it));
    let tags = if glance.tags.len() > EMPTY.len() { counter.has(glance.tags) } else { 0 };
    seen(filter, glance, counter.count(glance.content), [speaker, tags], kept::place(glance))
}

/// The same of what is kept.
fn look_at_kept(
    filter: &MemoryFilter,
    counter: &mut Counter<'_>,
    labels: &mut HashMap<u32, u64, BuildHasherDefault<Hashed>>,
    speakers: &mut HashSet<String>,
    known: &Known<'_>,
) -> Seen {
    let glance = &known.glance;
    if let Some(speaker) = glance.speaker
        && !labels.contains_key(&known.speaker)
    {
        note(speaker, speakers);
    }
    let mut label = |number: u32, text: &str| *labels.entry(number).or_insert_with(|| counter.has(text));
    let speaker = glance.speaker.map_or(0, |it| label(known.speaker, it));
    let tags = if glance.tags.len() > EMPTY.len() { label(known.tags, glance.tags) } else { 0 };
    let counts = counter.count_entries(known.words, known.entries, known.outline);
    seen(filter, glance, counts, [speaker, tags], known.place)
}

fn seen(
    filter: &MemoryFilter,
    glance: &MemoryGlance<'_>,
    counts: Counts,
    [speaker, tags]: [u64; 2],
    place: Option<u64>,
) -> Seen {
    let meant = filter.means(glance);
    Seen {
        counts,
        speaker,
        tags,
        place,
        meant,
        superseded: glance.superseded && !meant && filter.means_at_some_time(glance),
        alive: glance.alive(filter.now),
        is_turn: glance.kind == TURN,
        importance: glance.importance as f32,
        at: glance.occurred_at.unwrap_or(glance.created_at),
    }
}

fn hit(seq: i64, around: &Around<'_>, signals: Signals) -> Hit {
    let bits = around.speaker | around.tags;
    let counts = around.own.of_terms.iter().enumerate();
    let holds = counts.filter(|it| *it.1 > 0.0 || bits & (1 << (it.0 & 63)) != 0).map(|it| it.0).collect();
    Hit { seq, signals, holds }
}

/// Best first; of equal ones the newest.
fn better(a: &Hit, b: &Hit) -> Ordering {
    b.signals.total().total_cmp(&a.signals.total()).then(b.seq.cmp(&a.seq))
}

/// The kind of what was said in a conversation.
const TURN: &str = "turn";

/// No tags.
const EMPTY: &str = "[]";
