//! Looking at what a pop would take.

use bytes::Bytes;

use super::orders::Queue;
use super::take::Ask;
use crate::broker::core::Broker;
use crate::broker::random;
use crate::protocol::pop::INIT_MIN;
use crate::store::{ReadRequest, ReadStatus};

/// The most that one look may ask for in bytes.
const MAX_BYTES: usize = 128 << 20;

impl Broker {
    /// The messages that a pop would take, as they are stored, and how many there are in all.
    pub(in crate::broker) fn peek(&self, ask: &Ask) -> (Vec<Bytes>, i64) {
        let (mut messages, mut count, mut rest) = (Vec::new(), 0, 0);
        for source in self.pop_sources(ask, random::below(100)) {
            for queue in &source.queues {
                let place = Queue { topic: &source.topic, group: &ask.group, queue: *queue };
                let offset = self.pop_offset(place, INIT_MIN, false);
                rest += (self.store.max_offset(place.topic, *queue).unwrap_or(0) - offset).max(0);
                let room = ask.max_messages.saturating_sub(count);
                if room == 0 {
                    continue;
                }
                let read = |offset| {
                    self.store.read(&ReadRequest {
                        topic: place.topic,
                        queue_id: place.queue,
                        offset,
                        max_messages: room,
                        max_bytes: MAX_BYTES,
                        by_tags: None,
                        by_message: None,
                    })
                };
                let mut result = read(offset);
                if matches!(result.status, ReadStatus::OffsetTooSmall | ReadStatus::OffsetOverflowBadly) {
                    result = read(result.next_begin_offset);
                }
                count += result.message_count;
                messages.extend(result.slices);
            }
        }
        (messages, rest)
    }

    /// Whether there is something to pop.
    pub(in crate::broker) fn has_popable(&self, ask: &Ask) -> bool {
        let now = self.now();
        self.pop_sources(ask, random::below(100)).iter().any(|source| {
            source.queues.iter().any(|queue| {
                let place = Queue { topic: &source.topic, group: &ask.group, queue: *queue };
                if ask.ordered && self.pop.orders.blocks(place, ask.attempt.as_deref(), 0, now) {
                    return false;
                }
                let offset = self.pop_offset(place, INIT_MIN, false);
                self.store.max_offset(place.topic, *queue).is_some_and(|max| max > offset)
            })
        })
    }
}
