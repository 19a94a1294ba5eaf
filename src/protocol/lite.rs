//! Lite topics: many small queues below one parent topic, each named `%LMQ%$PARENT$LITE` in the store.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::body::Json;
use super::group::OffsetWrapper;
use super::topic::{TopicHeader, TopicOffset};

/// The value of a topic's attribute `message.type` that makes it a parent (Java: `TopicMessageType.LITE`).
pub const LITE: &str = "LITE";
/// The attribute of a parent that says after how many minutes without messages a lite topic goes away; -1 is never
/// (Java: `TopicAttributes.LITE_EXPIRATION_ATTRIBUTE`).
pub const EXPIRATION: &str = "lite.topic.expiration";
/// The attribute that binds a group to a parent (Java: `SubscriptionGroupAttributes.LITE_BIND_TOPIC_ATTRIBUTE`).
pub const BIND_TOPIC: &str = "lite.bind.topic";

/// The queue of a lite topic in the store (Java: `LiteUtil.toLmqName`).
pub fn queue_name(parent: &str, lite_topic: &str) -> String {
    format!("%LMQ%${parent}${lite_topic}")
}

/// What a broker has of lite topics (Java: `GetBrokerLiteInfoResponseBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BrokerLiteInfo {
    /// Topics that have consume queues.
    pub cq_table_size: i32,
    /// Queues of lite topics that exist.
    pub current_lmq_num: i32,
    /// Clients that wait to hear of messages.
    pub event_map_size: i32,
    /// Groups by the parent that they are bound to.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub group_meta: BTreeMap<String, BTreeSet<String>>,
    /// Subscriptions of clients that are there.
    pub lite_subscription_count: i32,
    /// Queues of lite topics that may exist.
    pub max_lmq_num: i32,
    /// Pairs of topic and group that have offsets.
    pub offset_table_size: i32,
    /// Orderly receipts that are kept.
    pub order_info_count: i32,
    /// How the store keeps its consume queues.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub store_type: String,
    /// Minutes of a lite topic's life, by parent.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub topic_meta: BTreeMap<String, i32>,
}

/// A parent topic on a broker (Java: `GetParentTopicInfoResponseBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentTopicInfo {
    /// The groups that are bound to it; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<BTreeSet<String>>,
    /// Its lite topics.
    pub lite_topic_count: i32,
    /// Queues of lite topics on the broker, of whatever parent.
    pub lmq_num: i32,
    /// The parent.
    pub topic: String,
    /// Minutes after which a lite topic goes away; -1 for never.
    pub ttl: i32,
}

/// A client of a group (Java: `ClientGroup`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientGroup {
    /// The client.
    pub client_id: String,
    /// Its group.
    pub group: String,
}

/// A lite topic on a broker (Java: `GetLiteTopicInfoResponseBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiteTopicInfo {
    /// The lite topic.
    pub lite_topic: String,
    /// Its parent.
    pub parent_topic: String,
    /// Whether new messages of it belong on this broker.
    pub sharding_to_broker: bool,
    /// Who subscribes to it.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub subscriber: BTreeSet<ClientGroup>,
    /// What its queue holds; zeros where there is none.
    #[serde(deserialize_with = "super::body::null_as_default")]
    pub topic_offset: TopicOffset,
}

/// A client's lite topics on a broker (Java: `GetLiteClientInfoResponseBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiteClientInfo {
    /// The client.
    pub client_id: String,
    /// Its group.
    pub group: String,
    /// When it asked last, in ms since 1970; -1 for never.
    pub last_access_time: i64,
    /// When it was given messages last, in ms since 1970; 0 for never.
    pub last_consume_time: i64,
    /// How many lite topics it subscribes to; -1 for a client that is not known.
    pub lite_topic_count: i32,
    /// Their names; absent where there are none, or more than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lite_topic_set: Option<BTreeSet<String>>,
    /// Their parent.
    pub parent_topic: String,
}

/// How far a group is behind on a lite topic (Java: `LiteLagInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiteLag {
    /// When the first message not consumed was stored, in ms since 1970; 0 or less where not known.
    pub earliest_unconsumed_timestamp: i64,
    /// Messages not consumed.
    pub lag_count: i64,
    /// The lite topic.
    pub lite_topic: String,
}

/// A group's lite topics on a broker (Java: `GetLiteGroupInfoResponseBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiteGroupInfo {
    /// When the first message not consumed was stored, in ms since 1970; 0 or less where not known.
    pub earliest_unconsumed_timestamp: i64,
    /// The group.
    pub group: String,
    /// The lite topics with the most messages not consumed; absent where one lite topic was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_count_top_k: Option<Vec<LiteLag>>,
    /// Those with the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_timestamp_top_k: Option<Vec<LiteLag>>,
    /// The lite topic that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lite_topic: Option<String>,
    /// The group on it; absent where it has consumed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lite_topic_offset_wrapper: Option<OffsetWrapper>,
    /// The parent that the group is bound to.
    pub parent_topic: String,
    /// Messages not consumed; -1 where not known.
    pub total_lag_count: i64,
}

crate::header! {
    /// Java: `GetLiteTopicInfoRequestHeader`.
    pub struct LiteTopicHeader {
        /// The parent.
        parent_topic: Option<String> = "parentTopic",
        /// The lite topic.
        lite_topic: Option<String> = "liteTopic",
    }
}

crate::header! {
    /// Java: `GetLiteClientInfoRequestHeader`.
    pub struct LiteClientHeader {
        /// The parent.
        parent_topic: Option<String> = "parentTopic",
        /// The group.
        group: Option<String> = "group",
        /// The client.
        client_id: Option<String> = "clientId",
        /// How many names of lite topics at most.
        max_count: Option<i32> = "maxCount",
    }
}

crate::header! {
    /// Java: `GetLiteGroupInfoRequestHeader`.
    pub struct LiteGroupHeader {
        /// The group.
        group: String = "group",
        /// One lite topic; absent or empty is all.
        lite_topic: Option<String> = "liteTopic",
        /// How many of the lite topics that are behind most.
        top_k: Option<i32> = "topK",
    }
}

crate::header! {
    /// Java: `TriggerLiteDispatchRequestHeader`.
    pub struct LiteDispatchHeader {
        /// The group.
        group: String = "group",
        /// One client; absent or empty is all.
        client_id: Option<String> = "clientId",
    }
}

crate::requests! {
    /// What a broker has of lite topics.
    GetBrokerLiteInfo = 200_074 "GET_BROKER_LITE_INFO" ((), ()) -> ((), Json<BrokerLiteInfo>);
    /// A parent topic.
    GetParentTopicInfo = 200_075 "GET_PARENT_TOPIC_INFO" (TopicHeader, ()) -> ((), Json<ParentTopicInfo>);
    /// A lite topic.
    GetLiteTopicInfo = 200_076 "GET_LITE_TOPIC_INFO" (LiteTopicHeader, ()) -> ((), Json<LiteTopicInfo>);
    /// A client's lite topics.
    GetLiteClientInfo = 200_077 "GET_LITE_CLIENT_INFO" (LiteClientHeader, ()) -> ((), Json<LiteClientInfo>);
    /// A group's lite topics.
    GetLiteGroupInfo = 200_078 "GET_LITE_GROUP_INFO" (LiteGroupHeader, ()) -> ((), Json<LiteGroupInfo>);
    /// Has messages of lite topics given out.
    TriggerLiteDispatch = 200_079 "TRIGGER_LITE_DISPATCH" (LiteDispatchHeader, ()) -> ((), ());
}
