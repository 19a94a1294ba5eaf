//! Access rules as brokers have them.

use crate::admin::change::{Action, Change};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone, left};
use crate::protocol::auth::{AclInfo, AuthGetAcl, PolicyEntryInfo, SubjectHeader};
use crate::protocol::body::Json;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The type of a rule that is not the default for all resources (Java: `PolicyType.CUSTOM`).
const CUSTOM: &str = "Custom";

/// A subject's header.
pub fn header(subject: &str) -> SubjectHeader {
    SubjectHeader { subject: Some(subject.to_owned()) }
}

/// Checks that a subject is one: Apache's broker answers anything else with an error that does not say why.
///
/// # Errors
/// It does not begin with `User:`.
pub fn checked(subject: &str) -> Result<(), CommandError> {
    let (kind, name) = subject.split_once(':').unwrap_or(("", subject));
    if kind.eq_ignore_ascii_case("User") && !name.trim().is_empty() {
        return Ok(());
    }
    Err(CommandError::usage(format!("'{subject}' is not a subject"))
        .hint(format!("a subject is User:NAME, as in User:{}", if name.is_empty() { "alice" } else { name })))
}

/// The rules of a subject on a broker; none where it has no rule.
pub async fn acl_at(ctx: &Context, addr: &str, subject: &str) -> Result<Option<AclInfo>, CallError> {
    let answer = ctx.ask::<AuthGetAcl>(addr, header(subject), ()).await?;
    Ok(answer.body.map(|Json(acl)| acl))
}

/// Each rule in words, by its resource.
pub fn in_words(acl: &AclInfo) -> BTreeMap<String, String> {
    let rules = acl.policies.iter().flat_map(|policy| {
        let custom = policy.policy_type.as_deref().is_none_or(|kind| kind == CUSTOM);
        policy.entries.iter().map(move |entry| {
            let resource = entry.resource.clone().unwrap_or_else(|| "*".to_owned());
            (if custom { resource } else { format!("{resource} (default)") }, words(entry))
        })
    });
    rules.collect()
}

fn words(entry: &PolicyEntryInfo) -> String {
    let mut text = entry.decision.clone().unwrap_or_default();
    let _ = write!(text, " {}", entry.actions.join(", "));
    if let Some(from) = entry.source_ips.as_ref().filter(|from| !from.is_empty()) {
        let _ = write!(text, " from {}", from.join(", "));
    }
    text
}

/// What writing `wanted` changes: the rules of its resources are replaced, all others stay (Java: `Acl.updatePolicy`).
pub fn merged(broker: Broker, before: Option<&AclInfo>, wanted: &AclInfo) -> Change {
    let Some(before) = before else { return Change { broker, action: Action::Create, fields: Vec::new() } };
    let before = in_words(before);
    let mut after = before.clone();
    after.extend(in_words(wanted));
    Change::between(broker, Some(&before), &after)
}

/// One rule on a broker.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// As in `User:alice`.
    pub subject: String,
    /// None for a subject that has no rule.
    #[serde(flatten)]
    pub rule: Option<Rule>,
}

/// What is said of a resource.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `Custom`, or `Default` where it is for all resources that no other rule names.
    pub policy_type: Option<String>,
    /// As in `Topic:orders`.
    pub resource: Option<String>,
    /// As in `Pub`.
    pub actions: Vec<String>,
    /// Addresses and networks it is limited to; null is none.
    pub source_ips: Option<Vec<String>>,
    /// `Allow` or `Deny`.
    pub decision: Option<String>,
}

/// The rules of a subject, one a row.
pub fn rows(broker: &Broker, acl: AclInfo) -> Vec<Row> {
    let subject = acl.subject.unwrap_or_default();
    let row = |rule| Row { broker: broker.clone(), subject: subject.clone(), rule };
    if acl.policies.is_empty() {
        return vec![row(None)];
    }
    let mut rows = Vec::new();
    for policy in acl.policies {
        for entry in policy.entries {
            rows.push(row(Some(Rule {
                policy_type: policy.policy_type.clone(),
                resource: entry.resource,
                actions: entry.actions,
                source_ips: entry.source_ips,
                decision: entry.decision,
            })));
        }
    }
    rows
}

/// Access rules, sorted by broker and subject.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    pub rules: Vec<Row>,
    pub failures: Vec<Failure>,
}

impl Render for Rules {
    fn table(&self, wide: bool) -> Table {
        let several = wide || self.rules.iter().any(|row| !row.broker.broker_name.is_empty());
        let mut table = Table::new();
        if several {
            table = table.text("BROKER");
        }
        table = table.text("SUBJECT").text("RESOURCE").text("DECISION").text("ACTIONS").text("FROM");
        if wide {
            table = table.text("POLICY");
        }
        for row in &self.rules {
            let name = &row.broker.broker_name;
            let broker = several.then(|| Cell::new(if name.is_empty() { &row.broker.addr } else { name }));
            let rule = row.rule.as_ref();
            let decision = rule.and_then(|rule| rule.decision.as_deref()).unwrap_or("-");
            let tone = if decision == "Deny" { Tone::Warn } else { Tone::Plain };
            let from = rule.and_then(|rule| rule.source_ips.as_ref()).filter(|from| !from.is_empty());
            let cells = [
                Cell::new(&row.subject),
                Cell::optional(rule.and_then(|rule| rule.resource.as_ref())),
                Cell::toned(decision, tone),
                Cell::optional(rule.map(|rule| rule.actions.join(", "))),
                Cell::new(from.map_or("anywhere".to_owned(), |from| from.join(", "))),
            ];
            let policy = wide.then(|| Cell::optional(rule.and_then(|rule| rule.policy_type.as_ref())));
            table.row(broker.into_iter().chain(cells).chain(policy));
        }
        table
    }

    /// mqadmin prints what each broker says, one after the other.
    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut brokers: Vec<&str> = self.rules.iter().map(|row| row.broker.addr.as_str()).collect();
        brokers.dedup();
        for addr in targets::as_mqadmin(brokers, |addr| addr) {
            line(w, ["#Subject", "#PolicyType", "#Resource", "#Actions", "#SourceIp", "#Decision"])?;
            for row in self.rules.iter().filter(|row| row.broker.addr == addr) {
                match &row.rule {
                    Some(rule) => line(w, rule.classic(&row.subject).each_ref().map(String::as_str))?,
                    None => line(w, [&row.subject, "", "", "", "", ""])?,
                }
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let none = self.rules.is_empty() && self.failures.is_empty();
        none.then(|| "no access rule was found".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

impl Rule {
    fn classic(&self, subject: &str) -> [String; 6] {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let list = |items: &[String]| format!("[{}]", items.join(", "));
        [
            subject.to_owned(),
            text(&self.policy_type),
            text(&self.resource),
            list(&self.actions),
            self.source_ips.as_deref().map_or("null".to_owned(), list),
            text(&self.decision),
        ]
    }
}

fn line(w: &mut dyn Write, cells: [&str; 6]) -> fmt::Result {
    let padded: Vec<String> =
        cells.iter().zip([16, 10, 22, 20, 24, 10]).map(|(cell, width)| left(cell, width)).collect();
    writeln!(w, "{}", padded.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;
    use crate::protocol::auth::PolicyInfo;

    fn entry(resource: &str, actions: &[&str], from: Option<&str>, decision: &str) -> PolicyEntryInfo {
        PolicyEntryInfo {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            decision: Some(decision.into()),
            resource: Some(resource.into()),
            source_ips: from.map(|from| vec![from.to_owned()]),
        }
    }

    fn acl(entries: Vec<PolicyEntryInfo>) -> AclInfo {
        let policy = PolicyInfo { entries, policy_type: Some("Custom".into()) };
        AclInfo { policies: vec![policy], subject: Some("User:alice".into()) }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let acl = acl(vec![
            entry("Topic:orders", &["All"], None, "Allow"),
            entry("Group:g1", &["Pub", "Sub"], Some("192.168.0.0/16"), "Allow"),
        ]);
        let broker = at_addr(None, "127.0.0.1:1");
        let mut rules = Rules { rules: rows(&broker, acl), failures: vec![] };
        rules.rules.extend(rows(&broker, AclInfo { subject: Some("User:bob".into()), policies: vec![] }));
        let mut text = String::new();
        rules.classic(&mut text).unwrap();
        let blank = " ".repeat(94);
        assert_eq!(
            text,
            format!(
                "#Subject          #PolicyType  #Resource               #Actions              #SourceIp                 #Decision \n\
             User:alice        Custom      Topic:orders            [All]                 null                      Allow     \n\
             User:alice        Custom      Group:g1                [Pub, Sub]            [192.168.0.0/16]          Allow     \n\
             User:bob          {}\n",
                blank
            )
        );
    }

    #[test]
    fn rules_of_other_resources_stay() {
        let before =
            acl(vec![entry("Topic:a", &["Pub"], None, "Allow"), entry("Topic:b", &["Sub"], None, "Deny")]);
        let wanted = AclInfo {
            policies: vec![PolicyInfo {
                entries: vec![entry("Topic:a", &["Pub", "Sub"], Some("10.0.0.1"), "Allow")],
                policy_type: None,
            }],
            subject: None,
        };
        let broker = at_addr(None, "a:1");
        let change = merged(broker.clone(), Some(&before), &wanted);
        assert_eq!(change.text(), "Topic:a Allow Pub -> Allow Pub, Sub from 10.0.0.1");
        assert_eq!(merged(broker.clone(), Some(&before), &before).action, Action::Unchanged);
        assert_eq!(merged(broker, None, &wanted).action, Action::Create);
    }

    #[test]
    fn a_subject_names_a_user() {
        assert!(checked("User:alice").is_ok() && checked("user:alice").is_ok());
        for wrong in ["alice", "User:", "Group:x", ""] {
            let error = checked(wrong).unwrap_err();
            assert_eq!(error.kind.exit_code(), 2, "{wrong}");
            assert!(error.hints[0].contains("User:"), "{:?}", error.hints);
        }
    }
}
