//! What the tests share: a small store, a clock, a disk that fails.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::super::{
    Disk, DiskUsage, OsDisk, ReadRequest, ReadResult, Recovery, Store, StoreConfig, Surroundings,
};
use crate::protocol::message::{MessageView, NewMessage};

/// Settings with files so small that a few messages fill them.
pub(super) fn small(root: &Path) -> StoreConfig {
    StoreConfig {
        mapped_file_size_commit_log: 4096,
        mapped_file_size_consume_queue: 10 * 20,
        max_hash_slot_num: 16,
        max_index_num: 64,
        flush_interval_commit_log: 1,
        flush_interval_consume_queue: 1,
        disk_space_warning_level_ratio: 101,
        disk_space_clean_forcibly_ratio: 101,
        disk_max_used_space_ratio: 101,
        ..StoreConfig::new(root)
    }
}

pub(super) fn host() -> SocketAddr {
    "127.0.0.1:10911".parse().unwrap()
}

/// A message with tag and key.
pub(super) fn message<'a>(
    topic: &'a str,
    queue_id: i32,
    body: &'a [u8],
    properties: &'a str,
) -> NewMessage<'a> {
    NewMessage {
        topic,
        queue_id,
        flag: 0,
        sys_flag: 0,
        born_timestamp: 1,
        born_host: host(),
        store_host: host(),
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body,
        properties,
    }
}

pub(super) fn request(topic: &str, queue_id: i32, offset: i64) -> ReadRequest<'_> {
    ReadRequest {
        topic,
        queue_id,
        offset,
        max_messages: 32,
        max_bytes: 1 << 20,
        by_tags: None,
        by_message: None,
    }
}

/// The bodies that a read has found.
pub(super) fn bodies(result: &ReadResult) -> Vec<String> {
    let mut bodies = vec![];
    for slice in &result.slices {
        let mut rest = &slice[..];
        while !rest.is_empty() {
            let view = MessageView::parse(rest).unwrap();
            bodies.push(String::from_utf8(view.body().to_vec()).unwrap());
            rest = &rest[view.total_len()..];
        }
    }
    bodies
}

/// All bodies of a queue, read from its first offset on.
pub(super) fn all_bodies(store: &Store, topic: &str, queue_id: i32) -> Vec<String> {
    let mut offset = store.min_offset(topic, queue_id).unwrap_or(0);
    let mut all = vec![];
    loop {
        let result = store.read(&request(topic, queue_id, offset));
        if result.slices.is_empty() {
            return all;
        }
        all.extend(bodies(&result));
        offset = result.next_begin_offset;
    }
}

pub(super) fn open(config: &StoreConfig) -> (Arc<Store>, Recovery) {
    let (store, recovery) = Store::open(config.clone()).unwrap();
    assert_eq!(store.check(), Vec::<String>::new());
    (store, recovery)
}

/// Appends `count` messages with bodies "0", "1"... from `first` on to queue 0 of topic T, with keys "k0"...
pub(super) fn fill(store: &Store, first: usize, count: usize) {
    for index in first..first + count {
        let properties = format!("TAGS\u{1}TagA\u{2}KEYS\u{1}k{index}\u{2}UNIQ_KEY\u{1}U{index}\u{2}");
        store.append(&message("T", 0, index.to_string().as_bytes(), &properties)).unwrap();
    }
    store.dispatch(false).unwrap();
}

pub(super) fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|index| index.to_string()).collect()
}

/// A clock that is set by hand.
pub(super) fn clock(start: i64) -> (Arc<AtomicI64>, Surroundings) {
    let time = Arc::new(AtomicI64::new(start));
    let reading = Arc::clone(&time);
    let surroundings =
        Surroundings { clock: Arc::new(move || reading.load(Ordering::SeqCst)), ..Surroundings::default() };
    (time, surroundings)
}

/// A disk that can fill up, fail to sync, and remember what was synced.
#[derive(Debug, Default)]
pub(super) struct FaultyDisk {
    /// Bytes that may still be reserved; no limit when 0 was never set.
    pub(super) limited: AtomicBool,
    pub(super) room: AtomicU64,
    pub(super) sync_fails: AtomicBool,
    /// Used part of the disk in percent; that of the real one when 0.
    pub(super) used_percent: AtomicU64,
    /// Contents of each file when it was synced last.
    synced: Mutex<HashMap<PathBuf, Vec<u8>>>,
    /// Directories synced, with the names they held.
    names: Mutex<HashMap<PathBuf, Vec<PathBuf>>>,
}

impl FaultyDisk {
    pub(super) fn surroundings(self: &Arc<Self>) -> Surroundings {
        Surroundings { disk: Arc::clone(self) as Arc<dyn Disk>, ..Surroundings::default() }
    }

    pub(super) fn limit(&self, room: u64) {
        self.room.store(room, Ordering::SeqCst);
        self.limited.store(true, Ordering::SeqCst);
    }

    /// Writes to `to` what a power cut would leave of `from`.
    pub(super) fn after_power_cut(&self, from: &Path, to: &Path) {
        let names = self.names.lock();
        for (path, contents) in self.synced.lock().iter() {
            let known = names.get(path.parent().unwrap()).is_some_and(|names| names.contains(path));
            if known || path.parent() == Some(from) {
                let target = to.join(path.strip_prefix(from).unwrap());
                std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                std::fs::write(target, contents).unwrap();
            }
        }
        let abort = from.join("abort");
        if names.get(from).is_some_and(|names| names.contains(&abort)) {
            std::fs::write(to.join("abort"), "1").unwrap();
        }
    }
}

impl Disk for FaultyDisk {
    fn reserve(&self, path: &Path, at: u64, len: u64) -> io::Result<()> {
        if self.limited.load(Ordering::SeqCst) {
            let taken =
                self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(len));
            taken.map_err(|_| io::Error::from(io::ErrorKind::StorageFull))?;
        }
        OsDisk.reserve(path, at, len)
    }

    fn sync(&self, path: &Path, flush: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        if self.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is gone"));
        }
        flush()?;
        self.synced.lock().insert(path.to_owned(), std::fs::read(path)?);
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let names = super::super::segments::entries(path).map_err(io::Error::other)?;
        self.names.lock().insert(path.to_owned(), names);
        OsDisk.sync_dir(path)
    }

    fn usage(&self, path: &Path) -> io::Result<DiskUsage> {
        match self.used_percent.load(Ordering::SeqCst) {
            0 => OsDisk.usage(path),
            used => Ok(DiskUsage { total: 100, used, available: 100 - used }),
        }
    }
}
