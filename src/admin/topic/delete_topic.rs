//! `deleteTopic`: takes a topic from every master of a cluster and from the name servers.

use super::update_topic::present;
use crate::admin::change::{Action, Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table, counted};
use crate::protocol::route::{DeleteTopicInNamesrv, TopicInClusterHeader};
use crate::protocol::topic::{DeleteTopicInBroker, TopicHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Delete a topic with all its messages
///
/// It is taken from every master of the cluster, then from every name server. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq deleteTopic -c DefaultCluster -t Old --dry-run\n  \
        rmq deleteTopic -c DefaultCluster -t Old --yes")]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// The cluster it is taken from
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: String,
}

/// Where it was deleted, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub cluster: String,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    /// The name servers that forgot it; none while a broker still has it and would tell them again.
    pub name_servers: Vec<String>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let (topic, cluster) = (&self.topic, &self.cluster);
        if self.dry_run {
            return self.changes.iter().try_for_each(|change| {
                writeln!(w, "topic [{topic}] would be deleted from {}", change.broker.addr)
            });
        }
        if self.name_servers.is_empty() {
            return Ok(());
        }
        writeln!(w, "delete topic [{topic}] from cluster [{cluster}] success.")?;
        writeln!(w, "delete topic [{topic}] from NameServer success.")
    }

    fn notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was deleted (--dry-run)".to_owned()];
        }
        if self.name_servers.is_empty() {
            return vec!["the name servers still know the topic".to_owned()];
        }
        vec![format!("the name servers forgot it: {}", self.name_servers.join(", "))]
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Looks where the topic is, asks, deletes.
///
/// # Errors
/// An unknown cluster or topic; no confirmation; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { topic, cluster_name: cluster } = args;
    let info = ctx.cluster_info().await?;
    let masters = targets::in_cluster(&info, &cluster, Roles::Masters)?;
    let topic_ref = &topic;
    let found = ctx
        .ask_each(&format!("look for topic {topic}"), masters, |broker| async move {
            present(ctx, &broker.addr, topic_ref).await
        })
        .await?;
    let holders: Vec<Broker> =
        found.given.into_iter().filter_map(|(broker, config)| config.map(|_| broker)).collect();
    let routed = ctx.find_route(&topic).await?;
    let here = routed.iter().flat_map(|route| &route.broker_datas).any(|data| data.cluster == cluster);
    if holders.is_empty() && !here {
        return Err(absent(ctx, &topic, &cluster, routed.is_some()).await);
    }
    ctx.confirm_by_name(
        &format!(
            "Delete topic {topic} with its messages from {} of {cluster}?",
            counted(holders.len(), "broker")
        ),
        &topic,
    )?;
    let mut output = Output {
        topic: topic.clone(),
        cluster: cluster.clone(),
        dry_run: ctx.dry_run,
        changes: Vec::new(),
        name_servers: Vec::new(),
        failures: found.failures,
    };
    delete(ctx, holders, &mut output).await?;
    Ok(output)
}

/// The error for a topic that the cluster does not have.
async fn absent(ctx: &Context, topic: &str, cluster: &str, elsewhere: bool) -> CommandError {
    if elsewhere {
        return CommandError::not_found(format!("cluster {cluster} has no topic '{topic}'"))
            .hint(format!("rmq topicClusterList -t {topic} shows the clusters that have it"));
    }
    ctx.unknown_topic(topic).await
}

async fn delete(ctx: &Context, holders: Vec<Broker>, output: &mut Output) -> Result<(), CommandError> {
    let (topic, cluster) = (&output.topic, &output.cluster);
    let deleted = |broker| Change { broker, action: Action::Delete, fields: Vec::new() };
    if ctx.dry_run {
        output.changes = holders.into_iter().map(deleted).collect();
        return Ok(());
    }
    let answers = ctx
        .ask_each(&format!("delete topic {topic}"), holders, |broker| async move {
            ctx.ask::<DeleteTopicInBroker>(&broker.addr, TopicHeader { topic: topic.clone() }, ()).await
        })
        .await?;
    let changes = answers.given.into_iter().map(|(broker, _)| deleted(broker)).collect();
    let mut failures = answers.failures;
    let mut name_servers = Vec::new();
    if failures.is_empty() && output.failures.is_empty() {
        let header = TopicInClusterHeader { topic: topic.clone(), cluster_name: Some(cluster.clone()) };
        let header = &header;
        let results = ctx
            .fan_out(ctx.namesrv.addrs()?, |addr| async move {
                (addr, ctx.ask::<DeleteTopicInNamesrv>(addr, header.clone(), ()).await)
            })
            .await;
        for (addr, result) in results {
            match result {
                Ok(_) => name_servers.push(addr.clone()),
                Err(error) => failures.push(Failure {
                    target: format!("name server {addr}"),
                    addr: Some(addr.clone()),
                    code: error.code(),
                    message: error.to_string(),
                }),
            }
        }
    }
    output.changes = changes;
    output.name_servers = name_servers;
    output.failures.append(&mut failures);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;

    #[test]
    fn the_text_is_mqadmins_and_success_is_not_claimed() {
        let mut output = Output {
            topic: "BatchT2".to_owned(),
            cluster: "DefaultCluster".to_owned(),
            dry_run: false,
            changes: vec![Change { broker: at_addr(None, "a:1"), action: Action::Delete, fields: vec![] }],
            name_servers: vec!["127.0.0.1:9876".to_owned()],
            failures: vec![],
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        assert_eq!(
            classic(&output),
            "delete topic [BatchT2] from cluster [DefaultCluster] success.\n\
             delete topic [BatchT2] from NameServer success.\n"
        );
        output.name_servers.clear();
        assert_eq!(classic(&output), "");
        output.dry_run = true;
        assert_eq!(classic(&output), "topic [BatchT2] would be deleted from a:1\n");
    }
}
