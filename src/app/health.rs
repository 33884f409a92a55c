//! What can be said at once about how everything is: the file, the index, the disk, the providers and their breakers,
//! what waits, and which hosts have our hooks. Asks nobody but this machine; `doctor` says the same, asks the providers
//! and reads the whole file besides.

use serde::Serialize;

use super::App;
use super::place;
use crate::clock;
use crate::config::Config;
use crate::config::Hooks;
use crate::plural::counted;
use crate::store::RecordCounts;
use crate::store::Store;
use crate::telemetry::Sent;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// Nothing is wrong; good to know.
    Note,
    /// It works, but may not for long, or not as meant.
    Warning,
    Broken,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub name: String,
    pub status: Status,
    pub message: String,
    /// What to do; empty when there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl Finding {
    /// What was found, without a way out.
    pub fn new(name: impl Into<String>, status: Status, message: impl Into<String>) -> Finding {
        Finding { name: name.into(), status, message: message.into(), hint: String::new() }
    }

    /// With the way out: a command, or what to change.
    pub fn hint(self, hint: impl Into<String>) -> Finding {
        Finding { hint: hint.into(), ..self }
    }
}

/// Less than this, and a write-ahead log that grows for a while may not fit.
const LITTLE_SPACE: u64 = 200 << 20;

/// Less than this, and the next large import or index run fails.
const NO_SPACE: u64 = 10 << 20;

/// Writes that wait: more than a batch means that the disk, or another process, holds them up.
const MANY_WRITES: usize = 256;

/// How everything is, in the order in which it matters.
pub async fn health(app: &App) -> Vec<Finding> {
    let mut findings = checks(app).await;
    findings.extend(telemetry(app));
    findings
}

/// What a running server and `doctor` both say. Makes no file.
pub async fn checks(app: &App) -> Vec<Finding> {
    let config = &app.config;
    let mut findings = vec![store(app).await];
    findings.push(index(&app.store).await);
    findings.extend(place::free_bytes(&config.db).map(free_space));
    findings.extend(vectors(app).await);
    findings.push(provider(app).await);
    findings.extend(breakers(app));
    findings.push(queue(app.store.queued_writes(), app.store.lost_writes()));
    findings.extend(records(&app.store, config).await);
    findings.push(hooks(config));
    findings
}

/// Where `ask` goes, a local server that runs included.
async fn provider(app: &App) -> Finding {
    let models = app.asker.models();
    let note = |message: &str| Finding::new("provider", Status::Note, message);
    let goes = |name: &str, how: &str| Finding::new("provider", Status::Ok, format!("`ask` goes to {name}{how}"));
    match models.choose(None, None) {
        Err(err) => Finding::new("provider", Status::Broken, err.to_string()).hint(err.next_step),
        Ok(Some(route)) => goes(&route.provider, ""),
        Ok(None) if app.config.offline => note("offline: `ask` quotes what is known"),
        Ok(None) => match if models.is_chosen() { None } else { models.find_local().await } {
            Some(route) => goes(&route.provider, ", which was found on this machine"),
            None => note("no model is configured: `ask` quotes what is known")
                .hint("set OPENAI_API_KEY, ANTHROPIC_API_KEY or LLM_PROVIDER=ollama (docs/providers.md)"),
        },
    }
}

/// The hosts that have hooks, by the names of the command line, and the file of a person's own in which they keep them.
pub const HOOK_FILES: [(&str, &str); 3] =
    [("claude-code", ".claude/settings.json"), ("codex", ".codex/hooks.json"), ("cursor", ".cursor/hooks.json")];

/// Whether a command is one of ours: it runs `hook` for a host.
pub fn is_our_hook(command: &str) -> bool {
    command.contains("carryall") && command.contains(" hook ") && command.contains(" --host ")
}

/// Which hosts begin their sessions with a brief.
fn hooks(config: &Config) -> Finding {
    let has = |file: &str| {
        let text = config.home.as_ref().and_then(|it| std::fs::read_to_string(it.join(file)).ok());
        text.is_some_and(|it| is_our_hook(&it))
    };
    let hosts: Vec<&str> = HOOK_FILES.iter().filter(|it| has(it.1)).map(|it| it.0).collect();
    if hosts.is_empty() {
        let hint = "`carryall setup claude-code --hooks` (or codex, cursor): a session begins with where you were";
        return Finding::new("hooks", Status::Note, "no host has any of ours").hint(hint);
    }
    let hosts = hosts.join(", ");
    match config.hooks {
        Hooks::Off => Finding::new("hooks", Status::Note, format!("{hosts} have ours, but hooks are off"))
            .hint("`carryall config show` says where `hooks` is set"),
        Hooks::Brief => Finding::new("hooks", Status::Ok, format!("{hosts}: a brief, and no turns are kept")),
        _ => Finding::new("hooks", Status::Ok, format!("{hosts}: a brief, and turns are kept")),
    }
}

/// The worst of `findings`, as one word.
pub fn overall(findings: &[Finding]) -> &'static str {
    match findings.iter().map(|it| it.status).max() {
        Some(Status::Broken) => "broken",
        Some(Status::Warning) => "degraded",
        _ => "ok",
    }
}

async fn store(app: &App) -> Finding {
    let path = app.config.db.display();
    if !app.config.db.exists() {
        return Finding::new("store", Status::Note, format!("{path} is not there yet; the first use makes it"));
    }
    match app.store.totals(app.clock.now()).await {
        Ok(totals) => {
            let memories = totals.rows.iter().find(|it| it.0 == "memories").map_or(0, |it| it.1);
            let size = size(std::fs::metadata(&app.config.db).map_or(0, |it| it.len()));
            let message =
                format!("{path}, {size}, {}, version {}", counted(&memories, "memory"), totals.schema_version);
            Finding::new("store", Status::Ok, message)
        }
        Err(err) => Finding::new("store", Status::Broken, err.to_string()).hint(err.next_step()),
    }
}

async fn index(store: &Store) -> Finding {
    let index = store.index();
    let none = || Finding::new("index", Status::Note, "no folder is indexed").hint("`carryall index FOLDER`");
    if !index.path().exists() {
        return none();
    }
    let workspaces = index.workspaces().await;
    index.close().await;
    match workspaces {
        Err(err) => Finding::new("index", Status::Broken, err.to_string())
            .hint("the index can be deleted and built again: `carryall index FOLDER`"),
        Ok(list) if list.is_empty() => none(),
        Ok(list) => {
            let chunks: i64 = list.iter().map(|it| it.chunks).sum();
            let commits: i64 = list.iter().map(|it| it.commits).sum();
            let gone: Vec<&str> =
                list.iter().map(|it| it.root.as_str()).filter(|it| !std::path::Path::new(it).is_dir()).collect();
            match gone.is_empty() {
                true => {
                    let commits =
                        if commits > 0 { format!(", {}", counted(&commits, "past commit")) } else { String::new() };
                    let message =
                        format!("{} of {}{commits}", counted(&chunks, "piece"), counted(&list.len(), "folder"));
                    Finding::new("index", Status::Ok, message)
                }
                false => Finding::new("index", Status::Warning, format!("folders that are gone: {}", gone.join(", ")))
                    .hint("`carryall index --remove FOLDER` takes one out"),
            }
        }
    }
}

/// How much room there is.
fn free_space(bytes: u64) -> Finding {
    let message = format!("{} free", size(bytes));
    match bytes {
        ..NO_SPACE => Finding::new("disk", Status::Broken, message).hint("make room on that disk"),
        NO_SPACE..LITTLE_SPACE => Finding::new("disk", Status::Warning, message).hint("make room on that disk"),
        _ => Finding::new("disk", Status::Ok, message),
    }
}

async fn vectors(app: &App) -> Option<Finding> {
    // Reading makes the file.
    if !app.config.db.exists() {
        return None;
    }
    Some(match app.memory.without_vector().await {
        Ok(None) => Finding::new("vectors", Status::Note, "no embedder is chosen: memories are found by their words"),
        Ok(Some((model, 0))) => Finding::new("vectors", Status::Ok, format!("every memory has one of {model}")),
        Ok(Some((model, left))) => {
            Finding::new("vectors", Status::Note, format!("without one of {model}: {}", counted(&left, "memory")))
                .hint("a running server makes it in the background; until then words find it")
        }
        Err(err) => Finding::new("vectors", Status::Broken, err.to_string()).hint(err.next_step()),
    })
}

fn breakers(app: &App) -> Vec<Finding> {
    let open = app.asker.models().breakers().into_iter().filter_map(|it| {
        let error = it.refused?;
        let message = format!("{}/{} is paused after repeated failures ({})", it.provider, it.model, error.kind.name());
        Some(Finding::new("breaker", Status::Warning, message).hint(error.next_step))
    });
    let open: Vec<Finding> = open.collect();
    if open.is_empty() { vec![Finding::new("breaker", Status::Ok, "no model is paused")] } else { open }
}

fn queue(waiting: usize, lost: usize) -> Finding {
    let message = format!("waiting: {}", counted(&waiting, "write"));
    if lost > 0 {
        let message = format!("{message}; could not be written: {} of calls", counted(&lost, "record"));
        return Finding::new("queue", Status::Warning, message)
            .hint("the log says why; `carryall doctor` looks at the file");
    }
    if waiting > MANY_WRITES {
        let hint = "another process holds the file for long, or the disk is slow: `carryall doctor`";
        return Finding::new("queue", Status::Warning, message).hint(hint);
    }
    Finding::new("queue", Status::Ok, message)
}

/// What is kept about calls, and for how long.
async fn records(store: &Store, config: &Config) -> Option<Finding> {
    let limits = config.records;
    let counts = match store.path().exists() {
        true => store.record_counts().await,
        false => return None,
    };
    Some(match counts {
        Ok(RecordCounts { traces, trace_bytes, oldest_trace, calls, oldest_call }) => {
            let since = |at: Option<i64>| at.map(|it| format!(" since {}", clock::format(it))).unwrap_or_default();
            let message = format!(
                "{}{} ({}), kept {} or {} MB; {}{}, kept {}",
                counted(&traces, "trace"),
                since(oldest_trace),
                size(u64::try_from(trace_bytes).unwrap_or(0)),
                counted(&limits.trace_days, "day"),
                limits.trace_mb,
                counted(&calls, "call"),
                since(oldest_call),
                counted(&limits.call_days, "day")
            );
            Finding::new("records", Status::Ok, message)
        }
        Err(err) => Finding::new("records", Status::Broken, err.to_string()).hint(err.next_step()),
    })
}

fn telemetry(app: &App) -> Option<Finding> {
    let otlp = app.config.otlp.as_ref()?;
    let Sent { sent, dropped, waiting } = app.telemetry.sent();
    let message =
        format!("traces go to {}: {} sent, {waiting} waiting, {dropped} dropped", otlp.url, counted(&sent, "call"));
    Some(match dropped {
        0 => Finding::new("telemetry", Status::Ok, message),
        _ => Finding::new("telemetry", Status::Warning, message)
            .hint("is the collector there, and does it take OTLP/HTTP?"),
    })
}

/// A size for a person.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_judged_by_what_the_next_write_needs() {
        assert_eq!(free_space(NO_SPACE - 1).status, Status::Broken);
        assert_eq!(free_space(NO_SPACE).status, Status::Warning);
        assert_eq!(free_space(LITTLE_SPACE).status, Status::Ok);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(9_999), "9999 bytes");
        assert_eq!(size(147_456), "147 kB");
        assert_eq!(size(1_400_000_000), "1400 MB");
    }

    #[test]
    fn the_worst_counts() {
        let of = |status| Finding::new("x", status, "");
        assert_eq!(overall(&[]), "ok");
        assert_eq!(overall(&[of(Status::Note), of(Status::Ok)]), "ok");
        assert_eq!(overall(&[of(Status::Warning), of(Status::Ok)]), "degraded");
        assert_eq!(overall(&[of(Status::Broken), of(Status::Warning)]), "broken");
    }

    #[test]
    fn writes_that_pile_up_are_a_warning_with_a_way_out() {
        assert_eq!(queue(MANY_WRITES, 0).status, Status::Ok);
        let lost = queue(0, 1);
        assert!(lost.status == Status::Warning && lost.message.contains("1 record of calls"), "{lost:?}");
        let many = queue(MANY_WRITES + 1, 0);
        assert!(many.status == Status::Warning && !many.hint.is_empty());
    }
}
