//! What requests fail of, for counting.

use std::borrow::Cow;

use crate::client::ClientError;
use crate::client::producer::SendStatus;
use crate::protocol::code;
use crate::remoting::CallError;

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The broker or name server answered with this code.
    Code(i32),
    /// Nobody answered so far; named in RocketMQ's manner.
    Local(&'static str),
}

impl Fault {
    /// What an error is counted as.
    pub fn of(error: &ClientError) -> Self {
        match (error.code(), error) {
            (Some(code), _) => Self::Code(code),
            (None, ClientError::Call(call)) => Self::Local(match call {
                CallError::Connect { .. } => "CONNECT_FAILED",
                CallError::Tls { .. } => "TLS_FAILED",
                CallError::Timeout { .. } => "TIMEOUT",
                CallError::Closed { .. } => "CONNECTION_LOST",
                CallError::Malformed { .. } | CallError::Refused { .. } => "ANSWER_MALFORMED",
            }),
            (None, error) => Self::Local(match error {
                ClientError::NoNameServer { .. } | ClientError::NoAddress => "NO_NAME_SERVER",
                ClientError::NoQueue { .. } => "NO_QUEUE",
                ClientError::Message(_) | ClientError::Illegal(_) => "MESSAGE_ILLEGAL",
                ClientError::Closed => "CLIENT_CLOSED",
                _ => "NO_BROKER",
            }),
        }
    }

    /// What a message that is stored may lack.
    pub fn of_status(status: SendStatus) -> Option<Self> {
        match status {
            SendStatus::SendOk => None,
            SendStatus::FlushDiskTimeout => Some(Self::Code(code::FLUSH_DISK_TIMEOUT)),
            SendStatus::FlushSlaveTimeout => Some(Self::Code(code::FLUSH_SLAVE_TIMEOUT)),
            SendStatus::SlaveNotAvailable => Some(Self::Code(code::SLAVE_NOT_AVAILABLE)),
        }
    }

    /// The response code, if there is one.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Local(_) => None,
        }
    }

    /// RocketMQ's name of the code, or one in its manner.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Local(name) => name.into(),
            Self::Code(code) => code::name(code).map_or_else(|| format!("CODE_{code}").into(), Cow::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_failure_has_a_name() {
        let (addr, request) = (String::from("h:1"), "X");
        let refused = |code| CallError::Refused { addr: "h:1".into(), request, code, remark: String::new() };
        let lost = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let table: [(ClientError, Option<i32>, &str); 11] = [
            (refused(2).into(), Some(2), "SYSTEM_BUSY"),
            (refused(7777).into(), Some(7777), "CODE_7777"),
            (
                ClientError::TopicNotFound { topic: "T".into(), namesrv: String::new() },
                Some(17),
                "TOPIC_NOT_EXIST",
            ),
            (CallError::Connect { addr: addr.clone(), source: lost() }.into(), None, "CONNECT_FAILED"),
            (CallError::Tls { addr: addr.clone(), source: lost() }.into(), None, "TLS_FAILED"),
            (
                CallError::Timeout { addr: addr.clone(), request, after: Duration::ZERO }.into(),
                None,
                "TIMEOUT",
            ),
            (CallError::Closed { addr: addr.clone(), request, reason: None }.into(), None, "CONNECTION_LOST"),
            (CallError::Malformed { addr, request, reason: String::new() }.into(), None, "ANSWER_MALFORMED"),
            (ClientError::NoNameServer { failures: Vec::new() }, None, "NO_NAME_SERVER"),
            (ClientError::NoQueue { topic: "T".into(), what: String::new() }, None, "NO_QUEUE"),
            (ClientError::NoBroker { name: "b".into(), what: "master" }, None, "NO_BROKER"),
        ];
        for (error, code, name) in table {
            let fault = Fault::of(&error);
            assert_eq!((fault.code(), fault.name().as_ref()), (code, name), "{error}");
        }
    }

    #[test]
    fn what_is_stored_less_safely_than_asked_for_is_counted() {
        assert_eq!(Fault::of_status(SendStatus::SendOk), None);
        let slave = Fault::of_status(SendStatus::SlaveNotAvailable).unwrap();
        assert_eq!((slave.code(), slave.name().as_ref()), (Some(11), "SLAVE_NOT_AVAILABLE"));
    }
}
