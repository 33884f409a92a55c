//! Builds every service once from the configuration; the only place that sees all rooms.

mod gauges;
mod health;
pub(crate) mod place;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::ask::Asker;
use crate::ask::Flights;
use crate::brief::Briefs;
use crate::clock::Clock;
use crate::config::Config;
use crate::context::Assembler;
use crate::context::PackCache;
use crate::documents::Allowed;
use crate::documents::Documents;
use crate::embed::Embedding;
use crate::insights::Insights;
use crate::memory::Memory;
use crate::memory::Policy;
use crate::models::Caps;
use crate::models::Models;
use crate::session::Sessions;
use crate::store::RecordLimits;
use crate::store::Store;
use crate::telemetry::Telemetry;

pub use gauges::gauges;
pub use health::Finding;
pub use health::HOOK_FILES;
pub use health::Status;
pub use health::checks;
pub use health::health;
pub use health::is_our_hook;
pub use health::overall;
pub use health::size;

/// Every service, ready to use. Nothing is opened before its first use.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub memory: Memory,
    pub sessions: Sessions,
    pub documents: Documents,
    pub assembler: Assembler,
    pub asker: Asker,
    pub insights: Insights,
    pub telemetry: Telemetry,
    /// Every task that is started belongs to it, so that the end can wait for them.
    pub tasks: TaskTracker,
}

impl App {
    /// Builds every service. Opens no file and no socket: the database is opened at its first use.
    pub fn new(config: Config, clock: Clock) -> Arc<App> {
        let store = Store::new(&config.db).keeping(limits(&config));
        let keeps = !config.read_only;
        let policy =
            Policy { supersede_when_certain: config.supersede_when_certain, refuse_secrets: config.refuse_secrets };
        let memory = Memory::new(store.clone(), clock.clone()).embedded_by(Embedding::of(&config)).with_policy(policy);
        let sessions = Sessions::new(store.clone(), clock.clone());
        let (include, exclude) = (config.project.include.clone(), config.project.exclude.clone());
        let documents = Documents::new(&store, clock.clone(), config.working_folder.clone())
            .read_only(!keeps)
            .with_git(config.git.clone())
            .beginning(include, exclude);
        let assembler = Assembler {
            store: store.clone(),
            clock: clock.clone(),
            memory: memory.clone(),
            sessions: sessions.clone(),
            documents: documents.clone(),
            keeps,
            cache: PackCache::default(),
        };
        let asker = Asker {
            models: Models::new(&config),
            assembler: assembler.clone(),
            sessions: sessions.clone(),
            store: store.clone(),
            clock: clock.clone(),
            caps: Caps::of(&config),
            keeps,
            caching: config.routing.caching,
            cache_times: config.routing.cache_times,
            flights: Flights::default(),
        };
        let telemetry = Telemetry::new(&config);
        let insights = Insights::new(store.clone(), clock.clone(), config.routing.cache_times);
        Arc::new(App {
            tasks: TaskTracker::new(),
            config,
            clock,
            store,
            memory,
            sessions,
            documents,
            assembler,
            asker,
            insights,
            telemetry,
        })
    }

    /// What says where conversations were left.
    pub fn briefs(&self) -> Briefs {
        Briefs { store: self.store.clone(), memory: self.memory.clone(), clock: self.clock.clone() }
    }

    /// Writes and sends what is left, and closes the files.
    pub async fn close(&self) {
        self.documents.close().await;
        self.telemetry.close().await;
        self.store.close().await;
    }

    /// Where a call over MCP may index: the working folder, the configured roots, and those that the client declares.
    pub fn allowed(&self, declared: &[PathBuf]) -> Allowed {
        let config = &self.config;
        Allowed::new(&config.working_folder, config.home.as_deref(), &config.roots, declared)
    }
}

/// How long records of calls are kept.
fn limits(config: &Config) -> RecordLimits {
    const DAY: i64 = 86_400_000;
    let records = config.records;
    RecordLimits {
        trace_age: i64::from(records.trace_days) * DAY,
        trace_bytes: i64::from(records.trace_mb) * 1_000_000,
        call_age: i64::from(records.call_days) * DAY,
        versions: usize::try_from(records.context_versions).unwrap_or(usize::MAX),
        version_bytes: i64::from(records.context_mb) * 1_000_000,
    }
}
