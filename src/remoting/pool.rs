//! The connections of a client, one an address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Answer, Connection};
use super::error::CallError;
use super::io::{Limits, Task};
use super::tls_client::ClientTls;
use super::{Outcome, Service};
use crate::protocol::request::Request;
use crate::protocol::signature::Credentials;
use crate::protocol::{MAX_FRAME_LENGTH, RemotingCommand, code};

/// How a client connects.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// How long a connection may take to be made (Java: `connectTimeoutMillis`).
    pub connect_timeout: Duration,
    /// The longest frame it takes, in bytes.
    pub max_frame: usize,
    /// After how long a silent connection is closed (Java: `clientChannelMaxIdleTimeSeconds`).
    pub max_idle: Duration,
    /// What every request is signed with, if with anything (Java: `AclClientRPCHook`).
    pub credentials: Option<Arc<Credentials>>,
    /// What connections are encrypted with, if they are (Java: `useTLS`).
    pub tls: Option<ClientTls>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            max_frame: MAX_FRAME_LENGTH,
            max_idle: Duration::from_secs(120),
            credentials: None,
            tls: None,
        }
    }
}

/// Connections by address: made on first use, shared by all callers, made anew when lost.
pub struct Pool {
    options: PoolOptions,
    service: Arc<dyn Service>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
    tasks: TaskTracker,
    close: CancellationToken,
}

/// One address. Whoever connects holds it, so that others wait for the same connection.
type Slot = tokio::sync::Mutex<Option<Arc<Connection>>>;

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A client that takes no requests.
struct TakesNone;

impl Service for TakesNone {
    fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        let remark = format!(" request type {} not supported", request.code);
        Outcome::Reply(request.response_to(code::REQUEST_CODE_NOT_SUPPORTED).with_remark(remark))
    }
}

impl Pool {
    /// No connections yet. `service` answers what peers ask over them.
    pub fn new(options: PoolOptions, service: Option<Arc<dyn Service>>) -> Self {
        Self {
            options,
            service: service.unwrap_or_else(|| Arc::new(TakesNone)),
            slots: Mutex::default(),
            tasks: TaskTracker::new(),
            close: CancellationToken::new(),
        }
    }

    /// See [`Connection::call`]. The time-out includes connecting.
    pub async fn call<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, CallError> {
        let (connection, rest) = self.connected::<R>(addr, timeout).await?;
        connection.call::<R>(header, body, rest).await.map_err(|error| whole_time(error, timeout))
    }

    /// See [`Connection::call_any`]. The time-out includes connecting.
    pub async fn call_any<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, CallError> {
        let (connection, rest) = self.connected::<R>(addr, timeout).await?;
        connection.call_any::<R>(header, body, rest).await.map_err(|error| whole_time(error, timeout))
    }

    /// The connection to an address, and what connecting left of the time.
    async fn connected<R: Request>(
        &self,
        addr: &str,
        timeout: Duration,
    ) -> Result<(Arc<Connection>, Duration), CallError> {
        let deadline = tokio::time::Instant::now() + timeout;
        let connection = self.connection::<R>(addr, timeout).await?;
        Ok((connection, deadline.saturating_duration_since(tokio::time::Instant::now())))
    }

    /// See [`Connection::oneway`].
    pub async fn oneway<R: Request>(
        &self,
        addr: &str,
        header: R::Header,
        body: R::Body,
    ) -> Result<(), CallError> {
        self.connection::<R>(addr, self.options.connect_timeout).await?.oneway::<R>(header, body).await
    }

    /// The connection to an address, made if there is none.
    pub async fn connection<R: Request>(
        &self,
        addr: &str,
        timeout: Duration,
    ) -> Result<Arc<Connection>, CallError> {
        let limit = timeout.min(self.options.connect_timeout);
        let connected = tokio::time::timeout(limit, self.connect(addr)).await;
        match connected {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(CallError::Timeout { addr: addr.to_owned(), request: R::NAME, after: limit }),
        }
    }

    async fn connect(&self, addr: &str) -> Result<Arc<Connection>, CallError> {
        let slot = self.slots.lock().entry(addr.to_owned()).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let unreachable = |source| CallError::Connect { addr: addr.to_owned(), source };
        let socket = TcpStream::connect(addr).await.map_err(unreachable)?;
        socket.set_nodelay(true).map_err(unreachable)?;
        let peer = socket.peer_addr().map_err(unreachable)?;
        let local = socket.local_addr().map_err(unreachable)?;
        let connection = match &self.options.tls {
            None => self.start(addr, socket, peer, local),
            Some(tls) => {
                let stream = tls.connect(addr, socket).await;
                let stream = stream.map_err(|source| CallError::Tls { addr: addr.to_owned(), source })?;
                self.start(addr, stream, peer, local)
            }
        };
        *slot = Some(connection.clone());
        Ok(connection)
    }

    /// Starts the task of a connection that is made.
    fn start<S>(&self, addr: &str, stream: S, peer: SocketAddr, local: SocketAddr) -> Arc<Connection>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (connection, queue) = Connection::new(
            Some(addr.to_owned()),
            peer,
            local,
            self.close.child_token(),
            self.options.credentials.clone(),
        );
        let limits = Limits { max_frame: self.options.max_frame, max_idle: self.options.max_idle };
        let tasks = self.tasks.clone();
        let task = Task::new(stream, queue, connection.clone(), self.service.clone(), limits, tasks);
        self.tasks.spawn(task.run());
        connection
    }

    /// Closes all connections, when what is queued on them is written.
    pub async fn close(&self) {
        self.close.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close.cancel();
    }
}

/// An error tells the time that the caller gave, not what connecting left of it.
fn whole_time(error: CallError, timeout: Duration) -> CallError {
    match error {
        CallError::Timeout { addr, request, .. } => CallError::Timeout { addr, request, after: timeout },
        other => other,
    }
}
