//! `getLiteTopicInfo`: what a lite topic holds and who subscribes to it.

use super::told::{failed_lines, hinted, known, time_or};
use crate::admin::{CommandError, Context, targets};
use crate::output::{Cell, Failure, Render, Table, front, left};
use crate::protocol::lite::{GetLiteTopicInfo, LiteTopicHeader, LiteTopicInfo, queue_name};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show what a lite topic holds and who subscribes to it
///
/// All brokers of the parent topic are asked side by side. New messages of a lite topic go to one of them, the
/// one that says so. A lite topic that nobody has sent to is not told from one that holds nothing.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getLiteTopicInfo -p Orders -l customer-17\n  \
        rmq getLiteTopicInfo -p Orders -l customer-17 -s")]
pub struct Args {
    /// The parent topic
    #[arg(short = 'p', long = "parentTopic", value_name = "TOPIC")]
    pub parent_topic: String,
    /// The lite topic
    #[arg(short = 'l', long = "liteTopic", value_name = "LITE_TOPIC")]
    pub lite_topic: String,
    /// Also show the clients that subscribe to it
    #[arg(short = 's', long = "showClientId")]
    pub show_client_id: bool,
}

/// The lite topic on each broker of its parent, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub parent_topic: String,
    pub lite_topic: String,
    /// The queue in the store.
    pub queue: String,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    clients: bool,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    pub min_offset: i64,
    pub max_offset: i64,
    pub messages: i64,
    /// Epoch milliseconds; none where it holds nothing.
    pub last_update_timestamp: Option<i64>,
    /// Whether new messages of the lite topic go to this broker.
    pub sharding_to_broker: bool,
    /// Sorted by client id.
    pub subscribers: Vec<Subscriber>,
}

/// A client that subscribes to it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscriber {
    pub client_id: String,
    pub group: String,
}

impl Row {
    fn new(broker_name: String, info: LiteTopicInfo) -> Self {
        let offset = info.topic_offset;
        let subscribers = info.subscriber.into_iter();
        Row {
            broker_name,
            min_offset: offset.min_offset,
            max_offset: offset.max_offset,
            messages: offset.max_offset.saturating_sub(offset.min_offset),
            last_update_timestamp: known(offset.last_update_timestamp),
            sharding_to_broker: info.sharding_to_broker,
            subscribers: subscribers
                .map(|client| Subscriber { client_id: client.client_id, group: client.group })
                .collect(),
        }
    }

    /// `CLIENT@GROUP, ...`
    fn clients(&self) -> String {
        let clients = self.subscribers.iter().map(|s| format!("{}@{}", s.client_id, s.group));
        clients.collect::<Vec<_>>().join(", ")
    }
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let clients = self.clients || wide;
        let mut table = Table::new()
            .text("BROKER")
            .number("MIN")
            .number("MAX")
            .number("MESSAGES")
            .text("UPDATED")
            .text("SHARD")
            .number("SUBSCRIBERS");
        if clients {
            table = table.text("CLIENTS");
        }
        for row in &self.brokers {
            let mut cells = vec![
                Cell::new(&row.broker_name),
                Cell::new(row.min_offset),
                Cell::new(row.max_offset),
                Cell::new(row.messages),
                Cell::optional(row.last_update_timestamp.map(crate::runtime::time::millis)),
                Cell::new(row.sharding_to_broker),
                Cell::new(row.subscribers.len()),
            ];
            if clients {
                cells.push(Cell::new(row.clients()));
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |[broker, min, max, updated, sharding, count]: [&str; 6]| {
            let (broker, min, max) = (left(broker, 50), left(min, 14), left(max, 14));
            format!("{broker} {min} {max} {} {} {} ", left(updated, 30), left(sharding, 12), left(count, 18))
        };
        writeln!(w, "Lite Topic Info: [{}] [{}] [{}]", self.parent_topic, self.lite_topic, self.queue)?;
        let head =
            ["#Broker Name", "#MinOffset", "#MaxOffset", "#LastUpdate", "#Sharding", "#SubClientCount"];
        writeln!(w, "{}", line(head))?;
        for row in &self.brokers {
            let cells = [
                front(&row.broker_name, 40).to_owned(),
                row.min_offset.to_string(),
                row.max_offset.to_string(),
                time_or(row.last_update_timestamp, "-"),
                row.sharding_to_broker.to_string(),
                row.subscribers.len().to_string(),
            ];
            writeln!(w, "{}", line(cells.each_ref().map(String::as_str)))?;
            if self.clients {
                writeln!(w, "[{}]", row.clients())?;
            }
        }
        failed_lines(&self.failures, w)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every broker of the parent, side by side.
///
/// # Errors
/// An unknown topic; one that is no parent; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { parent_topic, lite_topic, show_client_id } = args;
    let brokers = targets::of_route(&ctx.route(&parent_topic).await?);
    let header = LiteTopicHeader { parent_topic: Some(parent_topic), lite_topic: Some(lite_topic) };
    let asked = &header;
    let answers = ctx
        .ask_each("read the lite topic", brokers, |broker| async move {
            ctx.ask::<GetLiteTopicInfo>(&broker.addr, asked.clone(), ()).await.map(|answer| answer.body.0)
        })
        .await
        .map_err(hinted)?;
    let (parent_topic, lite_topic) =
        (header.parent_topic.unwrap_or_default(), header.lite_topic.unwrap_or_default());
    let rows = answers.given.into_iter().map(|(broker, info)| Row::new(broker.broker_name, info));
    Ok(Output {
        brokers: rows.collect(),
        failures: answers.failures,
        queue: queue_name(&parent_topic, &lite_topic),
        clients: show_client_id,
        parent_topic,
        lite_topic,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lite::ClientGroup;
    use crate::protocol::topic::TopicOffset;

    #[test]
    fn the_layout_is_mqadmins() {
        let client = |id: &str| ClientGroup { client_id: id.to_owned(), group: "g".to_owned() };
        let info = LiteTopicInfo {
            sharding_to_broker: true,
            subscriber: [client("c2"), client("c1")].into(),
            topic_offset: TopicOffset { max_offset: 10, ..TopicOffset::default() },
            ..LiteTopicInfo::default()
        };
        let output = Output {
            parent_topic: "ParentT".to_owned(),
            lite_topic: "lite1".to_owned(),
            queue: queue_name("ParentT", "lite1"),
            brokers: vec![Row::new("lab-a".to_owned(), info)],
            failures: vec![Failure { target: "lab-b".into(), addr: None, code: None, message: "x".into() }],
            clients: true,
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "Lite Topic Info: [ParentT] [lite1] [%LMQ%$ParentT$lite1]\n\
             #Broker Name                                       #MinOffset     #MaxOffset     \
             #LastUpdate                    #Sharding    #SubClientCount    \n\
             lab-a                                              0              10             \
             -                              true         2                  \n\
             [c1@g, c2@g]\n[lab-b] error.\n"
        );
        assert_eq!(output.brokers[0].messages, 10);
    }
}
