//! Turns texts into vectors: by the table in the binary, or by a model of the user's choice.
//!
//! The built-in table is a static one: a text's vector is the weighted mean of its word pieces' vectors, distilled from
//! all-MiniLM-L6-v2 (`tools/embedder`). It knows no order of words and is a thousand times faster than the model.

mod built_in;
mod embedder;
#[cfg(feature = "candle")]
mod folder;
mod pieces;
mod remote;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use built_in::StaticEmbedder;
pub use embedder::EmbedError;
pub use embedder::Embedder;
pub use embedder::Embedding;
pub use embedder::memory_text;
#[cfg(feature = "candle")]
pub use folder::FolderEmbedder;
pub use remote::RemoteEmbedder;
pub use words::KnownWords;
pub use words::word;
