//! How a group is set up, and how brokers keep it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::body::Json;
use super::super::topic::DataVersion;

crate::header! {
    /// A consumer group, as `group`.
    pub struct GroupHeader {
        /// The group.
        group: String = "group",
    }
}

/// How long a message that could not be consumed waits (Java: `GroupRetryPolicy`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupRetryPolicy {
    /// `CUSTOMIZED` or `EXPONENTIAL`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The steps of `EXPONENTIAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponential_retry_policy: Option<serde_json::Value>,
    /// The steps of `CUSTOMIZED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customized_retry_policy: Option<serde_json::Value>,
}

impl Default for GroupRetryPolicy {
    fn default() -> Self {
        Self { kind: "CUSTOMIZED".to_owned(), exponential_retry_policy: None, customized_retry_policy: None }
    }
}

/// A consumer group (Java: `SubscriptionGroupConfig`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionGroupConfig {
    /// Attributes, without the `+` they are set with.
    #[serde(deserialize_with = "super::super::body::null_as_default")]
    pub attributes: BTreeMap<String, String>,
    /// Which broker of a name to pull from.
    pub broker_id: i64,
    /// Whether it may consume in broadcast mode.
    pub consume_broadcast_enable: bool,
    /// Whether it may consume.
    pub consume_enable: bool,
    /// Whether it may begin at the first offset.
    pub consume_from_min_enable: bool,
    /// Whether pop keeps the order of a queue.
    pub consume_message_orderly: bool,
    /// After how many minutes a message counts as not consumed.
    pub consume_timeout_minute: i32,
    /// The name.
    pub group_name: String,
    /// How long to wait between tries.
    pub group_retry_policy: GroupRetryPolicy,
    /// Bit 0: unit.
    pub group_sys_flag: i32,
    /// Whether members are told when others come and go.
    pub notify_consumer_ids_changed_enable: bool,
    /// After how many tries a message goes to the dead-letter topic.
    pub retry_max_times: i32,
    /// How many queues its retry topic has.
    pub retry_queue_nums: i32,
    /// What the group may subscribe, if restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_data_set: Option<Vec<serde_json::Value>>,
    /// Which broker of a name to pull from when this one is behind.
    pub which_broker_when_consume_slowly: i64,
}

impl Default for SubscriptionGroupConfig {
    fn default() -> Self {
        Self {
            attributes: BTreeMap::new(),
            broker_id: 0,
            consume_broadcast_enable: true,
            consume_enable: true,
            consume_from_min_enable: true,
            consume_message_orderly: false,
            consume_timeout_minute: 15,
            group_name: String::new(),
            group_retry_policy: GroupRetryPolicy::default(),
            group_sys_flag: 0,
            notify_consumer_ids_changed_enable: true,
            retry_max_times: 16,
            retry_queue_nums: 1,
            subscription_data_set: None,
            which_broker_when_consume_slowly: 1,
        }
    }
}

/// All groups (Java: `SubscriptionGroupWrapper`). Also `config/subscriptionGroup.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionGroupTable {
    /// The version of the table.
    pub data_version: DataVersion,
    /// What groups may not consume: bits by topic, by group.
    pub forbidden_table: BTreeMap<String, BTreeMap<String, i32>>,
    /// The groups by name.
    pub subscription_group_table: BTreeMap<String, SubscriptionGroupConfig>,
}

/// Java: `SubscriptionGroupList`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubscriptionGroupList {
    /// The groups.
    pub group_config_list: Vec<SubscriptionGroupConfig>,
}

/// How members get messages (Java: `MessageRequestMode`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageRequestMode {
    /// Each member pulls from its own queues.
    #[default]
    Pull,
    /// Members share queues and take messages out of them one by one.
    Pop,
}

impl std::fmt::Display for MessageRequestMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pull => "PULL",
            Self::Pop => "POP",
        })
    }
}

/// How a group gets the messages of a topic (Java: `SetMessageRequestModeRequestBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestMode {
    /// The group.
    pub consumer_group: String,
    /// How.
    pub mode: MessageRequestMode,
    /// By pop: how many other members share a member's queues; 0 and less is all.
    pub pop_share_queue_num: i32,
    /// The topic.
    pub topic: String,
}

crate::header! {
    /// Java: `DeleteSubscriptionGroupRequestHeader`.
    pub struct DeleteGroupHeader {
        /// The group.
        group_name: String = "groupName",
        /// Whether its offsets go too.
        clean_offset: Option<bool> = "cleanOffset",
    }
}

crate::header! {
    /// A page of all groups. Without fields: everything.
    pub struct GroupPageHeader {
        /// The place of the first.
        group_seq: Option<i32> = "groupSeq",
        /// The version that the pages before had.
        data_version: Option<String> = "dataVersion",
        /// How many at most.
        max_group_num: Option<i32> = "maxGroupNum",
    }
}

crate::header! {
    /// How many groups there are in all.
    pub struct GroupPageReply {
        /// The number.
        total_group_num: Option<i32> = "totalGroupNum",
    }
}

crate::header! {
    /// Java: `QueryConsumeTimeSpanRequestHeader`; a topic and a group, as `group`.
    pub struct TopicGroupHeader {
        /// The topic.
        topic: Option<String> = "topic",
        /// The group.
        group: String = "group",
    }
}

crate::requests! {
    /// Creates a group or changes it.
    UpdateAndCreateSubscriptionGroup = 200 "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP"
        ((), Json<SubscriptionGroupConfig>) -> ((), ());
    /// Creates or changes several.
    UpdateAndCreateSubscriptionGroupList = 225 "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST"
        ((), Json<SubscriptionGroupList>) -> ((), ());
    /// All groups.
    GetAllSubscriptionGroupConfig = 201 "GET_ALL_SUBSCRIPTIONGROUP_CONFIG"
        (GroupPageHeader, ()) -> (GroupPageReply, Json<SubscriptionGroupTable>);
    /// Sets how a group gets the messages of a topic.
    SetMessageRequestMode = 401 "SET_MESSAGE_REQUEST_MODE" ((), Json<RequestMode>) -> ((), ());
    /// One group.
    GetSubscriptionGroupConfig = 352 "GET_SUBSCRIPTIONGROUP_CONFIG"
        (GroupHeader, ()) -> ((), Json<SubscriptionGroupConfig>);
    /// Removes a group.
    DeleteSubscriptionGroup = 207 "DELETE_SUBSCRIPTIONGROUP" (DeleteGroupHeader, ()) -> ((), ());
}
