//! The protocol, on the real binary (issue 2, section 2).

mod calls;
#[cfg(unix)]
mod ending;
mod fuzz;
mod lifecycles;
mod lines;
mod lists;
mod resources;
