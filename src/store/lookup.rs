//! Finding messages: by place, by time, by key.

use bytes::Bytes;

use super::consume_queue::ConsumeQueue;
use super::engine::Store;
use super::format::cq::CqUnit;
use crate::protocol::message::MessageView;

/// Which of the messages around a moment is meant (`BoundaryType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// The first one stored at that moment or after it.
    #[default]
    Lower,
    /// The last one stored at that moment or before it.
    Upper,
}

/// What a query by key has found (`QueryMessageResult`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryResult {
    /// The messages as stored, in the order of the log. Keys are looked up by their hash, so some may have
    /// another key; clients filter, as they do with Apache's broker.
    pub messages: Vec<Bytes>,
    /// Store time of the last message indexed, in milliseconds.
    pub index_last_update_timestamp: i64,
    /// Commit log offset of the last message indexed.
    pub index_last_update_physical_offset: i64,
}

/// The offset in `range` that belongs to a moment; `time` gives the store time of an offset, `None` where
/// the message is gone from the log, which is only so at the beginning. A pure rule.
fn offset_at(
    range: std::ops::Range<i64>,
    timestamp: i64,
    boundary: Boundary,
    time: impl Fn(i64) -> Option<i64>,
) -> i64 {
    let before = |offset: i64| match (time(offset), boundary) {
        (None, _) => true,
        (Some(time), Boundary::Lower) => time < timestamp,
        (Some(time), Boundary::Upper) => time <= timestamp,
    };
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    match boundary {
        Boundary::Lower => low,
        Boundary::Upper => (low - 1).max(range.start),
    }
}

impl Store {
    /// Offset at which the log begins; -1 when it has no files (`getMinPhyOffset`).
    pub fn min_physical_offset(&self) -> i64 {
        self.log.min_offset()
    }

    /// Offset behind the last message of the log (`getMaxPhyOffset`).
    pub fn max_physical_offset(&self) -> i64 {
        self.log.end()
    }

    /// The first offset of a queue whose message is still there; `None` when there is no such queue.
    pub fn min_offset(&self, topic: &str, queue_id: i32) -> Option<i64> {
        self.queues.get(topic, queue_id).map(|queue| queue.min_offset())
    }

    /// Offset behind the last message of a queue that consumers can see; `None` when there is no such queue.
    pub fn max_offset(&self, topic: &str, queue_id: i32) -> Option<i64> {
        self.queues.get(topic, queue_id).map(|queue| queue.max_offset())
    }

    /// The offset that the next message of a queue gets: ahead of [`Store::max_offset`] while dispatch is
    /// behind.
    pub fn next_offset(&self, topic: &str, queue_id: i32) -> i64 {
        self.log.next_queue_offset(topic, queue_id)
    }

    /// The whole message at a commit log offset, as stored; `None` when no message begins there
    /// (`selectOneMessageByOffset`).
    pub fn message_at(&self, physical_offset: i64) -> Option<Bytes> {
        let bytes = self.log.message_at(physical_offset)?;
        MessageView::parse(&bytes).ok()?;
        Some(bytes)
    }

    /// The message at an offset of a queue, as stored.
    pub fn message_in_queue(&self, topic: &str, queue_id: i32, offset: i64) -> Option<Bytes> {
        let unit = self.unit(topic, queue_id, offset)?;
        self.log.share(unit.physical_offset, usize::try_from(unit.size).ok()?)
    }

    /// The consume queue's entry for an offset.
    pub fn unit(&self, topic: &str, queue_id: i32, offset: i64) -> Option<CqUnit> {
        let queue = self.queues.get(topic, queue_id)?;
        queue.unit(offset).filter(|_| (queue.min_offset()..queue.max_offset()).contains(&offset))
    }

    /// The consume queue's entries from an offset on, at most `max` of them, with their offsets.
    pub fn units(&self, topic: &str, queue_id: i32, offset: i64, max: usize) -> Vec<(i64, CqUnit)> {
        let Some(queue) = self.queues.get(topic, queue_id) else { return Vec::new() };
        let first = offset.max(queue.min_offset());
        let units = (first..queue.max_offset()).map_while(|offset| Some((offset, queue.unit(offset)?)));
        units.take(max).collect()
    }

    /// The queue offset that belongs to a moment (milliseconds), within the queue's bounds; 0 when there is no
    /// such queue (`getOffsetInQueueByTime`).
    pub fn offset_by_time(&self, topic: &str, queue_id: i32, timestamp: i64, boundary: Boundary) -> i64 {
        let Some(queue) = self.queues.get(topic, queue_id) else { return 0 };
        let range = queue.min_offset()..queue.max_offset();
        offset_at(range, timestamp, boundary, |offset| self.unit_time(&queue, offset))
    }

    fn unit_time(&self, queue: &ConsumeQueue, offset: i64) -> Option<i64> {
        let unit = queue.unit(offset).filter(|unit| !unit.is_filler())?;
        self.log.store_timestamp(unit.physical_offset)
    }

    /// Store time of the message at a queue offset; `None` when it is not there (`getMessageStoreTimeStamp`).
    pub fn store_time(&self, topic: &str, queue_id: i32, offset: i64) -> Option<i64> {
        let queue = self.queues.get(topic, queue_id)?;
        self.unit_time(&queue, offset)
    }

    /// Store time of the first message of a queue; `None` when it has none (`getEarliestMessageTime`).
    pub fn earliest_time_in_queue(&self, topic: &str, queue_id: i32) -> Option<i64> {
        let queue = self.queues.get(topic, queue_id)?;
        self.unit_time(&queue, queue.min_offset())
    }

    /// Store time of the first message of the log; `None` when it has none.
    pub fn earliest_time(&self) -> Option<i64> {
        self.log.store_timestamp(self.log.min_offset())
    }

    /// Whether a message of a queue is still in the log.
    pub fn holds(&self, topic: &str, queue_id: i32, offset: i64) -> bool {
        self.unit(topic, queue_id, offset).is_some_and(|unit| unit.physical_offset >= self.log.min_offset())
    }

    /// Whether the message at a queue offset is further from the end of the log than memory is expected to
    /// reach (`checkInDiskByConsumeOffset`).
    pub fn is_on_disk_only(&self, topic: &str, queue_id: i32, offset: i64) -> bool {
        let unit = self.unit(topic, queue_id, offset);
        unit.is_some_and(|unit| self.log.end() - unit.physical_offset > self.memory_for_messages)
    }

    /// Messages of a topic with a key or unique id, stored in `begin..=end` (milliseconds): the latest, at
    /// most `max`, and no more than `maxMsgsNumBatch`. `kind` is the index type that clients from 5.5 on may
    /// name: `T` asks for a tag (`queryMessage`).
    pub fn query(
        &self,
        topic: &str,
        key: &str,
        kind: Option<&str>,
        max: usize,
        begin: i64,
        end: i64,
    ) -> QueryResult {
        let max = max.min(self.settings().max_msgs_num_batch);
        let mut result = QueryResult::default();
        let mut until = end;
        // The latest entries may lead to nothing; Java looks three times further back.
        for _ in 0..3 {
            let found = self.index.find(topic, key, kind, max, (begin, until));
            result.index_last_update_timestamp = found.last_timestamp;
            result.index_last_update_physical_offset = found.last_offset;
            if found.offsets.is_empty() {
                break;
            }
            result.messages.extend(found.offsets.iter().filter_map(|offset| self.message_at(*offset)));
            let first_time = found.offsets.first().and_then(|offset| self.log.store_timestamp(*offset));
            match first_time.filter(|time| result.messages.is_empty() && *time >= begin) {
                Some(time) => until = time,
                None => break,
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_moments() {
        // Offsets 10 to 16; the message at 10 is gone from the log.
        let times = [None, Some(100), Some(100), Some(200), Some(200), Some(300), Some(300)];
        let time = |offset: i64| times[usize::try_from(offset - 10).unwrap()];
        let table = [(50, 11, 10), (100, 11, 12), (150, 13, 12), (200, 13, 14), (300, 15, 16), (999, 17, 16)];
        for (timestamp, lower, upper) in table {
            assert_eq!(offset_at(10..17, timestamp, Boundary::Lower, time), lower, "{timestamp}");
            assert_eq!(offset_at(10..17, timestamp, Boundary::Upper, time), upper, "{timestamp}");
        }
        assert_eq!(offset_at(5..5, 1, Boundary::Lower, |_| None), 5);
        assert_eq!(offset_at(5..5, 1, Boundary::Upper, |_| None), 5);
    }
}
