//! `getConsumerConfig`: a group's configuration on every broker.

use super::config::read;
use super::retry_policy;
use crate::admin::targets;
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, map_text, string_hash};
use crate::output::{Cell, Failure, Render, Table, Tone, left};
use crate::protocol::group::SubscriptionGroupConfig;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show the configuration of a consumer group on every broker
///
/// A column for each broker that has the group; what the brokers do not agree on stands out.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getConsumerConfig -g orders\n  \
        rmq getConsumerConfig -g orders --output json")]
pub struct Args {
    /// The consumer group
    #[arg(short = 'g', long = "groupName", alias = "consumerGroup", value_name = "GROUP")]
    pub group_name: String,
}

/// The configurations, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: String,
    pub brokers: Vec<OnBroker>,
    pub failures: Vec<Failure>,
}

/// The group on one broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnBroker {
    pub cluster: String,
    pub broker_name: String,
    pub addr: String,
    pub config: SubscriptionGroupConfig,
}

impl OnBroker {
    /// The fields in the order in which Java declares them, as its `toString` writes them.
    fn fields(&self) -> [(&'static str, String); 15] {
        let config = &self.config;
        let attributes = config.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        [
            ("groupName", config.group_name.clone()),
            ("consumeEnable", config.consume_enable.to_string()),
            ("consumeFromMinEnable", config.consume_from_min_enable.to_string()),
            ("consumeBroadcastEnable", config.consume_broadcast_enable.to_string()),
            ("consumeMessageOrderly", config.consume_message_orderly.to_string()),
            ("retryQueueNums", config.retry_queue_nums.to_string()),
            ("retryMaxTimes", config.retry_max_times.to_string()),
            ("groupRetryPolicy", retry_policy::text(&config.group_retry_policy)),
            ("brokerId", config.broker_id.to_string()),
            ("whichBrokerWhenConsumeSlowly", config.which_broker_when_consume_slowly.to_string()),
            ("notifyConsumerIdsChangedEnable", config.notify_consumer_ids_changed_enable.to_string()),
            ("groupSysFlag", config.group_sys_flag.to_string()),
            ("consumeTimeoutMinute", config.consume_timeout_minute.to_string()),
            ("subscriptionDataSet", subscriptions(config.subscription_data_set.as_deref())),
            ("attributes", map_text(16, attributes)),
        ]
    }
}

/// A set of `SimpleSubscriptionData` as Java prints it; nothing where the group may subscribe anything.
fn subscriptions(set: Option<&[serde_json::Value]>) -> String {
    let Some(set) = set else { return String::new() };
    let text = |value: &serde_json::Value, name: &str| match &value[name] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let one = |value: &serde_json::Value| {
        let fields = ["topic", "expressionType", "expression", "version"]
            .map(|name| format!("{name}={}", text(value, name)));
        format!("SimpleSubscriptionData{{{}}}", fields.join(", "))
    };
    format!("[{}]", set.iter().map(one).collect::<Vec<_>>().join(", "))
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let head = Table::new().text("FIELD");
        let mut table = self.brokers.iter().fold(head, |table, broker| table.text(&broker.broker_name));
        let columns: Vec<_> = self.brokers.iter().map(OnBroker::fields).collect();
        let Some(first) = columns.first() else { return table };
        for (at, (name, value)) in first.iter().enumerate() {
            let same = columns.iter().all(|column| column[at].1 == *value);
            let tone = if same { Tone::Plain } else { Tone::Warn };
            let cells = columns.iter().map(|column| Cell::toned(&column[at].1, tone));
            table.row([Cell::new(name)].into_iter().chain(cells));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for broker in hashed(&self.brokers, |broker| string_hash(&broker.broker_name)) {
            let bar = "=".repeat(29);
            writeln!(w, "{bar}{}:{}{bar}", broker.cluster, broker.broker_name)?;
            for (name, value) in broker.fields() {
                writeln!(w, "{}=  {value}", left(name, 40))?;
            }
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks a broker of every name, side by side.
///
/// # Errors
/// No name server is reached; no broker has the group; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let group = args.group_name;
    let info = ctx.cluster_info().await?;
    let brokers = targets::one_of_each_name(info.broker_addr_table.values());
    let name = &group;
    let answers = ctx
        .ask_each(&format!("read the configuration of group {group}"), brokers, |broker| async move {
            read(ctx, &broker.addr, name).await
        })
        .await?;
    let found = answers.given.into_iter().filter_map(|(broker, config)| Some((broker, config?)));
    let brokers: Vec<OnBroker> = found
        .map(|(broker, config)| OnBroker {
            cluster: broker.cluster,
            broker_name: broker.broker_name,
            addr: broker.addr,
            config,
        })
        .collect();
    if brokers.is_empty() {
        let mut error = ctx.unknown_group(&group).await;
        // One that could not be asked may have it.
        error.causes.extend(answers.failures.iter().map(ToString::to_string));
        return Err(error);
    }
    Ok(Output { group, brokers, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(broker: &str, retries: i32) -> OnBroker {
        OnBroker {
            cluster: "DefaultCluster".to_owned(),
            broker_name: broker.to_owned(),
            addr: "127.0.0.1:10911".to_owned(),
            config: SubscriptionGroupConfig {
                group_name: "group_new".to_owned(),
                retry_max_times: retries,
                ..SubscriptionGroupConfig::default()
            },
        }
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let output =
            Output { group: "group_new".to_owned(), brokers: vec![on("broker-a", 5)], failures: vec![] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "=============================DefaultCluster:broker-a============================="
        );
        assert_eq!(lines[1], "groupName                               =  group_new");
        assert_eq!(lines[7], "retryMaxTimes                           =  5");
        assert_eq!(lines[14], "subscriptionDataSet                     =  ");
        assert_eq!(lines[15], "attributes                              =  {}");
    }

    #[test]
    fn every_broker_has_a_column() {
        let brokers = vec![on("a", 5), on("b", 16)];
        let output = Output { group: "group_new".to_owned(), brokers, failures: vec![] };
        let lines = output.table(false).lines(None, true, false);
        assert!(lines[0].starts_with("FIELD  ") && lines[0].ends_with('b'), "{}", lines[0]);
        assert!(lines[7].starts_with("retryMaxTimes") && lines[7].ends_with("16"), "{}", lines[7]);
    }

    #[test]
    fn restricted_subscriptions_are_written_as_java_does() {
        let set =
            [serde_json::json!({"topic": "T", "expressionType": "TAG", "expression": "*", "version": 7})];
        let want = "[SimpleSubscriptionData{topic=T, expressionType=TAG, expression=*, version=7}]";
        assert_eq!(subscriptions(Some(&set)), want);
        assert_eq!(subscriptions(None), "");
    }
}
