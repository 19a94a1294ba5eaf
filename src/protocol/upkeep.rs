//! What administrators ask of a broker now and then: corrections of offsets, permissions, replication, and
//! what only some brokers have (cold data, another timer, tables in RocksDB).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::body::Json;
use super::group::TopicGroupHeader;
use super::queue::MessageQueue;

/// How old the messages of a queue are (Java: `QueueTimeSpan`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueTimeSpan {
    /// When the last message that the group consumed was stored, in ms since 1970.
    pub consume_time_stamp: i64,
    /// The same as text, in the broker's time zone.
    pub consume_time_stamp_str: String,
    /// How long ago the next one was stored, in ms; 0 if there is none.
    pub delay_time: i64,
    /// When the last message was stored.
    pub max_time_stamp: i64,
    /// The same as text.
    pub max_time_stamp_str: String,
    /// The queue.
    pub message_queue: MessageQueue,
    /// When the first message was stored.
    pub min_time_stamp: i64,
    /// The same as text.
    pub min_time_stamp_str: String,
}

/// Java: `QueryConsumeTimeSpanBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeTimeSpans {
    /// The queues.
    pub consume_time_span_set: Vec<QueueTimeSpan>,
}

/// Java: `QueryCorrectionOffsetBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CorrectionOffsets {
    /// The smallest offset of any group, by queue.
    #[serde(serialize_with = "bare_numbers")]
    pub correction_offsets: BTreeMap<i32, i64>,
}

fn bare_numbers<S: Serializer>(map: &BTreeMap<i32, i64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        map.iter().map(|(queue, offset)| (super::fastjson::bare_key(&queue.to_string()), offset)),
    )
}

/// What a group may do with a topic (Java: `GroupForbidden`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupForbidden {
    /// The group.
    pub group: String,
    /// Whether it may read.
    pub readable: bool,
    /// The topic.
    pub topic: String,
}

/// How a slave copies from its master (Java: `HARuntimeInfo.HAClientRuntimeInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HaClientInfo {
    /// When it read last, in ms since 1970.
    pub last_read_timestamp: i64,
    /// When it wrote last, in ms since 1970.
    pub last_write_timestamp: i64,
    /// The master.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_addr: Option<String>,
    /// Up to where the master's log is on its disk.
    pub master_flush_offset: i64,
    /// Up to where it has the log.
    pub max_offset: i64,
    /// Bytes a second.
    pub transferred_byte_in_second: i64,
}

/// A slave, as its master sees it (Java: `HARuntimeInfo.HAConnectionRuntimeInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HaConnectionInfo {
    /// Where it is.
    pub addr: String,
    /// What it lacks, in bytes.
    pub diff: i64,
    /// Whether it keeps up.
    pub in_sync: bool,
    /// Up to where it has the log.
    pub slave_ack_offset: i64,
    /// Bytes a second.
    pub transferred_byte_in_second: i64,
    /// Where the transfer stands.
    pub transfer_from_where: i64,
}

/// How a broker copies (Java: `HARuntimeInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HaStatus {
    /// If it is a slave: how it copies.
    pub ha_client_runtime_info: HaClientInfo,
    /// If it is a master: its slaves.
    pub ha_connection_info: Vec<HaConnectionInfo>,
    /// How many of them keep up.
    pub in_sync_slave_nums: i32,
    /// Whether it is a master.
    pub master: bool,
    /// The end of the master's log.
    pub master_commit_log_max_offset: i64,
}

/// Reads of messages that are not in memory, and their limits by group (Java:
/// `ColdDataCgCtrService.getColdDataFlowCtrInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ColdDataInfo {
    /// What groups have read, by group.
    pub runtime_table: BTreeMap<String, serde_json::Value>,
    /// Limits that were set, by group.
    pub config_table: BTreeMap<String, i64>,
    /// The limit of every other group.
    pub cg_cold_read_threshold: i64,
    /// The limit of all together.
    pub global_cold_read_threshold: i64,
    /// What all have read.
    pub global_acc: i64,
}

/// A stretch of the log that one master wrote (Java: `EpochEntry`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Epoch {
    /// Where it ends; `Long.MAX_VALUE` for the last one.
    pub end_offset: i64,
    /// The number of the election.
    pub epoch: i64,
    /// Where it begins.
    pub start_offset: i64,
}

/// Which master wrote which part of a broker's log (Java: `EpochEntryCache`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Epochs {
    /// 0 for a master.
    pub broker_id: i64,
    /// The broker's name.
    pub broker_name: String,
    /// Its cluster.
    pub cluster_name: String,
    /// The stretches, the oldest first.
    pub epoch_list: Vec<Epoch>,
    /// The end of the log.
    pub max_offset: i64,
}

/// Where a check of consume queues in RocksDB stands (Java: `CheckRocksdbCqWriteResult`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RocksdbProgress {
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_result: Option<String>,
    /// One of the `CHECK_*` numbers.
    pub check_status: i32,
}

impl RocksdbProgress {
    /// The queues agree.
    pub const CHECK_OK: i32 = 0;
    /// They do not.
    pub const CHECK_NOT_OK: i32 = 1;
    /// The check has begun; what it finds goes into the broker's log.
    pub const CHECK_IN_PROGRESS: i32 = 2;
    /// It could not be made.
    pub const CHECK_ERROR: i32 = 3;
}

crate::header! {
    /// Java: `QueryCorrectionOffsetHeader`.
    pub struct CorrectionOffsetHeader {
        /// Groups that do not count, by comma.
        filter_groups: Option<String> = "filterGroups",
        /// The group whose offsets the others are compared with.
        compare_group: String = "compareGroup",
        /// The topic.
        topic: String = "topic",
    }
}

crate::header! {
    /// Java: `CloneGroupOffsetRequestHeader`.
    pub struct CloneGroupOffsetHeader {
        /// Whose offsets.
        src_group: String = "srcGroup",
        /// Who gets them.
        dest_group: String = "destGroup",
        /// The topic; absent or empty is all that the group consumes.
        topic: Option<String> = "topic",
        /// Also of topics that the group does not subscribe to now.
        offline: Option<bool> = "offline",
    }
}

crate::header! {
    /// Java: `ResumeCheckHalfMessageRequestHeader`.
    pub struct ResumeCheckHeader {
        /// The topic.
        topic: Option<String> = "topic",
        /// The half message's offset id.
        msg_id: Option<String> = "msgId",
    }
}

crate::header! {
    /// Java: `UpdateGroupForbiddenRequestHeader`.
    pub struct GroupForbiddenHeader {
        /// The group.
        group: String = "group",
        /// The topic.
        topic: String = "topic",
        /// Whether it may read from now on; absent asks only.
        readable: Option<bool> = "readable",
    }
}

crate::header! {
    /// Java: `ResetMasterFlushOffsetHeader`.
    pub struct MasterFlushOffsetHeader {
        /// The offset.
        master_flush_offset: Option<i64> = "masterFlushOffset",
    }
}

crate::header! {
    /// How the commit log is read ahead (Java: `FIleReadaheadMode`).
    pub struct ReadAheadHeader {
        /// 0: as usual; 1: not.
        mode: Option<String> = "READ_AHEAD_MODE",
    }
}

crate::header! {
    /// What a queue of RocksDB is checked from (Java: `CheckRocksdbCqWriteProgressRequestHeader`).
    pub struct RocksdbProgressHeader {
        /// The topic; empty is all of them.
        topic: String = "topic",
        /// Messages stored before this are not looked at, in ms since 1970.
        check_store_time: Option<i64> = "checkStoreTime",
    }
}

crate::header! {
    /// Java: `ExportRocksDBConfigToJsonRequestHeader`.
    pub struct RocksdbExportHeader {
        /// Which tables, by semicolon.
        config_type: Option<String> = "configType",
    }
}

crate::header! {
    /// Which timer to use.
    pub struct TimerEngineHeader {
        /// `R`: in RocksDB; `F`: in files.
        engine: Option<String> = "E_T",
    }
}

crate::requests! {
    /// How old the messages are that a group has and has not consumed.
    QueryConsumeTimeSpan = 303 "QUERY_CONSUME_TIME_SPAN" (TopicGroupHeader, ()) -> ((), Json<ConsumeTimeSpans>);
    /// The smallest offset that any group has, by queue.
    QueryCorrectionOffset = 308 "QUERY_CORRECTION_OFFSET"
        (CorrectionOffsetHeader, ()) -> ((), Json<CorrectionOffsets>);
    /// Gives a group the offsets of another.
    CloneGroupOffset = 314 "CLONE_GROUP_OFFSET" (CloneGroupOffsetHeader, ()) -> ((), ());
    /// Has a half message checked again that was given up.
    ResumeCheckHalfMessage = 323 "RESUME_CHECK_HALF_MESSAGE" (ResumeCheckHeader, ()) -> ((), ());
    /// Takes or gives a group the right to read a topic, or asks for it.
    UpdateAndGetGroupForbidden = 353 "UPDATE_AND_GET_GROUP_FORBIDDEN"
        (GroupForbiddenHeader, ()) -> ((), Json<GroupForbidden>);
    /// How a topic's queue in RocksDB agrees with that in files.
    CheckRocksdbCqWriteProgress = 354 "CHECK_ROCKSDB_CQ_WRITE_PROGRESS"
        (RocksdbProgressHeader, ()) -> ((), Json<RocksdbProgress>);
    /// Writes tables out of RocksDB to files.
    ExportRocksdbConfigToJson = 355 "EXPORT_ROCKSDB_CONFIG_TO_JSON" (RocksdbExportHeader, ()) -> ((), ());
    /// How a broker copies.
    GetBrokerHaStatus = 907 "GET_BROKER_HA_STATUS" ((), ()) -> ((), Json<HaStatus>);
    /// Tells a slave up to where its master's log is safe.
    ResetMasterFlushOffset = 908 "RESET_MASTER_FLUSH_OFFSET" (MasterFlushOffsetHeader, ()) -> ((), ());
    /// Which master wrote which part of the log.
    GetBrokerEpochCache = 1007 "GET_BROKER_EPOCH_CACHE" ((), ()) -> ((), Json<Epochs>);
    /// Sets limits of groups for reads of messages that are not in memory: properties, limit by group.
    UpdateColdDataFlowCtrConfig = 2001 "UPDATE_COLD_DATA_FLOW_CTR_CONFIG" ((), String) -> ((), ());
    /// Takes a group's limit away.
    RemoveColdDataFlowCtrConfig = 2002 "REMOVE_COLD_DATA_FLOW_CTR_CONFIG" ((), String) -> ((), ());
    /// The limits and what they limit.
    GetColdDataFlowCtrInfo = 2003 "GET_COLD_DATA_FLOW_CTR_INFO" ((), ()) -> ((), Json<ColdDataInfo>);
    /// How the commit log is read ahead.
    SetCommitlogReadMode = 2004 "SET_COMMITLOG_READ_MODE" (ReadAheadHeader, ()) -> ((), ());
    /// Uses another timer for messages with a delivery time of their own.
    SwitchTimerEngine = 5001 "SWITCH_TIMER_ENGINE" (TimerEngineHeader, ()) -> ((), ());
    /// Writes what the consumers of pop have not confirmed from RocksDB into the log.
    PopRollback = 200_056 "POP_ROLLBACK" ((), ()) -> ((), ());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_by_queue_go_out_with_bare_numbers() {
        let body = CorrectionOffsets { correction_offsets: BTreeMap::from([(0, 5), (10, i64::MAX)]) };
        let json = crate::protocol::fastjson::to_vec(&body).unwrap();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            r#"{"correctionOffsets":{0:5,10:9223372036854775807}}"#
        );
        assert_eq!(crate::protocol::fastjson::from_slice::<CorrectionOffsets>(&json).unwrap(), body);
    }
}
