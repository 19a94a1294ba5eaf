//! What a failed call is to the user.

use super::error::{CommandError, ErrorKind};
use crate::client::ClientError;
use crate::remoting::CallError;

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        let addr = error.addr().map(str::to_owned);
        let mut shown = match error {
            ClientError::Call(call) => from_call(&call),
            ClientError::NoNameServer { failures } => from_namesrvs(&failures),
            ClientError::NoAddress => {
                CommandError::config(error.to_string()).hint("give one with -n HOST:PORT")
            }
            ClientError::TopicNotFound { .. } => {
                CommandError::not_found(error.to_string()).hint("rmq topicList shows the topics")
            }
            ClientError::ClusterNotFound { ref known, .. } => CommandError::not_found(error.to_string())
                .hint(format!("the clusters are {}", known.join(", "))),
            ClientError::NoBroker { .. } => {
                CommandError::not_found(error.to_string()).hint("rmq clusterList shows the brokers")
            }
            ClientError::NoQueue { .. } => CommandError::new(ErrorKind::Refused, error.to_string())
                .hint("rmq topicRoute shows its permissions"),
            ClientError::Message(_) | ClientError::Illegal(_) => CommandError::usage(error.to_string()),
            ClientError::Closed => CommandError::interrupted(),
        };
        if shown.addr.is_none() {
            shown.addr = addr;
        }
        shown
    }
}

impl From<CallError> for CommandError {
    fn from(error: CallError) -> Self {
        from_call(&error)
    }
}

fn from_call(error: &CallError) -> CommandError {
    let kind = match error {
        CallError::Connect { .. } | CallError::Tls { .. } | CallError::Closed { .. } => {
            ErrorKind::Unreachable
        }
        CallError::Timeout { .. } => ErrorKind::Timeout,
        CallError::Refused { .. } | CallError::Malformed { .. } => ErrorKind::Refused,
    };
    let mut shown = CommandError::new(kind, error.to_string()).at(error.addr());
    shown.code = error.code();
    if let Some(source) = std::error::Error::source(error) {
        shown = shown.caused_by(source);
    }
    match error {
        CallError::Timeout { .. } => shown.hint("--timeout gives it more time"),
        CallError::Connect { .. } => {
            shown.hint("does it run? rmq clusterList shows the brokers that are alive")
        }
        _ => match about_tls(error) {
            Some(hint) => shown.hint(hint),
            None => shown,
        },
    }
}

/// What may help where encryption may be the matter. A server that wants it closes connections that are not encrypted.
fn about_tls(error: &CallError) -> Option<&'static str> {
    match error {
        CallError::Tls { .. } => {
            Some("--tls-ca FILE names certificates to trust, --tls-insecure takes any (rmq help tls)")
        }
        CallError::Closed { reason: None, .. } => {
            Some("if it takes encrypted connections only: --tls (rmq help tls)")
        }
        _ => None,
    }
}

fn from_namesrvs(failures: &[CallError]) -> CommandError {
    let all_late = failures.iter().all(|failure| matches!(failure, CallError::Timeout { .. }));
    let kind = if all_late { ErrorKind::Timeout } else { ErrorKind::Unreachable };
    let addrs: Vec<&str> = failures.iter().map(CallError::addr).collect();
    let mut shown = match addrs.as_slice() {
        [addr] => CommandError::new(kind, format!("the name server {addr} does not answer")),
        _ => CommandError::new(kind, format!("none of the name servers answers: {}", addrs.join(", "))),
    };
    for failure in failures {
        let source = std::error::Error::source(failure).map(|source| format!(": {source}"));
        shown = shown.cause(format!("{failure}{}", source.unwrap_or_default()));
    }
    if let Some(hint) = failures.iter().find_map(about_tls) {
        shown = shown.hint(hint);
    }
    shown
        .hint("is a name server running there? -n HOST:PORT or NAMESRV_ADDR name another one")
        .hint("rmq quickstart starts one on this machine")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn connect(addr: &str) -> CallError {
        CallError::Connect { addr: addr.to_owned(), source: io::ErrorKind::ConnectionRefused.into() }
    }

    #[test]
    fn the_kind_follows_from_what_happened() {
        let refused =
            CallError::Refused { addr: "h:1".into(), request: "X", code: 16, remark: "no".to_owned() };
        let late = || CallError::Timeout {
            addr: "h:1".into(),
            request: "X",
            after: std::time::Duration::from_secs(1),
        };
        let table = [
            (ClientError::Call(connect("h:1")), 4),
            (ClientError::Call(late()), 4),
            (ClientError::Call(refused), 1),
            (ClientError::NoNameServer { failures: vec![connect("h:1"), late()] }, 4),
            (ClientError::NoAddress, 2),
            (ClientError::TopicNotFound { topic: "T".into(), namesrv: "h:1".into() }, 1),
        ];
        for (error, exit) in table {
            let text = error.to_string();
            assert_eq!(CommandError::from(error).kind.exit_code(), exit, "{text}");
        }
    }

    #[test]
    fn every_name_server_is_a_cause() {
        let error = ClientError::NoNameServer { failures: vec![connect("a:1"), connect("b:2")] };
        let shown = CommandError::from(error);
        assert_eq!(shown.message, "none of the name servers answers: a:1, b:2");
        assert_eq!(
            shown.causes,
            ["cannot connect to a:1: connection refused", "cannot connect to b:2: connection refused"]
        );
    }

    #[test]
    fn where_encryption_may_be_the_matter_a_hint_says_so() {
        let closed = || CallError::Closed { addr: "h:1".into(), request: "X", reason: None };
        let tls = CallError::Tls { addr: "h:1".into(), source: io::ErrorKind::InvalidData.into() };
        let hints = |error: ClientError| CommandError::from(error).hints.join("\n");
        assert!(hints(ClientError::Call(closed())).contains("--tls "));
        assert!(hints(ClientError::Call(tls)).contains("--tls-ca"));
        let failures = vec![connect("a:1"), closed()];
        assert!(hints(ClientError::NoNameServer { failures }).contains("--tls "));
        assert!(!hints(ClientError::NoNameServer { failures: vec![connect("a:1")] }).contains("--tls"));
    }
}
