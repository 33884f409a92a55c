//! The summary that stands beside an answer: of the session that most of the best are of, or of what a question about the
//! whole of a session or a time means.

use super::Memory;
use super::consolidate::EXTRACTIVE;
use super::find::Hit;
use super::recall::Page;
use super::recall::Query;
use super::summary;
use crate::dates;
use crate::meaning;
use crate::scope::Owner;
use crate::search;
use crate::store::MemoryRow;
use crate::store::SessionEntry;
use crate::store::StoreError;
use crate::trace::Call;

/// A summary that belongs to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    pub content: String,
    /// `extractive`, or the model that wrote it.
    pub made_by: String,
    /// The session that it is of; `None` when it is of several.
    pub session_id: Option<String>,
    /// Ids of the turns and memories that it quotes, in order.
    pub sources: Vec<String>,
    /// Its sentences, each with the id of the entry that says it; none when a model wrote it.
    pub quotes: Vec<(String, String)>,
    /// Entries that it is made of.
    pub covers: usize,
    /// Whether the question asked for it.
    pub asked: bool,
    /// Why it reads like orders to a model; mostly nothing.
    pub flags: Vec<String>,
}

/// The best of an answer that are looked at, and how many of them are of one session that is shown as a whole: most.
const BEST: usize = 5;
const OF_ONE_SESSION: usize = 3;

/// The newest memories of a named time that are summed up.
const OF_A_TIME: usize = 400;

/// The session that most of the best are of; `hits` are what was found, in the order of `rows`. What only stands beside
/// something that was found does not count.
pub(super) fn crowded<'a>(rows: &'a [MemoryRow], hits: &[Hit]) -> Option<&'a Owner> {
    let best = || rows.iter().zip(hits).take(BEST).filter(|it| !it.1.holds.is_empty()).map(|it| &it.0.owner);
    let of = |owner: &Owner| best().filter(|it| *it == owner).count();
    best().filter(|it| it.session_id.is_some()).find(|it| of(it) >= OF_ONE_SESSION)
}

impl Query {
    /// Whether a summary can belong to its answer: one of kinds, of tags or of another time is no session as it is kept.
    pub(super) fn takes_overview(&self) -> bool {
        self.offset == 0
            && self.kinds.is_empty()
            && self.tags.is_empty()
            && self.as_of.is_none()
            && !self.include_superseded
    }

    pub(super) fn is_of_all_times(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
}

impl Memory {
    /// The summary that belongs to the answer of `query`, if any.
    pub(super) async fn overview(
        &self,
        query: &Query,
        page: &mut Page,
        call: &Call,
    ) -> Result<Option<Overview>, StoreError> {
        let kept = page.summary.take();
        if !query.takes_overview() {
            return Ok(None);
        }
        if search::asks_for_the_whole(&query.query) {
            return self.of_the_whole(query, page, call).await;
        }
        Ok(kept.map(|it| Overview {
            covers: usize::try_from(it.covers).unwrap_or(0),
            flags: flags(&it.content),
            content: it.content,
            made_by: it.made_by,
            session_id: it.owner.session_id,
            sources: it.sources,
            quotes: Vec::new(),
            asked: false,
        }))
    }

    /// Of what was said in the time that the question names, else of the session that its words lead to, else of the
    /// last one.
    async fn of_the_whole(&self, query: &Query, page: &Page, call: &Call) -> Result<Option<Overview>, StoreError> {
        let now = self.clock.now();
        let named = dates::find(&query.query, now).into_iter().next();
        if named.is_some() || !query.is_of_all_times() {
            let (since, until) = named.map_or((None, None), |it| (it.since, it.until));
            let later = |a: Option<i64>, b: Option<i64>| a.max(b);
            let earlier = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
            let (since, until) = (later(query.since, since), earlier(query.until, until));
            let filter = self.filter(&Query { since, until, ..query.clone() });
            let rows =
                self.store.search_memories(filter, call.cancelled(), |reader| reader.newest(OF_A_TIME, None)).await?;
            let mut rows: Vec<MemoryRow> = rows.into_iter().map(|it| it.1).collect();
            rows.sort_by(|a, b| (at(a), &a.id).cmp(&(at(b), &b.id)));
            let first = rows.first().map(|it| it.owner.session_id.clone());
            let session_id = first.filter(|it| rows.iter().all(|row| row.owner.session_id == *it)).flatten();
            let entries: Vec<SessionEntry> = rows.into_iter().map(entry).collect();
            return Ok(of_entries(&entries, session_id));
        }
        let owner = match most_of(&page.rows) {
            Some(owner) => Some(owner),
            None => {
                let filter = self.filter(query);
                let newest =
                    self.store.search_memories(filter, call.cancelled(), |reader| reader.newest(1, None)).await?;
                newest.into_iter().next().map(|it| it.1.owner).filter(|it| it.session_id.is_some())
            }
        };
        let Some(owner) = owner else { return Ok(None) };
        self.session_overview(owner).await
    }

    /// The session of `owner` in short: by a model where one has summed it up and all that it used still holds, else by
    /// its own sentences, of what it holds now. `None` when it has too little.
    async fn session_overview(&self, owner: Owner) -> Result<Option<Overview>, StoreError> {
        let entries = self.session_entries(owner.clone()).await?;
        let by_model = self.summary(owner.clone()).await?.filter(|it| it.made_by != EXTRACTIVE);
        let holds = |id: &String| entries.iter().any(|it| it.id == *id);
        Ok(match by_model.filter(|it| it.sources.iter().all(holds)) {
            Some(it) => Some(Overview {
                flags: flags(&it.content),
                content: it.content,
                made_by: it.made_by,
                session_id: owner.session_id,
                sources: it.sources,
                quotes: Vec::new(),
                covers: usize::try_from(it.covers).unwrap_or(0),
                asked: true,
            }),
            None => of_entries(&entries, owner.session_id),
        })
    }
}

fn at(row: &MemoryRow) -> i64 {
    row.occurred_at.unwrap_or(row.created_at)
}

fn entry(row: MemoryRow) -> SessionEntry {
    let at = at(&row);
    SessionEntry { id: row.id, speaker: row.speaker.unwrap_or(row.kind), text: row.content, at }
}

fn of_entries(entries: &[SessionEntry], session_id: Option<String>) -> Option<Overview> {
    summary::summarise(entries).map(|it| Overview {
        flags: flags(&it.text),
        content: it.text,
        made_by: EXTRACTIVE.to_owned(),
        session_id,
        sources: it.sources,
        quotes: it.quotes,
        covers: entries.len(),
        asked: true,
    })
}

/// The session that the most rows are of; of equals the one of the better row.
fn most_of(rows: &[MemoryRow]) -> Option<Owner> {
    let owners = || rows.iter().map(|it| &it.owner).filter(|it| it.session_id.is_some());
    let of = |owner: &Owner| owners().filter(|it| *it == owner).count();
    // The last of equals wins, so the better ones come last.
    rows.iter().rev().map(|it| &it.owner).filter(|it| it.session_id.is_some()).max_by_key(|it| of(it)).cloned()
}

/// Why a text reads like orders to a model; mostly nothing.
pub fn flags(text: &str) -> Vec<String> {
    meaning::suspicions(text).into_iter().map(|it| it.name().to_owned()).collect()
}
