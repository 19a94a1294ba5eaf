//! Which handler answers which request: one line each.

use super::core::Broker;
use crate::remoting::Router;

/// The table of the broker.
pub fn table() -> Router<Broker> {
    let router = Router::new();
    super::handlers::serve(router)
}
