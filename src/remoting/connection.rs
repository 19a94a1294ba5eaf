//! One connection, as everyone but its own task sees it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::error::CallError;
use crate::protocol::body::Body;
use crate::protocol::header::Header;
use crate::protocol::request::Request;
use crate::protocol::signature::Credentials;
use crate::protocol::{DecodeError, RemotingCommand, code};

/// Commands that may wait for the connection's task before senders have to wait.
pub(super) const QUEUE: usize = 1024;

/// What others give the connection's task.
pub(super) enum Item {
    /// A request of ours to write.
    Command(RemotingCommand),
    /// The end of a request of the peer's, with a response if there is one.
    Answer(Option<RemotingCommand>),
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// The typed answer to a call.
#[derive(Debug)]
pub struct Answer<R: Request> {
    /// The response code; calls return only successful ones, unless asked otherwise.
    pub code: i32,
    /// The remark, if there is one.
    pub remark: Option<String>,
    /// The header.
    pub header: R::ReplyHeader,
    /// The body.
    pub body: R::ReplyBody,
}

/// A TCP connection with a peer, and the requests that wait for its answers.
pub struct Connection {
    id: u64,
    peer: SocketAddr,
    local: SocketAddr,
    /// How the peer is called in errors: the address that was asked for, or where it came from.
    name: String,
    outgoing: mpsc::Sender<Item>,
    /// What our requests are signed with.
    credentials: Option<Arc<Credentials>>,
    waiting: Mutex<HashMap<i32, oneshot::Sender<RemotingCommand>>>,
    next_opaque: AtomicI32,
    closed: AtomicBool,
    /// Whether we connected to the peer, and not the peer to us.
    dialed: bool,
    /// Why it is over, if what came could not be read.
    broken: OnceLock<String>,
    /// Cancelled when it is over, for those who wait for that.
    over: CancellationToken,
    /// Cancelled to ask the task to end.
    pub(super) close: CancellationToken,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({} {})", self.id, self.name)
    }
}

impl Connection {
    pub(super) fn new(
        name: Option<String>,
        peer: SocketAddr,
        local: SocketAddr,
        close: CancellationToken,
        credentials: Option<Arc<Credentials>>,
    ) -> (Arc<Self>, mpsc::Receiver<Item>) {
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let connection = Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            peer,
            local,
            dialed: name.is_some(),
            broken: OnceLock::new(),
            name: name.unwrap_or_else(|| peer.to_string()),
            outgoing,
            credentials,
            waiting: Mutex::default(),
            next_opaque: AtomicI32::new(0),
            closed: AtomicBool::new(false),
            over: CancellationToken::new(),
            close,
        };
        (Arc::new(connection), queue)
    }

    /// A number that no other connection of this process has or had.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Our own address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether it is over. It may be so right after a `false`, too.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits until it is over, so that nothing is kept for a peer that is gone.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Ends it, as soon as what is queued is written.
    pub fn close(&self) {
        self.close.cancel();
    }

    /// Sends a request and waits for its answer, at most for `timeout`. An answer with another code than
    /// success is [`CallError::Refused`].
    pub async fn call<R: Request>(
        &self,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, CallError> {
        let response = self.exchange(R::NAME, self.command::<R>(header, body)?, timeout).await?;
        if response.code != code::SUCCESS {
            return Err(self.refused(R::NAME, response));
        }
        self.answer::<R>(response)
    }

    /// As [`Connection::call`], but any code is an answer if its header can be read: a pull that finds
    /// nothing has one.
    pub async fn call_any<R: Request>(
        &self,
        header: R::Header,
        body: R::Body,
        timeout: Duration,
    ) -> Result<Answer<R>, CallError> {
        let response = self.exchange(R::NAME, self.command::<R>(header, body)?, timeout).await?;
        if response.code == code::SUCCESS || R::ReplyHeader::read(&response.ext).is_ok() {
            return self.answer::<R>(response);
        }
        Err(self.refused(R::NAME, response))
    }

    /// Sends a request that is not answered. Returns when it is queued.
    pub async fn oneway<R: Request>(&self, header: R::Header, body: R::Body) -> Result<(), CallError> {
        let command = self.oneway_command::<R>(header, body)?;
        self.outgoing.send(Item::Command(command)).await.map_err(|_| self.lost(R::NAME))
    }

    /// As [`Connection::oneway`], without waiting: a peer whose queue is full does not get it.
    pub fn try_oneway<R: Request>(&self, header: R::Header, body: R::Body) -> Result<(), CallError> {
        let command = self.oneway_command::<R>(header, body)?;
        self.outgoing.try_send(Item::Command(command)).map_err(|_| self.lost(R::NAME))
    }

    fn oneway_command<R: Request>(
        &self,
        header: R::Header,
        body: R::Body,
    ) -> Result<RemotingCommand, CallError> {
        let mut command = self.command::<R>(header, body)?;
        command.opaque = self.next_opaque.fetch_add(1, Ordering::Relaxed);
        command.mark_oneway();
        self.sign(&mut command);
        Ok(command)
    }

    /// Sends a command as it is and waits for its response, whatever its code.
    pub async fn exchange(
        &self,
        request: &'static str,
        mut command: RemotingCommand,
        timeout: Duration,
    ) -> Result<RemotingCommand, CallError> {
        let opaque = self.next_opaque.fetch_add(1, Ordering::Relaxed);
        command.opaque = opaque;
        self.sign(&mut command);
        let (done, response) = oneshot::channel();
        self.waiting.lock().insert(opaque, done);
        let waiter = Waiter { connection: self, opaque };
        let exchange = async {
            if self.is_closed() || self.outgoing.send(Item::Command(command)).await.is_err() {
                return Err(self.lost(request));
            }
            response.await.map_err(|_| self.lost(request))
        };
        let result = tokio::time::timeout(timeout, exchange).await;
        drop(waiter);
        result
            .unwrap_or_else(|_| Err(CallError::Timeout { addr: self.name.clone(), request, after: timeout }))
    }

    /// Queues the answer to a request that was not answered at once.
    pub(super) async fn respond(&self, response: Option<RemotingCommand>) {
        // A peer that is gone needs no answer.
        let _ = self.outgoing.send(Item::Answer(response)).await;
    }

    /// Hands a response to who waits for it. One that comes too late is dropped.
    pub(super) fn complete(&self, response: RemotingCommand) {
        if let Some(done) = self.waiting.lock().remove(&response.opaque) {
            let _ = done.send(response);
        }
    }

    /// What came cannot be read. Who asked is told in the error, who serves in the log.
    pub(super) fn mark_broken(&self, error: &DecodeError) {
        if self.dialed {
            tracing::debug!(peer = %self.peer, %error, "connection closed for a bad frame");
        } else {
            tracing::warn!(peer = %self.peer, %error, "connection closed for a bad frame");
        }
        // Only the first reason is one.
        let _ = self.broken.set(format!("what it sent is not understood: {error}"));
    }

    /// The connection is over: everyone who waits is told.
    pub(super) fn mark_closed(&self) {
        self.closed.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut *self.waiting.lock());
        drop(waiting);
        self.over.cancel();
    }

    fn command<R: Request>(&self, header: R::Header, body: R::Body) -> Result<RemotingCommand, CallError> {
        let body = body.encode().map_err(|error| self.malformed(R::NAME, error.to_string()))?;
        Ok(RemotingCommand::request(R::CODE).with_header(&header).with_body(body))
    }

    fn sign(&self, command: &mut RemotingCommand) {
        if let Some(credentials) = &self.credentials {
            credentials.sign(command);
        }
    }

    fn answer<R: Request>(&self, response: RemotingCommand) -> Result<Answer<R>, CallError> {
        let header = R::ReplyHeader::read(&response.ext)
            .map_err(|error| self.malformed(R::NAME, error.to_string()))?;
        let body = R::ReplyBody::decode(response.body)
            .map_err(|error| self.malformed(R::NAME, error.to_string()))?;
        Ok(Answer { code: response.code, remark: response.remark, header, body })
    }

    fn refused(&self, request: &'static str, response: RemotingCommand) -> CallError {
        CallError::Refused {
            addr: self.name.clone(),
            request,
            code: response.code,
            remark: response.remark.unwrap_or_default(),
        }
    }

    fn malformed(&self, request: &'static str, reason: String) -> CallError {
        CallError::Malformed { addr: self.name.clone(), request, reason }
    }

    fn lost(&self, request: &'static str) -> CallError {
        CallError::Closed { addr: self.name.clone(), request, reason: self.broken.get().cloned() }
    }
}

/// Forgets a waiting request when its caller gives up, by time-out or by being dropped.
struct Waiter<'a> {
    connection: &'a Connection,
    opaque: i32,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.connection.waiting.lock().remove(&self.opaque);
    }
}
