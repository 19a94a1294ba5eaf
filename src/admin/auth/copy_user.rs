//! `copyUser`: users of one broker to another.

use super::copied::{Copied, Row};
use super::hinted;
use super::users::{header, unknown_user, user_at, user_change, users_at};
use crate::admin::targets::at_addr;
use crate::admin::{CommandError, Context, failed};
use crate::output::Failure;
use crate::protocol::auth::{AuthCreateUser, AuthUpdateUser, UserInfo};
use crate::protocol::body::Json;
use crate::remoting::CallError;

/// Copy users from one broker to another
///
/// With their passwords. A user of the same name at the target is overwritten.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq copyUser -f 10.0.0.1:10911 -t 10.0.0.2:10911\n  \
        rmq copyUser -f 10.0.0.1:10911 -t 10.0.0.2:10911 -u alice,bob --dry-run")]
pub struct Args {
    /// The broker that has them
    #[arg(short = 'f', long = "fromBroker", value_name = "HOST:PORT")]
    pub from_broker: String,
    /// The broker that gets them
    #[arg(short = 't', long = "toBroker", value_name = "HOST:PORT")]
    pub to_broker: String,
    /// Which users, by comma; all where none is given
    #[arg(short = 'u', long = "usernames", value_name = "USERS", value_delimiter = ',')]
    pub usernames: Vec<String>,
}

/// What was done with each user.
pub type Output = Copied;

/// Reads the users, and writes each to the target.
///
/// # Errors
/// The source does not answer; none of the users is there; all writes failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let names: Vec<String> = args
        .usernames
        .iter()
        .filter(|name| !name.trim().is_empty())
        .map(|name| name.trim().to_owned())
        .collect();
    let mut output = Output {
        from: args.from_broker,
        to: args.to_broker,
        dry_run: ctx.dry_run,
        copied: Vec::new(),
        failures: Vec::new(),
        what: "user",
    };
    let users = source(ctx, &names, &mut output).await?;
    let to = &output.to;
    let results = ctx
        .fan_out(users, |user| async move {
            let result = copy(ctx, to, &user).await;
            (user.username.unwrap_or_default(), result)
        })
        .await;
    let mut first = None;
    for (name, result) in results {
        match result {
            Ok(row) => output.copied.push(row),
            Err(error) => {
                let error = hinted(failed(&format!("copy user {name}"), &error));
                output.failures.push(error.to_failure(&name));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if output.copied.is_empty() => Err(error),
        _ => Ok(output),
    }
}

/// The users to copy; those that the source does not have are failures.
async fn source(ctx: &Context, names: &[String], output: &mut Output) -> Result<Vec<UserInfo>, CommandError> {
    let from = output.from.clone();
    let unreadable = |error: CallError| hinted(failed("read the users", &error));
    if names.is_empty() {
        let mut users = users_at(ctx, &from, None).await.map_err(unreadable)?;
        users.sort_by(|a, b| a.username.cmp(&b.username));
        return Ok(users);
    }
    let mut users = Vec::new();
    for name in names {
        match user_at(ctx, &from, name).await.map_err(unreadable)? {
            Some(user) => users.push(user),
            None => output.failures.push(Failure {
                target: name.clone(),
                addr: Some(from.clone()),
                code: None,
                message: "there is no such user".to_owned(),
            }),
        }
    }
    match names.first().filter(|_| users.is_empty()) {
        Some(name) => Err(unknown_user(ctx, &from, name).await),
        None => Ok(users),
    }
}

async fn copy(ctx: &Context, to: &str, user: &UserInfo) -> Result<Row, CallError> {
    let name = user.username.clone().unwrap_or_default();
    let before = user_at(ctx, to, &name).await?;
    if !ctx.dry_run {
        let (header, body) = (header(&name), Json(user.clone()));
        match &before {
            None => ctx.ask::<AuthCreateUser>(to, header, body).await.map(drop)?,
            Some(_) => ctx.ask::<AuthUpdateUser>(to, header, body).await.map(drop)?,
        }
    }
    Ok(Row { name, change: user_change(at_addr(None, to), before.as_ref(), user) })
}
