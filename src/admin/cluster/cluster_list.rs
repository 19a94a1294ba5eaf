//! `clusterList`: the brokers of each cluster and what they do.

use super::runtime::Stats;
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Failure, Render, Table, Text, Tone, fixed, left, right};
use crate::protocol::broker::GetBrokerRuntimeInfo;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

/// List clusters and brokers with their load
///
/// Rates are means of the last ten seconds. All brokers are asked side by side; one that does not answer is listed
/// without numbers.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq clusterList -n 127.0.0.1:9876\n  rmq clusterList -m\n  rmq clusterList -c DefaultCluster -i 5"
)]
pub struct Args {
    /// Only this cluster
    #[arg(short = 'c', long = "clusterName", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Show the messages of yesterday and today instead of the load
    #[arg(short = 'm', long = "moreStats")]
    pub more_stats: bool,
    /// List again every so often (seconds, or such as 500ms)
    #[arg(short = 'i', long = "interval", value_name = "TIME", value_parser = time::parse_duration)]
    pub interval: Option<Duration>,
}

/// The brokers, sorted by cluster, name and id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    more_stats: bool,
    /// When it was listed, in epoch milliseconds.
    #[serde(skip)]
    now: i64,
}

/// One broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// None where the broker did not answer.
    pub stats: Option<Stats>,
}

impl Output {
    fn load_table(&self, wide: bool) -> Table {
        let mut table = heading()
            .text("VERSION")
            .number("IN/S")
            .number("OUT/S")
            .number("HOURS")
            .number("DISK")
            .text("ACTIVE");
        if wide {
            for queue in ["SEND", "PULL", "ACK"] {
                table = table.number(&format!("{queue} QUEUE")).number(&format!("{queue} WAIT"));
            }
            table = table.number("PAGE CACHE").number("TIMER BEHIND").number("TIMER CONGESTED");
        }
        for row in &self.brokers {
            let Some(stats) = &row.stats else {
                table.row(named(row).into_iter().chain([Cell::toned("no answer", Tone::Bad)]));
                continue;
            };
            let mut cells = Vec::from(named(row));
            cells.extend([
                Cell::optional(stats.version.as_ref()),
                Cell::new(Text::decimal(stats.in_tps)),
                Cell::new(Text::decimal(stats.out_tps)),
                Cell::optional(stats.hours(self.now).map(Text::decimal)),
                Cell::optional(stats.disk_ratio.map(percent)),
                if stats.active { Cell::new("yes") } else { Cell::toned("no", Tone::Warn) },
            ]);
            if wide {
                for queue in [&stats.send_queue, &stats.pull_queue, &stats.ack_queue] {
                    cells.push(Cell::optional(queue.size));
                    cells.push(Cell::optional(queue.head_wait_ms.map(|wait| format!("{wait} ms"))));
                }
                cells.push(Cell::optional(stats.page_cache_lock_ms.map(|wait| format!("{wait} ms"))));
                cells.push(Cell::new(format!(
                    "{} ms, {} messages",
                    stats.timer.read_behind, stats.timer.offset_behind
                )));
                cells.push(Cell::new(stats.timer.congested));
            }
            table.row(cells);
        }
        table
    }

    fn totals_table(&self) -> Table {
        let mut table =
            heading().number("IN YESTERDAY").number("OUT YESTERDAY").number("IN TODAY").number("OUT TODAY");
        for row in &self.brokers {
            let totals = row.stats.as_ref().and_then(|stats| stats.totals);
            let numbers = match totals {
                Some(totals) => totals.as_mqadmin().map(Cell::new),
                None => [(); 4].map(|()| Cell::optional(None::<i64>)),
            };
            table.row(named(row).into_iter().chain(numbers));
        }
        table
    }

    /// The rows in the order in which mqadmin prints them: clusters as its hash table has them.
    fn as_mqadmin(&self) -> Vec<&Row> {
        let mut clusters: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &self.brokers {
            clusters.entry(&row.broker.cluster).or_default().push(row);
        }
        hashed(clusters, |(cluster, _)| string_hash(cluster)).into_iter().flat_map(|(_, rows)| rows).collect()
    }
}

fn heading() -> Table {
    Table::new().text("CLUSTER").text("BROKER").number("ID").text("ADDRESS")
}

fn named(row: &Row) -> [Cell; 4] {
    let broker = &row.broker;
    [
        Cell::new(&broker.cluster),
        Cell::new(&broker.broker_name),
        Cell::new(broker.broker_id),
        Cell::new(&broker.addr),
    ]
}

fn percent(ratio: f64) -> String {
    format!("{}%", fixed(ratio * 100.0, 0))
}

/// One line of mqadmin's twelve columns, header or row.
fn load_line(w: &mut dyn Write, cells: &[String; 12], header: bool) -> fmt::Result {
    let [cluster, name, id, addr, version, load_in, load_out, timer, wait, hour, space, active] = cells;
    let (wait, active) =
        if header { (left(wait, 11), left(active, 10)) } else { (right(wait, 11), right(active, 10)) };
    write!(w, "{}  {}  {}  {} ", left(cluster, 22), left(name, 22), left(id, 4), left(addr, 22))?;
    write!(w, "{}  {}  {}  ", left(version, 16), right(load_in, 16), right(load_out, 30))?;
    writeln!(w, "{}  {wait}  {}  {}  {active}", left(timer, 22), left(hour, 12), left(space, 8))
}

fn load_cells(row: &Row, now: i64) -> [String; 12] {
    let silent = Stats::default();
    let stats = row.stats.as_ref().unwrap_or(&silent);
    let text = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    let queue =
        |queue: &super::runtime::Queue| format!("{},{}ms", text(queue.size), text(queue.head_wait_ms));
    let ack = match (&row.stats, stats.ack_queue.size) {
        (Some(_), None) => "N,Nms".to_owned(),
        _ => queue(&stats.ack_queue),
    };
    let timer = &stats.timer;
    let tps = |value: f64| right(fixed(value, 2), 9);
    [
        row.broker.cluster.clone(),
        row.broker.broker_name.clone(),
        row.broker.broker_id.to_string(),
        row.broker.addr.clone(),
        stats.version.clone().unwrap_or_default(),
        format!("{}({})", tps(stats.in_tps), queue(&stats.send_queue)),
        format!("{}({}|{ack})", tps(stats.out_tps), queue(&stats.pull_queue)),
        format!(
            "{}-{}({}w, {}, {})",
            timer.read_behind,
            timer.offset_behind,
            fixed(congested_w(timer.congested), 1),
            fixed(timer.enqueue_tps, 1),
            fixed(timer.dequeue_tps, 1)
        ),
        text(stats.page_cache_lock_ms),
        fixed(stats.hours_as_mqadmin(now), 2),
        fixed(stats.disk_ratio.unwrap_or_default(), 4),
        stats.active.to_string(),
    ]
}

/// Tens of thousands, the unit of mqadmin's `w`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn congested_w(congested: i64) -> f64 {
    congested as f64 / 10_000.0
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        if self.more_stats { self.totals_table() } else { self.load_table(wide) }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if !self.more_stats {
            load_line(w, &HEADER.map(str::to_owned), true)?;
            return self
                .as_mqadmin()
                .into_iter()
                .try_for_each(|row| load_line(w, &load_cells(row, self.now), false));
        }
        let mut line = |cluster: &str, name: &str, numbers: [String; 4]| {
            let numbers = numbers.map(|number| right(number, 14)).join(" ");
            writeln!(w, "{}  {} {numbers}", left(cluster, 16), left(name, 32))
        };
        let head = ["#InTotalYest", "#OutTotalYest", "#InTotalToday", "#OutTotalToday"];
        line("#Cluster Name", "#Broker Name", head.map(str::to_owned))?;
        for row in self.as_mqadmin() {
            let totals = row.stats.as_ref().and_then(|stats| stats.totals).unwrap_or_default();
            line(
                &row.broker.cluster,
                &row.broker.broker_name,
                totals.as_mqadmin().map(|number| number.to_string()),
            )?;
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let none =
            self.brokers.is_empty().then(|| "no broker has registered with the name server".to_owned());
        none.into_iter().collect()
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

const HEADER: [&str; 12] = [
    "#Cluster Name",
    "#Broker Name",
    "#BID",
    "#Addr",
    "#Version",
    "#InTPS(LOAD)",
    "#OutTPS(LOAD)",
    "#Timer(Progress)",
    "#PCWait(ms)",
    "#Hour",
    "#SPACE",
    "#ACTIVATED",
];

/// Asks a name server for the brokers, and these for what they do.
///
/// # Errors
/// No name server is reached; the cluster is not there; no broker answers.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let info = ctx.cluster_info().await?;
    let brokers = match &args.cluster {
        Some(cluster) => targets::in_cluster(&info, cluster, targets::Roles::MastersAndSlaves)?,
        None => targets::all(&info),
    };
    let mut rows: Vec<Row> =
        brokers.iter().map(|broker| Row { broker: broker.clone(), stats: None }).collect();
    let mut failures = Vec::new();
    if !rows.is_empty() {
        let answers = ctx
            .ask_each("ask for the load", brokers, |broker| async move {
                ctx.ask::<GetBrokerRuntimeInfo>(&broker.addr, (), ()).await.map(|answer| answer.body.0)
            })
            .await?;
        for (broker, table) in answers.given {
            let row = rows.iter_mut().find(|row| row.broker == broker);
            if let Some(row) = row {
                row.stats = Some(Stats::of(&table.table));
            }
        }
        failures = answers.failures;
    }
    Ok(Output { brokers: rows, failures, more_stats: args.more_stats, now: ctx.clock.now_ms() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, pairs: Option<&[(&str, &str)]>) -> Row {
        let broker = Broker {
            cluster: "DefaultCluster".to_owned(),
            broker_name: name.to_owned(),
            broker_id: 0,
            addr: "127.0.0.1:10911".to_owned(),
        };
        let table =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Row { broker, stats: pairs.map(|pairs| Stats::of(&table(pairs))) }
    }

    fn full() -> Row {
        row(
            "broker-a",
            Some(&[
                ("brokerActive", "true"),
                ("brokerVersionDesc", "V5_5_0"),
                ("putTps", "0.39741679085941384 0.4 9.4"),
                ("getTransferredTps", "0.2 0.2 8.4"),
                ("sendThreadPoolQueueSize", "0"),
                ("sendThreadPoolQueueHeadWaitTimeMills", "0"),
                ("pullThreadPoolQueueSize", "0"),
                ("pullThreadPoolQueueHeadWaitTimeMills", "0"),
                ("ackThreadPoolQueueSize", "0"),
                ("ackThreadPoolQueueHeadWaitTimeMills", "0"),
                ("pageCacheLockTimeMills", "0"),
                ("earliestMessageTimeStamp", "1795518737932"),
                ("commitLogDiskRatio", "0.19"),
                ("msgPutTotalYesterdayMorning", "0"),
                ("msgPutTotalTodayMorning", "0"),
                ("msgPutTotalTodayNow", "59428"),
                ("msgGetTotalYesterdayMorning", "0"),
                ("msgGetTotalTodayMorning", "0"),
                ("msgGetTotalTodayNow", "27041"),
            ]),
        )
    }

    fn output(brokers: Vec<Row>, more_stats: bool) -> Output {
        Output { brokers, failures: vec![], more_stats, now: 1_795_519_817_932 }
    }

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins() {
        assert_eq!(
            classic(&output(vec![full(), row("lab-c", None)], false)),
            concat!(
                "#Cluster Name           #Broker Name            #BID  #Addr                  #Version              ",
                "#InTPS(LOAD)                   #OutTPS(LOAD)  #Timer(Progress)        #PCWait(ms)  #Hour         ",
                "#SPACE    #ACTIVATED\n",
                "DefaultCluster          broker-a                0     127.0.0.1:10911        V5_5_0                 ",
                "0.40(0,0ms)               0.20(0,0ms|0,0ms)  0-0(0.0w, 0.0, 0.0)               0  0.30          ",
                "0.1900          true\n",
                "DefaultCluster          lab-c                   0     127.0.0.1:10911                                 ",
                "0.00(,ms)                   0.00(,ms|,ms)  0-0(0.0w, 0.0, 0.0)                  0.00          ",
                "0.0000         false\n",
            )
        );
    }

    #[test]
    fn the_layout_of_more_stats_is_mqadmins() {
        assert_eq!(
            classic(&output(vec![full()], true)),
            concat!(
                "#Cluster Name     #Broker Name                       #InTotalYest  #OutTotalYest  #InTotalToday ",
                "#OutTotalToday\n",
                "DefaultCluster    broker-a                                      0              0          59428 ",
                "         27041\n"
            )
        );
    }

    #[test]
    fn a_silent_broker_is_listed_without_numbers() {
        let output = output(vec![full(), row("lab-c", None)], false);
        let lines = output.table(false).lines(None, true, false);
        assert_eq!(
            lines[0],
            "CLUSTER         BROKER    ID  ADDRESS          VERSION    IN/S  OUT/S  HOURS  DISK  ACTIVE"
        );
        assert_eq!(
            lines[1],
            "DefaultCluster  broker-a   0  127.0.0.1:10911  V5_5_0     0.40   0.20   0.30   19%  yes"
        );
        assert_eq!(lines[2], "DefaultCluster  lab-c      0  127.0.0.1:10911  no answer");
        let value = serde_json::to_value(&output).unwrap();
        assert_eq!(value["brokers"][0]["stats"]["inToday"], 59_428);
        assert_eq!(value["brokers"][1]["stats"], serde_json::Value::Null);
    }
}
