//! What a hostile or broken peer sends to a name server or a broker stops nobody else.

use super::Quickstart;
use crate::support::Env;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

/// How much more memory the servers may take for all of it, in KiB.
const MEMORY: u64 = 64 * 1024;

fn frame(mark: u32, rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + rest.len()).unwrap();
    [&length.to_be_bytes()[..], &mark.to_be_bytes(), rest].concat()
}

/// Every input of the fuzz targets whose bytes a peer may send.
fn corpus() -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut found = Vec::new();
    for target in ["frame", "header", "fastjson", "message", "batch"] {
        for entry in std::fs::read_dir(root.join(target)).unwrap() {
            let data = std::fs::read(entry.unwrap().path()).unwrap();
            // As it is, and as the header of a frame in either form.
            found.push(frame(u32::try_from(data.len()).unwrap(), &data));
            found.push(frame(1 << 24 | u32::try_from(data.len()).unwrap(), &data));
            found.push(data);
        }
    }
    found
}

/// Requests with bodies and properties that are not what they should be.
fn requests() -> Vec<Vec<u8>> {
    let send = |properties: &str, sys_flag: i32, code: i32, body: &[u8]| {
        let header = serde_json::json!({
            "code": code, "language": "JAVA", "version": 513, "opaque": 1, "flag": 0,
            "extFields": {
                "a": "g", "b": "Hostile", "c": "TBW102", "d": "4", "e": "0", "f": sys_flag.to_string(),
                "g": "1", "h": "0", "i": properties, "m": (code == 320).to_string(),
            },
        });
        let header = header.to_string();
        frame(u32::try_from(header.len()).unwrap(), &[header.as_bytes(), body].concat())
    };
    let garbage = [0xff; 40];
    vec![
        send("\u{1}\u{1}\u{2}\u{2}\u{1}", 0, 310, b"x"),
        send("DELAY\u{1}999999\u{2}TAGS\u{1}", 0, 310, b"x"),
        send("TRAN_MSG\u{1}true\u{2}", 4, 310, b""),
        send(&"K\u{1}v\u{2}".repeat(20_000), 0, 310, b"x"),
        send("", -1, 310, &garbage),
        send("", 1, 310, &garbage),
        send("", 0, 320, &garbage),
        send("", 0, 320, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        send("", 0, 10, &garbage),
        send("", 0, 11, &garbage),
        send("", 0, 34, b"{\"clientID\":"),
        send("", 0, 103, &garbage),
        send("", 0, 105, b""),
    ]
}

/// Sends bytes, says that no more will come, and reads what comes back until the peer closes.
fn send_and_hang_up(addr: &str, bytes: &[u8]) {
    let mut socket = TcpStream::connect(addr).unwrap();
    // A peer that has closed already does not take the rest.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
}

#[test]
fn hostile_bytes_stop_nobody_else() {
    let env = Env::new();
    let running = Quickstart::start(&env, &["--ephemeral"]);
    let before = running.server.memory();
    // Held open throughout: half of a frame that claims 16 MiB, from many peers.
    let held: Vec<TcpStream> = (0..100)
        .map(|number| {
            let addr = if number % 2 == 0 { &running.namesrv } else { &running.broker };
            let mut socket = TcpStream::connect(addr).unwrap();
            socket.write_all(&[1, 0, 0, 0, 0, 0, 0, 9, b'{']).unwrap();
            socket
        })
        .collect();
    for bytes in corpus().iter().chain(&requests()) {
        send_and_hang_up(&running.namesrv, bytes);
        send_and_hang_up(&running.broker, bytes);
    }
    let list = running.ask(&env, &["clusterList", "--output", "csv"]);
    assert!(list.contains(&running.broker), "{list}");
    let grown = running.server.memory().saturating_sub(before);
    assert!(grown < MEMORY, "{grown} KiB more");
    drop(held);
    let (status, stderr) = running.server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(!stderr.contains("panicked"), "{stderr}");
}
