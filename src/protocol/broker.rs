//! A broker as such: configuration, statistics, housekeeping.

use serde::{Deserialize, Serialize};

use super::body::Json;
use super::group::ConsumeStatsList;
use super::route::KvTable;

/// A number over a span of time (Java: `BrokerStatsItem`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatsItem {
    /// Per call.
    pub avgpt: f64,
    /// In all.
    pub sum: i64,
    /// Per second.
    pub tps: f64,
}

/// Java: `BrokerStatsData`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatsData {
    /// Of the last day.
    pub stats_day: StatsItem,
    /// Of the last hour.
    pub stats_hour: StatsItem,
    /// Of the last minute.
    pub stats_minute: StatsItem,
}

crate::header! {
    /// Which version a configuration has, as the JSON of a data version.
    pub struct ConfigReply {
        /// The JSON.
        version: String = "version",
    }
}

crate::header! {
    /// Java: `ViewBrokerStatsDataRequestHeader`.
    pub struct StatsHeader {
        /// What is counted, as in `TOPIC_PUT_NUMS`.
        stats_name: String = "statsName",
        /// Of what, as in a topic or `topic@group`.
        stats_key: String = "statsKey",
    }
}

crate::header! {
    /// Java: `GetConsumeStatsInBrokerHeader`.
    pub struct BrokerConsumeStatsHeader {
        /// Only groups that consume in order.
        is_order: bool = "isOrder",
    }
}

crate::requests! {
    /// Changes the configuration, given as Java properties.
    UpdateBrokerConfig = 25 "UPDATE_BROKER_CONFIG" ((), String) -> ((), ());
    /// The configuration as Java properties.
    GetBrokerConfig = 26 "GET_BROKER_CONFIG" ((), ()) -> (ConfigReply, String);
    /// How the broker does, in named numbers.
    GetBrokerRuntimeInfo = 28 "GET_BROKER_RUNTIME_INFO" ((), ()) -> ((), Json<KvTable>);
    /// A statistic.
    ViewBrokerStatsData = 315 "VIEW_BROKER_STATS_DATA" (StatsHeader, ()) -> ((), Json<StatsData>);
    /// How far every group is.
    GetBrokerConsumeStats = 317 "GET_BROKER_CONSUME_STATS"
        (BrokerConsumeStatsHeader, ()) -> ((), Json<ConsumeStatsList>);
    /// Removes consume-queue files that point to nothing.
    CleanExpiredConsumequeue = 306 "CLEAN_EXPIRED_CONSUMEQUEUE" ((), ()) -> ((), ());
    /// Removes queues of topics that are gone.
    CleanUnusedTopic = 316 "CLEAN_UNUSED_TOPIC" ((), ()) -> ((), ());
    /// Removes commit-log files that are over their time.
    DeleteExpiredCommitlog = 329 "DELETE_EXPIRED_COMMITLOG" ((), ()) -> ((), ());
}
