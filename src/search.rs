//! Turns texts and questions into the words that the text index knows, and ranks by them.

mod stopwords;
mod words;

pub use words::index_text;
pub use words::matched;
pub use words::query_words;
pub use words::scores;
