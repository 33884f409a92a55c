//! Keeps the books of workspaces: notices that a repository has moved, and has git tell what is new behind the answers.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::mpsc;

use super::Book;
use super::git::Git;
use super::patch::Commit;
use super::patch::Reader;
use super::row;
use crate::documents::Documents;
use crate::documents::DocumentsError;
use crate::documents::open::change_ns;
use crate::store::CommitRow;
use crate::store::GenerationRow;

/// Commits that are written in one transaction.
const BATCH: usize = 250;

/// A file that says where the repository is is not longer.
const LINK_BYTES: u64 = 4_096;

/// The books of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::documents) struct Books {
    /// The program; without it nothing is read and nothing of the past counts.
    pub(in crate::documents) git: Option<PathBuf>,
    /// By workspace.
    held: Arc<Mutex<HashMap<i64, Held>>>,
}

#[derive(Clone, Debug)]
struct Held {
    root: String,
    /// The state of the repository that the book is of, or that git was asked about in vain.
    state: String,
    book: Arc<Book>,
    /// Whether git is asked about another state.
    is_reading: bool,
}

impl Books {
    fn get(&self, workspace: &GenerationRow) -> Option<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&workspace.id).filter(|it| it.root == workspace.root).cloned()
    }

    fn put(&self, workspace: &GenerationRow, (state, book): (String, Arc<Book>), is_reading: bool) {
        let held = Held { root: workspace.root.clone(), state, book, is_reading };
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace.id, held);
    }

    /// Notes that git is asked; whether nobody did before.
    fn begin(&self, workspace: i64) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_mut(&workspace).is_some_and(|it| !std::mem::replace(&mut it.is_reading, true))
    }

    /// Drops the book of a workspace.
    pub(in crate::documents) fn forget(&self, workspace: i64) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
    }
}

impl Documents {
    /// The same, with what past commits say, as the git at this path tells.
    pub fn with_git(mut self, git: Option<PathBuf>) -> Documents {
        self.books.git = git;
        self
    }

    /// The book of a workspace as it is known; when its repository has moved since, it is read again behind the answer.
    pub(in crate::documents) async fn book(&self, workspace: &GenerationRow) -> Option<Arc<Book>> {
        self.books.git.as_ref()?;
        let state = state(Path::new(&workspace.root))?;
        let held = match self.books.get(workspace) {
            Some(held) => held,
            None => {
                let (of, rows) = self.store.commits(workspace.id).await.ok()?;
                let book = bound(rows).await.ok()?;
                self.books.put(workspace, (of, book), false);
                self.books.get(workspace)?
            }
        };
        if held.state != state {
            self.learn_behind(workspace);
        }
        Some(held.book)
    }

    /// Reads what is new in the past of every workspace, and waits for it.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Store`].
    pub async fn learn_history(&self) -> Result<(), DocumentsError> {
        for workspace in self.store.generations().await? {
            self.learn(&workspace).await?;
        }
        Ok(())
    }

    fn learn_behind(&self, workspace: &GenerationRow) {
        let Some(warming) = &self.warming else { return };
        if !self.books.begin(workspace.id) {
            return;
        }
        let (documents, workspace) = (self.clone(), workspace.clone());
        warming.spawn(async move {
            if let Err(err) = documents.learn(&workspace).await {
                tracing::debug!(error = %err, "the past of a workspace was not read");
                documents.books.forget(workspace.id);
            }
        });
    }

    /// Asks git what is new, keeps it, and makes the book of it.
    async fn learn(&self, workspace: &GenerationRow) -> Result<(), DocumentsError> {
        let root = Path::new(&workspace.root);
        let (Some(program), Some(state)) = (&self.books.git, state(root)) else { return Ok(()) };
        let (kept, _) = self.store.commits(workspace.id).await?;
        if kept != state {
            let git = Git { program, root };
            let Some(list) = git.list().await else {
                // It is asked again when the repository moves, or by the next process; what is known stays.
                let (_, rows) = self.store.commits(workspace.id).await?;
                self.books.put(workspace, (state, bound(rows).await?), false);
                return Ok(());
            };
            let known: HashSet<String> = self.store.commit_hashes(workspace.id).await?.into_iter().collect();
            let wanted: Vec<String> = list.iter().filter(|it| !known.contains(*it)).cloned().collect();
            if !wanted.is_empty() {
                self.read_commits(workspace.id, &git, wanted).await?;
            }
            let list: HashSet<String> = list.into_iter().collect();
            let gone = known.into_iter().filter(|it| !list.contains(it)).collect();
            self.store.complete_commits(workspace.id, state.clone(), gone).await?;
        }
        let (_, rows) = self.store.commits(workspace.id).await?;
        self.books.put(workspace, (state, bound(rows).await?), false);
        Ok(())
    }

    /// Has git tell of the commits of `wanted`, and keeps what it tells. One that it passes over changes no text.
    async fn read_commits(&self, workspace: i64, git: &Git<'_>, wanted: Vec<String>) -> Result<(), DocumentsError> {
        let (send, mut told) = mpsc::unbounded_channel();
        let mut taking = Taking { reader: Reader::default(), wanted: wanted.iter().cloned().collect(), send };
        let is_whole = {
            let reading = git.log(&wanted, |part| taking.take(part));
            tokio::pin!(reading);
            let mut batch = Vec::new();
            loop {
                tokio::select! {
                    is_whole = &mut reading => {
                        self.store.keep_commits(workspace, batch).await?;
                        break is_whole;
                    }
                    row = told.recv() => batch.extend(row),
                }
                if batch.len() >= BATCH {
                    self.store.keep_commits(workspace, std::mem::take(&mut batch)).await?;
                }
            }
        };
        if is_whole {
            taking.end();
        } else {
            drop(taking);
        }
        let mut rest = Vec::new();
        while let Some(row) = told.recv().await {
            rest.push(row);
        }
        self.store.keep_commits(workspace, rest).await?;
        Ok(())
    }
}

/// Takes what git tells, and hands on what is kept of it.
struct Taking {
    reader: Reader,
    /// Commits that were not told of yet.
    wanted: HashSet<String>,
    send: mpsc::UnboundedSender<CommitRow>,
}

impl Taking {
    fn take(&mut self, part: &[u8]) -> bool {
        let is_well = self.reader.feed(part).is_ok();
        for it in self.reader.finished() {
            self.keep(&it);
        }
        is_well
    }

    fn keep(&mut self, commit: &Commit) {
        if self.wanted.remove(&commit.hash) {
            // Who keeps them waits for all.
            let _ = self.send.send(row(commit));
        }
    }

    /// What git passed over changes no text.
    fn end(mut self) {
        for it in std::mem::take(&mut self.reader).end() {
            self.keep(&it);
        }
        for hash in std::mem::take(&mut self.wanted) {
            let _ = self.send.send(row(&Commit::without_files(hash)));
        }
    }
}

async fn bound(rows: Vec<CommitRow>) -> Result<Arc<Book>, DocumentsError> {
    let binding = tokio::task::spawn_blocking(move || Arc::new(Book::new(&rows)));
    binding.await.map_err(|err| DocumentsError::Fault(err.to_string()))
}

/// Something that is another one whenever the repository at `root` stands elsewhere; `None` where there is none. Costs three
/// stats.
fn state(root: &Path) -> Option<String> {
    let folder = folder(root)?;
    let stamp = |name: &str| {
        let metadata = std::fs::symlink_metadata(folder.join(name)).ok()?;
        Some(format!("{} {}", metadata.len(), change_ns(&metadata)))
    };
    // Whatever moves it writes a line to the log of that; where none is kept, a branch is a file that is put in place.
    let moved = stamp("logs/HEAD").or_else(|| stamp("refs/heads")).unwrap_or_default();
    Some(format!("{} {moved}", stamp("HEAD")?))
}

/// Where the repository of the folder is: in it, or where a file in it says, as for a second working tree.
fn folder(root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    let metadata = std::fs::symlink_metadata(&place).ok()?;
    if metadata.is_dir() {
        return Some(place);
    }
    let is_link = metadata.is_file() && metadata.len() <= LINK_BYTES;
    let text = is_link.then(|| std::fs::read_to_string(&place).ok()).flatten()?;
    Some(root.join(text.trim_end().strip_prefix("gitdir: ")?))
}
