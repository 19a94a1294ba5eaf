//! Commands about static topics, whose queues keep their numbers and offsets while they move between brokers.

mod args;
mod cluster;
mod mapping;
mod moves;
pub mod remapping_static_topic;
mod shown;
pub mod update_static_topic;

crate::admin::commands! {
    /// Commands about static topics.
    pub enum StaticTopicCommand in "Static topics" {
        UpdateStaticTopic = update_static_topic as "updateStaticTopic",
        RemappingStaticTopic = remapping_static_topic as "remappingStaticTopic",
    }
}
