//! `allocateMQ`: which queues of a topic each of some consumers would get.

use crate::admin::{CommandError, Context, ErrorKind};
use crate::client::consumer::{allocate, share};
use crate::client::readable;
use crate::output::java_order::{hashed, queue_hash, string_hash};
use crate::output::{Cell, Render, Table};
use crate::protocol::queue::MessageQueue;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Show which queues each of some consumers would get
///
/// The queues are split as consumers split them by default (averagely), which sort queues and members first. mqadmin
/// does not sort them, so that what it shows, also with --output classic, is not what consumers do.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq allocateMQ -t TopicTest -i 10.0.0.1,10.0.0.2,10.0.0.3\n  \
        rmq allocateMQ -t TopicTest -i a,b --output json")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The consumers: addresses or client ids, separated by commas
    #[arg(short = 'i', long = "ipList", value_name = "LIST")]
    pub ip_list: String,
}

/// Who gets what, sorted by consumer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub consumers: Vec<Row>,
    /// The consumers as they were given, and the queues in the order of Java's `HashSet`: what mqadmin splits.
    #[serde(skip)]
    unsorted: (Vec<String>, Vec<MessageQueue>),
}

/// One consumer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub consumer: String,
    pub queues: Vec<Queue>,
}

/// A queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    pub broker_name: String,
    pub queue_id: i32,
}

impl Output {
    fn new(topic: String, consumers: Vec<String>, queues: Vec<MessageQueue>) -> Self {
        let queue = |queue: MessageQueue| Queue { broker_name: queue.broker_name, queue_id: queue.queue_id };
        let names: BTreeSet<String> = consumers.iter().cloned().collect();
        let rows = names.into_iter().map(|consumer| {
            let queues = allocate(&consumer, consumers.clone(), queues.clone());
            Row { consumer, queues: queues.into_iter().map(queue).collect() }
        });
        Output { topic, consumers: rows.collect(), unsorted: (consumers, hashed(queues, queue_hash)) }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("CONSUMER").text("BROKER").text("QUEUES").number("COUNT");
        for row in &self.consumers {
            let brokers: BTreeSet<&str> = row.queues.iter().map(|queue| queue.broker_name.as_str()).collect();
            if brokers.is_empty() {
                table.row([Cell::new(&row.consumer), Cell::default(), Cell::new("none"), Cell::new(0)]);
            }
            for broker in brokers {
                let of_broker = row.queues.iter().filter(|queue| queue.broker_name == broker);
                let ids: Vec<String> = of_broker.map(|queue| queue.queue_id.to_string()).collect();
                table.row([
                    Cell::new(&row.consumer),
                    Cell::new(broker),
                    Cell::new(ids.join(",")),
                    Cell::new(ids.len()),
                ]);
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (members, queues) = &self.unsorted;
        let names: BTreeSet<&String> = members.iter().collect();
        write!(w, "{{\"result\":{{")?;
        for (at, name) in hashed(names, |name| string_hash(name)).into_iter().enumerate() {
            let index = members.iter().position(|member| member == name).unwrap_or_default();
            let own = queues.get(share(index, members.len(), queues.len())).unwrap_or_default();
            let texts: Vec<String> = own.iter().map(queue_json).collect();
            write!(w, "{}{}:[{}]", if at > 0 { "," } else { "" }, quoted(name), texts.join(","))?;
        }
        writeln!(w, "}}}}")
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn queue_json(queue: &MessageQueue) -> String {
    format!(
        "{{\"brokerName\":{},\"queueId\":{},\"topic\":{}}}",
        quoted(&queue.broker_name),
        queue.queue_id,
        quoted(&queue.topic)
    )
}

/// The consumers of a list as `String.split` reads it; what is empty at its end is none.
fn members(list: &str) -> Vec<String> {
    list.trim_end_matches(',').split(',').map(str::to_owned).collect()
}

/// Asks a name server where the topic is; no broker is asked.
///
/// # Errors
/// An empty consumer; an unknown topic; one that has no queue to read.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let members = members(&args.ip_list);
    if members.iter().any(|member| member.trim().is_empty()) {
        return Err(CommandError::usage(format!("there is an empty consumer in '{}'", args.ip_list))
            .hint("for example -i 10.0.0.1,10.0.0.2"));
    }
    let route = ctx.route(&args.topic).await?;
    let queues = readable(&args.topic, &route);
    if queues.is_empty() {
        return Err(CommandError::new(
            ErrorKind::Refused,
            format!("topic {} has no queue that may be read", args.topic),
        )
        .hint(format!("rmq topicRoute -t {} shows its permissions", args.topic)));
    }
    Ok(Output::new(args.topic, members, queues))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(list: &str, queues: i32) -> Output {
        let queue = |queue_id| MessageQueue {
            topic: "TopicTest".to_owned(),
            broker_name: "broker-a".to_owned(),
            queue_id,
        };
        Output::new("TopicTest".to_owned(), members(list), (0..queues).map(queue).collect())
    }

    #[test]
    fn the_text_is_mqadmins() {
        // A real run.
        let of = |ids: &[i32]| {
            let text =
                |id: &i32| format!(r#"{{"brokerName":"broker-a","queueId":{id},"topic":"TopicTest"}}"#);
            ids.iter().map(text).collect::<Vec<_>>().join(",")
        };
        let mut text = String::new();
        output("10.0.0.1,10.0.0.2,10.0.0.3", 8).classic(&mut text).unwrap();
        let want = format!(
            "{{\"result\":{{\"10.0.0.3\":[{}],\"10.0.0.2\":[{}],\"10.0.0.1\":[{}]}}}}\n",
            of(&[1, 0]),
            of(&[2, 5, 4]),
            of(&[7, 6, 3])
        );
        assert_eq!(text, want);
    }

    #[test]
    fn what_is_shown_else_is_what_consumers_do() {
        let output = output("b,a,c,", 8);
        let rows: Vec<(String, Vec<i32>)> = output
            .consumers
            .iter()
            .map(|row| (row.consumer.clone(), row.queues.iter().map(|queue| queue.queue_id).collect()))
            .collect();
        let want =
            [("a".to_owned(), vec![0, 1, 2]), ("b".to_owned(), vec![3, 4, 5]), ("c".to_owned(), vec![6, 7])];
        assert_eq!(rows, want);
    }
}
