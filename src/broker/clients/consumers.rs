//! Members of consumer groups and what they subscribe to (Java: `ConsumerManager`, `ConsumerGroupInfo`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use super::Client;
use crate::protocol::group::{ConsumerConnection, ConsumerData, SubscriptionData};
use crate::remoting::Connection;

/// `messageModel` of groups whose members each get every message.
pub const BROADCASTING: &str = "BROADCASTING";

/// A group that has members.
#[derive(Debug, Default)]
struct Group {
    members: BTreeMap<u64, Client>,
    subscriptions: BTreeMap<String, Arc<SubscriptionData>>,
    consume_type: String,
    message_model: String,
    consume_from_where: String,
}

impl Group {
    fn is_broadcast(&self) -> bool {
        self.message_model == BROADCASTING
    }

    fn connections(&self) -> Vec<Arc<Connection>> {
        self.members.values().map(|client| client.connection.clone()).collect()
    }

    /// Takes over what a member says of the group. True if the member is new.
    fn take_member(&mut self, client: &Client, data: &ConsumerData) -> bool {
        self.consume_type.clone_from(&data.consume_type);
        self.message_model.clone_from(&data.message_model);
        self.consume_from_where.clone_from(&data.consume_from_where);
        match self.members.get_mut(&client.connection.id()) {
            Some(known) if known.id == client.id => {
                known.seen = client.seen;
                false
            }
            // One connection with two clients of one group: the last one counts, as in Apache's broker.
            known => {
                let new = known.is_none();
                self.members.insert(client.connection.id(), client.clone());
                new
            }
        }
    }

    /// Takes over subscriptions. True if topics came or went.
    fn take_subscriptions(&mut self, wanted: &[SubscriptionData]) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|topic, _| wanted.iter().any(|new| new.topic == *topic));
        let mut changed = self.subscriptions.len() != before;
        for new in wanted {
            match self.subscriptions.get_mut(&new.topic) {
                None => {
                    self.subscriptions.insert(new.topic.clone(), Arc::new(new.clone()));
                    changed = true;
                }
                Some(old) if new.sub_version > old.sub_version => *old = Arc::new(new.clone()),
                Some(_) => {}
            }
        }
        changed
    }
}

/// A subscription that came with a pull, for groups whose members send no heartbeat.
#[derive(Debug)]
struct Pulled {
    subscription: Arc<SubscriptionData>,
    seen: AtomicI64,
}

/// What a heartbeat changed.
#[derive(Debug, Default)]
pub struct Joined {
    /// Whether a member or a subscription came or went.
    pub changed: bool,
    /// Who must be told.
    pub notify: Vec<Arc<Connection>>,
}

/// A group that lost a member.
#[derive(Debug)]
pub struct Left {
    /// The group.
    pub group: String,
    /// Who is left and must be told; nobody in broadcast mode.
    pub notify: Vec<Arc<Connection>>,
}

/// What is known of a group with members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Whether each member gets every message.
    pub broadcast: bool,
    /// Whether members pull by themselves.
    pub actively: bool,
    /// What it wants of the topic asked for.
    pub subscription: Option<Arc<SubscriptionData>>,
}

/// The connected consumers.
#[derive(Debug, Default)]
pub struct Consumers {
    groups: RwLock<HashMap<String, Group>>,
    pulled: RwLock<HashMap<String, HashMap<String, Pulled>>>,
    /// What the last heartbeat of a group had for a fingerprint (Java: `consumerGroupHeartbeatTable`).
    fingerprints: Mutex<HashMap<String, i32>>,
}

impl Consumers {
    /// A heartbeat names this group. `with_subscriptions` is false when the client left them out.
    pub fn register(&self, client: &Client, data: &ConsumerData, with_subscriptions: bool) -> Joined {
        let mut groups = self.groups.write();
        let group = match groups.get_mut(&data.group_name) {
            Some(group) => group,
            None => groups.entry(data.group_name.clone()).or_default(),
        };
        let joined = group.take_member(client, data);
        let subscribed = with_subscriptions && group.take_subscriptions(&data.subscription_data_set);
        let changed = joined || subscribed;
        let notify = if changed && !group.is_broadcast() { group.connections() } else { Vec::new() };
        Joined { changed, notify }
    }

    /// Keeps the fingerprint of a heartbeat. True if the last one of the group had another.
    pub fn note_fingerprint(&self, group: &str, fingerprint: i32) -> bool {
        let mut fingerprints = self.fingerprints.lock();
        match fingerprints.get_mut(group) {
            Some(known) => std::mem::replace(known, fingerprint) != fingerprint,
            None => {
                fingerprints.insert(group.to_owned(), fingerprint);
                false
            }
        }
    }

    /// A member leaves its group.
    pub fn unregister(&self, group: &str, connection: u64) -> Option<Left> {
        let mut groups = self.groups.write();
        let left = Self::remove_from(group, groups.get_mut(group)?, connection)?;
        groups.retain(|_, group| !group.members.is_empty());
        Some(left)
    }

    /// A connection is gone, and with it a member of each of its groups.
    pub fn forget(&self, connection: u64) -> Vec<Left> {
        let mut groups = self.groups.write();
        let left = groups
            .iter_mut()
            .filter_map(|(name, group)| Self::remove_from(name, group, connection))
            .collect();
        groups.retain(|_, group| !group.members.is_empty());
        left
    }

    /// Forgets fingerprints of groups that have no members and are in none of the tables.
    pub fn forget_fingerprints(&self, keep: impl Fn(&str) -> bool) {
        self.fingerprints.lock().retain(|group, _| keep(group));
    }

    fn remove_from(name: &str, group: &mut Group, connection: u64) -> Option<Left> {
        group.members.remove(&connection)?;
        let notify = if group.is_broadcast() { Vec::new() } else { group.connections() };
        Some(Left { group: name.to_owned(), notify })
    }

    /// Drops members silent for longer than `client_after`, closing their connections, and subscriptions
    /// that came with pulls not seen for longer than `subscription_after`.
    pub fn expire(&self, now: i64, client_after: Duration, subscription_after: Duration) -> Vec<Left> {
        let silent: Vec<Client> = {
            let groups = self.groups.read();
            let members = groups.values().flat_map(|group| group.members.values());
            members.filter(|client| client.is_expired(now, client_after)).cloned().collect()
        };
        let mut left = Vec::new();
        for client in silent {
            tracing::warn!(client = client.id, peer = %client.connection.peer(), "consumer expired");
            client.connection.close();
            left.extend(self.forget(client.connection.id()));
        }
        let keep_ms = i64::try_from(subscription_after.as_millis()).unwrap_or(i64::MAX);
        self.pulled.write().retain(|_, topics| {
            topics.retain(|_, pulled| now.saturating_sub(pulled.seen.load(Ordering::Relaxed)) <= keep_ms);
            !topics.is_empty()
        });
        left
    }

    /// What is known of a group; `None` when it has no members.
    pub fn membership(&self, group: &str, topic: &str) -> Option<Membership> {
        let groups = self.groups.read();
        let group = groups.get(group)?;
        Some(Membership {
            broadcast: group.is_broadcast(),
            actively: group.consume_type == "CONSUME_ACTIVELY",
            subscription: group.subscriptions.get(topic).cloned(),
        })
    }

    /// The subscription that came with an earlier pull of the same expression.
    pub fn pulled(
        &self,
        group: &str,
        topic: &str,
        expression: &str,
        kind: &str,
        now: i64,
    ) -> Option<Arc<SubscriptionData>> {
        let pulled = self.pulled.read();
        let known = pulled.get(group)?.get(topic)?;
        known.seen.store(now, Ordering::Relaxed);
        let subscription = &known.subscription;
        let same = subscription.sub_string == expression && subscription.expression_type == kind;
        same.then(|| subscription.clone())
    }

    /// Keeps a subscription that came with a pull.
    pub fn keep_pulled(&self, group: &str, topic: &str, subscription: &Arc<SubscriptionData>, now: i64) {
        let fresh = Pulled { subscription: subscription.clone(), seen: AtomicI64::new(now) };
        self.pulled.write().entry(group.to_owned()).or_default().insert(topic.to_owned(), fresh);
    }

    /// What a group wants of a topic, from its members' heartbeats or else from a pull.
    pub fn subscription(&self, group: &str, topic: &str) -> Option<Arc<SubscriptionData>> {
        let of_members =
            self.groups.read().get(group).and_then(|group| group.subscriptions.get(topic).cloned());
        of_members.or_else(|| {
            self.pulled.read().get(group).and_then(|topics| Some(topics.get(topic)?.subscription.clone()))
        })
    }

    /// How many topics a group wants.
    pub fn subscription_count(&self, group: &str) -> usize {
        self.groups.read().get(group).map_or(0, |group| group.subscriptions.len())
    }

    /// The topics that a group with members wants.
    pub fn topics_of(&self, group: &str) -> Vec<String> {
        let groups = self.groups.read();
        groups.get(group).map(|group| group.subscriptions.keys().cloned().collect()).unwrap_or_default()
    }

    /// The groups with members that want a topic.
    pub fn groups_of(&self, topic: &str) -> Vec<String> {
        let groups = self.groups.read();
        let wanting = groups.iter().filter(|(_, group)| group.subscriptions.contains_key(topic));
        wanting.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a group has members.
    pub fn is_online(&self, group: &str) -> bool {
        self.groups.read().contains_key(group)
    }

    /// Whether a connection is a member's.
    pub fn is_member(&self, group: &str, connection: u64) -> bool {
        self.groups.read().get(group).is_some_and(|group| group.members.contains_key(&connection))
    }

    /// The members' own names, in the order in which they came.
    pub fn ids(&self, group: &str) -> Vec<String> {
        let groups = self.groups.read();
        let ids = |group: &Group| group.members.values().map(|client| client.id.clone()).collect();
        groups.get(group).map(ids).unwrap_or_default()
    }

    /// The members.
    pub fn members(&self, group: &str) -> Vec<Client> {
        let groups = self.groups.read();
        groups.get(group).map(|group| group.members.values().cloned().collect()).unwrap_or_default()
    }

    /// One member by its name.
    pub fn member(&self, group: &str, client_id: &str) -> Option<Client> {
        let groups = self.groups.read();
        groups.get(group)?.members.values().find(|client| client.id == client_id).cloned()
    }

    /// A group as it is told to administrators; `None` when it has no members.
    pub fn describe(&self, group: &str) -> Option<ConsumerConnection> {
        let groups = self.groups.read();
        let group = groups.get(group)?;
        let subscriptions = group.subscriptions.iter();
        Some(ConsumerConnection {
            connection_set: group.members.values().map(Client::describe).collect(),
            consume_from_where: Some(group.consume_from_where.clone()),
            consume_type: Some(group.consume_type.clone()),
            message_model: Some(group.message_model.clone()),
            subscription_table: subscriptions
                .map(|(topic, data)| (topic.clone(), (**data).clone()))
                .collect(),
        })
    }

    /// The groups that have members.
    pub fn groups(&self) -> Vec<String> {
        self.groups.read().keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(topic: &str, version: i64) -> SubscriptionData {
        SubscriptionData { topic: topic.into(), sub_version: version, ..SubscriptionData::default() }
    }

    #[test]
    fn topics_that_come_or_go_change_a_group_but_newer_versions_do_not() {
        let mut group = Group::default();
        assert!(group.take_subscriptions(&[subscription("A", 1)]));
        assert!(!group.take_subscriptions(&[subscription("A", 2)]));
        assert_eq!(group.subscriptions["A"].sub_version, 2);
        assert!(!group.take_subscriptions(&[subscription("A", 1)]));
        assert_eq!(group.subscriptions["A"].sub_version, 2);
        assert!(group.take_subscriptions(&[subscription("A", 2), subscription("B", 1)]));
        assert!(group.take_subscriptions(&[subscription("B", 1)]));
        assert!(!group.subscriptions.contains_key("A"));
    }

    #[test]
    fn a_pulled_subscription_is_known_by_its_expression_until_it_expires() {
        let consumers = Consumers::default();
        let data = Arc::new(SubscriptionData {
            sub_string: "a||b".into(),
            expression_type: "TAG".into(),
            ..subscription("T", 5)
        });
        consumers.keep_pulled("g", "T", &data, 1_000);
        assert!(consumers.pulled("g", "T", "a||b", "TAG", 1_000).is_some());
        assert!(consumers.pulled("g", "T", "a", "TAG", 1_000).is_none());
        assert!(consumers.subscription("g", "T").is_some());
        let (clients, subscriptions) = (Duration::from_secs(120), Duration::from_secs(1));
        consumers.expire(2_000, clients, subscriptions);
        assert!(consumers.subscription("g", "T").is_some());
        consumers.expire(2_001, clients, subscriptions);
        assert!(consumers.subscription("g", "T").is_none());
    }
}
