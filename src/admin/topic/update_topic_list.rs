//! `updateTopicList`: creates or overwrites many topics from a file.

use super::update_topic::{attributes_after, present};
use crate::admin::change::{Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, counted};
use crate::protocol::body::Json;
use crate::protocol::fastjson;
use crate::protocol::topic::{TopicConfig, TopicConfigList, UpdateAndCreateTopicList};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Create topics, or write them anew, from a file
///
/// The file is a JSON list of topics: [{"topicName":"orders","readQueueNums":4,"writeQueueNums":4}, ...]. What a topic
/// leaves out has the default of brokers: 16 queues, readable and writable. --dry-run shows what would change.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateTopicList -c DefaultCluster -f topics.json --dry-run\n  \
        rmq updateTopicList -b 127.0.0.1:10911 -f topics.json"
)]
pub struct Args {
    /// Write them to this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Write them to every master of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// The file with the topics
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub filename: PathBuf,
}

/// What was written, sorted by broker, topics in the order of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub dry_run: bool,
    pub topics: Vec<Row>,
    pub failures: Vec<Failure>,
    /// The brokers that took the list.
    #[serde(skip)]
    took: Vec<String>,
}

/// One topic on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub topic: String,
    #[serde(flatten)]
    pub change: Change,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("TOPIC").text("BROKER").text("ADDRESS").text("RESULT").text("CHANGES");
        for row in &self.topics {
            let of_broker = table_of(std::slice::from_ref(&row.change), self.dry_run);
            let cells = of_broker.rows().first().cloned().unwrap_or_default();
            table.row([Cell::new(&row.topic)].into_iter().chain(cells));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let what = "batch of topic config";
        for addr in targets::as_mqadmin(&self.took, |addr| addr) {
            match self.dry_run {
                true => writeln!(w, "{what} would be submitted to {addr}")?,
                false => writeln!(w, "submit {what} to {addr} success, please check the result later.")?,
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was written (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Writes the topics to the broker, or to every master of the cluster side by side.
///
/// # Errors
/// A file that cannot be read or is no list of topics; an unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let topics = read(&args.filename)?;
    let (addr, cluster) = (args.broker_addr.as_deref(), args.cluster_name.as_deref());
    let brokers = ctx.brokers_at(addr, cluster, Roles::Masters).await?;
    let verb = if ctx.dry_run { "look at" } else { "write" };
    let topics = &topics;
    let doing = format!("{verb} {}", counted(topics.len(), "topic"));
    let answers = ctx.ask_each(&doing, brokers, |broker| write(ctx, broker, topics)).await?;
    Ok(Output {
        dry_run: ctx.dry_run,
        took: answers.given.iter().map(|(broker, _)| broker.addr.clone()).collect(),
        topics: answers.given.into_iter().flat_map(|(_, rows)| rows).collect(),
        failures: answers.failures,
    })
}

/// Reads what the broker has, and writes the topics unless it is a dry run.
async fn write(ctx: &Context, broker: Broker, topics: &[TopicConfig]) -> Result<Vec<Row>, CallError> {
    let addr = &broker.addr;
    let before =
        ctx.fan_out(topics, |topic| async move { present(ctx, addr, &topic.topic_name).await }).await;
    let before: Vec<Option<TopicConfig>> = before.into_iter().collect::<Result<_, _>>()?;
    let rows = topics
        .iter()
        .zip(&before)
        .map(|(topic, before)| {
            let after = TopicConfig { attributes: attributes_after(before.as_ref(), topic), ..topic.clone() };
            let change = Change::between(broker.clone(), before.as_ref(), &after);
            Row { topic: topic.topic_name.clone(), change }
        })
        .collect();
    if !ctx.dry_run {
        let body = Json(TopicConfigList { topic_config_list: topics.to_vec() });
        ctx.ask::<UpdateAndCreateTopicList>(addr, (), body).await?;
    }
    Ok(rows)
}

/// The topics of the file.
fn read(path: &Path) -> Result<Vec<TopicConfig>, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))?;
    parse(&bytes).map_err(|why| {
        CommandError::usage(format!("{} is not a list of topics", path.display()))
            .cause(why)
            .hint("for example [{\"topicName\":\"orders\",\"readQueueNums\":4,\"writeQueueNums\":4}]")
    })
}

fn parse(bytes: &[u8]) -> Result<Vec<TopicConfig>, String> {
    let topics: Vec<TopicConfig> = fastjson::from_slice(bytes).map_err(|error| error.to_string())?;
    if topics.is_empty() {
        return Err("there is no topic in it".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    for (at, topic) in topics.iter().enumerate() {
        let name = &topic.topic_name;
        if name.trim().is_empty() {
            return Err(format!("topic {} has no topicName", at + 1));
        }
        if !seen.insert(name) {
            return Err(format!("topic {name} is in it twice"));
        }
        if let Some(wrong) = topic.attributes.keys().find(|key| !key.starts_with(['+', '-'])) {
            return Err(format!(
                "topic {name}: the attribute {wrong} needs a + in front, or a - to take it away"
            ));
        }
    }
    Ok(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_mqadmins_is_read_with_the_defaults_of_brokers() {
        let json =
            br#"[{"topicName":"BatchT1","readQueueNums":2,"writeQueueNums":2,"perm":6},{topicName:"T2"}]"#;
        let topics = parse(json).unwrap();
        assert_eq!((topics[0].topic_name.as_str(), topics[0].read_queue_nums), ("BatchT1", 2));
        assert_eq!((topics[1].write_queue_nums, topics[1].perm), (16, 6));
    }

    #[test]
    fn what_is_no_list_of_topics_is_told() {
        let table = [
            ("[]", "there is no topic in it"),
            ("", "EOF"),
            (r#"{"topicName":"T"}"#, "invalid type"),
            (r#"[{"perm":4}]"#, "topic 1 has no topicName"),
            (r#"[{"topicName":"T"},{"topicName":"T"}]"#, "topic T is in it twice"),
            (r#"[{"topicName":"T","attributes":{"message.type":"FIFO"}}]"#, "needs a + in front"),
        ];
        for (json, want) in table {
            let why = parse(json.as_bytes()).unwrap_err();
            assert!(why.contains(want), "{json}: {why}");
        }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output {
            dry_run: false,
            topics: vec![],
            failures: vec![],
            took: vec!["127.0.0.1:20511".to_owned(), "127.0.0.1:20611".to_owned()],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "submit batch of topic config to 127.0.0.1:20611 success, please check the result later.\n\
             submit batch of topic config to 127.0.0.1:20511 success, please check the result later.\n"
        );
    }
}
