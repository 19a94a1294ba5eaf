//! Permissions as requests and the table's file have them, and as they are checked (Java: `AclConverter`,
//! `AuthorizationMetadataManagerImpl.validate`).

use super::policy::{Acl, Action, Decision, Entry, Policy, PolicyType};
use super::resource::Resource;
use super::source::Source;
use crate::broker::names;
use crate::broker::reject::forbidden;
use crate::protocol::auth::{AclInfo, PolicyEntryInfo, PolicyInfo};
use crate::remoting::Reject;

/// The policies of a request.
///
/// # Errors
/// What is missing or wrong, in the words of Apache's broker.
pub fn policies(infos: &[PolicyInfo]) -> Result<Vec<Policy>, Reject> {
    let policies: Vec<Policy> = infos
        .iter()
        .filter(|policy| !policy.entries.is_empty())
        .map(|policy| {
            Ok(Policy {
                policy_type: PolicyType::of_name(policy.policy_type.as_deref()),
                entries: policy.entries.iter().map(entry).collect::<Result<_, Reject>>()?,
            })
        })
        .collect::<Result<_, Reject>>()?;
    if policies.is_empty() {
        return Err(forbidden("The policies is empty."));
    }
    Ok(policies)
}

fn entry(info: &PolicyEntryInfo) -> Result<Entry, Reject> {
    let resource = info.resource.as_deref().and_then(Resource::parse);
    let resource = resource.ok_or_else(|| forbidden("The resource is null."))?;
    // Names that are none are passed over, as long as one is left.
    let actions: Vec<Action> = info.actions.iter().filter_map(|name| Action::of_name(name)).collect();
    if actions.is_empty() {
        return Err(forbidden("The actions is empty."));
    }
    if actions.contains(&Action::Any) {
        return Err(forbidden("The actions can not be Any."));
    }
    let sources = info.source_ips.iter().flatten().map(|text| source(text)).collect::<Result<_, Reject>>()?;
    let decision = info.decision.as_deref().and_then(Decision::of_name);
    let decision = decision.ok_or_else(|| forbidden("The decision is null or illegal."))?;
    Ok(Entry { resource, actions, sources, decision })
}

fn source(text: &str) -> Result<(String, Source), Reject> {
    if names::is_blank(text) {
        return Err(forbidden("The source ip is empty."));
    }
    let source = Source::parse(text).ok_or_else(|| forbidden("The source ip is invalid."))?;
    Ok((text.to_owned(), source))
}

/// The permissions of a user as they are told.
pub fn info(username: &str, acl: &Acl) -> AclInfo {
    let policies = acl.policies.iter().map(|policy| PolicyInfo {
        entries: policy.entries.iter().map(entry_info).collect(),
        policy_type: Some(policy.policy_type.name().to_owned()),
    });
    AclInfo { policies: policies.collect(), subject: Some(super::subject(username)) }
}

fn entry_info(entry: &Entry) -> PolicyEntryInfo {
    let sources: Vec<String> = entry.sources.iter().map(|(text, _)| text.clone()).collect();
    PolicyEntryInfo {
        actions: entry.actions.iter().map(|action| action.name().to_owned()).collect(),
        decision: Some(entry.decision.name().to_owned()),
        resource: Some(entry.resource.to_string()),
        source_ips: (!sources.is_empty()).then_some(sources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(resource: &str, actions: &[&str], sources: &[&str], decision: &str) -> PolicyEntryInfo {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        PolicyEntryInfo {
            actions: all(actions),
            decision: Some(decision.to_owned()),
            resource: Some(resource.to_owned()),
            source_ips: Some(all(sources)),
        }
    }

    fn of(entries: Vec<PolicyEntryInfo>) -> Vec<PolicyInfo> {
        vec![PolicyInfo { entries, policy_type: None }]
    }

    #[test]
    fn what_is_wrong_is_told_as_apache_tells_it() {
        let table = [
            (vec![], "The policies is empty."),
            (vec![rule("Queue:x", &["Pub"], &[], "Allow")], "The resource is null."),
            (vec![rule("Topic:x", &["Nope"], &[], "Allow")], "The actions is empty."),
            (vec![rule("Topic:x", &["Pub", "Any"], &[], "Allow")], "The actions can not be Any."),
            (vec![rule("Topic:x", &["Pub"], &[" "], "Allow")], "The source ip is empty."),
            (vec![rule("Topic:x", &["Pub"], &["10.0.0.0/99"], "Allow")], "The source ip is invalid."),
            (vec![rule("Topic:x", &["Pub"], &[], "Maybe")], "The decision is null or illegal."),
        ];
        for (entries, remark) in table {
            assert_eq!(policies(&of(entries)).unwrap_err(), forbidden(remark));
        }
    }

    #[test]
    fn what_is_right_is_told_in_javas_names() {
        let given = of(vec![
            rule("topic:orders", &["pub", "nope", "SUB"], &["192.168.0.0/16"], "allow"),
            rule("Group:*", &["All"], &[], "Deny"),
        ]);
        let acl = Acl { policies: policies(&given).unwrap() };
        let json = serde_json::to_string(&info("alice", &acl)).unwrap();
        let expected = concat!(
            r#"{"policies":[{"entries":[{"actions":["Pub","Sub"],"decision":"Allow","resource":"Topic:orders","#,
            r#""sourceIps":["192.168.0.0/16"]},{"actions":["All"],"decision":"Deny","resource":"Group:*"}],"#,
            r#""policyType":"Custom"}],"subject":"User:alice"}"#
        );
        assert_eq!(json, expected);
    }
}
