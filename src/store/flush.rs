//! Bringing the log to the disk: in intervals, or at once for many waiting appends together
//! (`FlushRealTimeService`, `GroupCommitService`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::config::FlushDiskType;
use super::engine::Store;
use super::error::StoreError;

/// Bytes of a page, as `flushCommitLogLeastPages` counts them.
const PAGE: i64 = 4096;

/// Whether an asynchronous flush is worth its while: enough pages are written, or the time is up. A pure
/// rule.
fn is_due(behind: i64, least_pages: usize, since_last: Duration, thorough_interval: Duration) -> bool {
    let least = i64::try_from(least_pages).unwrap_or(i64::MAX).saturating_mul(PAGE);
    behind > 0 && (behind >= least || since_last >= thorough_interval)
}

impl Store {
    /// Commit log offset up to which everything is on the disk.
    pub fn flushed(&self) -> i64 {
        self.flushed.load(Ordering::SeqCst)
    }

    /// Bytes of the log that are not on the disk yet (`flushBehindBytes`).
    pub fn flush_behind(&self) -> i64 {
        (self.log.end() - self.flushed()).max(0)
    }

    /// Asks for everything up to `offset` to be brought to the disk soon. [`Store::flushed`] and the listener
    /// of [`Store::on_flushed`] tell when it is.
    pub fn request_flush(&self, offset: i64) {
        if self.flushed() < offset {
            self.flush_wanted.fetch_max(offset, Ordering::SeqCst);
            self.flush_urgent.wake();
            self.flush_idle.wake();
        }
    }

    /// Waits until everything up to `offset` is on the disk. Returns false when `limit` is over first.
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] when the sync failed, [`StoreError::Closed`] when the store closes first.
    pub fn wait_flushed(&self, offset: i64, limit: Duration) -> Result<bool, StoreError> {
        let until = Instant::now() + limit;
        self.request_flush(offset);
        let mut guard = self.progress.lock();
        while self.flushed() < offset {
            self.check_poison()?;
            if self.is_closed() {
                return Err(StoreError::Closed);
            }
            if self.progressed.wait_until(&mut guard, until).timed_out() {
                return Ok(self.flushed() >= offset);
            }
        }
        Ok(true)
    }

    /// Brings everything written to the disk now, on this thread.
    ///
    /// # Errors
    /// Those of the sync, which also poison the store: after a failed sync the system may have dropped what
    /// it could not write, so that a second sync that succeeds would prove nothing.
    pub fn flush(&self) -> Result<i64, StoreError> {
        self.check_poison()?;
        let _one = self.flushing.lock();
        // Read first: what is on the disk afterwards is at least as new.
        let time = self.last_store_time.load(Ordering::SeqCst);
        match self.log.segments().flush() {
            Ok(flushed) => {
                self.checkpoint.set_log(time, flushed);
                self.flushed.fetch_max(flushed, Ordering::SeqCst);
                self.notify_flushed();
                Ok(flushed)
            }
            Err(e) => {
                self.poison(&e);
                Err(e)
            }
        }
    }

    fn notify_flushed(&self) {
        drop(self.progress.lock());
        self.progressed.notify_all();
        if let Some(listener) = self.on_flushed.read().clone() {
            listener(self.flushed());
        }
    }

    pub(super) fn poison(&self, error: &StoreError) {
        tracing::error!(%error, "sync to disk failed; no more messages are taken");
        // Only the first failure counts.
        drop(self.poisoned.set(error.to_string()));
        self.notify_flushed();
    }

    /// What the flush thread does until the store closes.
    pub(super) fn run_flush(self: &Arc<Self>) {
        let mut last = Instant::now();
        while !self.is_closed() && self.poisoned.get().is_none() {
            if self.flush_behind() == 0 {
                let waiting = || self.flush_behind() > 0 || self.is_closed();
                self.flush_idle.wait(None, waiting);
                continue;
            }
            let config = self.settings();
            let interval = Duration::from_millis(config.flush_interval_commit_log);
            let thorough = Duration::from_millis(config.flush_commit_log_thorough_interval);
            let wanted = || self.flush_wanted.load(Ordering::SeqCst) > self.flushed();
            if config.flush_disk_type == FlushDiskType::Async {
                self.flush_urgent.wait(Some(interval), || wanted() || self.is_closed());
            }
            if wanted()
                || config.flush_disk_type == FlushDiskType::Sync
                || is_due(self.flush_behind(), config.flush_commit_log_least_pages, last.elapsed(), thorough)
            {
                last = Instant::now();
                // A failure has poisoned the store, which ends the loop.
                drop(self.flush());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_flush_is_due() {
        let second = Duration::from_secs(1);
        let table = [
            ((0, 0, second), false),
            ((4 * 4096, 4, Duration::ZERO), true),
            ((4 * 4096 - 1, 4, Duration::ZERO), false),
            ((1, 4, second), true),
            ((1, 0, Duration::ZERO), true),
        ];
        for ((behind, pages, since), expected) in table {
            assert_eq!(is_due(behind, pages, since, second), expected, "{behind} {pages} {since:?}");
        }
    }
}
