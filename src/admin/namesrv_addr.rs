//! Which name servers a command talks to, and who said so.

use super::error::CommandError;
use crate::client::namesrv_addrs;
use crate::config::connect::Origin;
use std::fmt;

/// Where a RocketMQ on this machine has its name server.
pub const DEFAULT_NAMESRV: &str = "127.0.0.1:9876";

/// The name servers of a command, in the order they are tried.
#[derive(Clone, Debug)]
pub struct NameServers {
    pub addrs: Vec<String>,
    pub source: Origin,
    /// Why there are none, where they had to be looked up in vain.
    pub(super) failure: Option<CommandError>,
}

impl NameServers {
    /// Options win, then the environment, then [`DEFAULT_NAMESRV`]. Addresses are separated by `;` or `,`; one without
    /// a port gets 9876.
    pub fn resolve(options: &[String], environment: Option<&str>) -> Self {
        let said = [
            (options.to_vec(), Origin::Option("-n")),
            (environment.map(str::to_owned).into_iter().collect(), Origin::Environment("NAMESRV_ADDR")),
        ];
        let found = said.into_iter().map(|(list, source)| Self::of(&list, source));
        found.into_iter().find(|servers| !servers.addrs.is_empty()).unwrap_or_default()
    }

    /// The addresses in a list, split as those of [`NameServers::resolve`].
    pub fn of(list: &[String], source: Origin) -> Self {
        NameServers { addrs: list.iter().flat_map(|text| split(text)).collect(), source, failure: None }
    }

    /// The addresses, when they are such that can be connected to.
    ///
    /// # Errors
    /// An address without a port, or one of a kind that is not known; a lookup that was in vain.
    pub fn addrs(&self) -> Result<&[String], CommandError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.addrs.iter().try_for_each(|addr| self.check(addr))?;
        Ok(&self.addrs)
    }

    fn check(&self, addr: &str) -> Result<(), CommandError> {
        let wrong = |why: String| {
            CommandError::config(format!("'{addr}' ({}) is not the address of a name server", self.source))
                .cause(why)
                .hint("give HOST:PORT, for example -n 127.0.0.1:9876")
                .at(addr)
        };
        if let Some((scheme, _)) = addr.split_once("://") {
            return Err(wrong(format!("a {scheme} address is of no use here")));
        }
        let (host, port) = addr.rsplit_once(':').ok_or_else(|| wrong("it has no port".to_owned()))?;
        if host.is_empty() {
            return Err(wrong("it has no host".to_owned()));
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 => Ok(()),
            _ => Err(wrong(format!("'{port}' is not a port"))),
        }
    }
}

impl Default for NameServers {
    fn default() -> Self {
        Self::of(&[DEFAULT_NAMESRV.to_owned()], Origin::Default)
    }
}

impl fmt::Display for NameServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.addrs.join(", "), self.source)
    }
}

fn split(text: &str) -> Vec<String> {
    let parts = text.split([';', ',']).map(str::trim).filter(|part| !part.is_empty());
    // What has a scheme is looked up; `check` complains of it where it was not.
    parts
        .flat_map(|part| if part.contains("://") { vec![part.to_owned()] } else { namesrv_addrs([part]) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(options: &[&str], environment: Option<&str>) -> (Vec<String>, Origin) {
        let options: Vec<String> = options.iter().map(|s| (*s).to_owned()).collect();
        let found = NameServers::resolve(&options, environment);
        (found.addrs, found.source)
    }

    #[test]
    fn option_then_environment_then_default() {
        let list = |addrs: &[&str]| addrs.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(resolve(&["a:1"], Some("b:2")), (list(&["a:1"]), Origin::Option("-n")));
        assert_eq!(
            resolve(&["a:1; b:2,", "c:3"], None),
            (list(&["a:1", "b:2", "c:3"]), Origin::Option("-n"))
        );
        assert_eq!(
            resolve(&[], Some("b:2;c:3")),
            (list(&["b:2", "c:3"]), Origin::Environment("NAMESRV_ADDR"))
        );
        assert_eq!(resolve(&[], Some(" ")), (list(&[DEFAULT_NAMESRV]), Origin::Default));
        assert_eq!(resolve(&[";"], None), (list(&[DEFAULT_NAMESRV]), Origin::Default));
    }

    #[test]
    fn what_cannot_be_connected_to_is_an_error_of_configuration() {
        for good in ["127.0.0.1:9876", "mq.example.org:1", "[::1]:9876", "localhost"] {
            assert!(NameServers::resolve(&[good.to_owned()], None).addrs().is_ok(), "{good}");
        }
        for bad in [":9876", "h:0", "h:99999", "h:x", "http://h:8080/rocketmq/nsaddr", "http://h"] {
            let error = NameServers::resolve(&[bad.to_owned()], None).addrs().unwrap_err();
            assert_eq!(error.kind.exit_code(), 2, "{bad}");
            assert!(error.message.contains(bad) && error.message.contains("from -n"), "{}", error.message);
        }
    }
}
