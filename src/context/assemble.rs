//! Assembles a pack: asks every source at once, lets the budget decide, writes the text, keeps the result.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::budget;
use super::cache;
use super::cache::Basis;
use super::cache::PackCache;
use super::kind;
use super::kind::RequestKind;
use super::merge;
use super::render;
use super::render::Format;
use super::source;
use super::source::Candidate;
use super::source::Rendition;
use super::source::Source;
use crate::clock::Clock;
use crate::clock::Millis;
use crate::documents::Allowed;
use crate::documents::Documents;
use crate::documents::FilesState;
use crate::documents::Seen;
use crate::memory::Memory;
use crate::redact;
use crate::scope::View;
use crate::session::Around;
use crate::session::Sessions;
use crate::store::PackRow;
use crate::store::Store;
use crate::store::StoreError;
use crate::tokens;
use crate::trace::Call;

/// How long one source may take; what comes later is named as missing.
const SOURCE_DEADLINE: Duration = Duration::from_secs(5);

/// The name under which [`Degraded`] tells that something could not be kept.
pub const STORE: &str = "store";

/// What is asked of the assembler.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub query: String,
    /// The text has at most so many tokens.
    pub budget_tokens: u32,
    pub sources: Vec<SourceName>,
    pub view: View,
    /// Whose state holds beside that of the view's.
    pub conversation: Option<String>,
    pub artifact: Option<String>,
    /// Narrows the files to those under these; empty means all.
    pub paths: Vec<PathBuf>,
    /// Who the model is to be; always included first.
    pub identity: Option<String>,
    pub docs: Vec<InlineDocument>,
    pub tools: Vec<InlineTool>,
    pub as_of: Option<Millis>,
    /// Whose tokens are counted; `None` counts OpenAI's o200k.
    pub model: Option<String>,
    pub format: Format,
    /// Begin to index the folders that may be seen and are not indexed yet, and wait a moment for it.
    pub begins_index: bool,
    /// Pieces of files with a smaller score stay out, 0.0..=1.0; the best piece has the share of the question's words
    /// that it holds.
    pub least_score: f64,
}

impl Request {
    /// For whom state is read.
    pub(super) fn around(&self) -> Around {
        let (conversation, artifact) = (self.conversation.clone(), self.artifact.clone());
        Around { view: self.view.clone(), conversation, artifact }
    }
}

/// Where pieces may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceName {
    Memory,
    Workspace,
    History,
    Scopes,
    Inline,
    Servers,
}

impl SourceName {
    /// The sources that are asked when the call names none.
    pub const USUAL: [SourceName; 5] =
        [SourceName::Memory, SourceName::Workspace, SourceName::History, SourceName::Scopes, SourceName::Inline];

    /// As the contract has it.
    pub fn name(self) -> &'static str {
        match self {
            SourceName::Memory => "memory",
            SourceName::Workspace => "workspace",
            SourceName::History => "history",
            SourceName::Scopes => "scopes",
            SourceName::Inline => "inline",
            SourceName::Servers => "servers",
        }
    }
}

/// A document that the call brings.
#[derive(Clone, Debug, Default)]
pub struct InlineDocument {
    pub title: Option<String>,
    pub uri: Option<String>,
    pub text: String,
}

/// A tool of the host that the model should know of.
#[derive(Clone, Debug, Default)]
pub struct InlineTool {
    pub name: String,
    pub description: String,
}

/// An assembled pack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pack {
    /// Made from the request and the content: equal for equal ones.
    pub id: String,
    pub text: String,
    pub tokens: u32,
    pub budget_tokens: u32,
    /// Best first.
    pub items: Vec<Item>,
    /// Best first.
    pub omitted: Vec<Omission>,
    pub degraded: Vec<Degraded>,
    /// Words and names of the question that no file has that was searched.
    pub absent: Vec<String>,
    pub request_kind: RequestKind,
    pub format: Format,
    /// Whether it was made before, and nothing that it is made of has changed since.
    pub cached: bool,
    pub timings: Timings,
}

/// A piece of a pack; number 1 in the text is the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    pub source: &'static str,
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    pub title: String,
    pub tokens: u32,
    pub score: f64,
    pub why: String,
    /// `beginning` or `signatures` where the text is not the whole piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendition: Option<&'static str>,
    /// What the pack's text has of it.
    #[serde(skip)]
    pub text: String,
    /// Of a file that was as it was indexed: how that was.
    #[serde(skip)]
    pub seen: Option<Seen>,
}

/// A piece that was left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Omission {
    pub uri: String,
    pub tokens: u32,
    pub why: String,
}

/// A source that could not be used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Degraded {
    pub source: &'static str,
    pub reason: String,
}

/// How long it took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timings {
    pub gather: f64,
    pub pack: f64,
    pub total: f64,
}

/// Assembles packs.
#[derive(Clone, Debug)]
pub struct Assembler {
    pub store: Store,
    pub clock: Clock,
    pub memory: Memory,
    pub sessions: Sessions,
    pub documents: Documents,
    /// Whether packs are kept; not in read-only mode.
    pub keeps: bool,
    pub cache: PackCache,
}

impl Assembler {
    /// Assembles the pack for `request` and keeps it. A source that fails, or a store that cannot keep the pack, is
    /// named in [`Pack::degraded`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Internal`] when choosing the pieces panicked.
    pub async fn assemble(&self, request: &Request, allowed: &Allowed, call: &Call) -> Result<Pack, StoreError> {
        let key = cache::key(request, allowed);
        if let Some(pack) = self.kept(key.as_ref(), request, allowed, call).await {
            return Ok(pack);
        }
        // Before anything is read: what is written meanwhile makes the pack one that is made anew next time.
        let stamps = self.store.stamps(&cache::things(request), String::new(), self.clock.now()).await.ok();
        let made_at = self.clock.now();
        let span = call.span("gather");
        let all = self.gather(request, allowed, call, &span).await;
        let gather = span.elapsed_ms();
        drop(span);
        let span = call.span("pack");
        let All { candidates, mut degraded, files, absent, is_whole } = all;
        span.note("candidates", candidates.len());
        // Choosing among thousands of pieces takes milliseconds: not on a thread that others wait for.
        let deciding = {
            let request = request.clone();
            tokio::task::spawn_blocking(move || decide(&request, candidates))
        };
        let mut pack = deciding.await.map_err(|err| StoreError::Internal { reason: err.to_string() })?;
        span.note("items", pack.items.len());
        span.note_shown(pack.items.iter().map(|it| it.uri.clone()));
        span.note("pack_id", pack.id.as_str());
        span.note("tokens", pack.tokens);
        let decided = span.elapsed_ms();
        drop(span);
        pack.timings = Timings { gather: round(gather), pack: round(decided), total: 0.0 };
        pack.degraded.append(&mut degraded);
        pack.absent = absent;
        let mut is_kept = true;
        if self.keeps {
            let span = call.span("keep");
            if let Err(err) = self.keep(request, &pack).await {
                // A pack that cannot be kept can still be read: a full disk must not take it from the reader.
                span.fail(&err);
                pack.degraded.push(Degraded { source: STORE, reason: format!("the pack was not kept: {err}") });
                is_kept = false;
            }
        }
        let is_fresh = pack.items.iter().all(|it| it.source != SourceName::Workspace.name() || it.seen.is_some());
        if let (Some(key), Some(stamps), true) = (key, stamps, is_whole && is_kept && is_fresh) {
            self.cache.put(key, pack.clone(), Basis { stamps, files, made_at });
        }
        pack.timings.total = round(call.elapsed_ms());
        Ok(pack)
    }

    /// The pack that was made for the same request before, when nothing that it is made of has changed since.
    async fn kept(&self, key: Option<&[u8; 32]>, request: &Request, allowed: &Allowed, call: &Call) -> Option<Pack> {
        let (pack, made) = self.cache.get(key?)?;
        let span = call.span("look for changes since");
        let now = self.clock.now();
        let stamps = self.store.stamps(&cache::things(request), pack.id.clone(), now).await.ok()?;
        let is_readable = stamps.has_pack || !self.keeps;
        let files = match made.files {
            None => None,
            Some(_) => Some(self.documents.state(&request.paths, allowed, call).await.ok()?),
        };
        let quotes_stale = || pack.items.iter().filter_map(|it| it.seen.as_ref()).any(Seen::is_stale);
        let holds = is_readable && made.is_as(&Basis { stamps, files, made_at: now }) && !quotes_stale();
        span.note("holds", holds);
        if !holds {
            self.cache.remove(key?);
            return None;
        }
        span.note_shown(pack.items.iter().map(|it| it.uri.clone()));
        span.note("pack_id", pack.id.as_str());
        let mut pack = Pack::clone(&pack);
        pack.cached = true;
        pack.timings = Timings { gather: round(span.elapsed_ms()), pack: 0.0, total: round(call.elapsed_ms()) };
        Some(pack)
    }

    async fn gather(&self, request: &Request, allowed: &Allowed, call: &Call, span: &crate::trace::Span) -> All {
        let sources: Vec<Box<dyn Source>> = vec![
            Box::new(source::FromCall),
            Box::new(source::FromMemory(self.memory.clone())),
            Box::new(source::FromWorkspace { documents: self.documents.clone(), allowed: allowed.clone() }),
            Box::new(source::FromHistory(self.sessions.clone())),
            Box::new(source::FromScopes(self.sessions.clone())),
        ];
        let finished = AtomicU32::new(0);
        let finished = &finished;
        #[expect(clippy::cast_precision_loss, reason = "a handful of sources")]
        let asked_count = sources.iter().filter(|it| request.sources.contains(&it.name())).count() as f64;
        let asked = sources.iter().filter(|it| request.sources.contains(&it.name())).map(|source| async move {
            let span = span.span(source.name().name());
            let own = span.call();
            let gathered = tokio::time::timeout(SOURCE_DEADLINE, source.gather(request, &own)).await;
            let done = finished.fetch_add(1, Ordering::Relaxed) + 1;
            call.progress().tell(f64::from(done), Some(asked_count), format!("{} searched", source.name().name()));
            let gathered =
                gathered.unwrap_or_else(|_| Err(format!("it took longer than {} s", SOURCE_DEADLINE.as_secs())));
            match &gathered {
                Ok(some) => span.note("candidates", some.candidates.len()),
                Err(reason) => span.fail(reason),
            }
            (source.name(), gathered)
        });
        let mut all = All { is_whole: true, ..All::default() };
        // In the order of the sources, whichever answers first: the same data gives the same pack.
        for (name, gathered) in futures_util::future::join_all(asked).await {
            let reason = match gathered {
                Ok(mut some) => {
                    all.candidates.append(&mut some.candidates);
                    all.files = all.files.or(some.files);
                    all.absent.append(&mut some.absent);
                    all.degraded.extend(some.only.map(|reason| Degraded { source: name.name(), reason }));
                    some.shortcoming
                }
                Err(reason) => Some(reason),
            };
            all.is_whole &= reason.is_none();
            all.degraded.extend(reason.map(|reason| Degraded { source: name.name(), reason }));
        }
        if request.sources.contains(&SourceName::Servers) {
            let reason = "no other MCP servers are connected".to_owned();
            all.degraded.push(Degraded { source: SourceName::Servers.name(), reason });
        }
        all
    }

    async fn keep(&self, request: &Request, pack: &Pack) -> Result<(), StoreError> {
        // The pieces are kept one by one, too: an answer from this pack may quote a single one.
        let items: Vec<serde_json::Value> = pack
            .items
            .iter()
            .map(|it| {
                let mut item = json!(it);
                item["text"] = json!(it.text);
                item
            })
            .collect();
        let result = json!({
            "text": pack.text, "format": pack.format.name(), "tokens": pack.tokens,
            "budget_tokens": pack.budget_tokens, "items": items, "omitted": pack.omitted,
            "request_kind": pack.request_kind,
            // Whoever has the id may read it; lists show only what belongs to nobody in particular.
            "view": {
                "namespace": request.view.namespace, "user_id": request.view.user_id, "persona": request.view.persona,
            },
        });
        let mut result = redact::redact_json(&result).0;
        let of_files = pack.items.iter().enumerate().filter(|it| it.1.source == SourceName::Workspace.name());
        for (at, it) in of_files {
            // What is shown of a file has no secrets any more, but numbers that look like those of cards.
            let clean = redact::redact(&it.text).0;
            if clean != it.text {
                result["text"] = json!(result["text"].as_str().unwrap_or_default().replacen(&clean, &it.text, 1));
                result["items"][at]["text"] = json!(it.text);
            }
        }
        let row = PackRow {
            id: pack.id.clone(),
            created_at: self.clock.now(),
            query: redact::redact(&request.query).0,
            result: result.to_string(),
        };
        self.store.add_pack(row).await
    }
}

/// What all sources gave.
#[derive(Debug, Default)]
struct All {
    candidates: Vec<Candidate>,
    degraded: Vec<Degraded>,
    files: Option<FilesState>,
    absent: Vec<String>,
    /// Whether every source gave all that it has.
    is_whole: bool,
}

/// A pack whose whole is smaller than this share of its budget, though something was left out, is tried again.
const FULL: f64 = 0.96;

/// Pieces are counted one by one and the whole is a little smaller than their sum; so often it is tried again with
/// that difference added.
const TRIES: usize = 3;

/// The tokens of what was counted before, by its text: each try counts mostly the same.
type Counts = RefCell<HashMap<String, u32>>;

/// What was decided, written.
struct Decision {
    choice: budget::Choice,
    text: String,
    tokens: u32,
    /// The pieces counted one by one, before they were joined.
    counted: u32,
}

/// Decides what goes in and writes it.
fn decide(request: &Request, candidates: Vec<Candidate>) -> Pack {
    let request_kind = kind::classify(&request.query);
    let steering = kind::steer(&request_kind);
    let is_weak = |it: &Candidate| it.source == SourceName::Workspace.name() && it.score < request.least_score;
    let (weak, candidates): (Vec<Candidate>, Vec<Candidate>) = candidates.into_iter().partition(is_weak);
    let candidates: Vec<Candidate> =
        candidates.into_iter().map(|it| kind::steered(it, &request_kind, &steering)).collect();
    let format = request.format;
    let model = request.model.as_deref();
    let frame = tokens::count_for(model, &render::head(format)) + tokens::count_for(model, render::tail(format));
    let mut budget = request.budget_tokens.saturating_sub(frame);
    let counts = Counts::default();
    let mut best = decide_within(request, candidates.clone(), budget, &counts);
    for _ in 1..TRIES {
        let is_full = f64::from(best.tokens) >= f64::from(request.budget_tokens) * FULL;
        if is_full || best.choice.left_out.is_empty() {
            break;
        }
        let spare = (best.counted + frame).saturating_sub(best.tokens);
        if spare == 0 {
            break;
        }
        budget += spare;
        let next = decide_within(request, candidates.clone(), budget, &counts);
        if next.tokens <= best.tokens {
            break;
        }
        best = next;
    }
    let Decision { choice, text, tokens, .. } = best;
    let weak = weak.into_iter().map(|it| {
        let tokens = tokens::count_for(model, &render::piece(format, 999, &it));
        (it, tokens, "holds too few of the question's words".to_owned())
    });
    let left_out = choice.left_out.into_iter().chain(weak);
    let omitted = left_out.map(|(it, tokens, why)| Omission { uri: address(&it), tokens, why });
    Pack {
        id: pack_id(request, &text),
        tokens,
        budget_tokens: request.budget_tokens,
        items: choice.chosen.into_iter().map(|(it, tokens)| item(it, tokens)).collect(),
        omitted: omitted.collect(),
        degraded: Vec::new(),
        absent: Vec::new(),
        request_kind,
        format,
        cached: false,
        timings: Timings::default(),
        text,
    }
}

/// Chooses within `budget` and writes the text; the count of the whole never passes the request's budget.
fn decide_within(request: &Request, candidates: Vec<Candidate>, budget: u32, counts: &Counts) -> Decision {
    let format = request.format;
    let model = request.model.as_deref();
    // A piece's number has few digits; 999 is the longest that is usual.
    let measure = |it: &Candidate| {
        let text = render::piece(format, 999, it);
        *counts.borrow_mut().entry(text).or_insert_with_key(|it| tokens::count_for(model, it))
    };
    let mut choice = budget::choose(candidates, budget, &measure);
    let counted = choice.chosen.iter().map(|it| it.1).sum();
    let joined = merge::neighbours(choice.chosen.into_iter().map(|it| it.0).collect()).into_iter().map(shown);
    choice.chosen = joined.map(|it| (measure(&it), it)).map(|(tokens, it)| (it, tokens)).collect();
    loop {
        let text = render::whole(format, choice.chosen.iter().map(|(it, _)| it));
        let tokens = tokens::count_for(model, &text);
        if tokens <= request.budget_tokens {
            choice.left_out.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
            return Decision { choice, text, tokens, counted };
        }
        let Some((last, size)) = choice.chosen.pop() else { return Decision { choice, text, tokens, counted } };
        let room = size.saturating_sub(tokens - request.budget_tokens);
        let may_be_cut = last.rendition != Rendition::Signatures;
        let cut = may_be_cut.then(|| budget::beginning(&last, room, &measure)).flatten();
        match cut {
            Some((cut, kept)) => {
                choice.left_out.push((last, size.saturating_sub(kept), budget::ONLY_BEGINNING.to_owned()));
                choice.chosen.push((cut, kept));
            }
            None => choice.left_out.push((last, size, budget::NOT_FITTING.to_owned())),
        }
    }
}

/// The piece without the secrets that its file holds. What was remembered or said has none.
fn shown(candidate: Candidate) -> Candidate {
    if candidate.source != SourceName::Workspace.name() {
        return candidate;
    }
    let title = match candidate.title.strip_suffix('…') {
        Some(cut) => format!("{}…", without_half_a_key(cut)),
        None => candidate.title,
    };
    Candidate { text: redact::shown(candidate.text), title: redact::shown(title), ..candidate }
}

/// Letters at the end of a cut text from which on they may be a part of a key, which nobody can tell any more.
const MAY_BE_A_KEY: usize = 12;

/// `cut` without the run of letters at its end, where that may be half a key.
fn without_half_a_key(cut: &str) -> &str {
    let rest = cut.trim_end_matches(|it: char| it.is_ascii_alphanumeric() || "_+/=-".contains(it));
    if cut.len() - rest.len() < MAY_BE_A_KEY { cut } else { rest.trim_end() }
}

fn item(candidate: Candidate, tokens: u32) -> Item {
    Item {
        source: candidate.source,
        uri: candidate.uri,
        path: candidate.path,
        start_line: candidate.lines.map(|it| it.0),
        end_line: candidate.lines.map(|it| it.1),
        title: candidate.title,
        tokens,
        score: (candidate.score * 1e4).round() / 1e4,
        why: candidate.why,
        rendition: candidate.rendition.name(),
        text: candidate.text,
        seen: candidate.seen,
    }
}

/// The address of a piece, with its lines.
fn address(candidate: &Candidate) -> String {
    match candidate.lines {
        Some((start, end)) => format!("{}#L{start}-L{end}", candidate.uri),
        None => candidate.uri.clone(),
    }
}

fn pack_id(request: &Request, text: &str) -> String {
    let sources: Vec<&str> = request.sources.iter().map(|it| it.name()).collect();
    let view = &request.view;
    let input = json!([
        request.query,
        request.budget_tokens,
        sources,
        view.namespace,
        view.user_id,
        view.persona,
        view.session_id,
        request.as_of,
        request.model,
        request.format.name(),
    ]);
    let mut hasher = blake3::Hasher::new();
    hasher.update(input.to_string().as_bytes());
    hasher.update(b"\n");
    hasher.update(text.as_bytes());
    format!("pack_{}", &hasher.finalize().to_hex()[..32])
}

fn round(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}
