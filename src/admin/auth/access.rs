//! What `createAcl` and `updateAcl` are told: the same rule for one or more resources.

use super::rules::{acl_at, checked, header, merged};
use super::{hinted, written};
use crate::admin::broker::which::Which;
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::protocol::auth::{AclInfo, PolicyEntryInfo, PolicyInfo, SubjectHeader};
use crate::protocol::body::Json;
use crate::protocol::request::Request;
use clap::ValueEnum;

/// What may be done (Java: `Action`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Everything
    #[value(name = "All")]
    All,
    /// Anything, in a question
    #[value(name = "Any")]
    Any,
    /// Send
    #[value(name = "Pub")]
    Pub,
    /// Consume
    #[value(name = "Sub")]
    Sub,
    /// Create
    #[value(name = "Create")]
    Create,
    /// Change
    #[value(name = "Update")]
    Update,
    /// Delete
    #[value(name = "Delete")]
    Delete,
    /// Look at one
    #[value(name = "Get")]
    Get,
    /// List
    #[value(name = "List")]
    List,
}

/// Whether it is allowed (Java: `Decision`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// It may be done
    #[value(name = "Allow")]
    Allow,
    /// It may not be done
    #[value(name = "Deny")]
    Deny,
}

/// A rule for resources.
#[derive(Debug, Clone, clap::Args)]
pub struct RuleArgs {
    #[command(flatten)]
    pub which: Which,
    /// Whose rules, as in User:alice
    #[arg(short = 's', long = "subject", value_name = "SUBJECT")]
    pub subject: String,
    /// The resources, by comma: Topic:NAME, Group:NAME, Cluster:NAME; NAME may end in *
    #[arg(short = 'r', long = "resources", value_name = "RESOURCES", value_delimiter = ',', required = true)]
    pub resources: Vec<String>,
    /// What is done with them, by comma
    #[arg(
        short = 'a',
        long = "actions",
        value_name = "ACTIONS",
        value_delimiter = ',',
        value_enum,
        ignore_case = true,
        required = true
    )]
    pub actions: Vec<Action>,
    /// Only from these addresses or networks, by comma
    #[arg(short = 'i', long = "sourceIp", value_name = "ADDRESSES", value_delimiter = ',')]
    pub source_ip: Vec<String>,
    /// Whether it is allowed
    #[arg(short = 'd', long = "decision", value_name = "DECISION", value_enum, ignore_case = true)]
    pub decision: Decision,
}

fn wire(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The trimmed items of a list that are not empty (Java: `StringUtils.split` drops those).
fn items(list: &[String]) -> Vec<String> {
    list.iter().map(|item| item.trim()).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

impl RuleArgs {
    /// The rules that are asked for, one a resource.
    fn acl(&self) -> AclInfo {
        let from = items(&self.source_ip);
        let entry = |resource| PolicyEntryInfo {
            actions: self.actions.iter().map(wire).collect(),
            decision: Some(wire(&self.decision)),
            resource: Some(resource),
            source_ips: (!from.is_empty()).then(|| from.clone()),
        };
        let entries = items(&self.resources).into_iter().map(entry).collect();
        AclInfo {
            policies: vec![PolicyInfo { entries, policy_type: None }],
            subject: Some(self.subject.clone()),
        }
    }
}

/// Reads the rules of the subject on every broker, and writes these by the request `R` unless it is a dry run.
///
/// # Errors
/// What is no subject or resource; an unknown cluster; all brokers failed.
pub async fn write<R>(
    ctx: &Context,
    args: RuleArgs,
    doing: &'static str,
) -> Result<written::Written, CommandError>
where
    R: Request<Header = SubjectHeader, Body = Json<AclInfo>>,
{
    checked(&args.subject)?;
    let acl = args.acl();
    if acl.policies.iter().all(|policy| policy.entries.is_empty()) {
        return Err(CommandError::usage("a resource is needed").hint("as in -r Topic:orders"));
    }
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let (subject, acl) = (&args.subject, &acl);
    let answers = ctx
        .ask_each(&format!("write access rules of {subject}"), brokers, |broker| async move {
            let before = acl_at(ctx, &broker.addr, subject).await?;
            if !ctx.dry_run {
                ctx.ask::<R>(&broker.addr, header(subject), Json(acl.clone())).await?;
            }
            Ok(merged(broker, before.as_ref(), acl))
        })
        .await
        .map_err(hinted)?;
    Ok(written::Written {
        name: args.subject,
        dry_run: ctx.dry_run,
        changes: answers.given.into_iter().map(|(_, change)| change).collect(),
        failures: answers.failures,
        doing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_rule_for_each_resource() {
        let args = RuleArgs {
            which: Which { broker_addr: Some("a:1".into()), cluster_name: None },
            subject: "User:dave".into(),
            resources: vec![" Topic:orders".into(), "Group:g1 ".into(), String::new()],
            actions: vec![Action::Pub, Action::Sub],
            source_ip: vec!["10.0.0.0/8".into()],
            decision: Decision::Allow,
        };
        let acl = args.acl();
        let entries = &acl.policies[0].entries;
        let resources: Vec<_> = entries.iter().filter_map(|entry| entry.resource.as_deref()).collect();
        assert_eq!(resources, ["Topic:orders", "Group:g1"]);
        assert_eq!(entries[0].actions, ["Pub", "Sub"]);
        assert_eq!(entries[1].source_ips.as_deref(), Some(&["10.0.0.0/8".to_owned()][..]));
        let anywhere = RuleArgs { source_ip: vec![" ".into()], ..args };
        assert_eq!(anywhere.acl().policies[0].entries[0].source_ips, None);
    }
}
