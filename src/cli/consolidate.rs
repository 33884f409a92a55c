//! `carryall consolidate`: puts the memory in order and says what it did.

use std::sync::Arc;

use indicatif::ProgressBar;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::commands::Consolidate;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use super::summaries;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::memory::Consolidated;
use crate::memory::Retention;
use crate::memory::Wanted;
use crate::plural::counted;
use crate::trace::Call;
use crate::trace::Progress;

/// What the model did.
#[derive(Debug, Default)]
struct Written {
    summaries: usize,
    failed: usize,
    /// `None` when the price of one is unknown.
    cost_usd: Option<f64>,
    first_failure: Option<String>,
    stopped_at_cap: bool,
}

pub(super) fn run(asked: &Consolidate, config: Config, out: &Output) -> Result<Exit, Failed> {
    if config.read_only && !asked.dry_run {
        return Err(Failed::work("permission", "the server is read-only", "leave --read-only out, or add --dry-run"));
    }
    let retention = config.retention.iter().map(|it| Retention {
        name: it.name.clone(),
        namespace: it.namespace.clone(),
        kind: it.kind.clone(),
        older_than_days: it.older_than_days,
    });
    let wanted = Wanted {
        dry_run: asked.dry_run,
        all_sessions: true,
        retention: retention.collect(),
        apply_retention: asked.apply_retention,
    };
    let bar = if out.is_json() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let shown = bar.clone();
    let progress = Progress::to(move |update| {
        shown.set_message(format!("{} ({})", update.message, update.done));
        shown.tick();
    });
    let (done, written) = runtime::block_on(async {
        let app = App::new(config, Clock::system());
        let call = Call::begin("consolidate", app.clock.now(), progress, CancellationToken::new());
        let done = app.memory.consolidate(wanted, &call).await;
        let written = match (&done, asked.with_model) {
            (Ok(_), true) => Some(with_model(&app, asked.max_cost_usd, &call).await),
            _ => None,
        };
        app.store.close().await;
        Ok((done?, written.transpose()?))
    })?;
    bar.finish_and_clear();
    tell(&done, written.as_ref(), asked.dry_run, out);
    Ok(Exit::Done)
}

/// Lets the model summarise every session that has an extractive summary.
async fn with_model(app: &Arc<App>, cap: Option<f64>, call: &Call) -> Result<Written, Failed> {
    let mut written = Written { cost_usd: Some(0.0), ..Written::default() };
    let (sessions, _, _) = app.store.sessions_beyond(0, 0).await?;
    for owner in sessions {
        let Some(summary) = app.memory.summary(owner.clone()).await? else { continue };
        if summary.made_by != crate::memory::EXTRACTIVE {
            continue;
        }
        let spent = written.cost_usd.unwrap_or(0.0);
        if cap.is_some_and(|cap| spent >= cap) {
            written.stopped_at_cap = true;
            break;
        }
        let entries = app.memory.session_entries(owner.clone()).await?;
        match summaries::by_model(app, owner, &entries, cap.map(|it| it - spent), call).await {
            Ok(cost) => {
                written.summaries += 1;
                written.cost_usd = written.cost_usd.zip(cost).map(|(all, one)| all + one);
            }
            Err(reason) => {
                written.failed += 1;
                written.first_failure.get_or_insert(reason);
                // What one model refuses or cannot be reached for, it will for the next as well.
                if written.summaries == 0 {
                    break;
                }
            }
        }
    }
    Ok(written)
}

fn tell(done: &Consolidated, written: Option<&Written>, dry_run: bool, out: &Output) {
    let rules: Vec<Value> = done
        .retention
        .iter()
        .map(|(rule, count, applied)| json!({"rule": rule, "memories": count, "deleted": applied}))
        .collect();
    let model = written.map(|it| {
        json!({
            "summaries": it.summaries, "failed": it.failed, "cost_usd": it.cost_usd, "first_failure": it.first_failure,
            "stopped_at_cap": it.stopped_at_cap,
        })
    });
    out.document(&json!({
        "dry_run": dry_run, "expired": done.expired, "ended": done.ended, "facts_read": done.facts_read,
        "compared": done.compared,
        "linked": done.linked, "merged": done.merged, "sessions": done.sessions, "summarised": done.summarised,
        "retention": rules, "model": model,
    }));
    let would = if dry_run { "would be " } else { "" };
    out.line(format_args!(
        "{} {would}deleted; hidden because no longer valid: {}",
        counted(&done.expired, "expired row"),
        counted(&done.ended, "memory")
    ));
    if done.facts_read > 0 {
        out.line(format_args!("read again for what is stated: {}", counted(&done.facts_read, "memory")));
    }
    out.line(format_args!(
        "{} compared: {} {would}linked, {} {would}hidden as duplicates",
        counted(&done.compared, "memory"),
        counted(&done.linked, "pair"),
        counted(&done.merged, "memory")
    ));
    out.line(format_args!(
        "{} looked at: {} {would}made",
        counted(&done.sessions, "session"),
        counted(&done.summarised, "summary")
    ));
    for (rule, count, applied) in &done.retention {
        match applied {
            true => out.line(format_args!("retention.{rule}: {} deleted", counted(count, "memory"))),
            false => out.line(format_args!(
                "retention.{rule}: {} would be deleted by --apply-retention",
                counted(count, "memory")
            )),
        }
    }
    if let Some(it) = written {
        let cost = it.cost_usd.map_or("an unknown sum".to_owned(), |it| format!("{it:.4} USD"));
        out.line(format_args!("{} written by the model for {cost}", counted(&it.summaries, "summary")));
        if let Some(reason) = &it.first_failure {
            out.line(format_args!("{} not written: {reason}", it.failed));
        }
        if it.stopped_at_cap {
            out.line("stopped at --max-cost-usd");
        }
    }
}
