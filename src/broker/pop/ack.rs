//! What consumers tell of popped messages.

use super::order::Acked;
use super::orders::Queue;
use super::record::{Acknowledgement, CHECKPOINT_TAG, Checkpoint};
use crate::broker::core::Broker;
use crate::broker::handlers::{keep, push};
use crate::broker::names;
use crate::protocol::code;
use crate::protocol::fastjson;
use crate::protocol::message::{NewMessage, property};
use crate::protocol::pop::ORDER_REVIVE_QUEUE;
use crate::remoting::Reject;

/// How long before its time is over a checkpoint reaches the revive topic, in ms (Java:
/// `PopAckConstants.ackTimeInterval`): before the acknowledgements.
const EARLIER: i64 = 1_000;

/// Messages of a pop.
#[derive(Debug, Clone, Copy)]
pub(in crate::broker) struct Popped<'a> {
    pub(in crate::broker) topic: &'a str,
    pub(in crate::broker) group: &'a str,
    pub(in crate::broker) queue: i32,
    pub(in crate::broker) revive_queue: i32,
    /// Where the pop began.
    pub(in crate::broker) start_offset: i64,
    /// In ms since 1970.
    pub(in crate::broker) pop_time: i64,
    /// In ms.
    pub(in crate::broker) invisible_time: i64,
    pub(in crate::broker) broker_name: Option<&'a str>,
}

/// For how long nobody else gets a message.
#[derive(Debug, Clone, Copy)]
pub(in crate::broker) struct ChangedTo {
    /// In ms, from now on.
    pub(in crate::broker) invisible_time: i64,
    /// Whether it then comes without counting as tried.
    pub(in crate::broker) suspend: bool,
}

/// A record on its way to the revive topic.
struct Record<'a> {
    tag: &'a str,
    unique_id: String,
    body: Vec<u8>,
    revive_queue: i32,
    /// When it is to be there, in ms since 1970.
    due: i64,
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Reject> {
    fastjson::to_vec(value).map_err(|error| Reject::new(code::SYSTEM_ERROR, error.to_string()))
}

impl Broker {
    /// Writes a record. Returns the commit log offset behind it.
    fn keep_record(&self, record: &Record<'_>) -> Result<i64, Reject> {
        let mut properties = String::new();
        for (name, value) in [
            (property::TAGS, record.tag),
            (property::UNIQ_KEY, &record.unique_id),
            (property::TIMER_DELIVER_MS, &record.due.to_string()),
        ] {
            push(&mut properties, name, value);
        }
        let host = self.identity.store_host;
        let message = NewMessage {
            topic: &names::revive_topic(&self.identity.cluster),
            queue_id: record.revive_queue,
            flag: 0,
            sys_flag: 0,
            born_timestamp: self.now(),
            born_host: host,
            store_host: host,
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            body: &record.body,
            properties: &properties,
        };
        keep(self, &message, 0, true).map(|kept| kept.appended.end())
    }

    /// Writes a checkpoint. Returns the commit log offset behind it.
    pub(super) fn keep_checkpoint(&self, point: &Checkpoint, revive_queue: i32) -> Result<i64, Reject> {
        self.keep_record(&Record {
            tag: CHECKPOINT_TAG,
            unique_id: point.unique_id(),
            body: json(point)?,
            revive_queue,
            due: point.revive_time() - EARLIER,
        })
    }

    /// Acknowledges messages by their offsets. Returns the commit log offset behind what was written of it.
    ///
    /// # Errors
    /// That of the store; an offset that is none of an ordered pop.
    pub(in crate::broker) fn acknowledge(
        &self,
        popped: &Popped<'_>,
        offsets: &[i64],
        batch: bool,
        peer: std::net::SocketAddr,
    ) -> Result<i64, Reject> {
        if popped.revive_queue == ORDER_REVIVE_QUEUE {
            offsets.iter().try_for_each(|offset| self.acknowledge_ordered(popped, *offset, peer))?;
            return Ok(0);
        }
        let ack = Acknowledgement {
            offset: if batch { -1 } else { offsets.first().copied().unwrap_or(-1) },
            offsets: batch.then(|| offsets.to_vec()),
            broker_name: popped.broker_name.map(str::to_owned),
            group: popped.group.to_owned(),
            pop_time: popped.pop_time,
            queue_id: popped.queue,
            start_offset: popped.start_offset,
            topic: popped.topic.to_owned(),
        };
        self.keep_record(&Record {
            tag: ack.tag(),
            unique_id: ack.unique_id(),
            body: json(&ack)?,
            revive_queue: popped.revive_queue,
            due: popped.pop_time.saturating_add(popped.invisible_time),
        })
    }

    fn acknowledge_ordered(
        &self,
        popped: &Popped<'_>,
        offset: i64,
        peer: std::net::SocketAddr,
    ) -> Result<(), Reject> {
        let place = Queue { topic: popped.topic, group: popped.group, queue: popped.queue };
        let _lock = self.pop.lock(place.topic, place.group, place.queue);
        let before = self.offsets.get(place.group, place.topic, place.queue).unwrap_or(-1);
        if offset < before {
            return Ok(());
        }
        match self.pop.orders.acknowledge(place, offset, popped.pop_time) {
            Acked::Commit(next) => {
                if !self.offsets.is_reset(place.group, place.topic, place.queue) {
                    self.offsets.commit(place.group, place.topic, place.queue, next, self.now());
                }
                if !self.pop.orders.blocks(place, None, popped.invisible_time, self.now()) {
                    self.pop.wake(place.topic, place.group);
                }
                Ok(())
            }
            Acked::Outdated => Ok(()),
            Acked::Unknown => {
                let remark = format!(
                    "offset is illegal, key:{}@{}@{}, old:{before}, commit:{offset}, next:-1, {peer}",
                    place.topic, place.group, place.queue
                );
                Err(Reject::new(code::MESSAGE_ILLEGAL, remark))
            }
        }
    }

    /// Changes for how long nobody else gets a message: it becomes a pop of its own, and its first pop has it no
    /// more. Returns when that pop was and how long it lasts, and the commit log offset behind what was written.
    ///
    /// # Errors
    /// That of the store.
    pub(in crate::broker) fn change_invisible(
        &self,
        popped: &Popped<'_>,
        offset: i64,
        to: ChangedTo,
        peer: std::net::SocketAddr,
    ) -> Result<(i64, i64, i64), Reject> {
        let now = own_time(self.now(), popped.pop_time);
        let point = Checkpoint {
            broker_name: popped.broker_name.unwrap_or(&self.identity.name).to_owned(),
            group: popped.group.to_owned(),
            offsets: vec![0],
            invisible_time: to.invisible_time,
            number: 1,
            pop_time: now,
            queue_id: popped.queue,
            start_offset: offset,
            suspend: to.suspend,
            topic: popped.topic.to_owned(),
            ..Checkpoint::default()
        };
        self.keep_checkpoint(&point, popped.revive_queue)?;
        let end = self.acknowledge(popped, &[offset], false, peer)?;
        Ok((now, to.invisible_time, end))
    }

    /// The same of an ordered pop: the message blocks its queue until then. `None` if it is consumed already.
    pub(in crate::broker) fn change_invisible_ordered(
        &self,
        popped: &Popped<'_>,
        offset: i64,
        invisible_time: i64,
    ) -> Option<(i64, i64)> {
        let place = Queue { topic: popped.topic, group: popped.group, queue: popped.queue };
        let _lock = self.pop.lock(place.topic, place.group, place.queue);
        let before = self.offsets.get(place.group, place.topic, place.queue).unwrap_or(-1);
        if offset < before {
            return None;
        }
        let until = self.now().saturating_add(invisible_time);
        self.pop.orders.block_until(place, offset, popped.pop_time, until);
        Some((popped.pop_time, until - popped.pop_time))
    }
}

/// When a pop is said to be that follows one of the time `before`, both in ms since 1970: pops are told apart by their
/// time, so that two of the same message in one ms would be taken for one, and end together. A pure rule.
fn own_time(now: i64, before: i64) -> i64 {
    /// A clock that is further behind was set back.
    const AHEAD: i64 = 1_000;
    if (now..now.saturating_add(AHEAD)).contains(&before) { before + 1 } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pop_that_follows_another_has_a_time_of_its_own() {
        let table =
            [(999, 1_000), (1_000, 1_001), (1_005, 1_006), (1_999, 2_000), (2_000, 1_000), (i64::MAX, 1_000)];
        for (before, expected) in table {
            assert_eq!(own_time(1_000, before), expected, "{before}");
        }
    }
}
