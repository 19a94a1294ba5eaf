//! `sendMessage`: sends one message.

use super::send::{self, Place, SendResult};
use super::send_trace::{self, Sent};
use crate::admin::{CommandError, Context};
use crate::client::producer::Draft;
use crate::output::{Cell, Failure, Outcome, Render, Table, Tone, left};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Send one message
///
/// `rmq produce` sends many, from files and with properties.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq sendMessage -t TopicTest -p hello\n  \
        rmq sendMessage -t TopicTest -p hello -k order-1 -c TagA -b broker-a -i 3")]
pub struct Args {
    /// The topic; brokers may create one that is not there
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The body, in UTF-8
    #[arg(short = 'p', long = "body", value_name = "BODY", allow_hyphen_values = true)]
    pub body: String,
    /// Keys, separated by blanks
    #[arg(short = 'k', long = "key", value_name = "KEYS")]
    pub key: Option<String>,
    /// The tag
    #[arg(short = 'c', long = "tags", value_name = "TAG")]
    pub tags: Option<String>,
    /// The name of the broker that is to have it
    #[arg(short = 'b', long = "broker", value_name = "BROKER")]
    pub broker: Option<String>,
    /// The queue of that broker
    #[arg(short = 'i', long = "qid", value_name = "QUEUE", requires = "broker",
          value_parser = clap::value_parser!(i32).range(0..))]
    pub qid: Option<i32>,
    /// Whether its trace is written, for queryMsgTraceById
    #[arg(short = 'm', long = "msgTraceEnable", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub msg_trace_enable: bool,
}

/// Where the message went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub dry_run: bool,
    /// None in a dry run.
    pub result: Option<SendResult>,
    /// Whether the topic was not there before.
    pub created_topic: bool,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("BROKER").number("QUEUE").number("OFFSET").text("RESULT").text("ID");
        if let Some(result) = &self.result {
            let tone = if result.status == "SEND_OK" { Tone::Good } else { Tone::Warn };
            table.row([
                Cell::new(&result.broker_name),
                Cell::new(result.queue_id),
                Cell::new(result.queue_offset),
                Cell::toned(result.status, tone),
                Cell::new(&result.msg_id),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |broker: &str, queue: &str, status: &str, id: &str| {
            let (broker, queue) = (left(broker, 32), left(queue, 4));
            writeln!(w, "{broker}  {queue}  {}    {id}", left(status, 20))
        };
        line("#Broker Name", "#QID", "#Send Result", "#MsgId")?;
        match &self.result {
            Some(result) => {
                line(&result.broker_name, &result.queue_id.to_string(), result.status, &result.msg_id)
            }
            None => Ok(()),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.created_topic {
            notes.push(format!("topic {} was not there before", self.topic));
        }
        if self.dry_run {
            notes.push("nothing was sent (--dry-run)".to_owned());
        }
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn outcome(&self) -> Outcome {
        if self.failures.is_empty() { Outcome::Done } else { Outcome::Partial }
    }
}

/// Sends the message, and its trace where asked for.
///
/// # Errors
/// An unknown broker or queue; no broker takes it.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let mut output = Output {
        topic: args.topic.clone(),
        dry_run: ctx.dry_run,
        result: None,
        created_topic: ctx.find_route(&args.topic).await?.is_none(),
        failures: Vec::new(),
    };
    if ctx.dry_run {
        return Ok(output);
    }
    let body = args.body.trim().to_owned();
    let mut draft = Draft::new(args.topic.as_str(), body.clone());
    if let Some(tags) = args.tags.as_deref() {
        draft = draft.tag(tags);
    }
    if let Some(keys) = args.key.as_deref() {
        draft = draft.keys(keys);
    }
    let at = ctx.clock.now_ms();
    // mqadmin names the group after the time.
    let group = at.to_string();
    let place = Place { broker_name: args.broker.as_deref(), queue_id: args.qid };
    let result = send::send(ctx, &group, draft, place).await?;
    if args.msg_trace_enable {
        let sent = Sent {
            at,
            cost: ctx.clock.now_ms().saturating_sub(at),
            group: &group,
            topic: &args.topic,
            tags: args.tags.as_deref().unwrap_or_default(),
            keys: args.key.as_deref().unwrap_or_default(),
            body_len: body.len(),
            store_host: &store_host(&result),
        };
        if let Err(error) = send_trace::write(ctx, &sent, &result).await {
            output.failures.push(error.to_failure("trace"));
        }
    }
    output.result = Some(result);
    Ok(output)
}

/// The broker's address, which is in the offset id.
fn store_host(result: &SendResult) -> String {
    let id: Option<crate::protocol::message::OffsetId> = result.offset_msg_id.parse().ok();
    id.map(|id| id.host.to_string()).unwrap_or_default()
}
