//! Keeps the memory in order, in short steps: links what says the same, summarises sessions, lets go of what has
//! expired, and deletes by age where a person wrote so. Nothing that was said is replaced.

use std::collections::VecDeque;

use super::Memory;
use super::summary;
use crate::clock::Millis;
use crate::ids;
use crate::meaning;
use crate::plural::counted;
use crate::scope::Owner;
use crate::search;
use crate::store::AgeFilter;
use crate::store::Comparable;
use crate::store::MemoryRow;
use crate::store::NewLink;
use crate::store::SessionEntry;
use crate::store::StoreError;
use crate::store::SummaryRow;
use crate::trace::Call;

/// Memories that one step compares with those before them: some 20 ms.
const COMPARED_AT_ONCE: usize = 20;

/// Memories with which one is compared: those that share most of its words.
const CANDIDATES: usize = 6;

/// Words of a memory that are searched for: those with digits, which are the same where two say the same, and the longest,
/// which are the rarest by and large.
const WORDS: usize = 6;

/// Memories that go by age with one transaction.
const DELETED_AT_ONCE: usize = 500;

/// Memories of one rule that one run counts or deletes; the next goes on.
const AGED: usize = 100_000;

/// Who makes summaries without a model.
pub const EXTRACTIVE: &str = "extractive";

/// The relation of two memories that say the same.
pub const SAME: &str = "same";

/// A rule by which memories are deleted at their age; a person wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub name: String,
    pub namespace: Option<String>,
    pub kind: Option<String>,
    pub older_than_days: u32,
}

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only look.
    pub dry_run: bool,
    /// Look at every session again, and not only at those that grew since.
    pub all_sessions: bool,
    pub retention: Vec<Retention>,
    /// Whether the rules delete; otherwise what they would is counted.
    pub apply_retention: bool,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consolidated {
    /// Rows that had expired, and are gone.
    pub expired: usize,
    /// Memories that hold no more, and are hidden since.
    pub ended: usize,
    /// Memories whose facts are other ones now: written before there was a reader of facts, or by an older one.
    pub facts_read: usize,
    pub compared: usize,
    /// Pairs that say the same, both kept.
    pub linked: usize,
    /// Memories that stand behind another that says the same.
    pub merged: usize,
    pub sessions: usize,
    /// Summaries that were made or made anew.
    pub summarised: usize,
    /// What each rule of retention meant, and whether it is gone.
    pub retention: Vec<(String, usize, bool)>,
}

/// A consolidation under way; see [`Consolidation::step`].
#[derive(Debug)]
pub struct Consolidation {
    wanted: Wanted,
    pub done: Consolidated,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Expiry,
    Facts,
    Compare { after: i64 },
    FindSessions,
    Summarise { sessions: VecDeque<Owner>, turn: i64, memory: i64 },
    Retention { at: usize },
    Done,
}

impl Consolidation {
    /// A run that has not begun.
    pub fn new(wanted: Wanted) -> Consolidation {
        Consolidation { wanted, done: Consolidated::default(), phase: Phase::Expiry }
    }

    /// What it is at, in words, and how many pieces of that are left when that is known.
    pub fn at(&self) -> (&'static str, Option<usize>) {
        match &self.phase {
            Phase::Expiry => ("lets go of what has expired", None),
            Phase::Facts => ("reads what memories state", None),
            Phase::Compare { .. } => ("compares memories", None),
            Phase::FindSessions => ("looks for sessions", None),
            Phase::Summarise { sessions, .. } => ("summarises sessions", Some(sessions.len())),
            Phase::Retention { .. } => ("applies the rules of retention", None),
            Phase::Done => ("done", Some(0)),
        }
    }

    /// Does the next short piece of the work, some tens of milliseconds; whether there is more. One that is dropped
    /// amid its work leaves nothing half done.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; the step can be tried again.
    pub async fn step(&mut self, memory: &Memory) -> Result<bool, StoreError> {
        let now = memory.clock.now();
        let dry_run = self.wanted.dry_run;
        match &mut self.phase {
            Phase::Expiry => {
                let (expired, ended) = memory.store.ended(now).await?;
                let swept = if dry_run { 0 } else { memory.store.sweep(now).await? };
                self.done.expired += if dry_run { expired } else { swept };
                self.done.ended = ended;
                if swept == 0 {
                    self.phase = Phase::Facts;
                }
            }
            Phase::Facts => {
                let (seen, changed) = if dry_run { (0, 0) } else { memory.read_some_facts().await? };
                self.done.facts_read += changed;
                if seen == 0 {
                    let after = memory.store.kept("compared").await?;
                    self.phase = Phase::Compare { after };
                }
            }
            Phase::Compare { after } => {
                let next = memory.store.comparable(*after, COMPARED_AT_ONCE, now).await?;
                let Some(last) = next.last().map(|it| it.seq) else {
                    self.phase = Phase::FindSessions;
                    return Ok(true);
                };
                let compared = memory.compare(&next, dry_run).await?;
                if !dry_run {
                    memory.store.keep("compared", last).await?;
                }
                *after = last;
                self.done.compared += next.len();
                self.done.linked += compared.linked;
                self.done.merged += compared.merged;
            }
            Phase::FindSessions => {
                let (turn, row) = match self.wanted.all_sessions {
                    true => (0, 0),
                    false => {
                        (memory.store.kept("summarised_turns").await?, memory.store.kept("summarised_memories").await?)
                    }
                };
                let (sessions, turn, row) = memory.store.sessions_beyond(turn, row).await?;
                self.phase = Phase::Summarise { sessions: sessions.into(), turn, memory: row };
            }
            Phase::Summarise { sessions, turn, memory: row } => match sessions.front().cloned() {
                Some(owner) => {
                    self.done.summarised += usize::from(memory.summarise(owner, dry_run).await?);
                    self.done.sessions += 1;
                    sessions.pop_front();
                }
                None => {
                    if !dry_run {
                        memory.store.keep("summarised_turns", *turn).await?;
                        memory.store.keep("summarised_memories", *row).await?;
                    }
                    self.phase = Phase::Retention { at: 0 };
                }
            },
            Phase::Retention { at } => match self.wanted.retention.get(*at) {
                Some(rule) => {
                    let applies = self.wanted.apply_retention && !dry_run;
                    let count = memory.retain(rule, applies).await?;
                    self.done.retention.push((rule.name.clone(), count, applies));
                    *at += 1;
                }
                None => self.phase = Phase::Done,
            },
            Phase::Done => return Ok(false),
        }
        Ok(true)
    }
}

/// What one step of comparing came to.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    linked: usize,
    merged: usize,
}

impl Memory {
    /// Does all of `wanted` and says what came of it. Tells its progress, and stops between two steps when the call is
    /// cancelled.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`]; what was done until then stays done. [`StoreError::Cancelled`] when the call was.
    pub async fn consolidate(&self, wanted: Wanted, call: &Call) -> Result<Consolidated, StoreError> {
        let mut work = Consolidation::new(wanted);
        while work.step(self).await? {
            if call.cancelled().is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            if call.progress().is_wanted() {
                let done = work.done.compared + work.done.sessions;
                let (what, left) = work.at();
                #[expect(clippy::cast_precision_loss, reason = "progress for a person")]
                call.progress().tell(done as f64, left.map(|it| (done + it) as f64), what);
            }
        }
        Ok(work.done)
    }

    /// What was said and kept in a session, in the order of time.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn session_entries(&self, owner: Owner) -> Result<Vec<SessionEntry>, StoreError> {
        self.store.session_entries(owner, self.clock.now()).await
    }

    /// The summary of a session, if there is one.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn summary(&self, owner: Owner) -> Result<Option<SummaryRow>, StoreError> {
        self.store.summary(owner).await
    }

    /// Keeps a summary that a model made out of `entries`, all of which are its sources. Says whether it was kept: not
    /// when one of them was forgotten meanwhile.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn keep_summary(
        &self,
        owner: Owner,
        entries: &[SessionEntry],
        content: String,
        made_by: String,
    ) -> Result<bool, StoreError> {
        let sources = entries.iter().map(|it| it.id.clone()).collect();
        self.store.put_summary(self.summary_row(owner, entries, content, made_by, sources)).await
    }

    fn summary_row(
        &self,
        owner: Owner,
        entries: &[SessionEntry],
        content: String,
        made_by: String,
        sources: Vec<String>,
    ) -> SummaryRow {
        SummaryRow {
            id: ids::fresh(),
            owner,
            content,
            made_by,
            covers: i64::try_from(entries.len()).unwrap_or(i64::MAX),
            fingerprint: fingerprint(entries),
            made_at: self.clock.now(),
            sources,
        }
    }

    /// Summarises the session of `owner` by its own sentences, unless its summary is of what it holds now; the summary
    /// that it has then. `None` when it has too little for one.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn summarise_session(&self, owner: Owner) -> Result<Option<SummaryRow>, StoreError> {
        self.summarise(owner.clone(), false).await?;
        self.store.summary(owner).await
    }

    /// Summarises a session, unless its summary is of what it holds now; whether it did.
    async fn summarise(&self, owner: Owner, dry_run: bool) -> Result<bool, StoreError> {
        let entries = self.session_entries(owner.clone()).await?;
        let before = self.store.summary(owner.clone()).await?;
        if before.as_ref().is_some_and(|it| it.fingerprint == fingerprint(&entries)) {
            return Ok(false);
        }
        let Some(extract) = summary::summarise(&entries) else {
            if before.is_some() && !dry_run {
                self.store.remove_summary(owner).await?;
            }
            return Ok(false);
        };
        if dry_run {
            return Ok(true);
        }
        let row = self.summary_row(owner, &entries, extract.text, EXTRACTIVE.to_owned(), extract.sources);
        self.store.put_summary(row).await
    }

    /// Finds for each memory those before it that say the same, and links them.
    async fn compare(&self, next: &[Comparable], dry_run: bool) -> Result<Compared, StoreError> {
        let now = self.clock.now();
        let rows = self.store.memories_by_id(next.iter().map(|it| it.id.clone()).collect(), now).await?;
        let mut compared = Compared::default();
        let mut links = Vec::new();
        for row in &rows {
            let mut alike = self.alike(row, now).await?;
            alike.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            for other in alike {
                // Each pair once: the later one looks for the first that said it.
                if !meaning::says_the_same(&other.content, &row.content, row.speaker.as_deref()) {
                    continue;
                }
                if loses_nothing(&other, row) {
                    compared.merged += 1;
                    if !dry_run {
                        self.store.merge_memories(other.id.clone(), row.id.clone(), now).await?;
                    }
                    break;
                }
                compared.linked += usize::from(dry_run);
                let relation = SAME.to_owned();
                links.push(NewLink { from_id: row.id.clone(), to_id: other.id, relation, score: 1.0 });
                break;
            }
        }
        if !dry_run && !links.is_empty() {
            compared.linked = self.store.add_links(links, now).await?;
        }
        Ok(compared)
    }

    /// Memories of the same owner before `row` that share its rarest words.
    async fn alike(&self, row: &MemoryRow, now: Millis) -> Result<Vec<MemoryRow>, StoreError> {
        let mut words = search::query_words(&row.content);
        words.sort_by_key(|it| std::cmp::Reverse((it.contains(|it: char| it.is_ascii_digit()), it.len())));
        words.truncate(WORDS);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let ids = self.store.alike(row.id.clone(), words, CANDIDATES, now).await?;
        self.store.memories_by_id(ids, now).await
    }

    /// Deletes what a rule means, or counts it.
    async fn retain(&self, rule: &Retention, applies: bool) -> Result<usize, StoreError> {
        let age = Millis::from(rule.older_than_days) * 86_400_000;
        let before = self.clock.now().saturating_sub(age);
        let filter = AgeFilter { namespace: rule.namespace.clone(), kind: rule.kind.clone(), before };
        let ids = self.store.aged(filter, AGED).await?;
        if applies {
            for some in ids.chunks(DELETED_AT_ONCE) {
                let why = format!(
                    "the rule {} of the user file: older than {}",
                    rule.name,
                    counted(&rule.older_than_days, "day")
                );
                self.erase(some.to_vec(), "retention", why).await?;
            }
        }
        Ok(ids.len())
    }
}

/// Of everything that a session holds: changes when something comes or goes.
fn fingerprint(entries: &[SessionEntry]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        hasher.update(entry.id.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}

/// Whether `kept` can stand for `other`, which says the same: nothing that `other` has beside its words is lost.
fn loses_nothing(kept: &MemoryRow, other: &MemoryRow) -> bool {
    kept.owner == other.owner
        && kept.kind == other.kind
        && kept.speaker == other.speaker
        && kept.occurred_at == other.occurred_at
        && kept.valid_to.is_none()
        && other.valid_to.is_none()
        && kept.expires_at.is_none()
        && other.expires_at.is_none()
        && (other.source.is_none() || kept.source.is_none() || kept.source == other.source)
        // Tags would have to be joined in the index as well; a link does without.
        && other.tags.iter().all(|it| kept.tags.contains(it))
}
