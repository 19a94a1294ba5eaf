//! The system properties that users of Apache's scripts set for the JVM.

use std::collections::BTreeMap;

/// The variables of the environment that Apache's scripts and the JVM take options from, later ones win.
const VARIABLES: [&str; 3] = ["JAVA_TOOL_OPTIONS", "JAVA_OPT", "JAVA_OPT_EXT"];

/// `-DKEY=VALUE` in `JAVA_OPT` and its like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JavaOptions(BTreeMap<String, String>);

impl JavaOptions {
    /// Those that the environment holds.
    pub fn of_environment(var: impl Fn(&str) -> Option<String>) -> Self {
        let texts = VARIABLES.iter().filter_map(|name| var(name));
        let mut found = BTreeMap::new();
        for text in texts {
            let words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
            let options = words.filter_map(|word| word.strip_prefix("-D")?.split_once('='));
            found.extend(
                options.map(|(key, value)| (key.to_owned(), value.trim_matches(['"', '\'']).to_owned())),
            );
        }
        Self(found)
    }

    /// The value of a property; an empty one is none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_and_later_ones_win() {
        let options = JavaOptions::of_environment(|name| match name {
            "JAVA_OPT" => Some("-server -Xmx1g -Da.b=1 '-Dhome=/x y' -Dempty=".into()),
            "JAVA_OPT_EXT" => Some("-Da.b=2 \"-Dq=v\" -Dr=\"w\" -Dflag".into()),
            _ => None,
        });
        let table = [
            ("a.b", Some("2")),
            ("q", Some("v")),
            ("r", Some("w")),
            ("empty", None),
            ("flag", None),
            ("nope", None),
        ];
        for (key, value) in table {
            assert_eq!(options.get(key), value, "{key}");
        }
    }
}
