//! `getBrokerEpoch`: which master wrote which part of each replica's log.

use crate::admin::targets::{self, Broker, Roles, unknown_broker};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table};
use crate::protocol::upkeep::{Epochs, GetBrokerEpochCache};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// Show which election's master wrote which part of the log
///
/// Only brokers in controller mode (enableControllerMode=true) keep this.
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_name", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq getBrokerEpoch -b broker-a\n  rmq getBrokerEpoch -c DefaultCluster -i 5"
)]
pub struct Args {
    /// The replicas of the broker set of this name
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: Option<String>,
    /// All brokers of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// Show again every so often (seconds, or such as 500ms)
    #[arg(short = 'i', long = "interval", value_name = "TIME", value_parser = time::parse_duration)]
    pub interval: Option<Duration>,
}

/// The replicas, sorted by cluster, name and id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
    pub failures: Vec<Failure>,
}

/// A replica, as it calls itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub broker: Broker,
    /// The parts of its log, the oldest first.
    pub epochs: Vec<Part>,
}

/// The part of a log that one master wrote.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The number of the election.
    pub epoch: i64,
    /// In bytes.
    pub start_offset: i64,
    /// In bytes; of the last part the end of the log.
    pub end_offset: i64,
}

impl Row {
    fn new(asked: Broker, told: Epochs) -> Self {
        let mut epochs: Vec<Part> = told
            .epoch_list
            .into_iter()
            .map(|part| Part {
                epoch: part.epoch,
                start_offset: part.start_offset,
                end_offset: part.end_offset,
            })
            .collect();
        if let Some(last) = epochs.last_mut() {
            last.end_offset = told.max_offset;
        }
        let broker = Broker {
            cluster: told.cluster_name,
            broker_name: told.broker_name,
            broker_id: told.broker_id,
            addr: asked.addr,
        };
        Row { broker, epochs }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let Broker { cluster, broker_name, broker_id, addr } = &self.broker;
        write!(
            w,
            "\n#clusterName\t{cluster}\n#brokerName\t{broker_name}\n#brokerAddr\t{addr}\n#brokerId\t{broker_id}"
        )?;
        for Part { epoch, start_offset, end_offset } in &self.epochs {
            write!(
                w,
                "\n#Epoch: EpochEntry{{epoch={epoch}, startOffset={start_offset}, endOffset={end_offset}}}"
            )?;
        }
        writeln!(w)
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").number("EPOCH");
        table = table.number("START").number("END");
        for Row { broker, epochs } in &self.brokers {
            for part in epochs {
                table.row([
                    Cell::new(&broker.broker_name),
                    Cell::new(broker.broker_id),
                    Cell::new(&broker.addr),
                    Cell::new(part.epoch),
                    Cell::new(part.start_offset),
                    Cell::new(part.end_offset),
                ]);
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let rows = targets::as_mqadmin(&self.brokers, |row| &row.broker.addr);
        rows.into_iter().try_for_each(|row| row.classic(w))
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// Asks every replica side by side.
///
/// # Errors
/// An unknown broker or cluster; all replicas failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let info = ctx.cluster_info().await?;
    let brokers = match (&args.broker_name, &args.cluster_name) {
        (Some(name), _) => {
            let mut brokers = targets::all(&info);
            brokers.retain(|broker| broker.broker_name == *name);
            if brokers.is_empty() {
                return Err(unknown_broker(name, info.broker_addr_table.keys().map(String::as_str)));
            }
            brokers
        }
        (None, cluster) => {
            targets::in_cluster(&info, cluster.as_deref().unwrap_or_default(), Roles::MastersAndSlaves)?
        }
    };
    let answers = ctx
        .ask_each("read the epochs", brokers, |broker| async move {
            ctx.ask::<GetBrokerEpochCache>(&broker.addr, (), ()).await.map(|answer| answer.body.0)
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, told)| Row::new(broker, told)).collect();
    Ok(Output { brokers, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::upkeep::Epoch;

    #[test]
    fn the_last_part_ends_where_the_log_does() {
        let told = Epochs {
            cluster_name: "CtlCluster".into(),
            broker_name: "ctl-a".into(),
            broker_id: 1,
            epoch_list: vec![
                Epoch { epoch: 1, start_offset: 0, end_offset: 2037 },
                Epoch { epoch: 2, start_offset: 2037, end_offset: i64::MAX },
            ],
            max_offset: 2037,
        };
        let row = Row::new(targets::at_addr(None, "127.0.0.1:20111"), told);
        let mut text = String::new();
        Output { brokers: vec![row], failures: vec![] }.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "\n#clusterName\tCtlCluster\n#brokerName\tctl-a\n#brokerAddr\t127.0.0.1:20111\n#brokerId\t1\n\
             #Epoch: EpochEntry{epoch=1, startOffset=0, endOffset=2037}\n\
             #Epoch: EpochEntry{epoch=2, startOffset=2037, endOffset=2037}\n"
        );
    }
}
