//! The real binary as a host meets it: times from line to line, memory, size. Prints a table in Markdown.
//!
//! `cargo bench --bench process`; the names of parts after `--` run only those (`init`, `calls`, `together`, `insights`).

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod insights;
mod server;
mod text;

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use server::BINARY;
use server::Server;
use text::Text;

/// How often a short thing is measured; the median is reported.
const TIMES: usize = 40;

fn median(mut times: Vec<Duration>) -> String {
    times.sort();
    let ms = |at: usize| times[at.min(times.len() - 1)].as_secs_f64() * 1e3;
    format!("{:.2} ms (p95 {:.2}, longest {:.2})", ms(times.len() / 2), ms(times.len() * 95 / 100), ms(times.len() - 1))
}

fn row(what: &str, target: &str, measured: &str) {
    println!("| {what} | {target} | {measured} |");
}

fn filled(db: &Path, memories: usize) -> anyhow::Result<()> {
    let mut server = Server::start(db)?;
    let mut text = Text::new(7);
    for _ in 0..memories / 1000 {
        let items: Vec<Value> = (0..1000).map(|_| json!({"content": text.memory()})).collect();
        server.call("remember", &json!({"items": items}))?;
    }
    server.end()?;
    Ok(())
}

/// Makes a database of 1 GB: memories of 200 kB until it is that big.
fn gigabyte(db: &Path) -> anyhow::Result<()> {
    let mut server = Server::start(db)?;
    let mut text = Text::new(17);
    let pieces: Vec<String> = (0..64).map(|_| text.sentence(2000)).collect();
    while std::fs::metadata(db).map_or(0, |it| it.len()) < 1 << 30 {
        let items: Vec<Value> = (0..100)
            .map(|_| {
                let content: Vec<&str> = (0..16).map(|_| pieces[text.below(pieces.len())].as_str()).collect();
                json!({"content": content.join(" ")})
            })
            .collect();
        server.call("remember", &json!({"items": items}))?;
    }
    server.end()?;
    Ok(())
}

fn begin_and_end(db: &Path, name: &str, warm: bool) -> anyhow::Result<()> {
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    for at in 0..TIMES {
        let begun = Instant::now();
        let mut server = Server::spawn(db)?;
        server.initialize()?;
        begins.push(begun.elapsed());
        if warm {
            server.call("remember", &json!({"content": format!("visit {at} of {name}")}))?;
            server.call("recall", &json!({"query": "visit"}))?;
        }
        ends.push(server.end()?);
    }
    row(&format!("spawn to the answer of `initialize`, {name}"), "≤ 10 ms", &median(begins));
    row(&format!("end of input to exit, {name}"), "≤ 20 ms", &median(ends));
    Ok(())
}

fn times(count: usize, mut once: impl FnMut(usize) -> anyhow::Result<Duration>) -> anyhow::Result<String> {
    for at in 0..5 {
        once(usize::MAX - at)?;
    }
    Ok(median((0..count).map(&mut once).collect::<anyhow::Result<_>>()?))
}

fn calls(db: &Path) -> anyhow::Result<()> {
    filled(db, 10_000)?;
    let mut server = Server::start(db)?;
    let mut text = Text::new(23);
    let took = times(500, |_| server.call("recall", &json!({"query": text.question()})))?;
    row("`recall` on 10,000 memories", "≤ 5 ms", &took);
    let took = times(300, |_| server.call("remember", &json!({"content": text.memory()})))?;
    row("`remember` of one, acknowledged", "≤ 5 ms", &took);
    let took = times(500, |_| server.call("read_context", &json!({"scope": "global", "key": "missing"})))?;
    row("overhead of a call (`read_context` of a missing key)", "≤ 0.2 ms", &took);
    let took = times(500, |_| {
        let begun = Instant::now();
        server.request("ping", &json!({}))?;
        Ok(begun.elapsed())
    })?;
    row("overhead of a message (`ping`)", "", &took);
    let (now, highest) = server.memory()?;
    let show = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
    row(
        "resident after 1,800 calls on 10,000 memories",
        "≤ 30 MiB",
        &format!("{} (highest {})", show(now), show(highest)),
    );
    let took = times(10, |_| {
        let items: Vec<Value> = (0..1000).map(|_| json!({"content": text.memory()})).collect();
        server.call("remember", &json!({"items": items}))
    })?;
    row("1,000 memories in one `remember`", "≤ 250 ms", &took);
    let (now, highest) = server.memory()?;
    row("resident after that", "", &format!("{} (highest {})", show(now), show(highest)));
    let listed = server.request("tools/list", &json!({}))?;
    let tools = serde_json::from_str::<Value>(listed)?["result"]["tools"].to_string().len();
    row("`tools/list`, compact JSON", "≤ 24 KiB", &format!("{:.1} KiB", tools as f64 / 1024.0));
    server.end()?;
    Ok(())
}

/// Eight processes on one file, each writing 500 memories and reading in between.
fn together(db: &Path) -> anyhow::Result<()> {
    const PROCESSES: usize = 8;
    const EACH: usize = 500;
    let start = Barrier::new(PROCESSES + 1);
    let (total, all, longest_read) = std::thread::scope(|scope| -> anyhow::Result<_> {
        let running: Vec<_> = (0..PROCESSES)
            .map(|process| {
                let start = &start;
                scope.spawn(move || -> anyhow::Result<(Vec<Duration>, Duration)> {
                    let mut server = Server::start(db)?;
                    let mut text = Text::new(31 + process as u64);
                    start.wait();
                    let mut longest_read = Duration::ZERO;
                    let mut writes = Vec::with_capacity(EACH);
                    for at in 0..EACH {
                        writes.push(server.call("remember", &json!({"content": text.memory()}))?);
                        if at % 5 == 0 {
                            longest_read = longest_read.max(server.call("recall", &json!({"query": text.question()}))?);
                        }
                    }
                    server.end()?;
                    Ok((writes, longest_read))
                })
            })
            .collect();
        start.wait();
        let begun = Instant::now();
        let mut all = Vec::new();
        let mut longest_read = Duration::ZERO;
        for one in running {
            let (writes, read) = one.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
            all.extend(writes);
            longest_read = longest_read.max(read);
        }
        Ok((begun.elapsed(), all, longest_read))
    })?;
    row("8 processes × 500 `remember`, reading in between: all of it", "", &format!("{:.2} s", total.as_secs_f64()));
    row("the same: one `remember`", "≤ 250 ms the longest", &median(all));
    row("the same: the longest `recall`", "", &format!("{:.1} ms", longest_read.as_secs_f64() * 1e3));
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    let folder = tempfile::Builder::new().prefix("carryall-bench").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("| what | target | measured |\n|---|---|---|");
    if wanted("init") {
        begin_and_end(&folder.path().join("fresh.db"), "new file, nothing called", false)?;
        begin_and_end(&folder.path().join("small.db"), "small file, written and read", true)?;
        let big = folder.path().join("big.db");
        gigabyte(&big)?;
        begin_and_end(&big, "1 GB, nothing called", false)?;
        begin_and_end(&big, "1 GB, written and read", true)?;
    }
    if wanted("calls") {
        calls(&folder.path().join("calls.db"))?;
    }
    if wanted("together") {
        together(&folder.path().join("together.db"))?;
    }
    if wanted("insights") {
        insights::insights(folder.path())?;
    }
    let size = std::fs::metadata(BINARY)?.len();
    row("the binary", "≤ 25 MB", &format!("{:.1} MB", size as f64 / 1e6));
    Ok(())
}
