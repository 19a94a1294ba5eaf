//! `deleteExpiredCommitLog`: has brokers delete commit-log files that are over their time.

use super::housekeeping::{self, Where, Work};
use crate::admin::{CommandError, Context};
use crate::protocol::broker::DeleteExpiredCommitlog;

pub use super::housekeeping::Output;

/// Delete files of the commit log that are over their time
///
/// A file is over its time `fileReservedTime` hours after its last message, consumed or not. Brokers do so by themselves
/// at the hour `deleteWhen` and when the disk is nearly full. It is asked for and done a little later. It asks first;
/// --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq deleteExpiredCommitLog -b 127.0.0.1:10911\n  rmq deleteExpiredCommitLog -c DefaultCluster --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    pub place: Where,
}

const WORK: Work = Work {
    doing: "delete expired files of the commit log",
    done: "deletion asked for",
    would: "deletion would be asked for",
    destroys: true,
};

/// Asks every broker side by side.
///
/// # Errors
/// An unknown cluster; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    housekeeping::run::<DeleteExpiredCommitlog>(ctx, &args.place, WORK).await
}
