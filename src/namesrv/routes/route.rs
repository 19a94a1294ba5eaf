//! Where a topic is (Java: `pickupTopicRouteData`, `ZoneRouteRPCHook`).

use std::collections::{BTreeMap, BTreeSet};

use super::{BrokerKey, RouteTables, Rules};
use crate::protocol::route::{BrokerData, MASTER_ID, PERM_WRITE, QueueData, RouteHeader, TopicRouteData};

/// Topics by which brokers of a name find each other: they are told the truth about masters.
const MEMBER_TOPIC_PREFIX: &str = "rmq_sys_SYNC_BROKER_MEMBER_";

/// The zone of a client that wants brokers near to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    /// The zone that a request asks for, if it does.
    pub fn of(header: &RouteHeader) -> Option<Self> {
        let name = header.zone_name.as_deref().filter(|name| !name.trim().is_empty())?;
        (header.zone_mode == Some(true)).then(|| Self(name.to_owned()))
    }

    /// Leaves the brokers of this zone, and those without a master wherever they are.
    pub fn narrow(&self, mut route: TopicRouteData) -> TopicRouteData {
        let near = |broker: &BrokerData| {
            let zone = broker.zone_name.as_deref();
            !broker.broker_addrs.contains_key(&MASTER_ID)
                || zone.is_some_and(|zone| zone.eq_ignore_ascii_case(&self.0))
        };
        let (near, far): (Vec<_>, Vec<_>) = route.broker_datas.into_iter().partition(near);
        let names: BTreeSet<_> = far.iter().map(|broker| &broker.broker_name).collect();
        route.queue_datas.retain(|queues| !names.contains(&queues.broker_name));
        for addr in far.iter().flat_map(|broker| broker.broker_addrs.values()) {
            route.filter_server_table.remove(addr);
        }
        route.broker_datas = near;
        route
    }
}

impl RouteTables {
    /// The brokers and queues of a topic; `None` where no broker has it.
    pub fn route(&self, topic: &str, rules: Rules) -> Option<TopicRouteData> {
        let queues = self.topics.get(topic)?;
        let mut brokers: Vec<BrokerData> =
            queues.keys().filter_map(|name| self.brokers.get(name)).cloned().collect();
        if brokers.is_empty() {
            return None;
        }
        let filter_server_table = self.filter_servers_of(&brokers);
        if rules.support_acting_master && !topic.starts_with(MEMBER_TOPIC_PREFIX) {
            brokers.iter_mut().for_each(|broker| seat_acting_master(broker, queues));
        }
        Some(TopicRouteData {
            broker_datas: brokers,
            filter_server_table,
            order_topic_conf: None,
            queue_datas: queues.values().cloned().collect(),
            topic_queue_mapping_by_broker: self.mappings.get(topic).cloned(),
        })
    }

    fn filter_servers_of(&self, brokers: &[BrokerData]) -> BTreeMap<String, Vec<String>> {
        if self.filter_servers.is_empty() {
            return BTreeMap::new();
        }
        let addrs = brokers.iter().flat_map(|b| b.broker_addrs.values().map(|addr| (&b.cluster, addr)));
        addrs
            .filter_map(|(cluster, addr)| {
                let servers = self.filter_servers.get(&BrokerKey::new(cluster, addr))?;
                Some((addr.clone(), servers.clone()))
            })
            .collect()
    }
}

/// Without a master, the slave with the smallest id is shown in its place, if it may and takes no writes.
fn seat_acting_master(broker: &mut BrokerData, queues: &BTreeMap<String, QueueData>) {
    let writable = queues.get(&broker.broker_name).is_none_or(|queues| queues.perm & PERM_WRITE != 0);
    if broker.broker_addrs.contains_key(&MASTER_ID) || !broker.enable_acting_master || writable {
        return;
    }
    if let Some((_, addr)) = broker.broker_addrs.pop_first() {
        broker.broker_addrs.insert(MASTER_ID, addr);
    }
}
