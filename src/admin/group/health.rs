//! Whether the members of a group run as they should: what mqadmin's `consumerStatus` and `startMonitoring` look for
//! (Java: `ConsumerRunningInfo.analyzeSubscription`, `analyzeProcessQueue`).

use crate::protocol::group::SubscriptionData;
use crate::protocol::queue::MessageQueue;
use crate::protocol::running::ConsumerRunningInfo;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// The property with the time at which a member was started (Java: `PROP_CONSUMER_START_TIMESTAMP`).
const STARTED_AT: &str = "PROP_CONSUMER_START_TIMESTAMP";
/// How long subscriptions may differ after a start, in ms: members are replaced one after the other.
const GRACE: i64 = 2 * 60 * 1000;
/// How long messages may wait in a member before that is told, in ms.
const BLOCKED_AFTER: i64 = 60 * 1000;

/// Whether all members want the same: for members that are pushed to, two minutes after the first was started. When
/// they subscribed does not matter; mqadmin compares that too, and so finds a difference between any two members.
pub fn same_subscriptions(members: &[(&str, &ConsumerRunningInfo)], now: i64) -> bool {
    let Some((_, first)) = members.first() else { return true };
    let started: i64 = first.properties.get(STARTED_AT).and_then(|at| at.parse().ok()).unwrap_or(now);
    if !first.is_push() || now.saturating_sub(started) <= GRACE {
        return true;
    }
    let wanted = wanted(first);
    members.iter().all(|(_, info)| self::wanted(info) == wanted)
}

/// What a member wants, without the times at which it subscribed.
fn wanted(info: &ConsumerRunningInfo) -> BTreeSet<(&str, &str, &str, bool)> {
    let of = |data: &SubscriptionData| data.class_filter_mode;
    info.subscription_set
        .iter()
        .map(|data| (data.topic.as_str(), data.expression_type.as_str(), data.sub_string.as_str(), of(data)))
        .collect()
}

/// What is wrong with a queue of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "problem", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Problem {
    /// It consumes in order and does not get the lock; for so many ms.
    NotLocked { millis: i64 },
    /// The queue was taken from it, and it does not get rid of the lock.
    NotUnlocked { tries: i64 },
    /// Messages wait in it and none has been consumed for so many ms.
    Blocked { millis: i64 },
}

/// A queue of a member with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub client_id: String,
    pub topic: String,
    pub broker_name: String,
    pub queue_id: i32,
    #[serde(flatten)]
    pub problem: Problem,
}

impl fmt::Display for Finding {
    /// In mqadmin's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = MessageQueue {
            topic: self.topic.clone(),
            broker_name: self.broker_name.clone(),
            queue_id: self.queue_id,
        };
        write!(f, "{} {queue} ", self.client_id)?;
        match self.problem {
            Problem::NotLocked { millis } => write!(f, "can't lock for a while, {millis}ms"),
            Problem::NotUnlocked { tries } => write!(f, "unlock {tries} times, still failed"),
            Problem::Blocked { millis } => {
                write!(f, "can't consume for a while, maybe blocked, {millis}ms")
            }
        }
    }
}

/// What is wrong with the queues of a member; nothing is known of one that pulls by itself.
pub fn findings(client_id: &str, info: &ConsumerRunningInfo, now: i64) -> Vec<Finding> {
    if !info.is_push() {
        return Vec::new();
    }
    let orderly = info.is_orderly();
    let of_queue = info.mq_table.iter().filter_map(|(key, queue)| {
        let idle = now.saturating_sub(queue.last_consume_timestamp);
        let problem = if orderly {
            match (queue.locked, queue.droped && queue.try_unlock_times > 0) {
                (false, _) => Problem::NotLocked { millis: now.saturating_sub(queue.last_lock_timestamp) },
                (true, true) => Problem::NotUnlocked { tries: queue.try_unlock_times },
                (true, false) => return None,
            }
        } else if idle > BLOCKED_AFTER && queue.cached_msg_count > 0 {
            Problem::Blocked { millis: idle }
        } else {
            return None;
        };
        Some(Finding {
            client_id: client_id.to_owned(),
            topic: key.0.topic.clone(),
            broker_name: key.0.broker_name.clone(),
            queue_id: key.0.queue_id,
            problem,
        })
    });
    of_queue.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::queue::QueueKey;
    use crate::protocol::running::{PROP_CONSUME_ORDERLY, PROP_CONSUME_TYPE, ProcessQueueInfo};
    use std::collections::BTreeMap;

    const NOW: i64 = 1_000_000_000;

    fn member(started: i64, subscriptions: &[(&str, i64)], orderly: bool) -> ConsumerRunningInfo {
        let subscription = |(expression, version): &(&str, i64)| SubscriptionData {
            topic: "T".to_owned(),
            sub_string: (*expression).to_owned(),
            sub_version: *version,
            ..SubscriptionData::default()
        };
        ConsumerRunningInfo {
            properties: BTreeMap::from([
                (PROP_CONSUME_TYPE.to_owned(), "CONSUME_PASSIVELY".to_owned()),
                (PROP_CONSUME_ORDERLY.to_owned(), orderly.to_string()),
                (STARTED_AT.to_owned(), started.to_string()),
            ]),
            subscription_set: subscriptions.iter().map(subscription).collect(),
            ..ConsumerRunningInfo::default()
        }
    }

    #[test]
    fn members_must_want_the_same_once_they_have_run_for_a_while() {
        let old = NOW - GRACE - 1;
        let a = member(old, &[("TagA", 1)], false);
        let table = [
            (member(old, &[("TagA", 2)], false), true),
            (member(old, &[("TagB", 1)], false), false),
            (member(old, &[], false), false),
        ];
        for (b, want) in table {
            assert_eq!(same_subscriptions(&[("a", &a), ("b", &b)], NOW), want, "{:?}", b.subscription_set);
        }
        let fresh = member(NOW - GRACE, &[("TagA", 1)], false);
        let other = member(NOW, &[("TagB", 1)], false);
        assert!(same_subscriptions(&[("a", &fresh), ("b", &other)], NOW));
        assert!(same_subscriptions(&[], NOW));
    }

    fn queue() -> ProcessQueueInfo {
        ProcessQueueInfo {
            cached_msg_count: 3,
            last_consume_timestamp: NOW - BLOCKED_AFTER - 1,
            last_lock_timestamp: NOW - 7,
            locked: true,
            ..ProcessQueueInfo::default()
        }
    }

    #[test]
    fn what_is_stuck_is_found() {
        let table = [
            (false, queue(), Some(Problem::Blocked { millis: BLOCKED_AFTER + 1 })),
            (false, ProcessQueueInfo { cached_msg_count: 0, ..queue() }, None),
            (false, ProcessQueueInfo { last_consume_timestamp: NOW, ..queue() }, None),
            (true, queue(), None),
            (true, ProcessQueueInfo { locked: false, ..queue() }, Some(Problem::NotLocked { millis: 7 })),
            (
                true,
                ProcessQueueInfo { droped: true, try_unlock_times: 4, ..queue() },
                Some(Problem::NotUnlocked { tries: 4 }),
            ),
        ];
        for (orderly, queue, want) in table {
            let mut info = member(NOW, &[], orderly);
            let key = MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id: 1 };
            info.mq_table.insert(QueueKey(key), queue.clone());
            let found = findings("c", &info, NOW);
            assert_eq!(found.first().map(|finding| finding.problem), want, "{orderly} {queue:?}");
        }
    }

    #[test]
    fn findings_are_worded_as_mqadmin_words_them() {
        let finding = |problem| Finding {
            client_id: "c".to_owned(),
            topic: "T".to_owned(),
            broker_name: "b".to_owned(),
            queue_id: 1,
            problem,
        };
        let queue = "c MessageQueue [topic=T, brokerName=b, queueId=1]";
        let table = [
            (Problem::Blocked { millis: 5 }, "can't consume for a while, maybe blocked, 5ms"),
            (Problem::NotLocked { millis: 5 }, "can't lock for a while, 5ms"),
            (Problem::NotUnlocked { tries: 5 }, "unlock 5 times, still failed"),
        ];
        for (problem, want) in table {
            assert_eq!(finding(problem).to_string(), format!("{queue} {want}"));
        }
    }
}
