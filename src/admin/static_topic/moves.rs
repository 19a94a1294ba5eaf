//! Which queues of a static topic move to which broker, and at which offset they go on. Pure.

use super::mapping::{Brokers, add_queue, agreed, leaders, next_epoch, set_epoch, without_queues};
use crate::protocol::queue::{MessageQueue, QueueKey};
use crate::protocol::static_topic::MappingItem;
use crate::protocol::topic::TopicStatsTable;
use std::collections::{BTreeMap, BTreeSet};

/// Logical offsets of a moved queue begin anew at a multiple of this (Java: `DEFAULT_BLOCK_SEQ_SIZE`).
const BLOCK: i64 = 10_000;

/// A topic with queues that move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// As it will be; where moved queues go on is not decided yet.
    pub brokers: Brokers,
    /// The brokers that queues move to.
    pub to: BTreeSet<String>,
    /// The brokers that queues move from.
    pub from: BTreeSet<String>,
    pub epoch: i64,
}

/// The topic with its queues spread over `targets`, as few of them moved as can be.
///
/// # Errors
/// A mapping that does not hold together; no topic; no target.
pub fn moved(
    topic: &str,
    mut brokers: Brokers,
    targets: &BTreeSet<String>,
    now: i64,
) -> Result<Moves, String> {
    let before = agreed(topic, &brokers)?;
    let leaders = leaders(&brokers)?;
    let total = before.map_or(0, |(_, total)| total);
    let epoch = next_epoch(before, now);
    let (mut to, mut from) = (BTreeSet::new(), BTreeSet::new());
    let led: BTreeMap<i32, String> =
        leaders.iter().filter_map(|(id, items)| Some((*id, items.last()?.bname.clone()))).collect();
    for (id, target) in spread(&led, targets) {
        let Some(mut items) = leaders.get(&id).cloned() else { continue };
        let Some(last) = items.last() else { continue };
        if last.bname == target {
            continue;
        }
        let source = last.bname.clone();
        let entry = brokers.entry(target.clone());
        let new = entry.or_insert_with(|| without_queues(topic, &target, epoch, total));
        items.push(MappingItem {
            bname: target.clone(),
            generation: last.generation + 1,
            logic_offset: -1,
            queue_id: new.config.write_queue_nums,
            ..MappingItem::default()
        });
        add_queue(&mut new.config);
        new.mapping_detail.hosted_queues.insert(id, items.clone());
        if let Some(old) = brokers.get_mut(&source) {
            old.mapping_detail.hosted_queues.insert(id, items);
        }
        to.insert(target);
        from.insert(source);
    }
    set_epoch(&mut brokers, epoch, total);
    self::leaders(&brokers)?;
    Ok(Moves { brokers, to, from, epoch })
}

/// The broker of each queue: an equal share for each target, one more for those that lead the most now. Queues stay
/// where they are as long as that is within the share.
fn spread(led: &BTreeMap<i32, String>, targets: &BTreeSet<String>) -> BTreeMap<i32, String> {
    let mut order: Vec<&String> = targets.iter().collect();
    order.sort_by_key(|name| std::cmp::Reverse(led.values().filter(|leader| leader == name).count()));
    let (share, rest) = (led.len() / order.len().max(1), led.len() % order.len().max(1));
    let mut free: BTreeMap<&String, usize> =
        order.iter().enumerate().map(|(at, name)| (*name, share + usize::from(at < rest))).collect();
    let mut placed = BTreeMap::new();
    let mut waiting = Vec::new();
    for (id, leader) in led {
        match free.get_mut(leader) {
            Some(left) if *left > 0 => {
                *left -= 1;
                placed.insert(*id, leader.clone());
            }
            _ => waiting.push(*id),
        }
    }
    let mut places = free.into_iter().flat_map(|(name, left)| std::iter::repeat_n(name, left));
    placed.extend(waiting.into_iter().zip(places.by_ref()).map(|(id, name)| (id, name.clone())));
    placed
}

/// Decides where the queues that moved away from a broker go on, by what it holds: at the next block of offsets, so
/// that there is room for what it still takes. Both brokers of each queue are told.
///
/// # Errors
/// A queue of which the broker does not say what it holds.
pub fn decide(
    topic: &str,
    brokers: &mut Brokers,
    source: &str,
    stats: &TopicStatsTable,
) -> Result<(), String> {
    let Some(old) = brokers.get(source) else { return Ok(()) };
    let mut decided = Vec::new();
    for (id, items) in &old.mapping_detail.hosted_queues {
        let [.., last, new] = items.as_slice() else { continue };
        if new.logic_offset > 0 || new.bname == source {
            continue;
        }
        let queue = MessageQueue {
            topic: topic.to_owned(),
            broker_name: last.bname.clone(),
            queue_id: last.queue_id,
        };
        let Some(held) = stats.offset_table.get(&QueueKey(queue)) else {
            return Err(format!("broker {} does not say what queue {} holds", last.bname, last.queue_id));
        };
        let mut items = items.clone();
        let end = last.logic_offset.saturating_add(held.max_offset.max(0));
        if let Some(new) = items.last_mut() {
            new.logic_offset = next_block(end);
        }
        decided.push((*id, items));
    }
    for (id, items) in decided {
        let leader = items.last().map(|item| item.bname.clone()).unwrap_or_default();
        for name in [source, &leader] {
            if let Some(on_broker) = brokers.get_mut(name) {
                on_broker.mapping_detail.hosted_queues.insert(id, items.clone());
            }
        }
    }
    Ok(())
}

/// The beginning of the next block, or of the one after it where that is too near.
fn next_block(offset: i64) -> i64 {
    let blocks = if offset % BLOCK < BLOCK / 2 { 1 } else { 2 };
    (offset / BLOCK).saturating_add(blocks).saturating_mul(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::super::mapping::grown;
    use super::super::mapping::tests::{led, names};
    use super::*;
    use crate::protocol::topic::TopicOffset;

    fn spread_of(led: &[&str], targets: &[&str]) -> Vec<String> {
        let led = (0..).zip(led.iter().map(|name| (*name).to_owned())).collect();
        spread(&led, &names(targets)).into_values().collect()
    }

    #[test]
    fn few_queues_move() {
        assert_eq!(spread_of(&["a", "b", "a", "b"], &["a", "b"]), ["a", "b", "a", "b"]);
        assert_eq!(spread_of(&["a", "b", "a", "b"], &["a"]), ["a"; 4]);
        assert_eq!(spread_of(&["a", "a", "a", "a"], &["a", "b"]), ["a", "a", "b", "b"]);
        assert_eq!(
            spread_of(&["b", "b", "a"], &["a", "b"]),
            ["b", "b", "a"],
            "who leads most keeps one more"
        );
        assert_eq!(spread_of(&["a", "b", "c"], &["d"]), ["d"; 3]);
    }

    #[test]
    fn a_moved_queue_goes_on_at_the_next_block() {
        let before = grown("T", Brokers::new(), &names(&["a", "b"]), 4, 1_000).unwrap();
        let mut moves = moved("T", before, &names(&["a"]), 9_000).unwrap();
        assert_eq!((&moves.to, &moves.from, moves.epoch), (&names(&["a"]), &names(&["b"]), 9_000));
        let want: Vec<(String, i32)> = [0, 2, 1, 3].map(|id| ("a".to_owned(), id)).to_vec();
        assert_eq!(led(&moves.brokers), want);
        assert_eq!(moves.brokers["a"].mapping_detail.hosted_queues[&1][1].logic_offset, -1);
        let queue = |queue_id| {
            QueueKey(MessageQueue { topic: "T".to_owned(), broker_name: "b".to_owned(), queue_id })
        };
        let held = |max_offset| TopicOffset { max_offset, ..TopicOffset::default() };
        let mut stats = TopicStatsTable::default();
        stats.offset_table.insert(queue(0), held(7));
        let missing = decide("T", &mut moves.brokers, "b", &stats).unwrap_err();
        assert!(missing.contains("queue 1"), "{missing}");
        stats.offset_table.insert(queue(1), held(16_000));
        decide("T", &mut moves.brokers, "b", &stats).unwrap();
        for name in ["a", "b"] {
            let hosted = &moves.brokers[name].mapping_detail.hosted_queues;
            assert_eq!((hosted[&1][1].logic_offset, hosted[&3][1].logic_offset), (10_000, 30_000), "{name}");
        }
        let again = moved("T", moves.brokers.clone(), &names(&["a"]), 9_500).unwrap();
        assert!(again.to.is_empty() && again.from.is_empty());
    }

    #[test]
    fn blocks_leave_room() {
        for (offset, want) in
            [(0, 10_000), (4_999, 10_000), (5_000, 20_000), (9_999, 20_000), (10_000, 20_000)]
        {
            assert_eq!(next_block(offset), want, "{offset}");
        }
    }
}
