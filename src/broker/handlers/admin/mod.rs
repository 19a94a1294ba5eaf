//! What administrators ask of a broker (Java: `AdminBrokerProcessor`).

mod absent;
mod auth;
mod cold;
mod config;
mod connections;
mod groups;
mod lite;
mod members;
mod page;
mod progress;
mod queues;
mod reset;
mod runtime;
mod topics;
mod upkeep;

use crate::broker::Broker;
use crate::broker::reject::system_error;
use crate::remoting::{Reject, Router};

/// The remark that Apache's broker leaves on some of its successes; programs of its users have seen it for
/// years.
const NOT_SET: &str = "not set any response code";

/// Adds the handlers of this family to the table.
pub fn serve(router: Router<Broker>) -> Router<Broker> {
    let router = router
        // Topics.
        .later(topics::update)
        .later(topics::update_list)
        .later(topics::delete)
        .sync(topics::all)
        .sync(topics::one)
        .sync(topics::system)
        .sync(topics::stats)
        .sync(topics::consumed_by)
        // Groups.
        .later(groups::update)
        .later(groups::update_list)
        .later(groups::delete)
        .sync(groups::all)
        .sync(groups::one)
        .sync(groups::forbidden)
        .sync(groups::topics)
        .sync(groups::subscription)
        .later(groups::set_request_mode)
        // Who is connected.
        .sync(connections::consumers)
        .sync(connections::producers)
        .sync(connections::all_producers)
        // Members asked through the broker.
        .later(members::running_info)
        .later(members::consume_directly)
        .later(members::status);
    lite::serve(absent::serve(auth::serve(serve_broker(router))))
}

fn serve_broker(router: Router<Broker>) -> Router<Broker> {
    router
        // How far groups are.
        .sync(progress::of_group)
        .sync(progress::of_all)
        .sync(progress::time_span)
        .sync(progress::correction)
        .sync(progress::clone_offsets)
        .later(reset::reset)
        .sync(queues::entries)
        // The broker itself.
        .later(config::update)
        .sync(config::all)
        .sync(cold::update)
        .sync(cold::remove)
        .sync(cold::info)
        .sync(cold::read_ahead)
        .sync(runtime::info)
        .sync(runtime::item)
        .later(upkeep::clean_queues)
        .later(upkeep::clean_topics)
        .sync(upkeep::delete_commit_log)
        .sync(upkeep::resume_check)
        .sync(upkeep::replication)
        .sync(upkeep::master_flush_offset)
}

/// Runs what waits for the disk without holding up the connections.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Reject> {
    tokio::task::spawn_blocking(work).await.map_err(|error| system_error(error.to_string()))
}
