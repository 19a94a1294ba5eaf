//! Messages with a delivery time of their own: 60, 61, 370 (Java: `RecallMessageProcessor`,
//! `AdminBrokerProcessor`).

use std::sync::Arc;

use bytes::Bytes;

use super::send::{keep, push};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::reject::{forbidden, system_error};
use crate::broker::timer::rule;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::message::{NewMessage, property};
use crate::protocol::route::PERM_WRITE;
use crate::protocol::timer::{
    GetTimerCheckPoint, GetTimerMetrics, RecallHandle, RecallMessage, RecallMessageReply,
};
use crate::remoting::{In, Out, Reject};

/// The tag of messages that recall others.
const RECALL_TAG: &str = "_RECALL_TAG_";
/// The body of messages that recall others.
const RECALL_BODY: &[u8] = b"0";

/// 370.
pub fn recall(broker: &Arc<Broker>, request: In<RecallMessage>) -> Result<Out<RecallMessage>, Reject> {
    let began = broker.now();
    let handle = admit(broker, &request, began)?;
    let with_topic = broker.config().append_topic_for_timer_delete_key;
    let key = rule::delete_key(&handle.topic, &handle.unique_id, with_topic);
    let mut properties = String::new();
    for (name, value) in [
        (property::TAGS, RECALL_TAG),
        (property::TIMER_DEL_UNIQKEY, &key),
        (property::UNIQ_KEY, &handle.unique_id),
        (property::TIMER_DELIVER_MS, &handle.timestamp),
        (property::BORN_TIMESTAMP, &began.to_string()),
        (property::TRACE_CONTEXT, ""),
        (property::PRODUCER_GROUP, request.header.producer_group.as_deref().unwrap_or_default()),
    ] {
        push(&mut properties, name, value);
    }
    let message = NewMessage {
        topic: &handle.topic,
        queue_id: 0,
        flag: 0,
        sys_flag: 0,
        born_timestamp: began,
        born_host: request.peer.peer(),
        store_host: broker.identity.store_host,
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: RECALL_BODY,
        properties: &properties,
    };
    let kept = keep(broker, &message, 0, true).map_err(|_| system_error("recall failed, execute error"))?;
    let (topic, queue_id) = kept.place((&handle.topic, 0));
    broker.count_put(&Moved { topic, queue_id, messages: 1, bytes: kept.appended.size, began });
    let region = Some(broker.config().region_id.clone());
    Ok(Out::header(RecallMessageReply { msg_id: handle.unique_id, region }))
}

/// Checks a recall in Apache's order.
fn admit(broker: &Broker, request: &In<RecallMessage>, now: i64) -> Result<RecallHandle, Reject> {
    let config = broker.config();
    let header = &request.header;
    if !config.recall_message_enable {
        return Err(forbidden("recall failed, operation is forbidden"));
    }
    let is_writable = config.broker_permission & PERM_WRITE.unsigned_abs() != 0;
    if now < config.start_accept_send_request_time_stamp
        || (!is_writable && !config.allow_recall_when_broker_not_writeable)
    {
        let remark = "recall failed, broker service not available";
        return Err(Reject::new(code::SERVICE_NOT_AVAILABLE, remark));
    }
    if broker.topics.get(&header.topic).is_none() {
        let remark = format!("recall failed, the topic[{}] not exist", header.topic);
        return Err(Reject::new(code::TOPIC_NOT_EXIST, remark));
    }
    let illegal = |remark: &str| Reject::new(code::ILLEGAL_OPERATION, remark);
    let handle =
        RecallHandle::decode(&header.recall_handle).ok_or_else(|| illegal("recall handle is invalid"))?;
    if handle.topic != header.topic {
        return Err(illegal("recall failed, topic not match"));
    }
    if handle.broker_name != broker.identity.name {
        return Err(illegal("recall failed, broker service not available"));
    }
    let left = handle.timestamp.parse::<i64>().unwrap_or(-1).saturating_sub(now);
    if left <= 0 || left >= broker.timer.limits(broker).max_delay {
        return Err(illegal("recall failed, timestamp invalid"));
    }
    Ok(handle)
}

/// 60.
pub fn checkpoint(
    broker: &Arc<Broker>,
    _: In<GetTimerCheckPoint>,
) -> Result<Out<GetTimerCheckPoint>, Reject> {
    Ok(Out::body(Bytes::copy_from_slice(&broker.timer.checkpoint())))
}

/// 61.
pub fn metrics(broker: &Arc<Broker>, _: In<GetTimerMetrics>) -> Result<Out<GetTimerMetrics>, Reject> {
    Ok(Out::body(Json(broker.timer.metrics())))
}
