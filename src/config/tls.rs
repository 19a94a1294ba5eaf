//! TLS of a server (`TlsSystemConfig`): what Apache's servers take as system properties stands in the file of the
//! server here. `tls.config.file` names a file of its own, as there, whose settings win.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::connect::{ServerCheck, TlsSettings};
use super::error::{ConfigError, Warning};
use super::table::properties;
use super::value::Value;

properties! {
    /// TLS of a server; it changes by a new start only, except for what is in the files of keys and certificates.
    pub struct TlsConfig, others "tls.keys" {
        /// Whether connections may be encrypted, must be, or may not
        mode: TlsMode = TlsMode::Permissive, "tls.server.mode";
        /// A file of these settings, which wins over others; one that is not there is passed over
        config_file: String = "/etc/rocketmq/tls.properties".to_owned(), "tls.config.file";
        /// Use a certificate that is made at the start, and take any from a client
        test_mode: bool = true, "tls.test.mode.enable";
        /// Whether clients are asked for a certificate: none, optional or require
        need_client_auth: ClientAuth = ClientAuth::None, "tls.server.need.client.auth";
        /// The server's private key (PEM)
        key_path: Option<String> = None, "tls.server.keyPath";
        /// The password of the private key; keys that need one are not taken
        key_password: Option<SecretString> = None, "tls.server.keyPassword";
        /// The server's certificates, its own first (PEM)
        cert_path: Option<String> = None, "tls.server.certPath";
        /// Check the certificates of clients
        auth_client: bool = false, "tls.server.authClient";
        /// The certificates that those of clients must come from (PEM)
        trust_cert_path: Option<String> = None, "tls.server.trustCertPath";
        /// The protocols, separated by commas: TLSv1.2, TLSv1.3
        protocols: Option<String> = None, "tls.protocols";
        /// Connect to name servers by TLS; as useTLS
        client_enable: bool = false, "tls.enable";
        /// The private key for connecting to name servers (PEM)
        client_key_path: Option<String> = None, "tls.client.keyPath";
        /// The password of that key
        client_key_password: Option<SecretString> = None, "tls.client.keyPassword";
        /// The certificates for connecting to name servers (PEM)
        client_cert_path: Option<String> = None, "tls.client.certPath";
        /// Check the certificates of name servers
        client_auth_server: bool = false, "tls.client.authServer";
        /// The certificates that those of name servers must come from (PEM)
        client_trust_cert_path: Option<String> = None, "tls.client.trustCertPath";
    }
}

/// Whether connections are encrypted (`org.apache.rocketmq.remoting.common.TlsMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// None is.
    Disabled,
    /// Those are whose client begins so.
    Permissive,
    /// All are.
    Enforcing,
}

impl Value for TlsMode {
    const EXPECTED: &'static str = "disabled, permissive or enforcing";

    fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "disabled" => Some(TlsMode::Disabled),
            "permissive" => Some(TlsMode::Permissive),
            "enforcing" => Some(TlsMode::Enforcing),
            _ => None,
        }
    }

    fn show(&self) -> Option<String> {
        let text = match self {
            TlsMode::Disabled => "disabled",
            TlsMode::Permissive => "permissive",
            TlsMode::Enforcing => "enforcing",
        };
        Some(text.to_owned())
    }
}

/// Whether a server asks its clients for certificates (Netty's `ClientAuth`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// No.
    None,
    /// Yes, but they need not have one.
    Optional,
    /// Yes.
    Require,
}

impl Value for ClientAuth {
    const EXPECTED: &'static str = "none, optional or require";

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        [("none", ClientAuth::None), ("optional", ClientAuth::Optional), ("require", ClientAuth::Require)]
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, auth)| auth)
    }

    fn show(&self) -> Option<String> {
        let text = match self {
            ClientAuth::None => "none",
            ClientAuth::Optional => "optional",
            ClientAuth::Require => "require",
        };
        Some(text.to_owned())
    }
}

/// The file of `tls.config.file` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFileError {
    /// It is there and cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It has settings that cannot be.
    #[error("{path}: {}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings {
        /// The file.
        path: String,
        /// Which.
        errors: Vec<ConfigError>,
    },
}

impl TlsConfig {
    /// Reads the file that the settings name, if it is there, over them.
    ///
    /// # Errors
    /// A file that cannot be read, or has settings that cannot be.
    pub fn load_file(&mut self) -> Result<Vec<Warning>, TlsFileError> {
        let path = self.config_file.clone();
        if self.mode == TlsMode::Disabled || path.is_empty() || !Path::new(&path).is_file() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|source| TlsFileError::Read { path: path.clone(), source })?;
        self.load(&text).map_err(|errors| TlsFileError::Settings { path, errors })
    }

    /// How a server connects to name servers by TLS (Java: `TlsHelper.buildSslContext(true)`).
    pub fn client(&self) -> TlsSettings {
        // In its test mode Java looks at nothing else.
        if self.test_mode {
            return TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() };
        }
        let path = |path: &Option<String>| path.as_ref().map(PathBuf::from);
        TlsSettings {
            ca: path(&self.client_trust_cert_path),
            cert: path(&self.client_cert_path),
            key: path(&self.client_key_path),
            server_name: None,
            check: if self.client_auth_server { ServerCheck::Chain } else { ServerCheck::Nothing },
        }
    }

    /// Whether it does: where it is told to, and where its own connections must be encrypted.
    pub fn connects_by_tls(&self) -> bool {
        self.client_enable || self.mode == TlsMode::Enforcing
    }

    /// What no single value shows to be wrong. What the files lack is found when they are used.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let known = |name: &str| matches!(name.trim(), "TLSv1.2" | "TLSv1.3");
        if self.protocols.as_ref().is_some_and(|names| !names.split(',').any(known)) {
            return Err(ConfigError::BadValue {
                key: "tls.protocols".to_owned(),
                value: self.protocols.clone().unwrap_or_default(),
                expected: "TLSv1.2, TLSv1.3 or both",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BrokerConfig, NamesrvConfig};

    #[test]
    fn servers_take_them_in_their_own_file_and_do_not_tell() {
        let mut broker = BrokerConfig::default();
        assert_eq!(broker.load("tls.server.mode=enforcing\ntls.server.need.client.auth=REQUIRE"), Ok(vec![]));
        assert_eq!((broker.tls.mode, broker.tls.need_client_auth), (TlsMode::Enforcing, ClientAuth::Require));
        assert!(broker.pairs().keys().all(|key| !key.starts_with("tls.")));
        let mut namesrv = NamesrvConfig::default();
        assert_eq!(namesrv.load("tls.server.mode=disabled"), Ok(vec![]));
        assert_eq!(namesrv.tls.mode, TlsMode::Disabled);
        for wrong in ["tls.server.mode=on", "tls.protocols=SSLv3", "tls.ciphers=X"] {
            assert!(NamesrvConfig::default().load(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn name_servers_are_reached_by_tls_where_it_is_told_or_must_be() {
        let mut config = TlsConfig::default();
        assert!(!config.connects_by_tls());
        config.load("tls.server.mode=enforcing\ntls.client.authServer=true").unwrap();
        assert!(config.connects_by_tls());
        assert_eq!(config.client().check, ServerCheck::Nothing, "test mode");
        config.load("tls.server.mode=permissive\ntls.enable=true\ntls.test.mode.enable=false").unwrap();
        config.load("tls.client.trustCertPath=/ca.pem\ntls.client.certPath=/c.pem").unwrap();
        assert!(config.connects_by_tls());
        let client = config.client();
        assert_eq!((client.check, client.ca), (ServerCheck::Chain, Some("/ca.pem".into())));
        assert_eq!((client.cert, client.key), (Some("/c.pem".into()), None));
    }

    #[test]
    fn a_file_of_their_own_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tls.properties");
        let mut config = TlsConfig { config_file: path.display().to_string(), ..TlsConfig::default() };
        assert_eq!(config.load_file().unwrap(), []);
        std::fs::write(&path, "tls.test.mode.enable=false\ntls.server.keyPassword=canary\nother=1").unwrap();
        assert_eq!(config.load_file().unwrap().len(), 1);
        assert!(!config.test_mode && config.key_password.is_some());
        assert!(!format!("{config:?}").contains("canary"));
        std::fs::write(&path, "tls.server.mode=maybe").unwrap();
        let error = config.load_file().unwrap_err().to_string();
        assert!(error.contains("tls.properties") && error.contains("tls.server.mode"), "{error}");
    }
}
