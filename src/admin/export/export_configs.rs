//! `exportConfigs`: the settings that matter of a cluster's brokers into a file.

use super::file;
use crate::admin::targets::{self, Roles};
use crate::admin::{CommandError, Context};
use crate::config::parse_properties;
use crate::output::{Failure, Render, Table};
use crate::protocol::broker::GetBrokerConfig;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// The settings that are exported, those that a broker has (as mqadmin chose them).
const KEYS: [&str; 16] = [
    "autoCreateSubscriptionGroup",
    "autoCreateTopicEnable",
    "brokerClusterName",
    "brokerId",
    "brokerName",
    "brokerRole",
    "fileReservedTime",
    "filterServerNums",
    "flushDiskType",
    "maxMessageSize",
    "messageDelayLevel",
    "msgTraceTopicName",
    "slaveReadEnable",
    "traceOn",
    "traceTopicEnable",
    "useTLS",
];

/// Write the settings that matter of a cluster's brokers to a file
///
/// The masters are asked side by side; the file is configs.json. rmq getBrokerConfig shows all settings.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq exportConfigs -c DefaultCluster -f /tmp/backup\n  \
        rmq exportConfigs -c DefaultCluster --dry-run --output json")]
pub struct Args {
    /// The cluster
    #[arg(short = 'c', long = "clusterName", alias = "cluster", value_name = "CLUSTER")]
    pub cluster_name: String,
    /// The directory to write to
    #[arg(short = 'f', long = "filePath", value_name = "DIRECTORY", default_value = file::DEFAULT_DIRECTORY)]
    pub file_path: String,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The file.
    pub path: String,
    pub cluster_scale: Scale,
    /// Settings by name, by the name of the broker.
    pub broker_configs: BTreeMap<String, BTreeMap<String, String>>,
    /// Nothing was written.
    pub dry_run: bool,
    pub failures: Vec<Failure>,
}

/// How large the cluster is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scale {
    /// Name servers that were given.
    pub namesrv_size: usize,
    pub master_broker_size: usize,
    pub slave_broker_size: usize,
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let counts = [
            ("BROKERS", self.broker_configs.len()),
            ("SLAVES", self.cluster_scale.slave_broker_size),
            ("NAME-SERVERS", self.cluster_scale.namesrv_size),
        ];
        file::table_of(&self.path, self.dry_run, &counts)
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        write!(w, "export {} success", self.path)
    }

    fn failures(&self) -> &[Failure] {
        &self.failures
    }
}

/// The settings that matter out of all of them.
fn chosen(properties: &str) -> BTreeMap<String, String> {
    let all = parse_properties(properties).unwrap_or_default().into_iter();
    all.filter(|property| KEYS.contains(&property.key.as_str()))
        .map(|property| (property.key, property.value))
        .collect()
}

/// Asks the masters of the cluster side by side and writes the file.
///
/// # Errors
/// An unknown cluster; all brokers failed; the file cannot be written.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    let info = ctx.cluster_info().await?;
    let masters = targets::in_cluster(&info, &args.cluster_name, Roles::Masters)?;
    let all = targets::in_cluster(&info, &args.cluster_name, Roles::MastersAndSlaves)?;
    let cluster_scale = Scale {
        namesrv_size: ctx.client.namesrvs().len(),
        master_broker_size: masters.len(),
        slave_broker_size: all.iter().filter(|broker| !broker.is_master()).count(),
    };
    let answers = ctx
        .ask_each("read the settings", masters, |broker| async move {
            ctx.ask::<GetBrokerConfig>(&broker.addr, (), ()).await.map(|answer| answer.body)
        })
        .await?;
    let configs = answers.given.into_iter().map(|(broker, text)| (broker.broker_name, chosen(&text)));
    let broker_configs: BTreeMap<_, _> = configs.collect();
    let content = json!({ "clusterScale": cluster_scale, "brokerConfigs": broker_configs });
    Ok(Output {
        path: file::write(ctx, &args.file_path, "configs.json", &content)?,
        cluster_scale,
        broker_configs,
        dry_run: ctx.dry_run,
        failures: answers.failures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_kept() {
        let kept = chosen("brokerName=a\nuseTLS=false\nlistenPort=1\n");
        assert_eq!(
            kept.into_iter().collect::<Vec<_>>(),
            [("brokerName".to_owned(), "a".to_owned()), ("useTLS".to_owned(), "false".to_owned())]
        );
        assert!(KEYS.is_sorted());
    }
}
