//! Insights over a made-up year of use: times of questions, of charts and of contexts, memory, and what a trace costs.

#![expect(clippy::disallowed_methods, reason = "starts the program that it measures")]

use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use carryall::insights::GROUPS;
use carryall::insights::VIEWS;
use carryall::store::Store;
use carryall::trace;
use carryall::trace::Call;
use carryall::trace::Clean;
use carryall::trace::Progress;
use carryall::trace::State;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::median;
use crate::row;
use crate::server::BINARY;
use crate::server::Server;

/// How often each question is asked anew; the best of them counts against the bound, for a slow disk or a neighbour is
/// not the question's.
const AGAIN: usize = 3;

/// Traced calls of which the mean is taken.
const TRACED: usize = 20_000;

/// Every type, with and without a time, compared, limited, and about nothing.
const QUESTIONS: [&str; 36] = [
    "which sessions did we have last week?",
    "what did we ask yesterday?",
    "list the conversations of the past year",
    "which decisions were made last month?",
    "what did ana ask about the retry policy?",
    "conversations that mention \"cache\"",
    "coach or reviewer, who is asked more?",
    "rank the users by number of asks",
    "who used which persona in the past quarter?",
    "which persona is rated best?",
    "which persona grew most, last month against the month before?",
    "how often was SWOT used in the past 90 days?",
    "SWOT or RICE?",
    "which request kinds were handled, and how did they do?",
    "what percentage of asks had a framework?",
    "which strategies answered us?",
    "what did each model cost last month?",
    "slowest tools",
    "p95 by day, past year",
    "error rate by provider, last quarter",
    "share of calls slower than 5 s by model, last quarter",
    "cache hit rate over time",
    "requests per minute at peak",
    "which errors were most common?",
    "cost by week, past year",
    "the ten priciest sessions",
    "busiest hours of the week",
    "weekly active users, past year",
    "our current streak",
    "how long are sessions?",
    "how many users came back?",
    "how long between two questions of the same user?",
    "is Monday livelier than Friday?",
    "what changed in the last 30 days?",
    "has our feedback helped?",
    "was gibt es Neues seit letzter Woche?",
];

/// Writes the year that the bounds are for into `db`: 50,000 calls, 5,000 sessions, 40 users.
fn year(db: &Path) -> anyhow::Result<()> {
    let status = Command::new(BINARY)
        .args(["--db".as_ref(), db.as_os_str(), "generate-year".as_ref()])
        .env("HOME", db.parent().unwrap_or(db))
        .stdout(Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "{status}");
    Ok(())
}

/// The times of one question.
#[derive(Default)]
struct Asked {
    name: String,
    /// The shortest of those that were counted afresh, on the clock and of the process.
    fresh: Duration,
    fresh_cpu: Duration,
    kept: Vec<Duration>,
    svg: Duration,
    png: Duration,
    png_cpu: Duration,
}

/// Asks it afresh: a blank more at its end, or in a filter, makes it another question with the same answer.
fn timed(server: &mut Server, arguments: &Value, nth: usize, chart: &str) -> anyhow::Result<(Duration, Duration)> {
    let mut arguments = arguments.clone();
    let question = arguments["question"].as_str().unwrap_or_default();
    arguments["question"] = format!("{question}{}", " ".repeat(nth)).into();
    arguments["chart"] = chart.into();
    let before = server.busy()?;
    let took = server.call("query_insights", &arguments)?;
    Ok((took, server.busy()? - before))
}

fn ask(server: &mut Server, name: &str, arguments: &Value) -> anyhow::Result<Asked> {
    let mut asked = Asked { name: name.to_owned(), ..Asked::default() };
    let mut best = |chart: &str, from: usize| -> anyhow::Result<(Duration, Duration)> {
        let mut best = (Duration::MAX, Duration::MAX);
        for nth in from..from + AGAIN {
            let (took, busy) = timed(server, arguments, nth, chart)?;
            best = (best.0.min(took), best.1.min(busy));
        }
        Ok(best)
    };
    (asked.fresh, asked.fresh_cpu) = best("none", 1)?;
    asked.svg = best("svg", 1)?.0;
    (asked.png, asked.png_cpu) = best("png", 1)?;
    for _ in 0..5 {
        asked.kept.push(timed(server, arguments, 1, "none")?.0);
    }
    Ok(asked)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The median and the slowest by name.
fn spread(all: &[Asked], of: impl Fn(&Asked) -> Duration) -> String {
    let mut times: Vec<(Duration, &str)> = all.iter().map(|it| (of(it), it.name.as_str())).collect();
    times.sort();
    let (Some(middle), Some(last)) = (times.get(times.len() / 2), times.last()) else { return String::new() };
    format!("{:.1} ms, the slowest {:.1} ms ({})", ms(middle.0), ms(last.0), last.1)
}

fn questions(db: &Path) -> anyhow::Result<()> {
    let mut server = Server::start(db)?;
    server.call("read_context", &json!({"scope": "global", "key": "missing"}))?;
    let (before, _) = server.memory()?;
    let first = server.call("query_insights", &json!({"question": "speed by tool over the whole record"}))?;
    row("insights: the first question of a process, speed by tool", "≤ 100 ms", &format!("{:.1} ms", ms(first)));
    let mut words = Vec::new();
    for question in QUESTIONS {
        words.push(ask(&mut server, question, &json!({"question": question}))?);
    }
    let mut views = Vec::new();
    for (view, kind, _) in VIEWS {
        let groups: &[&str] = match view {
            "calls" | "activity" => &GROUPS,
            "movers" | "kinds" | "ratings" => &["tool", "model", "request_kind", "strategy", "user"],
            _ => &["all"],
        };
        for by in groups {
            let drill = json!({"view": view, "by": by});
            let arguments = json!({"question": "", "type": kind.name(), "drill_down": drill});
            views.push(ask(&mut server, &format!("{view} by {by}"), &arguments)?);
        }
    }
    for (what, all) in [("questions in words", words), ("every table and group, whole year", views)] {
        let what = format!("insights, {} {what}", all.len());
        row(&format!("{what}: counted afresh"), "≤ 100 ms", &spread(&all, |it| it.fresh));
        row(&format!("{what}: the same, processor time"), "", &spread(&all, |it| it.fresh_cpu));
        let kept = |it: &Asked| it.kept.iter().min().copied().unwrap_or_default();
        row(&format!("{what}: kept"), "≤ 2 ms", &spread(&all, kept));
        row(&format!("{what}: SVG adds"), "≤ 150 ms", &spread(&all, |it| it.svg.saturating_sub(it.fresh)));
        row(&format!("{what}: PNG adds"), "≤ 150 ms", &spread(&all, |it| it.png.saturating_sub(it.fresh)));
        let cpu = |it: &Asked| it.png_cpu.saturating_sub(it.fresh_cpu);
        row(&format!("{what}: PNG adds, processor time"), "", &spread(&all, cpu));
    }
    let (now, highest) = server.memory()?;
    let more = |kib: u64| kib.saturating_sub(before) as f64 / 1024.0;
    let grown = format!("{:.1} MiB (at its highest {:.1})", more(now), more(highest));
    row("insights: memory after all of these, above that of an idle process", "≤ 50 MiB", &grown);
    let mut after = Vec::new();
    for nth in 0..20 {
        server.call("remember", &json!({"content": format!("note number {nth}")}))?;
        after.push(server.call("query_insights", &json!({"question": "what did each model cost last month?"}))?);
    }
    row("insights: a question right after a write", "≤ 100 ms", &median(after));
    server.end()?;
    Ok(())
}

fn contexts(db: &Path) -> anyhow::Result<()> {
    let mut server = Server::start(db)?;
    let body: String = "state ".repeat(200);
    let of =
        |nth: usize| json!({"scope": "session", "owner": format!("s-{}", nth % 500), "key": format!("k{}", nth % 7)});
    let mut writes = Vec::new();
    let mut patches = Vec::new();
    let mut reads = Vec::new();
    for nth in 0..1_000 {
        let mut arguments = of(nth);
        arguments["data"] = json!({"nth": nth, "body": body});
        writes.push(server.call("write_context", &arguments)?);
    }
    for nth in 0..500 {
        let mut arguments = of(nth);
        arguments["patch"] = json!({"patched": nth});
        patches.push(server.call("write_context", &arguments)?);
        reads.push(server.call("read_context", &of(nth))?);
    }
    row("`write_context` of 1 kB, durable when it answers", "≤ 5 ms", &median(writes));
    row("the same, a patch", "≤ 5 ms", &median(patches));
    row("`read_context`", "≤ 1 ms", &median(reads));
    server.end()?;
    Ok(())
}

/// What a trace adds to a call: made, filled, cleaned and written, with its row for counting, without anything else.
fn traces(db: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let arguments = json!({"message": "where is the retry policy set, and who changed it last? ".repeat(4),
        "session_id": "s-1", "user_id": "ana", "namespace": "default"});
    runtime.block_on(async {
        let store = Store::new(db);
        store.flush().await?;
        let busy = || Server::busy_of(std::process::id());
        let (begun, before) = (Instant::now(), busy()?);
        for nth in 0..TRACED {
            let call = Call::begin("ask", 1_790_000_000_000, Progress::default(), CancellationToken::new());
            for state in [State::Classified, State::Gathering, State::Routed, State::Asking, State::Evaluating] {
                call.enter(state);
            }
            for name in ["history", "search memory", "search workspace", "choose", "ask a model", "keep turn"] {
                let span = call.span(name);
                span.note("found", nth);
                span.note("why", "the shortest of those that were allowed");
            }
            trace::keep(&store, &Clean::of(&call.record("ok", None, &arguments)));
            // As many as come in together; a caller waits for none of them.
            if nth % 200 == 0 {
                store.flush().await?;
            }
        }
        store.flush().await?;
        let each = |time: Duration| ms(time) / TRACED as f64;
        let told = format!("{:.3} ms ({:.3} ms of the processor)", each(begun.elapsed()), each(busy()? - before));
        row("a trace of six steps and six states, written with its row", "≤ 0.2 ms a call", &told);
        store.close().await;
        Ok(())
    })
}

/// All of these, in `folder`.
pub(crate) fn insights(folder: &Path) -> anyhow::Result<()> {
    let db = folder.join("year.db");
    year(&db)?;
    questions(&db)?;
    contexts(&folder.join("contexts.db"))?;
    traces(&folder.join("traces.db"))
}
