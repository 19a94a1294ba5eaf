//! mqadmin's commands, an area a file: ours against the real mqadmin on Apache's cluster, and the real mqadmin on our cluster against
//! Apache's.

pub mod auth;
mod brokerops;
mod export;
mod first;
mod group;
mod groups;
mod topics;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::fixture::Fixture;
use crate::jvm::{rmq_program, run};
use crate::mask::{Compare, difference, masked};
use crate::mqadmin::{Answer, Mqadmin};
use crate::servers::{Make, Servers};

/// What a step's two programs are known to differ in, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    /// `classic` is mqadmin's output; where mqadmin shows a stack trace, we fail.
    Same,
    /// mqadmin is content, we end with 1, or 2 where a file is not there.
    Refused,
    /// mqadmin shows a stack trace, we have an answer.
    Answered,
    /// Both are content and show different things.
    Different,
}

/// One command line.
///
/// `{n}` stands for the name server, `{b}` for the broker, `{unique}` and `{offset}` for ids of the fixture's first
/// message, `{home}` for a directory of the program's own. `{x}` is a name that differs between the two programs when
/// both run on one cluster; in a group, `{ctl}` is the controller, `{b}` the master, `{s}` the slave, and
/// `{replica}` the id 2 for mqadmin and 1 for us. Begin `{x}` with the area (`{x}-kv-one`), because all areas run on one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    compare: Compare,
    line: &'static str,
    ours: Ours,
    /// Why the real mqadmin sees something else on our servers than on Apache's, where that is meant.
    servers_differ: Option<&'static str>,
}

/// A step whose outputs are to be the same.
pub const fn step(compare: Compare, line: &'static str) -> Step {
    Step { compare, line, ours: Ours::Same, servers_differ: None }
}

impl Step {
    /// mqadmin is content and should not be; we end with 1, or 2 where a file is not there. `why` is for the reader.
    pub const fn refused(self, why: &'static str) -> Self {
        assert!(!why.is_empty());
        Self { ours: Ours::Refused, ..self }
    }

    /// mqadmin shows a stack trace for what is an answer to us. `why` is for the reader.
    pub const fn answered(self, why: &'static str) -> Self {
        assert!(!why.is_empty());
        Self { ours: Ours::Answered, ..self }
    }

    /// Both are content, and what they show differs. `why` is for the reader.
    pub const fn differs(self, why: &'static str) -> Self {
        assert!(!why.is_empty());
        Self { ours: Ours::Different, ..self }
    }

    /// Our servers answer differently from Apache's, and are meant to.
    pub const fn servers_differ(self, why: &'static str) -> Self {
        Self { servers_differ: Some(why), ..self }
    }
}

/// Which servers an area needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cluster {
    /// A name server and one broker with their defaults, and the fixture.
    Plain,
    /// The same with authentication and authorization turned on, without the fixture; both programs sign with the
    /// keys of a super user.
    Auth,
    /// A controller and two brokers of Apache's that are one set, in which replica 1 leads at first, without the
    /// fixture. Ours have none.
    Group,
}

impl Cluster {
    /// What the broker is told besides.
    fn settings(self) -> &'static str {
        match self {
            Cluster::Plain | Cluster::Group => "",
            Cluster::Auth => auth::SETTINGS,
        }
    }
}

/// The steps of one area of commands, in the order they are run: what comes later sees what earlier ones changed.
pub struct Area {
    pub cluster: Cluster,
    pub steps: &'static [Step],
}

const AREAS: &[Area] = &[
    brokerops::AREA,
    brokerops::GROUP,
    export::AREA,
    first::AREA,
    groups::AREA,
    auth::AREA,
    auth::WITHOUT,
    topics::AREA,
];

/// A cluster with its population, and a name for `{x}`.
struct Subject {
    servers: Servers,
    fixture: Option<Fixture>,
    _directory: tempfile::TempDir,
}

impl Subject {
    fn start(make: Make, cluster: Cluster) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let servers = match cluster {
            Cluster::Group => Servers::start_group(directory.path()),
            _ => Servers::start_with(make, directory.path(), cluster.settings()),
        };
        if let Some(controller) = &servers.controller {
            group::first_leads(&servers, controller);
        }
        let fixture = (cluster == Cluster::Plain).then(|| Fixture::start(&servers));
        if cluster == Cluster::Auth {
            auth::give_keys(&servers.home(MQADMIN_HOME));
        }
        Self { servers, fixture, _directory: directory }
    }

    /// The output without what is this cluster's own: its directory and ports.
    fn general(&self, text: &str) -> String {
        let port = |address: &str| address.rsplit(':').next().unwrap_or_default().to_owned();
        let broker = port(&self.servers.broker);
        let replication =
            broker.parse::<u16>().map_or_else(|_| broker.clone(), |port| (port + 1).to_string());
        let directory = self.servers.home("").display().to_string();
        text.replace(directory.trim_end_matches('/'), "DIRECTORY")
            .replace(&self.servers.broker, "127.0.0.1:1")
            .replace(&self.servers.namesrv, "127.0.0.1:2")
            .replace(&format!(" {broker}\n"), " BROKER-PORT\n")
            .replace(&format!(" {}\n", port(&self.servers.namesrv)), " NAMESRV-PORT\n")
            .replace(&format!(" {replication}\n"), " REPLICATION-PORT\n")
            // Only a Java installation has a home; the address for slaves is a guess in both.
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("rocketmqHome ") && !line.starts_with("brokerIP2 "))
            .collect()
    }

    fn arguments(&self, line: &str, own: &str) -> Vec<String> {
        let fixture = self.fixture.as_ref();
        let (unique, offset) = fixture.map_or(("", ""), |fixture| (&fixture.unique, &fixture.offset));
        let mut line = line.replace("{n}", &self.servers.namesrv);
        if let Some(controller) = &self.servers.controller {
            let roles = group::settled(&self.servers, controller);
            line = line
                .replace("{b}", &roles.master)
                .replace("{s}", &roles.slave)
                .replace("{ctl}", controller)
                .replace("{replica}", if own == THEIRS { "2" } else { "1" });
        }
        line.replace("{b}", &self.servers.broker)
            .replace("{unique}", unique)
            .replace("{offset}", offset)
            .replace("{home}", &self.servers.home(own).display().to_string())
            .replace("{fixtures}", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
            .replace("{x}", own)
            .split(' ')
            .map(str::to_owned)
            .collect()
    }
}

/// The home of mqadmin, where it looks for the keys that it signs with.
const MQADMIN_HOME: &str = "mqadmin";

/// The names that `{x}` stands for; equally long, so that columns stay where they are.
const THEIRS: &str = "made-a";
const OURS: &str = "made-b";

fn ours(subject: &Subject, line: &str) -> (Answer, Option<i32>) {
    let mut command = Command::new(rmq_program());
    command
        .args(subject.arguments(line, OURS))
        .args(["--output", "classic"])
        .current_dir(subject.servers.home(""))
        .env("TZ", "UTC")
        .env("HOME", subject.servers.home("ours"))
        .env("ROCKETMQ_HOME", subject.servers.home(MQADMIN_HOME))
        .env("RMQ_ASSUME_YES", "1");
    let out = run(&mut command, Duration::from_secs(30));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (Answer { stdout: text(out.stdout), stderr: text(out.stderr) }, out.status.code())
}

/// The `CODE: 17 DESC: ...` of a stack trace: all of it that the server has a say in.
fn reasons(stderr: &str) -> String {
    let reason = |line: &str| {
        line.find("CODE: ").map(|at| {
            let reason = &line[at..];
            reason.split(" BROKER: ").next().unwrap_or(reason).to_owned()
        })
    };
    let mut all: Vec<_> = stderr.lines().filter_map(reason).collect();
    all.dedup();
    all.join("\n")
}

/// The steps on a kind of cluster, or those that begin with one of the words in `RMQ_INTEROP_ONLY`.
fn steps(cluster: Cluster) -> Vec<Step> {
    let only = std::env::var("RMQ_INTEROP_ONLY").unwrap_or_default();
    let wanted =
        |step: &&Step| only.is_empty() || only.split_whitespace().any(|word| step.line.starts_with(word));
    let areas = AREAS.iter().filter(|area| area.cluster == cluster);
    areas.flat_map(|area| area.steps).filter(wanted).copied().collect()
}

fn report(differences: &[String], what: &str) {
    assert!(
        differences.is_empty(),
        "{what}: {} commands differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// (a) On Apache's cluster, our `classic` output is mqadmin's; where mqadmin shows a stack trace, we fail in our way.
fn ours_against_mqadmin(cluster: Cluster) {
    let steps = steps(cluster);
    if steps.is_empty() {
        return;
    }
    let subject = Subject::start(Make::Apache, cluster);
    let mut mqadmin = Mqadmin::start(&subject.servers.home(MQADMIN_HOME));
    let mut differences = Vec::new();
    for Step { compare, line, ours: expected, .. } in steps {
        let started = Instant::now();
        let theirs = mqadmin.run(&subject.arguments(line, THEIRS));
        let theirs_took = started.elapsed();
        let (ours, code) = ours(&subject, line);
        println!("{line}: mqadmin {theirs_took:?}, rmq {:?}", started.elapsed().saturating_sub(theirs_took));
        let failed = theirs.stderr.contains("Exception");
        let wanted = masked(&theirs.stdout.replace(THEIRS, OURS), compare);
        // What the other program made before is listed, too.
        let got = masked(&ours.stdout.replace(THEIRS, OURS), compare);
        let problem = match expected {
            Ours::Refused => (!matches!(code, Some(1 | 2))).then(|| "ours is not refused".to_owned()),
            Ours::Same if failed => (code == Some(0))
                .then(|| format!("mqadmin fails with {:?}, ours does not", reasons(&theirs.stderr))),
            Ours::Same => difference(&wanted, &got),
            Ours::Answered if !failed => Some("mqadmin does not fail".to_owned()),
            Ours::Different if wanted == got => Some("there is no difference any more".to_owned()),
            Ours::Answered | Ours::Different => (code != Some(0)).then(|| "ours fails".to_owned()),
        };
        if let Some(problem) = problem {
            differences.push(format!("{line}: (exit {code:?})\n{problem}{}", ours.stderr));
        }
    }
    report(&differences, "rmq against mqadmin on Apache's cluster");
}

/// (b) The real mqadmin says the same about our cluster as about Apache's.
fn mqadmin_on_ours(cluster: Cluster) {
    let steps = steps(cluster);
    if steps.is_empty() {
        return;
    }
    let apache = Subject::start(Make::Apache, cluster);
    let rmq = Subject::start(Make::Rmq, cluster);
    let mut mqadmin = Mqadmin::start(&apache.servers.home(MQADMIN_HOME));
    let mut differences = Vec::new();
    for Step { compare, line, servers_differ, .. } in steps {
        let started = Instant::now();
        let theirs = mqadmin.run(&apache.arguments(line, OURS));
        let apache_took = started.elapsed();
        let ours = mqadmin.run(&rmq.arguments(line, OURS));
        println!("{line}: Apache {apache_took:?}, rmq {:?}", started.elapsed().saturating_sub(apache_took));
        let seen = |subject: &Subject, answer: &Answer| {
            let text = format!("{}\n{}", answer.stdout, reasons(&answer.stderr));
            masked(&subject.general(&text), compare)
        };
        match (difference(&seen(&apache, &theirs), &seen(&rmq, &ours)), servers_differ) {
            (Some(difference), None) => differences.push(format!("{line}:\n{difference}")),
            (None, Some(why)) => differences.push(format!("{line}: no difference any more ({why})")),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    report(&differences, "mqadmin on our servers against Apache's");
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn our_commands_against_mqadmin() {
    ours_against_mqadmin(Cluster::Plain);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn mqadmin_on_our_servers() {
    mqadmin_on_ours(Cluster::Plain);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn our_commands_against_mqadmin_on_a_group() {
    ours_against_mqadmin(Cluster::Group);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn our_commands_against_mqadmin_with_authentication() {
    ours_against_mqadmin(Cluster::Auth);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn mqadmin_on_our_servers_with_authentication() {
    mqadmin_on_ours(Cluster::Auth);
}
