//! Answers questions for a time and nothing else: `what happened yesterday?`, `what is on today?`.

use super::Memory;
use super::find::Hit;
use super::planned::past;
use super::planned::planned;
use super::recall::Next;
use super::recall::Page;
use super::recall::Query;
use crate::clock::Millis;
use crate::dates;
use crate::dates::Mention;
use crate::search;
use crate::search::Signals;
use crate::search::Tense;
use crate::store::MemoryReader;
use crate::store::MemoryRow;
use crate::store::StoreError;
use crate::trace::Call;

/// A question for a time alone.
struct Asked {
    /// What it names, as the latest: `on Friday` is the last one.
    times: Vec<Mention>,
    /// The same as the next, of plans; empty when it asks for what was.
    ahead: Vec<Mention>,
    tense: Tense,
}

impl Asked {
    /// `None` when `query` asks for more than a time, or for none.
    fn read(query: &str, now: Millis) -> Option<Asked> {
        let ahead = dates::find_ahead(query, now);
        let mut times = dates::find(query, now);
        if times.is_empty() {
            // `in two weeks`, `28/11`.
            times.clone_from(&ahead);
        }
        if !search::asks_for_a_time(query, &times) {
            return None;
        }
        let tense = search::tense(query, &times);
        Some(Asked { ahead: if tense == Tense::Past { Vec::new() } else { ahead }, times, tense })
    }

    /// Whether what happened or was learned then is an answer beside `plans`: what was learned on the last Friday is no plan
    /// for the next one.
    fn takes_others(&self, plans: &[i64]) -> bool {
        plans.is_empty() || self.tense == Tense::Open && self.ahead == self.times
    }
}

/// A row with its number.
type Numbered = (i64, MemoryRow);

impl Memory {
    /// What is of the time that `query` names when it asks for nothing else: first what memories say of it, then what happened or was learned then, the latest first. `None` when it asks for more, or nothing is of that
    /// time.
    pub(super) async fn of_a_time(&self, query: &Query, call: &Call) -> Result<Option<Page>, StoreError> {
        let now = query.as_of.unwrap_or_else(|| self.clock.now());
        let Some(asked) = Asked::read(&query.query, now) else { return Ok(None) };
        let mut plans = self.plans(query, &asked.ahead, now, call).await?;
        let takes_others = asked.takes_others(&plans);
        if plans.is_empty() && asked.tense != Tense::Planned {
            plans = self.past(query, &asked.times, now, call).await?;
        }
        // A page that goes on among the best goes on there.
        if query.offset > 0 && query.offset >= plans.len() || plans.is_empty() && asked.tense == Tense::Planned {
            return Ok(None);
        }
        let shown = if query.behind.is_some() { 0 } else { plans.len() };
        let here: Vec<i64> = plans.iter().copied().take(shown).skip(query.offset).take(query.limit).collect();
        let room = query.limit - here.len();
        let more_plans = shown > query.offset + here.len();
        let others = if !more_plans && takes_others {
            self.others(query, &asked.times, &plans, room.saturating_add(1), call).await?
        } else {
            Vec::new()
        };
        if here.is_empty() && others.is_empty() && query.behind.is_none() {
            return Ok(None);
        }
        let next = if more_plans {
            Some(Next::Offset(query.offset.saturating_add(query.limit)))
        } else {
            behind(&others, room)
        };
        let mut rows = self.numbered(query, here, call).await?;
        rows.extend(plans_first(others, room));
        Ok(Some(page(rows, plans.iter().take(query.offset).copied(), next)))
    }

    /// What memories say of `times`, which are to come; empty when they are past.
    async fn plans(&self, query: &Query, times: &[Mention], now: Millis, call: &Call) -> Result<Vec<i64>, StoreError> {
        if times.iter().all(|it| it.until.is_some_and(|it| it <= now)) {
            return Ok(Vec::new());
        }
        let times = times.to_vec();
        let read = move |reader: &MemoryReader<'_>| planned(reader, &times, now);
        self.store.search_memories(self.filter(query), call.cancelled(), read).await
    }

    /// What memories say of the days of `times` that are past.
    async fn past(&self, query: &Query, times: &[Mention], now: Millis, call: &Call) -> Result<Vec<i64>, StoreError> {
        let times = times.to_vec();
        let read = move |reader: &MemoryReader<'_>| past(reader, &times, now);
        self.store.search_memories(self.filter(query), call.cancelled(), read).await
    }

    /// What happened or was learned at `times` besides `plans`, the latest first; `most` or more when there are so many.
    async fn others(
        &self,
        query: &Query,
        times: &[Mention],
        plans: &[i64],
        most: usize,
        call: &Call,
    ) -> Result<Vec<Numbered>, StoreError> {
        let (most, behind) = (most.saturating_add(plans.len()), query.behind);
        let read = move |reader: &MemoryReader<'_>| reader.latest(most, behind);
        let mut others = self.store.search_memories(self.filter(&query.within(times)), call.cancelled(), read).await?;
        others.retain(|it| !plans.contains(&it.0));
        Ok(others)
    }

    async fn numbered(&self, query: &Query, seqs: Vec<i64>, call: &Call) -> Result<Vec<Numbered>, StoreError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let read = move |reader: &MemoryReader<'_>| reader.rows(&seqs);
        self.store.search_memories(self.filter(query), call.cancelled(), read).await
    }
}

/// Where the page after the first `room` of `others` begins.
fn behind(others: &[Numbered], room: usize) -> Option<Next> {
    let last = others.get(..room).filter(|_| others.len() > room)?.last();
    let of_row = |(seq, row): &Numbered| Next::Behind(row.occurred_at.unwrap_or(row.created_at), *seq);
    Some(last.map_or(Next::Behind(Millis::MAX, i64::MAX), of_row))
}

/// The first `room` of `others`, and of those the plans first: what was told before it happens is one.
fn plans_first(mut others: Vec<Numbered>, room: usize) -> Vec<Numbered> {
    others.truncate(room);
    others.sort_by_key(|(_, row)| row.occurred_at.is_none_or(|it| it <= row.created_at));
    others
}

/// A page of `rows`; `before` are on the pages before it.
fn page(rows: Vec<Numbered>, before: impl Iterator<Item = i64>, next: Option<Next>) -> Page {
    let signals = Signals { time: 1.0, ..Signals::default() };
    let seqs = before.chain(rows.iter().map(|it| it.0));
    let hits = seqs.map(|seq| Hit { seq, signals, holds: Vec::new() }).collect();
    let rows = rows.into_iter().map(|it| it.1).collect();
    Page { hits, rows, words: Vec::new(), next, unfound: None, vectors: true, summary: None }
}
