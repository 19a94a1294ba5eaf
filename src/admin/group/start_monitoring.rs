//! `startMonitoring`: looks at all consumer groups again and again.

use super::health::Finding;
use super::moved::{Moved, Position};
use super::round::{self, Undone};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Nothing, Render, Table, Tone, counted};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// What mqadmin puts in front of the lines of its log (Java: `DefaultMonitorListener`).
const MARK: &str = "[MONITOR] ";

/// Watch all consumer groups: lag, blocked members, moved offsets
///
/// In each round all groups are looked at side by side: how far they are behind on each topic, queues that are blocked
/// or cannot be locked, members that subscribed differently, and offsets that brokers moved since the round before. It
/// goes on until it is stopped, or for --count rounds. mqadmin writes all this into its log file only; with --output
/// classic the lines of that log are shown.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq startMonitoring\n  \
        rmq startMonitoring --interval 10s --count 6 --output json")]
pub struct Args {
    /// Time between two rounds, such as 60s
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration, default_value = "60s")]
    pub interval: Duration,
    /// End after so many rounds
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// One round: a line of JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// When the round ended, in ms since 1970.
    pub timestamp: i64,
    /// Sorted by group and topic.
    pub undone: Vec<Undone>,
    /// Queues of members with which something is wrong.
    pub findings: Vec<GroupFinding>,
    /// Groups whose members do not want the same.
    pub different_subscriptions: Vec<String>,
    /// Offsets that were moved since the round before.
    pub moved: Vec<Moved>,
    pub failures: Vec<Failure>,
}

/// Something wrong in a group.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupFinding {
    pub group: String,
    #[serde(flatten)]
    pub finding: Finding,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("TIME")
            .text("GROUP")
            .text("TOPIC")
            .number("LAG")
            .number("WORST QUEUE")
            .number("DELAY MS");
        for row in &self.undone {
            let tone = if row.total > 0 { Tone::Warn } else { Tone::Plain };
            table.row([
                Cell::new(time::seconds(self.timestamp)),
                Cell::new(&row.group),
                Cell::new(&row.topic),
                Cell::toned(row.total, tone),
                Cell::new(row.single_queue),
                Cell::new(row.delay_millis),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let bar = "=".repeat(41);
        writeln!(w, "{MARK}{bar}beginRound")?;
        for row in &self.undone {
            writeln!(
                w,
                "{MARK}reportUndoneMsgs: UndoneMsgs [consumerGroup={}, topic={}, undoneMsgsTotal={}, \
                 undoneMsgsSingleMQ={}, undoneMsgsDelayTimeMills={}]",
                row.group, row.topic, row.total, row.single_queue, row.delay_millis
            )?;
        }
        for group in &self.different_subscriptions {
            writeln!(
                w,
                "{MARK} [NOTIFY] reportConsumerRunningInfo: ConsumerGroup: {group}, Subscription different"
            )?;
        }
        for GroupFinding { group, finding } in &self.findings {
            writeln!(
                w,
                "{MARK} [NOTIFY] reportConsumerRunningInfo: ConsumerGroup: {group}, ClientId: {}, {finding}",
                finding.client_id
            )?;
        }
        for event in &self.moved {
            writeln!(
                w,
                "{MARK}reportDeleteMsgsEvent: DeleteMsgsEvent [offsetMovedEvent=OffsetMovedEvent [consumerGroup={}, \
                 messageQueue=MessageQueue [topic={}, brokerName={}, queueId={}], offsetRequest={}, offsetNew={}], \
                 eventTimestamp={}]",
                event.group,
                event.topic,
                event.broker_name,
                event.queue_id,
                event.offset_request,
                event.offset_new,
                event.timestamp
            )?;
        }
        writeln!(w, "{MARK}{bar}endRound")
    }

    fn notes(&self) -> Vec<String> {
        let of_group = |found: &GroupFinding| format!("{}: {}", found.group, found.finding);
        let mut notes: Vec<String> = self.findings.iter().map(of_group).collect();
        let differ = |group: &String| format!("{group}: the members do not want the same");
        notes.extend(self.different_subscriptions.iter().map(differ));
        notes.extend(self.moved.iter().map(|event| {
            format!(
                "{}: offset {} of queue {} of {} on {} was moved to {}",
                event.group,
                event.offset_request,
                event.queue_id,
                event.topic,
                event.broker_name,
                event.offset_new
            )
        }));
        let behind = self.undone.iter().filter(|row| row.total > 0).count();
        notes.push(format!("{} behind at {}", counted(behind, "topic"), time::seconds(self.timestamp)));
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Looks and shows until it is stopped. What fails in the first round ends it; later failures are told and tried again.
///
/// # Errors
/// In the first round: no name server is reached; all groups failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Nothing, CommandError> {
    tokio::select! {
        ended = rounds(ctx, &args) => ended?,
        () = ctx.stop.cancelled() => {}
    }
    Ok(Nothing::default())
}

async fn rounds(ctx: &Context, args: &Args) -> Result<(), CommandError> {
    let mut position = Position::default();
    let mut round: u64 = 0;
    loop {
        match one(ctx, &mut position).await {
            Ok(output) => ctx.out.show_next(&output)?,
            Err(error) if round == 0 => return Err(error),
            Err(error) => ctx.out.warn(&error.to_string()),
        }
        round += 1;
        if args.count.is_some_and(|count| round >= count) {
            return Ok(());
        }
        tokio::time::sleep(args.interval).await;
    }
}

async fn one(ctx: &Context, position: &mut Position) -> Result<Output, CommandError> {
    let mut groups = ctx.group_names().await?;
    groups.sort();
    let looks = ctx.fan_out(&groups, |group| async move { (group, round::look_at(ctx, group).await) }).await;
    let mut output = Output {
        timestamp: 0,
        undone: Vec::new(),
        findings: Vec::new(),
        different_subscriptions: Vec::new(),
        moved: position.news(ctx).await?,
        failures: Vec::new(),
    };
    let (mut good, mut first) = (0, None);
    for (group, look) in looks {
        match look {
            Ok(look) => {
                good += 1;
                output.undone.extend(look.undone);
                let findings = look.findings.into_iter();
                output
                    .findings
                    .extend(findings.map(|finding| GroupFinding { group: group.clone(), finding }));
                if !look.same_subscriptions {
                    output.different_subscriptions.push(group.clone());
                }
                output.failures.extend(look.failures);
            }
            Err(error) => {
                output.failures.push(error.to_failure(format!("group {group}")));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if good == 0 => Err(error),
        _ => Ok(Output { timestamp: ctx.clock.now_ms(), ..output }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::group::health::Problem;

    #[test]
    fn the_lines_are_those_of_mqadmins_log() {
        let finding = Finding {
            client_id: "c@1".to_owned(),
            topic: "T".to_owned(),
            broker_name: "a".to_owned(),
            queue_id: 0,
            problem: Problem::Blocked { millis: 61_000 },
        };
        let output = Output {
            timestamp: 0,
            undone: vec![Undone {
                group: "g".to_owned(),
                topic: "T".to_owned(),
                total: 7,
                single_queue: 4,
                delay_millis: 1500,
            }],
            findings: vec![GroupFinding { group: "g".to_owned(), finding }],
            different_subscriptions: vec!["h".to_owned()],
            moved: vec![Moved {
                timestamp: 9,
                group: "g".to_owned(),
                topic: "T".to_owned(),
                broker_name: "a".to_owned(),
                queue_id: 2,
                offset_request: 5,
                offset_new: 8,
            }],
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let bar = "=".repeat(41);
        let lines = [
            &format!("[MONITOR] {bar}beginRound"),
            "[MONITOR] reportUndoneMsgs: UndoneMsgs [consumerGroup=g, topic=T, undoneMsgsTotal=7, \
             undoneMsgsSingleMQ=4, undoneMsgsDelayTimeMills=1500]",
            "[MONITOR]  [NOTIFY] reportConsumerRunningInfo: ConsumerGroup: h, Subscription different",
            "[MONITOR]  [NOTIFY] reportConsumerRunningInfo: ConsumerGroup: g, ClientId: c@1, c@1 MessageQueue \
             [topic=T, brokerName=a, queueId=0] can't consume for a while, maybe blocked, 61000ms",
            "[MONITOR] reportDeleteMsgsEvent: DeleteMsgsEvent [offsetMovedEvent=OffsetMovedEvent \
             [consumerGroup=g, messageQueue=MessageQueue [topic=T, brokerName=a, queueId=2], offsetRequest=5, \
             offsetNew=8], eventTimestamp=9]",
            &format!("[MONITOR] {bar}endRound"),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }
}
