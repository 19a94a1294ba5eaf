//! `queryMsgByKey`: finds messages by key or tag.

use super::find::{self, Found, KeyKind, Search};
use super::summary::Summary;
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, left, right};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Java: `MixAll.dealTimeToHourStamps`.
const HOUR: i64 = 3_600_000;

/// Find messages by key or tag
///
/// All brokers of the topic are asked side by side; each gives its newest.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq queryMsgByKey -t Orders -k order-1\n  \
        rmq queryMsgByKey -t Orders -k order-1 -b 2h-ago -m 8 --output json\n  \
        rmq queryMsgByKey -t Orders -k refund -p T")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The key, or with -p T the tag
    #[arg(short = 'k', long = "msgKey", value_name = "KEY")]
    pub msg_key: String,
    /// Only messages stored since, such as 2h-ago or 2026-01-02 15:04 [default: any]
    #[arg(short = 'b', long = "beginTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub begin_timestamp: Option<String>,
    /// Only messages stored until [default: any]
    #[arg(short = 'e', long = "endTimestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub end_timestamp: Option<String>,
    /// How many messages a broker gives at most
    #[arg(short = 'm', long = "maxNum", value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(i32).range(1..))]
    pub max_num: i32,
    /// What to look for: K keys, T tags
    #[arg(short = 'p', long = "keyType", value_name = "K|T", default_value = "K", value_parser = key_kind)]
    pub key_type: KeyKind,
    /// Where the last search ended: the index key of its last message
    #[arg(short = 'l', long = "lastKey", value_name = "INDEXKEY")]
    pub last_key: Option<String>,
    /// The cluster to search; for a topic without a route of its own (%LMQ%...), the topic that has it
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

fn key_kind(text: &str) -> Result<KeyKind, String> {
    match text.trim() {
        "K" | "k" => Ok(KeyKind::Key),
        "T" | "t" => Ok(KeyKind::Tag),
        other => Err(format!("'{other}' is neither K (keys) nor T (tags)")),
    }
}

/// The messages, sorted by broker, as each broker gave them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub key: String,
    pub messages: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// A message that has the key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub summary: Summary,
    pub body_size: usize,
    /// What `-l` takes to go on from here.
    pub index_key: String,
}

impl Row {
    fn new(found: Found, topic: &str, key: &str, kind: KeyKind) -> Self {
        let message = found.message;
        let summary = Summary::new(&message, found.broker_name);
        let hour = message.store_timestamp - message.store_timestamp.rem_euclid(HOUR);
        let (letter, msg_id, place) = (kind.letter(), &summary.msg_id, message.physical_offset);
        let index_key = format!("{hour}@{topic}@{letter}@{key}@{msg_id}@{place}");
        Row { summary, body_size: message.body.len(), index_key }
    }
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new()
            .text("ID")
            .text("BROKER")
            .number("QUEUE")
            .number("OFFSET")
            .text("STORED")
            .text("TAGS")
            .text("KEYS")
            .number("SIZE");
        if wide {
            table = table.text("OFFSET ID").text("INDEX KEY");
        }
        for row in &self.messages {
            let of = &row.summary;
            let mut cells = vec![
                Cell::new(&of.msg_id),
                Cell::optional(of.broker_name.as_ref()),
                Cell::new(of.queue_id),
                Cell::new(of.queue_offset),
                Cell::new(time::millis(of.store_timestamp)),
                Cell::optional(of.tags.as_ref()),
                Cell::optional(of.keys.as_ref()),
                Cell::new(row.body_size),
            ];
            if wide {
                cells.extend([Cell::new(&of.offset_msg_id), Cell::new(&row.index_key)]);
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |id: &str, queue: &str, offset: &str, index: &str| {
            let (id, index) = (left(id, 50), left(index, 200));
            writeln!(w, "{id} {} {} {index}", right(queue, 4), right(offset, 40))
        };
        line("#Message ID", "#QID", "#Offset", "#IndexKey")?;
        self.messages.iter().try_for_each(|row| {
            let of = &row.summary;
            line(&of.msg_id, &of.queue_id.to_string(), &of.queue_offset.to_string(), &row.index_key)
        })
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Searches all brokers of the topic.
///
/// # Errors
/// Nothing found; no name server is reached; an unknown topic or cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let now = ctx.clock.now_ms();
    let at = |text: &Option<String>, default: i64| match text {
        Some(text) => time::parse(text, now),
        None => Ok(default),
    };
    let (begin, end) = (at(&args.begin_timestamp, 0)?, at(&args.end_timestamp, i64::MAX)?);
    let result = find::search(
        ctx,
        &Search {
            topic: &args.topic,
            key: &args.msg_key,
            kind: args.key_type,
            max: args.max_num,
            begin,
            end,
            last_key: args.last_key.as_deref(),
            cluster: args.cluster.as_deref(),
        },
    )
    .await?;
    let messages: Vec<Row> = result
        .found
        .into_iter()
        .map(|found| Row::new(found, &args.topic, &args.msg_key, args.key_type))
        .collect();
    if messages.is_empty() {
        return Err(nothing(&args, &result.failures));
    }
    Ok(Output { topic: args.topic, key: args.msg_key, messages, failures: result.failures })
}

/// The error for a key that no message has; what kept brokers from answering is its cause.
fn nothing(args: &Args, failures: &[Failure]) -> CommandError {
    let what = if args.key_type == KeyKind::Tag { "tag" } else { "key" };
    let mut error = CommandError::not_found(format!(
        "no message with the {what} '{}' in topic {}",
        args.msg_key, args.topic
    ));
    error.causes = failures.iter().map(ToString::to_string).collect();
    if args.begin_timestamp.is_some() || args.end_timestamp.is_some() {
        error = error.hint("it may lie outside of the times given with -b and -e");
    }
    if args.key_type == KeyKind::Tag {
        return error.hint("brokers index tags only where they are set up to");
    }
    error.hint("queryMsgById and queryMsgByUniqueKey look for ids")
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let mut message = sample();
        message.properties.set("UNIQ_KEY", "FD0000000000000000000000000000025EC230946E09785AEAAF0376");
        message.physical_offset = 35_827_237;
        let row = Row::new(Found::new(message, None), "DelayTopic", "delay-1", KeyKind::Key);
        let output = Output {
            topic: "DelayTopic".to_owned(),
            key: "delay-1".to_owned(),
            messages: vec![row],
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let head = "#Message ID                                        #QID                                  #Offset #IndexKey";
        assert_eq!(lines[0], format!("{head}{}", " ".repeat(50 + 1 + 4 + 1 + 40 + 1 + 200 - head.len())));
        let index = "1795507200000@DelayTopic@K@delay-1@FD0000000000000000000000000000025EC230946E09785AEAAF0376@35827237";
        assert_eq!(
            lines[1],
            format!(
                "FD0000000000000000000000000000025EC230946E09785AEAAF0376    1                                        0 \
                 {index:<200}"
            )
        );
    }
}
