//! A message before it is sent.

use bytes::Bytes;

use crate::client::ClientError;
use crate::protocol::message::{Properties, property};

/// The longest topic that clients send to (Java: `Validators.TOPIC_MAX_LENGTH`).
const MAX_TOPIC: usize = 127;

/// What an application gives to be sent (Java: `Message`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The topic.
    pub topic: String,
    /// The application's own flag.
    pub flag: i32,
    /// The body.
    pub body: Bytes,
    /// The properties; the producer adds a unique id.
    pub properties: Properties,
}

impl Draft {
    /// A message without properties.
    pub fn new(topic: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { topic: topic.into(), flag: 0, body: body.into(), properties: Properties::new() }
    }

    /// With a tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.set(property::TAGS, tag);
        self
    }

    /// With keys, separated by blanks.
    #[must_use]
    pub fn keys(mut self, keys: &str) -> Self {
        self.set(property::KEYS, keys);
        self
    }

    /// With a delay level from 1; 0 is none.
    #[must_use]
    pub fn delay_level(mut self, level: i32) -> Self {
        if level > 0 {
            self.properties.set(property::DELAY_TIME_LEVEL, level.to_string());
        }
        self
    }

    /// With a property of the application.
    #[must_use]
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// An empty value is no property: it could not be read back.
    fn set(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.properties.set(name, value);
        }
    }

    /// Whether clients may send it (Java: `Validators.checkMessage`).
    ///
    /// # Errors
    /// [`ClientError::Illegal`] says what is wrong.
    pub fn check(&self, max_body: usize) -> Result<(), ClientError> {
        check_topic(&self.topic)?;
        if self.body.is_empty() {
            return Err(ClientError::Illegal("its body is empty".to_owned()));
        }
        if self.body.len() > max_body {
            let len = self.body.len();
            return Err(ClientError::Illegal(format!(
                "its body has {len} bytes, at most {max_body} are taken"
            )));
        }
        for (name, value) in self.properties.iter() {
            if [name, value].iter().any(|text| text.contains(['\u{1}', '\u{2}'])) {
                let what = format!("the property {name:?} has a character that separates properties");
                return Err(ClientError::Illegal(what));
            }
        }
        Ok(())
    }
}

/// Whether a topic may have this name (Java: `TopicValidator.validateTopic`).
///
/// # Errors
/// [`ClientError::Illegal`] says what is wrong.
pub fn check_topic(topic: &str) -> Result<(), ClientError> {
    let illegal = |why: String| Err(ClientError::Illegal(why));
    if topic.trim().is_empty() {
        return illegal("the name of its topic is empty".to_owned());
    }
    if topic.len() > MAX_TOPIC {
        return illegal(format!("the name of its topic is longer than {MAX_TOPIC} bytes"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '%' | '|' | '_' | '-');
    match topic.chars().find(|c| !allowed(*c)) {
        Some(c) => illegal(format!("the topic '{topic}' has a {c:?}; names are of letters, digits and %|_-")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_may_not_send_is_said() {
        let long = "t".repeat(128);
        let table = [
            (Draft::new("T", "x"), None),
            (Draft::new("%RETRY%g_1-a|b", "x"), None),
            (Draft::new("", "x"), Some("empty")),
            (Draft::new("a b", "x"), Some("' '")),
            (Draft::new(long, "x"), Some("longer than 127")),
            (Draft::new("T", ""), Some("body is empty")),
            (Draft::new("T", "12345"), Some("at most 4")),
            (Draft::new("T", "x").property("a", "b\u{1}c"), Some("separates")),
        ];
        for (draft, expected) in table {
            let got = draft.check(4).err().map(|error| error.to_string());
            assert_eq!(got.is_some(), expected.is_some(), "{draft:?}: {got:?}");
            if let (Some(got), Some(expected)) = (got, expected) {
                assert!(got.contains(expected), "{got}");
            }
        }
    }

    #[test]
    fn empty_values_are_no_properties() {
        let draft = Draft::new("T", "x").tag("").keys("k1 k2").delay_level(0).property("p", "v");
        assert_eq!(draft.properties.to_raw(), "KEYS\u{1}k1 k2\u{2}p\u{1}v\u{2}");
        assert_eq!(Draft::new("T", "x").delay_level(3).properties.get(property::DELAY_TIME_LEVEL), Some("3"));
    }
}
