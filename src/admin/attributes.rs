//! Changes of attributes as they are typed: `+name=value` sets one, `-name` takes one away.

use super::error::CommandError;
use crate::output::java_order::{hashed, string_hash};

/// The changes, each under its name with its sign, in the order they were given (Java: `AttributeParser`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeChanges(Vec<(String, String)>);

impl AttributeChanges {
    /// Reads `+a=b,+c=d,-e`.
    ///
    /// # Errors
    /// A change without its sign, a name twice, a sign that does not fit.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let mut changes: Vec<(String, String)> = Vec::new();
        for change in text.split(',').map(str::trim).filter(|change| !change.is_empty()) {
            let (name, value) = change.split_once('=').map_or((change, ""), |(n, v)| (n.trim(), v.trim()));
            let sets = name.len() > 1 && name.starts_with('+') && !value.is_empty();
            let removes = name.len() > 1 && name.starts_with('-') && !change.contains('=');
            if !sets && !removes {
                return Err(CommandError::usage(format!("'{change}' does not change an attribute"))
                    .hint("write +name=value to set an attribute and -name to take it away"));
            }
            if changes.iter().any(|(given, _)| given[1..] == name[1..]) {
                return Err(CommandError::usage(format!("the attribute {} is changed twice", &name[1..])));
            }
            changes.push((name.to_owned(), value.to_owned()));
        }
        Ok(AttributeChanges(changes))
    }

    /// The pairs as they go into a map, names with their signs.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As the header of a request has them, in the order of Java's map.
    pub fn wire_text(&self) -> String {
        let ordered = hashed(&self.0, |(name, _)| string_hash(name));
        let texts: Vec<String> = ordered
            .into_iter()
            .map(|(name, value)| if value.is_empty() { name.clone() } else { format!("{name}={value}") })
            .collect();
        texts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_mqadmin_reads() {
        let changes = AttributeChanges::parse("+message.type=DELAY, -cleanup.policy").unwrap();
        assert_eq!(
            changes.pairs().collect::<Vec<_>>(),
            [("+message.type", "DELAY"), ("-cleanup.policy", "")]
        );
        let mut parts: Vec<_> = changes.wire_text().split(',').map(str::to_owned).collect();
        parts.sort();
        assert_eq!(parts, ["+message.type=DELAY", "-cleanup.policy"]);
        assert_eq!(AttributeChanges::parse(" ").unwrap(), AttributeChanges::default());
    }

    #[test]
    fn says_what_it_cannot_read() {
        for text in ["a=b", "+a", "-a=b", "+=b", "-", "+a=1,-a"] {
            assert_eq!(AttributeChanges::parse(text).unwrap_err().kind.exit_code(), 2, "{text}");
        }
    }
}
