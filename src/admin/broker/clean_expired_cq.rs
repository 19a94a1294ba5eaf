//! `cleanExpiredCQ`: has brokers delete consume-queue files that point to nothing any more.

use super::housekeeping::{self, Where, Work};
use crate::admin::{CommandError, Context};
use crate::protocol::broker::CleanExpiredConsumequeue;

pub use super::housekeeping::Output;

/// Delete files of consume queues whose messages are gone
///
/// Brokers do so by themselves after they have deleted files of the commit log. For all clusters it asks first; --yes
/// answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq cleanExpiredCQ -b 127.0.0.1:10911\n  rmq cleanExpiredCQ -c DefaultCluster --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    pub place: Where,
}

const WORK: Work = Work {
    doing: "delete expired files of consume queues",
    done: "expired files deleted",
    would: "expired files would be deleted",
    destroys: false,
};

/// Asks every broker side by side.
///
/// # Errors
/// An unknown cluster; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    housekeeping::run::<CleanExpiredConsumequeue>(ctx, &args.place, WORK).await
}
