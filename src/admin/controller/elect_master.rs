//! `electMaster`: makes a replica the master of its broker set.

use super::leader::{self, all_of};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Cell, Render, Table, Tone};
use crate::protocol::body::Json;
use crate::protocol::controller::{ControllerElectMaster, ElectMasterHeader, Replicas};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Make a replica the master of its broker set
///
/// Controllers elect only a replica that is in sync, unless enableElectUncleanMaster is set, and none while the present
/// master is the one that is asked for. Writes fail for a moment. It asks first; --yes answers yes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        rmq electMaster -a 127.0.0.1:9878 -b 2 --brokerName broker-a -c DefaultCluster\n  \
        rmq electMaster -a 127.0.0.1:9878 -b 2 --brokerName broker-a -c DefaultCluster --dry-run")]
pub struct Args {
    /// Controllers, asked in turn until one answers
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
    /// The replica that is to be master, by its id with the controller
    #[arg(short = 'b', long = "brokerId", value_name = "ID")]
    pub broker_id: i64,
    /// The name of the broker set
    #[arg(long = "brokerName", alias = "bn", value_name = "BROKER")]
    pub broker_name: String,
    /// The cluster of the broker set
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: String,
}

/// The broker set after the election, or in a dry run as it would be.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub cluster: String,
    pub broker_name: String,
    pub dry_run: bool,
    /// The master before, by its id with the controller; none where there was none.
    pub master_before: Option<i64>,
    pub master_id: i64,
    pub master_addr: Option<String>,
    /// The number of the election; none in a dry run.
    pub master_epoch: Option<i64>,
    /// The number of the set of in-sync replicas; none in a dry run.
    pub sync_state_set_epoch: Option<i64>,
    /// Sorted by id.
    pub brokers: Vec<Member>,
}

/// A replica of the set.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its id with the controller.
    pub broker_id: i64,
    pub addr: String,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").text("ROLE");
        let would = if self.dry_run { "would be master" } else { "master" };
        for member in &self.brokers {
            let master = member.broker_id == self.master_id;
            table.row([
                Cell::new(&self.broker_name),
                Cell::new(member.broker_id),
                Cell::new(&member.addr),
                if master { Cell::toned(would, Tone::Good) } else { Cell::new("slave") },
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let number =
            |number: Option<i64>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
        write!(w, "\n#ClusterName\t{}\n#BrokerName\t{}", self.cluster, self.broker_name)?;
        write!(w, "\n#BrokerMasterAddr\t{}", self.master_addr.as_deref().unwrap_or("null"))?;
        write!(w, "\n#MasterEpoch\t{}", number(self.master_epoch))?;
        writeln!(w, "\n#SyncStateSetEpoch\t{}", number(self.sync_state_set_epoch))?;
        self.brokers
            .iter()
            .try_for_each(|member| writeln!(w, "\t#Broker\t{}\t{}", member.broker_id, member.addr))
    }

    fn notes(&self) -> Vec<String> {
        if self.dry_run {
            return vec!["nothing was changed (--dry-run)".to_owned()];
        }
        self.master_before
            .filter(|before| *before != self.master_id)
            .map(|before| format!("the master was {before} and is {} now", self.master_id))
            .into_iter()
            .collect()
    }
}

/// The replica's address.
fn found(set: &Replicas, name: &str, id: i64) -> Result<String, CommandError> {
    let all = all_of(set);
    if let Some(replica) = all.iter().find(|replica| replica.broker_id == id) {
        return Ok(replica.broker_address.clone());
    }
    let ids: Vec<String> = all.iter().map(|replica| replica.broker_id.to_string()).collect();
    Err(CommandError::not_found(format!("broker set {name} has no replica {id}"))
        .hint(format!("its replicas are {}", ids.join(", "))))
}

/// Looks at the set, asks for permission, and asks the leader of the controllers.
///
/// # Errors
/// No controller answers; an unknown set or replica; no confirmation; the controller does not elect it.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { controllers, broker_id, broker_name, cluster_name } = args;
    let leader = leader::leader(ctx, &controllers).await?;
    let set = leader::replicas_of(ctx, &leader, &broker_name).await?;
    let addr = found(&set, &broker_name, broker_id)?;
    let before = set.master_broker_id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    ctx.confirm(&format!(
        "Make replica {broker_id} ({addr}) the master of {broker_name}, which is {before} now?"
    ))?;
    let mut output = Output {
        cluster: cluster_name.clone(),
        broker_name: broker_name.clone(),
        dry_run: ctx.dry_run,
        master_before: set.master_broker_id,
        master_id: broker_id,
        master_addr: Some(addr),
        master_epoch: None,
        sync_state_set_epoch: None,
        brokers: all_of(&set)
            .into_iter()
            .map(|replica| Member { broker_id: replica.broker_id, addr: replica.broker_address.clone() })
            .collect(),
    };
    if ctx.dry_run {
        return Ok(output);
    }
    let invoke_time = ctx.clock.now_ms();
    let header =
        ElectMasterHeader { cluster_name, broker_name, broker_id, designate_elect: true, invoke_time };
    let answer = ctx.ask::<ControllerElectMaster>(&leader, header, ()).await.map_err(|error| {
        failed(&format!("make replica {broker_id} the master"), &error)
            .hint("rmq getSyncStateSet shows which replicas are in sync and alive")
    })?;
    output.master_id = answer.header.master_broker_id.unwrap_or(broker_id);
    output.master_addr = answer.header.master_address.or(output.master_addr);
    output.master_epoch = answer.header.master_epoch;
    output.sync_state_set_epoch = answer.header.sync_state_set_epoch;
    if let Some(group) = answer.body.and_then(|Json(elected)| elected.broker_member_group) {
        output.brokers =
            group.broker_addrs.into_iter().map(|(broker_id, addr)| Member { broker_id, addr }).collect();
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::controller::Replica;

    #[test]
    fn the_text_is_mqadmins() {
        let member = |broker_id, addr: &str| Member { broker_id, addr: addr.to_owned() };
        let output = Output {
            cluster: "CtlCluster".into(),
            broker_name: "ctl-a".into(),
            dry_run: false,
            master_before: Some(1),
            master_id: 2,
            master_addr: Some("127.0.0.1:20211".into()),
            master_epoch: Some(4),
            sync_state_set_epoch: Some(7),
            brokers: vec![member(1, "127.0.0.1:20111"), member(2, "127.0.0.1:20211")],
        };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "\n#ClusterName\tCtlCluster\n#BrokerName\tctl-a\n#BrokerMasterAddr\t127.0.0.1:20211\n#MasterEpoch\t4\n\
             #SyncStateSetEpoch\t7\n\t#Broker\t1\t127.0.0.1:20111\n\t#Broker\t2\t127.0.0.1:20211\n"
        );
        assert_eq!(output.notes(), ["the master was 1 and is 2 now"]);
    }

    #[test]
    fn a_replica_is_found_whether_it_is_in_sync_or_not() {
        let replica =
            |broker_id: i64| Replica { broker_id, broker_address: "h:1".into(), ..Replica::default() };
        let set = Replicas {
            in_sync_replicas: vec![replica(2)],
            not_in_sync_replicas: vec![replica(1)],
            ..Replicas::default()
        };
        assert_eq!(found(&set, "a", 1).unwrap(), "h:1");
        assert_eq!(found(&set, "a", 9).unwrap_err().hints, ["its replicas are 1, 2"]);
    }
}
