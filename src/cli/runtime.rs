//! The runtime of a command, and the signals that end one.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Runtime;

use super::failed::Failed;

/// Tool calls wait for the database and for models, so two threads drive many; each more costs memory in every
/// server that a host starts.
const WORKERS: usize = 2;

/// Reads of the database (four at once at most), the files of an index run, and a blocking standard input.
const BLOCKING_THREADS: usize = 8;

/// How long what is left of a command may take to be given up.
const LEFT: Duration = Duration::from_secs(2);

/// Runs `work` to its end. Threads that are still blocked then, as in reading a terminal, are not waited for.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

/// As [`block_on`], but what `work` left behind is given up before this returns, at most [`LEFT`] later: a server that it had
/// started is killed by then and writes no more.
pub(super) fn block_on_all<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LEFT);
    done
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("carryall")
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Ends at the first signal that asks the process to stop.
#[cfg(unix)]
pub(super) fn signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(super) fn signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
