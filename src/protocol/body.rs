//! What follows a header: nothing, bytes, text, or JSON as fastjson writes and reads it.

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::command::Payload;
use super::fastjson;

/// A body that is not what its request or reply should carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The JSON is malformed or of another shape.
    #[error("the body is not the expected JSON: {0}")]
    Json(String),
    /// A text is not UTF-8.
    #[error("the body is not UTF-8 text")]
    Utf8,
}

/// A typed body.
pub trait Body: Sized {
    /// As bytes.
    fn encode(self) -> Result<Payload, BodyError>;
    /// From bytes.
    fn decode(bytes: Payload) -> Result<Self, BodyError>;
}

/// No body; one that is there is not looked at.
impl Body for () {
    fn encode(self) -> Result<Payload, BodyError> {
        Ok(Payload::default())
    }
    fn decode(_: Payload) -> Result<Self, BodyError> {
        Ok(())
    }
}

impl Body for Bytes {
    fn encode(self) -> Result<Payload, BodyError> {
        Ok(self.into())
    }
    fn decode(bytes: Payload) -> Result<Self, BodyError> {
        Ok(bytes.into_bytes())
    }
}

/// The pieces as they are, for message runs that go out without a copy.
impl Body for Payload {
    fn encode(self) -> Result<Payload, BodyError> {
        Ok(self)
    }
    fn decode(bytes: Payload) -> Result<Self, BodyError> {
        Ok(bytes)
    }
}

/// UTF-8 text, as of Java properties.
impl Body for String {
    fn encode(self) -> Result<Payload, BodyError> {
        Ok(self.into_bytes().into())
    }
    fn decode(bytes: Payload) -> Result<Self, BodyError> {
        String::from_utf8(bytes.into_bytes().to_vec()).map_err(|_| BodyError::Utf8)
    }
}

/// A JSON document. It is read as loosely as fastjson writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Body for Json<T> {
    fn encode(self) -> Result<Payload, BodyError> {
        let json = fastjson::to_vec(&self.0).map_err(|error| BodyError::Json(error.to_string()))?;
        Ok(json.into())
    }
    fn decode(bytes: Payload) -> Result<Self, BodyError> {
        fastjson::from_slice(&bytes.into_bytes())
            .map(Json)
            .map_err(|error| BodyError::Json(error.to_string()))
    }
}

/// For a field that Java may write as null where it means nothing.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A body that may be absent: no bytes at all are `None`.
impl<T: Body> Body for Option<T> {
    fn encode(self) -> Result<Payload, BodyError> {
        self.map_or(Ok(Payload::default()), Body::encode)
    }
    fn decode(bytes: Payload) -> Result<Self, BodyError> {
        if bytes.is_empty() { Ok(None) } else { T::decode(bytes).map(Some) }
    }
}
