//! The handle to the database: one writing thread with a queue, and a few reading connections beside it.
//!
//! The writing thread takes what has gathered in its queue, runs it in one transaction (each job in a savepoint of
//! its own), commits once and only then tells the callers. Nothing is opened before the first use, so a server
//! starts at once, and a file that cannot be opened is tried again at the next call.

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
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::Transaction;
use rusqlite::TransactionBehavior;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::error::StoreError;
use super::migrate;
use super::open;
use super::open::FileIdentity;
use super::open::Opened;
use super::open::Pins;
use super::records;
use super::records::Cutoff;
use super::records::RecordLimits;
use super::vectors::VectorCache;
use crate::clock::Millis;

/// Connections that read at the same time. Two cores are busy with two; the others hide waits for the disk.
const READERS: usize = 4;

/// Jobs that are committed together at most, so that no caller waits long for its neighbours.
const BATCH: usize = 128;

/// How long a write that nobody waits for (a trace) may wait for company.
const LAZY: Duration = Duration::from_millis(150);

/// How many writes that nobody waits for may gather.
const LAZY_BATCH: usize = 256;

/// How often a process that writes looks for what has expired. Reading hides it from the first moment.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Between two steps of a sweep of old records: others write in between, this process and the others.
const STEP_EVERY: Duration = Duration::from_millis(20);

/// How often the size of all traces is added up, where they may be too many.
const SIZE_EVERY: Duration = Duration::from_secs(600);

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
struct Known {
    /// The latest time that a writing caller named: the store has no clock of its own.
    now: AtomicI64,
    /// Whether calls were noted since the record was last waited for; set by whoever notes one.
    calls: AtomicBool,
    /// The file that this process has worked with. When its schema becomes newer, a newer program migrated it under
    /// this one: reading goes on then, writing does not. With it, what tells its contents from others that are put
    /// into the same file.
    file: Mutex<Option<(FileIdentity, i64)>>,
    pins: Pins,
    /// Jobs that wait for the writing thread.
    queued: AtomicUsize,
    /// How long records of calls are kept; set once, before the first write. For good where it is not.
    limits: OnceLock<RecordLimits>,
    /// Filled by the first search by meaning; of the file above.
    vectors: Arc<VectorCache>,
    /// Which file that is, counted by this process: what it keeps in memory of one is not true of another.
    generation: AtomicU64,
}

impl Known {
    fn has_worked_with(&self, file: Option<FileIdentity>) -> bool {
        file.is_some() && self.file.lock().unwrap_or_else(PoisonError::into_inner).map(|it| it.0) == file
    }

    /// Notes the file of a connection; returns its number among those that this process has worked with. One into which
    /// a backup was put back is another file.
    fn works_with(&self, opened: &Opened) -> u64 {
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

#[derive(Debug)]
struct Writer {
    jobs: mpsc::Sender<Job>,
    /// Told when the thread has closed the file.
    ended: oneshot::Receiver<()>,
}

impl Store {
    /// A handle to the database at `path`. Nothing is opened or created before the first use.
    pub fn new(path: &Path) -> Store {
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
                    limits: OnceLock::new(),
                    vectors: Arc::default(),
                    generation: AtomicU64::new(0),
                }),
            }),
        }
    }

    /// The same handle; records of calls that are past `limits` are deleted from now on, in small steps.
    pub fn keeping(self, limits: RecordLimits) -> Store {
        let _ = self.shared.known.limits.set(limits);
        self
    }

    /// Writes that wait in this process.
    pub fn queued_writes(&self) -> usize {
        self.shared.known.queued.load(Ordering::Relaxed)
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
        let (done, result) = oneshot::channel();
        self.queue(Job::Work(Box::new(Waited { work: Some(work), outcome: None, done: Some(done) })))?;
        result.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Runs `work` with the next transaction that is made anyway, or soon. Its failure is only logged.
    pub(super) fn write_later(&self, work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static) {
        let lazy = Lazy { work: Some(work) };
        if let Err(err) = self.queue(Job::Lazy(Box::new(lazy))) {
            tracing::warn!(error = %err, "a record was not written");
        }
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

    async fn on_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, Option<u64>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(_turn) = self.shared.readers.acquire().await else { return Err(gone()) };
        let store = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut work = Some(work);
            for _ in 0..PUT_BACK_MEANWHILE {
                let mut reader = store.take_reader()?;
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
                return result.and_then(|it| it.ok_or_else(gone));
            }
            Err(StoreError::Internal { reason: "the database changes all the time".to_owned() })
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
        let (done, result) = oneshot::channel();
        let nothing = |_: &Transaction<'_>| Ok(());
        self.queue(Job::Work(Box::new(Waited { work: Some(nothing), outcome: None, done: Some(done) })))?;
        result.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }

    /// The vectors that this process holds in memory.
    /// See [`Store::flush_calls`].
    pub(super) fn calls_waiting(&self) -> &AtomicBool {
        &self.shared.known.calls
    }

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
                    let started = start_writer(&self.shared)?;
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
        Err(gone())
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

fn start_writer(shared: &Shared) -> Result<Writer, StoreError> {
    let (jobs, queue) = mpsc::channel();
    let (end, ended) = oneshot::channel();
    let writer = WriterLoop {
        path: shared.path.clone(),
        queue,
        held: None,
        lazy: Vec::new(),
        known: Arc::clone(&shared.known),
        swept: None,
        sized: None,
        sweeping: None,
    };
    // Not a thread of the runtime: that would wait at its own end for one that waits for another process.
    std::thread::Builder::new()
        .name("db".to_owned())
        .spawn(move || {
            writer.run();
            let _ = end.send(());
        })
        .map_err(|err| StoreError::Internal { reason: format!("cannot start the database thread: {err}") })?;
    Ok(Writer { jobs, ended })
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

fn gone() -> StoreError {
    StoreError::Internal { reason: "the database is closed".to_owned() }
}

enum Job {
    /// Somebody waits for it.
    Work(Box<dyn Work>),
    /// Nobody waits for it.
    Lazy(Box<dyn Work>),
}

/// One job of the writing thread: run inside the transaction, finished after it.
trait Work: Send {
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError>;
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Waited<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    done: Option<oneshot::Sender<Result<T, StoreError>>>,
}

impl<T, F> Work for Waited<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        if self.done.as_ref().is_none_or(oneshot::Sender::is_closed) {
            // Whoever waited was cancelled; what is not begun is not done.
            return Err(StoreError::Cancelled);
        }
        let outcome = work(tx);
        let told = outcome.as_ref().map(|_| ()).map_err(StoreError::clone);
        self.outcome = Some(outcome);
        told
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.outcome, committed) {
            (Some(Err(err)), _) | (_, Err(err)) => Err(err),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(gone()),
        };
        // The caller may have been cancelled since.
        if let Some(done) = self.done {
            let _ = done.send(result);
        }
    }
}

struct Lazy<F> {
    work: Option<F>,
}

impl<F> Work for Lazy<F>
where
    F: FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.work.take().map_or(Ok(()), |work| work(tx))
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        if let Err(err) = committed {
            tracing::warn!(error = %err, "a record was not written");
        }
    }
}

/// The writing thread.
struct WriterLoop {
    path: PathBuf,
    queue: mpsc::Receiver<Job>,
    held: Option<Opened>,
    /// Writes that nobody waits for, until a transaction takes them along.
    lazy: Vec<Box<dyn Work>>,
    known: Arc<Known>,
    /// When this process last looked for what has expired.
    swept: Option<Instant>,
    /// When this process last added up the size of all traces.
    sized: Option<Instant>,
    /// Old records that are being deleted, and when the last step was made.
    sweeping: Option<(Cutoff, Instant)>,
}

impl WriterLoop {
    fn run(mut self) {
        let mut lazy_since: Option<Instant> = None;
        loop {
            let lazy = lazy_since.map(|since| LAZY.saturating_sub(since.elapsed()));
            let step = self.sweeping.map(|(_, at)| STEP_EVERY.saturating_sub(at.elapsed()));
            let next = match lazy.into_iter().chain(step).min() {
                None => self.queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(wait) => self.queue.recv_timeout(wait),
            };
            let mut batch: Vec<Box<dyn Work>> = Vec::new();
            let mut open = true;
            match next {
                Ok(job) => self.sort(job, &mut batch),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => open = false,
            }
            while batch.len() < BATCH
                && let Ok(job) = self.queue.try_recv()
            {
                self.sort(job, &mut batch);
            }
            let due = lazy_since.is_some_and(|since| since.elapsed() >= LAZY) || self.lazy.len() >= LAZY_BATCH || !open;
            if !batch.is_empty() || (due && !self.lazy.is_empty()) {
                let is_lazy = batch.is_empty();
                let mut jobs = std::mem::take(&mut self.lazy);
                jobs.append(&mut batch);
                self.commit(jobs, is_lazy);
                lazy_since = None;
            } else if !self.lazy.is_empty() && lazy_since.is_none() {
                lazy_since = Some(Instant::now());
            }
            if !open {
                return;
            }
            if self.sweeping.is_some_and(|(_, at)| at.elapsed() >= STEP_EVERY) {
                self.step();
            }
        }
    }

    fn sort(&mut self, job: Job, batch: &mut Vec<Box<dyn Work>>) {
        self.known.queued.fetch_sub(1, Ordering::Relaxed);
        match job {
            Job::Work(work) => batch.push(work),
            Job::Lazy(work) => self.lazy.push(work),
        }
    }

    fn commit(&mut self, mut jobs: Vec<Box<dyn Work>>, is_lazy: bool) {
        if is_lazy && self.held.is_some() && open::identity(&self.path).is_none() {
            // The file was deleted under us; it is not made again for records that nobody waits for.
            self.held = None;
            return;
        }
        let outcome = self.transact(&mut jobs);
        if matches!(&outcome, Err(err) if !matches!(err, StoreError::Busy { .. })) {
            // Whatever is wrong with the file, a fresh connection sees it as it then is.
            self.held = None;
        }
        for job in jobs {
            job.finish(outcome.clone());
        }
        if outcome.is_ok() && self.swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            self.sweep();
        }
    }

    /// Looks for records of calls that are past their limits.
    fn look_for_old_records(&mut self) {
        let (Some(limits), Some(held)) = (self.known.limits.get(), &self.held) else { return };
        let now = self.known.now.load(Ordering::Relaxed);
        // The traces cannot be larger than the file that they are in.
        let is_large = std::fs::metadata(&self.path)
            .is_ok_and(|it| i64::try_from(it.len()).unwrap_or(i64::MAX) > limits.trace_bytes);
        let looks_at_size = is_large && self.sized.is_none_or(|at| at.elapsed() >= SIZE_EVERY);
        if looks_at_size {
            self.sized = Some(Instant::now());
        }
        match records::cutoff(&held.conn, *limits, now, looks_at_size) {
            Ok(cutoff) => self.sweeping = cutoff.map(|it| (it, Instant::now())),
            Err(err) => tracing::warn!(error = %err, "old records were not looked for"),
        }
    }

    /// Deletes some of the old records.
    fn step(&mut self) {
        let Some((cutoff, _)) = self.sweeping.take() else { return };
        let path = self.path.clone();
        let (tell, told) = mpsc::channel();
        let sweep = move |tx: &Transaction<'_>| {
            let more = records::sweep(tx, cutoff).map_err(|err| StoreError::of(&path, &err))?;
            let _ = tell.send(more);
            Ok(())
        };
        let mut jobs: Vec<Box<dyn Work>> = vec![Box::new(Lazy { work: Some(sweep) })];
        match self.transact(&mut jobs) {
            Ok(()) if told.try_recv().unwrap_or(false) => self.sweeping = Some((cutoff, Instant::now())),
            Ok(()) => {}
            // The next look finds it again.
            Err(err) => tracing::warn!(error = %err, "old records were not deleted"),
        }
    }

    /// Deletes what has expired, if there is anything.
    fn sweep(&mut self) {
        self.swept = Some(Instant::now());
        if self.sweeping.is_none() {
            self.look_for_old_records();
        }
        let now = self.known.now.load(Ordering::Relaxed);
        let Some(held) = &self.held else { return };
        // Looking costs no lock and no flush.
        if !super::memories::has_expired(&held.conn, now).unwrap_or(false) {
            return;
        }
        let path = self.path.clone();
        let sweep = move |tx: &Transaction<'_>| {
            super::memories::sweep(tx, now).map(|_| ()).map_err(|err| StoreError::of(&path, &err))
        };
        let mut jobs: Vec<Box<dyn Work>> = vec![Box::new(Lazy { work: Some(sweep) })];
        if let Err(err) = self.transact(&mut jobs) {
            tracing::warn!(error = %err, "what has expired was not swept");
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |err: rusqlite::Error| StoreError::of(&path, &err);
        let mut found = self.version()?;
        if found < migrate::known() {
            // A backup of an older version was put back into the file: it is brought up to date again.
            self.held = None;
            found = self.version()?;
        }
        let conn = self.connection()?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if found == migrate::known() {
            found = migrate::version(&tx).map_err(failed)?;
        }
        if found != migrate::known() {
            return Err(StoreError::Migrated { path, found, known: migrate::known() });
        }
        let mut suspicious = false;
        for job in jobs {
            tx.execute_batch("SAVEPOINT job").map_err(failed)?;
            let ran = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(&tx)));
            if tx.is_autocommit() {
                // SQLite gave up the whole transaction (no space left, for one): nothing of the batch is there.
                return Err(match ran {
                    Ok(Err(err)) => err,
                    _ => StoreError::Internal { reason: "the transaction was rolled back".to_owned() },
                });
            }
            let end = match ran {
                Ok(Ok(())) => "RELEASE job",
                Ok(Err(err)) => {
                    suspicious |= err.is_about_the_file();
                    "ROLLBACK TO job; RELEASE job"
                }
                Err(_) => "ROLLBACK TO job; RELEASE job",
            };
            tx.execute_batch(end).map_err(failed)?;
        }
        tx.commit().map_err(failed)?;
        if suspicious {
            self.held = None;
        }
        Ok(())
    }

    /// The schema version of the file as it is now.
    fn version(&mut self) -> Result<i64, StoreError> {
        let path = self.path.clone();
        migrate::version(self.connection()?).map_err(|err| StoreError::of(&path, &err))
    }

    /// The writing connection, opened afresh when there is none or when the file at the path is another one now.
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        if let Some(held) = &self.held
            && !held.files.are_at(&self.path)
        {
            self.known.pins.clear_what_is_left(&self.path);
            self.held = None;
        }
        let held = match self.held.take() {
            Some(held) => held,
            None => {
                let opened = open::open_writer(&self.path, &self.known.pins).map_err(|err| match err {
                    StoreError::Newer { path, found, known } if self.known.has_worked_with(open::identity(&path)) => {
                        StoreError::Migrated { path, found, known }
                    }
                    other => other,
                })?;
                self.known.works_with(&opened);
                opened
            }
        };
        Ok(&mut self.held.insert(held).conn)
    }
}
