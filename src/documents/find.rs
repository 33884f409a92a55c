//! Finds pieces of indexed files.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;

use super::Allowed;
use super::Documents;
use super::DocumentsError;
use super::catalog::Catalog;
use super::catalog::Entry;
use super::chunk::Definition;
use super::expand::add_expansions;
use super::expand::in_common;
use super::history;
use super::history::Past;
use super::index::under;
use super::nearness::near;
use super::open::is_there;
use super::open::mtime_ns;
use super::passage::Words;
use super::postings;
use super::question::Question;
use super::rank::Ranked;
use super::rank::Shelf;
use super::rank::Signals;
use super::rank::rank;
use super::weights;
use super::whole_file::lift;
use crate::redact;
use crate::search;
use crate::store::ChunkRow;
use crate::store::GenerationRow;
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
    /// Begin to index what may be seen and is not indexed yet, and wait a moment for it.
    pub begins: bool,
}

/// A piece that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    /// Relative to its workspace, with forward slashes.
    pub path: String,
    /// `file://` and the absolute path.
    pub uri: String,
    /// 1-based, both included.
    pub start_line: u32,
    pub end_line: u32,
    /// Its place among the pieces of its file; between it and the next one are blank lines only.
    pub number: u32,
    /// Its place in the index, for [`Documents::called`].
    pub place: Place,
    /// What is defined in it, with the lines of each signature, in their order.
    pub definitions: Vec<Definition>,
    pub language: String,
    pub title: Option<String>,
    pub symbol: Option<String>,
    /// As the file has it: for [`redact::shown`] before anybody sees it.
    pub text: String,
    /// 0.0..=1.0, higher is better.
    pub score: f64,
    pub why: String,
    /// What each signal gave.
    pub explained: String,
    /// Whether the file has changed, or is gone, since it was indexed.
    pub stale: bool,
    pub seen: Seen,
}

/// A file as it was when it was indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Absolute.
    pub file: PathBuf,
    pub size_bytes: i64,
    pub mtime_ns: i64,
}

impl Seen {
    /// Whether the file is no longer so. A stat.
    pub fn is_stale(&self) -> bool {
        stamp(&self.file) != Some((self.size_bytes, self.mtime_ns))
    }
}

/// What a search looked through: equal ones give equal answers, but for files that changed since they were indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesState(Vec<ShelfState>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct ShelfState {
    id: i64,
    root: String,
    generation: i64,
    is_complete: bool,
    /// What a call indexed of it, where more is asked for.
    only: Vec<String>,
    /// Of which past commits what is known of them is made.
    history: u64,
    /// Whether the root is a folder that can be looked at now.
    is_there: bool,
    folders: Vec<String>,
}

impl FilesState {
    /// The roots that are deleted, not mounted now, or may not be read.
    fn gone(&self) -> Vec<String> {
        self.0.iter().filter(|it| !it.is_there).map(|it| it.root.clone()).collect()
    }

    /// Says that of a folder only a part is indexed, as a call wanted it; `None` when all is that was asked for.
    pub fn only(&self) -> Option<String> {
        let only: Vec<&str> = self.0.iter().flat_map(|it| &it.only).map(String::as_str).collect();
        let told = || format!("of the folder only {} is indexed; index_workspace reads all of it", told(&only));
        (!only.is_empty()).then(told)
    }
}

/// A place in the index, as it was when it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub(super) workspace: i64,
    pub(super) file: i64,
    pub(super) number: u32,
}

/// What a [`Query`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hits {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether nothing that the caller may see is indexed at all.
    pub nothing_indexed: bool,
    /// Whether a folder is still being indexed, or a run over it was broken off: there may be more.
    pub is_partial: bool,
    /// Files that were looked through.
    pub files: usize,
    /// Roots of workspaces that are deleted, not mounted now, or may not be read: what is found of them is as it was indexed.
    pub gone: Vec<String>,
    pub state: FilesState,
    /// What the words of the question are worth.
    pub words: Words,
}

impl Documents {
    /// Finds the pieces that match `query`, best first.
    ///
    /// # Errors
    ///
    /// [`DocumentsError::Refused`] for a path that the caller may not see; else [`DocumentsError::Store`].
    pub async fn search(&self, query: &Query, allowed: &Allowed, call: &Call) -> Result<Hits, DocumentsError> {
        let span = call.span("search files");
        let mut question = Question::of(&query.query);
        if query.begins {
            let workspaces = self.store.generations().await?;
            self.warm(&workspaces, &question, allowed, call).await;
        }
        let Some(sight) = self.sight(&query.paths, allowed, call, &span).await? else {
            let gone = if is_there(&self.working_folder) {
                Vec::new()
            } else {
                vec![self.working_folder.display().to_string()]
            };
            return Ok(Hits { nothing_indexed: true, gone, ..Hits::default() });
        };
        span.note("words", search::query_words(&redact::redact(&query.query).0));
        let mut shelves = Vec::new();
        for (workspace, folders) in &sight {
            shelves.push(self.shelf(workspace, folders, query, &question, call).await?);
        }
        // The catalogs may be newer than what was seen first.
        let states = sight.into_iter().zip(&shelves).map(|((row, folders), shelf)| ShelfState {
            id: row.id,
            is_there: is_there(Path::new(&row.root)),
            root: row.root,
            generation: shelf.catalog.generation,
            is_complete: row.is_complete,
            only: shelf.only.clone(),
            history: shelf.history,
            folders,
        });
        let state = FilesState(states.collect());
        let files = shelves.iter().map(|it| it.catalog.files.len()).sum();
        let is_partial = shelves.iter().any(|it| !it.is_complete);
        let shelves = self.expand(&mut question, shelves, call).await?;
        let limit = query.limit;
        let ranking = tokio::task::spawn_blocking(move || {
            let (ranked, words) = rank(&question, &shelves, limit.max(weights::MEANING_PIECES));
            (ranked, words, question, shelves)
        });
        let (ranked, mut words, question, shelves) =
            ranking.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        span.note("found", ranked.len());
        let key = |it: &Ranked| (shelves[it.shelf].catalog.files[it.file].row.id, it.number);
        let places: Vec<(i64, u32)> = ranked.iter().map(key).collect();
        let chunks = self.store.chunks(places.clone()).await?;
        // One stat for each hit: not on a thread that others wait for.
        let shaped = tokio::task::spawn_blocking(move || {
            let paths = ranked.iter().map(|it| shelves[it.shelf].catalog.files[it.file].row.path.clone());
            let paths: Vec<String> = paths.take(weights::MEANING_PIECES).collect();
            let texts = paths.iter().zip(&chunks);
            let texts = texts.map(|(path, it)| it.as_ref().map(|it| (path.as_str(), it.text.as_str())));
            let pasts: Vec<Option<&Past>> = shelves.iter().map(|it| it.past.as_ref()).collect();
            let ranked = history::lift(ranked, &pasts, texts.clone().map(|it| it.map(|it| it.1)));
            let ranked = lift(&near(&question, texts), ranked);
            let mut chunks: HashMap<(i64, u32), ChunkRow> =
                places.into_iter().zip(chunks).filter_map(|(place, it)| Some((place, it?))).collect();
            let key = |it: &Ranked| (shelves[it.shelf].catalog.files[it.file].row.id, it.number);
            let hits = ranked.iter().take(limit);
            hits.filter_map(|it| Some(shape(it, &shelves[it.shelf], chunks.remove(&key(it))?))).collect()
        });
        let hits = shaped.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let hits: Vec<Hit> = self.weigh_by_feedback(hits).await;
        // A name within a longer one of a file has no list of its own.
        if !words.absent.is_empty() {
            let texts: Vec<String> = hits.iter().map(|it| squeezed(&it.text)).collect();
            words.absent.retain(|it| !texts.iter().any(|text| text.contains(&squeezed(it))));
        }
        Ok(Hits { hits, nothing_indexed: false, is_partial, files, gone: state.gone(), state, words })
    }

    /// What a search under `paths` looks through now, brought up to date as a search does it.
    ///
    /// # Errors
    ///
    /// As [`Documents::search`].
    pub async fn state(&self, paths: &[PathBuf], allowed: &Allowed, call: &Call) -> Result<FilesState, DocumentsError> {
        let span = call.span("look at files");
        let sight = self.sight(paths, allowed, call, &span).await?.unwrap_or_default();
        let mut states = Vec::new();
        for (row, folders) in sight {
            states.push(ShelfState {
                id: row.id,
                is_there: is_there(Path::new(&row.root)),
                history: self.book(&row).await.map_or(0, |it| it.version),
                root: row.root,
                generation: row.generation,
                is_complete: row.is_complete,
                only: self.only(row.id, &folders).await?,
                folders,
            });
        }
        Ok(FilesState(states))
    }

    /// Adds to the question the words that its best pieces have in common and others do not, and reads their lists.
    async fn expand(
        &self,
        question: &mut Question,
        shelves: Vec<Shelf>,
        call: &Call,
    ) -> Result<Vec<Shelf>, DocumentsError> {
        let asked = question.clone();
        let ranking =
            tokio::task::spawn_blocking(move || (rank(&asked, &shelves, weights::FEEDBACK_PIECES).0, shelves));
        let (best, mut shelves) = ranking.await.map_err(|err| DocumentsError::Fault(err.to_string()))?;
        let places = best.iter().map(|it| (shelves[it.shelf].catalog.files[it.file].row.id, it.number)).collect();
        let texts: Vec<String> = self.store.chunks(places).await?.into_iter().flatten().map(|it| it.text).collect();
        let candidates = in_common(question, &texts);
        if candidates.is_empty() {
            return Ok(shelves);
        }
        let words: Vec<String> = candidates.iter().map(|it| it.0.clone()).collect();
        let mut lists = Vec::with_capacity(shelves.len());
        for shelf in &shelves {
            let segments = shelf.catalog.segments.iter().map(|it| it.0).collect();
            lists.push(self.store.postings(segments, words.clone(), call.cancelled()).await?);
        }
        add_expansions(question, &mut shelves, &candidates, lists);
        Ok(shelves)
    }

    /// What the ranking needs of a workspace.
    async fn shelf(
        &self,
        workspace: &GenerationRow,
        folders: &[String],
        query: &Query,
        question: &Question,
        call: &Call,
    ) -> Result<Shelf, DocumentsError> {
        let catalog = self.catalog(workspace, call).await?;
        let is_narrowed = !query.languages.is_empty() || query.kind.is_some() || !folders.iter().any(String::is_empty);
        let may = |it: &Entry| {
            (query.languages.is_empty() || query.languages.contains(&it.row.language))
                && query.kind.as_ref().is_none_or(|kind| *kind == it.row.kind)
                && folders.iter().any(|folder| under(&it.row.path, folder))
        };
        let may = if is_narrowed { catalog.files.iter().map(may).collect() } else { Vec::new() };
        let words = question.names.iter().cloned().chain(question.terms.iter().map(|it| it.term.clone())).collect();
        let segments = catalog.segments.iter().map(|it| it.0).collect();
        let lists = self.store.postings(segments, words, call.cancelled()).await?;
        let book = self.book(workspace).await;
        let history = book.as_ref().map_or(0, |it| it.version);
        let past = book.and_then(|it| Past::of(it, question, &catalog));
        let only = self.only(workspace.id, folders).await?;
        Ok(Shelf { catalog, may, lists, past, history, is_complete: workspace.is_complete, only })
    }

    /// The catalog of a workspace, made when it is not the one that was kept.
    pub(super) async fn catalog(&self, workspace: &GenerationRow, call: &Call) -> Result<Arc<Catalog>, DocumentsError> {
        let kept = self.catalogs.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace.id).cloned();
        let kept = kept.filter(|it| it.root == workspace.root);
        if let Some(kept) = kept.as_ref().filter(|it| it.generation == workspace.generation) {
            return Ok(Arc::clone(kept));
        }
        let known = kept.as_ref().map(|it| it.rows()).unwrap_or_default();
        let (generation, files) = self.store.files_again(workspace.id, known).await?;
        let mut ids: Vec<i64> = files.iter().map(|it| it.segment_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let imports = self.store.postings(ids.clone(), vec![postings::IMPORTS.to_owned()], call.cancelled()).await?;
        let segments = self.store.segments(ids).await?;
        let (id, root) = (workspace.id, workspace.root.clone());
        let making = tokio::task::spawn_blocking(move || {
            Catalog::new(id, root, (generation, files), &segments, &imports, kept.as_deref())
        });
        let made = Arc::new(making.await.map_err(|err| DocumentsError::Fault(err.to_string()))?);
        self.catalogs.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace.id, Arc::clone(&made));
        Ok(made)
    }
}

fn shape(ranked: &Ranked, shelf: &Shelf, chunk: ChunkRow) -> Hit {
    Hit {
        why: why(&ranked.signals),
        explained: explained(&ranked.signals),
        score: f64::from(ranked.score),
        ..hit_of(&shelf.catalog, ranked.file, ranked.number, chunk)
    }
}

/// The piece `number` of a file, not ranked.
pub(super) fn hit_of(catalog: &Catalog, file: usize, number: u32, chunk: ChunkRow) -> Hit {
    let row = &catalog.files[file].row;
    let path = Path::new(&catalog.root).join(&row.path);
    let uri = super::file_uri(&path);
    let seen = Seen { file: path, size_bytes: row.size_bytes, mtime_ns: row.mtime_ns };
    Hit {
        stale: seen.is_stale(),
        seen,
        uri,
        path: row.path.clone(),
        start_line: chunk.start_line,
        end_line: chunk.end_line,
        number,
        place: Place { workspace: catalog.workspace, file: row.id, number },
        definitions: chunk.definitions.lines().map(Definition::read).collect(),
        language: row.language.clone(),
        title: chunk.title,
        symbol: chunk.symbol,
        text: chunk.text,
        score: 0.0,
        why: String::new(),
        explained: String::new(),
    }
}

/// Words of a hit that are told.
const TOLD: usize = 12;

/// What stands before them.
pub(super) const WORDS: &str = "words: ";

fn why(signals: &Signals) -> String {
    let mut parts = Vec::new();
    if signals.names > 0.0 {
        parts.push("defines a name of the question".to_owned());
    }
    if !signals.words.is_empty() {
        let words: Vec<&str> = signals.words.iter().map(String::as_str).collect();
        parts.push(format!("{WORDS}{}", told(&words)));
    }
    if parts.is_empty() {
        let what = if signals.tests > 0.0 { "a test of it matches" } else { "its file matches" };
        parts.push(what.to_owned());
    }
    parts.join("; ")
}

/// The first of `words`, and how many more there are.
pub(super) fn told(words: &[&str]) -> String {
    let more = words.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", words[..words.len().min(TOLD)].join(", "))
}

fn explained(signals: &Signals) -> String {
    let Signals { piece, file, path, names, second, tests, meaning, history, prior, reach, .. } = signals;
    let history = if *history > 0.0 { format!(" + history {history:.2}") } else { String::new() };
    format!(
        "piece {piece:.2} + file {file:.2} + path {path:.2} + names {names:.2} + second {second:.2} + tests {tests:.2} + meaning \
         {meaning:.2}{history}, times {prior:.2} for its kind of file, times {reach:.2} for what it imports"
    )
}

/// `text` in lower case, without what parts the words of a name.
fn squeezed(text: &str) -> String {
    text.chars().filter(|it| !matches!(it, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Size in bytes and time of the file as it is now; `None` when it is gone.
fn stamp(path: &Path) -> Option<(i64, i64)> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((i64::try_from(metadata.len()).ok()?, mtime_ns(&metadata)))
}
