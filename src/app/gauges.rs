//! What is measured besides the rows, for metrics.

use std::path::Path;

use super::App;
use super::place;
use crate::telemetry::Gauges;
use crate::telemetry::Process;

/// The sizes of the files, the room on the disk, and what waits. `is_serving` says whether this process has anything of
/// its own to tell: a command that has just begun has not.
pub async fn gauges(app: &App, is_serving: bool) -> Gauges {
    let main = &app.config.db;
    let index = app.store.index();
    let beside = |suffix: &str| {
        let mut name = main.as_os_str().to_owned();
        name.push(suffix);
        size(Path::new(&name))
    };
    let files = [("main", size(main)), ("wal", beside("-wal")), ("index", size(index.path()))];
    let without_vector = match main.exists() {
        true => app.memory.without_vector().await.ok().flatten().map(|it| it.1),
        false => None,
    };
    let process = is_serving.then(|| Process {
        queued_writes: app.store.queued_writes(),
        insights: app.insights.kept_answers(),
        breakers: app
            .asker
            .models()
            .breakers()
            .into_iter()
            .map(|it| (it.provider, it.model, it.refused.is_some()))
            .collect(),
        sent: app.telemetry.is_on().then(|| app.telemetry.sent()),
    });
    Gauges {
        files: files.into_iter().filter_map(|(name, size)| Some((name, size?))).collect(),
        free_bytes: place::free_bytes(main),
        without_vector: without_vector.and_then(|it| usize::try_from(it).ok()),
        process,
    }
}

fn size(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|it| it.len())
}
