//! Looks at that part of a watched workspace of which something was told: some files, some folders, never all.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Documents;
use super::DocumentsError;
use super::Found;
use super::SkipReason;
use super::WalkOptions;
use super::catalog::Catalog;
use super::catalog::Entry;
use super::index::relative;
use super::open::change_ns;
use super::open::mtime_ns;
use super::reread::Wanted;
use super::track::Doubt;
use super::track::Pending;
use super::track::Track;
use super::walk::BadGlob;
use super::walk::Enter;
use super::walk::Guide;
use super::walk::walk_guided;
use super::watch::above;
use crate::store::FileRow;

/// What was seen of the part.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Files to be read.
    pub(super) wanted: Vec<Wanted>,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Ids of files that are no longer there, or no longer walked.
    pub(super) gone: Vec<i64>,
    pub(super) skipped: Vec<(String, SkipReason)>,
    /// Folders that were listed, each with the time of its last change before.
    pub(super) listed: BTreeMap<String, i64>,
    /// Those of them that were not known.
    pub(super) new_folders: Vec<String>,
    /// Folders that were met on the way: what is in a listed folder and was not is gone, or left out by rules.
    met: BTreeSet<String>,
}

/// Goes to the folders that something was told of, and into all that are not known yet.
struct Told<'a> {
    track: &'a Track,
    folders: &'a BTreeSet<String>,
    listed: BTreeMap<String, i64>,
    new_folders: Vec<String>,
    met: BTreeSet<String>,
}

impl Guide for Told<'_> {
    fn enter(&mut self, folder: &str, path: &Path) -> Enter {
        self.met.insert(folder.to_owned());
        let is_known = self.track.knows(folder);
        if self.folders.contains(folder) || !is_known {
            self.track.watch(folder);
            let changed = std::fs::symlink_metadata(path).map_or(0, |it| change_ns(&it));
            self.listed.insert(folder.to_owned(), changed);
            if !is_known {
                self.new_folders.push(folder.to_owned());
            }
            Enter::Whole
        } else if self.leads(folder) {
            Enter::Towards
        } else {
            Enter::Pass
        }
    }

    fn leads(&self, folder: &str) -> bool {
        self.folders.range(folder.to_owned()..).next().is_some_and(|it| it.starts_with(folder))
    }
}

/// Adds to what is doubted the files that another process, or a call before, wrote since `rows` were compared; false when
/// they are too many.
pub(super) fn doubt_what_is_new(pending: &mut Pending, rows: &[Arc<FileRow>], files: &[Entry], most: usize) -> bool {
    let mut before = rows.iter().peekable();
    for file in files {
        while let Some(gone) = before.next_if(|it| it.path < file.row.path) {
            pending.folders.insert(above(&gone.path).to_owned());
        }
        let same = before.next_if(|it| it.path == file.row.path);
        if same.is_none_or(|it| !Arc::ptr_eq(it, &file.row)) {
            pending.files.entry(file.row.path.clone()).or_insert(Doubt::Look);
        }
        if pending.len() > most {
            return false;
        }
    }
    pending.folders.extend(before.map(|it| above(&it.path).to_owned()));
    pending.len() <= most
}

/// Looks at what is pending.
pub(super) fn look_around(
    track: &Track,
    catalog: &Catalog,
    options: &WalkOptions,
    pending: &Pending,
) -> Result<Around, BadGlob> {
    let root = &track.root;
    let mut around = Around::default();
    let mut folders = pending.folders.clone();
    for path in pending.files.keys().filter(|it| entry(catalog, it).is_none()) {
        folders.insert(above(path).to_owned());
    }
    let mut offered: BTreeMap<String, (PathBuf, u64, i64)> = BTreeMap::new();
    if !folders.is_empty() {
        let mut guide =
            Told { track, folders: &folders, listed: BTreeMap::new(), new_folders: Vec::new(), met: BTreeSet::new() };
        walk_guided(root, options, &mut guide, &mut |found| {
            match found {
                Found::File { path, size_bytes, mtime_ns, .. } => {
                    offered.insert(relative(root, &path), (path, size_bytes, mtime_ns));
                }
                Found::Skipped { relative, reason } => around.skipped.push((relative, reason)),
            }
            ControlFlow::Continue(())
        })?;
        (around.listed, around.new_folders, around.met) = (guide.listed, guide.new_folders, guide.met);
        around.new_folders.extend(pending.new_folders.iter().cloned());
    }
    let is_dropped = |path: &str| pending.dropped.iter().any(|it| path.starts_with(it.as_str()));
    let may_be_there = !options.include.is_empty();
    let files = if around.listed.is_empty() && pending.dropped.is_empty() { &[] } else { catalog.files.as_slice() };
    for file in files {
        let (row, folder) = (&file.row, above(&file.row.path));
        let is_gone = if around.listed.contains_key(folder) {
            // With globs, what was not offered may be there all the same.
            !(offered.contains_key(&row.path) || may_be_there && root.join(&row.path).exists())
        } else {
            is_dropped(&row.path) && !track.knows(folder)
        };
        if is_gone {
            around.gone.push(row.id);
        }
    }
    for (path, (_, size, mtime)) in &offered {
        let known = entry(catalog, path).map(|it| &it.row);
        let must_read = is_dropped(path) || pending.files.get(path) == Some(&Doubt::Read);
        let stamp = (i64::try_from(*size).unwrap_or(i64::MAX), *mtime);
        if must_read || known.is_none_or(|it| (it.size_bytes, it.mtime_ns) != stamp) {
            around.want(path, known, *size);
        }
    }
    for (path, doubt) in &pending.files {
        if around.listed.contains_key(above(path)) {
            continue;
        }
        // Another process may have been told to index a folder that is not walked from here. What is walked is watched by
        // now: a folder that was known before it is listed would be passed by.
        track.watch_above(path);
        let Some(known) = entry(catalog, path).map(|it| &it.row) else { continue };
        match std::fs::symlink_metadata(root.join(path)).ok().filter(std::fs::Metadata::is_file) {
            Some(metadata) => {
                let size = i64::try_from(metadata.len()).unwrap_or(i64::MAX);
                if *doubt == Doubt::Read || (known.size_bytes, known.mtime_ns) != (size, mtime_ns(&metadata)) {
                    around.want(path, Some(known), metadata.len());
                }
            }
            None => around.gone.push(known.id),
        }
    }
    around.gone.sort_unstable();
    around.gone.dedup();
    Ok(around)
}

impl Around {
    /// Whether a folder that `path` is in, however deep, was not met where it was to be.
    fn is_out(&self, path: &str) -> bool {
        let folders = std::iter::successors(Some(above(path)), |it| Some(above(it)));
        let mut folders = folders.take_while(|it| !it.is_empty());
        folders.any(|it| self.listed.contains_key(above(it)) && !self.met.contains(it))
    }

    fn want(&mut self, path: &str, known: Option<&Arc<FileRow>>, bytes: u64) {
        self.bytes += bytes;
        self.wanted.push(Wanted { path: path.to_owned(), known: known.cloned() });
    }
}

impl Track {
    /// Watches the folder of a file and those above it.
    fn watch_above(&self, path: &str) {
        let mut folder = above(path);
        while !self.knows(folder) {
            self.watch(folder);
            if folder.is_empty() {
                break;
            }
            folder = above(folder);
        }
    }
}

fn entry<'a>(catalog: &'a Catalog, path: &str) -> Option<&'a Entry> {
    let at = catalog.files.binary_search_by(|it| it.row.path.as_str().cmp(path)).ok()?;
    catalog.files.get(at)
}

impl Documents {
    /// Notes what of the part is passed over; returns what is looked at beside the files when that may have changed.
    pub(super) async fn note_part(
        &self,
        workspace: i64,
        track: &Track,
        around: &Around,
        passed_over: Vec<(String, SkipReason)>,
    ) -> Result<Option<Vec<PathBuf>>, DocumentsError> {
        if around.listed.is_empty() && passed_over.is_empty() {
            return Ok(None);
        }
        let read: BTreeSet<&str> = around.wanted.iter().map(|it| it.path.as_str()).collect();
        let was_looked_at = |path: &str| {
            let folder = above(path);
            let is_listed = around.listed.contains_key(folder) || around.listed.contains_key(path);
            is_listed || read.contains(path) || !track.knows(folder) || around.is_out(path)
        };
        let beside = self.note_passed_over(workspace, was_looked_at, passed_over, around.new_folders.clone()).await?;
        Ok(Some(beside.below(&track.root)))
    }
}
