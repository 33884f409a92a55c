//! What each weight of the ranking is worth: the same questions with each signal off, in one process.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::Path;

use anyhow::Context;
use carryall::clock::Clock;
use carryall::embed::Embedding;
use carryall::memory::Item;
use carryall::memory::Memory;
use carryall::memory::Query;
use carryall::scope::Owner;
use carryall::scope::View;
use carryall::search::Weights;
use carryall::store::Store;
use carryall::trace::Call;

use crate::APART;
use crate::AT_ONCE;
use crate::Asked;
use crate::LIMIT;
use crate::Sums;
use crate::Turn;
use crate::lines;
use crate::measure;

/// Each weight by its name, and the value that takes its effect away. What has no such value, or nothing to show on a
/// corpus without tags, importances and feedback, is not here.
const OFF: &[(&str, f32)] = &[
    ("length", 0.0),
    ("short", 0.0),
    ("neighbour", 0.0),
    ("neighbour_of_neighbour", 0.0),
    ("answer", 0.0),
    ("question", 0.0),
    ("speaker", 0.0),
    ("name_in_text", 1.0),
    ("alike", 0.0),
    ("time", 0.0),
    ("kind", 0.0),
    ("elsewhere", 0.0),
    ("by_others", 0.0),
    ("judged", 1.0),
    ("open", 2.0),
    ("beside", 0.0),
    ("sure", 0.0),
    ("second", 0.0),
    ("meaning", 0.0),
    ("recency", 0.0),
];

/// A corpus in a store of its own, with its questions.
struct Filled {
    name: String,
    memory: Memory,
    queries: Vec<Asked>,
}

/// `ablate CORPUS QUERIES [CORPUS QUERIES]... [--set NAME=VALUE]...`: with `--set`, one row with those weights instead
/// of a row for each signal.
pub(crate) fn ablate(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (mut files, mut set) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if *argument == "--set" {
            let (name, value) = rest.next().and_then(|it| it.split_once('=')).context("--set NAME=VALUE")?;
            set.push((name, value.parse::<f32>()?));
        } else {
            files.push(*argument);
        }
    }
    let pairs: Vec<_> = files.chunks_exact(2).collect();
    anyhow::ensure!(!pairs.is_empty(), "name a corpus and its questions");
    let filled: Vec<Filled> = pairs
        .iter()
        .enumerate()
        .map(|(at, pair)| {
            runtime.block_on(fill(&folder.join(format!("{at}.db")), Path::new(pair[0]), Path::new(pair[1])))
        })
        .collect::<anyhow::Result<_>>()?;
    let names: Vec<&str> = filled.iter().map(|it| it.name.as_str()).collect();
    println!("| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    let row = |what: &str, changes: &[(&str, f32)]| -> anyhow::Result<()> {
        let weights = changed(changes)?;
        let cells = filled.iter().map(|it| runtime.block_on(score(it, weights))).collect::<anyhow::Result<Vec<_>>>()?;
        println!("| {what} | {} |", cells.join(" | "));
        Ok(())
    };
    row("all as they are", &[])?;
    if !set.is_empty() {
        return row("with `--set`", &set);
    }
    OFF.iter().try_for_each(|(name, value)| row(&format!("`{name}` {value}"), &[(name, *value)]))
}

/// The weights with some of them otherwise.
fn changed(changes: &[(&str, f32)]) -> anyhow::Result<Weights> {
    let mut weights = Weights::default();
    for (name, value) in changes {
        let mut all = weights.each();
        let one = all.iter_mut().find(|it| it.0 == *name).with_context(|| format!("no weight is named {name}"))?;
        *one.1 = *value;
    }
    Ok(weights)
}

async fn fill(db: &Path, corpus: &Path, queries: &Path) -> anyhow::Result<Filled> {
    let (turns, queries): (Vec<Turn>, Vec<Asked>) = (lines(corpus)?, lines(queries)?);
    let memory = Memory::new(Store::new(db), Clock::system()).embedded_by(Embedding::default());
    for some in turns.chunks(AT_ONCE) {
        let items = some.iter().map(item).collect::<anyhow::Result<Vec<_>>>()?;
        memory.remember(items).await?;
    }
    let name = corpus.file_stem().map(|it| it.to_string_lossy().replace("corpus_", "")).unwrap_or_default();
    Ok(Filled { name, memory, queries })
}

fn item(turn: &Turn) -> anyhow::Result<Item> {
    let session = turn.session.as_ref().map(|it| format!("{}/s{it}", turn.group));
    let at = turn.occurred_at.as_ref().map(|it| it.parse::<jiff::Timestamp>()).transpose()?;
    Ok(Item {
        content: turn.content(),
        kind: "turn".to_owned(),
        owner: Owner { namespace: turn.group.clone(), session_id: session, ..Owner::default() },
        speaker: turn.speaker.clone(),
        occurred_at: at.map(jiff::Timestamp::as_millisecond),
        source: Some(turn.id.clone()),
        ..Item::default()
    })
}

/// Recall at 10, MRR and nDCG at 10 of all questions with an answer.
async fn score(filled: &Filled, weights: Weights) -> anyhow::Result<String> {
    let memory = filled.memory.clone().weighed(weights);
    let mut sums = Sums::default();
    for asked in filled.queries.iter().filter(|it| !it.relevant.is_empty() && !APART.contains(&it.category.as_str())) {
        let view = View::new(Some(asked.group.clone()), None, None, None);
        let query = Query { query: asked.text.clone(), view, limit: LIMIT, ..Query::default() };
        let found = memory.recall(&query, &Call::silent()).await?;
        let ranked: Vec<String> = found.memories.into_iter().filter_map(|it| it.row.source).collect();
        sums.add(&measure(&ranked, &asked.relevant));
    }
    let [ten, reciprocal, ndcg] = [sums.at_10, sums.reciprocal, sums.ndcg].map(|it| it / sums.questions);
    Ok(format!("{ten:.3} {reciprocal:.3} {ndcg:.3}"))
}
