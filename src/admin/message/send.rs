//! Sending one message.

use crate::admin::{CommandError, Context};
use crate::client::producer::{Draft, Producer, ProducerOptions, Receipt, Target};
use crate::client::{Client, Session};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Where a message went (Java: `SendResult`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendResult {
    /// `SEND_OK`, or what is not known to be safe about it.
    pub status: &'static str,
    /// The unique id.
    pub msg_id: String,
    pub offset_msg_id: String,
    pub broker_name: String,
    pub queue_id: i32,
    pub queue_offset: i64,
    #[serde(skip)]
    pub(super) text: String,
}

impl From<Receipt> for SendResult {
    fn from(receipt: Receipt) -> Self {
        SendResult {
            text: receipt.to_string(),
            status: receipt.status.name(),
            msg_id: receipt.msg_id,
            offset_msg_id: receipt.offset_msg_id,
            broker_name: receipt.queue.broker_name,
            queue_id: receipt.queue.queue_id,
            queue_offset: receipt.queue_offset,
        }
    }
}

impl fmt::Display for SendResult {
    /// As Java's `toString`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Sends a message as a member of a group: to a queue of that number, of that broker, or to any.
///
/// # Errors
/// An unknown broker or queue; no broker takes it.
pub async fn send(
    ctx: &Context,
    group: &str,
    draft: Draft,
    place: Place<'_>,
) -> Result<SendResult, CommandError> {
    let producer = producer(ctx, group);
    let sent = send_by(&producer, draft, place).await?;
    // Only where the broker answers: one that does not would make us wait once more.
    producer.close().await;
    Ok(sent)
}

/// A producer with a client of its own: one that leaves closes its connections.
pub fn producer(ctx: &Context, group: &str) -> Producer {
    let options = ctx.client.options();
    let session = Session::new(Client::new(&ctx.namesrv.addrs, options), ctx.clock.clone());
    let options =
        ProducerOptions { group: group.to_owned(), timeout: ctx.timeout, ..ProducerOptions::default() };
    Producer::start(session, options)
}

/// Which queue a message is to go to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    pub broker_name: Option<&'a str>,
    pub queue_id: Option<i32>,
}

async fn send_by(producer: &Producer, draft: Draft, place: Place<'_>) -> Result<SendResult, CommandError> {
    let topic = draft.topic.clone();
    let Some(broker_name) = place.broker_name else {
        return Ok(producer.send(draft, &Target::Any).await?.into());
    };
    let queues = producer.queues(&topic).await?;
    let mut of_broker = queues.iter().filter(|queue| queue.broker_name == broker_name);
    let chosen = match place.queue_id {
        None => of_broker.next().cloned(),
        Some(id) => of_broker.find(|queue| queue.queue_id == id).cloned(),
    };
    let Some(queue) = chosen else { return Err(no_queue(&topic, place, &queues)) };
    Ok(producer.send(draft, &Target::Queue(queue)).await?.into())
}

fn no_queue(topic: &str, place: Place<'_>, queues: &[crate::protocol::queue::MessageQueue]) -> CommandError {
    let broker = place.broker_name.unwrap_or_default();
    let of_broker = queues.iter().filter(|queue| queue.broker_name == broker).count();
    if of_broker == 0 {
        let names = queues.iter().map(|queue| queue.broker_name.as_str());
        let mut error = crate::admin::targets::unknown_broker(broker, names);
        error.message = format!("topic {topic} has no queue that may be written on a broker '{broker}'");
        return error;
    }
    CommandError::not_found(format!(
        "topic {topic} has no queue {} that may be written on broker {broker}",
        place.queue_id.unwrap_or_default()
    ))
    .hint(format!("it has the queues 0 to {}", of_broker - 1))
}
