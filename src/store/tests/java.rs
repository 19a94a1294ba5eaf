//! A directory that Apache's broker 5.5.0 has written.

use std::path::{Path, PathBuf};

use super::super::{SCHEDULE_TOPIC, Store, StoreConfig, TableFile};
use super::support::{all_bodies, message, open, small};
use crate::protocol::message::MessageView;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store/apache-5.5.0")
}

/// The settings that Apache's broker had.
fn settings(root: &Path) -> StoreConfig {
    StoreConfig {
        mapped_file_size_commit_log: 16_384,
        mapped_file_size_consume_queue: 400,
        max_hash_slot_num: 64,
        max_index_num: 128,
        ..small(root)
    }
}

fn bodies_of(queue_id: usize, until: usize) -> Vec<String> {
    (queue_id..until).step_by(2).map(|index| format!("body {index}")).collect()
}

fn found(store: &Store, key: &str, kind: Option<&str>) -> Vec<String> {
    let result = store.query("TopicTest", key, kind, 64, 0, i64::MAX);
    let body = |bytes: &bytes::Bytes| MessageView::parse(bytes).unwrap().body().to_vec();
    result.messages.iter().map(|message| String::from_utf8(body(message)).unwrap()).collect()
}

fn expect_messages(store: &Store, until: usize) {
    for (queue_id, queue) in [(0, 0), (1, 1)] {
        let all: Vec<_> =
            all_bodies(store, "TopicTest", queue_id).into_iter().filter(|body| body != "late").collect();
        assert_eq!(all, bodies_of(queue, until));
    }
    for index in [0, 7, until - 1] {
        assert_eq!(found(store, &format!("k{index}"), None), [format!("body {index}")]);
    }
    let tagged = found(store, "TagA", Some("T"));
    assert_eq!(tagged.len(), 64);
    let due = store.unit(SCHEDULE_TOPIC, 17, 0).unwrap();
    let stored = store.store_time(SCHEDULE_TOPIC, 17, 0).unwrap();
    assert_eq!(due.tags_code, stored + 2 * 3_600_000);
}

/// Appends messages `first..` as the client did.
fn go_on(store: &Store, first: usize, count: usize) {
    for index in first..first + count {
        let body = format!("body {index}");
        let properties = format!("KEYS\u{1}k{index}\u{2}UNIQ_KEY\u{1}U{index}\u{2}TAGS\u{1}TagA\u{2}");
        let queue_id = i32::try_from(index % 2).unwrap();
        store.append(&message("TopicTest", queue_id, body.as_bytes(), &properties)).unwrap();
    }
}

#[test]
fn a_directory_of_apaches_broker_opens_with_nothing_lost() {
    for killed in [false, true] {
        for without in [None, Some("consumequeue"), Some("index")] {
            let dir = tempfile::tempdir().unwrap();
            super::recovery::copy_dir(&fixture(), dir.path());
            if killed {
                std::fs::write(dir.path().join("abort"), "1").unwrap();
            }
            if let Some(part) = without {
                std::fs::remove_dir_all(dir.path().join(part)).unwrap();
            }
            let (store, recovery) = open(&settings(dir.path()));
            assert_eq!((recovery.clean, recovery.truncated_at, &recovery.warnings), (!killed, None, &vec![]));
            expect_messages(&store, 100);
            go_on(&store, 100, 50);
            store.close().unwrap();
            let (store, recovery) = open(&settings(dir.path()));
            assert_eq!((recovery.clean, recovery.truncated_at), (true, None));
            expect_messages(&store, 150);
        }
    }
}

#[test]
fn consume_queues_and_index_are_built_as_apaches_broker_builds_them() {
    let dir = tempfile::tempdir().unwrap();
    super::recovery::copy_dir(&fixture(), dir.path());
    for part in ["consumequeue", "index"] {
        std::fs::remove_dir_all(dir.path().join(part)).unwrap();
    }
    open(&settings(dir.path())).0.close().unwrap();
    for queue in ["TopicTest/0", "TopicTest/1", "SCHEDULE_TOPIC_XXXX/17"] {
        for theirs in std::fs::read_dir(fixture().join("consumequeue").join(queue)).unwrap() {
            let theirs = theirs.unwrap().path();
            let ours = dir.path().join("consumequeue").join(queue).join(theirs.file_name().unwrap());
            assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(&theirs).unwrap(), "{}", theirs.display());
        }
    }
    let contents = |root: &Path| {
        let files = super::super::segments::entries(&root.join("index")).unwrap();
        files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(contents(dir.path()), contents(&fixture()));
}

#[test]
fn tables_of_apaches_broker_are_read() {
    let load = |name: &str| {
        TableFile::new(fixture().join("config").join(name)).load::<serde_json::Value>().unwrap().unwrap()
    };
    let topics = load("topics.json");
    assert_eq!(topics.table["topicConfigTable"]["TopicTest"]["readQueueNums"], 4);
    assert_eq!(topics.backup, None);
    load("consumerOffset.json");
    load("subscriptionGroup.json");
    load("delayOffset.json");
}

/// For trying by hand what Apache's broker makes of a directory: adds messages, with the settings above, to
/// the store that `RMQ_TEST_STORE_DIRECTORY` names, from message `RMQ_TEST_STORE_FIRST` on.
#[test]
#[ignore = "needs a directory"]
fn adds_to_a_directory() {
    let root = std::env::var_os("RMQ_TEST_STORE_DIRECTORY").expect("names the directory");
    let first = std::env::var("RMQ_TEST_STORE_FIRST").unwrap().parse().unwrap();
    let (store, recovery) = open(&settings(Path::new(&root)));
    println!("{recovery:?}");
    expect_messages(&store, first);
    go_on(&store, first, 40);
    store.close().unwrap();
}
