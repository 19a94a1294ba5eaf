//! Sending messages, one or several in a request.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::args::Pace;
use super::drive::{Done, Work};
use super::fault::Fault;
use super::payload::{Payload, Shape};
use super::plan::Ticket;
use super::span::Apache;
use crate::admin::{CommandError, Context};
use crate::client::producer::{Producer, ProducerOptions, Target};
use crate::client::{Client, ClientError, ClientOptions, Session};
use crate::protocol::signature::Credentials;

/// A producer and what it sends.
pub struct Sending {
    pub producer: Producer,
    payload: Payload,
    batch: bool,
}

impl Sending {
    pub fn new(producer: Producer, payload: Payload, batch: bool) -> Self {
        Self { producer, payload, batch }
    }
}

impl Work for Sending {
    async fn send(&self, ticket: Ticket) -> Result<Done, ClientError> {
        let bytes = self.payload.size() as u64 * u64::from(ticket.messages);
        let receipt = if self.batch {
            self.producer.send_batch(self.payload.drafts(&ticket), &Target::Any).await?
        } else {
            self.producer.send(self.payload.draft(ticket.first), &Target::Any).await?
        };
        Ok(Done { bytes, flaw: Fault::of_status(receipt.status) })
    }
}

/// A producer as the options say; it knows the queues of the topic already.
///
/// # Errors
/// When there is no name server, no topic or no queue.
pub async fn producer(
    ctx: &Context,
    group: &str,
    topic: &str,
    pace: &Pace,
    shape: &Shape,
    apache: &Apache,
) -> Result<Producer, CommandError> {
    let session = Session::new(Client::new(ctx.namesrv.addrs()?, client(ctx, apache)), ctx.clock.clone());
    let options = ProducerOptions {
        group: group.to_owned(),
        timeout: ctx.timeout,
        retries: pace.retries,
        compression: shape.rule(),
        ..ProducerOptions::default()
    };
    let producer = Producer::start(session, options);
    match producer.queues(topic).await {
        Ok(queues) if queues.is_empty() => {
            producer.close().await;
            let what = "queue that may be written".to_owned();
            Err(ClientError::NoQueue { topic: topic.to_owned(), what }.into())
        }
        Ok(_) => Ok(producer),
        Err(error) => {
            producer.close().await;
            Err(error.into())
        }
    }
}

/// The options of the line, signed with the keys that Apache's options may give.
pub fn client(ctx: &Context, apache: &Apache) -> ClientOptions {
    let mut options = ctx.client.options();
    if let (Some(access), Some(secret)) = (&apache.access_key_in_line, &apache.secret_key_in_line) {
        ctx.out.warn(
            "keys in a command line can be read by all users of this machine; see rmq help credentials",
        );
        options.pool.credentials = Some(Arc::new(Credentials::new(access, secret.expose_secret(), None)));
    }
    if apache.trace == Some(true) {
        ctx.out.warn("no message trace is sent");
    }
    options
}
