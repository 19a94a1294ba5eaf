//! Messages on disk, in RocketMQ's format: what Apache's broker writes opens here, and the other way round.
//!
//! Synchronous, without a network. A [`Store`] is one directory:
//!
//! | path | what it is |
//! |---|---|
//! | `commitlog/` | all messages, one after the other, in files of fixed length named by their offset |
//! | `consumequeue/TOPIC/QUEUE/` | where the messages of a queue lie in the log, 20 bytes each |
//! | `index/` | hash tables from keys to messages |
//! | `config/*.json` | tables of the broker |
//! | `checkpoint` | how far all this is on the disk |
//! | `abort` | there while a broker runs, so that the next one knows when it died |
//! | `lock` | locked by the broker that uses the directory |
//!
//! The send path only appends to the log ([`Store::append`]). The dispatch thread builds consume queues and
//! index from it and tells of arrivals, the flush thread brings it to the disk, the housekeeping thread the
//! rest, and deletes what has expired.

mod append;
mod checkpoint;
mod commit_log;
mod config;
mod consume_queue;
mod dir_lock;
mod disk;
mod dispatch;
mod engine;
mod error;
mod flush;
mod format;
mod housekeeping;
mod index;
mod index_file;
mod lookup;
mod map;
mod queues;
mod read;
mod record;
mod recovery;
mod recovery_rule;
mod retention;
mod retention_rule;
mod segment;
mod segments;
mod signal;
mod stats;
mod tables;
#[cfg(test)]
mod tests;

pub use append::Appended;
pub use config::{FlushDiskType, StoreConfig};
pub use disk::{Disk, DiskUsage, OsDisk};
pub use dispatch::{Arrival, SCHEDULE_TOPIC};
pub use engine::{Clock, Store, Surroundings};
pub use error::StoreError;
pub use format::cq::CqUnit;
pub use lookup::{Boundary, QueryResult};
pub use read::{MessageFilter, ReadRequest, ReadResult, ReadStatus, TagFilter};
pub use recovery::Recovery;
pub use stats::{QueueSize, StoreStats};
pub use tables::{Loaded, TableFile};
