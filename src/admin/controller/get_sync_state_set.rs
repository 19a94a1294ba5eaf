//! `getSyncStateSet`: which replicas of a broker set keep up with its master.

use super::leader;
use crate::admin::{CommandError, Context, targets};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Render, Table, Text, Tone};
use crate::protocol::controller::Replicas;
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::time::Duration;

/// Show which replicas of broker sets are in sync
#[derive(Debug, Clone, clap::Args)]
#[command(
    group(clap::ArgGroup::new("where").args(["broker_name", "cluster_name"]).required(true)),
    after_long_help = "Examples:\n  rmq getSyncStateSet -a 127.0.0.1:9878 -b broker-a\n  \
        rmq getSyncStateSet -a 127.0.0.1:9878 -c DefaultCluster -i 5"
)]
pub struct Args {
    /// Controllers, asked in turn until one answers
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
    /// The broker set of this name
    #[arg(short = 'b', long = "brokerName", value_name = "BROKER")]
    pub broker_name: Option<String>,
    /// The broker sets of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
    /// Show again every so often (seconds, or such as 500ms)
    #[arg(short = 'i', long = "interval", value_name = "TIME", value_parser = time::parse_duration)]
    pub interval: Option<Duration>,
}

/// The broker sets, sorted by name.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Row>,
}

/// A broker set.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub broker_name: String,
    /// The master's id with the controller; none while there is no master.
    pub master_broker_id: Option<i64>,
    pub master_addr: Option<String>,
    /// Goes up with every election.
    pub master_epoch: i64,
    /// Goes up with every change of the in-sync replicas.
    pub sync_state_set_epoch: i64,
    /// In the order in which the controller has them, those in sync first.
    pub replicas: Vec<Member>,
}

/// A replica.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its id with the controller.
    pub broker_id: i64,
    pub addr: String,
    pub in_sync: bool,
    /// Whether the controller hears from it.
    pub alive: bool,
    /// The broker set it says it is of.
    #[serde(skip)]
    of: String,
}

impl Row {
    fn new(broker_name: String, set: Replicas) -> Self {
        let in_sync = set.in_sync_replicas.into_iter().map(|replica| (replica, true));
        let others = set.not_in_sync_replicas.into_iter().map(|replica| (replica, false));
        let replicas = in_sync.chain(others).map(|(replica, in_sync)| Member {
            broker_id: replica.broker_id,
            addr: replica.broker_address,
            in_sync,
            alive: replica.alive,
            of: replica.broker_name,
        });
        Row {
            broker_name,
            master_broker_id: set.master_broker_id,
            master_addr: set.master_address.filter(|addr| !addr.is_empty()),
            master_epoch: set.master_epoch,
            sync_state_set_epoch: set.sync_state_set_epoch,
            replicas: replicas.collect(),
        }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let id = self.master_broker_id.map_or_else(|| "null".to_owned(), |id| id.to_string());
        writeln!(w, "\n#brokerName\t{}\n#MasterBrokerId\t{id}", self.broker_name)?;
        writeln!(w, "#MasterAddr\t{}", self.master_addr.as_deref().unwrap_or("null"))?;
        writeln!(
            w,
            "#MasterEpoch\t{}\n#SyncStateSetEpoch\t{}",
            self.master_epoch, self.sync_state_set_epoch
        )?;
        let in_sync = self.replicas.iter().filter(|replica| replica.in_sync).count();
        writeln!(w, "#SyncStateSetNums\t{in_sync}")?;
        for Member { broker_id, addr, in_sync, alive, of } in &self.replicas {
            let name = if *in_sync { "InSyncReplica" } else { "NotInSyncReplica" };
            writeln!(
                w,
                "\n{name}:\tReplicaIdentity{{brokerName='{of}', brokerId={broker_id}, brokerAddress='{addr}', \
                 alive={alive}}}"
            )?;
        }
        Ok(())
    }
}

impl Render for Output {
    fn table(&self, wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").text("ROLE").text("IN SYNC");
        table = table.text("ALIVE");
        if wide {
            table = table.number("MASTER EPOCH").number("SET EPOCH");
        }
        for row in &self.brokers {
            for member in &row.replicas {
                let master = row.master_broker_id == Some(member.broker_id);
                let flag =
                    |value, tone| Cell::toned(Text::yes_no(value), if value { Tone::Plain } else { tone });
                let cells = [
                    Cell::new(&row.broker_name),
                    Cell::new(member.broker_id),
                    Cell::new(&member.addr),
                    Cell::new(if master { "master" } else { "slave" }),
                    flag(member.in_sync, Tone::Warn),
                    flag(member.alive, Tone::Bad),
                ];
                let epochs = [Cell::new(row.master_epoch), Cell::new(row.sync_state_set_epoch)];
                table.row(cells.into_iter().chain(epochs.into_iter().filter(|_| wide)));
            }
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let rows = hashed(&self.brokers, |row| string_hash(&row.broker_name));
        rows.into_iter().try_for_each(|row| row.classic(w))
    }

    fn notes(&self) -> Vec<String> {
        let leaderless = self.brokers.iter().filter(|row| row.master_broker_id.is_none());
        leaderless.map(|row| format!("broker set {} has no master", row.broker_name)).collect()
    }
}

/// Asks the leader of the controllers.
///
/// # Errors
/// An unknown cluster; broker sets that the controllers do not know; no controller answers.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    if let Some(name) = &args.broker_name {
        let leader = leader::leader(ctx, &args.controllers).await?;
        let set = leader::replicas_of(ctx, &leader, name).await?;
        return Ok(Output { brokers: vec![Row::new(name.clone(), set)] });
    }
    let cluster = args.cluster_name.unwrap_or_default();
    let info = ctx.cluster_info().await?;
    let names =
        info.cluster_addr_table.get(&cluster).ok_or_else(|| targets::unknown_cluster(&info, &cluster))?;
    let leader = leader::leader(ctx, &args.controllers).await?;
    let sets = leader::replicas(ctx, &leader, names.iter().cloned().collect()).await?;
    if sets.is_empty() {
        return Err(CommandError::not_found(format!("the controllers know no broker of cluster {cluster}"))
            .hint("brokers register with them if they run with enableControllerMode=true"));
    }
    Ok(Output { brokers: sets.into_iter().map(|(name, set)| Row::new(name, set)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::controller::Replica;

    fn replica(id: i64, alive: bool) -> Replica {
        let broker_address = format!("127.0.0.1:20{id}11");
        Replica { alive, broker_address, broker_id: id, broker_name: "ctl-a".into() }
    }

    #[test]
    fn the_text_is_mqadmins() {
        let set = Replicas {
            in_sync_replicas: vec![replica(2, true)],
            not_in_sync_replicas: vec![replica(1, false)],
            master_address: Some("127.0.0.1:20211".into()),
            master_broker_id: Some(2),
            master_epoch: 2,
            sync_state_set_epoch: 4,
        };
        let output = Output { brokers: vec![Row::new("ctl-a".into(), set)] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "\n#brokerName\tctl-a\n#MasterBrokerId\t2\n#MasterAddr\t127.0.0.1:20211\n#MasterEpoch\t2\n\
             #SyncStateSetEpoch\t4\n#SyncStateSetNums\t1\n\nInSyncReplica:\tReplicaIdentity{brokerName='ctl-a', \
             brokerId=2, brokerAddress='127.0.0.1:20211', alive=true}\n\nNotInSyncReplica:\tReplicaIdentity{\
             brokerName='ctl-a', brokerId=1, brokerAddress='127.0.0.1:20111', alive=false}\n"
        );
        assert!(output.notes().is_empty());
    }

    #[test]
    fn a_set_without_a_master_is_told() {
        let output = Output { brokers: vec![Row::new("a".into(), Replicas::default())] };
        assert_eq!(output.notes(), ["broker set a has no master"]);
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert!(text.starts_with("\n#brokerName\ta\n#MasterBrokerId\tnull\n#MasterAddr\tnull\n"), "{text}");
    }
}
