//! What is looked at for changes beside the indexed files: files that were passed over for what was in them, and folders
//! without an indexed file.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use super::Documents;
use super::DocumentsError;
use super::index::SKIPPED;
use super::skip::SkipReason;
use super::skip::file_by_name;
use crate::clock::Millis;

/// Paths that are kept: a look at so many takes 20 ms. What is past them is seen by the next walk.
const MOST: usize = 20_000;

/// What the store keeps as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beside {
    /// When the last run over the whole workspace began; what changed later has not been seen.
    pub(super) since: Millis,
    /// Relative; a folder ends in a slash.
    pub(super) paths: BTreeSet<String>,
}

impl Beside {
    pub(super) fn read(text: &str) -> Beside {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Adds a path, as long as there is room.
    pub(super) fn add(&mut self, path: &str) {
        if self.paths.len() < MOST && !path.is_empty() && !self.paths.contains(path) {
            self.paths.insert(path.to_owned());
        }
    }

    /// Whether there may be more than is kept.
    pub(super) fn is_full(&self) -> bool {
        self.paths.len() >= MOST
    }

    /// The same below `root`.
    pub(super) fn below(&self, root: &Path) -> Vec<PathBuf> {
        self.paths.iter().map(|it| root.join(it.trim_end_matches('/'))).collect()
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str).filter(|it| it.ends_with('/'))
    }
}

/// Whether the reason for which `path` was passed over may end while its folder stays as it is.
pub(super) fn may_end(path: &str, reason: SkipReason) -> bool {
    use SkipReason as Why;
    let is_content = match reason {
        Why::Binary | Why::Secret | Why::TooLarge | Why::Generated | Why::NotUtf8 => true,
        Why::Unreadable | Why::Empty | Why::Damaged | Why::Unpacks | Why::TooSlow => true,
        Why::Vendored | Why::Symlink | Why::SymlinkOutside | Why::SpecialFile | Why::PathNotText => false,
        Why::OtherFilesystem | Why::Private | Why::Gone => false,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    // Folders end in a slash; those that may not be listed may be, once.
    is_content && if name.is_empty() { reason == Why::Unreadable } else { file_by_name(name).is_none() }
}

impl Documents {
    /// Notes what was passed over of those paths of a workspace that were looked at just now, and the folders that are new.
    pub(super) async fn note_passed_over(
        &self,
        workspace: i64,
        was_looked_at: impl Fn(&str) -> bool,
        passed_over: Vec<(String, SkipReason)>,
        folders: Vec<String>,
    ) -> Result<Beside, DocumentsError> {
        let mut skipped = self.store.skipped(workspace).await?;
        let before = Beside::read(&self.store.beside(workspace).await?);
        let mut beside = before.clone();
        beside.paths.retain(|it| it.ends_with('/') || !was_looked_at(it));
        for (path, _) in passed_over.iter().filter(|it| may_end(&it.0, it.1)) {
            beside.add(path);
        }
        folders.iter().for_each(|it| beside.add(it));
        let known: BTreeSet<(String, String)> = skipped.iter().cloned().collect();
        skipped.retain(|it| !was_looked_at(&it.0));
        skipped.extend(passed_over.into_iter().map(|it| (it.0, it.1.text().to_owned())));
        skipped.truncate(SKIPPED);
        if beside != before || known != skipped.iter().cloned().collect() {
            let skipped = serde_json::to_string(&skipped).unwrap_or_else(|_| "[]".to_owned());
            self.store.note_skipped(workspace, skipped, beside.write()).await?;
        }
        Ok(beside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_passed_over_for_its_content_may_end_in_its_place() {
        assert!(may_end("a/b.rs", SkipReason::Generated) && may_end("b.txt", SkipReason::Binary));
        assert!(may_end("a/", SkipReason::Unreadable) && may_end("a.rs", SkipReason::TooLarge));
        assert!(!may_end("a/b.png", SkipReason::Binary) && !may_end("Cargo.lock", SkipReason::Generated));
        assert!(!may_end("node_modules/", SkipReason::Vendored) && !may_end("a", SkipReason::Symlink));
    }

    #[test]
    fn it_is_read_as_it_was_written_and_nothing_is_nothing() {
        let mut beside = Beside { since: 7, ..Beside::default() };
        ["a/", "b.rs", "", "b.rs"].iter().for_each(|it| beside.add(it));
        assert_eq!(Beside::read(&beside.write()), beside);
        assert_eq!(beside.below(Path::new("/w")), [Path::new("/w/a"), Path::new("/w/b.rs")]);
        assert_eq!(Beside::read(""), Beside::default());
    }
}
