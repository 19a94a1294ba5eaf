//! The settings that nothing here acts on.

use super::error::ConfigError;
use super::value::Value;
use std::collections::BTreeMap;

/// What may be done with such a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Any value of the type is accepted; it means nothing here.
    Ignored,
    /// Only the default; anything else asks for what is named.
    Fixed(&'static str),
}

/// The type of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Long,
    Double,
    Text,
}

/// One known setting.
#[derive(Clone, Debug)]
pub(super) struct Other {
    rule: Rule,
    kind: Kind,
    /// None where Java has null.
    default: Option<&'static str>,
    /// Part of the list that a server answers with.
    listed: bool,
}

/// A `.keys` file: lines of `RULE TYPE KEY [= DEFAULT] [| WHAT IT ASKS FOR]`, where RULE is `ignored` or `fixed`,
/// with `hidden-` in front where servers do not list the key.
pub(super) fn read_keys(text: &'static str) -> BTreeMap<&'static str, Other> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(read_key)
        .collect()
}

fn read_key(line: &'static str) -> Option<(&'static str, Other)> {
    let (line, why) = match line.split_once(" | ") {
        Some((line, why)) => (line, why),
        None => (line, "rmq does not have it"),
    };
    let (head, default) = match line.split_once(" =") {
        Some((head, default)) => (head, Some(default.trim())),
        None => (line, None),
    };
    let mut words = head.split_whitespace();
    let (rule, kind, key) = (words.next()?, words.next()?, words.next()?);
    let kind = match kind {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "double" => Kind::Double,
        _ => Kind::Text,
    };
    let (rule, listed) = match rule.strip_prefix("hidden-") {
        Some(rule) => (rule, false),
        None => (rule, true),
    };
    let rule = if rule == "fixed" { Rule::Fixed(why) } else { Rule::Ignored };
    Some((key, Other { rule, kind, default, listed }))
}

impl Kind {
    /// The value as Java would print it again.
    fn canonical(self, key: &str, value: &str) -> Result<String, ConfigError> {
        fn typed<T: Value>(value: &str) -> Result<String, &'static str> {
            T::read(value).and_then(|value| value.show()).ok_or(T::EXPECTED)
        }
        let read = match self {
            Kind::Bool => typed::<bool>(value),
            Kind::Int => typed::<i32>(value),
            Kind::Long => typed::<i64>(value),
            Kind::Double => typed::<f64>(value),
            Kind::Text => typed::<String>(value),
        };
        read.map_err(|expected| ConfigError::BadValue {
            key: key.to_owned(),
            value: value.to_owned(),
            expected,
        })
    }
}

/// The values of such settings: the table, and what differs from it.
#[derive(Clone, Debug)]
pub(super) struct Others {
    keys: &'static BTreeMap<&'static str, Other>,
    set: BTreeMap<&'static str, String>,
}

impl Others {
    pub(super) fn new(keys: &'static BTreeMap<&'static str, Other>) -> Self {
        Others { keys, set: BTreeMap::new() }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<String> {
        let (name, other) = self.keys.get_key_value(key)?;
        self.set.get(name).cloned().or_else(|| other.default.map(str::to_owned))
    }

    /// Sets a value; true when it differs from the default, which means that it was in vain.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<bool, ConfigError> {
        let Some((name, other)) = self.keys.get_key_value(key) else {
            return Err(ConfigError::UnknownKey { key: key.to_owned() });
        };
        let value = other.kind.canonical(key, value)?;
        let differs = value != other.default.unwrap_or_default();
        if let (true, Rule::Fixed(why)) = (differs, &other.rule) {
            return Err(ConfigError::Unsupported { key: key.to_owned(), value, why: (*why).to_owned() });
        }
        self.set.insert(name, value);
        Ok(differs)
    }

    /// The settings that a server lists.
    pub(super) fn listed(&self) -> impl Iterator<Item = (String, String)> {
        self.keys
            .iter()
            .filter(|(_, other)| other.listed)
            .filter_map(|(key, _)| Some(((*key).to_owned(), self.get(key)?)))
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.keys().copied()
    }
}
