//! The command line: the argument tree, mqadmin's looser parsing, help, completions, exit codes.

mod complete;
mod contexts;
mod exit;
pub mod generate;
mod grammar;
pub mod help;
mod launch;
mod normalise;
mod personality;
pub mod protect;
mod run;
mod settings;
mod tree;
mod usage;

pub use grammar::CommandTable;
pub use normalise::normalise;
pub use run::main;
pub use tree::{areas, command, command_for, is_mqadmin};
