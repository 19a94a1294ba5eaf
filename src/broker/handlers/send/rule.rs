//! What a send must look like, and what is stored of it. Pure.

use crate::protocol::message::{iter_properties, property};
use crate::protocol::route::{PERM_INHERIT, PERM_READ, PERM_WRITE};
use crate::protocol::topic::TopicConfig;

/// What the broker adds to the properties of each message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Additions<'a> {
    pub(super) region: &'a str,
    pub(super) trace_on: &'a str,
    pub(super) cluster: &'a str,
}

/// Properties as they are stored, and what the broker looks at in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prepared {
    pub(super) raw: String,
    pub(super) delay_level: i32,
    pub(super) is_half: bool,
    pub(super) waits_for_disk: bool,
    pub(super) is_timed: bool,
    pub(super) inner_num: bool,
    unique_key: Option<(usize, usize)>,
}

impl Prepared {
    /// The client's id of the message.
    pub(super) fn unique_key(&self) -> Option<&str> {
        self.unique_key.and_then(|(start, end)| self.raw.get(start..end))
    }

    /// Sets a property, at the end.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let unique = self.unique_key().map(str::to_owned);
        self.raw = replace(&self.raw, &[(name, Some(value))]);
        let start = unique.as_deref().and_then(|key| {
            Some((self.raw.find(&format!("{}\u{1}{key}\u{2}", property::UNIQ_KEY))?, key.len()))
        });
        self.unique_key = start
            .map(|(at, len)| (at + property::UNIQ_KEY.len() + 1, at + property::UNIQ_KEY.len() + 1 + len));
    }

    /// Adds a property. Its name must not be there yet.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        push(&mut self.raw, name, value);
        if name == property::UNIQ_KEY {
            let end = self.raw.len() - 1;
            self.unique_key = Some((end - value.len(), end));
        }
    }
}

/// Appends one property to a properties string.
pub(in crate::broker) fn push(raw: &mut String, name: &str, value: &str) {
    for part in [name, "\u{1}", value, "\u{2}"] {
        raw.push_str(part);
    }
}

/// Properties that only the broker may set: those of the client are dropped.
const OWN: [&str; 4] = [property::POP_CK, property::MSG_REGION, property::TRACE_SWITCH, property::CLUSTER];
/// Properties of messages that have a delivery time of their own.
const TIMED: [&str; 3] = [property::TIMER_DELIVER_MS, property::TIMER_DELAY_SEC, property::TIMER_DELAY_MS];

/// Reads the properties that a client sent and adds the broker's.
pub(super) fn prepare(client: &str, add: &Additions<'_>) -> Prepared {
    let room = client.len() + add.region.len() + add.trace_on.len() + add.cluster.len() + 128;
    let mut prepared =
        Prepared { raw: String::with_capacity(room), waits_for_disk: true, ..Prepared::default() };
    for (name, value) in iter_properties(client).filter(|(name, _)| !OWN.contains(name)) {
        prepared.push(name, value);
        match name {
            property::DELAY_TIME_LEVEL => prepared.delay_level = value.parse().unwrap_or(0),
            property::TRANSACTION_PREPARED => prepared.is_half = value.eq_ignore_ascii_case("true"),
            property::WAIT_STORE_MSG_OK => prepared.waits_for_disk = value.eq_ignore_ascii_case("true"),
            property::INNER_NUM => prepared.inner_num = true,
            name if TIMED.contains(&name) => prepared.is_timed = true,
            _ => {}
        }
    }
    prepared.push(property::MSG_REGION, add.region);
    prepared.push(property::TRACE_SWITCH, add.trace_on);
    prepared.push(property::CLUSTER, add.cluster);
    prepared
}

/// Replaces the values of some properties and drops others (`None`), at the end of the string.
pub(in crate::broker) fn replace(raw: &str, changes: &[(&str, Option<&str>)]) -> String {
    let mut out = String::with_capacity(raw.len() + 64);
    for (name, value) in iter_properties(raw) {
        if !changes.iter().any(|(changed, _)| *changed == name) {
            push(&mut out, name, value);
        }
    }
    for (name, value) in changes {
        if let Some(value) = value {
            push(&mut out, name, value);
        }
    }
    out
}

/// The queue of the schedule topic and the level of a delay: the highest level is the most there is.
pub(super) fn delay_queue(level: i32, max_level: i32) -> Option<(i32, i32)> {
    let level = level.min(max_level);
    (level > 0).then(|| (level - 1, level))
}

/// A message that was sent to a retry topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    /// How often it was consumed, as its header says.
    pub(super) times: i32,
    /// After how often it is given up, as its header says.
    pub(super) header_max: Option<i32>,
    /// The same, as its group says.
    pub(super) group_max: i32,
    /// Whether the client is new enough for the header's number to count (3.4.9).
    pub(super) header_counts: bool,
    /// Whether the group has locked queues: it consumes in order and sends only what it gives up.
    pub(super) is_ordered: bool,
}

/// Whether such a message goes to the dead-letter topic.
pub(super) fn gives_up(retry: &Retry) -> bool {
    let max = retry.header_max.filter(|_| retry.header_counts).unwrap_or(retry.group_max);
    retry.times > max || retry.is_ordered
}

/// A topic as Java prints it in remarks (`TopicConfig.toString`).
pub(super) fn describe(topic: &TopicConfig) -> String {
    let bit = |bit, letter| if topic.perm & bit == bit { letter } else { '-' };
    let perm: String =
        [bit(PERM_READ, 'R'), bit(PERM_WRITE, 'W'), bit(PERM_INHERIT, 'X')].into_iter().collect();
    let attributes: Vec<_> = topic.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!(
        "TopicConfig [topicName={}, readQueueNums={}, writeQueueNums={}, perm={perm}, topicFilterType={}, \
         topicSysFlag={}, order={}, attributes={{{}}}]",
        topic.topic_name,
        topic.read_queue_nums,
        topic.write_queue_nums,
        topic.topic_filter_type,
        topic.topic_sys_flag,
        topic.order,
        attributes.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADD: Additions<'_> = Additions { region: "R", trace_on: "true", cluster: "C" };

    fn raw(pairs: &[(&str, &str)]) -> String {
        let mut raw = String::new();
        pairs.iter().for_each(|(name, value)| push(&mut raw, name, value));
        raw
    }

    #[test]
    fn properties_are_kept_and_the_brokers_replaced() {
        let client =
            raw(&[("KEYS", "k"), ("POP_CK", "x"), ("CLUSTER", "other"), ("UNIQ_KEY", "AB"), ("TAGS", "t")]);
        let prepared = prepare(&client, &ADD);
        let expected = raw(&[
            ("KEYS", "k"),
            ("UNIQ_KEY", "AB"),
            ("TAGS", "t"),
            ("MSG_REGION", "R"),
            ("TRACE_ON", "true"),
            ("CLUSTER", "C"),
        ]);
        assert_eq!(prepared.raw, expected);
        assert_eq!(prepared.unique_key(), Some("AB"));
        assert!(prepared.waits_for_disk && !prepared.is_half && !prepared.is_timed);
    }

    #[test]
    fn what_the_broker_looks_at() {
        let table = [
            (("DELAY", "3"), Prepared { delay_level: 3, waits_for_disk: true, ..Prepared::default() }),
            (("DELAY", "x"), Prepared { waits_for_disk: true, ..Prepared::default() }),
            (("TRAN_MSG", "TRUE"), Prepared { is_half: true, waits_for_disk: true, ..Prepared::default() }),
            (("WAIT", "false"), Prepared::default()),
            (
                ("TIMER_DELAY_SEC", "1"),
                Prepared { is_timed: true, waits_for_disk: true, ..Prepared::default() },
            ),
        ];
        for (pair, expected) in table {
            let got = prepare(&raw(&[pair]), &ADD);
            assert_eq!(Prepared { raw: String::new(), ..got }, expected, "{pair:?}");
        }
        let mut prepared = prepare("", &ADD);
        assert_eq!(prepared.unique_key(), None);
        prepared.push("UNIQ_KEY", "Z");
        assert_eq!(prepared.unique_key(), Some("Z"));
        prepared.set("MSG_REGION", "elsewhere");
        assert_eq!(prepared.unique_key(), Some("Z"));
        assert_eq!(crate::protocol::message::find_property(&prepared.raw, "MSG_REGION"), Some("elsewhere"));
    }

    #[test]
    fn properties_are_replaced_and_dropped() {
        let old = raw(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(replace(&old, &[("b", None), ("a", Some("9"))]), raw(&[("c", "3"), ("a", "9")]));
    }

    #[test]
    fn delays_go_to_the_queue_of_their_level() {
        let table = [(0, None), (-1, None), (1, Some((0, 1))), (18, Some((17, 18))), (99, Some((17, 18)))];
        for (level, expected) in table {
            assert_eq!(delay_queue(level, 18), expected, "{level}");
        }
    }

    #[test]
    fn when_a_retry_is_given_up() {
        let retry =
            Retry { times: 16, header_max: None, group_max: 16, header_counts: true, is_ordered: false };
        let table = [
            (retry, false),
            (Retry { times: 17, ..retry }, true),
            (Retry { times: 3, header_max: Some(2), ..retry }, true),
            (Retry { times: 3, header_max: Some(2), header_counts: false, ..retry }, false),
            (Retry { times: 0, is_ordered: true, ..retry }, true),
        ];
        for (retry, expected) in table {
            assert_eq!(gives_up(&retry), expected, "{retry:?}");
        }
    }

    #[test]
    fn topics_are_printed_as_java_does() {
        let topic = TopicConfig { perm: 6, ..TopicConfig::new("T", 4) };
        assert_eq!(
            describe(&topic),
            "TopicConfig [topicName=T, readQueueNums=4, writeQueueNums=4, perm=RW-, topicFilterType=SINGLE_TAG, \
             topicSysFlag=0, order=false, attributes={}]"
        );
    }
}
