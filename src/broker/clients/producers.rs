//! Producers by group (Java: `ProducerManager`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use super::Client;
use crate::protocol::group::{Connection as Described, ProducerInfo};
use crate::remoting::Connection;

/// The connected producers.
#[derive(Debug, Default)]
pub struct Producers {
    groups: RwLock<HashMap<String, BTreeMap<u64, Client>>>,
    turn: AtomicUsize,
}

impl Producers {
    /// A heartbeat names this group.
    pub fn register(&self, group: &str, client: &Client) {
        let mut groups = self.groups.write();
        let members = match groups.get_mut(group) {
            Some(members) => members,
            None => groups.entry(group.to_owned()).or_default(),
        };
        members
            .entry(client.connection.id())
            .and_modify(|known| known.seen = client.seen)
            .or_insert_with(|| client.clone());
    }

    /// A producer leaves its group.
    pub fn unregister(&self, group: &str, connection: u64) {
        let mut groups = self.groups.write();
        if let Some(members) = groups.get_mut(group) {
            members.remove(&connection);
            if members.is_empty() {
                groups.remove(group);
            }
        }
    }

    /// A connection is gone, and with it all that it produced for.
    pub fn forget(&self, connection: u64) {
        self.retain(|client| client.connection.id() != connection);
    }

    /// Drops and closes those that have been silent for longer than `after`.
    pub fn expire(&self, now: i64, after: Duration) {
        self.retain(|client| {
            let expired = client.is_expired(now, after);
            if expired {
                tracing::warn!(client = client.id, peer = %client.connection.peer(), "producer expired");
                client.connection.close();
            }
            !expired
        });
    }

    fn retain(&self, keep: impl Fn(&Client) -> bool) {
        self.groups.write().retain(|_, members| {
            members.retain(|_, client| keep(client));
            !members.is_empty()
        });
    }

    /// A connection to some producer of the group, each in its turn.
    pub fn any(&self, group: &str) -> Option<Arc<Connection>> {
        let groups = self.groups.read();
        let members = groups.get(group)?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % members.len().max(1);
        let in_turn = members.values().cycle().skip(turn).take(members.len());
        in_turn.map(|client| &client.connection).find(|connection| !connection.is_closed()).cloned()
    }

    /// The connection of a client.
    pub fn client(&self, id: &str) -> Option<Arc<Connection>> {
        let groups = self.groups.read();
        let mut clients = groups.values().flat_map(BTreeMap::values);
        let client = clients.find(|client| client.id == id && !client.connection.is_closed())?;
        Some(client.connection.clone())
    }

    /// The members of a group; `None` when nobody produces for it.
    pub fn connections(&self, group: &str) -> Option<Vec<Described>> {
        Some(self.groups.read().get(group)?.values().map(Client::describe).collect())
    }

    /// All producers, by group.
    pub fn table(&self) -> BTreeMap<String, Vec<ProducerInfo>> {
        let info = |client: &Client| ProducerInfo {
            client_id: client.id.clone(),
            language: client.language,
            last_update_timestamp: client.seen,
            // Java prints a socket address that was not looked up with a slash before it.
            remote_ip: format!("/{}", client.connection.peer()),
            version: client.version,
        };
        let groups = self.groups.read();
        groups.iter().map(|(group, members)| (group.clone(), members.values().map(info).collect())).collect()
    }
}
