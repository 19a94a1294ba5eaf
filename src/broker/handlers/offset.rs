//! Offsets of groups and queues: 14, 15, 29 to 32 (Java: `ConsumerManageProcessor`, `AdminBrokerProcessor`).

use std::sync::Arc;

use crate::broker::core::Broker;
use crate::protocol::code;
use crate::protocol::pull::{
    GetEarliestMsgStoretime, GetMaxOffset, GetMinOffset, OffsetReply, QueryConsumerOffset,
    SearchOffsetByTimestamp, TimestampReply, UpdateConsumerOffset,
};
use crate::remoting::{In, Out, Reject};
use crate::store::Boundary;

/// What is known when a group asks for its offset on a queue.
#[derive(Debug, Clone, Copy)]
struct Known {
    committed: Option<i64>,
    /// Whether 0 may be answered in place of nothing.
    zero_allowed: bool,
    min: i64,
    /// Whether the queue's first message is there and near.
    first_in_memory: bool,
}

/// The offset of a group, or why there is none. A group that is new on a queue begins at 0 where nothing of
/// the queue was deleted yet and little was written; elsewhere it begins where it likes. A pure rule.
fn group_offset(known: &Known) -> Result<i64, &'static str> {
    match known.committed {
        Some(offset) => Ok(offset),
        None if !known.zero_allowed => Err("Not found, do not set to zero, maybe this group boot first"),
        None if known.min <= 0 && known.first_in_memory => Ok(0),
        None => Err("Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first"),
    }
}

/// 14.
pub fn query(
    broker: &Arc<Broker>,
    request: In<QueryConsumerOffset>,
) -> Result<Out<QueryConsumerOffset>, Reject> {
    let header = &request.header;
    let (topic, queue) = (&header.topic, header.queue_id);
    let store = &broker.store;
    let offset = group_offset(&Known {
        committed: broker.offsets.get(&header.consumer_group, topic, queue),
        zero_allowed: header.set_zero_if_not_found.unwrap_or(true),
        min: store.min_offset(topic, queue).unwrap_or(0),
        first_in_memory: store.holds(topic, queue, 0) && !store.is_on_disk_only(topic, queue, 0),
    });
    offset
        .map(|offset| Out::header(OffsetReply { offset }))
        .map_err(|remark| Reject::new(code::QUERY_NOT_FOUND, remark))
}

/// 15.
pub fn update(
    broker: &Arc<Broker>,
    request: In<UpdateConsumerOffset>,
) -> Result<Out<UpdateConsumerOffset>, Reject> {
    let header = &request.header;
    let (group, topic, queue) = (&header.consumer_group, &header.topic, header.queue_id);
    if !broker.groups.contains(group) {
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, format!("Group {group} not exist!")));
    }
    if !broker.topics.contains(topic) {
        return Err(Reject::new(code::TOPIC_NOT_EXIST, format!("Topic {topic} not exist!")));
    }
    if broker.config().use_server_side_reset_offset && broker.offsets.is_reset(group, topic, queue) {
        return Ok(Out::done().remark("Offset has been previously reset"));
    }
    broker.offsets.commit(group, topic, queue, header.commit_offset, broker.now());
    Ok(Out::done())
}

/// 29.
pub fn search(
    broker: &Arc<Broker>,
    request: In<SearchOffsetByTimestamp>,
) -> Result<Out<SearchOffsetByTimestamp>, Reject> {
    let header = &request.header;
    let upper = header.boundary_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("UPPER"));
    let boundary = if upper { Boundary::Upper } else { Boundary::Lower };
    let offset = broker.store.offset_by_time(&header.topic, header.queue_id, header.timestamp, boundary);
    Ok(Out::header(OffsetReply { offset }))
}

/// 30.
pub fn max(broker: &Arc<Broker>, request: In<GetMaxOffset>) -> Result<Out<GetMaxOffset>, Reject> {
    let header = &request.header;
    let offset = if header.committed.unwrap_or(true) {
        broker.store.max_offset(&header.topic, header.queue_id).unwrap_or(0)
    } else {
        broker.store.next_offset(&header.topic, header.queue_id)
    };
    Ok(Out::header(OffsetReply { offset }))
}

/// 31.
pub fn min(broker: &Arc<Broker>, request: In<GetMinOffset>) -> Result<Out<GetMinOffset>, Reject> {
    let offset = broker.store.min_offset(&request.header.topic, request.header.queue_id).unwrap_or(0);
    Ok(Out::header(OffsetReply { offset }))
}

/// 32.
pub fn earliest_time(
    broker: &Arc<Broker>,
    request: In<GetEarliestMsgStoretime>,
) -> Result<Out<GetEarliestMsgStoretime>, Reject> {
    let header = &request.header;
    let timestamp = broker.store.earliest_time_in_queue(&header.topic, header.queue_id).unwrap_or(-1);
    Ok(Out::header(TimestampReply { timestamp }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_group_is_or_begins() {
        let new = Known { committed: None, zero_allowed: true, min: 0, first_in_memory: true };
        let table = [
            (Known { committed: Some(7), ..new }, Ok(7)),
            (new, Ok(0)),
            (
                Known { zero_allowed: false, ..new },
                Err("Not found, do not set to zero, maybe this group boot first"),
            ),
            (Known { min: 1, ..new }, Err("Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first")),
            (
                Known { first_in_memory: false, ..new },
                Err("Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first"),
            ),
        ];
        for (known, expected) in table {
            assert_eq!(group_offset(&known), expected, "{known:?}");
        }
    }
}
