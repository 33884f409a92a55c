//! Answers questions about use, cost and quality: what happened, in words, in rows and in a picture.
//!
//! A question is read ([`question`]), becomes a plan (`plan`), the store counts, and the finding is said
//! (`finding`) and drawn ([`chart`]). All of these but the counting are functions over values.

mod ahead;
mod answer;
pub mod chart;
mod conditions;
mod filters;
mod finding;
mod limits;
mod named;
mod pages;
mod plan;
pub mod question;
mod reading;
mod shares;
mod single;
#[cfg(test)]
mod tests;
pub mod year;

pub use answer::Answer;
pub use answer::Insights;
pub use answer::InsightsError;
pub use answer::Question;
pub use answer::Viewer;
pub use finding::Link;
pub use pages::Page;
pub use plan::Drill;
pub use plan::GROUPS;
pub use plan::Kind;
pub use plan::VIEWS;
