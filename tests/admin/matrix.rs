//! What every command does when something is wrong: the exit code, the message and the hint, in time.
//!
//! Each command is run by the first example of its help, with the names in it replaced by those of the servers here.

use super::fake::{Answer, Fake, name_server};
use crate::docs::catalogue::{examples, words};
use crate::support::Env;
use crate::tools::cluster::Cluster;
use parking_lot::Mutex;
use rmq::cli::{self, CommandTable};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// How long one request may take in these runs; long enough that waiting twice is not mistaken for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Runs side by side.
const SIDE_BY_SIDE: usize = 8;

/// Commands whose first example is no use here, and what is; none where they ask no server.
const LINES: &[(&str, Option<&[&str]>)] = &[
    // An id of the other kind leads to an address of its own.
    ("queryMsgById", Some(&["-t", "T", "-i", "FD000000000000000000000000000002"])),
    // It reads files only.
    ("exportMetadataInRocksDB", None),
    ("clusterRT", Some(&["-a", "2", "--count", "1"])),
    ("startMonitoring", Some(&["--count", "1"])),
    ("dumpCompactionLog", None),
    ("queryMsgTraceById", Some(&["-i", "FD000000000000000000000000000002", "-t", "T"])),
    ("updateUser", Some(&["-c", "C", "-u", "alice", "-s", "disable"])),
];

/// Files that examples name.
const FILES: &[(&str, &str)] = &[
    ("alice.txt", "secret"),
    ("groups.json", r#"[{"groupName":"G"}]"#),
    ("topics.json", r#"[{"topicName":"T","readQueueNums":1,"writeQueueNums":1}]"#),
];

/// Commands that make a topic that is not there, or do not care.
const MAKE_TOPICS: &[&str] = &["updateTopic", "updateStaticTopic", "sendMessage", "checkMsgSendRT"];

/// Commands that make a group that is not there, or do not care.
const MAKE_GROUPS: &[&str] = &["updateSubGroup", "setConsumeMode", "updateColdDataFlowCtrGroupConfig"];

/// Commands that ask a controller first, which the cluster of these tests does not have.
const CONTROLLERS: &[&str] = &["cleanBrokerMetadata", "electMaster", "getSyncStateSet"];

/// What else is run: commands of ours.
const OURS: &[(&str, &[&str])] =
    &[("produce", &["T", "--body", "x"]), ("consume", &["T", "--group", "G", "--count", "1"])];

/// Commands that ask name servers only.
const NAMESRV_ONLY: &[&str] = &[
    "topicList",
    "topicRoute",
    "topicClusterList",
    "allocateMQ",
    "updateOrderConf",
    "getNamesrvConfig",
    "updateNamesrvConfig",
    "wipeWritePerm",
    "addWritePerm",
    "updateKvConfig",
    "deleteKvConfig",
];

/// What is left out of an example.
const DROPPED: &[&str] = &["--namesrvAddr", "--output", "--dry-run"];

/// The names that a line is given.
struct Names {
    namesrv: String,
    /// Of the broker and of the controller.
    addr: String,
    topic: &'static str,
    group: &'static str,
    broker: &'static str,
    cluster: &'static str,
}

impl Names {
    fn new(namesrv: &str, addr: &str) -> Self {
        let (namesrv, addr) = (namesrv.to_owned(), addr.to_owned());
        Names { namesrv, addr, topic: "T", group: "G", broker: "a", cluster: "C" }
    }

    /// What stands for a value of this name.
    fn stand_in(&self, value_name: &str, option: &str) -> Option<&str> {
        match value_name {
            "TOPIC" => Some(self.topic),
            // It may not be the group that is cloned.
            "GROUP" if option == "--destGroup" => Some("H"),
            "GROUP" => Some(self.group),
            "BROKER" => Some(self.broker),
            "CLUSTER" => Some(self.cluster),
            "HOST:PORT" if option != "--namesrvAddr" => Some(&self.addr),
            _ => None,
        }
    }
}

/// A command and how it is called.
#[derive(Clone, Debug)]
struct Line {
    command: String,
    words: Vec<String>,
    /// The names of the values of its options.
    value_names: Vec<String>,
}

/// Every command of an operator that asks a server.
fn lines() -> Vec<Line> {
    let mut tree = cli::command();
    let table = CommandTable::of(&tree, cli::is_mqadmin);
    tree.build();
    let commands = tree.get_subcommands().filter(|command| cli::is_mqadmin(command.get_name()));
    let ours = OURS.iter().map(|(name, words)| Line {
        command: (*name).to_owned(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        value_names: vec![String::new(); words.len()],
    });
    commands.filter_map(|command| line(command, &table)).chain(ours).collect()
}

fn line(command: &clap::Command, table: &CommandTable) -> Option<Line> {
    let name = command.get_name();
    let argv = match LINES.iter().find(|(of, _)| *of == name) {
        Some((_, None)) => return None,
        Some((_, Some(words))) => ["rmq", name].iter().chain(*words).map(Into::into).collect(),
        None => words(examples(command).first()?),
    };
    let argv = cli::normalise(argv, table);
    let mut words: Vec<String> = argv.into_iter().skip(2).map(|word| word.into_string().unwrap()).collect();
    words.retain(|word| !DROPPED.iter().any(|dropped| word.starts_with(dropped)));
    let value_names = words.iter().map(|word| value_name(command, word)).collect();
    Some(Line { command: name.to_owned(), words, value_names })
}

/// The name of the value that a word `--option=value` has.
fn value_name(command: &clap::Command, word: &str) -> String {
    let option = word.split('=').next().unwrap().trim_start_matches('-');
    let arg = command.get_arguments().find(|arg| arg.get_long().is_some_and(|long| long == option));
    arg.and_then(|arg| arg.get_value_names()?.first().map(ToString::to_string)).unwrap_or_default()
}

impl Line {
    /// The arguments of the program, with these names.
    fn args(&self, names: &Names) -> Vec<String> {
        let mut args = vec![self.command.clone()];
        for (word, value_name) in self.words.iter().zip(&self.value_names) {
            let option = word.split('=').next().unwrap();
            args.push(match names.stand_in(value_name, option) {
                Some(value) => format!("{option}={value}"),
                None => word.clone(),
            });
        }
        let timeout = format!("{}ms", TIMEOUT.as_millis());
        args.extend(["-n", &names.namesrv, "--timeout", &timeout, "--yes"].map(str::to_owned));
        args
    }

    fn takes(&self, value_name: &str) -> bool {
        self.value_names.iter().any(|name| name == value_name)
    }
}

/// How a run ended.
#[derive(Debug)]
struct Ended {
    line: String,
    code: Option<i32>,
    stderr: String,
    took: Duration,
}

impl Ended {
    /// Why this is not an end with that code, in one message with a hint, if it is not.
    fn wrong(&self, code: i32, mentions: &str) -> Option<String> {
        let first = self.stderr.lines().next().unwrap_or_default();
        let errors = self.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        let known = ["error: ", "cause: ", "hint: ", "warning: "];
        let why = if self.code != Some(code) {
            format!("code {:?}, not {code}", self.code)
        } else if errors != 1 || !first.starts_with("error: ") && !first.starts_with("warning: ") {
            format!("{errors} errors")
        } else if !self.stderr.contains(mentions) {
            format!("does not mention {mentions}")
        } else if !self.stderr.contains("\nhint: ") {
            "no hint".to_owned()
        } else if let Some(odd) = self.stderr.lines().find(|line| !known.iter().any(|k| line.starts_with(k)))
        {
            format!("an odd line: {odd}")
        } else if self.took >= TIMEOUT * 2 {
            format!("took {:?}", self.took)
        } else {
            return None;
        };
        Some(format!("{}: {why}\n    {}", self.line, self.stderr.trim_end().replace('\n', "\n    ")))
    }
}

/// What every command is expected to do.
struct Case<'a> {
    env: Env,
    names: Names,
    code: i32,
    mentions: &'a str,
}

impl<'a> Case<'a> {
    fn new(env: Env, names: Names, code: i32, mentions: &'a str) -> Self {
        for (name, text) in FILES {
            std::fs::write(env.home().join(name), text).unwrap();
        }
        Case { env, names, code, mentions }
    }

    fn run(&self, line: &Line) -> Option<String> {
        let args = line.args(&self.names);
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let begun = Instant::now();
        let run = self.env.run(&words);
        let took = begun.elapsed();
        let ended = Ended { line: words.join(" "), code: run.status(), stderr: run.stderr(), took };
        ended.wrong(self.code, self.mentions)
    }

    /// Runs lines side by side, what went wrong once more alone: the machine may be busy.
    fn check(&self, lines: &[Line]) {
        let (next, suspects) = (Mutex::new(lines.iter()), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE {
                scope.spawn(|| {
                    while let Some(line) = next_of(&next) {
                        if self.run(line).is_some() {
                            suspects.lock().push(line);
                        }
                    }
                });
            }
        });
        let mut wrong: Vec<String> =
            suspects.into_inner().into_iter().filter_map(|line| self.run(line)).collect();
        wrong.sort();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
    }
}

fn next_of<'a>(lines: &Mutex<impl Iterator<Item = &'a Line>>) -> Option<&'a Line> {
    lines.lock().next()
}

/// An address at which nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A name server with the broker `a` of cluster C at an address, topic T, groups G and H.
fn with_broker(addr: &str) -> Fake {
    name_server(&[("a", addr)], &["T", "%RETRY%G", "%DLQ%G", "%RETRY%H", "a", "C"])
}

fn asks_a_broker(line: &Line) -> bool {
    !NAMESRV_ONLY.contains(&line.command.as_str())
}

fn asking_brokers() -> Vec<Line> {
    lines().into_iter().filter(asks_a_broker).collect()
}

#[test]
fn the_name_server_is_not_there() {
    let addr = nobody();
    let names = Names::new(&addr, &addr);
    Case::new(Env::new(), names, 4, &addr).check(&lines());
}

#[test]
fn the_name_server_is_frozen() {
    let frozen = Fake::start().otherwise(Answer::Silence);
    let names = Names::new(&frozen.addr, &frozen.addr);
    Case::new(Env::new(), names, 4, &frozen.addr).check(&lines());
}

#[test]
fn the_broker_is_not_there() {
    let addr = nobody();
    let ns = with_broker(&addr);
    let names = Names::new(&ns.addr, &addr);
    Case::new(Env::new(), names, 4, &addr).check(&asking_brokers());
}

#[test]
fn the_broker_is_frozen() {
    let frozen = Fake::start().otherwise(Answer::Silence);
    let ns = with_broker(&frozen.addr);
    let names = Names::new(&ns.addr, &frozen.addr);
    Case::new(Env::new(), names, 4, &frozen.addr).check(&asking_brokers());
}

#[test]
fn the_broker_refuses_who_does_not_sign() {
    let refusing = Fake::start().otherwise(Answer::No(16, "username cannot be null."));
    let ns = with_broker(&refusing.addr);
    let names = Names::new(&ns.addr, &refusing.addr);
    let mentions = "hint: it was not signed";
    Case::new(Env::new(), names, 1, mentions).check(&asking_brokers());
}

#[test]
fn the_broker_refuses_who_has_no_permission() {
    let refusing = Fake::start().otherwise(Answer::No(16, "User:u has no permission"));
    let ns = with_broker(&refusing.addr);
    let names = Names::new(&ns.addr, &refusing.addr);
    Case::new(signing(), names, 1, "access key u ").check(&asking_brokers());
}

#[test]
fn the_name_server_refuses_who_has_no_permission() {
    let refusing = Fake::start().otherwise(Answer::No(16, "User:u has no permission"));
    let names = Names::new(&refusing.addr, &refusing.addr);
    let asking_it: Vec<Line> = lines().into_iter().filter(|line| !asks_a_broker(line)).collect();
    Case::new(signing(), names, 1, "access key u ").check(&asking_it);
}

fn signing() -> Env {
    Env::new().var("RMQ_ACCESS_KEY", "u").var("RMQ_SECRET_KEY", "s")
}

fn taking(value_name: &str, but: &[&str]) -> Vec<Line> {
    let fits = |line: &Line| line.takes(value_name) && !but.contains(&line.command.as_str());
    lines().into_iter().filter(fits).collect()
}

/// A cluster that is there, with topic T, groups G and H, and what a line that names something else says.
async fn nothing_of_that_name(change: fn(Names) -> Names, lines: Vec<Line>) {
    let cluster = Cluster::start().await;
    cluster.send("T", &["x"]).await;
    let addr = cluster.broker.identity.addr.clone();
    for group in ["G", "H"] {
        let _ = cluster.run(&["updateSubGroup", "-b", &addr, "-g", group]).await.code(0);
    }
    let names =
        Names { broker: "broker-a", cluster: "DefaultCluster", ..Names::new(&cluster.namesrv, &addr) };
    let case = Case::new(Env::new(), change(names), 1, "NoSuch");
    tokio::task::spawn_blocking(move || case.check(&lines)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_is_not_there() {
    let lines = taking("TOPIC", MAKE_TOPICS);
    nothing_of_that_name(|names| Names { topic: "NoSuch", ..names }, lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_group_is_not_there() {
    let lines = taking("GROUP", MAKE_GROUPS);
    nothing_of_that_name(|names| Names { group: "NoSuch", ..names }, lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_is_not_there() {
    let lines = taking("CLUSTER", CONTROLLERS);
    nothing_of_that_name(|names| Names { cluster: "NoSuch", ..names }, lines).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_not_known() {
    let lines = taking("BROKER", CONTROLLERS);
    nothing_of_that_name(|names| Names { broker: "NoSuch", ..names }, lines).await;
}
