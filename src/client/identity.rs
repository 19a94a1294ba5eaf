//! Who a client is: its id among the members of a group, and the ids of its messages.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs, UdpSocket};

use jiff::tz::TimeZone;

use crate::protocol::message::{UniqueIds, java_hash_code};

/// The id of a client and what its ids are made of.
#[derive(Debug)]
pub struct Identity {
    /// `ADDRESS@PID#NUMBER` (Java: `ClientConfig.buildMQClientId` with a changed instance name).
    pub client_id: String,
    /// The address by which it reaches the cluster.
    pub ip: IpAddr,
    ids: UniqueIds,
}

impl Identity {
    /// A client that talks to `peer` and was made at `now_nanos`, which tells apart the clients of a process.
    pub fn new(peer: Option<&str>, now_nanos: u128) -> Self {
        let ip = peer.and_then(address_towards).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let pid = std::process::id();
        let client_id = format!("{ip}@{pid}#{now_nanos}");
        let loader_hash = java_hash_code(&client_id).cast_unsigned();
        Self { ids: UniqueIds::new(ip, pid, loader_hash, TimeZone::system()), ip, client_id }
    }

    /// The next unique id of a message, made at `now_ms`.
    pub fn next_message_id(&self, now_ms: i64) -> String {
        self.ids.next(now_ms).to_string()
    }
}

/// Our own address on the way to `peer`. Connecting a datagram socket sends nothing.
fn address_towards(peer: &str) -> Option<IpAddr> {
    let peer = peer.to_socket_addrs().ok()?.next()?;
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(peer).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_an_address_a_process_and_a_number() {
        let identity = Identity::new(Some("127.0.0.1:9876"), 77);
        assert_eq!(identity.client_id, format!("127.0.0.1@{}#77", std::process::id()));
        assert_ne!(identity.next_message_id(1), identity.next_message_id(1));
        assert!(identity.next_message_id(1).starts_with("7F000001"));
    }
}
