//! What tests of the whole program share.

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A run that takes longer than this has failed.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// An environment of its own for runs of the program: an empty home, UTC, no colour, no name server.
pub struct Env {
    home: Arc<TempDir>,
    vars: Vec<(String, String)>,
}

impl Env {
    pub fn new() -> Self {
        Env { home: Arc::new(TempDir::new().unwrap()), vars: Vec::new() }
    }

    /// Another one in the same home, without its variables.
    pub fn at(other: &Env) -> Self {
        Env { home: other.home.clone(), vars: Vec::new() }
    }

    /// Adds a variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    /// The directory that is the home of the runs and where they start.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program with these arguments, ready to run.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        self.command_as(env!("CARGO_BIN_EXE_rmq"), args)
    }

    /// As [`Env::command`], by the path of a link to the program.
    pub fn command_as<S: AsRef<std::ffi::OsStr>>(
        &self,
        program: impl AsRef<std::ffi::OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home())
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
            .timeout(LONGEST_RUN)
            .args(args);
        command
    }

    /// Runs the program.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Run {
        Run(self.command(args).assert())
    }
}

/// A run that has ended.
pub struct Run(Assert);

impl Run {
    /// What `assert` gave.
    #[must_use]
    pub fn of(assert: Assert) -> Self {
        Run(assert)
    }

    /// Checks the exit code, with all output in the message when it is another.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        Run(self.0.code(code))
    }

    /// The exit code; none when a signal ended it.
    pub fn status(&self) -> Option<i32> {
        self.0.get_output().status.code()
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.get_output().stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.get_output().stderr.clone()).unwrap()
    }
}
