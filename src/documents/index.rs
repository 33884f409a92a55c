//! Brings the index of a folder up to date: reads what is new or changed, drops what is gone.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::Found;
use super::SkipReason;
use super::Text;
use super::WalkOptions;
use super::chunk::chunk;
use super::read::read;
use super::walk::walk;
use crate::search;
use crate::store::FileRow;
use crate::store::NewChunk;
use crate::store::NewFile;
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
    /// Paths that were passed over, each with the reason.
    pub skipped: Vec<(String, String)>,
    pub took_ms: u64,
}

/// Files that are written in one transaction at most, and their bytes: some 20 ms, so that other processes that
/// want to write hardly wait.
const BATCH_FILES: usize = 64;
const BATCH_BYTES: usize = 512 << 10;

/// Files that may be read ahead of the writing.
const AHEAD: usize = 32;

/// Skipped paths that are kept for the answer; a folder of a million skipped files must not fill the memory.
const SKIPPED: usize = 5_000;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What the reading side tells the writing side.
enum Read {
    File(Box<NewFile>),
    /// Same bytes, other times: file id, size in bytes, time in nanoseconds.
    Touched(i64, i64, i64),
}

/// What the reading side has seen at its end.
struct Seen {
    unchanged: usize,
    paths: HashSet<String>,
    skipped: Vec<(String, String)>,
    whole: bool,
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
        let started = Instant::now();
        let mut done = Indexed::default();
        for target in self.targets(request, allowed).await? {
            let span = call.span("index");
            span.note("root", target.root.display().to_string());
            self.index_target(&target, request, call, &mut done).await.inspect_err(|err| span.fail(err))?;
            span.note("files_indexed", done.files_indexed);
            span.note("files_unchanged", done.files_unchanged);
            span.note("skipped", done.skipped.len());
        }
        done.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(done)
    }

    async fn targets(&self, request: &IndexRequest, allowed: &Allowed) -> Result<Vec<Target>, DocumentsError> {
        let known: Vec<PathBuf> = self.store.workspaces().await?.into_iter().map(|it| it.root.into()).collect();
        let mut paths = request.paths.clone();
        if paths.is_empty() {
            paths.push(match allowed.roots.first() {
                Some(root) if !allowed.unrestricted => root.clone(),
                _ => self.working_folder.clone(),
            });
        }
        let mut targets: Vec<Target> = Vec::new();
        for path in paths {
            let path = allowed.admit(&self.working_folder.join(path)).map_err(DocumentsError::Refused)?;
            let root = self.root_of(&path, &known, allowed);
            // A folder inside another one of the same call is walked with it.
            if !targets.iter().any(|it| path.starts_with(&it.path)) {
                targets.retain(|it| !it.path.starts_with(&path));
                targets.push(Target { root, path });
            }
        }
        Ok(targets)
    }

    /// The workspace that `path` belongs to: one that is known, else the repository around it inside the folder the
    /// program was started in, else itself.
    fn root_of(&self, path: &Path, known: &[PathBuf], allowed: &Allowed) -> PathBuf {
        if let Some(root) = known.iter().filter(|it| path.starts_with(it)).max_by_key(|it| it.as_os_str().len()) {
            return root.clone();
        }
        let working_folder = self.working_folder.canonicalize().unwrap_or_else(|_| self.working_folder.clone());
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
        request: &IndexRequest,
        call: &Call,
        done: &mut Indexed,
    ) -> Result<(), DocumentsError> {
        let root = target.root.to_string_lossy().into_owned();
        let workspace = self.store.open_workspace(root, self.clock.now()).await?;
        let known: HashMap<String, FileRow> =
            self.store.files(workspace).await?.into_iter().map(|it| (it.path.clone(), it)).collect();
        let prefix = relative(&target.root, &target.path);
        let (sender, mut reads) = mpsc::channel(AHEAD);
        let reader = Reader {
            target: (target.root.clone(), target.path.clone()),
            options: WalkOptions {
                include: request.include.clone(),
                exclude: request.exclude.clone(),
                ..WalkOptions::default()
            },
            prefix: prefix.clone(),
            known: known.clone(),
            force: request.force,
            call: call.clone(),
            sender,
        };
        let reading = tokio::task::spawn_blocking(move || reader.run());
        let mut batch = Batch::default();
        while let Some(read) = reads.recv().await {
            batch.add(read);
            if batch.is_full() {
                self.write(workspace, &mut batch, done).await?;
            }
        }
        self.write(workspace, &mut batch, done).await?;
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
        done.files_removed += self.store.remove_files(gone).await?;
        done.files_unchanged += seen.unchanged;
        done.skipped.extend(seen.skipped);
        Ok(())
    }

    async fn write(&self, workspace: i64, batch: &mut Batch, done: &mut Indexed) -> Result<(), DocumentsError> {
        let Batch { files, touched, .. } = std::mem::take(batch);
        done.files_unchanged += touched.len();
        if !touched.is_empty() {
            self.store.touch_files(touched).await?;
        }
        done.files_indexed += files.len();
        done.chunks += files.iter().map(|it| it.chunks.len()).sum::<usize>();
        if !files.is_empty() {
            self.store.put_files(workspace, files).await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Batch {
    files: Vec<NewFile>,
    touched: Vec<(i64, i64, i64)>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, read: Read) {
        match read {
            Read::File(file) => {
                self.bytes += usize::try_from(file.size_bytes).unwrap_or(0);
                self.files.push(*file);
            }
            Read::Touched(id, size, mtime) => self.touched.push((id, size, mtime)),
        }
    }

    fn is_full(&self) -> bool {
        self.files.len() >= BATCH_FILES || self.bytes >= BATCH_BYTES || self.touched.len() >= 1_000
    }
}

/// The reading side: walks, compares, reads, cuts. Runs on a thread for blocking work.
struct Reader {
    /// Root of the workspace, and what is walked.
    target: (PathBuf, PathBuf),
    options: WalkOptions,
    /// What is walked, from the root of the workspace.
    prefix: String,
    known: HashMap<String, FileRow>,
    force: bool,
    call: Call,
    sender: mpsc::Sender<Read>,
}

impl Reader {
    fn run(self) -> Result<Seen, DocumentsError> {
        let mut seen = Seen { unchanged: 0, paths: HashSet::new(), skipped: Vec::new(), whole: true };
        let mut files = 0_u32;
        let mut told = Instant::now();
        let (root, path) = &self.target;
        walk(path, &self.options, &mut |found| {
            if self.call.cancelled().is_cancelled() {
                seen.whole = false;
                return ControlFlow::Break(());
            }
            match found {
                Found::Skipped { relative, reason } => {
                    if seen.skipped.len() < SKIPPED {
                        let name = if path.is_dir() { join(&self.prefix, &relative) } else { self.prefix.clone() };
                        seen.skipped.push((name, reason.text().to_owned()));
                    }
                }
                Found::File { path, size_bytes, mtime_ns, .. } => {
                    files += 1;
                    let name = relative(root, &path);
                    if told.elapsed() >= TELL_EVERY {
                        told = Instant::now();
                        self.call.progress().tell(f64::from(files), None, format!("{files} files: {name}"));
                    }
                    if !self.take(&path, name, size_bytes, mtime_ns, &mut seen) {
                        seen.whole = false;
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        self.call.progress().tell(f64::from(files) + 1.0, None, format!("{files} files seen"));
        Ok(seen)
    }

    /// Reads one file if it is new or changed; false when nobody takes it any more.
    fn take(&self, path: &Path, name: String, size_bytes: u64, mtime_ns: i64, seen: &mut Seen) -> bool {
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
                if seen.skipped.len() < SKIPPED {
                    seen.skipped.push((name, reason.text().to_owned()));
                }
                return true;
            }
        };
        seen.paths.insert(name.clone());
        let read = match known.filter(|it| !self.force && it.hash == text.hash.as_bytes()) {
            Some(known) => Read::Touched(known.id, size, mtime_ns),
            None => Read::File(Box::new(cut(name, size, mtime_ns, text))),
        };
        self.sender.blocking_send(read).is_ok()
    }
}

fn cut(name: String, size_bytes: i64, mtime_ns: i64, text: Text) -> NewFile {
    let language = text.language;
    let pieces = chunk(&text.text, language).into_iter().map(|it| NewChunk {
        start_line: it.lines().0,
        end_line: it.lines().1,
        index_text: search::index_text(&it.text).into_owned(),
        title: it.title,
        symbol: it.symbol,
        text: it.text,
    });
    NewFile {
        chunks: pieces.collect(),
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
fn under(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|it| it.starts_with('/'))
}
