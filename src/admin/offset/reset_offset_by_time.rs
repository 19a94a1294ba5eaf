//! `resetOffsetByTime`: moves a group on a topic to a time.

use super::plan::{Move, QueueMove, Request};
use super::{moves, plan};
use crate::admin::ask::{LMQ_PREFIX, WHEEL_TIMER};
use crate::admin::group::config::present;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, queue_hash};
use crate::output::{Cell, Failure, Render, Table, Tone, counted, front, left};
use crate::protocol::queue::MessageQueue;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Move a consumer group on a topic to a time
///
/// The brokers move it, and tell its members to go on from there; groups of old brokers, or without members there,
/// are moved queue by queue. It shows where every queue was and is, and asks first; --yes answers yes. After the
/// move the offsets are read back.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq resetOffsetByTime -g orders -t TopicTest -s 2h-ago --dry-run\n  \
        rmq resetOffsetByTime -g orders -t TopicTest -s '2026-01-02#15:04:05:000' --yes\n  \
        rmq resetOffsetByTime -g orders -t TopicTest -s now -b 127.0.0.1:10911 -q 2 -o 7 --yes"
)]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "group", alias = "consumerGroup", value_name = "GROUP")]
    pub group: String,
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The time: now, 2h-ago, epoch milliseconds, 2026-01-02#15:04:05:000 and others; -1 is the end
    #[arg(short = 's', long = "timestamp", value_name = "TIME", allow_hyphen_values = true)]
    pub timestamp: String,
    /// Whether it may also be moved forward, past what it has not consumed
    #[arg(short = 'f', long = "force", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub force: bool,
    /// Only on this broker
    #[arg(short = 'b', long = "broker", alias = "brokerAddr", value_name = "HOST:PORT")]
    pub broker: Option<String>,
    /// Only this queue of that broker
    #[arg(short = 'q', long = "queue", value_name = "QUEUE", requires = "broker",
          value_parser = clap::value_parser!(i32).range(0..))]
    pub queue: Option<i32>,
    /// To this offset of that queue, whatever the time
    #[arg(short = 'o', long = "offset", value_name = "OFFSET", requires = "queue",
          value_parser = clap::value_parser!(i64).range(0..))]
    pub offset: Option<i64>,
    /// The cluster or parent topic whose brokers are asked, for a topic without a route of its own (%LMQ%...)
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

/// Where every queue was and is, sorted by broker and queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub topic: String,
    /// Epoch milliseconds; -1 is the end.
    pub timestamp: i64,
    pub dry_run: bool,
    pub queues: Vec<QueueMove>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    words: Words,
}

/// What of the command line mqadmin repeats.
#[derive(Debug)]
struct Words {
    /// The time as it was typed.
    time: String,
    force: bool,
    broker: Option<String>,
    queue: Option<i32>,
    way: Move,
}

impl Output {
    fn classic_queue(&self, w: &mut dyn Write, broker: &str, queue: i32) -> fmt::Result {
        let (group, topic) = (&self.group, &self.topic);
        writeln!(
            w,
            "start reset consumer offset by specified, group[{group}], topic[{topic}], queueId[{queue}], \
             broker[{broker}], timestamp(string)[{}], timestamp(long)[{}]",
            self.words.time, self.timestamp
        )?;
        self.queues.iter().try_for_each(|row| writeln!(w, "reset consumer offset to {}", row.to_offset))
    }

    fn in_hash_order(&self) -> Vec<&QueueMove> {
        hashed(&self.queues, |row| {
            queue_hash(&MessageQueue {
                topic: self.topic.clone(),
                broker_name: row.broker_name.clone(),
                queue_id: row.queue_id,
            })
        })
    }

    /// Every queue and where it is, or by the way by queue where it was and what is there; `last` heads the last column
    /// of that.
    pub(super) fn classic_rows(&self, last: &str, w: &mut dyn Write) -> fmt::Result {
        match self.words.way {
            Move::ByBroker => self.classic_by_broker(w),
            Move::ByQueue => self.classic_by_queue(last, w),
        }
    }

    fn classic_by_broker(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |broker: &str, queue: &str, offset: &str| {
            writeln!(w, "{}  {}  {}", left(broker, 40), left(queue, 40), left(offset, 40))
        };
        line("#brokerName", "#queueId", "#offset")?;
        self.in_hash_order().into_iter().try_for_each(|row| {
            line(front(&row.broker_name, 32), &row.queue_id.to_string(), &row.to_offset.to_string())
        })
    }

    fn classic_by_queue(&self, last: &str, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 6]| {
            let cells = cells.map(|cell| left(cell, 20));
            writeln!(w, "{}", cells.join("  "))
        };
        line(["#brokerName", "#queueId", "#brokerOffset", "#consumerOffset", "#timestampOffset", last])?;
        self.in_hash_order().into_iter().try_for_each(|row| {
            line([
                front(&row.broker_name, 32),
                &row.queue_id.to_string(),
                &row.broker_offset.to_string(),
                &row.from_offset.unwrap_or(-1).to_string(),
                &row.time_offset.to_string(),
                &row.to_offset.to_string(),
            ])
        })
    }

    /// What mqadmin says first: another sentence where the way is by queue.
    fn classic_all(&self, w: &mut dyn Write) -> fmt::Result {
        let (group, topic, force) = (&self.group, &self.topic, self.words.force);
        let (name, intro) = match self.words.way {
            Move::ByBroker => (", group", "start reset consumer offset by specified"),
            Move::ByQueue => (" consumerGroup", "reset consumer offset by specified"),
        };
        writeln!(
            w,
            "{intro}{name}[{group}], topic[{topic}], force[{force}], timestamp(string)[{}], timestamp(long)[{}]",
            self.words.time, self.timestamp
        )?;
        self.classic_rows("#resetOffset", w)
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .number("QUEUE")
            .number("FROM")
            .number("TO")
            .number("END")
            .number("LAG AFTER")
            .text("MEANS");
        for row in &self.queues {
            let (tone, means) = match row.from_offset {
                Some(from) if row.to_offset > from => {
                    (Tone::Bad, format!("skips {}", row.to_offset.saturating_sub(from)))
                }
                Some(from) if row.to_offset < from => {
                    (Tone::Warn, format!("consumes {} again", from.saturating_sub(row.to_offset)))
                }
                Some(_) => (Tone::Dim, "stays".to_owned()),
                None => (Tone::Plain, "had no offset".to_owned()),
            };
            table.row([
                Cell::new(&row.broker_name),
                Cell::new(row.queue_id),
                Cell::optional(row.from_offset),
                Cell::new(row.to_offset),
                Cell::new(row.broker_offset),
                Cell::new(row.broker_offset.saturating_sub(row.to_offset)),
                Cell::toned(means, tone),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        match (&self.words.broker, self.words.queue) {
            (Some(broker), Some(queue)) => self.classic_queue(w, broker, queue),
            _ => self.classic_all(w),
        }
    }

    fn notes(&self) -> Vec<String> {
        let (skipped, again) = plan::totals(&self.queues);
        let verb = if self.dry_run { "would be " } else { "" };
        let mut notes =
            vec![format!("{} {verb}skipped, {again} {verb}consumed again", counted(skipped, "message"))];
        if self.dry_run {
            notes.push("nothing was moved (--dry-run)".to_owned());
        }
        notes
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Looks where the group is and where the time is, asks, moves it, and looks again.
///
/// # Errors
/// An unknown group or topic; a time that cannot be read; no confirmation; nobody is reached; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let timestamp = time::parse(&args.timestamp, ctx.clock.now_ms())?;
    let brokers = brokers(ctx, &args).await?;
    check_group(ctx, &args, &brokers).await?;
    let request = Request {
        group: &args.group,
        topic: &args.topic,
        timestamp,
        force: args.force,
        queue: args.queue,
        offset: args.offset,
    };
    let planned = plan::make(ctx, &request, brokers).await?;
    let rows: Vec<QueueMove> = planned.given.iter().flat_map(|(_, rows)| rows.clone()).collect();
    if rows.is_empty() {
        return Err(no_queue(&args));
    }
    let (skipped, again) = plan::totals(&rows);
    ctx.confirm(&format!(
        "Move group {} on {} of {}, so that it skips {} and consumes {again} again?",
        args.group,
        counted(rows.len(), "queue"),
        args.topic,
        counted(skipped, "message")
    ))?;
    let mut output = Output {
        group: args.group.clone(),
        topic: args.topic.clone(),
        timestamp,
        dry_run: ctx.dry_run,
        queues: rows,
        failures: planned.failures,
        words: Words {
            time: args.timestamp.clone(),
            force: args.force,
            broker: args.broker.clone(),
            queue: args.queue,
            way: Move::ByBroker,
        },
    };
    if !ctx.dry_run {
        let moved = moves::apply(ctx, &request, planned.given).await?;
        output.queues = moved.queues;
        output.words.way = moved.way;
        output.failures.extend(moved.failures);
    }
    output.queues.sort_by(|a, b| (&a.broker_name, a.queue_id).cmp(&(&b.broker_name, b.queue_id)));
    Ok(output)
}

async fn brokers(ctx: &Context, args: &Args) -> Result<Vec<Broker>, CommandError> {
    let without_route = args.topic.starts_with(LMQ_PREFIX) || args.topic == WHEEL_TIMER;
    let of = args.cluster.as_deref().filter(|_| without_route).unwrap_or(&args.topic);
    let mut brokers = targets::of_route(&ctx.route(of).await?);
    if let Some(addr) = &args.broker {
        let known: Vec<String> = brokers.iter().map(|broker| broker.addr.clone()).collect();
        brokers.retain(|broker| broker.addr == *addr);
        if brokers.is_empty() {
            return Err(CommandError::not_found(format!("no broker at {addr} has topic {}", args.topic))
                .hint(format!("it is on {}", known.join(", "))));
        }
    }
    Ok(brokers)
}

/// A group is known if a broker has its configuration or an offset of it.
async fn check_group(ctx: &Context, args: &Args, brokers: &[Broker]) -> Result<(), CommandError> {
    let group = &args.group;
    let found = ctx
        .ask_each(&format!("look for group {group}"), brokers.to_vec(), |broker| async move {
            present(ctx, &broker.addr, group).await
        })
        .await?;
    if found.given.iter().any(|(_, config)| config.is_some()) {
        return Ok(());
    }
    let lag = crate::admin::group::lag::of_brokers(ctx, group, Some(&args.topic), brokers.to_vec()).await?;
    // -1 is the offset of a group that has committed none.
    if lag.queues.values().any(|offsets| offsets.consumer_offset > 0) {
        return Ok(());
    }
    Err(ctx.unknown_group(group).await.hint("rmq updateSubGroup creates it"))
}

fn no_queue(args: &Args) -> CommandError {
    match args.queue {
        Some(queue) => CommandError::not_found(format!("topic {} has no queue {queue} there", args.topic)),
        None => CommandError::not_found(format!("topic {} has no queue", args.topic)),
    }
    .hint(format!("rmq topicStatus -t {} shows its queues", args.topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(way: Move, queue: Option<i32>) -> Output {
        let row = |queue_id, to_offset| QueueMove {
            broker_name: "broker-a".to_owned(),
            queue_id,
            broker_offset: 80,
            from_offset: Some(70),
            time_offset: to_offset,
            to_offset,
        };
        Output {
            group: "group_lag".to_owned(),
            topic: "TopicTest".to_owned(),
            timestamp: 1_795_511_949_274,
            dry_run: false,
            queues: (0..if queue.is_some() { 1 } else { 8 }).map(|id| row(id, 60 + i64::from(id))).collect(),
            failures: vec![],
            words: Words {
                time: "now".to_owned(),
                force: true,
                broker: queue.map(|_| "127.0.0.1:10911".to_owned()),
                queue,
                way,
            },
        }
    }

    fn classic(output: &Output) -> Vec<String> {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let lines = classic(&output(Move::ByBroker, None));
        assert_eq!(
            lines[0],
            "start reset consumer offset by specified, group[group_lag], topic[TopicTest], force[true], \
             timestamp(string)[now], timestamp(long)[1795511949274]"
        );
        assert_eq!(
            lines[1],
            "#brokerName                               #queueId                                  #offset                                 "
        );
        assert_eq!(
            lines[2],
            "broker-a                                  7                                         67                                      "
        );
        let queues: Vec<&str> = lines[2..].iter().map(|line| line[42..44].trim()).collect();
        assert_eq!(queues, ["7", "6", "3", "2", "5", "4", "1", "0"]);
    }

    #[test]
    fn the_layout_for_one_queue_is_mqadmins() {
        assert_eq!(
            classic(&output(Move::ByBroker, Some(2))),
            [
                "start reset consumer offset by specified, group[group_lag], topic[TopicTest], queueId[2], \
                 broker[127.0.0.1:10911], timestamp(string)[now], timestamp(long)[1795511949274]",
                "reset consumer offset to 60"
            ]
        );
    }

    #[test]
    fn the_layout_by_queue_is_mqadmins() {
        let lines = classic(&output(Move::ByQueue, None));
        assert!(lines[0].starts_with("reset consumer offset by specified consumerGroup[group_lag], topic["));
        assert_eq!(
            lines[2],
            "broker-a              7                     80                    70                    67                    67                  "
        );
    }
}
