//! `carryall doctor`: looks at everything that can be wrong, and says what to do about it. Changes nothing, and shows
//! no secret.

use std::path::Path;

use owo_colors::OwoColorize;
use serde_json::json;

use super::commands::SettingFlags;
use super::failed::Exit;
use super::failed::Failed;
use super::hosts;
use super::hosts::EntryStatus;
use super::output::Output;
use super::runtime;
use super::setup;
use crate::app::App;
use crate::app::Finding;
use crate::app::Status;
use crate::app::checks;
use crate::app::place;
use crate::app::size;
use crate::clock;
use crate::clock::Clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::ProviderConfig;
use crate::config::ProviderKind;
use crate::config::Resolved;
use crate::documents;
use crate::models::Models;
use crate::models::Prices;
use crate::plural::counted;
use crate::store::Store;
use crate::telemetry::Telemetry;

/// Looks at everything; ends with [`Exit::Failed`] when something is broken.
pub(super) fn run(given: &SettingFlags, environment: &Environment, out: &Output) -> Result<Exit, Failed> {
    let mut findings = vec![Finding::new("program", Status::Ok, format!("carryall {}", env!("CARGO_PKG_VERSION")))];
    match config::resolve(&given.flags(), environment) {
        Ok(resolved) => {
            findings.extend(settings(&resolved));
            findings.extend(runtime::block_on(async {
                let app = App::new(resolved.config, Clock::system());
                let found = everything(&app).await;
                app.close().await;
                Ok(found)
            })?);
        }
        Err(err) => findings.push(Finding::new("settings", Status::Broken, err.to_string()).hint("correct it there")),
    }
    findings.extend(entries(environment));
    tell(&findings, out);
    let broken = findings.iter().any(|it| it.status == Status::Broken);
    Ok(if broken { Exit::Failed } else { Exit::Done })
}

fn settings(resolved: &Resolved) -> Vec<Finding> {
    let warnings: Vec<String> =
        resolved.warnings.iter().cloned().chain(super::serve::unknown_exclusions(&resolved.config)).collect();
    if warnings.is_empty() {
        return vec![Finding::new("settings", Status::Ok, "read without complaint")];
    }
    warnings.iter().map(|it| Finding::new("settings", Status::Warning, it)).collect()
}

/// What a running server says of itself, and what takes longer: the whole file is read, and providers and the collector are
/// asked.
async fn everything(app: &App) -> Vec<Finding> {
    let config = &app.config;
    let mut findings: Vec<Finding> = place::looks_synced(&config.db)
        .map(|what| {
            Finding::new("place", Status::Warning, format!("{} lies in {what}", config.db.display()))
                .hint("several processes cannot share a SQLite file there; keep it on a local disk (--db, CARRYALL_DB)")
        })
        .into_iter()
        .collect();
    findings.extend(checks(app).await);
    let is_readable = !findings.iter().any(|it| it.name == "store" && it.status == Status::Broken);
    if config.db.exists() && is_readable {
        findings.extend(open_to_others(&config.db));
        findings.extend(whole(&app.store).await);
        findings.extend(folders(&app.store.index()).await);
    }
    findings.extend(providers(app).await);
    findings.extend(telemetry(config).await);
    findings
}

/// Whether the file is whole.
async fn whole(store: &Store) -> Vec<Finding> {
    let health = match store.health().await {
        Ok(health) => health,
        Err(err) => return vec![Finding::new("integrity", Status::Broken, err.to_string()).hint(err.next_step())],
    };
    let message = format!("version {}, journal {}", health.schema_version, health.journal_mode);
    vec![
        Finding::new("schema", Status::Ok, message),
        match health.integrity.as_str() {
            "ok" => Finding::new("integrity", Status::Ok, "the file is whole"),
            wrong => Finding::new("integrity", Status::Broken, wrong.to_owned())
                .hint("`carryall export` what can be read, move it away with its -wal and -shm, and `carryall import`"),
        },
        match health.text_disagreements {
            0 => Finding::new("full text", Status::Ok, "index and rows agree"),
            some => Finding::new("full text", Status::Broken, format!("{some} rows and index entries disagree"))
                .hint("`carryall export`, then `carryall import` into a new file (--db); index folders again"),
        },
    ]
}

/// Memories are private; a file made by us is, but one that was copied here may not be.
fn open_to_others(path: &Path) -> Option<Finding> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| {
            Finding::new("permissions", Status::Warning, format!("others may open {} ({mode:o})", path.display()))
                .hint(format!("chmod 600 {}", path.display()))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// What is indexed, folder by folder.
async fn folders(index: &Store) -> Vec<Finding> {
    if !index.path().exists() {
        return Vec::new();
    }
    let workspaces = index.workspaces().await.unwrap_or_default();
    index.close().await;
    let told = workspaces.into_iter().map(|it| {
        let of = u64::try_from(it.size_bytes).unwrap_or(0);
        let part = if it.is_complete { "" } else { ", not to the end yet" };
        let past = if it.commits > 0 { format!(", {}", counted(&it.commits, "past commit")) } else { String::new() };
        let message = format!(
            "{}, {} ({}), {} skipped{past}, {}{part}",
            it.root,
            counted(&it.files, "file"),
            size(of),
            it.skipped,
            clock::format(it.indexed_at)
        );
        match Path::new(&it.root).is_dir() {
            true => {
                let changes = documents::noticing(Path::new(&it.root));
                Finding::new("indexed", Status::Ok, format!("{message}, {changes}"))
            }
            false => Finding::new("indexed", Status::Warning, format!("{message}; the folder is gone"))
                .hint(format!("`carryall index --remove {}`", it.root)),
        }
    });
    told.collect()
}

/// How old what is known of providers is, and whether those that are configured can be reached.
async fn providers(app: &App) -> Vec<Finding> {
    let (config, models) = (&app.config, app.asker.models());
    let chosen = match models.choose(None, None) {
        Ok(Some(route)) => Some(route.provider),
        Ok(None) if !models.is_chosen() => models.find_local().await.map(|it| it.provider),
        // A wrong choice is told among the checks.
        Ok(None) | Err(_) => None,
    };
    let mut findings = ages(&clock::format(app.clock.now()));
    if config.offline {
        return findings;
    }
    let configured: Vec<_> = config.providers.iter().filter(|(name, _)| models.is_configured(name)).collect();
    let asked = futures_util::future::join_all(configured.iter().map(|(name, _)| models.reachable(name))).await;
    for ((name, provider), outcome) in configured.into_iter().zip(asked) {
        let wanted = chosen.as_ref() == Some(name) || config.cascade.contains(name);
        // A local server needs no key, so it counts as configured on every machine; most do not run it.
        let local = matches!(provider.kind, ProviderKind::Ollama | ProviderKind::LmStudio);
        if local && !wanted && !config.routing.find_local {
            continue;
        }
        match outcome {
            Ok(list) => {
                findings.push(Finding::new(name, Status::Ok, format!("reachable, {}", counted(&list.len(), "model"))));
                findings.extend(missing_model(name, provider, &list));
            }
            Err(_) if local && !wanted => findings.push(Finding::new(name, Status::Note, "does not run here")),
            Err(err) => {
                let status = if wanted { Status::Broken } else { Status::Warning };
                findings.push(Finding::new(name, status, err.to_string()).hint(err.next_step));
            }
        }
    }
    findings
}

/// Whether the collector takes what is sent to it: a request without any span.
async fn telemetry(config: &Config) -> Option<Finding> {
    let otlp = config.otlp.as_ref()?;
    Some(match Telemetry::new(config).probe().await {
        Ok(()) => Finding::new("telemetry", Status::Ok, format!("traces go to {}", otlp.url)),
        Err(why) => Finding::new("telemetry", Status::Warning, format!("traces do not reach {}: {why}", otlp.url))
            .hint("a collector that takes OTLP over HTTP listens on port 4318; OTEL_SDK_DISABLED=true sends nothing"),
    })
}

/// A model that is configured and that the provider does not list. Names may leave out a date or a tag; Azure lists what
/// could be deployed, not what is.
fn missing_model(name: &str, provider: &ProviderConfig, list: &[String]) -> Option<Finding> {
    let model = provider.model.as_deref().filter(|_| provider.kind != ProviderKind::Azure)?;
    let base = model.split(':').next().unwrap_or(model);
    if list.is_empty() || list.iter().any(|it| it.starts_with(model) || it == base) {
        return None;
    }
    let message = format!("the model {model} is not among those that it lists");
    Some(Finding::new(name, Status::Warning, message).hint("`carryall ask --list-models` shows what there is"))
}

/// Prices change a few times a year; a table older than this is wrong somewhere.
const OLD_DAYS: i64 = 120;

/// How old the tables of prices and of models are at `now`.
fn ages(now: &str) -> Vec<Finding> {
    let day = 24 * 60 * 60 * 1000;
    let tables = [("prices", Prices::source()), ("models", Models::table_source())];
    let aged = tables.into_iter().map(|(name, (source, date))| {
        let age_days = match (clock::parse(now), clock::parse(date)) {
            (Ok(now), Ok(date)) => (now - date).max(0) / day,
            _ => 0,
        };
        let message = format!("read {date} from {source}, {} old", counted(&age_days, "day"));
        match age_days > OLD_DAYS {
            false => Finding::new(name, Status::Ok, message),
            true => Finding::new(name, Status::Warning, message).hint(
                "install a newer version, or set what has changed in the user file ([prices.\"provider/model\"], \
                 [models.\"provider/model\"])",
            ),
        }
    });
    aged.collect()
}

/// The entry of each host.
fn entries(environment: &Environment) -> Vec<Finding> {
    let folders = match setup::folders(environment) {
        Ok(folders) => folders,
        Err(failed) => return vec![Finding::new("hosts", Status::Warning, failed.message)],
    };
    let mut findings = Vec::new();
    let mut without = Vec::new();
    for (host, path) in setup::files(&folders) {
        match hosts::check(host, &path) {
            EntryStatus::NoFile => without.push(host.name()),
            EntryStatus::NoEntry => findings.push(
                Finding::new(host.name(), Status::Note, format!("{} has no entry", path.display()))
                    .hint(format!("`carryall setup {}`", host.name())),
            ),
            EntryStatus::Ready(entry) => {
                findings.push(Finding::new(host.name(), Status::Ok, format!("starts {}", entry.command)));
            }
            EntryStatus::CommandMissing(entry) => {
                let message = format!("{} starts {:?}, which is not there", path.display(), entry.command);
                findings.push(
                    Finding::new(host.name(), Status::Broken, message)
                        .hint(format!("`carryall setup {}`", host.name())),
                );
            }
            EntryStatus::Unreadable(err) => {
                findings.push(Finding::new(host.name(), Status::Broken, err.to_string()).hint(err.next_step()));
            }
        }
    }
    if !without.is_empty() {
        let message = format!("no settings found: {}", without.join(", "));
        findings.push(Finding::new("other hosts", Status::Note, message));
    }
    findings
}

fn tell(findings: &[Finding], out: &Output) {
    let name = |status: Status| match status {
        Status::Ok => "ok",
        Status::Note => "note",
        Status::Warning => "warning",
        Status::Broken => "broken",
    };
    let broken = findings.iter().filter(|it| it.status == Status::Broken).count();
    let warnings = findings.iter().filter(|it| it.status == Status::Warning).count();
    let listed: Vec<_> = findings
        .iter()
        .map(|it| json!({"name": it.name, "status": name(it.status), "message": it.message, "hint": it.hint}))
        .collect();
    out.document(&json!({"ok": broken == 0, "broken": broken, "warnings": warnings, "findings": listed}));
    let width = findings.iter().map(|it| it.name.chars().count()).max().unwrap_or_default();
    for it in findings {
        let mark = match it.status {
            Status::Ok => "✓".green().to_string(),
            Status::Note => "·".dimmed().to_string(),
            Status::Warning => "!".yellow().bold().to_string(),
            Status::Broken => "✗".red().bold().to_string(),
        };
        out.line(format_args!("{mark} {:width$}  {}", it.name, it.message));
        for line in it.hint.lines() {
            out.line(format_args!("  {:width$}  {}", "", line.dimmed()));
        }
    }
    let sum = match (broken, warnings) {
        (0, 0) => "Everything is in order.".to_owned(),
        (0, 1) => "1 warning.".to_owned(),
        (0, warnings) => format!("{warnings} warnings."),
        (broken, _) => format!("{broken} broken."),
    };
    out.line(format_args!("\n{sum}"));
}

#[cfg(test)]
mod tests;
