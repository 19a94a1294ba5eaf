//! What is counted of the messages that come and go.

use super::core::Broker;
use super::stats::{Got, Put};

/// Messages on their way, as they are counted.
#[derive(Debug, Clone, Copy)]
pub(in crate::broker) struct Moved<'a> {
    pub(in crate::broker) topic: &'a str,
    pub(in crate::broker) queue_id: i32,
    pub(in crate::broker) messages: usize,
    pub(in crate::broker) bytes: usize,
    /// When the request for it came, in ms since 1970.
    pub(in crate::broker) began: i64,
}

impl Broker {
    /// Messages were stored.
    pub(in crate::broker) fn count_put(&self, moved: &Moved<'_>) {
        let took = (self.now() - moved.began).max(0);
        self.stats.put(&Put {
            topic: moved.topic,
            queue_id: moved.queue_id,
            messages: count(moved.messages),
            bytes: count(moved.bytes),
            stored_in: took,
            answered_in: took,
        });
    }

    /// The store was read for a group; what it gave went to the group.
    pub(in crate::broker) fn count_get(&self, group: &str, moved: &Moved<'_>) {
        let took = (self.now() - moved.began).max(0);
        self.stats.read(count(moved.messages), took);
        if moved.messages > 0 {
            self.stats.got(&Got {
                group,
                topic: moved.topic,
                queue_id: moved.queue_id,
                messages: count(moved.messages),
                bytes: count(moved.bytes),
                answered_in: took,
            });
        }
    }
}

fn count(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
