//! Settings of the store (`MessageStoreConfig`).

use std::path::PathBuf;

use super::error::StoreError;
use super::format::cq::UNIT;
use crate::protocol::message::DEFAULT_DELAY_LEVELS;

/// When an append counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlushDiskType {
    /// Once it is in memory that outlives the process; it reaches the disk later.
    #[default]
    Async,
    /// Once it is on the disk.
    Sync,
}

/// Settings of the store, with Apache's defaults. The fields carry the names of Java's keys.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `storePathRootDir`.
    pub root: PathBuf,
    /// `storePathCommitLog`; `commitlog` under the root unless set.
    pub commit_log_path: Option<PathBuf>,
    /// `mappedFileSizeCommitLog`, in bytes.
    pub mapped_file_size_commit_log: usize,
    /// `mappedFileSizeConsumeQueue`, in bytes; rounded up to whole units of 20 bytes, as Java does.
    pub mapped_file_size_consume_queue: usize,
    /// `maxHashSlotNum`: slots of an index file.
    pub max_hash_slot_num: usize,
    /// `maxIndexNum`: entries of an index file.
    pub max_index_num: usize,
    /// `maxMessageSize`, in bytes of the body.
    pub max_message_size: usize,
    /// `flushDiskType`.
    pub flush_disk_type: FlushDiskType,
    /// `flushIntervalCommitLog`, in milliseconds.
    pub flush_interval_commit_log: u64,
    /// `flushCommitLogLeastPages`: pages of 4 KiB that are worth a flush.
    pub flush_commit_log_least_pages: usize,
    /// `flushCommitLogThoroughInterval`, in milliseconds: after this, less is flushed too.
    pub flush_commit_log_thorough_interval: u64,
    /// `flushIntervalConsumeQueue`, in milliseconds.
    pub flush_interval_consume_queue: u64,
    /// `fileReservedTime`, in hours.
    pub file_reserved_time: u64,
    /// `deleteWhen`: hours of the day at which expired files go, separated by semicolons.
    pub delete_when: String,
    /// `cleanResourceInterval`, in milliseconds.
    pub clean_resource_interval: u64,
    /// `deleteFileBatchMax`: files deleted in one go.
    pub delete_file_batch_max: usize,
    /// `diskMaxUsedSpaceRatio`, in percent: above it expired files go at any hour.
    pub disk_max_used_space_ratio: u32,
    /// `diskSpaceCleanForciblyRatio`, in percent: above it files go before they expire.
    pub disk_space_clean_forcibly_ratio: u32,
    /// `diskSpaceWarningLevelRatio`, in percent: above it nothing more is accepted.
    pub disk_space_warning_level_ratio: u32,
    /// `cleanFileForciblyEnable`.
    pub clean_file_forcibly_enable: bool,
    /// `messageIndexEnable`.
    pub message_index_enable: bool,
    /// `checkCRCOnRecover`.
    pub check_crc_on_recover: bool,
    /// `dataReadAheadEnable`: whether the system reads the commit log ahead.
    pub data_read_ahead_enable: bool,
    /// `maxFilterMessageSize`, in bytes of the consume queue: how far one read looks.
    pub max_filter_message_size: usize,
    /// `maxTransferBytesOnMessageInMemory`.
    pub max_transfer_bytes_in_memory: usize,
    /// `maxTransferCountOnMessageInMemory`.
    pub max_transfer_count_in_memory: usize,
    /// `maxTransferBytesOnMessageInDisk`.
    pub max_transfer_bytes_in_disk: usize,
    /// `maxTransferCountOnMessageInDisk`.
    pub max_transfer_count_in_disk: usize,
    /// `accessMessageInMemoryMaxRatio`, in percent of the machine's memory: messages no further from the
    /// end of the log than this count as in memory.
    pub access_message_in_memory_max_ratio: u32,
    /// `maxMsgsNumBatch`: the most that a query by key returns.
    pub max_msgs_num_batch: usize,
    /// `messageDelayLevel`.
    pub message_delay_level: String,
    /// Ours: whether the log may be cut where it is damaged although messages that had reached the disk
    /// follow (`truncateDamagedCommitLog`).
    pub truncate_damaged_commit_log: bool,
}

impl StoreConfig {
    /// Apache's defaults under `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            commit_log_path: None,
            mapped_file_size_commit_log: 1 << 30,
            mapped_file_size_consume_queue: 300_000 * UNIT,
            max_hash_slot_num: 5_000_000,
            max_index_num: 20_000_000,
            max_message_size: 4 << 20,
            flush_disk_type: FlushDiskType::Async,
            flush_interval_commit_log: 500,
            flush_commit_log_least_pages: 4,
            flush_commit_log_thorough_interval: 10_000,
            flush_interval_consume_queue: 1_000,
            file_reserved_time: 72,
            delete_when: "04".to_owned(),
            clean_resource_interval: 10_000,
            delete_file_batch_max: 10,
            disk_max_used_space_ratio: 75,
            disk_space_clean_forcibly_ratio: 85,
            disk_space_warning_level_ratio: 90,
            clean_file_forcibly_enable: true,
            message_index_enable: true,
            check_crc_on_recover: true,
            data_read_ahead_enable: true,
            max_filter_message_size: 16_000,
            max_transfer_bytes_in_memory: 256 << 10,
            max_transfer_count_in_memory: 32,
            max_transfer_bytes_in_disk: 64 << 10,
            max_transfer_count_in_disk: 8,
            access_message_in_memory_max_ratio: 40,
            max_msgs_num_batch: 64,
            message_delay_level: DEFAULT_DELAY_LEVELS.to_owned(),
            truncate_damaged_commit_log: false,
        }
    }

    /// Where the commit log lies.
    pub fn commit_log_dir(&self) -> PathBuf {
        self.commit_log_path.clone().unwrap_or_else(|| self.root.join("commitlog"))
    }

    /// Where the consume queues lie.
    pub fn consume_queue_dir(&self) -> PathBuf {
        self.root.join("consumequeue")
    }

    /// Where Apache's broker keeps the queues of topics with `queue.type=BatchCQ`.
    pub fn batch_consume_queue_dir(&self) -> PathBuf {
        self.root.join("batchconsumequeue")
    }

    /// Where the index files lie.
    pub fn index_dir(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Where the tables of the broker lie.
    pub fn config_dir(&self) -> PathBuf {
        self.root.join("config")
    }

    /// Bytes of a consume queue file: `mappedFileSizeConsumeQueue` in whole units.
    pub fn consume_queue_file_size(&self) -> usize {
        self.mapped_file_size_consume_queue.div_ceil(UNIT).max(1) * UNIT
    }

    /// Checks what the store relies on.
    ///
    /// # Errors
    /// [`StoreError::Setting`] for the first setting out of its range.
    pub fn check(&self) -> Result<(), StoreError> {
        let refuse = |key, value: usize, expected| {
            Err(StoreError::Setting { key, value: value.to_string(), expected })
        };
        let fits_int = |value: usize| i32::try_from(value).is_ok();
        if self.mapped_file_size_commit_log < 128 || !fits_int(self.mapped_file_size_commit_log) {
            return refuse(
                "mappedFileSizeCommitLog",
                self.mapped_file_size_commit_log,
                "it must be between 128 bytes and 2 GiB",
            );
        }
        if !fits_int(self.consume_queue_file_size()) {
            let expected = "it must be less than 2 GiB";
            return refuse("mappedFileSizeConsumeQueue", self.mapped_file_size_consume_queue, expected);
        }
        if self.max_hash_slot_num == 0 || !fits_int(self.max_hash_slot_num) {
            return refuse("maxHashSlotNum", self.max_hash_slot_num, "it must be at least 1");
        }
        let index_len = super::format::index::file_len(self.max_hash_slot_num, self.max_index_num);
        if self.max_index_num < 2 || !fits_int(index_len) {
            return refuse(
                "maxIndexNum",
                self.max_index_num,
                "it must be at least 2, and the file less than 2 GiB",
            );
        }
        Ok(())
    }
}
