//! What this process knows of the changes of one workspace: when it was last looked through, what was told since, and what
//! has not been made sure of yet.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use super::Documents;
use super::open::change_ns;
use super::repository::shared;
use super::warm::Run;
use super::watch::Blind;
use super::watch::Eyes;
use super::watch::News;
use super::watch::can_watch;
use crate::store::FileRow;

/// Workspaces that one process watches: as many take half of what a user's programs may watch (watch.rs).
const WATCHED: usize = 4;

/// One workspace. Clones of the service share it.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) root: PathBuf,
    /// One call at a time looks: another one waits for what it brings in.
    pub(super) turn: tokio::sync::Mutex<Turn>,
    eyes: Mutex<Sight>,
    /// A run has begun to watch folders and did not come to its end.
    is_unsure: AtomicBool,
    /// The folders of the last whole walk, each with its time before it was listed.
    walked: Mutex<Vec<(String, i64)>>,
}

/// Whether a workspace is watched.
#[derive(Debug, Default)]
enum Sight {
    /// Not tried yet: a process that answers one question has no use for it.
    #[default]
    Not,
    On(Box<Eyes>),
    Off(Blind),
}

/// What is known between two calls.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) sweep: Option<Sweep>,
    pub(super) pending: Pending,
    /// What was told of while a run went on behind the answers, to be looked at once more after it.
    pub(super) beside: Pending,
    /// When the files were looked at last while a run went on that tells of nothing, and how long that rests.
    pub(super) rested: Option<(Instant, Duration)>,
    /// The files that everything was compared with last, by their paths, and their generation.
    pub(super) rows: Vec<Arc<FileRow>>,
    pub(super) generation: i64,
    /// What the last walk went by: included, excluded.
    pub(super) globs: (Vec<String>, Vec<String>),
    /// What outside of the watched folders says what is walked, as it was.
    pub(super) outside: Vec<Option<i64>>,
    /// A run behind the answers that looks at everything.
    pub(super) behind: Option<Run>,
    /// A call looks, or was cut off while it did.
    pub(super) is_open: bool,
}

/// When a workspace was looked through last, in this process.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    pub(super) at: Instant,
    pub(super) took: Duration,
    /// Files that were looked at.
    pub(super) files: usize,
    /// How long the walk took that it led to.
    pub(super) walk_took: Duration,
    /// The times of the folders then, and of what is looked at beside the files, in nanoseconds.
    pub(super) folders: HashMap<PathBuf, i64>,
    /// What is looked at beside the files.
    pub(super) beside: Arc<Vec<PathBuf>>,
}

/// What is to be made sure of. Nothing leaves it before it was seen as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) files: BTreeMap<String, Doubt>,
    pub(super) folders: BTreeSet<String>,
    pub(super) dropped: BTreeSet<String>,
    /// Folders that were new and are not noted yet.
    pub(super) new_folders: BTreeSet<String>,
    /// Everything is to be walked.
    pub(super) walk: bool,
}

/// What is doubted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// Whether its size and time are those that are known.
    Look,
    /// Its contents, whatever its size and time are.
    Read,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        *self == Pending::default()
    }

    pub(super) fn add(&mut self, news: News) {
        self.files.extend(news.files.into_iter().map(|it| (it, Doubt::Read)));
        self.folders.extend(news.folders);
        self.dropped.extend(news.dropped);
        self.walk |= news.rules || news.lost;
    }

    /// Takes over what another one holds; of two doubts the greater one stays.
    pub(super) fn join(&mut self, other: Pending) {
        for (path, doubt) in other.files {
            let known = self.files.entry(path).or_insert(doubt);
            *known = doubt.max(*known);
        }
        self.folders.extend(other.folders);
        self.dropped.extend(other.dropped);
        self.new_folders.extend(other.new_folders);
        self.walk |= other.walk;
    }

    /// How much there is to look at.
    pub(super) fn len(&self) -> usize {
        self.files.len() + self.folders.len()
    }
}

impl Track {
    fn new(root: &str) -> Track {
        Track {
            root: PathBuf::from(root),
            turn: tokio::sync::Mutex::default(),
            eyes: Mutex::default(),
            is_unsure: AtomicBool::new(false),
            walked: Mutex::default(),
        }
    }

    /// What was told since the last time; `None` where nothing is watched.
    pub(super) fn news(&self) -> Option<News> {
        let mut sight = self.eyes.lock().unwrap_or_else(PoisonError::into_inner);
        let Sight::On(eyes) = &mut *sight else { return None };
        let mut news = eyes.drain();
        news.lost |= !eyes.is_there();
        match eyes.failed() {
            // A folder that was moved meanwhile looks like one that is there twice: it is tried once more.
            Some(Blind::Twice) => news.lost = true,
            Some(why) => {
                news.lost = true;
                *sight = Sight::Off(why);
                return Some(news);
            }
            None => {}
        }
        if news.lost {
            *sight = Sight::Not;
        }
        Some(news)
    }

    /// Begins to watch; returns whether it does now.
    pub(super) fn open(&self, folders: &BTreeSet<String>) -> bool {
        // Without the lock, which runs want.
        let opened = Eyes::open(&self.root, folders);
        let mut sight = self.eyes.lock().unwrap_or_else(PoisonError::into_inner);
        *sight = opened.map_or_else(Sight::Off, |it| Sight::On(Box::new(it)));
        matches!(*sight, Sight::On(_))
    }

    pub(super) fn is_watched(&self) -> bool {
        matches!(*self.eyes.lock().unwrap_or_else(PoisonError::into_inner), Sight::On(_))
    }

    /// Whether it can be tried to watch.
    pub(super) fn may_watch(&self) -> bool {
        matches!(*self.eyes.lock().unwrap_or_else(PoisonError::into_inner), Sight::Not)
    }

    /// Why it is not watched, when that was found.
    pub(super) fn blind(&self) -> Option<Blind> {
        match &*self.eyes.lock().unwrap_or_else(PoisonError::into_inner) {
            Sight::Off(why) => Some(*why),
            _ => None,
        }
    }

    pub(super) fn do_not_watch(&self, why: Blind) {
        *self.eyes.lock().unwrap_or_else(PoisonError::into_inner) = Sight::Off(why);
    }

    /// As on a system that lets no more than `most` folders be watched.
    #[cfg(test)]
    pub(super) fn allow(&self, most: usize) {
        if let Sight::On(eyes) = &mut *self.eyes.lock().unwrap() {
            eyes.allow(most);
        }
    }

    /// Watches a folder that is about to be listed.
    pub(super) fn watch(&self, folder: &str) {
        if let Sight::On(eyes) = &mut *self.eyes.lock().unwrap_or_else(PoisonError::into_inner) {
            eyes.add(folder);
        }
    }

    pub(super) fn knows(&self, folder: &str) -> bool {
        match &*self.eyes.lock().unwrap_or_else(PoisonError::into_inner) {
            Sight::On(eyes) => eyes.knows(folder),
            _ => false,
        }
    }

    /// Notes that a run begins, which is doubted unless it says that it came to its end.
    pub(super) fn begin_run(self: &Arc<Track>) -> Running {
        Running { track: Arc::clone(self), is_whole: false }
    }

    pub(super) fn was_walked(&self, folders: Vec<(String, i64)>) {
        *self.walked.lock().unwrap_or_else(PoisonError::into_inner) = folders;
    }

    /// The folders of the last whole walk, given once.
    pub(super) fn walked(&self) -> Vec<(String, i64)> {
        std::mem::take(&mut *self.walked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a run was cut off, told once.
    pub(super) fn was_unsure(&self) -> bool {
        self.is_unsure.swap(false, Ordering::AcqRel)
    }
}

/// A run over the workspace.
pub(super) struct Running {
    track: Arc<Track>,
    is_whole: bool,
}

impl Running {
    pub(super) fn end(mut self, is_whole: bool) {
        self.is_whole = is_whole;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_whole {
            self.track.is_unsure.store(true, Ordering::Release);
        }
    }
}

impl Documents {
    /// How changes of a workspace are noticed by this process.
    pub fn noticing(&self, workspace: i64, root: &str) -> String {
        self.track(workspace, root).blind().map_or_else(|| noticing(Path::new(root)), told)
    }

    /// What is known of the changes of a workspace, begun anew for another root.
    pub(super) fn track(&self, workspace: i64, root: &str) -> Arc<Track> {
        let mut tracks = self.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(track) = tracks.get(&workspace).filter(|it| it.root == Path::new(root)) {
            return Arc::clone(track);
        }
        let track = Arc::new(Track::new(root));
        tracks.insert(workspace, Arc::clone(&track));
        track
    }

    /// Ends to watch a workspace.
    pub(super) fn forget(&self, workspace: i64) {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
        self.books.forget(workspace);
    }

    /// Whether one more workspace may be watched.
    pub(super) fn may_watch_another(&self) -> bool {
        let tracks = self.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        tracks.values().filter(|it| it.is_watched()).count() < WATCHED
    }
}

/// How changes below `root` are noticed by a process that serves it.
pub fn noticing(root: &Path) -> String {
    can_watch(root).map_or_else(told, |()| "watched".to_owned())
}

fn told(why: Blind) -> String {
    format!("looked at on each call: {}", why.text())
}

/// The times of what outside of the watched folders says what is walked: the rules of the folders above up to a repository,
/// and the repository's own.
pub(super) fn outside(root: &Path) -> Vec<Option<i64>> {
    let stamp = |path: PathBuf| std::fs::symlink_metadata(path).ok().map(|it| change_ns(&it));
    let mut stamps = Vec::new();
    for folder in root.ancestors() {
        let is_repository = folder.join(".git").exists();
        stamps.push(shared(folder).and_then(|it| stamp(it.join("info/exclude"))));
        if folder != root {
            stamps.extend([stamp(folder.join(".gitignore")), stamp(folder.join(".ignore"))]);
        }
        if is_repository {
            break;
        }
    }
    stamps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_come_to_its_end_leaves_a_doubt() {
        let track = Arc::new(Track::new("/w"));
        track.begin_run().end(true);
        assert!(!track.was_unsure());
        drop(track.begin_run());
        assert!(track.was_unsure() && !track.was_unsure());
        track.begin_run().end(false);
        assert!(track.was_unsure());
    }

    #[test]
    fn what_is_doubted_more_stays_so() {
        let mut pending = Pending::default();
        assert!(pending.is_empty());
        pending.files.insert("a".to_owned(), Doubt::Look);
        pending.add(News { files: BTreeSet::from(["a".to_owned()]), ..News::default() });
        assert_eq!(pending.files["a"], Doubt::Read);
        pending.add(News { lost: true, ..News::default() });
        assert!(pending.walk && pending.len() == 1);
    }

    #[test]
    fn the_rules_above_a_workspace_are_looked_at_up_to_its_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = dunce::canonicalize(dir.path()).unwrap().join("a/b");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::create_dir_all(dir.path().join(".git/info")).unwrap();
        let before = outside(&root);
        assert_eq!(before, outside(&root));
        std::fs::write(dir.path().join(".gitignore"), "x").unwrap();
        let with_rules = outside(&root);
        assert_ne!(before, with_rules);
        std::fs::write(dir.path().join(".git/info/exclude"), "y").unwrap();
        assert_ne!(with_rules, outside(&root));
        std::fs::create_dir(root.join(".git")).unwrap();
        assert_eq!(outside(&root).len(), 1);
    }
}
