//! Finds pieces of indexed files.

use std::path::Path;
use std::path::PathBuf;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::index::relative;
use super::open::mtime_ns;
use crate::redact;
use crate::search;
use crate::store::ChunkMatch;
use crate::store::WorkspaceRow;
use crate::trace::Call;

/// What is asked of the index.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub query: String,
    /// Only under these; relative ones are taken from the folder the program was started in, or from a workspace's
    /// root. Empty means every workspace that the caller may see.
    pub paths: Vec<PathBuf>,
    /// Names of languages; empty means all.
    pub languages: Vec<String>,
    /// `code` or `doc`.
    pub kind: Option<String>,
    pub limit: usize,
}

/// A piece that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Relative to its workspace, with forward slashes.
    pub path: String,
    /// `file://` and the absolute path.
    pub uri: String,
    /// 1-based, both included.
    pub start_line: u32,
    pub end_line: u32,
    pub language: String,
    pub title: Option<String>,
    pub symbol: Option<String>,
    pub text: String,
    /// 0.0..=1.0, higher is better.
    pub score: f64,
    pub why: String,
    /// Whether the file has changed, or is gone, since it was indexed.
    pub stale: bool,
}

/// What a [`Query`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether nothing that the caller may see is indexed at all.
    pub nothing_indexed: bool,
}

impl Documents {
    /// Finds the pieces that match `query`, best first.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Refused`] for a path that the caller may not see; else [`DocumentsError::Store`].
    pub async fn search(&self, query: &Query, allowed: &Allowed, call: &Call) -> Result<Hits, DocumentsError> {
        let span = call.span("search files");
        let workspaces = self.store.workspaces().await?;
        let seen: Vec<(i64, String)> = self.visible(&workspaces, allowed);
        // Paths are checked first: one that may not be seen is refused whether anything is indexed or not.
        let narrowed = self.narrowed(query, &workspaces, &seen, allowed)?;
        if seen.is_empty() {
            return Ok(Hits { hits: Vec::new(), nothing_indexed: true });
        }
        let folders = if query.paths.is_empty() { seen } else { narrowed };
        let words = search::query_words(&query.query);
        span.note("words", search::query_words(&redact::redact(&query.query).0));
        let found = self
            .store
            .search_chunks(
                words.clone(),
                folders,
                query.languages.clone(),
                query.kind.clone(),
                query.limit,
                call.cancelled(),
            )
            .await
            .inspect_err(|err| span.fail(err))?;
        span.note("found", found.len());
        // One stat for each hit: not on a thread that others wait for.
        let shaped = tokio::task::spawn_blocking(move || shape(found, &words));
        let hits = shaped.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        Ok(Hits { hits, nothing_indexed: false })
    }

    /// The folders of workspaces that the caller may see: those under an allowed root, or the part of a larger one
    /// that is. A person at the command line sees the workspaces around or under the working folder, else all.
    fn visible(&self, workspaces: &[WorkspaceRow], allowed: &Allowed) -> Vec<(i64, String)> {
        let working_folder = self.working_folder.canonicalize().unwrap_or_else(|_| self.working_folder.clone());
        let roots = if allowed.unrestricted { std::slice::from_ref(&working_folder) } else { &allowed.roots };
        let near: Vec<(i64, String)> =
            workspaces.iter().flat_map(|it| roots.iter().filter_map(move |root| folder_in(it, root))).collect();
        if near.is_empty() && allowed.unrestricted {
            return workspaces.iter().map(|it| (it.id, String::new())).collect();
        }
        near
    }

    fn narrowed(
        &self,
        query: &Query,
        workspaces: &[WorkspaceRow],
        seen: &[(i64, String)],
        allowed: &Allowed,
    ) -> Result<Vec<(i64, String)>, DocumentsError> {
        let mut folders = Vec::new();
        for path in &query.paths {
            let from_root = workspaces
                .iter()
                .filter(|it| seen.iter().any(|(id, _)| *id == it.id))
                .map(|it| Path::new(&it.root).join(path))
                .find(|it| it.exists());
            let here = self.working_folder.join(path);
            let real = match from_root {
                Some(found) if !here.exists() => allowed.admit(&found),
                _ => allowed.admit(&here),
            };
            let real = real.map_err(DocumentsError::Refused)?;
            folders.extend(workspaces.iter().filter_map(|it| folder_in(it, &real)));
        }
        Ok(folders)
    }
}

/// The part of a workspace that lies under `folder`: all of it, a folder in it, or nothing.
fn folder_in(workspace: &WorkspaceRow, folder: &Path) -> Option<(i64, String)> {
    let root = Path::new(&workspace.root);
    if root.starts_with(folder) {
        Some((workspace.id, String::new()))
    } else if folder.starts_with(root) {
        Some((workspace.id, relative(root, folder)))
    } else {
        None
    }
}

fn shape(found: Vec<ChunkMatch>, words: &[String]) -> Vec<Hit> {
    let matched: Vec<Vec<String>> =
        found.iter().map(|it| search::matched(words, &format!("{} {}", it.path, it.text))).collect();
    let bm25: Vec<f64> = found.iter().map(|it| it.bm25).collect();
    let scores = search::scores(&bm25, matched.first().map_or(0, Vec::len), words.len());
    let shape = |((found, matched), score): ((ChunkMatch, Vec<String>), f64)| {
        let path = Path::new(&found.root).join(&found.path);
        let stale = stamp(&path) != Some((found.size_bytes, found.mtime_ns));
        Hit {
            uri: super::file_uri(&path),
            why: if matched.is_empty() {
                "words of the query, by their stems".to_owned()
            } else {
                format!("words: {}", matched.join(", "))
            },
            path: found.path,
            start_line: found.start_line,
            end_line: found.end_line,
            language: found.language,
            title: found.title,
            symbol: found.symbol,
            text: found.text,
            score,
            stale,
        }
    };
    found.into_iter().zip(matched).zip(scores).map(shape).collect()
}

/// Size in bytes and time of the file as it is now; `None` when it is gone.
fn stamp(path: &Path) -> Option<(i64, i64)> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((i64::try_from(metadata.len()).ok()?, mtime_ns(&metadata)))
}
