//! `printMsgByQueue`: the messages of a queue, or how many have which tag.

use super::charset;
use super::pull::Queue;
use super::query_msg_by_offset::named;
use super::scan::{Scan, Step, Times};
use super::stream::Stream;
use crate::admin::targets;
use crate::admin::{CommandError, Context, failed};
use crate::output::{Cell, Nothing, Render, Table, counted, left};
use encoding_rs::Encoding;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Print the messages of a queue, or count them by tag
///
/// Nothing is committed. Messages are shown as they come; JSON is JSON Lines. In classic output nothing is printed unless
/// -p true asks for it, as with mqadmin; in other forms the messages are shown unless -f asks for the counts.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq printMsgByQueue -t TopicTest -a broker-a -i 2 -d true\n  \
        rmq printMsgByQueue -t TopicTest -a broker-a -i 2 -f true --output json")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The name of the broker
    #[arg(short = 'a', long = "brokerName", value_name = "BROKER")]
    pub broker_name: String,
    /// The queue
    #[arg(short = 'i', long = "queueId", value_name = "QUEUE", value_parser = clap::value_parser!(i32).range(0..))]
    pub queue_id: i32,
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
    /// Whether the messages are shown
    #[arg(short = 'p', long = "print", alias = "print msg", value_name = "BOOL", num_args = 0..=1,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub print: Option<bool>,
    /// Whether their bodies are shown
    #[arg(short = 'd', long = "printBody", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub print_body: bool,
    /// Whether messages are counted by tag
    #[arg(short = 'f', long = "calculate", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub calculate: bool,
}

/// Without -f a message in a line; with -f how many messages have which tag.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Output {
    Message(Box<super::summary::Row>),
    Tags(Tags),
}

/// How many messages have which tag, most first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tags {
    pub tags: Vec<TagCount>,
    /// Messages without a tag.
    pub untagged: u64,
}

/// A tag.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TagCount {
    pub tag: String,
    pub count: u64,
}

impl Tags {
    fn new(counts: BTreeMap<String, u64>, untagged: u64) -> Self {
        let mut tags: Vec<TagCount> =
            counts.into_iter().map(|(tag, count)| TagCount { tag, count }).collect();
        tags.sort_by(|a, b| (b.count, &a.tag).cmp(&(a.count, &b.tag)));
        Tags { tags, untagged }
    }
}

impl Render for Tags {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("TAG").number("MESSAGES");
        for row in &self.tags {
            table.row([Cell::new(&row.tag), Cell::new(row.count)]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.tags.iter().try_for_each(|row| writeln!(w, "Tag: {} Count: {}", left(&row.tag, 30), row.count))
    }

    fn notes(&self) -> Vec<String> {
        (self.untagged > 0)
            .then(|| format!("{} without a tag", counted(self.untagged, "message")))
            .into_iter()
            .collect()
    }
}

/// Reads the queue.
///
/// # Errors
/// An unknown topic, broker or queue; a time that cannot be read; the broker is not reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    let times =
        Times::parse(args.begin_timestamp.as_deref(), args.end_timestamp.as_deref(), ctx.clock.now_ms())?;
    let brokers = targets::of_route(&ctx.route(&args.topic).await?);
    let broker = named(&brokers, &args.broker_name, &args.topic)?;
    let queue = Queue { broker, topic: &args.topic, queue_id: args.queue_id };
    let broken = |error| failed("read the queue", &error);
    let (min, max) = queue.bounds(ctx, times.begin, times.end).await.map_err(broken)?;
    let mut stream = Stream::new(ctx, args.charset_name, args.print_body);
    let prints = args.print.unwrap_or(!args.calculate && !stream.is_classic());
    let mut scan = Scan::new(&queue, &args.sub_expression, min, max);
    let (mut counts, mut untagged) = (BTreeMap::<String, u64>::new(), 0);
    while let Some(step) = scan.next(ctx).await.map_err(broken)? {
        // mqadmin ends at the first pull of which the expression wants nothing.
        let Step::Messages(messages) = step else { continue };
        if args.calculate {
            for found in &messages {
                match found.message.tags().filter(|tag| !tag.trim().is_empty()) {
                    Some(tag) => *counts.entry(tag.to_owned()).or_default() += 1,
                    None => untagged += 1,
                }
            }
        }
        if prints {
            stream.show(&messages)?;
        }
    }
    ctx.out.flush()?;
    if args.calculate {
        ctx.out.show_next(&Tags::new(counts, untagged))?;
    } else if prints {
        ctx.out.note(&counted(stream.shown, "message"));
    }
    Ok(Nothing::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_counted_and_shown_as_mqadmin_shows_them() {
        let counts = BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 30), ("c".to_owned(), 2)]);
        let tags = Tags::new(counts, 1);
        let mut text = String::new();
        tags.classic(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Tag: b                              Count: 30");
        assert_eq!(lines[1], "Tag: a                              Count: 2");
        assert_eq!(tags.notes(), ["1 message without a tag"]);
    }
}
