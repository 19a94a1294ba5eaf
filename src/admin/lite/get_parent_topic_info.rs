//! `getParentTopicInfo`: a parent topic on its brokers.

use super::told::{failed_lines, hinted, set_text};
use crate::admin::{CommandError, Context, targets};
use crate::output::{Cell, Failure, Render, Table, front, left};
use crate::protocol::lite::{GetParentTopicInfo, ParentTopicInfo};
use crate::protocol::topic::TopicHeader;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Show how many lite topics a parent topic has, and its groups
///
/// All brokers of the topic are asked side by side.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getParentTopicInfo -p Orders\n  \
        rmq getParentTopicInfo -p Orders --output json")]
pub struct Args {
    /// The parent topic
    #[arg(short = 'p', long = "parentTopic", value_name = "TOPIC")]
    pub parent_topic: String,
}

/// The parent on each broker, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub parent_topic: String,
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    /// After how many minutes without messages a lite topic goes away; -1 for never.
    pub ttl_minutes: i32,
    pub lite_topic_count: i32,
    /// Queues of lite topics on the broker, of whatever parent.
    pub lmq_num: i32,
    /// The groups that are bound to it.
    pub groups: BTreeSet<String>,
    /// Whether the broker named any groups, be it none.
    #[serde(skip)]
    grouped: bool,
}

impl Row {
    fn new(broker_name: String, info: ParentTopicInfo) -> Self {
        Row {
            broker_name,
            ttl_minutes: info.ttl,
            lite_topic_count: info.lite_topic_count,
            lmq_num: info.lmq_num,
            grouped: info.groups.is_some(),
            groups: info.groups.unwrap_or_default(),
        }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("BROKER").number("TTL-MIN").number("LITE-TOPICS").number("LMQ").text("GROUPS");
        for row in &self.brokers {
            table.row([
                Cell::new(&row.broker_name),
                Cell::new(row.ttl_minutes),
                Cell::new(row.lite_topic_count),
                Cell::new(row.lmq_num),
                Cell::new(row.groups.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |[broker, ttl, lite, lmq, groups]: [&str; 5]| {
            let (broker, ttl, groups) = (left(broker, 50), left(ttl, 8), left(groups, 100));
            format!("{broker} {ttl} {} {} {groups} ", left(lite, 14), left(lmq, 14))
        };
        writeln!(w, "Parent Topic Info: [{}]", self.parent_topic)?;
        writeln!(w, "{}", line(["#Broker Name", "#TTL", "#Lite Count", "#LMQ NUM", "#GROUPS"]))?;
        for row in &self.brokers {
            let groups = if row.grouped { set_text(&row.groups) } else { "null".to_owned() };
            let numbers =
                [row.ttl_minutes, row.lite_topic_count, row.lmq_num].map(|number| number.to_string());
            let [ttl, lite, lmq] = numbers.each_ref().map(String::as_str);
            writeln!(w, "{}", line([front(&row.broker_name, 40), ttl, lite, lmq, &groups]))?;
        }
        failed_lines(&self.failures, w)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every broker of the topic, side by side.
///
/// # Errors
/// An unknown topic; one that is no parent; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let topic = args.parent_topic;
    let brokers = targets::of_route(&ctx.route(&topic).await?);
    let name = topic.as_str();
    let answers = ctx
        .ask_each(&format!("read the lite topics of {topic}"), brokers, |broker| async move {
            let header = TopicHeader { topic: name.to_owned() };
            ctx.ask::<GetParentTopicInfo>(&broker.addr, header, ()).await.map(|answer| answer.body.0)
        })
        .await
        .map_err(hinted)?;
    let rows = answers.given.into_iter().map(|(broker, info)| Row::new(broker.broker_name, info));
    Ok(Output { brokers: rows.collect(), failures: answers.failures, parent_topic: topic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let info = ParentTopicInfo {
            topic: "ParentT".to_owned(),
            ttl: 60,
            lite_topic_count: 3,
            lmq_num: 3,
            groups: Some(["lite_group".to_owned()].into()),
        };
        let bare = ParentTopicInfo { ttl: -1, ..ParentTopicInfo::default() };
        let output = Output {
            parent_topic: "ParentT".to_owned(),
            brokers: vec![Row::new("lab-a".to_owned(), info), Row::new("lab-b".to_owned(), bare)],
            failures: vec![],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let blanks = " ".repeat(90);
        assert_eq!(
            text,
            format!(
                "Parent Topic Info: [ParentT]\n\
                 #Broker Name                                       #TTL     #Lite Count    #LMQ NUM       \
                 #GROUPS{}\n\
                 lab-a                                              60       3              3              \
                 [lite_group]{}\n\
                 lab-b                                              -1       0              0              \
                 null{}\n",
                &" ".repeat(94),
                &blanks[1..],
                &" ".repeat(97)
            )
        );
    }
}
