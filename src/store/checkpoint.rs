//! The `checkpoint` file: how far the parts of the store are on the disk (`StoreCheckpoint`).
//!
//! One page; longs: store time of the last message of the log that is on the disk, the same of the consume
//! queues and of the index, the master's flushed offset, the confirmed offset, and (from 5.5 on) the commit log
//! offset up to which the consume queues are on the disk.
//!
//! Store times are a poor measure: many messages have the same, and clocks step back. So this broker keeps beside
//! them, where Apache's does not look, the commit log offset up to which the log is on the disk. It counts as long
//! as Apache's broker has not written since.

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
/// Where our own longs begin: a mark, the store time that belongs to the offset, the offset.
const OWN: usize = 1024;
const OWN_TIME: usize = OWN + 8;
const FLUSHED: usize = OWN + 16;
const INDEX_OFFSET: usize = OWN + 24;
/// What they begin with: `rmqstore`.
const MARK: i64 = 0x726d_7173_746f_7265;
/// Messages of one moment may be on the disk in part.
const SLACK: i64 = 3000;

/// Up to where something is on the disk for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDisk {
    /// What lies before this commit log offset.
    Offset(i64),
    /// What was stored before this time, in milliseconds: all that Apache's broker tells.
    Time(i64),
}

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

    /// Sets it, and the offset up to which the log is on the disk.
    pub(super) fn set_log(&self, time: i64, flushed: i64) {
        // In this order: a kill in between leaves times that differ, and the offset does not count.
        self.map.set_long(OWN, MARK);
        self.map.set_long(OWN_TIME, time);
        self.map.set_long(FLUSHED, flushed);
        self.map.set_long(LOG_TIME, time);
    }

    /// Commit log offset up to which the log is on the disk; `None` if Apache's broker wrote last.
    fn flushed(&self) -> Option<i64> {
        let is_ours = self.map.long(OWN) == MARK && self.map.long(OWN_TIME) == self.log_time();
        is_ours.then(|| self.map.long(FLUSHED))
    }

    /// Up to where the log is on the disk.
    pub(super) fn log(&self) -> OnDisk {
        self.flushed().map_or(OnDisk::Time(self.log_time()), OnDisk::Offset)
    }

    /// Begins anew with a log that is on the disk up to `end`, consume queues that hold it up to `entered`, and an
    /// index whose last message lies at `indexed`.
    pub(super) fn begin(&self, end: i64, entered: i64, indexed: i64) {
        self.map.set_long(QUEUES_OFFSET, self.map.long(QUEUES_OFFSET).min(entered));
        self.map.set_long(INDEX_OFFSET, indexed);
        self.set_log(self.log_time(), end);
    }

    /// Sets how far the consume queues are on the disk.
    pub(super) fn set_queues(&self, time: i64, offset: i64) {
        self.map.set_long(QUEUES_TIME, time);
        self.map.set_long(QUEUES_OFFSET, offset);
    }

    /// Up to where the index is on the disk: the last message whose entries are, by its offset or its store time
    /// (`indexMsgTimestamp`).
    pub(super) fn index(&self) -> OnDisk {
        let time = self.map.long(INDEX_TIME);
        self.flushed().map_or(OnDisk::Time(time), |_| OnDisk::Offset(self.map.long(INDEX_OFFSET)))
    }

    /// Sets it.
    pub(super) fn set_index(&self, time: i64, offset: i64) {
        self.map.set_long(INDEX_TIME, time);
        self.map.set_long(INDEX_OFFSET, offset);
    }

    /// Sets the confirmed offset.
    pub(super) fn set_confirmed(&self, offset: i64) {
        self.map.set_long(CONFIRMED, offset);
    }

    /// Up to where both log and consume queues are on the disk (`getMinTimestamp`).
    pub(super) fn safe(&self) -> OnDisk {
        let time = || (self.log_time().min(self.map.long(QUEUES_TIME)) - SLACK).max(0);
        let flushed = self.flushed().map(|flushed| flushed.min(self.map.long(QUEUES_OFFSET)));
        flushed.map_or_else(|| OnDisk::Time(time()), OnDisk::Offset)
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
        assert_eq!((checkpoint.safe(), checkpoint.log()), (OnDisk::Time(0), OnDisk::Time(0)));
        checkpoint.set_log(10_000, 99);
        checkpoint.set_queues(9_000, 77);
        checkpoint.set_index(3, 70);
        checkpoint.set_confirmed(5);
        checkpoint.flush().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 4096);
        let long = |at: usize| i64::from_be_bytes(*bytes[at..].first_chunk().unwrap());
        assert_eq!([0, 8, 16, 24, 32, 40].map(long), [10_000, 9_000, 3, 0, 5, 77]);
        let again = Checkpoint::open(&path, Arc::new(OsDisk)).unwrap();
        assert_eq!((again.safe(), again.log()), (OnDisk::Offset(77), OnDisk::Offset(99)));
        assert_eq!(again.index(), OnDisk::Offset(70));
        again.begin(88, 66, 60);
        assert_eq!((again.safe(), again.log()), (OnDisk::Offset(66), OnDisk::Offset(88)));
        assert_eq!(again.index(), OnDisk::Offset(60));
        // As Apache's broker writes it.
        again.map.set_long(LOG_TIME, 11_000);
        assert_eq!((again.safe(), again.log()), (OnDisk::Time(6_000), OnDisk::Time(11_000)));
        assert_eq!(again.index(), OnDisk::Time(3));
    }
}
