//! `carryall generate-year`: a made-up year of use in an empty database, for the tour and for measuring.

use serde_json::json;

use super::commands::GenerateYear;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::clock::Clock;
use crate::config::Config;
use crate::insights::year;
use crate::insights::year::Size;
use crate::store::Store;

/// Calls that one transaction writes.
const AT_ONCE: usize = 5_000;

/// Writes the year that ends today.
pub(super) fn generate(config: &Config, wanted: &GenerateYear, out: &Output) -> Result<Exit, Failed> {
    let size = Size { calls: wanted.calls, sessions: wanted.sessions, users: wanted.users };
    let written = runtime::block_on(async {
        let store = Store::new(&config.db);
        let (recorded, ..) = store.recorded(None).await?;
        if recorded > 0 {
            return Err(Failed::usage(
                format!("{} has {recorded} calls already", config.db.display()),
                "name a new file with --db: what was made up must not stand among what happened",
            ));
        }
        let calls = year::calls(wanted.seed, Clock::system().now(), size);
        for some in calls.chunks(AT_ONCE) {
            store.add_calls(some.to_vec()).await?;
        }
        store.close().await;
        Ok(calls.len())
    })?;
    out.document(&json!({"calls": written, "db": config.db}));
    out.line(format_args!("{written} made-up calls written to {}", config.db.display()));
    Ok(Exit::Done)
}
