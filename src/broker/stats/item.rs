//! One counted thing, and what it came to over the last minute, hour and day (Java: `StatsItem`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::protocol::broker::{StatsData, StatsItem};

/// What was counted up to a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    at: i64,
    times: i64,
    value: i64,
}

/// A span of time as a row of samples.
#[derive(Debug)]
struct Window {
    samples: VecDeque<Sample>,
    /// How many samples make the span.
    most: usize,
    /// What lies between two of them, in ms.
    step: i64,
}

impl Window {
    const fn new(most: usize, step: i64) -> Self {
        Self { samples: VecDeque::new(), most, step }
    }

    /// Takes a sample. Before the first one of a thing there was nothing of it.
    fn sample(&mut self, now: Sample) {
        if self.samples.is_empty() {
            self.samples.push_back(Sample { at: now.at - self.step, times: 0, value: 0 });
        }
        self.samples.push_back(now);
        if self.samples.len() > self.most {
            self.samples.pop_front();
        }
    }

    /// What lies between the first sample and the last.
    fn sum_up(&self) -> StatsItem {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return StatsItem::default();
        };
        let sum = last.value - first.value;
        let times = last.times - first.times;
        let span = last.at - first.at;
        StatsItem {
            sum,
            tps: if span > 0 { sum as f64 * 1000.0 / span as f64 } else { 0.0 },
            avgpt: if times > 0 { sum as f64 / times as f64 } else { 0.0 },
        }
    }
}

#[derive(Debug)]
struct Windows {
    minute: Window,
    hour: Window,
    day: Window,
}

/// Which windows are due for a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// Every 10 s.
    pub minute: bool,
    /// Every 10 minutes.
    pub hour: bool,
    /// Every hour.
    pub day: bool,
}

impl Due {
    /// Which windows are due this many seconds after the start of counting.
    pub fn after(seconds: u64) -> Self {
        Self {
            minute: seconds.is_multiple_of(10),
            hour: seconds.is_multiple_of(600),
            day: seconds.is_multiple_of(3_600),
        }
    }
}

/// A counted thing. Counting takes no lock.
#[derive(Debug)]
pub struct Item {
    value: AtomicI64,
    times: AtomicI64,
    windows: Mutex<Windows>,
}

impl Default for Item {
    fn default() -> Self {
        Self {
            value: AtomicI64::new(0),
            times: AtomicI64::new(0),
            windows: Mutex::new(Windows {
                minute: Window::new(7, 10_000),
                hour: Window::new(7, 600_000),
                day: Window::new(25, 3_600_000),
            }),
        }
    }
}

impl Item {
    /// Counts: `value` more, in `times` goes.
    pub fn add(&self, value: i64, times: i64) {
        self.value.fetch_add(value, Relaxed);
        self.times.fetch_add(times, Relaxed);
    }

    /// The total since the start.
    pub fn total(&self) -> i64 {
        self.value.load(Relaxed)
    }

    /// Whether anything was counted, so that an operator can be told of it.
    pub fn is_known(&self) -> bool {
        self.times.load(Relaxed) != 0 || self.total() != 0
    }

    /// Takes the samples that are due. Nothing is sampled before anything is counted.
    pub fn sample(&self, now: i64, due: Due) {
        if !self.is_known() {
            return;
        }
        let sample = Sample { at: now, times: self.times.load(Relaxed), value: self.total() };
        let mut windows = self.windows.lock();
        for (due, window) in [due.minute, due.hour, due.day].into_iter().zip(windows.each()) {
            if due {
                window.sample(sample);
            }
        }
    }

    /// Per second, over the last minute.
    pub fn tps(&self) -> f64 {
        self.windows.lock().minute.sum_up().tps
    }

    /// The last minute, hour and day.
    pub fn sum_up(&self) -> StatsData {
        let windows = self.windows.lock();
        StatsData {
            stats_minute: windows.minute.sum_up(),
            stats_hour: windows.hour.sum_up(),
            stats_day: windows.day.sum_up(),
        }
    }
}

impl Windows {
    fn each(&mut self) -> [&mut Window; 3] {
        [&mut self.minute, &mut self.hour, &mut self.day]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_spans_its_samples() {
        let mut window = Window::new(3, 10);
        assert_eq!(window.sum_up(), StatsItem::default());
        window.sample(Sample { at: 1_000, times: 2, value: 10 });
        // From 10 ms before the first sample on.
        assert_eq!(window.sum_up(), StatsItem { sum: 10, tps: 1000.0, avgpt: 5.0 });
        window.sample(Sample { at: 1_010, times: 2, value: 10 });
        window.sample(Sample { at: 1_030, times: 4, value: 40 });
        // The oldest has gone: from 1000 to 1030.
        assert_eq!(window.sum_up(), StatsItem { sum: 30, tps: 1000.0, avgpt: 15.0 });
        window.sample(Sample { at: 1_040, times: 4, value: 40 });
        window.sample(Sample { at: 1_050, times: 4, value: 40 });
        assert_eq!(window.sum_up(), StatsItem::default());
    }

    #[test]
    fn the_windows_of_an_item_are_sampled_at_their_own_pace() {
        let item = Item::default();
        item.sample(0, Due::after(0));
        assert!(!item.is_known());
        item.add(600, 2);
        for second in 1..=60 {
            item.sample(second * 1_000, Due::after(second as u64));
        }
        let data = item.sum_up();
        assert_eq!(data.stats_minute, StatsItem { sum: 600, tps: 10.0, avgpt: 300.0 });
        assert_eq!(data.stats_hour, StatsItem::default());
        item.sample(600_000, Due::after(600));
        assert_eq!(item.sum_up().stats_hour, StatsItem { sum: 600, tps: 1.0, avgpt: 300.0 });
        assert_eq!(item.tps(), item.sum_up().stats_minute.tps);
    }

    #[test]
    fn due_times() {
        let due = |minute, hour, day| Due { minute, hour, day };
        for (seconds, expected) in [
            (0, due(true, true, true)),
            (1, due(false, false, false)),
            (10, due(true, false, false)),
            (600, due(true, true, false)),
            (3_600, due(true, true, true)),
        ] {
            assert_eq!(Due::after(seconds), expected, "{seconds}");
        }
    }
}
