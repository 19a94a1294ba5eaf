//! Which brokers there are and which topics they have (Java: `RouteInfoManager`).
//!
//! Pure: the time is told, connections are numbers, and what must be sent to brokers is returned. Lists are
//! sorted where Java's are in the order of a hash.

mod lists;
mod register;
mod route;
#[cfg(test)]
mod tests;
mod unregister;

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::route::{BrokerData, MinBrokerIdHeader, QueueData};
use crate::protocol::topic::DataVersion;

pub use lists::UnitTopics;
pub use register::{Registration, Unregistrable};
pub use route::Zone;

/// After how many ms without a word a broker is gone that does not say (Java:
/// `DEFAULT_BROKER_CHANNEL_EXPIRED_TIME`).
const DEFAULT_HEARTBEAT_TIMEOUT: i64 = 120_000;

/// The settings of `NamesrvConfig` that the tables look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// `deleteTopicWithBrokerRegistration`: a topic that a broker does not register any more is gone.
    pub delete_unregistered_topics: bool,
    /// `notifyMinBrokerIdChanged`: brokers are told who acts as master.
    pub notify_min_broker_id: bool,
    /// `supportActingMaster`: a slave may stand in for its master in routes.
    pub support_acting_master: bool,
}

/// A broker by where it is: addresses may come again in another cluster (Java: `BrokerAddrInfo`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BrokerKey {
    cluster: String,
    addr: String,
}

impl BrokerKey {
    fn new(cluster: &str, addr: &str) -> Self {
        Self { cluster: cluster.to_owned(), addr: addr.to_owned() }
    }
}

/// A broker that lives (Java: `BrokerLiveInfo`).
#[derive(Debug, Clone)]
struct LiveBroker {
    last_update: i64,
    timeout: i64,
    version: DataVersion,
    connection: u64,
    ha_server_addr: String,
}

/// What brokers must be told: who of them has the smallest id now.
#[derive(Debug, Clone, PartialEq)]
pub struct MinBrokerNotice {
    /// Addresses of the brokers to tell.
    pub recipients: Vec<String>,
    /// What to tell them.
    pub header: MinBrokerIdHeader,
}

impl MinBrokerNotice {
    /// Nobody to tell where there is no broker; the broker that just came needs not be told.
    fn new(addrs: &BTreeMap<i64, String>, offline: Option<&str>, ha: Option<&str>) -> Option<Self> {
        let (min, min_addr) = addrs.first_key_value()?;
        let all = offline.is_some() || addrs.len() == 1;
        let recipients = addrs.iter().filter(|(id, _)| all || *id != min).map(|(_, a)| a.clone()).collect();
        let header = MinBrokerIdHeader {
            min_broker_id: Some(*min),
            broker_name: None,
            min_broker_addr: Some(min_addr.clone()),
            offline_broker_addr: offline.map(str::to_owned),
            ha_broker_addr: ha.map(str::to_owned),
        };
        Some(Self { recipients, header })
    }
}

/// The tables.
#[derive(Debug, Default)]
pub struct RouteTables {
    /// Queues by topic, then by broker name.
    topics: BTreeMap<String, BTreeMap<String, QueueData>>,
    /// Brokers by name.
    brokers: BTreeMap<String, BrokerData>,
    /// Broker names by cluster.
    clusters: BTreeMap<String, BTreeSet<String>>,
    /// Who is alive.
    live: BTreeMap<BrokerKey, LiveBroker>,
    /// Filter servers of a broker.
    filter_servers: BTreeMap<BrokerKey, Vec<String>>,
    /// Static topics: by topic, then by broker name.
    mappings: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

impl RouteTables {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The version of a broker's topics as it registered them, if it is alive.
    pub fn version(&self, cluster: &str, addr: &str) -> Option<&DataVersion> {
        self.live.get(&BrokerKey::new(cluster, addr)).map(|live| &live.version)
    }

    /// Whether a broker of this name has registered with this address.
    pub fn has_broker(&self, name: &str, addr: &str) -> bool {
        self.brokers.get(name).is_some_and(|broker| broker.broker_addrs.values().any(|known| known == addr))
    }

    /// A broker gave a sign of life.
    pub fn touch(&mut self, cluster: &str, addr: &str, now: i64) {
        if let Some(live) = self.live.get_mut(&BrokerKey::new(cluster, addr)) {
            live.last_update = now;
        }
    }
}
