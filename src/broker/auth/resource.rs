//! What a permission is about (Java: `Resource`, `ResourceType`, `ResourcePattern`).

use std::fmt;

use crate::broker::names::RETRY_PREFIX;

/// The kinds of things (Java: `ResourceType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing that a broker has.
    Unknown,
    /// Everything.
    Any,
    /// A cluster: what concerns no topic and no group.
    Cluster,
    /// Nothing that a broker asks for.
    Namespace,
    /// A topic.
    Topic,
    /// A group of consumers.
    Group,
}

impl Kind {
    const ALL: [(Kind, &'static str); 6] = [
        (Kind::Unknown, "Unknown"),
        (Kind::Any, "Any"),
        (Kind::Cluster, "Cluster"),
        (Kind::Namespace, "Namespace"),
        (Kind::Topic, "Topic"),
        (Kind::Group, "Group"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("Unknown", |(_, name)| name)
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(kind, _)| *kind)
    }
}

/// Which names a resource covers. In the order in which they win: the exact name, the longest prefix, all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// This name.
    Literal(String),
    /// All that begin so.
    Prefixed(String),
    /// All.
    Any,
}

/// What a permission is about, or what a request needs one for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The kind of thing.
    pub kind: Kind,
    /// Which of them.
    pub names: Names,
}

impl Resource {
    /// The cluster of that name.
    pub fn cluster(name: &str) -> Self {
        Self { kind: Kind::Cluster, names: Names::Literal(name.to_owned()) }
    }

    /// The topic of that name.
    pub fn topic(name: &str) -> Self {
        Self { kind: Kind::Topic, names: Names::Literal(name.to_owned()) }
    }

    /// The group of that name, or of that retry topic.
    pub fn group(name: &str) -> Self {
        let group = name.strip_prefix(RETRY_PREFIX).unwrap_or(name);
        Self { kind: Kind::Group, names: Names::Literal(group.to_owned()) }
    }

    /// A resource by its text: `*`, or `KIND:NAME`, where the name may be `*` or end with it.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self { kind: Kind::Any, names: Names::Any });
        }
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        let kind = Kind::of_name(kind)?;
        let names = match name.split_once('*') {
            Some(("", "")) => Names::Any,
            Some((prefix, _)) if name.ends_with('*') => Names::Prefixed(prefix.to_owned()),
            _ => Names::Literal(name.to_owned()),
        };
        Some(Self { kind, names })
    }

    /// Whether a permission for this one counts for that one.
    pub fn covers(&self, wanted: &Resource) -> bool {
        if self.kind == Kind::Any {
            return true;
        }
        // What is wanted is always a name.
        let Names::Literal(name) = &wanted.names else { return false };
        self.kind == wanted.kind
            && match &self.names {
                Names::Any => true,
                Names::Literal(own) => own == name,
                Names::Prefixed(prefix) => name.starts_with(prefix.as_str()),
            }
    }
}

/// As [`Resource::parse`] reads it (Java: `getResourceKey`).
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Any {
            return f.write_str("*");
        }
        let kind = self.kind.name();
        match &self.names {
            Names::Any => write!(f, "{kind}:*"),
            Names::Literal(name) => write!(f, "{kind}:{name}"),
            Names::Prefixed(prefix) => write!(f, "{kind}:{prefix}*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        let table = [
            ("*", Some("*")),
            ("Topic:*", Some("Topic:*")),
            ("topic:orders", Some("Topic:orders")),
            ("Group:pay-*", Some("Group:pay-*")),
            ("Cluster:DefaultCluster", Some("Cluster:DefaultCluster")),
            ("Topic:a:b", Some("Topic:a:b")),
            ("Topic:a*b", Some("Topic:a*b")),
            ("Topic:a*b*", Some("Topic:a*")),
            ("Any:x", Some("*")),
            ("Topic", Some("Topic:")),
            ("Queue:x", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(Resource::parse(text).map(|r| r.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn who_covers_whom() {
        let table = [
            ("*", "Topic:a", true),
            ("Topic:*", "Topic:a", true),
            ("Topic:*", "Group:a", false),
            ("Topic:a", "Topic:a", true),
            ("Topic:a", "Topic:ab", false),
            ("Topic:a*", "Topic:ab", true),
            ("Topic:a*", "Topic:a", true),
            ("Topic:a*", "Topic:b", false),
            ("Cluster:c", "Cluster:c", true),
        ];
        for (own, wanted, expected) in table {
            let wanted = Resource::parse(wanted).unwrap();
            assert_eq!(Resource::parse(own).unwrap().covers(&wanted), expected, "{own} {wanted}");
        }
        assert_eq!(Resource::group("%RETRY%g").to_string(), "Group:g");
        assert_eq!(Resource::group("%DLQ%g").to_string(), "Group:%DLQ%g");
    }
}
