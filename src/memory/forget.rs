//! Deletes memories, for good.

use super::Memory;
use super::recall::Query;
use crate::store::MemoryFilter;
use crate::store::StoreError;
use crate::trace::Call;

/// Memories that one call may delete by filter; a second call goes on.
const AT_ONCE: usize = 10_000;

/// What was deleted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub ids: Vec<String>,
    /// How many went; 0 in a dry run.
    pub forgotten: usize,
    /// Whether more than one matched a filter and nobody had confirmed that; nothing went then.
    pub needs_confirmation: bool,
}

impl Memory {
    /// Deletes the memories with these ids. Unknown ids are passed over. In a dry run nothing goes.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; nothing is deleted then.
    pub async fn forget_ids(&self, ids: Vec<String>, dry_run: bool) -> Result<Forgotten, StoreError> {
        if dry_run {
            let rows = self.by_ids(ids).await?;
            return Ok(Forgotten { ids: rows.into_iter().map(|it| it.id).collect(), ..Forgotten::default() });
        }
        let ids = self.store.forget(ids).await?;
        Ok(Forgotten { forgotten: ids.len(), ids, needs_confirmation: false })
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
        let ids = self.store.memory_ids(filter, AT_ONCE).await?;
        span.note("found", ids.len());
        drop(span);
        if dry_run {
            return Ok(Forgotten { ids, ..Forgotten::default() });
        }
        if ids.len() > 1 && !confirm {
            return Ok(Forgotten { ids, forgotten: 0, needs_confirmation: true });
        }
        self.forget_ids(ids, false).await
    }
}
