//! The `chatforge` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    chatforge::cli::main()
}
