//! Commands that write what a cluster has into files.

use super::{CommandError, ErrorKind};

pub mod export_configs;
pub mod export_metadata;
pub mod export_metadata_in_rocks_db;
pub mod export_metrics;
pub mod export_pop_record;
mod file;
mod java_json;
pub mod rocks_db_config_to_json;
mod rocks_tables;
mod tables;

crate::admin::commands! {
    /// Commands that write what a cluster has into files.
    pub enum ExportCommand in "Export" {
        ExportConfigs = export_configs as "exportConfigs",
        ExportMetadata = export_metadata as "exportMetadata",
        ExportMetadataInRocksDb = export_metadata_in_rocks_db as "exportMetadataInRocksDB",
        ExportMetrics = export_metrics as "exportMetrics",
        ExportPopRecord = export_pop_record as "exportPopRecord",
        RocksDbConfigToJson = rocks_db_config_to_json as "rocksDBConfigToJson",
    }
}

/// Does what reads or writes files without holding up what else there is to do.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(CommandError::new(ErrorKind::Bug, error.to_string())))
}
