//! The published Go client (`go/main.go`): its checks against both makes, and groups that it shares with others.
//!
//! Needs `go`; without it the tests say so and pass, unless `RMQ_CI_INTEROP=require`.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::jvm::{ended, eventually, java, jvm, rmq_program, run};
use crate::servers::{Make, Servers};

/// The checks, built by the first caller; `None` where there is no Go.
fn go_program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    if !Command::new("go").arg("version").output().is_ok_and(|out| out.status.success()) {
        let required = std::env::var("RMQ_CI_INTEROP").is_ok_and(|value| value == "require");
        assert!(!required, "these tests need `go` on the PATH");
        println!("skipped: there is no `go` on the PATH");
        return None;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-checks");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(sources);
    let out = run(&mut build, Duration::from_secs(600));
    assert!(out.status.success(), "go build: {}", String::from_utf8_lossy(&out.stderr));
    Some(program)
}

fn go_checks(make: Make) {
    let Some(program) = go_program() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let servers = Servers::start(make, directory.path());
    let mut command = Command::new(program);
    command.args(["run", &servers.namesrv, &servers.broker]).env("HOME", servers.home("go"));
    let out = run(&mut command, Duration::from_secs(200));
    let text = String::from_utf8_lossy(&out.stdout);
    println!("{make:?}:\n{text}");
    assert!(out.status.success(), "the Go client against {make:?}:\n{text}{}", servers.log());
}

#[test]
#[ignore = "needs a JVM, Maven and Go"]
fn go_client_against_apache() {
    go_checks(Make::Apache);
}

#[test]
#[ignore = "needs a JVM, Maven and Go"]
fn go_client_against_rmq() {
    go_checks(Make::Rmq);
}

const TOPIC: &str = "mixed";
const GROUP: &str = "mixed-group";

/// A member of the group, whose messages are the lines of a file.
struct Member {
    child: Child,
    printed: PathBuf,
}

impl Member {
    fn start(servers: &Servers, name: &str, mut command: Command) -> Self {
        let printed = servers.home(&format!("{name}.out"));
        let out = File::create(&printed).expect("a file for a member");
        let child =
            command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn().expect("start a member");
        Self { child, printed }
    }

    fn java(servers: &Servers, name: &str) -> Self {
        let mut command = java(&jvm().client, &servers.home(name), "-Xmx128m");
        command.args(["Member", &servers.namesrv, TOPIC, GROUP]);
        Self::start(servers, name, command)
    }

    fn go(servers: &Servers, name: &str, program: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["member", &servers.namesrv, TOPIC, GROUP]).env("HOME", servers.home(name));
        Self::start(servers, name, command)
    }

    fn rmq(servers: &Servers, name: &str) -> Self {
        let mut command = Command::new(rmq_program());
        command.args([
            "consume",
            TOPIC,
            "--group",
            GROUP,
            "-n",
            &servers.namesrv,
            "--follow",
            "--format",
            "%v\\n",
        ]);
        Self::start(servers, name, command)
    }

    /// Waits until it has its share.
    fn works(&self, what: &str) {
        let count = || consumed(std::slice::from_ref(&self.printed)).len();
        let before = count();
        eventually(what, Duration::from_secs(60), || (count() > before + 20).then_some(()));
    }

    /// Kills it; returns what it printed.
    fn kill(mut self) -> PathBuf {
        self.child.kill().expect("kill a member");
        self.child.wait().expect("wait for a member");
        self.printed.clone()
    }

    /// Asks it to go; returns what it printed.
    fn leave(mut self) -> PathBuf {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("end a member");
        ended(&mut self.child, Duration::from_secs(30)).expect("a member that leaves on SIGTERM");
        self.printed.clone()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bodies that are all different until it is told to stop; returns how many were sent.
fn send_until(stop: &AtomicBool, servers: &Servers) -> usize {
    let mut producer = Command::new(rmq_program())
        .args(["produce", TOPIC, "--file", "-", "-n", &servers.namesrv, "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("start a producer");
    let mut lines = producer.stdin.take().expect("a pipe");
    let mut sent = 0;
    while !stop.load(Ordering::SeqCst) {
        for _ in 0..10 {
            writeln!(lines, "body-{sent}").expect("a producer that reads");
            sent += 1;
        }
        // A steady load for members to share, not a measurement.
        thread::sleep(Duration::from_millis(20));
    }
    drop(lines);
    let status = ended(&mut producer, Duration::from_secs(60)).expect("a producer that ends");
    assert!(status.success(), "the producer: {status}");
    sent
}

/// Members of three makes come, leave and are killed while messages are sent; every message is consumed.
fn mixed_group(make: Make) {
    let Some(program) = go_program() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let servers = Servers::start(make, directory.path());
    let mut create = Command::new(rmq_program());
    create.args([
        "updateTopic",
        "-n",
        &servers.namesrv,
        "-b",
        &servers.broker,
        "-t",
        TOPIC,
        "-r",
        "12",
        "-w",
        "12",
    ]);
    assert!(run(&mut create, Duration::from_secs(30)).status.success(), "the topic is created");
    let stop = AtomicBool::new(false);
    let (sent, printed) = thread::scope(|scope| {
        let producer = scope.spawn(|| send_until(&stop, &servers));
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| come_and_go(&servers, program)));
        stop.store(true, Ordering::SeqCst);
        let sent = producer.join().expect("a producer");
        (sent, outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (gone, members) = printed;
    let files: Vec<PathBuf> =
        gone.into_iter().chain(members.iter().map(|member| member.printed.clone())).collect();
    let mut times = HashMap::new();
    eventually("every message", Duration::from_secs(120), || {
        times = consumed(&files);
        (times.len() >= sent).then_some(())
    });
    let known: HashSet<String> = (0..sent).map(|number| format!("body-{number}")).collect();
    assert!(times.keys().all(|body| known.contains(body)), "bodies that nobody sent");
    let again = times.values().filter(|times| **times > 1).count();
    println!("{make:?}: {sent} messages, all consumed, {again} more than once");
}

/// Returns what those printed that are gone, and those that are still there.
fn come_and_go(servers: &Servers, program: &Path) -> (Vec<PathBuf>, Vec<Member>) {
    let java = Member::java(servers, "java-1");
    let go = Member::go(servers, "go-1", program);
    let rmq = Member::rmq(servers, "rmq-1");
    java.works("a Java member");
    go.works("a Go member");
    rmq.works("an rmq member");
    let mut gone = vec![go.kill()];
    java.works("the Java member without the Go member");
    let go = Member::go(servers, "go-2", program);
    go.works("a Go member that comes later");
    gone.push(java.leave());
    let java = Member::java(servers, "java-2");
    java.works("a Java member that comes later");
    gone.push(rmq.kill());
    go.works("the Go member without the rmq member");
    let rmq = Member::rmq(servers, "rmq-2");
    rmq.works("an rmq member that comes later");
    gone.push(go.leave());
    gone.push(java.kill());
    rmq.works("the rmq member alone");
    (gone, vec![rmq])
}

/// How often each body was printed.
fn consumed(files: &[PathBuf]) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for body in whole.lines() {
            *times.entry(body.to_owned()).or_default() += 1;
        }
    }
    times
}

#[test]
#[ignore = "needs a JVM, Maven and Go"]
fn a_mixed_group_on_apache() {
    mixed_group(Make::Apache);
}

#[test]
#[ignore = "needs a JVM, Maven and Go"]
fn a_mixed_group_on_rmq() {
    mixed_group(Make::Rmq);
}
