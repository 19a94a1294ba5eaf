//! `consumerProgress`: how far consumer groups are.

use super::lag::{self, Lag};
use super::members::{self, Members};
use super::progress_of_all::{AllProgress, GroupSummary, as_mqadmin};
use super::progress_of_group::GroupProgress;
use super::running;
use crate::admin::ask::RETRY_PREFIX;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::{Failure, Render, Table};
use crate::protocol::queue::MessageQueue;
use crate::protocol::version;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Show how far consumer groups are
///
/// Without -g a line for every group that has a retry topic, those farthest behind first; with -g the queues of
/// one group.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq consumerProgress\n  rmq consumerProgress -g orders\n  \
        rmq consumerProgress -g orders -t TopicTest -s true --output json")]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "groupName", alias = "consumerGroup", value_name = "GROUP")]
    pub group_name: Option<String>,
    /// Only this topic of the group
    #[arg(short = 't', long = "topicName", alias = "topic", value_name = "TOPIC", requires = "group_name")]
    pub topic_name: Option<String>,
    /// The cluster or parent topic whose brokers are asked, for a topic without a route of its own (%LMQ%...)
    #[arg(short = 'c', long = "cluster", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Show which client has a queue
    #[arg(short = 's', long = "showClientIP", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub show_client_ip: bool,
}

/// One group or all.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Output {
    Group(GroupProgress),
    All(AllProgress),
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        match self {
            Output::Group(group) => group.table(wide),
            Output::All(all) => all.table(wide),
        }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        match self {
            Output::Group(group) => group.classic(w),
            Output::All(all) => all.classic(w),
        }
    }

    fn notes(&self) -> Vec<String> {
        match self {
            Output::Group(group) => group.notes(),
            Output::All(all) => all.notes(),
        }
    }

    fn failures(&self) -> &[Failure] {
        match self {
            Output::Group(group) => group.failures(),
            Output::All(all) => all.failures(),
        }
    }
}

/// Asks all brokers of the group, or of all groups, side by side.
///
/// # Errors
/// No name server is reached; an unknown group or topic; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    match &args.group_name {
        Some(group) => one(ctx, group, &args).await.map(Output::Group),
        None => all(ctx).await.map(Output::All),
    }
}

async fn one(ctx: &Context, group: &str, args: &Args) -> Result<GroupProgress, CommandError> {
    let topic = args.topic_name.as_deref();
    let (brokers, known) = lag::brokers_for(ctx, group, topic, args.cluster.as_deref()).await?;
    let mut lag = lag::of_brokers(ctx, group, topic, brokers.clone()).await?;
    if lag.queues.is_empty() && !known {
        return Err(ctx.unknown_group(group).await);
    }
    let clients = match args.show_client_ip {
        true => Some(clients(ctx, group, brokers, &mut lag).await?),
        false => None,
    };
    Ok(GroupProgress::new(group.to_owned(), lag, clients.as_ref()))
}

/// Which member has which queue; a member that cannot be asked is a failure.
async fn clients(
    ctx: &Context,
    group: &str,
    brokers: Vec<Broker>,
    lag: &mut Lag,
) -> Result<BTreeMap<MessageQueue, String>, CommandError> {
    let members = members::of_brokers(ctx, group, brokers.clone()).await?;
    let infos = running::of_members(ctx, &brokers, group, members, false).await;
    let mut clients = BTreeMap::new();
    for (member, info) in infos {
        let id = member.client_id;
        match info {
            Ok(info) => clients.extend(info.mq_table.into_keys().map(|queue| (queue.0, id.clone()))),
            Err(error) => lag.failures.push(error.to_failure(id)),
        }
    }
    Ok(clients)
}

async fn all(ctx: &Context) -> Result<AllProgress, CommandError> {
    let topics = ctx.topic_names().await?;
    let order = as_mqadmin(&topics, RETRY_PREFIX);
    let lone = lone_broker(ctx).await?;
    let lone = lone.as_ref();
    let progress = ctx.out.progress(u64::try_from(order.len()).ok(), "groups");
    let results = ctx
        .fan_out(&order, |group| {
            let progress = progress.clone();
            async move {
                let result = summary(ctx, group, lone).await;
                progress.advance(1);
                (group, result)
            }
        })
        .await;
    progress.finish();
    let (mut groups, mut failures) = (Vec::new(), Vec::new());
    let mut first = None;
    for (group, result) in results {
        match result {
            Ok(Some((summary, mut partly))) => {
                groups.push(summary);
                failures.append(&mut partly);
            }
            // Its retry topic went away meanwhile.
            Ok(None) => {}
            Err(error) => {
                failures.push(error.to_failure(format!("group {group}")));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if groups.is_empty() => Err(error),
        _ => Ok(AllProgress::new(groups, failures, order)),
    }
}

/// The broker of a cluster that has no other: all retry topics are there, and no route needs to be asked for, which is a
/// third of the requests.
async fn lone_broker(ctx: &Context) -> Result<Option<Broker>, CommandError> {
    let mut brokers = targets::one_of_each_name(ctx.cluster_info().await?.broker_addr_table.values());
    Ok(brokers.pop().filter(|_| brokers.is_empty()))
}

/// One group in a line, and the brokers that failed.
async fn summary(
    ctx: &Context,
    group: &str,
    lone: Option<&Broker>,
) -> Result<Option<(GroupSummary, Vec<Failure>)>, CommandError> {
    let brokers = match lone {
        Some(broker) => vec![broker.clone()],
        None => match members::brokers_of(ctx, group).await? {
            Some(brokers) => brokers,
            None => return Ok(None),
        },
    };
    let (lag, members) = tokio::join!(
        lag::of_brokers(ctx, group, None, brokers.clone()),
        members::of_brokers(ctx, group, brokers)
    );
    let (lag, members): (Lag, Members) = (lag?, members?);
    let oldest = members.oldest_version();
    let summary = GroupSummary {
        group: group.to_owned(),
        members: members.connections.len(),
        version: oldest,
        version_name: oldest.map(version::name),
        consume_type: members.consume_type,
        message_model: members.message_model,
        consume_tps: lag.tps,
        lag_total: lag.total(),
    };
    let mut failures = lag.failures;
    failures.extend(members.failures.into_iter().filter(|f| f.target != group));
    failures.dedup_by(|a, b| a.target == b.target);
    failures.iter_mut().for_each(|failure| failure.target = format!("group {group} on {}", failure.target));
    Ok(Some((summary, failures)))
}
