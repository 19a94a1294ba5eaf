//! Connections: many requests in flight on each, in both directions.
//!
//! One task owns a connection's socket (`io`): it reads frames, hands requests to a [`Service`], completes
//! those who wait for responses, and writes what is queued. A request that is answered at once is answered
//! on that task, without a hop; one that takes longer is spawned and its answer queued. [`Pool`] holds the
//! connections of a client by address, [`Server`] accepts those of a server, and [`Router`] is the table
//! from request code to typed handler.

mod connection;
mod error;
mod io;
mod outbox;
mod pool;
mod router;
mod server;
#[cfg(test)]
mod tests;
mod tls_client;
mod tls_server;

pub use connection::{Answer, Connection};
pub use error::CallError;
pub use pool::{Pool, PoolOptions};
pub use router::{In, Out, Reject, Reply, Router};
pub use server::{Server, ServerOptions};
pub use tls_client::{ClientTls, ClientTlsError};
pub use tls_server::{ServerTls, TlsError};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::protocol::RemotingCommand;

/// A future on the heap, as a handler returns it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What becomes of a request.
pub enum Outcome {
    /// It is answered now.
    Reply(RemotingCommand),
    /// It is answered when the future is done, if with something.
    Later(BoxFuture<Option<RemotingCommand>>),
    /// It is not answered.
    Nothing,
}

/// Who answers the requests of a connection, on a server and, for reverse requests, on a client.
pub trait Service: Send + Sync + 'static {
    /// Answers a request. Called on the connection's own task: what takes long belongs in
    /// [`Outcome::Later`].
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome;

    /// A connection is there.
    fn opened(&self, _peer: &Arc<Connection>) {}

    /// A connection is gone.
    fn closed(&self, _peer: &Arc<Connection>) {}
}
