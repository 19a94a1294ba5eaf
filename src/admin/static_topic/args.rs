//! The options that both commands have, and the brokers they name.

use crate::admin::targets::{unknown_broker, unknown_cluster};
use crate::admin::{CommandError, Context};
use crate::protocol::fastjson;
use crate::protocol::route::{ClusterInfo, MASTER_ID};
use crate::protocol::static_topic::MappingFile;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the queues go, or which file says so.
#[derive(Debug, Clone, clap::Args)]
#[command(group(clap::ArgGroup::new("where").args(["brokers", "clusters"]).required(true)))]
pub struct Where {
    /// The brokers by name, separated by commas
    #[arg(short = 'b', long = "brokers", value_name = "BROKER")]
    pub brokers: Option<String>,
    /// All brokers of these clusters, separated by commas
    #[arg(short = 'c', long = "clusters", value_name = "CLUSTER")]
    pub clusters: Option<String>,
    /// Write the mapping in this file, as an earlier run left it
    #[arg(long = "mapFile", alias = "mf", value_name = "FILE")]
    pub map_file: Option<PathBuf>,
    /// Have brokers take the mapping even where it contradicts the one they have
    #[arg(long = "forceReplace", alias = "fr", value_name = "BOOL", num_args = 0..=1, default_value = "false",
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub force_replace: bool,
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty())
}

impl Where {
    /// The names of the brokers that are meant; each has a master.
    ///
    /// # Errors
    /// An unknown broker or cluster; a broker whose master is gone.
    pub fn targets(&self, info: &ClusterInfo) -> Result<BTreeSet<String>, CommandError> {
        let mut names: BTreeSet<String> =
            listed(self.brokers.as_deref().unwrap_or_default()).map(str::to_owned).collect();
        for cluster in listed(self.clusters.as_deref().unwrap_or_default()) {
            let of_cluster = info.cluster_addr_table.get(cluster);
            names.extend(of_cluster.ok_or_else(|| unknown_cluster(info, cluster))?.iter().cloned());
        }
        for name in &names {
            let Some(data) = info.broker_addr_table.get(name) else {
                return Err(unknown_broker(name, info.broker_addr_table.keys().map(String::as_str)));
            };
            if !data.broker_addrs.contains_key(&MASTER_ID) {
                return Err(CommandError::not_found(format!("broker {name} has no master that is alive")));
            }
        }
        if names.is_empty() {
            return Err(CommandError::usage("no broker is named").hint("for example -b broker-a,broker-b"));
        }
        Ok(names)
    }

    /// The mapping of the file, if one is given.
    ///
    /// # Errors
    /// A file that cannot be read, or is no mapping of the topic.
    pub fn file(&self, topic: &str) -> Result<Option<MappingFile>, CommandError> {
        self.map_file.as_deref().map(|path| read(path, topic)).transpose()
    }
}

fn read(path: &Path, topic: &str) -> Result<MappingFile, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))?;
    let no_mapping = |why: String| {
        CommandError::usage(format!("{} is not a mapping of topic {topic}", path.display()))
            .cause(why)
            .hint("updateStaticTopic and remappingStaticTopic leave such files")
    };
    let file: MappingFile = fastjson::from_slice(&bytes).map_err(|error| no_mapping(error.to_string()))?;
    if file.topic != topic {
        return Err(no_mapping(format!("it is of topic '{}'", file.topic)));
    }
    if file.broker_config_map.is_empty() {
        return Err(no_mapping("it has no broker".to_owned()));
    }
    Ok(file)
}

/// Writes a mapping to the directory for temporary files, as mqadmin does; in a dry run nowhere.
///
/// # Errors
/// What prevents the writing.
pub fn keep(ctx: &Context, file: &MappingFile, suffix: &str) -> Result<Option<String>, CommandError> {
    if ctx.dry_run {
        return Ok(None);
    }
    let path = std::env::temp_dir().join(format!("{}-{}.{suffix}", file.topic, file.epoch));
    let json = fastjson::to_vec(file).map_err(|error| CommandError::bug(error.to_string()))?;
    std::fs::write(&path, json).map_err(|error| CommandError::file("write", &path, &error))?;
    Ok(Some(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::targets::tests::sample;

    fn targets(brokers: Option<&str>, clusters: Option<&str>) -> Result<Vec<String>, CommandError> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let place =
            Where { brokers: own(brokers), clusters: own(clusters), map_file: None, force_replace: false };
        place.targets(&sample()).map(|names| names.into_iter().collect())
    }

    #[test]
    fn brokers_are_named_one_by_one_or_by_cluster() {
        assert_eq!(targets(Some("lab-a, ctl-a"), None).unwrap(), ["ctl-a", "lab-a"]);
        let error = targets(None, Some("LabCluste")).unwrap_err();
        assert!(error.hints[0].contains("LabCluster"), "{:?}", error.hints);
        for (brokers, clusters, message) in [
            (Some("lab-b"), None, "there is no broker 'lab-b'"),
            (None, Some("CtlCluster"), "broker ctl-b has no master that is alive"),
            (None, Some("LabCluster"), "there is no broker 'gone'"),
            (Some(","), None, "no broker is named"),
        ] {
            assert_eq!(targets(brokers, clusters).unwrap_err().message, message);
        }
    }
}
