//! Where a group begins on a queue on which it has no offset yet.

use super::subscription::RETRY_PREFIX;

/// What the application wants (Java: `ConsumeFromWhere`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// The first message that is there.
    First,
    /// The next message that comes.
    Last,
    /// The first message stored at or after a time, in ms since 1970.
    Time(i64),
}

impl StartFrom {
    /// RocketMQ's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "CONSUME_FROM_FIRST_OFFSET",
            Self::Last => "CONSUME_FROM_LAST_OFFSET",
            Self::Time(_) => "CONSUME_FROM_TIMESTAMP",
        }
    }
}

/// Where that is on a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Offset 0; the broker corrects it where messages have been deleted.
    Zero,
    /// The end of the queue.
    End,
    /// The first message stored at or after a time.
    Time(i64),
}

/// The rule for a topic (Java: `RebalancePushImpl.computePullFromWhereWithException`): a retry topic is
/// consumed whole by those who begin at the end, as what waits there was theirs to consume.
pub(super) fn start_rule(from: StartFrom, topic: &str) -> Start {
    let retry = topic.starts_with(RETRY_PREFIX);
    match from {
        StartFrom::First => Start::Zero,
        StartFrom::Last if retry => Start::Zero,
        StartFrom::Last => Start::End,
        StartFrom::Time(_) if retry => Start::End,
        StartFrom::Time(time) => Start::Time(time),
    }
}

/// Whether the broker may answer 0 for a group without an offset. For a retry topic it may, as for Java's
/// clients; elsewhere the rule decides, not what the broker happens to have in memory.
pub(super) fn zero_will_do(topic: &str) -> Option<bool> {
    if topic.starts_with(RETRY_PREFIX) { None } else { Some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_javas() {
        let table = [
            (StartFrom::First, "T", Start::Zero),
            (StartFrom::First, "%RETRY%g", Start::Zero),
            (StartFrom::Last, "T", Start::End),
            (StartFrom::Last, "%RETRY%g", Start::Zero),
            (StartFrom::Time(7), "T", Start::Time(7)),
            (StartFrom::Time(7), "%RETRY%g", Start::End),
        ];
        for (from, topic, expected) in table {
            assert_eq!(start_rule(from, topic), expected, "{from:?} {topic}");
        }
        assert_eq!((zero_will_do("T"), zero_will_do("%RETRY%g")), (Some(false), None));
    }
}
