//! What plain statements say, without a model: who or what has which property, whether two texts say the same, and
//! whether a text gives orders to a model.
//!
//! Everything here is a function over texts. It would rather see nothing than see something that is not there: a
//! missed contradiction costs a line of advice, a wrong one hides what is true.

mod abroad;
mod alike;
mod announced;
mod asks;
mod changes;
mod choices;
mod clause;
mod conflict;
mod couples;
mod doers;
mod done;
mod entries;
mod facts;
mod frames;
mod gone;
mod headings;
mod holding_kinds;
mod holdings;
mod linked;
mod nearby;
mod one_slot;
mod openings;
mod orders;
mod outcome;
mod past;
mod phrases;
mod pursuits;
mod qualities;
mod reach;
mod refill;
mod restated;
mod roles;
mod same;
mod sides;
mod slots;
mod spoken;
mod subject;
mod tables;
mod topic;
mod value;
mod values;
mod words;

pub use conflict::CERTAIN;
pub use conflict::WORTH_TELLING;
pub use conflict::conflict;
pub use conflict::is_ambiguous;
pub use conflict::is_by_name_alone;
pub use facts::Fact;
pub use facts::facts;
pub use facts::facts_and_asks;
pub use frames::plain_attribute;
pub use orders::Suspicion;
pub use orders::suspicions;
pub use outcome::Outcome;
pub use outcome::outcome;
pub use past::is_of_before;
pub use reach::is_person_of_someone;
pub use same::gist;
pub use same::says_the_same;
pub use tables::attributes_named;
