//! `consumeMessage`: reads messages without consuming them.

use super::find::Found;
use super::java_text;
use super::pull::{PullStatus, Queue, TOOLS_GROUP};
use super::query_msg_by_offset::named;
use super::scan::readable;
use super::summary::{Row, table_of};
use crate::admin::targets;
use crate::admin::{CommandError, Context, failed};
use crate::output::{Failure, Form, Render, Table};
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::TopicRouteData;
use crate::remoting::CallError;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How many messages a broker is asked for at once.
const PULL_BATCH: i64 = 32;

/// Read messages of a topic without consuming them
///
/// Nothing is committed. The queues are read one after the other, each from its oldest message on, until there are
/// as many messages as asked for. `rmq consume` follows a topic as a consumer does.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq consumeMessage -t TopicTest -c 10\n  \
        rmq consumeMessage -t TopicTest -b broker-a -i 2 -o 100 -c 5 --output json\n  \
        rmq consumeMessage -t TopicTest -s 1h-ago -e 30m-ago")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The name of the broker
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: Option<String>,
    /// The queue of that broker
    #[arg(short = 'i', long = "queueId", value_name = "QUEUE", requires = "broker_name",
          value_parser = clap::value_parser!(i32).range(0..))]
    pub queue_id: Option<i32>,
    /// From this offset of that queue on
    #[arg(short = 'o', long = "offset", value_name = "OFFSET", requires = "queue_id",
          value_parser = clap::value_parser!(i64).range(0..))]
    pub offset: Option<i64>,
    /// The group that pulls
    #[arg(short = 'g', long = "consumerGroup", alias = "groupName", value_name = "GROUP",
          default_value = TOOLS_GROUP)]
    pub consumer_group: String,
    /// Only messages stored since, such as 2h-ago or 2026-01-02#15:04:05:000
    #[arg(short = 's', long = "beginTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub begin_timestamp: Option<String>,
    /// Only messages stored before
    #[arg(short = 'e', long = "endTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub end_timestamp: Option<String>,
    /// How many messages
    #[arg(short = 'c', long = "MessageNumber", value_name = "COUNT", default_value_t = 128,
          value_parser = clap::value_parser!(i64).range(1..))]
    pub message_number: i64,
}

/// The messages, by queue and offset. In classic output they are printed as they come, and none are here.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub messages: Vec<Row>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.messages)
    }

    fn classic(&self, _: &mut dyn fmt::Write) -> fmt::Result {
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// From which offset to before or at which one a queue is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: i64,
    /// mqadmin reads up to this offset, although it is the end of the queue where nothing was cut.
    to: i64,
    /// Fewer than there are.
    cut: bool,
}

/// What part of a queue from `min` to `max` is read where `left` messages are wanted yet, and how many are wanted
/// after it. As mqadmin counts: a queue takes one more than it holds.
fn span_of(min: i64, max: i64, left: i64) -> (Span, i64) {
    if max.saturating_sub(min) > left {
        return (Span { from: min, to: min.saturating_add(left) - 1, cut: true }, 0);
    }
    (Span { from: min, to: max, cut: false }, (left - max.saturating_sub(min) - 1).max(0))
}

/// The times that a reading is bounded by, in epoch milliseconds.
struct Times {
    begin: Option<i64>,
    end: Option<i64>,
}

impl Times {
    fn parse(args: &Args, now: i64) -> Result<Self, CommandError> {
        let at = |text: &Option<String>, option: &str| -> Result<Option<i64>, CommandError> {
            let Some(text) = text else { return Ok(None) };
            let time = time::parse(text, now)?;
            if time > now {
                return Err(CommandError::usage(format!("the time of {option} is not past yet")));
            }
            // Zero and before is everything, as for mqadmin.
            Ok(Some(time).filter(|time| *time > 0))
        };
        let times = Times { begin: at(&args.begin_timestamp, "-s")?, end: at(&args.end_timestamp, "-e")? };
        match (times.begin, times.end) {
            (Some(begin), Some(end)) if begin > end => {
                Err(CommandError::usage("the time of -s is after that of -e"))
            }
            _ => Ok(times),
        }
    }
}

/// Reads the queues of the topic, one after the other.
///
/// # Errors
/// An unknown topic, broker or queue; a time that cannot be; nobody is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let times = Times::parse(&args, ctx.clock.now_ms())?;
    let route = ctx.route(&args.topic).await?;
    let brokers = targets::of_route(&route);
    let mut reader = Reader {
        ctx,
        args: &args,
        classic: ctx.out.form() == Form::Classic,
        left: args.message_number,
        output: Output::default(),
        taken: 0,
        lost: Vec::new(),
        first: None,
    };
    if let (Some(name), Some(queue_id)) = (&args.broker_name, args.queue_id) {
        let broker = named(&brokers, name, &args.topic)?;
        let queue = Queue { broker, topic: &args.topic, queue_id };
        reader.one(&queue, &times).await?;
    } else {
        if let Some(name) = &args.broker_name {
            named(&brokers, name, &args.topic)?;
        }
        for queue in queues(&route, &args, reader.classic) {
            if reader.left == 0 {
                break;
            }
            let Some(broker) = brokers.iter().find(|broker| broker.broker_name == queue.broker_name) else {
                continue;
            };
            if reader.lost.contains(&broker.addr) {
                continue;
            }
            let queue = Queue { broker, topic: &args.topic, queue_id: queue.queue_id };
            reader.next(&queue, &times).await?;
        }
    }
    ctx.out.flush()?;
    match reader.first {
        Some(error) if reader.taken == 0 => Err(error),
        _ => Ok(reader.output),
    }
}

/// The queues that can be read, of the broker that is named; as mqadmin, in classic output of all.
fn queues(route: &TopicRouteData, args: &Args, classic: bool) -> Vec<MessageQueue> {
    let mut queues = readable(&args.topic, &args.topic, route, classic);
    if let Some(name) = args.broker_name.as_deref().filter(|_| !classic) {
        queues.retain(|queue| queue.broker_name == name);
    }
    queues
}

/// Reads queues until there are enough messages.
struct Reader<'a> {
    ctx: &'a Context,
    args: &'a Args,
    classic: bool,
    left: i64,
    output: Output,
    /// How many messages were read.
    taken: usize,
    /// Brokers that cannot be reached: their other queues are left out.
    lost: Vec<String>,
    /// The first failure.
    first: Option<CommandError>,
}

impl Reader<'_> {
    /// The only queue, from the offset asked for on.
    async fn one(&mut self, queue: &Queue<'_>, times: &Times) -> Result<(), CommandError> {
        let broken = |error: CallError| failed("read the queue", &error);
        let (min, max) = queue.bounds(self.ctx, times.begin, times.end).await.map_err(broken)?;
        let offset = self.args.offset.unwrap_or(0);
        if offset > max {
            if self.classic {
                return self.say(&format!("{} no matched msg, offset={offset}", self.name(queue)));
            }
            return Err(CommandError::not_found(format!(
                "queue {} of {} on {} ends at offset {max}",
                queue.queue_id, self.args.topic, queue.broker.broker_name
            )));
        }
        let (span, left) = span_of(min.max(offset), max, self.left);
        if span.cut {
            // mqadmin's spelling.
            self.say(&format!("The oldler {} message will be provided", self.left))?;
        }
        self.read(queue, span).await?;
        self.left = left;
        Ok(())
    }

    /// One of all queues.
    async fn next(&mut self, queue: &Queue<'_>, times: &Times) -> Result<(), CommandError> {
        let (min, max) = match queue.bounds(self.ctx, times.begin, times.end).await {
            Ok(bounds) => bounds,
            Err(error) => return self.miss(queue, &error),
        };
        let (span, left) = span_of(min, max, self.left);
        if span.cut {
            self.say(&format!(
                "The older {} message of the {} queue will be provided",
                self.left, queue.queue_id
            ))?;
        }
        let before = self.output.messages.len();
        self.read(queue, span).await?;
        let read = i64::try_from(self.output.messages.len() - before).unwrap_or(i64::MAX);
        self.left = if self.classic { left } else { self.left.saturating_sub(read) };
        Ok(())
    }

    async fn read(&mut self, queue: &Queue<'_>, span: Span) -> Result<(), CommandError> {
        let mut offset = span.from;
        while offset <= span.to {
            let wanted = span.to.saturating_sub(offset).saturating_add(1);
            let most = if self.classic { wanted } else { wanted.min(PULL_BATCH) };
            let most = i32::try_from(most).unwrap_or(i32::MAX);
            let pulled = match queue.pull(self.ctx, &self.args.consumer_group, offset, most).await {
                Ok(pulled) => pulled,
                Err(error) => return self.miss(queue, &error),
            };
            offset = pulled.next_offset;
            match pulled.status {
                PullStatus::Found => self.take(pulled.messages)?,
                PullStatus::NoMatchedMsg => {
                    let name = self.name(queue);
                    self.say(&format!("{name} no matched msg. status={}, offset={offset}", pulled.status))?;
                }
                status @ (PullStatus::NoNewMsg | PullStatus::OffsetIllegal) => {
                    let name = self.name(queue);
                    return self.say(&format!("{name} print msg finished. status={status}, offset={offset}"));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, messages: Vec<Found>) -> Result<(), CommandError> {
        self.taken += messages.len();
        if !self.classic {
            let room = usize::try_from(self.left).unwrap_or(usize::MAX);
            self.output.messages.extend(
                messages.into_iter().take(room).map(|found| Row::new(&found, Some(encoding_rs::UTF_8))),
            );
            return Ok(());
        }
        self.say("Consume ok")?;
        for found in messages {
            let text = java_text::message_ext(&found.message, found.broker_name.as_deref());
            let id = java_text::message_id(&found.message);
            let body = String::from_utf8_lossy(&found.message.body);
            self.say(&format!("MSGID: {id} {text} BODY: {body}"))?;
        }
        Ok(())
    }

    /// A queue that cannot be read.
    fn miss(&mut self, queue: &Queue<'_>, error: &CallError) -> Result<(), CommandError> {
        let failure = failed("read the queue", error);
        if self.args.queue_id.is_some() {
            return Err(failure);
        }
        let name = &queue.broker.broker_name;
        let target = match error.is_unreachable() {
            true => {
                self.lost.push(queue.broker.addr.clone());
                name.clone()
            }
            false => format!("queue {} of {name}", queue.queue_id),
        };
        self.output.failures.push(failure.to_failure(target));
        self.first.get_or_insert(failure);
        Ok(())
    }

    fn name(&self, queue: &Queue<'_>) -> MessageQueue {
        MessageQueue {
            topic: self.args.topic.clone(),
            broker_name: queue.broker.broker_name.clone(),
            queue_id: queue.queue_id,
        }
    }

    /// A line of mqadmin's, as soon as it is known.
    fn say(&self, line: &str) -> Result<(), CommandError> {
        if self.classic {
            self.ctx.out.line(line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_counted_as_mqadmin_counts() {
        let table = [
            // More than wanted: only the older ones.
            ((0, 51, 4), (Span { from: 0, to: 3, cut: true }, 0)),
            // All of it, and one more.
            ((0, 1, 128), (Span { from: 0, to: 1, cut: false }, 126)),
            ((0, 0, 128), (Span { from: 0, to: 0, cut: false }, 127)),
            ((5, 9, 4), (Span { from: 5, to: 9, cut: false }, 0)),
        ];
        for ((min, max, left), want) in table {
            assert_eq!(span_of(min, max, left), want, "{min} {max} {left}");
        }
    }
}
