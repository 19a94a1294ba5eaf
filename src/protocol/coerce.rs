//! The types that fastjson takes for each other (`TypeUtils.cast`): `"7"` for 7, 7 for `"7"`, `"true"` for true, and
//! null for whatever is not there. The Go client sends the hashes of its tags as strings.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Deserializes strict JSON in which scalars may be of another type than is asked for.
///
/// # Errors
/// The text is no JSON, or its values cannot be taken for what is asked for.
pub(super) fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    T::deserialize(Coerced(serde_json::from_slice(json)?))
}

/// A value that is what is asked for, if it can be.
struct Coerced(Value);

impl IntoDeserializer<'_, Error> for Coerced {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// For each asked-for scalar: a string that reads as one is one.
macro_rules! scalars {
    ($($method:ident: $scalar:ty),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                Value::String(text) => match text.trim().parse::<$scalar>() {
                    Ok(value) => value.into_deserializer().deserialize_any(visitor),
                    Err(_) => Value::String(text).$method(visitor),
                },
                other => other.$method(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Coerced {
    type Error = Error;

    scalars! {
        deserialize_bool: bool,
        deserialize_i8: i8,
        deserialize_i16: i16,
        deserialize_i32: i32,
        deserialize_i64: i64,
        deserialize_u8: u8,
        deserialize_u16: u16,
        deserialize_u32: u32,
        deserialize_u64: u64,
        deserialize_f32: f32,
        deserialize_f64: f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Coerced))),
            // What is null is as if it were not there: the type's default.
            Value::Object(members) => {
                let present = members.into_iter().filter(|(_, value)| !value.is_null());
                visitor.visit_map(MapDeserializer::new(present.map(|(key, value)| (key, Coerced(value)))))
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Number(number) => visitor.visit_string(number.to_string()),
            Value::Bool(value) => visitor.visit_string(value.to_string()),
            other => other.deserialize_string(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Body {
        set: BTreeSet<i32>,
        map: BTreeMap<String, i64>,
        text: String,
        flag: bool,
        maybe: Option<u16>,
        inner: Option<Box<Body>>,
    }

    #[test]
    fn scalars_are_taken_for_each_other() {
        let json = br#"{"set":["-7",8],"map":{"a":"5"},"text":7,"flag":"true","maybe":"9","inner":{"set":null,"text":true}}"#;
        let inner = Body { text: "true".into(), ..Body::default() };
        let expected = Body {
            set: [-7, 8].into(),
            map: [("a".to_owned(), 5)].into(),
            text: "7".into(),
            flag: true,
            maybe: Some(9),
            inner: Some(Box::new(inner)),
        };
        assert_eq!(from_slice::<Body>(json).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_taken_is_an_error() {
        for json in [r#"{"set":["x"]}"#, r#"{"flag":"yes"}"#, r#"{"maybe":"70000"}"#, r#"{"text":[]}"#, "{"] {
            assert!(from_slice::<Body>(json.as_bytes()).is_err(), "{json}");
        }
    }
}
