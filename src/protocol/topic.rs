//! Topics on a broker: their configuration, and what is asked about them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::queue::QueueKey;
use super::route::TopicList;

/// The version of a table: a new one is written whenever the table changes (Java: `DataVersion`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DataVersion {
    /// How often it changed.
    pub counter: i64,
    /// The broker's state machine version, 0 outside of a controller's cluster.
    pub state_version: i64,
    /// When it changed last, in ms since 1970.
    pub timestamp: i64,
}

impl DataVersion {
    /// The version after a change at this time (ms since 1970).
    pub fn advance(&mut self, now: i64) {
        self.timestamp = now;
        self.counter += 1;
    }
}

/// A topic (Java: `TopicConfig`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfig {
    /// Attributes such as `message.type`, without the `+` they are set with.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub attributes: BTreeMap<String, String>,
    /// Whether it is an ordered topic.
    pub order: bool,
    /// The `PERM_*` bits of [`super::route`].
    pub perm: i32,
    /// How many queues may be read.
    pub read_queue_nums: i32,
    /// `SINGLE_TAG` or `MULTI_TAG`.
    pub topic_filter_type: String,
    /// The name.
    pub topic_name: String,
    /// Bit 0: unit topic; bit 1: unit subscription.
    pub topic_sys_flag: i32,
    /// How many queues may be written.
    pub write_queue_nums: i32,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            order: false,
            perm: super::route::PERM_READ | super::route::PERM_WRITE,
            read_queue_nums: 16,
            topic_filter_type: "SINGLE_TAG".to_owned(),
            topic_name: String::new(),
            topic_sys_flag: 0,
            write_queue_nums: 16,
        }
    }
}

impl TopicConfig {
    /// A readable and writable topic of that many queues.
    pub fn new(name: impl Into<String>, queues: i32) -> Self {
        Self { topic_name: name.into(), read_queue_nums: queues, write_queue_nums: queues, ..Self::default() }
    }
}

/// All topics of a broker, or some (Java: `TopicConfigAndMappingSerializeWrapper`). Also `config/topics.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfigTable {
    /// The version of the table.
    pub data_version: DataVersion,
    /// The topics by name.
    pub topic_config_table: BTreeMap<String, TopicConfig>,
    /// What a newer RocketMQ or a static topic adds; kept as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping_data_version: Option<serde_json::Value>,
    /// Static topics, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_queue_mapping_detail_map: Option<serde_json::Value>,
    /// Static topics for the name server, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_queue_mapping_info_map: Option<serde_json::Value>,
}

/// A topic, and where its queues are if it is static (Java: `TopicConfigAndQueueMapping`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfigAndMapping {
    /// The topic.
    #[serde(flatten)]
    pub config: TopicConfig,
    /// The queues of a static topic.
    #[serde(rename = "mappingDetail", skip_serializing_if = "Option::is_none")]
    pub mapping_detail: Option<serde_json::Value>,
}

/// What a queue holds (Java: `TopicOffset`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicOffset {
    /// When its last message was stored, in ms since 1970; 0 for none.
    pub last_update_timestamp: i64,
    /// Its end.
    pub max_offset: i64,
    /// Its first offset.
    pub min_offset: i64,
}

/// Java: `TopicStatsTable`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicStatsTable {
    /// The queues.
    pub offset_table: BTreeMap<QueueKey, TopicOffset>,
    /// Messages a second.
    pub topic_put_tps: f64,
}

/// Group names (Java: `GroupList`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupList {
    /// The names, in no order.
    pub group_list: Vec<String>,
}

/// Java: `CreateTopicListRequestBody`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicConfigList {
    /// The topics.
    pub topic_config_list: Vec<TopicConfig>,
}

/// One entry of a consume queue (Java: `ConsumeQueueData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeQueueData {
    /// The bit map of consumers whose filter it passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_map: Option<String>,
    /// Whether it passes the group's filter.
    pub eval: bool,
    /// What extends the entry, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extend_data_json: Option<String>,
    /// The message as text, or what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// Where the message is in the commit log.
    pub physic_offset: i64,
    /// How many bytes it takes there.
    pub physic_size: i32,
    /// Its tags hash.
    pub tags_code: i64,
}

/// Java: `QueryConsumeQueueResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeQueueBody {
    /// The group's filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_data: Option<String>,
    /// The queue's end.
    pub max_queue_index: i64,
    /// Its first offset.
    pub min_queue_index: i64,
    /// The entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_data: Option<Vec<ConsumeQueueData>>,
    /// The group's subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_data: Option<super::group::SubscriptionData>,
}

crate::header! {
    /// Java: `CreateTopicRequestHeader`.
    pub struct CreateTopicHeader {
        /// The topic.
        topic: String = "topic",
        /// A topic to take after; not used by brokers.
        default_topic: String = "defaultTopic",
        /// See [`TopicConfig`].
        read_queue_nums: i32 = "readQueueNums",
        /// See [`TopicConfig`].
        write_queue_nums: i32 = "writeQueueNums",
        /// See [`TopicConfig`].
        perm: i32 = "perm",
        /// See [`TopicConfig`].
        topic_filter_type: String = "topicFilterType",
        /// See [`TopicConfig`].
        topic_sys_flag: Option<i32> = "topicSysFlag",
        /// See [`TopicConfig`].
        order: Option<bool> = "order",
        /// Changes of attributes, as `+a=b,-c`.
        attributes: Option<String> = "attributes",
        /// Over an existing static topic.
        force: Option<bool> = "force",
    }
}

crate::header! {
    /// A topic.
    pub struct TopicHeader {
        /// The name.
        topic: String = "topic",
    }
}

crate::header! {
    /// A page of all topics (Java: `GetAllTopicConfigRequestHeader`). Without fields: everything.
    pub struct TopicPageHeader {
        /// The place of the first.
        topic_seq: Option<i32> = "topicSeq",
        /// The version that the pages before had.
        data_version: Option<String> = "dataVersion",
        /// How many at most.
        max_topic_num: Option<i32> = "maxTopicNum",
    }
}

crate::header! {
    /// How many topics there are in all.
    pub struct TopicPageReply {
        /// The number.
        total_topic_num: Option<i32> = "totalTopicNum",
    }
}

crate::header! {
    /// Java: `QueryConsumeQueueRequestHeader`.
    pub struct QueryConsumeQueueHeader {
        /// The topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The first entry.
        index: i64 = "index",
        /// How many.
        count: i32 = "count",
        /// Whose filter to try.
        consumer_group: Option<String> = "consumerGroup",
    }
}

crate::requests! {
    /// Creates a topic or changes it.
    UpdateAndCreateTopic = 17 "UPDATE_AND_CREATE_TOPIC" (CreateTopicHeader, ()) -> ((), ());
    /// Creates or changes several.
    UpdateAndCreateTopicList = 18 "UPDATE_AND_CREATE_TOPIC_LIST" ((), Json<TopicConfigList>) -> ((), ());
    /// All topics.
    GetAllTopicConfig = 21 "GET_ALL_TOPIC_CONFIG" (TopicPageHeader, ()) -> (TopicPageReply, Json<TopicConfigTable>);
    /// Removes a topic with its queues.
    DeleteTopicInBroker = 215 "DELETE_TOPIC_IN_BROKER" (TopicHeader, ()) -> ((), ());
    /// What the queues of a topic hold.
    GetTopicStatsInfo = 202 "GET_TOPIC_STATS_INFO" (TopicHeader, ()) -> ((), Json<TopicStatsTable>);
    /// Which groups consume a topic.
    QueryTopicConsumeByWho = 300 "QUERY_TOPIC_CONSUME_BY_WHO" (TopicHeader, ()) -> ((), Json<GroupList>);
    /// Topics that brokers need for themselves.
    GetSystemTopicListFromBroker = 305 "GET_SYSTEM_TOPIC_LIST_FROM_BROKER" ((), ()) -> ((), Json<TopicList>);
    /// One topic.
    GetTopicConfig = 351 "GET_TOPIC_CONFIG" (TopicHeader, ()) -> ((), Json<TopicConfigAndMapping>);
    /// Entries of a consume queue.
    QueryConsumeQueue = 321 "QUERY_CONSUME_QUEUE" (QueryConsumeQueueHeader, ()) -> ((), Option<Json<ConsumeQueueBody>>);
}
