//! Queues locked by one member of a group each, for consuming in order (Java: `RebalanceLockManager`).

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::protocol::queue::MessageQueue;

/// How long a lock lasts that is not renewed (Java: `REBALANCE_LOCK_MAX_LIVE_TIME`).
pub const LOCK_LASTS: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
struct Lock {
    client: String,
    renewed: i64,
}

impl Lock {
    fn is_expired(&self, now: i64) -> bool {
        u128::try_from(now.saturating_sub(self.renewed)).is_ok_and(|age| age > LOCK_LASTS.as_millis())
    }
}

/// The locks, by group.
#[derive(Debug, Default)]
pub struct QueueLocks {
    groups: Mutex<HashMap<String, HashMap<MessageQueue, Lock>>>,
}

impl QueueLocks {
    /// Locks or renews queues for a member; returns those that are its own now.
    pub fn lock(&self, group: &str, queues: &[MessageQueue], client: &str, now: i64) -> Vec<MessageQueue> {
        let mut groups = self.groups.lock();
        let locks = groups.entry(group.to_owned()).or_default();
        let mut mine = Vec::with_capacity(queues.len());
        for queue in queues {
            let free = locks.get(queue).is_none_or(|lock| lock.client == client || lock.is_expired(now));
            if free {
                locks.insert(queue.clone(), Lock { client: client.to_owned(), renewed: now });
                mine.push(queue.clone());
            }
        }
        mine
    }

    /// Gives up a member's locks; those of others stay.
    pub fn unlock(&self, group: &str, queues: &[MessageQueue], client: &str) {
        let mut groups = self.groups.lock();
        let Some(locks) = groups.get_mut(group) else { return };
        for queue in queues {
            if locks.get(queue).is_some_and(|lock| lock.client == client) {
                locks.remove(queue);
            }
        }
        if locks.is_empty() {
            groups.remove(group);
        }
    }

    /// Whether no queue of the group is locked.
    pub fn is_free(&self, group: &str, now: i64) -> bool {
        self.groups.lock().get(group).is_none_or(|locks| locks.values().all(|lock| lock.is_expired(now)))
    }

    /// Forgets locks that nobody renewed.
    pub fn expire(&self, now: i64) {
        self.groups.lock().retain(|_, locks| {
            locks.retain(|_, lock| !lock.is_expired(now));
            !locks.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(id: i32) -> MessageQueue {
        MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id: id }
    }

    #[test]
    fn a_queue_is_one_members_until_its_lock_expires() {
        let locks = QueueLocks::default();
        let both = [queue(0), queue(1)];
        assert!(locks.is_free("g", 0));
        assert_eq!(locks.lock("g", &both[..1], "a", 0), [queue(0)]);
        assert_eq!(locks.lock("g", &both, "b", 1_000), [queue(1)]);
        assert_eq!(locks.lock("g", &both, "a", 60_000), [queue(0)]);
        assert_eq!(locks.lock("other", &both, "b", 60_000).len(), 2);
        assert!(!locks.is_free("g", 60_000));
        assert_eq!(locks.lock("g", &both, "c", 120_000), [queue(1)]);
        assert_eq!(locks.lock("g", &both, "c", 120_001).len(), 2);
        assert!(locks.is_free("g", 180_002));
    }

    #[test]
    fn a_member_unlocks_its_own_queues_only() {
        let locks = QueueLocks::default();
        locks.lock("g", &[queue(0)], "a", 0);
        locks.unlock("g", &[queue(0), queue(7)], "b");
        assert!(!locks.is_free("g", 0));
        locks.unlock("g", &[queue(0)], "a");
        assert!(locks.is_free("g", 0));
        locks.unlock("nobody", &[queue(0)], "a");
        locks.lock("g", &[queue(0)], "a", 0);
        locks.expire(60_001);
        assert!(locks.groups.lock().is_empty());
    }
}
