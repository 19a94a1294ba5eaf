//! `exportPopRecord`: what the consumers of pop have not confirmed is written from RocksDB into the log.

use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::config::parse_properties;
use crate::output::{Cell, Failure, Render, Table, Tone};
use crate::protocol::broker::GetBrokerConfig;
use crate::protocol::upkeep::PopRollback;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Write the unconfirmed messages of pop consumers to the brokers' logs
///
/// A broker keeps the messages that pop consumers have not confirmed in RocksDB where
/// popConsumerKVServiceEnable is on; before it is turned off, they are to be written to where a broker without it
/// looks. With -d true nothing is written (mqadmin takes that the wrong way round: there -d false is the dry run).
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq exportPopRecord -b 127.0.0.1:10911\n  \
        rmq exportPopRecord -c DefaultCluster -d true")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// Only show what would be asked of whom; the same as --dry-run
    #[arg(
        short = 'd',
        long = "dryRun",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = clap::value_parser!(bool)
    )]
    pub dry: Option<bool>,
}

/// Which brokers: exactly one of the two must be given.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// The brokers of this cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: Option<String>,
}

/// The brokers that have written all, sorted by name and id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub brokers: Vec<Broker>,
    /// Nothing was asked of the brokers.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let word = if self.dry_run { "would be written" } else { "written" };
        let mut table = Table::new().text("BROKER").number("ID").text("ADDRESS").text("RESULT");
        for broker in &self.brokers {
            let known =
                [Cell::new(&broker.broker_name), Cell::new(broker.broker_id), Cell::new(&broker.addr)];
            table.row(known.into_iter().chain([Cell::toned(word, Tone::Good)]));
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let line = |w: &mut dyn Write, what: &str, name: &str, addr: &str| {
            writeln!(
                w,
                "Export broker records{what}, brokerName={name}, brokerAddr={addr}, dryRun={}",
                self.dry_run
            )
        };
        for broker in &self.brokers {
            line(w, "", &broker.broker_name, &broker.addr)?;
        }
        for failure in &self.failures {
            line(w, " error", &failure.target, failure.addr.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// What a broker calls itself, out of its settings.
fn name_in(properties: &str) -> Option<String> {
    let all = parse_properties(properties).unwrap_or_default().into_iter();
    all.filter(|property| property.key == "brokerName").map(|property| property.value).next()
}

/// The broker at an address with the name that it has.
async fn at(ctx: &Context, addr: &str) -> Result<Broker, CommandError> {
    let settings = ctx.ask::<GetBrokerConfig>(addr, (), ()).await;
    let settings = settings.map_err(|error| crate::admin::failed("read the broker's name", &error))?;
    let broker_name = name_in(&settings.body).unwrap_or_default();
    Ok(Broker { broker_name, ..targets::at_addr(None, addr) })
}

/// Asks the broker, or all brokers of the cluster side by side.
///
/// # Errors
/// An unknown cluster; all brokers failed.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let brokers = match (&args.which.broker_addr, &args.which.cluster_name) {
        (Some(addr), _) => vec![at(ctx, addr).await?],
        (None, Some(cluster)) => {
            targets::in_cluster(&ctx.cluster_info().await?, cluster, Roles::MastersAndSlaves)?
        }
        (None, None) => return Err(CommandError::usage("a broker (-b) or a cluster (-c) is needed")),
    };
    if ctx.dry_run || args.dry == Some(true) {
        return Ok(Output { brokers, dry_run: true, failures: Vec::new() });
    }
    let answers = ctx
        .ask_each("write the records of pop", brokers, |broker| async move {
            ctx.ask::<PopRollback>(&broker.addr, (), ()).await.map(|_| ())
        })
        .await?;
    let brokers = answers.given.into_iter().map(|(broker, ())| broker).collect();
    Ok(Output { brokers, dry_run: false, failures: answers.failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_mqadmins() {
        let broker = Broker { broker_name: "lab-a".to_owned(), ..targets::at_addr(None, "127.0.0.1:20511") };
        let failure =
            Failure { target: "lab-b".into(), addr: Some("b:1".into()), code: None, message: "x".into() };
        let output = Output { brokers: vec![broker], dry_run: false, failures: vec![failure] };
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "Export broker records, brokerName=lab-a, brokerAddr=127.0.0.1:20511, dryRun=false\n\
             Export broker records error, brokerName=lab-b, brokerAddr=b:1, dryRun=false\n"
        );
        assert_eq!(name_in("a=1\nbrokerName=x\n").as_deref(), Some("x"));
        assert_eq!(name_in(""), None);
    }
}
