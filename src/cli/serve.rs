//! `carryall serve`: speaks MCP over standard input and output until the input ends or a signal comes.

use tokio_util::sync::CancellationToken;

use super::failed::Exit;
use super::failed::Failed;
use super::runtime;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::server;
use crate::server::Connection;

pub(super) fn run(config: Config) -> Result<Exit, Failed> {
    runtime::block_on(async move {
        let stop = CancellationToken::new();
        // Listened to before the first line is read: a signal must not end the process amid a call.
        let signal = runtime::signal()?;
        let (reader, writer) = server::stdio_pipes();
        let connection = Connection { reader, writer, stop: stop.clone(), listener_gone };
        let app = App::new(config, Clock::system());
        let served = server::serve(app, connection);
        tokio::select! {
            served = served => served?,
            never = async {
                signal.await;
                stop.cancel();
                std::future::pending().await
            } => never,
        }
        Ok(Exit::Done)
    })
}

/// What is said of names to leave out that no tool has: a misspelt one leaves its tool in.
pub(super) fn unknown_exclusions(config: &Config) -> Vec<String> {
    let names = server::tool_names();
    let unknown = config.exclude_tools.iter().filter(|it| !names.contains(&it.as_str()));
    unknown.map(|it| format!("exclude_tools names `{it}`, but the tools are {}", names.join(", "))).collect()
}

/// Whether the other end of standard output is closed. A pipe tells so only to who asks.
#[cfg(unix)]
fn listener_gone() -> bool {
    use rustix::event::PollFd;
    use rustix::event::PollFlags;

    let stdout = rustix::stdio::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut watched, Some(&now)).is_ok()
        && watched.iter().any(|it| it.revents().intersects(PollFlags::ERR | PollFlags::HUP))
}

#[cfg(not(unix))]
fn listener_gone() -> bool {
    false
}
