//! `carryall trace`: the tree of a call with its times, the latest calls, where the time goes, and which errors are alike.

pub(super) mod tree;

use std::fmt::Display;

use owo_colors::OwoColorize;
use serde_json::json;

use super::commands::Command;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use super::tools;
use super::tools::Trace;
use crate::clock;
use crate::config::Config;
use crate::plural::counted;
use crate::store::Store;
use crate::store::TraceFilter;
use crate::trace;
use crate::trace::CallRecord;

/// Calls that a report reads at most, the latest first: some 10 MB of traces, read in a second.
const REPORTED: usize = 5_000;

/// Calls that are listed when nothing is said.
const LISTED: usize = 20;

/// The width when nobody watches.
const WIDTH: usize = 100;

pub(super) fn run(asked: Box<Trace>, config: Config, out: &Output) -> Result<Exit, Failed> {
    let is_report = asked.slow || asked.errors;
    if out.is_json() && !is_report {
        // The same document as the tool's.
        return tools::run(Command::Trace(asked), config, out);
    }
    let time = |flag: &str, text: &Option<String>| match text {
        Some(text) => clock::parse(text)
            .map(Some)
            .map_err(|allowed| Failed::usage(format!("{flag} is {text:?}"), format!("it must be {allowed}"))),
        None => Ok(None),
    };
    let filter = TraceFilter {
        id: asked.trace_id.clone(),
        eyes: None,
        tool: asked.tool.clone(),
        outcome: asked.outcome.clone(),
        session_id: asked.session_id.clone(),
        since: time("--since", &asked.since)?,
        until: time("--until", &asked.until)?,
        before: match &asked.cursor {
            None => None,
            Some(cursor) => Some(
                trace::place(cursor)
                    .ok_or_else(|| Failed::usage("--cursor is no cursor of an earlier answer", "leave it out"))?,
            ),
        },
    };
    let limit = asked.limit.map(|it| usize::try_from(it).unwrap_or(LISTED));
    let most = if is_report { limit.unwrap_or(REPORTED) } else { limit.unwrap_or(LISTED) };
    let calls = runtime::block_on(async {
        let store = Store::new(&config.db);
        let found = if store.path().exists() {
            trace::find(&store, filter, most.saturating_add(1)).await
        } else {
            Ok(Vec::new())
        };
        store.close().await;
        Ok(found?)
    })?;
    let more = calls.len() > most;
    let calls = &calls[..calls.len().min(most)];
    if asked.slow {
        return Ok(slow(calls, more, out));
    }
    if asked.errors {
        return Ok(errors(calls, more, out));
    }
    if calls.is_empty() {
        out.line("No such call is recorded; traces are kept for as long as [records] says.");
        return Ok(Exit::Nothing);
    }
    let width = out.width().unwrap_or(WIDTH);
    if asked.trace_id.is_some() {
        for (at, call) in calls.iter().enumerate() {
            if at > 0 {
                out.line("");
            }
            for line in tree::draw(call, width) {
                out.line(line);
            }
        }
    } else {
        for call in calls {
            out.line(listed(call, width));
        }
        if let Some(last) = calls.last().filter(|_| more) {
            out.line(format_args!("{}", format!("There is more: --cursor {}", trace::cursor(last)).dimmed()));
        }
    }
    Ok(Exit::Done)
}

/// A call on one line.
fn listed(call: &CallRecord, width: usize) -> String {
    let at = clock::format_even(call.started_at);
    let head = format!("{at}  {:<17} {:>11}  {}", call.tool, tree::time(call.took_us), call.id);
    let outcome = match call.outcome.as_str() {
        "ok" => "ok".green().to_string(),
        "failed" => "failed".red().to_string(),
        other => other.yellow().to_string(),
    };
    let error = call.error.as_deref().map(tree::plain).unwrap_or_default();
    let room = width.saturating_sub(head.chars().count() + 2 + call.outcome.chars().count() + 2);
    let error: String = if room < 12 { String::new() } else { error.chars().take(room).collect() };
    format!("{head}  {outcome}  {}", error.dimmed()).trim_end().to_owned()
}

fn said_of(calls: &[CallRecord], more: bool) -> String {
    let since = calls.last().map(|it| clock::format(it.started_at)).unwrap_or_default();
    let latest = if more { "the latest " } else { "" };
    format!("{latest}{} since {since}", counted(&calls.len(), "call"))
}

fn nothing(out: &Output, what: impl Display) -> Exit {
    out.line(what);
    Exit::Nothing
}

fn slow(calls: &[CallRecord], more: bool, out: &Output) -> Exit {
    let slow = trace::slow(calls);
    out.document(&json!({"calls": calls.len(), "is_cut": more, "tools": slow}));
    if slow.is_empty() {
        return nothing(out, "No call is recorded.");
    }
    out.line(format_args!("Where the time goes, in {}:", said_of(calls, more)));
    for tool in slow {
        out.line(format_args!(
            "\n{}  {}, median {}, 95 % within {}",
            tool.tool.bold(),
            counted(&tool.calls, "call"),
            tree::time_ms(tool.p50_ms),
            tree::time_ms(tool.p95_ms)
        ));
        for step in &tool.steps {
            let bar = tree::bar(0.0, step.share, 20);
            out.line(format_args!(
                "  {bar} {:>4.0} %  {:<18} median {:>9}, 95 % {:>9}",
                step.share * 100.0,
                tree::plain(&step.step),
                tree::time_ms(step.p50_ms),
                tree::time_ms(step.p95_ms)
            ));
        }
        out.line(format_args!("  {} {}", "next:".cyan(), tool.next_step));
        out.line(format_args!("  {} carryall trace {}", "slowest:".cyan(), tool.slowest_trace_id));
    }
    Exit::Done
}

fn errors(calls: &[CallRecord], more: bool, out: &Output) -> Exit {
    let groups = trace::errors(calls);
    let listed: Vec<_> = groups
        .iter()
        .map(|it| {
            json!({
                "kind": it.kind, "shape": it.shape, "count": it.count, "tools": it.tools,
                "first_seen": clock::format(it.first_seen), "last_seen": clock::format(it.last_seen),
                "trace_id": it.trace_id, "next_step": it.next_step,
            })
        })
        .collect();
    out.document(&json!({"calls": calls.len(), "is_cut": more, "errors": listed}));
    if groups.is_empty() {
        return nothing(out, format_args!("No call failed, of {}.", said_of(calls, more)));
    }
    let failed: usize = groups.iter().map(|it| it.count).sum();
    out.line(format_args!("{failed} failed, of {}:", said_of(calls, more)));
    for group in groups {
        let tools: Vec<String> = group.tools.iter().map(|(tool, count)| format!("{tool} {count}")).collect();
        out.line(format_args!("\n{:>5} × {}: {}", group.count, group.kind.red(), tree::plain(&group.shape)));
        out.line(format_args!(
            "        {}; first {}, last {}",
            tools.join(", "),
            clock::format(group.first_seen),
            clock::format(group.last_seen)
        ));
        out.line(format_args!("        {} {}", "next:".cyan(), group.next_step));
        out.line(format_args!("        {} carryall trace {}", "latest:".cyan(), group.trace_id));
    }
    Exit::Done
}
