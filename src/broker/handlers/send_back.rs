//! Messages that a consumer could not consume: 36 (Java: `AbstractSendMessageProcessor.consumerSendMsgBack`).

use std::sync::Arc;

use super::send::{keep, replace};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::names;
use crate::broker::random;
use crate::broker::reject::{SEE_FAQ, forbidden, system_error};
use crate::broker::topics::PERM_READ_WRITE;
use crate::protocol::code;
use crate::protocol::message::{Message, NewMessage, property};
use crate::protocol::route::PERM_WRITE;
use crate::protocol::send::{ConsumerSendMsgBack, SendBackHeader};
use crate::remoting::{In, Out, Reject};

/// How many queues a dead-letter topic has (Java: `DLQ_NUMS_PER_GROUP`).
const DLQ_QUEUES: i32 = 1;
/// The level of the first retry (10 s in the default table).
const FIRST_RETRY_LEVEL: i32 = 3;
/// `topicSysFlag` of a retry topic whose group is of a unit.
const UNIT_SUBSCRIPTION: i32 = 2;

/// What becomes of a message that is sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is given to the group again, after the delay of this level.
    Again {
        /// The level.
        level: i32,
    },
    /// It goes to the dead-letter topic.
    GivenUp,
}

/// A pure rule: `times` is how often the message was consumed before this, `level` what the consumer asks
/// for, 0 leaving it to the broker.
fn fate(times: i32, max_times: i32, level: i32) -> Fate {
    if times >= max_times || level < 0 {
        Fate::GivenUp
    } else if level == 0 {
        Fate::Again { level: FIRST_RETRY_LEVEL.saturating_add(times) }
    } else {
        Fate::Again { level }
    }
}

/// 36.
pub fn send_back(
    broker: &Arc<Broker>,
    request: In<ConsumerSendMsgBack>,
) -> Result<Out<ConsumerSendMsgBack>, Reject> {
    let header = &request.header;
    let Some(group) = broker.find_group(&header.group) else {
        let remark = format!("subscription group not exist, {} {SEE_FAQ}", header.group);
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    if broker.config().broker_permission & PERM_WRITE.unsigned_abs() == 0 {
        return Err(forbidden(format!("the broker[{}] sending message is forbidden", broker.ip())));
    }
    if group.retry_queue_nums <= 0 {
        return Ok(Out::done());
    }
    let retry = names::retry_topic(&header.group);
    let sys_flag = if header.unit_mode == Some(true) { UNIT_SUBSCRIPTION } else { 0 };
    let topic =
        broker.topics.create_in_send_back(&retry, group.retry_queue_nums, PERM_READ_WRITE, false, sys_flag);
    if topic.perm & PERM_WRITE == 0 {
        return Err(forbidden(format!("the topic[{retry}] sending message is forbidden")));
    }
    let message = broker.store.message_at(header.offset).and_then(|bytes| Message::decode(&bytes).ok());
    let message =
        message.ok_or_else(|| system_error(format!("look message by offset failed, {}", header.offset)))?;
    let max_times = header.max_reconsume_times.unwrap_or(group.retry_max_times);
    match fate(message.reconsume_times, max_times, header.delay_level) {
        Fate::Again { level } => {
            let queue = random::below(group.retry_queue_nums);
            keep_again(broker, header, &message, (&retry, queue), level)?;
        }
        Fate::GivenUp => {
            let dlq = names::dlq_topic(&header.group);
            broker.topics.create_in_send_back(&dlq, DLQ_QUEUES, PERM_READ_WRITE, false, 0);
            tracing::info!(group = header.group, offset = header.offset, "a message is given up");
            keep_again(broker, header, &message, (&dlq, random::below(DLQ_QUEUES)), 0)?;
        }
    }
    Ok(Out::done())
}

fn keep_again(
    broker: &Broker,
    header: &SendBackHeader,
    message: &Message,
    (topic, queue_id): (&str, i32),
    level: i32,
) -> Result<(), Reject> {
    let began = broker.now();
    let properties = properties(message, level);
    let again = NewMessage {
        topic,
        queue_id,
        store_host: broker.identity.store_host,
        reconsume_times: message.reconsume_times.saturating_add(1),
        prepared_transaction_offset: 0,
        ..message.as_new(&properties)
    };
    let kept = keep(broker, &again, level, false).map_err(|reject| system_error(reject.remark))?;
    let (stored_in, stored_queue) = kept.place((topic, queue_id));
    let bytes = kept.appended.size;
    broker.count_put(&Moved { topic: stored_in, queue_id: stored_queue, messages: 1, bytes, began });
    let first_topic = message.properties.get(property::RETRY_TOPIC).unwrap_or(&message.topic);
    broker.stats.sent_back(&header.group, first_topic);
    Ok(())
}

/// The properties of a message that is sent back: where it was first, and which message it was.
fn properties(message: &Message, level: i32) -> String {
    let origin = message.properties.get(property::ORIGIN_MESSAGE_ID).filter(|id| !id.trim().is_empty());
    let origin = origin.map_or_else(|| message.offset_id().to_string(), str::to_owned);
    let first_topic = message.properties.get(property::RETRY_TOPIC).unwrap_or(&message.topic);
    replace(
        &message.properties.to_raw(),
        &[
            (property::RETRY_TOPIC, Some(first_topic)),
            (property::ORIGIN_MESSAGE_ID, Some(&origin)),
            (property::WAIT_STORE_MSG_OK, Some("false")),
            (property::DELAY_TIME_LEVEL, Some(&level.to_string())),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_message() {
        let table = [
            ((0, 16, 0), Fate::Again { level: 3 }),
            ((4, 16, 0), Fate::Again { level: 7 }),
            ((4, 16, 2), Fate::Again { level: 2 }),
            ((16, 16, 0), Fate::GivenUp),
            ((16, 16, 5), Fate::GivenUp),
            ((0, 16, -1), Fate::GivenUp),
            ((0, 0, 0), Fate::GivenUp),
            ((i32::MAX - 1, i32::MAX, 0), Fate::Again { level: i32::MAX }),
        ];
        for ((times, max, level), expected) in table {
            assert_eq!(fate(times, max, level), expected, "{times} {max} {level}");
        }
    }
}
