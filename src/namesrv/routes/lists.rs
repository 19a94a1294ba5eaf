//! What operators ask about all brokers and topics, and change on all topics of a broker.

use super::RouteTables;
use crate::protocol::route::{BrokerMemberGroup, ClusterInfo, PERM_READ, PERM_WRITE, QueueData, TopicList};

/// Flag of a topic: it is a unit topic (Java: `TopicSysFlag`).
const UNIT: i32 = 1;
/// Flag of a topic: it has a unit subscription.
const UNIT_SUB: i32 = 1 << 1;

/// Topics by the flags of their first broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitTopics {
    /// Unit topics.
    Unit,
    /// Topics with a unit subscription.
    Subscribed,
    /// Topics with a unit subscription that are not unit topics.
    SubscribedNotUnit,
}

impl UnitTopics {
    fn has(self, flag: i32) -> bool {
        match self {
            Self::Unit => flag & UNIT != 0,
            Self::Subscribed => flag & UNIT_SUB != 0,
            Self::SubscribedNotUnit => flag & UNIT_SUB != 0 && flag & UNIT == 0,
        }
    }
}

fn topic_list<'a>(topics: impl IntoIterator<Item = &'a String>) -> TopicList {
    TopicList { broker_addr: None, topic_list: topics.into_iter().cloned().collect() }
}

impl RouteTables {
    /// All brokers and clusters.
    pub fn cluster_info(&self) -> ClusterInfo {
        ClusterInfo { broker_addr_table: self.brokers.clone(), cluster_addr_table: self.clusters.clone() }
    }

    /// The brokers of a name; none where the name is unknown.
    pub fn member_group(&self, cluster: &str, name: &str) -> BrokerMemberGroup {
        BrokerMemberGroup {
            broker_addrs: self.brokers.get(name).map(|b| b.broker_addrs.clone()).unwrap_or_default(),
            broker_name: name.to_owned(),
            cluster: cluster.to_owned(),
        }
    }

    /// All topics.
    pub fn all_topics(&self) -> TopicList {
        topic_list(self.topics.keys())
    }

    /// The topics that brokers of a cluster have.
    pub fn topics_of_cluster(&self, cluster: &str) -> TopicList {
        let brokers = self.clusters.get(cluster);
        let here = self.topics.iter().filter(|(_, queues)| {
            brokers.is_some_and(|brokers| queues.keys().any(|broker| brokers.contains(broker)))
        });
        topic_list(here.map(|(topic, _)| topic))
    }

    /// The names of clusters and brokers, which are topics too, and the address of some broker.
    pub fn system_topics(&self) -> TopicList {
        let names =
            self.clusters.iter().flat_map(|(cluster, brokers)| std::iter::once(cluster).chain(brokers));
        let mut list = topic_list(names);
        list.topic_list.sort_unstable();
        list.topic_list.dedup();
        list.broker_addr = self.brokers.values().find_map(|b| b.broker_addrs.values().next().cloned());
        list
    }

    /// Topics of units.
    pub fn unit_topics(&self, wanted: UnitTopics) -> TopicList {
        let flag = |queues: Option<&QueueData>| queues.is_some_and(|q| wanted.has(q.topic_sys_flag));
        let chosen = self.topics.iter().filter(|(_, queues)| flag(queues.values().next()));
        topic_list(chosen.map(|(topic, _)| topic))
    }

    /// Takes the write permission from all topics of a broker. Returns how many there are.
    pub fn wipe_write_perm(&mut self, broker: &str) -> i32 {
        self.change_perm(broker, |perm| perm & !PERM_WRITE)
    }

    /// Makes all topics of a broker readable and writable. Returns how many there are.
    pub fn add_write_perm(&mut self, broker: &str) -> i32 {
        self.change_perm(broker, |_| PERM_READ | PERM_WRITE)
    }

    fn change_perm(&mut self, broker: &str, change: impl Fn(i32) -> i32) -> i32 {
        let mut count = 0;
        for queues in self.topics.values_mut().filter_map(|queues| queues.get_mut(broker)) {
            queues.perm = change(queues.perm);
            count += 1;
        }
        count
    }

    /// Forgets a topic, in one cluster or everywhere. An unknown cluster has none.
    pub fn delete_topic(&mut self, topic: &str, cluster: Option<&str>) {
        let Some(cluster) = cluster else {
            self.topics.remove(topic);
            return;
        };
        let (Some(brokers), Some(queues)) = (self.clusters.get(cluster), self.topics.get_mut(topic)) else {
            return;
        };
        queues.retain(|broker, _| !brokers.contains(broker));
        if queues.is_empty() {
            self.topics.remove(topic);
        }
    }
}
