//! `topicRoute`: where a topic is.

use super::perm::perm_text;
use crate::admin::{CommandError, Context};
use crate::output::{Render, Table, counted, left};
use crate::protocol::route::{BrokerData, QueueData, TopicRouteData};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// Show the brokers and queues that serve a topic
///
/// The name servers are asked. As mqadmin prints it (--output classic), the route is JSON with bare numbers as
/// keys, or with -l a table; the other forms of output show the same whether -l is given or not.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_long_help = "Examples:\n  rmq topicRoute -t TopicTest\n  rmq topicRoute -t TopicTest --output json"
)]
pub struct Args {
    /// The topic
    #[arg(short = 't', long = "topic", value_name = "TOPIC")]
    pub topic: String,
    /// In classic output, a table instead of JSON
    #[arg(short = 'l', long = "list")]
    pub list: bool,
}

/// The route of a topic, brokers sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub topic: String,
    pub brokers: Vec<Row>,
    /// Queues per broker in a fixed order, for an ordered topic.
    pub order_topic_conf: Option<String>,
    /// Which queue is where, for a static topic.
    pub topic_queue_mapping_by_broker: Option<BTreeMap<String, Value>>,
    #[serde(skip)]
    route: TopicRouteData,
    #[serde(skip)]
    list: bool,
}

/// A broker of the route.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub cluster: String,
    pub broker_name: String,
    pub addrs: Vec<Addr>,
    pub read_queue_nums: i32,
    pub write_queue_nums: i32,
    /// Bits: 4 read, 2 write, 1 inherit.
    pub perm: i32,
    pub topic_sys_flag: i32,
}

/// One address of a broker's name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Addr {
    /// 0 for the master.
    pub broker_id: i64,
    pub addr: String,
}

impl Output {
    fn new(topic: String, route: TopicRouteData, list: bool) -> Self {
        let queues: BTreeMap<&str, &QueueData> =
            route.queue_datas.iter().map(|data| (data.broker_name.as_str(), data)).collect();
        let mut brokers: Vec<Row> = route
            .broker_datas
            .iter()
            .map(|data| Row::new(data, queues.get(data.broker_name.as_str()).copied()))
            .collect();
        brokers.sort_by(|a, b| a.broker_name.cmp(&b.broker_name));
        Output {
            topic,
            brokers,
            order_topic_conf: route.order_topic_conf.clone(),
            topic_queue_mapping_by_broker: route.topic_queue_mapping_by_broker.clone(),
            route,
            list,
        }
    }

    fn classic_list(&self, w: &mut dyn Write) -> fmt::Result {
        list_line(w, ["#ClusterName", "#BrokerName", "#BrokerAddrs", "#ReadQueue", "#WriteQueue", "#Perm"])?;
        for row in &self.brokers {
            let (read, write) = (row.read_queue_nums.to_string(), row.write_queue_nums.to_string());
            let cells =
                [&row.cluster, &row.broker_name, &row.addrs_text(), &read, &write, &row.perm.to_string()];
            list_line(w, cells.map(String::as_str))?;
        }
        writeln!(w, "{}", "-".repeat(158))?;
        let names: BTreeSet<&str> =
            self.route.queue_datas.iter().map(|data| data.broker_name.as_str()).collect();
        let (read, write) = self.queues();
        let cells = ["Total:", &names.len().to_string(), "", &read.to_string(), &write.to_string(), ""];
        list_line(w, cells)
    }

    /// All queues that can be read, and that can be written.
    fn queues(&self) -> (i64, i64) {
        let sum = |of: fn(&Row) -> i32| self.brokers.iter().map(|row| i64::from(of(row))).sum();
        (sum(|row| row.read_queue_nums), sum(|row| row.write_queue_nums))
    }
}

/// One line of mqadmin's list form.
fn list_line(w: &mut dyn Write, cells: [&str; 6]) -> fmt::Result {
    let [cluster, broker, addrs, read, write, perm] = cells;
    let (cluster, broker, addrs) = (left(cluster, 45), left(broker, 32), left(addrs, 50));
    writeln!(w, "{cluster} {broker} {addrs} {} {} {}", left(read, 10), left(write, 11), left(perm, 5))
}

impl Row {
    /// The addresses as Java's `HashMap` prints them.
    fn addrs_text(&self) -> String {
        let addrs: Vec<String> =
            self.addrs.iter().map(|addr| format!("{}={}", addr.broker_id, addr.addr)).collect();
        format!("{{{}}}", addrs.join(", "))
    }

    fn new(data: &BrokerData, queues: Option<&QueueData>) -> Self {
        let queues = queues.cloned().unwrap_or_default();
        Row {
            cluster: data.cluster.clone(),
            broker_name: data.broker_name.clone(),
            addrs: data
                .broker_addrs
                .iter()
                .map(|(id, addr)| Addr { broker_id: *id, addr: addr.clone() })
                .collect(),
            read_queue_nums: queues.read_queue_nums,
            write_queue_nums: queues.write_queue_nums,
            perm: queues.perm,
            topic_sys_flag: queues.topic_sys_flag,
        }
    }
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new()
            .text("CLUSTER")
            .text("BROKER")
            .text("ADDRESSES")
            .number("READ")
            .number("WRITE")
            .text("PERM");
        if wide {
            table = table.number("SYSFLAG");
        }
        for row in &self.brokers {
            let addrs: Vec<String> =
                row.addrs.iter().map(|addr| format!("{}={}", addr.broker_id, addr.addr)).collect();
            let mut cells = vec![
                row.cluster.clone(),
                row.broker_name.clone(),
                addrs.join(" "),
                row.read_queue_nums.to_string(),
                row.write_queue_nums.to_string(),
                perm_text(row.perm),
            ];
            if wide {
                cells.push(row.topic_sys_flag.to_string());
            }
            table.row(cells);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if self.list {
            return self.classic_list(w);
        }
        let route = serde_json::to_value(&self.route).map_err(|_| fmt::Error)?;
        writeln!(w, "{}", fastjson_pretty(&route))
    }

    fn notes(&self) -> Vec<String> {
        let (read, write) = self.queues();
        let mut notes = vec![format!(
            "{}, {} to read, {write} to write",
            counted(self.brokers.len(), "broker"),
            counted(read, "queue")
        )];
        notes.extend(self.order_topic_conf.iter().map(|conf| format!("ordered: {conf}")));
        if self.topic_queue_mapping_by_broker.is_some() {
            notes.push("a static topic; --output json shows which queue is where".to_owned());
        }
        notes
    }
}

/// Asks the name servers for the route.
///
/// # Errors
/// No name server is reached; the topic is not there.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let route = ctx.route(&args.topic).await?;
    Ok(Output::new(args.topic, route, args.list))
}

/// JSON as fastjson's `PrettyFormat` writes it: tabs, no blank after a colon, and keys that are numbers in Java's
/// maps without quotes.
pub(in crate::admin) fn fastjson_pretty(value: &Value) -> String {
    let mut text = String::new();
    write_pretty(value, 0, "", &mut text);
    text
}

fn write_pretty(value: &Value, depth: usize, name: &str, out: &mut String) {
    let bare = matches!(name, "brokerAddrs" | "currIdMap");
    match value {
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            out.push('{');
            for (i, (key, member)) in map.iter().enumerate() {
                next_line(i > 0, depth + 1, out);
                let key_text = if bare { key.clone() } else { Value::from(key.as_str()).to_string() };
                out.push_str(&key_text);
                out.push(':');
                write_pretty(member, depth + 1, key, out);
            }
            next_line(false, depth, out);
            out.push('}');
        }
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                next_line(i > 0, depth + 1, out);
                write_pretty(item, depth + 1, "", out);
            }
            next_line(false, depth, out);
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn next_line(comma: bool, depth: usize, out: &mut String) {
    out.push_str(if comma { ",\n" } else { "\n" });
    out.extend(std::iter::repeat_n('\t', depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    fn output(json: &str, list: bool) -> Output {
        Output::new("CT".to_owned(), fastjson::from_slice(json.as_bytes()).unwrap(), list)
    }

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    const TWO: &str = r#"{"brokerDatas":[
        {"brokerAddrs":{0:"127.0.0.1:20511"},"brokerName":"lab-a","cluster":"LabCluster","enableActingMaster":false},
        {"brokerAddrs":{0:"127.0.0.1:20211",1:"127.0.0.1:20111"},"brokerName":"ctl-a","cluster":"CtlCluster","enableActingMaster":false}],
        "filterServerTable":{},
        "queueDatas":[{"brokerName":"lab-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4},
        {"brokerName":"ctl-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}"#;

    #[test]
    fn the_list_is_mqadmins() {
        let dashes = "-".repeat(158);
        let want = [
            "#ClusterName                                  #BrokerName                      #BrokerAddrs                                       #ReadQueue #WriteQueue #Perm\n",
            "CtlCluster                                    ctl-a                            {0=127.0.0.1:20211, 1=127.0.0.1:20111}             4          4           6    \n",
            "LabCluster                                    lab-a                            {0=127.0.0.1:20511}                                4          4           6    \n",
            &dashes,
            "\nTotal:                                        2                                                                                   8          8                \n",
        ];
        assert_eq!(classic(&output(TWO, true)), want.concat());
    }

    #[test]
    fn the_json_is_fastjsons() {
        let one = r#"{"brokerDatas":[{"brokerAddrs":{"0":"127.0.0.1:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],
            "filterServerTable":{},"orderTopicConf":"broker-a:4","queueDatas":[],
            "topicQueueMappingByBroker":{"lab-a":{"bname":"lab-a","currIdMap":{0:2}}}}"#;
        let want = "{\n\t\"brokerDatas\":[\n\t\t{\n\t\t\t\"brokerAddrs\":{\n\t\t\t\t0:\"127.0.0.1:10911\"\n\t\t\t},\n\
            \t\t\t\"brokerName\":\"broker-a\",\n\t\t\t\"cluster\":\"DefaultCluster\",\n\
            \t\t\t\"enableActingMaster\":false\n\t\t}\n\t],\n\t\"filterServerTable\":{},\n\
            \t\"orderTopicConf\":\"broker-a:4\",\n\t\"queueDatas\":[],\n\
            \t\"topicQueueMappingByBroker\":{\n\t\t\"lab-a\":{\n\t\t\t\"bname\":\"lab-a\",\n\
            \t\t\t\"currIdMap\":{\n\t\t\t\t0:2\n\t\t\t}\n\t\t}\n\t}\n}\n";
        assert_eq!(classic(&output(one, false)), want);
    }

    #[test]
    fn a_table_for_people() {
        let lines = output(TWO, false).table(false).lines(None, true, false);
        assert_eq!(lines[0], "CLUSTER     BROKER  ADDRESSES                            READ  WRITE  PERM");
        assert_eq!(lines[1], "CtlCluster  ctl-a   0=127.0.0.1:20211 1=127.0.0.1:20111     4      4  RW-");
    }
}
