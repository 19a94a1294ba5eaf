//! What a hostile or broken peer sends stops nobody else.

use super::{Running, broker, register, topics};

use rmq::protocol::RemotingCommand;
use rmq::protocol::request::Request;
use rmq::protocol::route::{GetAllTopicListFromNameserver, RegisterBroker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Memory of this process in KiB, as the system counts it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn frame(mark: u32, rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + rest.len()).unwrap();
    [&length.to_be_bytes()[..], &mark.to_be_bytes(), rest].concat()
}

/// Frames after which the connection is of no use.
fn fatal() -> Vec<(&'static str, Vec<u8>)> {
    let json = |text: &str| frame(u32::try_from(text.len()).unwrap(), text.as_bytes());
    vec![
        ("a negative length", (-1i32).to_be_bytes().to_vec()),
        ("a length of nothing", 0u32.to_be_bytes().to_vec()),
        ("a length over the limit", (i32::MAX).to_be_bytes().to_vec()),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a header longer than its frame", frame(0x00ff_ffff, b"{}")),
        ("an unknown form of header", frame(0x0700_0002, b"{}")),
        ("garbage for JSON", json("{\"code\":105,,}")),
        ("JSON that is nested without end", json(&"[".repeat(100_000))),
        ("a binary header that ends too early", frame(0x0100_0003, &[0, 1, 2])),
        (
            "a text that claims two gigabytes",
            frame(
                0x0100_0015,
                &[0, 105, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            ),
        ),
    ]
}

#[tokio::test]
async fn a_malformed_frame_ends_its_connection_and_no_other() {
    let running = Running::start("").await;
    register(&running.client, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    for (what, bytes) in fatal() {
        let mut socket = TcpStream::connect(&running.addr).await.unwrap();
        socket.write_all(&bytes).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(super::LONG, socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{what} is waited on");
        let list = running.call::<GetAllTopicListFromNameserver>((), ()).await.unwrap();
        assert_eq!(list.body.0.topic_list, ["T", "U"], "after {what}");
    }
    running.stop().await;
}

#[tokio::test]
async fn half_frames_cost_what_arrived_and_hold_up_nobody() {
    let running = Running::start("").await;
    let before = resident();
    let mut sockets = Vec::new();
    for _ in 0..64 {
        let mut socket = TcpStream::connect(&running.addr).await.unwrap();
        // Each claims 16 MiB, a gigabyte in all, and sends a few bytes of it.
        socket.write_all(&(16u32 << 20).to_be_bytes()).await.unwrap();
        socket.write_all(&[0, 0, 0, 9, b'{']).await.unwrap();
        sockets.push(socket);
    }
    running.call::<GetAllTopicListFromNameserver>((), ()).await.unwrap();
    let grown = resident().saturating_sub(before);
    assert!(grown < 128 * 1024, "{grown} KiB more");
    drop(sockets);
    running.stop().await;
}

#[tokio::test]
async fn bodies_that_lie_are_answered_with_an_error() {
    let running = Running::start("").await;
    let bodies: [&[u8]; 4] = [b"{", b"[1,2]", &[0x78, 0x9c, 1, 2, 3], &[0xff; 64]];
    for compressed in [None, Some(true)] {
        for body in bodies {
            let header = rmq::protocol::route::RegisterBrokerHeader { compressed, ..broker("a", 0) };
            let command = RemotingCommand::request(RegisterBroker::CODE)
                .with_header(&header)
                .with_body(bytes::Bytes::copy_from_slice(body));
            let connection =
                running.client.connection::<RegisterBroker>(&running.addr, super::LONG).await.unwrap();
            let response = connection.exchange("X", command, super::LONG).await.unwrap();
            assert_eq!(response.code, rmq::protocol::code::SYSTEM_ERROR, "{body:?}");
            assert!(response.remark.is_some());
        }
    }
    assert!(
        running.call::<GetAllTopicListFromNameserver>((), ()).await.unwrap().body.0.topic_list.is_empty()
    );
    running.stop().await;
}

#[tokio::test]
async fn fields_that_are_missing_are_named() {
    let running = Running::start("").await;
    let connection = running.client.connection::<RegisterBroker>(&running.addr, super::LONG).await.unwrap();
    for code in running.namesrv.codes() {
        let response = connection.exchange("X", RemotingCommand::request(code), super::LONG).await.unwrap();
        assert!(response.code == 0 || response.remark.is_some(), "{code}: {response:?}");
    }
    let unknown = connection.exchange("X", RemotingCommand::request(31_000), super::LONG).await.unwrap();
    assert_eq!((unknown.code, unknown.remark.as_deref()), (3, Some(" request type 31000 not supported")));
    running.stop().await;
}
