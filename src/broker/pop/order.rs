//! What is known of an ordered pop of a queue (Java: `ConsumerOrderInfoManager.OrderInfo`). Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The messages of the last ordered pop of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ordered {
    /// The attempt that popped them.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<String>,
    /// Which are acknowledged, a bit each.
    #[serde(rename = "cm")]
    pub(super) acknowledged: i64,
    /// For how long the queue gives nothing else, in ms.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none")]
    pub(super) invisible_time: Option<i64>,
    /// When it was popped, in ms since 1970.
    #[serde(rename = "l")]
    pub(super) last: i64,
    /// The first message's offset, then how far each of the others is from it.
    #[serde(rename = "o")]
    pub(super) offsets: Vec<i64>,
    /// How often messages were popped before, by offset; without those that were not.
    #[serde(rename = "oc", skip_serializing_if = "Option::is_none")]
    pub(super) counts: Option<BTreeMap<i64, i32>>,
    /// Until when single messages block the queue, by offset, in ms since 1970.
    #[serde(rename = "ot", skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<BTreeMap<i64, i64>>,
    /// When it was popped, in ms since 1970.
    #[serde(rename = "popTime")]
    pub(super) pop_time: i64,
}

/// What an acknowledgement leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acked {
    /// Everything before this offset is consumed.
    Commit(i64),
    /// It is of an earlier pop.
    Outdated,
    /// It is none of the messages.
    Unknown,
}

impl Ordered {
    /// A pop of `offsets`, after `before`.
    pub(super) fn new(
        attempt: Option<&str>,
        pop_time: i64,
        invisible_time: i64,
        offsets: &[i64],
        before: Option<&Self>,
    ) -> Self {
        let first = offsets.first().copied().unwrap_or(0);
        let from_first = |(index, offset): (usize, &i64)| if index == 0 { first } else { offset - first };
        let mut ordered = Self {
            attempt: attempt.map(str::to_owned),
            invisible_time: Some(invisible_time),
            last: pop_time,
            offsets: offsets.iter().enumerate().map(from_first).collect(),
            pop_time,
            ..Self::default()
        };
        ordered.counts = before.map(|before| ordered.counted(before));
        ordered
    }

    /// How often its messages were popped, after another pop: the same attempt does not count again.
    fn counted(&self, before: &Self) -> BTreeMap<i64, i32> {
        let counts = before.counts.clone().unwrap_or_default();
        if before.attempt.is_some() && before.attempt == self.attempt {
            return counts;
        }
        let earlier = before.all();
        let again = self.all().into_iter().filter(|offset| earlier.contains(offset));
        again.map(|offset| (offset, counts.get(&offset).map_or(1, |count| count + 1))).collect()
    }

    /// The offsets of the messages.
    pub(super) fn all(&self) -> Vec<i64> {
        let first = self.offsets.first().copied().unwrap_or(0);
        let offset = |(index, from_first): (usize, &i64)| if index == 0 { first } else { first + from_first };
        self.offsets.iter().enumerate().map(offset).collect()
    }

    fn is_acknowledged(&self, index: usize) -> bool {
        u32::try_from(index).is_ok_and(|index| index < 64 && self.acknowledged & (1i64 << index) != 0)
    }

    /// Until when the queue gives nothing else, in ms since 1970; `None` if it gives something at `now`.
    pub(super) fn blocked_until(&self, invisible_time: i64, now: i64) -> Option<i64> {
        let lasts = self.invisible_time.filter(|time| *time > 0).unwrap_or(invisible_time);
        let until = |offset: i64| {
            let own = self.until.as_ref().and_then(|until| until.get(&offset)).copied();
            own.unwrap_or(self.pop_time.saturating_add(lasts))
        };
        let open = self.all().into_iter().enumerate().filter(|(index, _)| !self.is_acknowledged(*index));
        open.map(|(_, offset)| until(offset)).filter(|until| now < *until).max()
    }

    /// Whether the queue gives nothing to an attempt: the one that popped last gets the same again.
    pub(super) fn blocks(&self, attempt: Option<&str>, invisible_time: i64, now: i64) -> bool {
        let is_same = self.attempt.is_some() && self.attempt.as_deref() == attempt;
        !is_same && self.blocked_until(invisible_time, now).is_some()
    }

    /// A message is acknowledged.
    pub(super) fn acknowledge(&mut self, offset: i64, pop_time: i64) -> Acked {
        let all = self.all();
        if all.is_empty() {
            return Acked::Unknown;
        }
        if pop_time != self.pop_time {
            return Acked::Outdated;
        }
        let Some(index) = all.iter().position(|one| *one == offset).filter(|index| *index < 64) else {
            return Acked::Unknown;
        };
        self.acknowledged |= 1i64 << index;
        let open = all.iter().enumerate().find(|(index, _)| !self.is_acknowledged(*index));
        Acked::Commit(open.map_or_else(|| all.last().map_or(0, |last| last + 1), |(_, offset)| *offset))
    }

    /// Lets a message of this pop block the queue until a time, in ms since 1970; false if it is another pop.
    pub(super) fn block_until(&mut self, offset: i64, pop_time: i64, until: i64) -> bool {
        if pop_time != self.pop_time {
            return false;
        }
        self.until.get_or_insert_default().insert(offset, until);
        true
    }

    /// What clients are told of it: how often messages were popped before, each and the least of all, as
    /// `RETRY qoQUEUE%OFFSET COUNT` and `RETRY QUEUE COUNT`.
    pub(super) fn count_info(&self, topic_code: &str, queue: i32) -> Vec<String> {
        let counts = self.counts.clone().unwrap_or_default();
        let mut info: Vec<_> =
            counts.iter().map(|(offset, count)| format!("{topic_code} qo{queue}%{offset} {count}")).collect();
        let is_whole = counts.len() == self.offsets.len();
        let least = counts.values().min().copied().filter(|_| is_whole).unwrap_or(0);
        info.push(format!("{topic_code} {queue} {least}"));
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    fn popped(before: Option<&Ordered>) -> Ordered {
        Ordered::new(Some("a"), 1_000, 500, &[10, 12, 13], before)
    }

    #[test]
    fn a_queue_is_blocked_until_everything_is_acknowledged_or_its_time_is_over() {
        let mut pop = popped(None);
        assert_eq!(pop.all(), [10, 12, 13]);
        assert!(pop.blocks(Some("b"), 0, 1_499) && pop.blocks(None, 0, 1_499));
        assert!(!pop.blocks(Some("a"), 0, 1_499) && !pop.blocks(Some("b"), 0, 1_500));
        assert_eq!(pop.acknowledge(12, 1_000), Acked::Commit(10));
        assert_eq!(pop.acknowledge(11, 1_000), Acked::Unknown);
        assert_eq!(pop.acknowledge(10, 999), Acked::Outdated);
        assert_eq!(pop.acknowledge(10, 1_000), Acked::Commit(13));
        assert!(!pop.block_until(13, 999, 9_000) && pop.block_until(13, 1_000, 9_000));
        assert_eq!(pop.blocked_until(0, 1_600), Some(9_000));
        assert_eq!(pop.acknowledge(13, 1_000), Acked::Commit(14));
        assert_eq!(pop.blocked_until(0, 1_001), None);
        assert_eq!(Ordered::default().acknowledge(1, 0), Acked::Unknown);
    }

    #[test]
    fn pops_are_counted() {
        let first = popped(None);
        assert_eq!(first.count_info("0", 3), ["0 3 0"]);
        let second = Ordered::new(Some("b"), 2_000, 500, &[12, 13], Some(&first));
        assert_eq!(second.count_info("0", 3), ["0 qo3%12 1", "0 qo3%13 1", "0 3 1"]);
        let third = Ordered::new(None, 3_000, 500, &[13, 14], Some(&second));
        assert_eq!(third.count_info("0", 3), ["0 qo3%13 2", "0 3 0"]);
        let same = Ordered::new(Some("b"), 3_000, 500, &[12, 13], Some(&second));
        assert_eq!(same.counts, second.counts);
    }

    #[test]
    fn it_is_written_as_apache_does() {
        let text = r#"{"a":"a","cm":0,"i":500,"l":1000,"o":[10,2,3],"popTime":1000}"#;
        assert_eq!(String::from_utf8(fastjson::to_vec(&popped(None)).unwrap()).unwrap(), text);
        let loose = r#"{"a":"a","cm":2,"i":500,"l":1000,"o":[10],"oc":{10:1},"ot":{10:1500},"popTime":1000}"#;
        let read: Ordered = fastjson::from_slice(loose.as_bytes()).unwrap();
        assert_eq!((read.counts.unwrap()[&10], read.until.unwrap()[&10]), (1, 1_500));
    }
}
