//! `updateSubGroup`: creates a consumer group, or writes its whole configuration anew.

use super::config::{after, present};
use super::retry_policy;
use crate::admin::attributes::AttributeChanges;
use crate::admin::change::{Change, table_of};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::java_order::map_text;
use crate::output::{Failure, Render, Table};
use crate::protocol::body::Json;
use crate::protocol::group::{GroupRetryPolicy, SubscriptionGroupConfig, UpdateAndCreateSubscriptionGroup};
use crate::remoting::CallError;
use clap::ArgAction::Set;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Create a consumer group, or write its whole configuration anew
///
/// What is not given goes back to its default, as with mqadmin; --dry-run shows what would change on each broker.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_addr", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq updateSubGroup -c DefaultCluster -g orders\n  \
        rmq updateSubGroup -c DefaultCluster -g orders -r 5 --dry-run"
)]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "groupName", alias = "consumerGroup", value_name = "GROUP")]
    pub group_name: String,
    /// Write it to this broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// Write it to every master of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// Whether it may consume
    #[arg(short = 's', long = "consumeEnable", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", action = Set)]
    pub consume_enable: bool,
    /// Whether it may begin at the first offset
    #[arg(short = 'm', long = "consumeFromMinEnable", value_name = "BOOL", num_args = 0..=1,
          default_value = "false", default_missing_value = "true", action = Set)]
    pub consume_from_min_enable: bool,
    /// Whether it may consume in broadcast mode
    #[arg(short = 'd', long = "consumeBroadcastEnable", value_name = "BOOL", num_args = 0..=1,
          default_value = "false", default_missing_value = "true", action = Set)]
    pub consume_broadcast_enable: bool,
    /// Whether pop keeps the order of a queue
    #[arg(short = 'o', long = "consumeMessageOrderly", value_name = "BOOL", num_args = 0..=1,
          default_value = "false", default_missing_value = "true", action = Set)]
    pub consume_message_orderly: bool,
    /// Whether members are told when others come and go
    #[arg(short = 'a', long = "notifyConsumerIdsChanged", value_name = "BOOL", num_args = 0..=1,
          default_value = "true", default_missing_value = "true", action = Set)]
    pub notify_consumer_ids_changed: bool,
    /// How many queues its retry topic has
    #[arg(
        short = 'q',
        long = "retryQueueNums",
        value_name = "COUNT",
        default_value_t = 1,
        allow_negative_numbers = true
    )]
    pub retry_queue_nums: i32,
    /// After how many tries a message goes to the dead letters; negative is never
    #[arg(
        short = 'r',
        long = "retryMaxTimes",
        value_name = "COUNT",
        default_value_t = 16,
        allow_negative_numbers = true
    )]
    pub retry_max_times: i32,
    /// How long a message waits between tries, as JSON
    #[arg(short = 'p', long = "groupRetryPolicy", value_name = "JSON")]
    pub group_retry_policy: Option<String>,
    /// The id of the broker to pull from
    #[arg(short = 'i', long = "brokerId", value_name = "ID", default_value_t = 0)]
    pub broker_id: i64,
    /// The id of the broker to pull from when that one is behind
    #[arg(short = 'w', long = "whichBrokerWhenConsumeSlowly", value_name = "ID", default_value_t = 1)]
    pub which_broker_when_consume_slowly: i64,
    /// Changes of attributes: +name=value sets one, -name takes it away
    #[arg(long = "attributes", value_name = "CHANGES", allow_hyphen_values = true)]
    pub attributes: Option<String>,
}

/// What was written, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The configuration as it was asked for; attributes with the sign of their change.
    pub group: SubscriptionGroupConfig,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.changes, self.dry_run)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for change in targets::as_mqadmin(&self.changes, |change| &change.broker.addr) {
            match self.dry_run {
                true => writeln!(w, "subscription group would be written to {}", change.broker.addr)?,
                false => writeln!(w, "create subscription group to {} success.", change.broker.addr)?,
            }
        }
        // mqadmin does not end this line.
        write!(w, "{}", config_text(&self.group))
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was written (--dry-run)".to_owned()).into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// `SubscriptionGroupConfig.toString`.
fn config_text(group: &SubscriptionGroupConfig) -> String {
    let attributes = group.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    format!(
        "SubscriptionGroupConfig{{groupName={}, consumeEnable={}, consumeFromMinEnable={}, \
         consumeBroadcastEnable={}, consumeMessageOrderly={}, retryQueueNums={}, retryMaxTimes={}, \
         groupRetryPolicy={}, brokerId={}, whichBrokerWhenConsumeSlowly={}, notifyConsumerIdsChangedEnable={}, \
         groupSysFlag={}, consumeTimeoutMinute={}, subscriptionDataSet=null, attributes={}}}",
        group.group_name,
        group.consume_enable,
        group.consume_from_min_enable,
        group.consume_broadcast_enable,
        group.consume_message_orderly,
        group.retry_queue_nums,
        group.retry_max_times,
        retry_policy::text(&group.group_retry_policy),
        group.broker_id,
        group.which_broker_when_consume_slowly,
        group.notify_consumer_ids_changed_enable,
        group.group_sys_flag,
        group.consume_timeout_minute,
        map_text(16, attributes)
    )
}

impl Args {
    fn config(&self) -> Result<SubscriptionGroupConfig, CommandError> {
        let changes = AttributeChanges::parse(self.attributes.as_deref().unwrap_or_default())?;
        let policy = self.group_retry_policy.as_deref().map(retry_policy::parse).transpose()?;
        Ok(SubscriptionGroupConfig {
            attributes: changes.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            broker_id: self.broker_id,
            consume_broadcast_enable: self.consume_broadcast_enable,
            consume_enable: self.consume_enable,
            consume_from_min_enable: self.consume_from_min_enable,
            consume_message_orderly: self.consume_message_orderly,
            group_name: self.group_name.clone(),
            group_retry_policy: policy.unwrap_or_else(GroupRetryPolicy::default),
            notify_consumer_ids_changed_enable: self.notify_consumer_ids_changed,
            retry_max_times: self.retry_max_times,
            retry_queue_nums: self.retry_queue_nums,
            which_broker_when_consume_slowly: self.which_broker_when_consume_slowly,
            ..SubscriptionGroupConfig::default()
        })
    }
}

/// Writes the group to the broker, or to every master of the cluster side by side.
///
/// # Errors
/// An unknown cluster; attributes or a policy that cannot be read; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let group = args.config()?;
    let (addr, cluster) = (args.broker_addr.as_deref(), args.cluster_name.as_deref());
    let brokers = ctx.brokers_at(addr, cluster, Roles::Masters).await?;
    let doing = format!("{} group {}", if ctx.dry_run { "look at" } else { "create" }, args.group_name);
    let group_ref = &group;
    let answers = ctx.ask_each(&doing, brokers, |broker| write(ctx, broker, group_ref)).await?;
    Ok(Output {
        dry_run: ctx.dry_run,
        changes: answers.given.into_iter().map(|(_, change)| change).collect(),
        failures: answers.failures,
        group,
    })
}

/// Reads what the broker has, and writes the group unless it is a dry run.
async fn write(ctx: &Context, broker: Broker, group: &SubscriptionGroupConfig) -> Result<Change, CallError> {
    let before = present(ctx, &broker.addr, &group.group_name).await?;
    let change = Change::between(broker, before.as_ref(), &after(before.as_ref(), group));
    if !ctx.dry_run {
        let body = Json(group.clone());
        ctx.ask::<UpdateAndCreateSubscriptionGroup>(&change.broker.addr, (), body).await?;
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let group = SubscriptionGroupConfig {
            group_name: "group_new".to_owned(),
            retry_max_times: 5,
            consume_broadcast_enable: false,
            consume_from_min_enable: false,
            ..SubscriptionGroupConfig::default()
        };
        let change = Change::between(
            targets::at_addr(None, "127.0.0.1:10911"),
            None::<&SubscriptionGroupConfig>,
            &group,
        );
        let output = Output { group, dry_run: false, changes: vec![change], failures: vec![] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "create subscription group to 127.0.0.1:10911 success.\n\
             SubscriptionGroupConfig{groupName=group_new, consumeEnable=true, consumeFromMinEnable=false, \
             consumeBroadcastEnable=false, consumeMessageOrderly=false, retryQueueNums=1, retryMaxTimes=5, \
             groupRetryPolicy=GroupRetryPolicy{type=CUSTOMIZED, exponentialRetryPolicy=null, \
             customizedRetryPolicy=null}, brokerId=0, whichBrokerWhenConsumeSlowly=1, \
             notifyConsumerIdsChangedEnable=true, groupSysFlag=0, consumeTimeoutMinute=15, \
             subscriptionDataSet=null, attributes={}}"
        );
    }
}
