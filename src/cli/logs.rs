//! Log lines go to stderr; every line of a call carries its trace id through the call's span.

use std::io::IsTerminal;

use tracing::Level;
use tracing::Metadata;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;
use crate::config::Origin;
use crate::config::Resolved;
use crate::server::LIBRARY;

/// What a command logs when nobody said: its failures are told by the command itself.
const COMMAND_FILTER: &str = "warn,carryall::server=off,carryall::store=off";

/// Below `info` the protocol's library writes requests whole: memories, prompts and whatever stands in them. Only a filter
/// that names it is meant so, `debug` alone is not.
fn tells_contents(line: &Metadata<'_>) -> bool {
    line.target().starts_with(LIBRARY) && *line.level() > Level::INFO
}

/// Starts logging. A filter with a directive that cannot be read does without that directive: logs must not keep a
/// server from starting.
pub(super) fn start(resolved: &Resolved, serving: bool) {
    let is_default = resolved.settings.iter().any(|it| it.name == "log_filter" && it.origin == Origin::Default);
    let filter = if is_default && !serving { COMMAND_FILTER } else { &resolved.config.log_filter };
    let named = filter.contains(LIBRARY);
    let filter = EnvFilter::builder().parse_lossy(filter);
    // A host may close stderr; a complaint about that would have nowhere to go, and panics.
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(move |it| named || !tells_contents(it)));
    // Fails when logging was started already, as by a test; then that one stays.
    let _ = match resolved.config.log_format {
        LogFormat::Text => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => {
            // The list, not the current span alone: the trace id is in the outermost.
            registry.with(lines.json().flatten_event(true).with_current_span(false).with_span_list(true)).try_init()
        }
    };
}
