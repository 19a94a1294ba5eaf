//! What is done now and then: bringing consume queues and index to the disk, and giving back room
//! (`FlushConsumeQueueService`, `CleanCommitLogService`, `CleanConsumeQueueService`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::engine::Store;
use super::error::StoreError;

impl Store {
    /// Brings consume queues, index and checkpoint to the disk. The log goes first: what the others say
    /// must be there.
    pub(super) fn flush_queues(&self) -> Result<(), StoreError> {
        let (offset, time) = (self.dispatched(), self.dispatched_time.load(Ordering::Relaxed));
        if self.flushed() < offset {
            self.flush()?;
        }
        self.queues.flush()?;
        let indexed = self.index.flush()?;
        if time > 0 {
            self.checkpoint.set_queues(time, offset);
        }
        if let Some((time, offset)) = indexed {
            self.checkpoint.set_index(time, offset);
        }
        self.checkpoint.flush()
    }

    /// What the housekeeping thread does until the store closes. It sleeps as long as nothing is written,
    /// apart from a look at the disk now and then.
    pub(super) fn run_housekeeping(self: &Arc<Self>) {
        let mut entered = self.dispatched();
        let mut cleaned = Instant::now();
        let mut busy = true;
        let mut log_min = -1;
        while !self.is_closed() {
            let config = self.settings();
            let flush_every = Duration::from_millis(config.flush_interval_consume_queue.max(1));
            let clean_every = Duration::from_millis(config.clean_resource_interval.max(1));
            let left = clean_every.saturating_sub(cleaned.elapsed());
            let seen = entered;
            self.housekeeping.wait(Some(left), || self.dispatched() != seen || self.is_closed());
            if self.dispatched() != entered && !self.is_closed() {
                busy = true;
                // Let more come together.
                self.pause(flush_every);
                entered = self.dispatched();
                if self.poisoned.get().is_none()
                    && let Err(e) = self.flush_queues()
                {
                    self.poison(&e);
                }
            }
            if cleaned.elapsed() >= clean_every {
                cleaned = Instant::now();
                self.clean(&mut log_min);
                if !std::mem::replace(&mut busy, false) {
                    self.release_pages();
                }
            }
        }
    }

    /// Gives the pages of all files back to the system, whose cache keeps them: a store that is not used
    /// takes no memory.
    pub(super) fn release_pages(&self) {
        self.log.segments().release_pages();
        self.index.release_pages();
        for queue in self.queues.all().into_values() {
            queue.segments().release_pages();
        }
    }

    fn pause(&self, time: Duration) {
        self.housekeeping_pause.wait(Some(time), || self.is_closed());
    }

    /// `seen` is where the log began when consume queues were last looked at.
    fn clean(&self, seen: &mut i64) {
        let deleted = self.delete_expired_commit_log().and_then(|_| {
            let log_min = self.log.min_offset();
            if log_min > std::mem::replace(seen, log_min) { self.delete_expired_queue_files() } else { Ok(0) }
        });
        if let Err(e) = deleted {
            tracing::warn!(error = %e, "expired files cannot be deleted");
        }
    }
}
