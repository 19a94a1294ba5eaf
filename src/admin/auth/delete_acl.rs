//! `deleteAcl`: access rules of a user, gone.

use super::rules::{acl_at, checked, in_words};
use super::{hinted, written};
use crate::admin::broker::which::Which;
use crate::admin::change::{Action, Change, FieldChange};
use crate::admin::targets::{Broker, Roles, unknown};
use crate::admin::{CommandError, Context};
use crate::output::counted;
use crate::protocol::auth::{AclInfo, AuthDeleteAcl, DeleteAclHeader};
use serde_json::Value;

/// Delete access rules of a user
///
/// All of them, or that for one resource. It asks first; --yes answers yes. A rule that no broker has is an error.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq deleteAcl -c DefaultCluster -s User:alice -r Topic:orders\n  \
        rmq deleteAcl -b 127.0.0.1:10911 -s User:alice --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Whose rules, as in User:alice
    #[arg(short = 's', long = "subject", value_name = "SUBJECT")]
    pub subject: String,
    /// The resource whose rule goes, as in Topic:orders
    #[arg(short = 'r', long = "resources", value_name = "RESOURCE")]
    pub resources: Option<String>,
}

/// What was done on each broker.
pub type Output = written::Written;

/// Looks which brokers have the rules, asks, and deletes them there.
///
/// # Errors
/// An unknown cluster, subject or rule; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    checked(&args.subject)?;
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let (subject, resource) = (&args.subject, args.resources.as_deref().filter(|text| !text.is_empty()));
    let doing = format!("delete access rules of {subject}");
    let found = ctx
        .ask_each(&doing, brokers, |broker| async move { acl_at(ctx, &broker.addr, subject).await })
        .await
        .map_err(hinted)?;
    let known: Vec<&AclInfo> = found.given.iter().filter_map(|(_, acl)| acl.as_ref()).collect();
    let absent = absent(subject, resource, &known);
    let holders: Vec<(Broker, Vec<FieldChange>)> = found
        .given
        .into_iter()
        .map(|(broker, acl)| (broker, going(acl.as_ref(), resource)))
        .filter(|(_, rules)| !rules.is_empty())
        .collect();
    if holders.is_empty() {
        return Err(absent);
    }
    let what = resource.map_or("all access rules".to_owned(), |resource| format!("the rule for {resource}"));
    ctx.confirm(&format!("Delete {what} of {subject} from {}?", counted(holders.len(), "broker")))?;
    let rules_of =
        |broker: &Broker| holders.iter().find(|(holder, _)| holder == broker).map(|(_, rules)| rules.clone());
    let header = DeleteAclHeader {
        subject: Some(subject.clone()),
        policy_type: None,
        resource: resource.map(str::to_owned),
    };
    let header = &header;
    let targets = holders.iter().map(|(broker, _)| broker.clone()).collect();
    let deleted = ctx
        .ask_each(&doing, targets, |broker| async move {
            if !ctx.dry_run {
                ctx.ask::<AuthDeleteAcl>(&broker.addr, header.clone(), ()).await?;
            }
            Ok(broker)
        })
        .await?;
    let mut failures = found.failures;
    failures.extend(deleted.failures);
    let given = deleted.given.into_iter();
    let changes = given.map(|(broker, _)| {
        let fields = rules_of(&broker).unwrap_or_default();
        Change { broker, action: Action::Delete, fields }
    });
    let changes = changes.collect();
    Ok(Output { name: args.subject, dry_run: ctx.dry_run, changes, failures, doing: "delete acl to" })
}

/// The rules that would go.
fn going(acl: Option<&AclInfo>, resource: Option<&str>) -> Vec<FieldChange> {
    let rules = acl.map(in_words).unwrap_or_default();
    rules
        .into_iter()
        .filter(|(name, _)| resource.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name)))
        .map(|(field, before)| FieldChange { field, before: Value::from(before), after: Value::Null })
        .collect()
}

/// The error for rules that are not there.
fn absent(subject: &str, resource: Option<&str>, known: &[&AclInfo]) -> CommandError {
    let rules: Vec<String> = known.iter().flat_map(|acl| in_words(acl).into_keys()).collect();
    match resource {
        Some(resource) if !rules.is_empty() => {
            unknown(&format!("access rule of {subject} for"), resource, rules.iter().map(String::as_str))
        }
        _ => CommandError::not_found(format!("{subject} has no access rules")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::auth::{PolicyEntryInfo, PolicyInfo};

    #[test]
    fn only_rules_that_are_there_go() {
        let entry = |resource: &str| PolicyEntryInfo {
            actions: vec!["Pub".into()],
            decision: Some("Allow".into()),
            resource: Some(resource.into()),
            source_ips: None,
        };
        let acl = AclInfo {
            policies: vec![PolicyInfo {
                entries: vec![entry("Topic:a"), entry("Topic:b")],
                policy_type: None,
            }],
            subject: None,
        };
        let names = |resource| going(Some(&acl), resource).into_iter().map(|c| c.field).collect::<Vec<_>>();
        assert_eq!(names(None), ["Topic:a", "Topic:b"]);
        assert_eq!(names(Some("Topic:b")), ["Topic:b"]);
        assert!(names(Some("Topic:c")).is_empty() && going(None, None).is_empty());
        assert_eq!(absent("User:a", Some("Topic:aa"), &[&acl]).hints[0], "did you mean Topic:a or Topic:b?");
        assert_eq!(absent("User:a", None, &[]).message, "User:a has no access rules");
    }
}
