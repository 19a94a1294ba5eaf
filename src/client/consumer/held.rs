//! A queue that a member has.

use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::progress::Progress;
use crate::protocol::queue::MessageQueue;
use crate::runtime::CancellationToken;

/// A queue from when it is taken until it is released.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) queue: MessageQueue,
    progress: Mutex<Progress>,
    /// What the broker was told last; `None` where it knows no offset.
    committed: Mutex<Option<i64>>,
    /// Cancelled when the queue is somebody else's.
    pub(super) released: CancellationToken,
    /// Told when there is room for more messages.
    room: Notify,
    /// Told when pulling goes on elsewhere.
    moved: Notify,
    pub(super) last_pull_ms: AtomicI64,
    pub(super) last_consume_ms: AtomicI64,
}

impl Held {
    pub(super) fn new(queue: MessageQueue, start: i64, committed: Option<i64>, now_ms: i64) -> Self {
        Self {
            queue,
            progress: Mutex::new(Progress::new(start)),
            committed: Mutex::new(committed),
            released: CancellationToken::new(),
            room: Notify::new(),
            moved: Notify::new(),
            last_pull_ms: AtomicI64::new(now_ms),
            last_consume_ms: AtomicI64::new(now_ms),
        }
    }

    pub(super) fn position(&self) -> (i64, u64) {
        self.progress.lock().position()
    }

    pub(super) fn is_current(&self, generation: u64) -> bool {
        !self.released.is_cancelled() && self.position().1 == generation
    }

    pub(super) fn pulled(&self, generation: u64, messages: &[(i64, usize)], next: i64) -> bool {
        self.progress.lock().pulled(generation, messages, next)
    }

    pub(super) fn done(&self, generation: u64, offset: i64, now_ms: i64) {
        self.progress.lock().done(generation, offset);
        self.last_consume_ms.store(now_ms, Ordering::Relaxed);
        self.room.notify_one();
    }

    /// Goes on from elsewhere; what was pulled is dropped.
    pub(super) fn reset(&self, to: i64) {
        self.progress.lock().reset(to);
        self.moved.notify_one();
        self.room.notify_one();
    }

    /// Waits until pulling goes on elsewhere.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }

    /// Waits until fewer messages and bytes wait to be consumed.
    pub(super) async fn room(&self, max_messages: usize, max_bytes: usize) {
        while self.progress.lock().is_full(max_messages, max_bytes) {
            self.room.notified().await;
        }
    }

    pub(super) fn committable(&self) -> i64 {
        self.progress.lock().committable()
    }

    pub(super) fn waiting(&self) -> (usize, usize, i64, i64) {
        self.progress.lock().waiting()
    }

    /// The offset to commit, where the broker does not know it yet.
    pub(super) fn uncommitted(&self) -> Option<i64> {
        let offset = self.committable();
        (*self.committed.lock() != Some(offset)).then_some(offset)
    }

    /// The broker knows this offset now.
    pub(super) fn committed(&self, offset: i64) {
        *self.committed.lock() = Some(offset);
    }
}
