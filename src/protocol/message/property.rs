//! Names of message properties (`MessageConst`).

/// Keys for the index, separated by blanks.
pub const KEYS: &str = "KEYS";
/// Tag for filtering.
pub const TAGS: &str = "TAGS";
/// Whether the producer waits until the message is stored ("true" or "false").
pub const WAIT_STORE_MSG_OK: &str = "WAIT";
/// Delay level, from 1.
pub const DELAY_TIME_LEVEL: &str = "DELAY";
/// Topic that a retried message had first.
pub const RETRY_TOPIC: &str = "RETRY_TOPIC";
/// Group that a message was sent back by, kept on its way to a retry topic.
pub const ORIGIN_GROUP: &str = "ORIGIN_GROUP";
/// Topic of a message while it waits in a system topic.
pub const REAL_TOPIC: &str = "REAL_TOPIC";
/// Queue of a message while it waits in a system topic.
pub const REAL_QUEUE_ID: &str = "REAL_QID";
/// "true" on a half message.
pub const TRANSACTION_PREPARED: &str = "TRAN_MSG";
/// Producer group, of transactional messages.
pub const PRODUCER_GROUP: &str = "PGROUP";
/// Smallest offset of the queue, set by the client when it pulls.
pub const MIN_OFFSET: &str = "MIN_OFFSET";
/// Largest offset of the queue, set by the client when it pulls.
pub const MAX_OFFSET: &str = "MAX_OFFSET";
/// Buyer id, a field of applications.
pub const BUYER_ID: &str = "BUYER_ID";
/// Id of the message that this one is a copy of.
pub const ORIGIN_MESSAGE_ID: &str = "ORIGIN_MESSAGE_ID";
/// Transfer mark of replicating tools.
pub const TRANSFER_FLAG: &str = "TRANSFER_FLAG";
/// Correction mark of replicating tools.
pub const CORRECTION_FLAG: &str = "CORRECTION_FLAG";
/// Mark of messages of RocketMQ's predecessor.
pub const MQ2_FLAG: &str = "MQ2_FLAG";
/// How often a message was tried, on its way through the retry topic.
pub const RECONSUME_TIME: &str = "RECONSUME_TIME";
/// Region of the broker.
pub const MSG_REGION: &str = "MSG_REGION";
/// Whether the broker wants the message traced.
pub const TRACE_SWITCH: &str = "TRACE_ON";
/// Unique id given by the client.
pub const UNIQ_KEY: &str = "UNIQ_KEY";
/// Offset of the half message, kept with transaction traces.
pub const TRANS_OFFSET: &str = "TRANS_OFFSET";
/// Group and offset that make a unique id unique across copies.
pub const EXTEND_UNIQ_INFO: &str = "EXTEND_UNIQ_INFO";
/// How often a message may be retried.
pub const MAX_RECONSUME_TIMES: &str = "MAX_RECONSUME_TIMES";
/// When the consumer began to work on the message, in milliseconds.
pub const CONSUME_START_TIMESTAMP: &str = "CONSUME_START_TIME";
/// Priority of a message of a priority topic.
pub const PRIORITY: &str = "_SYS_MSG_PRIORITY_";
/// Number of messages inside an inner batch.
pub const INNER_NUM: &str = "INNER_NUM";
/// Queue offset of the first message of an inner batch.
pub const INNER_BASE: &str = "INNER_BASE";
/// Information for removing duplicates.
pub const DUP_INFO: &str = "DUP_INFO";
/// Seconds for which a half message is not checked.
pub const CHECK_IMMUNITY_TIME_IN_SECONDS: &str = "CHECK_IMMUNITY_TIME_IN_SECONDS";
/// Queue offset of the half message that a message was made of.
pub const TRANSACTION_PREPARED_QUEUE_OFFSET: &str = "TRAN_PREPARED_QUEUE_OFFSET";
/// Transaction id.
pub const TRANSACTION_ID: &str = "__transactionId__";
/// How often a half message was checked.
pub const TRANSACTION_CHECK_TIMES: &str = "TRANSACTION_CHECK_TIMES";
/// Instance (namespace) of the client.
pub const INSTANCE_ID: &str = "INSTANCE_ID";
/// Links a request with its reply.
pub const CORRELATION_ID: &str = "CORRELATION_ID";
/// Client that a reply goes to.
pub const MESSAGE_REPLY_TO_CLIENT: &str = "REPLY_TO_CLIENT";
/// Milliseconds for which a request waits for its reply.
pub const MESSAGE_TTL: &str = "TTL";
/// When a reply reached the broker.
pub const REPLY_MESSAGE_ARRIVE_TIME: &str = "ARRIVE_TIME";
/// When a reply was pushed to the requester.
pub const PUSH_REPLY_TIME: &str = "PUSH_REPLY_TIME";
/// Cluster of a request or reply.
pub const CLUSTER: &str = "CLUSTER";
/// Kind of message; "reply" on replies.
pub const MESSAGE_TYPE: &str = "MSG_TYPE";
/// Handle under which a popped message is acknowledged.
pub const POP_CK: &str = "POP_CK";
/// Offset part of the pop handle.
pub const POP_CK_OFFSET: &str = "POP_CK_OFFSET";
/// When a message was popped first.
pub const FIRST_POP_TIME: &str = "1ST_POP_TIME";
/// Key that decides the queue of an ordered message.
pub const SHARDING_KEY: &str = "__SHARDINGKEY";
/// Lite topic of the message.
pub const LITE_TOPIC: &str = "__LITE_TOPIC";
/// Queue that a message is forwarded to.
pub const FORWARD_QUEUE_ID: &str = "PROPERTY_FORWARD_QUEUE_ID";
/// Mark of redirected messages.
pub const REDIRECT: &str = "REDIRECT";
/// Further queues that a message goes to, separated by commas.
pub const INNER_MULTI_DISPATCH: &str = "INNER_MULTI_DISPATCH";
/// Offsets in those queues, separated by commas.
pub const INNER_MULTI_QUEUE_OFFSET: &str = "INNER_MULTI_QUEUE_OFFSET";
/// Trace context of the producer.
pub const TRACE_CONTEXT: &str = "TRACE_CONTEXT";
/// Delay of a timed message in seconds.
pub const TIMER_DELAY_SEC: &str = "TIMER_DELAY_SEC";
/// Time of delivery of a timed message in milliseconds.
pub const TIMER_DELIVER_MS: &str = "TIMER_DELIVER_MS";
/// Host that a message was born on, when a proxy sent it.
pub const BORN_HOST: &str = "__BORNHOST";
/// When a message was born, when a proxy sent it.
pub const BORN_TIMESTAMP: &str = "BORN_TIMESTAMP";
/// Start of the names of properties that are not stored.
pub const TRANSIENT_PREFIX: &str = "__RMQ.TRANSIENT.";
/// System flag of the topic, not stored.
pub const TRANSIENT_TOPIC_CONFIG: &str = "__RMQ.TRANSIENT.TOPIC_SYS_FLAG";
/// System flag of the group, not stored.
pub const TRANSIENT_GROUP_CONFIG: &str = "__RMQ.TRANSIENT.GROUP_SYS_FLAG";
/// Kind of engine that a timed message waits in.
pub const TIMER_ENGINE_TYPE: &str = "E_T";
/// When a timed message was enqueued, in milliseconds.
pub const TIMER_ENQUEUE_MS: &str = "TIMER_ENQUEUE_MS";
/// When a timed message was dequeued, in milliseconds.
pub const TIMER_DEQUEUE_MS: &str = "TIMER_DEQUEUE_MS";
/// How often a timed message was rolled over.
pub const TIMER_ROLL_TIMES: &str = "TIMER_ROLL_TIMES";
/// When a timed message is due, as the broker keeps it.
pub const TIMER_OUT_MS: &str = "TIMER_OUT_MS";
/// Unique id of the timed message to cancel.
pub const TIMER_DEL_UNIQKEY: &str = "TIMER_DEL_UNIQKEY";
/// Label of a rolled timed message.
pub const TIMER_ROLL_LABEL: &str = "TIMER_ROLL_LABEL";
/// Delay level of a timed message.
pub const TIMER_DELAY_LEVEL: &str = "TIMER_DELAY_LEVEL";
/// Delay of a timed message in milliseconds.
pub const TIMER_DELAY_MS: &str = "TIMER_DELAY_MS";
/// Checksum of the whole message, when the broker appends one.
pub const CRC32: &str = "__CRC32#";
/// Topic that a dead letter had.
pub const DLQ_ORIGIN_TOPIC: &str = "DLQ_ORIGIN_TOPIC";
/// Id that a dead letter had.
pub const DLQ_ORIGIN_MESSAGE_ID: &str = "DLQ_ORIGIN_MESSAGE_ID";
/// Separates keys in [`KEYS`].
pub const KEY_SEPARATOR: char = ' ';
/// Index type of tags in the key index (`INDEX_TAG_TYPE`).
pub const INDEX_TAG_TYPE: &str = "T";
/// Index type of unique ids (`INDEX_UNIQUE_TYPE`).
pub const INDEX_UNIQUE_TYPE: &str = "U";
/// Index type of keys (`INDEX_KEY_TYPE`).
pub const INDEX_KEY_TYPE: &str = "K";
