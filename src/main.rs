//! The `carryall` command.

fn main() {}
