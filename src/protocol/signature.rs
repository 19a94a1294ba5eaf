//! The signature of a request: who sends it, and that nobody changed it on its way.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use subtle::ConstantTimeEq as _;

use super::command::{Payload, RemotingCommand};
use super::ext::ExtFields;

/// The field with the name of the user (Java: `SessionCredentials.ACCESS_KEY`).
pub const ACCESS_KEY: &str = "AccessKey";
/// The field with the signature, which is not signed itself (Java: `SessionCredentials.SIGNATURE`).
pub const SIGNATURE: &str = "Signature";
/// The field with the token of a session (Java: `SessionCredentials.SECURITY_TOKEN`).
pub const SECURITY_TOKEN: &str = "SecurityToken";

/// The field that marks a query for a unique key (Java: `MixAll.UNIQUE_MSG_QUERY_FLAG`).
const UNIQUE_KEY_QUERY: &str = "_UNIQUE_KEY_QUERY";
/// Java: `MQVersion.Version.V4_9_3`.
const V4_9_3: i32 = 399;

/// A secret key, ready to sign with.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// From the text of a secret key.
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes()))
    }

    /// The signature of a request's fields and body: Base64 of HMAC-SHA1 over the values of the fields in the
    /// order of their names, without that of the signature, and the body behind them (Java:
    /// `AclUtils.combineRequestContent`, `AclSigner.calSignature`).
    pub fn signature(&self, ext: &ExtFields, body: &Payload) -> String {
        self.signature_without(None, ext, body)
    }

    /// Whether this key made the signature that a request has. The time that takes tells nothing of how near it is
    /// (Java: `DefaultAuthenticationHandler`, `DefaultAuthenticationContextBuilder`).
    pub fn has_signed(&self, request: &RemotingCommand) -> bool {
        let Some(given) = request.ext.get(SIGNATURE) else { return false };
        // Clients until 4.9.3 add a mark to queries after they have signed them.
        let unsigned = (request.version <= V4_9_3).then_some(UNIQUE_KEY_QUERY);
        let right = self.signature_without(unsigned, &request.ext, &request.body);
        right.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn signature_without(&self, unsigned: Option<&str>, ext: &ExtFields, body: &Payload) -> String {
        let is_signed = |name: &str| name != SIGNATURE && Some(name) != unsigned;
        let mut fields: Vec<(&str, &str)> = ext.iter().filter(|(name, _)| is_signed(name)).collect();
        fields.sort_by_key(|(name, _)| *name);
        let mut context = hmac::Context::with_key(&self.0);
        fields.iter().for_each(|(_, value)| context.update(value.as_bytes()));
        body.chunks().for_each(|chunk| context.update(chunk));
        STANDARD.encode(context.sign())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// What a client signs its requests with (Java: `SessionCredentials`).
#[derive(Clone)]
pub struct Credentials {
    access_key: String,
    key: SigningKey,
    security_token: Option<String>,
}

impl Credentials {
    /// The name of a user, its secret key, and the token of a session where there is one.
    pub fn new(access_key: impl Into<String>, secret: &str, security_token: Option<String>) -> Self {
        Self { access_key: access_key.into(), key: SigningKey::new(secret), security_token }
    }

    /// The name of the user, which is no secret.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Adds who sends the request and its signature (Java: `AclClientRPCHook.doBeforeRequest`).
    pub fn sign(&self, command: &mut RemotingCommand) {
        command.ext.set(ACCESS_KEY, &self.access_key);
        if let Some(token) = &self.security_token {
            command.ext.set(SECURITY_TOKEN, token);
        }
        let signature = self.key.signature(&command.ext, &command.body);
        command.ext.set(SIGNATURE, &signature);
    }
}

/// Without the secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn signed(fields: &[(&str, &str)], body: &[&'static str], token: Option<&str>) -> RemotingCommand {
        let chunks: Vec<Bytes> = body.iter().map(|text| Bytes::from_static(text.as_bytes())).collect();
        let mut command = RemotingCommand::request(3001).with_body(chunks);
        command.ext = fields.iter().copied().collect();
        Credentials::new("rocketmq", "12345678", token.map(str::to_owned)).sign(&mut command);
        command
    }

    /// What mqadmin 5.5.0 sent with these credentials.
    #[test]
    fn signatures_are_apaches() {
        let body = r#"{"password":"secret1","userType":"Normal","username":"dave"}"#;
        let table = [
            (&[("username", "dave")][..], &[body][..], "xhNbMiGAsFzslyujtb3MMRj+6/k="),
            (&[("username", "dave")], &[], "+AMfeTHR84LOCdPsxphIQCNAlUc="),
            (&[], &[], "wmnVRiuXwvgUxJ6oySLyc1qu7Z4="),
            // A part of the body each, and a signature from before, make no difference.
            (
                &[("Signature", "old"), ("username", "dave")],
                &[&body[..7], &body[7..]],
                "xhNbMiGAsFzslyujtb3MMRj+6/k=",
            ),
        ];
        for (fields, body, signature) in table {
            let command = signed(fields, body, None);
            assert_eq!(command.ext.get(ACCESS_KEY), Some("rocketmq"));
            assert_eq!(command.ext.get(SIGNATURE), Some(signature), "{fields:?}");
            assert_eq!(command.ext.iter().filter(|(name, _)| *name == SIGNATURE).count(), 1);
        }
    }

    #[test]
    fn fields_are_signed_in_the_order_of_their_names() {
        let one = signed(&[("a", "1"), ("b", "2")], &[], None);
        let other = signed(&[("b", "2"), ("a", "1")], &[], None);
        assert_eq!(one.ext.get(SIGNATURE), other.ext.get(SIGNATURE));
        let swapped = signed(&[("a", "2"), ("b", "1")], &[], None);
        assert_ne!(one.ext.get(SIGNATURE), swapped.ext.get(SIGNATURE));
    }

    #[test]
    fn only_the_key_that_signed_has_signed() {
        let (right, wrong) = (SigningKey::new("12345678"), SigningKey::new("1234567"));
        let mut request = signed(&[("topic", "T")], &["body"], Some("t"));
        assert!(right.has_signed(&request) && !wrong.has_signed(&request));
        for (field, value) in [("topic", "U"), ("AccessKey", "other"), ("more", "x")] {
            let mut changed = request.clone();
            changed.ext.set(field, value);
            assert!(!right.has_signed(&changed), "{field}");
        }
        let mut changed = request.clone();
        changed.body = Bytes::from_static(b"bode").into();
        assert!(!right.has_signed(&changed));
        changed = request.clone();
        changed.ext = request.ext.iter().filter(|(name, _)| *name != SIGNATURE).collect();
        assert!(!right.has_signed(&changed));
        request.ext.push("_UNIQUE_KEY_QUERY", "true");
        assert!(!right.has_signed(&request));
        request.version = V4_9_3;
        assert!(right.has_signed(&request));
    }

    #[test]
    fn a_token_is_sent_and_signed() {
        let with = signed(&[], &[], Some("t"));
        assert_eq!(with.ext.get(SECURITY_TOKEN), Some("t"));
        assert_ne!(with.ext.get(SIGNATURE), signed(&[], &[], None).ext.get(SIGNATURE));
    }

    #[test]
    fn no_secret_is_in_the_debug_form() {
        let text = format!("{:?}", Credentials::new("user", "canary-secret", Some("canary-token".into())));
        assert!(text.contains("user") && !text.contains("canary"), "{text}");
        let text = format!("{:?}", signed(&[("topic", "T")], &[], Some("canary-token")));
        assert!(text.contains("topic") && !text.contains("canary"), "{text}");
    }
}
