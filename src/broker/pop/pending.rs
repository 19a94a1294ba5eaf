//! The pops of a revive queue whose time is about to be over. Pure.

use std::collections::{BTreeMap, HashMap};

use super::record::{Acknowledgement, Checkpoint, PopKey};

/// Checkpoints in the order of their queue, with what is acknowledged of them.
#[derive(Debug, Default)]
pub(super) struct Pending {
    points: BTreeMap<i64, Checkpoint>,
    by_key: HashMap<PopKey, i64>,
    /// The offset of the record to read next.
    next: i64,
}

impl Pending {
    /// Goes on behind the last record that is done with.
    pub(super) fn after(done: Option<i64>) -> Self {
        Self { next: done.map_or(0, |done| done.saturating_add(1)), ..Self::default() }
    }

    /// The offset of the record to read next.
    pub(super) const fn next(&self) -> i64 {
        self.next
    }

    /// Goes on at an offset: the record before is read, or is not there.
    pub(super) fn go_on(&mut self, next: i64) {
        self.next = next;
    }

    /// A checkpoint.
    pub(super) fn point(&mut self, offset: i64, point: Checkpoint) {
        if let Some(before) = self.by_key.insert(point.key(), offset) {
            self.points.remove(&before);
        }
        self.points.insert(offset, Checkpoint { revive_offset: offset, ..point });
    }

    /// An acknowledgement. One of a pop that is over already, or not known, changes nothing.
    pub(super) fn acknowledge(&mut self, ack: &Acknowledgement) {
        let key = ack.key();
        let Some(offset) = self.by_key.get(&key).copied() else { return };
        let Some(point) = self.points.get_mut(&offset) else { return };
        for offset in ack.all() {
            point.acknowledge(*offset);
        }
        if point.open().is_empty() {
            self.done(offset);
        }
    }

    /// The first checkpoint whose time was over at `time` (ms since 1970).
    pub(super) fn over(&self, time: i64) -> Option<Checkpoint> {
        self.points.values().find(|point| point.revive_time() <= time).cloned()
    }

    /// When the first checkpoint's time is over.
    pub(super) fn first_time(&self) -> Option<i64> {
        self.points.values().map(Checkpoint::revive_time).min()
    }

    /// A message is given to the group again: it counts as acknowledged.
    pub(super) fn revived(&mut self, revive_offset: i64, offset: i64) {
        if let Some(point) = self.points.get_mut(&revive_offset) {
            point.acknowledge(offset);
        }
    }

    /// A checkpoint is done with.
    pub(super) fn done(&mut self, offset: i64) {
        if let Some(point) = self.points.remove(&offset) {
            let key = point.key();
            if self.by_key.get(&key) == Some(&offset) {
                self.by_key.remove(&key);
            }
        }
    }

    /// The offset of the last record up to which everything is done with; negative before the first.
    pub(super) fn done_up_to(&self) -> i64 {
        self.points.keys().next().copied().unwrap_or(self.next) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(start_offset: i64, pop_time: i64) -> Checkpoint {
        Checkpoint {
            group: "g".into(),
            offsets: vec![0, 1],
            invisible_time: 100,
            number: 2,
            pop_time,
            start_offset,
            topic: "T".into(),
            ..Checkpoint::default()
        }
    }

    fn ack(start_offset: i64, pop_time: i64, offset: i64) -> Acknowledgement {
        let (group, topic) = ("g".into(), "T".into());
        Acknowledgement { offset, group, topic, start_offset, pop_time, ..Acknowledgement::default() }
    }

    #[test]
    fn what_is_not_acknowledged_comes_again_in_time() {
        let mut pending = Pending::after(Some(6));
        pending.point(7, point(0, 1_000));
        pending.point(8, point(2, 1_050));
        pending.go_on(9);
        pending.acknowledge(&ack(0, 1_000, 1));
        pending.acknowledge(&ack(5, 1_000, 1));
        assert_eq!((pending.done_up_to(), pending.first_time()), (6, Some(1_100)));
        assert_eq!(pending.over(1_099), None);
        assert_eq!(pending.over(1_100).unwrap().open(), [0]);
        pending.revived(7, 0);
        assert!(pending.over(1_100).unwrap().open().is_empty());
        pending.done(7);
        assert_eq!(pending.done_up_to(), 7);
        pending.acknowledge(&ack(2, 1_050, 2));
        pending.acknowledge(&ack(2, 1_050, 3));
        assert_eq!((pending.done_up_to(), pending.first_time()), (8, None));
        pending.acknowledge(&ack(2, 1_050, 3));
    }

    #[test]
    fn a_pop_that_is_written_twice_counts_once() {
        let mut pending = Pending::after(None);
        assert_eq!((pending.next(), pending.done_up_to()), (0, -1));
        pending.point(0, point(0, 1_000));
        pending.point(1, point(0, 1_000));
        pending.go_on(2);
        assert_eq!((pending.done_up_to(), pending.over(2_000).unwrap().revive_offset), (0, 1));
    }
}
