//! Pulling, offsets, and looking messages up.

use serde::{Deserialize, Serialize};

use super::Payload;
use super::queue::MessageQueue;

/// `sysFlag` of a pull: the request carries an offset to commit (Java: `PullSysFlag`).
pub const PULL_COMMIT_OFFSET: i32 = 1;
/// The broker may hold the request until a message arrives.
pub const PULL_SUSPEND: i32 = 1 << 1;
/// The request carries the subscription.
pub const PULL_SUBSCRIPTION: i32 = 1 << 2;
/// Filtered by a class.
pub const PULL_CLASS_FILTER: i32 = 1 << 3;
/// Of a lite pull consumer.
pub const PULL_LITE: i32 = 1 << 4;

crate::header! {
    /// Java: `PullMessageRequestHeader`.
    pub struct PullMessageHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// A lite topic under it.
        lite_topic: Option<String> = "liteTopic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// From which offset.
        queue_offset: i64 = "queueOffset",
        /// How many messages at most.
        max_msg_nums: i32 = "maxMsgNums",
        /// The `PULL_*` bits.
        sys_flag: i32 = "sysFlag",
        /// The offset to commit.
        commit_offset: i64 = "commitOffset",
        /// How long the broker may hold the request, in ms.
        suspend_timeout_millis: i64 = "suspendTimeoutMillis",
        /// The filter expression.
        subscription: Option<String> = "subscription",
        /// The version of the subscription.
        sub_version: i64 = "subVersion",
        /// `TAG` (also when absent) or `SQL92`.
        expression_type: Option<String> = "expressionType",
        /// How many bytes at most.
        max_msg_bytes: Option<i32> = "maxMsgBytes",
        /// Who asks: a client, a proxy.
        request_source: Option<i32> = "requestSource",
        /// The client behind a proxy.
        proxy_forward_client_id: Option<String> = "proxyFrowardClientId",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `PullMessageResponseHeader`.
    pub struct PullMessageReply {
        /// Which broker id to pull from next time.
        suggest_which_broker_id: i64 = "suggestWhichBrokerId",
        /// From which offset to pull next.
        next_begin_offset: i64 = "nextBeginOffset",
        /// The queue's first offset.
        min_offset: i64 = "minOffset",
        /// The queue's end.
        max_offset: i64 = "maxOffset",
        /// Of static topics: what to add to offsets.
        offset_delta: Option<i64> = "offsetDelta",
        /// The topic's system flag.
        topic_sys_flag: Option<i32> = "topicSysFlag",
        /// The group's system flag.
        group_sys_flag: Option<i32> = "groupSysFlag",
        /// Why nothing may be pulled.
        forbidden_type: Option<i32> = "forbiddenType",
    }
}

crate::header! {
    /// A group on a queue (Java: `QueryConsumerOffsetRequestHeader`).
    pub struct QueryOffsetHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// Whether 0 may be answered for a group that has no offset. Absent is true.
        set_zero_if_not_found: Option<bool> = "setZeroIfNotFound",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `UpdateConsumerOffsetRequestHeader`.
    pub struct UpdateOffsetHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The offset of the next message to consume.
        commit_offset: i64 = "commitOffset",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// A queue (Java: `GetMinOffsetRequestHeader` and its like).
    pub struct QueueHeader {
        /// The topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// Of a maximum: what consumers may read (true, also when absent) or what is written.
        committed: Option<bool> = "committed",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `SearchOffsetRequestHeader`.
    pub struct SearchOffsetHeader {
        /// The topic.
        topic: String = "topic",
        /// A lite topic under it.
        lite_topic: Option<String> = "liteTopic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// A time in ms since 1970.
        timestamp: i64 = "timestamp",
        /// `LOWER` (also when absent) or `UPPER`.
        boundary_type: Option<String> = "boundaryType",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// An offset in a queue.
    pub struct OffsetReply {
        /// The offset.
        offset: i64 = "offset",
    }
}

crate::header! {
    /// A time.
    pub struct TimestampReply {
        /// In ms since 1970; -1 is none.
        timestamp: i64 = "timestamp",
    }
}

crate::header! {
    /// Java: `ViewMessageRequestHeader`.
    pub struct ViewMessageHeader {
        /// The topic, unless by offset only.
        topic: Option<String> = "topic",
        /// Where the message is in the commit log.
        offset: i64 = "offset",
    }
}

crate::header! {
    /// Java: `QueryMessageRequestHeader`.
    pub struct QueryMessageHeader {
        /// The topic.
        topic: String = "topic",
        /// The key.
        key: String = "key",
        /// How many messages at most.
        max_num: i32 = "maxNum",
        /// Stored not before, in ms since 1970.
        begin_timestamp: i64 = "beginTimestamp",
        /// Stored not after.
        end_timestamp: i64 = "endTimestamp",
        /// `K` keys, `U` unique id, `T` tags.
        index_type: Option<String> = "indexType",
        /// Where the last answer ended.
        last_key: Option<String> = "lastKey",
        /// Whether the key is a unique id.
        unique_key_query: Option<bool> = "_UNIQUE_KEY_QUERY",
    }
}

crate::header! {
    /// Java: `QueryMessageResponseHeader`.
    pub struct QueryMessageReply {
        /// Store time of the last message that is indexed, in ms since 1970.
        index_last_update_timestamp: i64 = "indexLastUpdateTimestamp",
        /// Where that message is in the commit log.
        index_last_update_phyoffset: i64 = "indexLastUpdatePhyoffset",
    }
}

/// The body of a message of `OFFSET_MOVED_EVENT` (Java: `OffsetMovedEvent`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetMovedEvent {
    /// The group that pulled.
    pub consumer_group: String,
    /// From where.
    pub message_queue: MessageQueue,
    /// What it asked for.
    pub offset_request: i64,
    /// Where it was sent to.
    pub offset_new: i64,
}

crate::requests! {
    /// Pulls messages from a queue. The body of the reply is a run of stored messages.
    PullMessage = 11 "PULL_MESSAGE" (PullMessageHeader, ()) -> (PullMessageReply, Payload);
    /// The same for lite pull consumers.
    LitePullMessage = 361 "LITE_PULL_MESSAGE" (PullMessageHeader, ()) -> (PullMessageReply, Payload);
    /// Finds messages by key or unique id. The body of the reply is a run of stored messages.
    QueryMessage = 12 "QUERY_MESSAGE" (QueryMessageHeader, ()) -> (QueryMessageReply, Payload);
    /// The offset of a group on a queue.
    QueryConsumerOffset = 14 "QUERY_CONSUMER_OFFSET" (QueryOffsetHeader, ()) -> (OffsetReply, ());
    /// Commits an offset.
    UpdateConsumerOffset = 15 "UPDATE_CONSUMER_OFFSET" (UpdateOffsetHeader, ()) -> ((), ());
    /// The offset of the first message stored at or after a time.
    SearchOffsetByTimestamp = 29 "SEARCH_OFFSET_BY_TIMESTAMP" (SearchOffsetHeader, ()) -> (OffsetReply, ());
    /// The end of a queue.
    GetMaxOffset = 30 "GET_MAX_OFFSET" (QueueHeader, ()) -> (OffsetReply, ());
    /// The first offset of a queue.
    GetMinOffset = 31 "GET_MIN_OFFSET" (QueueHeader, ()) -> (OffsetReply, ());
    /// When the first message of a queue was stored.
    GetEarliestMsgStoretime = 32 "GET_EARLIEST_MSG_STORETIME" (QueueHeader, ()) -> (TimestampReply, ());
    /// One message by its place in the commit log.
    ViewMessageById = 33 "VIEW_MESSAGE_BY_ID" (ViewMessageHeader, ()) -> ((), Payload);
}
