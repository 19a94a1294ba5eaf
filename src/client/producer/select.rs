//! Which queue the next message goes to.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::protocol::queue::MessageQueue;

/// Which queues a message may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Any, in turn.
    Any,
    /// The queue of this number, of each broker in turn.
    QueueId(i32),
    /// This one.
    Queue(MessageQueue),
}

/// The next of `queues` in turn that is fit for `target`, on another broker than `avoid` where there is one
/// (Java: `TopicPublishInfo.selectOneMessageQueue`).
pub(super) fn select<'a>(
    queues: &'a [MessageQueue],
    target: &Target,
    turn: &AtomicUsize,
    avoid: Option<&str>,
) -> Option<&'a MessageQueue> {
    let fit = |queue: &MessageQueue| match target {
        Target::Any => true,
        Target::QueueId(id) => queue.queue_id == *id,
        Target::Queue(wanted) => queue == wanted,
    };
    let count = queues.len();
    if count == 0 {
        return None;
    }
    let start = turn.fetch_add(1, Ordering::Relaxed) % count;
    let in_turn = || (0..count).map(|step| &queues[(start + step) % count]).filter(|queue| fit(queue));
    in_turn().find(|queue| avoid != Some(queue.broker_name.as_str())).or_else(|| in_turn().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(broker_name: &str, queue_id: i32) -> MessageQueue {
        MessageQueue { topic: "T".into(), broker_name: broker_name.into(), queue_id }
    }

    #[test]
    fn queues_take_turns_and_a_failing_broker_is_left_out() {
        let queues = [queue("a", 0), queue("a", 1), queue("b", 0)];
        let one = &queues[..2];
        type Case<'a> = (&'a [MessageQueue], Target, usize, Option<&'a str>, Option<(&'a str, i32)>);
        let table: [Case<'_>; 9] = [
            (&queues, Target::Any, 0, None, Some(("a", 0))),
            (&queues, Target::Any, 4, None, Some(("a", 1))),
            (&queues, Target::Any, 0, Some("a"), Some(("b", 0))),
            (one, Target::Any, 1, Some("a"), Some(("a", 1))),
            (&queues, Target::QueueId(0), 1, None, Some(("b", 0))),
            (&queues, Target::QueueId(7), 0, None, None),
            (&queues, Target::Queue(queue("a", 1)), 0, Some("a"), Some(("a", 1))),
            (&queues, Target::Queue(queue("c", 1)), 0, None, None),
            (&[], Target::Any, 0, None, None),
        ];
        for (queues, target, turn, avoid, expected) in table {
            let got = select(queues, &target, &AtomicUsize::new(turn), avoid);
            let got = got.map(|queue| (queue.broker_name.as_str(), queue.queue_id));
            assert_eq!(got, expected, "{target:?} {turn} {avoid:?}");
        }
        let turn = AtomicUsize::new(usize::MAX);
        assert!(select(&queues, &Target::Any, &turn, None).is_some());
        assert!(select(&queues, &Target::Any, &turn, None).is_some());
    }
}
