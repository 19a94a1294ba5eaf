//! The tables that a broker keeps in RocksDB, read from its directory.

use super::java_json::{Keys, pretty};
use crate::admin::{CommandError, ErrorKind};
use crate::output::java_order::{concurrent, hashed};
use crate::protocol::fastjson;
use crate::rocksdb::{Database, RocksError, Rows};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Where a table has its version (Java: `ConfigRocksDBStorage`, `RocksDBConfigManager`).
const VERSION_FAMILY: &str = "kvDataVersion";
/// The key of it there.
const VERSION_KEY: &[u8] = b"kvDataVersionKey";

/// A table (Java: `ExportRocksDBConfigToJsonRequestHeader.ConfigType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    #[value(name = "topics")]
    Topics,
    #[value(name = "subscriptionGroups")]
    SubscriptionGroups,
    #[value(name = "consumerOffsets")]
    ConsumerOffsets,
}

impl Kind {
    /// All of them, in the order in which mqadmin names them.
    pub const ALL: [Kind; 3] = [Kind::Topics, Kind::SubscriptionGroups, Kind::ConsumerOffsets];

    /// The directory of it, and its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Topics => "topics",
            Kind::SubscriptionGroups => "subscriptionGroups",
            Kind::ConsumerOffsets => "consumerOffsets",
        }
    }

    /// What the table is called in JSON.
    pub fn table(self) -> &'static str {
        match self {
            Kind::Topics => "topicConfigTable",
            Kind::SubscriptionGroups => "subscriptionGroupTable",
            Kind::ConsumerOffsets => "offsetTable",
        }
    }

    fn keys(self) -> Keys {
        match self {
            // Offsets by the number of the queue.
            Kind::ConsumerOffsets => Keys::BareNumbers,
            Kind::Topics | Kind::SubscriptionGroups => Keys::Quoted,
        }
    }
}

/// What a directory holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tables {
    pub config_type: Kind,
    /// The version of the table; none where the directory has none.
    pub data_version: Option<Value>,
    /// Sorted by key.
    pub entries: Vec<Entry>,
}

/// A topic, a group, or what a group has consumed of a topic (`TOPIC@GROUP`).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub key: String,
    /// The configuration, or offsets by queue.
    pub value: Value,
    /// The value as it is stored.
    #[serde(skip)]
    pub text: String,
}

/// Reads a table from the directory `config`/`kind`.
///
/// # Errors
/// A directory that is not there, is damaged or is not supported; a value that is no JSON.
pub fn read(config: &str, kind: Kind) -> Result<Tables, CommandError> {
    let directory = directory(config, kind)?;
    let database = Database::read(&directory).map_err(|error| {
        // What is not there was named wrongly; what is damaged is there.
        let kind = if matches!(error, RocksError::Io { .. }) { ErrorKind::Config } else { ErrorKind::Local };
        let message = format!("cannot read {} as RocksDB wrote it", directory.display());
        CommandError::new(kind, message).caused_by(&error).hint(WHERE)
    })?;
    let version = database.family(VERSION_FAMILY).and_then(|rows| rows.get(VERSION_KEY));
    let version = version.map(|bytes| parsed(&directory, "version", bytes)).transpose()?;
    Ok(Tables {
        config_type: kind,
        data_version: version,
        entries: entries(&directory, kind, database.into_default())?,
    })
}

/// What may help.
const WHERE: &str =
    "a broker with storeType=defaultRocksDB keeps its tables below config in its store directory";

/// The directory of a table.
fn directory(config: &str, kind: Kind) -> Result<PathBuf, CommandError> {
    let directory = Path::new(config).join(kind.name());
    if directory.is_dir() {
        return Ok(directory);
    }
    Err(CommandError::config(format!("there is no directory {}", directory.display())).hint(WHERE))
}

fn entries(directory: &Path, kind: Kind, rows: Rows) -> Result<Vec<Entry>, CommandError> {
    let entry = |(key, bytes): (Vec<u8>, Vec<u8>)| {
        let key = String::from_utf8_lossy(&key).into_owned();
        let mut value = parsed(directory, &key, &bytes)?;
        if kind == Kind::ConsumerOffsets {
            value = value.get_mut("offsetTable").map(Value::take).unwrap_or_default();
        }
        Ok(Entry { key, value, text: String::from_utf8_lossy(&bytes).into_owned() })
    };
    rows.into_iter().map(entry).collect()
}

fn parsed(directory: &Path, key: &str, bytes: &[u8]) -> Result<Value, CommandError> {
    fastjson::from_slice(bytes).map_err(|error| {
        let message = format!("the value of {key} in {} is no JSON", directory.display());
        CommandError::new(ErrorKind::Local, message).cause(error.to_string())
    })
}

impl Tables {
    /// The members of what mqadmin prints, in its order.
    fn members(&self) -> Vec<(&'static str, Value)> {
        let table: Map<String, Value> =
            self.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
        let version = self.data_version.clone().map(|version| ("dataVersion", version));
        let members = version.into_iter().chain([(self.config_type.table(), Value::Object(table))]);
        hashed(members, |(name, _)| crate::output::java_order::string_hash(name))
    }

    /// As JSON of mqadmin's layout.
    pub fn pretty(&self) -> String {
        let members = self.members().into_iter().map(|(name, value)| (name.to_owned(), value));
        pretty(&Value::Object(members.collect()), self.config_type.keys())
    }

    /// As mqadmin lists it: all entries are counted through, and the name of a table has no line of its own.
    pub fn list(&self, w: &mut dyn Write) -> fmt::Result {
        let mut count = 0;
        for (name, value) in self.members() {
            write!(w, "type: {name}")?;
            for (key, value) in value.as_object().into_iter().flatten() {
                count += 1;
                writeln!(w, "{count}, Key: {key}, Value: {}", self.java_text(value))?;
            }
        }
        Ok(())
    }

    /// `toString` of a value: of offsets that of a map, of all else its JSON.
    fn java_text(&self, value: &Value) -> String {
        match (self.config_type, value) {
            (Kind::ConsumerOffsets, Value::Object(offsets)) => {
                let pairs: Vec<String> =
                    in_java_order(offsets).iter().map(|(q, o)| format!("{q}={o}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        }
    }
}

/// Offsets in the order of a `ConcurrentHashMap` with numbers as keys.
fn in_java_order(offsets: &Map<String, Value>) -> Vec<(&String, &Value)> {
    concurrent(offsets, |(queue, _)| queue.parse().unwrap_or(0))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The directory of what Apache's broker wrote, `live` or `closed`.
    pub fn fixture(which: &str) -> String {
        format!("{}/tests/fixtures/rocksdb/apache-5.5.0/{which}", env!("CARGO_MANIFEST_DIR"))
    }

    fn printed(name: &str) -> String {
        let text = std::fs::read_to_string(fixture(name)).unwrap();
        text.strip_prefix("Use [local mode] load rocksdb to print or export file \n").unwrap().to_owned()
    }

    #[test]
    fn the_layout_is_mqadmins() {
        let table = [
            ("closed", Kind::Topics, "topics.json"),
            ("live", Kind::Topics, "topics.json"),
            ("live", Kind::ConsumerOffsets, "consumerOffsets.json"),
        ];
        for (which, kind, name) in table {
            assert_eq!(read(&fixture(which), kind).unwrap().pretty() + "\n", printed(name), "{which}");
        }
        let table = [
            (Kind::SubscriptionGroups, "subscriptionGroups.txt"),
            (Kind::ConsumerOffsets, "consumerOffsets.txt"),
        ];
        for (kind, name) in table {
            let mut text = String::new();
            read(&fixture("closed"), kind).unwrap().list(&mut text).unwrap();
            assert_eq!(text, printed(name));
        }
    }

    #[test]
    fn a_directory_that_is_not_there_or_none_of_rocksdb_is_an_error() {
        let error = read("/nonexistent", Kind::Topics).unwrap_err();
        assert_eq!(error.message, "there is no directory /nonexistent/topics");
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("topics")).unwrap();
        let error = read(&home.path().display().to_string(), Kind::Topics).unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.causes[0].contains("CURRENT"), "{:?}", error.causes);
    }
}
