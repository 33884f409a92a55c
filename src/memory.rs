//! Remembers, recalls, forgets.

mod embedding;
mod find;
mod forget;
mod recall;
mod remember;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::embed::Embedding;
use crate::store::Store;

pub use embedding::Caught;
pub use find::Unfound;
pub use forget::Forgotten;
pub use recall::Query;
pub use recall::Recalled;
pub use recall::Recollection;
pub use remember::Item;
pub use remember::KINDS;
pub use remember::Outcome;

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
}

impl Memory {
    /// A memory with the built-in embedder.
    pub fn new(store: Store, clock: Clock) -> Memory {
        Memory { store, clock, embedding: Embedding::default(), to_embed: Arc::default(), looked: Arc::default() }
    }

    /// The same memory with another embedder, or with none.
    #[must_use]
    pub fn embedded_by(self, embedding: Embedding) -> Memory {
        Memory { embedding, ..self }
    }
}
