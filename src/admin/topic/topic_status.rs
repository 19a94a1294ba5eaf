//! `topicStatus`: what the queues of a topic hold.

use crate::admin::ask::{LMQ_PREFIX, WHEEL_TIMER};
use crate::admin::{CommandError, Context, targets};
use crate::output::{Cell, Failure, Render, Table, Text, counted, front, left};
use crate::protocol::topic::{GetTopicStatsInfo, TopicHeader, TopicStatsTable};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show what the queues of a topic hold
///
/// All brokers of the topic are asked side by side.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq topicStatus -t TopicTest\n  rmq topicStatus -t TopicTest --output csv"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The cluster or parent topic whose brokers are asked, for a topic without a route of its own (%LMQ%...)
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

/// What the queues hold, sorted by broker and queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub queues: Vec<Row>,
    /// Messages in all queues.
    pub messages: i64,
    /// Messages a second that the brokers say they put, together.
    pub put_tps: f64,
    pub failures: Vec<Failure>,
}

/// One queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    pub queue_id: i32,
    pub min_offset: i64,
    pub max_offset: i64,
    pub messages: i64,
    /// Epoch milliseconds; none where the queue is empty.
    pub last_update_timestamp: Option<i64>,
}

impl Output {
    fn new(topic: String, tables: impl IntoIterator<Item = TopicStatsTable>, failures: Vec<Failure>) -> Self {
        let mut queues = Vec::new();
        let mut put_tps = 0.0;
        for table in tables {
            put_tps += table.topic_put_tps;
            queues.extend(table.offset_table.into_iter().map(|(key, offset)| Row {
                broker_name: key.0.broker_name,
                queue_id: key.0.queue_id,
                min_offset: offset.min_offset,
                max_offset: offset.max_offset,
                messages: offset.max_offset.saturating_sub(offset.min_offset),
                last_update_timestamp: Some(offset.last_update_timestamp).filter(|time| *time > 0),
            }));
        }
        queues.sort_by(|a, b| (&a.broker_name, a.queue_id).cmp(&(&b.broker_name, b.queue_id)));
        let messages = queues.iter().map(|row| row.messages).sum();
        Output { topic, queues, messages, put_tps, failures }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .number("QUEUE")
            .number("MIN")
            .number("MAX")
            .number("MESSAGES")
            .text("UPDATED");
        for row in &self.queues {
            table.row([
                Cell::new(&row.broker_name),
                Cell::new(row.queue_id),
                Cell::new(row.min_offset),
                Cell::new(row.max_offset),
                Cell::new(row.messages),
                Cell::optional(row.last_update_timestamp.map(time::millis)),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut line = |cells: [&str; 5]| {
            let [broker, queue, min, max, updated] = cells;
            let (broker, queue) = (left(broker, 32), left(queue, 4));
            writeln!(w, "{broker}  {queue}  {}  {}    {updated}", left(min, 20), left(max, 20))
        };
        line(["#Broker Name", "#QID", "#Min Offset", "#Max Offset", "#Last Updated"])?;
        for row in &self.queues {
            line([
                front(&row.broker_name, 32),
                &row.queue_id.to_string(),
                &row.min_offset.to_string(),
                &row.max_offset.to_string(),
                &row.last_update_timestamp.map(time::millis).unwrap_or_default(),
            ])?;
        }
        // mqadmin prints the sum that it forgot to add up.
        writeln!(w, "\nTopic Put TPS: 0.0")
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "{} in {}, {} put a second",
            counted(self.messages, "message"),
            counted(self.queues.len(), "queue"),
            Text::decimal(self.put_tps)
        )]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every broker of the topic, side by side.
///
/// # Errors
/// No name server or no broker is reached; the topic is not there.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let without_route = args.topic.starts_with(LMQ_PREFIX) || args.topic == WHEEL_TIMER;
    let of = match &args.cluster {
        Some(cluster) if without_route => cluster,
        _ => &args.topic,
    };
    let route = ctx.route(of).await?;
    let topic = &args.topic;
    let answers = ctx
        .ask_each(
            &format!("read the status of topic {topic}"),
            targets::of_route(&route),
            |broker| async move {
                let header = TopicHeader { topic: topic.clone() };
                ctx.ask::<GetTopicStatsInfo>(&broker.addr, header, ()).await.map(|answer| answer.body.0)
            },
        )
        .await?;
    let tables: Vec<TopicStatsTable> = answers.given.into_iter().map(|(_, table)| table).collect();
    Ok(Output::new(args.topic, tables, answers.failures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    #[test]
    fn the_layout_is_mqadmins() {
        let json = r#"{"offsetTable":{
            {"brokerName":"broker-a","queueId":1,"topic":"T"}:{"lastUpdateTimestamp":0,"maxOffset":0,"minOffset":0},
            {"brokerName":"broker-a","queueId":0,"topic":"T"}:{"lastUpdateTimestamp":0,"maxOffset":32,"minOffset":2}},
            "topicPutTps":0.25}"#;
        let output = Output::new("T".to_owned(), [fastjson::from_slice(json.as_bytes()).unwrap()], vec![]);
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "#Broker Name                      #QID  #Min Offset           #Max Offset             #Last Updated\n\
             broker-a                          0     2                     32                      \n\
             broker-a                          1     0                     0                       \n\
             \nTopic Put TPS: 0.0\n"
        );
        assert_eq!(output.messages, 30);
        assert_eq!(output.notes(), ["30 messages in 2 queues, 0.25 put a second"]);
    }
}
