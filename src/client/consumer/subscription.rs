//! What a member wants of a topic.

use std::collections::BTreeSet;

use crate::protocol::group::SubscriptionData;
use crate::protocol::message::java_hash_code;

/// The topic in which messages wait that a group could not consume (Java: `MixAll.RETRY_GROUP_TOPIC_PREFIX`).
pub const RETRY_PREFIX: &str = "%RETRY%";

/// The subscription of an expression of tags: `*` or nothing for all, else `TagA || TagB`
/// (Java: `FilterAPI.buildSubscriptionData`). `version` is the time at which it is made, in ms since 1970.
pub fn by_tags(topic: &str, expression: &str, version: i64) -> SubscriptionData {
    let all = expression.trim().is_empty() || expression.trim() == "*";
    let tags: BTreeSet<String> = if all {
        BTreeSet::new()
    } else {
        let tags = expression.split("||").map(str::trim);
        tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    };
    SubscriptionData {
        class_filter_mode: false,
        code_set: tags.iter().map(|tag| java_hash_code(tag)).collect(),
        expression_type: "TAG".to_owned(),
        sub_string: if all { "*".to_owned() } else { expression.to_owned() },
        sub_version: version,
        tags_set: tags,
        topic: topic.to_owned(),
    }
}

/// The subscription of an SQL92 expression over properties, which only the broker evaluates (Java:
/// `FilterAPI.build`).
pub fn by_sql(topic: &str, expression: &str, version: i64) -> SubscriptionData {
    SubscriptionData {
        expression_type: "SQL92".to_owned(),
        sub_string: expression.to_owned(),
        ..by_tags(topic, "*", version)
    }
}

/// Whether a message with this tag is wanted. The broker compares hashes only, so others may come along
/// (Java: `PullAPIWrapper.processPullResult`).
pub fn wants(subscription: &SubscriptionData, tag: Option<&str>) -> bool {
    subscription.tags_set.is_empty() || tag.is_some_and(|tag| subscription.tags_set.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_split_as_java_splits_them() {
        let table: [(&str, &str, &[&str]); 6] = [
            ("", "*", &[]),
            ("*", "*", &[]),
            (" * ", "*", &[]),
            ("TagA", "TagA", &["TagA"]),
            ("b || a||b ||", "b || a||b ||", &["a", "b"]),
            ("a | b", "a | b", &["a | b"]),
        ];
        for (expression, sub_string, tags) in table {
            let subscription = by_tags("T", expression, 1);
            assert_eq!(subscription.sub_string, sub_string, "{expression:?}");
            assert_eq!(subscription.tags_set.iter().collect::<Vec<_>>(), tags, "{expression:?}");
            assert_eq!(subscription.code_set.len(), tags.len());
        }
        assert!(by_tags("T", "TagA", 1).code_set.contains(&2_598_919));
    }

    #[test]
    fn what_an_expression_of_sql_wants_the_broker_decides() {
        let subscription = by_sql("T", "a > 1", 7);
        assert_eq!(
            (subscription.expression_type.as_str(), subscription.sub_string.as_str()),
            ("SQL92", "a > 1")
        );
        assert!(wants(&subscription, None) && wants(&subscription, Some("TagA")));
    }

    #[test]
    fn hashes_that_collide_do_not_let_a_tag_through() {
        let subscription = by_tags("T", "AaAa", 1);
        assert_eq!(java_hash_code("AaAa"), java_hash_code("BBBB"));
        assert!(wants(&subscription, Some("AaAa")));
        assert!(!wants(&subscription, Some("BBBB")));
        assert!(!wants(&subscription, None));
        assert!(wants(&by_tags("T", "*", 1), None));
    }
}
