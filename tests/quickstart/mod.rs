//! `rmq quickstart`, `rmq namesrv` and `rmq broker` as processes.

mod hostile;
mod life;
mod servers;
mod smoke;

use crate::support::Env;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A server process; killed when dropped.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the program in the environment's home.
    fn start(env: &Env, args: &[&str]) -> Self {
        Self::start_by(env, Command::new(env!("CARGO_BIN_EXE_rmq")).args(args))
    }

    /// As [`Server::start`], by a command of one's own.
    fn start_by(env: &Env, command: &mut Command) -> Self {
        let mut child = command
            .env_clear()
            .env("HOME", env.home())
            .env("TMPDIR", env.home())
            .current_dir(env.home())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The next line that it prints; empty when it ended.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Asks it to end, and waits for that.
    fn terminate(mut self) -> (ExitStatus, String) {
        let pid = rustix::process::Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap(), stderr)
    }

    /// A number of its status, in KiB, as the system counts it.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
        line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A quickstart on free ports that is ready.
struct Quickstart {
    server: Server,
    namesrv: String,
    broker: String,
    lines: [String; 2],
    ready_file: PathBuf,
}

impl Quickstart {
    fn start(env: &Env, args: &[&str]) -> Self {
        let all =
            [&["quickstart", "--namesrv-port", "0", "--broker-port", "0", "--ready-file", "ready"], args];
        let mut server = Server::start(env, &all.concat());
        let lines = [server.line(), server.line()];
        let ready_file = env.home().join("ready");
        let text =
            std::fs::read_to_string(&ready_file).unwrap_or_else(|e| panic!("{e}: {}", server.complaint()));
        let addrs: BTreeMap<_, _> = text.lines().filter_map(|line| line.split_once('=')).collect();
        assert_eq!(addrs.len(), 2, "{text}");
        let (namesrv, broker) = (addrs["namesrv"].to_owned(), addrs["broker"].to_owned());
        Self { server, namesrv, broker, lines, ready_file }
    }

    /// What an admin command says about it.
    fn ask(&self, env: &Env, args: &[&str]) -> String {
        let output = env.command(args).env("NAMESRV_ADDR", &self.namesrv).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    }
}

impl Server {
    /// What it says on stderr when it ends.
    fn complaint(&mut self) -> String {
        let _ = self.child.kill();
        let mut stderr = String::new();
        let _ = self.child.stderr.take().unwrap().read_to_string(&mut stderr);
        stderr
    }
}
