//! From end to end: what is sent is consumed by the same process, which has one clock.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::args::LatencyArgs;
use super::classic::Family;
use super::drive::{Done, Tallies, Work, drive};
use super::fault::Fault;
use super::ledger::Ledger;
use super::live::shown;
use super::plan::{Part, Plan, Ticket};
use super::produce::{client, plan, producer};
use super::report::{Asked, More, Report, Result as Ended};
use super::stamp::Stamp;
use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::ClientError;
use crate::client::consumer::{Consumer, ConsumerOptions, Event, Events, StartFrom};
use crate::client::producer::{CompressionRule, Draft, Producer, ProducerOptions, Target};
use crate::runtime::{CancellationToken, Tasks};
use crate::tools::noise::noise;
use crate::tools::values::MAX_BODY;

/// How often it is looked whether the queues have been given out.
const LOOK: Duration = Duration::from_millis(20);

/// Sends, consumes, and reports on it.
///
/// # Errors
/// When it cannot begin.
pub async fn run(ctx: &Context, args: &LatencyArgs) -> Result<Report, CommandError> {
    let plan = plan(&args.span, Some(args.rate), 1);
    let asked = Asked {
        kind: "latency",
        family: Family::Producer,
        topic: args.place.topic(),
        group: &args.group,
        sending: Some((args.concurrency, args.size)),
        plan: &plan,
    };
    if ctx.dry_run {
        ctx.out.note(&format!("would send messages to topic {} and consume them", asked.topic));
        return Ok(Report::dry(&asked));
    }
    let options = ProducerOptions {
        group: args.group.clone(),
        timeout: ctx.timeout,
        retries: 0,
        compression: CompressionRule { from_bytes: MAX_BODY + 1, ..CompressionRule::default() },
        ..ProducerOptions::default()
    };
    let producer = Arc::new(producer(ctx, asked.topic, options, &args.apache, None).await?);
    let result = there_and_back(ctx, args, &asked, &producer).await;
    producer.close().await;
    result
}

async fn there_and_back(
    ctx: &Context,
    args: &LatencyArgs,
    asked: &Asked<'_>,
    producer: &Arc<Producer>,
) -> Result<Report, CommandError> {
    let (consumer, events) = join(ctx, args, asked, producer).await?;
    let course = Arc::new(Course {
        run: RandomState::new().hash_one(&args.group),
        began: Instant::now(),
        plan: asked.plan.clone(),
        tallies: Arc::new(Tallies::default()),
        ledger: Mutex::default(),
        came: Notify::new(),
        stop: ctx.stop.child_token(),
        trouble: Mutex::default(),
    });
    let tasks = Tasks::new();
    tasks.spawn(receive(course.clone(), consumer.clone(), events));
    let work = Arc::new(Stamping {
        producer: producer.clone(),
        topic: asked.topic.to_owned(),
        tag: args.tag.clone(),
        filler: noise(args.size, 0),
        course: course.clone(),
    });
    let tallies = course.tallies.clone();
    let load = async {
        let driven = drive(asked.plan, course.began, args.concurrency, work, &tallies, &course.stop).await;
        course.wait_for_rest(args.grace).await;
        driven
    };
    let went = shown(ctx, asked.family, args.span.report_interval, &tallies, load).await;
    tasks.stop(Duration::from_secs(1)).await;
    consumer.close().await;
    if let Some(error) = course.trouble.lock().take() {
        return Err(error.into());
    }
    let sent = tallies.measured.counts();
    let more = {
        let ledger = course.ledger.lock();
        More {
            send_latency_micros: Some(sent.latency.summary()),
            sent: Some(sent.messages),
            lost: Some(ledger.missing()),
            duplicates: Some(ledger.duplicates()),
            ..More::default()
        }
    };
    let (main, interrupted) = (&tallies.second, ctx.stop.is_cancelled());
    Ok(Report::new(asked, Ended { tallies: &tallies, main, went: went??, interrupted, more }))
}

/// Becomes a member of the group, which has all queues before anything is sent.
async fn join(
    ctx: &Context,
    args: &LatencyArgs,
    asked: &Asked<'_>,
    producer: &Producer,
) -> Result<(Arc<Consumer>, Events), CommandError> {
    if ctx.client.route_if_known(asked.topic).await?.is_none() {
        // The topic is created by its first message, which is none of the run.
        producer.send(Draft::new(asked.topic, "rmq bench"), &Target::Any).await?;
    }
    let options = ConsumerOptions { from: StartFrom::Last, ..ConsumerOptions::new(&args.group, asked.topic) };
    let client = client(ctx, &args.apache);
    let (consumer, events) =
        Consumer::start(ctx.namesrv.addrs()?, client, ctx.clock.clone(), options).await?;
    let assigned = async {
        consumer.assigned().await;
        while consumer.queues().is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let joined = tokio::select! {
        joined = tokio::time::timeout(ctx.timeout, assigned) => joined.map_err(|_| {
            CommandError::new(ErrorKind::Timeout, format!("no queue of {} came to this member", asked.topic))
                .hint(format!("others may be in group {}: name another by --group", args.group))
        }),
        () = ctx.stop.cancelled() => Err(CommandError::interrupted()),
    };
    match joined {
        Ok(()) => Ok((Arc::new(consumer), events)),
        Err(error) => {
            consumer.close().await;
            Err(error)
        }
    }
}

/// What those who send and those who consume share.
struct Course {
    run: u64,
    began: Instant,
    plan: Plan,
    tallies: Arc<Tallies>,
    ledger: Mutex<Ledger>,
    /// Told of each message that came.
    came: Notify,
    stop: CancellationToken,
    /// What ends it.
    trouble: Mutex<Option<ClientError>>,
}

impl Course {
    /// A message came. Those of others are none of this run.
    fn count(&self, body: &[u8]) {
        let Some(stamp) = Stamp::of(body, self.run) else { return };
        let elapsed = self.began.elapsed();
        let first = self.ledger.lock().came(stamp.number);
        self.came.notify_one();
        let due = Duration::from_micros(stamp.due_micros);
        if first && self.plan.part(due) != Part::WarmUp {
            self.tallies.second.done(0, 1, body.len() as u64, elapsed.saturating_sub(due));
        }
    }

    /// Waits for what is still under way, as long as some of it comes every now and then.
    async fn wait_for_rest(&self, grace: Duration) {
        while self.ledger.lock().missing() > 0 && self.trouble.lock().is_none() {
            if tokio::time::timeout(grace, self.came.notified()).await.is_err() {
                return;
            }
        }
    }
}

async fn receive(course: Arc<Course>, consumer: Arc<Consumer>, mut events: Events) {
    while let Some(event) = events.next().await {
        match event {
            Event::Message(delivery) => {
                course.count(&delivery.message.body);
                consumer.done(*delivery);
            }
            Event::Trouble(trouble) => {
                course.tallies.measured.flawed(0, 1, Fault::of(&trouble.error));
                if trouble.is_for_good() {
                    *course.trouble.lock() = Some(trouble.error);
                    course.stop.cancel();
                    course.came.notify_one();
                }
            }
        }
    }
}

/// Sends messages that say when they were due.
struct Stamping {
    producer: Arc<Producer>,
    topic: String,
    tag: Option<String>,
    filler: Bytes,
    course: Arc<Course>,
}

impl Work for Stamping {
    async fn send(&self, ticket: Ticket) -> Result<Done, ClientError> {
        let course = &self.course;
        let due = ticket.due.unwrap_or_else(|| course.began.elapsed());
        let due_micros = u64::try_from(due.as_micros()).unwrap_or(u64::MAX);
        let body = Stamp { run: course.run, number: ticket.first, due_micros }.on(&self.filler);
        let bytes = body.len() as u64;
        let draft = Draft::new(&self.topic, body).tag(self.tag.as_deref().unwrap_or_default());
        course.ledger.lock().begun(ticket.first);
        match self.producer.send(draft, &Target::Any).await {
            Ok(receipt) => Ok(Done { bytes, flaw: Fault::of_status(receipt.status) }),
            Err(error) => {
                course.ledger.lock().excused(ticket.first);
                Err(error)
            }
        }
    }
}
