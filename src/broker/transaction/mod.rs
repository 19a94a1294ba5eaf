//! Transactions: half messages that wait until their producer ends them (Java: `TransactionalMessageService`
//! and what belongs to it, `EndTransactionProcessor`).
//!
//! A half message lies in the half topic. Its end is a message in the op topic that names its offset, as in
//! Apache's broker, so that a directory may go from one to the other. What Apache's broker finds out again in
//! each round of checks is kept here in memory and read once from the op topic.

mod check;
mod end;
mod ended;
mod rule;

pub(in crate::broker) use ended::Ended;

use super::core::Broker;
use super::life::pause;
use super::names::{TRANS_CHECK_MAX_TIME_TOPIC, TRANS_HALF_TOPIC, TRANS_OP_HALF_TOPIC};
use crate::protocol::message::{Message, NewMessage, property};
use crate::protocol::send::EndTransaction;
use crate::remoting::{In, Out, Reject};
use crate::store::StoreError;
use ended::{Place, REMEMBERED};

/// The group whose consumer offsets tell how far half and op messages are settled.
const GROUP: &str = "CID_RMQ_SYS_TRANS";

/// 37.
pub(in crate::broker) fn end(
    broker: &std::sync::Arc<Broker>,
    request: In<EndTransaction>,
) -> Result<Out<EndTransaction>, Reject> {
    end::end(broker, &request.header)
}

impl Broker {
    /// Reads what is known of ended transactions, then asks producers of open ones, round by round.
    pub(in crate::broker) async fn check_transactions(self: std::sync::Arc<Self>) {
        loop {
            let interval = self.config().transaction_check_interval;
            tokio::time::sleep(pause(interval)).await;
            check::round(&self).await;
        }
    }

    /// Reads the op queues from where they are settled, so that transactions that ended before the broker
    /// was started are known as ended; which half messages are copies of others; and what was given up.
    pub(in crate::broker) fn load_ended_transactions(&self) {
        for queue in self.half_queues() {
            let half = self.settled(TRANS_HALF_TOPIC, queue);
            let ops = self.read_ops(queue, self.settled(TRANS_OP_HALF_TOPIC, queue));
            for op in ops {
                self.ended.add(queue, op.ended.into_iter().filter(|offset| *offset >= half));
            }
            for half in self.half_messages(TRANS_HALF_TOPIC, queue, half) {
                let place = Place::of(&half);
                if place.first != place.offset {
                    self.ended.copied(place, place.offset);
                }
            }
        }
        let end = self.store.max_offset(TRANS_CHECK_MAX_TIME_TOPIC, 0).unwrap_or(0);
        let from = end - i64::try_from(REMEMBERED).unwrap_or(0);
        for given_up in self.half_messages(TRANS_CHECK_MAX_TIME_TOPIC, 0, from) {
            self.ended.give_up(given_up.unique_key().unwrap_or_default());
        }
    }

    /// The messages of a queue from an offset on that can be read.
    fn half_messages(&self, topic: &str, queue: i32, from: i64) -> impl Iterator<Item = Message> {
        let min = self.store.min_offset(topic, queue).unwrap_or(0);
        let max = self.store.max_offset(topic, queue).unwrap_or(0);
        let read = move |offset| Message::decode(&self.store.message_in_queue(topic, queue, offset)?).ok();
        (from.max(min)..max).filter_map(read)
    }

    /// Puts a half message that was given up back among those to be checked (Java: `resumeCheckHalfMessage`).
    ///
    /// # Errors
    /// That of the store.
    pub(in crate::broker) fn resume_half(&self, message: &Message) -> Result<(), StoreError> {
        let _turn = self.ended.turn();
        let mut properties = message.properties.clone();
        properties.set(property::TRANSACTION_CHECK_TIMES, "0");
        let first = properties.get(property::TRANSACTION_PREPARED_QUEUE_OFFSET);
        let first = first.and_then(|first| first.parse().ok());
        let raw = properties.to_raw();
        let again = NewMessage { topic: TRANS_HALF_TOPIC, queue_id: 0, ..message.as_new(&raw) };
        let offset = self.store.append_own(&again)?.queue_offset;
        self.ended.copied(Place { queue: 0, offset, first: first.unwrap_or(offset) }, offset);
        self.ended.resume(message.unique_key().unwrap_or_default());
        Ok(())
    }

    fn half_queues(&self) -> std::ops::Range<i32> {
        0..self.topics.get(TRANS_HALF_TOPIC).map_or(1, |topic| topic.read_queue_nums)
    }

    /// Up to which offset a queue of the half or op topic is settled.
    fn settled(&self, topic: &str, queue: i32) -> i64 {
        let known = self.offsets.get(GROUP, topic, queue);
        known.unwrap_or_else(|| self.store.min_offset(topic, queue).unwrap_or(0))
    }

    /// The op messages of a queue from an offset on.
    fn read_ops(&self, queue: i32, from: i64) -> Vec<Op> {
        let max = self.store.max_offset(TRANS_OP_HALF_TOPIC, queue).unwrap_or(0);
        let min = self.store.min_offset(TRANS_OP_HALF_TOPIC, queue).unwrap_or(0);
        let read = |offset| {
            let bytes = self.store.message_in_queue(TRANS_OP_HALF_TOPIC, queue, offset);
            let ended =
                bytes.and_then(|bytes| Message::decode(&bytes).ok()).map(|op| rule::ended_offsets(&op.body));
            Op { offset, ended: ended.unwrap_or_default() }
        };
        (from.max(min)..max).map(read).collect()
    }
}

/// An op message.
#[derive(Debug)]
struct Op {
    /// Its offset in the op queue.
    offset: i64,
    /// The offsets of the half messages that it ends.
    ended: Vec<i64>,
}
