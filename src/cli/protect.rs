//! Protected contexts: everything that writes asks first, also where mqadmin would not.

use super::contexts::answered;
use super::settings::Selected;
use crate::admin::CommandError;
use crate::output::Prompt;

/// The commands that only look. What is not among them asks: a new command is rather asked about once too often.
pub const LOOK: &[&str] = &[
    "allocateMQ",
    "brokerConsumeStats",
    "brokerStatus",
    "checkRocksdbCqWriteProgress",
    "clusterList",
    "consume",
    "consumeMessage",
    "consumerConnection",
    "consumerProgress",
    "consumerStatus",
    "dumpCompactionLog",
    "exportConfigs",
    "exportMetadata",
    "exportMetadataInRocksDB",
    "exportMetrics",
    "getAcl",
    "getBrokerConfig",
    "getBrokerEpoch",
    "getColdDataFlowCtrInfo",
    "getConsumerConfig",
    "getControllerConfig",
    "getControllerMetaData",
    "getNamesrvConfig",
    "getSyncStateSet",
    "getUser",
    "haStatus",
    "listAcl",
    "listUser",
    "printMsg",
    "printMsgByQueue",
    "producer",
    "producerConnection",
    "queryCq",
    "queryMsgById",
    "queryMsgByKey",
    "queryMsgByOffset",
    "queryMsgByUniqueKey",
    "queryMsgTraceById",
    "quickstart",
    "rocksDBConfigToJson",
    "startMonitoring",
    "statsAll",
    "topicClusterList",
    "topicList",
    "topicRoute",
    "topicStatus",
];

/// Asks before a command that writes, where the context is protected. Of the ways to say yes beforehand only `--yes`
/// counts, as `RMQ_ASSUME_YES` is set for scripts of another cluster.
///
/// # Errors
/// The answer is no; nobody can be asked.
pub fn guard(
    command: &str,
    selected: Option<&Selected>,
    yes: bool,
    dry_run: bool,
) -> Result<(), CommandError> {
    let Some(selected) = selected.filter(|selected| selected.profile.protected) else { return Ok(()) };
    if dry_run || LOOK.contains(&command) {
        return Ok(());
    }
    answered(
        &format!("Context {} is protected. Run {command} there?", selected.name),
        Prompt::detect(yes, None),
    )
}
