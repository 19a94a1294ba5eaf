//! `listAcl`: what users may do.

use super::hinted;
use super::rules::{self, rows};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::protocol::auth::{AclFilterHeader, AuthListAcl};
use crate::protocol::body::Json;

/// List access rules
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq listAcl -c DefaultCluster\n  rmq listAcl -b 127.0.0.1:10911 -s alice -r orders"
)]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// A part of the subjects that are wanted
    #[arg(short = 's', long = "subject", value_name = "PART")]
    pub subject: Option<String>,
    /// A part of the resources that are wanted
    #[arg(short = 'r', long = "resource", value_name = "PART")]
    pub resource: Option<String>,
}

/// The rules on each broker.
pub type Output = rules::Rules;

/// Asks every master side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let header = AclFilterHeader { subject_filter: args.subject, resource_filter: args.resource };
    let header = &header;
    let answers = ctx
        .ask_each("list the access rules", brokers, |broker| async move {
            let answer = ctx.ask::<AuthListAcl>(&broker.addr, header.clone(), ()).await?;
            Ok(answer.body.map(|Json(acls)| acls).unwrap_or_default())
        })
        .await
        .map_err(hinted)?;
    let mut rules = Vec::new();
    for (broker, mut acls) in answers.given {
        acls.sort_by(|a, b| a.subject.cmp(&b.subject));
        rules.extend(acls.into_iter().flat_map(|acl| rows(&broker, acl)));
    }
    Ok(Output { rules, failures: answers.failures })
}
