//! What is kept and what is not: forgetting, the audit, consolidation, and what comes from elsewhere.

mod consolidating;
mod forgetting;
mod importing;
mod secrets;
