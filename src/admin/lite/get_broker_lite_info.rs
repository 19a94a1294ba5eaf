//! `getBrokerLiteInfo`: what brokers have of lite topics.

use super::told::{failed_lines, set_text};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::lite::{BrokerLiteInfo, GetBrokerLiteInfo};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Show what brokers have of lite topics
///
/// Lite topics are many small queues below a parent topic; the parent has the attribute message.type=LITE.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getBrokerLiteInfo -b 127.0.0.1:10911 -d\n  \
        rmq getBrokerLiteInfo -c DefaultCluster")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Also show the parent topics and the groups that are bound to them
    #[arg(short = 'd', long = "showDetail")]
    pub show_detail: bool,
}

/// Which brokers: exactly one of the two must be given.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// The masters of this cluster
    #[arg(short = 'c', long = "cluster", alias = "clusterName", value_name = "CLUSTER")]
    pub cluster: Option<String>,
}

/// What each broker has, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    detail: bool,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// How the store keeps its consume queues.
    pub store_type: String,
    /// Queues of lite topics that may exist.
    pub max_lmq_num: i32,
    /// Queues of lite topics that exist.
    pub current_lmq_num: i32,
    pub lite_subscription_count: i32,
    /// Orderly receipts that are kept.
    pub order_info_count: i32,
    /// Topics that have consume queues.
    pub cq_table_size: i32,
    /// Pairs of topic and group that have offsets.
    pub offset_table_size: i32,
    /// Clients that wait to hear of messages.
    pub event_map_size: i32,
    pub parents: Vec<Parent>,
}

/// A parent topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parent {
    pub topic: String,
    /// After how many minutes without messages its lite topics go away; none for never, or where groups are bound to
    /// a topic that is no parent.
    pub ttl_minutes: Option<i32>,
    /// The groups that are bound to it.
    pub groups: BTreeSet<String>,
    /// Whether the broker lists it among its parents.
    #[serde(skip)]
    ttl: Option<i32>,
}

impl Row {
    fn new(broker: Broker, info: BrokerLiteInfo) -> Self {
        let BrokerLiteInfo { topic_meta, mut group_meta, .. } = info;
        let names: BTreeSet<String> = topic_meta.keys().chain(group_meta.keys()).cloned().collect();
        let parents = names.into_iter().map(|topic| {
            let ttl = topic_meta.get(&topic).copied();
            let groups = group_meta.remove(&topic).unwrap_or_default();
            Parent { ttl_minutes: ttl.filter(|minutes| *minutes >= 0), ttl, groups, topic }
        });
        Row {
            parents: parents.collect(),
            broker,
            store_type: info.store_type,
            max_lmq_num: info.max_lmq_num,
            current_lmq_num: info.current_lmq_num,
            lite_subscription_count: info.lite_subscription_count,
            order_info_count: info.order_info_count,
            cq_table_size: info.cq_table_size,
            offset_table_size: info.offset_table_size,
            event_map_size: info.event_map_size,
        }
    }

    fn numbers(&self) -> [i32; 7] {
        [
            self.max_lmq_num,
            self.current_lmq_num,
            self.lite_subscription_count,
            self.order_info_count,
            self.cq_table_size,
            self.offset_table_size,
            self.event_map_size,
        ]
    }

    /// The parents as one line each, for a column.
    fn parents_text(&self) -> String {
        let text = |parent: &Parent| {
            let groups: Vec<&str> = parent.groups.iter().map(String::as_str).collect();
            let life = parent.ttl_minutes.map_or("no expiry".to_owned(), |minutes| format!("{minutes} min"));
            format!("{} ({life}): {}", parent.topic, groups.join(" "))
        };
        self.parents.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    fn classic_detail(&self, w: &mut dyn Write) -> fmt::Result {
        let topics = as_mqadmin(self.parents.iter().filter(|parent| parent.ttl.is_some()));
        let texts: Vec<String> =
            topics.iter().map(|parent| format!("{:?}:{}", parent.topic, parent.ttl.unwrap_or(-1))).collect();
        writeln!(w, "Topic Meta: {{{}}}", texts.join(","))?;
        let groups = as_mqadmin(self.parents.iter().filter(|parent| !parent.groups.is_empty()));
        let texts: Vec<String> = groups
            .iter()
            .map(|parent| {
                let names = set_text(&parent.groups).trim_matches(['[', ']']).replace(", ", "\",\"");
                format!("{:?}:[\"{names}\"]", parent.topic)
            })
            .collect();
        writeln!(w, "Group Meta: {{{}}}\n", texts.join(","))
    }
}

/// As a `HashMap` gives them.
fn as_mqadmin<'a>(parents: impl Iterator<Item = &'a Parent>) -> Vec<&'a Parent> {
    hashed(parents, |parent| string_hash(&parent.topic))
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new()
            .text("BROKER")
            .text("STORE")
            .number("MAX-LMQ")
            .number("LMQ")
            .number("SUBSCRIPTIONS")
            .number("ORDER-INFOS")
            .number("TOPICS")
            .number("OFFSETS")
            .number("EVENTS");
        let detail = self.detail || wide;
        if detail {
            table = table.text("PARENTS");
        }
        for row in &self.brokers {
            let name =
                if row.broker.broker_name.is_empty() { &row.broker.addr } else { &row.broker.broker_name };
            let mut cells = vec![Cell::new(name), Cell::new(&row.store_type)];
            cells.extend(row.numbers().map(Cell::new));
            if detail {
                cells.push(Cell::new(row.parents_text()));
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |cells: [&str; 9]| {
            let widths = [30, 17, 10, 14, 20, 17, 15, 18, 15];
            let cells: Vec<String> =
                cells.iter().zip(widths).map(|(cell, width)| left(cell, width)).collect();
            cells.join(" ")
        };
        writeln!(
            w,
            "{}",
            line([
                "#Broker",
                "#Store Type",
                "#Max LMQ",
                "#Current LMQ",
                "#SubscriptionCount",
                "#OrderInfoCount",
                "#CQTableSize",
                "#OffsetTableSize",
                "#eventMapSize",
            ])
        )?;
        for row in targets::as_mqadmin(&self.brokers, |row| &row.broker.addr) {
            let numbers = row.numbers().map(|number| number.to_string());
            let [a, b, c, d, e, f, g] = numbers.each_ref().map(String::as_str);
            writeln!(w, "{}", line([&row.broker.addr, &row.store_type, a, b, c, d, e, f, g]))?;
            if self.detail {
                row.classic_detail(w)?;
            }
        }
        let failed = self.failures.iter().map(|failure| Failure {
            target: failure.addr.clone().unwrap_or_else(|| failure.target.clone()),
            ..failure.clone()
        });
        failed_lines(&failed.collect::<Vec<_>>(), w)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the broker, or the masters of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let (addr, cluster) = (args.which.broker_addr.as_deref(), args.which.cluster.as_deref());
    let brokers = ctx.brokers_at(addr, cluster, Roles::Masters).await?;
    let answers = ctx
        .ask_each("read what there is of lite topics", brokers, |broker| async move {
            ctx.ask::<GetBrokerLiteInfo>(&broker.addr, (), ()).await.map(|answer| answer.body.0)
        })
        .await?;
    let rows = answers.given.into_iter().map(|(broker, info)| Row::new(broker, info));
    Ok(Output { brokers: rows.collect(), failures: answers.failures, detail: args.show_detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_layout_is_mqadmins() {
        let info = BrokerLiteInfo {
            store_type: "default".to_owned(),
            max_lmq_num: 20_000,
            current_lmq_num: 3,
            cq_table_size: 15,
            offset_table_size: 8,
            topic_meta: BTreeMap::from([("ParentT".to_owned(), 60)]),
            group_meta: BTreeMap::from([("ParentT".to_owned(), ["lite_group".to_owned()].into())]),
            ..BrokerLiteInfo::default()
        };
        let broker = targets::at_addr(None, "127.0.0.1:20511");
        let failure = Failure {
            target: "lab-b".into(),
            addr: Some("127.0.0.1:2".into()),
            code: None,
            message: "x".into(),
        };
        let output = Output { brokers: vec![Row::new(broker, info)], failures: vec![failure], detail: true };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "#Broker                        #Store Type       #Max LMQ   #Current LMQ   #SubscriptionCount   \
             #OrderInfoCount   #CQTableSize    #OffsetTableSize   #eventMapSize  \n\
             127.0.0.1:20511                default           20000      3              0                    \
             0                 15              8                  0              \n\
             Topic Meta: {\"ParentT\":60}\nGroup Meta: {\"ParentT\":[\"lite_group\"]}\n\n[127.0.0.1:2] error.\n"
        );
        assert_eq!(output.brokers[0].parents_text(), "ParentT (60 min): lite_group");
    }

    #[test]
    fn a_group_may_be_bound_to_what_is_no_parent() {
        let info = BrokerLiteInfo {
            topic_meta: BTreeMap::from([("P".to_owned(), -1)]),
            group_meta: BTreeMap::from([("Q".to_owned(), ["g".to_owned()].into())]),
            ..BrokerLiteInfo::default()
        };
        let row = Row::new(targets::at_addr(None, "a:1"), info);
        let parents: Vec<_> =
            row.parents.iter().map(|p| (p.topic.as_str(), p.ttl_minutes, p.groups.len())).collect();
        assert_eq!(parents, [("P", None, 0), ("Q", None, 1)]);
        let mut text = String::new();
        row.classic_detail(&mut text).unwrap();
        assert_eq!(text, "Topic Meta: {\"P\":-1}\nGroup Meta: {\"Q\":[\"g\"]}\n\n");
    }
}
