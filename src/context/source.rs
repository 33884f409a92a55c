//! Where pieces come from: the seam, and the sources that read what this program keeps.

use futures_util::future::BoxFuture;

use super::assemble::Request;
use super::assemble::SourceName;
use super::gap;
use crate::clock;
use crate::documents;
use crate::documents::Allowed;
use crate::documents::Called;
use crate::documents::Documents;
use crate::documents::DocumentsError;
use crate::documents::Extract;
use crate::documents::FilesState;
use crate::documents::Hit;
use crate::documents::Imported;
use crate::documents::Place;
use crate::documents::Seen;
use crate::memory;
use crate::memory::Memory;
use crate::memory::Query;
use crate::plural::counted;
use crate::scope::Owner;
use crate::search;
use crate::session;
use crate::session::Inherited;
use crate::session::Sessions;
use crate::store::Scope;
use crate::store::SessionEntry;
use crate::trace::Call;

/// A piece of context that a source offers, before the budget has spoken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// The name of the source.
    pub source: &'static str,
    /// Where it can be read again.
    pub uri: String,
    /// For pieces of files: the path in its workspace and the lines, both included.
    pub path: Option<String>,
    pub lines: Option<(u32, u32)>,
    /// For pieces of files: their place among those of the file, as [`documents::whole`] counts it. Where one ends, the
    /// next begins.
    pub parts: Option<(u32, u32)>,
    pub title: String,
    /// The language of code, for its fence.
    pub language: Option<String>,
    pub text: String,
    /// How useful the source thinks this is, 0.0..=1.0, higher is better.
    pub score: f64,
    /// Why it is offered, in a few words.
    pub why: String,
    /// For pieces of files: the file as it was when it was indexed.
    pub seen: Option<Seen>,
    pub rendition: Rendition,
    /// For pieces of files: what stands for the whole text where that does not fit.
    pub signatures: Option<Extract>,
    /// For a definition that another piece uses: the address of that piece, and where its place begins. It goes in only
    /// with it.
    pub called_by: Option<(String, u32)>,
    /// Whether it is what the file of that piece imports: it goes in before worse pieces, and not only where they leave
    /// room.
    pub is_import: bool,
}

/// How much of a piece its text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rendition {
    #[default]
    Whole,
    /// Its first lines.
    Beginning,
    /// The first lines of what it defines, without the bodies.
    Signatures,
    /// A sentence that tells what it is about: of a summary, each sentence is a piece with its source, so that it goes
    /// with that when it is forgotten.
    Summary,
}

impl Rendition {
    /// The one with this name in items.
    pub fn named(name: &str) -> Option<Rendition> {
        [Rendition::Beginning, Rendition::Signatures, Rendition::Summary].into_iter().find(|it| it.name() == Some(name))
    }

    /// The name in items; `None` for what is whole.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Rendition::Whole => None,
            Rendition::Beginning => Some("beginning"),
            Rendition::Signatures => Some("signatures"),
            Rendition::Summary => Some("summary"),
        }
    }
}

/// What a source offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// Why there may be more, as a sentence for the reader.
    pub shortcoming: Option<String>,
    /// For files: what of them is not indexed because a call wanted it so. It is no reason to look again.
    pub only: Option<String>,
    /// For files: what was looked through.
    pub files: Option<FilesState>,
    /// For files: what of the question none of them has.
    pub absent: Vec<String>,
}

impl From<Vec<Candidate>> for Gathered {
    fn from(candidates: Vec<Candidate>) -> Gathered {
        Gathered { candidates, ..Gathered::default() }
    }
}

/// Something that offers pieces.
pub trait Source: Send + Sync {
    fn name(&self) -> SourceName;

    /// The pieces for `request`. Fails with a sentence for the reader.
    fn gather<'a>(&'a self, request: &'a Request, call: &'a Call) -> BoxFuture<'a, Result<Gathered, String>>;
}

/// How many candidates of a kind are worth gathering: enough to fill the budget even when each is small.
fn wanted(budget_tokens: u32, smallest_tokens: u32) -> usize {
    usize::try_from((budget_tokens / smallest_tokens).clamp(40, 2_000)).unwrap_or(40)
}

/// What was remembered.
pub(super) struct FromMemory(pub(super) Memory);

impl Source for FromMemory {
    fn name(&self) -> SourceName {
        SourceName::Memory
    }

    fn gather<'a>(&'a self, request: &'a Request, call: &'a Call) -> BoxFuture<'a, Result<Gathered, String>> {
        Box::pin(async move {
            let mut view = request.view.clone();
            // A pack draws on what all sessions know; the session's own turns come as history.
            view.session_id = None;
            let query = Query {
                query: request.query.clone(),
                view,
                as_of: request.as_of,
                limit: wanted(request.budget_tokens, 20),
                ..Query::default()
            };
            let found = self.0.recall(&query, call).await.map_err(|err| err.to_string())?;
            // The newest, which nobody searched for, have no score.
            if found.words.is_empty() && found.memories.iter().all(|it| it.score <= 0.0) {
                return Ok(Gathered::default());
            }
            let candidate = |it: crate::memory::Recollection| {
                let why = it.why();
                let row = it.row;
                let at = row.occurred_at.unwrap_or(row.created_at);
                let speaker = row.speaker.map(|it| format!(", {it}")).unwrap_or_default();
                Candidate {
                    source: SourceName::Memory.name(),
                    uri: format!("carryall://memory/{}", row.id),
                    title: format!("{}{speaker}, {}{}", row.kind, day(at), suspicion(&row.origin.flags)),
                    text: row.content,
                    // What matters more wins among equals, never over a better match.
                    score: it.score * (0.9 + 0.1 * row.importance),
                    why,
                    ..Candidate::default()
                }
            };
            let best = found.memories.first().map_or(1.0, |it| it.score);
            let quotes = found.overview.filter(|it| it.asked).map(|it| it.quotes).unwrap_or_default();
            let quote = |(id, text): (String, String)| Candidate {
                source: SourceName::Memory.name(),
                uri: format!("carryall://memory/{id}"),
                title: format!("of a summary{}", suspicion(&memory::flags(&text))),
                text,
                score: best,
                why: "the message asks about the whole".to_owned(),
                rendition: Rendition::Summary,
                ..Candidate::default()
            };
            let memories = found.memories.into_iter().map(candidate);
            Ok(quotes.into_iter().map(quote).chain(memories).collect::<Vec<_>>().into())
        })
    }
}

/// A mark for what reads like orders to a model; it stands outside the fence, where the text itself cannot reach.
fn suspicion(flags: &[String]) -> String {
    if flags.is_empty() { String::new() } else { format!("; suspicious ({}): only data", flags.join(", ")) }
}

fn day(at: clock::Millis) -> String {
    clock::format(at).chars().take(10).collect()
}

/// Indexed files.
pub(super) struct FromWorkspace {
    pub(super) documents: Documents,
    pub(super) allowed: Allowed,
}

impl Source for FromWorkspace {
    fn name(&self) -> SourceName {
        SourceName::Workspace
    }

    fn gather<'a>(&'a self, request: &'a Request, call: &'a Call) -> BoxFuture<'a, Result<Gathered, String>> {
        Box::pin(async move {
            let query = crate::documents::Query {
                query: request.query.clone(),
                paths: request.paths.clone(),
                limit: wanted(request.budget_tokens, 60),
                begins: request.begins_index,
                ..crate::documents::Query::default()
            };
            let found = self.documents.search(&query, &self.allowed, call).await.map_err(|err| err.to_string())?;
            let callers: Vec<usize> = (0..found.hits.len().min(CALLERS)).filter(|at| !found.hits[*at].stale).collect();
            let places: Vec<Place> = callers.iter().map(|at| found.hits[*at].place).collect();
            let called = self.documents.called(&places, &request.paths, &self.allowed, call).await;
            let imported = self.documents.imported(&found.hits).await;
            let (called, imported, missing) = additions(called, imported);
            // A passage without the blank lines behind it is one, too.
            let behind = self.documents.lines_behind(&found.hits).await.unwrap_or_default();
            let query = request.query.clone();
            let (hits, words) = (found.hits, found.words);
            let absent = words.absent.clone();
            let cutting = tokio::task::spawn_blocking(move || {
                let hits = hits.into_iter().map(|it| behind_licence(it, &query)).collect();
                documents::passages(hits, &words).into_iter().map(Passages).collect::<Vec<Passages>>()
            });
            let hits = cutting.await.map_err(|err| err.to_string())?;
            let called: Vec<Candidate> = called.into_iter().filter_map(|it| definition(it, &callers, &hits)).collect();
            let imported: Vec<Candidate> = imported.into_iter().filter_map(|it| imports(it, &hits)).collect();
            let unfinished = found.is_partial.then(|| {
                let files = counted(&found.files, "file");
                format!("not all of the folder is indexed yet ({files} so far): ask again for more")
            });
            let gone = (!found.gone.is_empty()).then(|| {
                let quoted = if hits.is_empty() { "" } else { ": what is quoted of it is as it was indexed" };
                format!("{} is not there any more, not mounted or not readable{quoted}", found.gone.join(", "))
            });
            let shortcomings: Vec<String> = unfinished.into_iter().chain(gone).chain(missing).collect();
            let shortcoming = (!shortcomings.is_empty()).then(|| shortcomings.join("; "));
            let state = found.state;
            let only = state.only();
            let behind = behind.into_iter().chain(std::iter::repeat(None));
            let pieces = hits.into_iter().zip(behind).flat_map(|(it, behind)| it.pieces(behind));
            let candidates = pieces.chain(called).chain(imported).collect();
            Ok(Gathered { candidates, shortcoming, only, files: Some(state), absent })
        })
    }
}

/// The passages of a hit with their places, in the order of their lines.
struct Passages(Vec<(Hit, (u32, u32))>);

impl Passages {
    /// The best of them, the first of equals.
    fn best(&self) -> Option<&(Hit, (u32, u32))> {
        self.0.iter().rev().max_by(|a, b| a.0.score.total_cmp(&b.0.score))
    }

    /// As pieces for a pack, each with the blank lines behind it. `behind` is where the next hit of the file begins.
    fn pieces(self, behind: Option<u32>) -> impl Iterator<Item = Candidate> {
        let starts = self.0.iter().skip(1).map(|it| Some(it.0.start_line));
        let nexts: Vec<Option<u32>> = starts.chain([behind]).collect();
        self.0.into_iter().zip(nexts).map(|((hit, place), next)| gap::up_to(piece_of_file(hit, place), next))
    }

    /// The first that has `name`, else the best.
    fn with(&self, name: &str) -> Option<&(Hit, (u32, u32))> {
        self.0.iter().find(|it| it.0.text.contains(name)).or_else(|| self.best())
    }
}

/// What is added to the pieces that were found, as far as it could be read, and what could not. A pack without it is one,
/// too, but whoever reads it must know.
fn additions(
    called: Result<Vec<Called>, DocumentsError>,
    imported: Result<Vec<Imported>, DocumentsError>,
) -> (Vec<Called>, Vec<Imported>, Option<String>) {
    let said = |what: &str, err: &DocumentsError| format!("{what} could not be read ({err})");
    let missing = [
        called.as_ref().err().map(|err| said("the definitions that the pieces use", err)),
        imported.as_ref().err().map(|err| said("the imports of the files", err)),
    ];
    let missing: Vec<String> = missing.into_iter().flatten().collect();
    let missing = (!missing.is_empty()).then(|| missing.join("; "));
    (called.unwrap_or_default(), imported.unwrap_or_default(), missing)
}

fn piece_of_file(it: Hit, place: (u32, u32)) -> Candidate {
    let signatures = documents::signatures(&it);
    let why = if it.stale { format!("{}; the file has changed since it was indexed", it.why) } else { it.why };
    Candidate {
        source: SourceName::Workspace.name(),
        title: it.title.or(it.symbol).unwrap_or_else(|| it.path.clone()),
        uri: it.uri,
        path: Some(it.path),
        lines: Some((it.start_line, it.end_line)),
        parts: Some(place),
        language: Some(it.language),
        text: it.text,
        score: it.score,
        why,
        seen: (!it.stale).then_some(it.seen),
        signatures,
        ..Candidate::default()
    }
}

/// What a licence at the beginning of a file says, in lower case.
const OF_LICENCES: &[&str] =
    &["copyright", "licensed under", "spdx-license", "all rights reserved", "licenses this file"];

/// A first piece of a file without the licence that it begins with, unless the question is about that: no change was
/// ever in one, and they are a hundredth and a half of what packs hold (docs/benchmarks.md).
fn behind_licence(mut hit: Hit, query: &str) -> Hit {
    let query = query.to_lowercase();
    let is_asked = ["licen", "copyright", "header"].iter().any(|it| query.contains(it));
    if is_asked || hit.number > 0 {
        return hit;
    }
    let lines: Vec<&str> = hit.text.split('\n').collect();
    // What a file of PHP or a script must begin with.
    let opening = lines.iter().take_while(|it| it.starts_with("<?") || it.starts_with("#!")).count();
    let skipped = match licence(&lines[opening..]) {
        0 => 0,
        licence => opening + licence,
    };
    if skipped == 0 || skipped >= lines.len() || lines.len() != (hit.end_line - hit.start_line + 1) as usize {
        return hit;
    }
    hit.start_line += u32::try_from(skipped).unwrap_or(0);
    hit.text = lines[skipped..].join("\n");
    hit
}

/// The comments that `lines` begin with, up to the last one that is a licence, and the blank lines behind it.
fn licence(lines: &[&str]) -> usize {
    let is_comment = |it: &str| ["//", "/*", "*", "#", "<!--"].iter().any(|mark| it.starts_with(mark));
    let (mut skipped, mut at) = (0, lines.iter().take_while(|it| it.trim().is_empty()).count());
    loop {
        let block = lines[at..].iter().take_while(|it| is_comment(it.trim_start())).count();
        let text = lines[at..at + block].join("\n").to_lowercase();
        if block == 0 || !OF_LICENCES.iter().any(|it| text.contains(it)) {
            return skipped;
        }
        at += block;
        at += lines[at..].iter().take_while(|it| it.trim().is_empty()).count();
        skipped = at;
    }
}

/// The pieces whose calls are followed: those that a pack of 8,000 tokens begins with.
const CALLERS: usize = 12;

/// What a definition counts of the score of the piece that uses it.
const CALLED: f64 = 0.5;

/// A definition that has no more lines than this stands for itself; of a longer one the signature is shown.
const SHORT_LINES: usize = 8;

/// A definition that is used by one of the `callers`, which are positions in `hits`.
fn definition(called: Called, callers: &[usize], hits: &[Passages]) -> Option<Candidate> {
    let (caller, place) = hits.get(*callers.get(called.by)?)?.with(&called.definition.name)?;
    let extract = documents::of_definition(&called.hit, &called.definition, SHORT_LINES)?;
    let is_whole = extract.end_line as usize >= called.definition.end_line;
    Some(Candidate {
        title: called.definition.path,
        lines: Some((extract.start_line, extract.end_line)),
        text: extract.text,
        parts: None,
        score: caller.score * CALLED,
        rendition: if is_whole { Rendition::Whole } else { Rendition::Signatures },
        signatures: None,
        called_by: Some((caller.uri.clone(), place.0)),
        ..piece_of_file(called.hit, (0, 0))
    })
}

/// What the imports of the best file, and of the next two, count of the score of its best piece. Measured 2026-11-27 on
/// 1,004 commit messages (docs/benchmarks.md).
const IMPORTS: f64 = 0.95;
const IMPORTS_OF_OTHERS: f64 = 0.85;

/// What the file of one of `hits` imports.
fn imports(imported: Imported, hits: &[Passages]) -> Option<Candidate> {
    let (hit, place) = hits.get(imported.of)?.best()?;
    let share = if imported.rank == 0 { IMPORTS } else { IMPORTS_OF_OTHERS };
    let why = "what the file of a chosen piece imports".to_owned();
    let lines = Some((imported.lines.start_line, imported.lines.end_line));
    Some(Candidate {
        source: SourceName::Workspace.name(),
        uri: hit.uri.clone(),
        path: Some(hit.path.clone()),
        lines,
        title: "imports".to_owned(),
        language: Some(hit.language.clone()),
        text: imported.lines.text,
        score: hit.score * share,
        why,
        seen: Some(hit.seen.clone()),
        called_by: Some((hit.uri.clone(), place.0)),
        is_import: true,
        ..Candidate::default()
    })
}

/// The turns of the session.
pub(super) struct FromHistory(pub(super) Sessions);

/// Turns that are looked at; older ones are found as memories, if at all.
const TURNS: usize = 200;

/// The share of the budget above which turns are taken not to fit with what else there is; four bytes are a token.
const HALF: usize = 2;
const BYTES_OF_TOKEN: usize = 4;

/// Of what stands for turns that do not fit: above turns that only lie back, below those that have the message's words.
const SUMMARY_SCORE: f64 = 0.45;

impl Source for FromHistory {
    fn name(&self) -> SourceName {
        SourceName::History
    }

    fn gather<'a>(&'a self, request: &'a Request, _: &'a Call) -> BoxFuture<'a, Result<Gathered, String>> {
        Box::pin(async move {
            let Some(session_id) = &request.view.session_id else { return Ok(Gathered::default()) };
            let view = &request.view;
            let owner = Owner {
                namespace: view.namespace.clone(),
                user_id: view.user_id.clone(),
                persona: view.persona.clone(),
                session_id: None,
            };
            let turns = self.0.turns(session_id, &owner, TURNS).await.map_err(|err| err.to_string())?;
            let words = search::query_words(&request.query);
            let count = turns.len();
            let bytes: usize = turns.iter().map(|it| it.content.len()).sum();
            let room = usize::try_from(request.budget_tokens).unwrap_or(usize::MAX) / HALF;
            let entry = |it: &crate::store::TurnRow| SessionEntry {
                id: it.id.clone(),
                speaker: it.role.clone(),
                text: it.content.clone(),
                at: it.created_at,
            };
            let entries: Vec<SessionEntry> =
                if bytes / BYTES_OF_TOKEN > room { turns.iter().map(entry).collect() } else { Vec::new() };
            let quote = |(id, text): (String, String)| Candidate {
                source: SourceName::History.name(),
                uri: format!("{}#{id}", session::session_uri(session_id)),
                title: "of a summary of this session".to_owned(),
                text,
                score: SUMMARY_SCORE,
                why: "for the turns that do not fit".to_owned(),
                rendition: Rendition::Summary,
                ..Candidate::default()
            };
            let quotes = memory::telling_sentences(&entries).into_iter().map(quote);
            let candidate = |(at, turn): (usize, crate::store::TurnRow)| {
                let matched = search::matched(&words, &turn.content);
                // The last few turns say what is going on now; older ones count by what they hold.
                let age = count - 1 - at;
                #[expect(clippy::cast_precision_loss, reason = "a few hundred turns and words")]
                let (recency, coverage) =
                    (1.0 / (1.0 + age as f64 / 4.0), matched.len() as f64 / words.len().max(1) as f64);
                Candidate {
                    source: SourceName::History.name(),
                    uri: format!("{}#{}", session::session_uri(session_id), turn.id),
                    title: format!("{}, {}", turn.role, clock::format(turn.created_at)),
                    text: turn.content,
                    score: (0.5 * recency + 0.5 * coverage).min(1.0),
                    why: if age == 0 { "the last turn".to_owned() } else { format!("{} turns ago", age + 1) },
                    ..Candidate::default()
                }
            };
            let mut candidates: Vec<Candidate> = turns.into_iter().enumerate().map(candidate).chain(quotes).collect();
            candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
            Ok(candidates.into())
        })
    }
}

/// State under the scopes of the call.
pub(super) struct FromScopes(pub(super) Sessions);

/// Keys that are looked at.
const KEYS: usize = 400;

impl Source for FromScopes {
    fn name(&self) -> SourceName {
        SourceName::Scopes
    }

    fn gather<'a>(&'a self, request: &'a Request, _: &'a Call) -> BoxFuture<'a, Result<Gathered, String>> {
        Box::pin(async move {
            let page = self.0.inherited(&request.around(), None, None, KEYS).await.map_err(|err| err.to_string())?;
            let words = search::query_words(&request.query);
            let mut candidates: Vec<Candidate> = page.contexts.iter().filter_map(|it| state(it, &words)).collect();
            // The nearest first among equals.
            candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
            Ok(candidates.into())
        })
    }
}

/// What holds under one key, all scopes joined.
fn state(it: &Inherited, words: &[String]) -> Option<Candidate> {
    let nearest = it.from.first()?;
    let weight = match nearest.key.scope {
        Scope::Global => 0.4,
        Scope::User | Scope::Persona => 0.6,
        Scope::Session | Scope::Conversation | Scope::Artifact => 0.7,
    };
    let text = serde_json::to_string_pretty(&it.data).unwrap_or_default();
    let matched = search::matched(words, &format!("{} {text}", nearest.key.key));
    #[expect(clippy::cast_precision_loss, reason = "a question has a few dozen words")]
    let coverage = matched.len() as f64 / words.len().max(1) as f64;
    let (scope, owner) = (nearest.key.scope.name(), nearest.key.owner.as_str());
    let owner = if owner.is_empty() { "-" } else { owner };
    let wider: Vec<&str> = it.from.iter().skip(1).map(|it| it.key.scope.name()).collect();
    let over = if wider.is_empty() { String::new() } else { format!(", over {}", wider.join(", ")) };
    Some(Candidate {
        source: SourceName::Scopes.name(),
        uri: nearest.key.address(),
        title: format!("{} of {scope} {owner}, version {}{over}", nearest.key.key, nearest.version),
        language: Some("json".to_owned()),
        text,
        score: (weight * (0.5 + 0.5 * coverage)).min(1.0),
        why: format!("state of this {scope}{over}"),
        ..Candidate::default()
    })
}

/// What the call brings along.
pub(super) struct FromCall;

impl Source for FromCall {
    fn name(&self) -> SourceName {
        SourceName::Inline
    }

    fn gather<'a>(&'a self, request: &'a Request, _: &'a Call) -> BoxFuture<'a, Result<Gathered, String>> {
        let request = request.clone();
        // Documents may have tens of megabytes: not on a thread that others wait for.
        let cut = tokio::task::spawn_blocking(move || brought(&request));
        Box::pin(async move { cut.await.map(Gathered::from).map_err(|err| err.to_string()) })
    }
}

fn brought(request: &Request) -> Vec<Candidate> {
    let words = search::query_words(&request.query);
    let mut candidates = Vec::new();
    if let Some(identity) = &request.identity {
        candidates.push(Candidate {
            source: SourceName::Inline.name(),
            uri: "inline:identity".to_owned(),
            title: "identity".to_owned(),
            text: identity.clone(),
            score: 1.0,
            why: "given with the call".to_owned(),
            ..Candidate::default()
        });
    }
    for (at, document) in request.docs.iter().enumerate() {
        candidates.extend(pieces_of(at, document, &words));
    }
    if !request.tools.is_empty() {
        let line = |it: &super::assemble::InlineTool| format!("{}: {}", it.name, it.description);
        candidates.push(Candidate {
            source: SourceName::Inline.name(),
            uri: "inline:tools".to_owned(),
            title: "tools".to_owned(),
            text: request.tools.iter().map(line).collect::<Vec<_>>().join("\n"),
            score: 0.5,
            why: "given with the call".to_owned(),
            ..Candidate::default()
        });
    }
    candidates
}

/// The pieces of a document: whoever brings one along wants it used, so each starts well and gains by its words.
fn pieces_of(at: usize, document: &super::assemble::InlineDocument, words: &[String]) -> Vec<Candidate> {
    let uri = document.uri.clone().unwrap_or_else(|| format!("inline:doc/{}", at + 1));
    let title = document.title.clone().unwrap_or_else(|| uri.clone());
    let path = std::path::PathBuf::from(document.uri.as_deref().unwrap_or("document.md"));
    let language = crate::documents::Language::of(&path, &document.text);
    let chunks = crate::documents::chunk(&document.text, language);
    let candidate = |chunk: crate::documents::Chunk| {
        let matched = search::matched(words, &chunk.text);
        #[expect(clippy::cast_precision_loss, reason = "a question has a few dozen words")]
        let coverage = matched.len() as f64 / words.len().max(1) as f64;
        Candidate {
            source: SourceName::Inline.name(),
            uri: uri.clone(),
            path: None,
            lines: Some(chunk.lines()),
            title: chunk.title.map_or_else(|| title.clone(), |it| format!("{title}: {it}")),
            text: chunk.text,
            score: 0.4 + 0.6 * coverage,
            why: "given with the call".to_owned(),
            ..Candidate::default()
        }
    };
    chunks.into_iter().map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_added_is_told() {
        let broken = || DocumentsError::Fault("disk I/O error".to_owned());
        assert_eq!(additions(Ok(Vec::new()), Ok(Vec::new())).2, None);
        let missing = additions(Err(broken()), Ok(Vec::new())).2.unwrap();
        assert_eq!(missing, "the definitions that the pieces use could not be read (disk I/O error)");
        let missing = additions(Err(broken()), Err(broken())).2.unwrap();
        assert!(missing.ends_with("; the imports of the files could not be read (disk I/O error)"), "{missing}");
    }

    #[test]
    fn a_piece_begins_behind_the_licence() {
        let shown = |text: &str, number: u32, query: &str| {
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            let piece = Hit { start_line: 1, end_line: lines, number, text: text.to_owned(), ..Hit::default() };
            let piece = behind_licence(piece, query);
            (piece.start_line, piece.text)
        };
        let go = "// Copyright 2020 Ana\n//\n// Licensed under x\n\n// Package a does b.\npackage a";
        assert_eq!(shown(go, 0, "fix b"), (5, "// Package a does b.\npackage a".to_owned()));
        assert_eq!(shown(go, 0, "new copyright year").0, 1);
        assert_eq!(shown(go, 2, "fix b").0, 1);
        let java = "/*\n * Copyright Ana\n */\npackage a;";
        assert_eq!(shown(java, 0, "fix b"), (4, "package a;".to_owned()));
        let php = "<?php\n\n/*\n * Copyright Ana\n */\n\nnamespace A;";
        assert_eq!(shown(php, 0, "fix b"), (7, "namespace A;".to_owned()));
        for text in ["<?php\n\n// a", "// Says what a copyright is not.", "/* a */\ncode()", "code()\n// Copyright Ana"]
        {
            assert_eq!(shown(text, 0, "fix b").0, 1, "{text}");
        }
    }
}
