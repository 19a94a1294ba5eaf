//! TLS of a client, as options, contexts and Apache's properties say it.

use std::path::PathBuf;

use crate::config::properties;

/// How much of a server's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerCheck {
    /// Who signed it, and that it is for the name that was asked for.
    #[default]
    Full,
    /// Who signed it (what Java's clients check).
    Chain,
    /// Nothing.
    Nothing,
}

/// What connections are encrypted with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM with the certificates that are trusted; none are those of the system.
    pub ca: Option<PathBuf>,
    /// PEM with the client's own certificate.
    pub cert: Option<PathBuf>,
    /// PEM with its key.
    pub key: Option<PathBuf>,
    /// The name that the certificates of servers are for; none is the host that was asked for.
    pub server_name: Option<String>,
    /// How much of a certificate is checked.
    pub check: ServerCheck,
}

/// The client's part of Apache's `tls.properties` (Java: `TlsSystemConfig`, `TlsHelper.extractTlsConfigFromFile`),
/// given how to look up a property that the file does not have.
///
/// # Errors
/// The text is not of properties.
pub fn of_properties<'a>(
    text: &str,
    fallback: impl Fn(&str) -> Option<&'a str>,
) -> Result<TlsSettings, crate::config::ConfigError> {
    let found = properties::parse(text)?;
    let get = |key: &str| {
        let own = found.iter().rev().find(|property| property.key == key);
        let value = own.map(|property| property.value.as_str()).or_else(|| fallback(key));
        value.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let is = |key: &str, default: bool| get(key).map_or(default, |value| value.eq_ignore_ascii_case("true"));
    // In its test mode Java looks at nothing else.
    if is("tls.test.mode.enable", true) {
        return Ok(TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() });
    }
    let check = if is("tls.client.authServer", false) { ServerCheck::Chain } else { ServerCheck::Nothing };
    Ok(TlsSettings {
        ca: get("tls.client.trustCertPath").map(PathBuf::from),
        cert: get("tls.client.certPath").map(PathBuf::from),
        key: get("tls.client.keyPath").map(PathBuf::from),
        server_name: None,
        check,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apaches_properties_mean_what_they_mean_to_java() {
        let read = |text: &str| of_properties(text, |_| None).unwrap();
        assert_eq!(read("").check, ServerCheck::Nothing);
        assert_eq!(read("tls.client.authServer=true\n").check, ServerCheck::Nothing);
        let full = "tls.test.mode.enable=false\ntls.client.authServer=true\ntls.client.trustCertPath=/ca.pem\n\
            tls.client.certPath=/c.pem\ntls.client.keyPath=/k.pem\n";
        let settings = read(full);
        assert_eq!(settings.check, ServerCheck::Chain);
        assert_eq!(settings.ca, Some(PathBuf::from("/ca.pem")));
        assert_eq!((settings.cert, settings.key), (Some("/c.pem".into()), Some("/k.pem".into())));
        assert_eq!(read("tls.test.mode.enable=false\n").check, ServerCheck::Nothing);
        let fallback = |key: &str| (key == "tls.client.trustCertPath").then_some("/sys.pem");
        let settings = of_properties("tls.test.mode.enable=false\n", fallback).unwrap();
        assert_eq!(settings.ca, Some(PathBuf::from("/sys.pem")));
    }
}
