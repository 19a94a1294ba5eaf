//! Commands about brokers.

pub mod broker_status;
pub mod clean_expired_cq;
pub mod clean_unused_topic;
pub mod delete_expired_commit_log;
pub mod get_broker_config;
pub mod housekeeping;
pub mod reset_master_flush_offset;
pub mod switch_timer_engine;
pub mod update_broker_config;
pub mod which;

crate::admin::commands! {
    /// Commands about brokers.
    pub enum BrokerCommand in "Brokers" {
        BrokerStatus = broker_status as "brokerStatus",
        GetBrokerConfig = get_broker_config as "getBrokerConfig",
        UpdateBrokerConfig = update_broker_config as "updateBrokerConfig",
        CleanExpiredCq = clean_expired_cq as "cleanExpiredCQ",
        CleanUnusedTopic = clean_unused_topic as "cleanUnusedTopic",
        DeleteExpiredCommitLog = delete_expired_commit_log as "deleteExpiredCommitLog",
        ResetMasterFlushOffset = reset_master_flush_offset as "resetMasterFlushOffset",
        SwitchTimerEngine = switch_timer_engine as "switchTimerEngine",
    }
}
