//! `carryall forget --purge`: deletes, then writes the file anew.

use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::failed::Exit;
use super::super::failed::Failed;
use super::super::output::Output;
use super::super::runtime;
use super::Call;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::server;
use crate::store::Purged;
use crate::trace::Progress;

/// Deletes what `call` means, if it means anything, and purges the file. What was forgotten earlier goes as well, so an
/// id that is not there any more is no reason to stop.
pub(super) fn run(call: Call, config: Config, out: &Output) -> Result<Exit, Failed> {
    if config.read_only {
        return Err(Failed::work("permission", "the server is read-only, and a purge writes", "leave --read-only out"));
    }
    let asks = call.arguments.keys().any(|it| it != "confirm");
    let (answer, purged) = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let answer = if asks {
            let arguments = Value::Object(call.arguments);
            let stop = CancellationToken::new();
            Some(server::call_locally(&app, &call.tool, arguments, Progress::default(), stop).await?)
        } else {
            None
        };
        let purged = app.store.purge(app.clock.now()).await;
        app.store.close().await;
        Ok((answer, purged?))
    })?;
    let mut document = answer.as_ref().map(|it| it.structured.clone()).unwrap_or_default();
    let Purged { before_bytes, after_bytes, log_emptied, copies } = purged;
    document.insert(
        "purged".to_owned(),
        json!({
            "before_bytes": before_bytes, "after_bytes": after_bytes, "log_emptied": log_emptied, "copies": copies,
        }),
    );
    out.document(&Value::Object(document));
    if let Some(answer) = answer {
        out.line(answer.text.trim_end());
    }
    out.line(format_args!("The file was written anew: {before_bytes} bytes before, {after_bytes} after."));
    if !log_emptied {
        out.line("The log beside it could not be emptied: another process reads all the time. Purge again without it.");
    }
    for copy in copies {
        out.line(format_args!("This older copy may still hold what was forgotten: {}", copy.display()));
    }
    Ok(Exit::Done)
}
