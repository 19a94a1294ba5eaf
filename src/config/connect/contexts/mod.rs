//! Contexts: named ways to reach clusters, in a TOML file of the user.
//!
//! ```toml
//! current = "prod"
//!
//! [contexts.prod]
//! name-servers = ["10.0.0.1:9876", "10.0.0.2:9876"]
//! protected = true
//! timeout = "10s"
//!
//! [contexts.prod.acl]
//! access-key = "ops"
//! secret-key = "..."
//!
//! [contexts.prod.tls]
//! ca = "/etc/rocketmq/ca.pem"
//! ```

mod edit;
mod file;

pub use edit::Edit;
pub use file::{load, path, save};

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Everything in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Contexts {
    /// The one that is used where none is named.
    pub current: Option<String>,
    /// By name.
    pub contexts: BTreeMap<String, Profile>,
}

/// One context. What it does not say is left to whoever would say it without a context.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Profile {
    /// Tried in turn; an address server stands here as a URL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<String>,
    /// Ask before everything that writes.
    #[serde(skip_serializing_if = "is_false")]
    pub protected: bool,
    /// The form of results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// How long one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// What requests are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<AclProfile>,
    /// What connections are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsProfile>,
}

/// Keys, or where they are: a file with both, or an access key whose secret is here or is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct AclProfile {
    /// A file with the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<PathBuf>,
    /// The name of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// The password of the user.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed",
        deserialize_with = "secret"
    )]
    pub secret_key: Option<SecretString>,
    /// The token of a session.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed",
        deserialize_with = "secret"
    )]
    pub security_token: Option<SecretString>,
}

/// TLS; a context that has this section uses it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct TlsProfile {
    /// False keeps the section and turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// PEM with the certificates that are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// PEM with the client's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<PathBuf>,
    /// PEM with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The name that the certificates of servers are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Take any certificate.
    #[serde(skip_serializing_if = "is_false")]
    pub insecure: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::ref_option, reason = "serde gives it so")]
fn exposed<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.as_ref().map_or("", |secret| secret.expose_secret()))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Some(SecretString::from(String::deserialize(deserializer)?)))
}

impl Profile {
    /// Whether the file must be its owner's alone.
    pub fn has_secret(&self) -> bool {
        self.acl.as_ref().is_some_and(|acl| acl.secret_key.is_some() || acl.security_token.is_some())
    }
}

/// A file of contexts that cannot be used. It never says a value that stands in the file.
#[derive(Debug, thiserror::Error)]
pub enum ContextsError {
    /// There is no directory for settings.
    #[error("there is no home directory to keep contexts in")]
    NoHome,
    /// Reading or writing failed.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The text is no TOML, or has a key that there is not.
    #[error("{}, line {line}: {why}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}
