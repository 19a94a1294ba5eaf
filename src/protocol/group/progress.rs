//! How far groups are on queues, and moving them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::body::Json;
use super::super::queue::QueueKey;
use super::GroupHeader;

/// A group on a queue (Java: `OffsetWrapper`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetWrapper {
    /// The queue's end.
    pub broker_offset: i64,
    /// What the group committed; -1 is nothing.
    pub consumer_offset: i64,
    /// When the message before that was stored, in ms since 1970; 0 for none.
    pub last_timestamp: i64,
    /// Up to where the group has pulled.
    pub pull_offset: i64,
}

/// Java: `ConsumeStats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeStats {
    /// Messages a second.
    pub consume_tps: f64,
    /// The queues.
    pub offset_table: BTreeMap<QueueKey, OffsetWrapper>,
}

/// Consume stats of every group (Java: `ConsumeStatsList`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeStatsList {
    /// The broker.
    pub broker_addr: String,
    /// Per group.
    pub consume_stats_list: Vec<BTreeMap<String, Vec<ConsumeStats>>>,
    /// Messages not consumed.
    pub total_diff: i64,
    /// Messages pulled but not consumed.
    pub total_inflight_diff: i64,
}

/// Offsets by queue (Java: `ResetOffsetBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResetOffsetBody {
    /// The offsets.
    pub offset_table: BTreeMap<QueueKey, i64>,
}

/// Java: `GetConsumerStatusBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerStatusBody {
    /// Offsets by queue, from one client.
    pub message_queue_table: BTreeMap<QueueKey, i64>,
    /// Offsets by queue, by client.
    pub consumer_table: BTreeMap<String, BTreeMap<QueueKey, i64>>,
}

crate::header! {
    /// Java: `GetConsumeStatsRequestHeader`.
    pub struct ConsumeStatsHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic; absent or empty is all that the group consumes.
        topic: Option<String> = "topic",
        /// Several, by semicolon.
        topic_list: Option<String> = "topicList",
    }
}

crate::header! {
    /// Java: `ResetOffsetRequestHeader`.
    pub struct ResetOffsetHeader {
        /// The group.
        group: String = "group",
        /// The topic.
        topic: String = "topic",
        /// The queue; -1 or absent is all.
        queue_id: Option<i32> = "queueId",
        /// The offset; -1 or absent is by time.
        offset: Option<i64> = "offset",
        /// The time in ms since 1970; -1 is the end.
        timestamp: i64 = "timestamp",
        /// Also forward, not just back.
        is_force: Option<bool> = "isForce",
    }
}

crate::header! {
    /// Java: `GetConsumerStatusRequestHeader`.
    pub struct ConsumerStatusHeader {
        /// The topic.
        topic: String = "topic",
        /// The group.
        group: String = "group",
        /// One client's id; absent or empty is all.
        client_addr: Option<String> = "clientAddr",
    }
}

crate::requests! {
    /// How far a group is.
    GetConsumeStats = 208 "GET_CONSUME_STATS" (ConsumeStatsHeader, ()) -> ((), Json<ConsumeStats>);
    /// Resets a group's offsets.
    InvokeBrokerToResetOffset = 222 "INVOKE_BROKER_TO_RESET_OFFSET"
        (ResetOffsetHeader, ()) -> ((), Option<Json<ResetOffsetBody>>);
    /// Broker to member, one-way: go on from these offsets.
    ResetConsumerClientOffset = 220 "RESET_CONSUMER_CLIENT_OFFSET"
        (ResetOffsetHeader, Json<ResetOffsetBody>) -> ((), ());
    /// Broker to member: where are you?
    GetConsumerStatusFromClient = 221 "GET_CONSUMER_STATUS_FROM_CLIENT"
        (ConsumerStatusHeader, ()) -> ((), Json<ConsumerStatusBody>);
    /// Where the members are.
    InvokeBrokerToGetConsumerStatus = 223 "INVOKE_BROKER_TO_GET_CONSUMER_STATUS"
        (ConsumerStatusHeader, ()) -> ((), Json<ConsumerStatusBody>);
    /// The topics that a group consumes.
    QueryTopicsByConsumer = 343 "QUERY_TOPICS_BY_CONSUMER"
        (GroupHeader, ()) -> ((), Json<super::super::route::TopicList>);
}
