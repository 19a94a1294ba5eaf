//! What can be wrong with a setting.

use std::fmt;
use thiserror::Error;

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    #[error("{key}: '{value}' is not {expected}")]
    BadValue { key: String, value: String, expected: &'static str },
    /// The key is known, but the value asks for something that rmq does not do.
    #[error("{key}={value} is not supported ({why})")]
    Unsupported { key: String, value: String, why: String },
    #[error("{key} is not a setting")]
    UnknownKey { key: String },
    #[error("line {line}: {why}")]
    Syntax { line: usize, why: &'static str },
}

/// A setting that is accepted and does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No key of that name exists in RocketMQ 5.5.0.
    UnknownKey { key: String, line: usize },
    /// The key exists, was set to something other than its default, and means nothing here.
    NoEffect { key: String, line: usize },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::UnknownKey { key, line } => {
                write!(f, "line {line}: {key} is not a setting, it is ignored")
            }
            Warning::NoEffect { key, line } => write!(f, "line {line}: {key} has no effect in rmq"),
        }
    }
}
