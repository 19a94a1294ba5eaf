//! Appending messages (`DefaultMessageStore.asyncPutMessage`).

use std::cell::RefCell;

use super::engine::Store;
use super::error::StoreError;
use super::queues::is_storable;
use super::segment::offset_of;
use crate::protocol::message::{MessageError, NewMessage, OffsetId, Transaction, encode};

/// Room beside the body that a stored message, or batch, may take.
const BESIDE_BODY: usize = 64 << 10;
/// A buffer larger than this is not kept for the next message of the thread.
const KEPT_BUFFER: usize = 1 << 20;

/// Where a message came to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Commit log offset.
    pub physical_offset: i64,
    /// Queue offset; 0 of half messages and those rolled back, which are in no queue.
    pub queue_offset: i64,
    /// Bytes stored.
    pub size: usize,
    /// Store time, in milliseconds.
    pub store_timestamp: i64,
}

impl Appended {
    /// Commit log offset behind the message: once [`Store::flushed`] has reached it, it is on the disk.
    pub fn end(&self) -> i64 {
        self.physical_offset + offset_of(self.size)
    }

    /// The message's offset id, given the store host it was stored with.
    pub const fn offset_id(&self, store_host: std::net::SocketAddr) -> OffsetId {
        OffsetId { host: store_host, offset: self.physical_offset }
    }
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Store {
    /// Appends a message. It survives the end of this process from then on; whether it survives that of the
    /// machine is for [`Store::flushed`] to say.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] and [`StoreError::Message`] when it cannot be stored,
    /// [`StoreError::Full`], [`StoreError::Poisoned`] or [`StoreError::Closed`] when nothing can; nothing
    /// is left behind in any case.
    pub fn append(&self, message: &NewMessage<'_>) -> Result<Appended, StoreError> {
        self.append_within(message, self.settings().max_message_size)
    }

    /// Appends a message of the broker itself, or one that was stored before: `maxMessageSize` is for what clients
    /// send, and may have been lowered since.
    ///
    /// # Errors
    /// As [`Store::append`]; it must still fit a file of the log.
    pub fn append_own(&self, message: &NewMessage<'_>) -> Result<Appended, StoreError> {
        self.append_within(message, usize::MAX)
    }

    fn append_within(&self, message: &NewMessage<'_>, max_body: usize) -> Result<Appended, StoreError> {
        let appended = self.with_buffer(|buffer| {
            let size = encoded(message, buffer, max_body)?;
            let (first, _) = self.place(message, buffer, &[size], max_body)?;
            Ok(Appended { size, ..first })
        })?;
        self.appended(&appended);
        Ok(appended)
    }

    /// Appends messages of one queue side by side, with consecutive queue offsets: all of them or none.
    /// Topic, queue and place in a transaction are those of the first. No messages are none appended.
    ///
    /// # Errors
    /// As [`Store::append`]. The whole must fit `maxMessageSize`, as must each body.
    pub fn append_batch(&self, messages: &[NewMessage<'_>]) -> Result<Vec<Appended>, StoreError> {
        let Some(first) = messages.first() else { return Ok(Vec::new()) };
        let max_body = self.settings().max_message_size;
        let appended: Vec<_> = self.with_buffer(|buffer| {
            let lens: Vec<_> = messages
                .iter()
                .map(|message| encoded(message, buffer, max_body))
                .collect::<Result<_, _>>()?;
            let (mut next, step) = self.place(first, buffer, &lens, max_body)?;
            let appended = lens.into_iter().map(|size| {
                let this = Appended { size, ..next };
                next.physical_offset = this.end();
                next.queue_offset += step;
                this
            });
            Ok(appended.collect())
        })?;
        self.appended(&appended[0]);
        Ok(appended)
    }

    /// Runs `append` with the thread's buffer, empty.
    fn with_buffer<T>(
        &self,
        append: impl FnOnce(&mut Vec<u8>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.writable()?;
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            let result = append(buffer);
            if buffer.capacity() > KEPT_BUFFER {
                *buffer = Vec::new();
            }
            result
        })
    }

    /// Appends what the buffer holds. Returns where the first message lies, without its size, and by how much
    /// the queue offset grows with each.
    fn place(
        &self,
        first: &NewMessage<'_>,
        buffer: &mut [u8],
        lens: &[usize],
        max_body: usize,
    ) -> Result<(Appended, i64), StoreError> {
        let max = max_body.saturating_add(BESIDE_BODY);
        if buffer.len() > max {
            return Err(StoreError::TooLarge { len: buffer.len(), max });
        }
        let transaction = first.stored_sys_flag().transaction();
        let takes_offsets = matches!(transaction, Transaction::None | Transaction::Commit);
        let queue = (first.topic, first.queue_id);
        let placed = self.log.append(buffer, lens, queue, takes_offsets, &*self.clock)?;
        let first = Appended {
            physical_offset: placed.physical_offset,
            queue_offset: placed.queue_offset,
            size: 0,
            store_timestamp: placed.store_timestamp,
        };
        Ok((first, i64::from(takes_offsets)))
    }
}

/// Adds the stored form of a message to the buffer.
fn encoded(message: &NewMessage<'_>, buffer: &mut Vec<u8>, max: usize) -> Result<usize, StoreError> {
    if message.body.len() > max {
        return Err(StoreError::TooLarge { len: message.body.len(), max });
    }
    if !is_storable(message.topic) {
        return Err(MessageError::Topic(message.topic.to_owned()).into());
    }
    Ok(encode(message, buffer)?)
}
