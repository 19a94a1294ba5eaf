//! `updateColdDataFlowCtrGroupConfig`: limits what a group may read from disk.

use super::limits::{self, change, limit_of, none_took};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::upkeep::UpdateColdDataFlowCtrConfig;

pub use super::limits::Output;

/// Limit what a consumer group may read from disk
///
/// Limits only where coldDataFlowControlEnable is set; brokers keep it until they end. The limit is read back.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        rmq updateColdDataFlowCtrGroupConfig -b 127.0.0.1:10911 -g Reports -v 1048576\n  \
        rmq updateColdDataFlowCtrGroupConfig -c DefaultCluster -g Reports -v 1048576 --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The consumer group
    #[arg(short = 'g', long = "consumerGroup", value_name = "GROUP")]
    pub consumer_group: String,
    /// What it may read from disk, in bytes per interval
    #[arg(short = 'v', long = "threshold", value_name = "BYTES")]
    pub threshold: i64,
}

/// Reads the limit, sets it, and reads it again; the masters of a cluster side by side.
///
/// # Errors
/// An unknown cluster; a group whose name cannot stand in properties; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { which, consumer_group: group, threshold } = args;
    if group.is_empty() || group.contains(['=', ':', '#', '!', '\n', '\\', ' ']) {
        return Err(CommandError::usage(format!("'{group}' is not the name of a consumer group")));
    }
    let brokers = which.brokers(ctx, Roles::Masters).await?;
    let name = group.as_str();
    let answers = ctx
        .ask_each(&format!("limit group {group}"), brokers, |broker| async move {
            let before = limit_of(ctx, &broker.addr, name).await?;
            if ctx.dry_run {
                return Ok((before, Some(threshold)));
            }
            let text = format!("{name}={threshold}\n");
            ctx.ask::<UpdateColdDataFlowCtrConfig>(&broker.addr, (), text).await?;
            Ok((before, limit_of(ctx, &broker.addr, name).await?))
        })
        .await?;
    let mut output = limits::Output::new(ctx, &group, "updateColdDataFlowCtrGroupConfig");
    output.failures = answers.failures;
    for (broker, (before, now)) in answers.given {
        if now == Some(threshold) {
            output.changes.push(change(broker, before, now));
            continue;
        }
        let now = now.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        output.failures.push(Failure {
            target: if broker.broker_name.is_empty() { broker.addr.clone() } else { broker.broker_name },
            addr: Some(broker.addr),
            code: None,
            message: format!("it did not take the limit, which is {now}"),
        });
    }
    if output.changes.is_empty() {
        return Err(none_took(format!("group {group} is not limited on any broker"), &output.failures));
    }
    Ok(output)
}
