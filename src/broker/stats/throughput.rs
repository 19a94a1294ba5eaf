//! How fast the store takes and gives, second by second for ten minutes, and how long it takes
//! (Java: `StoreStatsService`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use parking_lot::Mutex;

/// The spans that rates are told of, in seconds.
const SPANS: [usize; 3] = [10, 60, 600];
/// After how many seconds the latencies begin anew.
const LATENCY_SPAN: u64 = 60;
/// The steps of the latencies in the text that operators see.
const STEP_NAMES: [&str; 13] = [
    "[<=0ms]",
    "[0~10ms]",
    "[10~50ms]",
    "[50~100ms]",
    "[100~200ms]",
    "[200~500ms]",
    "[500ms~1s]",
    "[1~2s]",
    "[2~3s]",
    "[3~4s]",
    "[4~5s]",
    "[5~10s]",
    "[10s~]",
];
/// Where a step ends, in ms; the last one does not.
const STEP_ENDS: [i64; 12] = [1, 10, 50, 100, 200, 500, 1_000, 2_000, 3_000, 4_000, 5_000, 10_000];
/// The finer buckets that percentiles are computed of: width in ms, how many.
const BUCKETS: [(i64, usize); 7] = [(1, 20), (2, 15), (5, 10), (10, 10), (50, 6), (100, 5), (1_000, 9)];

/// A total and its value at each of the last 601 seconds.
#[derive(Debug, Default)]
struct Series {
    total: AtomicI64,
    samples: Mutex<VecDeque<(i64, i64)>>,
}

impl Series {
    fn sample(&self, now: i64) {
        let mut samples = self.samples.lock();
        samples.push_back((now, self.total.load(Relaxed)));
        if samples.len() > SPANS[2] + 1 {
            samples.pop_front();
        }
    }

    /// Per second over that many seconds; `None` as long as there are not enough samples.
    fn rate(&self, seconds: usize) -> Option<f64> {
        let samples = self.samples.lock();
        let (end, last) = samples.back()?;
        let (begin, first) = samples.get(samples.len().checked_sub(seconds + 1)?)?;
        let span = end - begin;
        (span > 0).then(|| (last - first) as f64 / span as f64 * 1000.0)
    }

    /// The rates of all spans, blank separated; one that is not known yet is empty.
    fn rates(&self) -> String {
        SPANS.map(|span| self.rate(span).map(java_double).unwrap_or_default()).join(" ")
    }
}

/// Counts of latencies.
#[derive(Debug)]
struct Latencies {
    steps: [AtomicI64; 13],
    buckets: Vec<AtomicI64>,
}

/// What was counted in a span that is over.
#[derive(Debug, Default)]
struct Past {
    steps: Option<[i64; 13]>,
    buckets: Vec<i64>,
}

/// The rates and latencies of the store. Counting takes no lock.
#[derive(Debug)]
pub struct Throughput {
    put: Series,
    found: Series,
    missed: Series,
    transferred: Series,
    put_bytes: AtomicI64,
    put_failed: AtomicI64,
    put_longest: AtomicI64,
    get_longest: AtomicI64,
    latencies: Latencies,
    past: Mutex<Past>,
}

impl Default for Throughput {
    fn default() -> Self {
        let buckets = BUCKETS.iter().map(|(_, count)| count).sum::<usize>() + 1;
        Self {
            put: Series::default(),
            found: Series::default(),
            missed: Series::default(),
            transferred: Series::default(),
            put_bytes: AtomicI64::new(0),
            put_failed: AtomicI64::new(0),
            put_longest: AtomicI64::new(0),
            get_longest: AtomicI64::new(0),
            latencies: Latencies {
                steps: Default::default(),
                buckets: (0..buckets).map(|_| AtomicI64::new(0)).collect(),
            },
            past: Mutex::new(Past::default()),
        }
    }
}

impl Throughput {
    /// Messages went into the store, in that many ms.
    pub fn put(&self, messages: i64, bytes: i64, took: i64) {
        self.put.total.fetch_add(messages, Relaxed);
        self.put_bytes.fetch_add(bytes, Relaxed);
        self.put_longest.fetch_max(took, Relaxed);
        self.latencies.steps[step_of(took)].fetch_add(1, Relaxed);
        self.latencies.buckets[bucket_of(took)].fetch_add(1, Relaxed);
    }

    /// A message was refused by the store.
    pub fn put_failed(&self) {
        self.put_failed.fetch_add(1, Relaxed);
    }

    /// A read gave that many messages, in that many ms; 0 is a miss.
    pub fn got(&self, messages: i64, took: i64) {
        self.get_longest.fetch_max(took, Relaxed);
        if messages > 0 {
            self.found.total.fetch_add(1, Relaxed);
            self.transferred.total.fetch_add(messages, Relaxed);
        } else {
            self.missed.total.fetch_add(1, Relaxed);
        }
    }

    /// To be called every second; `seconds` since the start of counting.
    pub fn sample(&self, now: i64, seconds: u64) {
        for series in [&self.put, &self.found, &self.missed, &self.transferred] {
            series.sample(now);
        }
        if seconds > 0 && seconds.is_multiple_of(LATENCY_SPAN) {
            self.turn_latencies();
        }
    }

    /// Puts the latencies of the span that ends aside, and counts from nothing again.
    fn turn_latencies(&self) {
        let mut past = self.past.lock();
        past.steps = Some(std::array::from_fn(|i| self.latencies.steps[i].swap(0, Relaxed)));
        past.buckets = self.latencies.buckets.iter().map(|bucket| bucket.swap(0, Relaxed)).collect();
    }

    /// Messages put since the start.
    pub fn messages_put(&self) -> i64 {
        self.put.total.load(Relaxed)
    }

    /// How often the store was read with and without a result since the start.
    pub fn reads(&self) -> (i64, i64) {
        (self.found.total.load(Relaxed), self.missed.total.load(Relaxed))
    }

    /// What it came to, as Java's `getRuntimeInfo` names it.
    pub fn entries(&self) -> Vec<(&'static str, String)> {
        // Apache's broker counts one message where there is none, so as not to divide by zero.
        let times = self.messages_put().max(1);
        let bytes = self.put_bytes.load(Relaxed);
        let past = self.past.lock();
        let total_rate =
            |span| java_double(self.found.rate(span).unwrap_or(0.0) + self.missed.rate(span).unwrap_or(0.0));
        vec![
            ("putMessageEntireTimeMax", self.put_longest.load(Relaxed).to_string()),
            ("putMessageTimesTotal", times.to_string()),
            ("putMessageFailedTimes", self.put_failed.load(Relaxed).to_string()),
            ("putMessageSizeTotal", bytes.to_string()),
            ("putMessageDistributeTime", past.steps.as_ref().map_or("null".to_owned(), distribution)),
            ("putMessageAverageSize", java_double(bytes as f64 / times as f64)),
            ("getMessageEntireTimeMax", self.get_longest.load(Relaxed).to_string()),
            ("putTps", self.put.rates()),
            ("getFoundTps", self.found.rates()),
            ("getMissTps", self.missed.rates()),
            ("getTotalTps", SPANS.map(total_rate).join(" ")),
            ("getTransferredTps", self.transferred.rates()),
            ("putLatency99", format!("{:.2}", percentile(&past.buckets, 0.99))),
            ("putLatency999", format!("{:.2}", percentile(&past.buckets, 0.999))),
        ]
    }
}

fn step_of(took: i64) -> usize {
    STEP_ENDS.iter().position(|end| took < *end).unwrap_or(STEP_ENDS.len())
}

fn distribution(steps: &[i64; 13]) -> String {
    STEP_NAMES.iter().zip(steps).map(|(name, count)| format!("{name}:{count} ")).collect()
}

/// Where each bucket ends, in ms; the end belongs to it.
fn bucket_ends() -> impl Iterator<Item = i64> {
    BUCKETS.iter().flat_map(|&(width, count)| std::iter::repeat_n(width, count)).scan(0, |end, width| {
        *end += width;
        Some(*end)
    })
}

fn bucket_of(took: i64) -> usize {
    bucket_ends().take_while(|end| took > *end).count()
}

/// Below which latency that part of all counted ones lies, in ms.
fn percentile(buckets: &[i64], part: f64) -> f64 {
    let total: i64 = buckets.iter().sum();
    let wanted = (total as f64 * part) as i64;
    let mut passed = 0;
    let mut begin = 0;
    for (count, end) in buckets.iter().zip(bucket_ends()) {
        if wanted <= passed + count {
            let within =
                if *count == 0 { 0.0 } else { ((end - begin) * (wanted - passed)) as f64 / *count as f64 };
            return begin as f64 + within;
        }
        passed += count;
        begin = end;
    }
    begin as f64
}

/// A number as Java's `Double.toString` writes it.
pub fn java_double(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e7).contains(&size) && value.is_finite() {
        let text = format!("{value:E}");
        return match text.split_once('E') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
            _ => text,
        };
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn entries(throughput: &Throughput) -> HashMap<&'static str, String> {
        throughput.entries().into_iter().collect()
    }

    #[test]
    fn a_fresh_store_tells_what_a_fresh_apache_tells() {
        let throughput = Throughput::default();
        throughput.sample(1_000, 0);
        let told = entries(&throughput);
        for (name, expected) in [
            ("putTps", "  "),
            ("getTotalTps", "0.0 0.0 0.0"),
            ("putMessageTimesTotal", "1"),
            ("putMessageAverageSize", "0.0"),
            ("putMessageDistributeTime", "null"),
            ("putLatency99", "0.00"),
        ] {
            assert_eq!(told[name], expected, "{name}");
        }
    }

    #[test]
    fn rates_cover_ten_seconds_a_minute_and_ten_minutes() {
        let throughput = Throughput::default();
        for second in 0..=60 {
            throughput.sample(second * 1_000, second as u64);
            throughput.put(if second < 50 { 1 } else { 7 }, 100, 0);
            throughput.got(if second % 2 == 0 { 3 } else { 0 }, 4);
        }
        let told = entries(&throughput);
        assert_eq!(told["putTps"], "7.0 2.0 ");
        assert_eq!(told["getFoundTps"], "0.5 0.5 ");
        assert_eq!(told["getMissTps"], "0.5 0.5 ");
        assert_eq!(told["getTransferredTps"], "1.5 1.5 ");
        assert_eq!(told["getTotalTps"], "1.0 1.0 0.0");
        assert_eq!(told["getMessageEntireTimeMax"], "4");
        assert_eq!(told["putMessageSizeTotal"], "6100");
    }

    #[test]
    fn latencies_are_told_of_the_last_whole_minute() {
        let throughput = Throughput::default();
        for took in [0, 0, 5, 9, 10, 49, 999, 20_000] {
            throughput.put(1, 1, took);
        }
        throughput.sample(60_000, 60);
        throughput.put(1, 1, 0);
        let told = entries(&throughput);
        let expected = "[<=0ms]:2 [0~10ms]:2 [10~50ms]:2 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 \
                        [500ms~1s]:1 [1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:1 ";
        assert_eq!(told["putMessageDistributeTime"], expected);
        assert_eq!(told["putMessageEntireTimeMax"], "20000");
    }

    #[test]
    fn percentiles_lie_within_their_bucket() {
        assert_eq!(percentile(&[], 0.99), 0.0);
        // A hundred of up to 1 ms: the 99th is at 0.99 of it.
        assert_eq!(percentile(&[100], 0.99), 0.99);
        // Half up to 1 ms, half up to 2.
        assert_eq!(percentile(&[50, 50], 0.5), 1.0);
        assert_eq!(percentile(&[50, 50], 0.75), 1.5);
    }

    #[test]
    fn buckets_and_steps() {
        assert_eq!([0, 1, 2, 20, 21, 22, 23].map(bucket_of), [0, 0, 1, 19, 20, 20, 21]);
        assert_eq!(bucket_of(i64::MAX), 75);
        assert_eq!([-1, 0, 1, 9, 10, 9_999, 10_000].map(step_of), [0, 0, 1, 1, 2, 11, 12]);
    }

    #[test]
    fn numbers_are_written_as_java_does() {
        for (value, expected) in [
            (0.0, "0.0"),
            (48.0, "48.0"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (12_345_678.0, "1.2345678E7"),
            (10_000_000.0, "1.0E7"),
            (-2.5, "-2.5"),
            (99.60159362549801, "99.60159362549801"),
        ] {
            assert_eq!(java_double(value), expected);
        }
    }
}
