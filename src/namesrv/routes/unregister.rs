//! A broker leaves: it says so, it falls silent, its connection ends.

use super::{BrokerKey, LiveBroker, MinBrokerNotice, RouteTables, Rules};
use crate::protocol::route::{BrokerHeader, MASTER_ID, PERM_WRITE};

impl RouteTables {
    /// Takes a broker away. Returns what the others of its name must be told.
    pub fn unregister(&mut self, broker: &BrokerHeader, rules: Rules) -> Option<MinBrokerNotice> {
        let key = BrokerKey::new(&broker.cluster_name, &broker.broker_addr);
        if self.live.remove(&key).is_some() {
            tracing::info!(broker = broker.broker_name, addr = broker.broker_addr, "broker unregistered");
        }
        self.filter_servers.remove(&key);
        let data = self.brokers.get_mut(&broker.broker_name)?;
        let was_min = data.broker_addrs.keys().next() == Some(&broker.broker_id);
        data.broker_addrs.retain(|_, addr| *addr != broker.broker_addr);
        if data.broker_addrs.is_empty() {
            self.forget_name(&broker.cluster_name, &broker.broker_name);
            return None;
        }
        if !data.enable_acting_master {
            return None;
        }
        let notice = (was_min && rules.notify_min_broker_id)
            .then(|| MinBrokerNotice::new(&data.broker_addrs, Some(&broker.broker_addr), None))
            .flatten();
        if !data.broker_addrs.contains_key(&MASTER_ID) {
            // Nobody takes writes any more.
            for queues in self.topics.values_mut() {
                if let Some(queues) = queues.get_mut(&broker.broker_name) {
                    queues.perm &= !PERM_WRITE;
                }
            }
        }
        notice
    }

    /// The last broker of a name is gone: its topics are, too.
    fn forget_name(&mut self, cluster: &str, name: &str) {
        self.brokers.remove(name);
        if let Some(names) = self.clusters.get_mut(cluster) {
            names.remove(name);
            if names.is_empty() {
                self.clusters.remove(cluster);
            }
        }
        self.topics.retain(|_, queues| {
            queues.remove(name);
            !queues.is_empty()
        });
        self.mappings.retain(|_, brokers| {
            brokers.remove(name);
            !brokers.is_empty()
        });
    }

    /// The brokers that were silent for too long, and their connections. An address whose place another one
    /// took is forgotten here.
    pub fn expired(&mut self, now: i64) -> Vec<(BrokerHeader, u64)> {
        let silent = |live: &LiveBroker| live.last_update.saturating_add(live.timeout) < now;
        let found = self.find(silent);
        self.live.retain(|key, live| {
            let seated = |(broker, _): &(BrokerHeader, u64)| {
                broker.broker_addr == key.addr && broker.cluster_name == key.cluster
            };
            !silent(live) || found.iter().any(seated)
        });
        found
    }

    /// The brokers that registered over this connection.
    pub fn on_connection(&self, connection: u64) -> Vec<BrokerHeader> {
        self.find(|live| live.connection == connection).into_iter().map(|(broker, _)| broker).collect()
    }

    fn find(&self, wanted: impl Fn(&LiveBroker) -> bool) -> Vec<(BrokerHeader, u64)> {
        let live = self.live.iter().filter(|(_, live)| wanted(live));
        live.filter_map(|(key, live)| Some((self.seat_of(key)?, live.connection))).collect()
    }

    /// Under which name and id a broker is known.
    fn seat_of(&self, key: &BrokerKey) -> Option<BrokerHeader> {
        self.brokers.values().filter(|broker| broker.cluster == key.cluster).find_map(|broker| {
            let (id, addr) = broker.broker_addrs.iter().find(|(_, addr)| **addr == key.addr)?;
            Some(BrokerHeader {
                broker_name: broker.broker_name.clone(),
                broker_addr: addr.clone(),
                cluster_name: key.cluster.clone(),
                broker_id: *id,
            })
        })
    }
}
