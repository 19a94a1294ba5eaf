//! `printMsg`: the messages of a topic.

use super::charset;
use super::pull::Queue;
use super::scan::{Scan, Step, Times, readable};
use super::stream::Stream;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Failure, Nothing, Outcome, counted};
use crate::protocol::queue::MessageQueue;
use crate::remoting::CallError;
use encoding_rs::Encoding;

pub use super::stream::Output;

/// Print all messages of a topic
///
/// Nothing is committed. The queues are read one after the other and messages shown as they come; JSON is JSON Lines.
/// consumeMessage shows some, `rmq consume` follows a topic.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq printMsg -t TopicTest\n  \
        rmq printMsg -t TopicTest -s 'TagA || TagB' -b 2h-ago --output json")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// Only messages with these tags
    #[arg(short = 's', long = "subExpression", value_name = "TAGS", default_value = "*")]
    pub sub_expression: String,
    /// Only messages stored since, such as 2h-ago or 2026-01-02#15:04:05:000
    #[arg(short = 'b', long = "beginTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub begin_timestamp: Option<String>,
    /// Only messages stored before
    #[arg(short = 'e', long = "endTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub end_timestamp: Option<String>,
    /// The encoding of the bodies, such as UTF-8 or GBK
    #[arg(short = 'c', long = "charsetName", value_name = "ENCODING", default_value = "UTF-8",
          value_parser = charset::parse)]
    pub charset_name: &'static Encoding,
    /// Whether the bodies are shown
    #[arg(short = 'd', long = "printBody", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub print_body: bool,
    /// The topic whose route names the brokers, for a topic without a route of its own (%LMQ%...)
    #[arg(short = 'l', long = "lmqParentTopic", value_name = "TOPIC")]
    pub lmq_parent_topic: Option<String>,
}

/// Reads the queues of the topic, one after the other.
///
/// # Errors
/// An unknown topic; a time that cannot be read; nobody is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    let times =
        Times::parse(args.begin_timestamp.as_deref(), args.end_timestamp.as_deref(), ctx.clock.now_ms())?;
    let of = args.lmq_parent_topic.as_deref().unwrap_or(&args.topic);
    let route = ctx.route(of).await?;
    let brokers = targets::of_route(&route);
    let mut stream = Stream::new(ctx, args.charset_name, args.print_body);
    let queues = readable(&args.topic, of, &route, stream.is_classic());
    if queues.is_empty() {
        return Err(CommandError::refused(format!("topic {of} has no queue that may be read"), 0, None)
            .hint("rmq topicRoute shows its permissions"));
    }
    let mut missed = Missed::default();
    for queue in queues {
        let Some(broker) = brokers.iter().find(|broker| broker.broker_name == queue.broker_name) else {
            continue;
        };
        if missed.lost.contains(&broker.addr) {
            continue;
        }
        let of_broker = Queue { broker, topic: &args.topic, queue_id: queue.queue_id };
        match read(ctx, &of_broker, &queue, &args, times, &mut stream).await? {
            Ok(()) => missed.read += 1,
            Err(error) => missed.add(ctx, broker, &queue, &error),
        }
    }
    ctx.out.flush()?;
    missed.end(ctx, stream.shown)
}

/// Reads one queue; what the broker failed of is the inner error.
async fn read(
    ctx: &Context,
    queue: &Queue<'_>,
    name: &MessageQueue,
    args: &Args,
    times: Times,
    stream: &mut Stream<'_>,
) -> Result<Result<(), CallError>, CommandError> {
    let (min, max) = match queue.bounds(ctx, times.begin, times.end).await {
        Ok(bounds) => bounds,
        Err(error) => return Ok(Err(error)),
    };
    stream.say(&format!("minOffset={min}, maxOffset={max}, {name}"))?;
    let mut scan = Scan::new(queue, &args.sub_expression, min, max);
    loop {
        match scan.next(ctx).await {
            Ok(None) => break,
            Ok(Some(Step::Messages(messages))) => stream.show(&messages)?,
            Ok(Some(Step::NothingWanted(offset))) => {
                stream.say(&format!("{name} no matched msg. status=NO_MATCHED_MSG, offset={offset}"))?;
            }
            Ok(Some(Step::End(status, offset))) => {
                stream.say(&format!("{name} print msg finished. status={status}, offset={offset}"))?;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    stream.say(&"-".repeat(56))?;
    Ok(Ok(()))
}

/// Queues that could not be read.
#[derive(Default)]
struct Missed {
    read: usize,
    /// Brokers that cannot be reached: their other queues are left out.
    lost: Vec<String>,
    first: Option<CommandError>,
}

impl Missed {
    /// A warning at once, as the messages are shown at once.
    fn add(&mut self, ctx: &Context, broker: &Broker, queue: &MessageQueue, error: &CallError) {
        let target = match error.is_unreachable() {
            true => {
                self.lost.push(broker.addr.clone());
                broker.broker_name.clone()
            }
            false => format!("queue {} of {}", queue.queue_id, broker.broker_name),
        };
        let addr = Some(broker.addr.clone());
        let failure = Failure { target, addr, code: error.code(), message: error.to_string() };
        ctx.out.warn(&failure.to_string());
        self.first.get_or_insert_with(|| failed("read the queue", error));
    }

    fn end(self, ctx: &Context, shown: u64) -> Result<Nothing, CommandError> {
        match self.first {
            Some(error) if self.read == 0 => Err(error),
            first => {
                ctx.out.note(&counted(shown, "message"));
                let outcome = if first.is_some() { Outcome::Partial } else { Outcome::Done };
                Ok(Nothing { outcome })
            }
        }
    }
}
