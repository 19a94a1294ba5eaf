//! How far one group is, queue by queue.

use super::lag::{Lag, inflight_of, lag_of};
use crate::output::{Cell, Failure, Render, Table, Text, Tone, counted, fixed, front, left};
use crate::protocol::group::OffsetWrapper;
use crate::protocol::queue::MessageQueue;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The progress of a group, sorted by topic, broker and queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupProgress {
    pub group: String,
    pub queues: Vec<QueueProgress>,
    pub consume_tps: f64,
    pub lag_total: i64,
    pub inflight_total: i64,
    pub failures: Vec<Failure>,
    /// Whether clients were asked for.
    #[serde(skip)]
    with_clients: bool,
}

/// The progress on a queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueProgress {
    pub topic: String,
    pub broker_name: String,
    pub queue_id: i32,
    pub broker_offset: i64,
    /// -1 is nothing committed.
    pub consumer_offset: i64,
    pub lag: i64,
    /// Pulled and not consumed yet.
    pub inflight: i64,
    /// When the last message consumed was stored, in epoch milliseconds; none where that is not known.
    pub last_timestamp: Option<i64>,
    /// The member that has the queue, where it was asked for and is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

impl GroupProgress {
    /// `clients` says which member has a queue, where that was asked for.
    pub fn new(group: String, lag: Lag, clients: Option<&BTreeMap<MessageQueue, String>>) -> Self {
        let row = |(queue, offsets): (&MessageQueue, &OffsetWrapper)| QueueProgress {
            topic: queue.topic.clone(),
            broker_name: queue.broker_name.clone(),
            queue_id: queue.queue_id,
            broker_offset: offsets.broker_offset,
            consumer_offset: offsets.consumer_offset,
            lag: lag_of(offsets),
            inflight: inflight_of(offsets),
            last_timestamp: Some(offsets.last_timestamp).filter(|time| *time != 0),
            client_id: clients.and_then(|clients| clients.get(queue).cloned()),
        };
        GroupProgress {
            group,
            queues: lag.queues.iter().map(row).collect(),
            consume_tps: lag.tps,
            lag_total: lag.total(),
            inflight_total: lag.inflight(),
            failures: lag.failures,
            with_clients: clients.is_some(),
        }
    }

    fn classic_line(&self, w: &mut dyn Write, cells: [&str; 9]) -> fmt::Result {
        let [topic, broker, queue, end, offset, client, diff, inflight, last] = cells;
        let (topic, broker, queue) = (left(topic, 64), left(broker, 32), left(queue, 4));
        write!(w, "{topic}  {broker}  {queue}  {}  {}  ", left(end, 20), left(offset, 20))?;
        if self.with_clients {
            write!(w, "{} ", left(client, 20))?;
        }
        writeln!(w, "{} {}{last}", left(diff, 20), left(inflight, 20))
    }
}

/// The host in a client's id, which is `HOST@INSTANCE`.
fn host_of(client_id: &str) -> &str {
    client_id.split('@').next().unwrap_or_default()
}

impl Render for GroupProgress {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new()
            .text("TOPIC")
            .text("BROKER")
            .number("QUEUE")
            .number("END")
            .number("OFFSET")
            .number("LAG")
            .number("INFLIGHT")
            .text("LAST");
        let with_clients = wide || self.with_clients;
        if with_clients {
            table = table.text("CLIENT");
        }
        for row in &self.queues {
            let tone = if row.lag > 0 { Tone::Warn } else { Tone::Plain };
            let mut cells = vec![
                Cell::new(&row.topic),
                Cell::new(&row.broker_name),
                Cell::new(row.queue_id),
                Cell::new(row.broker_offset),
                Cell::new(row.consumer_offset),
                Cell::toned(row.lag, tone),
                Cell::new(row.inflight),
                Cell::optional(row.last_timestamp.map(time::seconds)),
            ];
            if with_clients {
                cells.push(Cell::optional(row.client_id.as_ref()));
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        self.classic_line(
            w,
            [
                "#Topic",
                "#Broker Name",
                "#QID",
                "#Broker Offset",
                "#Consumer Offset",
                "#Client IP",
                "#Diff",
                "#Inflight",
                "#LastTime",
            ],
        )?;
        for row in &self.queues {
            let last = row.last_timestamp.map_or_else(|| "N/A".to_owned(), time::seconds);
            self.classic_line(
                w,
                [
                    front(&row.topic, 64),
                    front(&row.broker_name, 32),
                    &row.queue_id.to_string(),
                    &row.broker_offset.to_string(),
                    &row.consumer_offset.to_string(),
                    row.client_id.as_deref().map_or("N/A", host_of),
                    &row.lag.to_string(),
                    &row.inflight.to_string(),
                    // The head of this column stands one blank further to the left.
                    &format!(" {last}"),
                ],
            )?;
        }
        writeln!(w, "\nConsume TPS: {}", fixed(self.consume_tps, 2))?;
        writeln!(w, "Consume Diff Total: {}", self.lag_total)?;
        writeln!(w, "Consume Inflight Total: {}", self.inflight_total)
    }

    fn notes(&self) -> Vec<String> {
        if self.queues.is_empty() {
            return vec![format!("group {} has no offsets", self.group)];
        }
        vec![format!(
            "{} behind, {} in flight, {} consumed a second",
            counted(self.lag_total, "message"),
            self.inflight_total,
            Text::decimal(self.consume_tps)
        )]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(clients: Option<&BTreeMap<MessageQueue, String>>) -> GroupProgress {
        let queue = |queue_id| MessageQueue {
            topic: "TopicTest".to_owned(),
            broker_name: "broker-a".to_owned(),
            queue_id,
        };
        let mut lag = Lag::default();
        let offsets = |broker_offset, consumer_offset, pull_offset| OffsetWrapper {
            broker_offset,
            consumer_offset,
            pull_offset,
            last_timestamp: 0,
        };
        lag.queues.insert(queue(0), offsets(133, 0, 15));
        lag.queues.insert(queue(1), offsets(39, 39, 39));
        lag.tps = 0.185;
        GroupProgress::new("group_lag".to_owned(), lag, clients)
    }

    fn classic(progress: &GroupProgress) -> Vec<String> {
        let mut text = String::new();
        progress.classic(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let want = [
            "#Topic                                                            #Broker Name                      #QID  #Broker Offset        #Consumer Offset      #Diff                #Inflight           #LastTime",
            "TopicTest                                                         broker-a                          0     133                   0                     133                  15                   N/A",
            "TopicTest                                                         broker-a                          1     39                    39                    0                    0                    N/A",
            "",
            "Consume TPS: 0.19",
            "Consume Diff Total: 133",
            "Consume Inflight Total: 15",
        ];
        assert_eq!(classic(&progress(None)), want);
    }

    #[test]
    fn with_clients_the_layout_is_mqadmins() {
        let queue =
            MessageQueue { topic: "TopicTest".to_owned(), broker_name: "broker-a".to_owned(), queue_id: 0 };
        let clients = BTreeMap::from([(queue, "192.0.2.10@online1".to_owned())]);
        let lines = classic(&progress(Some(&clients)));
        let want = [
            "#Topic                                                            #Broker Name                      #QID  #Broker Offset        #Consumer Offset      #Client IP           #Diff                #Inflight           #LastTime",
            "TopicTest                                                         broker-a                          0     133                   0                     192.0.2.10           133                  15                   N/A",
            "TopicTest                                                         broker-a                          1     39                    39                    N/A                  0                    0                    N/A",
        ];
        assert_eq!(lines[..3], want);
    }
}
