//! `topicList`: the topics that the name servers know.

use crate::admin::ask::RETRY_PREFIX;
use crate::admin::{CommandError, Context, targets};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, front, left};
use crate::protocol::topic::{QueryTopicConsumeByWho, TopicHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// The topic of the messages that a group gave up (Java: `MixAll.DLQ_GROUP_TOPIC_PREFIX`).
const DLQ_PREFIX: &str = "%DLQ%";

/// List all topics, with their clusters and consumer groups if asked
///
/// Without -c the names alone are listed, those of the system, of retries (%RETRY%) and of dead letters (%DLQ%) among
/// them. With -c each topic is shown with its cluster and the groups that consume it, and topics of retries and dead
/// letters are left out.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq topicList -n 127.0.0.1:9876\n  rmq topicList -c --output csv")]
pub struct Args {
    /// Show the cluster and the consumer groups of each topic
    #[arg(short = 'c', long = "clusterModel")]
    pub cluster_model: bool,
}

/// The topics, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topics: Vec<Row>,
    pub failures: Vec<Failure>,
    /// Whether clusters and groups were asked for.
    #[serde(skip)]
    detailed: bool,
    /// The names in the order in which the name server gave them, as mqadmin prints them.
    #[serde(skip)]
    as_given: Vec<String>,
}

/// One topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub topic: String,
    /// Unless -c was given, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// Where a topic is and who consumes it.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// None where no broker has the topic.
    pub cluster: Option<String>,
    /// The groups, sorted.
    pub groups: Vec<String>,
    /// The same in the order of Java's hash table.
    #[serde(skip)]
    groups_as_mqadmin: Vec<String>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        if !self.detailed {
            let mut table = Table::new().text("TOPIC");
            self.topics.iter().for_each(|row| table.row([&row.topic]));
            return table;
        }
        let mut table = Table::new().text("CLUSTER").text("TOPIC").text("GROUP");
        for row in &self.topics {
            let details = row.details.as_ref();
            let cluster = || Cell::optional(details.and_then(|details| details.cluster.as_ref()));
            let groups = details.map_or(&[][..], |details| &details.groups);
            if groups.is_empty() {
                table.row([cluster(), Cell::new(&row.topic), Cell::optional(None::<&str>)]);
            }
            for group in groups {
                table.row([cluster(), Cell::new(&row.topic), Cell::new(group)]);
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if !self.detailed {
            return self.as_given.iter().try_for_each(|topic| writeln!(w, "{topic}"));
        }
        writeln!(
            w,
            "{}  {}  {}",
            left("#Cluster Name", 20),
            left("#Topic", 48),
            left("#Consumer Group", 48)
        )?;
        let details = |topic: &String| self.topics.iter().find(|row| row.topic == *topic)?.details.as_ref();
        for (topic, details) in self.as_given.iter().filter_map(|topic| Some((topic, details(topic)?))) {
            let none = [String::new()];
            let groups = if details.groups.is_empty() { &none[..] } else { &details.groups_as_mqadmin };
            for group in groups {
                let cluster = front(details.cluster.as_deref().unwrap_or_default(), 20);
                writeln!(
                    w,
                    "{}  {}  {}",
                    left(cluster, 20),
                    left(front(topic, 64), 64),
                    left(front(group, 64), 64)
                )?;
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks a name server, and with -c the brokers of every topic.
///
/// # Errors
/// No name server is reached.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let as_given = ctx.topic_names().await?;
    let mut names = as_given.clone();
    names.sort_unstable();
    if !args.cluster_model {
        let topics = names.into_iter().map(|topic| Row { topic, details: None }).collect();
        return Ok(Output { topics, failures: Vec::new(), detailed: false, as_given });
    }
    names.retain(|name| !name.starts_with(RETRY_PREFIX) && !name.starts_with(DLQ_PREFIX));
    let asked = ctx
        .fan_out(names, |topic| async move {
            let details = details(ctx, &topic).await;
            (topic, details)
        })
        .await;
    let (mut topics, mut failures) = (Vec::with_capacity(asked.len()), Vec::new());
    for (topic, details) in asked {
        match details {
            Ok(details) => topics.push(Row { topic, details: Some(details) }),
            Err(error) => {
                failures.push(error.to_failure(&topic));
                topics.push(Row { topic, details: Some(Details::default()) });
            }
        }
    }
    Ok(Output { topics, failures, detailed: true, as_given })
}

/// Where a topic is, and which groups its brokers know to consume it.
async fn details(ctx: &Context, topic: &str) -> Result<Details, CommandError> {
    let Some(route) = ctx.find_route(topic).await? else { return Ok(Details::default()) };
    let brokers = targets::of_route(&route);
    let cluster = brokers.first().map(|broker| broker.cluster.clone());
    let doing = format!("list the groups of topic {topic}");
    let answers = ctx
        .ask_each(&doing, brokers, |broker| async move {
            let header = TopicHeader { topic: topic.to_owned() };
            ctx.ask::<QueryTopicConsumeByWho>(&broker.addr, header, ()).await.map(|answer| answer.body.0)
        })
        .await?;
    let given: Vec<String> = answers.given.into_iter().flat_map(|(_, groups)| groups.group_list).collect();
    let groups: BTreeSet<String> = given.iter().cloned().collect();
    let mut groups_as_mqadmin = hashed(given, |group| string_hash(group));
    groups_as_mqadmin.dedup();
    Ok(Details { cluster, groups: groups.into_iter().collect(), groups_as_mqadmin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    fn row(topic: &str, groups: &[&str]) -> Row {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let groups_as_mqadmin = groups.clone();
        let details = Details { cluster: Some("DefaultCluster".to_owned()), groups, groups_as_mqadmin };
        Row { topic: topic.to_owned(), details: Some(details) }
    }

    #[test]
    fn names_are_sorted_but_for_mqadmin() {
        let topics = ["A", "B"].map(|topic| Row { topic: topic.to_owned(), details: None }).into();
        let as_given = vec!["B".to_owned(), "A".to_owned()];
        let output = Output { topics, failures: vec![], detailed: false, as_given };
        assert_eq!(output.table(false).lines(None, true, false), ["TOPIC", "A", "B"]);
        assert_eq!(classic(&output), "B\nA\n");
        assert_eq!(
            serde_json::to_string(&output).unwrap(),
            r#"{"topics":[{"topic":"A"},{"topic":"B"}],"failures":[]}"#
        );
    }

    #[test]
    fn each_group_has_a_line_and_a_topic_without_one_too() {
        let topics = vec![row("T", &["g1", "g2"]), row("U", &[])];
        let as_given = ["%RETRY%g1", "U", "T"].map(str::to_owned).into();
        let output = Output { topics, failures: vec![], detailed: true, as_given };
        assert_eq!(
            output.table(false).lines(None, true, false),
            [
                "CLUSTER         TOPIC  GROUP",
                "DefaultCluster  T      g1",
                "DefaultCluster  T      g2",
                "DefaultCluster  U      -"
            ]
        );
        let line = |topic: &str, group: &str| format!("{:<20}  {topic:<64}  {group:<64}\n", "DefaultCluster");
        let head = format!("{:<20}  {:<48}  {:<48}\n", "#Cluster Name", "#Topic", "#Consumer Group");
        assert_eq!(classic(&output), head + &line("U", "") + &line("T", "g1") + &line("T", "g2"));
    }
}
