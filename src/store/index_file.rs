//! One file of the key index (`IndexFile`).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::disk::Disk;
use super::error::StoreError;
use super::format::index::{ENTRY, HEADER, SLOT, file_len, key_hash, time_diff, time_matches};
use super::map::WordMap;

const BEGIN_TIME: usize = 0;
const END_TIME: usize = 8;
const BEGIN_OFFSET: usize = 16;
const END_OFFSET: usize = 24;
const SLOTS_USED: usize = 32;
const COUNT: usize = 36;

/// Room for entries reserved on the disk at a time.
const AHEAD: usize = 256 << 10;

/// A hash table from keys to commit log offsets. Only dispatch writes to it; anyone may search.
#[derive(Debug)]
pub(super) struct IndexFile {
    path: PathBuf,
    map: WordMap,
    slots: usize,
    entries: usize,
    reserved: AtomicUsize,
}

impl IndexFile {
    /// Opens a file, or makes it.
    pub(super) fn open(path: &Path, slots: usize, entries: usize) -> Result<Self, StoreError> {
        let len = file_len(slots, entries);
        let found = path.metadata().map_or(0, |meta| meta.len());
        if found != 0 && found != len as u64 {
            return Err(StoreError::FileLength { path: path.to_owned(), len: found, expected: len as u64 });
        }
        let map = WordMap::open(path, len).map_err(|e| StoreError::io("open", path, e))?;
        Ok(Self { path: path.to_owned(), map, slots, entries, reserved: AtomicUsize::new(0) })
    }

    /// Lets a new file begin where the one before it ended.
    pub(super) fn begin_after(&self, offset: i64, timestamp: i64) {
        if offset > 0 {
            self.map.set_long(BEGIN_OFFSET, offset);
            self.map.set_long(END_OFFSET, offset);
        }
        if timestamp > 0 {
            self.map.set_long(BEGIN_TIME, timestamp);
            self.map.set_long(END_TIME, timestamp);
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of the next entry; entry 0 does not exist, so it is 1 in an empty file.
    fn count(&self) -> usize {
        (self.map.word(COUNT) as usize).max(1)
    }

    /// Whether no more entries fit.
    pub(super) fn is_full(&self) -> bool {
        self.count() >= self.entries
    }

    /// Whether it has entries.
    pub(super) fn is_empty(&self) -> bool {
        self.count() <= 1
    }

    /// Store time of its first message, and of its last.
    pub(super) fn times(&self) -> (i64, i64) {
        (self.map.long(BEGIN_TIME), self.map.long(END_TIME))
    }

    /// Commit log offset of its last message.
    pub(super) fn end_offset(&self) -> i64 {
        self.map.long(END_OFFSET)
    }

    /// Enters a key. The file must not be full.
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk is; nothing is entered then.
    pub(super) fn put(
        &self,
        disk: &dyn Disk,
        key: &str,
        offset: i64,
        store_timestamp: i64,
    ) -> Result<(), StoreError> {
        let count = self.count();
        let entry = self.entry_at(count);
        self.reserve(disk, entry + ENTRY)?;
        let hash = key_hash(key);
        let slot = self.slot_at(hash);
        let previous = self.valid(self.map.word(slot), count);
        let begin = self.map.long(BEGIN_TIME);
        self.map.set_word(entry, hash);
        self.map.set_long(entry + 4, offset);
        self.map.set_word(entry + 12, time_diff(begin, store_timestamp).unsigned_abs());
        self.map.set_word(entry + 16, previous.map_or(0, word));
        // The entry is complete before the slot leads to it.
        std::sync::atomic::fence(Ordering::Release);
        self.map.set_word(slot, word(count));
        if count <= 1 {
            self.map.set_long(BEGIN_OFFSET, offset);
            self.map.set_long(BEGIN_TIME, store_timestamp);
        }
        if previous.is_none() {
            self.map.set_word(SLOTS_USED, self.map.word(SLOTS_USED).saturating_add(1));
        }
        self.map.set_word(COUNT, word(count + 1));
        self.map.set_long(END_OFFSET, offset);
        self.map.set_long(END_TIME, store_timestamp);
        Ok(())
    }

    /// Adds to `found` the offsets entered under `key` whose store time lies in `begin..=end`, the latest
    /// first, until there are `max` (`selectPhyOffset`).
    pub(super) fn select(&self, key: &str, max: usize, (begin, end): (i64, i64), found: &mut Vec<i64>) {
        let count = self.count();
        let hash = key_hash(key);
        let mut next = self.valid(self.map.word(self.slot_at(hash)), count);
        std::sync::atomic::fence(Ordering::Acquire);
        if count <= 1 {
            return;
        }
        let first = self.map.long(BEGIN_TIME);
        while let Some(number) = next {
            if found.len() >= max {
                return;
            }
            let entry = self.entry_at(number);
            let seconds = i32::from_be_bytes(self.map.word(entry + 12).to_be_bytes());
            if seconds < 0 {
                return;
            }
            let time = first.saturating_add(i64::from(seconds) * 1000);
            if self.map.word(entry) == hash && (begin..=end).contains(&time) {
                found.push(self.map.long(entry + 4));
            }
            // Entries lead to older ones only, so that damage cannot make a circle.
            let previous = self.valid(self.map.word(entry + 16), count).filter(|previous| *previous < number);
            next = previous.filter(|_| time >= begin);
        }
    }

    /// Whether it may hold messages stored in `begin..=end`.
    pub(super) fn may_hold(&self, begin: i64, end: i64) -> bool {
        time_matches(self.times(), (begin, end))
    }

    /// Syncs it to the disk.
    pub(super) fn flush(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        disk.sync(&self.path, &|| self.map.sync()).map_err(|e| StoreError::io("sync", &self.path, e))
    }

    /// Lets the system take its pages out of the process.
    pub(super) fn release_pages(&self) {
        self.map.release_pages();
    }

    /// Takes the room of header and slots.
    pub(super) fn reserve_fixed(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        self.reserve(disk, self.entry_at(0))
    }

    /// Header and slots are written all over, so their room is reserved at once.
    fn reserve(&self, disk: &dyn Disk, end: usize) -> Result<(), StoreError> {
        let reserved = self.reserved.load(Ordering::Relaxed);
        if end <= reserved {
            return Ok(());
        }
        let fixed = if reserved == 0 { self.entry_at(0) } else { reserved };
        let to = end.max(fixed).saturating_add(AHEAD).min(file_len(self.slots, self.entries));
        disk.reserve(&self.path, reserved as u64, (to - reserved) as u64)
            .map_err(|e| StoreError::io("reserve room for", &self.path, e))?;
        self.reserved.store(to, Ordering::Relaxed);
        Ok(())
    }

    /// A slot or link as the number of an entry below `count`.
    fn valid(&self, word: u32, count: usize) -> Option<usize> {
        let number = word as usize;
        (number > 0 && number <= count && number < self.entries).then_some(number)
    }

    fn slot_at(&self, hash: u32) -> usize {
        HEADER + hash as usize % self.slots * SLOT
    }

    fn entry_at(&self, number: usize) -> usize {
        HEADER + self.slots * SLOT + number * ENTRY
    }
}

/// The number of an entry as a word. Files are shorter than 2 GiB, so it fits.
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;

    fn select(file: &IndexFile, key: &str, max: usize, range: (i64, i64)) -> Vec<i64> {
        let mut found = vec![];
        file.select(key, max, range, &mut found);
        found
    }

    #[test]
    fn keys_are_found_latest_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("20261124000000000");
        let file = IndexFile::open(&path, 3, 10).unwrap();
        assert!(file.is_empty() && !file.is_full());
        assert!(select(&file, "a", 9, (0, i64::MAX)).is_empty());
        for (index, key) in ["a", "b", "a", "c", "a"].into_iter().enumerate() {
            let index = i64::try_from(index).unwrap();
            file.put(&OsDisk, key, 100 + index, 50_000 + index * 1000).unwrap();
        }
        let file = IndexFile::open(&path, 3, 10).unwrap();
        assert_eq!(select(&file, "a", 9, (0, i64::MAX)), [104, 102, 100]);
        assert_eq!(select(&file, "a", 2, (0, i64::MAX)), [104, 102]);
        assert_eq!(select(&file, "a", 9, (51_000, 53_000)), [102]);
        assert!(select(&file, "d", 9, (0, i64::MAX)).is_empty());
        assert_eq!((file.times(), file.end_offset()), ((50_000, 54_000), 104));
    }

    #[test]
    fn a_full_file_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = IndexFile::open(&dir.path().join("1"), 4, 5).unwrap();
        file.begin_after(7, 9);
        assert_eq!((file.end_offset(), file.times()), (7, (9, 9)));
        for index in 0..4 {
            assert!(!file.is_full());
            file.put(&OsDisk, "k", index, 10).unwrap();
        }
        assert!(file.is_full());
        assert_eq!(select(&file, "k", 9, (0, 99)), [3, 2, 1, 0]);
    }
}
