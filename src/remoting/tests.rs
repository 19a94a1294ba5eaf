//! Client and server over a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::protocol::code;
use crate::protocol::request::Request;

crate::requests! {
    /// Answers with its own body.
    Echo = 9001 "ECHO" (crate::protocol::ExtFields, Bytes) -> (crate::protocol::ExtFields, Bytes);
    /// Answers when it is let.
    Held = 9002 "HELD" ((), ()) -> ((), ());
    /// Is refused.
    Refuse = 9003 "REFUSE" ((), ()) -> ((), ());
    /// Asks the client back by [`Echo`] and answers with what that says.
    Back = 9004 "BACK" ((), Bytes) -> ((), Bytes);
    /// Panics.
    Panic = 9005 "PANIC" ((), ()) -> ((), ());
    /// Is known to no one.
    Unknown = 9999 "UNKNOWN" ((), ()) -> ((), ());
}

const LONG: Duration = Duration::from_secs(20);

#[derive(Default)]
struct State {
    release: Notify,
    held: Notify,
    closed: Mutex<Option<mpsc::UnboundedSender<u64>>>,
}

struct TestService {
    state: Arc<State>,
    router: Router<State>,
}

impl Service for TestService {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.router.dispatch(&self.state, peer, request)
    }
    fn closed(&self, peer: &Arc<Connection>) {
        if let Some(closed) = &*self.state.closed.lock() {
            let _ = closed.send(peer.id());
        }
    }
}

fn service(state: &Arc<State>) -> Arc<dyn Service> {
    let router = Router::new()
        .sync::<Echo>(|_, input| Ok(Out::new(input.header, input.body)))
        .later::<Held, _>(|state: Arc<State>, _| async move {
            let release = state.release.notified();
            state.held.notify_one();
            release.await;
            Ok(Out::done())
        })
        .sync::<Refuse>(|_, _| Err(Reject::new(code::NO_PERMISSION, "not you\nsee http://x")))
        .later::<Back, _>(|_, input: In<Back>| async move {
            let answer = input.peer.call::<Echo>(Default::default(), input.body, LONG).await;
            answer.map(|answer| Out::body(answer.body)).map_err(|error| Reject::new(1, error.to_string()))
        })
        .sync::<Panic>(|_, _| panic!("as asked"));
    Arc::new(TestService { state: state.clone(), router })
}

struct Running {
    addr: String,
    state: Arc<State>,
    shutdown: CancellationToken,
    done: tokio::task::JoinHandle<()>,
}

async fn serve(options: ServerOptions) -> Running {
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), options).await.unwrap();
    let addr = server.local_addr().unwrap().to_string();
    let (state, shutdown) = (Arc::<State>::default(), CancellationToken::new());
    let done = tokio::spawn(server.run(service(&state), shutdown.clone()));
    Running { addr, state, shutdown, done }
}

fn pool() -> Pool {
    let state = Arc::<State>::default();
    Pool::new(PoolOptions::default(), Some(service(&state)))
}

#[tokio::test]
async fn a_call_is_answered_with_header_and_body() {
    let server = serve(ServerOptions::default()).await;
    let header: crate::protocol::ExtFields = [("a", "1")].into_iter().collect();
    for size in [0, 1, 5000, 3_000_000] {
        let body = Bytes::from(vec![7u8; size]);
        let answer = pool().call::<Echo>(&server.addr, header.clone(), body.clone(), LONG).await.unwrap();
        assert_eq!((answer.header.get("a"), answer.body), (Some("1"), body));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_share_a_connection_and_overtake_each_other() {
    let server = serve(ServerOptions::default()).await;
    let pool = Arc::new(pool());
    let slow = tokio::spawn({
        let (pool, addr) = (pool.clone(), server.addr.clone());
        async move { pool.call::<Held>(&addr, (), (), LONG).await.map(|_| ()) }
    });
    server.state.held.notified().await;
    let mut calls = tokio::task::JoinSet::new();
    for i in 0..2000u32 {
        let (pool, addr) = (pool.clone(), server.addr.clone());
        calls.spawn(async move {
            let body = Bytes::copy_from_slice(&i.to_be_bytes());
            let answer = pool.call::<Echo>(&addr, Default::default(), body.clone(), LONG).await.unwrap();
            assert_eq!(answer.body, body);
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    assert!(!slow.is_finished());
    server.state.release.notify_waiters();
    slow.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_asks_its_client_over_the_same_connection() {
    let server = serve(ServerOptions::default()).await;
    let answer = pool().call::<Back>(&server.addr, (), Bytes::from_static(b"x"), LONG).await.unwrap();
    assert_eq!(answer.body, Bytes::from_static(b"x"));
}

#[tokio::test]
async fn each_failure_is_its_own_error() {
    let server = serve(ServerOptions::default()).await;
    let pool = pool();
    let refused = pool.call::<Refuse>(&server.addr, (), (), LONG).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("{} refused REFUSE: not you (code 16 NO_PERMISSION)", server.addr)
    );
    let unknown = pool.call::<Unknown>(&server.addr, (), (), LONG).await.unwrap_err();
    assert_eq!(unknown.code(), Some(code::REQUEST_CODE_NOT_SUPPORTED));
    let late = pool.call::<Held>(&server.addr, (), (), Duration::from_millis(30)).await.unwrap_err();
    assert!(matches!(&late, CallError::Timeout { request: "HELD", .. }), "{late}");
    assert!(late.to_string().ends_with("within 30ms"), "{late}");
    let unheard = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let nobody = pool.call::<Echo>(&unheard, Default::default(), Bytes::new(), LONG).await.unwrap_err();
    assert!(matches!(&nobody, CallError::Connect { addr, .. } if *addr == unheard), "{nobody}");
}

#[tokio::test]
async fn a_lost_connection_fails_its_calls_and_the_next_call_makes_a_new_one() {
    let server = serve(ServerOptions::default()).await;
    let pool = pool();
    let lost = pool.call::<Panic>(&server.addr, (), (), LONG).await.unwrap_err();
    assert!(matches!(lost, CallError::Closed { request: "PANIC", .. }), "{lost}");
    let body = Bytes::from_static(b"again");
    assert_eq!(
        pool.call::<Echo>(&server.addr, Default::default(), body.clone(), LONG).await.unwrap().body,
        body
    );
}

async fn closed_after(server: &Running, bytes: &[u8]) {
    let mut socket = TcpStream::connect(&server.addr).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut rest = Vec::new();
    // A reset is as good an end as a clean one.
    let _ = tokio::time::timeout(LONG, socket.read_to_end(&mut rest)).await.expect("not closed in time");
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_hostile_frame_ends_its_own_connection_only() {
    let server = serve(ServerOptions { max_frame: 1000, ..ServerOptions::default() }).await;
    let pool = pool();
    let body = Bytes::from_static(b"x");
    pool.call::<Echo>(&server.addr, Default::default(), body.clone(), LONG).await.unwrap();
    let before = pool.connection::<Echo>(&server.addr, LONG).await.unwrap();
    for bytes in [
        &[0x7f, 0xff, 0xff, 0xff][..],
        &[0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 0],
        &[0, 0, 0, 4, 0, 0, 0, 9],
        &[0, 0, 0, 5, 9, 0, 0, 1, 1],
        &[0, 0, 0, 6, 0, 0, 0, 2, b'{', b'x'],
    ] {
        closed_after(&server, bytes).await;
    }
    pool.call::<Echo>(&server.addr, Default::default(), body, LONG).await.unwrap();
    assert_eq!(pool.connection::<Echo>(&server.addr, LONG).await.unwrap().id(), before.id());
}

#[tokio::test]
async fn a_silent_connection_is_closed_and_told_to_the_service() {
    let options = ServerOptions { max_idle: Duration::from_millis(50), ..ServerOptions::default() };
    let server = serve(options).await;
    let (closed, mut closings) = mpsc::unbounded_channel();
    *server.state.closed.lock() = Some(closed);
    closed_after(&server, &[0, 0]).await;
    assert!(tokio::time::timeout(LONG, closings.recv()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_oneway_request_gets_no_answer() {
    let server = serve(ServerOptions::default()).await;
    let mut socket = TcpStream::connect(&server.addr).await.unwrap();
    let mut oneway = RemotingCommand::request(Echo::CODE).with_body(Bytes::from_static(b"1"));
    oneway.mark_oneway();
    let mut asked = RemotingCommand::request(Echo::CODE).with_body(Bytes::from_static(b"2"));
    asked.opaque = 5;
    socket.write_all(&[oneway.encode().unwrap(), asked.encode().unwrap()].concat()).await.unwrap();
    let length = socket.read_u32().await.unwrap();
    let mut frame = vec![0; length as usize];
    socket.read_exact(&mut frame).await.unwrap();
    let response = RemotingCommand::decode(frame.into()).unwrap();
    assert_eq!((response.opaque, response.body.into_bytes()), (5, Bytes::from_static(b"2")));
}

#[tokio::test]
async fn shutdown_waits_for_what_is_in_flight() {
    let server = serve(ServerOptions { grace: LONG, ..ServerOptions::default() }).await;
    let (pool, addr) = (pool(), server.addr.clone());
    let held = tokio::spawn(async move { pool.call::<Held>(&addr, (), (), LONG).await.map(|_| ()) });
    server.state.held.notified().await;
    server.shutdown.cancel();
    tokio::task::yield_now().await;
    assert!(!server.done.is_finished());
    server.state.release.notify_waiters();
    held.await.unwrap().unwrap();
    server.done.await.unwrap();
}
