//! What an expression asks for (Java: `FilterAPI`, `ExpressionMessageFilter`).

use crate::protocol::group::SubscriptionData;
use crate::protocol::message::java_hash_code;

/// The expression that wants everything.
pub const ALL: &str = "*";
/// The kind of expressions that name tags.
pub const TAG: &str = "TAG";

/// Whether a kind of expression names tags. Clients of old leave the kind out.
pub fn is_tag(kind: &str) -> bool {
    kind.is_empty() || kind == TAG
}

/// Reads an expression. `version` is when, in ms since 1970. `None` where it is malformed.
pub fn build(topic: &str, expression: &str, kind: Option<&str>, version: i64) -> Option<SubscriptionData> {
    let mut data = SubscriptionData {
        topic: topic.to_owned(),
        sub_string: expression.to_owned(),
        expression_type: TAG.to_owned(),
        sub_version: version,
        ..SubscriptionData::default()
    };
    if let Some(kind) = kind.filter(|kind| *kind != TAG) {
        kind.clone_into(&mut data.expression_type);
        return (!expression.is_empty()).then_some(data);
    }
    if expression.is_empty() || expression == ALL {
        ALL.clone_into(&mut data.sub_string);
        return Some(data);
    }
    // Java's split drops empty pieces at the end: of bars alone nothing is left, which it refuses.
    if expression.split("||").all(str::is_empty) {
        return None;
    }
    for tag in expression.split("||").map(str::trim).filter(|tag| !tag.is_empty()) {
        data.tags_set.insert(tag.to_owned());
        data.code_set.insert(java_hash_code(tag));
    }
    Some(data)
}

/// Whether a message whose tag has this hash is wanted. Tags that share a hash are told apart by consumers.
pub fn wants_tag(subscription: &SubscriptionData, tags_code: i64) -> bool {
    if subscription.class_filter_mode
        || subscription.sub_string == ALL
        || !is_tag(&subscription.expression_type)
    {
        return true;
    }
    // Java narrows the hash of the consume queue to the int that it was made from.
    let [_, _, _, _, a, b, c, d] = tags_code.to_be_bytes();
    subscription.code_set.contains(&i32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_java_does() {
        let table = [
            ("*", None, Some(("*", ""))),
            ("", Some("TAG"), Some(("*", ""))),
            ("A", None, Some(("A", "A"))),
            ("A || B||A", Some("TAG"), Some(("A || B||A", "A B"))),
            (" || A", None, Some((" || A", "A"))),
            ("||", None, None),
            ("||||", None, None),
            ("a > 1", Some("SQL92"), Some(("a > 1", ""))),
            ("", Some("SQL92"), None),
        ];
        for (expression, kind, expected) in table {
            let got = build("T", expression, kind, 3);
            let tags = |data: &SubscriptionData| data.tags_set.iter().cloned().collect::<Vec<_>>().join(" ");
            let got = got.as_ref().map(|data| (data.sub_string.clone(), tags(data)));
            let expected = expected.map(|(text, tags)| (text.to_owned(), tags.to_owned()));
            assert_eq!(got, expected, "{expression:?}");
        }
    }

    #[test]
    fn tags_are_wanted_by_their_hash() {
        let some = build("T", "A||TopicTest", None, 0).unwrap();
        let all = build("T", "*", None, 0).unwrap();
        let table = [(65, true), (i64::from(java_hash_code("TopicTest")), true), (66, false), (0, false)];
        for (code, expected) in table {
            assert_eq!(wants_tag(&some, code), expected, "{code}");
            assert!(wants_tag(&all, code));
        }
        let class = SubscriptionData { class_filter_mode: true, ..some };
        assert!(wants_tag(&class, 66));
    }
}
