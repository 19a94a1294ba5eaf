//! What an operator can do: one file per command.
//!
//! A command is a module with `Args` (its docs are the help), `Output` and
//! `async fn run(&Context, Args) -> Result<Output, CommandError>`, and one line in the `commands!` of its area.
//! It never prints, exits or opens a socket itself.

mod ask;
mod client_error;
mod command;
mod context;
mod error;
mod namesrv_addr;
mod namesrv_lookup;

pub mod attributes;
pub mod auth;
pub mod broker;
pub mod change;
pub mod cluster;
pub mod cold_data;
pub mod container;
pub mod controller;
pub mod export;
pub mod group;
pub mod ha;
pub mod lite;
pub mod message;
pub mod namesrv;
pub mod offset;
pub mod producer;
pub mod queue;
pub mod static_topic;
pub mod stats;
pub mod suggest;
pub mod targets;
pub mod topic;

pub use ask::{Answers, failed};
pub use command::{Entry, Life, once, repeatedly};
pub(crate) use command::{areas, commands};
#[cfg(test)]
pub(crate) use context::tests::quiet_context;
pub use context::{Context, FAN_OUT};
pub use error::{CommandError, ErrorKind};
pub use namesrv_addr::{DEFAULT_NAMESRV, NameServers};

areas! {
    /// Every command of an operator.
    pub enum AdminCommand {
        Cluster(cluster::ClusterCommand),
        Topic(topic::TopicCommand),
        Group(group::GroupCommand),
        Producer(producer::ProducerCommand),
        Message(message::MessageCommand),
        Offset(offset::OffsetCommand),
        Broker(broker::BrokerCommand),
        Namesrv(namesrv::NamesrvCommand),
        Queue(queue::QueueCommand),
        Stats(stats::StatsCommand),
        StaticTopic(static_topic::StaticTopicCommand),
        Auth(auth::AuthCommand),
        Export(export::ExportCommand),
        Lite(lite::LiteCommand),
        Container(container::ContainerCommand),
        Ha(ha::HaCommand),
        Controller(controller::ControllerCommand),
        ColdData(cold_data::ColdDataCommand),
    }
}
