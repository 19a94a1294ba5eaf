//! The `checkpoint` file: how far the parts of the store are on the disk (`StoreCheckpoint`).
//!
//! One page; longs: store time of the last message of the log that is on the disk, the same of the consume
//! queues and of the index, the master's flushed offset, the confirmed offset, and (from 5.5 on) the commit log
//! offset up to which the consume queues are on the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::Disk;
use super::error::StoreError;
use super::map::WordMap;

const PAGE: usize = 4096;
const LOG_TIME: usize = 0;
const QUEUES_TIME: usize = 8;
const INDEX_TIME: usize = 16;
const CONFIRMED: usize = 32;
const QUEUES_OFFSET: usize = 40;
/// Messages of one moment may be on the disk in part.
const SLACK: i64 = 3000;

/// The checkpoint.
#[derive(Debug)]
pub(super) struct Checkpoint {
    path: PathBuf,
    map: WordMap,
    disk: Arc<dyn Disk>,
}

impl Checkpoint {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let map = WordMap::open(path, PAGE).map_err(|e| StoreError::io("open", path, e))?;
        disk.reserve(path, 0, PAGE as u64).map_err(|e| StoreError::io("reserve room for", path, e))?;
        Ok(Self { path: path.to_owned(), map, disk })
    }

    /// Store time of the last message of the log that is on the disk (`physicMsgTimestamp`).
    pub(super) fn log_time(&self) -> i64 {
        self.map.long(LOG_TIME)
    }

    /// Sets it.
    pub(super) fn set_log_time(&self, time: i64) {
        self.map.set_long(LOG_TIME, time);
    }

    /// Sets how far the consume queues are on the disk.
    pub(super) fn set_queues(&self, time: i64, offset: i64) {
        self.map.set_long(QUEUES_TIME, time);
        self.map.set_long(QUEUES_OFFSET, offset);
    }

    /// Store time of the last message whose index entry is on the disk (`indexMsgTimestamp`).
    pub(super) fn index_time(&self) -> i64 {
        self.map.long(INDEX_TIME)
    }

    /// Sets it.
    pub(super) fn set_index_time(&self, time: i64) {
        self.map.set_long(INDEX_TIME, time);
    }

    /// Sets the confirmed offset.
    pub(super) fn set_confirmed(&self, offset: i64) {
        self.map.set_long(CONFIRMED, offset);
    }

    /// Store time up to which log and consume queues are certainly on the disk (`getMinTimestamp`).
    pub(super) fn safe_time(&self) -> i64 {
        (self.log_time().min(self.map.long(QUEUES_TIME)) - SLACK).max(0)
    }

    /// Syncs it to the disk.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.disk.sync(&self.path, &|| self.map.sync()).map_err(|e| StoreError::io("sync", &self.path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;

    #[test]
    fn longs_stand_where_java_has_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint");
        let checkpoint = Checkpoint::open(&path, Arc::new(OsDisk)).unwrap();
        assert_eq!(checkpoint.safe_time(), 0);
        checkpoint.set_log_time(10_000);
        checkpoint.set_queues(9_000, 77);
        checkpoint.set_index_time(3);
        checkpoint.set_confirmed(5);
        checkpoint.flush().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 4096);
        let long = |at: usize| i64::from_be_bytes(*bytes[at..].first_chunk().unwrap());
        assert_eq!([0, 8, 16, 24, 32, 40].map(long), [10_000, 9_000, 3, 0, 5, 77]);
        assert_eq!(Checkpoint::open(&path, Arc::new(OsDisk)).unwrap().safe_time(), 6_000);
    }
}
