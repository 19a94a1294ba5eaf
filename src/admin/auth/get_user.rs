//! `getUser`: one user.

use super::hinted;
use super::users::{self, Row, unknown_user, user_at};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};

/// Show a user
///
/// On every master of a cluster, so that a difference between brokers is seen. Passwords are hidden unless
/// --show-passwords is given; they are never part of json and yaml.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getUser -c DefaultCluster -u alice\n  \
        rmq getUser -b 127.0.0.1:10911 -u alice --output json")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The user
    #[arg(short = 'u', long = "username", value_name = "USER")]
    pub username: Option<String>,
    /// Show passwords, in tables and in mqadmin's layout
    #[arg(long)]
    pub show_passwords: bool,
}

/// The user on each broker that has it.
pub type Output = users::Users;

/// Asks every master side by side.
///
/// # Errors
/// An unknown cluster or user; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let name = args.username.as_deref().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        CommandError::usage("a user is needed").hint("give -u USER; rmq listUser shows the users")
    })?;
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let answers = ctx
        .ask_each(&format!("read user {name}"), brokers, |broker| async move {
            user_at(ctx, &broker.addr, name).await
        })
        .await
        .map_err(hinted)?;
    let first = answers.given.first().map(|(broker, _)| broker.addr.clone()).unwrap_or_default();
    let given = answers.given.into_iter();
    let users: Vec<Row> =
        given.filter_map(|(broker, user)| Some(Row::new(broker, user?, args.show_passwords))).collect();
    if users.is_empty() {
        return Err(unknown_user(ctx, &first, name).await);
    }
    Ok(Output { users, failures: answers.failures, passwords: args.show_passwords, says_from: false })
}
