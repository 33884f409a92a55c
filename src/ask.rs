//! Answers a message: history, pack, route, turn, cost.
//!
//! Without a configured provider the built-in `extractive` one answers with the best cited passages, and says so.

mod answer;
mod cache;
mod cite;
mod compare;
mod context;
mod extract;
mod facts;
mod history;
mod once;
mod prompt;
mod question;
mod repair;
mod route;
mod telling;
mod together;

pub use answer::Asker;
pub use cache::Flights;
pub use compare::Comparison;
pub use question::Citation;
pub use question::ContextChoice;
pub use question::Question;
pub use question::Refusal;
pub use question::Reply;
pub use together::Side;
pub use together::Sides;
