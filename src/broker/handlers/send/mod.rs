//! Sending: 10, 310, 320, 324, 325 (Java: `SendMessageProcessor`).
//!
//! With asynchronous flush a send is answered at once, on the connection's task; with synchronous flush the
//! answer waits for the disk.

mod batch;
mod check;
mod reply;
mod rule;
mod single;

pub(super) use reply::{reply, reply_v2};
pub(in crate::broker) use rule::{push, replace};
pub(in crate::broker) use single::keep;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::broker::core::Broker;
use crate::broker::put::{self, OnDisk};
use crate::protocol::code;
use crate::protocol::request::Request;
use crate::protocol::send::{
    SendBatchMessage, SendMessage, SendMessageHeader, SendMessageHeaderV2, SendMessageReply, SendMessageV2,
};
use crate::remoting::{In, Out, Reject, Reply};

/// A send, whichever request it came by.
struct Send {
    header: SendMessageHeader,
    body: Bytes,
    born_host: SocketAddr,
    version: i32,
}

/// What was stored of a send.
struct Stored {
    reply: SendMessageReply,
    /// Commit log offset behind it.
    end: i64,
    waits_for_disk: bool,
}

/// 10.
pub fn send(broker: &Arc<Broker>, request: In<SendMessage>) -> Reply<SendMessage> {
    let In { header, body, peer, version, .. } = request;
    serve(broker, Send { header, body, born_host: peer.peer(), version })
}

/// 310.
pub fn send_v2(broker: &Arc<Broker>, request: In<SendMessageV2>) -> Reply<SendMessageV2> {
    serve(broker, from_v2(request))
}

/// 320.
pub fn send_batch(broker: &Arc<Broker>, request: In<SendBatchMessage>) -> Reply<SendBatchMessage> {
    serve(broker, from_v2(request))
}

fn from_v2<R: Request<Header = SendMessageHeaderV2, Body = Bytes>>(request: In<R>) -> Send {
    let In { header, body, peer, version, .. } = request;
    Send { header: header.into(), body, born_host: peer.peer(), version }
}

fn serve<R>(broker: &Arc<Broker>, send: Send) -> Reply<R>
where
    R: Request<ReplyHeader = SendMessageReply, ReplyBody = ()> + 'static,
{
    let Stored { reply, end, waits_for_disk } = match store(broker, &send) {
        Ok(stored) => stored,
        Err(reject) => return Reply::Now(Err(reject)),
    };
    if !put::awaits_disk(broker, end, waits_for_disk) {
        return Reply::Now(Ok(Out::header(reply)));
    }
    let broker = broker.clone();
    Reply::Later(Box::pin(async move {
        let code = match put::on_disk(&broker, end).await {
            OnDisk::Yes => code::SUCCESS,
            OnDisk::Unknown => code::FLUSH_DISK_TIMEOUT,
        };
        Ok(Out::header(reply).code(code))
    }))
}

fn store(broker: &Broker, send: &Send) -> Result<Stored, Reject> {
    let began = broker.now();
    let topic = check::admit(broker, send, began)?;
    if send.header.batch == Some(true) {
        batch::store(broker, send, &topic, began)
    } else {
        single::store(broker, send, &topic, began)
    }
}
