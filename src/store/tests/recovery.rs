//! Opening what was left behind: in order, killed, torn, damaged, with parts missing.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::{Appended, FlushDiskType, Store, StoreConfig, StoreError};
use super::support::{FaultyDisk, all_bodies, clock, fill, message, numbers, open, small};

/// Fills a store with `count` messages and ends it, in order or as a kill does.
fn left_behind(config: &StoreConfig, count: usize, clean: bool) {
    let (store, _) = open(config);
    fill(&store, 0, count);
    if clean {
        store.close().unwrap();
    } else {
        store.abandon();
    }
}

fn found(store: &Store, key: &str) -> usize {
    store.query("T", key, None, 64, 0, i64::MAX).messages.len()
}

/// Checks that the messages `0..count` are there once, in queue and index, and that more can be appended.
fn expect_whole(store: &Store, count: usize) {
    assert_eq!(all_bodies(store, "T", 0), numbers(0..count));
    for index in 0..count {
        assert_eq!(found(store, &format!("k{index}")), 1, "key of {index}");
    }
    assert_eq!(store.next_offset("T", 0), i64::try_from(count).unwrap());
    fill(store, count, 30);
    assert_eq!(all_bodies(store, "T", 0), numbers(0..count + 30));
    assert_eq!(store.check(), Vec::<String>::new());
}

#[test]
fn everything_is_there_after_a_stop_or_a_kill() {
    for clean in [true, false] {
        for count in [0, 1, 19, 20, 21, 60] {
            let dir = tempfile::tempdir().unwrap();
            let config = small(dir.path());
            left_behind(&config, count, clean);
            let (store, recovery) = open(&config);
            assert_eq!((recovery.clean, recovery.truncated_at, &recovery.warnings), (clean, None, &vec![]));
            expect_whole(&store, count);
            store.abandon();
            let (store, _) = open(&config);
            expect_whole(&store, count + 30);
        }
    }
}

#[test]
fn a_clean_stop_is_not_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    left_behind(&config, 60, true);
    let (_, recovery) = open(&config);
    assert_eq!((recovery.scanned, recovery.dispatched), (0, 0));
}

#[test]
fn missing_parts_are_built_again() {
    for clean in [true, false] {
        for part in ["consumequeue", "index", "consumequeue/T/0", "checkpoint"] {
            let dir = tempfile::tempdir().unwrap();
            let config = small(dir.path());
            left_behind(&config, 60, clean);
            let path = dir.path().join(part);
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
            let (store, _) = open(&config);
            expect_whole(&store, 60);
        }
    }
}

#[test]
fn queues_of_a_topic_that_was_made_again_are_built_again() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let config = small(dir.path());
        let (store, _) = open(&config);
        fill(&store, 0, 25);
        store.delete_topic("T").unwrap();
        fill(&store, 0, 3);
        if clean {
            store.close().unwrap()
        } else {
            store.abandon()
        }
        std::fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
        let (store, _) = open(&config);
        assert_eq!(all_bodies(&store, "T", 0), numbers(0..3));
        fill(&store, 3, 30);
        assert_eq!(all_bodies(&store, "T", 0), numbers(0..33));
    }
}

#[test]
fn without_a_commit_log_the_queues_go() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    left_behind(&config, 30, true);
    std::fs::remove_dir_all(dir.path().join("commitlog")).unwrap();
    let (store, recovery) = open(&config);
    assert_eq!(recovery.warnings.len(), 1);
    assert_eq!((store.max_physical_offset(), store.max_offset("T", 0)), (0, None));
}

#[test]
fn a_store_with_batch_queues_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    left_behind(&config, 3, true);
    let queue = dir.path().join("batchconsumequeue/T/0");
    std::fs::create_dir_all(&queue).unwrap();
    drop(open(&config));
    std::fs::write(queue.join("00000000000000000000"), [0; 46]).unwrap();
    match Store::open(config).unwrap_err() {
        StoreError::BatchQueue { path } => assert_eq!(path, queue),
        other => panic!("{other}"),
    }
}

/// Overwrites bytes of the log.
fn overwrite(root: &Path, offset: i64, bytes: &[u8]) {
    let name = format!("{:020}", offset / 4096 * 4096);
    let file = OpenOptions::new().write(true).open(root.join("commitlog").join(name)).unwrap();
    file.write_all_at(bytes, u64::try_from(offset % 4096).unwrap()).unwrap();
}

#[test]
fn a_torn_tail_is_cut_at_the_last_whole_message() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    let (store, _) = open(&config);
    fill(&store, 0, 25);
    let last = store.append(&message("T", 0, b"torn", "")).unwrap();
    store.dispatch(false).unwrap();
    store.abandon();
    // The end of the last message did not come through.
    overwrite(dir.path(), last.end() - 6, &[0; 6]);
    let (store, recovery) = open(&config);
    assert_eq!(recovery.truncated_at, Some(last.physical_offset));
    assert_eq!((recovery.units_removed, recovery.warnings.len()), (1, 0));
    expect_whole(&store, 25);
}

#[test]
fn each_byte_of_the_tail_may_be_torn() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    let (store, _) = open(&config);
    fill(&store, 0, 3);
    let last = store.append(&message("T", 0, b"torn body", "a\u{1}b\u{2}")).unwrap();
    store.dispatch(false).unwrap();
    store.abandon();
    for at in last.physical_offset..last.end() {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), copy.path());
        let len = usize::try_from(last.end() - at).unwrap();
        overwrite(copy.path(), at, &vec![0; len]);
        let (store, recovery) = open(&small(copy.path()));
        assert_eq!(store.max_physical_offset(), last.physical_offset, "{at}");
        assert_eq!(recovery.truncated_at.is_some(), at >= last.physical_offset + 4, "{at}");
        assert_eq!(all_bodies(&store, "T", 0), numbers(0..3));
    }
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            std::fs::copy(&path, &target).map(drop).unwrap();
        }
    }
}

#[test]
fn what_had_not_reached_the_disk_is_cut_with_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    let (store, _) = open(&config);
    fill(&store, 0, 5);
    let hole = store.append(&message("T", 0, b"hole", "")).unwrap();
    fill(&store, 6, 10);
    store.abandon();
    overwrite(dir.path(), hole.physical_offset, &vec![0; hole.size]);
    let (store, recovery) = open(&config);
    assert_eq!(recovery.truncated_at, Some(hole.physical_offset));
    assert_eq!(recovery.warnings.len(), 1);
    expect_whole(&store, 5);
    store.abandon();
    // Nothing of what was cut comes back.
    let (store, recovery) = open(&config);
    assert!(recovery.warnings.is_empty());
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..35));
}

#[test]
fn damage_before_synced_messages_is_refused_unless_told_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    let (store, _) = open(&config);
    fill(&store, 0, 5);
    let hole = store.append(&message("T", 0, b"hole", "")).unwrap();
    let next = store.append(&message("T", 0, b"next", "")).unwrap();
    fill(&store, 7, 5);
    store.flush().unwrap();
    store.flush_queues().unwrap();
    store.abandon();
    overwrite(dir.path(), hole.physical_offset + 89, b"HOLE");
    let refused = Store::open(config.clone()).map(drop);
    let Err(StoreError::Damaged { at, next_valid }) = refused else { panic!("{refused:?}") };
    assert_eq!((at, next_valid), (hole.physical_offset, next.physical_offset));
    let (store, recovery) = open(&StoreConfig { truncate_damaged_commit_log: true, ..config });
    assert_eq!((recovery.truncated_at, recovery.warnings.len()), (Some(hole.physical_offset), 1));
    expect_whole(&store, 5);
}

/// Messages stored by a clock that stands still, or steps back once those before are synced.
fn filled_by_a_bad_clock(dir: &Path, before: usize, synced: bool, after: usize) -> Vec<Appended> {
    let (time, surroundings) = clock(1_000_000_000);
    let (store, _) = Store::open_with(small(dir), surroundings).unwrap();
    let append = |index: usize| {
        let appended = store.append(&message("T", 0, index.to_string().as_bytes(), "")).unwrap();
        store.dispatch(false).unwrap();
        appended
    };
    let mut all: Vec<_> = (0..before).map(append).collect();
    if synced {
        store.flush().unwrap();
        store.flush_queues().unwrap();
        time.store(1_000, Ordering::SeqCst);
    }
    all.extend((before..before + after).map(append));
    if !synced {
        store.flush().unwrap();
    }
    store.abandon();
    all
}

#[test]
fn damage_is_told_where_all_messages_have_one_time() {
    let dir = tempfile::tempdir().unwrap();
    let all = filled_by_a_bad_clock(dir.path(), 0, false, 10);
    overwrite(dir.path(), all[5].physical_offset + 89, b"HOLE");
    let refused = Store::open(small(dir.path())).map(drop);
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
}

#[test]
fn without_a_checkpoint_nothing_behind_damage_is_thrown_away() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let config = small(dir.path());
        left_behind(&config, 60, clean);
        std::fs::remove_file(dir.path().join("checkpoint")).unwrap();
        std::fs::remove_dir_all(dir.path().join("consumequeue")).unwrap();
        overwrite(dir.path(), 4096 + 40, &[7; 200]);
        let refused = Store::open(config).map(drop);
        assert!(matches!(refused, Err(StoreError::Damaged { at: 4096.., .. })), "{refused:?}");
    }
}

#[test]
fn what_had_not_reached_the_disk_is_no_damage_after_a_clock_stepped_back() {
    let dir = tempfile::tempdir().unwrap();
    let all = filled_by_a_bad_clock(dir.path(), 5, true, 10);
    overwrite(dir.path(), all[7].physical_offset, &vec![0; all[7].size]);
    let (store, recovery) = open(&small(dir.path()));
    assert_eq!((recovery.truncated_at, recovery.warnings.len()), (Some(all[7].physical_offset), 1));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..7));
}

#[test]
fn a_clock_that_stepped_back_hides_no_hole() {
    let dir = tempfile::tempdir().unwrap();
    let all = filled_by_a_bad_clock(dir.path(), 5, true, 120);
    assert!(all[124].physical_offset > 2 * 4096);
    overwrite(dir.path(), all[50].physical_offset, &vec![0; all[50].size]);
    let (store, _) = open(&small(dir.path()));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..50));
}

#[test]
fn an_index_that_had_not_reached_the_disk_is_built_again_whatever_the_clock_said() {
    let dir = tempfile::tempdir().unwrap();
    let (time, surroundings) = clock(1_000_000_000);
    let (store, _) = Store::open_with(small(dir.path()), surroundings).unwrap();
    fill(&store, 0, 5);
    store.flush_queues().unwrap();
    time.store(1_000, Ordering::SeqCst);
    fill(&store, 5, 60);
    store.abandon();
    // Their slots did not come through.
    for entry in std::fs::read_dir(dir.path().join("index")).unwrap() {
        let file = OpenOptions::new().write(true).open(entry.unwrap().path()).unwrap();
        file.write_all_at(&[0; 64], 40).unwrap();
    }
    let (store, _) = open(&small(dir.path()));
    expect_whole(&store, 65);
}

#[test]
fn what_the_disk_has_lost_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let all = filled_by_a_bad_clock(dir.path(), 0, false, 10);
    let lost = all[8].physical_offset;
    overwrite(dir.path(), lost, &vec![0; 2 * all[8].size]);
    let (store, recovery) = open(&small(dir.path()));
    assert_eq!((recovery.truncated_at, recovery.warnings.len()), (Some(lost), 1));
    assert_eq!(all_bodies(&store, "T", 0), numbers(0..8));
}

#[test]
fn files_that_java_has_made_ahead_do_no_harm() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let config = small(dir.path());
        left_behind(&config, 10, clean);
        for base in [4096, 8192] {
            std::fs::write(dir.path().join(format!("commitlog/{base:020}")), vec![0; 4096]).unwrap();
        }
        let (store, recovery) = open(&config);
        assert_eq!((recovery.truncated_at, recovery.warnings.len()), (None, 0));
        expect_whole(&store, 10);
    }
}

#[test]
fn other_settings_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    left_behind(&small(dir.path()), 10, true);
    let other = StoreConfig { mapped_file_size_commit_log: 8192, ..small(dir.path()) };
    let refused = Store::open(other).map(drop);
    assert!(matches!(refused, Err(StoreError::FileLength { len: 4096, expected: 8192, .. })), "{refused:?}");
    let nonsense = StoreConfig { max_index_num: usize::MAX, ..small(dir.path()) };
    assert!(matches!(Store::open(nonsense).map(drop), Err(StoreError::Setting { key: "maxIndexNum", .. })));
}

#[test]
fn a_kill_does_not_leave_a_hole_before_what_is_synced_later() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let config = small(dir.path());
    let (store, _) = Store::open_with(config.clone(), disk.surroundings()).unwrap();
    fill(&store, 0, 50);
    store.abandon();
    let (store, _) = Store::open_with(config, disk.surroundings()).unwrap();
    fill(&store, 50, 10);
    store.flush().unwrap();
    let after = tempfile::tempdir().unwrap();
    disk.after_power_cut(dir.path(), after.path());
    let (survivor, recovery) = open(&small(after.path()));
    assert_eq!((recovery.truncated_at, recovery.warnings.len()), (None, 0));
    expect_whole(&survivor, 60);
}

#[test]
fn a_power_cut_is_known_as_one_from_the_first_message_on() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let (store, _) = Store::open_with(small(dir.path()), disk.surroundings()).unwrap();
    store.append(&message("T", 0, b"x", "")).unwrap();
    let after = tempfile::tempdir().unwrap();
    disk.after_power_cut(dir.path(), after.path());
    let (_, recovery) = open(&small(after.path()));
    assert!(!recovery.clean);
}

#[test]
fn a_damaged_consume_queue_does_not_mislead() {
    let dir = tempfile::tempdir().unwrap();
    let config = small(dir.path());
    left_behind(&config, 15, true);
    let path = dir.path().join("consumequeue/T/0/00000000000000000200");
    let file = OpenOptions::new().write(true).open(path).unwrap();
    // The size of the last message.
    file.write_all_at(&7i32.to_be_bytes(), 4 * 20 + 8).unwrap();
    let (store, recovery) = open(&config);
    assert_eq!((recovery.truncated_at, recovery.warnings.len()), (None, 0));
    assert_eq!(store.max_offset("T", 0), Some(15));
    fill(&store, 15, 5);
    assert_eq!(store.max_offset("T", 0), Some(20));
}

#[test]
fn acknowledged_messages_survive_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let config = StoreConfig { flush_disk_type: FlushDiskType::Sync, ..small(dir.path()) };
    let (store, _) = Store::open_with(config, disk.surroundings()).unwrap();
    store.start().unwrap();
    for index in 0..60 {
        let appended = store.append(&message("T", 0, index.to_string().as_bytes(), "")).unwrap();
        assert!(store.wait_flushed(appended.end(), Duration::from_secs(30)).unwrap());
        if index % 7 == 0 {
            let after = tempfile::tempdir().unwrap();
            disk.after_power_cut(dir.path(), after.path());
            let (survivor, _) = open(&small(after.path()));
            assert_eq!(all_bodies(&survivor, "T", 0), numbers(0..index + 1));
        }
    }
    // What was not waited for may be lost, but what is left is whole.
    fill(&store, 60, 20);
    let after = tempfile::tempdir().unwrap();
    disk.after_power_cut(dir.path(), after.path());
    let (survivor, _) = open(&small(after.path()));
    let left = all_bodies(&survivor, "T", 0);
    assert!(left.len() >= 60);
    assert_eq!(left, numbers(0..left.len()));
    store.close().unwrap();
}
