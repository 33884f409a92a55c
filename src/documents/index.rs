//! Brings the index of a folder up to date: reads what is new or changed, drops what is gone.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::Found;
use super::Refusal;
use super::SkipReason;
use super::Text;
use super::WalkOptions;
use super::beside::Beside;
use super::beside::may_end;
use super::chunk::Definition;
use super::chunk::chunk;
use super::first::Waiting;
use super::first::choose;
use super::holder;
use super::open::change_ns;
use super::postings;
use super::read::read;
use super::track::Track;
use super::walk::Enter;
use super::walk::Guide;
use super::walk::walk_guided;
use super::watch::above;
use crate::clock::Millis;
use crate::plural::counted;
use crate::store::CHUNKS_OF_A_FILE;
use crate::store::ChunkRow;
use crate::store::FileRow;
use crate::store::NewFile;
use crate::store::NewSegment;
use crate::store::WorkspaceRow;
use crate::trace::Call;

/// What is to be indexed.
#[derive(Clone, Debug, Default)]
pub struct IndexRequest {
    /// Folders or files; relative ones are taken from the folder the program was started in, empty means that folder.
    pub paths: Vec<PathBuf>,
    /// Globs over paths relative to the folder; empty includes everything.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Read every file, changed or not.
    pub force: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    pub files_indexed: usize,
    pub files_unchanged: usize,
    pub files_removed: usize,
    /// Pieces that were written.
    pub chunks: usize,
    /// What is indexed now of the workspaces that it was about.
    pub workspaces: Vec<WorkspaceRow>,
    /// Paths that were passed over, each with the reason, and how many more there were.
    pub skipped: Vec<(String, String)>,
    pub skipped_more: usize,
    pub took_ms: u64,
}

/// Bytes of text that are written in one transaction: few at first, so that there is something to find soon, then more,
/// because every such segment has a list for each of its words.
const FIRST_BATCH_BYTES: usize = 256 << 10;
const BATCH_BYTES: usize = 8 << 20;

/// Batches that may wait to be written: their texts are in memory.
const AHEAD: usize = 1;

/// A process that indexes says so at each batch; one that has not for so long is taken for dead.
const LEASE_MS: i64 = 30_000;

/// How often a process that waits for another one's run looks.
const LEASE_POLL: Duration = Duration::from_millis(50);

/// Files whose times are noted in one transaction.
const TOUCHED: usize = 1_000;

/// Skipped paths that are kept for the answer; a folder of a million skipped files must not fill the memory.
pub(super) const SKIPPED: usize = 5_000;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What the reading side tells the writing side.
enum Read {
    Files(Box<NewSegment>),
    /// Same bytes, other times: file id, size in bytes, time in nanoseconds.
    Touched(Vec<(i64, i64, i64)>),
    /// What a question waits for is among the ones before; whom that is told.
    First(CancellationToken),
}

/// What the reading side has seen at its end.
#[derive(Default)]
struct Seen {
    unchanged: usize,
    paths: HashSet<String>,
    /// Those that were read for a question, or could not be.
    tried: HashSet<String>,
    skipped: Vec<(String, String)>,
    skipped_more: usize,
    /// Those of them that may end in their place.
    may_end: Vec<String>,
    /// Folders that were listed, each with the time of its last change before.
    folders: Vec<(String, i64)>,
    whole: bool,
}

impl Seen {
    fn skip(&mut self, name: String, reason: SkipReason) {
        if may_end(&name, reason) {
            self.may_end.push(name.clone());
        }
        if self.skipped.len() < SKIPPED {
            self.skipped.push((name, reason.text().to_owned()));
        } else {
            self.skipped_more += 1;
        }
    }

    /// What is to be looked at beside the files that are indexed; paths are below `prefix`.
    fn beside(&self, prefix: &str, since: Millis) -> Beside {
        let mut beside = Beside { since, ..Beside::default() };
        self.may_end.iter().for_each(|it| beside.add(it));
        let mut full: HashSet<&str> = HashSet::new();
        for path in &self.paths {
            let mut folder = above(path);
            while !folder.is_empty() && full.insert(folder) {
                folder = above(folder);
            }
        }
        let folders = self.folders.iter().filter(|it| !it.0.is_empty()).map(|it| join(prefix, &it.0));
        folders.filter(|it| !full.contains(it.as_str())).for_each(|it| beside.add(&it));
        beside
    }
}

/// Notes the folders of a walk, and has them watched where the workspace is.
struct Noting {
    folders: Vec<(String, i64)>,
    track: Option<Arc<Track>>,
}

impl Guide for Noting {
    fn enter(&mut self, folder: &str, path: &Path) -> Enter {
        if let Some(track) = &self.track {
            track.watch(folder);
        }
        let changed = std::fs::symlink_metadata(path).map_or(0, |it| change_ns(&it));
        self.folders.push((folder.to_owned(), changed));
        Enter::Whole
    }
}

/// One folder or file of a request.
struct Target {
    /// Of the workspace; absolute, without links.
    root: PathBuf,
    /// What is walked: the root or something under it.
    path: PathBuf,
}

impl Documents {
    /// Indexes what `request` names, as far as `allowed` goes. Files whose size and time are the same cost a stat.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Refused`] before anything is read; [`DocumentsError::Store`], also when the call is
    /// cancelled. What was written until then stays, whole files each.
    pub async fn index(
        &self,
        request: &IndexRequest,
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Indexed, DocumentsError> {
        let paths = if request.paths.is_empty() { vec![self.default_folder(allowed)] } else { request.paths.clone() };
        for path in paths {
            let path = self.working_folder.join(path);
            self.after_warming(&dunce::canonicalize(&path).unwrap_or(path), call).await;
        }
        self.index_now(request, None, allowed, call).await
    }

    /// As [`Documents::index`], whatever else runs, and what questions are `waiting` for before everything else.
    pub(super) async fn index_now(
        &self,
        request: &IndexRequest,
        waiting: Option<&Waiting>,
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Indexed, DocumentsError> {
        let started = Instant::now();
        let mut done = Indexed::default();
        let (targets, removed) = self.targets(request, allowed).await?;
        done.files_removed += removed;
        let roots: Vec<String> = targets.iter().map(|it| it.root.to_string_lossy().into_owned()).collect();
        for target in targets {
            let span = call.span("index");
            span.note("root", target.root.display().to_string());
            let run = self.index_target(&target, (request, waiting), call, &mut done).await;
            super::paper::apart::rest();
            run.inspect_err(|err| span.fail(err))?;
            span.note("files_indexed", done.files_indexed);
            span.note("files_unchanged", done.files_unchanged);
            span.note("skipped", done.skipped.len());
        }
        done.workspaces.extend(self.store.workspaces().await?.into_iter().filter(|it| roots.contains(&it.root)));
        // What past commits say is read behind whatever comes next.
        for it in self.store.generations().await?.iter().filter(|it| roots.contains(&it.root)) {
            self.book(it).await;
        }
        done.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(done)
    }

    /// What is meant when no path is named.
    fn default_folder(&self, allowed: &Allowed) -> PathBuf {
        match allowed.roots.first() {
            Some(root) if !allowed.unrestricted => root.clone(),
            _ => self.working_folder.clone(),
        }
    }

    /// What is to be walked, and how many files went with workspaces whose folder is named and gone.
    async fn targets(&self, request: &IndexRequest, allowed: &Allowed) -> Result<(Vec<Target>, usize), DocumentsError> {
        let workspaces = self.store.workspaces().await?;
        let known: Vec<PathBuf> = workspaces.iter().map(|it| PathBuf::from(&it.root)).collect();
        let mut removed = 0;
        let mut paths = request.paths.clone();
        if paths.is_empty() {
            paths.push(self.default_folder(allowed));
        }
        let mut targets: Vec<Target> = Vec::new();
        for path in paths {
            let path = self.working_folder.join(path);
            let path = match allowed.admit(&path) {
                Ok(path) => path,
                Err(refused) => {
                    let gone = workspaces.iter().find(|it| Path::new(&it.root) == path);
                    let Some(gone) = gone.filter(|_| refused.kind == Refusal::NotFound) else {
                        return Err(DocumentsError::Refused(refused));
                    };
                    self.store.remove_workspace(gone.id).await?;
                    removed += usize::try_from(gone.files).unwrap_or(0);
                    continue;
                }
            };
            let root = self.root_of(&path, &known, allowed);
            // A folder inside another one of the same call is walked with it.
            if !targets.iter().any(|it| path.starts_with(&it.path)) {
                targets.retain(|it| !it.path.starts_with(&path));
                targets.push(Target { root, path });
            }
        }
        Ok((targets, removed))
    }

    /// The workspace that `path` belongs to: one that is known, else the repository around it inside the folder the
    /// program was started in, else itself.
    fn root_of(&self, path: &Path, known: &[PathBuf], allowed: &Allowed) -> PathBuf {
        if let Some(root) = known.iter().filter(|it| path.starts_with(it)).max_by_key(|it| it.as_os_str().len()) {
            return root.clone();
        }
        let working_folder = dunce::canonicalize(&self.working_folder).unwrap_or_else(|_| self.working_folder.clone());
        let repository = path
            .ancestors()
            .take_while(|it| it.starts_with(&working_folder))
            .find(|it| it.join(".git").exists() && allowed.admit(it).is_ok());
        match repository {
            Some(root) => root.to_path_buf(),
            None if path.is_dir() => path.to_path_buf(),
            None => path.parent().unwrap_or(path).to_path_buf(),
        }
    }

    async fn index_target(
        &self,
        target: &Target,
        request: (&IndexRequest, Option<&Waiting>),
        call: &Call,
        done: &mut Indexed,
    ) -> Result<(), DocumentsError> {
        let root = target.root.to_string_lossy().into_owned();
        let since = self.clock.now();
        let workspace = self.store.open_workspace(root.clone(), since).await?;
        self.wait_for_lease(workspace, call).await?;
        let track = self.track(workspace, &root);
        let running = track.begin_run();
        let run = Run { workspace, since, track: Arc::clone(&track) };
        let outcome = self.index_leased(target, request, call, &run, done).await;
        running.end(outcome.is_ok());
        // A lease that is not given back runs out.
        let _ = self.store.release(workspace, self.holder.clone()).await;
        outcome
    }

    /// What the workspace is to be walked by when it is looked through again: the globs of this run, or, as long as only
    /// parts of it were asked for, those parts. `None` leaves it as it is.
    async fn globs_after(
        &self,
        workspace: i64,
        prefix: &str,
        request: &IndexRequest,
    ) -> Result<Option<(Vec<String>, Vec<String>)>, DocumentsError> {
        if prefix.is_empty() {
            return Ok(Some((request.include.clone(), request.exclude.clone())));
        }
        let is_complete = self.store.generations().await?.iter().any(|it| it.id == workspace && it.is_complete);
        let (mut include, exclude) = self.store.globs(workspace).await?;
        if is_complete && include.is_empty() {
            return Ok(None);
        }
        let parts = match request.include.as_slice() {
            [] => vec![format!("/{prefix}")],
            globs => globs.iter().map(|it| format!("/{prefix}/**/{}", it.trim_start_matches('/'))).collect(),
        };
        include.extend(parts.into_iter().filter(|it| !include.contains(it)).collect::<Vec<_>>());
        Ok(Some((include, exclude)))
    }

    /// Waits until no other process indexes the workspace: what it did is found unchanged then.
    async fn wait_for_lease(&self, workspace: i64, call: &Call) -> Result<(), DocumentsError> {
        let mut waited = 0_u32;
        while !self.lease(workspace).await? {
            if waited == 0 {
                call.progress().tell(0.0, None, "another process indexes this folder; waiting for it".to_owned());
            }
            waited += 1;
            tokio::select! {
                () = tokio::time::sleep(LEASE_POLL) => {}
                () = call.cancelled().cancelled() => return Err(DocumentsError::Cancelled),
            }
        }
        Ok(())
    }

    /// Takes or renews the lease; false while another process has it that lives, as far as is known.
    pub(super) async fn lease(&self, workspace: i64) -> Result<bool, DocumentsError> {
        let now = self.clock.now();
        if self.store.lease(workspace, self.holder.clone(), now, now + LEASE_MS).await? {
            return Ok(true);
        }
        let Some(other) = self.store.leased_to(workspace).await?.filter(|it| holder::is_gone(it)) else {
            return Ok(false);
        };
        self.store.release(workspace, other).await?;
        Ok(self.store.lease(workspace, self.holder.clone(), now, now + LEASE_MS).await?)
    }

    async fn index_leased(
        &self,
        target: &Target,
        (request, waiting): (&IndexRequest, Option<&Waiting>),
        call: &Call,
        run: &Run,
        done: &mut Indexed,
    ) -> Result<(), DocumentsError> {
        let known: HashMap<String, FileRow> =
            self.store.files(run.workspace).await?.1.into_iter().map(|it| (it.path.clone(), it)).collect();
        let known = Arc::new(known);
        let prefix = relative(&target.root, &target.path);
        let (sender, reads) = mpsc::channel(AHEAD);
        let reader = Reader {
            target: (target.root.clone(), target.path.clone()),
            options: WalkOptions {
                include: request.include.clone(),
                exclude: request.exclude.clone(),
                ..WalkOptions::default()
            },
            prefix: prefix.clone(),
            known: Arc::clone(&known),
            force: request.force,
            call: call.clone(),
            sender,
            track: prefix.is_empty().then(|| Arc::clone(&run.track)),
            waiting: waiting.cloned().unwrap_or_default(),
        };
        let reading = tokio::task::spawn_blocking(move || reader.run());
        self.keep(run.workspace, reads, done).await?;
        let seen = reading.await.map_err(|err| DocumentsError::Fault(err.to_string()))??;
        if !seen.whole {
            return Err(DocumentsError::Cancelled);
        }
        // With `include`, what was not offered may be there all the same.
        let is_gone = |it: &&FileRow| {
            let unseen = under(&it.path, &prefix) && !seen.paths.contains(&it.path);
            unseen && (request.include.is_empty() || !target.root.join(&it.path).exists())
        };
        let gone: Vec<i64> = known.values().filter(is_gone).map(|it| it.id).collect();
        done.files_removed += self.store.remove_files(run.workspace, gone).await?;
        done.files_unchanged += seen.unchanged;
        self.compact(run.workspace).await?;
        self.complete(run, &prefix, request, &seen).await?;
        if prefix.is_empty() {
            run.track.was_walked(seen.folders);
        }
        done.skipped_more += seen.skipped_more;
        done.skipped.extend(seen.skipped);
        Ok(())
    }

    /// Keeps what is read, as it comes, and the lease with it.
    async fn keep(
        &self,
        workspace: i64,
        mut reads: mpsc::Receiver<Read>,
        done: &mut Indexed,
    ) -> Result<(), DocumentsError> {
        while let Some(read) = reads.recv().await {
            match read {
                Read::Files(segment) => {
                    done.files_indexed += segment.files.len();
                    done.chunks += segment.lengths.len();
                    self.store.put_segment(workspace, *segment).await?;
                    self.lease(workspace).await?;
                }
                Read::Touched(touched) => {
                    done.files_unchanged += touched.len();
                    self.store.touch_files(workspace, touched).await?;
                }
                Read::First(is_read) => {
                    is_read.cancel();
                    self.lease(workspace).await?;
                }
            }
        }
        Ok(())
    }

    /// Notes what the run passed over and by which globs it went.
    async fn complete(
        &self,
        run: &Run,
        prefix: &str,
        request: &IndexRequest,
        seen: &Seen,
    ) -> Result<(), DocumentsError> {
        let Some(globs) = self.globs_after(run.workspace, prefix, request).await? else { return Ok(()) };
        let mut beside = seen.beside(prefix, run.since);
        if !prefix.is_empty() {
            // Of the parts that were indexed before nothing newer is known.
            let before = Beside::read(&self.store.beside(run.workspace).await?);
            beside.since = if before.since == 0 { run.since } else { before.since };
            before.paths.iter().for_each(|it| beside.add(it));
        }
        let skipped = serde_json::to_string(&seen.skipped).unwrap_or_else(|_| "[]".to_owned());
        Ok(self.store.complete_workspace(run.workspace, (skipped, beside.write()), globs).await?)
    }
}

/// A run over a workspace whose lease is held.
struct Run {
    workspace: i64,
    /// When it began.
    since: Millis,
    track: Arc<Track>,
}

/// The reading side: walks, compares, reads, cuts. Runs on a thread for blocking work.
struct Reader {
    /// Root of the workspace, and what is walked.
    target: (PathBuf, PathBuf),
    options: WalkOptions,
    /// What is walked, from the root of the workspace.
    prefix: String,
    known: Arc<HashMap<String, FileRow>>,
    force: bool,
    call: Call,
    sender: mpsc::Sender<Read>,
    /// Where a whole workspace is walked.
    track: Option<Arc<Track>>,
    /// For whom files are read before the others.
    waiting: Waiting,
}

impl Reader {
    fn run(self) -> Result<Seen, DocumentsError> {
        let mut seen = Seen { whole: true, ..Seen::default() };
        let mut guide = Noting { folders: Vec::new(), track: self.track.clone() };
        let mut batch = Batch { limit: FIRST_BATCH_BYTES, ..Batch::default() };
        let mut files = 0_u32;
        let mut told = Instant::now();
        let (root, path) = &self.target;
        if !self.read_first(&mut seen, &mut batch) {
            return Ok(Seen { whole: false, ..seen });
        }
        walk_guided(path, &self.options, &mut guide, &mut |found| {
            if self.call.cancelled().is_cancelled() {
                seen.whole = false;
                return ControlFlow::Break(());
            }
            match found {
                Found::Skipped { relative, reason } => {
                    let name = if path.is_dir() { join(&self.prefix, &relative) } else { self.prefix.clone() };
                    seen.skip(name, reason);
                }
                Found::File { path, size_bytes, mtime_ns, .. } => {
                    files += 1;
                    let name = relative(root, &path);
                    if told.elapsed() >= TELL_EVERY {
                        told = Instant::now();
                        self.call.progress().tell(
                            f64::from(files),
                            None,
                            format!("{}: {name}", counted(&files, "file")),
                        );
                    }
                    let is_taken = self.read_first(&mut seen, &mut batch)
                        && (seen.paths.contains(&name)
                            || self.take(&path, name, (size_bytes, mtime_ns), &mut seen, &mut batch));
                    if !is_taken {
                        seen.whole = false;
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        seen.whole = seen.whole && self.send(&mut batch);
        seen.folders = guide.folders;
        self.call.progress().tell(f64::from(files) + 1.0, None, format!("{} seen", counted(&files, "file")));
        Ok(seen)
    }

    /// Reads what questions wait for, if any do; false when nobody takes it any more.
    fn read_first(&self, seen: &mut Seen, batch: &mut Batch) -> bool {
        while let Some(first) = self.waiting.take(Instant::now()) {
            // What is left out is met by the walk, and told then.
            let mut met = Seen::default();
            for it in
                choose(&self.target.1, &self.options, &first.question, self.waiting.patience, self.call.cancelled())
            {
                let is_stopped = self.call.cancelled().is_cancelled();
                let name = join(&self.prefix, &it.name);
                // What could not be read for one question is not tried for each.
                let is_new = !seen.paths.contains(&name) && seen.tried.insert(name.clone());
                if is_stopped || is_new && !self.take(&it.path, name, (it.size_bytes, it.mtime_ns), &mut met, batch) {
                    return false;
                }
            }
            seen.paths.extend(met.paths);
            seen.unchanged += met.unchanged;
            if !self.send(batch) || self.sender.blocking_send(Read::First(first.is_read)).is_err() {
                return false;
            }
        }
        true
    }

    /// Reads one file if it is new or changed; false when nobody takes it any more.
    fn take(&self, path: &Path, name: String, stamp: (u64, i64), seen: &mut Seen, batch: &mut Batch) -> bool {
        let (size_bytes, mtime_ns) = stamp;
        let size = i64::try_from(size_bytes).unwrap_or(i64::MAX);
        let known = self.known.get(&name);
        if let Some(known) = known.filter(|it| !self.force && it.size_bytes == size && it.mtime_ns == mtime_ns) {
            seen.unchanged += 1;
            seen.paths.insert(known.path.clone());
            return true;
        }
        let text = match read(path, self.options.max_file_bytes) {
            Ok(text) => text,
            // It is gone; what was known of it goes with it.
            Err(SkipReason::Gone) => return true,
            Err(reason) => {
                seen.skip(name, reason);
                return true;
            }
        };
        seen.paths.insert(name.clone());
        match known.filter(|it| !self.force && it.hash == text.hash.as_bytes()) {
            Some(known) => batch.touched.push((known.id, size, mtime_ns)),
            None => {
                batch.bytes += text.text.len();
                batch.files.push(cut(name, size, mtime_ns, text));
            }
        }
        !batch.is_full() || self.send(batch)
    }

    /// Hands over what has gathered; false when nobody takes it any more.
    fn send(&self, batch: &mut Batch) -> bool {
        let limit = (batch.limit * 2).min(BATCH_BYTES);
        let Batch { files, touched, .. } = std::mem::replace(batch, Batch { limit, ..Batch::default() });
        let is_taken = |read| self.sender.blocking_send(read).is_ok();
        (touched.is_empty() || is_taken(Read::Touched(touched)))
            && (files.is_empty() || is_taken(Read::Files(Box::new(postings::segment(files)))))
    }
}

/// What has gathered to be written.
#[derive(Default)]
struct Batch {
    files: Vec<NewFile>,
    touched: Vec<(i64, i64, i64)>,
    bytes: usize,
    limit: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.bytes >= self.limit || self.touched.len() >= TOUCHED
    }
}

/// Cuts a file into pieces.
pub(super) fn cut(name: String, size_bytes: i64, mtime_ns: i64, text: Text) -> NewFile {
    let language = text.language;
    let mut chunks: Vec<ChunkRow> = chunk(&text.text, language)
        .into_iter()
        .map(|it| ChunkRow {
            start_line: it.lines().0,
            end_line: it.lines().1,
            definitions: it.definitions.iter().map(Definition::write).collect::<Vec<_>>().join("\n"),
            uses: it.uses.join("\n"),
            imports: it.imports.join("\n"),
            title: it.title,
            symbol: it.symbol,
            text: it.text,
        })
        .collect();
    // More pieces than a file of the largest size has in any text.
    chunks.truncate(CHUNKS_OF_A_FILE);
    NewFile {
        chunks,
        path: name,
        size_bytes,
        mtime_ns,
        hash: text.hash.into_bytes(),
        language: language.name().to_owned(),
        kind: language.kind().name().to_owned(),
    }
}

/// `path` below `root`, with forward slashes; empty for the root itself.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = below.components().map(|it| it.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// The relative path `name` under the relative folder `folder`.
fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Whether the relative path `path` is `folder` or lies in it.
pub(super) fn under(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|it| it.starts_with('/'))
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
