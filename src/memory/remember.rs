//! Stores memories: exact duplicates are recognised, what replaces an older memory ends it, secrets stay out.

use super::Memory;
use crate::clock::Millis;
use crate::embed;
use crate::embed::Embedding;
use crate::scope::Owner;
use crate::search;
use crate::store::NewMemory;
use crate::store::Status;
use crate::store::StoreError;

/// The kinds of memories.
pub const KINDS: [&str; 7] = ["fact", "preference", "decision", "pattern", "event", "note", "turn"];

/// Something to remember.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub content: String,
    /// One of [`KINDS`].
    pub kind: String,
    pub owner: Owner,
    pub speaker: Option<String>,
    pub tags: Vec<String>,
    /// 0.0..=1.0; `None` is in the middle.
    pub importance: Option<f64>,
    pub occurred_at: Option<Millis>,
    pub valid_from: Option<Millis>,
    pub valid_to: Option<Millis>,
    pub expires_at: Option<Millis>,
    pub source: Option<String>,
    pub supersedes: Option<String>,
}

/// What became of an [`Item`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub id: String,
    pub status: Status,
    pub supersedes: Option<String>,
    /// What was taken out of the content before it was stored, such as `aws access key`.
    pub redacted: Vec<String>,
}

impl Memory {
    /// Stores `items` in order, all or none; durable when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when an item supersedes a memory that is not there; else any [`StoreError`].
    pub async fn remember(&self, items: Vec<Item>) -> Result<Vec<Outcome>, StoreError> {
        let now = self.clock.now();
        let mut redacted = Vec::with_capacity(items.len());
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let (row, found) = prepare(item, now, &self.embedding);
            rows.push(row);
            redacted.push(found);
        }
        let incomplete = rows.iter().any(|it| it.vector.is_none());
        let stored = self.store.remember(rows, now).await?;
        self.look_for_unembedded(incomplete);
        let outcomes = stored.into_iter().zip(redacted).map(|(it, redacted)| Outcome {
            id: it.id,
            status: it.status,
            supersedes: it.supersedes,
            redacted,
        });
        Ok(outcomes.collect())
    }
}

fn prepare(item: Item, now: Millis, embedding: &Embedding) -> (NewMemory, Vec<String>) {
    let (content, redactions) = crate::redact::redact(&item.content);
    let index_text = search::index_text(&content).into_owned();
    let content_key = content_key(&item, &content);
    let vector = embedding.now(&embed::memory_text(item.speaker.as_deref(), &content));
    let row = NewMemory {
        valid_from: valid_from(&item, now),
        importance: item.importance.unwrap_or(0.5),
        owner: item.owner,
        kind: item.kind,
        speaker: item.speaker,
        tags: item.tags,
        occurred_at: item.occurred_at,
        valid_to: item.valid_to,
        expires_at: item.expires_at,
        source: item.source,
        supersedes: item.supersedes,
        content,
        index_text,
        content_key,
        vector,
    };
    let mut redacted: Vec<String> = redactions.into_iter().map(|it| it.what.to_string()).collect();
    redacted.dedup();
    (row, redacted)
}

/// Since when it holds. What has ended before that began at some time that nobody named.
fn valid_from(item: &Item, now: Millis) -> Millis {
    let since = item.valid_from.or(item.occurred_at).unwrap_or(now);
    match item.valid_to {
        Some(until) if until <= since && item.valid_from.is_none() => LONG_AGO,
        _ => since,
    }
}

/// 0001-01-01T00:00:00Z.
const LONG_AGO: Millis = -62_135_596_800_000;

/// Equal for two memories that say exactly the same of the same moment on behalf of the same owner. Where it came
/// from, its tags and its importance are not part of it: they are joined.
fn content_key(item: &Item, content: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    let owner = &item.owner;
    let times = [item.occurred_at, item.valid_from, item.valid_to].map(|at| at.map(|at| at.to_string()));
    let fields = [
        Some(owner.namespace.as_str()),
        owner.user_id.as_deref(),
        owner.persona.as_deref(),
        owner.session_id.as_deref(),
        Some(item.kind.as_str()),
        item.speaker.as_deref(),
        times[0].as_deref(),
        times[1].as_deref(),
        times[2].as_deref(),
        Some(content.trim()),
    ];
    for field in fields {
        // The length keeps ("ab", "c") and ("a", "bc") apart, the mark a missing field and an empty one.
        let text = field.unwrap_or_default();
        hasher.update(&[u8::from(field.is_some())]);
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].to_vec()
}
