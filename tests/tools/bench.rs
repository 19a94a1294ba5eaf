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

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_counts_what_comes() {
    let cluster = Cluster::start().await;
    cluster
        .run(&["produce", "T", "--count", "30", "--size", "100", "--property", "a=1"])
        .await
        .code(0)
        .stdout();
    cluster
        .run(&["produce", "T", "--count", "20", "--size", "10", "--property", "a=2"])
        .await
        .code(0)
        .stdout();
    let run = cluster.run(&["bench", "consumer", "T", "--count", "50", "--output", "json"]).await.code(0);
    let report = json(&run.stdout());
    assert_eq!((&report["messages"], &report["bytes"]), (&50.into(), &3200.into()), "{report}");
    for latency in ["latencyMicros", "storeLatencyMicros"] {
        assert!(report[latency]["max"].as_u64().unwrap() > 0, "{report}");
    }
    assert_eq!((&report["kind"], report.get("concurrency")), (&"consumer".into(), None));
    let class = "org.apache.rocketmq.example.benchmark.Consumer";
    let line = ["bench", "consumer", "T", "--group", "g", "--sql", "a > 1", "--count", "20"];
    let run = cluster.run(&[&line[..], &["--fail", "10%", "--output", "json"]].concat()).await.code(3);
    let report = json(&run.stdout());
    let errors = r#"[{"name":"SENT_BACK","count":2}]"#;
    assert_eq!((&report["messages"], &report["errors"]), (&18.into(), &json(errors)), "{report}");
    let run = cluster.run(&["tools", class, "-t", "T", "-g", "h", "-w", "20", "-q", "50"]).await.code(0);
    assert!(run.stdout().starts_with("[Complete] Consume Total: 50 | Consume TPS: "), "{}", run.stdout());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_from_end_to_end() {
    let cluster = Cluster::start().await;
    for topic in ["New", "New"] {
        let line = ["bench", "latency", topic, "--count", "300", "--rate", "3000", "--output", "json"];
        let report = json(&cluster.run(&line).await.code(0).stdout());
        for (key, value) in [("messages", 300), ("sent", 300), ("lost", 0), ("duplicates", 0)] {
            assert_eq!(report[key], value, "{key}: {report}");
        }
        for latency in ["latencyMicros", "sendLatencyMicros"] {
            assert!(report[latency]["p50"].as_u64().unwrap() > 0, "{report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_ended_and_the_broker_is_answered() {
    let cluster = Cluster::start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_rmq"));
    let line = ["bench", "transaction", "T", "--count", "40", "--rollback", "25%", "--unknown", "50%"];
    let more = ["--answer-for", "10m", "--output", "json", "-n", &cluster.namesrv];
    command
        .args(line)
        .args(more)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    super::cluster::until(|| cluster.broker.topics.get("T").is_some()).await;
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    // Of forty ten are rolled back; fifteen are committed at once, and as many when the broker asks.
    for _ in 0..30 {
        consumer.done(super::cluster::next(&mut events).await);
    }
    consumer.close().await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let report = json(&String::from_utf8_lossy(&output.stdout));
    let ends = &report["transactions"];
    for (key, value) in [("committed", 15), ("rolledBack", 10), ("unknown", 15)] {
        assert_eq!(ends[key], value, "{key}: {report}");
    }
    assert!(ends["checks"].as_u64().unwrap() >= 15, "{report}");
    assert_eq!((&report["messages"], output.status.code()), (&40.into(), Some(130)), "{report}");
    let class = "org.apache.rocketmq.example.benchmark.TransactionProducer";
    let line =
        ["tools", class, "-t", "T", "-w", "2", "-s", "100", "-sr", "0.5", "-b", "7", "-i", "1", "-q", "4"];
    let run = cluster.run(&line).await.code(0);
    assert!(run.stdout().starts_with("[Complete] Send Total: 4 | Send TPS: "), "{}", run.stdout());
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
