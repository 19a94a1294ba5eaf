//! Commands about lite topics: the many small queues below a parent topic.

pub mod get_broker_lite_info;
pub mod get_lite_client_info;
pub mod get_lite_group_info;
pub mod get_lite_topic_info;
pub mod get_parent_topic_info;
mod told;
pub mod trigger_lite_dispatch;

crate::admin::commands! {
    /// Commands about lite topics.
    pub enum LiteCommand in "Lite topics" {
        GetBrokerLiteInfo = get_broker_lite_info as "getBrokerLiteInfo",
        GetLiteClientInfo = get_lite_client_info as "getLiteClientInfo",
        GetLiteGroupInfo = get_lite_group_info as "getLiteGroupInfo",
        GetLiteTopicInfo = get_lite_topic_info as "getLiteTopicInfo",
        GetParentTopicInfo = get_parent_topic_info as "getParentTopicInfo",
        TriggerLiteDispatch = trigger_lite_dispatch as "triggerLiteDispatch",
    }
}
