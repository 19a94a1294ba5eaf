//! Clients of a cluster: name-server lookup, one generic call, producer and consumer.
//!
//! [`Client`] finds brokers through the name servers and calls them; everything else is made of it.

mod addr;
mod address_server;
mod calls;
pub mod consumer;
mod error;
mod identity;
pub mod producer;
mod queues;
mod session;

pub use addr::{DEFAULT_NAMESRV_PORT, namesrv_addrs};
pub use address_server::{AddressServerError, ask_address_server};
pub use calls::{Client, ClientOptions, master_addr};
pub use error::ClientError;
pub use queues::{readable, writable};
pub use session::Session;
