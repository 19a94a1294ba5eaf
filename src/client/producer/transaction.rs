//! Transactions: half messages, their ends, and what brokers ask about those that nobody ends
//! (Java: `TransactionMQProducer`).

use std::sync::Arc;

use super::draft::Draft;
use super::receipt::{Receipt, SendStatus};
use super::select::Target;
use super::{Prepared, Producer};
use crate::client::ClientError;
use crate::protocol::RemotingCommand;
use crate::protocol::code;
use crate::protocol::message::{Message, OffsetId, SysFlag, Transaction, property};
use crate::protocol::send::{CheckTransactionState, EndTransaction, EndTransactionHeader};
use crate::remoting::{CallError, Connection, In, Out, Outcome, Reject, Router, Service};

/// The longest body that a message may become that a broker asks about.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// What becomes of a half message (Java: `LocalTransactionState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Consumers get it.
    Commit,
    /// Nobody gets it.
    Rollback,
    /// It is not known yet: the broker will ask.
    Unknown,
}

impl Resolution {
    /// As it is written in the header.
    fn bits(self) -> i32 {
        match self {
            Self::Commit => SysFlag::COMMIT,
            Self::Rollback => SysFlag::ROLLBACK,
            Self::Unknown => 0,
        }
    }
}

/// A message that is stored and that nobody gets until it is committed.
#[derive(Debug, Clone)]
pub struct Half {
    pub receipt: Receipt,
    end: EndTransactionHeader,
}

impl Half {
    fn new(group: &str, receipt: Receipt) -> Result<Self, ClientError> {
        let id = receipt.offset_msg_id.parse::<OffsetId>().map_err(ClientError::from)?;
        let end = EndTransactionHeader {
            topic: Some(receipt.queue.topic.clone()),
            producer_group: group.to_owned(),
            tran_state_table_offset: receipt.queue_offset,
            commit_log_offset: id.offset,
            commit_or_rollback: 0,
            from_transaction_check: Some(false),
            msg_id: receipt.msg_id.clone(),
            transaction_id: Some(receipt.msg_id.clone()),
        };
        Ok(Self { receipt, end })
    }

    /// What it may be resolved to: one that is stored less safely than it should be is not to be committed (Java:
    /// `DefaultMQProducerImpl.sendMessageInTransaction`).
    pub fn allowed(&self, wanted: Resolution) -> Resolution {
        match self.receipt.status {
            SendStatus::SendOk => wanted,
            _ => Resolution::Rollback,
        }
    }
}

/// Who knows what became of transactions.
pub trait TransactionListener: Send + Sync + 'static {
    /// What became of this message? Must not block.
    fn check(&self, message: &Message) -> Resolution;
}

/// What answers brokers over the connections of a producer of this group: to be given to
/// [`Client::with_service`](crate::client::Client::with_service).
pub fn answers_checks(group: &str, listener: Arc<dyn TransactionListener>) -> Arc<dyn Service> {
    Arc::new(Checks {
        router: Router::new().sync::<CheckTransactionState>(check),
        asked: Arc::new(Asked { group: group.to_owned(), listener }),
    })
}

struct Asked {
    group: String,
    listener: Arc<dyn TransactionListener>,
}

struct Checks {
    router: Router<Asked>,
    asked: Arc<Asked>,
}

impl Service for Checks {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.router.dispatch(&self.asked, peer, request)
    }
}

/// Java: `ClientRemotingProcessor.checkTransactionState`. The answer is a request of our own, to who asks.
fn check(asked: &Arc<Asked>, input: In<CheckTransactionState>) -> Result<Out<CheckTransactionState>, Reject> {
    let mut message = Message::decode(&input.body.into_bytes())
        .map_err(|error| Reject::new(code::MESSAGE_ILLEGAL, error.to_string()))?;
    if message.properties.get(property::PRODUCER_GROUP) != Some(&asked.group) {
        return Err(Reject::new(code::SYSTEM_ERROR, "no producer of that group is here"));
    }
    if let Err(error) = message.decompress(MAX_BODY) {
        tracing::warn!(%error, "a message that a broker asks about does not decompress");
    }
    let header = input.header;
    let unique = message.unique_key().map(str::to_owned);
    let end = EndTransactionHeader {
        topic: header.topic,
        producer_group: asked.group.clone(),
        tran_state_table_offset: header.tran_state_table_offset,
        commit_log_offset: header.commit_log_offset,
        commit_or_rollback: asked.listener.check(&message).bits(),
        from_transaction_check: Some(true),
        msg_id: unique.or(header.msg_id).unwrap_or_default(),
        transaction_id: header.transaction_id,
    };
    if let Err(error) = input.peer.try_oneway::<EndTransaction>(end, ()) {
        // It asks again.
        tracing::warn!(%error, "a broker is not told what became of a transaction");
    }
    Ok(Out::done())
}

impl Producer {
    /// Sends a message that nobody gets before it is committed. A delay is left out.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub async fn send_half(&self, mut draft: Draft, target: &Target) -> Result<Half, ClientError> {
        draft.check(self.options.max_body)?;
        draft.properties.remove(property::DELAY_TIME_LEVEL);
        draft.properties.set(property::TRANSACTION_PREPARED, "true");
        draft.properties.set(property::PRODUCER_GROUP, self.options.group.as_str());
        let prepared = self.sender(|sender| sender.single(draft, self.options.compression))?;
        let receipt = self.deliver(&as_half(prepared), target).await?;
        Half::new(&self.options.group, receipt).map_err(|error| malformed(&error))
    }

    /// Tells the broker what becomes of a half message. It is not answered: where it is lost, the broker asks.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn end(&self, half: &Half, resolution: Resolution) -> Result<(), ClientError> {
        let addr = self.session.master(&half.receipt.queue.broker_name)?;
        let header = EndTransactionHeader { commit_or_rollback: resolution.bits(), ..half.end.clone() };
        self.session.client.oneway::<EndTransaction>(&addr, header, ()).await
    }
}

fn as_half(mut prepared: Prepared) -> Prepared {
    let flag = SysFlag(prepared.header.sys_flag).with_transaction(Transaction::Prepared);
    prepared.header.sys_flag = flag.0;
    prepared
}

/// A broker whose offset id is none cannot be told what becomes of the message.
fn malformed(error: &ClientError) -> ClientError {
    let (addr, reason) = (String::new(), error.to_string());
    CallError::Malformed { addr, request: "SEND_MESSAGE", reason }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::queue::MessageQueue;

    fn receipt(status: SendStatus, offset_msg_id: &str) -> Receipt {
        Receipt {
            status,
            msg_id: "U1".into(),
            offset_msg_id: offset_msg_id.into(),
            queue: MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id: 3 },
            queue_offset: 7,
            recall_handle: None,
        }
    }

    const OFFSET_ID: &str = "7F00000100002A9F00000000000003E8";

    #[test]
    fn an_end_says_where_the_half_message_is() {
        let half = Half::new("g", receipt(SendStatus::SendOk, OFFSET_ID)).unwrap();
        let end = &half.end;
        assert_eq!((end.tran_state_table_offset, end.commit_log_offset), (7, 1000));
        assert_eq!((end.msg_id.as_str(), end.topic.as_deref()), ("U1", Some("T")));
        assert!(Half::new("g", receipt(SendStatus::SendOk, "x")).is_err());
    }

    #[test]
    fn what_is_stored_unsafely_is_rolled_back() {
        use Resolution::{Commit, Rollback, Unknown};
        let table = [
            (SendStatus::SendOk, Commit, Commit),
            (SendStatus::SendOk, Unknown, Unknown),
            (SendStatus::FlushDiskTimeout, Commit, Rollback),
            (SendStatus::SlaveNotAvailable, Unknown, Rollback),
        ];
        for (status, wanted, expected) in table {
            let half = Half::new("g", receipt(status, OFFSET_ID)).unwrap();
            assert_eq!(half.allowed(wanted), expected, "{status:?} {wanted:?}");
        }
        assert_eq!([Commit, Rollback, Unknown].map(Resolution::bits), [8, 12, 0]);
    }
}
