//! The order in which Java's hash tables hand out their entries.
//!
//! mqadmin prints what stands in a `HashMap`, a `HashSet` or a `Properties` as its iterator gives it. That order
//! is no accident: it follows from the hash codes, from the order of insertion and from the size of the table. The
//! `classic` form keeps it, so that a `diff` with what mqadmin printed shows only real differences.
//!
//! Not followed: buckets of eight and more entries, which Java turns into trees; they do not occur with names that
//! are not made to collide.

use crate::protocol::queue::MessageQueue;

/// The size of a table that was not told how much it is to hold.
const DEFAULT_TABLE: usize = 16;

/// `String.hashCode`.
pub fn string_hash(text: impl AsRef<str>) -> i32 {
    text.as_ref().encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `MessageQueue.hashCode`.
pub fn queue_hash(queue: &MessageQueue) -> i32 {
    [string_hash(&queue.broker_name), queue.queue_id, string_hash(&queue.topic)]
        .into_iter()
        .fold(1_i32, |hash, part| hash.wrapping_mul(31).wrapping_add(part))
}

/// The order of a `HashMap` or `HashSet` into which `items` were put one after the other.
pub fn hashed<T>(items: impl IntoIterator<Item = T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    hashed_from(DEFAULT_TABLE, items, hash)
}

/// As [`hashed`], for a table made with `new HashMap<>(table)`, a power of two.
pub fn hashed_from<T>(table: usize, items: impl IntoIterator<Item = T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    let mut size = table.max(1).next_power_of_two();
    // Grows with the entry that goes beyond three quarters; entries keep their order within a bucket.
    while items.len() > size / 4 * 3 {
        size *= 2;
    }
    items.sort_by_key(|item| bucket(spread(hash(item)), size));
    items
}

/// `toString` of a `HashMap` of texts made for `table` entries: `{a=1, b=2}`.
pub fn map_text<'a>(table: usize, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = hashed_from(table, pairs, |(name, _)| string_hash(name));
    let entries: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

/// The order of a `ConcurrentHashMap`, and of `Properties`, into which `items` were put one after the other.
pub fn concurrent<T>(items: impl IntoIterator<Item = T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut table: Vec<Vec<(u32, T)>> = empty(DEFAULT_TABLE);
    for (count, item) in items.into_iter().enumerate() {
        let spread = spread(hash(&item));
        let at = bucket(spread, table.len());
        table[at].push((spread, item));
        if count + 1 >= table.len() / 4 * 3 {
            table = doubled(table);
        }
    }
    table.into_iter().flatten().map(|(_, item)| item).collect()
}

/// A table of twice the size. Each bucket is split in two; the longest run at its end that stays together is
/// moved as it is, what stands before it is put in front one by one, which turns it round (`transfer`).
fn doubled<T>(table: Vec<Vec<(u32, T)>>) -> Vec<Vec<(u32, T)>> {
    let size = table.len();
    let mut larger = empty(size * 2);
    for mut chain in table {
        let target = |spread: u32| bucket(spread, size * 2);
        let Some(last) = chain.last().map(|(spread, _)| target(*spread)) else { continue };
        let run = chain.iter().rev().take_while(|(spread, _)| target(*spread) == last).count();
        let tail = chain.split_off(chain.len() - run);
        larger[last].extend(tail);
        for (spread, item) in chain {
            larger[target(spread)].insert(0, (spread, item));
        }
    }
    larger
}

fn empty<T>(size: usize) -> Vec<Vec<T>> {
    std::iter::repeat_with(Vec::new).take(size).collect()
}

/// The hash as the tables use it: the upper half goes into the lower one.
fn spread(hash: i32) -> u32 {
    let hash = hash.cast_unsigned();
    hash ^ (hash >> 16)
}

/// The bucket of a hash in a table of `size`, a power of two.
fn bucket(spread: u32, size: usize) -> usize {
    usize::try_from(spread).unwrap_or(usize::MAX) & (size - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn hash_codes_are_javas() {
        assert_eq!(string_hash(""), 0);
        assert_eq!(string_hash("TopicTest"), -1_902_610_879);
        assert_eq!(string_hash("订单"), 1_129_459);
    }

    #[test]
    fn names_come_as_mqadmin_printed_them() {
        // A real topicList of mqadmin 5.5.0.
        let printed = names(
            "Dmwughmwh %RETRY%crmwughmwh RMQ_SYS_TRANS_HALF_TOPIC %RETRY%camwughmwh DelayTopic BenchmarkTest \
             %RETRY%camwugjp72 %RETRY%group_retry TBW102 %RETRY%crmwugjp72 rmq_sys_REVIVE_LOG_DefaultCluster \
             OrderedTopic",
        );
        let mut sorted = printed.clone();
        sorted.sort_unstable();
        // The whole list had 73 names, so its table had 128 buckets.
        assert_eq!(hashed_from(128, sorted, |name| string_hash(name)), printed);
    }

    #[test]
    fn queues_come_as_mqadmin_printed_them() {
        // resetOffsetByTime and consumeMessage of mqadmin 5.5.0.
        for (topic, want) in
            [("TopicTest", [7, 6, 3, 2, 5, 4, 1, 0]), ("DefaultsTopic", [1, 0, 7, 6, 3, 2, 5, 4])]
        {
            let queue = |queue_id| MessageQueue {
                topic: topic.to_owned(),
                broker_name: "broker-a".to_owned(),
                queue_id,
            };
            let order = hashed((0..8).map(queue), queue_hash);
            assert_eq!(order.iter().map(|queue| queue.queue_id).collect::<Vec<_>>(), want, "{topic}");
        }
    }

    #[test]
    fn properties_of_a_message_come_as_mqadmin_printed_them() {
        // UNIQ_KEY and CLUSTER share a bucket: they stay in the order in which they were put.
        let given = [
            ("UNIQ_KEY", "FD00"),
            ("CLUSTER", "DefaultCluster"),
            ("KEYS", "key-0"),
            ("MAX_OFFSET", "46"),
            ("MIN_OFFSET", "0"),
            ("MSG_REGION", "DefaultRegion"),
            ("TAGS", "TagA"),
            ("TRACE_ON", "true"),
            ("WAIT", "true"),
            ("seq", "0"),
        ];
        assert_eq!(
            map_text(128, given),
            "{MSG_REGION=DefaultRegion, UNIQ_KEY=FD00, CLUSTER=DefaultCluster, MIN_OFFSET=0, TAGS=TagA, KEYS=key-0, \
             WAIT=true, seq=0, TRACE_ON=true, MAX_OFFSET=46}"
        );
    }

    #[test]
    fn small_tables_grow() {
        // What `new HashMap<>(4)` gave for three and for four addresses.
        let addrs = ["127.0.0.1:20111", "127.0.0.1:20211", "127.0.0.1:20511", "127.0.0.1:20611"];
        let order = |addrs: &[&'static str]| hashed_from(4, addrs.to_vec(), |a| string_hash(a));
        assert_eq!(order(&addrs[..3]), ["127.0.0.1:20211", "127.0.0.1:20111", "127.0.0.1:20511"]);
        assert_eq!(
            order(&addrs),
            ["127.0.0.1:20611", "127.0.0.1:20511", "127.0.0.1:20211", "127.0.0.1:20111"]
        );
        assert!(order(&[]).is_empty());
    }

    #[test]
    fn properties_come_as_java_gives_them() {
        // Both printed by Java's Properties.
        let keys = (0..60).map(|i| format!("k{}", i * 7919 % 1000));
        let order: Vec<String> =
            concurrent(keys, |key| string_hash(key)).iter().map(|k| k[1..].to_owned()).collect();
        assert_eq!(
            order.join(" "),
            "947 704 869 707 31 190 380 383 461 464 221 785 542 545 302 866 623 788 109 626 0 84 3 570 299 651 894 \
             732 137 975 813 218 408 56 165 760 246 489 841 327 922 517 838 919 271 28 193 352 274 112 595 433 598 \
             950 355 676 514 679 436 757"
        );
        let colliding = names("AaAa BBBB AaBB BBAa C#C# x1 x2 x3 x4 x5 x6 x7 x8 x9 y1 y2 y3");
        assert_eq!(
            concurrent(colliding, |key| string_hash(key)),
            names("x8 x9 y1 x1 y2 x2 y3 x3 x4 x5 x6 AaAa BBBB AaBB BBAa C#C# x7")
        );
    }
}
