//! Keeps the books of workspaces: notices that a repository has moved, and has git tell what is new behind the answers.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::MutexGuard;
use tokio::sync::mpsc;
use tokio::sync::watch;

use super::Book;
use super::git::AT_ONCE;
use super::git::Git;
use super::patch::Commit;
use super::patch::Reader;
use super::row;
use crate::documents::Documents;
use crate::documents::DocumentsError;
use crate::documents::open::change_ns;
use crate::documents::repository::repository;
use crate::store::CommitRow;
use crate::store::GenerationRow;

/// Commits that are written in one transaction.
const BATCH: usize = 250;

/// How long git is asked for one workspace; what is left is asked for when the repository moves again.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a process looks whether another one still asks git.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// What is behind the name of the index file in the name of the file that whoever asks git has a lock on.
const LOCK_SUFFIX: &str = "-git";

/// The books of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::documents) struct Books {
    /// The program; without it nothing is read and nothing of the past counts.
    pub(in crate::documents) git: Option<PathBuf>,
    /// By workspace.
    held: Arc<Mutex<HashMap<i64, Held>>>,
    /// Held by whoever asks git: one at a time, however many workspaces there are.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// How many commits of those that are new were read, by whoever asks git now, and of how many.
    reading: Arc<watch::Sender<(u64, u64)>>,
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
        let state = state(Path::new(&workspace.root)).unwrap_or_default();
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

    /// How many past commits of those that are new were read, and of how many, as it goes on.
    pub fn reading_commits(&self) -> watch::Receiver<(u64, u64)> {
        self.books.reading.subscribe()
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
                documents.books.give_up(&workspace);
            }
        });
    }

    /// Asks git what is new, keeps it, and makes the book of it.
    async fn learn(&self, workspace: &GenerationRow) -> Result<(), DocumentsError> {
        let root = Path::new(&workspace.root);
        let Some(program) = &self.books.git else { return Ok(()) };
        let Some(_alone) = self.alone().await else {
            self.books.give_up(workspace);
            return Ok(());
        };
        let (Some((repository, _)), Some(state)) = (repository(root), state(root)) else {
            self.books.give_up(workspace);
            return Ok(());
        };
        let (kept, _) = self.store.commits(workspace.id).await?;
        if kept != state {
            // Before git lists them: what another process keeps from now on is not taken for gone.
            let known: HashSet<String> = self.store.commit_hashes(workspace.id).await?.into_iter().collect();
            let git = Git { program, root, repository };
            let Some((list, is_whole)) = git.list().await else {
                // It is asked again when the repository moves, or by the next process; what is known stays.
                let (_, rows) = self.store.commits(workspace.id).await?;
                self.books.put(workspace, (state, bound(rows).await?), false);
                return Ok(());
            };
            let wanted: Vec<String> = list.iter().filter(|it| !known.contains(*it)).cloned().collect();
            let patience = Instant::now() + PATIENCE;
            let tell = |read: usize| self.books.reading.send_replace((read as u64, wanted.len() as u64));
            tell(0);
            for (at, wanted) in wanted.chunks(AT_ONCE).enumerate().take_while(|_| Instant::now() < patience) {
                self.read_commits(workspace.id, &git, wanted).await?;
                tell(at * AT_ONCE + wanted.len());
            }
            let list: HashSet<String> = list.into_iter().collect();
            let gone = known.into_iter().filter(|it| is_whole && !list.contains(it)).collect();
            self.store.complete_commits(workspace.id, state.clone(), gone).await?;
        }
        let (_, rows) = self.store.commits(workspace.id).await?;
        self.books.put(workspace, (state, bound(rows).await?), false);
        Ok(())
    }

    /// Waits until nobody else asks git, here or in another process that shares the index file, until what is returned is
    /// dropped. Where files cannot be locked others are not waited for; `None` when another does not come to its end.
    async fn alone(&self) -> Option<(MutexGuard<'_, ()>, Option<File>)> {
        let here = self.books.asking.lock().await;
        let mut name = self.store.path().as_os_str().to_owned();
        name.push(LOCK_SUFFIX);
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(PathBuf::from(name)).ok();
        let patience = tokio::time::Instant::now() + PATIENCE;
        while let Some(Err(TryLockError::WouldBlock)) = file.as_ref().map(File::try_lock) {
            if tokio::time::Instant::now() > patience {
                return None;
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
        Some((here, file))
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

/// Something that is another one whenever the repository around `root` stands elsewhere; `None` where there is none. Costs
/// three stats, and one for each folder between.
fn state(root: &Path) -> Option<String> {
    let (_, folder) = repository(root)?;
    let stamp = |name: &str| {
        let metadata = std::fs::symlink_metadata(folder.join(name)).ok()?;
        Some(format!("{} {}", metadata.len(), change_ns(&metadata)))
    };
    // Whatever moves it writes a line to the log of that; where none is kept, a branch is a file that is put in place.
    let moved = stamp("logs/HEAD").or_else(|| stamp("refs/heads")).unwrap_or_default();
    let [tables, shallow] = ["reftable/tables.list", "shallow"].map(|it| stamp(it).unwrap_or_default());
    Some(format!("{} {moved} {tables} {shallow}", stamp("HEAD")?))
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

    /// A folder with a file in each of `files`, below it.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for it in files {
            let path = folder.path().join(it);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        folder
    }

    #[test]
    fn whatever_moves_a_repository_is_another_state() {
        let folder = tree(&[".git/HEAD", "src/a.rs"]);
        let root = folder.path();
        std::fs::create_dir(root.join(".git/refs")).unwrap();
        let mut before = state(root).unwrap();
        for name in ["logs/HEAD", "shallow", "reftable/tables.list", "shallow", "logs/HEAD", "HEAD"] {
            let path = root.join(".git").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            std::fs::write(path, text + "more").unwrap();
            let after = state(root).unwrap();
            assert_ne!(before, after, "{name}");
            assert_eq!(state(&root.join("src")), Some(after.clone()));
            before = after;
        }
        std::fs::write(root.join("src/a.rs"), "y").unwrap();
        assert_eq!(state(root), Some(before));
    }

    fn workspace(root: &Path) -> GenerationRow {
        let root = root.to_string_lossy().into_owned();
        GenerationRow { id: 1, root, generation: 1, indexed_at: 0, is_complete: true }
    }

    #[test]
    fn a_book_that_is_given_up_is_begun_again_when_the_repository_moves() {
        let folder = tree(&[".git/HEAD"]);
        let (books, workspace) = (Books::default(), workspace(folder.path()));
        books.put(&workspace, (String::new(), Arc::default()), false);
        assert!(books.begin(1) && !books.begin(1), "one begins it");
        books.give_up(&workspace);
        let held = books.get(&workspace).unwrap();
        assert_eq!((Some(held.state), held.is_reading), (state(folder.path()), false));
        assert!(books.begin(1));
        std::fs::remove_dir_all(folder.path().join(".git")).unwrap();
        books.give_up(&workspace);
        assert!(!books.get(&workspace).unwrap().is_reading);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_folder_that_no_commit_touched_has_an_empty_past_that_is_known() {
        let folder = tree(&["work/.git/HEAD", "work/untracked/a.rs"]);
        let root = folder.path().join("work/untracked");
        let store = crate::store::Store::new(&folder.path().join("a.db"));
        let documents = Documents::new(&store, crate::clock::Clock::system(), root.clone())
            // It ends well, and says nothing.
            .with_git(["/bin/true", "/usr/bin/true"].map(PathBuf::from).into_iter().find(|it| it.exists()));
        let id = documents.store.open_workspace(root.to_string_lossy().into_owned(), 0).await.unwrap();
        documents.learn_history().await.unwrap();
        assert_eq!(Some(documents.store.commits(id).await.unwrap().0), state(&root));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn of_all_who_share_an_index_one_asks_git_at_a_time() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tree(&["work/.git/HEAD"]);
        let program = folder.path().join("git");
        // It stays for a while, and says when it is not alone.
        let script = "#!/bin/sh\nmkdir busy || touch both\ni=0\n\
                      while [ $i -lt 100000 ] && [ ! -e both ]; do i=$((i+1)); done\nrmdir busy\nprintf '%040d\\n' 1\n";
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let root = folder.path().join("work");
        let documents = || {
            let store = crate::store::Store::new(&folder.path().join("a.db"));
            Documents::new(&store, crate::clock::Clock::system(), root.clone()).with_git(Some(program.clone()))
        };
        let (one, other) = (documents(), documents());
        let id = one.store.open_workspace(root.to_string_lossy().into_owned(), 0).await.unwrap();
        // A process that another test starts may hold the script open for a moment.
        for _ in 0..20 {
            let (here, there) = tokio::join!(one.learn_history(), other.learn_history());
            here.and(there).unwrap();
            if !one.store.commit_hashes(id).await.unwrap().is_empty() {
                break;
            }
        }
        assert_eq!(other.store.commit_hashes(id).await.unwrap(), [format!("{:040}", 1)]);
        assert!(!root.join("both").exists());
        let mut lock = one.store.path().as_os_str().to_owned();
        lock.push(LOCK_SUFFIX);
        assert_eq!(std::fs::metadata(lock).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test(start_paused = true)]
    async fn another_process_that_asks_git_is_waited_for_two_minutes_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::Store::new(&folder.path().join("a.db"));
        let documents = Documents::new(&store, crate::clock::Clock::system(), folder.path().to_owned());
        let other = documents.alone().await.expect("nobody asks git");
        let more = Documents::new(&store, crate::clock::Clock::system(), folder.path().to_owned());
        // Nothing else goes on, so the clock of the runtime is at the next thing that is waited for at once.
        let begun = tokio::time::Instant::now();
        assert!(more.alone().await.is_none());
        let waited = begun.elapsed();
        assert!(PATIENCE < waited && waited < PATIENCE + 2 * LOCK_POLL, "{waited:?}");
        let (waiting, ()) = tokio::join!(more.alone(), async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(other);
        });
        assert!(waiting.is_some(), "it is given in time");
    }
}
