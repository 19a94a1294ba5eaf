//! Many groups and many topics: the time and memory of commands beside mqadmin's, each a process of its own.
//!
//! Results and memory are checked, time is printed only: for figures name an optimised build by `RMQ_INTEROP_BINARY`,
//! and let JVMs run as Apache's scripts start them: `RMQ_INTEROP_JVM_FLAGS=-XX:+UseG1GC`.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rmq::client::producer::{Draft, Producer, ProducerOptions, Target};
use rmq::client::{Client, ClientError, ClientOptions, Session};
use rmq::protocol::pull::{UpdateConsumerOffset, UpdateOffsetHeader};
use rmq::protocol::queue::MessageQueue;
use rmq::runtime::{Clock, fan_out};

use crate::jvm::{eventually, java, jvm, rmq_program, run};
use crate::servers::{Make, Servers};

const GROUPS: i32 = 1_000;
const TOPICS: i32 = 1_000;
const QUEUES: i32 = 8;
/// Messages in each queue of the topic that all groups consume.
const MESSAGES: i64 = 10;
/// How many topics mqadmin is asked for: each takes it a second.
const SAMPLE: i32 = 10;
/// What rmq may take, in KiB.
const MOST_MEMORY: u64 = 50 * 1024;

/// How a process went.
struct Went {
    stdout: String,
    took: Duration,
    /// The most memory it had, in KiB.
    memory: u64,
}

/// Runs a process and watches its memory.
fn watched(command: &mut Command) -> Went {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("start a program");
    let mut pipe = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut pipe, &mut text).expect("text");
        text
    });
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("wait for a program") {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        memory = memory.max(most.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(ended.success(), "{command:?} ended with {ended}");
    Went { stdout: reader.join().expect("a reader"), took: begun.elapsed(), memory }
}

fn rmq(servers: &Servers, words: &[&str]) -> Command {
    let mut command = Command::new(rmq_program());
    command
        .args(words)
        .args(["-n", &servers.namesrv, "--output", "classic"])
        .env("TZ", "UTC")
        .env("HOME", servers.home("ours"));
    command
}

fn mqadmin(servers: &Servers, words: &[&str]) -> Command {
    let mut command = java(&jvm().server, &servers.home("mqadmin"), "-Xmx384m");
    command.arg("org.apache.rocketmq.tools.command.MQAdminStartup");
    command.args(words).args(["-n", &servers.namesrv]).stderr(Stdio::null());
    command
}

fn group(number: i32) -> String {
    format!("scale-group-{number:04}")
}

fn topic(number: i32) -> String {
    format!("scale-topic-{number:04}")
}

/// What a group has consumed of each queue.
fn consumed(number: i32) -> i64 {
    i64::from(number) % (MESSAGES + 1)
}

/// Makes the topics, and groups that have consumed some of the messages of the first.
fn populate(servers: &Servers) {
    let of_topics = (0..TOPICS).map(|number| (topic(number), QUEUES));
    let of_groups = (0..GROUPS).map(|number| (format!("%RETRY%{}", group(number)), 1));
    let all: Vec<String> = of_topics
        .chain(of_groups)
        .map(|(name, queues)| {
            format!(r#"{{"topicName":"{name}","readQueueNums":{queues},"writeQueueNums":{queues}}}"#)
        })
        .collect();
    let file = servers.home("topics.json");
    std::fs::write(&file, format!("[{}]", all.join(","))).expect("write a file");
    let file = file.display().to_string();
    let mut command = Command::new(rmq_program());
    command.args(["updateTopicList", "-b", &servers.broker, "-f", &file, "-n", &servers.namesrv]);
    let out = run(command.args(["--timeout", "60s"]), Duration::from_secs(120));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // Apache's broker keeps no offsets of groups that it does not know.
    let all: Vec<String> =
        (0..GROUPS).map(|number| format!(r#"{{"groupName":"{}"}}"#, group(number))).collect();
    let file = servers.home("groups.json");
    std::fs::write(&file, format!("[{}]", all.join(","))).expect("write a file");
    let file = file.display().to_string();
    let mut command = Command::new(rmq_program());
    command.args(["updateSubGroupList", "-b", &servers.broker, "-f", &file, "-n", &servers.namesrv]);
    let out = run(command.args(["--timeout", "60s"]), Duration::from_secs(120));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(consume(servers));
    // Brokers tell name servers of many new topics bit by bit.
    eventually("every retry topic at the name server", Duration::from_secs(60), || {
        let list = watched(&mut rmq(servers, &["topicList"])).stdout;
        (list.lines().filter(|line| line.starts_with("%RETRY%scale-group-")).count() >= 1000).then_some(())
    });
}

async fn consume(servers: &Servers) {
    let client = Client::new([&servers.namesrv], ClientOptions::default());
    let session = Session::new(client.clone(), Clock::system());
    let options = ProducerOptions { group: "scale-producer".to_owned(), ..ProducerOptions::default() };
    let producer = Producer::start(session, options);
    for queue_id in 0..QUEUES {
        let queue = MessageQueue { topic: topic(0), broker_name: "broker-a".to_owned(), queue_id };
        for _ in 0..MESSAGES {
            let sent = producer.send(Draft::new(topic(0), "x"), &Target::Queue(queue.clone())).await;
            sent.expect("a message that is sent");
        }
    }
    let results = fan_out(0..GROUPS, 16, |number| commit(&client, servers, number)).await;
    results.into_iter().for_each(|result| result.expect("offsets that are kept"));
}

/// Commits the offsets of a group one after the other: Apache's broker can lose the first ones of a group when they
/// come at once.
async fn commit(client: &Client, servers: &Servers, number: i32) -> Result<(), ClientError> {
    for queue_id in 0..QUEUES {
        let header = UpdateOffsetHeader {
            consumer_group: group(number),
            topic: topic(0),
            queue_id,
            commit_offset: consumed(number),
            broker_name: None,
        };
        client.call::<UpdateConsumerOffset>(&servers.broker, header, ()).await?;
    }
    Ok(())
}

/// The lines about groups of ours, with their blanks made one.
fn of_groups(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with("scale-group-"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Panics with the lines that are missing and those that are too many.
fn assert_same(got: &BTreeSet<String>, wanted: &BTreeSet<String>, whose: &str) {
    let missing: Vec<_> = wanted.difference(got).collect();
    let others: Vec<_> = got.difference(wanted).collect();
    assert!(
        got == wanted,
        "{whose}: {} of {} lines: without {missing:?}, but {others:?}",
        got.len(),
        wanted.len()
    );
}

fn ratio(theirs: Duration, ours: Duration) -> f64 {
    theirs.as_secs_f64() / ours.as_secs_f64().max(f64::EPSILON)
}

fn groups(servers: &Servers) {
    let theirs = watched(&mut mqadmin(servers, &["consumerProgress"]));
    let ours = watched(&mut rmq(servers, &["consumerProgress"]));
    println!(
        "{:?}: consumerProgress of {GROUPS} groups: mqadmin {:?} ({} KiB), rmq {:?} ({} KiB): {:.1} times as fast",
        servers.make,
        theirs.took,
        theirs.memory,
        ours.took,
        ours.memory,
        ratio(theirs.took, ours.took)
    );
    let wanted = (0..GROUPS).map(|number| {
        let lag = i64::from(QUEUES) * (MESSAGES - consumed(number).min(MESSAGES));
        format!("{} 0 OFFLINE 0 {lag}", group(number))
    });
    let wanted: BTreeSet<String> = wanted.collect();
    assert_same(&of_groups(&ours.stdout), &wanted, "rmq");
    assert_same(&of_groups(&theirs.stdout), &wanted, "mqadmin");
    assert!(ours.memory < MOST_MEMORY, "{} KiB", ours.memory);
}

fn topics(servers: &Servers) {
    let of_topic = |text: &str| {
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("#Broker Name")).collect();
        lines.join("\n")
    };
    let (mut theirs, mut ours, mut most) = (Duration::ZERO, Duration::ZERO, 0);
    for number in 0..TOPICS {
        let name = topic(number);
        let mine = watched(&mut rmq(servers, &["topicStatus", "-t", &name]));
        assert_eq!(
            mine.stdout.lines().filter(|line| line.starts_with("broker-a ")).count(),
            8,
            "{}",
            mine.stdout
        );
        ours += mine.took;
        most = most.max(mine.memory);
        if number % (TOPICS / SAMPLE) == 0 {
            let other = watched(&mut mqadmin(servers, &["topicStatus", "-t", &name]));
            assert_eq!(of_topic(&mine.stdout), of_topic(&other.stdout));
            theirs += other.took;
        }
    }
    let (each, other) = (ours / TOPICS.unsigned_abs(), theirs / SAMPLE.unsigned_abs());
    println!(
        "{:?}: topicStatus of {TOPICS} topics: mqadmin {other:?} each, rmq {each:?} each ({most} KiB): {:.1} times as fast",
        servers.make,
        ratio(other, each)
    );
    assert!(most < MOST_MEMORY, "{most} KiB");
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn a_thousand_groups_and_topics() {
    for make in [Make::Apache, Make::Rmq] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let servers = Servers::start(make, directory.path());
        populate(&servers);
        groups(&servers);
        topics(&servers);
    }
}
