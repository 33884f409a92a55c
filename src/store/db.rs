//! The handle to the database: a few reading connections, and the queue of the one thread that writes.
//!
//! Nothing is opened before the first use, so a server starts at once, and a file that cannot be opened is tried again at
//! the next call.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::Transaction;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::error::StoreError;
use super::migrate;
use super::open;
use super::open::FileIdentity;
use super::open::Opened;
use super::open::Pins;
use super::records::RecordLimits;
use super::vectors::VectorCache;
use super::writer::Job;
use super::writer::Lazy;
use super::writer::Waited;
use super::writer::Writer;
use crate::clock::Millis;

/// Connections that read at the same time. Two cores are busy with two; the others hide waits for the disk.
const READERS: usize = 4;

/// How long the end waits for the writing thread.
const CLOSE_PATIENCE: Duration = Duration::from_millis(1500);

/// How often other contents may be put into the file before one read. Each of the idle connections may be of before.
const PUT_BACK_MEANWHILE: usize = READERS + 4;

/// Steps of SQLite's machine between two looks at the cancellation token: some 50 µs.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// A handle to the database. Clones share it; the writing thread ends when the last clone is dropped, or when
/// [`Store::close`] is called.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Filled at the first write, emptied by `close`.
    writer: Mutex<Option<Writer>>,
    /// Idle reading connections.
    idle: Mutex<Vec<Opened>>,
    readers: Semaphore,
    known: Arc<Known>,
}

/// What callers and the writing thread tell each other.
#[derive(Debug)]
pub(super) struct Known {
    /// The latest time that a writing caller named: the store has no clock of its own.
    pub(super) now: AtomicI64,
    /// Whether calls were noted since the record was last waited for; set by whoever notes one.
    calls: AtomicBool,
    /// The file that this process has worked with. When its schema becomes newer, a newer program migrated it under
    /// this one: reading goes on then, writing does not. With it, what tells its contents from others that are put
    /// into the same file.
    file: Mutex<Option<(FileIdentity, i64)>>,
    pub(super) pins: Pins,
    /// Jobs that wait for the writing thread.
    pub(super) queued: AtomicUsize,
    /// Writes that nobody waited for and that failed.
    pub(super) lost: AtomicUsize,
    /// How long records and earlier versions are kept; set once, before the first write. For good where it is not.
    pub(super) limits: OnceLock<RecordLimits>,
    /// Filled by the first search by meaning; of the file above.
    vectors: Arc<VectorCache>,
    /// Which file that is, counted by this process: what it keeps in memory of one is not true of another.
    generation: AtomicU64,
    /// Whether all that stands in the file can be made again, so that a damaged one is taken away.
    can_be_made_again: bool,
}

impl Known {
    pub(super) fn has_worked_with(&self, file: Option<FileIdentity>) -> bool {
        file.is_some() && self.file.lock().unwrap_or_else(PoisonError::into_inner).map(|it| it.0) == file
    }

    pub(super) fn can_be_made_again(&self) -> bool {
        self.can_be_made_again
    }

    /// What `err` is told as: a damaged file that can be made again is taken away, and the next use makes it anew.
    pub(super) fn told(&self, path: &Path, err: StoreError) -> StoreError {
        match err {
            StoreError::Corrupt { path: named, reason } if self.can_be_made_again && open::take_away_damaged(path) => {
                StoreError::TakenAway { path: named, reason }
            }
            other => other,
        }
    }

    /// Notes the file of a connection; returns its number among those that this process has worked with. One into which
    /// a backup was put back is another file.
    pub(super) fn works_with(&self, opened: &Opened) -> u64 {
        let file = opened.files.main.map(|it| (it, opened.cookie));
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if *held != file {
            *held = file;
            self.vectors.clear();
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        self.generation.load(Ordering::Relaxed)
    }
}

impl Store {
    /// A handle to the database at `path`. Nothing is opened or created before the first use.
    pub fn new(path: &Path) -> Store {
        Store::at(path, false)
    }

    /// As [`Store::new`], for what can be made again from elsewhere: a damaged file is taken away.
    pub(super) fn of_what_can_be_made_again(path: &Path) -> Store {
        Store::at(path, true)
    }

    fn at(path: &Path, can_be_made_again: bool) -> Store {
        Store {
            shared: Arc::new(Shared {
                path: path.to_path_buf(),
                writer: Mutex::default(),
                idle: Mutex::default(),
                readers: Semaphore::new(READERS),
                known: Arc::new(Known {
                    now: AtomicI64::new(Millis::MIN),
                    calls: AtomicBool::new(false),
                    file: Mutex::default(),
                    pins: Pins::default(),
                    queued: AtomicUsize::new(0),
                    lost: AtomicUsize::new(0),
                    limits: OnceLock::new(),
                    vectors: Arc::default(),
                    generation: AtomicU64::new(0),
                    can_be_made_again,
                }),
            }),
        }
    }

    /// The same handle; records of calls that are past `limits` are deleted from now on, in small steps, and earlier versions
    /// of a context when it is written.
    pub fn keeping(self, limits: RecordLimits) -> Store {
        let _ = self.shared.known.limits.set(limits);
        self
    }

    /// Past which records and versions are dropped; `None` keeps all.
    pub(super) fn limits(&self) -> Option<RecordLimits> {
        self.shared.known.limits.get().copied()
    }

    /// Writes that wait in this process.
    pub fn queued_writes(&self) -> usize {
        self.shared.known.queued.load(Ordering::Relaxed)
    }

    /// Records that this process could not write (traces, counts, costs): nobody waited for them, so only the log and this tell.
    pub fn lost_writes(&self) -> usize {
        self.shared.known.lost.load(Ordering::Relaxed)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Runs `work` in a transaction and returns when it is durable. When `work` fails, nothing of it is kept.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, outcome) = Waited::new(work);
        self.queue(Job::Work(Box::new(job)))?;
        outcome.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }

    /// As [`Store::write`], for work that can fail as SQLite does only.
    pub(super) fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        let path = self.path().to_path_buf();
        self.write(move |tx| work(tx).map_err(|err| StoreError::of(&path, &err)))
    }

    /// Runs `work` with the next transaction that is made anyway, or soon. Its failure is only logged.
    pub(super) fn write_later(&self, work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static) {
        if let Err(err) = self.queue(Job::Lazy(Box::new(Lazy::new(work, Arc::clone(&self.shared.known))))) {
            tracing::warn!(error = %err, "a record was not written");
        }
    }

    /// As [`Store::write_later`], for work that can fail as SQLite does only.
    pub(super) fn change_later(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static) {
        let path = self.path().to_path_buf();
        self.write_later(move |tx| work(tx).map_err(|err| StoreError::of(&path, &err)));
    }

    /// Waits until everything that was queued before is durable, lazy writes included.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] of opening or committing.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }

    /// Runs `work` on a reading connection, on a thread for blocking work, inside one read transaction: all its
    /// queries see the same state. Stops when `cancelled` fires.
    pub(super) async fn read_until<T: Send + 'static>(
        &self,
        cancelled: &CancellationToken,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.read_file_until(cancelled, |conn, _| work(conn)).await
    }

    /// As [`Store::read_until`], for work that can fail as SQLite does only.
    pub(super) fn query_until<T: Send + 'static>(
        &self,
        cancelled: &CancellationToken,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        let path = self.path().to_path_buf();
        self.read_until(cancelled, move |conn| work(conn).map_err(|err| StoreError::of(&path, &err)))
    }

    /// As [`Store::read_until`], with the number of the file among those that this process has worked with; `None`
    /// when it cannot be told what else happens to it.
    pub(super) async fn read_file_until<T: Send + 'static>(
        &self,
        cancelled: &CancellationToken,
        work: impl FnOnce(&Connection, Option<u64>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let cancelled = cancelled.clone();
        self.on_reader(move |conn, file| {
            let watch = cancelled.clone();
            let set = conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watch.is_cancelled()));
            set.map_err(|err| StoreError::Internal { reason: err.to_string() })?;
            work(conn, file)
        })
        .await
    }

    /// As [`Store::read_until`], for reads that are short.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_reader(|conn, _| work(conn)).await
    }

    /// As [`Store::read`], for work that can fail as SQLite does only.
    pub(super) fn query<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        let path = self.path().to_path_buf();
        self.read(move |conn| work(conn).map_err(|err| StoreError::of(&path, &err)))
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, Option<u64>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(_turn) = self.shared.readers.acquire().await else { return Err(StoreError::closed()) };
        let store = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut work = Some(work);
            for _ in 0..PUT_BACK_MEANWHILE {
                let mut reader =
                    store.take_reader().or_else(|err| match store.shared.known.told(store.path(), err) {
                        // Nothing was done yet, so the caller need not hear of it.
                        StoreError::TakenAway { .. } => store.take_reader(),
                        other => Err(other),
                    })?;
                let (file, cookie) = (reader.generation, reader.cookie);
                let result = in_read_transaction(store.path(), &mut reader.conn, |conn| {
                    if migrate::cookie(conn).map_err(|err| StoreError::of(store.path(), &err))? != cookie {
                        return Ok(None);
                    }
                    work.take().map(|work| work(conn, file)).transpose()
                });
                if matches!(result, Ok(None)) {
                    // A backup was put back into the file, or its schema is another one: a connection that knows that
                    // is opened.
                    continue;
                }
                if reader.follows && result.as_ref().err().is_none_or(|err| !err.is_about_the_file()) {
                    store.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
                }
                let result = result.map_err(|err| store.shared.known.told(store.path(), err));
                return result.and_then(|it| it.ok_or_else(StoreError::closed));
            }
            Err(StoreError::Internal {
                reason: "the database file was replaced again and again while it was being read".to_owned(),
            })
        });
        reading.await.unwrap_or_else(|err| Err(StoreError::Internal { reason: err.to_string() }))
    }

    /// A connection for reading, on the file that is at the path now. Blocks.
    fn take_reader(&self) -> Result<Opened, StoreError> {
        let shared = &self.shared;
        let idle = shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(reader) if reader.files.are_at(&shared.path) => return Ok(reader),
            Some(_old) => {
                shared.known.pins.clear_what_is_left(&shared.path);
                // The others are as old; those in use now are caught when they come back.
                shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            None => {}
        }
        if open::identity(&shared.path).is_none() {
            // Opening for writing creates the file; a place that cannot be written says so here.
            self.flush_blocking()?;
        }
        let newer_too = shared.known.has_worked_with(open::identity(&shared.path));
        let mut reader = open::open_reader(&shared.path, newer_too, &shared.known.pins)?;
        if reader.version < migrate::known() {
            // Only just created, or made by an older program: opening for writing brings it up to date.
            self.flush_blocking()?;
            reader = open::open_reader(&shared.path, newer_too, &shared.known.pins)?;
        }
        if reader.version == migrate::known() {
            let generation = shared.known.works_with(&reader);
            reader.generation = reader.follows.then_some(generation);
        }
        Ok(reader)
    }

    /// Whether the file has the schema of this program, so that its first use does not change it; `None` when there is no
    /// file. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Newer`], and any other of opening.
    pub async fn is_current(&self) -> Result<Option<bool>, StoreError> {
        let store = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let shared = &store.shared;
            if open::identity(&shared.path).is_none() {
                return Ok(None);
            }
            let reader = open::open_reader(&shared.path, false, &shared.known.pins)?;
            let is_current = reader.version == migrate::known();
            if is_current && reader.follows {
                shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            }
            Ok(Some(is_current))
        });
        looking.await.unwrap_or_else(|err| Err(StoreError::Internal { reason: err.to_string() }))
    }

    /// As [`Store::flush`], on a thread that may block.
    fn flush_blocking(&self) -> Result<(), StoreError> {
        let (job, outcome) = Waited::new(|_: &Transaction<'_>| Ok(()));
        self.queue(Job::Work(Box::new(job)))?;
        outcome.blocking_recv().unwrap_or_else(|_| Err(StoreError::closed()))
    }

    /// See [`Store::flush_calls`].
    pub(super) fn calls_waiting(&self) -> &AtomicBool {
        &self.shared.known.calls
    }

    /// The vectors that this process holds in memory.
    pub(super) fn vectors(&self) -> Arc<VectorCache> {
        Arc::clone(&self.shared.known.vectors)
    }

    /// Notes what time a caller has, for the sweeping of what has expired.
    pub(super) fn note_time(&self, now: Millis) {
        self.shared.known.now.fetch_max(now, Ordering::Relaxed);
    }

    fn queue(&self, job: Job) -> Result<(), StoreError> {
        let mut writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut job = job;
        // Twice: a thread that a fault has ended is replaced.
        for _ in 0..2 {
            let jobs = match writer.as_ref() {
                Some(writer) => writer.jobs.clone(),
                None => {
                    let started = Writer::start(&self.shared.path, Arc::clone(&self.shared.known))?;
                    let jobs = started.jobs.clone();
                    *writer = Some(started);
                    jobs
                }
            };
            // Before it is sent: the thread may have taken it a moment later.
            self.shared.known.queued.fetch_add(1, Ordering::Relaxed);
            match jobs.send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(back)) => {
                    self.shared.known.queued.fetch_sub(1, Ordering::Relaxed);
                    (job, *writer) = (back, None);
                }
            }
        }
        Err(StoreError::closed())
    }

    /// Looks the file over: schema, integrity, counts. Reads the whole file, so it may take seconds.
    pub async fn health(&self) -> Result<open::Health, StoreError> {
        let path = self.path().to_path_buf();
        self.read(move |conn| open::health(conn, &path).map_err(|err| StoreError::of(&path, &err))).await
    }

    /// Writes what is left, closes the file and waits for that, for a short while at most.
    pub async fn close(&self) {
        let writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(Writer { jobs, ended }) = writer {
            drop(jobs);
            // A lock held by another process must not hold up our end; what was acknowledged is durable already.
            if tokio::time::timeout(CLOSE_PATIENCE, ended).await.is_err() {
                tracing::warn!("the database was still busy at the end");
            }
        }
    }
}

fn in_read_transaction<T>(
    path: &Path,
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |conn: &Connection, sql| conn.prepare_cached(sql).and_then(|mut it| it.execute([]));
    run(conn, "BEGIN").map_err(|err| StoreError::of(path, &err))?;
    // A panic amid the read must not leave the transaction open on a connection that others use next.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| work(conn)))
        .unwrap_or_else(|_| Err(StoreError::Internal { reason: "a read panicked".to_owned() }));
    let _ = conn.progress_handler(0, None::<fn() -> bool>);
    let _ = run(conn, "ROLLBACK");
    result
}
