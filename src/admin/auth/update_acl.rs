//! `updateAcl`: other access rules of a user.

use super::{access, written};
use crate::admin::{CommandError, Context};
use crate::protocol::auth::AuthUpdateAcl;

/// Change access rules of a user
///
/// The rules of the named resources are replaced, addresses included; rules for other resources stay.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq updateAcl -c DefaultCluster -s User:alice -r Topic:orders -a All -d Allow\n  \
        rmq updateAcl -b 127.0.0.1:10911 -s User:alice -r Topic:orders -a Pub -d Deny --dry-run"
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
    access::write::<AuthUpdateAcl>(ctx, args.rule, "update acl to").await
}
