//! Deleting what has expired, and topics.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::engine::Store;
use super::error::StoreError;
use super::retention_rule::{Levels, Pressure, expired, is_hour, pressure};

/// How many rounds of housekeeping a request to delete files holds for (`MAX_MANUAL_DELETE_FILE_TIMES`).
const MANUAL_ROUNDS: i64 = 20;

impl Store {
    /// Looks how full the disks are, and sets whether the store counts as full.
    pub(super) fn probe_disk(&self) -> Pressure {
        let (log, queues) = self.disk_ratios();
        let percent = |value: u32| f64::from(value) / 100.0;
        let config = self.settings();
        let levels = Levels {
            warning: percent(config.disk_space_warning_level_ratio),
            forcibly: percent(config.disk_space_clean_forcibly_ratio),
            max_used: percent(config.disk_max_used_space_ratio),
        };
        let pressure = pressure(log, queues, levels);
        if let Some(full) = pressure.full
            && self.disk_full.swap(full, Ordering::AcqRel) != full
        {
            if full {
                tracing::error!(log, queues, "disk is nearly full; no more messages are taken");
            } else {
                tracing::info!(log, queues, "disk has room again");
            }
        }
        pressure
    }

    /// Used part, 0 to 1, of the disks that commit log and consume queues lie on; -1 when the system does
    /// not say.
    pub fn disk_ratios(&self) -> (f64, f64) {
        let root = &self.config.root;
        let ratio = |dir: std::path::PathBuf| {
            let dir = if dir.exists() { &dir } else { root };
            self.disk.usage(dir).map_or(-1.0, |usage| usage.used_ratio())
        };
        (ratio(self.config.commit_log_dir()), ratio(self.config.consume_queue_dir()))
    }

    /// Room in all and free room, in bytes, of the disk that the store lies on (Java: `File.getTotalSpace`,
    /// `getFreeSpace`); none where the system does not say.
    pub fn disk_room(&self) -> Option<(u64, u64)> {
        let usage = self.disk.usage(&self.config.root).ok()?;
        Some((usage.total, usage.total.saturating_sub(usage.used)))
    }

    /// Has housekeeping delete expired log files whatever the hour, in its next rounds
    /// (`executeDeleteFilesManually`).
    pub fn request_deletion(&self) {
        self.manual_deletions.store(MANUAL_ROUNDS, Ordering::Relaxed);
    }

    /// Deletes expired files of the log, if it is time, the disk is filling up, or it has been requested.
    /// Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file cannot be deleted.
    pub fn delete_expired_commit_log(&self) -> Result<usize, StoreError> {
        let now = (self.clock)();
        let hour = Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH);
        let hour = hour.to_zoned_datetime(TimeZone::system()).hour();
        let config = self.settings();
        let is_time = is_hour(&config.delete_when, u32::try_from(hour).unwrap_or(0));
        let pressure = self.probe_disk();
        let manual = self.manual_deletions.load(Ordering::Relaxed) > 0;
        if manual {
            self.manual_deletions.fetch_sub(1, Ordering::Relaxed);
        }
        if !is_time && !pressure.reclaim && !manual {
            return Ok(0);
        }
        let _one = self.deleting.lock();
        let files = self.log.segments().all();
        let modified: Vec<_> = files.iter().map(|file| file.modified()).collect();
        let reserved = i64::try_from(config.file_reserved_time.saturating_mul(3_600_000)).unwrap_or(i64::MAX);
        let immediately = pressure.immediately && config.clean_file_forcibly_enable;
        let count = expired(&modified, now, reserved, immediately, config.delete_file_batch_max.max(1));
        // What has not been entered into consume queues yet must stay.
        let dispatched = self.dispatched();
        let count = files.iter().take(count).take_while(|file| file.limit() <= dispatched).count();
        self.log.segments().delete_first(count)?;
        if count > 0 {
            tracing::info!(count, first = self.log.min_offset(), "expired commit log files are deleted");
        }
        Ok(count)
    }

    /// Deletes files of consume queues and index whose messages are all gone from the log, and moves the first
    /// offsets of the queues. Returns how many files.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file cannot be deleted.
    pub fn delete_expired_queue_files(&self) -> Result<usize, StoreError> {
        let _one = self.deleting.lock();
        let log_min = self.log.min_offset();
        let mut count = 0;
        for queue in self.queues.all().into_values() {
            count += queue.delete_expired(log_min)?;
        }
        Ok(count + self.index.delete_expired(log_min)?)
    }

    /// Deletes the consume queues whose messages are all gone, except of topics that `keep` says true to
    /// (system topics). Their offsets begin at 0 again. Returns the queues (`cleanExpiredConsumerQueue`).
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file cannot be deleted.
    pub fn delete_expired_queues(
        &self,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, i32)>, StoreError> {
        let _turn = self.turn();
        let log_min = self.log.min_offset();
        let mut deleted = Vec::new();
        for ((topic, queue_id), queue) in self.queues.all() {
            let last = queue.max_physical();
            if keep(&topic) || last == -1 || last >= log_min {
                continue;
            }
            // What was sent meanwhile goes to the old queue, which then is not empty any more.
            let still_expired = || {
                self.dispatch_locked(true)?;
                Ok::<_, StoreError>(queue.max_physical() < log_min)
            };
            if self.log.forget_queue(&topic, Some(queue_id), still_expired)? {
                self.queues.delete_queue(&topic, queue_id)?;
                deleted.push((topic, queue_id));
            }
        }
        Ok(deleted)
    }

    /// Deletes the consume queues of a topic; its messages stay in the log until they expire. Offsets begin at
    /// 0 again. Returns whether the topic had queues (`deleteTopics`).
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file cannot be deleted.
    pub fn delete_topic(&self, topic: &str) -> Result<bool, StoreError> {
        let _turn = self.turn();
        // What was sent before still goes to the old queues.
        self.dispatch_locked(true)?;
        // And what was sent during that, with the log at rest: else it would be entered with its old offset
        // into the new queue, in front of which the next ones would be lost.
        let all_entered = || self.dispatch_locked(true).map(|_| true);
        self.log.forget_queue(topic, None, all_entered)?;
        self.queues.delete_topic(topic)
    }
}
