//! The runtime of a command, and the signals that end one.

use std::future::Future;

use anyhow::Context;

use super::failed::Failed;

/// Tool calls wait for the database and for models, so two threads drive many; each more costs memory in every
/// server that a host starts.
const WORKERS: usize = 2;

/// Reads of the database (four at once at most), the files of an index run, and a blocking standard input.
const BLOCKING_THREADS: usize = 8;

/// Runs `work` to its end. Threads that are still blocked then, as in reading a terminal, are not waited for.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("carryall")
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
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
