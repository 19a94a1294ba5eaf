//! `listUser`: all users.

use super::hinted;
use super::users::{self, Row, users_at};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};

/// List users
///
/// Of every master of a cluster, so that a difference between brokers is seen. Passwords are hidden unless
/// --show-passwords is given; they are never part of json and yaml.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq listUser -c DefaultCluster\n  rmq listUser -b 127.0.0.1:10911 -f ali"
)]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// A part of the names that are wanted
    #[arg(short = 'f', long = "filter", value_name = "PART")]
    pub filter: Option<String>,
    /// Show passwords, in tables and in mqadmin's layout
    #[arg(long)]
    pub show_passwords: bool,
}

/// The users of each broker.
pub type Output = users::Users;

/// Asks every master side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let filter = args.filter.as_deref();
    let answers = ctx
        .ask_each(
            "list the users",
            brokers,
            |broker| async move { users_at(ctx, &broker.addr, filter).await },
        )
        .await
        .map_err(hinted)?;
    let mut users = Vec::new();
    for (broker, mut of_broker) in answers.given {
        of_broker.sort_by(|a, b| a.username.cmp(&b.username));
        users.extend(of_broker.into_iter().map(|user| Row::new(broker.clone(), user, args.show_passwords)));
    }
    Ok(Output {
        users,
        failures: answers.failures,
        passwords: args.show_passwords,
        says_from: args.which.is_cluster(),
    })
}
