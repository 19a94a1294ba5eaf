//! Offsets of a group sent back or forward by an administrator.
//!
//! With `useServerSideResetOffset` the broker keeps the new offsets, and the next pull of each queue is sent
//! there. Without it, the members are told to go there themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::topics::queue_key;
use crate::broker::Broker;
use crate::broker::reject::system_error;
use crate::protocol::body::Json;
use crate::protocol::group::{
    InvokeBrokerToResetOffset, ResetConsumerClientOffset, ResetOffsetBody, ResetOffsetHeader,
};
use crate::protocol::topic::TopicConfig;
use crate::protocol::{Language, code, version};
use crate::remoting::{In, Out, Reject};
use crate::store::Boundary;

/// The ordinal of 3.0.7-SNAPSHOT, before which members cannot be told to reset.
const V3_0_7_SNAPSHOT: i32 = 28;

pub async fn reset(
    broker: Arc<Broker>,
    request: In<InvokeBrokerToResetOffset>,
) -> Result<Out<InvokeBrokerToResetOffset>, Reject> {
    let asked = request.header;
    tracing::info!(asked.group, asked.topic, asked.timestamp, peer = %request.peer.peer(), "offsets are reset");
    let offset_table = if broker.config().use_server_side_reset_offset {
        on_broker(&broker, &asked)?
    } else {
        on_members(&broker, &asked, request.language).await?
    };
    let offset_table =
        offset_table.into_iter().map(|(queue, offset)| (queue_key(&broker, &asked.topic, queue), offset));
    Ok(Out::body(Some(Json(ResetOffsetBody { offset_table: offset_table.collect() }))))
}

fn on_broker(broker: &Broker, asked: &ResetOffsetHeader) -> Result<BTreeMap<i32, i64>, Reject> {
    let (topic, group) = (&asked.topic, &asked.group);
    let Some(config) = broker.topics.get(topic) else {
        return Err(Reject::new(code::TOPIC_NOT_EXIST, format!("Topic {topic} does not exist")));
    };
    if !broker.groups.contains(group) {
        let remark = format!("Group {group} does not exist");
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    }
    let offsets = targets(broker, asked, &config)?;
    if offsets.is_empty() {
        return Err(system_error("No queues to reset."));
    }
    for (queue, offset) in &offsets {
        broker.offsets.reset(group, topic, *queue, *offset, broker.now());
    }
    Ok(offsets)
}

/// Which queues go where.
fn targets(
    broker: &Broker,
    asked: &ResetOffsetHeader,
    topic: &TopicConfig,
) -> Result<BTreeMap<i32, i64>, Reject> {
    let queue = asked.queue_id.unwrap_or(-1);
    if queue < 0 {
        let queues = 0..topic.read_queue_nums;
        return Ok(queues
            .map(|queue| (queue, by_time(broker, &asked.topic, queue, asked.timestamp)))
            .collect());
    }
    let offset = match asked.offset {
        Some(offset) if offset != -1 => {
            let min = broker.store.min_offset(&asked.topic, queue).unwrap_or(0);
            let max = broker.store.max_offset(&asked.topic, queue).unwrap_or(0);
            within(offset, min, max).map_err(system_error)?
        }
        _ => by_time(broker, &asked.topic, queue, asked.timestamp),
    };
    Ok(BTreeMap::from([(queue, offset)]))
}

/// An offset that an administrator may send a group to: one of the queue, its end, or the one behind.
fn within(offset: i64, min: i64, max: i64) -> Result<i64, String> {
    if min >= 0 && offset < min || offset > max.saturating_add(1) {
        return Err(format!("Target offset {offset} not in consume queue range [{min}-{max}]"));
    }
    Ok(offset)
}

/// The first offset from a time on; the end of the queue for a negative time.
fn by_time(broker: &Broker, topic: &str, queue: i32, timestamp: i64) -> i64 {
    if timestamp < 0 {
        return broker.store.max_offset(topic, queue).unwrap_or(0);
    }
    broker.store.offset_by_time(topic, queue, timestamp, Boundary::Lower)
}

/// Tells the members (Java: `Broker2Client.resetOffset`).
async fn on_members(
    broker: &Broker,
    asked: &ResetOffsetHeader,
    language: Language,
) -> Result<BTreeMap<i32, i64>, Reject> {
    let (topic, group) = (&asked.topic, &asked.group);
    let Some(config) = broker.topics.get(topic) else {
        let remark = format!("[reset-offset] reset offset failed, no topic in this broker. topic={topic}");
        return Err(Reject::new(code::TOPIC_NOT_EXIST, remark));
    };
    let mut offsets = BTreeMap::new();
    for queue in 0..config.write_queue_nums {
        let Some(consumed) = broker.offsets.get(group, topic, queue) else {
            return Err(system_error(format!("THe consumer group <{group}> not exist")));
        };
        let wanted = by_time(broker, topic, queue, asked.timestamp).max(0);
        let go = asked.is_force == Some(true) || wanted < consumed;
        offsets.insert(queue, if go { wanted } else { consumed });
    }
    let members = broker.consumers.members(group);
    if members.is_empty() {
        let remark = format!(
            "Consumer not online, so can not reset offset, Group: {group} Topic: {topic} Timestamp: {}",
            asked.timestamp
        );
        return Err(Reject::new(code::CONSUMER_NOT_ONLINE, remark));
    }
    // C++ members read another form of the table, which administrators written in C++ ask for.
    if language == Language::Cpp {
        return Err(system_error("the client does not support this feature. language=CPP"));
    }
    for member in members {
        if member.version < V3_0_7_SNAPSHOT {
            return Err(system_error(format!(
                "the client does not support this feature. version={}",
                version::name(member.version)
            )));
        }
        tell(broker, asked, &offsets, &member.connection).await;
    }
    Ok(offsets)
}

async fn tell(
    broker: &Broker,
    asked: &ResetOffsetHeader,
    offsets: &BTreeMap<i32, i64>,
    member: &crate::remoting::Connection,
) {
    let offset_table =
        offsets.iter().map(|(queue, offset)| (queue_key(broker, &asked.topic, *queue), *offset));
    let body = ResetOffsetBody { offset_table: offset_table.collect() };
    let header = ResetOffsetHeader { queue_id: None, offset: None, is_force: None, ..asked.clone() };
    if let Err(error) = member.oneway::<ResetConsumerClientOffset>(header, Json(body)).await {
        tracing::warn!(%error, asked.group, peer = %member.peer(), "a member is not told to reset its offsets");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_must_be_of_its_queue() {
        let refused = |offset| Err(format!("Target offset {offset} not in consume queue range [5-9]"));
        for (offset, expected) in [(5, Ok(5)), (9, Ok(9)), (10, Ok(10)), (4, refused(4)), (11, refused(11))] {
            assert_eq!(within(offset, 5, 9), expected);
        }
        assert_eq!(within(-7, -1, 9), Ok(-7));
    }
}
