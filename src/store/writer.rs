//! The writing thread: takes what has gathered in its queue, runs it in one transaction and tells the callers when that is
//! durable.
//!
//! Each job has a savepoint of its own, so one that fails takes nothing of the others along. In between the thread
//! deletes what has expired and records that are past their limits, in small steps.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::Transaction;
use rusqlite::TransactionBehavior;
use tokio::sync::oneshot;

use super::db::Known;
use super::error::StoreError;
use super::migrate;
use super::open;
use super::open::Opened;
use super::records;
use super::records::Cutoff;

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

/// The callers' end of the queue.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) jobs: mpsc::Sender<Job>,
    /// Told when the thread has closed the file.
    pub(super) ended: oneshot::Receiver<()>,
}

impl Writer {
    /// Starts the thread. It opens the file at its first job, and ends when all senders are gone.
    pub(super) fn start(path: &Path, known: Arc<Known>) -> Result<Writer, StoreError> {
        let (jobs, queue) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        let writer = WriterLoop {
            path: path.to_path_buf(),
            queue,
            held: None,
            lazy: Vec::new(),
            known,
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
}

/// What stands in the queue.
pub(super) enum Job {
    /// Somebody waits for it.
    Work(Box<dyn Work>),
    /// Nobody waits for it.
    Lazy(Box<dyn Work>),
}

/// One job of the writing thread: run inside the transaction, finished after it.
pub(super) trait Work: Send {
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError>;
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A write whose caller waits for its outcome.
pub(super) struct Waited<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    done: Option<oneshot::Sender<Result<T, StoreError>>>,
}

impl<T, F> Waited<T, F> {
    /// The job, and where its outcome comes.
    pub(super) fn new(work: F) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (done, outcome) = oneshot::channel();
        (Waited { work: Some(work), outcome: None, done: Some(done) }, outcome)
    }
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
            // What became of the file is told with the batch.
            (Some(Err(StoreError::Corrupt { .. })), Err(err @ StoreError::TakenAway { .. })) => Err(err),
            (Some(Err(err)), _) | (_, Err(err)) => Err(err),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Internal { reason: "the write panicked".to_owned() }),
        };
        // The caller may have been cancelled since.
        if let Some(done) = self.done {
            let _ = done.send(result);
        }
    }
}

/// A write that nobody waits for: its failure is logged and counted.
pub(super) struct Lazy<F> {
    work: Option<F>,
    known: Arc<Known>,
}

impl<F> Lazy<F> {
    pub(super) fn new(work: F, known: Arc<Known>) -> Self {
        Lazy { work: Some(work), known }
    }

    fn fail(&self, err: &StoreError) {
        self.known.lost.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(error = %err, "a record was not written");
    }
}

impl<F> Work for Lazy<F>
where
    F: FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        self.work.take().map_or(Ok(()), |work| work(tx)).inspect_err(|err| self.fail(err))
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        if let Err(err) = committed {
            self.fail(&err);
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
        let outcome = self.transact(&mut jobs).map_err(|err| self.known.told(&self.path, err));
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
        let mut jobs: Vec<Box<dyn Work>> = vec![Box::new(Lazy::new(sweep, Arc::clone(&self.known)))];
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
        let mut jobs: Vec<Box<dyn Work>> = vec![Box::new(Lazy::new(sweep, Arc::clone(&self.known)))];
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
        let can_be_made_again = self.known.can_be_made_again();
        let conn = self.connection()?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if found == migrate::known() {
            found = migrate::version(&tx).map_err(failed)?;
        }
        if found != migrate::known() {
            return Err(StoreError::Migrated { path, found, known: migrate::known() });
        }
        let mut suspicious = false;
        let mut damaged = None;
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
                    if matches!(err, StoreError::Corrupt { .. }) && can_be_made_again {
                        damaged = Some(err);
                    }
                    "ROLLBACK TO job; RELEASE job"
                }
                Err(_) => {
                    tracing::error!("a write panicked; it was rolled back");
                    "ROLLBACK TO job; RELEASE job"
                }
            };
            tx.execute_batch(end).map_err(failed)?;
        }
        // Such a file is taken away, and what the others wrote with it.
        damaged.map_or(Ok(()), Err)?;
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
                let open = || open::open_writer(&self.path, &self.known.pins);
                let opened = open().or_else(|err| match self.known.told(&self.path, err) {
                    StoreError::TakenAway { .. } => open(),
                    other => Err(other),
                });
                let opened = opened.map_err(|err| match err {
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
