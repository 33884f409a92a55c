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
use std::sync::PoisonError;
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
use super::open::Access;
use super::open::FileIdentity;

/// Connections that read at the same time. Two cores are busy with two; the others hide waits for the disk.
const READERS: usize = 4;

/// Jobs that are committed together at most, so that no caller waits long for its neighbours.
const BATCH: usize = 128;

/// How long a write that nobody waits for (a trace) may wait for company.
const LAZY: Duration = Duration::from_millis(150);

/// How many writes that nobody waits for may gather.
const LAZY_BATCH: usize = 256;

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
    /// Idle reading connections, each with the identity of the file it was opened on.
    idle: Mutex<Vec<(Connection, Option<FileIdentity>)>>,
    readers: Semaphore,
}

#[derive(Debug)]
struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: std::thread::JoinHandle<()>,
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
            }),
        }
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
        let cancelled = cancelled.clone();
        self.on_reader(move |conn| {
            let watch = cancelled.clone();
            let set = conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watch.is_cancelled()));
            let result = set.map_err(|err| StoreError::Internal { reason: err.to_string() }).and_then(|()| work(conn));
            let _ = conn.progress_handler(0, None::<fn() -> bool>);
            result
        })
        .await
    }

    /// As [`Store::read_until`], for reads that are short.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_reader(|conn| work(conn)).await
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(_turn) = self.shared.readers.acquire().await else { return Err(gone()) };
        let mut work = work;
        // Opening for writing creates the file and brings it up to date; a place that cannot be written says so here.
        let mut has_flushed = open::identity(&self.shared.path).is_none();
        if has_flushed {
            self.flush().await?;
        }
        loop {
            let shared = Arc::clone(&self.shared);
            let reading = tokio::task::spawn_blocking(move || shared.read(work, has_flushed));
            match reading
                .await
                .unwrap_or_else(|err| Reading::Done(Err(StoreError::Internal { reason: err.to_string() })))
            {
                Reading::Done(result) => return result,
                Reading::Behind(unused) => work = unused,
            }
            self.flush().await?;
            has_flushed = true;
        }
    }

    fn queue(&self, job: Job) -> Result<(), StoreError> {
        let mut writer = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.is_none() {
            let (jobs, queue) = mpsc::channel();
            let path = self.shared.path.clone();
            let thread = std::thread::Builder::new()
                .name("db".to_owned())
                .spawn(move || WriterLoop { path, queue, conn: None, lazy: Vec::new() }.run())
                .map_err(|err| StoreError::Internal { reason: format!("cannot start the database thread: {err}") })?;
            *writer = Some(Writer { jobs, thread });
        }
        match writer.as_ref() {
            Some(writer) => writer.jobs.send(job).map_err(|_| gone()),
            None => Err(gone()),
        }
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
        if let Some(Writer { jobs, thread }) = writer {
            drop(jobs);
            let joined = tokio::task::spawn_blocking(move || thread.join());
            // A lock held by another process must not hold up our end; what was acknowledged is durable already.
            if tokio::time::timeout(Duration::from_millis(1500), joined).await.is_err() {
                tracing::warn!("the database was still busy at the end");
            }
        }
    }
}

/// What became of a read.
enum Reading<T, F> {
    Done(Result<T, StoreError>),
    /// The file has an older schema, or none yet: somebody is just creating it. Here is the work back.
    Behind(F),
}

impl Shared {
    /// Runs `work` on an idle connection or a new one; `as_it_is` tells not to look at the schema.
    fn read<T, F: FnOnce(&mut Connection) -> Result<T, StoreError>>(&self, work: F, as_it_is: bool) -> Reading<T, F> {
        let (mut conn, identity) = match self.take_reader() {
            Ok(taken) => taken,
            Err(err) => return Reading::Done(Err(err)),
        };
        if !as_it_is && migrate::version(&conn).is_ok_and(|it| it < migrate::known()) {
            return Reading::Behind(work);
        }
        let result = in_read_transaction(&self.path, &mut conn, work);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((conn, identity));
        Reading::Done(result)
    }

    fn take_reader(&self) -> Result<(Connection, Option<FileIdentity>), StoreError> {
        let now = open::identity(&self.path);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some((conn, then)) if then == now => Ok((conn, then)),
            _ => Ok((open::open(&self.path, Access::Read)?, now)),
        }
    }
}

fn in_read_transaction<T>(
    path: &Path,
    conn: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.execute_batch("BEGIN").map_err(|err| StoreError::of(path, &err))?;
    // A panic amid the read must not leave the transaction open on a connection that others use next.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| work(conn)))
        .unwrap_or_else(|_| Err(StoreError::Internal { reason: "a read panicked".to_owned() }));
    let _ = conn.execute_batch("ROLLBACK");
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
    conn: Option<(Connection, Option<FileIdentity>)>,
    /// Writes that nobody waits for, until a transaction takes them along.
    lazy: Vec<Box<dyn Work>>,
}

impl WriterLoop {
    fn run(mut self) {
        let mut lazy_since: Option<Instant> = None;
        loop {
            let next = match lazy_since {
                None => self.queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(since) => self.queue.recv_timeout(LAZY.saturating_sub(since.elapsed())),
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
                let mut jobs = std::mem::take(&mut self.lazy);
                jobs.append(&mut batch);
                self.commit(jobs);
                lazy_since = None;
            } else if !self.lazy.is_empty() && lazy_since.is_none() {
                lazy_since = Some(Instant::now());
            }
            if !open {
                return;
            }
        }
    }

    fn sort(&mut self, job: Job, batch: &mut Vec<Box<dyn Work>>) {
        match job {
            Job::Work(work) => batch.push(work),
            Job::Lazy(work) => self.lazy.push(work),
        }
    }

    fn commit(&mut self, mut jobs: Vec<Box<dyn Work>>) {
        let outcome = self.transact(&mut jobs);
        if matches!(&outcome, Err(err) if !matches!(err, StoreError::Busy { .. })) {
            // Whatever is wrong with the file, a fresh connection sees it as it then is.
            self.conn = None;
        }
        for job in jobs {
            job.finish(outcome.clone());
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |err: rusqlite::Error| StoreError::of(&path, &err);
        let conn = self.connection()?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let found = migrate::version(&tx).map_err(failed)?;
        if found != migrate::known() {
            return Err(StoreError::Migrated { path, found, known: migrate::known() });
        }
        for job in jobs {
            tx.execute_batch("SAVEPOINT job").map_err(failed)?;
            let ran = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(&tx)));
            let kept = matches!(ran, Ok(Ok(())));
            if tx.is_autocommit() {
                // SQLite gave up the whole transaction (no space left, for one): nothing of the batch is there.
                return Err(match ran {
                    Ok(Err(err)) => err,
                    _ => StoreError::Internal { reason: "the transaction was rolled back".to_owned() },
                });
            }
            let end = if kept { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
            tx.execute_batch(end).map_err(failed)?;
        }
        tx.commit().map_err(failed)
    }

    /// The writing connection, opened afresh when there is none or when the file at the path is another one now.
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        if matches!(&self.conn, Some((_, then)) if *then != open::identity(&self.path)) {
            self.conn = None;
        }
        if self.conn.is_none() {
            let conn = open::open(&self.path, Access::Write)?;
            let identity = open::identity(&self.path);
            self.conn = Some((conn, identity));
        }
        match &mut self.conn {
            Some((conn, _)) => Ok(conn),
            None => Err(gone()),
        }
    }
}
