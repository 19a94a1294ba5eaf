//! Commands about consumer groups.

pub mod broker_consume_stats;
pub mod config;
pub mod consumer_connection;
pub mod consumer_progress;
pub mod consumer_status;
pub mod delete_sub_group;
pub mod get_consumer_config;
pub mod health;
pub mod held_by_group;
pub mod lag;
mod member_report;
pub mod members;
pub mod moved;
pub mod progress_of_all;
pub mod progress_of_group;
mod report;
mod retry_policy;
pub mod round;
pub mod running;
pub mod set_consume_mode;
pub mod start_monitoring;
pub mod update_sub_group;
pub mod update_sub_group_list;

crate::admin::commands! {
    /// Commands about consumer groups.
    pub enum GroupCommand in "Consumer groups" {
        ConsumerProgress = consumer_progress as "consumerProgress",
        ConsumerConnection = consumer_connection as "consumerConnection",
        BrokerConsumeStats = broker_consume_stats as "brokerConsumeStats",
        ConsumerStatus = consumer_status as "consumerStatus",
        UpdateSubGroup = update_sub_group as "updateSubGroup",
        UpdateSubGroupList = update_sub_group_list as "updateSubGroupList",
        GetConsumerConfig = get_consumer_config as "getConsumerConfig",
        DeleteSubGroup = delete_sub_group as "deleteSubGroup",
        SetConsumeMode = set_consume_mode as "setConsumeMode",
        StartMonitoring = start_monitoring as "startMonitoring" is graceful,
    }
}
