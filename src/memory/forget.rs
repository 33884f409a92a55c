//! Deletes memories, for good.

use std::collections::HashSet;

use super::Memory;
use super::recall::Query;
use crate::clock;
use crate::redact;
use crate::store::Deletion;
use crate::store::Erased;
use crate::store::MemoryFilter;
use crate::store::StoreError;
use crate::store::Validity;
use crate::trace::Call;

/// Memories that one call may delete by filter; a second call goes on.
const AT_ONCE: usize = 10_000;

/// What was deleted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub ids: Vec<String>,
    /// Those of `ids` that were not named: each says the same as one that is, and stands hidden behind it.
    pub equal: usize,
    /// More that match the filters, but were replaced or have ended; they stay.
    pub passed_over: usize,
    /// How many went; 0 in a dry run.
    pub forgotten: usize,
    /// Whether more than one matched a filter and nobody had confirmed that; nothing went then.
    pub needs_confirmation: bool,
    /// Packs that quoted one of them, and hold a notice in its place now.
    pub packs: usize,
    /// Summaries that were made from one of them, and are gone.
    pub summaries: usize,
    /// Memories that hold again, for one of them had ended them.
    pub reopened: Vec<String>,
}

impl Memory {
    /// Deletes the memories with these ids. Unknown ids are passed over. In a dry run nothing goes.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; nothing is deleted then.
    pub async fn forget_ids(&self, ids: Vec<String>, dry_run: bool) -> Result<Forgotten, StoreError> {
        if dry_run {
            let rows = self.by_ids(self.store.with_equal(ids).await?).await?;
            return Ok(Forgotten { ids: rows.into_iter().map(|it| it.id).collect(), ..Forgotten::default() });
        }
        self.erase(ids, "forget", "asked for by id".to_owned()).await
    }

    /// Deletes what the filters of `query` mean (its words and limit are not used). More than one goes only when
    /// `confirm` is set.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; nothing is deleted then.
    pub async fn forget_matching(
        &self,
        query: &Query,
        dry_run: bool,
        confirm: bool,
        call: &Call,
    ) -> Result<Forgotten, StoreError> {
        let span = call.span("find what is meant");
        // What one user asks to forget must not take along what belongs to nobody, though that user sees it.
        let filter = MemoryFilter { own_only: true, ..self.filter(query) };
        let ids = self.store.memory_ids(filter.clone(), AT_ONCE).await?;
        span.note("found", ids.len());
        drop(span);
        if ids.len() > 1 && !confirm && !dry_run {
            return Ok(Forgotten { ids, needs_confirmation: true, ..Forgotten::default() });
        }
        let mut done = if dry_run {
            Forgotten { ids: self.store.with_equal(ids).await?, ..Forgotten::default() }
        } else {
            self.erase(ids, "forget", redact::redact(&format!("asked for by {}", described(query))).0).await?
        };
        if query.as_of.is_none() && !query.include_superseded {
            let all = MemoryFilter { validity: Validity::Any, ..filter };
            let mut left = self.store.memory_ids(all, AT_ONCE).await?;
            let gone: HashSet<&String> = done.ids.iter().chain(&done.reopened).collect();
            left.retain(|it| !gone.contains(it));
            done.passed_over = left.len();
        }
        Ok(done)
    }

    pub(super) async fn erase(&self, ids: Vec<String>, actor: &str, why: String) -> Result<Forgotten, StoreError> {
        let deletion = Deletion { at: self.clock.now(), actor: actor.to_owned(), why };
        let Erased { ids, equal, packs, summaries, reopened, .. } = self.store.forget(ids, deletion).await?;
        Ok(Forgotten { forgotten: ids.len(), ids, equal, packs, summaries, reopened, ..Forgotten::default() })
    }
}

/// The filters of a query in words, for the audit.
fn described(query: &Query) -> String {
    let view = &query.view;
    let list = |name: &str, of: &[String]| (!of.is_empty()).then(|| format!("{name} {}", of.join(", ")));
    let one = |name: &str, of: &Option<String>| of.as_ref().map(|it| format!("{name} {it}"));
    let time = |name: &str, of: Option<i64>| of.map(|it| format!("{name} {}", clock::format(it)));
    let parts = [
        Some(format!("namespace {}", view.namespace)),
        one("user_id", &view.user_id),
        one("persona", &view.persona),
        one("session_id", &view.session_id),
        list("kinds", &query.kinds),
        list("tags", &query.tags),
        time("since", query.since),
        time("until", query.until),
        time("as_of", query.as_of),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
