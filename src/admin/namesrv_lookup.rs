//! From what people write to addresses that can be connected to: address servers are asked, and a name that stands
//! for several servers becomes all of them.

use super::error::{CommandError, ErrorKind};
use super::namesrv_addr::NameServers;
use crate::client::{AddressServerError, ask_address_server};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// No lookup takes longer (Java: `DefaultTopAddressing.fetchNSAddr`).
const LONGEST: Duration = Duration::from_secs(3);

impl NameServers {
    /// Looks up what has to be. Where nothing comes out, [`NameServers::addrs`] says why: commands that ask no name
    /// server do without. Also returns by which name each address was looked up, as certificates are for names.
    pub async fn look_up(mut self, timeout: Duration) -> (Self, HashMap<String, String>) {
        let timeout = timeout.min(LONGEST);
        let (mut addrs, mut names, mut failure) = (Vec::new(), HashMap::new(), None);
        for addr in std::mem::take(&mut self.addrs) {
            let written = if addr.starts_with("http://") || addr.starts_with("https://") {
                match ask_address_server(&addr, timeout).await {
                    Ok(answered) => answered,
                    Err(error) => {
                        failure.get_or_insert_with(|| unhelpful(&self, &addr, &error));
                        continue;
                    }
                }
            } else {
                vec![addr]
            };
            for addr in written {
                for found in all_of(&addr, timeout).await {
                    if found != addr {
                        names.insert(found.clone(), host_of(&addr).to_owned());
                    }
                    if !addrs.contains(&found) {
                        addrs.push(found);
                    }
                }
            }
        }
        self.failure = failure.filter(|_| addrs.is_empty());
        self.addrs = addrs;
        (self, names)
    }
}

fn unhelpful(servers: &NameServers, url: &str, error: &AddressServerError) -> CommandError {
    CommandError::new(
        ErrorKind::Unreachable,
        format!("no name server is known: {url} ({}) is asked in vain", servers.source),
    )
    .cause(error.to_string())
    .hint("an address server answers with one line of HOST:PORT, separated by ;")
    .at(url)
}

fn host_of(addr: &str) -> &str {
    addr.rsplit_once(':').map_or(addr, |(host, _)| host)
}

/// The servers that an address stands for: itself, or all of a name that has several.
async fn all_of(addr: &str, timeout: Duration) -> Vec<String> {
    if addr.parse::<SocketAddr>().is_ok() || host_of(addr).eq_ignore_ascii_case("localhost") {
        return vec![addr.to_owned()];
    }
    let found = tokio::time::timeout(timeout, tokio::net::lookup_host(addr)).await;
    let found: Vec<SocketAddr> = found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
    several(&found).unwrap_or_else(|| vec![addr.to_owned()])
}

/// The addresses of several servers. One server often has an address of each kind, so only those of one kind are
/// taken for different servers; with one of each the connection itself tries both.
fn several(found: &[SocketAddr]) -> Option<Vec<String>> {
    let of_kind = |four: bool| {
        let mut list: Vec<String> = Vec::new();
        for addr in found.iter().filter(|addr| addr.is_ipv4() == four) {
            let text = addr.to_string();
            if !list.contains(&text) {
                list.push(text);
            }
        }
        list
    };
    [of_kind(true), of_kind(false)].into_iter().find(|list| list.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::connect::Origin;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// An HTTP server that gives one answer, and its address.
    async fn answering(status: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        });
        format!("http://{addr}/rocketmq/nsaddr")
    }

    async fn looked_up(list: &[&str]) -> NameServers {
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        NameServers::of(&list, Origin::Option("-n")).look_up(Duration::from_secs(5)).await.0
    }

    #[tokio::test]
    async fn an_address_server_is_asked() {
        let url = answering("200 OK", "10.0.0.1:9876;10.0.0.2:9876\nmore\n").await;
        let servers = looked_up(&[&url, "10.0.0.3:1", "10.0.0.1:9876"]).await;
        assert_eq!(servers.addrs().unwrap(), ["10.0.0.1:9876", "10.0.0.2:9876", "10.0.0.3:1"]);
    }

    #[tokio::test]
    async fn one_that_does_not_help_is_told_when_it_matters() {
        let table = [
            ("404 Not Found", "x:1", "404"),
            ("200 OK", "<html>", "names no name server"),
            ("200 OK", "", "names no"),
        ];
        for (status, body, why) in table {
            let url = answering(status, body).await;
            let servers = looked_up(&[&url]).await;
            let error = servers.addrs().unwrap_err();
            assert_eq!(error.kind.exit_code(), 4);
            assert!(error.message.contains(&url) && error.causes[0].contains(why), "{error:?}");
            // Another name server makes it bearable.
            assert_eq!(looked_up(&[&url, "10.0.0.1:1"]).await.addrs().unwrap(), ["10.0.0.1:1"]);
        }
    }

    #[test]
    fn several_servers_of_one_name_are_told_from_two_ways_to_one() {
        let addrs =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        assert_eq!(several(&addrs(&["10.0.0.1:1", "[::1]:1"])), None);
        assert_eq!(several(&addrs(&["10.0.0.1:1", "10.0.0.1:1"])), None);
        let both = several(&addrs(&["[fd00::1]:1", "10.0.0.1:1", "10.0.0.2:1"])).unwrap();
        assert_eq!(both, ["10.0.0.1:1", "10.0.0.2:1"]);
        assert_eq!(several(&addrs(&["[fd00::1]:1", "[fd00::2]:1"])).unwrap(), ["[fd00::1]:1", "[fd00::2]:1"]);
    }
}
