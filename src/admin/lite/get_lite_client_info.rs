//! `getLiteClientInfo`: the lite topics that a client subscribes to.

use super::told::{failed_lines, hinted, known, set_text, time_or};
use crate::admin::group::config;
use crate::admin::{CommandError, Context, targets};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::lite::{GetLiteClientInfo, LiteClientHeader, LiteClientInfo};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// How many names of lite topics are asked for (Java: `MQClientAPIImpl.getLiteClientInfo`).
const MOST_NAMES: i32 = 1000;

/// Show the lite topics that a client subscribes to
///
/// All brokers of the parent topic are asked side by side; a broker that does not know the client says so by
/// having nothing to show.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getLiteClientInfo -p Orders -g billing -c 10.0.0.7@1234\n  \
        rmq getLiteClientInfo -p Orders -g billing -c 10.0.0.7@1234 -s")]
pub struct Args {
    /// The parent topic
    #[arg(short = 'p', long = "parentTopic", value_name = "TOPIC")]
    pub parent_topic: String,
    /// The client's group
    #[arg(short = 'g', long = "group", value_name = "GROUP")]
    pub group: String,
    /// The client
    #[arg(short = 'c', long = "clientId", value_name = "CLIENT_ID")]
    pub client_id: String,
    /// Also show the names of the lite topics
    #[arg(short = 's', long = "showDetail")]
    pub show_detail: bool,
}

/// The client on each broker of the parent, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub parent_topic: String,
    pub group: String,
    pub client_id: String,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    detail: bool,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    /// None for a client that the broker does not know.
    pub lite_topic_count: Option<i32>,
    /// Epoch milliseconds; none for never.
    pub last_access_time: Option<i64>,
    /// Epoch milliseconds; none for never.
    pub last_consume_time: Option<i64>,
    /// None where the client has none, or more than a broker lists.
    pub lite_topics: Option<BTreeSet<String>>,
}

impl Row {
    fn new(broker_name: String, info: LiteClientInfo) -> Self {
        Row {
            broker_name,
            lite_topic_count: Some(info.lite_topic_count).filter(|count| *count >= 0),
            last_access_time: known(info.last_access_time),
            last_consume_time: known(info.last_consume_time),
            lite_topics: info.lite_topic_set,
        }
    }
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let detail = self.detail || wide;
        let mut table = Table::new().text("BROKER").number("LITE-TOPICS").text("ACCESSED").text("CONSUMED");
        if detail {
            table = table.text("NAMES");
        }
        for row in &self.brokers {
            let mut cells = vec![
                Cell::new(&row.broker_name),
                Cell::optional(row.lite_topic_count),
                Cell::optional(row.last_access_time.map(time::millis)),
                Cell::optional(row.last_consume_time.map(time::millis)),
            ];
            if detail {
                let names: Vec<&str> = row.lite_topics.iter().flatten().map(String::as_str).collect();
                cells.push(Cell::new(names.join(" ")));
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |[broker, count, accessed, consumed]: [&str; 4]| {
            let (broker, count) = (left(broker, 30), left(count, 20));
            format!("{broker} {count} {} {} ", left(accessed, 30), left(consumed, 30))
        };
        writeln!(w, "Lite Client Info: [{}] [{}] [{}]", self.parent_topic, self.group, self.client_id)?;
        writeln!(w, "{}", line(["#Broker", "#LiteTopicCount", "#LastAccessTime", "#LastConsumeTime"]))?;
        for row in &self.brokers {
            let count = row.lite_topic_count.filter(|count| *count > 0);
            let cells = [
                row.broker_name.clone(),
                count.map_or_else(|| "N/A".to_owned(), |count| count.to_string()),
                time_or(row.last_access_time, "N/A"),
                time_or(row.last_consume_time, "N/A"),
            ];
            writeln!(w, "{}", line(cells.each_ref().map(String::as_str)))?;
            if let Some(names) = row.lite_topics.as_ref().filter(|_| self.detail) {
                writeln!(w, "Lite Topics: {}\n", set_text(names))?;
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
/// An unknown topic; one that is no parent; a group that is not bound to it; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = targets::of_route(&ctx.route(&args.parent_topic).await?);
    config::expect(ctx, &args.group, &brokers).await?;
    let header = LiteClientHeader {
        parent_topic: Some(args.parent_topic.clone()),
        group: Some(args.group.clone()),
        client_id: Some(args.client_id.clone()),
        max_count: Some(MOST_NAMES),
    };
    let asked = &header;
    let answers = ctx
        .ask_each(
            &format!("read the lite topics of client {} in group {}", args.client_id, args.group),
            brokers,
            |broker| async move {
                ctx.ask::<GetLiteClientInfo>(&broker.addr, asked.clone(), ())
                    .await
                    .map(|answer| answer.body.0)
            },
        )
        .await
        .map_err(hinted)?;
    let rows = answers.given.into_iter().map(|(broker, info)| Row::new(broker.broker_name, info));
    Ok(Output {
        brokers: rows.collect(),
        failures: answers.failures,
        parent_topic: args.parent_topic,
        group: args.group,
        client_id: args.client_id,
        detail: args.show_detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(infos: Vec<(&str, LiteClientInfo)>) -> Output {
        Output {
            parent_topic: "ParentT".to_owned(),
            group: "lite_group".to_owned(),
            client_id: "client1".to_owned(),
            brokers: infos.into_iter().map(|(name, info)| Row::new(name.to_owned(), info)).collect(),
            failures: vec![],
            detail: true,
        }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let stranger =
            LiteClientInfo { last_access_time: -1, lite_topic_count: -1, ..LiteClientInfo::default() };
        let known = LiteClientInfo {
            last_access_time: -1,
            lite_topic_count: 1,
            lite_topic_set: Some(["lite1".to_owned()].into()),
            ..LiteClientInfo::default()
        };
        let output = output(vec![("lab-a", stranger), ("lab-b", known)]);
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "Lite Client Info: [ParentT] [lite_group] [client1]\n\
             #Broker                        #LiteTopicCount      #LastAccessTime                \
             #LastConsumeTime               \n\
             lab-a                          N/A                  N/A                            \
             N/A                            \n\
             lab-b                          1                    N/A                            \
             N/A                            \n\
             Lite Topics: [lite1]\n\n"
        );
        assert_eq!(output.brokers[0].lite_topic_count, None);
    }
}
