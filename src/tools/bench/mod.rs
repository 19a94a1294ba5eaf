//! `rmq bench`: put a load on a cluster, and say what it bore.
//!
//! [`drive`] sends at a pace, [`tally`] counts, [`report`] shows; a kind of load says only what one request is.

mod args;
mod classic;
mod consume;
mod drive;
mod fault;
mod latency;
mod ledger;
mod live;
mod payload;
mod plan;
mod produce;
mod report;
mod run;
mod share;
mod span;
mod stamp;
mod tally;
mod transaction;

pub use args::Args;
pub use report::Report as Output;
pub use run::run;
