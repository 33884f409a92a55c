//! Turns texts and questions into the words that the text index knows, and ranks by them.

mod analysed;
mod fold;
mod irregular;
mod language;
mod nearest;
mod question;
mod rank;
mod stopwords;
mod weights;
mod words;

pub use analysed::Hashed;
pub use analysed::Names;
pub use analysed::Outline;
pub use analysed::Words;
pub use analysed::analyse;
pub use nearest::nearest;
pub use question::Counter;
pub use question::Counts;
pub use question::Question;
pub use question::Term;
pub use rank::Around;
pub use rank::Pool;
pub use rank::Signals;
pub use rank::add_meaning;
pub use rank::length;
pub use rank::nearby;
pub use rank::rarity;
pub use rank::score;
pub use words::index_text;
pub use words::matched;
pub use words::query_words;
pub use words::scores;
