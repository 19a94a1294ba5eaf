//! Appending, dispatch, reading and looking up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::{
    Boundary, FlushDiskType, ReadRequest, ReadStatus, SCHEDULE_TOPIC, Store, StoreConfig, StoreError,
};
use super::support::{FaultyDisk, all_bodies, bodies, clock, fill, message, numbers, open, request, small};
use crate::protocol::message::{MessageView, SysFlag, tags_code};

#[test]
fn messages_are_read_in_order_over_many_files() {
    let dir = tempfile::tempdir().unwrap();
    let (store, recovery) = open(&small(dir.path()));
    assert!(recovery.clean && recovery.warnings.is_empty());
    fill(&store, 0, 100);
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..100));
    assert!(store.stats().commit_log_bytes > 3 * 4096);
    assert_eq!(store.check(), Vec::<String>::new());
    store.close().unwrap();
    assert!(!dir.path().join("abort").exists());
    assert!(matches!(store.append(&message("T", 0, b"x", "")), Err(StoreError::Closed)));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..100));
}

#[test]
fn what_append_returns_is_where_the_message_lies() {
    let dir = tempfile::tempdir().unwrap();
    let (time, surroundings) = clock(5_000);
    let (store, _) = Store::open_with(small(dir.path()), surroundings).unwrap();
    let first = store.append(&message("T", 3, b"a", "TAGS\u{1}x\u{2}")).unwrap();
    time.store(6_000, Ordering::SeqCst);
    let second = store.append(&message("T", 3, b"b", "")).unwrap();
    assert_eq!((first.physical_offset, first.queue_offset, first.store_timestamp), (0, 0, 5_000));
    assert_eq!(
        (second.physical_offset, second.queue_offset, second.store_timestamp),
        (first.end(), 1, 6_000)
    );
    store.dispatch(false).unwrap();
    let bytes = store.message_at(first.physical_offset).unwrap();
    let view = MessageView::parse(&bytes).unwrap();
    assert_eq!((view.body(), view.queue_offset(), view.total_len()), (&b"a"[..], 0, first.size));
    assert_eq!(store.message_in_queue("T", 3, 1), store.message_at(second.physical_offset));
    assert_eq!(store.message_at(1), None);
    assert_eq!(store.message_at(i64::MAX), None);
    assert_eq!(store.unit("T", 3, 0).unwrap().tags_code, tags_code("x"));
    assert_eq!(store.units("T", 3, 0, 9).len(), 2);
}

#[test]
fn a_batch_lies_in_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    let body = vec![b'x'; 500];
    for _ in 0..5 {
        let batch = vec![message("T", 0, &body, ""); 4];
        let placed = store.append_batch(&batch).unwrap();
        let offsets: Vec<_> = placed.iter().map(|one| one.queue_offset % 4).collect();
        assert_eq!(offsets, [0, 1, 2, 3]);
        assert_eq!(placed[0].physical_offset / 4096, placed[3].physical_offset / 4096);
        assert!(placed.windows(2).all(|pair| pair[0].end() == pair[1].physical_offset));
    }
    store.dispatch(false).unwrap();
    assert_eq!(store.max_offset("T", 0), Some(20));
    let read = store.read(&request("T", 0, 0));
    assert_eq!((read.message_count, read.slices.len()), (10, 3));
    assert_eq!(read.slices.iter().map(|slice| slice.len()).sum::<usize>(), read.total_bytes);
    assert!(store.append_batch(&[]).unwrap().is_empty());
}

#[test]
fn reads_obey_their_limits_and_filters() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { mapped_file_size_consume_queue: 2000, ..small(dir.path()) };
    let (store, _) = open(&config);
    for index in 0..20 {
        let properties = format!("TAGS\u{1}{}\u{2}", if index % 2 == 0 { "even" } else { "odd" });
        store.append(&message("T", 0, index.to_string().as_bytes(), &properties)).unwrap();
    }
    store.dispatch(false).unwrap();
    let odd = |code: i64| code == tags_code("odd");
    let filtered = ReadRequest { by_tags: Some(&odd), max_messages: 3, ..request("T", 0, 4) };
    let read = store.read(&filtered);
    assert_eq!(bodies(&read), ["5", "7", "9"]);
    assert_eq!((read.status, read.next_begin_offset), (ReadStatus::Found, 10));
    let ends_with_3 = |message: &MessageView<'_>| message.body().ends_with(b"3");
    let read = store.read(&ReadRequest { by_message: Some(&ends_with_3), ..filtered });
    assert_eq!((bodies(&read), read.next_begin_offset), (vec!["13".to_owned()], 20));
    let none = |_: i64| false;
    let read = store.read(&ReadRequest { by_tags: Some(&none), ..request("T", 0, 4) });
    assert_eq!((read.status, read.next_begin_offset), (ReadStatus::NoMatchedMessage, 20));
    let read = store.read(&ReadRequest { max_bytes: 1, ..request("T", 0, 4) });
    assert_eq!((bodies(&read), read.next_begin_offset), (vec!["4".to_owned()], 5));
}

#[test]
fn statuses_of_reads_outside() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    fill(&store, 0, 3);
    let table = [
        (("U", 0, 0), (ReadStatus::NoMatchedLogicQueue, 0)),
        (("T", 1, 7), (ReadStatus::NoMatchedLogicQueue, 0)),
        (("T", 0, -1), (ReadStatus::OffsetTooSmall, 0)),
        (("T", 0, 3), (ReadStatus::OffsetOverflowOne, 3)),
        (("T", 0, 4), (ReadStatus::OffsetOverflowBadly, 3)),
    ];
    for ((topic, queue, offset), expected) in table {
        let read = store.read(&request(topic, queue, offset));
        assert_eq!((read.status, read.next_begin_offset), expected, "{topic} {queue} {offset}");
    }
}

#[test]
fn half_messages_take_no_queue_offset() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    fill(&store, 0, 1);
    for (flag, offset) in [(SysFlag::PREPARED, 0), (SysFlag::ROLLBACK, 0), (SysFlag::COMMIT, 1), (0, 2)] {
        let appended = store
            .append(&crate::protocol::message::NewMessage { sys_flag: flag, ..message("T", 0, b"m", "") });
        assert_eq!(appended.unwrap().queue_offset, offset, "{flag}");
    }
    store.dispatch(false).unwrap();
    assert_eq!(store.max_offset("T", 0), Some(3));
    assert_eq!(store.next_offset("T", 0), 3);
}

#[test]
fn delayed_messages_keep_the_time_they_are_due() {
    let dir = tempfile::tempdir().unwrap();
    let (_, surroundings) = clock(10_000);
    let (store, _) = Store::open_with(small(dir.path()), surroundings).unwrap();
    for (queue, level) in [(2, "3"), (17, "99"), (0, "0")] {
        let properties = format!("DELAY\u{1}{level}\u{2}TAGS\u{1}t\u{2}");
        store.append(&message(SCHEDULE_TOPIC, queue, b"m", &properties)).unwrap();
    }
    store.append(&message("T", 0, b"m", "DELAY\u{1}3\u{2}TAGS\u{1}t\u{2}")).unwrap();
    store.dispatch(false).unwrap();
    let code = |topic: &str, queue| store.unit(topic, queue, 0).unwrap().tags_code;
    assert_eq!(code(SCHEDULE_TOPIC, 2), 20_000);
    assert_eq!(code(SCHEDULE_TOPIC, 17), 10_000 + 7_200_000);
    assert_eq!((code(SCHEDULE_TOPIC, 0), code("T", 0)), (tags_code("t"), tags_code("t")));
}

#[test]
fn messages_are_found_by_key_unique_id_and_tag() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    fill(&store, 0, 60);
    store.append(&message("T", 1, b"two keys", "KEYS\u{1}left  right k7\u{2}")).unwrap();
    store.dispatch(false).unwrap();
    let query = |key: &str, kind| {
        let result = store.query("T", key, kind, 64, 0, i64::MAX);
        result
            .messages
            .iter()
            .map(|m| String::from_utf8(MessageView::parse(m).unwrap().body().to_vec()).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(query("k7", None), ["7", "two keys"]);
    assert_eq!(query("k7", Some("K")), ["7", "two keys"]);
    assert_eq!(query("U59", Some("U")), ["59"]);
    assert_eq!(query("right", None), ["two keys"]);
    assert_eq!(query("TagA", Some("T")).len(), 60);
    assert!(query("TagA", None).is_empty() && query("", None).is_empty());
    assert_eq!(store.query("T", "TagA", Some("T"), 5, 0, i64::MAX).messages.len(), 5);
    let result = store.query("T", "k7", None, 64, 0, 10);
    assert!(result.messages.is_empty() && result.index_last_update_physical_offset > 0);
    assert!(std::fs::read_dir(dir.path().join("index")).unwrap().count() > 2);
}

#[test]
fn offsets_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let (time, surroundings) = clock(0);
    let (store, _) = Store::open_with(small(dir.path()), surroundings).unwrap();
    for index in 0..25 {
        time.store(100 + index / 2 * 10, Ordering::SeqCst);
        store.append(&message("T", 0, b"m", "")).unwrap();
    }
    store.dispatch(false).unwrap();
    let table = [(0, 0, 0), (100, 0, 1), (105, 2, 1), (150, 10, 11), (220, 24, 24), (999, 25, 24)];
    for (at, lower, upper) in table {
        assert_eq!(store.offset_by_time("T", 0, at, Boundary::Lower), lower, "{at}");
        assert_eq!(store.offset_by_time("T", 0, at, Boundary::Upper), upper, "{at}");
    }
    assert_eq!(store.offset_by_time("U", 0, 1, Boundary::Lower), 0);
    assert_eq!((store.store_time("T", 0, 3), store.store_time("T", 0, 25)), (Some(110), None));
    assert_eq!((store.earliest_time(), store.earliest_time_in_queue("T", 0)), (Some(100), Some(100)));
}

#[test]
fn the_threads_dispatch_flush_and_tell() {
    for flush_disk_type in [FlushDiskType::Async, FlushDiskType::Sync] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(&StoreConfig { flush_disk_type, ..small(dir.path()) });
        let seen = Arc::new(Mutex::new(vec![]));
        let (arrivals, flushes) = (Arc::clone(&seen), Arc::new(Mutex::new(vec![])));
        store
            .on_arriving(move |arrival| arrivals.lock().push((arrival.topic.to_owned(), arrival.max_offset)));
        let told = Arc::clone(&flushes);
        store.on_flushed(move |offset| told.lock().push(offset));
        store.start().unwrap();
        let placed: Vec<_> = (0..50).map(|_| store.append(&message("T", 0, b"m", "")).unwrap()).collect();
        let last = placed[49];
        assert!(store.wait_flushed(last.end(), Duration::from_secs(30)).unwrap());
        store.wait_dispatched();
        let expected: Vec<_> = (1..51).map(|offset| ("T".to_owned(), offset)).collect();
        assert_eq!(*seen.lock(), expected);
        store.close().unwrap();
        assert_eq!(flushes.lock().last(), Some(&last.end()));
        assert!(flushes.lock().is_sorted());
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&StoreConfig { max_message_size: 3000, ..small(dir.path()) });
    assert!(matches!(
        store.append(&message("T", 0, &[0; 3001], "")),
        Err(StoreError::TooLarge { max: 3000, .. })
    ));
    let batch = vec![message("T", 0, &[0; 2000], ""); 2];
    assert!(matches!(store.append_batch(&batch), Err(StoreError::TooLarge { max: 4088, .. })));
    let long = "x".repeat(40_000);
    assert!(matches!(store.append(&message("T", 0, b"", &long)), Err(StoreError::Message(_))));
    assert!(matches!(store.append(&message("../T", 0, b"", "")), Err(StoreError::Message(_))));
    assert_eq!(store.max_physical_offset(), 0);
    assert_eq!(store.next_offset("T", 0), 0);
}

#[test]
fn a_full_disk_refuses_messages_and_serves_those_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let (store, _) = Store::open_with(small(dir.path()), disk.surroundings()).unwrap();
    fill(&store, 0, 10);
    disk.limit(0);
    let mut stored = 10;
    let refused = loop {
        match store.append(&message("T", 0, stored.to_string().as_bytes(), "")) {
            Ok(_) => stored += 1,
            Err(e) => break e,
        }
    };
    assert!(refused.is_full(), "{refused}");
    let end = store.max_physical_offset();
    assert!(store.append(&message("T", 1, b"again", "")).is_err_and(|e| e.is_full()));
    assert_eq!(store.max_physical_offset(), end);
    assert_eq!(store.next_offset("T", 1), 0);
    assert_eq!(super::super::segments::entries(&dir.path().join("commitlog")).unwrap().len(), 1);
    // Consume queues wait for room; nothing is lost.
    let dispatched = store.dispatch(false);
    disk.limit(1 << 20);
    store.dispatch(false).unwrap();
    assert!(dispatched.is_ok() || stored > 10);
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..stored));
    fill(&store, stored, 40);
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..stored + 40));
}

#[test]
fn a_store_opens_on_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    fill(&store, 0, 5);
    for index in 5..50 {
        store.append(&message("T", 0, index.to_string().as_bytes(), "")).unwrap();
    }
    store.abandon();
    let disk = Arc::new(FaultyDisk::default());
    // Room for the checkpoint alone.
    disk.limit(4096);
    let (store, recovery) = Store::open_with(small(dir.path()), disk.surroundings()).unwrap();
    assert_eq!(recovery.warnings.len(), 1);
    assert!(store.writable().is_err_and(|e| e.is_full()));
    assert_eq!(store.next_offset("T", 0), 50);
    assert_eq!(all_bodies(&store, "T", 0)[..5], numbers(0..5));
    disk.limit(1 << 20);
    store.dispatch(false).unwrap();
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..50));
    store.probe_disk();
    fill(&store, 50, 10);
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..60));
}

#[test]
fn what_was_handed_out_stays_readable() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&StoreConfig { file_reserved_time: 0, ..small(dir.path()) });
    fill(&store, 0, 60);
    let read = store.read(&request("T", 0, 0));
    store.request_deletion();
    assert!(store.delete_expired_commit_log().unwrap() > 0);
    store.close().unwrap();
    drop(store);
    assert_eq!(bodies(&read), numbers(0..10));
}

#[test]
fn a_failed_sync_poisons_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let (store, _) = Store::open_with(small(dir.path()), disk.surroundings()).unwrap();
    store.start().unwrap();
    disk.sync_fails.store(true, Ordering::SeqCst);
    let appended = store.append(&message("T", 0, b"0", "")).unwrap();
    let waited = store.wait_flushed(appended.end(), Duration::from_secs(30));
    assert!(matches!(waited, Err(StoreError::Poisoned { .. })), "{waited:?}");
    disk.sync_fails.store(false, Ordering::SeqCst);
    assert!(matches!(store.append(&message("T", 0, b"1", "")), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.flush(), Err(StoreError::Poisoned { .. })));
    store.wait_dispatched();
    assert_eq!(all_bodies(&store, "T", 0), ["0"]);
    assert!(store.close().is_err());
    assert!(dir.path().join("abort").exists());
}

#[test]
fn files_of_full_size_take_little_room() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        disk_space_warning_level_ratio: 101,
        disk_space_clean_forcibly_ratio: 101,
        ..StoreConfig::new(dir.path())
    };
    let (store, _) = open(&config);
    fill(&store, 0, 10);
    store.close().unwrap();
    let (store, recovery) = open(&config);
    assert_eq!((recovery.scanned, recovery.dispatched), (0, 0));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..10));
    let index = super::super::segments::entries(&dir.path().join("index")).unwrap();
    for (path, len, most) in [
        (dir.path().join("commitlog/00000000000000000000"), 1 << 30, 5 << 20),
        (dir.path().join("consumequeue/T/0/00000000000000000000"), 6_000_000, 1 << 17),
        (index[0].clone(), 420_000_040, 24 << 20),
    ] {
        let meta = std::fs::metadata(&path).unwrap();
        assert_eq!(meta.len(), len, "{}", path.display());
        assert!(meta.blocks() * 512 <= most, "{}: {}", path.display(), meta.blocks() * 512);
    }
}

#[test]
fn many_threads_append_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    store.start().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for index in 0..200 {
                    let body = format!("{thread}-{index}");
                    store.append(&message("T", index % 3, body.as_bytes(), "")).unwrap();
                }
            });
        }
    });
    store.wait_dispatched();
    let mut all: Vec<_> = (0..3).flat_map(|queue| all_bodies(&store, "T", queue)).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 800);
    assert_eq!(store.check(), Vec::<String>::new());
    store.close().unwrap();
}

#[test]
fn what_is_appended_during_the_turn_of_another_is_entered_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    store.start().unwrap();
    let end = {
        let _turn = store.turn();
        store.append(&message("T", 0, b"m", "")).unwrap().end()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while store.dispatched() < end {
        assert!(Instant::now() < until, "a message is left behind");
        std::thread::yield_now();
    }
    store.close().unwrap();
}

#[test]
fn a_message_is_in_its_queue_once_it_is_appended() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&small(dir.path()));
    store.start().unwrap();
    for offset in 0..100 {
        store.append(&message("T", 0, b"m", "")).unwrap();
        assert_eq!(store.max_offset("T", 0), Some(offset + 1));
    }
    store.close().unwrap();
}
