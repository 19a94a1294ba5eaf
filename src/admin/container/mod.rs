//! Commands about broker containers: processes that run several brokers.

pub mod add_broker;
pub mod remove_broker;

use crate::admin::Context;
use crate::client::ClientOptions;
use std::time::Duration;

/// How long starting or stopping a broker may take, where nothing else is asked for (Java: `DefaultMQAdminExtImpl`).
const PATIENCE: Duration = Duration::from_secs(20);

/// The time for one request: what was asked for, or more than is usual where nothing was.
fn patience(ctx: &Context) -> Duration {
    if ctx.timeout == ClientOptions::default().timeout { PATIENCE } else { ctx.timeout }
}

crate::admin::commands! {
    /// Commands about broker containers.
    pub enum ContainerCommand in "Containers" {
        AddBroker = add_broker as "addBroker",
        RemoveBroker = remove_broker as "removeBroker",
    }
}
