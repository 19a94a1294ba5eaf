//! Who may do what on a broker (`AuthConfig`): settings in the file of the broker that it tells nobody.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::error::ConfigError;
use super::table::properties;

/// The only class for checking who asks.
const AUTHENTICATION: &str = "org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider";
/// The only class for keeping users.
const USERS: &str = "org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider";
/// The only class for checking what may be done.
const AUTHORIZATION: &str = "org.apache.rocketmq.auth.authorization.provider.DefaultAuthorizationProvider";
/// The only class for keeping permissions.
const PERMISSIONS: &str =
    "org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider";

properties! {
    /// Authentication and authorization; they change by a new start only.
    pub struct AuthConfig, others "auth.keys" {
        /// Refuse requests that are not signed by a user
        authentication_enabled: bool = false, "authenticationEnabled";
        /// The class that checks signatures; the default one when null
        authentication_provider: Option<String> = None, "authenticationProvider";
        /// The class that keeps users; no users when null
        authentication_metadata_provider: Option<String> = None, "authenticationMetadataProvider";
        /// Request codes that need no signature, separated by commas
        authentication_whitelist: Option<String> = None, "authenticationWhitelist";
        /// A super user that is made at the start if it is not there, as JSON of username and password
        init_authentication_user: Option<SecretString> = None, "initAuthenticationUser";
        /// What the broker's own requests are signed with, as JSON of accessKey and secretKey; made a super user
        inner_client_authentication_credentials: Option<SecretString> = None,
            "innerClientAuthenticationCredentials";
        /// Refuse requests that the user has no permission for
        authorization_enabled: bool = false, "authorizationEnabled";
        /// The class that checks permissions; the default one when null
        authorization_provider: Option<String> = None, "authorizationProvider";
        /// The class that keeps permissions; no permissions when null
        authorization_metadata_provider: Option<String> = None, "authorizationMetadataProvider";
        /// Request codes that need no permission, separated by commas
        authorization_whitelist: Option<String> = None, "authorizationWhitelist";
        /// Take users and permissions of ACL 1.0 (conf/plain_acl.yml in rocketmqHome) that are not there yet
        migrate_auth_from_v1_enabled: bool = false, "migrateAuthFromV1Enabled";
    }
}

/// A user by name and password, as settings give one.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedUser {
    /// The name.
    #[serde(alias = "accessKey")]
    pub username: String,
    /// The password.
    #[serde(alias = "secretKey", deserialize_with = "secret")]
    pub password: SecretString,
}

impl AuthConfig {
    /// The super user of `initAuthenticationUser`.
    pub fn init_user(&self) -> Option<NamedUser> {
        read_user(self.init_authentication_user.as_ref())
    }

    /// The super user of `innerClientAuthenticationCredentials`.
    pub fn inner_client(&self) -> Option<NamedUser> {
        read_user(self.inner_client_authentication_credentials.as_ref())
    }

    /// The codes of a list; what is no number is the code of no request.
    pub fn codes(list: Option<&str>) -> Vec<i32> {
        list.unwrap_or_default().split(',').filter_map(|code| code.trim().parse().ok()).collect()
    }

    /// What no single value shows to be wrong.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, class, known) in [
            ("authenticationProvider", &self.authentication_provider, AUTHENTICATION),
            ("authenticationMetadataProvider", &self.authentication_metadata_provider, USERS),
            ("authorizationProvider", &self.authorization_provider, AUTHORIZATION),
            ("authorizationMetadataProvider", &self.authorization_metadata_provider, PERMISSIONS),
        ] {
            if let Some(class) = class.as_ref().filter(|class| *class != known) {
                return Err(ConfigError::Unsupported {
                    key: key.to_owned(),
                    value: class.clone(),
                    why: format!("classes of Java; it can be {known}"),
                });
            }
        }
        for (key, secret, expected) in [
            ("initAuthenticationUser", &self.init_authentication_user, "JSON of username and password"),
            (
                "innerClientAuthenticationCredentials",
                &self.inner_client_authentication_credentials,
                "JSON of accessKey and secretKey",
            ),
        ] {
            if secret.is_none() {
                continue;
            }
            let hidden = || (key.to_owned(), "***".to_owned());
            if read_user(secret.as_ref()).is_none() {
                let (key, value) = hidden();
                return Err(ConfigError::BadValue { key, value, expected });
            }
            if self.authentication_metadata_provider.is_none() {
                let (key, value) = hidden();
                let why = format!("without authenticationMetadataProvider={USERS}");
                return Err(ConfigError::Unsupported { key, value, why });
            }
        }
        Ok(())
    }
}

/// JSON as fastjson takes it, with single quotes too: YAML is just that wide.
fn read_user(json: Option<&SecretString>) -> Option<NamedUser> {
    let user: NamedUser = serde_norway::from_str(json?.expose_secret()).ok()?;
    let whole = !user.username.trim().is_empty() && !user.password.expose_secret().trim().is_empty();
    whole.then_some(user)
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BrokerConfig;

    fn load(text: &str) -> Result<AuthConfig, String> {
        let mut config = BrokerConfig::default();
        config.load(text).map(|_| config.auth).map_err(|errors| errors[0].to_string())
    }

    #[test]
    fn the_file_of_a_broker_holds_them() {
        let text = format!(
            "authenticationEnabled=true\nauthenticationMetadataProvider={USERS}\n\
             initAuthenticationUser={{\"username\":\"root\",\"password\":\"canary\"}}\n\
             innerClientAuthenticationCredentials={{'accessKey':'inner','secretKey':'canary'}}\n\
             authorizationEnabled=true\nauthorizationMetadataProvider={PERMISSIONS}\n\
             authenticationWhitelist=105, 34,x"
        );
        let auth = load(&text).unwrap();
        assert!(auth.authentication_enabled && auth.authorization_enabled);
        assert_eq!(auth.init_user().unwrap().username, "root");
        let inner = auth.inner_client().unwrap();
        assert_eq!((inner.username.as_str(), inner.password.expose_secret()), ("inner", "canary"));
        assert_eq!(AuthConfig::codes(auth.authentication_whitelist.as_deref()), [105, 34]);
        assert!(!format!("{auth:?}{:?}", auth.pairs()).contains("canary"));
    }

    #[test]
    fn what_cannot_be_is_refused_without_a_secret_in_the_reason() {
        let table = [
            ("authenticationProvider=com.example.Mine".to_owned(), "com.example.Mine"),
            (format!("authorizationMetadataProvider={USERS}"), "LocalAuthorizationMetadataProvider"),
            ("initAuthenticationUser={\"username\":\"a\",\"password\":\"canary\"}".to_owned(), "without"),
            (
                format!("authenticationMetadataProvider={USERS}\ninitAuthenticationUser=canary"),
                "JSON of username",
            ),
            (
                format!(
                    "authenticationMetadataProvider={USERS}\ninitAuthenticationUser={{\"username\":\"a\"}}"
                ),
                "JSON of username",
            ),
        ];
        for (text, part) in table {
            let error = load(&text).unwrap_err();
            assert!(error.contains(part) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_broker_does_not_tell_them() {
        let mut config = BrokerConfig::default();
        config.load("authenticationEnabled=true").unwrap();
        assert!(!config.pairs().contains_key("authenticationEnabled"));
        assert_eq!(config.get("authenticationEnabled").as_deref(), Some("true"));
    }
}
