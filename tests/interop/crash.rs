//! `kill -9` in the middle of load: what was acknowledged is there after the restart, once, and is found by its key.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::jvm::{java, jvm};
use crate::servers::{Make, Servers};

/// `java/client/Load.java`.
struct Load {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Load {
    fn start(servers: &Servers) -> Self {
        let mut child = java(&jvm().client, &servers.home("load"), "-Xmx512m")
            .arg("Load")
            .arg(&servers.namesrv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start the load");
        let commands = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, commands, answers }
    }

    /// Gives a command and returns its answer, which must be a good one. The program gives up by itself.
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").expect("write a command");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        assert!(answer.starts_with("ok"), "{command}: {answer}");
        answer
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn survives(make: Make, rounds: u32) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut servers = Servers::start(make, directory.path());
    let mut load = Load::start(&servers);
    for round in 1..=rounds {
        // Not always at the same point of the servers' own rhythm of flushing and of storing offsets.
        load.ask(&format!("send {}", 300 + 37 * round));
        servers = servers.kill_and_restart();
        println!("{make:?} round {round}: {}", load.ask("verify").trim_end());
    }
    assert!(servers.stop().code().is_some(), "stopped by a signal");
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn apache_keeps_what_it_acknowledged() {
    survives(Make::Apache, 2);
}

#[test]
#[ignore = "needs a JVM and Maven"]
fn rmq_keeps_what_it_acknowledged() {
    survives(Make::Rmq, 20);
}
