//! `rmq produce`: send messages, and say where each went.

mod args;
mod jobs;
mod row;
mod run;
mod source;

pub use args::{Args, PAYLOAD_HELP};
pub use row::SentRow as Output;
pub use run::run;
