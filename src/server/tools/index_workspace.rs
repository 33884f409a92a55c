//! The tool `index_workspace`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::super::arguments;
use super::super::order::Domain;
use super::super::order::Touches;
use super::super::reply::Answer;
use super::super::reply::Failure;
use super::super::schema;
use super::Context;
use super::Tool;
use crate::clock;
use crate::config::Toolset;
use crate::context::label;
use crate::documents::Documents;
use crate::documents::IndexRequest;
use crate::documents::Indexed;
use crate::plural::counted;

pub(super) const TOOL: Tool = Tool {
    name: "index_workspace",
    title: "Index workspace",
    description: "Reads a folder's code and documents so that search_workspace and assemble_context find them. Call \
        it after larger changes, or to wait for a whole index; unchanged files cost nothing. .gitignore is respected; \
        secrets, binaries, generated and huge files are skipped, \
        each with its reason. Only the folder the server was started in and those allowed (--root).\n\
        Example: {\"paths\": [\".\"]}",
    toolset: Toolset::Context,
    writes: true,
    destructive: false,
    idempotent: true,
    open_world: false,
    input: schema::input::<IndexArgs>,
    output: schema::output::<IndexResult>,
    touches: |_| Touches { reads: vec![Domain::Workspace], writes: vec![Domain::Workspace] },
    run: |context, arguments| Box::pin(index_workspace(context, arguments)),
};

/// Skipped files that are listed; more than that is counted.
const SKIPPED: usize = 100;

/// Characters of a path in the text.
const PATH: usize = 1_000;

/// Skipped files that the text lists.
const SKIPPED_IN_TEXT: usize = 10;

#[derive(Deserialize, JsonSchema)]
struct IndexArgs {
    /// Default: the folder the server was started in.
    #[schemars(length(min = 1, max = 100))]
    paths: Option<Vec<String>>,
    /// Only files that match one of these globs, such as src/**.
    #[schemars(length(max = 100))]
    include: Option<Vec<String>>,
    /// No files that match one of these globs.
    #[schemars(length(max = 100))]
    exclude: Option<Vec<String>>,
    /// Read every file again, changed or not.
    #[serde(default)]
    force: bool,
}

#[derive(Serialize, JsonSchema)]
struct IndexResult {
    files_indexed: usize,
    files_unchanged: usize,
    files_removed: usize,
    chunks: usize,
    skipped: Vec<SkippedOut>,
    /// How many more were skipped than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped_more: Option<usize>,
    /// What is indexed now.
    workspaces: Vec<WorkspaceOut>,
    took_ms: u64,
}

#[derive(Serialize, JsonSchema)]
struct WorkspaceOut {
    root: String,
    files: i64,
    chunks: i64,
    size_bytes: i64,
    skipped: i64,
    /// Past commits of its git repository that are known; they are read behind the answer.
    commits: i64,
    indexed_at: String,
    /// `watched`, or `looked at on each call` and why.
    changes: String,
}

#[derive(Serialize, JsonSchema)]
struct SkippedOut {
    path: String,
    reason: String,
}

async fn index_workspace(context: Context, arguments: Value) -> Result<Answer, Failure> {
    let args: IndexArgs = arguments::read(arguments)?;
    let project = &context.app.config.project;
    let request = IndexRequest {
        paths: args.paths.unwrap_or_default().into_iter().map(PathBuf::from).collect(),
        include: args.include.unwrap_or_else(|| project.include.clone()),
        exclude: args.exclude.unwrap_or_else(|| project.exclude.clone()),
        force: args.force,
    };
    let done = context.app.documents.index(&request, &context.allowed, &context.call).await?;
    let documents = &context.app.documents;
    let text = describe(&done, documents);
    let more = done.skipped.len().saturating_sub(SKIPPED) + done.skipped_more;
    let skipped = done.skipped.into_iter().take(SKIPPED);
    Answer::of(
        &IndexResult {
            files_indexed: done.files_indexed,
            files_unchanged: done.files_unchanged,
            files_removed: done.files_removed,
            chunks: done.chunks,
            skipped: skipped.map(|(path, reason)| SkippedOut { path, reason }).collect(),
            skipped_more: (more > 0).then_some(more),
            workspaces: done
                .workspaces
                .into_iter()
                .map(|it| WorkspaceOut {
                    changes: documents.noticing(it.id, &it.root),
                    root: it.root,
                    files: it.files,
                    chunks: it.chunks,
                    size_bytes: it.size_bytes,
                    skipped: it.skipped,
                    commits: it.commits,
                    indexed_at: clock::format(it.indexed_at),
                })
                .collect(),
            took_ms: done.took_ms,
        },
        text,
    )
}

fn describe(done: &Indexed, documents: &Documents) -> String {
    let skipped = done.skipped.len() + done.skipped_more;
    let mut text = format!(
        "{} indexed, {} unchanged, {} removed; {} written; {skipped} skipped; {} ms.",
        counted(&done.files_indexed, "file"),
        done.files_unchanged,
        done.files_removed,
        counted(&done.chunks, "piece"),
        done.took_ms
    );
    for it in &done.workspaces {
        let (files, pieces, bytes) = (counted(&it.files, "file"), counted(&it.chunks, "piece"), it.size_bytes);
        let (root, changes) = (label(&it.root, PATH), documents.noticing(it.id, &it.root));
        let past = if it.commits > 0 { format!(", {}", counted(&it.commits, "past commit")) } else { String::new() };
        text.push_str(&format!("\n{root}: {files} ({bytes} bytes) in {pieces}{past}, {changes}."));
    }
    for (path, reason) in done.skipped.iter().take(SKIPPED_IN_TEXT) {
        text.push_str(&format!("\n- skipped {}: {reason}", label(path, PATH)));
    }
    if skipped > SKIPPED_IN_TEXT {
        text.push_str(&format!("\n- and {} more", skipped - SKIPPED_IN_TEXT));
    }
    text
}
