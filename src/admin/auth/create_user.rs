//! `createUser`: a new user on a broker or all of a cluster.

use super::password::{PasswordArgs, asked};
use super::users::{UserType, header, user_at, user_change};
use super::{hinted, written};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::protocol::auth::{AuthCreateUser, UserInfo};
use crate::protocol::body::Json;
use secrecy::ExposeSecret;

/// Create a user
///
/// Where no password is given, it is asked for on the terminal. A word of the command line can be seen by others:
/// --password-file is better than -p in scripts. A broker that has the user already refuses it.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq createUser -c DefaultCluster -u alice --password-file alice.txt\n  \
        rmq createUser -b 127.0.0.1:10911 -u ops -t Super"
)]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The name, which is the access key of the user's requests
    #[arg(short = 'u', long = "username", value_name = "USER")]
    pub username: String,
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Whether the user may do everything [default: Normal]
    #[arg(short = 't', long = "userType", value_name = "TYPE", value_enum, ignore_case = true)]
    pub user_type: Option<UserType>,
}

/// What was done on each broker.
pub type Output = written::Written;

/// Looks on every broker whether the user is there, and creates it unless it is a dry run.
///
/// # Errors
/// An unknown cluster; no password; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let password = match args.password.given(&args.username)? {
        Some(password) => password,
        None => asked(&args.username)?,
    };
    let user = UserInfo {
        username: Some(args.username.clone()),
        password: Some(password.expose_secret().to_owned()),
        user_type: args.user_type.map(UserType::wire),
        user_status: None,
    };
    let (name, user) = (&args.username, &user);
    let answers = ctx
        .ask_each(&format!("create user {name}"), brokers, |broker| async move {
            // In a dry run a user that is there is shown with what would differ, though creating it is refused.
            let before = if ctx.dry_run { user_at(ctx, &broker.addr, name).await? } else { None };
            if !ctx.dry_run {
                ctx.ask::<AuthCreateUser>(&broker.addr, header(name), Json(user.clone())).await?;
            }
            Ok(user_change(broker, before.as_ref(), user))
        })
        .await
        .map_err(hinted)?;
    Ok(Output {
        name: args.username,
        dry_run: ctx.dry_run,
        changes: answers.given.into_iter().map(|(_, change)| change).collect(),
        failures: answers.failures,
        doing: "create user to",
    })
}
