//! The options of `rmq bench`.
//!
//! Each has a name of ours; letters and long names of Apache's benchmarks are further names of the same option.

use super::payload::Shape;
use super::span::{Apache, Place, Span};
use crate::tools::values::rate;

/// Put a load on the cluster and measure how it bears it
#[derive(Debug, Clone, clap::Args)]
#[command(
    disable_help_subcommand = true,
    long_about = "Put a load on the cluster and measure how it bears it\n\n\
        What is measured is shown at the end, also after Ctrl-C: messages and megabytes (of 1000000 bytes) a second, \
        percentiles of latencies, failures by response code. With --rate requests are sent when they are due, and \
        latencies are counted from then: a broker that falls behind cannot hide it. Without, each of the requests \
        that are under way is followed by another.\n\n\
        The options of Apache's benchmark scripts are understood (-w -s -k -p -l -q -d -e -c -ri and so on). A topic \
        that does not exist is created by brokers that do so.",
    after_long_help = "Examples:\n  rmq bench producer --duration 10s\n  \
        rmq bench producer Load --size 1k --rate 5000 --warm-up 5s --output json\n  \
        rmq bench batch --batch 32 --count 100000\n  rmq bench producer -w 64 -s 1024 -t BenchmarkTest -n 127.0.0.1:9876"
)]
pub struct Args {
    #[command(subcommand)]
    pub kind: Kind,
}

/// What the load is made of.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Kind {
    /// Send messages
    #[command(after_long_help = "Examples:\n  rmq bench producer --concurrency 16 --size 4k\n  \
        rmq bench producer Load --rate 2000 --duration 1m --output csv")]
    Producer(Box<ProducerArgs>),
    /// Send messages, several in each request
    #[command(after_long_help = "Examples:\n  rmq bench batch --batch 32\n  \
        rmq bench batch Load --rate 50000 --duration 1m")]
    Batch(Box<BatchArgs>),
}

/// Options of what sends.
#[derive(Debug, Clone, clap::Args)]
pub struct Pace {
    /// Requests under way at the same time
    #[arg(
        short = 'w',
        long,
        alias = "threadCount",
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub concurrency: u32,
    /// Messages a second, sent when they are due whatever became of those before
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// How often a message that fails is sent again; each failure that is left is counted
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: u32,
}

/// Options of `rmq bench producer`.
#[derive(Debug, Clone, clap::Args)]
pub struct ProducerArgs {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub span: Span,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub shape: Shape,
    /// Deliver later: 1 is 1s, 2 is 5s, 3 is 10s and so on, as the broker is configured
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(i32).range(0..=127))]
    pub delay_level: Option<i32>,
    /// Deliver later, as Apache's -d
    #[arg(short = 'd', long = "delayEnable", value_name = "TRUE", hide = true)]
    pub delay: Option<bool>,
    /// The level for -d, as Apache's -e
    #[arg(
        short = 'e',
        long = "delayLevel",
        value_name = "LEVEL",
        value_parser = clap::value_parser!(i32).range(1..=127),
        hide = true
    )]
    pub apache_level: Option<i32>,
    /// Apache's -y: here requests always are under way side by side
    #[arg(short = 'y', long = "asyncEnable", value_name = "TRUE", hide = true)]
    pub asynchronous: Option<bool>,
    /// The group of the producer
    #[arg(long, value_name = "GROUP", default_value = "benchmark_producer")]
    pub group: String,
    #[command(flatten)]
    pub apache: Apache,
}

impl ProducerArgs {
    /// The delay level; 0 is none.
    pub fn level(&self) -> i32 {
        delay_level(self.delay_level, self.delay == Some(true), self.apache_level)
    }
}

/// Ours, or that of Apache's -e where -d asks for it; its default is 1.
fn delay_level(ours: Option<i32>, delay: bool, apache: Option<i32>) -> i32 {
    match (ours, delay) {
        (Some(level), _) => level,
        (None, true) => apache.unwrap_or(1),
        (None, false) => 0,
    }
}

/// Options of `rmq bench batch`.
#[derive(Debug, Clone, clap::Args)]
pub struct BatchArgs {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub span: Span,
    /// Messages in each request
    #[arg(
        short = 'b',
        long,
        alias = "batchSize",
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub batch: u32,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub shape: Shape,
    /// The group of the producer
    #[arg(long, value_name = "GROUP", default_value = "benchmark_batch_producer")]
    pub group: String,
    #[command(flatten)]
    pub apache: Apache,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_ours_or_apaches_where_it_is_switched_on() {
        let table = [
            (None, false, None, 0),
            (None, false, Some(3), 0),
            (None, true, None, 1),
            (None, true, Some(3), 3),
            (Some(2), true, Some(3), 2),
            (Some(0), true, None, 0),
        ];
        for (ours, delay, apache, expected) in table {
            assert_eq!(delay_level(ours, delay, apache), expected, "{ours:?} {delay} {apache:?}");
        }
    }
}
