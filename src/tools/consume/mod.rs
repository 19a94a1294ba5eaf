//! `rmq consume`: take part in a group, and show each message.

mod args;
mod row;
mod run;

pub use args::{Args, From};
pub use run::run;

/// Each line of JSON.
pub type Output = row::Shown<'static>;
