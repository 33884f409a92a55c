//! Begins to index what nobody has indexed yet, behind the first question, which waits a moment for it.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::first::Waiting;
use super::index::IndexRequest;
use super::question::Question;
use crate::store::GenerationRow;
use crate::trace::Call;
use crate::trace::Progress;

/// How long after a run has begun a question waits for its end: what is found then is answered within a second.
const PATIENCE: Duration = Duration::from_millis(400);

/// How long it waits for the files that were chosen for it, when the machine is busy.
const LONGEST: Duration = Duration::from_millis(650);

/// A run that failed is not begun again before.
const REST: Duration = Duration::from_secs(30);

/// How long the end of the program waits for a run to put down its work.
const WIND_UP: Duration = Duration::from_secs(1);

/// The runs of this process that no call asked for. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Warming {
    /// Globs that every run goes by: included, excluded.
    pub(super) globs: (Vec<String>, Vec<String>),
    /// By the folder.
    runs: Arc<Mutex<HashMap<PathBuf, Run>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A run that no call waits for to its end.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) begun: Instant,
    waiting: Waiting,
    state: watch::Receiver<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Done,
    Failed,
}

impl Warming {
    pub(super) fn new(globs: (Vec<String>, Vec<String>)) -> Warming {
        Warming { globs, ..Warming::default() }
    }

    /// Runs something else that no call waits for, until the program ends.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Waits for the end of the runs.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Ends the runs; what they wrote stays.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(WIND_UP, self.tasks.wait()).await;
    }
}

impl Documents {
    /// Begins to index the folders that the caller may see and of which nothing is known, or not all, and waits a
    /// moment. Returns whether the index may be another one than `workspaces` says.
    pub(super) async fn warm(
        &self,
        workspaces: &[GenerationRow],
        question: &Question,
        allowed: &Allowed,
        call: &Call,
    ) -> bool {
        let Some(warming) = self.warming.as_ref().filter(|_| !allowed.unrestricted) else { return false };
        let cold: Vec<&PathBuf> = allowed.roots.iter().filter(|it| is_cold(it, workspaces)).collect();
        let begin = |root: &&PathBuf| {
            let (include, exclude) = warming.globs.clone();
            let request = IndexRequest { paths: vec![root.to_path_buf()], include, exclude, force: false };
            self.run_of(warming, root, (request, Some(question)), allowed.clone())
        };
        let runs: Vec<Run> = cold.iter().filter_map(begin).collect();
        if runs.is_empty() {
            return false;
        }
        let span = call.span("index behind");
        span.note("folders", runs.len());
        call.progress().tell(0.0, None, "this folder is being indexed".to_owned());
        let now = Instant::now();
        let longest = now + LONGEST;
        let asked: Vec<CancellationToken> = runs.iter().map(|it| it.waiting.ask(question, now)).collect();
        for (run, is_read) in runs.iter().zip(asked) {
            run.wait(call).await;
            tokio::select! {
                () = is_read.cancelled() => {}
                () = run.end(Some(longest), call) => {}
            }
        }
        true
    }

    /// Begins to look through a workspace of which much has changed, as it was indexed, and waits a moment. `None` when no
    /// run can be begun.
    pub(super) async fn look_through_behind(
        &self,
        workspace: &GenerationRow,
        call: &Call,
    ) -> Result<Option<Run>, DocumentsError> {
        let Some(warming) = &self.warming else { return Ok(None) };
        let (include, exclude) = self.store.globs(workspace.id).await?;
        let root = PathBuf::from(&workspace.root);
        let request = IndexRequest { paths: vec![root.clone()], include, exclude, force: false };
        // The root was admitted when it was indexed.
        let allowed = Allowed { unrestricted: true, ..Allowed::default() };
        let run = self.run_of(warming, &root, (request, None), allowed);
        if let Some(run) = &run {
            run.wait(call).await;
        }
        Ok(run)
    }

    /// Waits for the runs over folders that have to do with `path`, so that nothing is read twice.
    pub(super) async fn after_warming(&self, path: &Path, call: &Call) {
        let Some(warming) = &self.warming else { return };
        let runs: Vec<Run> = {
            let runs = warming.runs.lock().unwrap_or_else(PoisonError::into_inner);
            runs.iter().filter(|(it, _)| it.starts_with(path) || path.starts_with(it)).map(|it| it.1.clone()).collect()
        };
        for run in runs {
            run.end(None, call).await;
        }
    }

    /// The run over `root`, begun now unless there is one; `None` when one failed lately.
    fn run_of(
        &self,
        warming: &Warming,
        root: &Path,
        (request, question): (IndexRequest, Option<&Question>),
        allowed: Allowed,
    ) -> Option<Run> {
        let mut runs = warming.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(root) {
            match run.state() {
                State::Running => return Some(run.clone()),
                State::Failed if run.begun.elapsed() < REST => return None,
                State::Failed | State::Done => {}
            }
        }
        let (tell, state) = watch::channel(State::Running);
        let waiting = Waiting::default();
        let begun = Instant::now();
        // Before it begins, so that it begins with that.
        question.map(|it| waiting.ask(it, begun));
        let run = Run { begun, waiting: waiting.clone(), state };
        runs.insert(root.to_path_buf(), run.clone());
        let (documents, stop) = (self.clone(), warming.stop.clone());
        warming.tasks.spawn(async move {
            let call = Call::begin("", documents.clock.now(), Progress::default(), stop);
            let done = documents.index_now(&request, Some(&waiting), &allowed, &call).await;
            if let Err(err) = &done {
                tracing::debug!(error = %err, "a folder was not indexed to its end");
            }
            let _ = tell.send(if done.is_ok() { State::Done } else { State::Failed });
        });
        Some(run)
    }
}

impl Run {
    /// One that goes on until `state` says otherwise, and for which nobody waits any more.
    #[cfg(test)]
    pub(super) fn of(state: watch::Receiver<State>) -> Run {
        let begun = Instant::now();
        Run { begun: begun.checked_sub(PATIENCE).unwrap_or(begun), waiting: Waiting::default(), state }
    }

    /// Waits for as long as a question waits for a run.
    pub(super) async fn wait(&self, call: &Call) {
        self.end(Some(self.begun + PATIENCE), call).await;
    }

    pub(super) fn state(&self) -> State {
        let state = *self.state.borrow();
        // Who could tell is gone.
        if state == State::Running && self.state.has_changed().is_err() { State::Failed } else { state }
    }

    /// Waits for the end of it, or for `until`, or for the end of the call.
    async fn end(&self, until: Option<Instant>, call: &Call) {
        let mut state = self.state.clone();
        let ending = state.wait_for(|it| *it != State::Running);
        let limit = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = ending => {}
            () = limit => {}
            () = call.cancelled().cancelled() => {}
        }
    }
}

/// Whether neither `root` nor a folder around it is indexed to its end. One in it is only a part.
fn is_cold(root: &Path, workspaces: &[GenerationRow]) -> bool {
    !workspaces.iter().any(|it| it.is_complete && root.starts_with(&it.root))
}
