//! What the store says about itself.

use std::collections::BTreeMap;

use super::engine::Store;
use super::segment::offset_of;

/// State of the store at one moment, for `brokerStatus` and the like.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreStats {
    /// Offset at which the log begins; -1 without files.
    pub min_physical_offset: i64,
    /// Offset behind the last message.
    pub max_physical_offset: i64,
    /// Offset up to which the log is on the disk.
    pub flushed_offset: i64,
    /// Offset up to which consume queues and index are built.
    pub dispatched_offset: i64,
    /// Used part of the disk of the log, 0 to 1.
    pub commit_log_disk_ratio: f64,
    /// Used part of the disk of the consume queues, 0 to 1.
    pub consume_queue_disk_ratio: f64,
    /// Store time of the first message in the log; -1 when there is none.
    pub earliest_message_timestamp: i64,
    /// For how many milliseconds the append under way has held the lock; 0 when none does.
    pub page_cache_lock_time: i64,
    /// Bytes that the files of the log take by their length.
    pub commit_log_bytes: i64,
    /// Whether nothing is accepted because the disk is full.
    pub disk_full: bool,
}

/// One queue of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueSize {
    /// Queue id.
    pub queue_id: i32,
    /// First offset.
    pub min_offset: i64,
    /// Offset behind the last message.
    pub max_offset: i64,
    /// Bytes that its files take by their length.
    pub bytes: i64,
}

impl Store {
    /// State at this moment.
    pub fn stats(&self) -> StoreStats {
        let (commit_log_disk_ratio, consume_queue_disk_ratio) = self.disk_ratios();
        let segments = self.log.segments();
        StoreStats {
            min_physical_offset: self.log.min_offset(),
            max_physical_offset: self.log.end(),
            flushed_offset: self.flushed(),
            dispatched_offset: self.dispatched(),
            commit_log_disk_ratio,
            consume_queue_disk_ratio,
            earliest_message_timestamp: self.earliest_time().unwrap_or(-1),
            page_cache_lock_time: self.page_cache_lock_time(),
            commit_log_bytes: offset_of(segments.count().saturating_mul(segments.file_len())),
            disk_full: self.writable().is_err_and(|e| e.is_full()),
        }
    }

    /// For how many milliseconds the append under way has held the lock; 0 when none does (`lockTimeMills`).
    /// Apache's broker refuses messages when this passes `osPageCacheBusyTimeOutMills`.
    pub fn page_cache_lock_time(&self) -> i64 {
        self.log.locked_since().map_or(0, |since| ((self.clock)() - since).max(0))
    }

    /// The topics that have queues, with their queues.
    pub fn topics(&self) -> BTreeMap<String, Vec<QueueSize>> {
        let mut topics = BTreeMap::<_, Vec<_>>::new();
        for ((topic, queue_id), queue) in self.queues.all() {
            let files = queue.segments();
            topics.entry(topic).or_default().push(QueueSize {
                queue_id,
                min_offset: queue.min_offset(),
                max_offset: queue.max_offset(),
                bytes: offset_of(files.count().saturating_mul(files.file_len())),
            });
        }
        topics
    }

    /// Checks what must hold at any time. Returns what does not: an empty list, unless there is a bug here or
    /// the directory was changed from outside.
    pub fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let flushed = self.flushed();
        let dispatched = self.dispatched();
        let queues = self.queues.all();
        // Read last: it only grows, so that what was read before is not beyond it.
        let units: Vec<_> = queues
            .values()
            .map(|queue| (queue.min_offset(), queue.max_offset(), queue.max_physical()))
            .collect();
        let end = self.log.end();
        if flushed > end {
            wrong.push(format!("flushed offset {flushed} is beyond the end of the log {end}"));
        }
        if dispatched > end {
            wrong.push(format!("dispatched offset {dispatched} is beyond the end of the log {end}"));
        }
        if self.index.end_offset() > end {
            wrong.push(format!("index goes up to {}, the log to {end}", self.index.end_offset()));
        }
        for (((topic, id), _), (min, max, physical)) in queues.iter().zip(units) {
            if min > max {
                wrong.push(format!("queue {id} of {topic} begins at {min} and ends at {max}"));
            }
            if physical > end {
                wrong.push(format!("queue {id} of {topic} goes up to {physical}, the log to {end}"));
            }
        }
        wrong
    }
}
