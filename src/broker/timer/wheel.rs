//! What waits, step by step. In memory only: the messages themselves are in the log.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::protocol::timer::TimingCount;

/// What is to be done with a message when its step is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is delivered.
    Deliver,
    /// It is stored anew, to wait on.
    Roll,
    /// It recalls another one.
    Recall,
}

/// A message that waits.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its offset in the timer topic's queue.
    pub(super) queue_offset: i64,
    /// Where it is in the log.
    pub(super) physical_offset: i64,
    /// The topic that it has in truth.
    pub(super) topic: Arc<str>,
    pub(super) kind: Kind,
}

impl Entry {
    /// What it counts among those of its topic.
    const fn weight(&self) -> i64 {
        if matches!(self.kind, Kind::Recall) { -1 } else { 1 }
    }
}

/// What waits for a step.
#[derive(Debug, Default)]
struct Slot {
    entries: VecDeque<Entry>,
    /// The weights of all.
    weight: i64,
}

/// Messages by step.
#[derive(Debug, Default)]
pub(super) struct Wheel {
    slots: BTreeMap<i64, Slot>,
    counts: HashMap<Arc<str>, TimingCount>,
    /// How often a number of `counts` changed.
    changes: i64,
}

impl Wheel {
    /// A topic's name, shared by its messages.
    pub(super) fn topic(&mut self, name: &str) -> Arc<str> {
        if let Some((known, _)) = self.counts.get_key_value(name) {
            return known.clone();
        }
        let topic: Arc<str> = name.into();
        self.counts.insert(topic.clone(), TimingCount::default());
        topic
    }

    fn count(&mut self, topic: &str, weight: i64, now: i64) {
        if let Some(count) = self.counts.get_mut(topic) {
            count.count += weight;
            count.time_stamp = now;
            self.changes += 1;
        }
    }

    /// Lets a message wait for a step.
    pub(super) fn push(&mut self, slot: i64, entry: Entry, now: i64) {
        self.count(&entry.topic, entry.weight(), now);
        let slot = self.slots.entry(slot).or_default();
        slot.weight += entry.weight();
        slot.entries.push_back(entry);
    }

    /// The first step that something waits for.
    pub(super) fn first(&self) -> Option<i64> {
        self.slots.keys().next().copied()
    }

    /// What waits for a step, at most `max` of it.
    pub(super) fn peek(&self, slot: i64, max: usize) -> Vec<Entry> {
        self.slots.get(&slot).map(|slot| slot.entries.iter().take(max).cloned().collect()).unwrap_or_default()
    }

    /// What recalls others in a step.
    pub(super) fn recalls(&self, slot: i64) -> Vec<Entry> {
        let recalls = |entry: &&Entry| entry.kind == Kind::Recall;
        let slot = self.slots.get(&slot);
        slot.map(|slot| slot.entries.iter().filter(recalls).cloned().collect()).unwrap_or_default()
    }

    /// Takes the first message of a step out; true if it was the step's last.
    pub(super) fn pop(&mut self, slot: i64, now: i64) -> bool {
        let Some(waiting) = self.slots.get_mut(&slot) else { return true };
        let entry = waiting.entries.pop_front();
        let is_empty = waiting.entries.is_empty();
        if let Some(entry) = &entry {
            waiting.weight -= entry.weight();
        }
        if is_empty {
            self.slots.remove(&slot);
        }
        if let Some(entry) = entry {
            self.count(&entry.topic, -entry.weight(), now);
        }
        is_empty
    }

    /// Everything, step by step.
    pub(super) fn all(&self) -> Vec<(i64, Entry)> {
        let entries = |(slot, waiting): (&i64, &Slot)| {
            waiting.entries.iter().map(|entry| (*slot, entry.clone())).collect::<Vec<_>>()
        };
        self.slots.iter().flat_map(entries).collect()
    }

    /// The offset of the first message that waits.
    pub(super) fn first_offset(&self) -> Option<i64> {
        // In a step they lie in the order of their queue.
        self.slots.values().filter_map(|slot| slot.entries.front()).map(|entry| entry.queue_offset).min()
    }

    /// How many wait for a step; those that recall others are taken off.
    pub(super) fn waiting_for(&self, slot: i64) -> i64 {
        self.slots.get(&slot).map_or(0, |slot| slot.weight)
    }

    /// How many wait; those that recall others are taken off.
    pub(super) fn waiting(&self) -> i64 {
        self.counts.values().map(|count| count.count).sum()
    }

    /// How many wait by topic.
    pub(super) fn counts(&self) -> BTreeMap<String, TimingCount> {
        self.counts.iter().map(|(topic, count)| (topic.to_string(), *count)).collect()
    }

    /// How often the numbers changed.
    pub(super) const fn changes(&self) -> i64 {
        self.changes
    }

    /// Forgets the number of a topic that is deleted; what waits stays.
    pub(super) fn forget(&mut self, topic: &str) {
        if self.counts.get(topic).is_some_and(|count| count.count == 0) {
            self.counts.remove(topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(wheel: &mut Wheel, queue_offset: i64, kind: Kind) -> Entry {
        Entry { queue_offset, physical_offset: queue_offset * 100, topic: wheel.topic("T"), kind }
    }

    #[test]
    fn what_waits_leaves_step_by_step() {
        let mut wheel = Wheel::default();
        for (slot, offset, kind) in
            [(2_000, 0, Kind::Deliver), (1_000, 1, Kind::Roll), (2_000, 2, Kind::Recall)]
        {
            let entry = entry(&mut wheel, offset, kind);
            wheel.push(slot, entry, 7);
        }
        assert_eq!((wheel.first(), wheel.first_offset(), wheel.waiting()), (Some(1_000), Some(0), 1));
        assert_eq!(wheel.recalls(2_000).len(), 1);
        let all: Vec<_> = wheel.all().iter().map(|(slot, entry)| (*slot, entry.queue_offset)).collect();
        assert_eq!(all, [(1_000, 1), (2_000, 0), (2_000, 2)]);
        assert_eq!((wheel.waiting_for(1_000), wheel.waiting_for(2_000), wheel.waiting_for(3_000)), (1, 0, 0));
        assert!(wheel.pop(1_000, 8));
        assert!(!wheel.pop(2_000, 9));
        assert_eq!((wheel.first_offset(), wheel.waiting()), (Some(2), -1));
        wheel.forget("T");
        assert!(wheel.pop(2_000, 9));
        assert_eq!(wheel.counts()["T"], TimingCount { count: 0, time_stamp: 9 });
        assert_eq!((wheel.first(), wheel.first_offset(), wheel.changes()), (None, None, 6));
        wheel.forget("T");
        assert!(wheel.counts().is_empty());
    }
}
