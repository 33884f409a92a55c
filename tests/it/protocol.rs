//! The protocol, on the real binary.

mod calls;
#[cfg(unix)]
mod ending;
mod fuzz;
mod lifecycles;
mod lines;
mod lists;
mod resources;
