//! Starts other MCP servers and calls them (and, for `demo`, ourselves).
//!
//! Besides `sandbox` this is the only room that starts processes. A server gets exactly the variables that it is given,
//! and it ends with its [`Server`].

mod error;
mod server;

pub use error::DownstreamError;
pub use server::Called;
pub use server::Program;
pub use server::Server;
