//! `rmq bench`.

use super::cluster::Cluster;
use crate::admin::fake::{Answer, Fake, name_server, ok};
use crate::support::Env;
use rmq::client::consumer::ConsumerOptions;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE.
const SEND: i32 = 310;
const SEND_BATCH: i32 = 320;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The answer of a broker that has stored a message.
fn stored() -> Answer {
    let fields = [("msgId", "7F00000100002A9F0000000000000000"), ("queueId", "0"), ("queueOffset", "0")];
    Answer::Ok(fields.map(|(name, value)| (name, value.to_owned())).to_vec(), String::new())
}

fn broker() -> Fake {
    Fake::start().on(34, ok("")).on(35, ok(""))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reported_is_what_the_broker_has() {
    let cluster = Cluster::start().await;
    let line = ["bench", "producer", "Load", "--count", "500", "--size", "1k", "--concurrency", "8"];
    let run = cluster.run(&[&line[..], &["--key", "--tags", "2", "--output", "json"]].concat()).await.code(0);
    let report = json(&run.stdout());
    let expected = [("messages", 500), ("requests", 500), ("bytes", 512_000), ("failed", 0), ("missed", 0)];
    for (key, value) in expected {
        assert_eq!(report[key], value, "{key}: {report}");
    }
    for key in ["seconds", "messagesPerSecond", "megabytesPerSecond"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}: {report}");
    }
    for key in ["mean", "p50", "p90", "p99", "p999", "max"] {
        assert!(report["latencyMicros"][key].as_f64().unwrap() > 0.0, "{key}: {report}");
    }
    assert_eq!((&report["kind"], &report["errors"]), (&"producer".into(), &Value::Array(Vec::new())));
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "Load")).await;
    let (mut keys, mut tags) = (Vec::new(), [0, 0]);
    for _ in 0..500 {
        let delivery = super::cluster::next(&mut events).await;
        assert_eq!(delivery.message.body.len(), 1024);
        keys.push(delivery.message.keys().unwrap().parse::<u32>().unwrap());
        tags[if delivery.message.tags() == Some("tag1") { 1 } else { 0 }] += 1;
        consumer.done(delivery);
    }
    keys.sort_unstable();
    assert_eq!((keys, tags), ((0..500).collect(), [250, 250]));
    consumer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_count_requests_and_messages() {
    let cluster = Cluster::start().await;
    let line = ["bench", "batch", "Load", "--count", "100", "--batch", "16", "--rate", "100000"];
    let run = cluster.run(&[&line[..], &["--output", "json"]].concat()).await.code(0);
    let report = json(&run.stdout());
    assert_eq!((&report["messages"], &report["requests"]), (&100.into(), &7.into()), "{report}");
    assert_eq!((&report["batch"], &report["rate"]), (&16.into(), &100_000.0.into()), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_apaches_scripts_is_understood() {
    let cluster = Cluster::start().await;
    let line =
        ["tools", "org.apache.rocketmq.example.benchmark.Producer", "-w", "4", "-s", "64", "-k", "true"];
    let more =
        ["-t", "BenchmarkTest", "-p", "20", "-l", "3", "-q", "40", "-d", "false", "-e", "2", "-y", "false"];
    let last =
        ["-c", "true", "-ct", "LZ4", "-cl", "3", "-ch", "32", "-ri", "5000", "-m", "false", "-a", "false"];
    let run = cluster.run(&[&line[..], &more, &last].concat()).await.code(0);
    let stdout = run.stdout();
    let start = "[Complete] Send Total: 40 | Send TPS: ";
    assert!(
        stdout.starts_with(start) && stdout.ends_with("| Send Failed: 0 | Response Failed: 0\n"),
        "{stdout}"
    );
    let line =
        ["tools", "org.apache.rocketmq.example.benchmark.BatchProducer", "-b", "8", "-q", "16", "-w", "1"];
    let run = cluster.run(&line).await.code(0);
    assert!(run.stdout().starts_with("[Complete] Send Total: 16 | "), "{}", run.stdout());
}

#[test]
fn failures_are_counted_by_code() {
    let count = AtomicU32::new(0);
    let broker = broker().when(SEND, move |_| match count.fetch_add(1, Ordering::Relaxed) % 4 {
        0 => Answer::No(2, "too busy"),
        1 => Answer::No(16, "not allowed"),
        _ => stored(),
    });
    let names = name_server(&[("b", &broker.addr)], &["T"]);
    let line = ["bench", "producer", "T", "--count", "40", "-n", &names.addr];
    let run = Env::new().run(&[&line[..], &["--output", "json"]].concat()).code(3);
    let report = json(&run.stdout());
    assert_eq!((&report["messages"], &report["failed"]), (&20.into(), &20.into()), "{report}");
    let errors =
        r#"[{"code":2,"name":"SYSTEM_BUSY","count":10},{"code":16,"name":"NO_PERMISSION","count":10}]"#;
    assert_eq!(report["errors"], json(errors));
    let run = Env::new().run(&[&line[..], &["--output", "table"]].concat()).code(3);
    assert!(run.stderr().contains("SYSTEM_BUSY (code 2): 10 messages"), "{}", run.stderr());
    assert_eq!(run.stdout().lines().count(), 2);
}

#[test]
fn a_broker_that_refuses_all_or_is_silent_is_a_failure() {
    let refusing = broker().on(SEND_BATCH, Answer::No(13, "no")).on(SEND, Answer::Silence);
    let names = name_server(&[("b", &refusing.addr)], &["T"]);
    let more = ["T", "--count", "3", "-n", &names.addr, "--timeout", "300ms", "--output", "json"];
    let table = [
        ("batch", r#"[{"code":13,"name":"MESSAGE_ILLEGAL","count":3}]"#),
        ("producer", r#"[{"name":"TIMEOUT","count":3}]"#),
    ];
    for (kind, errors) in table {
        let run = Env::new().run(&[&["bench", kind][..], &more].concat()).code(1);
        let report = json(&run.stdout());
        assert_eq!((&report["messages"], &report["errors"]), (&0.into(), &json(errors)), "{kind}");
    }
}

#[test]
fn what_cannot_begin_says_so() {
    let env = Env::new();
    let names = name_server(&[("b", "127.0.0.1:1")], &[]);
    let table: [(&[&str], i32, &str); 6] = [
        (&["producer", "-n", "127.0.0.1:1"], 4, "127.0.0.1:1 does not answer"),
        (&["producer", "Absent", "-n", &names.addr], 1, "Absent does not exist"),
        (&["producer", "bad topic"], 2, "names are of letters"),
        (&["producer", "--rate", "0"], 2, "more than 0"),
        (&["producer", "--tag", "a", "--tags", "2"], 2, "cannot be given together"),
        (&["nothing"], 2, "nothing"),
    ];
    for (line, code, text) in table {
        let run = env.run(&[&["bench"], line].concat()).code(code);
        assert!(run.stderr().contains(text), "{line:?}: {}", run.stderr());
    }
    let run = env.run(&["bench", "producer", "--dry-run", "-n", "127.0.0.1:1"]).code(0);
    assert_eq!((run.stdout().as_str(), run.stderr().contains("would send")), ("", true));
}

/// Starts the program, interrupts it when `begun` says so, and waits for its end.
fn interrupted(args: &[&str], begun: impl Fn() -> bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmq"));
    command.args(args).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while !begun() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn an_interrupt_ends_it_with_its_report() {
    for rate in [&[][..], &["--rate", "1000"]] {
        let broker = broker().on(SEND, stored());
        let names = name_server(&[("b", &broker.addr)], &["T"]);
        let line = ["bench", "producer", "T", "--forever", "-n", &names.addr, "--output", "json"];
        let line = [&line[..], rate].concat();
        let output = interrupted(&line, || broker.seen(SEND).len() > 10);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        let report = json(&String::from_utf8_lossy(&output.stdout));
        let sent = broker.seen(SEND).len();
        assert_eq!((&report["messages"], &report["failed"]), (&sent.into(), &0.into()), "{report}");
    }
}

#[test]
fn the_warm_up_is_not_in_the_report() {
    let broker = broker().on(SEND, stored());
    let names = name_server(&[("b", &broker.addr)], &["T"]);
    let line = ["bench", "producer", "T", "--count", "5", "--warm-up", "100ms", "-n", &names.addr];
    let run = Env::new().run(&[&line[..], &["--output", "json"]].concat()).code(0);
    let report = json(&run.stdout());
    let warm = report["warmUpMessages"].as_u64().unwrap();
    assert_eq!((&report["messages"], &report["warmUpSeconds"]), (&5.into(), &0.1.into()), "{report}");
    assert_eq!(broker.seen(SEND).len() as u64, warm + 5);
}
