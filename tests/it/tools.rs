//! The tools as a host calls them, with a clock that the tests move.

mod contexts;
mod everyday;
mod hostile;
mod memory;
mod ranking;
mod traces;
mod truth;
