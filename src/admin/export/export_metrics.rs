//! `exportMetrics`: how much a cluster's brokers do, into a file.

use super::{file, tables};
use crate::admin::group::members;
use crate::admin::targets::{self, Roles};
use crate::admin::{CommandError, Context};
use crate::config::parse_properties;
use crate::output::{Failure, Render, Table};
use crate::protocol::broker::{
    GetBrokerConfig, GetBrokerRuntimeInfo, StatsData, StatsHeader, ViewBrokerStatsData,
};
use crate::protocol::version;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// Half messages of transactions (Java: `TopicValidator.RMQ_SYS_TRANS_HALF_TOPIC`).
const TRANSACTIONS: &str = "RMQ_SYS_TRANS_HALF_TOPIC";
/// Delayed messages (Java: `TopicValidator.RMQ_SYS_SCHEDULE_TOPIC`).
const DELAYED: &str = "SCHEDULE_TOPIC_XXXX";
/// What is counted of them (Java: `Stats.TOPIC_PUT_NUMS`).
const PUTS: &str = "TOPIC_PUT_NUMS";
/// The version of RocketMQ whose mqadmin this is; what the file calls rocketmqVersion is that of the tool.
const TOOL_VERSION: i32 = 513;

/// Write how much a cluster's brokers do to a file
///
/// The masters, and the members of every group, are asked side by side; the file is metrics.json. Numbers of a
/// day are of yesterday for normal messages and of the last 24 hours for transactions and delayed ones, as in
/// mqadmin's file.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq exportMetrics -c DefaultCluster -f /tmp/report\n  \
        rmq exportMetrics -c DefaultCluster --dry-run --output json")]
pub struct Args {
    /// The cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: String,
    /// The directory to write to
    #[arg(short = 'f', long = "filePath", value_name = "DIRECTORY", default_value = file::DEFAULT_DIRECTORY)]
    pub file_path: String,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The file.
    pub path: String,
    /// By the name of the broker.
    pub evaluate_report: BTreeMap<String, Report>,
    pub total_data: Totals,
    /// Nothing was written.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
}

/// A broker.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub runtime_env: Environment,
    pub runtime_quota: Quota,
    pub runtime_version: Versions,
    /// Its groups, whose members are asked for.
    #[serde(skip)]
    groups: BTreeSet<String>,
}

/// What a broker runs on.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its setting clientCallbackExecutorThreads, which is the number of its processors unless it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_num: Option<String>,
    #[serde(rename = "totalMemKBytes", skip_serializing_if = "Option::is_none")]
    pub total_mem_k_bytes: Option<String>,
}

/// What a broker has and does.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    pub disk_ratio: DiskRatio,
    pub group_size: usize,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_average_size: Option<String>,
    pub one_day_num: OneDay,
    pub topic_size: usize,
    pub tps: Tps,
}

/// The used share of the disks, from 0 to 1.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiskRatio {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_log_disk_ratio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consume_queue_disk_ratio: Option<String>,
}

/// Messages of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneDay {
    pub normal_one_day_in_num: i64,
    pub normal_one_day_out_num: i64,
    pub schedule_one_day_in_num: i64,
    pub trans_one_day_in_num: i64,
}

/// Messages a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tps {
    pub normal_in_tps: f64,
    pub normal_out_tps: f64,
    pub schedule_in_tps: f64,
    pub trans_in_tps: f64,
}

/// What runs.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// The consumers that are connected, as in `JAVA%V5_5_0`.
    pub client_info: BTreeSet<String>,
    /// The version of RocketMQ that this tool is of.
    pub rocketmq_version: String,
}

/// All brokers together.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub total_one_day_num: OneDay,
    pub total_tps: TotalTps,
}

/// Messages a second of all brokers together.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotalTps {
    pub total_normal_in_tps: f64,
    pub total_normal_out_tps: f64,
    pub total_schedule_in_tps: f64,
    pub total_trans_in_tps: f64,
}

impl Totals {
    fn of<'a>(reports: impl Iterator<Item = &'a Report>) -> Self {
        let mut all = Totals::default();
        for Quota { one_day_num: day, tps, .. } in reports.map(|report| &report.runtime_quota) {
            let sum = &mut all.total_one_day_num;
            sum.normal_one_day_in_num += day.normal_one_day_in_num;
            sum.normal_one_day_out_num += day.normal_one_day_out_num;
            sum.schedule_one_day_in_num += day.schedule_one_day_in_num;
            sum.trans_one_day_in_num += day.trans_one_day_in_num;
            all.total_tps.total_normal_in_tps += tps.normal_in_tps;
            all.total_tps.total_normal_out_tps += tps.normal_out_tps;
            all.total_tps.total_schedule_in_tps += tps.schedule_in_tps;
            all.total_tps.total_trans_in_tps += tps.trans_in_tps;
        }
        all
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let sum = |of: fn(&Quota) -> usize| self.evaluate_report.values().map(|r| of(&r.runtime_quota)).sum();
        let counts = [
            ("BROKERS", self.evaluate_report.len()),
            ("TOPICS", sum(|quota| quota.topic_size)),
            ("GROUPS", sum(|quota| quota.group_size)),
        ];
        file::table_of(&self.path, self.dry_run, &counts)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        write!(w, "export {} success", self.path)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// The messages of a day (Java: `StatsAllSubCommand.compute24HourSum`): of the longest span that has any.
fn of_day(stats: &StatsData) -> i64 {
    let sums = [stats.stats_day.sum, stats.stats_hour.sum, stats.stats_minute.sum];
    sums.into_iter().find(|sum| *sum != 0).unwrap_or(0)
}

/// What a broker does, out of its numbers and the statistics of its transactions and delayed messages.
fn load(table: &BTreeMap<String, String>, transactions: &StatsData, delayed: &StatsData) -> (Tps, OneDay) {
    let first = |key: &str| table.get(key)?.split(' ').next()?.parse::<f64>().ok();
    let number = |key: &str| table.get(key).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let yesterday = |what: &str| {
        let (from, to) = (format!("{what}TotalYesterdayMorning"), format!("{what}TotalTodayMorning"));
        number(&to).saturating_sub(number(&from))
    };
    let tps = Tps {
        normal_in_tps: first("putTps").unwrap_or(0.0),
        normal_out_tps: first("getTransferredTps").unwrap_or(0.0),
        schedule_in_tps: delayed.stats_minute.tps,
        trans_in_tps: transactions.stats_minute.tps,
    };
    let day = OneDay {
        normal_one_day_in_num: yesterday("msgPut"),
        normal_one_day_out_num: yesterday("msgGet"),
        schedule_one_day_in_num: of_day(delayed),
        trans_one_day_in_num: of_day(transactions),
    };
    (tps, day)
}

/// A statistic; a broker that has none of that name has counted nothing.
async fn puts(ctx: &Context, addr: &str, topic: &str) -> Result<StatsData, CallError> {
    let header = StatsHeader { stats_name: PUTS.to_owned(), stats_key: topic.to_owned() };
    match ctx.ask::<ViewBrokerStatsData>(addr, header, ()).await {
        Ok(answer) => Ok(answer.body.0),
        Err(CallError::Refused { .. }) => Ok(StatsData::default()),
        Err(error) => Err(error),
    }
}

async fn read(ctx: &Context, addr: &str) -> Result<Report, CallError> {
    let table = ctx.ask::<GetBrokerRuntimeInfo>(addr, (), ()).await?.body.0.table;
    let settings = ctx.ask::<GetBrokerConfig>(addr, (), ()).await?.body;
    let groups: BTreeSet<String> =
        tables::groups(ctx, addr).await?.subscription_group_table.into_keys().collect();
    let topics = tables::topics(ctx, addr, false).await?;
    let (tps, one_day_num) =
        load(&table, &puts(ctx, addr, TRANSACTIONS).await?, &puts(ctx, addr, DELAYED).await?);
    let of = |key: &str| table.get(key).cloned();
    let mut settings = parse_properties(&settings).unwrap_or_default().into_iter();
    Ok(Report {
        runtime_env: Environment {
            cpu_num: settings.find(|p| p.key == "clientCallbackExecutorThreads").map(|p| p.value),
            total_mem_k_bytes: of("totalMemKBytes"),
        },
        runtime_quota: Quota {
            disk_ratio: DiskRatio {
                commit_log_disk_ratio: of("commitLogDiskRatio"),
                consume_queue_disk_ratio: of("consumeQueueDiskRatio"),
            },
            group_size: groups.len(),
            message_average_size: of("putMessageAverageSize"),
            one_day_num,
            topic_size: topics.topic_config_table.len(),
            tps,
        },
        runtime_version: Versions { rocketmq_version: version::name(TOOL_VERSION), ..Versions::default() },
        groups,
    })
}

/// The clients of each group, as in `JAVA%V5_5_0`. A group whose members cannot be read has none, as in mqadmin's
/// file; that is told as a failure.
async fn clients(
    ctx: &Context,
    groups: BTreeSet<String>,
) -> (BTreeMap<String, BTreeSet<String>>, Vec<Failure>) {
    let found = ctx
        .fan_out(groups, |group| async move {
            let members = match members::brokers_of(ctx, &group).await {
                Ok(Some(brokers)) => members::of_brokers(ctx, &group, brokers).await,
                Ok(None) => Ok(members::Members::default()),
                Err(error) => Err(error),
            };
            (group, members)
        })
        .await;
    let (mut all, mut failures) = (BTreeMap::new(), Vec::new());
    for (group, members) in found {
        match members {
            Ok(members) => {
                failures.extend(members.failures);
                let connections = members.connections.iter();
                let names =
                    connections.map(|c| format!("{}%{}", c.language.name(), version::name(c.version)));
                all.insert(group, names.collect());
            }
            Err(error) => failures.push(error.to_failure(format!("group {group}"))),
        }
    }
    (all, failures)
}

/// Asks the masters of the cluster side by side, then for the members of their groups, and writes the file.
///
/// # Errors
/// An unknown cluster; all brokers failed; the file cannot be written.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let masters = targets::in_cluster(&ctx.cluster_info().await?, &args.cluster_name, Roles::Masters)?;
    let answers =
        ctx.ask_each("read the load", masters, |broker| async move { read(ctx, &broker.addr).await }).await?;
    let mut failures = answers.failures;
    let reports = answers.given.into_iter().map(|(broker, report)| (broker.broker_name, report));
    let mut evaluate_report: BTreeMap<String, Report> = reports.collect();
    let groups = evaluate_report.values().flat_map(|report| report.groups.iter().cloned()).collect();
    let (clients, unread) = clients(ctx, groups).await;
    failures.extend(unread);
    for report in evaluate_report.values_mut() {
        let of_group = report.groups.iter().filter_map(|group| clients.get(group));
        report.runtime_version.client_info = of_group.flatten().cloned().collect();
    }
    let total_data = Totals::of(evaluate_report.values());
    let content = json!({ "totalData": total_data, "evaluateReport": evaluate_report });
    Ok(Output {
        path: file::write(ctx, &args.file_path, "metrics.json", &content)?,
        evaluate_report,
        total_data,
        dry_run: ctx.dry_run,
        failures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::broker::StatsItem;

    #[test]
    fn the_load_is_read_off_what_a_broker_tells() {
        let pairs = [
            ("putTps", "0.5 0.2 0.1"),
            ("getTransferredTps", "1.5 0 0"),
            ("msgPutTotalYesterdayMorning", "10"),
            ("msgPutTotalTodayMorning", "25"),
            ("msgGetTotalTodayMorning", "4"),
        ];
        let table = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let hour =
            StatsData { stats_hour: StatsItem { sum: 48, ..StatsItem::default() }, ..StatsData::default() };
        let (tps, day) = load(&table, &hour, &StatsData::default());
        assert_eq!((tps.normal_in_tps, tps.normal_out_tps), (0.5, 1.5));
        assert_eq!((day.normal_one_day_in_num, day.normal_one_day_out_num), (15, 4));
        assert_eq!((day.trans_one_day_in_num, day.schedule_one_day_in_num), (48, 0));
        let (tps, day) = load(&BTreeMap::new(), &StatsData::default(), &StatsData::default());
        assert_eq!((tps, day), (Tps::default(), OneDay::default()));
    }

    #[test]
    fn totals_are_sums() {
        let report = |tps: f64, day: i64| {
            let mut report = Report::default();
            report.runtime_quota.tps.trans_in_tps = tps;
            report.runtime_quota.one_day_num.schedule_one_day_in_num = day;
            report
        };
        let totals = Totals::of([report(1.5, 2), report(0.5, 3)].iter());
        assert_eq!(totals.total_tps.total_trans_in_tps, 2.0);
        assert_eq!(totals.total_one_day_num.schedule_one_day_in_num, 5);
    }
}
