//! `deleteUser`: a user and all that it may do, gone.

use super::users::{header, unknown_user, user_at};
use super::{hinted, written};
use crate::admin::broker::which::Which;
use crate::admin::change::{Action, Change};
use crate::admin::targets::{Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::counted;
use crate::protocol::auth::AuthDeleteUser;

/// Delete a user with its access rules
///
/// It asks first; --yes answers yes. A user that no broker has is an error.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq deleteUser -c DefaultCluster -u alice\n  \
        rmq deleteUser -b 127.0.0.1:10911 -u alice --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The user
    #[arg(short = 'u', long = "username", value_name = "USER")]
    pub username: String,
}

/// What was done on each broker.
pub type Output = written::Written;

/// Looks which brokers have the user, asks, and deletes it there.
///
/// # Errors
/// An unknown cluster or user; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let name = &args.username;
    let doing = format!("delete user {name}");
    let found = ctx
        .ask_each(&doing, brokers, |broker| async move { user_at(ctx, &broker.addr, name).await })
        .await
        .map_err(hinted)?;
    let first = found.given.first().map(|(broker, _)| broker.addr.clone()).unwrap_or_default();
    let holders: Vec<Broker> =
        found.given.into_iter().filter(|(_, user)| user.is_some()).map(|(broker, _)| broker).collect();
    if holders.is_empty() {
        return Err(unknown_user(ctx, &first, name).await);
    }
    ctx.confirm(&format!(
        "Delete user {name} with its access rules from {}?",
        counted(holders.len(), "broker")
    ))?;
    let deleted = ctx
        .ask_each(&doing, holders, |broker| async move {
            if !ctx.dry_run {
                ctx.ask::<AuthDeleteUser>(&broker.addr, header(name), ()).await?;
            }
            Ok(Change { broker, action: Action::Delete, fields: Vec::new() })
        })
        .await?;
    let mut failures = found.failures;
    failures.extend(deleted.failures);
    let changes = deleted.given.into_iter().map(|(_, change)| change).collect();
    Ok(Output { name: args.username, dry_run: ctx.dry_run, changes, failures, doing: "delete user to" })
}
