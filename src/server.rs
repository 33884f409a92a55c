//! Speaks MCP: one file per tool, and the only place where an error becomes a reply.

mod arguments;
mod handler;
mod idle;
mod instructions;
mod lines;
mod order;
mod prompts;
mod reply;
mod resources;
mod schema;
mod tools;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rmcp::ServiceExt;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use handler::Handler;
use order::Order;
use transport::LineTransport;
use transport::Link;

/// Standard input and output as the two ends of a connection; pipes are read without a thread in between.
pub use rmcp::transport::io::stdio_pipes;

/// The library that speaks the protocol, as its log lines name it.
pub const LIBRARY: &str = "rmcp";

pub use reply::Answer;
pub use reply::Failure;
pub use tools::call_locally;
pub use tools::context_schema_text;
pub use tools::markdown;
pub use tools::tool_names;

/// How the server is connected.
pub struct Connection<R, W> {
    pub reader: R,
    pub writer: W,
    /// Fired by a signal: open calls have 2 s to finish.
    pub stop: CancellationToken,
    /// Says whether whoever reads the output has gone.
    pub listener_gone: fn() -> bool,
}

/// How long the SDK may take to wind up after the last answer; what is left then is not worth waiting for.
const WIND_UP: Duration = Duration::from_secs(1);

/// Serves one client, as `serve_client` says; memories get the vectors that they lack meanwhile.
///
/// # Errors
///
/// As `serve_client`.
pub async fn serve<R, W>(app: Arc<App>, connection: Connection<R, W>) -> anyhow::Result<()>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let stop = CancellationToken::new();
    let embedding = (!app.config.read_only).then(|| {
        let (memory, stop) = (app.memory.clone(), stop.clone());
        app.tasks.spawn(async move { memory.keep_embedded(&stop).await })
    });
    let exporting = app.telemetry.is_on().then(|| {
        let (telemetry, stop) = (app.telemetry.clone(), stop.clone());
        app.tasks.spawn(async move { telemetry.run(&stop).await })
    });
    let calls = idle::Calls::default();
    let idle = idle::start(&app, &calls);
    let served = serve_client(&app, connection, calls).await;
    idle.cancel();
    stop.cancel();
    if let Some(embedding) = embedding {
        // Not aborted: a read that it left behind would keep the file open, and its log from being written back.
        let _ = tokio::time::timeout(WIND_UP, embedding).await;
    }
    if let Some(exporting) = exporting {
        // Ended, so that what it had not sent yet is there for the end.
        let _ = exporting.await;
    }
    // Writes what is left.
    app.close().await;
    served
}

/// Serves one client until its input ends and every open request is answered, a signal stops it, or nobody reads
/// the answers any more.
///
/// # Errors
///
/// When the SDK fails in a way that is not the client's going.
async fn serve_client<R, W>(app: &Arc<App>, connection: Connection<R, W>, calls: idle::Calls) -> anyhow::Result<()>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let link = Link {
        order: Order::default(),
        stop: connection.stop,
        abandon: CancellationToken::new(),
        tasks: app.tasks.clone(),
        listener_gone: connection.listener_gone,
    };
    let abandon = link.abandon.clone();
    let handler = Handler::new(app.clone(), link.order.clone(), abandon.clone(), calls);
    let max_line_bytes = app.config.max_line_bytes;
    let transport = LineTransport::new(connection.reader, connection.writer, max_line_bytes, link);
    let running = match handler.serve_with_ct(transport, CancellationToken::new()).await {
        Ok(running) => running,
        // The input ended before a first message, or the client went: nothing to serve is no fault.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(rmcp::service::ServerInitializeError::TransportError { .. }) => return Ok(()),
        Err(err) => return Err(err).context("cannot begin to serve"),
    };
    let served = tokio::select! {
        served = running.waiting() => served.map(|_| ()).context("the server ended in a fault"),
        () = async { abandon.cancelled().await; tokio::time::sleep(WIND_UP).await } => Ok(()),
    };
    served
}
