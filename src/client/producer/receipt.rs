//! Where a message went.

use std::fmt;

use crate::client::ClientError;
use crate::protocol::code;
use crate::protocol::queue::MessageQueue;
use crate::protocol::send::SendMessageReply;

/// How safely a message is stored (Java: `SendStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SendStatus {
    /// As the broker promises.
    SendOk,
    /// Stored, but not known to be on disk.
    FlushDiskTimeout,
    /// Stored, but not known to be on a slave.
    FlushSlaveTimeout,
    /// Stored, but no slave is there to copy it.
    SlaveNotAvailable,
}

impl SendStatus {
    /// By response code; `None` where the message was not stored.
    pub fn of_code(code: i32) -> Option<Self> {
        match code {
            code::SUCCESS => Some(Self::SendOk),
            code::FLUSH_DISK_TIMEOUT => Some(Self::FlushDiskTimeout),
            code::FLUSH_SLAVE_TIMEOUT => Some(Self::FlushSlaveTimeout),
            code::SLAVE_NOT_AVAILABLE => Some(Self::SlaveNotAvailable),
            _ => None,
        }
    }

    /// RocketMQ's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendOk => "SEND_OK",
            Self::FlushDiskTimeout => "FLUSH_DISK_TIMEOUT",
            Self::FlushSlaveTimeout => "FLUSH_SLAVE_TIMEOUT",
            Self::SlaveNotAvailable => "SLAVE_NOT_AVAILABLE",
        }
    }
}

/// The broker's word that it has a message or a batch (Java: `SendResult`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How safely.
    pub status: SendStatus,
    /// The unique id; of a batch all of them, by comma.
    pub msg_id: String,
    /// The offset id; of a batch all of them, by comma.
    pub offset_msg_id: String,
    /// The queue.
    pub queue: MessageQueue,
    /// The offset in the queue; of a batch that of the first.
    pub queue_offset: i64,
    /// What recalls a timed message.
    pub recall_handle: Option<String>,
}

impl Receipt {
    /// From a reply (Java: `MQClientAPIImpl.processSendResponse`).
    pub(super) fn new(
        status: SendStatus,
        msg_id: String,
        topic: &str,
        broker_name: &str,
        reply: SendMessageReply,
    ) -> Self {
        let queue = MessageQueue {
            topic: topic.to_owned(),
            broker_name: broker_name.to_owned(),
            queue_id: reply.queue_id,
        };
        Self {
            status,
            msg_id: reply.batch_uniq_id.unwrap_or(msg_id),
            offset_msg_id: reply.msg_id,
            queue,
            queue_offset: reply.queue_offset,
            recall_handle: reply.recall_handle,
        }
    }
}

impl fmt::Display for Receipt {
    /// As Java's `SendResult.toString`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SendResult [sendStatus={}, msgId={}, offsetMsgId={}, messageQueue={}, queueOffset={}, \
             recallHandle={}]",
            self.status.name(),
            self.msg_id,
            self.offset_msg_id,
            self.queue,
            self.queue_offset,
            self.recall_handle.as_deref().unwrap_or("null")
        )
    }
}

/// Whether another queue may take a message that failed so (Java: `retryResponseCodes` of
/// `DefaultMQProducer`, and every failure of the connection).
pub(super) fn may_retry(error: &ClientError) -> bool {
    match error {
        ClientError::Call(call) if call.is_unreachable() => true,
        ClientError::NoBroker { .. } => true,
        _ => matches!(
            error.code(),
            Some(
                code::TOPIC_NOT_EXIST
                    | code::SERVICE_NOT_AVAILABLE
                    | code::SYSTEM_ERROR
                    | code::SYSTEM_BUSY
                    | code::NO_PERMISSION
                    | code::NO_BUYER_ID
                    | code::NOT_IN_CURRENT_UNIT
            )
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remoting::CallError;

    #[test]
    fn is_shown_as_java_shows_it() {
        let reply = SendMessageReply {
            msg_id: "7F00000100002A9F0000000000000000".into(),
            queue_id: 1,
            queue_offset: 5,
            ..SendMessageReply::default()
        };
        let receipt = Receipt::new(SendStatus::SendOk, "FD00".into(), "TopicTest", "broker-a", reply);
        assert_eq!(
            receipt.to_string(),
            "SendResult [sendStatus=SEND_OK, msgId=FD00, offsetMsgId=7F00000100002A9F0000000000000000, \
             messageQueue=MessageQueue [topic=TopicTest, brokerName=broker-a, queueId=1], queueOffset=5, \
             recallHandle=null]"
        );
    }

    #[test]
    fn only_some_refusals_are_worth_another_try() {
        let refused = |code| {
            ClientError::Call(CallError::Refused {
                addr: "h:1".into(),
                request: "X",
                code,
                remark: String::new(),
            })
        };
        let table = [(1, true), (2, true), (13, false), (14, true), (16, true), (17, true), (215, false)];
        for (code, expected) in table {
            assert_eq!(may_retry(&refused(code)), expected, "{code}");
        }
        assert!(may_retry(&ClientError::Call(CallError::Closed {
            addr: "h:1".into(),
            request: "X",
            reason: None
        })));
        assert!(!may_retry(&ClientError::Illegal("x".into())));
    }
}
