//! Entries of consume queues, as they are on disk.

use std::sync::Arc;

use super::NOT_SET;
use crate::broker::Broker;
use crate::broker::reject::system_error;
use crate::protocol::body::Json;
use crate::protocol::group::SubscriptionData;
use crate::protocol::topic::{ConsumeQueueBody, ConsumeQueueData, QueryConsumeQueue};
use crate::remoting::{In, Out, Reject};

/// The most entries that one answer holds, whatever is asked for.
const MOST: usize = 100_000;

pub fn entries(
    broker: &Arc<Broker>,
    request: In<QueryConsumeQueue>,
) -> Result<Out<QueryConsumeQueue>, Reject> {
    let asked = request.header;
    let (topic, queue) = (&asked.topic, asked.queue_id);
    let Some((min_queue_index, max_queue_index)) = range(broker, topic, queue) else {
        return Err(system_error(format!("{queue}@{topic} is not exist!")));
    };
    if asked.index < min_queue_index || asked.index >= max_queue_index {
        let remark = format!("Index {} of {queue}@{topic} is not exist!", asked.index);
        // A success without a body, as Apache's broker has it.
        return Ok(Out::body(None).remark(remark));
    }
    let mut body = ConsumeQueueBody { max_queue_index, min_queue_index, ..ConsumeQueueBody::default() };
    if let Some(group) = &asked.consumer_group {
        let subscription = broker.consumers.subscription(group, topic);
        body.filter_data = Some(match &subscription {
            None => format!("{group}@{topic} is not online!"),
            // Filters by expression do not leave a trace in the queue here.
            Some(_) => "null".to_owned(),
        });
        body.subscription_data = subscription.map(|data| SubscriptionData::clone(&data));
    }
    let count = usize::try_from(asked.count).unwrap_or(0).min(MOST);
    let units = broker.store.units(topic, queue, asked.index, count);
    let data = units.into_iter().map(|(_, unit)| ConsumeQueueData {
        physic_offset: unit.physical_offset,
        physic_size: unit.size,
        tags_code: unit.tags_code,
        ..ConsumeQueueData::default()
    });
    body.queue_data = Some(data.collect());
    Ok(Out::body(Some(Json(body))).remark(NOT_SET))
}

/// Where a queue begins and ends. One that the topic should have is there although nothing was put into it.
fn range(broker: &Broker, topic: &str, queue: i32) -> Option<(i64, i64)> {
    let range = broker.store.min_offset(topic, queue).zip(broker.store.max_offset(topic, queue));
    range.or_else(|| {
        let config = broker.topics.get(topic)?;
        (0..config.read_queue_nums.max(config.write_queue_nums)).contains(&queue).then_some((0, 0))
    })
}
