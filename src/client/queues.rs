//! Which queues of a topic may be written and read, as its route says.

use std::collections::BTreeMap;

use super::calls::master_addr;
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::{BrokerData, PERM_READ, PERM_WRITE, QueueData, TopicRouteData};

/// More queues than this are not believed, whatever a route says.
const MAX_QUEUES: i32 = 1 << 16;

/// The queues to write to: of brokers whose master is there, in the order of names and numbers; of an ordered
/// topic those of its configuration (Java: `MQClientInstance.topicRouteData2TopicPublishInfo`).
pub fn writable(topic: &str, route: &TopicRouteData) -> Vec<MessageQueue> {
    if let Some(order) = route.order_topic_conf.as_deref().filter(|order| !order.is_empty()) {
        return ordered(topic, order);
    }
    let with_master = |queues: &&QueueData| {
        let broker = route.broker_datas.iter().find(|broker| broker.broker_name == queues.broker_name);
        broker.is_some_and(|broker| master_addr(broker).is_some())
    };
    numbered(
        topic,
        route,
        |queues| queues.perm & PERM_WRITE != 0,
        |queues| queues.write_queue_nums,
        with_master,
    )
}

/// The queues to read from (Java: `MQClientInstance.topicRouteData2TopicSubscribeInfo`).
pub fn readable(topic: &str, route: &TopicRouteData) -> Vec<MessageQueue> {
    numbered(topic, route, |queues| queues.perm & PERM_READ != 0, |queues| queues.read_queue_nums, |_| true)
}

fn numbered(
    topic: &str,
    route: &TopicRouteData,
    allowed: impl Fn(&QueueData) -> bool,
    count: impl Fn(&QueueData) -> i32,
    usable: impl Fn(&&QueueData) -> bool,
) -> Vec<MessageQueue> {
    let mut queues: Vec<MessageQueue> = route
        .queue_datas
        .iter()
        .filter(|data| allowed(data))
        .filter(usable)
        .flat_map(|data| (0..count(data).min(MAX_QUEUES)).map(|id| queue(topic, &data.broker_name, id)))
        .collect();
    queues.sort();
    queues.dedup();
    queues
}

/// `broker-a:4;broker-b:2`; what is no number of queues is left out.
fn ordered(topic: &str, order: &str) -> Vec<MessageQueue> {
    order
        .split(';')
        .filter_map(|entry| entry.split_once(':'))
        .filter_map(|(broker, count)| Some((broker, count.trim().parse::<i32>().ok()?)))
        .flat_map(|(broker, count)| (0..count.min(MAX_QUEUES)).map(move |id| queue(topic, broker, id)))
        .collect()
}

fn queue(topic: &str, broker_name: &str, queue_id: i32) -> MessageQueue {
    MessageQueue { topic: topic.to_owned(), broker_name: broker_name.to_owned(), queue_id }
}

/// The route that a topic gets which the broker will create by the example of another: that one's, with no
/// more queues than `queue_nums` (Java: `updateTopicRouteInfoFromNameServer` with `isDefault`).
pub fn as_created_by(mut example: TopicRouteData, queue_nums: i32) -> TopicRouteData {
    for data in &mut example.queue_datas {
        let count = queue_nums.min(data.read_queue_nums);
        data.read_queue_nums = count;
        data.write_queue_nums = count;
    }
    example
}

/// Broker addresses by name, collected from routes.
#[derive(Debug, Default)]
pub struct BrokerAddrs(BTreeMap<String, BTreeMap<i64, String>>);

impl BrokerAddrs {
    /// Takes over what a route says of its brokers.
    pub fn learn(&mut self, brokers: &[BrokerData]) {
        for broker in brokers {
            self.0.insert(broker.broker_name.clone(), broker.broker_addrs.clone());
        }
    }

    /// The master's address.
    pub fn master(&self, broker_name: &str) -> Option<String> {
        self.0.get(broker_name)?.get(&crate::protocol::route::MASTER_ID).cloned()
    }

    /// Where to read from: the broker of this id, else the master, else any that is there
    /// (Java: `findBrokerAddressInSubscribe`).
    pub fn readable(&self, broker_name: &str, broker_id: i64) -> Option<String> {
        let addrs = self.0.get(broker_name)?;
        addrs.get(&broker_id).or_else(|| addrs.values().next()).cloned()
    }

    /// All addresses; of masters only, or of slaves too.
    pub fn all(&self, with_slaves: bool) -> Vec<String> {
        let wanted = |id: &i64| with_slaves || *id == crate::protocol::route::MASTER_ID;
        self.0
            .values()
            .flat_map(|addrs| addrs.iter().filter(|(id, _)| wanted(id)).map(|(_, addr)| addr.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(name: &str, ids: &[i64]) -> BrokerData {
        BrokerData {
            broker_addrs: ids.iter().map(|id| (*id, format!("{name}-{id}:1"))).collect(),
            broker_name: name.to_owned(),
            ..BrokerData::default()
        }
    }

    fn queues(name: &str, perm: i32, read: i32, write: i32) -> QueueData {
        QueueData {
            broker_name: name.to_owned(),
            perm,
            read_queue_nums: read,
            write_queue_nums: write,
            ..QueueData::default()
        }
    }

    fn names(queues: &[MessageQueue]) -> String {
        let names: Vec<_> = queues.iter().map(|q| format!("{}{}", q.broker_name, q.queue_id)).collect();
        names.join(" ")
    }

    #[test]
    fn permissions_and_masters_decide() {
        let route = |queue_datas| TopicRouteData {
            broker_datas: vec![broker("b", &[0, 1]), broker("a", &[1]), broker("c", &[0])],
            queue_datas,
            ..TopicRouteData::default()
        };
        let table = [
            (vec![queues("b", 6, 2, 1), queues("c", 6, 1, 2)], "b0 c0 c1", "b0 b1 c0"),
            (vec![queues("a", 6, 1, 1)], "", "a0"),
            (vec![queues("b", 4, 1, 1), queues("c", 2, 1, 1)], "c0", "b0"),
            (vec![queues("gone", 6, 1, 1)], "", "gone0"),
            (vec![queues("b", 6, -1, -1)], "", ""),
        ];
        for (queue_datas, write, read) in table {
            let route = route(queue_datas);
            assert_eq!(names(&writable("T", &route)), write, "{route:?}");
            assert_eq!(names(&readable("T", &route)), read, "{route:?}");
        }
    }

    #[test]
    fn an_ordered_topic_has_the_queues_of_its_configuration() {
        let route = TopicRouteData {
            order_topic_conf: Some("b:2;a:1;junk;c:x".to_owned()),
            queue_datas: vec![queues("a", 6, 8, 8)],
            ..TopicRouteData::default()
        };
        assert_eq!(names(&writable("T", &route)), "b0 b1 a0");
    }

    #[test]
    fn a_topic_to_be_created_has_no_more_queues_than_asked_for() {
        let example = TopicRouteData {
            broker_datas: vec![broker("a", &[0]), broker("b", &[0])],
            queue_datas: vec![queues("a", 7, 8, 8), queues("b", 7, 2, 2)],
            ..TopicRouteData::default()
        };
        assert_eq!(names(&writable("T", &as_created_by(example, 4))), "a0 a1 a2 a3 b0 b1");
    }

    #[test]
    fn addresses_by_name_and_id() {
        let mut addrs = BrokerAddrs::default();
        addrs.learn(&[broker("a", &[0, 1]), broker("b", &[1])]);
        assert_eq!(addrs.master("a").as_deref(), Some("a-0:1"));
        assert_eq!(addrs.master("b"), None);
        assert_eq!(addrs.readable("a", 1).as_deref(), Some("a-1:1"));
        assert_eq!(addrs.readable("a", 5).as_deref(), Some("a-0:1"));
        assert_eq!(addrs.readable("b", 0).as_deref(), Some("b-1:1"));
        assert_eq!(addrs.all(false), ["a-0:1"]);
        assert_eq!(addrs.all(true).len(), 3);
    }
}
