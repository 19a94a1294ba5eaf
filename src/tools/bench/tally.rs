//! Counting: nothing is kept of a message but a place in a histogram.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;

use super::fault::Fault;
use crate::tools::rows::Latency;

/// So many tasks count without waiting for each other; a histogram takes a quarter of a megabyte.
const SHARDS: usize = 8;

/// What has been counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that went well.
    pub requests: u64,
    /// Messages in them.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    /// Messages in requests that did not go well.
    pub failed: u64,
    /// Of the requests that went well.
    pub latency: Latency,
    /// How many messages were concerned by each, also those that are stored less safely than asked for.
    pub faults: BTreeMap<Fault, u64>,
}

/// The numbers among what has been counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub messages: u64,
    pub bytes: u64,
    pub failed: u64,
    /// The messages of [`Totals::failed`] for which there was an answer.
    pub refused: u64,
    pub requests: u64,
    /// Requests that did not go well.
    pub faulty: u64,
    /// The sum of all latencies, in microseconds.
    pub micros: u64,
    /// The longest, in microseconds.
    pub max: u64,
}

#[derive(Debug, Default)]
struct Shard {
    counts: Counts,
    micros: u64,
    max: u64,
    refused: u64,
    faulty: u64,
}

/// Counts of many tasks.
#[derive(Debug)]
pub struct Tally {
    shards: Box<[Mutex<Shard>]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Tally {
    /// A request of so many messages went well. `task` is any number of who counts.
    pub fn done(&self, task: usize, messages: u64, bytes: u64, took: Duration) {
        let mut shard = self.shard(task);
        shard.counts.requests += 1;
        shard.counts.messages += messages;
        shard.counts.bytes += bytes;
        shard.counts.latency.record(took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        shard.micros = shard.micros.saturating_add(micros);
        shard.max = shard.max.max(micros);
    }

    /// A request of so many messages failed.
    pub fn failed(&self, task: usize, messages: u64, fault: Fault) {
        let mut shard = self.shard(task);
        shard.counts.failed += messages;
        shard.faulty += 1;
        if fault.code().is_some() {
            shard.refused += messages;
        }
        *shard.counts.faults.entry(fault).or_default() += messages;
    }

    /// Messages are stored, but not as safely as asked for.
    pub fn flawed(&self, task: usize, messages: u64, fault: Fault) {
        *self.shard(task).counts.faults.entry(fault).or_default() += messages;
    }

    /// The numbers until now.
    pub fn totals(&self) -> Totals {
        self.shards.iter().fold(Totals::default(), |totals, shard| {
            let shard = shard.lock();
            let counts = &shard.counts;
            Totals {
                messages: totals.messages + counts.messages,
                bytes: totals.bytes + counts.bytes,
                failed: totals.failed + counts.failed,
                refused: totals.refused + shard.refused,
                requests: totals.requests + counts.requests,
                faulty: totals.faulty + shard.faulty,
                micros: totals.micros.saturating_add(shard.micros),
                max: totals.max.max(shard.max),
            }
        })
    }

    /// All until now, in one.
    pub fn counts(&self) -> Counts {
        self.shards.iter().fold(Counts::default(), |mut all, shard| {
            let shard = shard.lock();
            let counts = &shard.counts;
            all.requests += counts.requests;
            all.messages += counts.messages;
            all.bytes += counts.bytes;
            all.failed += counts.failed;
            all.latency.add(&counts.latency);
            for (fault, count) in &counts.faults {
                *all.faults.entry(*fault).or_default() += count;
            }
            all
        })
    }

    fn shard(&self, task: usize) -> parking_lot::MutexGuard<'_, Shard> {
        self.shards[task % self.shards.len()].lock()
    }
}

impl Totals {
    /// What came since `before`; the longest latency is that of all.
    pub fn since(self, before: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(before.messages),
            bytes: self.bytes.saturating_sub(before.bytes),
            failed: self.failed.saturating_sub(before.failed),
            refused: self.refused.saturating_sub(before.refused),
            requests: self.requests.saturating_sub(before.requests),
            faulty: self.faulty.saturating_sub(before.faulty),
            micros: self.micros.saturating_sub(before.micros),
            max: self.max,
        }
    }

    /// The sum of two.
    pub fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
            failed: self.failed + other.failed,
            refused: self.refused + other.refused,
            requests: self.requests + other.requests,
            faulty: self.faulty + other.faulty,
            micros: self.micros.saturating_add(other.micros),
            max: self.max.max(other.max),
        }
    }

    /// The mean latency in milliseconds.
    pub fn mean_millis(self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.micros as f64 / self.requests as f64 / 1000.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tasks_count_is_added_up() {
        let tally = Tally::default();
        for task in 0..100 {
            tally.done(task, 2, 20, Duration::from_micros(100));
        }
        tally.done(3, 1, 5, Duration::from_micros(900));
        tally.failed(1, 2, Fault::Code(2));
        tally.failed(9, 1, Fault::Code(2));
        tally.failed(9, 1, Fault::Local("TIMEOUT"));
        tally.flawed(0, 4, Fault::Code(11));
        let totals = tally.totals();
        let expected = Totals {
            messages: 201,
            bytes: 2005,
            failed: 4,
            refused: 3,
            requests: 101,
            faulty: 3,
            micros: 10_900,
            max: 900,
        };
        assert_eq!(totals, expected);
        let counts = tally.counts();
        assert_eq!((counts.messages, counts.bytes, counts.failed), (201, 2005, 4));
        let faults: Vec<_> = counts.faults.into_iter().collect();
        assert_eq!(faults, [(Fault::Code(2), 3), (Fault::Code(11), 4), (Fault::Local("TIMEOUT"), 1)]);
        assert_eq!(counts.latency.summary().max, 900);
        let later = Totals { messages: 211, ..totals };
        assert_eq!(later.since(totals), Totals { messages: 10, max: 900, ..Totals::default() });
        assert_eq!(Totals::default().mean_millis(), 0.0);
        assert_eq!(totals.plus(totals).requests, 202);
    }
}
