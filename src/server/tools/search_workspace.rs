//! The tool `search_workspace`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::ANSWER_CHARACTERS;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::reply::shorten;
use super::super::schema;
use super::Context;
use super::Tool;
use super::nowhere;
use crate::config::Toolset;
use crate::context::label;
use crate::documents::Language;
use crate::documents::Query;
use crate::plural::counted;
use crate::redact;

pub(super) const TOOL: Tool = Tool {
    name: "search_workspace",
    title: "Search workspace",
    description: "Finds the places in indexed files that match a question or names, best first, each with path, \
        lines and a snippet. Use it to find where something is; for everything a task needs use \
        assemble_context. A hit whose file has changed since is marked stale.\n\
        Example: {\"query\": \"where is the retry limit set\", \"languages\": [\"rust\"], \"limit\": 5}",
    toolset: Toolset::Context,
    writes: false,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<SearchArgs>,
    output: schema::output::<SearchResult>,
    touches: |_| Touches { reads: vec![Domain::Workspace], writes: Vec::new() },
    run: |context, arguments| Box::pin(search_workspace(context, arguments)),
};

/// Characters of a snippet at most; less when there are many.
const SNIPPET: usize = 1_500;

/// Characters of a hit beside its snippet that are reckoned with: its path comes twice.
const BESIDE: usize = 400;

/// Characters of a symbol and of a path in the line over a snippet.
const LABEL: usize = 200;
const PATH: usize = 1_000;

#[derive(Deserialize, JsonSchema)]
struct SearchArgs {
    /// A question, words, or names out of code.
    #[schemars(length(max = 100_000), example = "where is the retry limit set")]
    query: String,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    limit: u32,
    /// Only under these folders or files.
    #[schemars(length(max = 100))]
    paths: Option<Vec<String>>,
    /// Only these languages, such as rust, python, markdown.
    #[schemars(length(max = 50))]
    languages: Option<Vec<String>>,
    kind: Option<KindArg>,
    /// Say more on why.
    #[serde(default)]
    explain: bool,
}

fn ten() -> u32 {
    10
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum KindArg {
    Any,
    Code,
    Doc,
}

#[derive(Serialize, JsonSchema)]
struct SearchResult {
    hits: Vec<HitOut>,
    /// The index is not complete yet.
    partial: bool,
}

#[derive(Serialize, JsonSchema)]
struct HitOut {
    path: String,
    uri: String,
    start_line: u32,
    end_line: u32,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    snippet: String,
    score: f64,
    why: String,
    /// The file has changed since it was indexed.
    stale: bool,
}

async fn search_workspace(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: SearchArgs = arguments::read(arguments)?;
    let named = args.languages.unwrap_or_default();
    let query = Query {
        query: args.query,
        paths: args.paths.unwrap_or_default().into_iter().map(PathBuf::from).collect(),
        languages: named.iter().flat_map(|it| names_of(it)).collect(),
        kind: match args.kind {
            Some(KindArg::Code) => Some("code".to_owned()),
            Some(KindArg::Doc) => Some("doc".to_owned()),
            Some(KindArg::Any) | None => None,
        },
        limit: usize::try_from(args.limit).unwrap_or(10),
        begins: true,
    };
    let found = context.app.documents.search(&query, &context.allowed, &context.call).await?;
    context.call.span("answer").note_shown(found.hits.iter().map(|it| it.uri.clone()));
    let each = (ANSWER_CHARACTERS / found.hits.len().max(1)).saturating_sub(BESIDE).min(SNIPPET);
    let hits: Vec<HitOut> = found
        .hits
        .into_iter()
        .map(|it| HitOut {
            snippet: shorten(&redact::shown(it.text), each),
            why: if args.explain { format!("{}; {}", it.why, it.explained) } else { it.why },
            path: it.path,
            uri: it.uri,
            start_line: it.start_line,
            end_line: it.end_line,
            language: it.language,
            symbol: it.symbol,
            score: (it.score * 1e4).round() / 1e4,
            stale: it.stale,
        })
        .collect();
    let partial = found.is_partial;
    let gone = label(&found.gone.join(", "), PATH);
    let mut text = if found.nothing_indexed && found.gone.is_empty() {
        "No folder is indexed here yet; index_workspace (`carryall index`) comes first.".to_owned()
    } else if hits.is_empty() {
        format!("No indexed file matches “{}”.", shorten(&query.query, 200))
    } else {
        hits.iter().map(describe).collect::<Vec<_>>().join("\n\n")
    };
    let unknown: Vec<String> =
        named.iter().filter(|it| Language::named(it).is_none()).map(|it| format!("`{}`", label(it, LABEL))).collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = Language::all().map(Language::name).collect();
        text.push_str(&format!("\n\nNo language is called {}; known are {}.", unknown.join(" or "), known.join(", ")));
    }
    if !found.gone.is_empty() {
        let found = if hits.is_empty() { "" } else { "; what was found is as it was indexed" };
        text.push_str(&format!("\n\n{gone} is not there any more, not mounted or not readable{found}."));
    }
    if let Some(told) = nowhere(&found.words.absent).filter(|_| !hits.is_empty()) {
        text.push_str(&format!("\n\n{told}"));
    }
    if let Some(only) = found.state.only() {
        text.push_str(&format!("\n\nNot everything was searched, as {}.", label(&only, PATH)));
    }
    if partial {
        let (files, next) = (found.files, "ask again for more, or call index_workspace, which waits for its end");
        text.push_str(&format!(
            "\n\nNot all of the folder is indexed yet ({} so far): {next}.",
            counted(&files, "file")
        ));
    }
    Answer::of(&SearchResult { hits, partial }, text)
}

/// The names under which the index has the language that is called `name`; of an unknown one there are no files.
fn names_of(name: &str) -> Vec<String> {
    let of_known = |it: Language| it.names().map(str::to_owned).collect();
    Language::named(name).map_or_else(|| vec![name.to_lowercase()], of_known)
}

fn describe(hit: &HitOut) -> String {
    let symbol = hit.symbol.as_ref().map(|it| format!(" {}", label(it, LABEL))).unwrap_or_default();
    let stale = if hit.stale { " STALE: changed since it was indexed" } else { "" };
    let fence = "`".repeat(hit.snippet.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    format!(
        "{}:{}-{}{symbol} [{}; score {:.2}; {}]{stale}\n{fence}\n{}\n{fence}",
        label(&hit.path, PATH),
        hit.start_line,
        hit.end_line,
        hit.language,
        hit.score,
        hit.why,
        hit.snippet.trim_end()
    )
}
