//! What a command failed of, as the user is told.

use crate::output::{Failure, Form, Out, OutError, Tone};
use crate::runtime::time::TimeError;
use serde::Serialize;
use std::error::Error;
use std::fmt;

/// What kind of failure it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// The command line says something that cannot be.
    Usage,
    /// A file or a variable of the environment says something that cannot be.
    Config,
    /// The cluster answered with a refusal, or all targets failed.
    Refused,
    /// What was named is not there.
    NotFound,
    /// The user said no, or a check was not met.
    Unmet,
    /// No connection.
    Unreachable,
    /// A connection, but no answer in time.
    Timeout,
    /// Ctrl-C.
    Interrupted,
    /// The reader of stdout is gone: the end, not a failure.
    Closed,
    /// A file, a terminal or the like let us down.
    Local,
    /// A fault of rmq.
    Bug,
}

impl ErrorKind {
    /// The exit code: `rmq help exit-codes`.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Closed => 0,
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::Unmet | ErrorKind::Local => 1,
            ErrorKind::Usage | ErrorKind::Config => 2,
            ErrorKind::Unreachable | ErrorKind::Timeout => 4,
            ErrorKind::Bug => 70,
            ErrorKind::Interrupted => 130,
        }
    }
}

/// A failed command: what, on which address, why, and what may help.
#[derive(Clone, Debug)]
pub struct CommandError {
    pub kind: ErrorKind,
    /// What went wrong; starts in lower case, without a full stop, with the address it happened at.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What the user may do about it.
    pub hints: Vec<String>,
    /// The address that failed, for programs that read the JSON form.
    pub addr: Option<String>,
    /// RocketMQ's response code, where the cluster refused.
    pub code: Option<i32>,
}

impl CommandError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        CommandError {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            addr: None,
            code: None,
        }
    }

    /// [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// [`ErrorKind::Config`].
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// [`ErrorKind::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// [`ErrorKind::Refused`] with RocketMQ's response code and remark.
    pub fn refused(message: impl Into<String>, code: i32, remark: Option<&str>) -> Self {
        let mut error = Self::new(ErrorKind::Refused, message);
        error.code = Some(code);
        error.causes.extend(remark.filter(|r| !r.trim().is_empty()).map(|r| r.trim().to_owned()));
        error
    }

    /// [`ErrorKind::Unmet`].
    pub fn unmet(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unmet, message)
    }

    /// [`ErrorKind::Interrupted`].
    pub fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, "interrupted")
    }

    /// [`ErrorKind::Bug`]: an invariant that does not hold.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// [`ErrorKind::Config`]: a file that the command line names cannot be read.
    pub fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::config(format!("cannot read {}", path.display())).cause(error.to_string())
    }

    /// A file operation of ours that failed: `cannot write /x`.
    pub fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Local, format!("cannot {doing} {}", path.display())).cause(error.to_string())
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds an error and all that it came from as causes.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub fn at(mut self, addr: impl Into<String>) -> Self {
        self.addr = Some(addr.into());
        self
    }

    /// The same as a failure of one target among several.
    pub fn to_failure(&self, target: impl Into<String>) -> Failure {
        let mut message = self.message.clone();
        if let Some(cause) = self.causes.first() {
            message = format!("{message}: {cause}");
        }
        Failure { target: target.into(), addr: self.addr.clone(), code: self.code, message }
    }

    /// Tells the user: `error:`, `cause:` and `hint:` lines, or one JSON object where the form is JSON.
    pub fn show(&self, out: &Out) {
        if self.kind == ErrorKind::Closed {
            return;
        }
        if out.form() == Form::Json {
            out.say(&self.to_json());
            return;
        }
        let mut lines = vec![(Tone::Bad, "error:", self.message.clone())];
        lines.extend(self.causes.iter().map(|cause| (Tone::Plain, "cause:", cause.clone())));
        lines.extend(self.hints.iter().map(|hint| (Tone::Good, "hint:", hint.clone())));
        out.labelled(&lines);
    }

    /// The JSON object that programs get on stderr.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Object<'a> {
            kind: ErrorKind,
            message: &'a str,
            causes: &'a [String],
            hints: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            addr: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<i32>,
            exit_code: u8,
        }
        let object = Object {
            kind: self.kind,
            message: &self.message,
            causes: &self.causes,
            hints: &self.hints,
            addr: self.addr.as_deref(),
            code: self.code,
            exit_code: self.kind.exit_code(),
        };
        serde_json::to_string(&object).unwrap_or_else(|_| format!("{{\"message\":{:?}}}", self.message))
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CommandError {}

impl From<OutError> for CommandError {
    fn from(error: OutError) -> Self {
        match &error {
            OutError::Closed => Self::new(ErrorKind::Closed, error.to_string()),
            OutError::Write(source) => {
                Self::new(ErrorKind::Local, error.to_string()).cause(source.to_string())
            }
            OutError::Encode { .. } => Self::bug(error.to_string()),
            OutError::NoColumn { columns, .. } => {
                Self::usage(error.to_string()).hint(format!("the columns are {}", columns.join(", ")))
            }
        }
    }
}

impl From<TimeError> for CommandError {
    fn from(error: TimeError) -> Self {
        Self::usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutOptions;
    use parking_lot::Mutex;
    use std::io::{self, Write};
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sample() -> CommandError {
        CommandError::refused("cannot delete topic T on 10.0.0.1:10911", 17, Some(" no such topic\n"))
            .hint("rmq topicList shows the topics")
            .at("10.0.0.1:10911")
    }

    fn shown(form: Form, error: &CommandError) -> String {
        let stderr = Buffer::default();
        let options = OutOptions { form, ..OutOptions::default() };
        error.show(&Out::to_writers(options, io::sink(), stderr.clone()));
        let bytes = stderr.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn shows_error_cause_hint() {
        assert_eq!(
            shown(Form::Table, &sample()),
            "error: cannot delete topic T on 10.0.0.1:10911\ncause: no such topic\n\
             hint: rmq topicList shows the topics\n"
        );
    }

    #[test]
    fn shows_one_object_in_json() {
        let value: serde_json::Value = serde_json::from_str(&shown(Form::Json, &sample())).unwrap();
        assert_eq!(value["kind"], "refused");
        assert_eq!(value["code"], 17);
        assert_eq!(value["addr"], "10.0.0.1:10911");
        assert_eq!(value["exitCode"], 1);
        assert_eq!(value["causes"][0], "no such topic");
    }

    #[test]
    fn a_closed_pipe_is_silent_and_no_failure() {
        let error = CommandError::from(OutError::Closed);
        assert_eq!(shown(Form::Table, &error), "");
        assert_eq!(error.kind.exit_code(), 0);
    }

    #[test]
    fn exit_codes_are_those_of_the_help() {
        let table = [
            (ErrorKind::Refused, 1),
            (ErrorKind::NotFound, 1),
            (ErrorKind::Unmet, 1),
            (ErrorKind::Usage, 2),
            (ErrorKind::Config, 2),
            (ErrorKind::Unreachable, 4),
            (ErrorKind::Timeout, 4),
            (ErrorKind::Bug, 70),
            (ErrorKind::Interrupted, 130),
        ];
        for (kind, code) in table {
            assert_eq!(kind.exit_code(), code, "{kind:?}");
        }
    }
}
