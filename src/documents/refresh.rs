//! Notices what changed in a workspace since it was indexed, and brings it in before a question is answered.
//!
//! Where the kernel tells of changes (watch.rs), only that of which it told is looked at, from the second question of a
//! process on. Else every file that is known costs a stat, every folder of one another. Changed files are read at once when
//! they are few; a folder that gained or lost something is listed, or has the workspace walked again. What would take longer
//! is left to a run behind the answer, and the hits that it touches are marked stale.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::WalkOptions;
use super::beside::Beside;
use super::catalog::Catalog;
use super::catalog::Entry;
use super::index::IndexRequest;
use super::open::change_ns;
use super::open::is_there;
use super::open::mtime_ns;
use super::part::doubt_what_is_new;
use super::part::look_around;
use super::reread::Wanted;
use super::track::Doubt;
use super::track::Pending;
use super::track::Sweep;
use super::track::Track;
use super::track::Turn;
use super::track::outside;
use super::warm::State;
use super::watch::Blind;
use super::watch::above;
use crate::store::FileRow;
use crate::store::GenerationRow;
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

/// A walk that took longer than this the last time is not made before an answer.
const WALK_PATIENCE: Duration = Duration::from_millis(500);

/// A watched workspace is looked at as a whole so often all the same, when it is asked: who writes through a mapping, or by
/// another name of the same file, is not told of. A look takes 5 ms for 4,000 files, and never more than this part of the time.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_REST: u32 = 50;

/// Files and folders of a watched workspace that are looked at one by one; more are as quickly looked at as a whole.
const PART: usize = 1_000;

/// What a sweep saw.
#[derive(Debug, Default)]
struct Seen {
    /// Positions in the catalog, with the bytes that the file has now.
    changed: Vec<(usize, u64)>,
    /// Ids of files that are gone.
    gone: Vec<i64>,
    folders: HashMap<PathBuf, i64>,
}

/// What a look at the whole workspace found.
struct Sight {
    /// Without the folders, whose times are kept with the look.
    seen: Seen,
    /// The files that changed.
    wanted: Vec<Wanted>,
    /// Whether files may have come that the catalog does not have, or other rules hold.
    is_shifted: bool,
}

impl Sight {
    /// Whether more changed than is read before an answer.
    fn is_much(&self) -> bool {
        let bytes: u64 = self.seen.changed.iter().map(|it| it.1).sum();
        self.wanted.len() > AT_ONCE_FILES || bytes > AT_ONCE_BYTES
    }
}

impl Documents {
    /// Brings in what changed in the workspace; returns whether its generation did. Failures leave it as it is.
    pub(super) async fn refresh(&self, workspace: &GenerationRow, call: &Call) -> Result<bool, DocumentsError> {
        if !self.refreshes {
            return Ok(false);
        }
        let track = self.track(workspace.id, &workspace.root);
        let (mut turn, newer) = match track.turn.try_lock() {
            Ok(turn) => (turn, None),
            Err(_) => {
                let turn = track.turn.lock().await;
                // What another call brought in meanwhile.
                let newer = self.newest(workspace).await?;
                (turn, newer)
            }
        };
        let has_waited = newer.as_ref().is_some_and(|it| it.generation != workspace.generation);
        let workspace = newer.as_ref().unwrap_or(workspace);
        let was_cut_off = std::mem::replace(&mut turn.is_open, true);
        let was_unsure = track.was_unsure();
        turn.pending.walk |= (was_cut_off || was_unsure) && track.is_watched();
        let changed = if workspace.is_complete {
            self.refresh_in_turn(workspace, &track, &mut turn, call).await?
        } else {
            self.look_beside_a_run(workspace, &track, &mut turn, call).await?
        };
        turn.is_open = false;
        Ok(changed || has_waited)
    }

    /// The workspace as it is in the store now.
    async fn newest(&self, workspace: &GenerationRow) -> Result<Option<GenerationRow>, DocumentsError> {
        Ok(self.store.generations().await?.into_iter().find(|it| it.id == workspace.id))
    }

    async fn refresh_in_turn(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        if let Some(run) = turn.behind.take() {
            run.wait(call).await;
            match run.state() {
                State::Running => {
                    turn.behind = Some(run);
                    // What the run has written until now is searched, too.
                    let newest = self.newest(workspace).await?;
                    self.look_beside_a_run(newest.as_ref().unwrap_or(workspace), track, turn, call).await?;
                    return Ok(true);
                }
                State::Failed => turn.pending.walk = true,
                State::Done => {}
            }
        }
        let beside = std::mem::take(&mut turn.beside);
        turn.pending.join(beside);
        let Some(news) = track.news() else { return self.look(workspace, track, turn, call).await };
        turn.pending.add(news);
        let rest = turn.sweep.as_ref().map_or(Duration::ZERO, |it| LOOK_EVERY.max(it.took * LOOK_REST));
        let is_due = turn.sweep.as_ref().is_none_or(|it| it.at.elapsed() >= rest);
        if turn.pending.walk || outside(&track.root) != turn.outside || !track.is_watched() {
            return self.look(workspace, track, turn, call).await;
        }
        let mut has_changed = false;
        if !turn.pending.is_empty() || turn.generation != workspace.generation {
            has_changed = self.look_at_part(workspace, track, turn, call).await?;
        }
        if is_due && turn.behind.is_none() {
            let newest = self.newest(workspace).await?;
            has_changed |= self.look(newest.as_ref().unwrap_or(workspace), track, turn, call).await?;
        }
        Ok(has_changed)
    }

    /// Looks at that of which something was told, or that others wrote.
    async fn look_at_part(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        let span = call.span("look at what was told");
        let catalog = self.catalog(workspace, call).await?;
        let (include, exclude) = self.store.globs(workspace.id).await?;
        let was_told_of_folders = !turn.pending.folders.is_empty();
        let is_little = doubt_what_is_new(&mut turn.pending, &turn.rows, &catalog.files, PART);
        let has_other_globs = turn.globs != (include.clone(), exclude.clone());
        if !is_little || has_other_globs {
            // A look at all sees what is in files and what folders hold, but not what was to be listed by name.
            turn.pending.walk = has_other_globs || was_told_of_folders;
            return self.look(workspace, track, turn, call).await;
        }
        let around = {
            let (track, catalog, pending) = (Arc::clone(track), Arc::clone(&catalog), turn.pending.clone());
            let options = WalkOptions { include, exclude, ..WalkOptions::default() };
            tokio::task::spawn_blocking(move || look_around(&track, &catalog, &options, &pending))
        };
        let around = around.await.map_err(|err| DocumentsError::Fault(err.to_string()))??;
        span.note("files", turn.pending.files.len());
        span.note("folders", around.listed.len());
        span.note("changed", around.wanted.len());
        span.note("gone", around.gone.len());
        // What has come to nothing meanwhile is not the workspace with all of its files deleted.
        if !is_there(&track.root) {
            turn.pending.walk = true;
            return Ok(false);
        }
        let is_much = around.wanted.len() > AT_ONCE_FILES || around.bytes > AT_ONCE_BYTES;
        if is_much && self.warming.is_none() {
            self.have_read_again(workspace, &around.wanted).await?;
            turn.pending.walk = true;
            return self.look(workspace, track, turn, call).await;
        }
        if is_much {
            return self.look_behind(workspace, track, turn, &catalog, &around.wanted, call).await;
        }
        let mut has_changed = !around.gone.is_empty();
        let taken = self.take_in(workspace, &catalog, around.wanted.clone()).await?;
        has_changed |= taken.has_changed;
        let passed_by: HashSet<String> = taken.skipped.iter().map(|it| it.0.clone()).collect();
        self.store.remove_files(workspace.id, around.gone.clone()).await?;
        let passed_over = around.skipped.iter().cloned().chain(taken.skipped).collect();
        let beside = self.note_part(workspace.id, track, &around, passed_over).await?;
        if let Some(sweep) = &mut turn.sweep {
            if let Some(beside) = beside {
                sweep.folders.extend(stamps(&beside));
                sweep.beside = Arc::new(beside);
            }
            sweep.folders.extend(around.listed.iter().map(|it| (track.root.join(it.0), *it.1)));
        }
        // What was read is looked at once more the next time; it may have changed while it was.
        turn.pending = Pending::default();
        let wanted = around.wanted.into_iter().filter(|it| !passed_by.contains(&it.path));
        turn.pending.files.extend(wanted.map(|it| (it.path, Doubt::Look)));
        turn.pending.files.extend(taken.unreadable.into_iter().map(|it| (it, Doubt::Read)));
        turn.rows = rows(&catalog);
        turn.generation = catalog.generation;
        Ok(has_changed)
    }

    /// Looks at every file that is known and at every folder.
    async fn look(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        // A root that is not mounted now is not a workspace whose files were all deleted.
        if !is_there(&track.root) {
            return Ok(false);
        }
        let last = turn.sweep.clone();
        let rests = |it: &Sweep| it.files > SWEPT_ALWAYS && it.took > QUICK && it.at.elapsed() < it.took * REST;
        if last.as_ref().is_some_and(rests) && !turn.pending.walk {
            return Ok(false);
        }
        let span = call.span("look for changes");
        let catalog = self.catalog(workspace, call).await?;
        let sight = self.see(workspace, track, turn, (&catalog, last)).await?;
        span.note("changed", sight.seen.changed.len());
        span.note("gone", sight.seen.gone.len());
        let walk_took = turn.sweep.as_ref().map_or(Duration::ZERO, |it| it.walk_took);
        let walks_long = walk_took >= WALK_PATIENCE || catalog.files.len() > WALKED_AT_ONCE;
        if sight.is_much() && self.warming.is_some() || sight.is_shifted && walks_long {
            self.store.remove_files(workspace.id, sight.seen.gone.clone()).await?;
            if !sight.is_much() {
                // The few that are known to have changed do not wait for the run.
                self.take_in(workspace, &catalog, sight.wanted.clone()).await?;
            }
            return self.look_behind(workspace, track, turn, &catalog, &sight.wanted, call).await;
        }
        self.bring_in(workspace, track, turn, (&catalog, sight), call).await
    }

    /// Sees what is otherwise than in the catalog, and notes in `turn` that it was looked for. `last` is the look before.
    async fn see(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        (catalog, mut last): (&Arc<Catalog>, Option<Sweep>),
    ) -> Result<Sight, DocumentsError> {
        let known = Beside::read(&self.store.beside(workspace.id).await?);
        if last.is_some()
            && track.may_watch()
            && self.begin_to_watch(workspace.id, track, turn, (catalog, &known)).await?
        {
            // What was done between the look before and now is told by the times since the last walk.
            last = None;
        }
        let rules = outside(&track.root);
        let has_other_rules = !turn.outside.is_empty() && rules != turn.outside;
        turn.outside = rules;
        let beside = last.as_ref().map_or_else(|| Arc::new(known.below(&track.root)), |it| Arc::clone(&it.beside));
        let started = Instant::now();
        let swept = {
            let (catalog, beside) = (Arc::clone(catalog), Arc::clone(&beside));
            tokio::task::spawn_blocking(move || {
                let mut seen = sweep(&catalog);
                seen.folders.extend(stamps(&beside));
                seen
            })
        };
        let mut seen = swept.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let took = started.elapsed();
        let told = told_of(catalog, &turn.pending);
        let told = told.into_iter().filter(|it| !seen.changed.iter().any(|seen| seen.0 == *it));
        let told: Vec<(usize, u64)> = told.map(|it| (it, 0)).collect();
        seen.changed.extend(told);
        let since = |folder: &PathBuf, time: i64| match &last {
            Some(last) => last.folders.get(folder) != Some(&time),
            // The times of files are coarser than ours: what changed within two seconds before counts as after.
            None => time / 1_000_000 > known.since - 2_000,
        };
        let has_rules = |it: &(usize, u64)| catalog.files.get(it.0).is_some_and(|it| is_rule_file(&it.row.path));
        // The clock was set back since the last walk: what changed after it may bear an earlier time.
        let was_set_back = last.is_none() && self.clock.now() < known.since;
        let is_shifted = turn.pending.walk
            || was_set_back
            || !seen.gone.is_empty()
            || seen.folders.iter().any(|(folder, time)| since(folder, *time))
            || seen.changed.iter().any(has_rules)
            || has_other_rules;
        let walk_took = turn.sweep.as_ref().map_or(Duration::ZERO, |it| it.walk_took);
        let (files, folders) = (catalog.files.len(), std::mem::take(&mut seen.folders));
        turn.sweep = Some(Sweep { at: started, took, files, walk_took, folders, beside });
        let row = |it: &(usize, u64)| catalog.files.get(it.0).map(|it| Wanted::of(&it.row));
        let wanted = seen.changed.iter().filter_map(row).collect();
        Ok(Sight { seen, wanted, is_shifted })
    }

    /// Brings in what was seen before the question is answered; returns whether something changed.
    async fn bring_in(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        (catalog, sight): (&Arc<Catalog>, Sight),
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        let is_much = sight.is_much();
        let Sight { seen, wanted, is_shifted } = sight;
        let mut has_changed = false;
        let mut pending = Pending::default();
        let mut walks = is_shifted || is_much;
        if is_much {
            self.have_read_again(workspace, &wanted).await?;
        } else if !wanted.is_empty() {
            let taken = self.take_in(workspace, catalog, wanted.clone()).await?;
            has_changed |= taken.has_changed;
            // What is passed over from now on is noted by a walk, so that it is looked at.
            walks |= !taken.skipped.is_empty();
            pending.files.extend(wanted.into_iter().map(|it| (it.path, Doubt::Look)));
            pending.files.extend(taken.unreadable.into_iter().map(|it| (it, Doubt::Read)));
        }
        if walks {
            let started = Instant::now();
            match self.walk_again(workspace, call).await? {
                Some(changed) => {
                    has_changed |= changed;
                    self.note_walk(workspace, track, turn, started.elapsed()).await?;
                }
                // Another process is at it; its run will be found by the next question.
                None => {
                    self.store.remove_files(workspace.id, seen.gone).await?;
                    pending.walk = true;
                }
            }
        }
        turn.pending = pending;
        turn.rows = if track.is_watched() { rows(catalog) } else { Vec::new() };
        turn.generation = catalog.generation;
        Ok(has_changed)
    }

    /// Begins to watch the folders that are known; returns whether it does.
    async fn begin_to_watch(
        &self,
        workspace: i64,
        track: &Arc<Track>,
        turn: &mut Turn,
        (catalog, beside): (&Catalog, &Beside),
    ) -> Result<bool, DocumentsError> {
        if beside.is_full() {
            track.do_not_watch(Blind::TooManyFolders);
            return Ok(false);
        }
        if !self.may_watch_another() {
            track.do_not_watch(Blind::TooManyWorkspaces);
            return Ok(false);
        }
        let mut folders: BTreeSet<String> = beside.folders().map(str::to_owned).collect();
        let mut last = "";
        for file in &catalog.files {
            let mut folder = above(&file.row.path);
            if folder != last {
                last = folder;
                while !folder.is_empty() && folders.insert(folder.to_owned()) {
                    folder = above(folder);
                }
            }
        }
        turn.globs = self.store.globs(workspace).await?;
        let track = Arc::clone(track);
        let opening = tokio::task::spawn_blocking(move || track.open(&folders));
        opening.await.map_err(|err| DocumentsError::Fault(err.to_string()))
    }

    /// Lets files lose their times, so that the next look reads them, whatever it finds their times to be.
    async fn have_read_again(&self, workspace: &GenerationRow, wanted: &[Wanted]) -> Result<(), DocumentsError> {
        let known = wanted.iter().filter_map(|it| it.known.as_ref());
        Ok(self.store.touch_files(workspace.id, known.map(|it| (it.id, it.size_bytes, -1)).collect()).await?)
    }

    /// Brings in the few files that changed while a run over the workspace goes on; returns whether it did. The run may have
    /// passed them already, or have read them before: so all of it is looked at once more after the run.
    async fn look_beside_a_run(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        let (wanted, bytes, gone) = match track.news() {
            Some(news) => {
                let mut told = std::mem::take(&mut turn.pending);
                told.add(news);
                turn.beside.join(told.clone());
                if told.is_empty() || told.walk || told.len() > PART {
                    return Ok(false);
                }
                let catalog = self.catalog(workspace, call).await?;
                let (include, exclude) = turn.globs.clone();
                let options = WalkOptions { include, exclude, ..WalkOptions::default() };
                let track = Arc::clone(track);
                let looking = tokio::task::spawn_blocking(move || look_around(&track, &catalog, &options, &told));
                let around = looking.await.map_err(|err| DocumentsError::Fault(err.to_string()))??;
                turn.beside.folders.extend(around.new_folders.iter().cloned());
                turn.beside.new_folders.extend(around.new_folders);
                (around.wanted, around.bytes, around.gone)
            }
            None => {
                if turn.rested.is_some_and(|(at, rest)| at.elapsed() < rest) {
                    return Ok(false);
                }
                let started = Instant::now();
                let catalog = self.catalog(workspace, call).await?;
                let sweeping = tokio::task::spawn_blocking({
                    let catalog = Arc::clone(&catalog);
                    move || sweep(&catalog)
                });
                let seen = sweeping.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
                let took = started.elapsed();
                turn.rested = (took > QUICK).then(|| (started, took * REST));
                let row = |it: &(usize, u64)| catalog.files.get(it.0).map(|it| Wanted::of(&it.row));
                let bytes = seen.changed.iter().map(|it| it.1).sum();
                (seen.changed.iter().filter_map(row).collect(), bytes, seen.gone)
            }
        };
        let span = call.span("look beside a run");
        span.note("changed", wanted.len());
        span.note("gone", gone.len());
        // What has come to nothing meanwhile is not the workspace with all of its files deleted.
        if wanted.len() > AT_ONCE_FILES || bytes > AT_ONCE_BYTES || !is_there(&track.root) {
            return Ok(false);
        }
        // What was read may have changed while it was.
        turn.pending.files.extend(wanted.iter().map(|it| (it.path.clone(), Doubt::Look)));
        let catalog = self.catalog(workspace, call).await?;
        let taken = self.take_in(workspace, &catalog, wanted).await?;
        turn.pending.files.extend(taken.unreadable.into_iter().map(|it| (it, Doubt::Read)));
        let removed = self.store.remove_files(workspace.id, gone).await?;
        Ok(taken.has_changed || removed > 0)
    }

    /// Has a run look through all behind the answer.
    async fn look_behind(
        &self,
        workspace: &GenerationRow,
        track: &Arc<Track>,
        turn: &mut Turn,
        catalog: &Catalog,
        wanted: &[Wanted],
        call: &Call,
    ) -> Result<bool, DocumentsError> {
        if track.is_watched() {
            self.have_read_again(workspace, wanted).await?;
        }
        let asked = Instant::now();
        let run = self.look_through_behind(workspace, call).await?;
        // A run that had begun before may have passed what changed.
        let is_after = run.as_ref().is_some_and(|it| it.begun >= asked);
        turn.behind = run.filter(|it| is_after && it.state() == State::Running);
        let is_done = is_after && turn.behind.is_none();
        turn.pending = Pending { walk: !is_after, ..Pending::default() };
        if is_done {
            self.note_walk(workspace, track, turn, asked.elapsed()).await?;
        }
        turn.rows = if track.is_watched() { rows(catalog) } else { Vec::new() };
        turn.generation = catalog.generation;
        Ok(true)
    }

    /// Takes over what a whole walk has seen.
    async fn note_walk(
        &self,
        workspace: &GenerationRow,
        track: &Track,
        turn: &mut Turn,
        took: Duration,
    ) -> Result<(), DocumentsError> {
        let beside = Beside::read(&self.store.beside(workspace.id).await?).below(&track.root);
        turn.globs = self.store.globs(workspace.id).await?;
        if let Some(sweep) = &mut turn.sweep {
            sweep.folders.extend(stamps(&beside));
            sweep.folders.extend(track.walked().into_iter().map(|it| (track.root.join(it.0), it.1)));
            sweep.beside = Arc::new(beside);
            sweep.walk_took = took;
        }
        Ok(())
    }

    /// Walks the workspace as it was indexed: what is new is read, what is gone is dropped. `None` while another process
    /// does.
    async fn walk_again(&self, workspace: &GenerationRow, call: &Call) -> Result<Option<bool>, DocumentsError> {
        if !self.lease(workspace.id).await? {
            return Ok(None);
        }
        let (include, exclude) = self.store.globs(workspace.id).await?;
        let request = IndexRequest { paths: vec![PathBuf::from(&workspace.root)], include, exclude, force: false };
        // What may be asked was checked against what the caller may see; the root was admitted when it was indexed.
        let allowed = Allowed { unrestricted: true, ..Allowed::default() };
        let done = Box::pin(self.index_now(&request, None, &allowed, call)).await?;
        Ok(Some(done.files_indexed + done.files_removed > 0))
    }
}

/// The rows of a catalog by their paths.
fn rows(catalog: &Catalog) -> Vec<Arc<FileRow>> {
    catalog.files.iter().map(|it| Arc::clone(&it.row)).collect()
}

/// The positions of files that were told of, alone or with their folder.
fn told_of(catalog: &Catalog, pending: &Pending) -> Vec<usize> {
    let is_told = |path: &str| {
        pending.files.get(path) == Some(&Doubt::Read)
            || pending.dropped.iter().any(|folder| path.starts_with(folder.as_str()))
    };
    if pending.files.is_empty() && pending.dropped.is_empty() {
        return Vec::new();
    }
    (0..).zip(&catalog.files).filter(|it| is_told(&it.1.row.path)).map(|it| it.0).collect()
}

fn is_rule_file(path: &str) -> bool {
    [".gitignore", ".ignore"].contains(&path.rsplit('/').next().unwrap_or(path))
}

/// When what each path stands for has changed last; what is gone, or not reached, has no time.
fn stamps(paths: &[PathBuf]) -> Vec<(PathBuf, i64)> {
    let stamp = |it: &PathBuf| Some((it.clone(), change_ns(&std::fs::symlink_metadata(it).ok()?)));
    paths.iter().filter_map(stamp).collect()
}

/// Looks at every file of the catalog and its folders.
fn sweep(catalog: &Catalog) -> Seen {
    let root = Path::new(&catalog.root);
    // A root that is not mounted now is not a workspace whose files were all deleted.
    if !is_there(root) {
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
            Err(_) if is_there(root) => seen.gone.push(file.row.id),
            Err(_) => {}
        }
    }
    for folder in folders {
        let path = root.join(folder);
        if let Ok(metadata) = std::fs::symlink_metadata(&path) {
            seen.folders.insert(path, change_ns(&metadata));
        }
    }
    seen
}
