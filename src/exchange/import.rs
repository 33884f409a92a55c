//! Takes in what a format holds: all is read and checked before the first is written, what came in before is known,
//! and the rest goes the way of any other write.

use std::collections::BTreeMap;
use std::collections::HashSet;

use futures_util::future;
use serde_json::json;
use tokio::sync::mpsc;

use super::Format;
use super::Piece;
use super::Session;
use super::Turn;
use super::input::Problem;
use super::input::Sink;
use super::input::Source;
use crate::clock::Clock;
use crate::ids;
use crate::memory::Item;
use crate::memory::Memory;
use crate::memory::Trust;
use crate::redact;
use crate::scope::Owner;
use crate::session::Sessions;
use crate::store::AuditRow;
use crate::store::ContextBy;
use crate::store::ContextKey;
use crate::store::ContextWrite;
use crate::store::Scope;
use crate::store::SessionAbout;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TurnRow;

/// What is to be taken in, and whose it becomes.
#[derive(Clone, Debug)]
pub struct Asked {
    pub source: Source,
    /// `None` finds out.
    pub format: Option<Format>,
    pub namespace: String,
    /// Takes the place of the users that the input names.
    pub user_id: Option<String>,
    pub persona: Option<String>,
    /// Whether users that the input names are left out, so that everybody sees what they said.
    pub unowned: bool,
    /// Whether turns become memories too, so that `recall` finds them.
    pub remember_turns: bool,
    pub dry_run: bool,
}

/// What came in, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub format: String,
    pub memories: usize,
    pub memories_known: usize,
    pub turns: usize,
    pub turns_known: usize,
    pub sessions: usize,
    /// Texts out of which a secret was taken.
    pub redacted: usize,
    /// What is there and was not taken in.
    pub skipped: Vec<Skipped>,
    /// Users that memories belong to; only they see them.
    pub users: Vec<String>,
    /// The beginnings of the first new ones.
    pub preview: Vec<String>,
}

/// What was not taken in for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub reason: String,
    pub count: usize,
    /// Where the first is.
    pub first: String,
}

/// Why nothing came in, or not all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImportError {
    /// Correct the input; nothing was written.
    #[error("{0}")]
    Input(#[from] Problem),
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Rows of our own formats go another way.
    #[error("{0} is imported as rows")]
    Rows(&'static str),
}

/// Pieces that are taken in with one transaction; what has more comes in by such parts, after all of it was checked.
const AT_ONCE: usize = 5_000;

/// The pieces of one such part.
const PART: usize = 1_000;

/// New ones that are shown.
const PREVIEW: usize = 10;

/// Characters of each.
const PREVIEW_CHARACTERS: usize = 100;

/// Characters of a session's id; longer ones are cut.
const SESSION_ID: usize = 200;

/// Contexts that are written at once, so that they share a transaction.
const TOGETHER: usize = 64;

/// Takes in what other programs kept.
#[derive(Clone, Debug)]
pub struct Importer {
    pub store: Store,
    pub memory: Memory,
    pub sessions: Sessions,
    pub clock: Clock,
}

impl Importer {
    /// The format of `asked`: the one that it names, or the one that its content tells.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that lists the formats.
    pub fn format(asked: &Asked) -> Result<Format, Problem> {
        match asked.format {
            Some(format) => Ok(format),
            None => super::detect::detect(&asked.source),
        }
    }

    /// Takes in what `asked` means. What came in by an earlier import is left as it is.
    ///
    /// # Errors
    ///
    /// [`ImportError::Input`] when the input is not of its format; nothing was written then.
    pub async fn import(&self, asked: &Asked) -> Result<Report, ImportError> {
        let format = Importer::format(asked)?;
        if format.is_own() {
            return Err(ImportError::Rows(format.name()));
        }
        let source = asked.source.clone();
        let looked = tokio::task::spawn_blocking(move || look(format, &source)).await;
        let small = looked.map_err(|err| StoreError::Internal { reason: err.to_string() })??;
        let mut taking = Taking {
            importer: self,
            asked,
            format,
            report: Report { format: format.name().to_owned(), ..Report::default() },
            skipped: BTreeMap::new(),
            sessions: HashSet::new(),
            seen: HashSet::new(),
        };
        match small {
            Some(pieces) => taking.take(pieces).await?,
            None => {
                let (sender, mut pieces) = mpsc::channel::<Vec<Piece>>(2);
                let source = asked.source.clone();
                let reading = tokio::task::spawn_blocking(move || by_parts(format, &source, &sender));
                while let Some(part) = pieces.recv().await {
                    taking.take(part).await?;
                }
                reading.await.map_err(|err| StoreError::Internal { reason: err.to_string() })??;
            }
        }
        let report = taking.end();
        if !asked.dry_run && report.memories + report.turns > 0 {
            self.note(asked, &report).await?;
        }
        Ok(report)
    }

    async fn note(&self, asked: &Asked, report: &Report) -> Result<(), StoreError> {
        let row = AuditRow {
            at: self.clock.now(),
            actor: "import".to_owned(),
            action: "imported".to_owned(),
            subject: asked.source.name(),
            namespace: Some(asked.namespace.clone()),
            user_id: asked.user_id.clone(),
            persona: asked.persona.clone(),
            details: json!({
                "format": report.format, "memories": report.memories, "turns": report.turns,
                "sessions": report.sessions,
            }),
        };
        self.store.add_audit(row).await
    }
}

/// Reads the pieces of `source`.
fn read(format: Format, source: &Source, sink: Sink<'_>) -> Result<(), Problem> {
    match format {
        Format::ServerMemory => super::server_memory::read(source, sink),
        Format::McpMemoryService => super::memory_service::read(source, sink),
        Format::Mem0 => super::mem0::read(source, sink),
        Format::Zep => super::zep::read(source, sink),
        Format::BasicMemory => super::basic_memory::read(source, sink),
        Format::Rules => super::rules::read(source, sink),
        // Of an export that was unpacked into a folder, its conversations.
        Format::ChatGpt | Format::Claude if source.is_folder() => {
            source.files(&super::detect::is_export)?.iter().try_for_each(|(_, file)| read(format, file, sink))
        }
        Format::ChatGpt => super::chatgpt::read(source, sink),
        Format::Claude => super::claude_ai::read(source, sink),
        Format::ClaudeCode => super::claude_code::read(source, sink),
        Format::Codex => super::codex::read(source, sink),
        Format::MarkdownLog => super::log::read(source, sink),
        Format::Carryall | Format::CarryallMarkdown => Ok(()),
    }
}

/// Reads all of `source`, so that nothing of it is written when something is wrong; the pieces, unless they are many.
fn look(format: Format, source: &Source) -> Result<Option<Vec<Piece>>, Problem> {
    let mut pieces = Vec::new();
    let mut count = 0;
    read(format, source, &mut |piece| {
        count += 1;
        if count <= AT_ONCE {
            pieces.push(piece);
        } else {
            pieces = Vec::new();
        }
        Ok(())
    })?;
    Ok((count <= AT_ONCE).then_some(pieces))
}

/// Reads `source` and sends its pieces by parts, until nobody wants them.
fn by_parts(format: Format, source: &Source, sender: &mpsc::Sender<Vec<Piece>>) -> Result<(), Problem> {
    let stopped = || Problem::new(source.name(), None, "the import was stopped");
    let mut part = Vec::with_capacity(PART);
    read(format, source, &mut |piece| {
        part.push(piece);
        match part.len() >= PART {
            true => sender.blocking_send(std::mem::take(&mut part)).map_err(|_| stopped()),
            false => Ok(()),
        }
    })?;
    sender.blocking_send(part).map_err(|_| stopped())
}

/// An import under way.
struct Taking<'a> {
    importer: &'a Importer,
    asked: &'a Asked,
    format: Format,
    report: Report,
    skipped: BTreeMap<String, (usize, String)>,
    sessions: HashSet<String>,
    /// Keys of this import; the same text may stand twice in it.
    seen: HashSet<Vec<u8>>,
}

impl Taking<'_> {
    async fn take(&mut self, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let mut items = Vec::new();
        let mut turns = Vec::new();
        let mut sessions = Vec::new();
        for piece in pieces {
            if let Some(what) = secret_name(&piece) {
                let reason = format!("the name of its user, persona or session looks like a secret ({what})");
                self.skipped.entry(reason).or_insert((0, self.asked.source.name())).0 += 1;
                continue;
            }
            match piece {
                Piece::Memory(item) => items.push(*item),
                Piece::Turn(turn) => turns.push(turn),
                Piece::Session(session) => sessions.push(session),
                Piece::Skipped { reason, at } => self.skipped.entry(reason).or_insert((0, at)).0 += 1,
            }
        }
        self.take_turns(&turns).await?;
        if self.asked.remember_turns {
            items.extend(turns.iter().map(|it| memory_of(it, self.format)));
        }
        self.take_memories(items).await?;
        self.take_sessions(sessions).await
    }

    async fn take_memories(&mut self, items: Vec<Item>) -> Result<(), StoreError> {
        let store = &self.importer.store;
        let mut keyed: Vec<(Vec<u8>, Item)> = Vec::new();
        for mut item in items {
            item.owner = self.owner(item.owner);
            item.trust = Some(Trust::Imported);
            let key = key(self.format, &item);
            if self.seen.insert(key.clone()) {
                keyed.push((key, item));
            }
        }
        let known = store.known_imports(keyed.iter().map(|it| it.0.clone()).collect()).await?;
        let (mut keys, mut fresh) = (Vec::new(), Vec::new());
        for ((key, item), known) in keyed.into_iter().zip(known) {
            if known {
                self.report.memories_known += 1;
                continue;
            }
            if let Some(user) = &item.owner.user_id
                && !self.report.users.contains(user)
            {
                self.report.users.push(user.clone());
            }
            self.show(&item.kind, &item.content);
            keys.push(key);
            fresh.push(item);
        }
        self.report.memories += fresh.len();
        if self.asked.dry_run || fresh.is_empty() {
            self.report.redacted += fresh.iter().filter(|it| !redact::redact(&it.content).1.is_empty()).count();
            return Ok(());
        }
        let outcomes = self.importer.memory.remember(fresh).await?;
        self.report.redacted += outcomes.iter().filter(|it| !it.redacted.is_empty()).count();
        store.add_imported(keys.into_iter().zip(outcomes.into_iter().map(|it| it.id)).collect()).await
    }

    async fn take_turns(&mut self, turns: &[Turn]) -> Result<(), StoreError> {
        let now = self.importer.clock.now();
        let mut rows = Vec::with_capacity(turns.len());
        for turn in turns {
            let (content, found) = redact::redact(&turn.content);
            let id = ids::of(&[self.format.name(), &self.asked.namespace, &turn.key]);
            rows.push((
                !found.is_empty(),
                turn.role,
                TurnRow {
                    id,
                    session_id: turn.session_id.chars().take(SESSION_ID).collect(),
                    owner: self.owner(Owner::default()),
                    role: turn.role.name().to_owned(),
                    content,
                    trace_id: None,
                    created_at: turn.at.unwrap_or(now),
                },
            ));
        }
        let store = &self.importer.store;
        let known = store.known_turns(rows.iter().map(|it| it.2.id.clone()).collect()).await?;
        let mut fresh = Vec::new();
        for ((redacted, role, row), known) in rows.into_iter().zip(known) {
            // A file may hold the same message twice, as sessions that were resumed do.
            if known || !self.seen.insert(row.id.clone().into_bytes()) {
                self.report.turns_known += 1;
                continue;
            }
            self.report.redacted += usize::from(redacted);
            self.sessions.insert(row.session_id.clone());
            self.show(role.name(), &row.content);
            fresh.push(row);
        }
        self.report.turns += fresh.len();
        if !self.asked.dry_run && !fresh.is_empty() {
            store.import_turns(fresh, now).await?;
        }
        Ok(())
    }

    /// Notes what a session was called and where it is from.
    async fn take_sessions(&self, sessions: Vec<Session>) -> Result<(), StoreError> {
        if self.asked.dry_run {
            return Ok(());
        }
        for some in sessions.chunks(TOGETHER) {
            future::try_join_all(some.iter().map(|it| self.describe(it))).await?;
        }
        Ok(())
    }

    async fn describe(&self, session: &Session) -> Result<(), StoreError> {
        let key = ContextKey {
            namespace: self.asked.namespace.clone(),
            scope: Scope::Session,
            owner: session.id.chars().take(SESSION_ID).collect(),
            key: "import".to_owned(),
        };
        let title = session.title.as_deref().map(|it| redact::redact(it).0);
        let data = json!({"title": title, "format": self.format.name(), "file": session.file});
        let sessions = &self.importer.sessions;
        let by = ContextBy {
            actor: "import".to_owned(),
            user_id: self.asked.user_id.clone(),
            persona: self.asked.persona.clone(),
        };
        let owner = Owner { session_id: Some(key.owner.clone()), ..self.owner(Owner::default()) };
        // Programs that know no titles tell the folder instead.
        let (project, named) = match title.clone() {
            Some(folder) if folder.starts_with('/') => (Some(folder), None),
            title => (None, title),
        };
        let about = SessionAbout { title: named, host: Some(self.format.name().to_owned()), project };
        self.importer.store.describe_session(owner, about, self.importer.clock.now()).await?;
        match sessions.read(key.clone(), None, by.clone()).await? {
            Some(row) if row.data == data => Ok(()),
            _ => sessions.write(key, ContextWrite::Data(data), None, None, by).await.map(|_| ()),
        }
    }

    /// Whose a piece becomes, of which the input says `named`.
    fn owner(&self, named: Owner) -> Owner {
        let asked = self.asked;
        let user_id = asked.user_id.clone().or_else(|| named.user_id.filter(|_| !asked.unowned));
        Owner {
            namespace: asked.namespace.clone(),
            user_id,
            persona: asked.persona.clone().or(named.persona),
            session_id: named.session_id,
        }
    }

    fn show(&mut self, what: &str, content: &str) {
        if self.report.preview.len() < PREVIEW {
            let words = redact::redact(content).0.split_whitespace().collect::<Vec<_>>().join(" ");
            let cut: String = words.chars().take(PREVIEW_CHARACTERS).collect();
            let end = if cut.len() < words.len() { "…" } else { "" };
            self.report.preview.push(format!("{what}: {cut}{end}"));
        }
    }

    fn end(mut self) -> Report {
        self.report.sessions = self.sessions.len();
        let skipped = self.skipped.into_iter().map(|(reason, (count, first))| Skipped { reason, count, first });
        self.report.skipped = skipped.collect();
        self.report.users.sort();
        self.report
    }
}

/// The secret that stands where a piece names its user, persona or session: a name cannot be kept without it.
fn secret_name(piece: &Piece) -> Option<&'static str> {
    let names = match piece {
        Piece::Memory(item) => vec![&item.owner.user_id, &item.owner.persona, &item.owner.session_id],
        _ => Vec::new(),
    };
    let session = match piece {
        Piece::Turn(turn) => Some(&turn.session_id),
        Piece::Session(session) => Some(&session.id),
        _ => None,
    };
    let names = names.into_iter().flatten().chain(session);
    names.flat_map(|it| redact::redact(it).1).map(|it| it.what).next()
}

/// Names a memory of another program by its origin and its text: the same at every import.
fn key(format: Format, item: &Item) -> Vec<u8> {
    let owner = &item.owner;
    let fields = [
        Some(format.name()),
        Some(owner.namespace.as_str()),
        owner.user_id.as_deref(),
        owner.persona.as_deref(),
        item.source.as_deref(),
        Some(item.content.trim()),
    ];
    ids::key("", &fields)
}

/// A turn as a memory, for whoever wants it to be found by `recall`.
fn memory_of(turn: &Turn, format: Format) -> Item {
    Item {
        content: turn.content.clone(),
        kind: "turn".to_owned(),
        owner: Owner { session_id: Some(turn.session_id.chars().take(SESSION_ID).collect()), ..Owner::default() },
        speaker: Some(turn.role.name().to_owned()),
        occurred_at: turn.at,
        source: Some(format!("{}#{}", format.name(), turn.key)),
        ..Item::default()
    }
}
