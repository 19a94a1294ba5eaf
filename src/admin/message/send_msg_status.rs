//! `sendMsgStatus`: sends test messages to a broker and tells how long each took.

use super::send;
use super::timed_send::{self, LARGEST_BODY, Sent};
use crate::admin::targets;
use crate::admin::{CommandError, Context};
use crate::client::producer::Draft;
use crate::output::{Cell, Failure, Render, Table, Tone};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// The producer group that mqadmin sends as.
const GROUP: &str = "PID_SMSC";
/// What mqadmin's messages say again and again.
const WORDS: &[u8] = b"hello jodie";
/// How large the message is that connects first, in bytes.
const FIRST: i64 = 16;

/// Send test messages to a broker and tell how long each took
///
/// They go to the topic that every broker has under its own name. One more is sent first, to connect.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq sendMsgStatus -b broker-a\n  \
        rmq sendMsgStatus -b broker-a -c 10 -s 1024 --output json")]
pub struct Args {
    /// The name of the broker
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: String,
    /// How many bytes each message has, rounded up to whole words
    #[arg(short = 's', long = "messageSize", value_name = "BYTES", default_value_t = 128,
          value_parser = clap::value_parser!(i64).range(1..=LARGEST_BODY))]
    pub message_size: i64,
    /// How many messages
    #[arg(short = 'c', long = "count", value_name = "COUNT", default_value_t = 50,
          value_parser = clap::value_parser!(i32).range(1..))]
    pub count: i32,
}

/// Every message in the order in which they were sent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub broker: String,
    pub dry_run: bool,
    pub messages: Vec<Sent>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .number("QUEUE")
            .number("OFFSET")
            .text("RESULT")
            .number("MILLIS")
            .text("ID");
        for sent in &self.messages {
            let result = sent.result.as_ref();
            let (word, tone) = match result {
                Some(result) => (result.status, Tone::Good),
                None => ("failed", Tone::Bad),
            };
            table.row([
                Cell::optional(sent.broker_name.as_ref()),
                Cell::optional(sent.queue_id),
                Cell::optional(result.map(|result| result.queue_offset)),
                Cell::toned(word, tone),
                Cell::new(sent.millis),
                Cell::optional(result.map(|result| &result.msg_id)),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for sent in &self.messages {
            if let Some(result) = &sent.result {
                writeln!(w, "rt={}ms, SendResult={result}", sent.millis)?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was sent (--dry-run)".to_owned()];
        }
        vec![timed_send::summary(&self.messages)]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Sends the messages one after the other.
///
/// # Errors
/// No name server is reached; an unknown broker, for which mqadmin has a topic created; all messages failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let broker = args.broker_name;
    let info = ctx.cluster_info().await?;
    if !info.broker_addr_table.contains_key(&broker) {
        return Err(targets::unknown_broker(&broker, info.broker_addr_table.keys().map(String::as_str)));
    }
    let mut output =
        Output { broker: broker.clone(), dry_run: ctx.dry_run, messages: Vec::new(), failures: Vec::new() };
    if ctx.dry_run {
        return Ok(output);
    }
    let producer = send::producer(ctx, GROUP);
    let draft = |size: i64| Draft::new(broker.as_str(), body(size));
    let (_, error) = timed_send::send(ctx, &producer, draft(FIRST), None).await;
    if let Some(error) = error {
        return Err(error);
    }
    let progress = ctx.out.progress(u64::try_from(args.count).ok(), "messages");
    let mut last = None;
    for _ in 0..args.count {
        let (sent, error) = timed_send::send(ctx, &producer, draft(args.message_size), None).await;
        output.messages.push(sent);
        last = error.or(last);
        progress.advance(1);
    }
    progress.finish();
    producer.close().await;
    if let Some(error) = last.filter(|_| output.messages.iter().all(|sent| sent.result.is_none())) {
        return Err(error);
    }
    output.failures = timed_send::failures(&output.messages);
    Ok(output)
}

/// Whole words, at least so many bytes.
fn body(size: i64) -> Vec<u8> {
    let size = usize::try_from(size).unwrap_or_default();
    WORDS.repeat(size.div_ceil(WORDS.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_whole_words() {
        let table = [(1, 11), (11, 11), (12, 22), (16, 22), (128, 132)];
        for (size, want) in table {
            assert_eq!(body(size).len(), want, "{size}");
        }
        assert!(body(16).starts_with(b"hello jodiehello"));
    }
}
