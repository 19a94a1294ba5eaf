//! `getAcl`: what a user may do.

use super::hinted;
use super::rules::{self, acl_at, checked, rows};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};

/// Show the access rules of a user
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getAcl -c DefaultCluster -s User:alice\n  \
        rmq getAcl -b 127.0.0.1:10911 -s User:alice --output json")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Whose rules, as in User:alice
    #[arg(short = 's', long = "subject", value_name = "SUBJECT")]
    pub subject: Option<String>,
}

/// The rules on each broker.
pub type Output = rules::Rules;

/// Asks every master side by side.
///
/// # Errors
/// An unknown cluster or subject; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let subject = args.subject.as_deref().ok_or_else(|| {
        CommandError::usage("a subject is needed").hint("give -s User:NAME; rmq listAcl shows all rules")
    })?;
    checked(subject)?;
    let brokers = args.which.brokers(ctx, Roles::Masters).await?;
    let answers = ctx
        .ask_each(&format!("read access rules of {subject}"), brokers, |broker| async move {
            acl_at(ctx, &broker.addr, subject).await
        })
        .await
        .map_err(hinted)?;
    let given = answers.given.into_iter();
    let rules = given.filter_map(|(broker, acl)| Some(rows(&broker, acl?))).flatten().collect();
    Ok(Output { rules, failures: answers.failures })
}
