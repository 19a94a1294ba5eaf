//! What is said about the program, checked against the program.

mod architecture;
pub mod catalogue;
mod generated;
mod parity;
