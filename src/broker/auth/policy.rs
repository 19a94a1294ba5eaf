//! What a user may do: permissions, how they change, and which of them decides (Java: `Acl`, `Policy`,
//! `PolicyEntry`, `AclAuthorizationHandler`).

use std::net::IpAddr;

use super::resource::{Kind, Names, Resource};
use super::source::Source;

/// What is done with a resource (Java: `Action`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing that a request does.
    Unknown,
    /// In a permission: whatever is done.
    All,
    /// Nothing that may stand in a permission.
    Any,
    /// Sending.
    Pub,
    /// Consuming.
    Sub,
    /// Making it.
    Create,
    /// Changing it.
    Update,
    /// Deleting it.
    Delete,
    /// Looking at it.
    Get,
    /// Looking at all.
    List,
}

impl Action {
    const NAMES: [(Action, &'static str); 10] = [
        (Action::Unknown, "Unknown"),
        (Action::All, "All"),
        (Action::Any, "Any"),
        (Action::Pub, "Pub"),
        (Action::Sub, "Sub"),
        (Action::Create, "Create"),
        (Action::Update, "Update"),
        (Action::Delete, "Delete"),
        (Action::Get, "Get"),
        (Action::List, "List"),
    ];

    /// Its name as Java writes it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(action, _)| *action == self).map_or("Unknown", |(_, name)| name)
    }

    /// The action of a name in whatever case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(action, _)| *action)
    }
}

/// What a permission says. In the order in which they win where nothing else tells two permissions apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// No.
    Deny,
    /// Yes.
    Allow,
}

impl Decision {
    /// Its name as Java writes it.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Deny => "Deny",
            Decision::Allow => "Allow",
        }
    }

    /// The decision of a name in whatever case.
    pub fn of_name(name: &str) -> Option<Self> {
        [Decision::Deny, Decision::Allow].into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// Which permissions are asked first (Java: `PolicyType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyType {
    /// Those made for a resource.
    Custom,
    /// Those that count where none of the others does.
    Default,
}

impl PolicyType {
    /// Its name as Java writes it.
    pub fn name(self) -> &'static str {
        match self {
            PolicyType::Custom => "Custom",
            PolicyType::Default => "Default",
        }
    }

    /// The type of a name in whatever case; any other is [`PolicyType::Custom`].
    pub fn of_name(name: Option<&str>) -> Self {
        match name {
            Some(name) if name.eq_ignore_ascii_case("Default") => PolicyType::Default,
            _ => PolicyType::Custom,
        }
    }
}

/// One permission (Java: `PolicyEntry`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// For what.
    pub resource: Resource,
    /// To do what.
    pub actions: Vec<Action>,
    /// From where: the texts as they were given, and what they mean. From everywhere if there is none.
    pub sources: Vec<(String, Source)>,
    /// Yes or no.
    pub decision: Decision,
}

impl Entry {
    fn counts_for(&self, need: &Need, from: IpAddr) -> bool {
        let actions = need.actions.contains(&Action::Any)
            || need.actions.iter().any(|a| self.actions.contains(a) || self.actions.contains(&Action::All));
        let from = self.sources.is_empty() || self.sources.iter().any(|(_, source)| source.contains(from));
        actions && from && self.resource.covers(&need.resource)
    }

    /// What makes one permission win over another: a kind over all kinds, a name over a prefix over all names,
    /// a longer prefix over a shorter one, a refusal over a permission.
    fn rank(&self) -> (bool, u8, std::cmp::Reverse<usize>, Decision) {
        let (names, length) = match &self.resource.names {
            Names::Literal(_) => (0, 0),
            Names::Prefixed(prefix) => (1, prefix.encode_utf16().count()),
            Names::Any => (2, 0),
        };
        (self.resource.kind == Kind::Any, names, std::cmp::Reverse(length), self.decision)
    }
}

/// The permissions of one type (Java: `Policy`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The type.
    pub policy_type: PolicyType,
    /// The permissions.
    pub entries: Vec<Entry>,
}

/// All permissions of a user (Java: `Acl`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    /// Them by type.
    pub policies: Vec<Policy>,
}

impl Acl {
    fn of_type(&self, policy_type: PolicyType) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.policy_type == policy_type)
    }

    /// Adds permissions; those for the same resource are replaced.
    pub fn merge(&mut self, policies: Vec<Policy>) {
        for new in policies {
            match self.policies.iter_mut().find(|old| old.policy_type == new.policy_type) {
                None => self.policies.push(new),
                Some(old) => new.entries.into_iter().for_each(|entry| old.put(entry)),
            }
        }
    }

    /// Takes away the permission of that type for that resource.
    pub fn remove(&mut self, policy_type: PolicyType, resource: &Resource) {
        let Some(at) = self.policies.iter().position(|policy| policy.policy_type == policy_type) else {
            return;
        };
        let entries = &mut self.policies[at].entries;
        if let Some(at) = entries.iter().position(|entry| entry.resource == *resource) {
            entries.remove(at);
        }
        if entries.is_empty() {
            self.policies.remove(at);
        }
    }

    /// What the permissions say to a request, if anything.
    pub fn decision(&self, need: &Need, from: IpAddr) -> Option<Decision> {
        let best = |policy_type| {
            let entries = self.of_type(policy_type).into_iter().flat_map(|policy| &policy.entries);
            entries.filter(|entry| entry.counts_for(need, from)).min_by_key(|entry| entry.rank())
        };
        best(PolicyType::Custom).or_else(|| best(PolicyType::Default)).map(|entry| entry.decision)
    }
}

impl Policy {
    fn put(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|old| old.resource == entry.resource) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }
}

/// What a request needs permission for: one of the actions is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// With what.
    pub resource: Resource,
    /// To do what.
    pub actions: &'static [Action],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(resource: &str, actions: &[Action], sources: &[&str], decision: Decision) -> Entry {
        Entry {
            resource: Resource::parse(resource).unwrap(),
            actions: actions.to_vec(),
            sources: sources.iter().map(|s| ((*s).to_owned(), Source::parse(s).unwrap())).collect(),
            decision,
        }
    }

    fn acl(policy_type: PolicyType, entries: Vec<Entry>) -> Acl {
        Acl { policies: vec![Policy { policy_type, entries }] }
    }

    const ALL: &[Action] = &[Action::All];
    const YES: Option<Decision> = Some(Decision::Allow);
    const NO: Option<Decision> = Some(Decision::Deny);

    fn publish(topic: &str) -> Need {
        Need { resource: Resource::topic(topic), actions: &[Action::Pub] }
    }

    /// The order of Java's `comparePolicyEntries`; each pair in both orders.
    #[test]
    fn the_nearest_permission_decides() {
        let table = [
            ("Topic:orders", "Topic:*"),
            ("Topic:orders", "Topic:or*"),
            ("Topic:orders", "*"),
            ("Topic:or*", "Topic:*"),
            ("Topic:orde*", "Topic:or*"),
            ("Topic:or*", "*"),
            ("Topic:*", "*"),
        ];
        for (near, far) in table {
            for (decision, other) in [(Decision::Allow, Decision::Deny), (Decision::Deny, Decision::Allow)] {
                let mut entries = vec![entry(near, ALL, &[], decision), entry(far, ALL, &[], other)];
                for _ in 0..2 {
                    let acl = acl(PolicyType::Custom, entries.clone());
                    let found = acl.decision(&publish("orders"), IpAddr::from([127, 0, 0, 1]));
                    assert_eq!(found, Some(decision), "{near} {far}");
                    entries.reverse();
                }
            }
        }
        let both = vec![
            entry("Topic:orders", ALL, &[], Decision::Allow),
            entry("Topic:orders", &[Action::Pub], &[], Decision::Deny),
        ];
        let found = acl(PolicyType::Custom, both).decision(&publish("orders"), IpAddr::from([1, 1, 1, 1]));
        assert_eq!(found, NO, "a refusal wins");
    }

    #[test]
    fn actions_and_addresses_must_fit() {
        let entries = vec![
            entry("Topic:a", &[Action::Sub, Action::Get], &["10.0.0.0/8", "192.168.0.1"], Decision::Allow),
            entry("Group:a", ALL, &[], Decision::Allow),
        ];
        let acl = acl(PolicyType::Custom, entries);
        let need = |actions| Need { resource: Resource::topic("a"), actions };
        let table = [
            (need(&[Action::Sub]), [10, 9, 9, 9], YES),
            (need(&[Action::Pub, Action::Get]), [192, 168, 0, 1], YES),
            (need(&[Action::Any]), [192, 168, 0, 1], YES),
            (need(&[Action::Pub]), [10, 9, 9, 9], None),
            (need(&[Action::Sub]), [11, 9, 9, 9], None),
            (Need { resource: Resource::group("a"), actions: &[Action::List] }, [1, 1, 1, 1], YES),
            (Need { resource: Resource::group("b"), actions: &[Action::List] }, [1, 1, 1, 1], None),
        ];
        for (need, from, expected) in table {
            assert_eq!(acl.decision(&need, IpAddr::from(from)), expected, "{need:?}");
        }
    }

    #[test]
    fn defaults_count_where_nothing_else_does() {
        let mut acl = acl(PolicyType::Default, vec![entry("Topic:*", ALL, &[], Decision::Deny)]);
        let from = IpAddr::from([1, 1, 1, 1]);
        assert_eq!(acl.decision(&publish("a"), from), NO);
        acl.merge(vec![Policy {
            policy_type: PolicyType::Custom,
            entries: vec![entry("*", ALL, &[], Decision::Allow)],
        }]);
        assert_eq!(acl.decision(&publish("a"), from), YES);
        acl.remove(PolicyType::Custom, &Resource::parse("*").unwrap());
        assert_eq!(acl.decision(&publish("a"), from), NO);
        assert_eq!(acl.policies.len(), 1);
    }

    #[test]
    fn permissions_for_the_same_resource_are_replaced() {
        let mut acl = acl(PolicyType::Custom, vec![entry("Topic:a", ALL, &["1.1.1.1"], Decision::Deny)]);
        let new = vec![
            entry("Topic:b", &[Action::Sub], &[], Decision::Allow),
            entry("Topic:a", &[Action::Pub], &[], Decision::Allow),
        ];
        acl.merge(vec![Policy { policy_type: PolicyType::Custom, entries: new.clone() }]);
        assert_eq!(acl.policies[0].entries, [new[1].clone(), new[0].clone()]);
        acl.remove(PolicyType::Default, &Resource::topic("a"));
        acl.remove(PolicyType::Custom, &Resource::topic("c"));
        assert_eq!(acl.policies[0].entries.len(), 2);
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(Action::of_name("pUb"), Some(Action::Pub));
        assert_eq!(Action::of_name("Nope"), None);
        assert_eq!(Decision::of_name("DENY"), Some(Decision::Deny));
        assert_eq!(PolicyType::of_name(Some("default")), PolicyType::Default);
        assert_eq!(PolicyType::of_name(Some("what")), PolicyType::Custom);
        assert!(Action::NAMES.iter().all(|(action, name)| action.name() == *name));
    }
}
