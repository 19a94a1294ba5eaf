//! Commands about topics.

pub mod allocate_mq;
pub mod delete_topic;
mod order_conf;
mod perm;
pub mod topic_cluster_list;
pub mod topic_list;
pub mod topic_route;
pub mod topic_status;
pub mod update_order_conf;
pub mod update_topic;
pub mod update_topic_list;
pub mod update_topic_perm;

crate::admin::commands! {
    /// Commands about topics.
    pub enum TopicCommand in "Topics" {
        TopicList = topic_list as "topicList",
        TopicRoute = topic_route as "topicRoute",
        TopicStatus = topic_status as "topicStatus",
        TopicClusterList = topic_cluster_list as "topicClusterList",
        UpdateTopic = update_topic as "updateTopic",
        UpdateTopicList = update_topic_list as "updateTopicList",
        UpdateTopicPerm = update_topic_perm as "updateTopicPerm",
        UpdateOrderConf = update_order_conf as "updateOrderConf",
        DeleteTopic = delete_topic as "deleteTopic",
        AllocateMq = allocate_mq as "allocateMQ",
    }
}
