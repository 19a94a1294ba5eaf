//! Why something could not be found out or done.

use crate::protocol::code;
use crate::remoting::CallError;

/// A failed lookup or call, with the addresses it happened at.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No name server answered. One failure for each, in the order they were asked.
    #[error("no name server answers: {}", listed(failures))]
    NoNameServer {
        /// What went wrong with each.
        failures: Vec<CallError>,
    },
    /// There is no name server to ask.
    #[error("no name server is given")]
    NoAddress,
    /// The name servers know no route of a topic.
    #[error("topic {topic} does not exist")]
    TopicNotFound {
        /// The topic.
        topic: String,
        /// The name server that said so.
        namesrv: String,
    },
    /// A topic has no queue that may be used so.
    #[error("topic {topic} has no {what}")]
    NoQueue {
        /// The topic.
        topic: String,
        /// Which queue it should have.
        what: String,
    },
    /// The name servers know no such broker, or not its master.
    #[error("broker {name} has no {what} that is known to the name servers")]
    NoBroker {
        /// The broker's name.
        name: String,
        /// `address` or `master`.
        what: &'static str,
    },
    /// The name servers know no such cluster.
    #[error("cluster {name} does not exist")]
    ClusterNotFound {
        /// The cluster.
        name: String,
        /// Those that exist, sorted.
        known: Vec<String>,
    },
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A message that cannot be sent as it is.
    #[error("the message cannot be sent: {0}")]
    Message(#[from] crate::protocol::message::MessageError),
    /// A message that breaks a limit of clients.
    #[error("the message cannot be sent: {0}")]
    Illegal(String),
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

impl ClientError {
    /// The response code where a server refused.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Call(error) => error.code(),
            Self::TopicNotFound { .. } => Some(code::TOPIC_NOT_EXIST),
            _ => None,
        }
    }

    /// The address at which it failed, where there is one.
    pub fn addr(&self) -> Option<&str> {
        match self {
            Self::Call(error) => Some(error.addr()),
            Self::TopicNotFound { namesrv, .. } => Some(namesrv),
            Self::NoNameServer { failures } => failures.first().map(CallError::addr),
            _ => None,
        }
    }

    /// The error and what it comes from, in one line.
    pub fn in_one_line(&self) -> String {
        in_one_line(self)
    }

    /// Whether nobody was reached or answered in time.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Call(error) => error.is_unreachable(),
            Self::NoNameServer { .. } => true,
            _ => false,
        }
    }

    /// Whether connections were made but no answer came in time.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Call(error) => matches!(error, CallError::Timeout { .. }),
            Self::NoNameServer { failures } => {
                failures.iter().all(|error| matches!(error, CallError::Timeout { .. }))
            }
            _ => false,
        }
    }
}

/// One failure with its causes, in one line.
fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn listed(failures: &[CallError]) -> String {
    failures.iter().map(|failure| in_one_line(failure)).collect::<Vec<_>>().join("; ")
}
