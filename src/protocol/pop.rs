//! Pop consumption: members of a group take messages out of shared queues and acknowledge each by a handle.

use serde::{Deserialize, Serialize};

use super::Payload;
use super::body::Json;
use super::group::MessageRequestMode;
use super::queue::MessageQueue;

/// The revive queue that handles of ordered pops name (Java: `KeyBuilder.POP_ORDER_REVIVE_QUEUE`).
pub const ORDER_REVIVE_QUEUE: i32 = 999;
/// The most messages of one pop.
pub const MAX_POP: i32 = 32;
/// `initMode` of a group that begins at the first message (Java: `ConsumeInitMode.MIN`).
pub const INIT_MIN: i32 = 0;
/// `initMode` of a group that begins at the end.
pub const INIT_MAX: i32 = 1;

crate::header! {
    /// Java: `PopMessageRequestHeader`.
    pub struct PopHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue; a negative one is any.
        queue_id: i32 = "queueId",
        /// How many messages at most.
        max_msg_nums: i32 = "maxMsgNums",
        /// For how long nobody else gets them, in ms.
        invisible_time: i64 = "invisibleTime",
        /// How long the broker may hold the request, in ms.
        poll_time: i64 = "pollTime",
        /// When the request was made, in ms since 1970; 0 and none is now.
        born_time: Option<i64> = "bornTime",
        /// Where a new group begins: [`INIT_MIN`] or [`INIT_MAX`].
        init_mode: i32 = "initMode",
        /// `TAG` (also when absent) or `SQL92`.
        exp_type: Option<String> = "expType",
        /// The filter expression.
        exp: Option<String> = "exp",
        /// Whether in order: a queue gives nothing while something of it is not acknowledged.
        order: Option<bool> = "order",
        /// Tells the attempts of a client apart: the same attempt gets the same messages again.
        attempt_id: Option<String> = "attemptId",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `PopMessageResponseHeader`.
    pub struct PopReply {
        /// When they were popped, in ms since 1970.
        pop_time: i64 = "popTime",
        /// For how long nobody else gets them, in ms.
        invisible_time: i64 = "invisibleTime",
        /// The revive queue.
        revive_qid: i32 = "reviveQid",
        /// How many messages are left.
        rest_num: i64 = "restNum",
        /// By queue: where the pop began, as `RETRY QUEUE OFFSET;...`.
        start_offset_info: Option<String> = "startOffsetInfo",
        /// By queue: the offsets of the messages, as `RETRY QUEUE OFFSET,OFFSET;...`.
        msg_offset_info: Option<String> = "msgOffsetInfo",
        /// Of an ordered pop: how often messages were popped before.
        order_count_info: Option<String> = "orderCountInfo",
    }
}

crate::header! {
    /// Java: `PeekMessageRequestHeader`.
    pub struct PeekHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue; a negative one is any.
        queue_id: i32 = "queueId",
        /// How many messages at most.
        max_msg_nums: i32 = "maxMsgNums",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `AckMessageRequestHeader`.
    pub struct AckHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic; of a retried message, its retry topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The handle.
        extra_info: String = "extraInfo",
        /// The message's offset in the queue.
        offset: i64 = "offset",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `ChangeInvisibleTimeRequestHeader`.
    pub struct ChangeInvisibleHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic; of a retried message, its retry topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The handle.
        extra_info: String = "extraInfo",
        /// The message's offset in the queue.
        offset: i64 = "offset",
        /// For how long from now on nobody else gets it, in ms.
        invisible_time: i64 = "invisibleTime",
        /// Whether it comes again without counting as tried.
        suspend: Option<bool> = "suspend",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// The parts of the new handle (Java: `ChangeInvisibleTimeResponseHeader`).
    pub struct ChangeInvisibleReply {
        /// In ms since 1970.
        pop_time: i64 = "popTime",
        /// In ms.
        invisible_time: i64 = "invisibleTime",
        /// The revive queue.
        revive_qid: i32 = "reviveQid",
    }
}

crate::header! {
    /// Java: `NotificationRequestHeader`.
    pub struct NotificationHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue; a negative one is any.
        queue_id: i32 = "queueId",
        /// How long the broker may hold the request, in ms.
        poll_time: i64 = "pollTime",
        /// When the request was made, in ms since 1970; 0 and none is now.
        born_time: Option<i64> = "bornTime",
        /// Whether for an ordered pop.
        order: Option<bool> = "order",
        /// See [`PopHeader`].
        attempt_id: Option<String> = "attemptId",
        /// `TAG` (also when absent) or `SQL92`.
        exp_type: Option<String> = "expType",
        /// The filter expression.
        exp: Option<String> = "exp",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `NotificationResponseHeader`.
    pub struct NotificationReply {
        /// Whether there is something to pop.
        has_msg: bool = "hasMsg",
        /// Whether the request was not held because too many are.
        polling_full: bool = "pollingFull",
    }
}

crate::header! {
    /// Java: `PollingInfoRequestHeader`.
    pub struct PollingInfoHeader {
        /// The group.
        consumer_group: String = "consumerGroup",
        /// The topic.
        topic: String = "topic",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `PollingInfoResponseHeader`.
    pub struct PollingInfoReply {
        /// How many pops are held.
        polling_num: i32 = "pollingNum",
    }
}

/// Acknowledgements of messages of several pops (Java: `BatchAckMessageRequestBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchAcks {
    /// The broker's name.
    pub broker_name: Option<String>,
    /// By pop.
    pub acks: Vec<BatchAck>,
}

/// Acknowledgements of messages of one pop (Java: `BatchAck`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchAck {
    /// The group.
    #[serde(rename = "c", alias = "consumerGroup")]
    pub consumer_group: String,
    /// The topic.
    #[serde(rename = "t", alias = "topic")]
    pub topic: String,
    /// Which kind of topic, as in a handle.
    #[serde(rename = "r", alias = "retry")]
    pub retry: String,
    /// Where the pop began.
    #[serde(rename = "so", alias = "startOffset")]
    pub start_offset: i64,
    /// The queue.
    #[serde(rename = "q", alias = "queueId")]
    pub queue_id: i32,
    /// The revive queue.
    #[serde(rename = "rq", alias = "reviveQueueId")]
    pub revive_queue_id: i32,
    /// When it was, in ms since 1970.
    #[serde(rename = "pt", alias = "popTime")]
    pub pop_time: i64,
    /// For how long nobody else gets the messages, in ms.
    #[serde(rename = "it", alias = "invisibleTime")]
    pub invisible_time: i64,
    /// Which offsets from the start, a bit each, the lowest first; Base64.
    #[serde(rename = "b", alias = "bitSet")]
    pub bit_set: String,
}

/// Which queues a member is to take messages from (Java: `QueryAssignmentRequestBody`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AssignmentQuery {
    /// The topic.
    pub topic: String,
    /// The group.
    pub consumer_group: String,
    /// The member.
    pub client_id: String,
    /// How queues are shared out: `AVG` or `AVG_BY_CIRCLE`.
    pub strategy_name: Option<String>,
    /// `CLUSTERING` or `BROADCASTING`.
    pub message_model: String,
}

/// A queue, and how to get its messages (Java: `MessageQueueAssignment`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueAssignment {
    /// What comes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<std::collections::BTreeMap<String, String>>,
    /// The queue; by pop, -1 is all of the broker.
    pub message_queue: MessageQueue,
    /// By pulling or by popping.
    pub mode: MessageRequestMode,
}

/// Java: `QueryAssignmentResponseBody`. Without any list, the member keeps what it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Assignments {
    /// The queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_queue_assignments: Option<Vec<QueueAssignment>>,
}

crate::requests! {
    /// Takes messages out of a topic. The body of the reply is a run of stored messages.
    PopMessage = 200_050 "POP_MESSAGE" (PopHeader, ()) -> (PopReply, Payload);
    /// Acknowledges a message.
    AckMessage = 200_051 "ACK_MESSAGE" (AckHeader, ()) -> ((), ());
    /// Looks at the messages that a pop would take.
    PeekMessage = 200_052 "PEEK_MESSAGE" (PeekHeader, ()) -> (PopReply, Payload);
    /// Changes for how long nobody else gets a message.
    ChangeInvisibleTime = 200_053 "CHANGE_MESSAGE_INVISIBLETIME"
        (ChangeInvisibleHeader, ()) -> (ChangeInvisibleReply, ());
    /// Waits until there is something to pop.
    Notification = 200_054 "NOTIFICATION" (NotificationHeader, ()) -> (NotificationReply, ());
    /// How many pops are held.
    PollingInfo = 200_055 "POLLING_INFO" (PollingInfoHeader, ()) -> (PollingInfoReply, ());
    /// Acknowledges messages of several pops.
    BatchAckMessage = 200_151 "BATCH_ACK_MESSAGE" ((), Json<BatchAcks>) -> ((), ());
    /// Which queues a member is to take messages from.
    QueryAssignment = 400 "QUERY_ASSIGNMENT" ((), Json<AssignmentQuery>) -> ((), Json<Assignments>);
}

/// What kind of topic a popped message was in (Java: `ExtraInfoUtil`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PopTopic {
    /// The topic itself.
    Normal,
    /// The group's retry topic, with `_` between group and topic.
    RetryV1,
    /// The group's retry topic, with `+` between group and topic.
    RetryV2,
}

impl PopTopic {
    /// As in handles.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "0",
            Self::RetryV1 => "1",
            Self::RetryV2 => "2",
        }
    }

    /// Reads what is in a handle.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Normal, Self::RetryV1, Self::RetryV2].into_iter().find(|kind| kind.code() == code)
    }
}

/// Under which a popped message is acknowledged (Java: `ExtraInfoUtil.buildExtraInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopHandle {
    /// Where the pop began in the queue.
    pub start_offset: i64,
    /// When it was, in ms since 1970.
    pub pop_time: i64,
    /// For how long nobody else gets the message, in ms.
    pub invisible_time: i64,
    /// The revive queue.
    pub revive_queue: i32,
    /// What kind of topic it was in.
    pub topic: PopTopic,
    /// The broker.
    pub broker_name: String,
    /// The queue.
    pub queue_id: i32,
    /// The message's offset in the queue; none in handles that say only where the pop began.
    pub offset: Option<i64>,
}

impl PopHandle {
    /// Reads a handle; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        Some(Self {
            start_offset: parts.next()?.parse().ok()?,
            pop_time: parts.next()?.parse().ok()?,
            invisible_time: parts.next()?.parse().ok()?,
            revive_queue: parts.next()?.parse().ok()?,
            topic: PopTopic::parse(parts.next()?)?,
            broker_name: parts.next()?.to_owned(),
            queue_id: parts.next()?.parse().ok()?,
            offset: parts.next().map(str::parse).transpose().ok()?,
        })
    }

    /// Whether of an ordered pop.
    pub const fn is_ordered(&self) -> bool {
        self.revive_queue == ORDER_REVIVE_QUEUE
    }
}

impl std::fmt::Display for PopHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} {} {} {} {} {}",
            self.start_offset,
            self.pop_time,
            self.invisible_time,
            self.revive_queue,
            self.topic.code(),
            self.broker_name,
            self.queue_id
        )?;
        self.offset.map_or(Ok(()), |offset| write!(f, " {offset}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_survive_their_text() {
        for text in ["5 1700000000000 60000 3 0 broker-a 2 7", "0 1 2 999 2 b 0"] {
            let handle = PopHandle::parse(text).unwrap();
            assert_eq!(handle.to_string(), text);
            assert_eq!(handle.is_ordered(), text.contains("999"));
        }
        for wrong in ["", "5 1 2 3 0 b", "5 1 2 3 9 b 2", "x 1 2 3 0 b 2", "5 1 2 3 0 b 2 x"] {
            assert_eq!(PopHandle::parse(wrong), None, "{wrong}");
        }
    }
}
