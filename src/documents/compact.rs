//! Joins small segments: each file that is read again leaves a segment of its own, and a search looks into every one.

use std::collections::BTreeMap;

use super::Documents;
use super::DocumentsError;
use super::postings;
use crate::store::FileRow;

/// A segment with fewer pieces is small: joining sixteen of them takes some 50 ms.
const SMALL: u32 = 1_000;

/// So many small ones may be there: each costs a search some 2 µs a word.
pub(super) const SMALL_ONES: usize = 16;

impl Documents {
    /// Joins the small segments of a workspace when there are many.
    ///
    /// A file that another process reads again meanwhile is put back to its older text; its times are older, too, so the
    /// next look for changes brings the newer one in.
    pub(super) async fn compact(&self, workspace: i64) -> Result<(), DocumentsError> {
        let (_, files) = self.store.files(workspace).await?;
        let small = small_segments(files.iter());
        if small.len() <= SMALL_ONES {
            return Ok(());
        }
        let files = self.store.files_of_segments(small).await?;
        let joining = tokio::task::spawn_blocking(move || postings::segment(files));
        let joined = joining.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        Ok(self.store.put_segment(workspace, joined).await?)
    }
}

/// The segments with few living pieces, in the order of their ids.
pub(super) fn small_segments<'a>(files: impl Iterator<Item = &'a FileRow>) -> Vec<i64> {
    let mut pieces: BTreeMap<i64, u32> = BTreeMap::new();
    for file in files {
        *pieces.entry(file.segment_id).or_default() += file.chunks;
    }
    pieces.into_iter().filter(|it| it.1 < SMALL).map(|it| it.0).collect()
}
