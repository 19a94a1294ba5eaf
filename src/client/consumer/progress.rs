//! How far a queue is pulled and consumed.

use std::collections::BTreeMap;

/// The state of one queue: what was pulled and is not consumed yet, and what may be committed
/// (Java: `ProcessQueue` without the messages).
#[derive(Debug)]
pub(super) struct Progress {
    /// From where to pull next.
    next: i64,
    /// Offsets that are pulled and not consumed, with their sizes in bytes.
    pending: BTreeMap<i64, usize>,
    bytes: usize,
    /// Counts resets: what was pulled before one does not count after it.
    generation: u64,
}

impl Progress {
    pub(super) fn new(start: i64) -> Self {
        Self { next: start, pending: BTreeMap::new(), bytes: 0, generation: 0 }
    }

    /// From where to pull next, and the generation that this belongs to.
    pub(super) fn position(&self) -> (i64, u64) {
        (self.next, self.generation)
    }

    /// Messages were pulled; `next` comes after them. False where a reset came in between: they are to be
    /// dropped.
    pub(super) fn pulled(&mut self, generation: u64, messages: &[(i64, usize)], next: i64) -> bool {
        if generation != self.generation {
            return false;
        }
        self.next = next;
        for (offset, size) in messages {
            self.bytes += size;
            if let Some(before) = self.pending.insert(*offset, *size) {
                self.bytes -= before;
            }
        }
        true
    }

    /// A message is consumed.
    pub(super) fn done(&mut self, generation: u64, offset: i64) {
        if generation == self.generation
            && let Some(size) = self.pending.remove(&offset)
        {
            self.bytes -= size;
        }
    }

    /// Up to where everything is consumed: the offset to commit.
    pub(super) fn committable(&self) -> i64 {
        self.pending.first_key_value().map_or(self.next, |(offset, _)| *offset)
    }

    /// Goes on from elsewhere.
    pub(super) fn reset(&mut self, to: i64) {
        *self = Self { generation: self.generation + 1, ..Self::new(to) };
    }

    /// Whether so many messages or bytes wait that no more should be pulled.
    pub(super) fn is_full(&self, max_messages: usize, max_bytes: usize) -> bool {
        self.pending.len() >= max_messages || self.bytes >= max_bytes
    }

    /// How many messages wait, their bytes, the first and the last offset.
    pub(super) fn waiting(&self) -> (usize, usize, i64, i64) {
        let first = self.pending.first_key_value().map_or(0, |(offset, _)| *offset);
        let last = self.pending.last_key_value().map_or(0, |(offset, _)| *offset);
        (self.pending.len(), self.bytes, first, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_consumed_without_a_gap_is_committable() {
        let mut progress = Progress::new(10);
        assert_eq!(progress.committable(), 10);
        assert!(progress.pulled(0, &[(10, 5), (11, 5), (13, 5)], 15));
        assert_eq!((progress.committable(), progress.position()), (10, (15, 0)));
        for (done, expected) in [(11, 10), (10, 13), (99, 13), (13, 15)] {
            progress.done(0, done);
            assert_eq!(progress.committable(), expected, "after {done}");
        }
        assert_eq!(progress.waiting(), (0, 0, 0, 0));
    }

    #[test]
    fn nothing_matched_moves_on_only_when_nothing_waits() {
        let mut progress = Progress::new(0);
        progress.pulled(0, &[(0, 1)], 1);
        progress.pulled(0, &[], 100);
        assert_eq!(progress.committable(), 0);
        progress.done(0, 0);
        assert_eq!(progress.committable(), 100);
    }

    #[test]
    fn after_a_reset_what_was_pulled_before_does_not_count() {
        let mut progress = Progress::new(0);
        progress.pulled(0, &[(0, 1), (1, 1)], 2);
        progress.reset(50);
        progress.done(0, 0);
        assert!(!progress.pulled(0, &[(2, 1)], 3));
        assert_eq!((progress.committable(), progress.position()), (50, (50, 1)));
        assert!(progress.pulled(1, &[(50, 1)], 51));
        assert_eq!(progress.committable(), 50);
    }

    #[test]
    fn messages_and_bytes_are_bounded() {
        let mut progress = Progress::new(0);
        progress.pulled(0, &[(0, 60), (1, 40), (1, 40)], 2);
        assert!(progress.is_full(2, 1000) && progress.is_full(10, 100));
        assert!(!progress.is_full(3, 101));
        assert_eq!(progress.waiting(), (2, 100, 0, 1));
    }
}
