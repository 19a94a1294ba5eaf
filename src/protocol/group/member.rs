//! Members of groups: heartbeats, subscriptions, connections, and what brokers ask of them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Language;
use super::super::body::Json;
use super::super::queue::MessageQueue;
use super::TopicGroupHeader;

/// What a group wants of a topic (Java: `SubscriptionData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionData {
    /// Filtered by a class.
    pub class_filter_mode: bool,
    /// The hashes of the tags.
    pub code_set: BTreeSet<i32>,
    /// `TAG` or `SQL92`.
    pub expression_type: String,
    /// The expression; `*` is all.
    pub sub_string: String,
    /// When it was made, in ms since 1970.
    pub sub_version: i64,
    /// The tags.
    pub tags_set: BTreeSet<String>,
    /// The topic.
    pub topic: String,
}

/// A member's consumer (Java: `ConsumerData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerData {
    /// Where a new group begins: `CONSUME_FROM_LAST_OFFSET`, `_FIRST_OFFSET`, `_TIMESTAMP`.
    pub consume_from_where: String,
    /// `CONSUME_ACTIVELY` (pull), `CONSUME_PASSIVELY` (push), `CONSUME_POP`.
    pub consume_type: String,
    /// The group.
    pub group_name: String,
    /// `CLUSTERING` or `BROADCASTING`.
    pub message_model: String,
    /// What it wants.
    pub subscription_data_set: Vec<SubscriptionData>,
    /// Of a unit.
    pub unit_mode: bool,
}

/// A member's producer (Java: `ProducerData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProducerData {
    /// The group.
    pub group_name: String,
}

/// What a client says of itself every half minute (Java: `HeartbeatData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatData {
    /// The client.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its consumers.
    pub consumer_data_set: Vec<ConsumerData>,
    /// A hash over what it consumes, if it speaks heartbeat version 2.
    pub heartbeat_fingerprint: i32,
    /// Its producers.
    pub producer_data_set: Vec<ProducerData>,
    /// Whether subscriptions are left out as unchanged.
    pub without_sub: bool,
}

crate::header! {
    /// What the broker makes of a heartbeat.
    pub struct HeartbeatReply {
        /// That it speaks heartbeat version 2.
        is_support_heart_beat_v2: Option<bool> = "IS_SUPPORT_HEART_BEAT_V2",
        /// Whether subscriptions changed by it.
        is_sub_change: Option<bool> = "IS_SUB_CHANGE",
    }
}

crate::header! {
    /// Java: `UnregisterClientRequestHeader`.
    pub struct UnregisterClientHeader {
        /// The client.
        client_id: String = "clientID",
        /// The producer group it leaves.
        producer_group: Option<String> = "producerGroup",
        /// The consumer group it leaves.
        consumer_group: Option<String> = "consumerGroup",
    }
}

crate::header! {
    /// A consumer group, as `consumerGroup`.
    pub struct ConsumerGroupHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
    }
}

crate::header! {
    /// A producer group.
    pub struct ProducerGroupHeader {
        /// The group.
        producer_group: String = "producerGroup",
    }
}

/// Java: `GetConsumerListByGroupResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerIdList {
    /// The members.
    pub consumer_id_list: Vec<String>,
}

/// Which queues a member wants to lock or has (Java: `LockBatchRequestBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LockBatchBody {
    /// The member.
    pub client_id: String,
    /// The group.
    pub consumer_group: String,
    /// The queues.
    pub mq_set: Vec<MessageQueue>,
    /// Not to be passed on to the broker's peers.
    pub only_this_broker: bool,
}

/// Java: `LockBatchResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedBody {
    /// Those that are locked for the member now.
    #[serde(rename = "lockOKMQSet", default)]
    pub lock_ok_mq_set: Vec<MessageQueue>,
}

/// Java: `CheckClientRequestBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckClientBody {
    /// The client.
    pub client_id: String,
    /// The group.
    pub group: String,
    /// The subscription to check.
    pub subscription_data: SubscriptionData,
}

/// A client's connection (Java: `Connection`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Connection {
    /// Its address.
    pub client_addr: String,
    /// The client.
    pub client_id: String,
    /// What it is written in.
    pub language: Language,
    /// Its version.
    pub version: i32,
}

/// Java: `ConsumerConnection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumerConnection {
    /// The members.
    pub connection_set: Vec<Connection>,
    /// See [`ConsumerData`].
    pub consume_from_where: Option<String>,
    /// See [`ConsumerData`].
    pub consume_type: Option<String>,
    /// See [`ConsumerData`].
    pub message_model: Option<String>,
    /// What the group wants, by topic.
    pub subscription_table: BTreeMap<String, SubscriptionData>,
}

/// Java: `ProducerConnection`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProducerConnection {
    /// The members.
    pub connection_set: Vec<Connection>,
}

/// A connected producer (Java: `ProducerInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProducerInfo {
    /// The client.
    pub client_id: String,
    /// What it is written in.
    pub language: Language,
    /// When it was heard of last, in ms since 1970.
    pub last_update_timestamp: i64,
    /// Its address.
    #[serde(rename = "remoteIP")]
    pub remote_ip: String,
    /// Its version.
    pub version: i32,
}

/// Java: `ProducerTableInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProducerTable {
    /// Producers by group.
    pub data: BTreeMap<String, Vec<ProducerInfo>>,
}

crate::header! {
    /// Java: `GetConsumerRunningInfoRequestHeader`.
    pub struct RunningInfoHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The member.
        client_id: String = "clientId",
        /// With its threads' stacks.
        jstack_enable: Option<bool> = "jstackEnable",
    }
}

crate::header! {
    /// Java: `ConsumeMessageDirectlyResultRequestHeader`.
    pub struct ConsumeDirectlyHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The member.
        client_id: Option<String> = "clientId",
        /// The message's offset id.
        msg_id: Option<String> = "msgId",
        /// The broker's name.
        broker_name: Option<String> = "brokerName",
        /// The topic.
        topic: Option<String> = "topic",
        /// The topic's system flag.
        topic_sys_flag: Option<i32> = "topicSysFlag",
        /// The group's system flag.
        group_sys_flag: Option<i32> = "groupSysFlag",
    }
}

/// How a member took a message given to it directly (Java: `ConsumeMessageDirectlyResult`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeDirectlyResult {
    /// Whether its offset is committed automatically.
    pub auto_commit: bool,
    /// `CR_SUCCESS`, `CR_LATER`, `CR_ROLLBACK`, `CR_COMMIT`, `CR_THROW_EXCEPTION`, `CR_RETURN_NULL`.
    pub consume_result: Option<String>,
    /// Whether it consumes in order.
    pub order: bool,
    /// What it says.
    pub remark: Option<String>,
    /// How long it took, in ms.
    pub spent_time_mills: i64,
}

/// Java: `QuerySubscriptionResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionBody {
    /// The group.
    pub group: String,
    /// What it wants, if a member is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_data: Option<SubscriptionData>,
    /// The topic asked for.
    pub topic: Option<String>,
}

crate::requests! {
    /// A client is alive, and this is what it does.
    HeartBeat = 34 "HEART_BEAT" ((), Json<HeartbeatData>) -> (HeartbeatReply, ());
    /// A client leaves a group.
    UnregisterClient = 35 "UNREGISTER_CLIENT" (UnregisterClientHeader, ()) -> ((), ());
    /// The members of a group.
    GetConsumerListByGroup = 38 "GET_CONSUMER_LIST_BY_GROUP"
        (ConsumerGroupHeader, ()) -> ((), Json<ConsumerIdList>);
    /// Broker to member, one-way: members came or went.
    NotifyConsumerIdsChanged = 40 "NOTIFY_CONSUMER_IDS_CHANGED" (ConsumerGroupHeader, ()) -> ((), ());
    /// Locks queues for one member.
    LockBatchMq = 41 "LOCK_BATCH_MQ" ((), Json<LockBatchBody>) -> ((), Json<LockedBody>);
    /// Unlocks them.
    UnlockBatchMq = 42 "UNLOCK_BATCH_MQ" ((), Json<LockBatchBody>) -> ((), ());
    /// Is this subscription fine?
    CheckClientConfig = 46 "CHECK_CLIENT_CONFIG" ((), Json<CheckClientBody>) -> ((), ());
    /// Who is connected as a member of a group.
    GetConsumerConnectionList = 203 "GET_CONSUMER_CONNECTION_LIST"
        (ConsumerGroupHeader, ()) -> ((), Json<ConsumerConnection>);
    /// Who is connected as a producer of a group.
    GetProducerConnectionList = 204 "GET_PRODUCER_CONNECTION_LIST"
        (ProducerGroupHeader, ()) -> ((), Json<ProducerConnection>);
    /// All producers.
    GetAllProducerInfo = 328 "GET_ALL_PRODUCER_INFO" ((), ()) -> ((), Json<ProducerTable>);
    /// Of a member, passed on to it: how it runs.
    GetConsumerRunningInfo = 307 "GET_CONSUMER_RUNNING_INFO" (RunningInfoHeader, ()) -> ((), bytes::Bytes);
    /// To a member, by its broker: consume this message now.
    ConsumeMessageDirectly = 309 "CONSUME_MESSAGE_DIRECTLY"
        (ConsumeDirectlyHeader, super::super::Payload) -> ((), Json<ConsumeDirectlyResult>);
    /// What a group wants of a topic.
    QuerySubscriptionByConsumer = 345 "QUERY_SUBSCRIPTION_BY_CONSUMER"
        (TopicGroupHeader, ()) -> ((), Json<SubscriptionBody>);
}
