//! The properties string: name, byte 1, value, byte 2, repeated.

/// Between a name and its value.
const NAME_VALUE: char = '\u{1}';
/// After a value.
const PROPERTY: char = '\u{2}';

/// Walks over a properties string. As `MessageDecoder.string2messageProperties` does, it skips entries
/// without a name or value and needs no separator after the last one.
pub fn iter_properties(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    raw.split(PROPERTY).filter_map(|entry| {
        let (name, value) = entry.split_once(NAME_VALUE)?;
        (!name.is_empty() && !value.is_empty()).then_some((name, value))
    })
}

/// The value of one property of a properties string; the last one when a name is repeated.
pub fn find_property<'a>(raw: &'a str, name: &str) -> Option<&'a str> {
    iter_properties(raw).filter(|(key, _)| *key == name).last().map(|(_, value)| value)
}

/// The value of one property of a properties string that may not be UTF-8; `None` also where the value
/// itself is not.
pub(super) fn find_property_bytes<'a>(raw: &'a [u8], name: &str) -> Option<&'a str> {
    let mut found = None;
    for entry in raw.split(|byte| *byte == 2) {
        let Some(rest) = entry.strip_prefix(name.as_bytes()) else { continue };
        if let [1, value @ ..] = rest
            && !value.is_empty()
        {
            found = std::str::from_utf8(value).ok();
        }
    }
    found
}

/// Properties of a message, in the order they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// No properties.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Reads a properties string.
    pub fn parse(raw: &str) -> Self {
        let mut properties = Self::new();
        for (name, value) in iter_properties(raw) {
            properties.set(name, value);
        }
        properties
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Sets a property; its place stays if it is there already.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl Into<String>) {
        let name = name.as_ref();
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    /// Takes a property out.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }

    /// Whether a property is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many properties there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The properties string (`MessageDecoder.messageProperties2String`).
    pub fn to_raw(&self) -> String {
        let len = self.0.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let mut raw = String::with_capacity(len);
        for (name, value) in &self.0 {
            raw.push_str(name);
            raw.push(NAME_VALUE);
            raw.push_str(value);
            raw.push(PROPERTY);
        }
        raw
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(items: I) -> Self {
        let mut properties = Self::new();
        for (name, value) in items {
            properties.set(name, value);
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_java_reads() {
        let table: [(&str, &[(&str, &str)]); 8] = [
            ("", &[]),
            ("a\u{1}b\u{2}", &[("a", "b")]),
            ("a\u{1}b", &[("a", "b")]),
            ("a\u{1}\u{2}c\u{1}d\u{2}", &[("c", "d")]),
            ("\u{1}b\u{2}c\u{1}d\u{2}", &[("c", "d")]),
            ("nothing\u{2}c\u{1}d\u{2}", &[("c", "d")]),
            ("a\u{1}b\u{1}c\u{2}", &[("a", "b\u{1}c")]),
            ("\u{2}\u{2}\u{2}a\u{1}é", &[("a", "é")]),
        ];
        for (raw, expected) in table {
            assert_eq!(iter_properties(raw).collect::<Vec<_>>(), expected, "{raw:?}");
        }
    }

    #[test]
    fn the_last_of_a_repeated_name_counts() {
        let raw = "a\u{1}1\u{2}b\u{1}2\u{2}a\u{1}3\u{2}ab\u{1}4\u{2}";
        assert_eq!(find_property(raw, "a"), Some("3"));
        assert_eq!(find_property_bytes(raw.as_bytes(), "a"), Some("3"));
        assert_eq!(find_property_bytes(raw.as_bytes(), "ab"), Some("4"));
        assert_eq!(find_property_bytes(raw.as_bytes(), ""), None);
        assert_eq!(find_property_bytes(b"a\x01\xff\x02", "a"), None);
        assert_eq!(Properties::parse(raw).get("a"), Some("3"));
    }

    #[test]
    fn setting_and_removing() {
        let mut properties: Properties = [("a", "1"), ("b", "2")].into_iter().collect();
        properties.set("a", "3");
        assert_eq!(properties.to_raw(), "a\u{1}3\u{2}b\u{1}2\u{2}");
        assert_eq!(properties.remove("a"), Some("3".to_owned()));
        assert_eq!(properties.remove("a"), None);
        assert!(!properties.contains("a"));
        assert_eq!(properties.len(), 1);
    }

    proptest! {
        #[test]
        fn round_trip(pairs in proptest::collection::btree_map("[^\u{1}\u{2}]{1,8}", "[^\u{1}\u{2}]{1,8}", 0..8)) {
            let properties: Properties = pairs.iter().map(|(n, v)| (n, v.as_str())).collect();
            let raw = properties.to_raw();
            prop_assert_eq!(&Properties::parse(&raw), &properties);
            for (name, value) in &pairs {
                prop_assert_eq!(find_property(&raw, name), Some(value.as_str()));
                prop_assert_eq!(find_property_bytes(raw.as_bytes(), name), Some(value.as_str()));
            }
        }
    }
}
