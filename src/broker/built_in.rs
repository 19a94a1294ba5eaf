//! The topics that a broker has from its start (Java: `TopicConfigManager.init`).

use super::names;
use super::topics::PERM_READ_WRITE;
use crate::protocol::route::PERM_INHERIT;
use crate::protocol::topic::TopicConfig;

/// What decides which topics a broker has from its start. The fields carry the names of Java's keys.
#[derive(Debug, Clone)]
pub struct BuiltInTopics {
    /// `brokerClusterName`.
    pub cluster: String,
    /// `brokerName`.
    pub broker: String,
    /// `autoCreateTopicEnable`.
    pub auto_create_topic_enable: bool,
    /// `defaultTopicQueueNums`.
    pub default_topic_queue_nums: i32,
    /// `clusterTopicEnable`: whether the cluster's topic is readable and writable.
    pub cluster_topic_enable: bool,
    /// `brokerTopicEnable`: whether the broker's topic is readable and writable.
    pub broker_topic_enable: bool,
    /// `msgTraceTopicName`, if `traceTopicEnable`.
    pub trace_topic: Option<String>,
    /// `reviveQueueNum`.
    pub revive_queue_num: i32,
    /// `timerWheelEnable`.
    pub timer_wheel_enable: bool,
}

impl BuiltInTopics {
    /// Apache's defaults for a broker.
    pub fn new(cluster: impl Into<String>, broker: impl Into<String>) -> Self {
        Self {
            cluster: cluster.into(),
            broker: broker.into(),
            auto_create_topic_enable: true,
            default_topic_queue_nums: 8,
            cluster_topic_enable: true,
            broker_topic_enable: true,
            trace_topic: None,
            revive_queue_num: 8,
            timer_wheel_enable: true,
        }
    }

    /// The topics.
    pub(crate) fn topics(&self) -> Vec<TopicConfig> {
        let with_perm = |name: &str, queues, perm| TopicConfig { perm, ..TopicConfig::new(name, queues) };
        let inherited = |open| if open { PERM_READ_WRITE | PERM_INHERIT } else { PERM_INHERIT };
        let mut topics = vec![
            TopicConfig::new(names::SELF_TEST_TOPIC, 1),
            TopicConfig::new(names::BENCHMARK_TOPIC, 1024),
            with_perm(&self.cluster, 16, inherited(self.cluster_topic_enable)),
            with_perm(&self.broker, 1, inherited(self.broker_topic_enable)),
            TopicConfig::new(names::OFFSET_MOVED_EVENT, 1),
            TopicConfig::new(names::SCHEDULE_TOPIC, 18),
            TopicConfig::new(names::reply_topic(&self.cluster), 1),
            TopicConfig::new(names::revive_topic(&self.cluster), self.revive_queue_num),
            with_perm(&format!("{}{}", names::SYNC_BROKER_MEMBER_PREFIX, self.broker), 1, PERM_INHERIT),
            TopicConfig::new(names::TRANS_HALF_TOPIC, 1),
            TopicConfig::new(names::TRANS_OP_HALF_TOPIC, 1),
            TopicConfig::new(names::ROCKSDB_TRANS_HALF_TOPIC, 1),
            TopicConfig::new(names::ROCKSDB_TRANS_OP_HALF_TOPIC, 1),
        ];
        if self.auto_create_topic_enable {
            topics.push(with_perm(names::AUTO_CREATE_TOPIC, self.default_topic_queue_nums, inherited(true)));
        }
        if let Some(trace) = &self.trace_topic {
            topics.push(TopicConfig::new(trace, 1));
        }
        if self.timer_wheel_enable {
            topics.push(TopicConfig::new(names::TIMER_TOPIC, 1));
        }
        topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_fresh_broker_has_the_topics_of_a_fresh_apache_broker() {
        // As GET_ALL_TOPIC_CONFIG of Apache 5.5.0 answers right after its first start.
        let expected = BTreeMap::from([
            ("SCHEDULE_TOPIC_XXXX".to_owned(), (18, 6)),
            ("SELF_TEST_TOPIC".to_owned(), (1, 6)),
            ("rmq_sys_wheel_timer".to_owned(), (1, 6)),
            ("DefaultCluster".to_owned(), (16, 7)),
            ("RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC".to_owned(), (1, 6)),
            ("DefaultCluster_REPLY_TOPIC".to_owned(), (1, 6)),
            ("rmq_sys_REVIVE_LOG_DefaultCluster".to_owned(), (8, 6)),
            ("RMQ_SYS_TRANS_HALF_TOPIC".to_owned(), (1, 6)),
            ("rmq_sys_SYNC_BROKER_MEMBER_broker-a".to_owned(), (1, 1)),
            ("broker-a".to_owned(), (1, 7)),
            ("RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC".to_owned(), (1, 6)),
            ("RMQ_SYS_TRANS_OP_HALF_TOPIC".to_owned(), (1, 6)),
            ("TBW102".to_owned(), (8, 7)),
            ("BenchmarkTest".to_owned(), (1024, 6)),
            ("OFFSET_MOVED_EVENT".to_owned(), (1, 6)),
        ]);
        let topics = BuiltInTopics::new("DefaultCluster", "broker-a").topics();
        let actual: BTreeMap<_, _> =
            topics.into_iter().map(|t| (t.topic_name, (t.write_queue_nums, t.perm))).collect();
        assert_eq!(actual, expected);
    }

    #[test]
    fn settings_open_and_close_topics() {
        let settings = BuiltInTopics {
            auto_create_topic_enable: false,
            cluster_topic_enable: false,
            broker_topic_enable: false,
            trace_topic: Some("MyTrace".into()),
            timer_wheel_enable: false,
            ..BuiltInTopics::new("c", "b")
        };
        let perms: BTreeMap<_, _> = settings.topics().into_iter().map(|t| (t.topic_name, t.perm)).collect();
        assert_eq!((perms["c"], perms["b"], perms["MyTrace"]), (PERM_INHERIT, PERM_INHERIT, 6));
        assert!(!perms.contains_key("TBW102") && !perms.contains_key("rmq_sys_wheel_timer"));
    }
}
