//! Which half messages are ended, by queue.

use std::collections::{BTreeSet, HashMap, VecDeque};

use parking_lot::{Mutex, MutexGuard};

use crate::protocol::message::{Message, property};

/// How many transactions are remembered that were given up.
pub(super) const REMEMBERED: usize = 10_000;

/// Where a half message lies, and where it lay before it was stored anew for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) queue: i32,
    pub(super) offset: i64,
    pub(super) first: i64,
}

impl Place {
    pub(super) fn of(half: &Message) -> Self {
        let first = half.properties.get(property::TRANSACTION_PREPARED_QUEUE_OFFSET);
        let first = first.and_then(|offset| offset.parse().ok()).filter(|first| *first < half.queue_offset);
        Self { queue: half.queue_id, offset: half.queue_offset, first: first.unwrap_or(half.queue_offset) }
    }
}

#[derive(Debug, Default)]
struct Queue {
    /// Offsets of ended half messages that are not settled yet.
    ended: BTreeSet<i64>,
    /// From where a half message lay first to its latest copy, as long as that is not settled.
    latest: HashMap<i64, i64>,
}

impl Queue {
    fn latest(&self, place: Place) -> i64 {
        self.latest.get(&place.first).copied().unwrap_or(place.offset).max(place.offset)
    }

    fn is_ended(&self, place: Place) -> bool {
        [place.offset, place.first, self.latest(place)].iter().any(|offset| self.ended.contains(offset))
    }
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<i32, Queue>,
    /// Ids of transactions that were given up, the latest last.
    given_up: VecDeque<String>,
}

/// The ended half messages that checks have yet to pass, and what else tells whether a transaction is open.
#[derive(Debug, Default)]
pub struct Ended {
    state: Mutex<State>,
    turn: Mutex<()>,
}

impl Ended {
    /// Held by who decides on a half message and carries it out: an end that comes while a check stores the message
    /// anew would miss the copy, and a check that sees an end that fails would pass it for good.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }

    /// These are ended.
    pub(super) fn add(&self, queue: i32, offsets: impl IntoIterator<Item = i64>) {
        self.state.lock().queues.entry(queue).or_default().ended.extend(offsets);
    }

    /// Whether a transaction may be ended. `settled` is up to where its queue is settled: what is settled was ended,
    /// unless it was given up.
    pub(super) fn may_end(&self, place: Place, settled: i64, id: &str) -> bool {
        let state = self.state.lock();
        let open = |queue: &Queue| !queue.is_ended(place) && queue.latest(place) >= settled;
        let known = state.queues.get(&place.queue);
        known.map_or(place.offset >= settled, open) || state.given_up.iter().any(|known| known == id)
    }

    /// Ends a transaction. Returns the offsets that tell so: of the half message and of its copies.
    pub(super) fn end(&self, place: Place, settled: i64, id: &str) -> Vec<i64> {
        let mut state = self.state.lock();
        state.given_up.retain(|known| known != id);
        let queue = state.queues.entry(place.queue).or_default();
        let mut offsets = vec![place.first, place.offset, queue.latest(place)];
        offsets.dedup();
        queue.ended.extend(offsets.iter().filter(|offset| **offset >= settled));
        offsets
    }

    /// Whether a half message need not be looked at: it is ended, or there is a later copy of it.
    pub(super) fn is_over(&self, place: Place) -> bool {
        let state = self.state.lock();
        let over = |queue: &Queue| queue.is_ended(place) || queue.latest(place) > place.offset;
        state.queues.get(&place.queue).is_some_and(over)
    }

    /// A half message was stored anew.
    pub(super) fn copied(&self, place: Place, to: i64) {
        self.state.lock().queues.entry(place.queue).or_default().latest.insert(place.first, to);
    }

    /// A transaction is given up: its end may come all the same.
    pub(super) fn give_up(&self, id: &str) {
        let mut state = self.state.lock();
        if state.given_up.len() >= REMEMBERED {
            state.given_up.pop_front();
        }
        state.given_up.push_back(id.to_owned());
    }

    /// A transaction that was given up is checked again.
    pub(super) fn resume(&self, id: &str) {
        self.state.lock().given_up.retain(|known| known != id);
    }

    /// Half messages before this offset are settled.
    pub(super) fn settle(&self, queue: i32, before: i64) {
        let mut state = self.state.lock();
        let Some(known) = state.queues.get_mut(&queue) else { return };
        known.ended = known.ended.split_off(&before);
        known.latest.retain(|_, latest| *latest >= before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: i64, first: i64) -> Place {
        Place { queue: 0, offset, first }
    }

    /// A half message at 1, stored anew at 5 and at 9.
    fn copied_twice() -> Ended {
        let ended = Ended::default();
        ended.copied(place(1, 1), 5);
        ended.copied(place(5, 1), 9);
        ended
    }

    #[test]
    fn an_end_counts_once_for_a_message_and_its_copies() {
        let all = [place(1, 1), place(5, 1), place(9, 1)];
        for named in all {
            let ended = copied_twice();
            assert!(all.iter().all(|one| ended.may_end(*one, 0, "A")), "to ask changes nothing");
            let offsets = ended.end(named, 0, "A");
            assert!(offsets.contains(&1) && offsets.contains(&9), "{offsets:?}");
            assert!(all.iter().all(|one| !ended.may_end(*one, 0, "A") && ended.is_over(*one)), "{named:?}");
            assert!(ended.may_end(place(4, 4), 0, "B") && ended.may_end(Place { queue: 1, ..named }, 0, "A"));
        }
    }

    #[test]
    fn only_the_latest_copy_is_looked_at() {
        let ended = copied_twice();
        let over: Vec<_> =
            [place(1, 1), place(5, 1), place(9, 1)].iter().map(|one| ended.is_over(*one)).collect();
        assert_eq!(over, [true, true, false]);
    }

    #[test]
    fn what_is_settled_had_its_end() {
        let ended = copied_twice();
        ended.add(0, [0, 9]);
        ended.settle(0, 9);
        assert!(!ended.may_end(place(1, 1), 9, "A") && !ended.may_end(place(5, 1), 9, "A"));
        ended.settle(0, 10);
        for one in [place(1, 1), place(5, 1), place(9, 1)] {
            assert!(!ended.may_end(one, 10, "A"));
        }
        assert!(ended.may_end(place(10, 10), 10, "A"));
        let state = ended.state.lock();
        assert!(state.queues[&0].ended.is_empty() && state.queues[&0].latest.is_empty());
    }

    #[test]
    fn what_was_given_up_may_still_end_once() {
        let ended = Ended::default();
        ended.give_up("A");
        ended.settle(0, 10);
        assert!(ended.may_end(place(3, 3), 10, "A") && !ended.may_end(place(3, 3), 10, "B"));
        assert_eq!(ended.end(place(3, 3), 10, "A"), [3]);
        assert!(!ended.may_end(place(3, 3), 10, "A"));
        for number in 0..REMEMBERED {
            ended.give_up(&number.to_string());
        }
        ended.give_up("last");
        ended.resume("1");
        let may_end = ["0", "1", "2", "last"].map(|id| ended.may_end(place(3, 3), 10, id));
        assert_eq!(may_end, [false, false, true, true]);
    }
}
