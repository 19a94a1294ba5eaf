//! `cleanUnusedTopic`: has brokers delete the queues of topics that are configured no more.

use super::housekeeping::{self, Where, Work};
use crate::admin::{CommandError, Context};
use crate::protocol::broker::CleanUnusedTopic;

pub use super::housekeeping::Output;

/// Delete the queues of topics that are no longer configured
///
/// The messages stay in the commit log until it is over its time. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq cleanUnusedTopic -b 127.0.0.1:10911\n  rmq cleanUnusedTopic -c DefaultCluster --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    pub place: Where,
}

const WORK: Work = Work {
    doing: "delete queues of unused topics",
    done: "unused queues deleted",
    would: "unused queues would be deleted",
    destroys: true,
};

/// Asks every broker side by side.
///
/// # Errors
/// An unknown cluster; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    housekeeping::run::<CleanUnusedTopic>(ctx, &args.place, WORK).await
}
