//! Servers that tell over HTTP which name servers there are (Java: `DefaultTopAddressing`).

use std::error::Error as _;
use std::time::Duration;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// An address server that did not help.
#[derive(Debug, thiserror::Error)]
pub enum AddressServerError {
    /// No answer, in time or at all.
    #[error("{url}: {}", innermost(source))]
    Http {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is none.
    #[error("{url}: {why}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

/// reqwest says the address once more; what lies at the bottom says why.
fn innermost(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { text }
}

/// Asks for the addresses of name servers: the first line of what the server answers, as
/// [`namesrv_addrs`](super::namesrv_addrs) reads it. Like Java's client it goes there directly, past any proxy.
///
/// # Errors
/// No answer within `timeout`; one that is no list of addresses.
pub async fn ask_address_server(url: &str, timeout: Duration) -> Result<Vec<String>, AddressServerError> {
    // One for the whole program, the same that everything else here encrypts with; a second time is in vain.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |source| AddressServerError::Http { url: url.to_owned(), source };
    let wrong = |why: &str| AddressServerError::Answer { url: url.to_owned(), why: why.to_owned() };
    let client = reqwest::Client::builder().timeout(timeout).no_proxy().build().map_err(failed)?;
    let mut response = client.get(url).send().await.map_err(failed)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(wrong(&format!("it answers {}", response.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(wrong("its answer is too long"));
        }
    }
    let addrs = first_line(&body).map(|line| super::namesrv_addrs([line])).unwrap_or_default();
    if addrs.is_empty() { Err(wrong("its answer names no name server")) } else { Ok(addrs) }
}

/// The first line without blanks around it (Java: `DefaultTopAddressing.clearNewLine`); none where it is no list of
/// addresses but a page for people.
fn first_line(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let line = text.split(['\r', '\n']).next()?.trim();
    let looks_so = !line.contains(['<', '{', ' ', '/']);
    looks_so.then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts() {
        let table: [(&[u8], Option<&str>); 6] = [
            (b"a:1;b:2\n", Some("a:1;b:2")),
            (b"\r\n a:1 \r\nmore\n", Some("a:1")),
            (b"", Some("")),
            (b"<html>\n", None),
            (b"{\"addr\": 1}", None),
            (b"\xff", None),
        ];
        for (body, line) in table {
            assert_eq!(first_line(body), line, "{body:?}");
        }
    }
}
