//! Reading messages of a queue (`DefaultMessageStore.getMessage`).

use std::sync::Arc;

use bytes::Bytes;

use super::consume_queue::ConsumeQueue;
use super::engine::Store;
use super::format::cq::{CqUnit, UNIT};
use super::segment::{Segment, offset_of};
use crate::protocol::message::MessageView;

/// The most that one read returns in bytes, whatever is asked for (`MAX_PULL_MSG_SIZE`).
const MAX_PULL_BYTES: usize = 128 << 20;

/// How a read ended (`GetMessageStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadStatus {
    /// There are messages.
    Found,
    /// There are messages, but none passes the filter.
    NoMatchedMessage,
    /// The messages were being deleted from the log.
    MessageWasRemoving,
    /// The consume queue has no file for the offset.
    OffsetFoundNull,
    /// The offset lies beyond the end of the queue.
    OffsetOverflowBadly,
    /// The offset is the end of the queue: nothing has come yet.
    OffsetOverflowOne,
    /// The offset lies before the beginning of the queue.
    OffsetTooSmall,
    /// There is no such queue.
    NoMatchedLogicQueue,
    /// The queue is empty.
    NoMessageInQueue,
}

impl ReadStatus {
    /// Java's name of the status.
    pub const fn java_name(self) -> &'static str {
        match self {
            Self::Found => "FOUND",
            Self::NoMatchedMessage => "NO_MATCHED_MESSAGE",
            Self::MessageWasRemoving => "MESSAGE_WAS_REMOVING",
            Self::OffsetFoundNull => "OFFSET_FOUND_NULL",
            Self::OffsetOverflowBadly => "OFFSET_OVERFLOW_BADLY",
            Self::OffsetOverflowOne => "OFFSET_OVERFLOW_ONE",
            Self::OffsetTooSmall => "OFFSET_TOO_SMALL",
            Self::NoMatchedLogicQueue => "NO_MATCHED_LOGIC_QUEUE",
            Self::NoMessageInQueue => "NO_MESSAGE_IN_QUEUE",
        }
    }
}

/// A filter on the tag hash of the consume queue.
pub type TagFilter<'a> = &'a (dyn Fn(i64) -> bool + Sync);
/// A filter on the message itself.
pub type MessageFilter<'a> = &'a (dyn Fn(&MessageView<'_>) -> bool + Sync);

/// What is to be read.
#[derive(Clone, Copy)]
pub struct ReadRequest<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Queue of the topic.
    pub queue_id: i32,
    /// Queue offset to begin at.
    pub offset: i64,
    /// The most messages to return.
    pub max_messages: usize,
    /// The most bytes to return; at least one message is returned however long it is.
    pub max_bytes: usize,
    /// Passes what it says true to.
    pub by_tags: Option<TagFilter<'a>>,
    /// Passes what it says true to; asked only for what the tag filter passes.
    pub by_message: Option<MessageFilter<'a>>,
}

/// What a read has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadResult {
    /// How it ended.
    pub status: ReadStatus,
    /// Queue offset to go on from.
    pub next_begin_offset: i64,
    /// First offset of the queue.
    pub min_offset: i64,
    /// Offset behind the last message of the queue.
    pub max_offset: i64,
    /// The messages as they are stored, several in one slice where they lie side by side. The bytes are
    /// those of the mapped files.
    pub slices: Vec<Bytes>,
    /// How many messages the slices hold.
    pub message_count: usize,
    /// How many bytes the slices hold.
    pub total_bytes: usize,
    /// Whether a slave had better be asked: the messages are far from the end of the log.
    pub suggest_slave: bool,
}

/// What an offset outside a queue leads to; `None` inside. A pure rule.
fn outside(offset: i64, min: i64, max: i64) -> Option<(ReadStatus, i64)> {
    if max == 0 {
        Some((ReadStatus::NoMessageInQueue, 0))
    } else if offset < min {
        Some((ReadStatus::OffsetTooSmall, min))
    } else if offset == max {
        Some((ReadStatus::OffsetOverflowOne, offset))
    } else if offset > max {
        Some((ReadStatus::OffsetOverflowBadly, max))
    } else {
        None
    }
}

/// How much one read may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    messages: usize,
    bytes: usize,
    transfer_bytes: usize,
    transfer_messages: usize,
}

/// Whether a message of `size` bytes is one too many after `messages` of `bytes` (`isTheBatchFull`). The
/// first one never is. A pure rule.
fn is_full(size: usize, messages: usize, bytes: usize, limits: Limits) -> bool {
    if bytes == 0 || messages == 0 {
        return false;
    }
    messages >= limits.messages
        || bytes + size > limits.bytes
        || bytes + size > limits.transfer_bytes
        || messages >= limits.transfer_messages
}

impl Store {
    /// Reads messages of a queue.
    pub fn read(&self, request: &ReadRequest<'_>) -> ReadResult {
        let mut result = ReadResult {
            status: ReadStatus::NoMatchedLogicQueue,
            next_begin_offset: 0,
            min_offset: 0,
            max_offset: 0,
            slices: Vec::new(),
            message_count: 0,
            total_bytes: 0,
            suggest_slave: false,
        };
        let Some(queue) = self.queues.get(request.topic, request.queue_id) else { return result };
        result.min_offset = queue.min_offset();
        result.max_offset = queue.max_offset();
        if let Some((status, next)) = outside(request.offset, result.min_offset, result.max_offset) {
            result.status = status;
            result.next_begin_offset = next;
            return result;
        }
        result.status = ReadStatus::NoMatchedMessage;
        result.next_begin_offset = request.offset;
        let mut reader = Reader {
            store: self,
            config: self.settings(),
            request,
            log_end: self.log.end(),
            removed_until: None,
            run: None,
            result,
        };
        reader.read(&queue);
        reader.result
    }
}

/// A read under way.
struct Reader<'a> {
    store: &'a Store,
    /// The settings, taken once: they are looked at for each message.
    config: Arc<crate::store::StoreConfig>,
    request: &'a ReadRequest<'a>,
    log_end: i64,
    /// Where the log file after one that is gone begins: messages before it are not looked for.
    removed_until: Option<i64>,
    /// Messages side by side in one file, not yet made a slice: file, first offset, offset behind.
    run: Option<(Arc<Segment>, i64, i64)>,
    result: ReadResult,
}

impl Reader<'_> {
    fn read(&mut self, queue: &ConsumeQueue) {
        let request = self.request;
        let scan = (self.config.max_filter_message_size / UNIT).max(request.max_messages);
        let max_offset = self.result.max_offset;
        let mut last_physical = 0;
        let there = queue.walk(request.offset, scan, |offset, unit| {
            offset < max_offset && self.take(offset, unit, &mut last_physical)
        });
        self.end_run();
        if !there {
            self.result.status = ReadStatus::OffsetFoundNull;
            self.result.next_begin_offset = queue.next_file_offset(request.offset);
        }
        self.result.suggest_slave = self.log_end - last_physical > self.store.memory_for_messages;
    }

    /// Looks at one unit. Says whether to go on.
    fn take(&mut self, offset: i64, unit: CqUnit, last_physical: &mut i64) -> bool {
        let size = usize::try_from(unit.size).unwrap_or(0);
        let limits = self.limits(unit.physical_offset);
        if is_full(size, self.result.message_count, self.result.total_bytes, limits) {
            return false;
        }
        *last_physical = unit.physical_offset;
        self.result.next_begin_offset = offset + 1;
        if self.removed_until.is_some_and(|until| unit.physical_offset < until) {
            return true;
        }
        if self.request.by_tags.is_some_and(|passes| !passes(unit.tags_code)) {
            self.unless_found(ReadStatus::NoMatchedMessage);
            return true;
        }
        let segment = self.store.log.segments().find(unit.physical_offset);
        let bytes = segment.as_ref().and_then(|segment| segment.get(unit.physical_offset, size));
        let (Some(segment), Some(bytes)) = (&segment, bytes) else {
            self.unless_found(ReadStatus::MessageWasRemoving);
            self.removed_until = Some(self.store.log.segments().next_base(unit.physical_offset));
            return true;
        };
        if let Some(passes) = self.request.by_message
            && !MessageView::parse(bytes).is_ok_and(|message| passes(&message))
        {
            self.unless_found(ReadStatus::NoMatchedMessage);
            return true;
        }
        self.add(segment, unit.physical_offset, size);
        true
    }

    fn unless_found(&mut self, status: ReadStatus) {
        if self.result.message_count == 0 {
            self.result.status = status;
        }
    }

    fn limits(&self, physical_offset: i64) -> Limits {
        let config = &self.config;
        let in_memory = self.log_end - physical_offset <= self.store.memory_for_messages;
        let (transfer_bytes, transfer_messages) = if in_memory {
            (config.max_transfer_bytes_in_memory, config.max_transfer_count_in_memory)
        } else {
            (config.max_transfer_bytes_in_disk, config.max_transfer_count_in_disk)
        };
        let bytes = self.request.max_bytes.clamp(100, MAX_PULL_BYTES);
        Limits { messages: self.request.max_messages, bytes, transfer_bytes, transfer_messages }
    }

    fn add(&mut self, segment: &Arc<Segment>, offset: i64, size: usize) {
        let end = offset + offset_of(size);
        match &mut self.run {
            Some((run, _, run_end)) if *run_end == offset && Arc::ptr_eq(run, segment) => *run_end = end,
            _ => {
                self.end_run();
                self.run = Some((Arc::clone(segment), offset, end));
            }
        }
        self.removed_until = None;
        self.result.status = ReadStatus::Found;
        self.result.message_count += 1;
        self.result.total_bytes += size;
    }

    fn end_run(&mut self) {
        let Some((segment, start, end)) = self.run.take() else { return };
        let len = usize::try_from(end - start).unwrap_or(0);
        self.result.slices.extend(segment.share(start, len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_outside_a_queue() {
        let table = [
            ((0, 0, 0), Some((ReadStatus::NoMessageInQueue, 0))),
            ((5, 0, 0), Some((ReadStatus::NoMessageInQueue, 0))),
            ((4, 5, 9), Some((ReadStatus::OffsetTooSmall, 5))),
            ((-1, 0, 9), Some((ReadStatus::OffsetTooSmall, 0))),
            ((9, 5, 9), Some((ReadStatus::OffsetOverflowOne, 9))),
            ((10, 5, 9), Some((ReadStatus::OffsetOverflowBadly, 9))),
            ((5, 5, 9), None),
            ((8, 5, 9), None),
            ((9, 9, 9), Some((ReadStatus::OffsetOverflowOne, 9))),
        ];
        for ((offset, min, max), expected) in table {
            assert_eq!(outside(offset, min, max), expected, "{offset} {min} {max}");
        }
    }

    #[test]
    fn when_a_read_is_full() {
        let limits = Limits { messages: 4, bytes: 1000, transfer_bytes: 900, transfer_messages: 3 };
        let table = [
            ((5000, 0, 0), false),
            ((100, 1, 100), false),
            ((100, 3, 300), true),
            ((801, 1, 100), true),
            ((800, 1, 100), false),
        ];
        for ((size, messages, bytes), expected) in table {
            assert_eq!(is_full(size, messages, bytes, limits), expected, "{size} {messages} {bytes}");
        }
        let wide = Limits { transfer_bytes: 9999, transfer_messages: 99, ..limits };
        assert!(is_full(1, 4, 10, wide) && !is_full(1, 3, 10, wide));
        assert!(is_full(991, 3, 10, wide) && !is_full(990, 3, 10, wide));
    }
}
