//! Which names topics and groups may have, and which of them belong to the system (Java: `TopicValidator`,
//! `MixAll`).

use std::collections::BTreeSet;

/// Whose configuration topics take over that are created by a send.
pub const AUTO_CREATE_TOPIC: &str = "TBW102";
/// Where messages wait for their delay level.
pub const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";
/// For load tests.
pub const BENCHMARK_TOPIC: &str = "BenchmarkTest";
/// Where half messages of transactions wait.
pub const TRANS_HALF_TOPIC: &str = "RMQ_SYS_TRANS_HALF_TOPIC";
/// Which half messages are settled.
pub const TRANS_OP_HALF_TOPIC: &str = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
/// As [`TRANS_HALF_TOPIC`], of Apache's transactions in RocksDB; kept so that a directory serves both.
pub const ROCKSDB_TRANS_HALF_TOPIC: &str = "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC";
/// As [`TRANS_OP_HALF_TOPIC`], of Apache's transactions in RocksDB.
pub const ROCKSDB_TRANS_OP_HALF_TOPIC: &str = "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC";
/// Half messages whose producer never answered.
pub const TRANS_CHECK_MAX_TIME_TOPIC: &str = "TRANS_CHECK_MAX_TIME_TOPIC";
/// Where clients trace messages, unless configured otherwise.
pub const TRACE_TOPIC: &str = "RMQ_SYS_TRACE_TOPIC";
/// For a broker that tests itself.
pub const SELF_TEST_TOPIC: &str = "SELF_TEST_TOPIC";
/// Where Apache's broker tells of offsets that were out of their queue.
pub const OFFSET_MOVED_EVENT: &str = "OFFSET_MOVED_EVENT";
/// Reserved by Apache for offsets in RocksDB.
pub const ROCKSDB_OFFSET_TOPIC: &str = "CHECKPOINT_TOPIC";
/// Where messages with a delivery time of their own wait.
pub const TIMER_TOPIC: &str = "rmq_sys_wheel_timer";
/// What every other system topic begins with.
pub const SYSTEM_TOPIC_PREFIX: &str = "rmq_sys_";
/// What precedes the broker's name in the topic through which brokers of a name find each other.
pub const SYNC_BROKER_MEMBER_PREFIX: &str = "rmq_sys_SYNC_BROKER_MEMBER_";
/// What precedes the cluster in the topic of acknowledgements in pop mode.
pub const REVIVE_LOG_PREFIX: &str = "rmq_sys_REVIVE_LOG_";
/// What follows the cluster in the topic of replies.
pub const REPLY_TOPIC_POSTFIX: &str = "REPLY_TOPIC";
/// What precedes the group in the topic of messages to be consumed again.
pub const RETRY_PREFIX: &str = "%RETRY%";
/// What precedes the group in the topic of messages that were given up.
pub const DLQ_PREFIX: &str = "%DLQ%";
/// What groups of the system begin with.
pub const SYSTEM_GROUP_PREFIX: &str = "CID_RMQ_SYS_";

const TOPIC_MAX_LENGTH: usize = 127;
const RETRY_TOPIC_MAX_LENGTH: usize = 255;
/// Less than a topic's, since retry topics hold a group's name and more.
const GROUP_MAX_LENGTH: usize = 120;

/// The groups that every broker has (Java: `SubscriptionGroupManager.init`).
pub const BUILT_IN_GROUPS: [&str; 8] = [
    "TOOLS_CONSUMER",
    "FILTERSRV_CONSUMER",
    "SELF_TEST_C_GROUP",
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_OWNER",
    "CID_RMQ_SYS_TRANS",
];

/// Topics that are the system's whatever the broker is called.
const SYSTEM_TOPICS: [&str; 12] = [
    AUTO_CREATE_TOPIC,
    SCHEDULE_TOPIC,
    BENCHMARK_TOPIC,
    TRANS_HALF_TOPIC,
    TRACE_TOPIC,
    TRANS_OP_HALF_TOPIC,
    TRANS_CHECK_MAX_TIME_TOPIC,
    SELF_TEST_TOPIC,
    OFFSET_MOVED_EVENT,
    ROCKSDB_OFFSET_TOPIC,
    ROCKSDB_TRANS_HALF_TOPIC,
    ROCKSDB_TRANS_OP_HALF_TOPIC,
];

/// Topics that clients may not send to.
const NOT_SENDABLE: [&str; 8] = [
    SCHEDULE_TOPIC,
    TRANS_HALF_TOPIC,
    TRANS_OP_HALF_TOPIC,
    TRANS_CHECK_MAX_TIME_TOPIC,
    SELF_TEST_TOPIC,
    OFFSET_MOVED_EVENT,
    ROCKSDB_TRANS_HALF_TOPIC,
    ROCKSDB_TRANS_OP_HALF_TOPIC,
];

/// The topic of a group's messages to be consumed again.
pub fn retry_topic(group: &str) -> String {
    format!("{RETRY_PREFIX}{group}")
}

/// The topic of a group's messages that were given up.
pub fn dlq_topic(group: &str) -> String {
    format!("{DLQ_PREFIX}{group}")
}

/// The group of a retry topic; `None` for any other topic.
pub fn group_of_retry_topic(topic: &str) -> Option<&str> {
    topic.strip_prefix(RETRY_PREFIX)
}

/// The topics of a group's messages of a topic that were popped and not acknowledged: the one that has `_`
/// between group and topic, then the one that has `+` (Java: `KeyBuilder.buildPopRetryTopicV1`, `V2`).
pub fn pop_retry_topics(topic: &str, group: &str) -> [String; 2] {
    ["_", "+"].map(|between| format!("{RETRY_PREFIX}{group}{between}{topic}"))
}

/// The topic that a popped message had first (Java: `KeyBuilder.parseNormalTopic`).
pub fn popped_topic<'a>(topic: &'a str, group: &str) -> &'a str {
    let rest = topic.strip_prefix(RETRY_PREFIX).and_then(|rest| rest.strip_prefix(group));
    rest.and_then(|rest| rest.strip_prefix(['_', '+'])).unwrap_or(topic)
}

/// The topic of replies to requests.
pub fn reply_topic(cluster: &str) -> String {
    format!("{cluster}_{REPLY_TOPIC_POSTFIX}")
}

/// The topic of acknowledgements in pop mode.
pub fn revive_topic(cluster: &str) -> String {
    format!("{REVIVE_LOG_PREFIX}{cluster}")
}

/// Whether clients are refused to send to it.
pub fn is_send_refused(topic: &str) -> bool {
    NOT_SENDABLE.contains(&topic)
}

/// Whether the group belongs to the system (Java: `MixAll.isSysConsumerGroup`).
pub fn is_system_group(group: &str) -> bool {
    group.starts_with(SYSTEM_GROUP_PREFIX)
}

/// Checks the name of a topic.
///
/// # Errors
/// What is wrong with it, in the words of Apache's broker.
pub fn check_topic(topic: &str) -> Result<(), String> {
    if is_blank(topic) {
        return Err("The specified topic is blank.".to_owned());
    }
    if !topic.bytes().all(is_allowed) {
        return Err(format!(
            "The specified topic: {topic}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
        ));
    }
    if topic.starts_with(RETRY_PREFIX) || topic.starts_with(DLQ_PREFIX) {
        if topic.len() > RETRY_TOPIC_MAX_LENGTH {
            return Err(format!(
                "The specified topic is DLQ or Retry topic: {topic}, and it's longer than topic max length: {RETRY_TOPIC_MAX_LENGTH}"
            ));
        }
    } else if topic.len() > TOPIC_MAX_LENGTH {
        return Err(format!(
            "The specified topic: {topic}, is longer than topic max length: {TOPIC_MAX_LENGTH}"
        ));
    }
    Ok(())
}

/// Checks the name of a group.
///
/// # Errors
/// What is wrong with it, in the words of Apache's broker.
pub fn check_group(group: &str) -> Result<(), String> {
    if is_blank(group) {
        return Err("The specified group is blank.".to_owned());
    }
    if !group.bytes().all(is_allowed) {
        return Err(format!(
            "The specified group: {group}, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
        ));
    }
    if group.len() > GROUP_MAX_LENGTH {
        return Err(format!(
            "The specified group: {group}, is longer than group max length: {GROUP_MAX_LENGTH}"
        ));
    }
    Ok(())
}

/// Whether there is nothing but white space in it, as Java's brokers take blank.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%-_|".contains(&byte)
}

/// The topics that belong to the system on one broker: those of every broker, and those called after it and
/// its cluster.
#[derive(Debug, Clone)]
pub struct SystemTopics(BTreeSet<String>);

impl SystemTopics {
    /// Those of every broker and `own`.
    pub fn with(own: impl IntoIterator<Item = String>) -> Self {
        Self(SYSTEM_TOPICS.iter().map(|name| (*name).to_owned()).chain(own).collect())
    }

    /// Whether the topic is the system's.
    pub fn contains(&self, topic: &str) -> bool {
        self.0.contains(topic) || topic.starts_with(SYSTEM_TOPIC_PREFIX)
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_popped_messages() {
        let retries = pop_retry_topics("T", "g");
        assert_eq!(retries, ["%RETRY%g_T", "%RETRY%g+T"]);
        for topic in ["T", &retries[0], &retries[1]] {
            assert_eq!(popped_topic(topic, "g"), "T");
        }
        assert_eq!(popped_topic("%RETRY%h_T", "g"), "%RETRY%h_T");
    }

    #[test]
    fn topic_names_are_judged_as_apache_does() {
        let long = |n: usize| "x".repeat(n);
        let table = [
            ("TopicTest".to_owned(), None),
            ("a%b|c-d_9".to_owned(), None),
            (long(127), None),
            (format!("%RETRY%{}", long(248)), None),
            (String::new(), Some("The specified topic is blank.")),
            (" \t".to_owned(), Some("The specified topic is blank.")),
            (
                "a b".to_owned(),
                Some(
                    "The specified topic: a b, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$",
                ),
            ),
            (
                "größe".to_owned(),
                Some(
                    "The specified topic: größe, contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$",
                ),
            ),
        ];
        for (name, expected) in table {
            assert_eq!(check_topic(&name).err().as_deref(), expected, "{name}");
        }
        let too_long = check_topic(&long(128)).unwrap_err();
        assert!(too_long.ends_with(", is longer than topic max length: 127"), "{too_long}");
        let too_long = check_topic(&format!("%DLQ%{}", long(251))).unwrap_err();
        assert!(too_long.ends_with(", and it's longer than topic max length: 255"), "{too_long}");
    }

    #[test]
    fn group_names_are_judged_as_apache_does() {
        assert_eq!(check_group("G-1_%|"), Ok(()));
        assert_eq!(check_group(&"g".repeat(120)), Ok(()));
        assert!(check_group(&"g".repeat(121)).unwrap_err().ends_with("is longer than group max length: 120"));
        assert_eq!(check_group("").unwrap_err(), "The specified group is blank.");
        assert!(check_group("a.b").unwrap_err().contains("illegal characters"));
    }

    #[test]
    fn system_topics_are_the_fixed_ones_the_brokers_own_and_the_prefix() {
        let system = SystemTopics::with(["broker-a".to_owned()]);
        for (topic, expected) in [
            ("TBW102", true),
            ("broker-a", true),
            ("rmq_sys_anything", true),
            ("broker-b", false),
            ("%RETRY%g", false),
        ] {
            assert_eq!(system.contains(topic), expected, "{topic}");
        }
        assert!(is_send_refused("SCHEDULE_TOPIC_XXXX") && !is_send_refused("TBW102"));
    }
}
