//! What a server does while nobody calls: it consolidates the memory, in short steps, and stops at the next call.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Consolidate;
use crate::memory::Consolidation;
use crate::memory::Wanted;
use crate::store::StoreError;

/// How long nobody must have called. An agent thinks between two calls for some seconds; a person reads for longer.
const QUIET: Duration = Duration::from_secs(30);

/// Between two steps, so that the work takes a small share of a core: a step has some 20 ms.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts the calls that have begun and those that run.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    counts: Arc<watch::Sender<Counts>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    begun: u64,
    running: u64,
}

impl Default for Calls {
    fn default() -> Calls {
        Calls { counts: Arc::new(watch::Sender::new(Counts::default())) }
    }
}

impl Calls {
    /// Counts a call until what it returns is dropped.
    pub(super) fn begin(&self) -> Running {
        self.counts.send_modify(|it| {
            it.begun += 1;
            it.running += 1;
        });
        Running { calls: self.clone() }
    }
}

/// A call that is counted.
pub(super) struct Running {
    calls: Calls,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.counts.send_modify(|it| it.running -= 1);
    }
}

/// Starts the work beside the calls, if it is wanted; the token ends it.
pub(super) fn start(app: &Arc<App>, calls: &Calls) -> CancellationToken {
    let stop = CancellationToken::new();
    if app.config.consolidate == Consolidate::Idle && !app.config.read_only {
        let (app, calls, stop) = (Arc::clone(app), calls.counts.subscribe(), stop.clone());
        let tasks = app.tasks.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = whenever_quiet(&app, calls) => {}
            }
        });
    }
    stop
}

/// Nothing is done before the first call: a server that is started and never used leaves the file alone.
async fn whenever_quiet(app: &App, mut calls: watch::Receiver<Counts>) {
    while calls.changed().await.is_ok() {
        // Quiet is a time without any change, with nothing running at its end.
        while let Ok(changed) = tokio::time::timeout(QUIET, calls.changed()).await {
            if changed.is_err() {
                return;
            }
        }
        if calls.borrow_and_update().running > 0 {
            continue;
        }
        tokio::select! {
            biased;
            changed = calls.changed() => match changed {
                Ok(()) => calls.mark_changed(),
                Err(_) => return,
            },
            done = consolidate(app) => if let Err(err) = done {
                tracing::debug!(error = %err, "the memory was not consolidated");
            },
        }
    }
}

async fn consolidate(app: &App) -> Result<(), StoreError> {
    let mut work = Consolidation::new(Wanted::default());
    while work.step(&app.memory).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(folder: &std::path::Path) -> Arc<App> {
        let environment = crate::config::Environment {
            variables: [("CARRYALL_DB".into(), folder.join("a.db").into_os_string())].into_iter().collect(),
            working_folder: folder.to_path_buf(),
            home: None,
            config_folder: None,
            data_folder: None,
        };
        let resolved = crate::config::resolve(&crate::config::Flags::default(), &environment).unwrap();
        App::new(resolved.config, crate::clock::Clock::fixed(1_000))
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_server_consolidates_and_one_with_a_call_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(folder.path());
        let owner = crate::scope::Owner {
            namespace: "default".to_owned(),
            session_id: Some("s".to_owned()),
            ..crate::scope::Owner::default()
        };
        let item = |at: usize| crate::memory::Item {
            content: format!(
                "The tea service number {at} of Porto is released on {at} March, after the tests of the service."
            ),
            kind: "turn".to_owned(),
            owner: owner.clone(),
            ..crate::memory::Item::default()
        };
        app.memory.remember((0..12).map(item).collect()).await.unwrap();
        let calls = Calls::default();
        let stop = start(&app, &calls);
        let running = calls.begin();
        for _ in 0..20 {
            tokio::time::sleep(QUIET).await;
        }
        assert_eq!(app.memory.summary(owner.clone()).await.unwrap(), None, "a call is running");
        drop(running);
        let mut made = None;
        for _ in 0..20_000 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            made = app.memory.summary(owner.clone()).await.unwrap();
            if made.is_some() {
                break;
            }
        }
        assert!(made.is_some_and(|it| !it.sources.is_empty()));
        stop.cancel();
        app.store.close().await;
    }

    #[tokio::test]
    async fn calls_are_counted_while_they_run() {
        let calls = Calls::default();
        let (one, two) = (calls.begin(), calls.begin());
        assert_eq!(*calls.counts.borrow(), Counts { begun: 2, running: 2 });
        drop(one);
        drop(two);
        assert_eq!(*calls.counts.borrow(), Counts { begun: 2, running: 0 });
    }
}
