//! Deleting what has expired.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::segments::entries;
use super::super::{ReadStatus, Store, StoreConfig, StoreError};
use super::support::{FaultyDisk, all_bodies, fill, message, numbers, open, request, small};

/// Settings under which everything but the last file has expired, at any time but by itself.
fn expired(root: &std::path::Path) -> StoreConfig {
    StoreConfig {
        file_reserved_time: 0,
        delete_when: String::new(),
        delete_file_batch_max: 100,
        ..small(root)
    }
}

#[test]
fn expired_files_go_when_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&expired(dir.path()));
    store.append(&message("Old", 0, b"old", "KEYS\u{1}old\u{2}")).unwrap();
    fill(&store, 0, 100);
    assert_eq!(store.delete_expired_commit_log().unwrap(), 0);
    store.request_deletion();
    assert!(store.delete_expired_commit_log().unwrap() > 2);
    assert_eq!(entries(&dir.path().join("commitlog")).unwrap().len(), 1);

    // The queue does not know yet.
    let read = store.read(&request("T", 0, 0));
    assert_eq!((read.status, read.next_begin_offset), (ReadStatus::MessageWasRemoving, 10));
    assert!(store.delete_expired_queue_files().unwrap() > 5);
    let min = store.min_offset("T", 0).unwrap();
    assert!(min > 50 && min < 100, "{min}");
    assert_eq!(store.read(&request("T", 0, 0)).status, ReadStatus::OffsetTooSmall);
    let first = usize::try_from(min).unwrap();
    assert_eq!(all_bodies(&store, "T", 0), numbers(first..100));
    assert_eq!(store.earliest_time_in_queue("T", 0), store.earliest_time());
    assert_eq!(store.query("T", "k99", None, 9, 0, i64::MAX).messages.len(), 1);
    assert!(store.query("T", "k1", None, 9, 0, i64::MAX).messages.is_empty());
    assert_eq!(store.min_offset("Old", 0), Some(1));

    // The minimum is found again after a start, and offsets go on.
    store.close().unwrap();
    let (store, _) = open(&expired(dir.path()));
    assert_eq!((store.min_offset("T", 0), store.max_offset("T", 0)), (Some(min), Some(100)));
    assert_eq!(store.next_offset("Old", 0), 1);
    assert!(store.delete_expired_queues(|topic| topic == "Old").unwrap().is_empty());
    assert_eq!(store.delete_expired_queues(|_| false).unwrap(), [("Old".to_owned(), 0)]);
    assert_eq!((store.next_offset("Old", 0), store.min_offset("Old", 0)), (0, None));
    assert!(!dir.path().join("consumequeue/Old").exists());
    assert_eq!(store.topics().into_keys().collect::<Vec<_>>(), ["T"]);
}

#[test]
fn a_deleted_topic_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    fill(&store, 0, 30);
    assert!(store.delete_topic("T").unwrap());
    assert!(!store.delete_topic("T").unwrap());
    assert_eq!(store.read(&request("T", 0, 0)).status, ReadStatus::NoMatchedLogicQueue);
    fill(&store, 0, 5);
    assert_eq!((store.min_offset("T", 0), store.max_offset("T", 0)), (Some(0), Some(5)));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..5));
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn a_disk_that_fills_up_deletes_refuses_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let config = StoreConfig {
        file_reserved_time: 72,
        disk_max_used_space_ratio: 75,
        disk_space_clean_forcibly_ratio: 85,
        disk_space_warning_level_ratio: 90,
        ..expired(dir.path())
    };
    disk.used_percent.store(50, Ordering::SeqCst);
    let (store, _) = Store::open_with(config, disk.surroundings()).unwrap();
    fill(&store, 0, 100);
    for (used, deletes, full) in [(50, false, false), (80, false, false), (86, true, false)] {
        disk.used_percent.store(used, Ordering::SeqCst);
        assert_eq!(store.delete_expired_commit_log().unwrap() > 0, deletes, "{used}");
        assert_eq!(store.writable().is_err(), full, "{used}");
    }
    disk.used_percent.store(95, Ordering::SeqCst);
    store.delete_expired_commit_log().unwrap();
    assert!(matches!(store.append(&message("T", 0, b"x", "")), Err(StoreError::Full { .. })));
    assert!(store.stats().disk_full);
    let last = usize::try_from(store.max_offset("T", 0).unwrap()).unwrap();
    assert_eq!(last, 100);
    assert!(store.message_in_queue("T", 0, 99).is_some());
    disk.used_percent.store(87, Ordering::SeqCst);
    store.delete_expired_commit_log().unwrap();
    assert!(store.writable().is_err(), "it must fall further");
    disk.used_percent.store(60, Ordering::SeqCst);
    store.delete_expired_commit_log().unwrap();
    store.append(&message("T", 0, b"x", "")).unwrap();
}

#[test]
fn a_topic_deleted_while_it_is_written_loses_nothing_that_is_sent_later() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        mapped_file_size_commit_log: 1 << 20,
        mapped_file_size_consume_queue: 2000 * 20,
        message_index_enable: false,
        ..small(dir.path())
    };
    let (store, _) = open(&config);
    store.start().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                store.append(&message("T", 0, b"body", "")).unwrap();
            }
        });
        for _ in 0..50 {
            store.delete_topic("T").unwrap();
        }
        done.store(true, Ordering::SeqCst);
        sender.join().unwrap();
    });
    // The sender may have had its last turn before the last deletion: what must be there is what comes after it.
    let last = store.append(&message("T", 0, b"body", "")).unwrap().queue_offset;
    store.wait_dispatched();
    assert_eq!((store.min_offset("T", 0), store.max_offset("T", 0)), (Some(0), Some(last + 1)));
    assert_eq!(store.check(), Vec::<String>::new());
    store.close().unwrap();
}
