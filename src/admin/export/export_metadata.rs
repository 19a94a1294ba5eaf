//! `exportMetadata`: topics and groups into a file.

use super::{file, tables};
use crate::admin::targets::Roles;
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use crate::protocol::group::{SubscriptionGroupConfig, SubscriptionGroupTable};
use crate::protocol::topic::{TopicConfig, TopicConfigTable};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Write the topics and consumer groups of a cluster or broker to a file
///
/// Topics and groups that RocketMQ needs for itself are left out. Of a cluster its masters are asked, and the queues
/// that a topic has on several of them are added up, as mqadmin adds them. The file is topic.json,
/// subscriptionGroup.json or, with both, metadata.json.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq exportMetadata -c DefaultCluster -f /tmp/backup\n  \
        rmq exportMetadata -b 127.0.0.1:10911 -t -s\n  rmq exportMetadata -c DefaultCluster -g --dry-run")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// The directory to write to
    #[arg(short = 'f', long = "filePath", value_name = "DIRECTORY", default_value = file::DEFAULT_DIRECTORY)]
    pub file_path: String,
    /// Only the topics
    #[arg(short = 't', long = "topic", conflicts_with = "subscription_group")]
    pub topic: bool,
    /// Only the groups
    #[arg(short = 'g', long = "subscriptionGroup")]
    pub subscription_group: bool,
    /// Also the topics of messages to retry and of dead letters
    #[arg(short = 's', long = "specialTopic")]
    pub special_topic: bool,
}

/// Which brokers: exactly one of the two must be given.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// The masters of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The file.
    pub path: String,
    /// How many topics are in it; none where they were not asked for.
    pub topics: Option<usize>,
    /// How many groups are in it; none where they were not asked for.
    pub groups: Option<usize>,
    /// Nothing was written.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_cluster: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let counts = [("TOPICS", self.topics), ("GROUPS", self.groups)];
        let counts: Vec<_> = counts.into_iter().filter_map(|(name, count)| Some((name, count?))).collect();
        file::table_of(&self.path, self.dry_run, &counts)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let end = if self.by_cluster { "\n" } else { "" };
        write!(w, "export {} success{end}", self.path)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// What a broker has, of that which was asked for.
#[derive(Debug, Default)]
struct Tables {
    topics: Option<TopicConfigTable>,
    groups: Option<SubscriptionGroupTable>,
}

/// Topics and groups of several brokers as one: numbers of queues are added up.
#[derive(Debug, Default)]
struct Sum {
    topics: BTreeMap<String, TopicConfig>,
    groups: BTreeMap<String, SubscriptionGroupConfig>,
}

impl Sum {
    fn add(&mut self, tables: Tables) {
        for (name, mut topic) in tables.topics.into_iter().flat_map(|table| table.topic_config_table) {
            if let Some(known) = self.topics.get(&name) {
                topic.read_queue_nums = topic.read_queue_nums.saturating_add(known.read_queue_nums);
                topic.write_queue_nums = topic.write_queue_nums.saturating_add(known.write_queue_nums);
            }
            self.topics.insert(name, topic);
        }
        for (name, mut group) in tables.groups.into_iter().flat_map(|table| table.subscription_group_table) {
            if let Some(known) = self.groups.get(&name) {
                group.retry_queue_nums = group.retry_queue_nums.saturating_add(known.retry_queue_nums);
            }
            self.groups.insert(name, group);
        }
    }
}

/// What mqadmin calls the file that holds this.
fn file_name(args: &Args) -> &'static str {
    match (args.topic, args.subscription_group) {
        (true, _) => "topic.json",
        (_, true) => "subscriptionGroup.json",
        _ => "metadata.json",
    }
}

/// What the file holds of one broker asked for by its address: its tables as they are.
fn of_broker(tables: &Tables, now: i64) -> Value {
    match (&tables.topics, &tables.groups) {
        (Some(topics), None) => json!(topics),
        (None, Some(groups)) => json!(groups),
        (topics, groups) => json!({
            "exportTime": now,
            "topicConfigTable": topics.as_ref().map(|table| &table.topic_config_table),
            "subscriptionGroupTable": groups.as_ref().map(|table| &table.subscription_group_table),
        }),
    }
}

/// What the file holds of a cluster.
fn of_cluster(args: &Args, sum: &Sum, now: i64) -> Value {
    let mut content = serde_json::Map::new();
    content.insert("exportTime".to_owned(), now.into());
    if !args.subscription_group {
        content.insert("topicConfigTable".to_owned(), json!(sum.topics));
    }
    if !args.topic {
        content.insert("subscriptionGroupTable".to_owned(), json!(sum.groups));
    }
    Value::Object(content)
}

async fn read(ctx: &Context, addr: &str, args: &Args) -> Result<Tables, CallError> {
    let mut read = Tables::default();
    if !args.subscription_group {
        read.topics = Some(tables::topics(ctx, addr, args.special_topic).await?);
    }
    if !args.topic {
        read.groups = Some(tables::groups(ctx, addr).await?);
    }
    Ok(read)
}

/// Asks the broker, or the masters of the cluster side by side, and writes the file.
///
/// # Errors
/// An unknown cluster; all brokers failed; the file cannot be written.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let by_cluster = args.which.cluster_name.is_some();
    let (addr, cluster) = (args.which.broker_addr.as_deref(), args.which.cluster_name.as_deref());
    let brokers = ctx.brokers_at(addr, cluster, Roles::Masters).await?;
    let asked = &args;
    let answers = ctx
        .ask_each("read the topics and groups", brokers, |broker| async move {
            read(ctx, &broker.addr, asked).await
        })
        .await?;
    let now = ctx.clock.now_ms();
    let mut sum = Sum::default();
    let single = answers.given.first().filter(|_| !by_cluster).map(|(_, tables)| of_broker(tables, now));
    answers.given.into_iter().for_each(|(_, tables)| sum.add(tables));
    let content = single.unwrap_or_else(|| of_cluster(&args, &sum, now));
    Ok(Output {
        path: file::write(ctx, &args.file_path, file_name(&args), &content)?,
        topics: (!args.subscription_group).then_some(sum.topics.len()),
        groups: (!args.topic).then_some(sum.groups.len()),
        dry_run: ctx.dry_run,
        failures: answers.failures,
        by_cluster,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(topic: bool, subscription_group: bool) -> Args {
        let which = Which { broker_addr: None, cluster_name: Some("C".to_owned()) };
        Args { which, file_path: "/x".to_owned(), topic, subscription_group, special_topic: false }
    }

    fn tables(queues: i32) -> Tables {
        let topic = TopicConfig::new("T", queues);
        let group =
            SubscriptionGroupConfig { group_name: "g".to_owned(), ..SubscriptionGroupConfig::default() };
        let mut tables = Tables {
            topics: Some(TopicConfigTable::default()),
            groups: Some(SubscriptionGroupTable::default()),
        };
        tables.topics.as_mut().unwrap().topic_config_table.insert("T".to_owned(), topic);
        tables.groups.as_mut().unwrap().subscription_group_table.insert("g".to_owned(), group);
        tables
    }

    #[test]
    fn the_queues_of_several_brokers_are_added_up() {
        let mut sum = Sum::default();
        [4, 8].into_iter().for_each(|queues| sum.add(tables(queues)));
        assert_eq!((sum.topics["T"].read_queue_nums, sum.topics["T"].write_queue_nums), (12, 12));
        assert_eq!(sum.groups["g"].retry_queue_nums, 2);
        let keys = |value: Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            keys(of_cluster(&args(false, false), &sum, 7)),
            ["exportTime", "topicConfigTable", "subscriptionGroupTable"]
        );
        assert_eq!(keys(of_cluster(&args(true, false), &sum, 7)), ["exportTime", "topicConfigTable"]);
        assert_eq!(keys(of_cluster(&args(false, true), &sum, 7)), ["exportTime", "subscriptionGroupTable"]);
    }

    #[test]
    fn of_one_broker_the_tables_are_as_they_are() {
        let keys =
            |tables: &Tables| of_broker(tables, 7).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let both = tables(4);
        assert_eq!(keys(&both), ["exportTime", "topicConfigTable", "subscriptionGroupTable"]);
        let topics = Tables { groups: None, ..tables(4) };
        assert_eq!(keys(&topics), ["dataVersion", "topicConfigTable"]);
        let groups = Tables { topics: None, ..tables(4) };
        assert_eq!(keys(&groups), ["dataVersion", "forbiddenTable", "subscriptionGroupTable"]);
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let mut output = Output {
            path: "/x/topic.json".to_owned(),
            topics: Some(1),
            groups: None,
            dry_run: false,
            failures: vec![],
            by_cluster: true,
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        assert_eq!(classic(&output), "export /x/topic.json success\n");
        output.by_cluster = false;
        assert_eq!(classic(&output), "export /x/topic.json success");
        let names = [(true, false), (false, true), (false, false)].map(|(t, g)| file_name(&args(t, g)));
        assert_eq!(names, ["topic.json", "subscriptionGroup.json", "metadata.json"]);
    }
}
