//! `queryMsgById`: shows messages by an id of either kind, sends them again, or hands them to a consumer.

use super::directly::{self, Pushed};
use super::find::{self, Found};
use super::send::{self, Place, SendResult};
use super::shown::ShownMessage;
use super::{body_file, charset, track};
use crate::admin::{CommandError, Context};
use crate::client::producer::Draft;
use crate::output::{Failure, Outcome, Render, Table};
use encoding_rs::Encoding;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// Show messages by their offset ids or unique ids
///
/// With -g and -d a message is handed to that member of the group; with -s true it is sent again. In classic output
/// bodies are written to /tmp/rocketmq/msgbodys, as mqadmin does; in the others only with --body-dir.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq queryMsgById -t TopicTest -i 7F00000100002A9F0000000002194C53\n  \
        rmq queryMsgById -t TopicTest -i 7F00000100002A9F0000000002194C53 -f UTF-8 --output json\n  \
        rmq queryMsgById -t TopicTest -i 7F00000100002A9F0000000002194C53 -g orders -d 10.0.0.5@1234"
)]
pub struct Args {
    /// The topic, for a unique id
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The ids, separated by commas
    #[arg(short = 'i', long = "msgId", value_name = "IDS", value_delimiter = ',', required = true)]
    pub msg_id: Vec<String>,
    /// Hand the message to a member of this group
    #[arg(
        short = 'g',
        long = "consumerGroup",
        alias = "groupName",
        value_name = "GROUP",
        requires = "client_id"
    )]
    pub consumer_group: Option<String>,
    /// The id of that member
    #[arg(short = 'd', long = "clientId", value_name = "CLIENT", requires = "consumer_group")]
    pub client_id: Option<String>,
    /// Send the message again
    #[arg(short = 's', long = "sendMessage", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub send_message: bool,
    /// The unit that the message is sent again in
    #[arg(short = 'u', long = "unitName", value_name = "UNIT")]
    pub unit_name: Option<String>,
    /// The encoding of the body, such as UTF-8 or GBK; in classic output the body is shown with it only
    #[arg(short = 'f', long = "bodyFormat", value_name = "ENCODING", value_parser = charset::parse)]
    pub body_format: Option<&'static Encoding>,
    /// The cluster to search; for a topic without a route of its own (%LMQ%...), the topic that has it
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Write bodies into this directory
    #[arg(long, value_name = "DIR")]
    pub body_dir: Option<PathBuf>,
}

/// What was found, in the order of the ids.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub messages: Vec<ShownMessage>,
    /// How the member took them, where they were handed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pushed: Vec<Pushed>,
    /// Where they went, where they were sent again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Resent>,
    pub failures: Vec<Failure>,
}

/// A message that was sent again.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resent {
    /// The id as given.
    pub original_msg_id: String,
    pub dry_run: bool,
    pub result: Option<SendResult>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        if !self.pushed.is_empty() {
            return directly::table_of(&self.pushed);
        }
        if !self.sent.is_empty() {
            let mut table =
                Table::new().text("ORIGINAL").text("RESULT").text("ID").text("BROKER").number("QUEUE");
            for resent in &self.sent {
                let result = resent.result.as_ref();
                table.row([
                    resent.original_msg_id.clone(),
                    result.map_or("would be sent".to_owned(), |r| r.status.to_string()),
                    result.map(|r| r.offset_msg_id.clone()).unwrap_or_default(),
                    result.map(|r| r.broker_name.clone()).unwrap_or_default(),
                    result.map(|r| r.queue_id.to_string()).unwrap_or_default(),
                ]);
            }
            return table;
        }
        let mut table = Table::new().text("FIELD").text("VALUE");
        self.messages.iter().for_each(|message| message.rows(&mut table));
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.messages.iter().try_for_each(|message| message.classic(true, w))?;
        self.pushed.iter().try_for_each(|pushed| write!(w, "{}", pushed.classic()))?;
        for resent in &self.sent {
            write!(w, "prepare resend msg. originalMsgId={}", resent.original_msg_id)?;
            if let Some(result) = &resent.result {
                write!(w, "{result}")?;
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn outcome(&self) -> Outcome {
        if self.pushed.iter().any(|pushed| pushed.outcome() == Outcome::Refused) {
            return Outcome::Refused;
        }
        if self.failures.is_empty() { Outcome::Done } else { Outcome::Partial }
    }
}

/// Looks for each id in turn.
///
/// # Errors
/// The only message, or all of them, were not found; an unknown topic, group or member; nobody is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let ids: Vec<&str> = args.msg_id.iter().map(|id| id.trim()).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err(CommandError::usage("-i names no message"));
    }
    if let (Some(group), Some(client)) = (&args.consumer_group, &args.client_id) {
        directly::check(ctx, group, client).await?;
    }
    let mut output = Output::default();
    let mut first = None;
    for id in ids {
        if let Err(error) = one(ctx, &args, id, &mut output).await {
            output.failures.push(error.to_failure(id));
            first.get_or_insert(error);
        }
    }
    let nothing = output.messages.is_empty() && output.pushed.is_empty() && output.sent.is_empty();
    match first {
        Some(error) if nothing => Err(error),
        _ => Ok(output),
    }
}

async fn one(ctx: &Context, args: &Args, id: &str, output: &mut Output) -> Result<(), CommandError> {
    let found = find::by_any_id(ctx, &args.topic, id, args.cluster.as_deref()).await?;
    if let (Some(group), Some(client)) = (&args.consumer_group, &args.client_id) {
        output.pushed.push(directly::push(ctx, group, client, &found).await?);
        return Ok(());
    }
    if args.send_message {
        let result = resend(ctx, &found).await?;
        output.sent.push(Resent { original_msg_id: id.to_owned(), dry_run: ctx.dry_run, result });
        return Ok(());
    }
    let (shown, failures) = show(ctx, &found, args.body_format, args.body_dir.as_ref(), 0).await;
    output.messages.push(shown);
    output.failures.extend(failures);
    Ok(())
}

/// A message with its tracks, and its body in a file where one is wanted; what of this failed.
pub(super) async fn show(
    ctx: &Context,
    found: &Found,
    format: Option<&'static Encoding>,
    body_dir: Option<&PathBuf>,
    number: usize,
) -> (ShownMessage, Vec<Failure>) {
    let mut failures = Vec::new();
    let tracks = track::of(ctx, found).await.unwrap_or_else(|error| {
        failures.push(error.to_failure("groups"));
        Vec::new()
    });
    let mut shown = ShownMessage::new(found, format, tracks);
    if let Some(dir) = body_file::directory(ctx, body_dir)
        && let Err(error) = body_file::write(&dir, &mut shown, &found.message.body, number)
    {
        failures.push(error.to_failure("body"));
    }
    (shown, failures)
}

async fn resend(ctx: &Context, found: &Found) -> Result<Option<SendResult>, CommandError> {
    let message = &found.message;
    if ctx.dry_run {
        return Ok(None);
    }
    let mut draft = Draft::new(message.topic.as_str(), message.body.clone());
    draft.properties = message.properties.clone();
    draft.flag = message.flag;
    send::send(ctx, "ReSendMsgById", draft, Place::default()).await.map(Some)
}
