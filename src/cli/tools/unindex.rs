//! `carryall index --remove`: takes folders out of the index and gives their room back.

use std::path::PathBuf;

use serde_json::json;

use super::super::failed::Exit;
use super::super::failed::Failed;
use super::super::output::Output;
use super::super::runtime;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::documents::Removed;
use crate::plural::counted;

/// Removes `folders` from the index, and says what was there. Folders that are not indexed are named.
pub(super) fn run(folders: &[PathBuf], config: Config, out: &Output) -> Result<Exit, Failed> {
    if config.read_only {
        return Err(Failed::work("permission", "the index is read-only", "leave --read-only out"));
    }
    let removed = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let removed = app.documents.remove(folders).await;
        app.close().await;
        removed.map_err(|err| Failed::work("storage", err.to_string(), "try again"))
    })?;
    let Removed { roots, files, unknown, before_bytes, after_bytes } = removed;
    out.document(&json!({
        "removed": roots, "files_removed": files, "unknown": unknown, "before_bytes": before_bytes,
        "after_bytes": after_bytes,
    }));
    for root in &roots {
        out.line(format_args!("Removed from the index: {root}"));
    }
    for folder in &unknown {
        out.line(format_args!("Not indexed: {}", folder.display()));
    }
    if roots.is_empty() {
        return Ok(Exit::Nothing);
    }
    out.line(format_args!(
        "{}; the index had {before_bytes} bytes and has {after_bytes} now.",
        counted(&files, "file")
    ));
    Ok(Exit::Done)
}
