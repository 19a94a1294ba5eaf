//! The handlers by family.

mod ack;
mod admin;
mod client;
mod offset;
mod pop;
mod pull;
mod query;
mod recall;
mod send;
mod send_back;

pub(in crate::broker) use send::{keep, push, replace};

use super::core::Broker;
use super::transaction;
use crate::remoting::Router;

/// Adds every handler to the table.
pub fn serve(router: Router<Broker>) -> Router<Broker> {
    let router = router
        // Sending.
        .either(send::send)
        .either(send::send_v2)
        .either(send::send_batch)
        .later(send::reply)
        .later(send::reply_v2)
        .sync(send_back::send_back)
        .sync(transaction::end)
        .sync(recall::recall)
        .sync(recall::checkpoint)
        .sync(recall::metrics)
        // Pulling and looking up.
        .either(pull::pull)
        .either(pull::lite_pull)
        .sync(query::query)
        .sync(query::view)
        // Popping.
        .either(pop::pop)
        .later(pop::assignment)
        .sync(pop::peek)
        .either(pop::notification)
        .sync(pop::polling_info)
        .later(ack::ack)
        .later(ack::batch)
        .later(ack::change_invisible)
        // Offsets.
        .sync(offset::query)
        .sync(offset::update)
        .sync(offset::search)
        .sync(offset::max)
        .sync(offset::min)
        .sync(offset::earliest_time)
        // Clients.
        .sync(client::heartbeat)
        .sync(client::unregister)
        .sync(client::list)
        .sync(client::lock)
        .sync(client::unlock)
        .sync(client::check);
    admin::serve(router)
}
