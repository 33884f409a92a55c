//! Builds every service once from the configuration; the only place that sees all rooms.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::documents::Allowed;
use crate::memory::Memory;
use crate::session::Sessions;
use crate::store::Store;

/// Every service, ready to use. Nothing is opened before its first use.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub memory: Memory,
    pub sessions: Sessions,
    /// Every task that is started belongs to it, so that the end can wait for them.
    pub tasks: TaskTracker,
}

impl App {
    pub fn new(config: Config, clock: Clock) -> Arc<App> {
        let store = Store::new(&config.db);
        Arc::new(App {
            memory: Memory::new(store.clone(), clock.clone()),
            sessions: Sessions::new(store.clone(), clock.clone()),
            tasks: TaskTracker::new(),
            config,
            clock,
            store,
        })
    }

    /// Where a call over MCP may index.
    pub fn allowed(&self, declared: &[PathBuf]) -> Allowed {
        Allowed::stub(declared)
    }
}
