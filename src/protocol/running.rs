//! How a member of a group runs, as it tells itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::group::SubscriptionData;
use super::queue::QueueKey;

/// Java: `ConsumerRunningInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerRunningInfo {
    /// The stacks of its threads, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jstack: Option<String>,
    /// The queues it has by pop.
    pub mq_pop_table: BTreeMap<QueueKey, PopProcessQueueInfo>,
    /// The queues it has, and how far it is on each.
    pub mq_table: BTreeMap<QueueKey, ProcessQueueInfo>,
    /// Its settings; `PROP_CONSUME_TYPE` and others.
    pub properties: BTreeMap<String, String>,
    /// Times and rates by topic.
    pub status_table: BTreeMap<String, ConsumeStatus>,
    /// What it subscribes.
    pub subscription_set: Vec<SubscriptionData>,
    /// What the application adds.
    pub user_consumer_info: BTreeMap<String, String>,
}

/// A queue that a member has (Java: `ProcessQueueInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProcessQueueInfo {
    /// How many messages wait.
    pub cached_msg_count: i32,
    /// The last of them.
    pub cached_msg_max_offset: i64,
    /// The first of them.
    pub cached_msg_min_offset: i64,
    /// Their size in MiB.
    #[serde(rename = "cachedMsgSizeInMiB")]
    pub cached_msg_size_in_mib: i32,
    /// Up to where it is consumed.
    pub commit_offset: i64,
    /// Whether it is released.
    pub droped: bool,
    /// When a message was consumed last, in ms since 1970.
    pub last_consume_timestamp: i64,
    /// When it was locked last.
    pub last_lock_timestamp: i64,
    /// When it was pulled from last.
    pub last_pull_timestamp: i64,
    /// Whether it is locked, for consuming in order.
    pub locked: bool,
    /// Messages that are being consumed in order.
    pub transaction_msg_count: i32,
    /// The last of them.
    pub transaction_msg_max_offset: i64,
    /// The first of them.
    pub transaction_msg_min_offset: i64,
    /// How often unlocking it was tried.
    pub try_unlock_times: i64,
}

/// How a topic is consumed (Java: `ConsumeStatus`). Java's members tell rates of the last minute, ours averages since
/// they started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeStatus {
    /// Messages that were sent back.
    pub consume_failed_msgs: i64,
    /// Such messages a second.
    #[serde(rename = "consumeFailedTPS")]
    pub consume_failed_tps: f64,
    /// Messages consumed a second.
    #[serde(rename = "consumeOKTPS")]
    pub consume_ok_tps: f64,
    /// How long one takes, in ms.
    #[serde(rename = "consumeRT")]
    pub consume_rt: f64,
    /// How long a pull takes, in ms.
    #[serde(rename = "pullRT")]
    pub pull_rt: f64,
    /// Messages pulled a second.
    #[serde(rename = "pullTPS")]
    pub pull_tps: f64,
}

/// A queue that a member pops from (Java: `PopProcessQueueInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PopProcessQueueInfo {
    /// Whether it is released.
    pub droped: bool,
    /// When it was popped from last, in ms since 1970.
    pub last_pop_timestamp: i64,
    /// Messages that wait to be acknowledged.
    pub wait_ack_count: i32,
}

/// The property that says whether it pulls or is pushed to (Java: `PROP_CONSUME_TYPE`).
pub const PROP_CONSUME_TYPE: &str = "PROP_CONSUME_TYPE";

/// The property that says whether it consumes in order (Java: `PROP_CONSUME_ORDERLY`).
pub const PROP_CONSUME_ORDERLY: &str = "PROP_CONSUMEORDERLY";

impl ConsumerRunningInfo {
    /// Whether it consumes the messages of a queue in order.
    pub fn is_orderly(&self) -> bool {
        self.properties.get(PROP_CONSUME_ORDERLY).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whether it is a push consumer, which can be handed a message (Java: `isPushType`).
    pub fn is_push(&self) -> bool {
        self.properties.get(PROP_CONSUME_TYPE).is_some_and(|kind| kind == "CONSUME_PASSIVELY")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    #[test]
    fn reads_what_a_java_client_writes() {
        let json = r#"{"mqPopTable":{},"mqTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:{"cachedMsgCount":0}},
            "properties":{"PROP_CONSUME_TYPE":"CONSUME_PASSIVELY"},"statusTable":{"T":{"consumeOKTPS":0.0}},
            "subscriptionSet":[{"topic":"T","subString":"*"}],"userConsumerInfo":{}}"#;
        let info: ConsumerRunningInfo = fastjson::from_slice(json.as_bytes()).unwrap();
        assert_eq!(info.mq_table.keys().next().unwrap().0.queue_id, 1);
        assert!(info.is_push());
        assert!(!ConsumerRunningInfo::default().is_push());
    }
}
