//! The `carryall` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    carryall::cli::main()
}
