//! Which queues are whose in a group.

use crate::protocol::queue::MessageQueue;
use std::ops::Range;

/// The queues of the member `me`: all are split into runs of equal length, the first ones one longer where it
/// does not come out even. Every member computes the same from the same members and queues, so both are sorted
/// first, as Java does (Java: `RebalanceImpl.rebalanceByTopic`, `AllocateMessageQueueAveragely`).
///
/// A member that is not in `members` gets nothing.
pub fn allocate(me: &str, mut members: Vec<String>, mut queues: Vec<MessageQueue>) -> Vec<MessageQueue> {
    // As `String.compareTo`, which compares UTF-16 units.
    members.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    members.dedup();
    queues.sort();
    let Some(index) = members.iter().position(|member| member == me) else { return Vec::new() };
    let share = share(index, members.len(), queues.len());
    queues.drain(share).collect()
}

/// Which of `queues` are those of the member at `index` of `members`, both in the order they are in.
pub fn share(index: usize, members: usize, queues: usize) -> Range<usize> {
    let (length, rest) = (queues / members.max(1), queues % members.max(1));
    let start = index * length + index.min(rest);
    start..start + length + usize::from(index < rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(count: i32) -> Vec<MessageQueue> {
        let queue = |queue_id| MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id };
        (0..count).rev().map(queue).collect()
    }

    fn ids(me: &str, members: &[&str], count: i32) -> Vec<i32> {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        allocate(me, members, queues(count)).iter().map(|queue| queue.queue_id).collect()
    }

    #[test]
    fn runs_are_those_of_java() {
        // Printed by Java's AllocateMessageQueueAveragely.
        type Case<'a> = (&'a [&'a str], i32, &'a [&'a [i32]]);
        let table: [Case<'_>; 6] = [
            (&["a"], 4, &[&[0, 1, 2, 3]]),
            (&["a", "b"], 4, &[&[0, 1], &[2, 3]]),
            (&["a", "b", "c"], 8, &[&[0, 1, 2], &[3, 4, 5], &[6, 7]]),
            (&["a", "b", "c", "d"], 10, &[&[0, 1, 2], &[3, 4, 5], &[6, 7], &[8, 9]]),
            (&["a", "b", "c"], 2, &[&[0], &[1], &[]]),
            (&["a", "b"], 0, &[&[], &[]]),
        ];
        for (members, count, expected) in table {
            for (me, expected) in members.iter().zip(expected) {
                assert_eq!(ids(me, members, count), *expected, "{me} of {members:?}, {count} queues");
            }
        }
    }

    #[test]
    fn the_order_in_which_members_are_listed_does_not_matter() {
        assert_eq!(ids("b", &["c", "b", "a", "b"], 7), ids("b", &["a", "b", "c"], 7));
        assert_eq!(ids("x", &["a", "b"], 7), [0; 0]);
        assert_eq!(ids("a", &[], 7), [0; 0]);
        // U+FF5E sorts after U+1F600 by code point, before it by UTF-16 unit.
        assert_eq!(ids("\u{1F600}", &["\u{FF5E}", "\u{1F600}"], 2), [0]);
    }

    #[test]
    fn every_queue_is_somebodys_and_only_once() {
        for members in 1..9_usize {
            for count in 0..20 {
                let names: Vec<String> = (0..members).map(|i| format!("m{i}")).collect();
                let mut all: Vec<MessageQueue> =
                    names.iter().flat_map(|me| allocate(me, names.clone(), queues(count))).collect();
                all.sort();
                let mut expected = queues(count);
                expected.sort();
                assert_eq!(all, expected, "{members} members, {count} queues");
            }
        }
    }
}
