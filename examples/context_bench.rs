//! How well files, lines and packs are found: `cargo run --release --example context_bench -- CASES TREES [RUN]`.
//!
//! CASES is JSON lines of `case_id`, `repo`, `query`; TREES holds a folder for each `repo`. Every tree is indexed, every
//! case searched (100 hits) and assembled at 2,000, 4,000, 8,000 and 16,000 tokens, through the services that the tools
//! call. RUN gets the answers as JSON lines for a scorer. With a file `gold_….jsonl` beside `cases_….jsonl`, the measures
//! are printed: R@k (gold files among the first k), MRR (one over the rank of the first), and for each budget H (gold
//! hunks of which half the lines are in the pack) and P (share of the pack's bytes from gold files).

#![expect(clippy::print_stdout, reason = "it tells its measures")]

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use carryall::clock::Clock;
use carryall::context::Assembler;
use carryall::context::PackCache;
use carryall::context::Request;
use carryall::context::SourceName;
use carryall::documents::Allowed;
use carryall::documents::Documents;
use carryall::documents::IndexRequest;
use carryall::documents::Query;
use carryall::memory::Memory;
use carryall::session::Sessions;
use carryall::store::Store;
use carryall::trace::Call;
use serde_json::Value;
use serde_json::json;

const BUDGETS: [u32; 4] = [2_000, 4_000, 8_000, 16_000];

/// A piece of an answer: path, first and last line.
type Piece = (String, u32, u32);

/// The files and lines that a case wants.
type Gold = Vec<(String, Vec<(u32, u32)>)>;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let cases = arguments.next().context("usage: context_bench CASES TREES [RUN]")?;
    let trees = arguments.next().context("usage: context_bench CASES TREES [RUN]")?;
    let mut run = arguments.next().map(std::fs::File::create).transpose()?;
    let gold = gold_beside(&cases)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut measures: BTreeMap<String, Vec<Measure>> = BTreeMap::new();
    let mut times = Times::default();
    let mut by_repo: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for case in read_lines(&cases)? {
        by_repo.entry(text(&case, "repo")).or_default().push(case);
    }
    for (repo, cases) in by_repo {
        let folder = tempfile::tempdir()?;
        let bench = Bench::new(&trees.join(&repo), folder.path())?;
        let started = Instant::now();
        runtime.block_on(bench.index())?;
        println!("{repo}: indexed in {:.2} s", started.elapsed().as_secs_f64());
        for case in cases {
            let id = text(&case, "case_id");
            let answer = runtime.block_on(bench.answer(&text(&case, "query"), &mut times))?;
            if let Some(run) = &mut run {
                for (budget, pieces, ms) in &answer {
                    writeln!(run, "{}", row(&id, *budget, pieces, *ms))?;
                }
            }
            if let Some(gold) = gold.get(&id) {
                let measure = Measure::of(gold, &answer, &bench.tree)?;
                measures.entry("all".to_owned()).or_default().push(measure.clone());
                measures.entry(repo.clone()).or_default().push(measure);
            }
        }
    }
    println!("search ms p50 {:.1} p95 {:.1}", quantile(&mut times.search, 0.5), quantile(&mut times.search, 0.95));
    println!(
        "assemble ms p50 {:.1} p95 {:.1}",
        quantile(&mut times.assemble, 0.5),
        quantile(&mut times.assemble, 0.95)
    );
    println!("packs over budget {}; least full at 8000: {:.3}", times.over, times.least_full);
    for (name, list) in measures {
        let mean = |pick: &dyn Fn(&Measure) -> f64| {
            list.iter().map(pick).sum::<f64>() / f64::from(u32::try_from(list.len()).unwrap_or(1))
        };
        let budgets: Vec<String> = BUDGETS
            .iter()
            .enumerate()
            .map(|(at, budget)| {
                format!("H@{}k {:.3} P {:.3}", budget / 1000, mean(&|it| it.hunks[at]), mean(&|it| it.precision[at]))
            })
            .collect();
        println!(
            "{name:12} n {:3}  R@1 {:.3} R@10 {:.3} MRR {:.3}  {}",
            list.len(),
            mean(&|it| it.first),
            mean(&|it| it.ten),
            mean(&|it| it.mrr),
            budgets.join("  ")
        );
    }
    Ok(())
}

/// The services over one tree, with a store of their own.
struct Bench {
    tree: PathBuf,
    allowed: Allowed,
    assembler: Assembler,
}

#[derive(Default)]
struct Times {
    search: Vec<f64>,
    assemble: Vec<f64>,
    over: u32,
    least_full: f64,
}

impl Bench {
    fn new(tree: &Path, folder: &Path) -> anyhow::Result<Bench> {
        let tree = dunce::canonicalize(tree).with_context(|| format!("no tree {}", tree.display()))?;
        let store = Store::new(&folder.join("bench.db"));
        let clock = Clock::system();
        let documents = Documents::new(&store, clock.clone(), tree.clone()).with_git(git());
        let assembler = Assembler {
            memory: Memory::new(store.clone(), clock.clone()),
            sessions: Sessions::new(store.clone(), clock.clone()),
            store,
            clock,
            documents,
            keeps: false,
            cache: PackCache::default(),
        };
        let roots = std::slice::from_ref(&tree);
        Ok(Bench { allowed: Allowed::new(&tree, None, roots, &[]), tree: tree.clone(), assembler })
    }

    async fn index(&self) -> anyhow::Result<()> {
        let request = IndexRequest { paths: vec![self.tree.clone()], ..IndexRequest::default() };
        self.assembler.documents.index(&request, &self.allowed, &Call::silent()).await?;
        self.assembler.documents.learn_history().await?;
        Ok(())
    }

    /// The pieces found and those of each pack: (budget, 0 for the search; pieces; milliseconds).
    async fn answer(&self, query: &str, times: &mut Times) -> anyhow::Result<Vec<(u32, Vec<Piece>, f64)>> {
        let started = Instant::now();
        let request = Query { query: query.to_owned(), limit: 100, ..Query::default() };
        let found = self.assembler.documents.search(&request, &self.allowed, &Call::silent()).await?;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        times.search.push(ms);
        let pieces = found.hits.into_iter().map(|it| (it.path, it.start_line, it.end_line)).collect();
        let mut answers = vec![(0, pieces, ms)];
        for budget in BUDGETS {
            let started = Instant::now();
            let request = Request {
                query: query.to_owned(),
                budget_tokens: budget,
                sources: vec![SourceName::Workspace],
                ..Request::default()
            };
            let pack = self.assembler.assemble(&request, &self.allowed, &Call::silent()).await?;
            let ms = started.elapsed().as_secs_f64() * 1e3;
            times.over += u32::from(pack.tokens > budget);
            if budget == 8_000 {
                times.assemble.push(ms);
                let full = f64::from(pack.tokens) / f64::from(budget);
                times.least_full = if times.assemble.len() == 1 { full } else { times.least_full.min(full) };
            }
            // Signatures are not the lines that they stand for.
            let whole = |it: &carryall::context::Item| it.rendition != Some("signatures");
            let piece = |it: carryall::context::Item| Some((it.path?, it.start_line?, it.end_line?));
            answers.push((budget, pack.items.into_iter().filter(whole).filter_map(piece).collect(), ms));
        }
        Ok(answers)
    }
}

/// The program that tells of the past of a tree that is a repository.
#[expect(clippy::disallowed_methods, reason = "a tool of its own")]
fn git() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|it| it.join("git")).find(|it| it.is_file())
}

/// The measures of one case.
#[derive(Clone)]
struct Measure {
    first: f64,
    ten: f64,
    mrr: f64,
    hunks: Vec<f64>,
    precision: Vec<f64>,
}

impl Measure {
    fn of(gold: &Gold, answer: &[(u32, Vec<Piece>, f64)], tree: &Path) -> anyhow::Result<Measure> {
        let wanted: HashSet<&str> = gold.iter().map(|it| it.0.as_str()).collect();
        let mut files: Vec<&str> = Vec::new();
        for (path, _, _) in answer.first().map(|it| it.1.as_slice()).unwrap_or_default() {
            if !files.contains(&path.as_str()) {
                files.push(path);
            }
        }
        let among = |k: usize| share(files.iter().take(k).filter(|it| wanted.contains(*it)).count(), wanted.len());
        let mut measure = Measure {
            first: among(1),
            ten: among(10),
            mrr: files.iter().position(|it| wanted.contains(it)).map_or(0.0, |at| share(1, at + 1)),
            hunks: Vec::new(),
            precision: Vec::new(),
        };
        for (_, pieces, _) in answer.iter().skip(1) {
            let mut lines: HashMap<&str, HashSet<u32>> = HashMap::new();
            for (path, start, end) in pieces {
                lines.entry(path).or_default().extend(*start..=*end);
            }
            let hunks: Vec<(&str, &(u32, u32))> =
                gold.iter().flat_map(|(path, hunks)| hunks.iter().map(move |it| (path.as_str(), it))).collect();
            let is_hit = |(path, (from, to)): &&(&str, &(u32, u32))| {
                let held = lines.get(path).map_or(0, |it| (*from..=*to).filter(|line| it.contains(line)).count());
                held * 2 >= usize::try_from(to - from + 1).unwrap_or(usize::MAX)
            };
            measure.hunks.push(share(hunks.iter().filter(is_hit).count(), hunks.len()));
            let (mut good, mut all) = (0, 0);
            for (path, held) in &lines {
                let text = String::from_utf8_lossy(&std::fs::read(tree.join(path))?).into_owned();
                let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
                let bytes: usize =
                    text.lines().enumerate().filter(|it| held.contains(&number(it.0))).map(|it| it.1.len() + 1).sum();
                all += bytes;
                good += if wanted.contains(path) { bytes } else { 0 };
            }
            measure.precision.push(share(good, all.max(1)));
        }
        Ok(measure)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn row(id: &str, budget: u32, pieces: &[Piece], ms: f64) -> Value {
    let chunks: Vec<Value> =
        pieces.iter().map(|(path, start, end)| json!({"path": path, "start_line": start, "end_line": end})).collect();
    let mut row = json!({"case_id": id, "chunks": chunks, "query_ms": ms});
    if budget > 0 {
        row["budget"] = json!(budget);
    }
    row
}

/// The gold of `cases_x.jsonl`, in `gold_x.jsonl`; empty when there is none.
fn gold_beside(cases: &Path) -> anyhow::Result<HashMap<String, Gold>> {
    let name = cases.file_name().map(|it| it.to_string_lossy().replace("cases", "gold")).unwrap_or_default();
    let path = cases.with_file_name(name);
    if path == cases || !path.exists() {
        return Ok(HashMap::new());
    }
    let line = |it: &Value| u32::try_from(it.as_u64().unwrap_or(0)).unwrap_or(0);
    let rows = read_lines(&path)?.into_iter().map(|row| {
        let files = row["gold"].as_array().into_iter().flatten().map(|file| {
            let hunks = file["ranges"].as_array().into_iter().flatten().map(|it| (line(&it[0]), line(&it[1])));
            (text(file, "path"), hunks.collect())
        });
        (text(&row, "case_id"), files.collect())
    });
    Ok(rows.collect())
}

fn read_lines(path: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines().filter(|it| !it.trim().is_empty()).map(|it| Ok(serde_json::from_str(it)?)).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let at = (values.len() as f64 * share) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
