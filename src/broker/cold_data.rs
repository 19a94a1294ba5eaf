//! Limits for reading messages that are not in memory, by group (Java: `ColdDataCgCtrService`). They are kept
//! and told; as in Apache's broker, nothing is limited unless `coldDataFlowControlEnable` is set, which this
//! broker does not take.

use std::collections::BTreeMap;

use parking_lot::RwLock;

use crate::config::BrokerConfig;
use crate::protocol::upkeep::ColdDataInfo;

/// The limits by group, in bytes.
#[derive(Debug, Default)]
pub struct ColdDataLimits(RwLock<BTreeMap<String, i64>>);

impl ColdDataLimits {
    /// Sets a group's limit.
    pub fn set(&self, group: String, limit: i64) {
        self.0.write().insert(group, limit);
    }

    /// Takes a group's limit away.
    pub fn remove(&self, group: &str) {
        self.0.write().remove(group);
    }

    /// The limits, and those of everybody else.
    pub fn describe(&self, config: &BrokerConfig) -> ColdDataInfo {
        let number = |key: &str| config.get(key).and_then(|value| value.parse().ok()).unwrap_or(0);
        ColdDataInfo {
            config_table: self.0.read().clone(),
            cg_cold_read_threshold: number("cgColdReadThreshold"),
            global_cold_read_threshold: number("globalColdReadThreshold"),
            ..ColdDataInfo::default()
        }
    }
}
