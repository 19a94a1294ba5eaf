//! The task that owns a socket.
//!
//! It waits for four things at once: bytes to read, room to write, commands queued by others, and the end.
//! It stops reading, so that the peer feels it, while too much waits to be written or too many requests are
//! unanswered.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tokio_util::io::poll_read_buf;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Item};
use super::outbox::Outbox;
use super::{Outcome, Service};
use crate::protocol::frame::take_frame;
use crate::protocol::{DecodeError, RemotingCommand};

/// Read first into this much stack, so that a connection that has nothing to say holds no buffer.
const STACK_READ: usize = 16 * 1024;
/// The most that a read buffer grows at once, whatever length a frame claims.
const GROW: usize = 256 * 1024;
/// Above this many unwritten bytes nothing more is read or accepted.
const OUTBOX_LIMIT: usize = 8 * 1024 * 1024;
/// How long the end of a connection may take that is closed by us.
const DRAIN: Duration = Duration::from_secs(5);
/// Above this many unanswered requests of a peer nothing more of it is read.
const IN_FLIGHT_LIMIT: usize = 16 * 1024;

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The longest frame, in bytes.
    pub(super) max_frame: usize,
    /// After how long without a byte in either direction the connection is closed.
    pub(super) max_idle: Duration,
}

enum Event {
    /// So many bytes came; none is the peer's end.
    Read(usize),
    Wrote(usize),
    Queued(Item),
    /// Nothing came or went for too long.
    Idle,
    /// We are asked to end.
    Close,
    Failed,
}

pub(super) struct Task<S> {
    socket: S,
    queue: mpsc::Receiver<Item>,
    connection: Arc<Connection>,
    service: Arc<dyn Service>,
    limits: Limits,
    tasks: TaskTracker,
    input: BytesMut,
    outbox: Outbox,
    /// Something was written that the socket may hold back: one that encrypts does.
    unflushed: bool,
    /// Requests of the peer that were not answered at once and are not answered yet.
    in_flight: usize,
    last_active: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    pub(super) fn new(
        socket: S,
        queue: mpsc::Receiver<Item>,
        connection: Arc<Connection>,
        service: Arc<dyn Service>,
        limits: Limits,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            socket,
            queue,
            connection,
            service,
            limits,
            tasks,
            input: BytesMut::new(),
            outbox: Outbox::default(),
            unflushed: false,
            in_flight: 0,
            last_active: Instant::now(),
        }
    }

    /// Runs until the connection is over.
    pub(super) async fn run(mut self) {
        let _closed = ClosedOnDrop { connection: self.connection.clone(), service: self.service.clone() };
        self.service.opened(&self.connection);
        let close = self.connection.close.clone();
        let mut closing = std::pin::pin!(close.cancelled());
        let mut idle = std::pin::pin!(tokio::time::sleep(self.limits.max_idle));
        loop {
            let event = poll_fn(|cx| {
                if closing.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Event::Close);
                }
                self.poll_event(cx, idle.as_mut())
            })
            .await;
            let went_well = match event {
                Event::Read(0) | Event::Failed | Event::Idle => false,
                Event::Read(_) => true,
                Event::Wrote(bytes) => {
                    self.outbox.advance(bytes);
                    true
                }
                Event::Queued(item) => self.take_queued(item),
                Event::Close => {
                    // A peer that takes nothing, or a request that is never answered, must not keep us.
                    let _ = tokio::time::timeout(DRAIN, self.drain()).await;
                    false
                }
            };
            // Also after a write: frames may have been left for when there is room for their answers.
            if !went_well || self.take_frames().is_err() {
                break;
            }
        }
        // One that encrypts has a last word to say.
        let _ = tokio::time::timeout(DRAIN, self.socket.shutdown()).await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, mut idle: Pin<&mut Sleep>) -> Poll<Event> {
        if let Poll::Ready(event) = self.poll_write(cx) {
            return Poll::Ready(event);
        }
        if self.outbox.len() < OUTBOX_LIMIT {
            if let Poll::Ready(Some(item)) = self.queue.poll_recv(cx) {
                return Poll::Ready(Event::Queued(item));
            }
            if self.may_serve()
                && let Poll::Ready(event) = self.poll_read(cx)
            {
                return Poll::Ready(event);
            }
        }
        // The timer is looked at only when it fires: activity moves a mark, not the timer.
        while idle.as_mut().poll(cx).is_ready() {
            let end = self.last_active + self.limits.max_idle;
            if end <= Instant::now() {
                return Poll::Ready(Event::Idle);
            }
            idle.as_mut().reset(end);
        }
        Poll::Pending
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.outbox.is_empty() {
            return match self.poll_flush(cx) {
                Poll::Ready(Err(_)) => Poll::Ready(Event::Failed),
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
            };
        }
        let mut slices = Outbox::empty_slices();
        let count = self.outbox.fill(&mut slices);
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, &slices[..count]));
        self.last_active = Instant::now();
        self.unflushed = true;
        Poll::Ready(match written {
            Ok(0) | Err(_) => Event::Failed,
            Ok(bytes) => Event::Wrote(bytes),
        })
    }

    /// Has what the socket holds back sent.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let read = if self.input.is_empty() {
            let mut stack = [std::mem::MaybeUninit::uninit(); STACK_READ];
            let mut buffer = ReadBuf::uninit(&mut stack);
            let result = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer));
            self.input.extend_from_slice(buffer.filled());
            result.map(|()| buffer.filled().len())
        } else {
            let missing = missing_bytes(&self.input).min(self.limits.max_frame);
            self.input.reserve(missing.clamp(STACK_READ, GROW));
            let mut limited = (&mut self.input).limit(GROW);
            ready!(poll_read_buf(Pin::new(&mut self.socket), cx, &mut limited))
        };
        self.last_active = Instant::now();
        Poll::Ready(read.map_or(Event::Failed, Event::Read))
    }

    /// Whether there is room for the answers to more requests.
    fn may_serve(&self) -> bool {
        self.outbox.len() < OUTBOX_LIMIT && self.in_flight < IN_FLIGHT_LIMIT
    }

    /// Handles the whole frames that have come, as many as there is room for the answers. An error ends the connection: after a broken frame nothing
    /// that follows can be trusted.
    fn take_frames(&mut self) -> Result<(), DecodeError> {
        while self.may_serve() {
            let broken = |error: &DecodeError| self.connection.mark_broken(error);
            let frame = take_frame(&mut self.input, self.limits.max_frame).inspect_err(broken)?;
            let Some(frame) = frame else { break };
            let command = RemotingCommand::decode(frame).inspect_err(broken)?;
            if command.is_response() {
                self.connection.complete(command);
            } else {
                self.serve(command);
            }
        }
        if self.input.is_empty() {
            // Frames in use keep their memory; the connection itself goes back to holding none.
            self.input = BytesMut::new();
        }
        Ok(())
    }

    fn serve(&mut self, request: RemotingCommand) {
        let oneway = request.is_oneway();
        match self.service.call(&self.connection, request) {
            Outcome::Reply(response) if !oneway => {
                self.push(response);
            }
            Outcome::Reply(_) | Outcome::Nothing => {}
            Outcome::Later(answer) => {
                self.in_flight += 1;
                let connection = self.connection.clone();
                self.tasks.spawn(async move {
                    let response = answer.await.filter(|_| !oneway);
                    connection.respond(response).await;
                });
            }
        }
    }

    /// Takes what others queued, all of it, so that it goes out in one write.
    fn take_queued(&mut self, first: Item) -> bool {
        let mut next = Some(first);
        while let Some(item) = next {
            let command = match item {
                Item::Command(command) => Some(command),
                Item::Answer(response) => {
                    self.in_flight = self.in_flight.saturating_sub(1);
                    response
                }
            };
            if let Some(command) = command
                && !self.push(command)
            {
                return false;
            }
            next = if self.outbox.len() < OUTBOX_LIMIT { self.queue.try_recv().ok() } else { None };
        }
        true
    }

    fn push(&mut self, command: RemotingCommand) -> bool {
        match self.outbox.push(command) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(peer = %self.connection.peer(), %error, "a command cannot be written");
                false
            }
        }
    }

    /// The end that we chose: what is unanswered is waited for, and what is queued written.
    async fn drain(&mut self) {
        loop {
            if !self.outbox.is_empty() {
                match poll_fn(|cx| self.poll_write(cx)).await {
                    Event::Wrote(bytes) => self.outbox.advance(bytes),
                    _ => return,
                }
            } else if let Ok(item) = self.queue.try_recv() {
                self.take_queued(item);
            } else if self.in_flight == 0 {
                let _ = poll_fn(|cx| self.poll_flush(cx)).await;
                return;
            } else if let Some(item) = self.queue.recv().await {
                self.take_queued(item);
            }
        }
    }
}

/// How many bytes the frame at the start of the buffer still lacks.
fn missing_bytes(input: &[u8]) -> usize {
    let Some(length) = input.first_chunk::<4>() else { return 4 };
    (u32::from_be_bytes(*length) as usize + 4).saturating_sub(input.len())
}

/// Tells the service and all who wait, also when the task ends by a panic in a handler.
struct ClosedOnDrop {
    connection: Arc<Connection>,
    service: Arc<dyn Service>,
}

impl Drop for ClosedOnDrop {
    fn drop(&mut self) {
        self.connection.mark_closed();
        self.service.closed(&self.connection);
    }
}
