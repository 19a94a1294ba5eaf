//! `removeColdDataFlowCtrGroupConfig`: takes away a group's limit on reading from disk.

use super::limits::{self, change, limit_of, none_took};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::protocol::upkeep::RemoveColdDataFlowCtrConfig;

pub use super::limits::Output;

/// Take away a group's own limit on reading from disk
///
/// The limit of every other group (cgColdReadThreshold) is its limit from then on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        rmq removeColdDataFlowCtrGroupConfig -b 127.0.0.1:10911 -g Reports\n  \
        rmq removeColdDataFlowCtrGroupConfig -c DefaultCluster -g Reports --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The consumer group
    #[arg(short = 'g', long = "consumerGroup", value_name = "GROUP")]
    pub consumer_group: String,
}

/// Looks for the limit and takes it away; the masters of a cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed, or none has a limit for the group.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { which, consumer_group: group } = args;
    let brokers = which.brokers(ctx, Roles::Masters).await?;
    let name = group.as_str();
    let answers = ctx
        .ask_each(&format!("remove the limit of group {group}"), brokers, |broker| async move {
            let before = limit_of(ctx, &broker.addr, name).await?;
            if before.is_some() && !ctx.dry_run {
                ctx.ask::<RemoveColdDataFlowCtrConfig>(&broker.addr, (), name.to_owned()).await?;
            }
            Ok(before)
        })
        .await?;
    if answers.given.iter().all(|(_, before)| before.is_none()) {
        return Err(none_took(format!("group {group} has no limit of its own"), &answers.failures)
            .hint("rmq getColdDataFlowCtrInfo shows the limits"));
    }
    let mut output = limits::Output::new(ctx, &group, "remove broker cold read threshold");
    output.changes = answers.given.into_iter().map(|(broker, before)| change(broker, before, None)).collect();
    output.failures = answers.failures;
    Ok(output)
}
