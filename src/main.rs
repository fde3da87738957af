//! The `chatforge` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Where it cannot be told, memory is kept as that system sees fit.
    let _ = chatforge_allocator::give_back_memory();
    chatforge::cli::main()
}
