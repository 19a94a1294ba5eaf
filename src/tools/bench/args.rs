//! The options of `rmq bench`.
//!
//! Each has a name of ours; letters and long names of Apache's benchmarks are further names of the same option.

use std::path::PathBuf;
use std::time::Duration;

use super::payload::Shape;
use super::share::share;
use super::span::{Apache, Place, Span};
use super::span::{millis_or_duration, positive};
use super::stamp::STAMP;
use crate::runtime::time;
use crate::tools::consume::From;
use crate::tools::values::{rate, size, topic};

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
        rmq bench batch --batch 32 --count 100000\n  rmq bench latency --rate 100\n  \
        rmq bench producer -w 64 -s 1024 -t BenchmarkTest -n 127.0.0.1:9876"
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
    /// Consume as a member of a group
    ///
    /// Latencies are from when a message was made and from when it was stored until it is here, by the clocks of the
    /// machines that say so. What comes is consumed: the offsets of the group are committed.
    #[command(after_long_help = "Examples:\n  rmq bench consumer --duration 1m\n  \
        rmq bench consumer Load --group drain --count 1000000 --until-idle 5s --output json")]
    Consumer(Box<ConsumerArgs>),
    /// Send messages and consume them: how long they take from end to end
    ///
    /// Latencies are from when a message was due to be sent until it is back. What does not come back, or comes twice,
    /// is counted. Two that run at the same time need groups of their own.
    #[command(after_long_help = "Examples:\n  rmq bench latency --rate 100\n  \
        rmq bench latency Load --rate 5000 --size 1k --duration 5m --warm-up 10s")]
    Latency(Box<LatencyArgs>),
    /// Send messages in transactions, and end these
    ///
    /// Latencies are those of half messages until the broker has been told what becomes of them. About those of which
    /// it is not told it asks after some seconds, and is answered as long as this runs.
    #[command(after_long_help = "Examples:\n  rmq bench transaction --rollback 10%\n  \
        rmq bench transaction Load --unknown 5% --check-rollback 50% --answer-for 1m --output json")]
    Transaction(Box<TransactionArgs>),
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

/// Options of `rmq bench consumer`.
#[derive(Debug, Clone, clap::Args)]
pub struct ConsumerArgs {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub span: Span,
    /// The group
    #[arg(short = 'g', long, value_name = "GROUP", value_parser = topic, default_value = "benchmark_consumer")]
    pub group: String,
    /// Add a number to the name of the group, as Apache's -p
    #[arg(short = 'p', long = "groupSuffix", value_name = "TRUE", hide = true)]
    pub suffix: Option<bool>,
    /// Where the group begins on queues it has not consumed yet: first, last, a time or how long ago
    #[arg(long, value_name = "WHERE", default_value = "first")]
    pub from: From,
    /// End when nothing came for so long
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub until_idle: Option<Duration>,
    /// Only messages with these tags, as 'TagA || TagB'
    #[arg(long, value_name = "TAGS", default_value = "*")]
    pub tag: String,
    /// Only messages for which this SQL92 expression over properties is true
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "tag")]
    pub sql: Option<String>,
    /// What -e is of: TAG or SQL92
    #[arg(
        short = 'f',
        long = "filterType",
        value_name = "KIND",
        hide = true,
        value_parser = ["TAG", "SQL92"],
        conflicts_with_all = ["tag", "sql"]
    )]
    pub filter_type: Option<String>,
    /// A file with an expression, as Apache's -e
    #[arg(short = 'e', long = "expression", value_name = "FILE", hide = true)]
    pub expression: Option<PathBuf>,
    /// A share of messages to be sent back, as 0.01 or 1%: they come again later
    #[arg(short = 'r', long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub fail: f64,
    /// Apache's -w: here what comes is counted as it comes
    #[arg(short = 'w', long = "threadCount", value_name = "N", hide = true)]
    pub threads: Option<u32>,
    #[command(flatten)]
    pub apache: Apache,
}

/// Options of `rmq bench latency`.
#[derive(Debug, Clone, clap::Args)]
pub struct LatencyArgs {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub span: Span,
    /// Messages a second, sent when they are due whatever became of those before
    #[arg(long, value_name = "N", default_value = "1000", value_parser = rate)]
    pub rate: f64,
    /// Requests under way at the same time
    #[arg(
        short = 'w',
        long,
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub concurrency: u32,
    /// Bodies of so many bytes, at least 24
    #[arg(short = 's', long, value_name = "BYTES", default_value = "128", value_parser = stamped_size)]
    pub size: usize,
    /// The tag
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// How long to wait at the end for what has not come
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time::parse_duration)]
    pub grace: Duration,
    /// The group of the consumer
    #[arg(short = 'g', long, value_name = "GROUP", value_parser = topic, default_value = "benchmark_latency")]
    pub group: String,
    #[command(flatten)]
    pub apache: Apache,
}

/// Options of `rmq bench transaction`.
#[derive(Debug, Clone, clap::Args)]
pub struct TransactionArgs {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub span: Span,
    /// Requests under way at the same time
    #[arg(
        short = 'w',
        long,
        alias = "threadCount",
        value_name = "N",
        default_value_t = 32,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub concurrency: u32,
    /// Messages a second, sent when they are due whatever became of those before
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Bodies of so many bytes, at least 24
    #[arg(
        short = 's',
        long,
        alias = "messageSize",
        value_name = "BYTES",
        default_value = "2048",
        value_parser = stamped_size
    )]
    pub size: usize,
    /// The share that is rolled back, as 0.1 or 10%; the rest is committed
    #[arg(long, alias = "sr", value_name = "SHARE", default_value = "0", value_parser = share)]
    pub rollback: f64,
    /// The share of the others about which the broker has to ask
    #[arg(long, alias = "su", value_name = "SHARE", default_value = "0", value_parser = share)]
    pub unknown: f64,
    /// The share that is rolled back of those about which it asks
    #[arg(long, alias = "cr", value_name = "SHARE", default_value = "0", value_parser = share)]
    pub check_rollback: f64,
    /// The share of the others about which it has to ask again
    #[arg(long, alias = "cu", value_name = "SHARE", default_value = "0", value_parser = share)]
    pub check_unknown: f64,
    /// How long to go on answering the broker after the last message
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::parse_duration)]
    pub answer_for: Duration,
    /// How long each task rests after a message; a number alone is in milliseconds
    #[arg(
        short = 'i',
        long,
        value_name = "TIME",
        default_value = "0",
        value_parser = millis_or_duration,
        hide_short_help = true
    )]
    pub rest: Duration,
    /// Apache's -b, the number of the run; here each run has one of its own
    #[arg(short = 'b', long = "batchId", value_name = "N", hide = true)]
    pub batch_id: Option<i64>,
    /// The group of the producer
    #[arg(long, value_name = "GROUP", default_value = "benchmark_transaction_producer")]
    pub group: String,
    #[command(flatten)]
    pub apache: Apache,
}

/// A body that has room for a stamp.
fn stamped_size(text: &str) -> Result<usize, String> {
    match size(text)? {
        bytes if bytes >= STAMP => Ok(bytes),
        _ => Err(format!("the bodies have {STAMP} bytes at least, by which they are known")),
    }
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
