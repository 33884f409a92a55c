//! Removes workspaces from the index and gives their room back.

use std::path::PathBuf;

use super::Documents;
use super::DocumentsError;

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Their roots.
    pub roots: Vec<String>,
    pub files: usize,
    /// Paths at which nothing is indexed.
    pub unknown: Vec<PathBuf>,
    /// The size of the index file and its log before and after.
    pub before_bytes: u64,
    pub after_bytes: u64,
}

impl Documents {
    /// Removes the workspaces whose roots are these folders, there or not any more, and writes the index file anew
    /// without them. The folders themselves are not touched.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Store`]; what was removed before stays removed.
    pub async fn remove(&self, folders: &[PathBuf]) -> Result<Removed, DocumentsError> {
        let mut removed = Removed::default();
        let workspaces = self.store.workspaces().await?;
        for folder in folders {
            let folder = self.working_folder.join(folder);
            let real = dunce::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
            let is_it = |root: &str| [&real, &folder].iter().any(|it| it.as_path() == std::path::Path::new(root));
            match workspaces.iter().find(|it| is_it(&it.root)) {
                Some(it) => {
                    self.store.remove_workspace(it.id).await?;
                    self.forget(it.id);
                    removed.files += usize::try_from(it.files).unwrap_or(0);
                    removed.roots.push(it.root.clone());
                }
                None => removed.unknown.push(folder),
            }
        }
        if !removed.roots.is_empty() {
            let written = self.store.shrink().await?;
            (removed.before_bytes, removed.after_bytes) = (written.before_bytes, written.after_bytes);
        }
        Ok(removed)
    }
}
