//! Finds the memories that answer a question, best first.

use super::Memory;
use crate::clock::Millis;
use crate::redact;
use crate::scope::View;
use crate::search;
use crate::store::MemoryFilter;
use crate::store::MemoryMatch;
use crate::store::MemoryRow;
use crate::store::StoreError;
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
}

/// A memory that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recollection {
    pub row: MemoryRow,
    /// 0.0..1.0, higher is better; 0 when nothing was searched for.
    pub score: f64,
    /// The words of the query that it holds.
    pub matched: Vec<String>,
}

impl Recollection {
    /// Why it is here, in a few words.
    pub fn why(&self) -> String {
        match (self.matched.is_empty(), self.score > 0.0) {
            (false, _) => format!("words: {}", self.matched.join(", ")),
            (true, true) => "words of the query, by their stems".to_owned(),
            (true, false) => "newest first: the query has no words to search for".to_owned(),
        }
    }
}

/// What a [`Query`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    pub memories: Vec<Recollection>,
    /// The offset of the next page; `None` when there is no more.
    pub next_offset: Option<usize>,
    /// The words that were searched for.
    pub words: Vec<String>,
}

impl Memory {
    /// Finds what `query` means. Nothing found is an empty list.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; [`StoreError::Cancelled`] when the call was.
    pub async fn recall(&self, query: &Query, call: &Call) -> Result<Recalled, StoreError> {
        let span = call.span("search memory");
        let words = search::query_words(&query.query);
        let filter = self.filter(query);
        let found = self
            .store
            .search_memories(words.clone(), filter, query.limit + 1, query.offset, call.cancelled())
            .await
            .inspect_err(|err| span.fail(err))?;
        let more = found.len() > query.limit;
        span.note("words", search::query_words(&redact::redact(&query.query).0));
        span.note("found", found.len().min(query.limit));
        let bm25: Vec<f64> = found.iter().map(|it| it.bm25).collect();
        let mut memories: Vec<Recollection> =
            found.into_iter().take(query.limit).map(|it| recollect(it, &words)).collect();
        let best_holds = memories.first().map_or(0, |it| it.matched.len());
        for (memory, score) in memories.iter_mut().zip(search::scores(&bm25, best_holds, words.len())) {
            memory.score = score;
        }
        Ok(Recalled { memories, next_offset: more.then(|| query.offset.saturating_add(query.limit)), words })
    }

    /// The memories with these ids, in that order; unknown ones are left out.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn by_ids(&self, ids: Vec<String>) -> Result<Vec<MemoryRow>, StoreError> {
        self.store.memories_by_id(ids, self.clock.now()).await
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

/// A memory with the words of the query that it holds, not yet scored.
fn recollect(found: MemoryMatch, words: &[String]) -> Recollection {
    let row = found.row;
    let speaker = row.speaker.as_deref().unwrap_or_default();
    let matched = search::matched(words, &format!("{} {speaker} {}", row.content, row.tags.join(" ")));
    Recollection { row, score: 0.0, matched }
}
