//! `getColdDataFlowCtrInfo`: how much groups may read from disk, and how much they have read.

use crate::admin::broker::which::Which;
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{concurrent, string_hash};
use crate::output::{Cell, Failure, Render, Table};
use crate::protocol::upkeep::{ColdDataInfo, GetColdDataFlowCtrInfo};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Show the limits on reading from disk, and what was read
///
/// A message is cold when it is not in memory any more. A broker limits what a group may read of those, per interval,
/// if coldDataFlowControlEnable is set; it keeps and shows the limits also if not.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getColdDataFlowCtrInfo -b 127.0.0.1:10911\n  \
        rmq getColdDataFlowCtrInfo -c DefaultCluster --output json")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
}

/// The limits of every broker asked, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_cluster: bool,
}

/// A broker's limits.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// What a group may read that has no limit of its own, in bytes per interval.
    pub group_limit: i64,
    /// What all groups together may read, in bytes per interval.
    pub global_limit: i64,
    /// What all groups have read in this interval, in bytes.
    pub global_read: i64,
    /// The groups that have a limit of their own or have read, sorted by name.
    pub groups: Vec<Group>,
    #[serde(skip)]
    info: ColdDataInfo,
}

/// A group on a broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub group: String,
    /// Its own limit, in bytes per interval.
    pub limit: Option<i64>,
    /// What it has read in this interval, in bytes.
    pub read: Option<i64>,
    /// When it last read what is cold, in epoch milliseconds.
    pub last_read: Option<i64>,
}

impl Row {
    fn new(broker: Broker, info: ColdDataInfo) -> Self {
        let mut groups: BTreeMap<&String, Group> = BTreeMap::new();
        for name in info.config_table.keys().chain(info.runtime_table.keys()) {
            let number = |key: &str| info.runtime_table.get(name).and_then(|entry| entry.get(key)?.as_i64());
            groups.entry(name).or_insert_with(|| Group {
                group: name.clone(),
                limit: info.config_table.get(name).copied(),
                read: number("coldAcc"),
                last_read: number("lastColdReadTimeMills"),
            });
        }
        Row {
            broker,
            group_limit: info.cg_cold_read_threshold,
            global_limit: info.global_cold_read_threshold,
            global_read: info.global_acc,
            groups: groups.into_values().collect(),
            info,
        }
    }

    /// The JSON that mqadmin prints: times as text, in the order in which the broker has them.
    fn document(&self) -> Value {
        let read = in_order(&self.info.runtime_table, with_times);
        let limits = in_order(&self.info.config_table, |limit| Value::from(*limit));
        serde_json::json!({
            "runtimeTable": read,
            "configTable": limits,
            "cgColdReadThreshold": self.group_limit,
            "globalColdReadThreshold": self.global_limit,
            "globalAcc": self.global_read,
        })
    }
}

/// A table of groups in the order in which a broker's `ConcurrentHashMap` has them.
fn in_order<T>(table: &BTreeMap<String, T>, shown: impl Fn(&T) -> Value) -> Map<String, Value> {
    let entries = concurrent(table, |(name, _)| string_hash(name));
    entries.into_iter().map(|(name, entry)| (name.clone(), shown(entry))).collect()
}

/// An entry of the runtime table with its times as text, behind the rest.
fn with_times(entry: &Value) -> Value {
    let mut entry = entry.as_object().cloned().unwrap_or_default();
    for (millis, text) in
        [("lastColdReadTimeMills", "lastColdReadTimeFormat"), ("createTimeMills", "createTimeFormat")]
    {
        if let Some(time) = entry.shift_remove(millis).and_then(|time| time.as_i64()) {
            entry.insert(text.to_owned(), Value::from(time::seconds(time)));
        }
    }
    Value::Object(entry)
}

/// JSON as fastjson lays it out for people: a tab for each level, no blank behind a colon.
fn pretty(value: &Value, depth: usize, w: &mut dyn Write) -> fmt::Result {
    let Some(object) = value.as_object().filter(|object| !object.is_empty()) else {
        return write!(w, "{value}");
    };
    writeln!(w, "{{")?;
    for (index, (name, value)) in object.iter().enumerate() {
        let name = Value::from(name.as_str());
        write!(w, "{}{name}:", "\t".repeat(depth + 1))?;
        pretty(value, depth + 1, w)?;
        writeln!(w, "{}", if index + 1 < object.len() { "," } else { "" })?;
    }
    write!(w, "{}}}", "\t".repeat(depth))
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table =
            Table::new().text("BROKER").text("ADDRESS").text("GROUP").number("LIMIT").number("READ");
        table = table.text("LAST READ");
        for row in &self.brokers {
            let name = &row.broker.broker_name;
            let at =
                || [Cell::optional(Some(name).filter(|name| !name.is_empty())), Cell::new(&row.broker.addr)];
            let all = [Cell::new("(all together)"), Cell::new(row.global_limit), Cell::new(row.global_read)];
            table.row(at().into_iter().chain(all).chain([Cell::optional(None::<i64>)]));
            let each = [Cell::new("(each other)"), Cell::new(row.group_limit)];
            table.row(
                at().into_iter()
                    .chain(each)
                    .chain([Cell::optional(None::<i64>), Cell::optional(None::<i64>)]),
            );
            for group in &row.groups {
                let own = [
                    Cell::new(&group.group),
                    Cell::new(group.limit.unwrap_or(row.group_limit)),
                    Cell::optional(group.read),
                    Cell::optional(group.last_read.map(time::seconds)),
                ];
                table.row(at().into_iter().chain(own));
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let mut show = |heading: &str, row: Option<&Row>| -> fmt::Result {
            writeln!(w, " ============{heading}============")?;
            if let Some(row) = row {
                pretty(&row.document(), 0, w)?;
                writeln!(w)?;
            }
            Ok(())
        };
        if !self.by_cluster {
            return self.brokers.iter().try_for_each(|row| show(&row.broker.addr, Some(row)));
        }
        let announced = targets::by_master(&self.brokers, |row| &row.broker);
        announced.into_iter().try_for_each(|broker| show(&broker.heading, broker.row))
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks the broker, or all brokers of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let answers = ctx
        .ask_each("read the limits of cold data", brokers, |broker| async move {
            ctx.ask::<GetColdDataFlowCtrInfo>(&broker.addr, (), ()).await.map(|answer| answer.body.0)
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, info)| Row::new(broker, info)).collect();
    Ok(Output { brokers, failures: answers.failures, by_cluster: args.which.is_cluster() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn row(limits: &[(&str, i64)]) -> Row {
        let info = ColdDataInfo {
            config_table: limits.iter().map(|(group, limit)| ((*group).to_owned(), *limit)).collect(),
            cg_cold_read_threshold: 3_145_728,
            global_cold_read_threshold: 104_857_600,
            ..ColdDataInfo::default()
        };
        Row::new(targets::at_addr(None, "127.0.0.1:20511"), info)
    }

    fn classic(row: Row, by_cluster: bool) -> String {
        let mut text = String::new();
        Output { brokers: vec![row], failures: vec![], by_cluster }.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins() {
        assert_eq!(
            classic(row(&[("ct_push", 1_048_576)]), true),
            " ============Master: 127.0.0.1:20511============\n{\n\t\"runtimeTable\":{},\n\t\"configTable\":{\n\
             \t\t\"ct_push\":1048576\n\t},\n\t\"cgColdReadThreshold\":3145728,\n\
             \t\"globalColdReadThreshold\":104857600,\n\t\"globalAcc\":0\n}\n"
        );
        let one = classic(row(&[]), false);
        assert!(
            one.starts_with(" ============127.0.0.1:20511============\n{\n\t\"runtimeTable\":{},\n"),
            "{one}"
        );
    }

    #[test]
    fn times_are_text_behind_the_rest() {
        let entry = serde_json::json!({"coldAcc": 5, "createTimeMills": 2000, "lastColdReadTimeMills": 1000});
        let shown = with_times(&entry);
        let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["coldAcc", "lastColdReadTimeFormat", "createTimeFormat"]);
        assert_eq!(shown["createTimeFormat"], time::seconds_in(2000, &TimeZone::system()));
    }

    #[test]
    fn a_group_has_its_limit_and_what_it_read() {
        let mut row = row(&[("a", 7)]);
        row.info
            .runtime_table
            .insert("b".into(), serde_json::json!({"coldAcc": 5, "lastColdReadTimeMills": 9}));
        let row = Row::new(row.broker, row.info);
        let json = serde_json::to_value(&row.groups).unwrap();
        assert_eq!(
            json,
            serde_json::json!([
                {"group": "a", "limit": 7, "read": null, "lastRead": null},
                {"group": "b", "limit": null, "read": 5, "lastRead": 9},
            ])
        );
    }
}
