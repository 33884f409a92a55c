//! Reads files of a workspace anew, and puts what they hold now in the place of what was known.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Documents;
use super::DocumentsError;
use super::SkipReason;
use super::catalog::Catalog;
use super::compact::SMALL_ONES;
use super::compact::small_segments;
use super::index::cut;
use super::postings;
use super::read::DEFAULT_MAX_FILE_BYTES;
use super::read::read;
use crate::store::FileRow;
use crate::store::GenerationRow;
use crate::store::NewFile;

/// A file that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) path: String,
    /// What is indexed of it.
    pub(super) known: Option<Arc<FileRow>>,
}

impl Wanted {
    pub(super) fn of(row: &Arc<FileRow>) -> Wanted {
        Wanted { path: row.path.clone(), known: Some(Arc::clone(row)) }
    }
}

impl Documents {
    /// Reads changed files anew.
    pub(super) async fn take_in(
        &self,
        workspace: &GenerationRow,
        catalog: &Catalog,
        wanted: Vec<Wanted>,
    ) -> Result<Taken, DocumentsError> {
        if wanted.is_empty() {
            return Ok(Taken::default());
        }
        let root = PathBuf::from(&catalog.root);
        let reading = tokio::task::spawn_blocking(move || reread(&root, wanted));
        let Reread { files, touched, gone, skipped, unreadable } =
            reading.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let has_changed = !files.is_empty() || !touched.is_empty() || !gone.is_empty();
        if !touched.is_empty() {
            self.store.touch_files(workspace.id, touched).await?;
        }
        self.store.remove_files(workspace.id, gone).await?;
        if !files.is_empty() {
            self.store.put_segment(workspace.id, postings::segment(files)).await?;
            // Large ones are never joined; reading all rows to learn that costs as much as all the rest.
            if small_segments(catalog.files.iter().map(|it| &*it.row)).len() >= SMALL_ONES {
                self.compact(workspace.id).await?;
            }
        }
        Ok(Taken { has_changed, skipped, unreadable })
    }
}

/// What bringing changed files in came to.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) has_changed: bool,
    /// Those that are not worth indexing.
    pub(super) skipped: Vec<(String, SkipReason)>,
    /// Those that cannot be read at the moment.
    pub(super) unreadable: Vec<String>,
}

/// What reading files again came to.
#[derive(Default)]
struct Reread {
    files: Vec<NewFile>,
    touched: Vec<(i64, i64, i64)>,
    gone: Vec<i64>,
    skipped: Vec<(String, SkipReason)>,
    unreadable: Vec<String>,
}

fn reread(root: &Path, wanted: Vec<Wanted>) -> Reread {
    let mut found = Reread::default();
    for Wanted { path, known } in wanted {
        found.read(root, path, known.as_deref());
    }
    super::paper::apart::rest();
    found
}

impl Reread {
    fn read(&mut self, root: &Path, path: String, known: Option<&FileRow>) {
        match read(&root.join(&path), DEFAULT_MAX_FILE_BYTES) {
            Ok(text) => {
                let size = i64::try_from(text.size_bytes).unwrap_or(i64::MAX);
                match known.filter(|it| it.hash == text.hash.as_bytes()) {
                    Some(known) if (known.size_bytes, known.mtime_ns) == (size, text.mtime_ns) => {}
                    Some(known) => self.touched.push((known.id, size, text.mtime_ns)),
                    None => {
                        let mtime_ns = text.mtime_ns;
                        self.files.push(cut(path, size, mtime_ns, text));
                    }
                }
            }
            // It may be there again in a moment; until then its old text is better than none.
            Err(SkipReason::Unreadable) if known.is_some() => self.unreadable.push(path),
            Err(reason) => {
                self.gone.extend(known.map(|it| it.id));
                if reason != SkipReason::Gone {
                    self.skipped.push((path, reason));
                }
            }
        }
    }
}
