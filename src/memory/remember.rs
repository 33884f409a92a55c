//! Stores memories: exact duplicates are recognised, what replaces an older memory ends it, secrets stay out.

use super::Memory;
use super::Policy;
use crate::clock::Millis;
use crate::embed;
use crate::embed::Embedding;
use crate::ids;
use crate::meaning;
use crate::scope::Owner;
use crate::search;
use crate::store::Contradiction;
use crate::store::NewMemory;
use crate::store::Reading;
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
    /// How far it can be trusted; `None` is read from who said it and where it is from.
    pub trust: Option<Trust>,
    /// The program that tells it, such as the host's name.
    pub written_by: Option<String>,
}

/// Whose word a memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Told in a conversation with the user.
    User,
    /// Said by a model.
    Assistant,
    /// Taken in from another program's file.
    Imported,
    /// Read in a document or on a page: written by anybody.
    Document,
}

impl Trust {
    /// As it is kept and shown.
    pub fn name(self) -> &'static str {
        match self {
            Trust::User => "user",
            Trust::Assistant => "assistant",
            Trust::Imported => "imported",
            Trust::Document => "document",
        }
    }

    /// What the speaker and the source say of it.
    fn of(item: &Item) -> Trust {
        let speaker = item.speaker.as_deref().map(str::to_lowercase).unwrap_or_default();
        let source = item.source.as_deref().unwrap_or_default();
        if ["assistant", "ai", "agent", "model", "bot", "claude", "chatgpt", "gpt", "gemini"]
            .contains(&speaker.as_str())
        {
            Trust::Assistant
        } else if ["http://", "https://", "file:"].iter().any(|it| source.starts_with(it)) {
            Trust::Document
        } else {
            Trust::User
        }
    }
}

/// What became of an [`Item`].
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub id: String,
    pub status: Status,
    pub supersedes: Option<String>,
    /// What was taken out of the content before it was stored, such as `AWS access key`.
    pub redacted: Vec<String>,
    /// Older memories that say otherwise, whether this one took their place or not.
    pub contradicts: Vec<Contradiction>,
    /// What is suspicious about the content, such as `orders`.
    pub flags: Vec<String>,
    /// The fields that say that it holds no more, or is to be deleted, since a time that is past.
    pub past: Vec<&'static str>,
}

impl Memory {
    /// The first of `items` that holds a secret, and what it is, when the policy is to refuse those.
    pub fn refused(&self, items: &[Item]) -> Option<(usize, &'static str)> {
        let secret = |item: &Item| texts(item).find_map(|it| crate::redact::redact(it).1.first().map(|it| it.what));
        let found = |(at, item): (usize, &Item)| secret(item).map(|what| (at, what));
        self.policy.refuse_secrets.then(|| items.iter().enumerate().find_map(found)).flatten()
    }

    /// Stores `items` in order, all or none; durable when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when an item supersedes a memory that is not there, [`StoreError::Denied`] when that is of
    /// another owner; else any [`StoreError`].
    pub async fn remember(&self, items: Vec<Item>) -> Result<Vec<Outcome>, StoreError> {
        let now = self.clock.now();
        let mut noted = Vec::with_capacity(items.len());
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let past = past(&item, now);
            let (row, found) = prepare(item, now, self.policy, &self.embedding);
            noted.push((found, row.reading.flags.clone(), past));
            rows.push(row);
        }
        let incomplete = rows.iter().any(|it| it.vector.is_none());
        let stored = self.store.remember(rows, now).await?;
        self.look_for_unembedded(incomplete);
        let outcomes = stored.into_iter().zip(noted).map(|(it, (redacted, flags, past))| Outcome {
            id: it.id,
            status: it.status,
            supersedes: it.supersedes,
            redacted,
            contradicts: it.contradicts,
            flags,
            past,
        });
        Ok(outcomes.collect())
    }
}

/// The fields of `item` by which nobody sees it any more.
fn past(item: &Item, now: Millis) -> Vec<&'static str> {
    let ends = [("valid_to", item.valid_to), ("expires_at", item.expires_at)];
    ends.into_iter().filter(|it| it.1.is_some_and(|at| at <= now)).map(|it| it.0).collect()
}

/// What of an item is free text, in which a secret may stand.
fn texts(item: &Item) -> impl Iterator<Item = &str> {
    let beside = [item.speaker.as_deref(), item.source.as_deref()];
    std::iter::once(item.content.as_str())
        .chain(item.tags.iter().map(String::as_str))
        .chain(beside.into_iter().flatten())
}

fn prepare(mut item: Item, now: Millis, policy: Policy, embedding: &Embedding) -> (NewMemory, Vec<String>) {
    let (content, mut redactions) = crate::redact::redact(&item.content);
    for text in item.tags.iter_mut().chain(&mut item.speaker).chain(&mut item.source).chain(&mut item.written_by) {
        let (clean, found) = crate::redact::redact(text);
        if !found.is_empty() {
            *text = clean;
            redactions.extend(found);
        }
    }
    let index_text = search::index_text(&content).into_owned();
    let content_key = content_key(&item, &content);
    let reading = read(&item, &content, policy);
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
        reading,
    };
    let mut redacted: Vec<String> = redactions.into_iter().map(|it| it.what.to_string()).collect();
    redacted.dedup();
    (row, redacted)
}

/// What the content states. A turn of a conversation is a record of what was said: it says nothing that could be
/// contradicted, and the same words said twice are two turns.
fn read(item: &Item, content: &str, policy: Policy) -> Reading {
    let is_turn = item.kind == "turn";
    let (facts, asks) =
        if is_turn { (Vec::new(), Vec::new()) } else { meaning::facts_and_asks(content, item.speaker.as_deref()) };
    Reading {
        facts,
        asks,
        may_supersede: policy.supersede_when_certain,
        gist_key: if is_turn {
            None
        } else {
            meaning::gist(content, item.speaker.as_deref()).map(|it| owned_key(item, "gist", &it))
        },
        trust: item.trust.unwrap_or_else(|| Trust::of(item)).name().to_owned(),
        written_by: item.written_by.clone(),
        flags: meaning::suspicions(content).into_iter().map(|it| it.name().to_owned()).collect(),
    }
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
    owned_key(item, "", content.trim())
}

/// Equal for two memories of the same owner, kind, speaker and times with the same `text`.
fn owned_key(item: &Item, mark: &str, text: &str) -> Vec<u8> {
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
        Some(text),
    ];
    ids::key(mark, &fields)
}
