//! What administrators ask of a broker, over a real connection.

mod auth;
mod config;
mod groups;
mod members;
mod registration;
mod runtime;
mod topics;

use rmq::protocol::request::Request;
use rmq::remoting::{Answer, CallError};

use crate::broker::node::{Client, TIMEOUT};

/// One request and its answer.
async fn ask<R: Request>(client: &Client, header: R::Header, body: R::Body) -> Result<Answer<R>, CallError> {
    client.pool.call::<R>(&client.addr, header, body, TIMEOUT).await
}
