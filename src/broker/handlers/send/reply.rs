//! Replies to requests: 324, 325 (Java: `ReplyMessageProcessor`). A reply is pushed to the client that waits for
//! it; it is stored for whoever wants to see it later.

use std::sync::Arc;
use std::time::Duration;

use super::rule::replace;
use super::single::{queue, trace_on};
use super::{Send, check};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::protocol::code;
use crate::protocol::message::{NewMessage, find_property, property};
use crate::protocol::send::{
    PushReplyHeader, PushReplyMessageToClient, SendMessageReply, SendReplyMessage, SendReplyMessageV2,
};
use crate::remoting::{In, Out, Reject};

/// How long the client may take that the reply is for (Java: `Broker2Client.callClient`).
const PUSHED_WITHIN: Duration = Duration::from_secs(10);

/// 324.
pub async fn reply(
    broker: Arc<Broker>,
    request: In<SendReplyMessage>,
) -> Result<Out<SendReplyMessage>, Reject> {
    let In { header, body, peer, version, .. } = request;
    let (code, remark, reply) =
        serve(&broker, Send { header, body, born_host: peer.peer(), version }).await?;
    Ok(Out { code, remark, header: reply, body: () })
}

/// 325.
pub async fn reply_v2(
    broker: Arc<Broker>,
    request: In<SendReplyMessageV2>,
) -> Result<Out<SendReplyMessageV2>, Reject> {
    let send = super::from_v2(request);
    let (code, remark, reply) = serve(&broker, send).await?;
    Ok(Out { code, remark, header: reply, body: () })
}

async fn serve(broker: &Broker, send: Send) -> Result<(i32, Option<String>, SendMessageReply), Reject> {
    let began = broker.now();
    let topic = check::admit(broker, &send, began)?;
    let config = broker.config();
    let queue_id = queue(send.header.queue_id, &topic);
    let pushed = push(broker, &send).await;
    let mut reply = SendMessageReply {
        // Clients look for numbers, also where nothing is stored.
        msg_id: "0".to_owned(),
        queue_id,
        region: Some(config.region_id.clone()),
        trace_on: Some(trace_on(config.trace_on).to_owned()),
        ..SendMessageReply::default()
    };
    if config.store_reply_message_enable {
        store(broker, &send, queue_id, began, &mut reply);
    }
    Ok(match pushed {
        Ok(()) => (code::SUCCESS, None, reply),
        Err(remark) => (code::SYSTEM_ERROR, Some(remark), reply),
    })
}

/// Stores a reply. One that cannot be stored has reached its client all the same.
fn store(broker: &Broker, send: &Send, queue_id: i32, began: i64, reply: &mut SendMessageReply) {
    let header = &send.header;
    let message = NewMessage {
        topic: &header.topic,
        queue_id,
        flag: header.flag,
        sys_flag: header.sys_flag,
        born_timestamp: header.born_timestamp,
        born_host: send.born_host,
        store_host: broker.identity.store_host,
        reconsume_times: header.reconsume_times.unwrap_or(0),
        prepared_transaction_offset: 0,
        body: &send.body,
        properties: header.properties.as_deref().unwrap_or_default(),
    };
    match broker.store.append(&message) {
        Ok(appended) => {
            let topic = &header.topic;
            broker.count_put(&Moved { topic, queue_id, messages: 1, bytes: appended.size, began });
            reply.msg_id = appended.offset_id(broker.identity.store_host).to_string();
            reply.queue_offset = appended.queue_offset;
        }
        Err(error) => tracing::warn!(topic = header.topic, %error, "a reply is not stored"),
    }
}

/// Pushes a reply to the client that waits for it; else why not.
async fn push(broker: &Broker, send: &Send) -> Result<(), String> {
    let header = &send.header;
    let properties = header.properties.as_deref().unwrap_or_default();
    let name = property::MESSAGE_REPLY_TO_CLIENT;
    let Some(client) = find_property(properties, name) else {
        return Err(format!("reply message properties[{name}] is null"));
    };
    let Some(connection) = broker.producers.client(client) else {
        return Err(format!("push reply message fail, channel of <{client}> not found."));
    };
    let now = broker.now();
    let pushed = PushReplyHeader {
        producer_group: header.producer_group.clone(),
        topic: header.topic.clone(),
        default_topic: header.default_topic.clone(),
        default_topic_queue_nums: header.default_topic_queue_nums,
        queue_id: header.queue_id,
        sys_flag: header.sys_flag,
        born_timestamp: header.born_timestamp,
        flag: header.flag,
        properties: Some(replace(properties, &[(property::PUSH_REPLY_TIME, Some(&now.to_string()))])),
        reconsume_times: header.reconsume_times,
        unit_mode: header.unit_mode,
        born_host: send.born_host.to_string(),
        store_host: broker.identity.store_host.to_string(),
        store_timestamp: now,
    };
    let call = connection.call::<PushReplyMessageToClient>(pushed, send.body.clone(), PUSHED_WITHIN);
    match call.await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(client, %error, "a reply is not pushed");
            Err(format!("push reply message to {client}fail."))
        }
    }
}
