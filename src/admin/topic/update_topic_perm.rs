//! `updateTopicPerm`: changes who may read and write a topic, and nothing else of it.

use super::perm::parse_perm;
use super::update_topic::topic_config_text;
use crate::admin::change::{Action, Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use crate::protocol::code;
use crate::protocol::route::{QueueData, TopicRouteData};
use crate::protocol::topic::{
    CreateTopicHeader, GetTopicConfig, TopicConfig, TopicHeader, UpdateAndCreateTopic,
};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Change who may read and write a topic
///
/// Queues, order and attributes stay as each broker has them (mqadmin writes those of one broker to all of them, and
/// makes an ordered topic an unordered one). --dry-run shows what would change.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateTopicPerm -c DefaultCluster -t TopicTest -p 4\n  \
        rmq updateTopicPerm -b 127.0.0.1:10911 -t TopicTest -p RW --dry-run"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// Who may do what: 2 write, 4 read, 6 both
    #[arg(short = 'p', long = "perm", value_name = "PERM", value_parser = parse_perm)]
    pub perm: i32,
    /// Change it on this broker, a master
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Change it on every master of this cluster that has the topic
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
}

/// What was changed, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub perm: i32,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    pub failures: Vec<Failure>,
    /// The topic on each of these brokers, as it was.
    #[serde(skip)]
    before: Vec<TopicConfig>,
    #[serde(skip)]
    by_broker: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let rows = self.changes.iter().zip(&self.before);
        for (change, before) in targets::as_mqadmin(rows, |(change, _)| &change.broker.addr) {
            let (addr, perm) = (&change.broker.addr, self.perm);
            if self.by_broker && change.action == Action::Unchanged {
                writeln!(w, "new perm equals to the old one!")?;
                continue;
            }
            let was = before.perm;
            match self.dry_run {
                true => writeln!(w, "topic perm would be updated from {was} to {perm} in {addr}.")?,
                false => writeln!(w, "update topic perm from {was} to {perm} in {addr} success.")?,
            }
            if self.by_broker {
                writeln!(w, "{}.", topic_config_text(&TopicConfig { perm, ..before.clone() }))?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Changes the topic on the broker, or on every master of the cluster that has it, side by side.
///
/// # Errors
/// An unknown topic or cluster; a broker that is not a master of the topic; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let route = ctx.route(&args.topic).await?;
    let brokers = brokers(ctx, &args, &route).await?;
    let verb = if ctx.dry_run { "look at" } else { "change the permission of" };
    let (args_ref, route) = (&args, &route);
    let answers = ctx
        .ask_each(&format!("{verb} topic {}", args.topic), brokers, |broker| {
            write(ctx, broker, args_ref, route)
        })
        .await?;
    let (changes, before) = answers.given.into_iter().map(|(_, done)| done).unzip();
    Ok(Output {
        topic: args.topic,
        perm: args.perm,
        dry_run: ctx.dry_run,
        changes,
        failures: answers.failures,
        before,
        by_broker: args.broker_addr.is_some(),
    })
}

/// The masters that are meant and have the topic.
async fn brokers(ctx: &Context, args: &Args, route: &TopicRouteData) -> Result<Vec<Broker>, CommandError> {
    let topic = &args.topic;
    let of_topic: Vec<Broker> = targets::of_route(route).into_iter().filter(Broker::is_master).collect();
    if let Some(addr) = &args.broker_addr {
        let found: Vec<Broker> = of_topic.iter().filter(|broker| broker.addr == *addr).cloned().collect();
        if found.is_empty() {
            let addrs: Vec<&str> = of_topic.iter().map(|broker| broker.addr.as_str()).collect();
            return Err(CommandError::not_found(format!("{addr} is not a master of topic {topic}"))
                .hint(format!("the topic is on {}", addrs.join(", "))));
        }
        return Ok(found);
    }
    let cluster = args.cluster_name.as_deref().unwrap_or_default();
    let masters = targets::in_cluster(&ctx.cluster_info().await?, cluster, Roles::Masters)?;
    let has_it = |master: &Broker| of_topic.iter().any(|broker| broker.broker_name == master.broker_name);
    let found: Vec<Broker> = masters.into_iter().filter(has_it).collect();
    if found.is_empty() {
        return Err(CommandError::not_found(format!("cluster {cluster} has no topic '{topic}'"))
            .hint(format!("rmq topicClusterList -t {topic} shows the clusters that have it")));
    }
    Ok(found)
}

/// Reads what the broker has, and writes it back with the new permission unless it is a dry run.
async fn write(
    ctx: &Context,
    broker: Broker,
    args: &Args,
    route: &TopicRouteData,
) -> Result<(Change, TopicConfig), CallError> {
    let before = present(ctx, &broker, &args.topic, route).await?;
    let after = TopicConfig { perm: args.perm, ..before.clone() };
    let change = Change::between(broker, Some(&before), &after);
    if !ctx.dry_run && change.action != Action::Unchanged {
        ctx.ask::<UpdateAndCreateTopic>(&change.broker.addr, header_of(&after), ()).await?;
    }
    Ok((change, before))
}

/// The topic as the broker has it. Of a broker that is too old to say, what the route tells, as mqadmin does.
async fn present(
    ctx: &Context,
    broker: &Broker,
    topic: &str,
    route: &TopicRouteData,
) -> Result<TopicConfig, CallError> {
    let error =
        match ctx.ask::<GetTopicConfig>(&broker.addr, TopicHeader { topic: topic.to_owned() }, ()).await {
            Ok(answer) => return Ok(answer.body.0.config),
            Err(error) => error,
        };
    let routed = route.queue_datas.iter().find(|data| data.broker_name == broker.broker_name);
    match (error.code(), routed) {
        (Some(code::REQUEST_CODE_NOT_SUPPORTED), Some(data)) => Ok(of_route(topic, data)),
        _ => Err(error),
    }
}

fn of_route(topic: &str, data: &QueueData) -> TopicConfig {
    TopicConfig {
        perm: data.perm,
        read_queue_nums: data.read_queue_nums,
        write_queue_nums: data.write_queue_nums,
        topic_sys_flag: data.topic_sys_flag,
        ..TopicConfig::new(topic, 0)
    }
}

fn header_of(config: &TopicConfig) -> CreateTopicHeader {
    CreateTopicHeader {
        topic: config.topic_name.clone(),
        default_topic: "TBW102".to_owned(),
        read_queue_nums: config.read_queue_nums,
        write_queue_nums: config.write_queue_nums,
        perm: config.perm,
        topic_filter_type: config.topic_filter_type.clone(),
        topic_sys_flag: Some(config.topic_sys_flag),
        order: Some(config.order),
        // No change of attributes: the broker keeps those it has.
        attributes: Some(String::new()),
        force: Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::at_addr;

    fn classic(perm: i32, by_broker: bool) -> String {
        let before = TopicConfig { perm: 6, ..TopicConfig::new("BatchT1", 2) };
        let after = TopicConfig { perm, ..before.clone() };
        let output = Output {
            topic: "BatchT1".to_owned(),
            perm,
            dry_run: false,
            changes: vec![Change::between(at_addr(None, "127.0.0.1:10911"), Some(&before), &after)],
            failures: vec![],
            before: vec![before],
            by_broker,
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_text_is_mqadmins() {
        assert_eq!(classic(4, false), "update topic perm from 6 to 4 in 127.0.0.1:10911 success.\n");
        assert_eq!(classic(6, false), "update topic perm from 6 to 6 in 127.0.0.1:10911 success.\n");
        assert_eq!(classic(6, true), "new perm equals to the old one!\n");
        assert_eq!(
            classic(5, true),
            "update topic perm from 6 to 5 in 127.0.0.1:10911 success.\n\
             TopicConfig [topicName=BatchT1, readQueueNums=2, writeQueueNums=2, perm=R-X, \
             topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false, attributes={}].\n"
        );
    }

    #[test]
    fn what_a_route_tells_of_a_topic_is_kept() {
        let data = QueueData {
            perm: 4,
            read_queue_nums: 3,
            write_queue_nums: 2,
            topic_sys_flag: 1,
            ..QueueData::default()
        };
        let header = header_of(&of_route("T", &data));
        assert_eq!((header.read_queue_nums, header.write_queue_nums, header.perm), (3, 2, 4));
        assert_eq!((header.topic_sys_flag, header.attributes.as_deref()), (Some(1), Some("")));
    }
}
