//! What consumers tell of popped messages: 200051, 200053, 200151 (Java: `AckMessageProcessor`,
//! `ChangeInvisibleTimeProcessor`).

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::broker::core::Broker;
use crate::broker::names;
use crate::broker::pop::{ChangedTo, Popped};
use crate::broker::put;
use crate::broker::reject::{SEE_FAQ, system_error};
use crate::protocol::code;
use crate::protocol::pop::{
    AckMessage, BatchAck, BatchAckMessage, ChangeInvisibleReply, ChangeInvisibleTime, MAX_POP, PopHandle,
    PopTopic,
};
use crate::remoting::{In, Out, Reject};

/// Checks that there is such a queue.
fn admit(broker: &Broker, topic: &str, queue: i32, peer: SocketAddr) -> Result<(), Reject> {
    let Some(config) = broker.topics.get(topic) else {
        let remark = format!("topic[{topic}] not exist, apply first please! {SEE_FAQ}");
        return Err(Reject::new(code::TOPIC_NOT_EXIST, remark));
    };
    if queue >= config.read_queue_nums || queue < 0 {
        let remark = format!(
            "queueId[{queue}] is illegal, topic:[{topic}] topicConfig.readQueueNums:[{}] consumer:[{peer}]",
            config.read_queue_nums
        );
        return Err(Reject::new(code::MESSAGE_ILLEGAL, remark));
    }
    Ok(())
}

/// The bounds of a queue; from its first offset to behind its last.
fn bounds(broker: &Broker, topic: &str, queue: i32) -> (i64, i64) {
    let min = broker.store.min_offset(topic, queue).unwrap_or(0);
    (min, broker.store.max_offset(topic, queue).unwrap_or(0))
}

fn handle(text: &str) -> Result<PopHandle, Reject> {
    PopHandle::parse(text).ok_or_else(|| system_error(format!("the handle {text:?} is none of a pop")))
}

fn popped<'a>(handle: &'a PopHandle, topic: &'a str, group: &'a str, queue: i32) -> Popped<'a> {
    Popped {
        topic,
        group,
        queue,
        revive_queue: handle.revive_queue,
        start_offset: handle.start_offset,
        pop_time: handle.pop_time,
        invisible_time: handle.invisible_time,
        broker_name: Some(&handle.broker_name),
    }
}

/// Waits for the disk where acknowledgements must be there.
async fn stored(broker: &Arc<Broker>, end: i64) {
    if put::awaits_disk(broker, end, end > 0) {
        put::on_disk(broker, end).await;
    }
}

/// 200051.
pub async fn ack(broker: Arc<Broker>, request: In<AckMessage>) -> Result<Out<AckMessage>, Reject> {
    let In { header, peer, .. } = request;
    let (topic, queue, offset) = (&header.topic, header.queue_id, header.offset);
    admit(&broker, topic, queue, peer.peer())?;
    let (min, max) = bounds(&broker, topic, queue);
    if offset < min || offset > max {
        let remark = format!("offset is illegal, key:{topic}@{queue}, commit:{offset}, store:{min}~{max}");
        return Err(Reject::new(code::NO_MESSAGE, remark));
    }
    let handle = handle(&header.extra_info)?;
    let popped = popped(&handle, topic, &header.consumer_group, queue);
    let end = broker.acknowledge(&popped, &[offset], false, peer.peer())?;
    stored(&broker, end).await;
    Ok(Out::done())
}

/// 200151.
pub async fn batch(
    broker: Arc<Broker>,
    request: In<BatchAckMessage>,
) -> Result<Out<BatchAckMessage>, Reject> {
    let body = request.body.0;
    if body.acks.is_empty() {
        return Ok(Out::done().code(code::NO_MESSAGE));
    }
    let mut end = 0;
    for ack in &body.acks {
        end = end.max(acknowledge(&broker, ack, body.broker_name.as_deref(), request.peer.peer())?);
    }
    stored(&broker, end).await;
    Ok(Out::done())
}

fn acknowledge(
    broker: &Broker,
    ack: &BatchAck,
    broker_name: Option<&str>,
    peer: SocketAddr,
) -> Result<i64, Reject> {
    let kind = PopTopic::parse(&ack.retry)
        .ok_or_else(|| system_error(format!("{:?} is no kind of topic", ack.retry)))?;
    let [v1, v2] = names::pop_retry_topics(&ack.topic, &ack.consumer_group);
    let topic = match kind {
        PopTopic::Normal => ack.topic.clone(),
        PopTopic::RetryV1 => v1,
        PopTopic::RetryV2 => v2,
    };
    let Some(max) = broker.store.max_offset(&topic, ack.queue_id) else { return Ok(0) };
    let min = broker.store.min_offset(&topic, ack.queue_id).unwrap_or(0);
    let offsets: Vec<i64> = bits(&ack.bit_set)
        .into_iter()
        .filter_map(|bit| ack.start_offset.checked_add(bit))
        .filter(|offset| (min..=max).contains(offset))
        .collect();
    if offsets.is_empty() {
        return Ok(0);
    }
    let popped = Popped {
        topic: &topic,
        group: &ack.consumer_group,
        queue: ack.queue_id,
        revive_queue: ack.revive_queue_id,
        start_offset: ack.start_offset,
        pop_time: ack.pop_time,
        invisible_time: ack.invisible_time,
        broker_name: broker_name.or(Some(&broker.identity.name)),
    };
    broker.acknowledge(&popped, &offsets, true, peer)
}

/// The numbers of the bits that are set, the lowest first (Java: `BitSet.toByteArray`). A pop has not so many
/// messages that a long set could be meant.
fn bits(text: &str) -> Vec<i64> {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let is_set = |(byte, bit): &(u8, i64)| byte & (1u8 << (bit % 8)) != 0;
    let all = bytes.iter().flat_map(|byte| std::iter::repeat_n(*byte, 8)).zip(0i64..);
    all.filter(is_set).map(|(_, bit)| bit).take(usize::try_from(MAX_POP).unwrap_or(0)).collect()
}

/// 200053.
pub async fn change_invisible(
    broker: Arc<Broker>,
    request: In<ChangeInvisibleTime>,
) -> Result<Out<ChangeInvisibleTime>, Reject> {
    let In { header, peer, .. } = request;
    let (topic, queue, offset) = (&header.topic, header.queue_id, header.offset);
    admit(&broker, topic, queue, peer.peer())?;
    let (min, max) = bounds(&broker, topic, queue);
    if offset < min || offset >= max {
        return Err(Reject::new(code::NO_MESSAGE, ""));
    }
    let handle = handle(&header.extra_info)?;
    let popped = popped(&handle, topic, &header.consumer_group, queue);
    let reply = |(pop_time, invisible_time)| ChangeInvisibleReply {
        pop_time,
        invisible_time,
        revive_qid: handle.revive_queue,
    };
    if handle.is_ordered() {
        let changed = broker.change_invisible_ordered(&popped, offset, header.invisible_time);
        return Ok(Out::header(changed.map_or_else(ChangeInvisibleReply::default, reply)));
    }
    let to = ChangedTo { invisible_time: header.invisible_time, suspend: header.suspend == Some(true) };
    let (pop_time, invisible_time, end) = broker.change_invisible(&popped, offset, to, peer.peer())?;
    stored(&broker, end).await;
    Ok(Out::header(reply((pop_time, invisible_time))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_java() {
        // BitSet {0, 2, 9}.toByteArray() is [5, 2].
        for (bytes, expected) in [(&[5u8, 2][..], &[0i64, 2, 9][..]), (&[], &[]), (&[0, 0x80], &[15])] {
            assert_eq!(bits(&STANDARD.encode(bytes)), expected);
        }
        assert_eq!(bits("?"), [0i64; 0]);
        assert_eq!(bits(&STANDARD.encode([255; 64])).len(), 32);
    }
}
