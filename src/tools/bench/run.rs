//! Running a load of the kind that is asked for.

use super::args::{Args, Kind};
use super::report::Report;
use super::{consume, latency, produce, transaction};
use crate::admin::{CommandError, Context};

/// Runs the load, and reports on it.
///
/// # Errors
/// When it cannot begin, and what keeps it from being shown.
pub async fn run(ctx: &Context, args: Args) -> Result<Report, CommandError> {
    match args.kind {
        Kind::Producer(args) => Box::pin(produce::messages(ctx, &args)).await,
        Kind::Batch(args) => Box::pin(produce::batches(ctx, &args)).await,
        Kind::Consumer(args) => Box::pin(consume::run(ctx, &args)).await,
        Kind::Latency(args) => Box::pin(latency::run(ctx, &args)).await,
        Kind::Transaction(args) => Box::pin(transaction::run(ctx, &args)).await,
    }
}
