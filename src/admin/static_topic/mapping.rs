//! What a mapping must be, and how it grows (Java: `TopicQueueMappingUtils`). Pure.

use crate::protocol::static_topic::{GLOBAL_SCOPE, MappingDetail, MappingItem, StaticTopic};
use crate::protocol::topic::TopicConfig;
use std::collections::{BTreeMap, BTreeSet};

/// A static topic by broker.
pub type Brokers = BTreeMap<String, StaticTopic>;
/// Where each logical queue leads: the stretches of it that its leader knows.
pub type Leaders = BTreeMap<i32, Vec<MappingItem>>;

/// The epoch and the number of queues, when all brokers agree on them; none where there is no broker.
///
/// # Errors
/// On what which broker disagrees.
pub fn agreed(topic: &str, brokers: &Brokers) -> Result<Option<(i64, i32)>, String> {
    let mut agreed = None;
    for (name, on_broker) in brokers {
        let detail = &on_broker.mapping_detail;
        if detail.bname.is_empty() {
            return Err(format!("on broker {name} the topic is not a static one"));
        }
        if detail.bname != *name {
            return Err(format!("broker {name} has the mapping of {}", detail.bname));
        }
        if detail.dirty {
            return Err(format!("broker {name} has not ended a change of the mapping"));
        }
        if detail.topic != topic || on_broker.config.topic_name != topic {
            return Err(format!("broker {name} has the mapping of topic {}", detail.topic));
        }
        let own = (detail.epoch, detail.total_queues);
        if *agreed.get_or_insert(own) != own {
            return Err(format!("broker {name} has {} queues of epoch {}, others have not", own.1, own.0));
        }
    }
    Ok(agreed)
}

/// The leader of each logical queue.
///
/// # Errors
/// A queue that has none or two, stretches that do not follow one another, a physical queue that is used twice.
pub fn leaders(brokers: &Brokers) -> Result<Leaders, String> {
    let mut leaders = Leaders::new();
    let mut physical: BTreeMap<(&str, i32), i32> = BTreeMap::new();
    for (name, on_broker) in brokers {
        for (id, items) in &on_broker.mapping_detail.hosted_queues {
            in_order(items).map_err(|why| format!("queue {id} on broker {name}: {why}"))?;
            if items.last().is_none_or(|leader| leader.bname != *name) {
                continue;
            }
            if leaders.insert(*id, items.clone()).is_some() {
                return Err(format!("queue {id} leads on two brokers"));
            }
            for item in items {
                if physical.insert((&item.bname, item.queue_id), *id).is_some() {
                    return Err(format!("queue {} of broker {} is used twice", item.queue_id, item.bname));
                }
                if brokers.get(&item.bname).is_none_or(|b| item.queue_id >= b.config.write_queue_nums) {
                    return Err(format!("broker {} has no queue {}", item.bname, item.queue_id));
                }
            }
        }
    }
    let total = brokers.values().map(|b| b.mapping_detail.total_queues).max().unwrap_or(0);
    match (0..total).find(|id| !leaders.contains_key(id)) {
        Some(id) => Err(format!("queue {id} of {total} leads on no broker")),
        None if leaders.keys().any(|id| *id >= total) => Err(format!("there are more than {total} queues")),
        None => Ok(leaders),
    }
}

/// Whether the stretches of a queue follow one another.
fn in_order(items: &[MappingItem]) -> Result<(), String> {
    if items.iter().any(|item| item.start_offset != 0 || item.generation < 0 || item.queue_id < 0) {
        return Err("a stretch has a number that cannot be".to_owned());
    }
    for pair in items.windows(2) {
        if pair[0].generation >= pair[1].generation {
            return Err("its stretches are not in the order of their generations".to_owned());
        }
        if pair[0].logic_offset < 0 {
            return Err("only the last stretch may begin at an offset that is not decided".to_owned());
        }
        if pair[1].logic_offset >= 0 && pair[0].logic_offset >= pair[1].logic_offset {
            return Err("its stretches overlap".to_owned());
        }
    }
    Ok(())
}

/// A broker that has no queue of the topic.
pub fn without_queues(topic: &str, broker: &str, epoch: i64, total: i32) -> StaticTopic {
    StaticTopic {
        config: TopicConfig::new(topic, 0),
        mapping_detail: MappingDetail {
            bname: broker.to_owned(),
            epoch,
            scope: GLOBAL_SCOPE.to_owned(),
            topic: topic.to_owned(),
            total_queues: total,
            ..MappingDetail::default()
        },
    }
}

/// The topic with `total` queues: the new ones go to those of `targets`, and of the brokers that lead queues already,
/// that lead the fewest.
///
/// # Errors
/// A mapping that does not hold together; fewer queues than there are, or as many.
pub fn grown(
    topic: &str,
    mut brokers: Brokers,
    targets: &BTreeSet<String>,
    total: i32,
    now: i64,
) -> Result<Brokers, String> {
    let before = agreed(topic, &brokers)?;
    let leaders = leaders(&brokers)?;
    let count = before.map_or(0, |(_, total)| total);
    if total <= count {
        return Err(match total == count {
            true => format!("topic {topic} has {total} queues already"),
            false => format!("topic {topic} has {count} queues, and queues cannot be taken away"),
        });
    }
    let epoch = next_epoch(before, now);
    let mut led: BTreeMap<String, usize> = targets.iter().map(|name| (name.clone(), 0)).collect();
    for leader in leaders.values().filter_map(|items| items.last()) {
        *led.entry(leader.bname.clone()).or_default() += 1;
    }
    for id in count..total {
        let Some(name) = led.iter().min_by_key(|(_, count)| **count).map(|(name, _)| name.clone()) else {
            return Err("there is no broker for the queues".to_owned());
        };
        *led.entry(name.clone()).or_default() += 1;
        let entry = brokers.entry(name.clone());
        let on_broker = entry.or_insert_with(|| without_queues(topic, &name, epoch, total));
        let item = MappingItem {
            bname: name,
            queue_id: on_broker.config.write_queue_nums,
            ..MappingItem::default()
        };
        add_queue(&mut on_broker.config);
        on_broker.mapping_detail.hosted_queues.insert(id, vec![item]);
    }
    set_epoch(&mut brokers, epoch, total);
    self::leaders(&brokers)?;
    Ok(brokers)
}

/// Adds a physical queue.
pub(super) fn add_queue(config: &mut TopicConfig) {
    config.write_queue_nums += 1;
    config.read_queue_nums += 1;
}

/// The epoch of a change made now.
pub(super) fn next_epoch(before: Option<(i64, i32)>, now: i64) -> i64 {
    before.map_or(now, |(epoch, _)| now.max(epoch.saturating_add(1_000)))
}

pub(super) fn set_epoch(brokers: &mut Brokers, epoch: i64, total: i32) {
    for on_broker in brokers.values_mut() {
        on_broker.mapping_detail.epoch = epoch;
        on_broker.mapping_detail.total_queues = total;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// The broker and physical queue that lead each logical queue.
    pub(in super::super) fn led(brokers: &Brokers) -> Vec<(String, i32)> {
        let leaders = leaders(brokers).unwrap();
        leaders.values().filter_map(|items| items.last()).map(|i| (i.bname.clone(), i.queue_id)).collect()
    }

    fn at(queues: &[(&str, i32)]) -> Vec<(String, i32)> {
        queues.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect()
    }

    #[test]
    fn queues_are_spread_and_those_that_are_there_stay() {
        let four = grown("T", Brokers::new(), &names(&["a", "b"]), 4, 5_000).unwrap();
        assert_eq!(led(&four), at(&[("a", 0), ("b", 0), ("a", 1), ("b", 1)]));
        assert_eq!(agreed("T", &four), Ok(Some((5_000, 4))));
        assert_eq!(four["a"].config.write_queue_nums, 2);
        let seven = grown("T", four.clone(), &names(&["c"]), 7, 5_100).unwrap();
        assert_eq!(led(&seven)[..4], led(&four)[..]);
        assert_eq!(led(&seven)[4..], at(&[("c", 0), ("c", 1), ("a", 2)])[..]);
        assert_eq!(agreed("T", &seven), Ok(Some((6_000, 7))), "the epoch grows by a second at least");
        for (total, why) in [(4, "has 4 queues already"), (3, "cannot be taken away")] {
            let refused = grown("T", four.clone(), &names(&["a"]), total, 0).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_mapping_that_does_not_hold_together_is_refused() {
        let good = grown("T", Brokers::new(), &names(&["a", "b"]), 2, 5_000).unwrap();
        type Damage = fn(&mut StaticTopic);
        let table: [(Damage, &str); 7] = [
            (|b| b.mapping_detail.epoch = 1, "of epoch 1"),
            (|b| b.mapping_detail.dirty = true, "not ended"),
            (|b| b.mapping_detail.bname.clear(), "not a static one"),
            (|b| b.mapping_detail.topic = "U".into(), "of topic U"),
            (|b| b.mapping_detail.hosted_queues.clear(), "leads on no broker"),
            (|b| b.config.write_queue_nums = 0, "has no queue 0"),
            (|b| b.mapping_detail.hosted_queues.values_mut().for_each(|i| i[0].generation = -1), "cannot be"),
        ];
        for (damage, why) in table {
            let mut bad = good.clone();
            damage(bad.get_mut("b").unwrap());
            let refused = grown("T", bad, &names(&["a"]), 3, 0).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn stretches_follow_one_another() {
        let item =
            |generation, logic_offset| MappingItem { generation, logic_offset, ..MappingItem::default() };
        for (items, good) in [
            (vec![item(0, 0), item(1, -1)], true),
            (vec![item(0, 0), item(1, 10_000)], true),
            (vec![item(0, 0), item(0, 10_000)], false),
            (vec![item(0, -1), item(1, 10_000)], false),
            (vec![item(0, 10_000), item(1, 10_000)], false),
        ] {
            assert_eq!(in_order(&items).is_ok(), good, "{items:?}");
        }
    }
}
