//! Random sequences of operations against a model: a list of bodies per queue.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;

use super::super::{Boundary, Recovery, Store, Surroundings};
use super::support::{all_bodies, message, small};

#[derive(Debug, Clone)]
enum Operation {
    Append { topic: bool, queue_id: i32, len: usize },
    Batch { queue_id: i32, count: usize, len: usize },
    Dispatch,
    Flush,
    Stop,
    Kill,
    LoseQueues,
    LoseIndex,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (any::<bool>(), 0..3, 1usize..1500).prop_map(|(topic, queue_id, len)| Operation::Append { topic, queue_id, len }),
        4 => (0..3, 1usize..8, 1usize..400).prop_map(|(queue_id, count, len)| Operation::Batch { queue_id, count, len }),
        3 => Just(Operation::Dispatch),
        2 => Just(Operation::Flush),
        1 => Just(Operation::Stop),
        2 => Just(Operation::Kill),
        1 => Just(Operation::LoseQueues),
        1 => Just(Operation::LoseIndex),
    ]
}

struct Run<'a> {
    root: &'a Path,
    store: Arc<Store>,
    model: HashMap<(&'static str, i32), Vec<String>>,
    sent: usize,
    /// Runs fast, so that what is synced is soon old enough for recovery to rely on.
    time: Arc<AtomicI64>,
}

fn open(root: &Path, time: &Arc<AtomicI64>) -> (Arc<Store>, Recovery) {
    let time = Arc::clone(time);
    let clock = Arc::new(move || time.fetch_add(1000, Ordering::SeqCst));
    Store::open_with(small(root), Surroundings { clock, ..Surroundings::default() }).unwrap()
}

impl Run<'_> {
    fn append(&mut self, topic: &'static str, queue_id: i32, count: usize, len: usize) {
        let bodies: Vec<_> = (0..count).map(|index| format!("{:0>len$}", self.sent + index)).collect();
        let keys: Vec<_> = (0..count).map(|index| format!("KEYS\u{1}k{}\u{2}", self.sent + index)).collect();
        let batch: Vec<_> = bodies
            .iter()
            .zip(&keys)
            .map(|(body, key)| message(topic, queue_id, body.as_bytes(), key))
            .collect();
        let queue = self.model.entry((topic, queue_id)).or_default();
        let placed = self.store.append_batch(&batch).unwrap();
        assert_eq!(placed[0].queue_offset, i64::try_from(queue.len()).unwrap());
        queue.extend(bodies);
        self.sent += count;
    }

    fn reopen(&mut self, clean: bool, without: Option<&str>) {
        if clean {
            self.store.close().unwrap()
        } else {
            self.store.abandon()
        }
        if let Some(part) = without {
            drop(std::fs::remove_dir_all(self.root.join(part)));
        }
        let (store, recovery) = open(self.root, &self.time);
        assert_eq!((recovery.truncated_at, &recovery.warnings), (None, &vec![]));
        self.store = store;
        self.check();
    }

    fn check(&self) {
        self.store.dispatch(false).unwrap();
        assert_eq!(self.store.check(), Vec::<String>::new());
        for ((topic, queue_id), bodies) in &self.model {
            assert_eq!(&all_bodies(&self.store, topic, *queue_id), bodies, "{topic} {queue_id}");
            if let Some(last) = bodies.last() {
                let key = format!("k{}", last.parse::<usize>().unwrap());
                assert_eq!(
                    self.store.query(topic, &key, None, 64, 0, i64::MAX).messages.len(),
                    1,
                    "{topic} {key}"
                );
            }
            let end = self.store.offset_by_time(topic, *queue_id, i64::MAX, Boundary::Lower);
            assert_eq!(end, i64::try_from(bodies.len()).unwrap());
        }
    }

    fn perform(&mut self, operation: &Operation) {
        match *operation {
            Operation::Append { topic, queue_id, len } => {
                self.append(if topic { "A" } else { "B" }, queue_id, 1, len)
            }
            Operation::Batch { queue_id, count, len } => self.append("A", queue_id, count, len),
            Operation::Dispatch => self.check(),
            Operation::Flush => {
                self.store.dispatch(false).unwrap();
                self.store.flush_queues().unwrap();
            }
            Operation::Stop => self.reopen(true, None),
            Operation::Kill => self.reopen(false, None),
            Operation::LoseQueues => self.reopen(false, Some("consumequeue")),
            Operation::LoseIndex => self.reopen(false, Some("index")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_history_leaves_every_message_in_its_place(operations in proptest::collection::vec(operation(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicI64::new(1_795_513_893_155));
        let store = open(dir.path(), &time).0;
        let mut run = Run { root: dir.path(), store, model: HashMap::new(), sent: 0, time };
        for operation in &operations {
            run.perform(operation);
        }
        run.reopen(false, None);
        run.reopen(true, Some("consumequeue"));
        run.store.close().unwrap();
    }
}
