//! Sending a batch: its messages lie side by side in one queue.

use std::fmt::Write as _;

use super::rule::{self, Additions};
use super::single::{queue, sys_flag, trace_on};
use super::{Send, Stored};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::names::RETRY_PREFIX;
use crate::broker::put;
use crate::protocol::code;
use crate::protocol::message::{BatchItem, BatchItems, NewMessage, SysFlag, Transaction};
use crate::protocol::send::SendMessageReply;
use crate::protocol::topic::TopicConfig;
use crate::remoting::Reject;

/// The longest topic of a batch (Java: `Byte.MAX_VALUE`).
const MAX_TOPIC: usize = 127;

pub(super) fn store(broker: &Broker, send: &Send, topic: &TopicConfig, began: i64) -> Result<Stored, Reject> {
    let config = broker.config();
    let header = &send.header;
    if header.topic.len() > MAX_TOPIC {
        let remark = format!("message topic length too long {}", header.topic.len());
        return Err(Reject::new(code::MESSAGE_ILLEGAL, remark));
    }
    if header.topic.starts_with(RETRY_PREFIX) {
        let remark = format!("batch request does not support retry group {}", header.topic);
        return Err(Reject::new(code::MESSAGE_ILLEGAL, remark));
    }
    let illegal = || put::illegal(config.max_message_size);
    let add = Additions {
        region: &config.region_id,
        trace_on: trace_on(config.trace_on),
        cluster: &broker.identity.cluster,
    };
    let shared = rule::prepare(header.properties.as_deref().unwrap_or_default(), &add);
    let flags = SysFlag(sys_flag(header.sys_flag, topic));
    if flags.transaction() != Transaction::None
        || shared.delay_level > 0
        || send.body.is_empty()
        || send.body.len() > config.max_message_size
    {
        return Err(illegal());
    }
    let items: Vec<BatchItem<'_>> =
        BatchItems::new(&send.body).collect::<Result<_, _>>().map_err(|_| illegal())?;
    let queue_id = queue(header.queue_id, topic);
    // The properties of the request as a whole are not stored: each message has its own.
    let messages: Vec<NewMessage<'_>> = items
        .iter()
        .map(|item| NewMessage {
            topic: &header.topic,
            queue_id,
            flag: item.flag,
            sys_flag: flags.0,
            born_timestamp: header.born_timestamp,
            born_host: send.born_host,
            store_host: broker.identity.store_host,
            reconsume_times: header.reconsume_times.unwrap_or(0),
            prepared_transaction_offset: 0,
            body: item.body,
            properties: item.properties,
        })
        .collect();
    let appended = broker.store.append_batch(&messages).map_err(|error| put::refusal(broker, &error))?;
    let (Some(first), Some(last)) = (appended.first(), appended.last()) else { return Err(illegal()) };
    let mut msg_id = String::with_capacity(appended.len() * 33);
    for (index, message) in appended.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(msg_id, "{comma}{}", message.offset_id(broker.identity.store_host));
    }
    let bytes = appended.iter().map(|message| message.size).sum();
    broker.count_put(&Moved { topic: &header.topic, queue_id, messages: appended.len(), bytes, began });
    let reply = SendMessageReply {
        msg_id,
        queue_id,
        queue_offset: first.queue_offset,
        transaction_id: shared.unique_key().map(str::to_owned),
        batch_uniq_id: None,
        recall_handle: None,
        region: Some(config.region_id.clone()),
        trace_on: Some(trace_on(config.trace_on).to_owned()),
    };
    Ok(Stored { reply, end: last.end(), waits_for_disk: shared.waits_for_disk })
}
