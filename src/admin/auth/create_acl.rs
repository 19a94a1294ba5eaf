//! `createAcl`: access rules of a user.

use super::{access, written};
use crate::admin::{CommandError, Context};
use crate::protocol::auth::AuthCreateAcl;

/// Create access rules of a user
///
/// One rule for each resource. Where the user has a rule for a resource already it is replaced; rules for other
/// resources stay.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq createAcl -c DefaultCluster -s User:alice -r Topic:orders -a Pub,Sub -d Allow\n  \
        rmq createAcl -b 127.0.0.1:10911 -s User:alice -r 'Group:pay-*' -a Sub -i 10.0.0.0/8 -d Allow --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    pub rule: access::RuleArgs,
}

/// What was done on each broker.
pub type Output = written::Written;

/// Writes the rules to every broker side by side.
///
/// # Errors
/// Those of [`access::write`].
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    access::write::<AuthCreateAcl>(ctx, args.rule, "create acl to").await
}
