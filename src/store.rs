//! Rows in, rows out: one SQLite file behind one handle, shared by several processes.
//!
//! No other room contains SQL. Callers pass values and get rows; what a row means is theirs. [`Store`] is the seam
//! behind which a second database can stand.

mod answers;
mod contexts;
mod db;
mod error;
mod exchange;
mod facts;
mod history;
mod insights;
mod memories;
mod memory_search;
mod migrate;
mod open;
mod packs;
mod speeds;
mod spending;
#[cfg(test)]
mod tests;
mod traces;
mod turns;
mod vectors;
mod workspace;

pub use answers::KeptAnswer;
pub use contexts::ContextKey;
pub use contexts::ContextRow;
pub use contexts::ContextWrite;
pub use contexts::Scope;
pub use db::Store;
pub use error::StoreError;
pub use exchange::Counts;
pub use facts::Contradiction;
pub use history::History;
pub use history::MemoryEvent;
pub use history::Version;
pub use insights::CallFilter;
pub use insights::CallRow;
pub use insights::Cell;
pub use insights::Count;
pub use insights::Counted;
pub use insights::NewFeedback;
pub use insights::Table;
pub use memories::MemoryFilter;
pub use memories::MemoryRow;
pub use memories::NewMemory;
pub use memories::Origin;
pub use memories::Reading;
pub use memories::Remembered;
pub use memories::Status;
pub use memories::Validity;
pub use memory_search::Beside;
pub use memory_search::Field;
pub use memory_search::Glances;
pub use memory_search::MemoryCounts;
pub use memory_search::MemoryGlance;
pub use memory_search::MemoryReader;
pub use open::Health;
pub use packs::PackRow;
pub use speeds::SpeedRow;
pub use spending::Granted;
pub use spending::Reservation;
pub use spending::SpendingCap;
pub use spending::Spent;
pub use traces::TraceFilter;
pub use traces::TraceRow;
pub use turns::NewTurn;
pub use turns::TurnRow;
pub use vectors::Embedded;
pub use vectors::Unembedded;
pub use workspace::ChunkMatch;
pub use workspace::FileRow;
pub use workspace::NewChunk;
pub use workspace::NewFile;
pub use workspace::WorkspaceRow;
