//! The integration tests.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what surprises a test fails it, and may be printed"
)]

mod admin;
mod broker;
mod broker_admin;
mod cli;
pub mod docs;
mod fuzz;
mod namesrv;
mod quickstart;
mod support;
mod tools;
