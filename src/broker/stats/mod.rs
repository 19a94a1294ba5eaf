//! What the broker counts: per topic, group and queue, and in all (Java: `BrokerStatsManager`, `BrokerStats`,
//! `StoreStatsService`).
//!
//! Counting is some atomic additions behind a shared lock for the look-up; no key is put together for it. The
//! names by which operators ask ([`Stats::item`]) are taken apart instead.

mod daily;
mod item;
mod throughput;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

pub use daily::Daily;
pub use item::{Due, Item};
pub use throughput::{Throughput, java_double};

use super::names::SystemTopics;
use crate::protocol::broker::StatsData;

/// Messages that went into a queue.
#[derive(Debug, Clone, Copy)]
pub struct Put<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The queue.
    pub queue_id: i32,
    /// How many.
    pub messages: i64,
    /// Their bytes in the commit log.
    pub bytes: i64,
    /// How long it took to store them, in ms.
    pub stored_in: i64,
    /// How long the whole request took, in ms.
    pub answered_in: i64,
}

/// Messages that a group got from a queue.
#[derive(Debug, Clone, Copy)]
pub struct Got<'a> {
    /// The group.
    pub group: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// The queue.
    pub queue_id: i32,
    /// How many.
    pub messages: i64,
    /// Their bytes in the commit log.
    pub bytes: i64,
    /// How long the whole request took, in ms.
    pub answered_in: i64,
}

type ByQueue<T> = RwLock<HashMap<i32, Arc<T>>>;

#[derive(Debug, Default)]
struct TopicStats {
    /// Whether the topic is the system's.
    system: bool,
    put_nums: Item,
    put_size: Item,
    queues: ByQueue<QueuePut>,
    groups: RwLock<HashMap<String, Arc<GroupStats>>>,
}

#[derive(Debug, Default)]
struct QueuePut {
    nums: Item,
    size: Item,
    latency: Item,
}

/// A group on a topic.
#[derive(Debug, Default)]
struct GroupStats {
    get_nums: Item,
    get_size: Item,
    sent_back: Item,
    queues: ByQueue<QueueGet>,
}

#[derive(Debug, Default)]
struct QueueGet {
    nums: Item,
    size: Item,
    latency: Item,
}

/// What is counted of the broker as a whole.
#[derive(Debug, Default)]
struct Whole {
    put_nums: Item,
    get_nums: Item,
    /// Without the system's topics.
    put_by_users: Item,
    /// Without the system's topics.
    got_by_users: Item,
}

/// The counters of a broker.
#[derive(Debug)]
pub struct Stats {
    cluster: String,
    system: SystemTopics,
    topics: RwLock<HashMap<String, Arc<TopicStats>>>,
    whole: Whole,
    throughput: Throughput,
    daily: Daily,
}

impl Stats {
    /// Nothing is counted yet.
    pub fn new(cluster: impl Into<String>, system: SystemTopics) -> Self {
        Self {
            cluster: cluster.into(),
            system,
            topics: RwLock::default(),
            whole: Whole::default(),
            throughput: Throughput::default(),
            daily: Daily::default(),
        }
    }

    /// The rates and latencies of the store.
    pub fn throughput(&self) -> &Throughput {
        &self.throughput
    }

    /// Messages went into a queue, from a producer or from the broker itself.
    pub fn put(&self, put: &Put<'_>) {
        self.throughput.put(put.messages, put.bytes, put.stored_in);
        let topic = self.topic(put.topic);
        topic.put_nums.add(put.messages, 1);
        topic.put_size.add(put.bytes, 1);
        let queue = of_queue(&topic.queues, put.queue_id);
        queue.nums.add(put.messages, 1);
        queue.size.add(put.bytes, 1);
        queue.latency.add(put.answered_in, 1);
        self.whole.put_nums.add(put.messages, 0);
        if !topic.system {
            self.whole.put_by_users.add(put.messages, 0);
        }
    }

    /// The store refused a message.
    pub fn put_failed(&self) {
        self.throughput.put_failed();
    }

    /// A group got messages. The read of the store behind it is counted by [`Self::read`].
    pub fn got(&self, got: &Got<'_>) {
        let topic = self.topic(got.topic);
        let group = topic.group(got.group);
        group.get_nums.add(got.messages, 1);
        group.get_size.add(got.bytes, 1);
        let queue = of_queue(&group.queues, got.queue_id);
        queue.nums.add(got.messages, 1);
        queue.size.add(got.bytes, 1);
        queue.latency.add(got.answered_in, 1);
        self.whole.get_nums.add(got.messages, 0);
        if !topic.system {
            self.whole.got_by_users.add(got.messages, 0);
        }
    }

    /// The store was read for messages: how many it gave, and in how many ms.
    pub fn read(&self, messages: i64, took: i64) {
        self.throughput.got(messages, took);
    }

    /// A group sent a message back to be consumed again.
    pub fn sent_back(&self, group: &str, topic: &str) {
        self.topic(topic).group(group).sent_back.add(1, 1);
    }

    /// Messages a second that go into a topic, over the last minute.
    pub fn topic_put_tps(&self, topic: &str) -> f64 {
        self.known_topic(topic).map_or(0.0, |topic| topic.put_nums.tps())
    }

    /// Messages a second that a group gets from a topic, over the last minute.
    pub fn group_get_tps(&self, group: &str, topic: &str) -> f64 {
        self.known_topic(topic).and_then(|topic| topic.known_group(group)).map_or(0.0, |g| g.get_nums.tps())
    }

    /// What a topic's counters say is forgotten, as it is deleted.
    pub fn forget_topic(&self, topic: &str) {
        self.topics.write().remove(topic);
    }

    /// What a group's counters say is forgotten, as it is deleted.
    pub fn forget_group(&self, group: &str) {
        for topic in self.topics.read().values() {
            topic.groups.write().remove(group);
        }
    }

    /// Puts and gets of users' topics, in all and up to the last two midnights.
    pub fn daily(&self) -> [(&'static str, i64); 6] {
        self.daily.entries(self.whole.put_by_users.total(), self.whole.got_by_users.total())
    }

    /// To be called every second; `seconds` since the start of counting, `now` in ms since 1970.
    pub fn sample(&self, now: i64, seconds: u64) {
        self.throughput.sample(now, seconds);
        self.daily.turn(now, self.whole.put_by_users.total(), self.whole.got_by_users.total());
        let due = Due::after(seconds);
        if due == Due::default() {
            return;
        }
        for item in
            [&self.whole.put_nums, &self.whole.get_nums, &self.whole.put_by_users, &self.whole.got_by_users]
        {
            item.sample(now, due);
        }
        let topics: Vec<_> = self.topics.read().values().cloned().collect();
        topics.iter().for_each(|topic| topic.sample(now, due));
    }

    /// A counter by Apache's name and key: minute, hour, day. `None` if nothing was counted under it.
    pub fn item(&self, name: &str, key: &str) -> Option<StatsData> {
        let found = |item: &Item| item.is_known().then(|| item.sum_up());
        let whole = |item| if key == self.cluster { found(item) } else { None };
        match name {
            "BROKER_PUT_NUMS" => whole(&self.whole.put_nums),
            "BROKER_GET_NUMS" => whole(&self.whole.get_nums),
            "BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC" => whole(&self.whole.put_by_users),
            "BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC" => whole(&self.whole.got_by_users),
            "TOPIC_PUT_NUMS" => found(&self.known_topic(key)?.put_nums),
            "TOPIC_PUT_SIZE" => found(&self.known_topic(key)?.put_size),
            "QUEUE_PUT_NUMS" => found(&self.queue_put(key)?.nums),
            "QUEUE_PUT_SIZE" => found(&self.queue_put(key)?.size),
            "TOPIC_PUT_LATENCY" => {
                let (queue, topic) = key.split_once('@')?;
                found(&known_queue(&self.known_topic(topic)?.queues, queue)?.latency)
            }
            "GROUP_GET_NUMS" => found(&self.known_pair(key)?.get_nums),
            "GROUP_GET_SIZE" => found(&self.known_pair(key)?.get_size),
            "SNDBCK_PUT_NUMS" => found(&self.known_pair(key)?.sent_back),
            "QUEUE_GET_NUMS" => found(&self.queue_get(key)?.nums),
            "QUEUE_GET_SIZE" => found(&self.queue_get(key)?.size),
            "GROUP_GET_LATENCY" => {
                let (queue, pair) = key.split_once('@')?;
                found(&known_queue(&self.known_pair(pair)?.queues, queue)?.latency)
            }
            _ => None,
        }
    }

    fn topic(&self, name: &str) -> Arc<TopicStats> {
        if let Some(topic) = self.topics.read().get(name) {
            return Arc::clone(topic);
        }
        let new = || Arc::new(TopicStats { system: self.system.contains(name), ..TopicStats::default() });
        Arc::clone(self.topics.write().entry(name.to_owned()).or_insert_with(new))
    }

    fn known_topic(&self, name: &str) -> Option<Arc<TopicStats>> {
        self.topics.read().get(name).cloned()
    }

    /// Of a key `topic@group`.
    fn known_pair(&self, key: &str) -> Option<Arc<GroupStats>> {
        let (topic, group) = key.split_once('@')?;
        self.known_topic(topic)?.known_group(group)
    }

    /// Of a key `topic@queue`.
    fn queue_put(&self, key: &str) -> Option<Arc<QueuePut>> {
        let (topic, queue) = key.split_once('@')?;
        known_queue(&self.known_topic(topic)?.queues, queue)
    }

    /// Of a key `topic@queue@group`.
    fn queue_get(&self, key: &str) -> Option<Arc<QueueGet>> {
        let (topic, rest) = key.split_once('@')?;
        let (queue, group) = rest.split_once('@')?;
        known_queue(&self.known_topic(topic)?.known_group(group)?.queues, queue)
    }
}

impl TopicStats {
    fn group(&self, name: &str) -> Arc<GroupStats> {
        if let Some(group) = self.known_group(name) {
            return group;
        }
        Arc::clone(self.groups.write().entry(name.to_owned()).or_default())
    }

    fn known_group(&self, name: &str) -> Option<Arc<GroupStats>> {
        self.groups.read().get(name).cloned()
    }

    fn sample(&self, now: i64, due: Due) {
        self.put_nums.sample(now, due);
        self.put_size.sample(now, due);
        for queue in self.queues.read().values() {
            [&queue.nums, &queue.size, &queue.latency].into_iter().for_each(|item| item.sample(now, due));
        }
        for group in self.groups.read().values() {
            for item in [&group.get_nums, &group.get_size, &group.sent_back] {
                item.sample(now, due);
            }
            for queue in group.queues.read().values() {
                [&queue.nums, &queue.size, &queue.latency].into_iter().for_each(|item| item.sample(now, due));
            }
        }
    }
}

fn of_queue<T: Default>(queues: &ByQueue<T>, id: i32) -> Arc<T> {
    if let Some(queue) = queues.read().get(&id) {
        return Arc::clone(queue);
    }
    Arc::clone(queues.write().entry(id).or_default())
}

fn known_queue<T>(queues: &ByQueue<T>, id: &str) -> Option<Arc<T>> {
    queues.read().get(&id.parse().ok()?).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(topic: &str) -> Put<'_> {
        Put { topic, queue_id: 2, messages: 3, bytes: 300, stored_in: 1, answered_in: 6 }
    }

    fn got<'a>(group: &'a str, topic: &'a str) -> Got<'a> {
        Got { group, topic, queue_id: 2, messages: 5, bytes: 500, answered_in: 4 }
    }

    fn counted() -> Stats {
        let stats = Stats::new("c", SystemTopics::with([]));
        stats.put(&put("T"));
        stats.put(&put("rmq_sys_x"));
        stats.got(&got("g", "T"));
        stats.sent_back("g", "T");
        stats.sample(10_000, 0);
        stats
    }

    #[test]
    fn counters_are_found_by_apaches_names() {
        let stats = counted();
        let table = [
            ("TOPIC_PUT_NUMS", "T", 3),
            ("TOPIC_PUT_SIZE", "T", 300),
            ("QUEUE_PUT_NUMS", "T@2", 3),
            ("QUEUE_PUT_SIZE", "T@2", 300),
            ("TOPIC_PUT_LATENCY", "2@T", 6),
            ("GROUP_GET_NUMS", "T@g", 5),
            ("GROUP_GET_SIZE", "T@g", 500),
            ("QUEUE_GET_NUMS", "T@2@g", 5),
            ("QUEUE_GET_SIZE", "T@2@g", 500),
            ("GROUP_GET_LATENCY", "2@T@g", 4),
            ("SNDBCK_PUT_NUMS", "T@g", 1),
            ("BROKER_PUT_NUMS", "c", 6),
            ("BROKER_GET_NUMS", "c", 5),
            ("BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC", "c", 3),
            ("BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC", "c", 5),
        ];
        for (name, key, expected) in table {
            let found = stats.item(name, key).unwrap_or_else(|| panic!("{name} {key}"));
            assert_eq!(
                [found.stats_minute.sum, found.stats_hour.sum, found.stats_day.sum],
                [expected; 3],
                "{name}"
            );
        }
    }

    #[test]
    fn what_was_not_counted_is_not_found() {
        let stats = counted();
        for (name, key) in [
            ("TOPIC_PUT_NUMS", "U"),
            ("GROUP_GET_NUMS", "T@h"),
            ("GROUP_GET_NUMS", "T"),
            ("QUEUE_PUT_NUMS", "T@x"),
            ("SNDBCK_PUT_NUMS", "rmq_sys_x@g"),
            ("BROKER_PUT_NUMS", "other"),
            ("NOTHING", "T"),
        ] {
            assert_eq!(stats.item(name, key), None, "{name} {key}");
        }
    }

    #[test]
    fn rates_and_what_is_forgotten() {
        let stats = counted();
        assert_eq!((stats.topic_put_tps("T"), stats.group_get_tps("g", "T")), (0.3, 0.5));
        stats.forget_group("g");
        assert_eq!(stats.group_get_tps("g", "T"), 0.0);
        stats.forget_topic("T");
        assert_eq!((stats.topic_put_tps("T"), stats.item("TOPIC_PUT_NUMS", "T")), (0.0, None));
    }
}
