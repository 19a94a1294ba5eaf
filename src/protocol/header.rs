//! Typed headers: a struct per request or reply header, declared once with [`header!`](crate::header),
//! read from and written to the text fields of a command.

use super::ext::ExtFields;

/// A header that could not be read from a command's fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A required field is absent (Java: `CFNotNull`).
    #[error("the custom field <{0}> is null")]
    Missing(&'static str),
    /// A field's text is not of its type.
    #[error("the field <{name}> has the value {value:?}, which is not {expected}")]
    Invalid {
        /// The field's name on the wire.
        name: &'static str,
        /// Its text, cut to 64 characters.
        value: String,
        /// What was expected, as in "a number".
        expected: &'static str,
    },
}

/// A typed view of a command's fields (Java: `CommandCustomHeader`).
pub trait Header: Sized {
    /// Adds this header's fields; absent optional ones are left out, as Java leaves out nulls.
    fn write(&self, ext: &mut ExtFields);
    /// Reads this header; fields it does not know are ignored.
    fn read(ext: &ExtFields) -> Result<Self, HeaderError>;
}

impl Header for () {
    fn write(&self, _: &mut ExtFields) {}
    fn read(_: &ExtFields) -> Result<Self, HeaderError> {
        Ok(())
    }
}

/// The fields themselves, for requests whose names are not fixed.
impl Header for ExtFields {
    fn write(&self, ext: &mut ExtFields) {
        for (name, value) in self.iter() {
            ext.push(name, value);
        }
    }
    fn read(ext: &ExtFields) -> Result<Self, HeaderError> {
        Ok(ext.clone())
    }
}

/// A type that a header field can have.
pub trait FieldValue: Sized {
    /// What to call a value of this type in an error.
    const EXPECTED: &'static str;
    /// The value of an absent field: `None` where the field is required.
    fn absent() -> Option<Self> {
        None
    }
    /// From text; `None` where it does not fit.
    fn parse(text: &str) -> Option<Self>;
    /// Adds the field, or nothing where it is absent.
    fn push(&self, name: &str, ext: &mut ExtFields);
}

impl FieldValue for String {
    const EXPECTED: &'static str = "text";
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn push(&self, name: &str, ext: &mut ExtFields) {
        ext.push(name, self);
    }
}

macro_rules! number_field {
    ($($t:ty),*) => {$(
        impl FieldValue for $t {
            const EXPECTED: &'static str = "a number";
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn push(&self, name: &str, ext: &mut ExtFields) {
                ext.push_display(name, self);
            }
        }
    )*};
}
number_field!(i32, i64, f64);

impl FieldValue for bool {
    const EXPECTED: &'static str = "true or false";
    /// As `Boolean.parseBoolean`: anything but "true" in any case is false.
    fn parse(text: &str) -> Option<Self> {
        Some(text.eq_ignore_ascii_case("true"))
    }
    fn push(&self, name: &str, ext: &mut ExtFields) {
        ext.push(name, if *self { "true" } else { "false" });
    }
}

impl<T: FieldValue> FieldValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn absent() -> Option<Self> {
        Some(None)
    }
    /// An empty text in a number is taken as absent, as some clients write it so.
    fn parse(text: &str) -> Option<Self> {
        match T::parse(text) {
            Some(value) => Some(Some(value)),
            None if text.is_empty() || text == "null" => Some(None),
            None => None,
        }
    }
    fn push(&self, name: &str, ext: &mut ExtFields) {
        if let Some(value) = self {
            value.push(name, ext);
        }
    }
}

/// Reads one field; used by [`header!`](crate::header).
pub fn read_field<T: FieldValue>(ext: &ExtFields, name: &'static str) -> Result<T, HeaderError> {
    match ext.get(name) {
        None => T::absent().ok_or(HeaderError::Missing(name)),
        Some(text) => T::parse(text).ok_or_else(|| HeaderError::Invalid {
            name,
            value: text.chars().take(64).collect(),
            expected: T::EXPECTED,
        }),
    }
}

/// Declares a header: a struct, and how each field is called on the wire. A field of type `Option` may be
/// absent; every other one is required.
///
/// ```
/// rmq::header! {
///     /// Asks for the route of a topic.
///     pub struct RouteHeader {
///         /// The topic.
///         topic: String = "topic",
///         /// Whether map keys must be quoted.
///         standard_json: Option<bool> = "acceptStandardJsonOnly",
///     }
/// }
/// ```
#[macro_export]
macro_rules! header {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$fmeta:meta])* $field:ident : $t:ty = $wire:literal),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $t,)*
        }
        impl $crate::protocol::header::Header for $name {
            fn write(&self, ext: &mut $crate::protocol::ext::ExtFields) {
                $($crate::protocol::header::FieldValue::push(&self.$field, $wire, ext);)*
                let _ = ext;
            }
            fn read(
                ext: &$crate::protocol::ext::ExtFields,
            ) -> Result<Self, $crate::protocol::header::HeaderError> {
                let _ = ext;
                Ok(Self { $($field: $crate::protocol::header::read_field(ext, $wire)?,)* })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    header! {
        /// A header with each kind of field.
        pub struct Sample {
            topic: String = "topic",
            queue_id: i32 = "queueId",
            offset: Option<i64> = "offset",
            order: Option<bool> = "order",
        }
    }

    fn ext(fields: &[(&str, &str)]) -> ExtFields {
        fields.iter().copied().collect()
    }

    #[test]
    fn a_header_survives_its_fields() {
        let header = Sample { topic: "T".into(), queue_id: -1, offset: Some(i64::MAX), order: None };
        let mut ext = ExtFields::new();
        header.write(&mut ext);
        assert_eq!(ext.get("order"), None);
        assert_eq!(Sample::read(&ext), Ok(header));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(Sample::read(&ext(&[("topic", "T")])), Err(HeaderError::Missing("queueId")));
        let wrong = Sample::read(&ext(&[("topic", "T"), ("queueId", "x1")]));
        assert!(matches!(wrong, Err(HeaderError::Invalid { name: "queueId", .. })), "{wrong:?}");
        let loose = Sample::read(&ext(&[("topic", ""), ("queueId", "1"), ("offset", ""), ("order", "TRUE")]));
        assert_eq!(loose, Ok(Sample { topic: String::new(), queue_id: 1, offset: None, order: Some(true) }));
    }
}
