//! Why another server could not be used, sorted by what to do next.

use std::path::PathBuf;
use std::time::Duration;

/// A server that did not start, or a call that got no result. A result that says that the tool failed is no error.
#[derive(Debug, thiserror::Error)]
pub enum DownstreamError {
    /// Correct the program: it cannot be run.
    #[error("cannot start {}: {source}", program.display())]
    Start { program: PathBuf, source: std::io::Error },

    /// Look at what the program wrote to its log: it ran, but did not speak MCP.
    #[error("{} did not shake hands: {reason}", program.display())]
    Handshake { program: PathBuf, reason: String },

    /// Correct the call, or look at the server's log.
    #[error("{what} got no result: {reason}")]
    NoResult { what: String, reason: String },

    /// Try again with more time.
    #[error("{what} took longer than {} ms", limit.as_millis())]
    Timeout { what: String, limit: Duration },
}
