//! `updateUser`: another password, type or status of a user.

use super::password::PasswordArgs;
use super::users::{UserType, header, unknown_user, user_at, user_change};
use super::{hinted, written};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::protocol::auth::{AuthUpdateUser, UserInfo};
use crate::protocol::body::Json;
use clap::ValueEnum;
use secrecy::ExposeSecret;

/// Whether a user may come in (Java: `UserStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UserStatus {
    /// May
    #[value(name = "enable")]
    Enable,
    /// May not
    #[value(name = "disable")]
    Disable,
}

/// Change the password, the type or the status of a user
///
/// One of them at a time, as in mqadmin.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what")
        .args(["password", "password_file", "ask_password", "user_type", "user_status"]).required(true)),
    after_long_help = "Examples:\n  rmq updateUser -c DefaultCluster -u alice --ask-password\n  \
        rmq updateUser -b 127.0.0.1:10911 -u alice -s disable --dry-run"
)]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The user
    #[arg(short = 'u', long = "username", value_name = "USER")]
    pub username: String,
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Whether the user may do everything
    #[arg(short = 't', long = "userType", value_name = "TYPE", value_enum, ignore_case = true)]
    pub user_type: Option<UserType>,
    /// Whether the user may come in
    #[arg(short = 's', long = "userStatus", value_name = "STATUS", value_enum, ignore_case = true)]
    pub user_status: Option<UserStatus>,
}

/// What was done on each broker.
pub type Output = written::Written;

/// Reads the user on every broker, and changes it unless it is a dry run.
///
/// # Errors
/// An unknown cluster or user; no password; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let password = args.password.given(&args.username)?;
    let user = UserInfo {
        username: Some(args.username.clone()),
        password: password.map(|password| password.expose_secret().to_owned()),
        user_type: args.user_type.map(UserType::wire),
        user_status: args.user_status.map(|status| match status {
            UserStatus::Enable => "enable".to_owned(),
            UserStatus::Disable => "disable".to_owned(),
        }),
    };
    let (name, user) = (&args.username, &user);
    let answers = ctx
        .ask_each(&format!("change user {name}"), brokers.clone(), |broker| async move {
            let before = user_at(ctx, &broker.addr, name).await?;
            if before.is_some() && !ctx.dry_run {
                ctx.ask::<AuthUpdateUser>(&broker.addr, header(name), Json(user.clone())).await?;
            }
            Ok(before.map(|before| user_change(broker, Some(&before), user)))
        })
        .await
        .map_err(hinted)?;
    let mut output = Output {
        name: args.username.clone(),
        dry_run: ctx.dry_run,
        changes: Vec::new(),
        failures: answers.failures,
        doing: "update user to",
    };
    for (broker, change) in answers.given {
        match change {
            Some(change) => output.changes.push(change),
            None => output
                .failures
                .push(unknown_user(ctx, &broker.addr, name).await.to_failure(&broker.broker_name)),
        }
    }
    match brokers.first().filter(|_| output.changes.is_empty()) {
        Some(broker) => Err(unknown_user(ctx, &broker.addr, name).await),
        None => Ok(output),
    }
}
