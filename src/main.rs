//! Parse, run, map the error to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    rmq::cli::main(std::env::args_os())
}
