//! Picks the best pieces that fit a token budget, out of memory, files, conversation, state and what the call brings.
//!
//! Gather first (concurrently, each source with a deadline), then decide (pure), then write the text (pure).

mod assemble;
mod budget;
mod cache;
mod gap;
mod kind;
mod merge;
mod render;
mod source;

pub use assemble::Assembler;
pub use assemble::Degraded;
pub use assemble::InlineDocument;
pub use assemble::InlineTool;
pub use assemble::Item;
pub use assemble::Omission;
pub use assemble::Pack;
pub use assemble::Request;
pub use assemble::STORE;
pub use assemble::SourceName;
pub use assemble::Timings;
pub use cache::PackCache;
pub use kind::RequestKind;
pub use kind::Steering;
pub use kind::classify;
pub use kind::steer;
pub use render::Format;
pub use render::label;
pub use source::Candidate;
pub use source::Gathered;
pub use source::Rendition;
pub use source::Source;
