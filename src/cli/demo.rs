//! `carryall demo`: starts the real server as a child, speaks MCP to it as a host does, and tells each step to somebody
//! who sees the program for the first time.
//!
//! The child has a home folder and a database of its own, which are gone afterwards. It runs offline unless the person
//! named a provider: a key that merely lies in the environment is no consent to send a folder's texts away.

mod folder;
mod question;
mod sample;
mod tell;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::commands::Demo;
use super::failed::Exit;
use super::failed::Failed;
use super::output::Output;
use super::runtime;
use crate::config::Environment;
use crate::config::Resolved;
use crate::downstream::DownstreamError;
use crate::downstream::Program;
use crate::downstream::Server;
use crate::plural::counted;
use crate::trace::Progress;
use folder::TempFolder;
use tell::Line;
use tell::Teller;

/// Tokens of the pack: small enough that something is left out of any real folder, so that the choice shows.
const BUDGET_TOKENS: u32 = 2_000;

/// How long one call may take; only a model that writes a long answer comes near.
const LIMIT: Duration = Duration::from_secs(180);

/// How long the first index run of a huge folder may take.
const INDEX_LIMIT: Duration = Duration::from_secs(1800);

pub(super) fn run(asked: &Demo, resolved: &Resolved, environment: &Environment, out: &Output) -> Result<Exit, Failed> {
    let named = asked.folder.as_deref().unwrap_or(Path::new("."));
    let mut folder = dunce::canonicalize(named).map_err(|err| Failed::file("open", named, &err))?;
    if !folder.is_dir() {
        return Err(Failed::usage(format!("{} is not a folder", folder.display()), "name a folder to index"));
    }
    let place = TempFolder::new(asked.keep)?;
    let is_sample = asked.folder.is_none() && sample::is_wanted(&folder, resolved.config.home.as_deref());
    if is_sample {
        folder = sample::write(place.path())?;
    }
    let log = place.path().join("server.log");
    let mut tour = Tour {
        program: program(&folder, &place, resolved, environment)?,
        question: match &asked.question {
            Some(question) => question.clone(),
            None if is_sample => sample::QUESTION.to_owned(),
            None => question::about(&folder),
        },
        folder,
        is_sample,
        bar: tell::bar(out),
        teller: Teller::new(out),
    };
    let done = runtime::block_on_all(async {
        // Without this the temporary folder stays behind.
        let signal = runtime::signal()?;
        tokio::select! {
            done = tour.take() => done,
            () = signal => Err(Failed::work("cancelled", "interrupted", "")),
        }
    });
    done.map_err(|failed| with_log(failed, &log))?;
    tour.teller.end(&tour.folder, asked.keep.then(|| place.path()));
    Ok(Exit::Done)
}

/// The server as a host would start it, in a world of its own.
fn program(
    folder: &Path,
    place: &TempFolder,
    resolved: &Resolved,
    environment: &Environment,
) -> Result<Program, Failed> {
    let config = &resolved.config;
    let mut arguments: Vec<OsString> = vec!["serve".into(), "--db".into(), place.path().join("carryall.db").into()];
    arguments.extend(["--root".into(), folder.into()]);
    match config.llm_provider.as_ref().filter(|it| *it != "extractive" && !config.offline) {
        Some(provider) => {
            arguments.extend(["--provider".into(), provider.into()]);
            for (name, flag) in [("config", "--config"), ("env_file", "--env-file")] {
                let file = resolved.settings.iter().find(|it| it.name == name).map(|it| it.value.as_str());
                let file = file.filter(|it| Path::new(it).is_file());
                arguments.extend(file.into_iter().flat_map(|it| [flag.into(), it.into()]));
            }
        }
        None => arguments.extend(["--offline", "--provider", "extractive"].map(Into::into)),
    }
    let ours = |name: &str| name.starts_with("CARRYALL_") || name.starts_with("XDG_") || name == "LLM_PROVIDER";
    let variables = environment.variables.iter().filter(|(name, _)| !ours(name));
    let mut variables: BTreeMap<String, OsString> = variables.map(|(k, v)| (k.clone(), v.clone())).collect();
    for home in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"] {
        variables.insert(home.to_owned(), place.home().into());
    }
    Ok(Program {
        path: std::env::current_exe().map_err(|err| Failed::work("internal", err.to_string(), ""))?,
        arguments,
        variables,
        folder: folder.to_path_buf(),
        log: Some(place.path().join("server.log")),
    })
}

/// Adds the last words of the server, which nobody saw.
fn with_log(failed: Failed, log: &Path) -> Failed {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(5)..].join("\n");
    if last.is_empty() { failed } else { Failed { hint: format!("the server's last words:\n{last}"), ..failed } }
}

impl From<DownstreamError> for Failed {
    fn from(err: DownstreamError) -> Failed {
        Failed::work("internal", err.to_string(), "")
    }
}

struct Tour {
    program: Program,
    folder: PathBuf,
    /// Whether the folder is ours.
    is_sample: bool,
    question: String,
    /// Shows the progress of the calls that may take long; finished, and so unseen, during all others.
    bar: ProgressBar,
    teller: Teller,
}

/// The result of a call, and how long it took as the host sees it.
struct Called {
    data: Map<String, Value>,
    took: Duration,
}

impl Tour {
    async fn take(&mut self) -> Result<(), Failed> {
        self.teller.begin(&self.folder, self.is_sample);
        let server = self.shake_hands().await?;
        self.index(&server).await?;
        self.search(&server).await?;
        let decision = self.remember(&server).await?;
        server.stop().await;
        let server = self.recall_elsewhere().await?;
        self.supersede(&server, &decision).await?;
        let trace = self.assemble(&server).await?;
        self.ask(&server).await?;
        self.trace(&server, &trace).await?;
        server.stop().await;
        Ok(())
    }

    async fn start(&self) -> Result<Server, Failed> {
        let bar = self.bar.clone();
        let progress = Progress::to(move |update| {
            bar.set_message(update.message);
            bar.tick();
        });
        Ok(Server::start(&self.program, progress).await?)
    }

    async fn shake_hands(&mut self) -> Result<Server, Failed> {
        let begun = Instant::now();
        let server = self.start().await?;
        let took = begun.elapsed();
        let tools = server.tools().await?;
        let (name, version) = server.name();
        self.teller.step(
            "A host starts the server and shakes hands",
            took,
            &[
                Line::Done(format!(
                    "{name} {version} speaks MCP {} and offers {}",
                    server.protocol(),
                    counted(&tools.len(), "tool")
                )),
                Line::Detail(tools.join(", ")),
                Line::Why("Any MCP host does just this; `carryall setup <host>` writes the entry for it.".to_owned()),
            ],
        );
        Ok(server)
    }

    async fn index(&mut self, server: &Server) -> Result<(), Failed> {
        let arguments = json!({"paths": [self.folder]});
        self.bar.reset();
        let first = call(server, "index_workspace", &arguments, INDEX_LIMIT).await;
        self.bar.finish_and_clear();
        let first = first?;
        let again = call(server, "index_workspace", &arguments, INDEX_LIMIT).await?;
        let skipped = list(&first.data, "skipped");
        let more = number(&first.data, "skipped_more");
        let mut lines = vec![Line::Done(format!(
            "{} read, {} that can be found",
            counted(&number(&first.data, "files_indexed"), "file"),
            counted(&number(&first.data, "chunks"), "piece")
        ))];
        if !skipped.is_empty() {
            let count = skipped.len() as u64 + more;
            lines.push(Line::Detail(format!("{count} left out: {}", reasons(skipped))));
        }
        lines.push(Line::Detail(format!(
            "once more: {} unchanged, {} ms",
            number(&again.data, "files_unchanged"),
            again.took.as_millis()
        )));
        lines.push(Line::Why("`.gitignore` is respected; keys, binaries and generated files stay out.".to_owned()));
        self.teller.step("It indexes the folder", first.took, &lines);
        Ok(())
    }

    async fn search(&mut self, server: &Server) -> Result<(), Failed> {
        let found = call(server, "search_workspace", &json!({"query": self.question, "limit": 3}), LIMIT).await?;
        let hits = list(&found.data, "hits");
        let mut lines = vec![Line::Asked(self.question.clone())];
        lines.push(match hits.len() {
            0 => Line::Done("no place matches".to_owned()),
            _ => Line::Done("the best places, with path and lines:".to_owned()),
        });
        lines.extend(hits.iter().map(|hit| Line::Row(self.place(hit, 70))));
        lines.push(Line::Why("An agent reads these lines instead of whole files.".to_owned()));
        self.teller.step("It finds places in the files", found.took, &lines);
        Ok(())
    }

    /// Returns the id of the decision.
    async fn remember(&mut self, server: &Server) -> Result<String, Failed> {
        let items = json!([
            {"content": "The team chose SQLite for the archive: one file, nothing to run", "kind": "decision",
             "tags": ["archive"], "valid_from": "2026-01-12"},
            {"content": "Ana prefers short answers with the command first", "kind": "preference", "speaker": "Ana"},
            {"content": "The archive is released every second Thursday", "kind": "fact", "tags": ["archive"]},
        ]);
        let kept = call(server, "remember", &json!({ "items": items }), LIMIT).await?;
        let memories = list(&kept.data, "memories");
        let mut lines =
            vec![Line::Done(format!("on disk before the answer is sent: {}", counted(&memories.len(), "memory")))];
        let contents = items.as_array().into_iter().flatten();
        lines.extend(contents.map(|it| Line::Detail(format!("{}: {}", text(it, "kind"), text(it, "content")))));
        lines.push(Line::Why("Every tool that you use shares them: one file, on this machine.".to_owned()));
        self.teller.step("It remembers", kept.took, &lines);
        Ok(memories.first().map(|it| text(it, "id").to_owned()).unwrap_or_default())
    }

    /// Recalls from a second server, which runs from then on.
    async fn recall_elsewhere(&mut self) -> Result<Server, Failed> {
        let server = self.start().await?;
        let query = "Which database did the team choose, and why?";
        let found = call(&server, "recall", &json!({"query": query, "limit": 1}), LIMIT).await?;
        self.teller.step(
            "The host quits; another one starts and recalls",
            found.took,
            &[
                Line::Asked(query.to_owned()),
                Line::Done(best(&found.data)?),
                Line::Why("A new session, even in another program, knows what the last one learned.".to_owned()),
            ],
        );
        Ok(server)
    }

    async fn supersede(&mut self, server: &Server, decision: &str) -> Result<(), Failed> {
        let changed = json!({
            "content": "The team moved the archive to PostgreSQL: four offices write at once now", "kind": "decision",
            "tags": ["archive"], "valid_from": "2026-09-01", "supersedes": decision,
        });
        let kept = call(server, "remember", &changed, LIMIT).await?;
        let query = "Which database does the team use for the archive?";
        let now = json!({"query": query, "kinds": ["decision"], "limit": 1, "as_of": "2026-10-01"});
        let then = json!({"query": query, "kinds": ["decision"], "limit": 1, "as_of": "2026-03-01"});
        let now = call(server, "recall", &now, LIMIT).await?;
        let then = call(server, "recall", &then, LIMIT).await?;
        self.teller.step(
            "A decision changes, and the past stays true",
            kept.took + now.took + then.took,
            &[
                Line::Asked(query.to_owned()),
                Line::Done(format!("in October: {}", best(&now.data)?)),
                Line::Done(format!("in March: {}", best(&then.data)?)),
                Line::Why("What was replaced is not lost, and is not mixed up with what holds.".to_owned()),
            ],
        );
        Ok(())
    }

    /// Returns the id of the call's trace.
    async fn assemble(&mut self, server: &Server) -> Result<String, Failed> {
        let arguments = json!({"query": self.question, "budget_tokens": BUDGET_TOKENS});
        let pack = call(server, "assemble_context", &arguments, LIMIT).await?;
        let items = list(&pack.data, "items");
        let omitted = list(&pack.data, "omitted");
        let mut lines = vec![
            Line::Asked(self.question.clone()),
            Line::Done(format!(
                "{} in {} of {} tokens, each with its source",
                counted(&items.len(), "piece"),
                number(&pack.data, "tokens"),
                number(&pack.data, "budget_tokens")
            )),
        ];
        lines.extend(items.iter().take(5).map(|it| Line::Row(self.piece(it))));
        if items.len() > 5 {
            lines.push(Line::Detail(format!("and {} more", items.len() - 5)));
        }
        let left_out = omitted.len() as u64 + number(&pack.data, "omitted_more");
        if let Some(first) = omitted.first() {
            let why = text(first, "why");
            lines.push(Line::Detail(format!("left out: {left_out}, such as one of {} tokens: {why}", first["tokens"])));
        }
        for it in list(&pack.data, "degraded") {
            lines.push(Line::Detail(format!("not reached: {}: {}", text(it, "source"), text(it, "reason"))));
        }
        lines.push(Line::Why("The model gets the best pieces that fit, and you can see which and why.".to_owned()));
        self.teller.step("It assembles context within a budget", pack.took, &lines);
        Ok(pack.data.get("trace_id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    async fn ask(&mut self, server: &Server) -> Result<(), Failed> {
        self.bar.reset();
        let asked = call(server, "ask", &json!({"message": self.question}), LIMIT).await;
        self.bar.finish_and_clear();
        let asked = asked?;
        let data = Value::Object(asked.data);
        let provider = text(&data, "provider");
        let model = text(&data, "model");
        let cost = data["cost_usd"].as_f64().map_or_else(|| "cost unknown".to_owned(), |it| format!("{it:.4} USD"));
        let who = if model.is_empty() { provider.to_owned() } else { format!("{provider}/{model}") };
        let answered = match provider {
            "extractive" => "the best passages that are known, without a model:".to_owned(),
            _ => format!("{who} answers, {cost}:"),
        };
        let mut lines = vec![Line::Asked(self.question.clone()), Line::Done(answered)];
        lines.extend(tell::excerpt(text(&data, "answer")).into_iter().map(Line::Row));
        // A quoted passage is followed by its source, unless that was cut off.
        let has_sources = lines.iter().any(|it| matches!(it, Line::Row(text) if text.starts_with("[1] ")));
        let citations = data["citations"].as_array().filter(|_| !has_sources);
        for it in citations.into_iter().flatten().take(4) {
            lines.push(Line::Row(format!("[{}] {}", it["n"], self.place(it, 66))));
        }
        lines.push(Line::Why(match provider {
            "extractive" => {
                "Nothing was sent anywhere. `carryall demo --provider ollama` lets a model answer.".to_owned()
            }
            _ => "The model got the pack of the step before, and nothing else of yours.".to_owned(),
        }));
        self.teller.step("It answers a question", asked.took, &lines);
        Ok(())
    }

    async fn trace(&mut self, server: &Server, trace_id: &str) -> Result<(), Failed> {
        let found = call(server, "get_trace", &json!({ "trace_id": trace_id }), LIMIT).await?;
        let mut lines = vec![Line::Done("what the assembling did, step by step:".to_owned())];
        for span in list(&found.data, "spans") {
            draw(span, 0, &mut lines);
        }
        lines.push(Line::Why("Every answer carries a trace id, so every answer can be explained.".to_owned()));
        self.teller.step("It explains itself", found.took, &lines);
        Ok(())
    }

    /// Where a hit, an item or a citation is from; of a long path the end, which says more.
    fn place(&self, it: &Value, width: usize) -> String {
        let path = Path::new(text(it, "path"));
        let path = path.strip_prefix(&self.folder).unwrap_or(path).display().to_string();
        match (it["start_line"].as_u64(), it["end_line"].as_u64()) {
            (Some(start), Some(end)) => {
                let symbol = Some(text(it, "symbol")).filter(|it| !it.is_empty()).map(|it| format!("  {it}"));
                tell::end_of(&format!("{path}:{start}-{end}{}", symbol.unwrap_or_default()), width)
            }
            _ if path.is_empty() => tell::shorten(text(it, "title"), width),
            _ => tell::end_of(&path, width),
        }
    }

    fn piece(&self, it: &Value) -> String {
        let tokens = it["tokens"].as_u64().unwrap_or_default();
        format!("{tokens:>5} tokens  {:<9}  {}", text(it, "source"), self.place(it, 48))
    }
}

async fn call(server: &Server, tool: &str, arguments: &Value, limit: Duration) -> Result<Called, Failed> {
    let begun = Instant::now();
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let called = server.call(tool, arguments, limit).await?;
    if called.failed {
        return Err(Failed::work("internal", format!("{tool}: {}", called.text), ""));
    }
    Ok(Called { data: called.structured, took: begun.elapsed() })
}

fn list<'a>(data: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    data.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn number(data: &Map<String, Value>, name: &str) -> u64 {
    data.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The content of the best memory. That there is none would be a fault, as it was written just before.
fn best(data: &Map<String, Value>) -> Result<String, Failed> {
    let found = list(data, "memories").first().map(|it| text(it, "content").to_owned());
    found.ok_or_else(|| Failed::work("internal", "what was remembered was not found again", ""))
}

/// The most frequent reasons for leaving a file out.
fn reasons(skipped: &[Value]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for it in skipped {
        *counts.entry(text(it, "reason")).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().take(3).map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}

fn draw(span: &Value, depth: usize, lines: &mut Vec<Line>) {
    let took = span["took_ms"].as_f64().map_or_else(|| "cut off".to_owned(), |it| format!("{it:8.2} ms"));
    lines.push(Line::Row(format!("{took}  {}{}", "  ".repeat(depth), text(span, "name"))));
    for child in span["spans"].as_array().into_iter().flatten() {
        draw(child, depth + 1, lines);
    }
}
