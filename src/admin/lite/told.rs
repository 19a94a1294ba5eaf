//! What the commands about lite topics have in common: hints for refusals, times and sets as mqadmin prints them.

use crate::admin::CommandError;
use crate::output::Failure;
use crate::output::java_order::{hashed, string_hash};
use crate::protocol::code;
use crate::runtime::time;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// What may help where brokers refused because topic or group has nothing to do with lite topics.
pub fn hinted(error: CommandError) -> CommandError {
    match error.code {
        Some(code::INVALID_PARAMETER) => error.hint(
            "a parent topic has the attribute message.type=LITE, its groups have lite.bind.topic=TOPIC: \
             rmq updateTopic -a, rmq updateSubGroup --attributes",
        ),
        Some(code::SUBSCRIPTION_GROUP_NOT_EXIST) => error.hint("rmq updateSubGroup creates a group"),
        _ => error,
    }
}

/// A time where there is one: brokers say 0 or less where they know none.
pub fn known(timestamp: i64) -> Option<i64> {
    Some(timestamp).filter(|timestamp| *timestamp > 0)
}

/// A time, or `absent`.
pub fn time_or(timestamp: Option<i64>, absent: &str) -> String {
    timestamp.map_or_else(|| absent.to_owned(), time::millis)
}

/// `toString` of a `HashSet` of names: `[a, b]`.
pub fn set_text(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = hashed(names.iter().map(String::as_str), |name| string_hash(name));
    format!("[{}]", names.join(", "))
}

/// mqadmin's line for each broker that failed.
pub fn failed_lines(failures: &[Failure], w: &mut dyn Write) -> fmt::Result {
    failures.iter().try_for_each(|failure| writeln!(w, "[{}] error.", failure.target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_a_time() {
        assert_eq!(known(0), None);
        assert_eq!(known(-1), None);
        assert_eq!(known(5), Some(5));
        assert_eq!(time_or(None, "N/A"), "N/A");
    }

    #[test]
    fn sets_are_javas() {
        assert_eq!(set_text(&BTreeSet::new()), "[]");
        let names = ["a", "b", "lite_group"].map(str::to_owned).into();
        assert_eq!(set_text(&names), "[a, b, lite_group]");
    }

    #[test]
    fn refusals_have_hints() {
        let hints = |code| hinted(CommandError::refused("no", code, None)).hints;
        assert!(hints(29)[0].contains("message.type=LITE"));
        assert!(hints(26)[0].contains("updateSubGroup"));
        assert!(hints(1).is_empty());
    }
}
