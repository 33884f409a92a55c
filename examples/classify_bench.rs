//! Scores the classifiers on a file of labelled lines.
//!
//! `cargo run --release --example classify_bench -- requests FILE [--errors]` reads lines of JSON with `text` and
//! `label`; `-- insights FILE` with `text`, `type`, and the range as `since_rel` and `until_rel` (`-7d`, `0d`). Prints
//! accuracy, macro-F1, the expected calibration error (ten bins), the confusion matrix (rows the truth, columns the
//! guess) and the time for a text.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::Context;
use carryall::context;
use carryall::dates;
use carryall::insights::question;
use carryall::insights::question::Names;
use serde_json::Value;

/// One line: what is right, what was guessed, how sure.
struct Line {
    text: String,
    truth: String,
    guess: String,
    confidence: f64,
}

/// Now, for questions about times: any will do, they are whole days from it.
const NOW: i64 = 1_795_000_000_000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().context("which task? requests or insights")?;
    let file = arguments.next().context("which file?")?;
    let errors = arguments.any(|it| it == "--errors");
    let field = match task.as_str() {
        "requests" => "label",
        "insights" => "type",
        _ => anyhow::bail!("no task {task}; there are requests and insights"),
    };
    let lines: Vec<Value> =
        std::fs::read_to_string(&file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    // The tables are read before the first text, not with it.
    guess(&task, "warm");
    let started = Instant::now();
    let mut scored = Vec::new();
    for line in &lines {
        let text = string(line, "text").context("a line without text")?;
        let truth = string(line, field).context("a line without label")?.to_owned();
        let (guess, confidence) = guess(&task, text);
        scored.push(Line { text: text.to_owned(), truth, guess: guess.to_owned(), confidence });
    }
    let took = started.elapsed();
    report(&scored);
    println!("\na text takes {:.1} µs", took.as_secs_f64() * 1e6 / count(scored.len()));
    if errors {
        for it in scored.iter().filter(|it| it.truth != it.guess) {
            println!("{} → {} {:.2}: {}", it.truth, it.guess, it.confidence, it.text.replace('\n', "⏎"));
        }
    }
    if task == "insights" {
        ranges(&lines, errors);
    }
    Ok(())
}

fn string<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line.get(name).and_then(Value::as_str)
}

fn guess(task: &str, text: &str) -> (&'static str, f64) {
    if task == "insights" {
        let reading = question::read(text, NOW, &Names::default()).reading;
        return (reading.kind, reading.confidence);
    }
    let kind = context::classify(text);
    (kind.label, kind.confidence)
}

/// How many ranges are right at both ends, with a range and without one.
fn ranges(lines: &[Value], errors: bool) {
    let day = |at: Option<i64>| at.map(|at| format!("{}d", (at - NOW) / dates::DAY)).unwrap_or_default();
    let mut right = [(0, 0), (0, 0)];
    for line in lines {
        let wanted = ["since_rel", "until_rel"].map(|it| string(line, it).unwrap_or_default().to_owned());
        let range = dates::range(string(line, "text").unwrap_or_default(), NOW);
        let found = [day(range.since), day(range.until)];
        let place = usize::from(wanted.iter().all(String::is_empty));
        if let Some((hits, all)) = right.get_mut(place) {
            *all += 1;
            *hits += usize::from(wanted == found);
        }
        if errors && wanted != found {
            println!("range {wanted:?}, found {found:?}: {}", string(line, "text").unwrap_or_default());
        }
    }
    let [(with, all_with), (without, all_without)] = right;
    println!("ranges right: {with} of {all_with} with one, {without} of {all_without} without");
}

fn report(lines: &[Line]) {
    let labels: BTreeSet<&str> = lines.iter().flat_map(|it| [it.truth.as_str(), it.guess.as_str()]).collect();
    let number = |truth: &str, guess: &str| lines.iter().filter(|it| it.truth == truth && it.guess == guess).count();
    let right = lines.iter().filter(|it| it.truth == it.guess).count();
    let f1 = |label: &str| {
        let all =
            lines.iter().filter(|it| it.truth == label).count() + lines.iter().filter(|it| it.guess == label).count();
        if all == 0 { 0.0 } else { 2.0 * count(number(label, label)) / count(all) }
    };
    let macro_f1 = labels.iter().map(|it| f1(it)).sum::<f64>() / count(labels.len());
    println!("lines {}, right {right}", lines.len());
    println!(
        "accuracy {:.3}, macro-F1 {macro_f1:.3}, calibration error {:.3}",
        count(right) / count(lines.len()),
        calibration(lines)
    );
    println!("\n| | {} |", labels.iter().copied().collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(labels.len()));
    for truth in &labels {
        let row: Vec<String> = labels.iter().map(|guess| number(truth, guess).to_string()).collect();
        println!("| {truth} | {} |", row.join(" | "));
    }
}

/// How far confidence and success lie apart, over ten bins, by how many lines are in each.
fn calibration(lines: &[Line]) -> f64 {
    let bin = |it: &&Line, low: f64| it.confidence > low && it.confidence <= low + 0.1;
    let bins = (0..10).map(|at| {
        let inside: Vec<&Line> = lines.iter().filter(|it| bin(it, f64::from(at) / 10.0)).collect();
        let sure: f64 = inside.iter().map(|it| it.confidence).sum();
        let right = count(inside.iter().filter(|it| it.truth == it.guess).count());
        (sure - right).abs() / count(lines.len())
    });
    bins.sum()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
