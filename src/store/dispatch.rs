//! From the commit log to consume queues and index (`ReputMessageService`).
//!
//! Who appends a message also enters it, unless somebody else is at it. A thread of its own, woken for each message,
//! was tried first: waking it and its going back to sleep took a third of the broker's time under a load of sends.
//! The thread is there for backlogs and for what failed.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use parking_lot::MutexGuard;

use super::commit_log::QueueOffsets;
use super::engine::Store;
use super::error::StoreError;
use super::format::cq::CqUnit;
use super::queues::is_storable;
use super::record::{Record, read_record};
use crate::protocol::message::{DelayLevels, MessageView, Transaction, property, tags_code};

/// Topic in which delayed messages wait (`RMQ_SYS_SCHEDULE_TOPIC`).
pub const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";

/// How long dispatch waits before it tries again on a full disk.
const RETRY: Duration = Duration::from_secs(1);

/// With more bytes than this to enter, one who appends leaves it to the dispatch thread.
const ENTERED_AT_ONCE: i64 = 8 << 20;
/// How often one who appends goes on with what others appended meanwhile.
const ROUNDS: usize = 4;

/// The turn to enter messages into consume queues and index. It is one at a time's; one who finds it taken may go
/// away: what was appended meanwhile is seen to when it ends.
pub(super) struct Turn<'a> {
    store: &'a Store,
    lock: Option<MutexGuard<'a, ()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.lock.take());
        // Either they find the turn free, or their messages are seen here.
        fence(Ordering::SeqCst);
        if self.store.dispatch_behind() > 0 {
            self.store.dispatch_signal.wake();
        }
    }
}

/// A message that consumers can see from now on.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Queue of the topic.
    pub queue_id: i32,
    /// Offset behind the message: the queue's new maximum.
    pub max_offset: i64,
    /// Tag hash as the consume queue holds it.
    pub tags_code: i64,
    /// Store time, in milliseconds.
    pub store_timestamp: i64,
    /// The message.
    pub message: MessageView<'a>,
}

/// What the consume queue holds as tag hash: of delayed messages the time they are due
/// (`CommitLog.checkMessageAndReturnSize`). A pure rule.
pub(super) fn queue_tags_code(message: &MessageView<'_>, levels: &DelayLevels) -> i64 {
    let code = message.tags().map_or(0, tags_code);
    if message.topic_bytes() != SCHEDULE_TOPIC.as_bytes() {
        return code;
    }
    let level = message.property(property::DELAY_TIME_LEVEL).and_then(|level| level.parse::<i32>().ok());
    match level.map(|level| level.min(levels.max_level())) {
        Some(level) if level > 0 => levels.deliver_at(level, message.store_timestamp()),
        _ => code,
    }
}

/// Whether consumers are to see a message: half messages and those rolled back are in no queue.
fn is_visible(message: &MessageView<'_>) -> bool {
    matches!(message.sys_flag().transaction(), Transaction::None | Transaction::Commit)
}

impl Store {
    /// Enters everything in the log that is not entered yet, and tells the listener when `notify` is set.
    /// Returns how many messages were entered.
    pub(super) fn dispatch(&self, notify: bool) -> Result<u64, StoreError> {
        let _turn = self.turn();
        self.dispatch_locked(notify)
    }

    /// Waits for the turn.
    pub(super) fn turn(&self) -> Turn<'_> {
        Turn { store: self, lock: Some(self.dispatching.lock()) }
    }

    /// Enters what this thread has just appended, or leaves it to whoever has the turn.
    pub(super) fn dispatch_appended(&self) {
        if !self.is_running() || self.dispatch_behind() > ENTERED_AT_ONCE {
            self.dispatch_signal.wake();
            return;
        }
        // As at the end of a turn.
        fence(Ordering::SeqCst);
        let Some(lock) = self.dispatching.try_lock() else { return };
        let turn = Turn { store: self, lock: Some(lock) };
        // What fails is tried again, and told, by the dispatch thread: it is woken as long as something is left.
        let went_well = (0..ROUNDS)
            .take_while(|_| self.dispatch_behind() > 0)
            .all(|_| self.dispatch_locked(true).is_ok());
        drop(turn);
        if went_well {
            self.entered();
        }
    }

    /// Tells those who wait for messages to be entered.
    fn entered(&self) {
        self.notify_dispatched();
        self.housekeeping.wake();
    }

    /// [`Store::dispatch`] for one whose turn it is. Ends where the log ended when it began: under a steady load
    /// it would never return otherwise, and who waits for the lock would wait as long.
    pub(super) fn dispatch_locked(&self, notify: bool) -> Result<u64, StoreError> {
        let listener = if notify { self.arriving.read().clone() } else { None };
        let mut entered = 0;
        let end = self.log.end();
        loop {
            let at = self.dispatched.load(Ordering::Acquire).max(self.log.min_offset());
            if at >= end {
                return Ok(entered);
            }
            let Some(segment) = self.log.segments().find(at) else {
                let Some(next) = self.log.segments().base_after(at) else { return Ok(entered) };
                self.dispatched.store(unreadable(at, "its file is missing", next), Ordering::SeqCst);
                continue;
            };
            let next = match read_record(segment.rest(at).unwrap_or_default(), at, false) {
                Record::Message(message) => {
                    self.enter(&message, listener.as_deref())?;
                    entered += 1;
                    self.dispatched_time.store(message.store_timestamp(), Ordering::Relaxed);
                    at + super::segment::offset_of(message.total_len())
                }
                Record::Blank => segment.limit(),
                Record::Empty => unreadable(at, "nothing is written here", segment.end()),
                Record::Bad(e) => unreadable(at, &e.to_string(), segment.end()),
            };
            self.dispatched.store(next, Ordering::SeqCst);
        }
    }

    /// Counts messages that could not be entered yet into the next offsets of their queues.
    pub(super) fn count_pending(&self, offsets: &mut QueueOffsets) {
        let mut at = self.dispatched().max(self.log.min_offset());
        while at < self.log.end() {
            let Some(segment) = self.log.segments().find(at) else {
                let Some(next) = self.log.segments().base_after(at) else { return };
                at = next;
                continue;
            };
            at = match read_record(segment.rest(at).unwrap_or_default(), at, false) {
                Record::Message(message) => {
                    if is_visible(&message) {
                        let queues = offsets.entry(message.topic().into_owned()).or_default();
                        let next = queues.entry(message.queue_id()).or_default();
                        *next = (*next).max(message.queue_offset() + 1);
                    }
                    at + super::segment::offset_of(message.total_len())
                }
                Record::Blank | Record::Empty | Record::Bad(_) => segment.limit(),
            };
        }
    }

    fn enter(&self, message: &MessageView<'_>, listener: Option<&ArrivingFn>) -> Result<(), StoreError> {
        let topic = message.topic();
        if !is_storable(&topic) {
            tracing::error!(%topic, offset = message.physical_offset(), "message has no proper topic and is passed over");
            return Ok(());
        }
        if is_visible(message) {
            let tags_code = queue_tags_code(message, &self.delay_levels);
            let unit = CqUnit {
                physical_offset: message.physical_offset(),
                size: i32::try_from(message.total_len()).unwrap_or(i32::MAX),
                tags_code,
            };
            let queue = self.queues.get_or_make(&topic, message.queue_id());
            queue.put(message.queue_offset(), unit)?;
            if let Some(listener) = listener {
                listener(&Arrival {
                    topic: &topic,
                    queue_id: message.queue_id(),
                    max_offset: message.queue_offset() + 1,
                    tags_code,
                    store_timestamp: message.store_timestamp(),
                    message: *message,
                });
            }
        }
        if self.config.message_index_enable {
            self.index.put(message, &*self.clock)?;
        }
        Ok(())
    }

    /// What the dispatch thread does until the store closes.
    pub(super) fn run_dispatch(self: &Arc<Self>) {
        while !self.is_closed() {
            match self.dispatch(true) {
                Ok(_) => {
                    self.entered();
                    self.dispatch_signal.wait(None, || self.dispatch_behind() > 0 || self.is_closed());
                }
                Err(e) => {
                    tracing::error!(error = %e, "messages cannot be entered into consume queues; trying again");
                    if e.is_full() {
                        self.disk_full.store(true, Ordering::Release);
                    }
                    self.dispatch_signal.wait(Some(RETRY), || self.is_closed());
                }
            }
        }
    }

    /// Bytes of the log that are not entered yet (`dispatchBehindBytes`).
    pub fn dispatch_behind(&self) -> i64 {
        (self.log.end() - self.dispatched.load(Ordering::SeqCst)).max(0)
    }

    /// Commit log offset up to which everything is entered into consume queues and index.
    pub fn dispatched(&self) -> i64 {
        self.dispatched.load(Ordering::SeqCst)
    }

    /// Waits until the dispatch thread has entered everything appended so far, or the store closes. For tests, and for commands
    /// that must see their own writes.
    pub fn wait_dispatched(&self) {
        let end = self.log.end();
        let mut guard = self.progress.lock();
        while self.dispatched() < end && !self.is_closed() {
            self.dispatch_signal.wake();
            self.progressed.wait_for(&mut guard, Duration::from_millis(100));
        }
    }

    fn notify_dispatched(&self) {
        drop(self.progress.lock());
        self.progressed.notify_all();
    }
}

/// Says that the log cannot be read at an offset, and where to go on.
fn unreadable(at: i64, reason: &str, next: i64) -> i64 {
    tracing::error!(offset = at, next, reason, "commit log cannot be read; consumers miss what is there");
    next
}

/// Listener for messages that arrive.
pub(super) type ArrivingFn = dyn Fn(&Arrival<'_>) + Send + Sync;
