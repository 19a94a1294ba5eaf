//! `brokerConsumeStats`: how far all groups are on one broker.

use super::lag::lag_of;
use crate::admin::{CommandError, Context, failed};
use crate::client::ClientError;
use crate::output::{Cell, Render, Table, Tone, counted, front, left};
use crate::protocol::broker::{BrokerConsumeStatsHeader, GetBrokerConsumeStats};
use crate::protocol::group::ConsumeStatsList;
use crate::runtime::time;
use clap::ArgAction::Set;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// How long mqadmin waits for the broker.
const PATIENCE: Duration = Duration::from_secs(50);

/// Show how far all consumer groups are on one broker
///
/// Every queue of every topic that a group has offsets on. mqadmin leaves out the queues of which nothing is consumed
/// yet; they are shown here.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq brokerConsumeStats -b 127.0.0.1:10911\n  \
        rmq brokerConsumeStats -b 127.0.0.1:10911 -l 1000 --output json")]
pub struct Args {
    /// The broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: String,
    /// How long it may take, in milliseconds [default: --timeout if given, else 50000]
    #[arg(short = 't', long = "timeoutMillis", value_name = "MILLIS")]
    pub timeout_millis: Option<u64>,
    /// Only queues with at least so many messages that are not consumed yet
    #[arg(
        short = 'l',
        long = "level",
        value_name = "COUNT",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub level: i64,
    /// Only topics that are consumed in order
    #[arg(short = 'o', long = "order", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = Set)]
    pub order: bool,
}

/// The queues, those farthest behind first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub broker: String,
    pub queues: Vec<Row>,
    /// Messages that are not consumed yet, of all queues, also those below the level.
    pub lag_total: i64,
    /// The queues in the order of the answer, for mqadmin's layout.
    #[serde(skip)]
    order: Vec<usize>,
}

/// A group on a queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub group: String,
    pub topic: String,
    pub broker_name: String,
    pub queue_id: i32,
    pub broker_offset: i64,
    pub consumer_offset: i64,
    pub lag: i64,
    /// When the last message that is consumed was stored, in epoch milliseconds; none where there is none.
    pub last_timestamp: Option<i64>,
}

impl Output {
    fn new(broker: String, answer: ConsumeStatsList, level: i64) -> Self {
        let mut rows = Vec::new();
        for (group, list) in answer.consume_stats_list.into_iter().flatten() {
            for (key, offsets) in list.into_iter().flat_map(|stats| stats.offset_table) {
                rows.push(Row {
                    group: group.clone(),
                    topic: key.0.topic,
                    broker_name: key.0.broker_name,
                    queue_id: key.0.queue_id,
                    broker_offset: offsets.broker_offset,
                    consumer_offset: offsets.consumer_offset,
                    lag: lag_of(&offsets),
                    last_timestamp: Some(offsets.last_timestamp).filter(|at| *at > 0),
                });
            }
        }
        rows.retain(|row| row.lag >= level);
        let mut numbered: Vec<(usize, Row)> = rows.into_iter().enumerate().collect();
        numbered.sort_by(|(_, a), (_, b)| {
            (b.lag, &a.group, &a.topic, a.queue_id).cmp(&(a.lag, &b.group, &b.topic, b.queue_id))
        });
        let (order, queues) = numbered.into_iter().unzip();
        Output { broker, queues, lag_total: answer.total_diff, order }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("GROUP")
            .text("TOPIC")
            .text("BROKER")
            .number("QUEUE")
            .number("END")
            .number("CONSUMED")
            .number("LAG")
            .text("LAST CONSUMED STORED");
        for row in &self.queues {
            table.row([
                Cell::new(&row.group),
                Cell::new(&row.topic),
                Cell::new(&row.broker_name),
                Cell::new(row.queue_id),
                Cell::new(row.broker_offset),
                Cell::new(row.consumer_offset),
                Cell::toned(row.lag, if row.lag > 0 { Tone::Warn } else { Tone::Plain }),
                Cell::optional(row.last_timestamp.map(time::seconds)),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 8]| {
            let widths = [64, 64, 32, 4, 20, 20, 20, 0];
            let cells: Vec<String> =
                cells.iter().zip(widths).map(|(cell, width)| left(cell, width)).collect();
            writeln!(w, "{}", cells.join("  "))
        };
        line([
            "#Topic",
            "#Group",
            "#Broker Name",
            "#QID",
            "#Broker Offset",
            "#Consumer Offset",
            "#Diff",
            "#LastTime",
        ])?;
        let mut rows: Vec<(&usize, &Row)> = self.order.iter().zip(&self.queues).collect();
        rows.sort_by_key(|(at, _)| **at);
        for (_, row) in rows {
            let Some(at) = row.last_timestamp else { continue };
            line([
                front(&row.topic, 64),
                &row.group,
                front(&row.broker_name, 32),
                &row.queue_id.to_string(),
                &row.broker_offset.to_string(),
                &row.consumer_offset.to_string(),
                &row.lag.to_string(),
                &time::seconds(at),
            ])?;
        }
        writeln!(w, "\nDiff Total: {}", self.lag_total)
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("{} not consumed yet", counted(self.lag_total, "message"))]
    }
}

/// Asks the broker.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let header = BrokerConsumeStatsHeader { is_order: args.order };
    let patience = args.timeout_millis.map_or_else(|| ctx.patience(PATIENCE), Duration::from_millis);
    let answer =
        ctx.client.call_within::<GetBrokerConsumeStats>(&args.broker_addr, header, (), patience).await;
    let answer = answer.map_err(|error| match error {
        ClientError::Call(error) => failed("read how far the groups are", &error),
        other => other.into(),
    })?;
    Ok(Output::new(args.broker_addr, answer.body.0, args.level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    const ANSWER: &str = r#"{"brokerAddr":"127.0.0.1:10911","consumeStatsList":[{"g2":[]},{"g1":[{"consumeTps":0.0,
        "offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:{"brokerOffset":36,"consumerOffset":5,
        "lastTimestamp":1795510424285},{"brokerName":"broker-a","queueId":0,"topic":"T"}:{"brokerOffset":9,
        "consumerOffset":9,"lastTimestamp":1795510424285},{"brokerName":"broker-a","queueId":2,"topic":"T"}:
        {"brokerOffset":40,"consumerOffset":0,"lastTimestamp":0}}}]}],"totalDiff":71}"#;

    fn output(level: i64) -> Output {
        let answer: ConsumeStatsList = fastjson::from_slice(ANSWER.as_bytes()).unwrap();
        Output::new("127.0.0.1:10911".to_owned(), answer, level)
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let mut text = String::new();
        output(0).classic(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let at = time::seconds(1_795_510_424_285);
        assert_eq!(
            lines[0],
            "#Topic                                                            #Group                                                            #Broker Name                      #QID  #Broker Offset        #Consumer Offset      #Diff                 #LastTime"
        );
        assert_eq!(
            lines[1],
            format!(
                "T                                                                 g1                                                                broker-a                          0     9                     9                     0                     {at}"
            )
        );
        assert_eq!(lines[2].split_whitespace().nth(3), Some("1"));
        assert_eq!(lines[3..], ["", "Diff Total: 71"]);
    }

    #[test]
    fn those_farthest_behind_come_first_and_the_level_cuts() {
        let lags = |level| output(level).queues.iter().map(|row| row.lag).collect::<Vec<_>>();
        assert_eq!(lags(0), [40, 31, 0]);
        assert_eq!(lags(31), [40, 31]);
        assert_eq!(output(0).queues[0].last_timestamp, None);
    }
}
