//! Sending messages, one or several in a request.

use std::sync::Arc;
use std::time::Instant;

use secrecy::ExposeSecret;

use super::args::{BatchArgs, Pace, ProducerArgs};
use super::classic::Family;
use super::drive::{Done, Tallies, Work, drive};
use super::fault::Fault;
use super::live::shown;
use super::payload::Payload;
use super::plan::{Plan, Ticket};
use super::report::{Asked, More, Report, Result as Ended};
use super::span::{Apache, Span};
use crate::admin::{CommandError, Context};
use crate::client::producer::{Producer, ProducerOptions, Target};
use crate::client::{Client, ClientError, ClientOptions, Session};
use crate::protocol::signature::Credentials;
use crate::remoting::Service;

/// A producer and what it sends.
struct Sending {
    producer: Producer,
    payload: Payload,
    batch: bool,
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

/// Sends one message in each request.
///
/// # Errors
/// When it cannot begin.
pub async fn messages(ctx: &Context, args: &ProducerArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, args.pace.rate, 1);
    let asked = Asked {
        kind: "producer",
        family: Family::Producer,
        topic: args.place.topic(),
        group: &args.group,
        sending: Some((args.pace.concurrency, args.shape.size)),
        plan: &plan,
    };
    let payload = Payload::new(asked.topic, &args.shape, args.level());
    let options = options(ctx, &args.group, &args.pace, &args.shape);
    send(ctx, &asked, payload, options, &args.span, &args.apache).await
}

/// Sends several messages in each request.
///
/// # Errors
/// When it cannot begin.
pub async fn batches(ctx: &Context, args: &BatchArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, args.pace.rate, args.batch);
    let asked = Asked {
        kind: "batch",
        family: Family::BatchProducer,
        topic: args.place.topic(),
        group: &args.group,
        sending: Some((args.pace.concurrency, args.shape.size)),
        plan: &plan,
    };
    let payload = Payload::new(asked.topic, &args.shape, 0);
    let options = options(ctx, &args.group, &args.pace, &args.shape);
    send(ctx, &asked, payload, options, &args.span, &args.apache).await
}

/// What is asked for by these options.
pub fn plan(span: &Span, rate: Option<f64>, batch: u32) -> Plan {
    let (duration, count) = span.limits();
    Plan { rate, batch, warm_up: span.warm_up, duration, count }
}

fn options(ctx: &Context, group: &str, pace: &Pace, shape: &super::payload::Shape) -> ProducerOptions {
    ProducerOptions {
        group: group.to_owned(),
        timeout: ctx.timeout,
        retries: pace.retries,
        compression: shape.rule(),
        ..ProducerOptions::default()
    }
}

async fn send(
    ctx: &Context,
    asked: &Asked<'_>,
    payload: Payload,
    options: ProducerOptions,
    span: &Span,
    apache: &Apache,
) -> Result<Report, CommandError> {
    if ctx.dry_run {
        ctx.out.note(&format!("would send messages of {} bytes to topic {}", payload.size(), asked.topic));
        return Ok(Report::dry(asked));
    }
    let producer = producer(ctx, asked.topic, options, apache, None).await?;
    let batch = asked.family == Family::BatchProducer;
    let work = Arc::new(Sending { producer, payload, batch });
    let tallies = Arc::new(Tallies::default());
    let concurrency = asked.sending.map_or(1, |(concurrency, _)| concurrency);
    let load = drive(asked.plan, Instant::now(), concurrency, work.clone(), &tallies, &ctx.stop);
    let went = shown(ctx, asked.family, span.report_interval, &tallies, load).await;
    work.producer.close().await;
    let (main, interrupted) = (&tallies.measured, ctx.stop.is_cancelled());
    let ended = Ended { tallies: &tallies, main, went: went??, interrupted, more: More::default() };
    Ok(Report::new(asked, ended))
}

/// A producer with these options, and with what answers brokers; it knows the queues of the topic already.
///
/// # Errors
/// When there is no name server, no topic or no queue.
pub async fn producer(
    ctx: &Context,
    topic: &str,
    options: ProducerOptions,
    apache: &Apache,
    service: Option<Arc<dyn Service>>,
) -> Result<Producer, CommandError> {
    let client = Client::with_service(ctx.namesrv.addrs()?, client(ctx, apache), service);
    let producer = Producer::start(Session::new(client, ctx.clock.clone()), options);
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
