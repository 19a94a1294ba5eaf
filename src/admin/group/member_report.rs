//! How one member of a group runs, as it says itself.

use crate::output::{Cell, Table, Text, Tone};
use crate::protocol::group::{Connection, SubscriptionData};
use crate::protocol::running::{
    ConsumeStatus, ConsumerRunningInfo, PROP_CONSUME_TYPE, PopProcessQueueInfo, ProcessQueueInfo,
};
use crate::protocol::version;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A member and what it says of itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberReport {
    pub client_id: String,
    pub client_addr: String,
    pub language: String,
    pub version: i32,
    pub version_name: String,
    /// Its settings, under Java's names.
    pub properties: BTreeMap<String, String>,
    /// Sorted by topic.
    pub subscriptions: Vec<SubscriptionData>,
    /// Sorted by topic, broker and queue.
    pub queues: Vec<OnQueue<ProcessQueueInfo>>,
    /// The queues that it pops from.
    pub pop_queues: Vec<OnQueue<PopProcessQueueInfo>>,
    /// Rates, sorted by topic.
    pub topics: Vec<OnTopic>,
    /// What the application adds.
    pub user_info: BTreeMap<String, String>,
    /// The stacks of its threads, where asked for.
    pub jstack: Option<String>,
    /// The file with mqadmin's report.
    pub report_path: Option<PathBuf>,
}

/// What is said of a queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnQueue<T> {
    pub topic: String,
    pub broker_name: String,
    pub queue_id: i32,
    #[serde(flatten)]
    pub state: T,
}

/// Rates of a topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OnTopic {
    pub topic: String,
    #[serde(flatten)]
    pub status: ConsumeStatus,
}

fn on_queues<T>(table: BTreeMap<crate::protocol::queue::QueueKey, T>) -> Vec<OnQueue<T>> {
    let on = |(key, state): (crate::protocol::queue::QueueKey, T)| OnQueue {
        topic: key.0.topic,
        broker_name: key.0.broker_name,
        queue_id: key.0.queue_id,
        state,
    };
    table.into_iter().map(on).collect()
}

impl MemberReport {
    pub fn new(member: Connection, info: ConsumerRunningInfo, report_path: Option<PathBuf>) -> Self {
        let mut subscriptions = info.subscription_set;
        subscriptions.sort_by(|a, b| (&a.topic, &a.sub_string).cmp(&(&b.topic, &b.sub_string)));
        MemberReport {
            client_id: member.client_id,
            client_addr: member.client_addr,
            language: member.language.name().to_owned(),
            version: member.version,
            version_name: version::name(member.version),
            properties: info.properties,
            subscriptions,
            queues: on_queues(info.mq_table),
            pop_queues: on_queues(info.mq_pop_table),
            topics: info.status_table.into_iter().map(|(topic, status)| OnTopic { topic, status }).collect(),
            user_info: info.user_consumer_info,
            jstack: info.jstack,
            report_path,
        }
    }

    fn kind(&self) -> &str {
        match self.properties.get(PROP_CONSUME_TYPE).map(String::as_str) {
            Some("CONSUME_PASSIVELY") => "PUSH",
            Some("CONSUME_ACTIVELY") => "PULL",
            Some(other) => other,
            None => "",
        }
    }

    /// The sum over the topics.
    fn rate(&self, of: impl Fn(&ConsumeStatus) -> f64) -> f64 {
        self.topics.iter().map(|topic| of(&topic.status)).sum()
    }

    /// All that it says, a line each.
    pub fn table(&self) -> Table {
        let mut table = Table::new().text("KIND").text("NAME").text("VALUE");
        let mut row = |kind: &str, name: String, value: String| {
            table.row([Cell::new(kind), Cell::new(name), Cell::new(value)]);
        };
        for data in &self.subscriptions {
            row("subscription", data.topic.clone(), format!("{} {}", data.expression_type, data.sub_string));
        }
        for queue in &self.queues {
            row("queue", queue.name(), queue_words(&queue.state));
        }
        for queue in &self.pop_queues {
            let state = &queue.state;
            let popped = time::seconds(state.last_pop_timestamp);
            let value = format!("{} unacknowledged, popped {popped}", state.wait_ack_count);
            row("pop queue", queue.name(), value);
        }
        for topic in &self.topics {
            row("rates", topic.topic.clone(), rate_words(&topic.status));
        }
        for (name, value) in &self.user_info {
            row("user info", name.clone(), value.clone());
        }
        for (name, value) in &self.properties {
            row("property", name.clone(), value.clone());
        }
        for line in self.jstack.iter().flat_map(|stacks| stacks.lines()) {
            row("stack", String::new(), line.to_owned());
        }
        table
    }
}

impl<T> OnQueue<T> {
    fn name(&self) -> String {
        format!("{} {} {}", self.topic, self.broker_name, self.queue_id)
    }
}

fn queue_words(state: &ProcessQueueInfo) -> String {
    let dropped = if state.droped { ", released" } else { "" };
    let locked = if state.locked { ", locked" } else { "" };
    format!(
        "at {}, {} waiting ({} MiB){locked}{dropped}, pulled {}, consumed {}",
        state.commit_offset,
        state.cached_msg_count,
        state.cached_msg_size_in_mib,
        time::seconds(state.last_pull_timestamp),
        time::seconds(state.last_consume_timestamp)
    )
}

fn rate_words(status: &ConsumeStatus) -> String {
    let [ok, failed, pulled] =
        [status.consume_ok_tps, status.consume_failed_tps, status.pull_tps].map(Text::decimal);
    let [consume, pull] = [status.consume_rt, status.pull_rt].map(Text::decimal);
    format!(
        "{ok}/s consumed in {consume} ms, {failed}/s failed ({} in the last hour), {pulled}/s pulled in {pull} ms",
        status.consume_failed_msgs
    )
}

/// A line for each member.
pub fn table_of(members: &[MemberReport]) -> Table {
    let mut table = Table::new()
        .text("CLIENT")
        .text("ADDRESS")
        .text("VERSION")
        .text("TYPE")
        .number("QUEUES")
        .number("WAITING")
        .number("OK/S")
        .number("FAILED/S");
    for member in members {
        let waiting: i64 = member.queues.iter().map(|queue| i64::from(queue.state.cached_msg_count)).sum();
        let failed = member.rate(|status| status.consume_failed_tps);
        table.row([
            Cell::new(&member.client_id),
            Cell::new(&member.client_addr),
            Cell::new(&member.version_name),
            Cell::new(member.kind()),
            Cell::new(member.queues.len() + member.pop_queues.len()),
            Cell::new(waiting),
            Cell::new(Text::decimal(member.rate(|status| status.consume_ok_tps))),
            Cell::toned(Text::decimal(failed), if failed > 0.0 { Tone::Warn } else { Tone::Plain }),
        ]);
    }
    table
}
