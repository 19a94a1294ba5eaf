//! Groups: how they are set up, who their members are, how far they have come.

mod config;
mod member;
mod progress;

pub use config::*;
pub use member::*;
pub use progress::*;
