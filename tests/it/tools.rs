//! The tools as a host calls them, with a clock that the tests move (issue 2, section 4).

mod contexts;
mod hostile;
mod memory;
mod ranking;
mod traces;
mod truth;
