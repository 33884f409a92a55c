//! `carryall metrics`: what is counted over the file, as Prometheus reads it.

use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::app::App;
use crate::app::gauges;
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry;

pub(super) fn run(config: Config, out: &Output) -> Result<Exit, Failed> {
    let text = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let totals = match app.config.db.exists() {
            true => app.store.totals(app.clock.now()).await,
            // Asking for numbers makes no file.
            false => Ok(crate::store::Totals::default()),
        };
        let gauges = gauges(&app, false).await;
        app.store.close().await;
        Ok(telemetry::metrics(&totals?, &gauges))
    })?;
    out.text(&text);
    Ok(Exit::Done)
}
