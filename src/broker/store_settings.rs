//! From the broker's configuration to the store's.

use std::path::PathBuf;

use crate::config::{self, BrokerConfig};
use crate::store::{FlushDiskType, StoreConfig};

/// The store's part of the configuration. Sizes that do not fit this machine become the largest that do.
pub fn of(config: &BrokerConfig) -> StoreConfig {
    let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let count = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let flush_disk_type = match config.flush_disk_type {
        config::FlushDiskType::SyncFlush => FlushDiskType::Sync,
        config::FlushDiskType::AsyncFlush => FlushDiskType::Async,
    };
    StoreConfig {
        commit_log_path: config.store_path_commit_log.as_ref().map(PathBuf::from),
        mapped_file_size_commit_log: size(config.mapped_file_size_commit_log),
        mapped_file_size_consume_queue: size(config.mapped_file_size_consume_queue),
        max_hash_slot_num: count(config.max_hash_slot_num),
        max_index_num: count(config.max_index_num),
        max_message_size: config.max_message_size,
        flush_disk_type,
        flush_interval_commit_log: config.flush_interval_commit_log,
        flush_commit_log_least_pages: count(config.flush_commit_log_least_pages),
        flush_commit_log_thorough_interval: config.flush_commit_log_thorough_interval,
        flush_interval_consume_queue: config.flush_interval_consume_queue,
        file_reserved_time: config.file_reserved_time,
        delete_when: config.delete_when.clone(),
        clean_resource_interval: config.clean_resource_interval,
        delete_file_batch_max: config.delete_file_batch_max,
        disk_max_used_space_ratio: config.disk_max_used_space_ratio,
        disk_space_clean_forcibly_ratio: config.disk_space_clean_forcibly_ratio,
        disk_space_warning_level_ratio: config.disk_space_warning_level_ratio,
        clean_file_forcibly_enable: config.clean_file_forcibly_enable,
        message_index_enable: config.message_index_enable,
        check_crc_on_recover: config.check_crc_on_recover,
        data_read_ahead_enable: config.data_read_ahead_enable,
        max_filter_message_size: config.max_filter_message_size,
        max_transfer_bytes_in_memory: config.max_transfer_bytes_on_message_in_memory,
        max_transfer_count_in_memory: config.max_transfer_count_on_message_in_memory,
        max_transfer_bytes_in_disk: config.max_transfer_bytes_on_message_in_disk,
        max_transfer_count_in_disk: config.max_transfer_count_on_message_in_disk,
        access_message_in_memory_max_ratio: config.access_message_in_memory_max_ratio,
        max_msgs_num_batch: config.max_msgs_num_batch,
        message_delay_level: config.message_delay_level.clone(),
        ..StoreConfig::new(config.store_path_root_dir.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_have_the_same_defaults() {
        let mut config = BrokerConfig::default();
        config.store_path_root_dir = "/somewhere".into();
        let expected = format!("{:?}", StoreConfig::new("/somewhere"));
        assert_eq!(format!("{:?}", of(&config)), expected);
    }
}
