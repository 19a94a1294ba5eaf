//! The index from keys, unique ids and tags to messages (`IndexService`).

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use parking_lot::RwLock;

use super::checkpoint::OnDisk;
use super::disk::Disk;
use super::error::StoreError;
use super::format::{index as format, names};
use super::index_file::IndexFile;
use super::segments::entries;
use crate::protocol::message::{MessageView, Transaction, property};

/// The files of the index, in order of their names.
#[derive(Debug)]
pub(super) struct Index {
    dir: PathBuf,
    slots: usize,
    entries: usize,
    disk: Arc<dyn Disk>,
    zone: TimeZone,
    files: RwLock<Vec<Arc<IndexFile>>>,
}

/// Offsets that a search in the index has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// Commit log offsets, in ascending order, each once.
    pub(super) offsets: Vec<i64>,
    /// Store time of the last message indexed.
    pub(super) last_timestamp: i64,
    /// Commit log offset of the last message indexed.
    pub(super) last_offset: i64,
}

impl Index {
    /// Opens the files in `dir`. After a crash (`trusted` is `Some`), files that go further than that are deleted,
    /// since their pages may have reached the disk in part; dispatch builds them again.
    pub(super) fn load(
        dir: PathBuf,
        (slots, entries_max): (usize, usize),
        disk: Arc<dyn Disk>,
        trusted: Option<OnDisk>,
    ) -> Result<Self, StoreError> {
        let mut files = Vec::new();
        for path in entries(&dir)? {
            if !path.file_name().and_then(|name| name.to_str()).is_some_and(names::is_time_name) {
                continue;
            }
            let file = IndexFile::open(&path, slots, entries_max)?;
            let goes_further = trusted.is_some_and(|trusted| match trusted {
                OnDisk::Offset(offset) => file.end_offset() > offset,
                OnDisk::Time(time) => file.times().1 > time,
            });
            if goes_further {
                std::fs::remove_file(&path).map_err(|e| StoreError::io("remove", &path, e))?;
                continue;
            }
            files.push(Arc::new(file));
        }
        let zone = TimeZone::system();
        Ok(Self { dir, slots, entries: entries_max, disk, zone, files: RwLock::new(files) })
    }

    /// Commit log offset of the last message indexed; 0 when none is.
    pub(super) fn end_offset(&self) -> i64 {
        self.files.read().last().map_or(0, |file| file.end_offset())
    }

    /// Deletes files that go beyond the end of the log: they lead to messages that are lost. Says whether
    /// there were any.
    pub(super) fn drop_beyond(&self, log_end: i64) -> Result<bool, StoreError> {
        let mut files = self.files.write();
        let before = files.len();
        while let Some(last) = files.pop_if(|file| file.end_offset() >= log_end && !file.is_empty()) {
            std::fs::remove_file(last.path()).map_err(|e| StoreError::io("remove", last.path(), e))?;
        }
        Ok(files.len() < before)
    }

    /// Enters the keys of a message: its unique id, each of its keys, and its tag (`buildIndex`). Messages
    /// rolled back are not entered, nor those before the last one entered.
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk is; it can be tried again then.
    pub(super) fn put(&self, message: &MessageView<'_>, now: &dyn Fn() -> i64) -> Result<(), StoreError> {
        let offset = message.physical_offset();
        if offset < self.end_offset() || message.sys_flag().transaction() == Transaction::Rollback {
            return Ok(());
        }
        let (unique, keys, tags) = (message.unique_key(), message.keys(), message.tags());
        if unique.is_none() && keys.is_none() && tags.is_none() {
            return Ok(());
        }
        let topic = message.topic();
        let keys = keys.unwrap_or_default().split(property::KEY_SEPARATOR).filter(|key| !key.is_empty());
        for key in unique.into_iter().chain(keys) {
            self.put_key(&format::key(&topic, key), message, now)?;
        }
        if let Some(tags) = tags {
            self.put_key(&format::typed_key(&topic, tags, property::INDEX_TAG_TYPE), message, now)?;
        }
        Ok(())
    }

    fn put_key(&self, key: &str, message: &MessageView<'_>, now: &dyn Fn() -> i64) -> Result<(), StoreError> {
        let file = self.file_to_write(now)?;
        file.put(&*self.disk, key, message.physical_offset(), message.store_timestamp())
    }

    fn file_to_write(&self, now: &dyn Fn() -> i64) -> Result<Arc<IndexFile>, StoreError> {
        let last = self.files.read().last().cloned();
        if let Some(file) = last.as_ref().filter(|file| !file.is_full()) {
            return Ok(Arc::clone(file));
        }
        std::fs::create_dir_all(&self.dir).map_err(|e| StoreError::io("make directory", &self.dir, e))?;
        let before = last.as_ref().and_then(|last| last.path().file_name()?.to_str());
        let path = self.dir.join(names::time_name_after(before, now(), &self.zone));
        let file = Arc::new(IndexFile::open(&path, self.slots, self.entries)?);
        // Before its header is touched: on a full disk that would be a fault, not an error.
        if let Err(e) = file.reserve_fixed(&*self.disk) {
            drop(std::fs::remove_file(&path));
            return Err(e);
        }
        if let Some(last) = last {
            file.begin_after(last.end_offset(), last.times().1);
        }
        self.files.write().push(Arc::clone(&file));
        Ok(file)
    }

    /// Offsets of messages with a key, stored in `begin..=end`: the latest `max` of them. `kind` is the
    /// index type that newer clients ask for; only tags have one of their own (`queryOffset`).
    pub(super) fn find(
        &self,
        topic: &str,
        key: &str,
        kind: Option<&str>,
        max: usize,
        range: (i64, i64),
    ) -> Found {
        let files = self.files.read().clone();
        let wanted = match kind {
            Some(kind) if kind == property::INDEX_TAG_TYPE => format::typed_key(topic, key, kind),
            _ => format::key(topic, key),
        };
        let mut found = Found::default();
        if let Some(last) = files.last() {
            found.last_timestamp = last.times().1;
            found.last_offset = last.end_offset();
        }
        for file in files.iter().rev() {
            if file.may_hold(range.0, range.1) {
                file.select(&wanted, max, range, &mut found.offsets);
            }
            if file.times().0 < range.0 || found.offsets.len() >= max {
                break;
            }
        }
        found.offsets.sort_unstable();
        found.offsets.dedup();
        found
    }

    /// Deletes files whose messages are all gone from a log beginning at `log_min`; the last one stays.
    pub(super) fn delete_expired(&self, log_min: i64) -> Result<usize, StoreError> {
        let gone: Vec<_> = {
            let mut files = self.files.write();
            let last = files.len().saturating_sub(1);
            let count = files.iter().take(last).take_while(|file| file.end_offset() < log_min).count();
            files.drain(..count).collect()
        };
        for file in &gone {
            std::fs::remove_file(file.path()).map_err(|e| StoreError::io("remove", file.path(), e))?;
        }
        Ok(gone.len())
    }

    /// Syncs all files to the disk. Returns store time and commit log offset of the last message whose entries are
    /// there.
    pub(super) fn flush(&self) -> Result<Option<(i64, i64)>, StoreError> {
        let files = self.files.read().clone();
        let Some(last) = files.last() else { return Ok(None) };
        let reached = (last.times().1, last.end_offset());
        // Files before the last two were synced when they had become full.
        for file in files.iter().rev().take(2) {
            file.flush(&*self.disk)?;
        }
        Ok(Some(reached))
    }

    /// Lets the system take pages out of the process.
    pub(super) fn release_pages(&self) {
        for file in self.files.read().iter() {
            file.release_pages();
        }
    }
}
