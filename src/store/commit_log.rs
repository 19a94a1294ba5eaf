//! The commit log: all messages of the broker, one after the other (`CommitLog`).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::error::StoreError;
use super::segment::{Segment, offset_of};
use super::segments::Segments;
use crate::protocol::message::{layout, patch_position};

/// Bytes that always stay free at the end of a file, for the record that says it has ended.
pub(super) const END_OF_FILE: usize = 8;
/// Room reserved on the disk at a time.
pub(super) const AHEAD: usize = 4 << 20;

/// Next queue offset of each queue.
pub(super) type QueueOffsets = HashMap<String, HashMap<i32, i64>>;

/// Where a run of messages came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// Commit log offset of the first.
    pub(super) physical_offset: i64,
    /// Queue offset of the first.
    pub(super) queue_offset: i64,
    /// Store time of all, in milliseconds.
    pub(super) store_timestamp: i64,
}

/// The files of the log, and the one place where they are written.
#[derive(Debug)]
pub(super) struct CommitLog {
    segments: Segments,
    writer: Mutex<QueueOffsets>,
    /// Offset behind the last message; what dispatch and readers go by.
    end: AtomicI64,
    /// When the append that holds the lock got it, in milliseconds; 0 when none does.
    locked_since: AtomicI64,
}

impl CommitLog {
    /// A log over recovered files.
    pub(super) fn new(segments: Segments) -> Self {
        let end = AtomicI64::new(segments.end());
        Self { segments, writer: Mutex::new(HashMap::new()), end, locked_since: AtomicI64::new(0) }
    }

    /// The files.
    pub(super) fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Offset at which the log begins; -1 without files, as Java says.
    pub(super) fn min_offset(&self) -> i64 {
        self.segments.first_base().unwrap_or(-1)
    }

    /// Offset behind the last message.
    pub(super) fn end(&self) -> i64 {
        self.end.load(Ordering::SeqCst)
    }

    /// When the append under way began, in milliseconds; `None` when none is.
    pub(super) fn locked_since(&self) -> Option<i64> {
        Some(self.locked_since.load(Ordering::Relaxed)).filter(|since| *since > 0)
    }

    /// Sets the queue offsets that recovery has found.
    pub(super) fn set_queue_offsets(&self, offsets: QueueOffsets) {
        *self.writer.lock() = offsets;
    }

    /// Forgets the offsets of a queue, or of all queues of a topic: they begin at 0 again. Nothing is appended
    /// while `first` runs, which may say that they are kept after all. Returns whether they are forgotten.
    ///
    /// # Errors
    /// Those of `first`.
    pub(super) fn forget_queue<E>(
        &self,
        topic: &str,
        queue_id: Option<i32>,
        first: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut offsets = self.writer.lock();
        if !first()? {
            return Ok(false);
        }
        match queue_id {
            None => drop(offsets.remove(topic)),
            Some(queue_id) => {
                if let Some(queues) = offsets.get_mut(topic) {
                    queues.remove(&queue_id);
                }
            }
        }
        Ok(true)
    }

    /// The queue offset that the next message of a queue will get.
    pub(super) fn next_queue_offset(&self, topic: &str, queue_id: i32) -> i64 {
        self.writer.lock().get(topic).and_then(|queues| queues.get(&queue_id)).copied().unwrap_or(0)
    }

    /// Appends a run of encoded messages of one queue: `lens` are their lengths in `stored`. They lie in one
    /// file. `takes_offsets` is false for half messages and those rolled back, which no consumer sees.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when no file can hold them, [`StoreError::Full`] when the disk cannot; the
    /// log is as before then.
    pub(super) fn append(
        &self,
        stored: &mut [u8],
        lens: &[usize],
        queue: (&str, i32),
        takes_offsets: bool,
        now: &dyn Fn() -> i64,
    ) -> Result<Placed, StoreError> {
        let max = self.segments.file_len().saturating_sub(END_OF_FILE);
        if stored.len() > max {
            return Err(StoreError::TooLarge { len: stored.len(), max });
        }
        let mut offsets = self.writer.lock();
        let store_timestamp = now();
        self.locked_since.store(store_timestamp, Ordering::Relaxed);
        let placed = self.append_locked(&mut offsets, stored, lens, queue, takes_offsets, store_timestamp);
        self.locked_since.store(0, Ordering::Relaxed);
        placed
    }

    fn append_locked(
        &self,
        offsets: &mut QueueOffsets,
        stored: &mut [u8],
        lens: &[usize],
        (topic, queue_id): (&str, i32),
        takes_offsets: bool,
        store_timestamp: i64,
    ) -> Result<Placed, StoreError> {
        let segment = self.segment_for(stored.len())?;
        let physical_offset = segment.end();
        let known = offsets.get(topic).and_then(|queues| queues.get(&queue_id)).copied().unwrap_or(0);
        let queue_offset = if takes_offsets { known } else { 0 };
        let (mut at, mut index) = (0, 0);
        for len in lens {
            let message = stored.get_mut(at..at + len).unwrap_or_default();
            let place = physical_offset + offset_of(at);
            patch_position(
                message,
                queue_offset + if takes_offsets { index } else { 0 },
                place,
                store_timestamp,
            );
            at += len;
            index += 1;
        }
        self.segments.append(&segment, &[stored], 0)?;
        if takes_offsets {
            match offsets.get_mut(topic) {
                Some(queues) => drop(queues.insert(queue_id, known + index)),
                None => drop(offsets.insert(topic.to_owned(), HashMap::from([(queue_id, known + index)]))),
            }
        }
        self.end.store(segment.end(), Ordering::SeqCst);
        Ok(Placed { physical_offset, queue_offset, store_timestamp })
    }

    /// The file that the next `len` bytes go to; ends the last one and makes another where they do not fit.
    fn segment_for(&self, len: usize) -> Result<Arc<Segment>, StoreError> {
        let Some(last) = self.segments.last() else {
            return self.segments.create(0, len);
        };
        let free = last.free();
        if len + END_OF_FILE <= free {
            return Ok(last);
        }
        if free > 0 {
            // Room first, so that nothing has changed when there is none.
            self.segments.reserve(&last, END_OF_FILE)?;
        }
        let next = self.segments.create(last.limit(), len)?;
        if free > 0 {
            let blank = i32::try_from(free).unwrap_or(i32::MAX).to_be_bytes();
            let magic = layout::MAGIC_BLANK.to_be_bytes();
            self.segments.append(&last, &[&blank, &magic], free.saturating_sub(END_OF_FILE))?;
        }
        Ok(next)
    }

    /// Bytes of the log, shared; `None` when they are not all there.
    pub(super) fn share(&self, offset: i64, len: usize) -> Option<Bytes> {
        self.segments.find(offset)?.share(offset, len)
    }

    /// The message at `offset`, shared, by the size it says itself; `None` when there is none.
    pub(super) fn message_at(&self, offset: i64) -> Option<Bytes> {
        let segment = self.segments.find(offset)?;
        let size = segment.get(offset, 4)?.first_chunk().map(|b| i32::from_be_bytes(*b))?;
        let size = usize::try_from(size).ok().filter(|size| *size >= layout::MIN_SIZE)?;
        segment.share(offset, size)
    }

    /// Store time of the message of `size` bytes at `offset`; `None` when it is not there
    /// (`pickupStoreTimestamp`).
    pub(super) fn store_timestamp(&self, offset: i64) -> Option<i64> {
        let segment = self.segments.find(offset)?;
        let head = segment.get(offset, layout::BORN_HOST + layout::HOST_V6 + 8)?;
        let flag = head.get(layout::SYS_FLAG..)?.first_chunk().map(|b| i32::from_be_bytes(*b))?;
        let at = layout::BORN_HOST + crate::protocol::message::SysFlag(flag).born_host_len();
        head.get(at..)?.first_chunk().map(|b| i64::from_be_bytes(*b))
    }
}
