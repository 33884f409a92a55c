//! Remembers, recalls, forgets.

mod forget;
mod recall;
mod remember;

use crate::clock::Clock;
use crate::store::Store;

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
}

impl Memory {
    pub fn new(store: Store, clock: Clock) -> Memory {
        Memory { store, clock }
    }
}
