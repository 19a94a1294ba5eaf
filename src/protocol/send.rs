//! Sending: messages, batches, send-back, the end of a transaction.

use super::Payload;
use bytes::Bytes;

crate::header! {
    /// Java: `SendMessageRequestHeader`, with full names on the wire.
    pub struct SendMessageHeader {
        /// The producer's group.
        producer_group: String = "producerGroup",
        /// The topic.
        topic: String = "topic",
        /// The topic whose configuration a topic created by this message takes.
        default_topic: String = "defaultTopic",
        /// How many queues such a topic gets.
        default_topic_queue_nums: i32 = "defaultTopicQueueNums",
        /// The queue; a negative one lets the broker choose.
        queue_id: i32 = "queueId",
        /// Bits of Java's `MessageSysFlag`.
        sys_flag: i32 = "sysFlag",
        /// When the message was made, in ms since 1970.
        born_timestamp: i64 = "bornTimestamp",
        /// The application's own flag.
        flag: i32 = "flag",
        /// The properties, encoded.
        properties: Option<String> = "properties",
        /// How often it was consumed and sent back.
        reconsume_times: Option<i32> = "reconsumeTimes",
        /// Of a unit topic.
        unit_mode: Option<bool> = "unitMode",
        /// Whether the body is a batch.
        batch: Option<bool> = "batch",
        /// After how many times it goes to the dead-letter topic.
        max_reconsume_times: Option<i32> = "maxReconsumeTimes",
    }
}

crate::header! {
    /// The same with one-letter names, which clients send (Java: `SendMessageRequestHeaderV2`).
    pub struct SendMessageHeaderV2 {
        /// See [`SendMessageHeader`].
        producer_group: String = "a",
        /// See [`SendMessageHeader`].
        topic: String = "b",
        /// See [`SendMessageHeader`].
        default_topic: String = "c",
        /// See [`SendMessageHeader`].
        default_topic_queue_nums: i32 = "d",
        /// See [`SendMessageHeader`].
        queue_id: i32 = "e",
        /// See [`SendMessageHeader`].
        sys_flag: i32 = "f",
        /// See [`SendMessageHeader`].
        born_timestamp: i64 = "g",
        /// See [`SendMessageHeader`].
        flag: i32 = "h",
        /// See [`SendMessageHeader`].
        properties: Option<String> = "i",
        /// See [`SendMessageHeader`].
        reconsume_times: Option<i32> = "j",
        /// See [`SendMessageHeader`].
        unit_mode: Option<bool> = "k",
        /// See [`SendMessageHeader`].
        max_reconsume_times: Option<i32> = "l",
        /// See [`SendMessageHeader`].
        batch: Option<bool> = "m",
        /// The broker's name.
        broker_name: Option<String> = "n",
    }
}

impl From<SendMessageHeaderV2> for SendMessageHeader {
    fn from(v2: SendMessageHeaderV2) -> Self {
        Self {
            producer_group: v2.producer_group,
            topic: v2.topic,
            default_topic: v2.default_topic,
            default_topic_queue_nums: v2.default_topic_queue_nums,
            queue_id: v2.queue_id,
            sys_flag: v2.sys_flag,
            born_timestamp: v2.born_timestamp,
            flag: v2.flag,
            properties: v2.properties,
            reconsume_times: v2.reconsume_times,
            unit_mode: v2.unit_mode,
            batch: v2.batch,
            max_reconsume_times: v2.max_reconsume_times,
        }
    }
}

impl SendMessageHeader {
    /// With one-letter names, for the broker of that name.
    pub fn into_v2(self, broker_name: Option<String>) -> SendMessageHeaderV2 {
        SendMessageHeaderV2 {
            producer_group: self.producer_group,
            topic: self.topic,
            default_topic: self.default_topic,
            default_topic_queue_nums: self.default_topic_queue_nums,
            queue_id: self.queue_id,
            sys_flag: self.sys_flag,
            born_timestamp: self.born_timestamp,
            flag: self.flag,
            properties: self.properties,
            reconsume_times: self.reconsume_times,
            unit_mode: self.unit_mode,
            max_reconsume_times: self.max_reconsume_times,
            batch: self.batch,
            broker_name,
        }
    }
}

crate::header! {
    /// Where a message went (Java: `SendMessageResponseHeader`).
    pub struct SendMessageReply {
        /// The offset id; of a batch, all of them by comma.
        msg_id: String = "msgId",
        /// The queue.
        queue_id: i32 = "queueId",
        /// The offset in it; of a batch, the first.
        queue_offset: i64 = "queueOffset",
        /// The unique id, of a transaction's message.
        transaction_id: Option<String> = "transactionId",
        /// The unique id of an inner batch.
        batch_uniq_id: Option<String> = "batchUniqId",
        /// What recalls a timed message.
        recall_handle: Option<String> = "recallHandle",
        /// The broker's region, for message trace.
        region: Option<String> = "MSG_REGION",
        /// Whether the region wants message trace.
        trace_on: Option<String> = "TRACE_ON",
    }
}

crate::header! {
    /// Java: `ConsumerSendMsgBackRequestHeader`.
    pub struct SendBackHeader {
        /// Where the message is in the commit log.
        offset: i64 = "offset",
        /// The consumer group.
        group: String = "group",
        /// 0: the broker chooses by the number of times; negative: straight to the dead-letter topic.
        delay_level: i32 = "delayLevel",
        /// The message's id.
        origin_msg_id: Option<String> = "originMsgId",
        /// The message's topic.
        origin_topic: Option<String> = "originTopic",
        /// Of a unit topic.
        unit_mode: Option<bool> = "unitMode",
        /// After how many times it goes to the dead-letter topic.
        max_reconsume_times: Option<i32> = "maxReconsumeTimes",
    }
}

crate::header! {
    /// Java: `EndTransactionRequestHeader`.
    pub struct EndTransactionHeader {
        /// The topic.
        topic: Option<String> = "topic",
        /// The producer's group.
        producer_group: String = "producerGroup",
        /// The half message's offset in the half queue.
        tran_state_table_offset: i64 = "tranStateTableOffset",
        /// The half message's place in the commit log.
        commit_log_offset: i64 = "commitLogOffset",
        /// 8 commits, 12 rolls back, 0 is not known yet.
        commit_or_rollback: i32 = "commitOrRollback",
        /// Whether this answers a check-back.
        from_transaction_check: Option<bool> = "fromTransactionCheck",
        /// The message's id.
        msg_id: String = "msgId",
        /// The transaction's id.
        transaction_id: Option<String> = "transactionId",
    }
}

crate::header! {
    /// Java: `CheckTransactionStateRequestHeader`.
    pub struct CheckTransactionHeader {
        /// The topic.
        topic: Option<String> = "topic",
        /// The half message's offset in the half queue.
        tran_state_table_offset: i64 = "tranStateTableOffset",
        /// The half message's place in the commit log.
        commit_log_offset: i64 = "commitLogOffset",
        /// The unique id.
        msg_id: Option<String> = "msgId",
        /// The transaction's id.
        transaction_id: Option<String> = "transactionId",
        /// The offset id.
        offset_msg_id: Option<String> = "offsetMsgId",
    }
}

crate::header! {
    /// A reply on its way to the client that waits for it (Java: `ReplyMessageRequestHeader`).
    pub struct PushReplyHeader {
        /// See [`SendMessageHeader`].
        producer_group: String = "producerGroup",
        /// See [`SendMessageHeader`].
        topic: String = "topic",
        /// See [`SendMessageHeader`].
        default_topic: String = "defaultTopic",
        /// See [`SendMessageHeader`].
        default_topic_queue_nums: i32 = "defaultTopicQueueNums",
        /// See [`SendMessageHeader`].
        queue_id: i32 = "queueId",
        /// See [`SendMessageHeader`].
        sys_flag: i32 = "sysFlag",
        /// See [`SendMessageHeader`].
        born_timestamp: i64 = "bornTimestamp",
        /// See [`SendMessageHeader`].
        flag: i32 = "flag",
        /// See [`SendMessageHeader`].
        properties: Option<String> = "properties",
        /// See [`SendMessageHeader`].
        reconsume_times: Option<i32> = "reconsumeTimes",
        /// See [`SendMessageHeader`].
        unit_mode: Option<bool> = "unitMode",
        /// The client that replied, as `IP:PORT`.
        born_host: String = "bornHost",
        /// The broker, as `IP:PORT`.
        store_host: String = "storeHost",
        /// When the broker got it, in ms since 1970.
        store_timestamp: i64 = "storeTimestamp",
    }
}

crate::requests! {
    /// Sends a message, with full names in the header.
    SendMessage = 10 "SEND_MESSAGE" (SendMessageHeader, Bytes) -> (SendMessageReply, ());
    /// Sends a message.
    SendMessageV2 = 310 "SEND_MESSAGE_V2" (SendMessageHeaderV2, Bytes) -> (SendMessageReply, ());
    /// Sends a batch.
    SendBatchMessage = 320 "SEND_BATCH_MESSAGE" (SendMessageHeaderV2, Bytes) -> (SendMessageReply, ());
    /// Sends the reply to a request, with full names in the header.
    SendReplyMessage = 324 "SEND_REPLY_MESSAGE" (SendMessageHeader, Bytes) -> (SendMessageReply, ());
    /// Sends the reply to a request.
    SendReplyMessageV2 = 325 "SEND_REPLY_MESSAGE_V2" (SendMessageHeaderV2, Bytes) -> (SendMessageReply, ());
    /// Broker to producer: a reply that it waits for.
    PushReplyMessageToClient = 326 "PUSH_REPLY_MESSAGE_TO_CLIENT" (PushReplyHeader, Bytes) -> ((), ());
    /// Sends a message that could not be consumed back, to be consumed later.
    ConsumerSendMsgBack = 36 "CONSUMER_SEND_MSG_BACK" (SendBackHeader, ()) -> ((), ());
    /// Commits or rolls back a transaction; one-way.
    EndTransaction = 37 "END_TRANSACTION" (EndTransactionHeader, ()) -> ((), ());
    /// Broker to producer, one-way: what became of this transaction? The body is the half message.
    CheckTransactionState = 39 "CHECK_TRANSACTION_STATE" (CheckTransactionHeader, Payload) -> ((), ());
}
