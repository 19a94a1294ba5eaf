//! `exportMetadataInRocksDB`: topics or groups out of a broker's RocksDB directory.

use super::java_json::{Keys, pretty};
use super::rocks_tables::{self, Kind, Tables};
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::output::{Cell, Render, Table};
use clap::builder::PossibleValuesParser;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::{self, Write};

/// Show the topics or groups in a broker's RocksDB directory
///
/// Reads the files of a broker with storeType=defaultRocksDB on this machine; the broker may be running, but what
/// it has not written to disk yet is not seen. rmq rocksDBConfigToJson reads offsets too, and writes files.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq exportMetadataInRocksDB -p /root/store/config -t topics\n  \
        rmq exportMetadataInRocksDB -p /root/store/config -t subscriptionGroups -j true")]
pub struct Args {
    /// The config directory in the broker's store directory
    #[arg(short = 'p', long = "path", value_name = "DIRECTORY")]
    pub path: String,
    /// What to read
    #[arg(
        short = 't',
        long = "configType",
        value_name = "TYPE",
        ignore_case = true,
        value_parser = PossibleValuesParser::new(["topics", "subscriptionGroups"])
    )]
    pub config_type: String,
    /// In the classic form: as JSON instead of a line for each
    #[arg(short = 'j', long = "jsonEnable", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub json_enable: bool,
}

/// What is in the directory.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(flatten)]
    pub tables: Tables,
    #[serde(skip)]
    json: bool,
}

/// A line for each entry.
pub fn table_of(tables: &Tables) -> Table {
    let mut table = Table::new().text("KEY").text("VALUE");
    for entry in &tables.entries {
        table.row([Cell::new(&entry.key), Cell::new(&entry.value)]);
    }
    table
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.tables)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let entries = &self.tables.entries;
        if !self.json {
            return (1..)
                .zip(entries)
                .try_for_each(|(at, entry)| writeln!(w, "{at}, Key: {}, Value: {}", entry.key, entry.text));
        }
        let members = entries.iter().map(|entry| (entry.key.clone(), entry.value.clone()));
        let table: Map<String, Value> = hashed(members, |(name, _)| string_hash(name)).into_iter().collect();
        let all = Map::from_iter([(self.tables.config_type.table().to_owned(), Value::Object(table))]);
        writeln!(w, "{}", pretty(&Value::Object(all), Keys::Quoted))
    }
}

/// Reads the directory.
///
/// # Errors
/// A directory that is not there, is damaged or is not supported.
pub async fn run(_: &Context, args: Args) -> Result<Output, CommandError> {
    let kind = if args.config_type.eq_ignore_ascii_case(Kind::Topics.name()) {
        Kind::Topics
    } else {
        Kind::SubscriptionGroups
    };
    let path = args.path;
    let tables = super::aside(move || rocks_tables::read(&path, kind)).await?;
    Ok(Output { tables, json: args.json_enable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocks_tables::tests::fixture;

    #[test]
    fn the_layout_is_mqadmins() {
        let table = [
            ("live", Kind::Topics, false, "topics.txt"),
            ("closed", Kind::Topics, false, "topics.txt"),
            ("closed", Kind::SubscriptionGroups, true, "subscriptionGroups.json"),
        ];
        for (which, kind, json, printed) in table {
            let output = Output { tables: rocks_tables::read(&fixture(which), kind).unwrap(), json };
            let mut text = String::new();
            output.classic(&mut text).unwrap();
            assert_eq!(text, std::fs::read_to_string(fixture(printed)).unwrap(), "{which} {printed}");
        }
    }
}
