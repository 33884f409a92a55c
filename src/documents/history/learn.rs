//! Keeps the books of workspaces: notices that a repository has moved, and has git tell what is new behind the answers.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc;

use super::Book;
use super::git::AT_ONCE;
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

/// How long git is asked for one workspace; what is left is asked for when the repository moves again.
const PATIENCE: Duration = Duration::from_secs(120);

/// A file that says where the repository is is not longer.
const LINK_BYTES: u64 = 4_096;

/// The books of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::documents) struct Books {
    /// The program; without it nothing is read and nothing of the past counts.
    pub(in crate::documents) git: Option<PathBuf>,
    /// By workspace.
    held: Arc<Mutex<HashMap<i64, Held>>>,
    /// Held by whoever asks git: one at a time, however many workspaces there are.
    asking: Arc<tokio::sync::Mutex<()>>,
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

    /// Notes that what is known has to do until the repository moves again.
    fn give_up(&self, workspace: &GenerationRow) {
        let Some(state) = state(Path::new(&workspace.root)) else { return };
        if let Some(held) = self.get(workspace) {
            self.put(workspace, (state, held.book), false);
        }
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
            let _alone = documents.books.asking.lock().await;
            if let Err(err) = documents.learn(&workspace).await {
                tracing::debug!(error = %err, "the past of a workspace was not read");
                documents.books.give_up(&workspace);
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
            let patience = Instant::now() + PATIENCE;
            for wanted in wanted.chunks(AT_ONCE).take_while(|_| Instant::now() < patience) {
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

    /// Has git tell of the commits of `wanted`, and keeps what it tells. One that it passes over changes no text, and what
    /// git does not come to the end of is not asked for again.
    async fn read_commits(&self, workspace: i64, git: &Git<'_>, wanted: &[String]) -> Result<(), DocumentsError> {
        let (send, mut told) = mpsc::unbounded_channel();
        let mut taking = Taking { reader: Reader::default(), wanted: wanted.iter().cloned().collect(), send };
        let is_whole = {
            let reading = git.log(wanted, |part| taking.take(part));
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
        taking.end(is_whole);
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

    /// What git passed over changes no text; of what broke off the last is not whole.
    fn end(mut self, is_whole: bool) {
        let rest = std::mem::take(&mut self.reader).end();
        for it in rest.into_iter().filter(|_| is_whole) {
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
    let tables = stamp("reftable/tables.list").or_else(|| stamp("shallow")).unwrap_or_default();
    Some(format!("{} {moved} {tables}", stamp("HEAD")?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_breaks_off_is_kept_without_files_and_not_asked_for_again() {
        let told = |is_whole: bool| {
            let (send, mut rows) = mpsc::unbounded_channel();
            let wanted: Vec<String> = ["a", "b"].map(|it| it.repeat(40)).to_vec();
            let mut taking = Taking { reader: Reader::default(), wanted: wanted.into_iter().collect(), send };
            let diff = "diff --git a/x.rs b/x.rs\n+++ b/x.rs\n@@ -0,0 +1 @@\n+let answer = 42;\n";
            let text = format!("\u{1}{}\0message\0\n\n{diff}", "a".repeat(40));
            assert!(taking.take(text.as_bytes()));
            taking.end(is_whole);
            let mut all: Vec<CommitRow> = std::iter::from_fn(|| rows.try_recv().ok()).collect();
            all.sort_by(|a, b| a.hash.cmp(&b.hash));
            all.into_iter().map(|it| (it.hash, it.files)).collect::<Vec<_>>()
        };
        let rows = |first: &str| vec![("a".repeat(40), first.to_owned()), ("b".repeat(40), String::new())];
        assert_eq!(told(false), rows(""));
        assert_eq!(told(true), rows("x.rs"));
    }
}
