//! How far groups are on the queues of this broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::topics::{existing, queue_key};
use crate::broker::Broker;
use crate::protocol::body::Json;
use crate::protocol::broker::GetBrokerConsumeStats;
use crate::protocol::group::{
    ConsumeStats, ConsumeStatsHeader, ConsumeStatsList, GetConsumeStats, OffsetWrapper,
};
use crate::protocol::topic::TopicConfig;
use crate::protocol::upkeep::{
    CloneGroupOffset, ConsumeTimeSpans, CorrectionOffsets, QueryConsumeTimeSpan, QueryCorrectionOffset,
    QueueTimeSpan,
};
use crate::remoting::{In, Out, Reject};
use crate::runtime::time;

pub fn of_group(broker: &Arc<Broker>, request: In<GetConsumeStats>) -> Result<Out<GetConsumeStats>, Reject> {
    let group = &request.header.consumer_group;
    let mut stats = ConsumeStats::default();
    for topic in topics_asked(broker, &request.header) {
        let Some(config) = broker.topics.get(&topic) else { continue };
        for queue_id in 0..config.read_queue_nums {
            let mut wrapper = wrapper(broker, group, &topic, queue_id);
            let pulled = broker.offsets.pulled(group, &topic, queue_id).unwrap_or(-1);
            wrapper.pull_offset = wrapper.consumer_offset.max(pulled);
            stats.offset_table.insert(queue_key(broker, &topic, queue_id), wrapper);
        }
        stats.consume_tps += broker.stats.group_get_tps(group, &topic);
    }
    Ok(Out::body(Json(stats)))
}

/// The topics that the request is about. Those that the group has offsets on but does not subscribe to any
/// more are left out while it has members, unless they are named in a list.
fn topics_asked(broker: &Broker, asked: &ConsumeStatsHeader) -> BTreeSet<String> {
    let listed: BTreeSet<String> = asked
        .topic_list
        .iter()
        .flat_map(|list| list.split(';'))
        .filter(|topic| !topic.trim().is_empty())
        .map(str::to_owned)
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let group = &asked.consumer_group;
    let topics: BTreeSet<String> = match asked.topic.as_deref().filter(|topic| !topic.trim().is_empty()) {
        Some(topic) => BTreeSet::from([topic.to_owned()]),
        None => broker.offsets.topics_of(group).into_iter().collect(),
    };
    topics.into_iter().filter(|topic| is_subscribed(broker, group, topic)).collect()
}

/// Whether the group wants the topic, as far as its members say; without members it may.
fn is_subscribed(broker: &Broker, group: &str, topic: &str) -> bool {
    broker.consumers.subscription_count(group) == 0 || broker.consumers.subscription(group, topic).is_some()
}

/// Where a group is on a queue; what is not known is 0.
fn wrapper(broker: &Broker, group: &str, topic: &str, queue_id: i32) -> OffsetWrapper {
    let consumer_offset = broker.offsets.get(group, topic, queue_id).unwrap_or(0).max(0);
    let last = if consumer_offset > 0 {
        broker.store.store_time(topic, queue_id, consumer_offset - 1)
    } else {
        None
    };
    OffsetWrapper {
        broker_offset: broker.store.max_offset(topic, queue_id).unwrap_or(0).max(0),
        consumer_offset,
        last_timestamp: last.unwrap_or(0).max(0),
        pull_offset: 0,
    }
}

pub fn of_all(
    broker: &Arc<Broker>,
    request: In<GetBrokerConsumeStats>,
) -> Result<Out<GetBrokerConsumeStats>, Reject> {
    let mut list =
        ConsumeStatsList { broker_addr: broker.identity.addr.clone(), ..ConsumeStatsList::default() };
    for group in broker.groups.names() {
        let mut of_group = Vec::new();
        for topic in broker.offsets.topics_of(&group) {
            let Some(config) = broker.topics.get(&topic) else { continue };
            if request.header.is_order && !config.order || !is_subscribed(broker, &group, &topic) {
                continue;
            }
            let stats = on_topic(broker, &group, &config);
            for queue in stats.offset_table.values() {
                list.total_diff += queue.broker_offset - queue.consumer_offset;
                list.total_inflight_diff += queue.pull_offset - queue.consumer_offset;
            }
            of_group.push(stats);
        }
        list.consume_stats_list.push(BTreeMap::from([(group, of_group)]));
    }
    Ok(Out::body(Json(list)))
}

fn on_topic(broker: &Broker, group: &str, topic: &TopicConfig) -> ConsumeStats {
    let name = &topic.topic_name;
    let queues = (0..topic.write_queue_nums).map(|queue_id| {
        // Apache's broker leaves the pull offset out here, so that nothing seems to be in flight; we know it.
        let mut wrapper = wrapper(broker, group, name, queue_id);
        let pulled = broker.offsets.pulled(group, name, queue_id).unwrap_or(0);
        wrapper.pull_offset = wrapper.consumer_offset.max(pulled);
        (queue_key(broker, name, queue_id), wrapper)
    });
    ConsumeStats { offset_table: queues.collect(), consume_tps: broker.stats.group_get_tps(group, name) }
}

pub fn time_span(
    broker: &Arc<Broker>,
    request: In<QueryConsumeTimeSpan>,
) -> Result<Out<QueryConsumeTimeSpan>, Reject> {
    let name = request.header.topic.unwrap_or_default();
    let topic = existing(broker, &name)?;
    let spans =
        (0..topic.write_queue_nums).map(|queue_id| span(broker, &request.header.group, &name, queue_id));
    Ok(Out::body(Json(ConsumeTimeSpans { consume_time_span_set: spans.collect() })))
}

fn span(broker: &Broker, group: &str, topic: &str, queue_id: i32) -> QueueTimeSpan {
    let stored_at = |offset: i64| broker.store.store_time(topic, queue_id, offset).unwrap_or(-1);
    // As `UtilAll.timeMillisToHumanString2` writes it.
    let text = |at: i64| time::millis(at).replacen(' ', "#", 1).replace(',', ":");
    let max = broker.store.max_offset(topic, queue_id).unwrap_or(0);
    let consumed = broker.offsets.get(group, topic, queue_id).unwrap_or(-1);
    let min_time = broker.store.earliest_time_in_queue(topic, queue_id).unwrap_or(-1);
    let max_time = stored_at(max - 1);
    let consume_time = if consumed > 0 { stored_at(consumed - 1) } else { min_time };
    QueueTimeSpan {
        consume_time_stamp: consume_time,
        consume_time_stamp_str: text(consume_time),
        delay_time: if consumed < max { broker.now() - stored_at(consumed.max(0)) } else { 0 },
        max_time_stamp: max_time,
        max_time_stamp_str: text(max_time),
        message_queue: queue_key(broker, topic, queue_id).0,
        min_time_stamp: min_time,
        min_time_stamp_str: text(min_time),
    }
}

pub fn correction(
    broker: &Arc<Broker>,
    request: In<QueryCorrectionOffset>,
) -> Result<Out<QueryCorrectionOffset>, Reject> {
    let asked = request.header;
    let left_out: BTreeSet<&str> = asked.filter_groups.iter().flat_map(|groups| groups.split(',')).collect();
    let groups = broker.offsets.groups_of(&asked.topic);
    let others = groups.iter().filter(|group| !left_out.contains(group.as_str()));
    let others: Vec<_> = others.map(|group| broker.offsets.of(group, &asked.topic)).collect();
    let compared = broker.offsets.of(&asked.compare_group, &asked.topic);
    let min_offset = |queue| broker.store.min_offset(&asked.topic, queue).unwrap_or(0);
    let correction_offsets = correct(&others, &compared, min_offset);
    Ok(Out::body(Json(CorrectionOffsets { correction_offsets })))
}

/// The smallest offset of any group by queue, of those that the queue still holds; the largest number where
/// that is beyond the group compared with (Java: `queryMinOffsetInAllGroup`, `queryCorrectionOffset`).
fn correct(
    groups: &[BTreeMap<i32, i64>],
    compared: &BTreeMap<i32, i64>,
    min_offset: impl Fn(i32) -> i64,
) -> BTreeMap<i32, i64> {
    let mut smallest = BTreeMap::new();
    for (queue, offset) in groups.iter().flatten() {
        if *offset >= min_offset(*queue) {
            let known = smallest.entry(*queue).or_insert(i64::MAX);
            *known = (*known).min(*offset);
        }
    }
    for (queue, offset) in compared {
        let known = smallest.entry(*queue).or_insert(i64::MAX);
        if *known > *offset {
            *known = i64::MAX;
        }
    }
    smallest
}

pub fn clone_offsets(
    broker: &Arc<Broker>,
    request: In<CloneGroupOffset>,
) -> Result<Out<CloneGroupOffset>, Reject> {
    let asked = request.header;
    let topics = match asked.topic.filter(|topic| !topic.trim().is_empty()) {
        Some(topic) => vec![topic],
        None => broker.offsets.topics_of(&asked.src_group),
    };
    for topic in topics.iter().filter(|topic| broker.topics.contains(topic)) {
        if asked.offline == Some(true) || is_subscribed(broker, &asked.src_group, topic) {
            broker.offsets.copy(&asked.src_group, &asked.dest_group, topic, broker.now());
        }
    }
    Ok(Out::done())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_are_the_smallest_offsets_that_are_not_beyond_the_compared_group() {
        let of = |pairs: &[(i32, i64)]| pairs.iter().copied().collect::<BTreeMap<_, _>>();
        let groups = [of(&[(0, 5), (1, 9), (2, 1)]), of(&[(0, 7), (1, 8)])];
        let min_offset = |queue| if queue == 2 { 3 } else { 0 };
        let found = correct(&groups, &of(&[(0, 6), (1, 7)]), min_offset);
        // Queue 2's only offset is of messages that are gone.
        assert_eq!(found, of(&[(0, 5), (1, i64::MAX)]));
    }
}
