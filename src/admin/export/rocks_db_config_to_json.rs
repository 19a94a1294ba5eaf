//! `rocksDBConfigToJson`: the tables that brokers keep in RocksDB as JSON, by the brokers or from their files.

use super::export_metadata_in_rocks_db::table_of;
use super::file;
use super::rocks_tables::{self, Kind, Tables};
use crate::admin::targets::{self, Broker, Roles};
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Failure, Render, Table, Tone};
use crate::protocol::upkeep::{ExportRocksdbConfigToJson, RocksdbExportHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::Path;

/// Write the tables that brokers keep in RocksDB as JSON
///
/// With -c or -b the brokers are asked to write topics.json and so on into their config directories, as brokers
/// without RocksDB have them. With -p the files of a broker on this machine are read and shown, or written to a file;
/// the broker may be running, but what it has not written to disk yet is not seen. -c goes before -b, and -b
/// before -p. Of a cluster its masters are asked (mqadmin asks those of all clusters).
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq rocksDBConfigToJson -c DefaultCluster\n  \
        rmq rocksDBConfigToJson -p /root/store/config -t topics\n  \
        rmq rocksDBConfigToJson -p /root/store/config -t consumerOffsets -e /tmp/consumerOffset.json")]
pub struct Args {
    #[command(flatten)]
    pub which: Which,
    /// What to write, several by semicolon: all of it unless -p is given, which needs one
    #[arg(short = 't', long = "configType", value_name = "TYPE", value_delimiter = ';', ignore_case = true)]
    pub config_type: Vec<Kind>,
    /// With -p: the file to write to; what is there before is kept with .bak behind its name
    #[arg(short = 'e', long = "exportFile", value_name = "FILE")]
    pub export_file: Option<String>,
    /// With -p, in the classic form: as JSON, not a line for each
    #[arg(short = 'j', long = "jsonEnable", value_name = "BOOL", num_args = 0..=1, default_value = "true",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub json_enable: bool,
}

/// Whom to ask, or what to read: one is needed.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Which {
    /// The masters of this cluster
    #[arg(short = 'c', long = "cluster", alias = "clusterName", value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// This broker
    #[arg(short = 'b', long = "brokerAddr", value_name = "HOST:PORT")]
    pub broker_addr: Option<String>,
    /// The config directory in a broker's store directory on this machine
    #[arg(short = 'p', long = "configPath", value_name = "DIRECTORY")]
    pub config_path: Option<String>,
}

/// What was asked of brokers, or read from files.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The brokers that have written their files, sorted by name.
    pub brokers: Vec<Broker>,
    /// What was read from files.
    pub tables: Option<Tables>,
    /// The file that it was written to.
    pub file: Option<String>,
    /// Nothing was written.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
    #[serde(skip)]
    by_cluster: bool,
    #[serde(skip)]
    json: bool,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let word = if self.dry_run { "would be written" } else { "written" };
        match (&self.tables, &self.file) {
            (Some(tables), None) => table_of(tables),
            (Some(tables), Some(path)) => {
                file::table_of(path, self.dry_run, &[("ENTRIES", tables.entries.len())])
            }
            (None, _) => {
                let mut table = Table::new().text("BROKER").text("ADDRESS").text("RESULT");
                for broker in &self.brokers {
                    let cells = [Cell::new(&broker.broker_name), Cell::new(&broker.addr)];
                    table.row(cells.into_iter().chain([Cell::toned(word, Tone::Good)]));
                }
                table
            }
        }
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let Some(tables) = &self.tables else {
            let whom = if self.by_cluster { "all brokers in cluster" } else { "broker" };
            return write!(w, "Use [rpc mode] call {whom} to export to json file \nbroker export done.");
        };
        writeln!(w, "Use [local mode] load rocksdb to print or export file ")?;
        match (&self.file, self.json) {
            (Some(_), _) => Ok(()),
            (None, true) => writeln!(w, "{}", tables.pretty()),
            (None, false) => tables.list(w),
        }
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// The tables as the request names them.
fn types_text(kinds: &[Kind]) -> String {
    let kinds = if kinds.is_empty() { &Kind::ALL[..] } else { kinds };
    kinds.iter().map(|kind| format!("{};", kind.name())).collect()
}

async fn by_brokers(ctx: &Context, args: &Args, brokers: Vec<Broker>) -> Result<Output, CommandError> {
    let mut output = Output {
        brokers: Vec::new(),
        tables: None,
        file: None,
        dry_run: ctx.dry_run,
        failures: Vec::new(),
        by_cluster: args.which.cluster.is_some(),
        json: args.json_enable,
    };
    if ctx.dry_run {
        output.brokers = brokers;
        return Ok(output);
    }
    let header = RocksdbExportHeader { config_type: Some(types_text(&args.config_type)) };
    let asked = &header;
    let answers = ctx
        .ask_each("have the tables written", brokers, |broker| async move {
            ctx.ask::<ExportRocksdbConfigToJson>(&broker.addr, asked.clone(), ()).await.map(|_| ())
        })
        .await?;
    output.brokers = answers.given.into_iter().map(|(broker, ())| broker).collect();
    output.failures = answers.failures;
    Ok(output)
}

async fn by_files(ctx: &Context, args: Args, path: String) -> Result<Output, CommandError> {
    let [kind] = args.config_type[..] else {
        return Err(CommandError::usage("with -p one type (-t) is needed")
            .hint("-t is one of topics, subscriptionGroups, consumerOffsets"));
    };
    let (file, dry_run) = (args.export_file.clone(), ctx.dry_run);
    let tables = super::aside(move || {
        let tables = rocks_tables::read(&path, kind)?;
        if let Some(file) = file.filter(|_| !dry_run) {
            file::replace_and_keep(Path::new(&file), tables.pretty().as_bytes())?;
        }
        Ok(tables)
    })
    .await?;
    Ok(Output {
        brokers: Vec::new(),
        tables: Some(tables),
        dry_run: dry_run && args.export_file.is_some(),
        file: args.export_file,
        failures: Vec::new(),
        by_cluster: false,
        json: args.json_enable,
    })
}

/// Asks the brokers side by side, or reads the files.
///
/// # Errors
/// An unknown cluster; all brokers failed; a directory that is not there, is damaged or is not supported; a file that
/// cannot be written.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let Which { cluster, broker_addr, config_path } = args.which.clone();
    match (cluster, broker_addr, config_path) {
        (Some(cluster), ..) => {
            let brokers = targets::in_cluster(&ctx.cluster_info().await?, &cluster, Roles::Masters)?;
            by_brokers(ctx, &args, brokers).await
        }
        (None, Some(addr), _) => by_brokers(ctx, &args, vec![targets::at_addr(None, &addr)]).await,
        (None, None, Some(path)) => by_files(ctx, args, path).await,
        (None, None, None) => {
            Err(CommandError::usage("a cluster (-c), a broker (-b) or a directory (-p) is needed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_asked_for_all_types_unless_some_are_given() {
        assert_eq!(types_text(&[]), "topics;subscriptionGroups;consumerOffsets;");
        assert_eq!(types_text(&[Kind::ConsumerOffsets]), "consumerOffsets;");
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let output = |by_cluster| Output {
            brokers: vec![],
            tables: None,
            file: None,
            dry_run: false,
            failures: vec![],
            by_cluster,
            json: true,
        };
        let classic = |output: &Output| {
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            text
        };
        let rest = " to export to json file \nbroker export done.";
        assert_eq!(classic(&output(true)), format!("Use [rpc mode] call all brokers in cluster{rest}"));
        assert_eq!(classic(&output(false)), format!("Use [rpc mode] call broker{rest}"));
        let tables =
            rocks_tables::read(&rocks_tables::tests::fixture("live"), Kind::ConsumerOffsets).unwrap();
        let shown = Output { tables: Some(tables), ..output(false) };
        let printed = std::fs::read_to_string(rocks_tables::tests::fixture("consumerOffsets.json")).unwrap();
        assert_eq!(classic(&shown), printed);
    }
}
