//! `copyAcl`: access rules of one broker to another.

use super::copied::{Copied, Row};
use super::hinted;
use super::rules::{acl_at, checked, header, merged};
use crate::admin::targets::at_addr;
use crate::admin::{CommandError, Context, failed};
use crate::output::Failure;
use crate::protocol::auth::{AclFilterHeader, AclInfo, AuthCreateAcl, AuthListAcl, AuthUpdateAcl};
use crate::protocol::body::Json;
use crate::remoting::CallError;

/// Copy access rules from one broker to another
///
/// The users must be there already: rmq copyUser copies them. A rule for the same resource is overwritten, others
/// stay.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq copyAcl -f 10.0.0.1:10911 -t 10.0.0.2:10911\n  \
        rmq copyAcl -f 10.0.0.1:10911 -t 10.0.0.2:10911 -s User:alice --dry-run")]
pub struct Args {
    /// The broker that has them
    #[arg(short = 'f', long = "fromBroker", value_name = "HOST:PORT")]
    pub from_broker: String,
    /// The broker that gets them
    #[arg(short = 't', long = "toBroker", value_name = "HOST:PORT")]
    pub to_broker: String,
    /// Whose rules, by comma, as in User:alice; all where none is given
    #[arg(short = 's', long = "subjects", value_name = "SUBJECTS", value_delimiter = ',')]
    pub subjects: Vec<String>,
}

/// What was done with the rules of each subject.
pub type Output = Copied;

/// Reads the rules, and writes those of each subject to the target.
///
/// # Errors
/// What is no subject; the source does not answer; there is no rule; all writes failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let subjects: Vec<String> = args
        .subjects
        .iter()
        .filter(|name| !name.trim().is_empty())
        .map(|name| name.trim().to_owned())
        .collect();
    subjects.iter().try_for_each(|subject| checked(subject))?;
    let mut output = Output {
        from: args.from_broker,
        to: args.to_broker,
        dry_run: ctx.dry_run,
        copied: Vec::new(),
        failures: Vec::new(),
        what: "acl",
    };
    let acls = source(ctx, &subjects, &mut output).await?;
    let to = &output.to;
    let results = ctx
        .fan_out(acls, |acl| async move {
            let result = copy(ctx, to, &acl).await;
            (acl.subject.unwrap_or_default(), result)
        })
        .await;
    let mut first = None;
    for (subject, result) in results {
        match result {
            Ok(row) => output.copied.push(row),
            Err(error) => {
                let error = hinted(failed(&format!("copy access rules of {subject}"), &error))
                    .hint("rmq copyUser copies the user first");
                output.failures.push(error.to_failure(&subject));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if output.copied.is_empty() => Err(error),
        _ => Ok(output),
    }
}

/// The rules to copy; subjects without a rule are failures.
async fn source(
    ctx: &Context,
    subjects: &[String],
    output: &mut Output,
) -> Result<Vec<AclInfo>, CommandError> {
    let from = output.from.clone();
    let unreadable = |error: CallError| hinted(failed("read the access rules", &error));
    if subjects.is_empty() {
        let answer =
            ctx.ask::<AuthListAcl>(&from, AclFilterHeader::default(), ()).await.map_err(unreadable)?;
        let mut acls = answer.body.map(|Json(acls)| acls).unwrap_or_default();
        acls.sort_by(|a, b| a.subject.cmp(&b.subject));
        return Ok(acls);
    }
    let mut acls = Vec::new();
    for subject in subjects {
        match acl_at(ctx, &from, subject).await.map_err(unreadable)? {
            Some(acl) => acls.push(acl),
            None => output.failures.push(Failure {
                target: subject.clone(),
                addr: Some(from.clone()),
                code: None,
                message: "it has no access rules".to_owned(),
            }),
        }
    }
    match subjects.first().filter(|_| acls.is_empty()) {
        Some(subject) => Err(CommandError::not_found(format!("{subject} has no access rules on {from}"))),
        None => Ok(acls),
    }
}

async fn copy(ctx: &Context, to: &str, acl: &AclInfo) -> Result<Row, CallError> {
    let subject = acl.subject.clone().unwrap_or_default();
    let before = acl_at(ctx, to, &subject).await?;
    if !ctx.dry_run {
        let (header, body) = (header(&subject), Json(acl.clone()));
        match &before {
            None => ctx.ask::<AuthCreateAcl>(to, header, body).await.map(drop)?,
            Some(_) => ctx.ask::<AuthUpdateAcl>(to, header, body).await.map(drop)?,
        }
    }
    Ok(Row { name: subject, change: merged(at_addr(None, to), before.as_ref(), acl) })
}
