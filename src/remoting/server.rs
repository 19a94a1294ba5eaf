//! Accepting connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Service;
use super::connection::Connection;
use super::io::{Limits, Task};
use super::tls_server::{Accepted, ServerTls};
use crate::protocol::MAX_FRAME_LENGTH;

/// How a server treats its connections.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The longest frame it takes, in bytes (Java: `com.rocketmq.remoting.frameMaxLength`).
    pub max_frame: usize,
    /// After how long a silent connection is closed (Java: `serverChannelMaxIdleTimeSeconds`).
    pub max_idle: Duration,
    /// How long unanswered requests are waited for at the end.
    pub grace: Duration,
    /// Which connections are encrypted; none where this is none.
    pub tls: Option<Arc<ServerTls>>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_frame: MAX_FRAME_LENGTH,
            max_idle: Duration::from_secs(120),
            grace: Duration::from_millis(500),
            tls: None,
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    options: ServerOptions,
}

impl Server {
    /// Listens on an address; port 0 is any free one.
    pub async fn bind(addr: SocketAddr, options: ServerOptions) -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(addr).await?, options })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`; then answers what is in flight, for as long as the grace lasts.
    pub async fn run(self, service: Arc<dyn Service>, shutdown: CancellationToken) {
        let tasks = TaskTracker::new();
        let close = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => self.start(socket, peer, &service, &tasks, &close),
                Err(error) => {
                    // Out of file descriptors, mostly: connections that end will free some.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        close.cancel();
        tasks.close();
        if tokio::time::timeout(self.options.grace, tasks.wait()).await.is_err() {
            tracing::warn!(connections = tasks.len(), "closing with unanswered requests");
        }
    }

    fn start(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
        service: &Arc<dyn Service>,
        tasks: &TaskTracker,
        close: &CancellationToken,
    ) {
        let Ok(local) = socket.local_addr() else { return };
        // A response must not wait for the next one.
        let _ = socket.set_nodelay(true);
        let limits = Limits { max_frame: self.options.max_frame, max_idle: self.options.max_idle };
        let (close, service, tracker) = (close.child_token(), service.clone(), tasks.clone());
        let serve = Serve { peer, local, limits, service, tasks: tracker, close };
        match self.options.tls.clone() {
            None => drop(tasks.spawn(serve.run(socket))),
            Some(tls) => drop(tasks.spawn(serve.negotiate(socket, tls))),
        }
    }
}

/// What is needed to serve an accepted connection.
struct Serve {
    peer: SocketAddr,
    local: SocketAddr,
    limits: Limits,
    service: Arc<dyn Service>,
    tasks: TaskTracker,
    close: CancellationToken,
}

impl Serve {
    async fn negotiate(self, socket: TcpStream, tls: Arc<ServerTls>) {
        let accepted = tokio::select! {
            () = self.close.cancelled() => return,
            accepted = tls.accept(socket, self.limits.max_idle) => accepted,
        };
        // On the heap: a connection that is not encrypted needs no room for what one needs that is.
        match accepted {
            Some(Accepted::Plain(socket)) => self.run(socket).await,
            Some(Accepted::Encrypted(stream)) => Box::pin(self.run(stream)).await,
            None => {}
        }
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin>(self, socket: S) {
        let Self { peer, local, limits, service, tasks, close } = self;
        let (connection, queue) = Connection::new(None, peer, local, close, None);
        Task::new(socket, queue, connection, service, limits, tasks).run().await;
    }
}
