//! Attributes of topics and groups: how changes are written (`+key=value,-key`), which keys there are, and
//! what each may hold (Java: `AttributeParser`, `AttributeUtil`, `TopicAttributes`,
//! `SubscriptionGroupAttributes`).

use std::collections::{BTreeMap, BTreeSet};

/// Attributes by key, or changes of them by signed key.
pub type Attributes = BTreeMap<String, String>;

/// The attribute that says which kind of messages a topic takes.
pub const MESSAGE_TYPE: &str = "message.type";

/// What an attribute may hold.
#[derive(Debug, Clone, Copy)]
enum Values {
    /// One of these. In the order in which Java prints the set.
    OneOf(&'static [&'static str]),
    /// One of these, of which the last is not served.
    ButLast(&'static [&'static str]),
    /// A number from one to the other, both included.
    Range(i64, i64),
    /// `true` or `false`, in any case.
    Bool,
    /// Anything.
    Text,
}

/// An attribute that may be set.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    key: &'static str,
    /// Whether it may be changed after the topic or group was created.
    changeable: bool,
    values: Values,
}

const fn fixed(key: &'static str, values: Values) -> Attribute {
    Attribute { key, changeable: false, values }
}

const fn changeable(key: &'static str, values: Values) -> Attribute {
    Attribute { key, changeable: true, values }
}

/// The attributes of topics.
pub const OF_TOPICS: &[Attribute] = &[
    fixed("queue.type", Values::ButLast(&["SimpleCQ", "BatchCQ"])),
    fixed("cleanup.policy", Values::OneOf(&["DELETE", "COMPACTION"])),
    changeable(
        MESSAGE_TYPE,
        Values::OneOf(&[
            "UNSPECIFIED",
            "MIXED",
            "TRANSACTION",
            "PRIORITY",
            "FIFO",
            "DELAY",
            "LITE",
            "NORMAL",
        ]),
    ),
    changeable("reserve.time", Values::Range(-1, i64::MAX)),
    changeable("lite.topic.expiration", Values::Range(-1, 30 * 24 * 60)),
];

/// The attributes of groups.
pub const OF_GROUPS: &[Attribute] = &[
    changeable("priority.factor", Values::Range(0, 100)),
    changeable("lite.bind.topic", Values::Text),
    changeable("lite.sub.model", Values::OneOf(&["Shared", "Exclusive"])),
    changeable("lite.sub.reset.offset.exclusive", Values::Bool),
    changeable("lite.sub.reset.offset.unsubscribe", Values::Bool),
    changeable("lite.sub.client.quota", Values::Range(-1, i64::MAX)),
    changeable("lite.sub.client.max.event.cnt", Values::Range(10, i64::MAX)),
    changeable("lite.sub.wildcard", Values::Text),
];

/// Changes out of their text form, with their signs.
///
/// # Errors
/// What is wrong with it, in the words of Apache's broker.
pub fn parse(text: &str) -> Result<Attributes, String> {
    let mut changes = Attributes::new();
    for change in java_split(text, ',') {
        let (key, value) = if change.contains('=') {
            let parts = java_split(change, '=');
            let Some(key) = parts.first() else {
                return Err("Index 0 out of bounds for length 0".to_owned());
            };
            let Some(value) = parts.get(1) else {
                return Err("Index 1 out of bounds for length 1".to_owned());
            };
            if !key.contains('+') {
                return Err(format!("add/alter attribute format is wrong: {key}"));
            }
            (*key, *value)
        } else if change.contains('-') {
            (change, "")
        } else {
            return Err(format!("delete attribute format is wrong: {change}"));
        };
        if changes.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("key duplication: {key}"));
        }
    }
    Ok(changes)
}

/// As `String.split` of Java: what is empty at the end is dropped; an empty text has no parts here, as the
/// parser does not look at one.
fn java_split(text: &str, separator: char) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(separator).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts
}

/// The attributes after changes. `current` is `None` for a topic or group that is being created: only
/// additions are fine then.
///
/// # Errors
/// What is wrong with the changes, in the words of Apache's broker.
pub fn alter(
    known: &[Attribute],
    current: Option<&Attributes>,
    changes: &Attributes,
) -> Result<Attributes, String> {
    let mut seen = BTreeSet::new();
    let mut result = current.cloned().unwrap_or_default();
    for (signed, value) in changes {
        let mut rest = signed.chars();
        let sign = rest.next();
        let key = rest.as_str();
        if key.is_empty() || key.contains(['+', '-']) {
            return Err("kv string format wrong.".to_owned());
        }
        if !seen.insert(key) {
            return Err(format!("alter duplication key. key: {key}"));
        }
        match (current, sign) {
            (None, Some('+')) => {
                check(known, key, true, Some(value))?;
                result.insert(key.to_owned(), value.clone());
            }
            (None, _) => {
                return Err(format!("only add attribute is supported while creating topic. key: {key}"));
            }
            (Some(_), Some('+')) => {
                check(known, key, false, Some(value))?;
                result.insert(key.to_owned(), value.clone());
            }
            (Some(current), Some('-')) => {
                if !current.contains_key(key) {
                    return Err(format!("attempt to delete a nonexistent key: {key}"));
                }
                check(known, key, false, None)?;
                result.remove(key);
            }
            (Some(_), _) => return Err(format!("wrong format key: {key}")),
        }
    }
    Ok(result)
}

/// Whether the attribute may be given that value, or be taken away where `value` is `None`.
fn check(known: &[Attribute], key: &str, creating: bool, value: Option<&str>) -> Result<(), String> {
    let Some(attribute) = known.iter().find(|attribute| attribute.key == key) else {
        return Err(format!("unsupported key: {key}"));
    };
    if !creating && !attribute.changeable {
        return Err(format!("attempt to update an unchangeable attribute. key: {key}"));
    }
    value.map_or(Ok(()), |value| attribute.values.check(value))
}

impl Values {
    fn check(self, value: &str) -> Result<(), String> {
        match self {
            Self::ButLast(values) if values.last() == Some(&value) => {
                Err(format!("value is not supported: {value}"))
            }
            Self::OneOf(values) | Self::ButLast(values) if !values.contains(&value) => {
                Err(format!("value is not in set: [{}]", values.join(", ")))
            }
            Self::Range(min, max) => match value.parse::<i64>() {
                Err(_) => Err(format!("For input string: \"{value}\"")),
                Ok(number) if number < min || number > max => {
                    Err(format!("value is not in range({min}, {max})"))
                }
                Ok(_) => Ok(()),
            },
            Self::Bool if !value.eq_ignore_ascii_case("true") && !value.eq_ignore_ascii_case("false") => {
                Err("boolean attribute format is wrong.".to_owned())
            }
            Self::OneOf(_) | Self::ButLast(_) | Self::Bool | Self::Text => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn changes_are_parsed_as_apache_does() {
        let table = [
            ("", Ok(map(&[]))),
            ("+a=1,-b", Ok(map(&[("+a", "1"), ("-b", "")]))),
            ("+a=1=2,", Ok(map(&[("+a", "1")]))),
            ("+k=", Err("Index 1 out of bounds for length 1")),
            ("=", Err("Index 0 out of bounds for length 0")),
            ("foo=1", Err("add/alter attribute format is wrong: foo")),
            ("+foo", Err("delete attribute format is wrong: +foo")),
            (",+foo=1", Err("delete attribute format is wrong: ")),
            ("+a=1,+a=2", Err("key duplication: +a")),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_new_topic_takes_additions_of_known_keys() {
        let table = [
            ("+message.type=FIFO", Ok(map(&[("message.type", "FIFO")]))),
            ("+queue.type=SimpleCQ", Ok(map(&[("queue.type", "SimpleCQ")]))),
            ("+queue.type=BatchCQ", Err("value is not supported: BatchCQ")),
            ("+queue.type=X", Err("value is not in set: [SimpleCQ, BatchCQ]")),
            ("+reserve.time=5", Ok(map(&[("reserve.time", "5")]))),
            ("-message.type", Err("only add attribute is supported while creating topic. key: message.type")),
            ("++a=1", Err("kv string format wrong.")),
            ("+foo=1", Err("unsupported key: foo")),
            (
                "+message.type=X",
                Err(
                    "value is not in set: [UNSPECIFIED, MIXED, TRANSACTION, PRIORITY, FIFO, DELAY, LITE, NORMAL]",
                ),
            ),
            ("+reserve.time=x", Err("For input string: \"x\"")),
            ("+lite.topic.expiration=99999", Err("value is not in range(-1, 43200)")),
        ];
        for (text, expected) in table {
            let changes = parse(text).unwrap();
            assert_eq!(alter(OF_TOPICS, None, &changes), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_topic_that_exists_takes_changes_of_changeable_keys() {
        let current = map(&[("message.type", "FIFO"), ("queue.type", "SimpleCQ")]);
        let without = map(&[("queue.type", "SimpleCQ")]);
        let table = [
            ("", Ok(current.clone())),
            ("-message.type", Ok(without)),
            ("-reserve.time", Err("attempt to delete a nonexistent key: reserve.time")),
            ("+queue.type=BatchCQ", Err("attempt to update an unchangeable attribute. key: queue.type")),
            ("-queue.type", Err("attempt to update an unchangeable attribute. key: queue.type")),
        ];
        for (text, expected) in table {
            let changes = parse(text).unwrap();
            assert_eq!(alter(OF_TOPICS, Some(&current), &changes), expected.map_err(str::to_owned), "{text}");
        }
        let unsigned = map(&[("xmessage.type", "FIFO")]);
        assert_eq!(
            alter(OF_TOPICS, Some(&current), &unsigned).unwrap_err(),
            "wrong format key: message.type"
        );
        let twice = map(&[("+message.type", "FIFO"), ("-message.type", "")]);
        assert_eq!(
            alter(OF_TOPICS, Some(&current), &twice).unwrap_err(),
            "alter duplication key. key: message.type"
        );
    }

    #[test]
    fn group_attributes_have_their_ranges() {
        let table = [
            ("+priority.factor=100", true),
            ("+priority.factor=101", false),
            ("+lite.sub.model=Exclusive", true),
            ("+lite.sub.reset.offset.exclusive=TRUE", true),
            ("+lite.sub.reset.offset.exclusive=1", false),
            ("+lite.bind.topic=any", true),
        ];
        for (text, fine) in table {
            assert_eq!(alter(OF_GROUPS, None, &parse(text).unwrap()).is_ok(), fine, "{text}");
        }
    }
}
