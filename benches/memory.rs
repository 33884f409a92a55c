//! How well `recall` ranks, and how fast it is: the real binary, over its tools.
//!
//! `score CORPUS QUERIES` remembers a corpus and asks its questions. Both are JSON Lines: a text a line with `id`,
//! `group`, `text` and, where it has them, `session`, `speaker`, `occurred_at`, `caption`; a question a line with
//! `id`, `group`, `text`, `category`, `relevant` (ids). Each group has its own namespace, or with `--pooled` all the
//! same one; `--words` leaves vectors out. `--against COMMAND` asks the same of the knowledge-graph server from npm, which finds substrings.
//!
//! `ablate CORPUS QUERIES [CORPUS QUERIES]…` asks the same with each signal of the ranking off.
//!
//! `speed SIZE…` fills databases with that many memories and measures calls from line to line; with `--keep FOLDER`
//! the databases are made there, or found there from the time before, and left. `beside FOLDER` measures `remember`
//! while another process indexes the files of a folder.

#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

mod ablation;
mod server;
mod text;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;
use server::Server;
use text::Text;

/// A text of the corpus.
#[derive(Deserialize)]
struct Turn {
    id: String,
    group: String,
    text: String,
    session: Option<Value>,
    #[serde(default)]
    speaker: Option<String>,
    #[serde(default)]
    occurred_at: Option<String>,
    #[serde(default)]
    caption: String,
}

impl Turn {
    fn content(&self) -> String {
        if self.caption.is_empty() { self.text.clone() } else { format!("{} [image: {}]", self.text, self.caption) }
    }
}

/// A question with the ids of the texts that answer it.
#[derive(Deserialize)]
struct Asked {
    group: String,
    text: String,
    category: String,
    relevant: Vec<String>,
}

/// Memories that one call stores.
const AT_ONCE: usize = 500;

/// Results that are asked for.
const LIMIT: usize = 50;

/// Categories without an answer in the corpus: shown, not counted in the whole.
const APART: [&str; 2] = ["adversarial", "abstention"];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let folder = tempfile::Builder::new().prefix("carryall-memory").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    match words.as_slice() {
        ["score", corpus, queries, options @ ..] => {
            score(folder.path(), Path::new(corpus), Path::new(queries), options)
        }
        ["ablate", arguments @ ..] => ablation::ablate(folder.path(), arguments),
        ["speed", "--keep", kept, sizes @ ..] if !sizes.is_empty() => speeds(Path::new(kept), true, sizes),
        ["speed", sizes @ ..] if !sizes.is_empty() => speeds(folder.path(), false, sizes),
        ["beside", tree] => beside(folder.path(), Path::new(tree)),
        // `cargo bench` runs every bench; this one has nothing to do without its files.
        _ => {
            println!(
                "score CORPUS QUERIES [--pooled] [--words] [--against COMMAND] | ablate CORPUS QUERIES... | speed [--keep FOLDER] SIZE... | beside FOLDER"
            );
            Ok(())
        }
    }
}

fn lines<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines().filter(|it| !it.is_empty()).map(|it| Ok(serde_json::from_str(it)?)).collect()
}

fn score(folder: &Path, corpus: &Path, queries: &Path, options: &[&str]) -> anyhow::Result<()> {
    let (corpus, queries): (Vec<Turn>, Vec<Asked>) = (lines(corpus)?, lines(queries)?);
    let pooled = options.contains(&"--pooled");
    let namespace = |group: &str| if pooled { "all".to_owned() } else { group.to_owned() };
    let settings: &[(&str, &str)] = if options.contains(&"--words") { &[("CARRYALL_EMBEDDER", "none")] } else { &[] };
    let mut server = Server::start_with(&folder.join("score.db"), settings)?;
    for some in corpus.chunks(AT_ONCE) {
        let items: Vec<Value> = some
            .iter()
            .map(|it| {
                let mut item = json!({"content": it.content(), "kind": "turn", "namespace": namespace(&it.group),
                    "source": it.id});
                let session = it.session.as_ref().map(|session| json!(format!("{}/s{session}", it.group)));
                let optional = [
                    ("session_id", session),
                    ("speaker", it.speaker.as_ref().map(|it| json!(it))),
                    ("occurred_at", it.occurred_at.as_ref().map(|it| json!(it))),
                ];
                for (name, value) in optional {
                    if let Some(value) = value {
                        item[name] = value;
                    }
                }
                item
            })
            .collect();
        server.call("remember", &json!({"items": items}))?;
    }
    let mut ranked = Vec::with_capacity(queries.len());
    for it in &queries {
        let query = json!({"query": it.text, "limit": LIMIT, "namespace": namespace(&it.group)});
        let answer = server.data("recall", &query)?;
        let memories = answer["memories"].as_array().cloned().unwrap_or_default();
        ranked.push(memories.iter().filter_map(|it| it["source"].as_str().map(str::to_owned)).collect());
    }
    server.end()?;
    println!("{} texts, {} questions{}", corpus.len(), queries.len(), if pooled { ", pooled" } else { "" });
    show("carryall", &queries, &ranked);
    let against = options.iter().position(|it| *it == "--against").and_then(|at| options.get(at + 1));
    if let Some(command) = against {
        compare(&folder.join("graph.jsonl"), command, &corpus, &queries, pooled)?;
    }
    Ok(())
}

/// Asks the knowledge-graph server the same: every text an entity with one observation. Its search takes the whole
/// query as one substring; so it is asked word by word, too, and what has more of the words comes first.
#[expect(clippy::disallowed_methods, reason = "starts the program that it compares with")]
fn compare(file: &Path, command: &str, corpus: &[Turn], queries: &[Asked], pooled: bool) -> anyhow::Result<()> {
    let groups: Vec<&str> = if pooled { vec![""] } else { corpus.iter().map(|it| it.group.as_str()).collect() };
    let (mut whole, mut by_words) = (vec![Vec::new(); queries.len()], vec![Vec::new(); queries.len()]);
    for group in groups.iter().collect::<std::collections::BTreeSet<_>>() {
        let _ = std::fs::remove_file(file);
        let mut parts = command.split(' ');
        let mut process = Command::new(parts.next().context("a command")?);
        process.args(parts).env("MEMORY_FILE_PATH", file);
        let mut server = Server::of(&mut process)?;
        server.initialize()?;
        let ours = |it: &str| group.is_empty() || it == *group;
        let turns: Vec<&Turn> = corpus.iter().filter(|it| ours(&it.group)).collect();
        for some in turns.chunks(AT_ONCE) {
            let entities: Vec<Value> = some
                .iter()
                .map(|it| {
                    json!({"name": it.id, "entityType": it.speaker.as_deref().unwrap_or("text"),
                    "observations": [it.content()]})
                })
                .collect();
            server.call("create_entities", &json!({"entities": entities}))?;
        }
        let mut find = |query: &str| -> anyhow::Result<Vec<String>> {
            let answer = server.data("search_nodes", &json!({"query": query}))?;
            let entities = answer["entities"].as_array().cloned().unwrap_or_default();
            Ok(entities.iter().filter_map(|it| it["name"].as_str().map(str::to_owned)).collect())
        };
        for (at, it) in queries.iter().enumerate().filter(|it| ours(&it.1.group)) {
            whole[at] = find(&it.text)?;
            let mut having: HashMap<String, usize> = HashMap::new();
            for word in it.text.split(|c: char| !c.is_alphanumeric()).filter(|it| it.len() > 3) {
                for name in find(word)? {
                    *having.entry(name).or_default() += 1;
                }
            }
            let mut names: Vec<(String, usize)> = having.into_iter().collect();
            names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            by_words[at] = names.into_iter().map(|it| it.0).take(LIMIT).collect();
        }
        server.kill()?;
    }
    show("server-memory, the question as it is", queries, &whole);
    show("server-memory, asked word by word", queries, &by_words);
    Ok(())
}

/// Sums of the measures over some questions.
#[derive(Clone, Copy, Default)]
struct Sums {
    questions: f64,
    at_1: f64,
    at_5: f64,
    at_10: f64,
    at_50: f64,
    reciprocal: f64,
    ndcg: f64,
}

impl Sums {
    fn add(&mut self, one: &Sums) {
        self.questions += one.questions;
        self.at_1 += one.at_1;
        self.at_5 += one.at_5;
        self.at_10 += one.at_10;
        self.at_50 += one.at_50;
        self.reciprocal += one.reciprocal;
        self.ndcg += one.ndcg;
    }
}

fn measure(ranked: &[String], relevant: &[String]) -> Sums {
    let gold = |id: &String| relevant.contains(id);
    let recall = |k: usize| ranked.iter().take(k).filter(|it| gold(it)).count() as f64 / relevant.len() as f64;
    let gain = |at: usize| 1.0 / (at as f64 + 2.0).log2();
    let gained: f64 = ranked.iter().take(10).enumerate().filter(|it| gold(it.1)).map(|it| gain(it.0)).sum();
    let ideal: f64 = (0..relevant.len().min(10)).map(gain).sum();
    Sums {
        questions: 1.0,
        at_1: recall(1),
        at_5: recall(5),
        at_10: recall(10),
        at_50: recall(50),
        reciprocal: ranked.iter().position(gold).map_or(0.0, |at| 1.0 / (at as f64 + 1.0)),
        ndcg: gained / ideal,
    }
}

fn show(who: &str, queries: &[Asked], ranked: &[Vec<String>]) {
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for (asked, ranked) in queries.iter().zip(ranked).filter(|it| !it.0.relevant.is_empty()) {
        let one = measure(ranked, &asked.relevant);
        let category = asked.category.as_str();
        let whole = (!APART.contains(&category)).then_some("all of these");
        for name in [Some(category), whole].into_iter().flatten() {
            sums.entry(name).or_default().add(&one);
        }
    }
    println!("\n| {who} | questions | recall@1 | @5 | @10 | @50 | MRR | nDCG@10 |\n|---|---|---|---|---|---|---|---|");
    for (name, it) in sums {
        let [a, b, c, d, e, f] =
            [it.at_1, it.at_5, it.at_10, it.at_50, it.reciprocal, it.ndcg].map(|x| x / it.questions);
        println!("| {name} | {} | {a:.3} | {b:.3} | {c:.3} | {d:.3} | {e:.3} | {f:.3} |", it.questions);
    }
}

/// Memories of one session.
const OF_A_SESSION: usize = 25;

/// Memories that were written one by one into a kept database; so many more than its size it has at most.
const WRITTEN_AFTER: usize = 10_000;

fn speeds(folder: &Path, keep: bool, sizes: &[&str]) -> anyhow::Result<()> {
    println!("| memories | what | median | 99 % | longest |\n|---|---|---|---|---|");
    sizes.iter().try_for_each(|it| speed(folder, keep, it.parse().context("a size is a number")?))
}

fn row(memories: usize, what: &str, median: Duration, high: Option<Duration>, longest: Option<Duration>) {
    let ms = |it: Duration| format!("{:.2} ms", it.as_secs_f64() * 1e3);
    let or = |it: Option<Duration>| it.map(ms).unwrap_or_default();
    println!("| {memories} | {what} | {} | {} | {} |", ms(median), or(high), or(longest));
}

/// The row of sorted times.
fn times(memories: usize, what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    row(memories, what, at(50), Some(at(99)), times.last().copied());
}

/// A turn of one of four people.
fn turn(at: usize, text: &mut Text) -> Value {
    let speaker = ["Ada", "Ben", "Cleo", "Dan"][at / OF_A_SESSION % 2 * 2 + at % 2];
    json!({"content": text.memory(), "kind": "turn", "speaker": speaker,
        "session_id": format!("s{}", at / OF_A_SESSION)})
}

fn fill(db: &Path, memories: usize, text: &mut Text) -> anyhow::Result<()> {
    let mut server = Server::start(db)?;
    let begun = Instant::now();
    for from in (0..memories).step_by(1000) {
        let items: Vec<Value> = (from..from + 1000).map(|at| turn(at, text)).collect();
        server.call("remember", &json!({"items": items}))?;
        if from + 1000 == 10_000 {
            row(memories, "the first 10,000 remembered, 1,000 a call", begun.elapsed(), None, None);
        }
    }
    row(memories, "all remembered, 1,000 a call", begun.elapsed(), None, None);
    server.end()?;
    Ok(())
}

fn speed(folder: &Path, keep: bool, memories: usize) -> anyhow::Result<()> {
    let db: PathBuf = folder.join(format!("{memories}.db"));
    let mut text = Text::new(7);
    if db.exists() {
        // What comes next is not what was written.
        text = Text::new(11);
    } else {
        fill(&db, memories, &mut text)?;
    }
    let mut server = Server::start(&db)?;
    let took = server.call("recall", &json!({"query": text.question()}))?;
    row(memories, "the first `recall` of a fresh process", took, None, None);
    let mut measure = |what: &str, count: usize, once: &mut dyn FnMut(&mut Server) -> anyhow::Result<Duration>| {
        for _ in 0..20 {
            once(&mut server)?;
        }
        let all: Vec<Duration> = (0..count).map(|_| once(&mut server)).collect::<anyhow::Result<_>>()?;
        times(memories, what, all);
        anyhow::Ok(())
    };
    measure("`recall`, 5 to 12 words as they come", 400, &mut |server| {
        server.call("recall", &json!({"query": text.question()}))
    })?;
    measure("`recall`, 6 words of which none is among the hundred most frequent", 400, &mut |server| {
        server.call("recall", &json!({"query": text.telling(6)}))
    })?;
    measure("`recall`, words of which each is among the hundred most frequent", 200, &mut |server| {
        server.call("recall", &json!({"query": text.frequent(6)}))
    })?;
    measure("`recall` with a speaker's name", 200, &mut |server| {
        server.call("recall", &json!({"query": format!("What did Ada say about {}", text.sentence(3))}))
    })?;
    measure("`recall` in one session", 200, &mut |server| {
        let session = format!("s{}", text.below(memories / OF_A_SESSION));
        server.call("recall", &json!({"query": text.question(), "session_id": session}))
    })?;
    let mut at = memories + text.below(WRITTEN_AFTER);
    measure("`remember` of one", 200, &mut |server| {
        at += 1;
        server.call("remember", &json!({"items": [turn(at, &mut text)]}))
    })?;
    let (now, highest) = server.memory()?;
    println!("| {memories} | resident | {:.1} MiB | | {:.1} MiB |", now as f64 / 1024.0, highest as f64 / 1024.0);
    beside_writes(&db, memories, &mut server, &mut text)?;
    server.end()?;
    if !keep {
        std::fs::remove_file(&db)?;
    }
    Ok(())
}

/// `recall` while another process writes a hundred memories a call, without a pause.
fn beside_writes(db: &Path, memories: usize, server: &mut Server, text: &mut Text) -> anyhow::Result<()> {
    let done = AtomicBool::new(false);
    let recalled = std::thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        let writing = scope.spawn(|| -> anyhow::Result<()> {
            let mut other = Server::start(db)?;
            let mut text = Text::new(13);
            while !done.load(Ordering::Relaxed) {
                let items: Vec<Value> = (0..100).map(|it| turn(memories + it, &mut text)).collect();
                other.call("remember", &json!({"items": items}))?;
            }
            other.end().map(|_| ())
        });
        let recalled = (0..200).map(|_| server.call("recall", &json!({"query": text.question()}))).collect();
        done.store(true, Ordering::Relaxed);
        writing.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        recalled
    })?;
    times(memories, "`recall` while another process writes", recalled);
    Ok(())
}

/// `remember` while another process indexes `tree`.
#[expect(clippy::disallowed_methods, reason = "starts the program that it measures")]
fn beside(folder: &Path, tree: &Path) -> anyhow::Result<()> {
    let db = folder.join("beside.db");
    let mut server = Server::start(&db)?;
    let mut text = Text::new(17);
    let mut remember = || server.call("remember", &json!({"items": [{"content": text.memory()}]}));
    let alone: Vec<Duration> = (0..300).map(|_| remember()).collect::<anyhow::Result<_>>()?;
    println!("| files | what | median | 99 % | longest |\n|---|---|---|---|---|");
    times(0, "`remember` alone", alone);
    let done = AtomicBool::new(false);
    let (files, took, remembered) = std::thread::scope(|scope| -> anyhow::Result<_> {
        let indexing = scope.spawn(|| -> anyhow::Result<(Value, Duration)> {
            let begun = Instant::now();
            let run = || -> anyhow::Result<Value> {
                let mut command = Command::new(server::BINARY);
                command.env_clear().env("CARRYALL_DB", &db).env("HOME", folder).env("CARRYALL_ROOTS", tree);
                let mut other = Server::of(&mut command)?;
                other.initialize()?;
                let found = other.data("index_workspace", &json!({"paths": [tree], "force": true}))?;
                other.end()?;
                Ok(found["files_indexed"].clone())
            };
            let files = run();
            done.store(true, Ordering::Relaxed);
            Ok((files?, begun.elapsed()))
        });
        let mut remembered = Vec::new();
        while !done.load(Ordering::Relaxed) {
            remembered.push(remember()?);
            // As a busy host asks: some hundred calls a second.
            std::thread::sleep(Duration::from_millis(5));
        }
        let (files, took) = indexing.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        Ok((files, took, remembered))
    })?;
    let files = usize::try_from(files.as_u64().unwrap_or(0))?;
    row(files, "all indexed", took, None, None);
    times(files, &format!("`remember` meanwhile, {} times", remembered.len()), remembered);
    server.end()?;
    Ok(())
}
