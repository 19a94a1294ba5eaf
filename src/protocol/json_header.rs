//! The JSON form of a header (Java: `RemotingSerializable` by fastjson).
//!
//! Read by a visitor that puts the fields straight into [`ExtFields`]; written by hand in fastjson's order
//! of names. Nothing in between is built.

use std::borrow::Cow;
use std::fmt;

use bytes::{BufMut, BytesMut};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::command::{RemotingCommand, SerializeType};
use super::ext::ExtFields;
use super::frame::DecodeError;
use super::language::Language;

/// As many fields as requests have, but for a few; more make the table grow.
const USUAL_FIELDS: usize = 16;

pub(super) fn decode(header: &[u8]) -> Result<RemotingCommand, DecodeError> {
    // Looked at once as a whole, not text by text.
    let header = std::str::from_utf8(header).map_err(|error| DecodeError::Json(error.to_string()))?;
    let mut input = serde_json::Deserializer::from_str(header);
    let visitor = CommandVisitor { room: header.len() };
    let command = input.deserialize_map(visitor).map_err(|error| DecodeError::Json(error.to_string()))?;
    input.end().map_err(|error| DecodeError::Json(error.to_string()))?;
    Ok(command)
}

struct CommandVisitor {
    /// Bytes that the header has: its fields take no more.
    room: usize,
}

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = RemotingCommand;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RemotingCommand, A::Error> {
        let mut command = RemotingCommand { serialize: SerializeType::Json, ..RemotingCommand::default() };
        while let Some(name) = map.next_key_seed(Text)? {
            match name.as_ref() {
                "code" => command.code = map.next_value()?,
                "language" => command.language = Language::from_name(&map.next_value_seed(Text)?),
                "version" => command.version = map.next_value()?,
                "opaque" => command.opaque = map.next_value()?,
                "flag" => command.flag = map.next_value()?,
                "remark" => command.remark = map.next_value()?,
                "extFields" => map.next_value_seed(Fields { ext: &mut command.ext, room: self.room })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(command)
    }
}

/// A scalar as text, borrowed where it needs no unescaping.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or a boolean")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if value { "true" } else { "false" }))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }
}

/// The `extFields` object; a null value is an absent field, and so is a null object.
struct Fields<'a> {
    ext: &'a mut ExtFields,
    room: usize,
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.ext.reserve(USUAL_FIELDS, self.room);
        while let Some(name) = map.next_key_seed(Text)? {
            if let Some(value) = map.next_value_seed(NullableText)? {
                self.ext.push(&name, &value);
            }
        }
        Ok(())
    }
}

struct NullableText;

impl<'de> DeserializeSeed<'de> for NullableText {
    type Value = Option<Cow<'de, str>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for NullableText {
    type Value = Option<Cow<'de, str>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text.expecting(f)
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Text.deserialize(deserializer).map(Some)
    }
}

pub(super) fn encode(command: &RemotingCommand, out: &mut BytesMut) {
    out.reserve(160 + command.ext.text_len() + 8 * command.ext.len());
    put_number(b"{\"code\":", command.code, out);
    out.extend_from_slice(b",\"extFields\":{");
    for (i, (name, value)) in command.ext.iter().enumerate() {
        if i > 0 {
            out.put_u8(b',');
        }
        put_text(name, out);
        out.put_u8(b':');
        put_text(value, out);
    }
    put_number(b"},\"flag\":", command.flag, out);
    out.extend_from_slice(b",\"language\":\"");
    out.extend_from_slice(command.language.name().as_bytes());
    put_number(b"\",\"opaque\":", command.opaque, out);
    if let Some(remark) = &command.remark {
        out.extend_from_slice(b",\"remark\":");
        put_text(remark, out);
    }
    put_number(b",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":", command.version, out);
    out.put_u8(b'}');
}

/// A number, and the text before it.
fn put_number(before: &[u8], number: i32, out: &mut BytesMut) {
    out.extend_from_slice(before);
    // Writing to a buffer in memory cannot fail.
    let _ = serde_json::to_writer(out.writer(), &number);
}

fn put_text(text: &str, out: &mut BytesMut) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.put_u8(b'"');
        out.extend_from_slice(text.as_bytes());
        out.put_u8(b'"');
    } else {
        let _ = serde_json::to_writer(out.writer(), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loose_headers_of_other_clients_are_read() {
        let header = br#"{"code":34,"language":"GO","version":317,"opaque":5,"flag":0,"remark":null,
            "extFields":{"a":1,"b":true,"c":null,"d":"\u0001x"},"unknown":{"x":[1]}}"#;
        let command = decode(header).unwrap();
        assert_eq!((command.code, command.language, command.opaque), (34, Language::Go, 5));
        let fields: Vec<_> = command.ext.iter().collect();
        assert_eq!(fields, [("a", "1"), ("b", "true"), ("d", "\u{1}x")]);
        assert!(decode(br#"{"code":1,"extFields":null}"#).unwrap().ext.is_empty());
    }

    #[test]
    fn any_text_is_written_as_json() {
        for text in ["", "plain", "a\"b", "a\\b", "a\u{1}b\u{2}", "\u{7f}", "ü", "\u{2028}", "\n"] {
            let remark = Some(text.to_owned());
            let ext = [(text, text)].into_iter().collect();
            let command =
                RemotingCommand { code: -1, opaque: i32::MIN, remark, ext, ..RemotingCommand::default() };
            let mut out = BytesMut::new();
            encode(&command, &mut out);
            let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!((&json["code"], &json["opaque"]), (&(-1).into(), &i32::MIN.into()));
            assert_eq!((&json["remark"], &json["extFields"][text]), (&text.into(), &text.into()), "{json}");
        }
    }

    #[test]
    fn what_is_not_a_header_is_refused() {
        for header in ["", "[]", "1", "{", r#"{"code":"x"}"#, r#"{"code":1} x"#, r#"{"extFields":[1]}"#] {
            assert!(decode(header.as_bytes()).is_err(), "{header}");
        }
    }
}
