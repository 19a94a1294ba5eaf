//! `cleanBrokerMetadata`: has the controllers forget replicas.

use super::leader::{self, all_of};
use crate::admin::{CommandError, Context, failed};
use crate::output::{Cell, Render, Table, Text, Tone};
use crate::protocol::controller::{CleanBrokerData, CleanBrokerDataHeader, Replica};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Have the controllers forget replicas of a broker set
///
/// For brokers that are gone for good. Controllers refuse to forget one that is alive, unless -l is given. Messages
/// stay where they are. It asks for the name of the broker set first; --yes gives it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        rmq cleanBrokerMetadata -a 127.0.0.1:9878 -b '2;3' --brokerName broker-a -c DefaultCluster\n  \
        rmq cleanBrokerMetadata -a 127.0.0.1:9878 --brokerName broker-a -l --dry-run")]
pub struct Args {
    /// Controllers, asked in turn until one answers
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
    /// Only these replicas, by their ids with the controller, separated by ';'; without it the whole set
    #[arg(short = 'b', long = "brokerControllerIdsToClean", value_name = "IDS")]
    pub ids: Option<String>,
    /// The name of the broker set
    #[arg(long = "brokerName", alias = "bn", value_name = "BROKER")]
    pub broker_name: String,
    /// The cluster of the broker set; needed unless -l is given
    #[arg(
        short = 'c',
        long = "clusterName",
        alias = "cluster",
        value_name = "CLUSTER",
        required_unless_present = "living"
    )]
    pub cluster_name: Option<String>,
    /// Forget also brokers that are alive
    #[arg(short = 'l', long = "cleanLivingBroker")]
    pub living: bool,
}

/// The replicas that were forgotten, sorted by id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub broker_name: String,
    pub dry_run: bool,
    pub replicas: Vec<Member>,
}

/// A replica.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Its id with the controller.
    pub broker_id: i64,
    pub addr: String,
    /// Whether the controller heard from it.
    pub alive: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").text("ALIVE").text("RESULT");
        let result = if self.dry_run { "would be forgotten" } else { "forgotten" };
        for member in &self.replicas {
            table.row([
                Cell::new(&self.broker_name),
                Cell::new(member.broker_id),
                Cell::new(&member.addr),
                Cell::new(Text::yes_no(member.alive)),
                Cell::toned(result, Tone::Warn),
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let result = if self.dry_run { "would be done!" } else { "success!" };
        // The blank before the line end is there.
        writeln!(w, "clear broker {} metadata from controller {result} ", self.broker_name)
    }

    fn notes(&self) -> Vec<String> {
        self.dry_run.then(|| "nothing was changed (--dry-run)".to_owned()).into_iter().collect()
    }
}

/// The ids in what `-b` says.
fn ids(text: &str) -> Result<Vec<i64>, CommandError> {
    let words = text.split(';').map(str::trim).filter(|word| !word.is_empty());
    let ids: Result<Vec<i64>, _> = words.map(str::parse).collect();
    match ids {
        Ok(mut ids) if !ids.is_empty() => {
            ids.sort_unstable();
            ids.dedup();
            Ok(ids)
        }
        _ => Err(CommandError::usage(format!("'{text}' is not a list of ids"))
            .hint("ids are numbers separated by ';', as in '1;2;3'")),
    }
}

/// The replicas with these ids, or all.
fn chosen<'a>(
    all: &[&'a Replica],
    wanted: Option<&[i64]>,
    name: &str,
) -> Result<Vec<&'a Replica>, CommandError> {
    let Some(wanted) = wanted else { return Ok(all.to_vec()) };
    if let Some(unknown) = wanted.iter().find(|id| !all.iter().any(|replica| replica.broker_id == **id)) {
        let ids: Vec<String> = all.iter().map(|replica| replica.broker_id.to_string()).collect();
        return Err(CommandError::not_found(format!("broker set {name} has no replica {unknown}"))
            .hint(format!("its replicas are {}", ids.join(", "))));
    }
    Ok(all.iter().copied().filter(|replica| wanted.contains(&replica.broker_id)).collect())
}

/// Looks at the set, asks for permission, and asks the leader of the controllers.
///
/// # Errors
/// No controller answers; an unknown set or replica; no confirmation; a replica is alive.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Args { controllers, ids: text, broker_name, cluster_name, living } = args;
    let wanted = text.as_deref().map(ids).transpose()?;
    let leader = leader::leader(ctx, &controllers).await?;
    let set = leader::replicas_of(ctx, &leader, &broker_name).await?;
    let replicas: Vec<Member> = chosen(&all_of(&set), wanted.as_deref(), &broker_name)?
        .into_iter()
        .map(|replica| Member {
            broker_id: replica.broker_id,
            addr: replica.broker_address.clone(),
            alive: replica.alive,
        })
        .collect();
    let what: Vec<String> =
        replicas.iter().map(|member| format!("{} ({})", member.broker_id, member.addr)).collect();
    let question = format!("Have the controllers forget of broker set {broker_name}: {}?", what.join(", "));
    ctx.confirm_by_name(&question, &broker_name)?;
    if !ctx.dry_run {
        let joined = |ids: Vec<i64>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
        let header = CleanBrokerDataHeader {
            cluster_name,
            broker_name: broker_name.clone(),
            broker_ids: wanted.map(joined),
            clean_living: living,
            invoke_time: ctx.clock.now_ms(),
        };
        ctx.ask::<CleanBrokerData>(&leader, header, ())
            .await
            .map_err(|error| failed(&format!("forget replicas of broker set {broker_name}"), &error))?;
    }
    Ok(Output { broker_name, dry_run: ctx.dry_run, replicas })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_between_semicolons() {
        assert_eq!(ids("3; 1;1;").unwrap(), [1, 3]);
        for wrong in ["", ";", "a", "1,2", "1;x"] {
            assert_eq!(ids(wrong).unwrap_err().kind.exit_code(), 2, "{wrong}");
        }
    }

    #[test]
    fn an_id_that_is_not_there_is_named() {
        let replicas = [1, 2].map(|broker_id| Replica { broker_id, ..Replica::default() });
        let all: Vec<&Replica> = replicas.iter().collect();
        assert_eq!(chosen(&all, None, "a").unwrap().len(), 2);
        assert_eq!(chosen(&all, Some(&[2]), "a").unwrap()[0].broker_id, 2);
        let error = chosen(&all, Some(&[2, 3]), "a").unwrap_err();
        assert_eq!(error.message, "broker set a has no replica 3");
        assert_eq!(error.hints, ["its replicas are 1, 2"]);
    }

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output { broker_name: "ctl-a".into(), dry_run: false, replicas: vec![] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(text, "clear broker ctl-a metadata from controller success! \n");
    }
}
