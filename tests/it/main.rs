//! The tests of the whole: the real binary over pipes, the server over an in-memory stream, and the shape of the code.

mod architecture;
mod harness;
mod protocol;
