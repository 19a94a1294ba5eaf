//! Why a call failed.

use std::time::Duration;

use crate::protocol::code;

/// A call that got no successful answer. Each kind tells with whom and about what.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection.
    #[error("cannot connect to {addr}")]
    Connect {
        /// The address as given.
        addr: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is a connection, but the two do not agree on how to encrypt it.
    #[error("cannot agree on TLS with {addr}")]
    Tls {
        /// The address as given.
        addr: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No answer came in time.
    #[error("no answer from {addr} to {request} within {}", humantime::format_duration(whole_millis(*after)))]
    Timeout {
        /// The peer.
        addr: String,
        /// RocketMQ's name of the request.
        request: &'static str,
        /// The time that was given.
        after: Duration,
    },
    /// The connection was lost before the answer came.
    #[error("the connection to {addr} was closed before {request} was answered{}", because(reason.as_deref()))]
    Closed {
        /// The peer.
        addr: String,
        /// RocketMQ's name of the request.
        request: &'static str,
        /// Why we closed it, if we did: what came was no RocketMQ.
        reason: Option<String>,
    },
    /// The peer answered that it does not do it.
    #[error("{addr} refused {request}: {} (code {code}{})", remark_or_name(remark, *code), name_suffix(*code))]
    Refused {
        /// The peer.
        addr: String,
        /// RocketMQ's name of the request.
        request: &'static str,
        /// A response code.
        code: i32,
        /// What the peer says.
        remark: String,
    },
    /// The request could not be written or the answer not be read.
    #[error("the answer of {addr} to {request} is not understood: {reason}")]
    Malformed {
        /// The peer.
        addr: String,
        /// RocketMQ's name of the request.
        request: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// To the millisecond: shares of a time-out are no round numbers.
fn whole_millis(time: Duration) -> Duration {
    let millis = (time + Duration::from_micros(500)).as_millis();
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn remark_or_name(remark: &str, code: i32) -> &str {
    // Apache's remarks go on with lines of links; the first line is the reason.
    match remark.lines().next() {
        Some(line) if !line.trim().is_empty() => line,
        _ => code::name(code).unwrap_or("no reason given"),
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn name_suffix(code: i32) -> String {
    code::name(code).map(|name| format!(" {name}")).unwrap_or_default()
}

impl CallError {
    /// The response code of a refusal.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the peer was not reached or did not answer, so that another may be tried.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Tls { .. } | Self::Timeout { .. } | Self::Closed { .. })
    }

    /// The peer's address.
    pub fn addr(&self) -> &str {
        match self {
            Self::Connect { addr, .. }
            | Self::Tls { addr, .. }
            | Self::Timeout { addr, .. }
            | Self::Closed { addr, .. }
            | Self::Refused { addr, .. }
            | Self::Malformed { addr, .. } => addr,
        }
    }
}
