//! Notices what changed in a workspace since it was indexed, and brings it in before a question is answered.
//!
//! Every file that is known costs a stat, every folder of one another. Changed files are read at once when they are few;
//! a folder that gained or lost something has the workspace walked again. What would take longer is left to
//! `index_workspace`, and the hits that it touches are marked stale.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::SkipReason;
use super::catalog::Catalog;
use super::catalog::Entry;
use super::compact::SMALL_ONES;
use super::compact::small_segments;
use super::index::IndexRequest;
use super::index::cut;
use super::open::mtime_ns;
use super::postings;
use super::read::DEFAULT_MAX_FILE_BYTES;
use super::read::read;
use crate::store::GenerationRow;
use crate::store::NewFile;
use crate::trace::Call;

/// Changed files and their bytes that are read before the answer: some 50 ms.
const AT_ONCE_FILES: usize = 64;
const AT_ONCE_BYTES: u64 = 1 << 20;

/// A sweep is not made again before so many times as long as it took: a workspace of 200,000 files takes 0.3 s.
const REST: u32 = 4;

/// A workspace with fewer files is swept at every call, however busy the machine is: 4,000 files take some 5 ms of CPU, and
/// an answer from before a change is worse than a late one.
const SWEPT_ALWAYS: usize = 10_000;

/// A sweep of more files that takes less is made at every call, too.
const QUICK: Duration = Duration::from_millis(60);

/// Threads that look at files at the same time, and the files from which on they are worth their start.
const LOOKERS: usize = 4;
const LOOKED_AT: usize = 1_000;

/// A workspace with more files is walked behind the answer.
const WALKED_AT_ONCE: usize = 20_000;

/// Files and folders that were passed over and are looked at all the same: a repository has some hundreds of empty files.
const WATCHED: usize = 1_000;

/// A walk that took longer than this the last time is not made before an answer.
const WALK_PATIENCE: Duration = Duration::from_millis(500);

/// When a workspace was looked through last, in this process.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    at: Instant,
    took: Duration,
    /// Files that were looked at.
    files: usize,
    /// How long the walk took that it led to.
    walk_took: Duration,
    /// The times of the folders then, and of what is watched, in nanoseconds.
    folders: HashMap<PathBuf, i64>,
    /// What was passed over for a reason that may end without a change of its folder.
    watched: Arc<Vec<PathBuf>>,
}

/// What a sweep saw.
#[derive(Debug, Default)]
struct Seen {
    /// Positions in the catalog, with the bytes that the file has now.
    changed: Vec<(usize, u64)>,
    /// Ids of files that are gone.
    gone: Vec<i64>,
    folders: HashMap<PathBuf, i64>,
}

impl Documents {
    /// Brings in what changed in the workspace; returns whether its generation did. Failures leave it as it is.
    pub(super) async fn refresh(&self, workspace: &GenerationRow, call: &Call) -> Result<bool, DocumentsError> {
        if !self.refreshes || !workspace.is_complete {
            return Ok(false);
        }
        let last = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace.id).cloned();
        let rests = |it: &Sweep| it.files > SWEPT_ALWAYS && it.took > QUICK && it.at.elapsed() < it.took * REST;
        if last.as_ref().is_some_and(rests) {
            return Ok(false);
        }
        let span = call.span("look for changes");
        let catalog = self.catalog(workspace, call).await?;
        let watched = match &last {
            Some(last) => Arc::clone(&last.watched),
            None => self.watched(workspace).await?,
        };
        let started = Instant::now();
        let swept = {
            let (catalog, watched) = (catalog.clone(), Arc::clone(&watched));
            tokio::task::spawn_blocking(move || {
                let mut seen = sweep(&catalog);
                seen.folders.extend(stamps(&watched));
                seen
            })
        };
        let seen = swept.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let took = started.elapsed();
        span.note("changed", seen.changed.len());
        span.note("gone", seen.gone.len());
        let since = |folder: &PathBuf, time: i64| match &last {
            Some(last) => last.folders.get(folder) != Some(&time),
            // The times of files are coarser than ours: what changed within two seconds before counts as after.
            None => time / 1_000_000 > workspace.indexed_at - 2_000,
        };
        let mut is_shifted = !seen.gone.is_empty() || seen.folders.iter().any(|(folder, time)| since(folder, *time));
        let files = catalog.files.len();
        let mut next = Sweep { at: started, took, files, walk_took: Duration::ZERO, folders: seen.folders, watched };
        let last_walk = last.map_or(Duration::ZERO, |it| it.walk_took);
        next.walk_took = last_walk;
        let mut has_changed = false;
        let bytes: u64 = seen.changed.iter().map(|it| it.1).sum();
        let is_much = seen.changed.len() > AT_ONCE_FILES || bytes > AT_ONCE_BYTES;
        let walks_long = last_walk >= WALK_PATIENCE || catalog.files.len() > WALKED_AT_ONCE;
        if !is_much && !seen.changed.is_empty() {
            let taken = self.take_in(workspace, &catalog, &seen.changed).await?;
            has_changed |= taken.has_changed;
            // What is passed over from now on is noted by a walk, so that it is watched.
            is_shifted |= taken.passed_over;
        }
        if is_much || is_shifted && walks_long {
            self.look_through_behind(workspace, call).await?;
            // What it has written until now is looked at.
            has_changed = true;
        }
        if is_shifted && !walks_long {
            let started = Instant::now();
            has_changed |= self.walk_again(workspace, call).await?;
            next.walk_took = started.elapsed();
            next.watched = self.watched(workspace).await?;
            next.folders.extend(stamps(&next.watched));
        } else if !seen.gone.is_empty() {
            self.store.remove_files(workspace.id, seen.gone).await?;
            has_changed = true;
        }
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace.id, next);
        Ok(has_changed)
    }

    /// What the last walk passed over for a reason that may end without a change of its folder: an empty file is written to,
    /// a file or folder may be read again.
    async fn watched(&self, workspace: &GenerationRow) -> Result<Arc<Vec<PathBuf>>, DocumentsError> {
        let ends = [SkipReason::Empty.text(), SkipReason::Unreadable.text()];
        let skipped = self.store.skipped(workspace.id).await?;
        let root = Path::new(&workspace.root);
        let watched = skipped.iter().filter(|it| ends.contains(&it.1.as_str())).take(WATCHED);
        Ok(Arc::new(watched.map(|it| root.join(&it.0)).collect()))
    }

    /// Reads changed files anew.
    async fn take_in(
        &self,
        workspace: &GenerationRow,
        catalog: &Catalog,
        changed: &[(usize, u64)],
    ) -> Result<Taken, DocumentsError> {
        let root = PathBuf::from(&catalog.root);
        let known: Vec<(i64, String, Vec<u8>)> = changed
            .iter()
            .filter_map(|(at, _)| catalog.files.get(*at))
            .map(|it| (it.row.id, it.row.path.clone(), it.row.hash.clone()))
            .collect();
        let reading = tokio::task::spawn_blocking(move || reread(&root, known));
        let Reread { files, touched, gone } = reading.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let passed_over = !gone.is_empty();
        let has_changed = !files.is_empty() || !touched.is_empty() || passed_over;
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
        Ok(Taken { has_changed, passed_over })
    }

    /// Walks the workspace as it was indexed: what is new is read, what is gone is dropped.
    async fn walk_again(&self, workspace: &GenerationRow, call: &Call) -> Result<bool, DocumentsError> {
        if !self.lease(workspace.id).await? {
            // Another process is at it; its run will be found by the next question.
            return Ok(false);
        }
        let (include, exclude) = self.store.globs(workspace.id).await?;
        let request = IndexRequest { paths: vec![PathBuf::from(&workspace.root)], include, exclude, force: false };
        // What may be asked was checked against what the caller may see; the root was admitted when it was indexed.
        let allowed = Allowed { unrestricted: true, ..Allowed::default() };
        let done = Box::pin(self.index_now(&request, &allowed, call)).await?;
        Ok(done.files_indexed + done.files_removed > 0)
    }
}

/// When what each path stands for has changed last; what is gone, or not reached, has no time.
fn stamps(paths: &[PathBuf]) -> Vec<(PathBuf, i64)> {
    let stamp = |it: &PathBuf| Some((it.clone(), change_ns(&std::fs::symlink_metadata(it).ok()?)));
    paths.iter().filter_map(stamp).collect()
}

/// When the file or what may be done with it has changed, in nanoseconds since 1970.
#[cfg(unix)]
fn change_ns(metadata: &std::fs::Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn change_ns(metadata: &std::fs::Metadata) -> i64 {
    mtime_ns(metadata)
}

/// Looks at every file of the catalog and its folders.
fn sweep(catalog: &Catalog) -> Seen {
    let root = Path::new(&catalog.root);
    // A root that is not mounted now is not a workspace whose files were all deleted.
    if !root.is_dir() {
        return Seen::default();
    }
    let lookers = if catalog.files.len() < LOOKED_AT { 1 } else { LOOKERS };
    let part = catalog.files.len().div_ceil(lookers).max(1);
    let parts: Vec<Seen> = std::thread::scope(|scope| {
        let look = |(at, files)| scope.spawn(move || look_at(root, at * part, files));
        // The first part is looked at here.
        let others: Vec<_> = catalog.files.chunks(part).enumerate().skip(1).map(look).collect();
        let first = catalog.files.chunks(part).next().map(|files| look_at(root, 0, files));
        first.into_iter().chain(others.into_iter().filter_map(|it| it.join().ok())).collect()
    });
    let mut seen = Seen::default();
    for mut part in parts {
        seen.changed.append(&mut part.changed);
        seen.gone.append(&mut part.gone);
        seen.folders.extend(part.folders);
    }
    seen
}

/// Looks at files that stand in the catalog from the position `first` on.
fn look_at(root: &Path, first: usize, files: &[Entry]) -> Seen {
    let mut seen = Seen::default();
    let mut folders: HashSet<&Path> = HashSet::from([Path::new("")]);
    let mut last = None;
    for (at, file) in (first..).zip(files) {
        let relative = Path::new(&file.row.path);
        // Files of a folder mostly stand together.
        if relative.parent() != last {
            last = relative.parent();
            folders.extend(relative.ancestors().skip(1));
        }
        match std::fs::symlink_metadata(root.join(relative)) {
            Ok(metadata) => {
                let size = i64::try_from(metadata.len()).unwrap_or(i64::MAX);
                if (size, mtime_ns(&metadata)) != (file.row.size_bytes, file.row.mtime_ns) {
                    seen.changed.push((at, metadata.len()));
                }
            }
            Err(_) if root.is_dir() => seen.gone.push(file.row.id),
            Err(_) => {}
        }
    }
    for folder in folders {
        let path = root.join(folder);
        if let Ok(metadata) = std::fs::symlink_metadata(&path) {
            seen.folders.insert(path, mtime_ns(&metadata));
        }
    }
    seen
}

/// What bringing changed files in came to.
struct Taken {
    has_changed: bool,
    /// Whether some are no longer worth indexing.
    passed_over: bool,
}

/// What reading changed files again came to.
struct Reread {
    files: Vec<NewFile>,
    touched: Vec<(i64, i64, i64)>,
    gone: Vec<i64>,
}

fn reread(root: &Path, known: Vec<(i64, String, Vec<u8>)>) -> Reread {
    let found = reread_all(root, known);
    super::paper::apart::rest();
    found
}

fn reread_all(root: &Path, known: Vec<(i64, String, Vec<u8>)>) -> Reread {
    let mut found = Reread { files: Vec::new(), touched: Vec::new(), gone: Vec::new() };
    for (id, path, hash) in known {
        match read(&root.join(&path), DEFAULT_MAX_FILE_BYTES) {
            Ok(text) => {
                let size = i64::try_from(text.size_bytes).unwrap_or(i64::MAX);
                if text.hash.as_bytes() == hash {
                    found.touched.push((id, size, text.mtime_ns));
                } else {
                    let mtime_ns = text.mtime_ns;
                    found.files.push(cut(path, size, mtime_ns, text));
                }
            }
            // It may be there again in a moment; until then its old text is better than none.
            Err(SkipReason::Unreadable) => {}
            Err(_) => found.gone.push(id),
        }
    }
    found
}
