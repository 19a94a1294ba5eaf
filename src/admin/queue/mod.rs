//! Commands about consume queues.

pub mod check_rocksdb_cq_write_progress;
pub mod query_cq;

crate::admin::commands! {
    /// Commands about consume queues.
    pub enum QueueCommand in "Queues" {
        QueryCq = query_cq as "queryCq",
        CheckRocksdbCqWriteProgress = check_rocksdb_cq_write_progress as "checkRocksdbCqWriteProgress",
    }
}
