//! `queryMsgByUniqueKey`: shows messages by their unique id.

use super::directly::{self, Pushed};
use super::find::{self, Found, KeyKind, Search};
use super::query_msg_by_id::show;
use super::shown::ShownMessage;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Outcome, Render, Table};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// How far from now a message is looked for first, in ms: a day and a half, as mqadmin 5.5.
const WINDOW: i64 = 36 * 3_600_000;
/// How many messages of one id a broker gives at most.
const MOST: i32 = 32;

/// Show messages by their unique id
///
/// They are looked for a day and a half around now first, then at any time; -s and -e name the times instead. With
/// -g and -d the message is handed to that member of the group.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq queryMsgByUniqueKey -t TopicTest -i FD000000000000000000000000000002\n  \
        rmq queryMsgByUniqueKey -t TopicTest -i FD000000000000000000000000000002 -a"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The unique id
    #[arg(short = 'i', long = "msgId", value_name = "ID")]
    pub msg_id: String,
    /// Show all messages with the id, not just the first one stored
    #[arg(short = 'a', long = "showAll")]
    pub show_all: bool,
    /// Only messages stored since
    #[arg(short = 's', long = "startTime", value_name = "TIME", allow_hyphen_values = true)]
    pub start_time: Option<String>,
    /// Only messages stored until
    #[arg(short = 'e', long = "endTime", value_name = "TIME", allow_hyphen_values = true)]
    pub end_time: Option<String>,
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
    /// The cluster to search; for a topic without a route of its own (%LMQ%...), the topic that has it
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Write bodies into this directory
    #[arg(long, value_name = "DIR")]
    pub body_dir: Option<PathBuf>,
}

/// The messages of the id, the first one stored first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub messages: Vec<ShownMessage>,
    /// How the member took it, where it was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Pushed>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        if let Some(pushed) = &self.pushed {
            return directly::table_of(std::slice::from_ref(pushed));
        }
        let mut table = Table::new().text("FIELD").text("VALUE");
        self.messages.iter().for_each(|message| message.rows(&mut table));
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.messages.iter().try_for_each(|message| message.classic(false, w))?;
        self.pushed.iter().try_for_each(|pushed| write!(w, "{}", pushed.classic()))
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn outcome(&self) -> Outcome {
        match &self.pushed {
            Some(pushed) => pushed.outcome(),
            None if self.failures.is_empty() => Outcome::Done,
            None => Outcome::Partial,
        }
    }
}

/// Looks for the id, and shows what has it or hands it over.
///
/// # Errors
/// Nothing found; an unknown topic, group or member; nobody is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    if let (Some(group), Some(client)) = (&args.consumer_group, &args.client_id) {
        directly::check(ctx, group, client).await?;
    }
    let (found, mut failures) = look(ctx, &args).await?;
    let Some(first) = found.first() else { return Err(nothing(&args, &failures)) };
    if let (Some(group), Some(client)) = (&args.consumer_group, &args.client_id) {
        let pushed = Some(directly::push(ctx, group, client, first).await?);
        return Ok(Output { messages: Vec::new(), pushed, failures });
    }
    let mut messages = Vec::new();
    for (number, found) in found.iter().enumerate().take(if args.show_all { usize::MAX } else { 1 }) {
        let (shown, failed) = show(ctx, found, None, args.body_dir.as_ref(), number).await;
        messages.push(shown);
        failures.extend(failed);
    }
    Ok(Output { messages, pushed: None, failures })
}

/// Everything with the id, in the order in which it was stored.
async fn look(ctx: &Context, args: &Args) -> Result<(Vec<Found>, Vec<Failure>), CommandError> {
    let mut result = (Vec::new(), Vec::new());
    for (begin, end) in windows(args, ctx.clock.now_ms())? {
        let search = Search {
            topic: &args.topic,
            key: &args.msg_id,
            kind: KeyKind::UniqueId,
            max: MOST,
            begin,
            end,
            last_key: None,
            cluster: args.cluster.as_deref(),
        };
        let found = find::search(ctx, &search).await?;
        result = (found.found, found.failures);
        if !result.0.is_empty() {
            break;
        }
    }
    result.0.sort_by_key(|found| found.message.store_timestamp);
    Ok(result)
}

/// The times to look in, one after the other until something is found.
fn windows(args: &Args, now: i64) -> Result<Vec<(i64, i64)>, CommandError> {
    let at = |text: &Option<String>| text.as_deref().map(|text| time::parse(text, now)).transpose();
    Ok(match (at(&args.start_time)?, at(&args.end_time)?) {
        (None, None) => vec![(now.saturating_sub(WINDOW), now.saturating_add(WINDOW)), (0, i64::MAX)],
        (start, end) => vec![(start.unwrap_or(0), end.unwrap_or(i64::MAX))],
    })
}

fn nothing(args: &Args, failures: &[Failure]) -> CommandError {
    let mut error = CommandError::not_found(format!(
        "no message with the unique id {} in topic {}",
        args.msg_id, args.topic
    ));
    error.causes = failures.iter().map(ToString::to_string).collect();
    if args.start_time.is_some() || args.end_time.is_some() {
        error = error.hint("it may lie outside of the times given with -s and -e");
    }
    error.hint("queryMsgById looks for offset ids as well")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(more: &[&str]) -> Args {
        let line = ["x", "-t", "T", "-i", "ID"].iter().chain(more);
        Line::try_parse_from(line).unwrap().args
    }

    #[test]
    fn times_given_are_the_only_ones_looked_in() {
        let now = 1_000_000_000_000;
        assert_eq!(windows(&args(&[]), now).unwrap(), [(now - WINDOW, now + WINDOW), (0, i64::MAX)]);
        assert_eq!(windows(&args(&["-s", "5", "-e", "7"]), now).unwrap(), [(5, 7)]);
        assert_eq!(windows(&args(&["-s", "1h-ago"]), now).unwrap(), [(now - 3_600_000, i64::MAX)]);
        assert_eq!(windows(&args(&["-s", "nonsense"]), now).unwrap_err().kind.exit_code(), 2);
    }
}
