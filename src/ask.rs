//! Answers a message: history, pack, route, turn, cost.
//!
//! Without a configured provider the built-in `extractive` one answers with the best cited passages, and says so.

mod answer;
mod cache;
mod compare;
mod extract;
mod facts;
mod prompt;
mod repair;
mod telling;
mod together;

pub use answer::Asker;
pub use answer::Citation;
pub use answer::ContextChoice;
pub use answer::Question;
pub use answer::Refusal;
pub use answer::Reply;
pub use cache::Flights;
pub use compare::Comparison;
pub use together::Side;
pub use together::Sides;
