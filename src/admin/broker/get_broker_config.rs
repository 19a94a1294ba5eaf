//! `getBrokerConfig`: the settings of brokers.

use super::which::Which;
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::config::parse_properties;
use crate::output::java_order::{concurrent, string_hash};
use crate::output::{Cell, Failure, Render, Table, left};
use crate::protocol::broker::GetBrokerConfig;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

/// Show the settings of brokers
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getBrokerConfig -b 127.0.0.1:10911\n  \
        rmq getBrokerConfig -c DefaultCluster --key flush --key fileReservedTime\n  \
        rmq getBrokerConfig -c DefaultCluster --differing")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Only settings whose name contains this, in any case; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub key: Vec<String>,
    /// Only settings that are not the same on all of the brokers
    #[arg(long)]
    pub differing: bool,
}

/// The settings of every broker asked, sorted by broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_cluster: bool,
}

/// The settings of a broker.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    pub config: BTreeMap<String, String>,
    /// Their names in the order in which the broker gave them.
    #[serde(skip)]
    order: Vec<String>,
}

impl Row {
    fn new(broker: Broker, text: &str) -> Self {
        let given = pairs(text);
        let order = given.iter().map(|(key, _)| key.clone()).collect();
        Row { broker, config: given.into_iter().collect(), order }
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.config.retain(|key, _| keep(key));
        self.order.retain(|key| keep(key));
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        for key in concurrent(&self.order, |key| string_hash(key)) {
            if let Some(value) = self.config.get(key) {
                writeln!(w, "{}=  {value}", left(key, 50))?;
            }
        }
        writeln!(w)
    }
}

/// The properties in a broker's answer; what is malformed in it is left out.
pub(in crate::admin) fn pairs(text: &str) -> Vec<(String, String)> {
    let parsed = parse_properties(text).unwrap_or_default();
    parsed.into_iter().map(|property| (property.key, property.value)).collect()
}

impl Output {
    fn classic_cluster(&self, w: &mut dyn Write) -> fmt::Result {
        for targets::Announced { heading, row } in targets::by_master(&self.brokers, |row| &row.broker) {
            writeln!(w, "============{heading}============")?;
            if let Some(row) = row {
                row.classic(w)?;
            }
        }
        Ok(())
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new();
        if self.by_cluster {
            table = table.text("BROKER").number("ID").text("ADDRESS");
        }
        let mut table = table.text("KEY").text("VALUE");
        for row in &self.brokers {
            for (key, value) in &row.config {
                let own = [Cell::new(key), Cell::new(value)];
                if self.by_cluster {
                    let broker = &row.broker;
                    let at = [
                        Cell::new(&broker.broker_name),
                        Cell::new(broker.broker_id),
                        Cell::new(&broker.addr),
                    ];
                    table.row(at.into_iter().chain(own));
                } else {
                    table.row(own);
                }
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        if self.by_cluster {
            return self.classic_cluster(w);
        }
        self.brokers.iter().try_for_each(|row| {
            writeln!(w, "============{}============", row.broker.addr)?;
            row.classic(w)
        })
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Whether a setting's name contains one of `parts`, in any case; without parts all do.
fn is_wanted(key: &str, parts: &[String]) -> bool {
    let key = key.to_lowercase();
    parts.is_empty() || parts.iter().any(|part| key.contains(&part.trim().to_lowercase()))
}

/// The settings that are not the same on all brokers.
fn differing(rows: &[Row]) -> BTreeSet<String> {
    let keys: BTreeSet<&String> = rows.iter().flat_map(|row| row.config.keys()).collect();
    let differs = |key: &&String| {
        let mut values = rows.iter().map(|row| row.config.get(*key));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    keys.into_iter().filter(differs).cloned().collect()
}

/// Asks the broker, or all brokers of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed; no setting of the names asked for.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = args.which.brokers(ctx, Roles::MastersAndSlaves).await?;
    let answers = ctx
        .ask_each("read the settings", brokers, |broker| async move {
            ctx.ask::<GetBrokerConfig>(&broker.addr, (), ()).await.map(|answer| answer.body)
        })
        .await?;
    let mut rows: Vec<Row> =
        answers.given.into_iter().map(|(broker, text)| Row::new(broker, &text)).collect();
    let names: BTreeSet<String> = rows.iter().flat_map(|row| row.config.keys().cloned()).collect();
    if let Some(part) = args.key.iter().find(|part| !names.iter().any(|n| is_wanted(n, &[(*part).clone()]))) {
        return Err(targets::unknown("setting", part, names.iter().map(String::as_str)));
    }
    rows.iter_mut().for_each(|row| row.retain(|key| is_wanted(key, &args.key)));
    if args.differing {
        let differing = differing(&rows);
        rows.iter_mut().for_each(|row| row.retain(|key| differing.contains(key)));
    }
    Ok(Output { brokers: rows, failures: answers.failures, by_cluster: args.which.is_cluster() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, id: i64, addr: &str, text: &str) -> Row {
        let broker = Broker {
            cluster: "C".to_owned(),
            broker_name: name.to_owned(),
            broker_id: id,
            addr: addr.to_owned(),
        };
        Row::new(broker, text)
    }

    fn classic(output: &Output) -> String {
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        text
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let one = Output {
            brokers: vec![row("", 0, "127.0.0.1:10911", "brokerName=broker-a\n")],
            failures: vec![],
            by_cluster: false,
        };
        assert_eq!(
            classic(&one),
            "============127.0.0.1:10911============\n\
             brokerName                                        =  broker-a\n\n"
        );
        let cluster = Output {
            brokers: vec![row("a", 0, "127.0.0.1:20211", "x=1\n"), row("a", 1, "127.0.0.1:20111", "x=2\n")],
            failures: vec![],
            by_cluster: true,
        };
        let text = classic(&cluster);
        let heads: Vec<&str> = text.lines().filter(|line| line.starts_with('=')).collect();
        assert_eq!(
            heads,
            [
                "============Master: 127.0.0.1:20211============",
                "============My Master: 127.0.0.1:20211=====Slave: 127.0.0.1:20111============"
            ]
        );
    }

    #[test]
    fn only_what_differs_or_is_named() {
        let rows = [row("a", 0, "a:1", "x=1\ny=1\n"), row("b", 0, "b:1", "x=1\ny=2\nz=3\n")];
        assert_eq!(differing(&rows).into_iter().collect::<Vec<_>>(), ["y", "z"]);
        assert!(is_wanted("flushDiskType", &["DISK".to_owned()]));
        assert!(!is_wanted("flushDiskType", &["x".to_owned()]));
    }
}
