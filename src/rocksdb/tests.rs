//! Directories that Apache's broker 5.5.0 wrote, and the same with damage. `tests/fixtures/rocksdb/apache-5.5.0/README.txt`
//! tells how they were made.

use super::{Database, Rows};
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rocksdb/apache-5.5.0").join(name)
}

fn names(rows: &Rows) -> Vec<&str> {
    rows.keys().map(|key| str::from_utf8(key).unwrap()).collect()
}

fn value<'a>(rows: &'a Rows, key: &str) -> &'a str {
    str::from_utf8(&rows[key.as_bytes()]).unwrap()
}

/// What the real mqadmin listed of the topics.
const TOPICS: [&str; 19] = [
    "BenchmarkTest",
    "OFFSET_MOVED_EVENT",
    "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC",
    "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",
    "RMQ_SYS_TRANS_HALF_TOPIC",
    "RMQ_SYS_TRANS_OP_HALF_TOPIC",
    "RocksCluster",
    "RocksCluster_REPLY_TOPIC",
    "SCHEDULE_TOPIC_XXXX",
    "SELF_TEST_TOPIC",
    "TBW102",
    "fifo",
    "orders-1",
    "orders-2",
    "orders-4",
    "orders-5",
    "rmq_sys_REVIVE_LOG_RocksCluster",
    "rmq_sys_SYNC_BROKER_MEMBER_rocks-a",
    "rocks-a",
];

#[test]
fn topics_are_those_that_mqadmin_lists_while_the_broker_runs_and_after() {
    for directory in ["live/topics", "closed/topics"] {
        let database = Database::read(&fixture(directory)).unwrap();
        let topics = database.family("default").unwrap();
        // orders-3 was deleted.
        assert_eq!(names(topics), TOPICS, "{directory}");
        // Made with two queues and updated, which is in another file than the first.
        assert!(value(topics, "orders-2").contains(r#""perm":4,"readQueueNums":7"#), "{directory}");
        let version = database.family("kvDataVersion").unwrap();
        assert!(value(version, "kvDataVersionKey").contains("\"counter\":"), "{directory}");
    }
}

#[test]
fn groups_and_offsets_are_read_from_tables_and_logs() {
    let groups = Database::read(&fixture("closed/subscriptionGroups")).unwrap().into_default();
    assert!(value(&groups, "billing").contains("\"retryMaxTimes\":5"));
    for directory in ["live/consumerOffsets", "closed/consumerOffsets"] {
        let offsets = Database::read(&fixture(directory)).unwrap().into_default();
        assert_eq!(names(&offsets), ["orders-1@billing", "orders-4@shipping"], "{directory}");
        assert_eq!(value(&offsets, "orders-1@billing"), r#"{"offsetTable":{"0":1}}"#, "{directory}");
    }
}

#[test]
fn compressed_blocks_with_a_hash_index_are_read() {
    let queues = Database::read(&fixture("closed/consumequeue")).unwrap();
    assert!(queues.families.values().any(|rows| !rows.is_empty()));
}

/// A copy of a fixture whose file may be changed.
fn copy(name: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
    }
    directory
}

#[test]
fn damage_is_an_error_or_a_torn_end_and_never_a_panic() {
    for name in ["live/topics", "closed/subscriptionGroups", "closed/consumequeue"] {
        let directory = copy(name);
        let whole = Database::read(directory.path()).unwrap();
        for entry in fs::read_dir(directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let good = fs::read(&path).unwrap();
            let step = (good.len() / 40).max(1);
            for at in (0..good.len()).step_by(step) {
                let mut bad = good.clone();
                bad[at] ^= 0x55;
                fs::write(&path, &bad).unwrap();
                let _ = Database::read(directory.path());
                fs::write(&path, &good[..at]).unwrap();
                let _ = Database::read(directory.path());
            }
            fs::write(&path, &good).unwrap();
        }
        assert_eq!(Database::read(directory.path()).unwrap().families, whole.families, "{name}");
    }
}

#[test]
fn a_block_that_does_not_match_its_checksum_is_told_with_its_file() {
    let directory = copy("closed/topics");
    let path = directory.path().join("000014.sst");
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = Database::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("000014.sst: damaged: a block does not match its checksum"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = Database::read(directory.path()).unwrap_err();
    assert!(error.is_missing() && error.to_string().contains("000014.sst"), "{error}");
    assert!(Database::read(&directory.path().join("nothing")).unwrap_err().is_missing());
}

#[test]
fn a_log_that_ends_within_a_record_loses_that_record_only() {
    let directory = copy("live/topics");
    let path = directory.path().join("000010.log");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let topics = Database::read(directory.path()).unwrap().into_default();
    assert!(topics.len() >= TOPICS.len(), "{:?}", names(&topics));
}
