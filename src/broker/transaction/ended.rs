//! Which half messages are ended, by queue.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;

#[derive(Debug, Default)]
struct Queue {
    /// Offsets of ended half messages that are not settled yet.
    ended: BTreeSet<i64>,
    /// From a half message to the copy of it that was stored when its producer was asked.
    copies: HashMap<i64, i64>,
}

/// The ended half messages that checks have yet to pass.
#[derive(Debug, Default)]
pub struct Ended {
    queues: Mutex<HashMap<i32, Queue>>,
}

impl Ended {
    /// These are ended.
    pub(super) fn add(&self, queue: i32, offsets: impl IntoIterator<Item = i64>) {
        self.queues.lock().entry(queue).or_default().ended.extend(offsets);
    }

    /// Ends a half message and all copies of it. Returns their offsets; none if it had ended before.
    pub(super) fn end(&self, queue: i32, offset: i64) -> Vec<i64> {
        let mut queues = self.queues.lock();
        let known = queues.entry(queue).or_default();
        let mut chain = vec![offset];
        while let Some(copy) = chain.last().and_then(|last| known.copies.get(last)) {
            chain.push(*copy);
        }
        if chain.iter().any(|offset| known.ended.contains(offset)) {
            return Vec::new();
        }
        known.ended.extend(&chain);
        chain
    }

    /// Takes an end back: it could not be carried out.
    pub(super) fn reopen(&self, queue: i32, offsets: &[i64]) {
        if let Some(known) = self.queues.lock().get_mut(&queue) {
            offsets.iter().for_each(|offset| {
                known.ended.remove(offset);
            });
        }
    }

    /// Whether a half message is ended.
    pub(super) fn contains(&self, queue: i32, offset: i64) -> bool {
        self.queues.lock().get(&queue).is_some_and(|known| known.ended.contains(&offset))
    }

    /// A copy of a half message was stored.
    pub(super) fn copied(&self, queue: i32, from: i64, to: i64) {
        self.queues.lock().entry(queue).or_default().copies.insert(from, to);
    }

    /// Half messages before this offset are settled. What they led to is kept while its copy is open.
    pub(super) fn settle(&self, queue: i32, before: i64) {
        let mut queues = self.queues.lock();
        let Some(known) = queues.get_mut(&queue) else { return };
        known.ended = known.ended.split_off(&before);
        // A chain whose last copy is settled, too, cannot be ended any more.
        loop {
            let over: Vec<i64> = known
                .copies
                .iter()
                .filter(|(_, to)| **to < before && !known.copies.contains_key(to))
                .map(|(from, _)| *from)
                .collect();
            if over.is_empty() {
                return;
            }
            over.iter().for_each(|from| {
                known.copies.remove(from);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_once_for_a_message_and_its_copies() {
        let ended = Ended::default();
        ended.copied(0, 1, 5);
        ended.copied(0, 5, 9);
        assert_eq!(ended.end(0, 1), [1, 5, 9]);
        assert!(ended.end(0, 1).is_empty());
        assert!(ended.end(0, 5).is_empty());
        assert_eq!(ended.end(1, 5), [5]);
        ended.reopen(0, &[1, 5, 9]);
        assert_eq!(ended.end(0, 5), [5, 9]);
        assert!(ended.end(0, 1).is_empty(), "its copies have ended");
        assert!(ended.contains(0, 9) && !ended.contains(0, 1));
    }

    #[test]
    fn what_is_settled_is_forgotten() {
        let ended = Ended::default();
        ended.copied(0, 1, 5);
        ended.copied(0, 5, 9);
        ended.add(0, [0, 9]);
        ended.settle(0, 9);
        assert!(!ended.contains(0, 0) && ended.contains(0, 9));
        assert!(ended.end(0, 1).is_empty(), "its last copy is known");
        ended.settle(0, 10);
        let queues = ended.queues.lock();
        assert!(queues[&0].ended.is_empty() && queues[&0].copies.is_empty());
    }
}
