//! The program as its users meet it.

mod complete;
mod contexts;
mod failures;
mod usage;
