//! `queryMsgByOffset`: shows the message at an offset of a queue.

use super::charset;
use super::pull::{PullStatus, Queue, TOOLS_GROUP};
use super::query_msg_by_id::show;
use super::shown::ShownMessage;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Failure, Render, Table};
use encoding_rs::Encoding;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// Show the message at an offset of a queue
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq queryMsgByOffset -t TopicTest -b broker-a -i 2 -o 0\n  rmq queryMsgByOffset -t TopicTest -b broker-a -i 2 -o 0 --output json"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The name of the broker
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: String,
    /// The queue
    #[arg(short = 'i', long = "queueId", value_name = "QUEUE", value_parser = clap::value_parser!(i32).range(0..))]
    pub queue_id: i32,
    /// The offset
    #[arg(short = 'o', long = "offset", value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    pub offset: i64,
    /// The encoding of the body, such as UTF-8 or GBK; in classic output the body is shown with it only
    #[arg(short = 'f', long = "bodyFormat", value_name = "ENCODING", value_parser = charset::parse)]
    pub body_format: Option<&'static Encoding>,
    /// The topic whose route names the broker, for a topic without a route of its own
    #[arg(short = 'r', long = "routeTopic", value_name = "TOPIC")]
    pub route_topic: Option<String>,
    /// Write the body into this directory
    #[arg(long, value_name = "DIR")]
    pub body_dir: Option<PathBuf>,
}

/// The message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub message: ShownMessage,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("FIELD").text("VALUE");
        self.message.rows(&mut table);
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.message.classic(true, w)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Pulls one message from the broker.
///
/// # Errors
/// No message at that offset; an unknown topic or broker; nobody is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let route_topic = args.route_topic.as_deref().unwrap_or(&args.topic);
    let brokers = targets::of_route(&ctx.route(route_topic).await?);
    let broker = named(&brokers, &args.broker_name, route_topic)?;
    let queue = Queue { broker, topic: &args.topic, queue_id: args.queue_id };
    let pulled = queue.pull(ctx, TOOLS_GROUP, args.offset, 1).await;
    let pulled = pulled.map_err(|error| failed("pull the message", &error))?;
    let (status, min, max) = (pulled.status, pulled.min_offset, pulled.max_offset);
    let Some(found) = pulled.messages.into_iter().next().filter(|_| status == PullStatus::Found) else {
        return Err(CommandError::not_found(format!(
            "no message at offset {} of queue {} of {} on {}",
            args.offset, args.queue_id, args.topic, args.broker_name
        ))
        .hint(format!("the queue has the offsets from {min} to before {max}")));
    };
    let (message, failures) = show(ctx, &found, args.body_format, args.body_dir.as_ref(), 0).await;
    Ok(Output { message, failures })
}

/// The broker of that name among those of a topic.
///
/// # Errors
/// There is none.
pub(super) fn named<'a>(brokers: &'a [Broker], name: &str, topic: &str) -> Result<&'a Broker, CommandError> {
    brokers.iter().find(|broker| broker.broker_name == name).ok_or_else(|| {
        let names = brokers.iter().map(|broker| broker.broker_name.as_str());
        let mut error = targets::unknown_broker(name, names.clone());
        error.message = format!("topic {topic} is not on a broker '{name}'");
        error.hint(format!("it is on {}", names.collect::<Vec<_>>().join(", ")))
    })
}
