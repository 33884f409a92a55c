//! Remembers, recalls, forgets, and keeps itself in order.

mod consolidate;
mod embedding;
mod explain;
mod facts;
mod find;
mod forget;
mod kept;
mod of_a_time;
mod overview;
mod planned;
mod reading;
mod recall;
mod remember;
mod summary;
mod told;
mod unfound;
mod unknown;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::embed::Embedding;
use crate::search::Weights;
use crate::store::History;
use crate::store::Store;
use crate::store::StoreError;
use kept::Kept;

pub use consolidate::Consolidated;
pub use consolidate::Consolidation;
pub use consolidate::EXTRACTIVE;
pub use consolidate::Retention;
pub use consolidate::SAME;
pub use consolidate::Wanted;
pub use embedding::Caught;
pub use explain::HEIR;
pub use explain::OF_THE_TIME;
pub use find::Unfound;
pub use forget::Forgotten;
pub use overview::Overview;
pub use overview::flags;
pub use recall::ByWordsAlone;
pub use recall::Next;
pub use recall::Query;
pub use recall::Recalled;
pub use recall::Recollection;
pub use remember::Item;
pub use remember::KINDS;
pub use remember::Outcome;
pub use remember::Trust;
pub use summary::in_short;
pub use summary::sentences_of;
pub use summary::telling_sentences;
pub use unfound::Filter;
pub use unfound::Without;

/// The memory of all sessions.
#[derive(Clone, Debug)]
pub struct Memory {
    store: Store,
    clock: Clock,
    embedding: Embedding,
    /// Fired when there may be memories without a vector; heard by [`Memory::keep_embedded`].
    to_embed: Arc<Notify>,
    /// Whether this process has fired it for what it found in the file.
    looked: Arc<AtomicBool>,
    /// How many memories have no vector yet, as far as this process has seen: set and counted down by
    /// [`Memory::keep_embedded`], told with answers.
    waiting: Arc<AtomicU64>,
    policy: Policy,
    /// What searches have read.
    kept: Arc<Kept>,
    weights: Weights,
}

/// What the user wants to be done without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether a new fact takes the place of an old one that it contradicts for certain.
    pub supersede_when_certain: bool,
    /// Whether a memory with a secret in it is refused; else the secret is taken out.
    pub refuse_secrets: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { supersede_when_certain: true, refuse_secrets: false }
    }
}

impl Memory {
    /// A memory with the built-in embedder.
    pub fn new(store: Store, clock: Clock) -> Memory {
        let (embedding, policy) = (Embedding::default(), Policy::default());
        Memory {
            store,
            clock,
            embedding,
            to_embed: Arc::default(),
            looked: Arc::default(),
            waiting: Arc::default(),
            policy,
            kept: Arc::default(),
            weights: Weights::default(),
        }
    }

    /// The same memory with another embedder, or with none.
    #[must_use]
    pub fn embedded_by(self, embedding: Embedding) -> Memory {
        Memory { embedding, ..self }
    }

    /// The same memory under another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Memory {
        Memory { policy, ..self }
    }

    /// The same memory, ranked by other weights: to measure what each is worth.
    #[must_use]
    pub fn weighed(self, weights: Weights) -> Memory {
        Memory { weights, ..self }
    }

    /// The line of memories that the memory `id` stands in, and what happened to it.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`].
    pub async fn history(&self, id: &str) -> Result<History, StoreError> {
        self.store.memory_history(id.to_owned(), self.clock.now()).await
    }
}
