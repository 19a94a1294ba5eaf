//! Reads what RocksDB wrote, without RocksDB: the directory in which a broker with `storeType=defaultRocksDB` keeps
//! its topics, groups and offsets (Java: `ConfigRocksDBStorage`). Nothing is ever written, so a broker may be running.
//!
//! A directory has a list of its files (`MANIFEST`, named by `CURRENT`), sorted tables (`.sst`) and a log of what is in
//! no table yet (`.log`). What is newest by its sequence number counts. Read are block-based tables of the
//! formats 1 to 5 with a binary index, blocks that are plain or compressed by Snappy, LZ4, Zstandard or zlib with
//! CRC-32C checksums, and column families; blob files, merges and transactions are refused. Those are what
//! RocketMQ's options make.

mod block;
mod bytes;
mod compression;
mod error;
mod log;
mod manifest;
mod merged;
mod open;
mod table;
#[cfg(test)]
mod tests;
mod write_batch;

pub use error::{Fault, RocksError};
pub use open::{Database, Rows};
