//! Why a server did not start, as the user is told.

use std::io;
use std::net::SocketAddr;

use crate::admin::{CommandError, ErrorKind};
use crate::store::StoreError;
use crate::{broker, namesrv};

/// Where the port of a server comes from, for the hint when it is taken.
const PORT_HINT: &str = "another server listens there: stop it, or choose another port";

fn cannot_listen(what: &str, addr: SocketAddr, how: &str, source: &io::Error) -> CommandError {
    let error = CommandError::new(ErrorKind::Local, format!("the {what} cannot listen on {addr}"))
        .cause(source.to_string())
        .at(addr.to_string());
    match source.kind() {
        io::ErrorKind::AddrInUse => error.hint(format!("{PORT_HINT} by {how}")),
        io::ErrorKind::AddrNotAvailable => {
            error.hint("this machine does not have that address: see bindAddress")
        }
        io::ErrorKind::PermissionDenied => error.hint(format!("choose a port from 1024 on by {how}")),
        _ => error,
    }
}

/// A name server that did not start; `how` is the way to choose its port.
pub fn namesrv_error(error: &namesrv::OpenError, how: &str) -> CommandError {
    match error {
        namesrv::OpenError::Listen { addr, source } => cannot_listen("name server", *addr, how, source),
        namesrv::OpenError::Address(_) | namesrv::OpenError::Tls(_) | namesrv::OpenError::ClientTls(_) => {
            CommandError::config(error.to_string())
        }
        namesrv::OpenError::Kv(load) => {
            let path = load.path.display();
            CommandError::new(ErrorKind::Local, format!("cannot read the KV configuration {path}"))
                .cause(load.reason.clone())
                .hint("repair the file, or move it away to start without it")
        }
    }
}

/// A broker that did not start; `how` is the way to choose its port.
pub fn broker_error(error: &broker::OpenError, how: &str) -> CommandError {
    match error {
        broker::OpenError::Listen { addr, source } => cannot_listen("broker", *addr, how, source),
        broker::OpenError::Address { .. } | broker::OpenError::Tls(_) | broker::OpenError::ClientTls(_) => {
            CommandError::config(error.to_string())
        }
        broker::OpenError::Store(StoreError::Locked { path }) => {
            let directory = path.parent().unwrap_or(path).display();
            CommandError::new(ErrorKind::Local, format!("the store {directory} is in use by another broker"))
                .hint("stop that one, or use another directory")
        }
        other => CommandError::new(ErrorKind::Local, "cannot open the store").caused_by(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_and_a_used_directory_are_told_with_a_way_out() {
        let addr = "127.0.0.1:9876".parse().unwrap();
        let taken = namesrv::OpenError::Listen { addr, source: io::ErrorKind::AddrInUse.into() };
        let told = namesrv_error(&taken, "--namesrv-port");
        assert!(told.message.contains("127.0.0.1:9876"));
        assert!(told.hints[0].ends_with("another port by --namesrv-port"), "{:?}", told.hints);
        let locked = broker::OpenError::Store(StoreError::Locked { path: "/data/store/lock".into() });
        let told = broker_error(&locked, "listenPort");
        assert_eq!(told.message, "the store /data/store is in use by another broker");
    }
}
