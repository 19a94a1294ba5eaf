//! Files with keys: YAML as mqadmin's `conf/tools.yml`, or properties as the key file of Java's clients.

use secrecy::SecretString;
use serde_norway::Value;

use crate::config::properties;

/// What a user signs requests with.
#[derive(Clone, Debug)]
pub struct AclKeys {
    /// The name of the user, which is no secret.
    pub access_key: String,
    /// The password of the user.
    pub secret_key: SecretString,
    /// The token of a session, where there is one.
    pub security_token: Option<SecretString>,
}

/// A file with keys that cannot be used. It never says what stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Neither of the two forms.
    #[error("it is neither YAML nor properties")]
    Form,
    /// A key without its partner, or a blank one (Java: "Either AccessKey or secretKey is blank").
    #[error("it has no {0}")]
    Missing(&'static str),
}

/// Reads `accessKey`, `secretKey` and `securityToken`, in YAML, JSON or properties; case does not matter.
///
/// # Errors
/// What is missing.
pub fn parse(text: &str) -> Result<AclKeys, KeysError> {
    let pairs = match serde_norway::from_str::<Value>(text) {
        Ok(Value::Mapping(map)) => {
            map.iter().filter_map(|(key, value)| Some((key.as_str()?.to_owned(), scalar(value)?))).collect()
        }
        _ => of_properties(text)?,
    };
    let find = |name: &str| {
        let found = pairs.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    Ok(AclKeys {
        access_key: find("accessKey").ok_or(KeysError::Missing("accessKey"))?,
        secret_key: find("secretKey").ok_or(KeysError::Missing("secretKey"))?.into(),
        security_token: find("securityToken").map(SecretString::from),
    })
}

/// The text of a scalar, as Java's `JSONObject.getString` gives it.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn of_properties(text: &str) -> Result<Vec<(String, String)>, KeysError> {
    let found = properties::parse(text).map_err(|_| KeysError::Form)?;
    if found.iter().all(|property| property.value.is_empty()) {
        return Err(KeysError::Form);
    }
    Ok(found.into_iter().map(|property| (property.key, property.value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn both_forms_are_read() {
        let table = [
            ("accessKey: rocketmq2\nsecretKey: 12345678\n", "rocketmq2", "12345678", None),
            (
                "accessKey: \"a b\"\nsecretKey: 'x: y'\nsecurityToken: t\nother: [1]\n",
                "a b",
                "x: y",
                Some("t"),
            ),
            ("AccessKey=a\nSecretKey=s=1\nSecurityToken= t \n", "a", "s=1", Some("t")),
            ("{\"accessKey\": \"a\", \"secretKey\": \"s\"}", "a", "s", None),
            ("# c\naccessKey = a\nsecretKey = s\n", "a", "s", None),
        ];
        for (text, access, secret, token) in table {
            let keys = parse(text).unwrap();
            assert_eq!(
                (keys.access_key.as_str(), keys.secret_key.expose_secret()),
                (access, secret),
                "{text}"
            );
            assert_eq!(keys.security_token.as_ref().map(ExposeSecret::expose_secret), token, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_told_without_the_rest() {
        let table = [
            ("accessKey: a\n", KeysError::Missing("secretKey")),
            ("accessKey: a\nsecretKey: ' '\n", KeysError::Missing("secretKey")),
            ("SecretKey=canary\n", KeysError::Missing("accessKey")),
            ("canary", KeysError::Form),
            ("", KeysError::Form),
            ("a: [canary\n", KeysError::Missing("accessKey")),
        ];
        for (text, error) in table {
            let found = parse(text).unwrap_err();
            assert_eq!(found, error, "{text}");
            assert!(!found.to_string().contains("canary"));
        }
    }

    #[test]
    fn no_secret_is_in_the_debug_form() {
        let text =
            format!("{:?}", parse("accessKey: a\nsecretKey: canary\nsecurityToken: canary\n").unwrap());
        assert!(!text.contains("canary"), "{text}");
    }
}
